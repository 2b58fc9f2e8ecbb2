"""From a checked request to a running job; or to one that runs already, or to its clip.

The ledger decides in one transaction: an equal request that has a clip is shown again, one that
is on its way is joined, one that a dead process left is taken up; anything else is written
down, within the budget, and sent.
"""

from __future__ import annotations

import logging
import os
import threading
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from wan_magic.actions.places import ledger_at_home, ledger_for, resolve, writable
from wan_magic.errors import JobTimeout
from wan_magic.jobs.living import Living

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.jobs.runner import Runner
    from wan_magic.settings import Settings
    from wan_magic.wan.client import WanClient
    from wan_magic.wan.endpoints import Endpoint
    from wan_magic.wan.request import VideoRequest

Begun = TypeVar("Begun")

_log = logging.getLogger(__name__)
_lock = threading.Lock()
living = Living()
"""The jobs of this process."""


def start(
    request: VideoRequest,
    settings: Settings,
    notes: tuple[str, ...] = (),
    *,
    fresh: bool = False,
    cell: str = "",
    bind: Callable[[Job], None] = lambda job: None,  # noqa: ARG005
) -> Job:
    """Start the job of a checked request, or find the one that an equal request has.

    The folder is tried before anything is sent.

    Parameters
    ----------
    request : VideoRequest
        Complete, with its seed.
    settings : Settings
        Where, and within which limits.
    notes : tuple of str
        What the user should know.
    fresh : bool, default False
        Pay for a new clip also where an equal request has one.
    cell : str
        Id of the notebook's cell.
    bind : callable
        Gets the job before its first step.

    Raises
    ------
    SettingsError, LedgerError, BudgetExceeded
        Before anything is sent.
    """
    return start_all(
        [(request, notes)], settings, fresh=fresh, cell=cell, bind=lambda jobs: bind(jobs[0])
    )[0]


def start_all(
    wanted: Sequence[tuple[VideoRequest, tuple[str, ...]]],
    settings: Settings,
    *,
    fresh: bool = False,
    cell: str = "",
    bind: Callable[[list[Job]], None] = lambda jobs: None,  # noqa: ARG005
    allow: Callable[[Endpoint, Ledger | None, Path], None] = lambda *_: None,
) -> list[Job]:
    """Start the jobs of checked requests: all are written down before the first is sent.

    Parameters
    ----------
    wanted : sequence of (VideoRequest, tuple of str)
        Complete, each with what the user should know; no two equal ones, unless each is a new
        clip.
    allow : callable
        Gets the endpoint, the ledger and the folder, and raises where all of them together
        must not begin; nothing is written down then.
    others
        As for `start`.

    Raises
    ------
    SettingsError, LedgerError, BudgetExceeded
        Before anything is sent.
    """
    from wan_magic.jobs.intake import take_in
    from wan_magic.output.place import notebook

    folder = writable(settings)
    endpoint = resolve(settings)
    beside = notebook()

    def begin(is_wanted: Callable[[], bool]) -> list[Job]:
        ledger = ledger_for(settings, endpoint)
        allow(endpoint, ledger, folder)
        jobs: list[Job] = []
        new: list[Job] = []
        try:
            for request, notes in wanted:
                job, begins = take_in(
                    request,
                    endpoint,
                    settings,
                    ledger=ledger,
                    folder=folder,
                    notes=notes,
                    fresh=fresh,
                    notebook=beside,
                    cell=cell,
                    live=living,
                )
                jobs.append(job)
                new += [job] if begins else []
        except BaseException:
            _leave(new, ledger)
            raise
        _run_or_leave(new, endpoint, folder, ledger, is_wanted, bind=lambda: bind(jobs))
        return jobs

    return whole(begin)


def take_up(entry: Entry, settings: Settings) -> Job:
    """Go on with a job of the ledger: watch, settle and fetch what it still has coming.

    Parameters
    ----------
    entry : Entry
        A job without a clip.
    settings : Settings
        With the endpoint that it was sent to, and its key.

    Raises
    ------
    SettingsError
        If the settings lead elsewhere.
    """
    from wan_magic.jobs.intake import take_up_job

    endpoint = resolve(settings)
    ledger = ledger_at_home(settings)
    folder = writable(settings)

    def begin(is_wanted: Callable[[], bool]) -> Job:
        job, begins = take_up_job(entry, endpoint, settings, ledger, living)
        _run_or_leave([job] if begins else [], endpoint, folder, ledger, is_wanted)
        return job

    return whole(begin)


