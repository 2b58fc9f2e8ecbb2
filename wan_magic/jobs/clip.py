"""A clip: the finished video as an object."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from wan_magic.jobs.film import Film

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.jobs.job import Job
    from wan_magic.jobs.sweep import Sweep
    from wan_magic.wan.estimate import Estimate
    from wan_magic.wan.request import VideoRequest


@dataclass(frozen=True, kw_only=True, repr=False)
class Clip(Film):
    """A finished video on disk.

    Attributes
    ----------
    path : Path
        The MP4 file, absolute.
    url : str
        Where the server keeps it for 24 hours; signed, so it is never shown.
    width, height : int
        Pixels.
    duration : float
        Seconds.
    fps : float
        Frames per second.
    has_audio : bool
        Whether it has a sound track.
    request : VideoRequest
        What was asked for.
    task_id : str
        The server's id of the task.
    seed : int or None
        Sent with the request; the same seed makes a similar clip.
    cost : Estimate
        From the seconds that the server billed; for a preview, what it would have cost.
    is_preview : bool
        Whether the embedded preview server made it.
    from_library : bool
        Whether an equal request had made it before, so that this one cost nothing.
    took : float
        Seconds from the submit to the file; 0 for a resumed job, where nobody knows.
    actual_prompt : str
        The prompt as the server rewrote it, if it said so.
    notes : tuple of str
        What was changed or should be known, such as an image that was scaled.
    sha256 : str
        Of the file as it was saved, in hexadecimal; empty where nobody computed it.
    size : int
        Of the file, in bytes; 0 where nobody looked.

    Examples
    --------
    >>> clip = job.result()  # doctest: +SKIP
    >>> clip.path.name, clip.width, clip.height, clip.duration  # doctest: +SKIP
    ('a-cat-runs-0385dc79.mp4', 832, 464, 5.0)
    """

    url: str
    request: VideoRequest
    task_id: str
    seed: int | None
    cost: Estimate
    is_preview: bool = False
    from_library: bool = False
    took: float = 0.0
    actual_prompt: str = ""
    notes: tuple[str, ...] = ()
    sha256: str = ""
    size: int = 0

    def _facts(self) -> list[str]:
        seed = [] if self.seed is None else [f"seed {self.seed}"]
        return [*seed, *(["preview"] if self.is_preview else [])]

    @overload
    def to_json(self, path: None = None) -> str: ...

    @overload
    def to_json(self, path: str | Path) -> Path: ...

    def to_json(self, path: str | Path | None = None) -> str | Path:
        """Return what is known of the clip as JSON: how it was made, its file, its cost.

        It holds no key and no address; the prompt is in it.

        Parameters
        ----------
        path : str or Path, optional
            A file to write it to; its path is returned then.

        Raises
        ------
        InputError
            If that can't be written.

        Examples
        --------
        >>> json.loads(clip.to_json())["width"]  # doctest: +SKIP
        832
        """
        from wan_magic.output.table import written

        said = {
            "file": self.path.name,
            "width": self.width,
            "height": self.height,
            "duration": self.duration,
            "fps": self.fps,
            "has_audio": self.has_audio,
            "sha256": self.sha256 or None,
            "bytes": self.size or None,
            "preview": self.is_preview,
            "task_id": self.task_id,
            "seed": self.seed,
            "cost": None if self.cost.amount is None else str(self.cost.amount),
            "currency": self.cost.currency,
            "from_library": self.from_library,
            "actual_prompt": self.actual_prompt or None,
            "notes": list(self.notes),
            "request": self.request.named_body(),
        }
        return written(json.dumps(said, indent=2, ensure_ascii=False) + "\n", path)

    # -- on to the next one: the doing is above this wing, and is imported where it is asked for --

    def again(self, *, fresh: bool = False, **changes: Any) -> Job:
        """Make this clip again, with changes; what is not named stays, the seed too.

        It goes where this one was made: a preview to the preview, unless `endpoint` says
        otherwise. Without a change it is the clip of the library, and costs nothing.

        Parameters
        ----------
        fresh : bool, default False
            Pay for a new clip although an equal request has one.
        **changes
            As `wan_magic.submit` takes them: resolution, duration (seconds), prompt, model,
            image, endpoint, max_cost... A None leaves the thing out; without a seed
            (``seed=None``) one follows from the rest.

        Returns
        -------
        Job

        Raises
        ------
        InputError, SettingsError, BudgetExceeded, LedgerError
            Before anything is sent: also where an input is known by its name alone, since the
            ledger keeps no media, and is not found again.

        Examples
        --------
        >>> job = clip.again(resolution="1080P")  # doctest: +SKIP
        """
        from wan_magic.actions.takes import again

        return again(self, fresh=fresh, **changes)

    def variants(self, number: int = 4, *, fresh: bool = False, **changes: Any) -> Sweep:
        """Make other takes of this clip: the same request with other seeds.

        The seeds count up from the clip's own, as those of ``--count`` do, or from another
        `seed`; its own is left out. So running a cell again pays for nothing twice, and the
        first takes of eight are those of four.

        Parameters
        ----------
        number : int, default 4
            How many; at most 100.
        fresh, **changes
            As for `again`.

        Returns
        -------
        Sweep
            The jobs in their order; ``.result()`` waits for all clips.

        Raises
        ------
        InputError, SettingsError, BudgetExceeded, LedgerError
            Before anything is sent.

        Examples
        --------
        >>> takes = clip.variants(4).result()  # doctest: +SKIP
        """
        from wan_magic.actions.takes import variants

        return variants(self, number, fresh=fresh, **changes)

    def extend(self, prompt: str, *, fresh: bool = False, **options: Any) -> Job:
        """Make the next shot: image to video, from the last frame of this clip.

        Resolution, duration, negative prompt, sound and the like stay where the model takes
        them. The model stays if it starts from a picture; else it is its version's that does.

        Parameters
        ----------
        prompt : str
            What the next shot shows; ``""`` leaves that to the model, where it can do without.
        fresh : bool, default False
            Pay for a new clip although an equal request has one.
        **options
            As `wan_magic.submit` takes them, but for the image.

        Returns
        -------
        Job

        Raises
        ------
        InputError, SettingsError, BudgetExceeded, LedgerError
            Before anything is sent.

        Notes
        -----
        To go on with a clip's movement, too, some models take the video itself:
        ``wan_magic.submit("...", clip=clip, model="2.7")``.

        Examples
        --------
        >>> job = clip.extend("The cat jumps over a brook")  # doctest: +SKIP
        """
        from wan_magic.actions.takes import extend

        return extend(self, prompt, fresh=fresh, **options)

    def _repr_mimebundle_(
        self,
        include: Any = None,  # noqa: ARG002 - IPython's protocol; it filters by itself
        exclude: Any = None,  # noqa: ARG002
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        from wan_magic.output.player import player_bundle

        return player_bundle(self)
