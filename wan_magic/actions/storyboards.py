"""A chain of shots, each of which starts from the last frame of the one before."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack, overload

from wan_magic.actions import api, launch
from wan_magic.actions.keywords import check_own, divided, spelled_out
from wan_magic.actions.planning import Planned
from wan_magic.actions.takes import next_shot
from wan_magic.errors import InputError, WanError
from wan_magic.jobs.budget import total_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from wan_magic.actions.joining import Reel
    from wan_magic.actions.keywords import Options
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


@spelled_out
def storyboard(
    shots: Sequence[str | Mapping[str, Any]],
    *,
    fresh: bool = False,
    show: bool = True,
    on_done: Callable[[Job], object] | None = None,
    **options: Unpack[Options],
) -> Storyboard:
    """Make a chain of shots, each from the last frame of the one before, and wait for all.

    The first shot is text to video, or starts from an `image`; all others are image to video.
    All shots are checked, and priced together, before the first is sent. Run it again, and the
    shots that are there cost nothing; a change of one shot makes it and those behind it anew.

    Parameters
    ----------
    shots : sequence of str or dict
        A prompt for each shot; or a dict with ``"prompt"`` and options of that shot alone,
        such as ``{"prompt": "It jumps", "duration": 10}``.
    fresh : bool, default False
        Pay for new clips although equal requests have some.
    show : bool, default True
        Whether each shot is shown as it comes: a card in a notebook, lines elsewhere.
    on_done : callable, optional
        Called with each shot's job when it has ended, as by `wan_magic.submit`.
    **options
        Of all shots, as for `wan_magic.submit`: model, resolution, duration, negative_prompt...
        `max_cost` is for each shot, `max_total` for all of them (``"10 CNY"``). Where the first
        shot's model starts from no picture, the others take its version's that does, with the
        values that this one has. Inputs and the seed are the first shot's.

    Returns
    -------
    Storyboard
        The clips.

    Raises
    ------
    InputError, SettingsError, BudgetExceeded, LedgerError
        Before anything is sent.
    WanError
        Of the shot that brought no clip; its message says which one, and those before it are
        kept.

    Examples
    --------
    >>> board = wan_magic.storyboard(  # doctest: +SKIP
    ...     ["A cat sits on a wall", "It jumps down", "It runs away"], resolution="480P"
    ... )
    """
    from wan_magic.jobs.done import check_callable, when_done

    check_callable(on_done)
    settings, asked = divided(options, storyboard)
    chain = _Chain(_listed(shots), asked, settings)
    clips: list[Clip] = []
    is_checked = False
    for at in range(len(chain.plan)):
        with _naming(at, len(chain.plan)):
            one = chain.plan[at] if at == 0 else chain.planned(at, clips[-1])
            if not is_checked:
                rest = [one, *chain.plan[at + 1 :]]
                is_checked = chain.check(rest, fresh=fresh, show=show)
            job = launch.start(one.request, settings, one.notes, fresh=fresh)
            if on_done is not None:
                when_done(job, on_done)
            clips.append(_waited_for(job, show=show))
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

    def check(self, rest: list[Planned], *, fresh: bool, show: bool) -> bool:
        """Check what the shots cost that are left; False where the next one is there already."""
        from wan_magic.actions.sweeping import check, to_be_paid
        from wan_magic.wan.estimate import PriceList

        folder, endpoint = launch.writable(self.settings), launch.resolve(self.settings)
        ledger = launch.ledger_for(self.settings, endpoint)
        if not to_be_paid(rest[:1], endpoint, ledger, folder, fresh=fresh):
            return False
        check(rest, endpoint, self.settings, ledger, folder, fresh=fresh)
        if show:
            total = total_of([one.request.estimate(PriceList.of(endpoint)) for one in rest])
            cost = (
                f"free (the hosted API: about {total})" if endpoint.is_local else f"about {total}"
            )
            there = len(self.shots) - len(rest)
            known = f"; {there} of {len(self.shots)} already there" if there else ""
            shots = f"{len(rest)} shot{'s' if len(rest) > 1 else ''} to make"
            print(f"{shots}: {cost}{known}")  # noqa: T201 - before anything is paid
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


def _waited_for(job: Job, *, show: bool) -> Clip:
    from wan_magic.jobs.job import interruptible

    if show:
        from wan_magic.notebook.views import follow_here

        follow_here(job)
    with interruptible(job):
        return job.result()
