"""What makes the videos. An engine is one callable; the preview engine is the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from wan_magic.wan.catalog import FPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Stopped(Exception):
    """An engine gave up because it was told to."""


@dataclass(frozen=True, kw_only=True)
class RenderSpec:
    """Everything an engine needs for one clip; nothing is fetched after this.

    Attributes
    ----------
    model : str
        Name in the model table.
    image : bytes
        The first frame's file, already checked.
    width, height : int
        The clip's size in pixels.
    seconds : int
        The clip's length.
    fps : int
        Frames a second.
    prompt, negative_prompt : str
        As the model reads them; both empty where an effect is used.
    template : str
        Name of the effect, or empty.
    seed : int
        Same seed and words, same clip.
    sound : bool
        Whether the clip has a sound track.
    audio : bytes or None
        The given sound's file, already checked.
    watermark : bool
        Whether to write the mark in the corner.
    multi_shot : bool
        Whether to cut between several shots.
    """

    model: str
    image: bytes
    width: int
    height: int
    seconds: int
    fps: int = FPS
    prompt: str = ""
    negative_prompt: str = ""
    template: str = ""
    seed: int = 0
    sound: bool = False
    audio: bytes | None = None
    watermark: bool = False
    multi_shot: bool = False

    @property
    def frames(self) -> int:
        """Number of pictures in the clip."""
        return self.seconds * self.fps


class Engine(Protocol):
    """Writes one clip as an MP4 file."""

    def __call__(self, spec: RenderSpec, path: Path, *, should_stop: Callable[[], bool]) -> None:
        """Write the clip to `path`, or raise `Stopped` soon after `should_stop` says so."""


def default_engine() -> Engine:
    """Return the preview engine; its codec is loaded here, not before."""
    from wan_magic.server.engines.preview import render

    return render
