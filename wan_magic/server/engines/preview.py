"""The preview engine: an animatic of what a task asks for, made without any model.

A real MP4 of the right size, length and sound, with a camera that does what the
prompt asks for, and the word PREVIEW on it. `scenes` decides what is seen; here it
becomes a file. Faster than real time on one core: pictures are turned into video
colour once, and each frame only scales and mixes planes.
"""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from wan_magic.server.engines import RenderSpec, Stopped, sound
from wan_magic.server.engines.camera import plan
from wan_magic.server.engines.film import facts
from wan_magic.server.engines.overlay import free_rows, sprites
from wan_magic.server.engines.planes import stamp, write
from wan_magic.server.engines.scenes.choose import asked_of_video, choose
from wan_magic.server.engines.scenes.stage import Stage
from wan_magic.wan.catalog import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_THREADS = 2
_X264 = (
    "colorprim=bt709:transfer=bt709:colormatrix=bt709"
    # A gliding still is easy to predict: a shorter search gives the same bytes (measured
    # within 2 %) for a third less time.
    ":subme=1:trellis=0:me=dia:rc-lookahead=10"
)


def render(spec: RenderSpec, path: Path, *, should_stop: Callable[[], bool]) -> None:
    """Write one clip: H.264 and AAC, exactly ``seconds * fps`` frames.

    Parameters
    ----------
    spec : RenderSpec
        What to make. The same one makes the same file.
    path : pathlib.Path
        Where to write; its parent exists.
    should_stop : callable
        Asked before every frame.

    Raises
    ------
    Stopped
        If told to.
    """
    effect = TEMPLATES.get(spec.template)
    words = spec.template or spec.prompt
    caption = f"{effect.label} · {spec.template}" if effect else words
    views = plan(
        spec.seed,
        words,
        spec.frames,
        multi_shot=spec.multi_shot and not effect,
        fps=spec.fps,
        whole=spec.first("image") is not None,
    )
    written = sprites(spec.width, spec.height, caption=caption, watermark=spec.watermark)
    over = [stamp(s.image, s.x, s.y) for s in written]
    pcm = _pcm(spec, words) if spec.sound or spec.kind == "s2v" else b""
    with ExitStack() as stack:
        room = free_rows(written, spec.width, spec.height)
        scene = choose(Stage(spec, words, views, room, stack), pcm)
        out = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        stack.enter_context(out)
        out.metadata["comment"] = "Preview: an animatic, made without a model."
        video = out.add_stream("libx264", rate=spec.fps)
        video.width, video.height, video.pix_fmt = spec.width, spec.height, "yuv420p"
        video.time_base = Fraction(1, spec.fps)
        video.codec_context.thread_count = _THREADS
        video.codec_context.gop_size = 2 * spec.fps
        video.options = {"preset": "veryfast", "crf": "23", "x264-params": _X264}
        audio = out.add_stream("aac", rate=sound.RATE, layout="stereo") if spec.sound else None
        heard = _Track(out, audio, pcm)
        for index in range(spec.frames):
            if should_stop():
                raise Stopped
            picture = scene.frame(index)
            for mark in over:
                mark.on(picture)
            frame = av.VideoFrame(spec.width, spec.height, "yuv420p")
            write(picture, frame)
            frame.pts = index
            frame.time_base = Fraction(1, spec.fps)
            out.mux(video.encode(frame))
            # Sound goes in beside its picture, so that a player needs no long buffer.
            heard.write_until((index + 1) * sound.RATE // spec.fps)
        out.mux(video.encode(None))
        heard.close()


class _Track:
    """A sound track that is written piece by piece; silent clips have an empty one."""

    def __init__(
        self, out: av.container.OutputContainer, stream: av.AudioStream | None, pcm: bytes
    ) -> None:
        self._out, self._stream = out, stream
        self._blocks = sound.blocks(pcm)
        self._written = 0
        if stream is not None:
            stream.bit_rate = 128_000

    def write_until(self, sample: int) -> None:
        while self._stream is not None and self._written < sample:
            block = next(self._blocks, None)
            if block is None:
                return
            self._out.mux(self._stream.encode(block))
            self._written += block.samples

    def close(self) -> None:
        if self._stream is not None:
            self._out.mux(self._stream.encode(None))


def _pcm(spec: RenderSpec, words: str) -> bytes:
    """Return the sound track: the given sound, the video's own, or a pad."""
    samples = round(spec.frames * sound.RATE / spec.fps)
    audio = spec.first("audio")
    if audio is None and spec.kind == "all":
        audio = next((s.path for s in spec.inputs if s.role == "ref" and s.media == "audio"), None)
    if audio is not None:
        return sound.given(audio, samples)
    edits = spec.kind in ("edit", "animate") or bool(asked_of_video(spec)[0])
    video = spec.first("video") or asked_of_video(spec)[1]
    if spec.keep_sound:
        video = video or spec.first("clip") or _reference(spec)
        return sound.given(video, samples) if video else bytes(4 * samples)
    if video and edits and facts(video).sound:
        return sound.given(video, samples)
    return sound.pad(spec.seed, words, samples)


def _reference(spec: RenderSpec) -> Path | None:
    found = (s.path for s in spec.inputs if s.role == "ref" and s.media == "video")
    return next(found, None)
