"""From a wish to a clip: fetch its inputs, settle size and length, call the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.server.engines import Engine, RenderSpec, Source, default_engine
from wan_magic.server.faults import specification
from wan_magic.server.probe import SLACK
from wan_magic.server.usage import Made
from wan_magic.server.validate import DECIDED_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wan_magic.server.media import Loaded
    from wan_magic.server.validate import Wish
    from wan_magic.wan.catalog import Model


def settle(model: Model, wish: Wish, loaded: Sequence[Loaded]) -> tuple[RenderSpec, Made]:
    """Return what an engine is asked for, and what it will have made.

    Raises
    ------
    Fault
        When the inputs and the clip together are too long.
    """
    sent, values = wish.sent, wish.values
    shape = _shape(model, loaded)
    tier = values.get(model.priced_by)
    size = sent.get("size") or (None if shape else values.get("size"))
    width, height = model.clip_size(tier, sent.get("ratio"), size, shape)
    seconds = _seconds(model, wish, loaded)
    videos = tuple(one.facts.seconds for one in loaded if one.slot.media == "video")
    if model.total_seconds is not None and sum(videos) + seconds > model.total_seconds + SLACK:
        raise specification(
            f"the input videos and duration are longer than {model.total_seconds}s together"
        )
    fps = model.frames_per_second(values.get("mode"))
    made = Made(
        width=width,
        height=height,
        seconds=seconds,
        fps=fps,
        videos=videos,
        follows=shape is not None and not size and model.has_shape_of(shape[0], sent.get("ratio")),
    )
    # A motion's clip keeps the sound of the video; an edited one when it is asked to.
    moves = model.length_from == "video" and wish.sound and "audio_setting" not in values
    spec = RenderSpec(
        model=model.name,
        kind=model.kind,
        inputs=tuple(
            Source(role=one.slot.option, media=one.slot.media, path=one.path, name=one.name)
            for one in loaded
        ),
        width=width,
        height=height,
        seconds=seconds,
        fps=fps,
        # An effect replaces the words, whatever they are.
        prompt="" if wish.template else wish.prompt,
        negative_prompt="" if wish.template else wish.negative_prompt,
        template=wish.template,
        function=values.get("function") or "",
        seed=wish.seed,
        sound=wish.sound,
        keep_sound=moves or values.get("audio_setting") == "origin",
        watermark=bool(values.get("watermark")),
        # The documents: only together with the rewriting of the prompt.
        multi_shot=values.get("shot_type") == "multi" and bool(values.get("prompt_extend")),
    )
    return spec, made


def _shape(model: Model, loaded: Sequence[Loaded]) -> tuple[str, tuple[int, int]] | None:
    for name in model.follows:
        for one in loaded:
            if one.slot.type == name and one.facts.shape:
                return name, one.facts.shape
    return None


def _seconds(model: Model, wish: Wish, loaded: Sequence[Loaded]) -> float:
    asked = wish.values.get("duration") or 0
    if asked < 0:
        asked = DECIDED_SECONDS
    # No clip is longer than the input that gives the length: duration cuts it.
    lengths = [one.facts.seconds for one in loaded if one.slot.option == model.length_from]
    if lengths:
        return min(asked, lengths[0]) if asked else lengths[0]
    return float(asked or DECIDED_SECONDS)


def render(
    spec: RenderSpec, path: Path, engine: Engine | None, should_stop: Callable[[], bool]
) -> Path:
    """Make the clip at `path`; a half-made one is never left there."""
    engine = engine or default_engine()
    part = path.with_suffix(".part")
    try:
        engine(spec, part, should_stop=should_stop)
        return part.replace(path)
    finally:
        part.unlink(missing_ok=True)