def whole(begin: Callable[[Callable[[], bool]], Begun]) -> Begun:
    """Let jobs begin as a whole or not at all, whenever the stop button is pressed.

    An interrupt reaches the main thread alone; in the middle of this it would leave a job that
    is written down as ours and that nobody runs.

    Parameters
    ----------
    begin : callable
        Gets a function that tells whether they are still wanted.

    Raises
    ------
    KeyboardInterrupt
        If interrupted; they then are not begun, or go on where they were sent already.
    """
    from concurrent.futures import Future

    wanted = [True]
    outcome: Future[Begun] = Future()

    def work() -> None:
        try:
            outcome.set_result(begin(lambda: wanted[0]))
        except BaseException as exc:  # noqa: BLE001 - it is raised where it is waited for
            outcome.set_exception(exc)

    worker = threading.Thread(target=work, name="wan_magic-begin", daemon=True)
    try:
        worker.start()
        while worker.is_alive():  # short waits keep the stop button alive on every platform
            worker.join(0.1)
    except BaseException:
        wanted[0] = False
        raise
    return outcome.result()


def _run_or_leave(
    jobs: list[Job],
    endpoint: Endpoint,
    folder: Path,
    ledger: Ledger | None,
    is_wanted: Callable[[], bool],
    bind: Callable[[], None] = lambda: None,
) -> None:
    """Let jobs live; where they are no longer wanted, leave them to whoever comes next."""
    left = list(jobs)
    try:
        bind()
        if is_wanted():
            while left:
                run(left.pop(0), endpoint, folder, ledger)
    finally:
        _leave(left, ledger)


def _leave(jobs: list[Job], ledger: Ledger | None) -> None:
    """Leave jobs that do not begin; whoever waits for one hears of it."""
    from wan_magic.jobs.job import Record, State

    for job in jobs:
        if ledger is not None and not job.is_followed:
            ledger.give_back(job.id)
        job.record = Record()  # its row is for whoever comes next
        goes_on = job.task_id or job.sent_at is not None
        hint = f"%wanvideo resume {job.id} goes on" if goes_on else "run the cell again"
        problem = JobTimeout("interrupted before it began", hint=hint, task_id=job.task_id)
        job.finish(problem, State.DETACHED)


def run(
    job: Job,
    endpoint: Endpoint,
    folder: Path,
    ledger: Ledger | None,
    first: Callable[[WanClient], None] = lambda client: None,  # noqa: ARG005
) -> None:
    """Let a job live, on the process's runner; what comes first is done there, too."""
    from wan_magic.jobs.lifecycle import live
    from wan_magic.wan.client import WanClient
    from wan_magic.wan.storage import StorageSession

    def steps() -> Iterator[float]:
        client = WanClient(endpoint)
        try:
            first(client)
        except Exception:  # noqa: BLE001 - the job is what counts
            _log.warning("job %s: what came first failed", job.id, exc_info=True)
        with StorageSession() as storage:  # its connections end with the job
            yield from live(job, client, storage, folder, ledger=ledger)

    try:
        job.wake = _runner().start(steps()).wake
    except BaseException:  # it does not run, and nobody must wait for it
        _leave([job], ledger)
        raise
    job.tell()  # one that goes on has its cards


def live_jobs() -> list[Job]:
    """Return the jobs of this process that have not ended, in the order of their begin."""
    return living.all()


def live_job(job_id: str) -> Job | None:
    """Return a job of this process that has not ended."""
    return living.get(job_id)


def ended(job: Job) -> Job:
    """Return the object that people have of a job that has ended, or else this one."""
    return living.end(job)


@cache
def _make_runner() -> Runner:
    from wan_magic.jobs.runner import Runner

    return Runner(workers=16)


def _runner() -> Runner:
    with _lock:
        return _make_runner()


def _start_afresh() -> None:
    """After a fork: the threads are gone, the jobs are the parent's, the lock may be held."""
    global _lock
    _lock = threading.Lock()
    living.leave_to_parent()
    _make_runner.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
