"""A chain of shots, each of which starts from the last frame of the one before."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from wan_magic.actions import api, launch, places
from wan_magic.actions.keywords import check_own
from wan_magic.actions.planning import Planned
from wan_magic.actions.takes import next_shot
from wan_magic.errors import InputError, WanError
from wan_magic.jobs.budget import total_of
from wan_magic.jobs.job import interruptible

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from wan_magic.actions.joining import Reel
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.settings import Settings
    from wan_magic.wan.estimate import Estimate

_STAND_IN = (1280, 720)
"""Pixels of the picture that stands for a last frame while all is checked."""


class Storyboard(Sequence["Clip"]):
    """The clips of a chain of shots, in their order. Made by `storyboard`.

    Attributes
    ----------
    clips : tuple of Clip
        One for each shot.

    Examples
    --------
    >>> board = wan_magic.storyboard(["A cat sits", "It jumps"])  # doctest: +SKIP
    >>> board.concat("film.mp4")  # doctest: +SKIP
    """

    def __init__(self, clips: Sequence[Clip]) -> None:
        self.clips = tuple(clips)

    def __repr__(self) -> str:
        seconds = sum(clip.duration for clip in self.clips)
        names = ", ".join(clip.path.name for clip in self.clips)
        return f"<Storyboard of {len(self)} shots, {seconds:g} s: {names}>"

    def __len__(self) -> int:
        return len(self.clips)

    @overload
    def __getitem__(self, at: int) -> Clip: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Clip, ...]: ...

    def __getitem__(self, at: int | slice) -> Clip | tuple[Clip, ...]:
        return self.clips[at]

    @property
    def cost(self) -> Estimate:
        """What the clips cost together, whenever they were made."""
        return total_of([clip.cost for clip in self.clips])

    def concat(
        self, path: str | os.PathLike[str] | None = None, *, overwrite: bool = False
    ) -> Reel:
        """Join the shots into one film, as `wan_magic.concat` does."""
        from wan_magic.actions.joining import concat

        return concat(self.clips, path, overwrite=overwrite)


def make(
    shots: object,
    options: dict[str, Any],
    settings: Settings,
    *,
    fresh: bool,
    say: Callable[[str], object],
    follow: Callable[[Job], object],
) -> Storyboard:
    """Make the clips of a storyboard, one behind the other; does what `wan_magic.storyboard` says.

    Parameters
    ----------
    shots, fresh
        As for `wan_magic.storyboard`.
    options : dict
        Of the requests of all shots, as `wan_magic.actions.api.build` takes them.
    settings : Settings
        Where, and within which limits.
    say : callable
        Gets what is to be made and what it costs, in a line, before anything is paid.
    follow : callable
        Gets the job of each shot as it begins; it may wait for it.
    """
    chain = _Chain(_listed(shots), options, settings)
    clips: list[Clip] = []
    is_checked = False
    for at in range(len(chain.plan)):
        with _naming(at, len(chain.plan)):
            one = chain.plan[at] if at == 0 else chain.planned(at, clips[-1])
            if not is_checked:
                rest = [one, *chain.plan[at + 1 :]]
                is_checked = chain.check(rest, fresh=fresh, say=say)
            job = launch.start(one.request, settings, one.notes, fresh=fresh)
            follow(job)
            with interruptible(job):
                clips.append(job.result())
    return Storyboard(clips)


class _Chain:
    """The shots as they are planned: from a stand-in picture, until the real one is there."""

    def __init__(
        self, shots: list[dict[str, Any]], options: dict[str, Any], settings: Settings
    ) -> None:
        from PIL import Image

        self.shots = shots
        self.settings = settings
        self.region = api.region_of(settings)
        with _naming(0, len(shots)):
            self.first, notes = api.build(region=self.region, **options | shots[0])
        self.plan = [Planned(self.first, notes, {})]
        stand_in = Image.new("RGB", _STAND_IN)
        for at in range(1, len(shots)):
            with _naming(at, len(shots)):
                self.plan.append(self.planned(at, stand_in))

    def planned(self, at: int, image: object) -> Planned:
        """Return a later shot, from a picture or from the clip before it."""
        own = self.shots[at]
        if "image" in own:
            raise InputError(
                "it starts from the last frame of the shot before, and names another picture",
                hint="leave image out, or make it the first shot of another storyboard",
            )
        options = next_shot(self.first, own, self.region)
        request, notes = api.build(region=self.region, image=image, **options)
        return Planned(request, notes, {})

    def check(self, rest: list[Planned], *, fresh: bool, say: Callable[[str], object]) -> bool:
        """Check what the shots cost that are left; False where the next one is there already."""
        from wan_magic.actions.sweeping import check, to_be_paid
        from wan_magic.wan.estimate import PriceList

        folder, endpoint = places.writable(self.settings), places.resolve(self.settings)
        ledger = places.ledger_for(self.settings, endpoint)
        if not to_be_paid(rest[:1], endpoint, ledger, folder, fresh=fresh):
            return False
        check(rest, endpoint, self.settings, ledger, folder, fresh=fresh)
        total = total_of([one.request.estimate(PriceList.of(endpoint)) for one in rest])
        cost = f"free (the hosted API: about {total})" if endpoint.is_local else f"about {total}"
        there = len(self.shots) - len(rest)
        known = f"; {there} of {len(self.shots)} already there" if there else ""
        say(f"{len(rest)} shot{'s' if len(rest) > 1 else ''} to make: {cost}{known}")
        return True


def _listed(shots: object) -> list[dict[str, Any]]:
    if isinstance(shots, str | Mapping) or not isinstance(shots, Sequence) or not shots:
        raise InputError(
            "a storyboard is a list of shots", hint='such as ["A cat sits", "It jumps"]'
        )
    made = [{"prompt": one} if isinstance(one, str) else one for one in shots]
    for at, one in enumerate(made, 1):
        if not isinstance(one, Mapping) or not str(one.get("prompt") or "").strip():
            raise InputError(
                f"shot {at} has no prompt", hint='a text, or {"prompt": "It jumps", "duration": 10}'
            )
        check_own(one, "shot", at)
    return [dict(one) for one in made]


@contextlib.contextmanager
def _naming(at: int, number: int) -> Iterator[None]:
    """Let an error say which shot it is about, and what is kept."""
    try:
        yield
    except WanError as exc:
        told = copy.copy(exc)  # the error itself is the job's
        told.message = f"shot {at + 1} of {number}: {exc.message}"
        told.args = (told.message,)
    else:
        return
    if at and not isinstance(told, InputError):
        kept = "shot 1 is kept, and costs" if at == 1 else f"shots 1 to {at} are kept, and cost"
        told.hint = f"{told.hint}; {kept} nothing when this runs again".lstrip("; ")
    raise told
