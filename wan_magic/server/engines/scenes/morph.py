"""From the first frame to the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.server.engines.scenes.stage import Dissolve, Scene, Stage, push

if TYPE_CHECKING:
    from pathlib import Path

_PUSH = 1.14


def morph(stage: Stage, first: Path | None, last: Path) -> Scene:
    """Begin on exactly the first picture and end on exactly the last one.

    Parameters
    ----------
    stage : Stage
        What every scene is given.
    first : pathlib.Path or None
        None draws where the clip begins from the prompt.
    last : pathlib.Path
        Where it ends.
    """
    frames = stage.spec.frames
    away = push(frames, 1.0, _PUSH)
    before = stage.picture(first, away) if first else stage.drawn(away)
    return towards(stage, before, last, 0)


def towards(stage: Stage, before: Scene, last: Path, start: int) -> Scene:
    """Turn any scene into the last picture, from picture `start` to the end."""
    end = stage.spec.frames - 1
    after = stage.picture(last, push(stage.spec.frames, _PUSH, 1.0, start))
    # Each end is seen for itself, and the last picture of all is the last frame alone.
    hold = round((end - start) * 0.15)
    return Dissolve(before, after, start + hold, end - hold)
