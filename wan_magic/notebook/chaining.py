"""`wan_magic.storyboard`: a chain of shots from Python, each shown as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from wan_magic.actions.keywords import divided, spelled_out
from wan_magic.notebook.views import follow_here

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wan_magic.actions.keywords import Options
    from wan_magic.actions.storyboards import Storyboard
    from wan_magic.jobs.job import Job


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
    from wan_magic.actions.storyboards import make
    from wan_magic.jobs.done import check_callable, when_done

    check_callable(on_done)
    settings, asked = divided(options, storyboard)

    def follow(job: Job) -> None:
        if on_done is not None:
            when_done(job, on_done)
        if show:
            follow_here(job)

    def say(line: str) -> None:
        if show:
            print(line)  # noqa: T201 - before anything is paid

    return make(shots, asked, settings, fresh=fresh, say=say, follow=follow)
