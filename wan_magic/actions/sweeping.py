"""From the plan of a sweep to its jobs: priced together, and begun as a whole or not at all."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from wan_magic.actions import launch
from wan_magic.jobs.budget import check_budget, check_cost, check_total, period_starts, total_of
from wan_magic.jobs.intake import RANDOM_SEED
from wan_magic.jobs.job import State
from wan_magic.jobs.past import file_of, may_bring_a_clip
from wan_magic.jobs.sweep import Sweep
from wan_magic.output.place import notebook
from wan_magic.wan.account import account_of, place_of
from wan_magic.wan.estimate import PriceList

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wan_magic.actions.planning import Planned
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.settings import Settings
    from wan_magic.wan.endpoints import Endpoint


def begin(
    plan: Sequence[Planned],
    settings: Settings,
    *,
    fresh: bool = False,
    cell: str = "",
    bind: Callable[[Sweep], None] = lambda sweep: None,  # noqa: ARG005
) -> Sweep:
    """Start the jobs of a plan: all are checked, priced and written down before one is sent.

    Parameters
    ----------
    plan : sequence of Planned
        Of `wan_magic.actions.planning.plan`.
    settings : Settings
        Where, and within which limits.
    fresh, cell
        As for `wan_magic.actions.launch.start`.
    bind : callable
        Gets the sweep before the first step.

    Raises
    ------
    SettingsError, LedgerError, BudgetExceeded
        Before anything is sent.
    """

    def start(
        some: Sequence[Planned],
        bind: Callable[[list[Job]], None] = lambda jobs: None,  # noqa: ARG005
    ) -> list[Job]:
        places, unique = _each_once(some)

        def allow(endpoint: Endpoint, ledger: Ledger | None, folder: Path) -> None:
            check(unique, endpoint, settings, ledger, folder, fresh=fresh)

        jobs = launch.start_all(
            [(one.request, one.notes) for one in unique],
            settings,
            fresh=fresh,
            cell=cell,
            allow=allow,
            bind=lambda jobs: bind([jobs[at] for at in places]),
        )
        return [jobs[at] for at in places]

    made: list[Sweep] = []

    def bound(jobs: list[Job]) -> None:
        made.append(Sweep(plan, jobs, start))
        made[0].look = settings.look
        bind(made[0])

    start(plan, bound)
    return made[0]


def _each_once(plan: Sequence[Planned]) -> tuple[list[int], list[Planned]]:
    """Return the place of each among the different ones: an equal request is one job."""
    unique: list[Planned] = []
    known: dict[str, int] = {}
    places = []
    for one in plan:
        key = one.request.fingerprint()
        if one.request.seed == RANDOM_SEED or key not in known:
            known[key] = len(unique)
            unique.append(one)
        places.append(known[key])
    return places, unique


def to_be_paid(
    plan: Sequence[Planned], endpoint: Endpoint, ledger: Ledger | None, folder: Path, *, fresh: bool
) -> list[Planned]:
    """Return those that neither have a clip nor may still bring one."""
    if ledger is None or fresh:
        return list(plan)
    place, account = place_of(endpoint), account_of(endpoint)
    new = []
    for one in plan:
        twins = ledger.twins(one.request.fingerprint(), place)
        if one.request.seed == RANDOM_SEED or not any(
            (twin.state == State.DONE and file_of(twin, [folder]))
            or may_bring_a_clip(twin, ledger, account)
            for twin in twins
        ):
            new.append(one)
    return new


def check(
    plan: Sequence[Planned],
    endpoint: Endpoint,
    settings: Settings,
    ledger: Ledger | None,
    folder: Path,
    *,
    fresh: bool = False,
) -> None:
    """Check what all of them may cost, without what is there or on its way.

    Raises
    ------
    BudgetExceeded
        If one costs more than ``max_cost``, all cost more than ``max_total`` or than what is
        left of a budget; or if nobody knows.
    """
    if endpoint.is_local:
        return
    new = to_be_paid(plan, endpoint, ledger, folder, fresh=fresh)
    estimates = [one.request.estimate(PriceList.of(endpoint)) for one in new]
    for one in estimates:
        check_cost(one, settings.max_cost)
    if not estimates:
        return
    total = total_of(estimates)
    check_total(total, settings.max_total, len(estimates))
    spent = None
    if settings.budgets and ledger is not None:
        starts = period_starts(datetime.fromtimestamp(ledger.clock()))
        with ledger.transaction() as connection:
            spent = ledger.spent(connection, starts, notebook())
    check_budget(total, settings.budgets, spent, len(estimates))
