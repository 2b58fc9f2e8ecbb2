"""A video file on disk: its frames, and copies of it."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from PIL.Image import Image

    from wan_magic.output.look import Look

_THUMBNAIL_SIDE = 320


@dataclass(frozen=True, kw_only=True, repr=False)
class Film:
    """What a clip and a film of several clips have in common.

    Attributes
    ----------
    path : Path
        The MP4 file, absolute.
    width, height : int
        Pixels.
    duration : float
        Seconds.
    fps : float
        Frames per second.
    has_audio : bool
        Whether it has a sound track.
    """

    path: Path
    width: int
    height: int
    duration: float
    fps: float
    has_audio: bool
    poster: bytes = b""
    """JPEG of an early frame, at most 640 pixels wide or high."""
    look: Look | None = field(default=None, compare=False)
    """How it is shown and saved in a notebook; None: as it is set."""

    def __repr__(self) -> str:
        from wan_magic.output.place import shown_path

        # In a list it is what a notebook saves: one line, and no folder of this machine.
        name = self.path.name
        with contextlib.suppress(OSError):  # the working directory may be gone
            name = shown_path(self.path)
        facts = [f"{self.width}×{self.height}", f"{self.duration:g} s", *self._facts()]
        return f"<{type(self).__name__} {name}: {', '.join(facts)}>"

    def _facts(self) -> list[str]:
        """Return what else tells it from others, in a word each."""
        return []

    def last_frame(self) -> Image:
        """Return the last frame, to start the next shot from.

        Returns
        -------
        PIL.Image.Image
            RGB, `height` x `width` pixels.

        Raises
        ------
        InputError
            If the file is gone, or does not decode.
        """
        from wan_magic.wan.video import last_frame

        return last_frame(self.path)

    def frame(self, t: float) -> Image:
        """Return the very frame that is seen at a time.

        Parameters
        ----------
        t : float
            Seconds from the beginning: 0 is the first frame; less than `duration`.

        Returns
        -------
        PIL.Image.Image
            RGB, `height` x `width` pixels.

        Raises
        ------
        InputError
            If there is no frame at that time; if the file is gone, or does not decode.

        Examples
        --------
        >>> clip.frame(2.5).save("middle.png")  # doctest: +SKIP
        """
        from wan_magic.wan.video import frame_at

        return frame_at(self.path, t)

    @property
    def thumbnail(self) -> Image:
        """A small picture of it: an early frame, at most 320 pixels wide or high.

        Made from the poster, so that it is there without the file.
        """
        from PIL import Image

        from wan_magic.wan.video import poster

        image: Image.Image = Image.open(io.BytesIO(self.poster or poster(self.path)))
        image.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
        return image

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Copy the file; the copy is there whole or not at all.

        What tells how a clip was made goes with it.

        Parameters
        ----------
        path : path-like
            The new file, or a folder that is there (or ends with a slash), for the same name.
            Folders that are missing are made.
        overwrite : bool, default False
            Whether another file of that name is replaced. The same video there is fine.

        Returns
        -------
        Path
            The copy, absolute.

        Raises
        ------
        InputError
            If another file is there, the name is that of no MP4, or it can't be written.

        Examples
        --------
        >>> clip.save("film/shot1.mp4")  # doctest: +SKIP
        """
        from wan_magic.jobs.copying import copy_to, target_of

        return copy_to(self.path, target_of(path, self.path.name), overwrite=overwrite)
