"""What makes the videos. An engine is one callable; the preview engine is the default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from wan_magic.wan.catalog import FPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wan_magic.wan.catalog import Kind, Media


class Stopped(Exception):
    """An engine gave up because it was told to."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One input of a clip, fetched and checked.

    Attributes
    ----------
    role : str
        The option's name: image (first frame), last_frame, ref, video (to edit, or whose
        motion is taken), clip (to continue), audio, mask, file, link.
    media : str
        image, video, audio, file or link.
    path : Path or None
        The file; None for a link.
    name : str
        What to call it on the picture: a file's name, a link's host.
    """

    role: str
    media: Media
    path: Path | None
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class RenderSpec:
    """Everything an engine needs for one clip; nothing is fetched after this.

    Attributes
    ----------
    model : str
        Name in the model table.
    kind : str
        One of the table's kinds of task.
    inputs : tuple of Source
        In the order of the request: reference 1 is the first with the role "ref".
    width, height : int
        The clip's size in pixels.
    seconds : float
        The clip's length.
    fps : int
        Frames a second.
    prompt, negative_prompt : str
        As the model reads them; both empty where an effect is used.
    template : str
        Name of the effect, or empty.
    function : str
        What VACE is asked to do, or empty.
    seed : int
        Same seed and words, same clip.
    sound : bool
        Whether the clip has a sound track.
    keep_sound : bool
        Whether it is the sound of the given video.
    watermark : bool
        Whether to write the mark in the corner.
    multi_shot : bool
        Whether to cut between several shots.
    """

    model: str
    kind: Kind
    inputs: tuple[Source, ...] = ()
    width: int
    height: int
    seconds: float
    fps: int = FPS
    prompt: str = ""
    negative_prompt: str = ""
    template: str = ""
    function: str = ""
    seed: int = 0
    sound: bool = False
    keep_sound: bool = False
    watermark: bool = False
    multi_shot: bool = False

    @property
    def frames(self) -> int:
        """Number of pictures in the clip."""
        return max(round(self.seconds * self.fps), 1)

    def first(self, role: str) -> Path | None:
        """Return the file of the first input with a role, or None."""
        return next((s.path for s in self.inputs if s.role == role and s.path), None)


class Engine(Protocol):
    """Writes one clip as an MP4 file."""

    def __call__(self, spec: RenderSpec, path: Path, *, should_stop: Callable[[], bool]) -> None:
        """Write the clip to `path`, or raise `Stopped` soon after `should_stop` says so."""


def default_engine() -> Engine:
    """Return the preview engine; its codec is loaded here, not before."""
    from wan_magic.server.engines.preview import render

    return render
