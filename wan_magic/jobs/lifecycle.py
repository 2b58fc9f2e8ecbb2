"""The life of a job: upload, submit, watch, fetch; each step in a module of its own.

Each step is a generator for the `Runner`: it yields the seconds until it wants to go on.
A paid call is made once. What can be asked again for free is asked again: uploads a few
times, queries until the deadline, downloads for about two minutes, with a fresh link each
time.
"""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from wan_magic.errors import (
    ApiError,
    ConnectionFailed,
    JobCancelled,
    JobFailed,
    JobTimeout,
    LedgerError,
    WanError,
)
from wan_magic.jobs.common import resume_hint, unsure_hint
from wan_magic.jobs.cost import final_cost
from wan_magic.jobs.fetch import fetch
from wan_magic.jobs.follow import follow
from wan_magic.jobs.job import State
from wan_magic.jobs.keep import earlier
from wan_magic.jobs.limits import limiter_for
from wan_magic.jobs.recorder import LedgerRecord
from wan_magic.jobs.settle import SEED_NOTE, claim_here, had_equals, settle
from wan_magic.jobs.submit import accepted, forget_uploads, submit, upload
from wan_magic.jobs.watch import watch
from wan_magic.wan.account import account_of, place_of
from wan_magic.wan.answers import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    import requests

    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.jobs.limits import Limiter, Ticket
    from wan_magic.wan.client import WanClient

_OWED_EVERY = 10.0
"""Seconds between two tries to write down an end that could not be written."""
_ENDS = {JobCancelled: State.CANCELLED, JobTimeout: State.DETACHED}


def live(
    job: Job,
    client: WanClient,
    storage: requests.Session,
    folder: Path,
    *,
    ledger: Ledger | None = None,
    limiter: Limiter | None = None,
    wall: Callable[[], float] = time.time,
) -> Iterator[float]:
    """Take a job from its submit to its clip; every way out ends the job, and is written down.

    Parameters
    ----------
    job : Job
        With a task id, it is watched; with a lost answer, that is settled; else it is submitted.
    client : WanClient
        For the API's own host.
    storage : requests.Session
        For the hosts of uploads and results, which get no key.
    folder : Path
        Where the clip is saved; exists.
    ledger : Ledger, optional
        Where the job is written down.
    limiter : Limiter, optional
        By default the process's one for the client's endpoint.
    wall : callable
        Seconds since 1970.
    """
    limiter = limiter or limiter_for(client.endpoint)
    life = _Life(job, client, storage, folder, ledger, limiter, wall)
    try:
        clip = yield from life.run()
    except WanError as exc:
        if isinstance(exc, (ApiError, JobFailed)) and _is_about_files(exc):
            forget_uploads(job, client)
        exc = _as_told(job, exc)
        job.finish(exc, _ENDS.get(type(exc), State.FAILED))
    except Exception as exc:  # noqa: BLE001 - whatever happened, the job must end and say so
        sent = job.task_id or job.sent_at is not None
        hint = resume_hint(job) if sent else "nothing was sent, nothing is paid"
        problem = WanError(
            f"unexpected {type(exc).__name__}: {exc}", hint=f"please report this; {hint}"
        )
        problem.__cause__ = _without_frames(exc)
        job.finish(problem, State.FAILED)
    else:
        job.finish(clip, State.DONE)
    finally:
        life.leave()
    while ledger is not None and not ledger.pay(job.id):  # others follow it as one that runs
        yield _OWED_EVERY


class _Life:
    def __init__(
        self,
        job: Job,
        client: WanClient,
        storage: requests.Session,
        folder: Path,
        ledger: Ledger | None,
        limiter: Limiter,
        wall: Callable[[], float],
    ) -> None:
        self.job = job
        self.client = client
        self.storage = storage
        self.folder = folder
        self.ledger = ledger
        self.wall = wall
        self.limiter = limiter
        if ledger is not None:
            self.limiter.others = partial(_elsewhere, ledger, account_of(client.endpoint))
        self.ticket: Ticket | None = None

    def leave(self) -> None:
        """Let the next one in."""
        if self.ticket is not None:
            self.ticket.release()

    def _wake(self) -> None:
        self.job.wake()  # which is known only once the job runs

    def run(self) -> Generator[float, None, Clip]:
        job = self.job
        if job.is_followed and self.ledger is not None:
            clip = yield from follow(job, self.ledger, account_of(self.client.endpoint))
            if clip is not None:
                return clip
            job.is_followed, job.record = False, LedgerRecord(self.ledger)
        job.took_before = self._took_before()
        if not job.task_id and job.sent_at is not None:
            yield from self._find()
        if job.is_resumed and not job.task_id:  # its inputs are known by name alone
            raise JobCancelled(
                "it was never sent: nothing is paid", hint="run its cell again, which sends it"
            )
        if job.task_id:
            self.leave()
            self.ticket = self.limiter.occupy(job.request.row)
        else:
            request = yield from upload(job, self.client, self.storage)
            self.ticket = self.limiter.line_up(job.request.row, self._wake)
            yield from submit(job, self.client, request, self.ticket, self._settled, self.wall)
        task = self._made() or (yield from self._watched())
        self.leave()
        job.update(  # at once: each update is synced to disk
            state=State.DOWNLOADING,
            usage=dict(task.usage),
            cost=final_cost(job, task.usage),
            server_took=task.took,
        )
        return (yield from fetch(job, self.client, task, self.storage, self.folder, self.wall))

    def _made(self) -> Task | None:
        """Return the task of a clip that an earlier process had whole: the file is enough."""
        job = self.job
        if earlier(job) is None:
            return None
        return Task(job.task_id, "succeeded", "SUCCEEDED", usage=job.usage)

    def _watched(self) -> Generator[float, None, Task]:
        since = self.job.accepted_at
        return watch(
            self.job,
            self.client,
            limiter=self.limiter,
            history=self.job.took_before,
            age=None if since is None else max(0.0, self.wall() - since),
        )

    def _settled(self, *, earlier: bool = False) -> Generator[float, None, str]:
        job, client, ledger = self.job, self.client, self.ledger
        account = account_of(client.endpoint)

        def known() -> set[str]:
            return ledger.known_tasks(account) if ledger else set()

        def claim(task_id: str) -> bool:
            if ledger is not None:
                with suppress(LedgerError):  # then its record says that it can't be written
                    return ledger.claim_task(job.id, account, task_id)
            return claim_here(job, client, task_id, ledger=ledger)

        task_id = yield from settle(
            job, client, wall=self.wall, known_tasks=known, claim=claim, is_earlier=earlier
        )
        if task_id and ledger is not None and SEED_NOTE not in job.notes:
            with suppress(LedgerError):
                if had_equals(job, ledger, account):
                    job.update(notes=(*job.notes, SEED_NOTE))
        return task_id

    def _find(self) -> Generator[float, None, None]:
        """Find the task of a call that an earlier process made, if it made one."""
        job = self.job
        try:
            task_id = yield from self._settled(earlier=True)
        except (ApiError, ConnectionFailed) as exc:
            exc.hint = unsure_hint(job)
            raise
        if task_id:
            self.ticket = self.limiter.occupy(job.request.row)
            accepted(job, self.ticket, task_id)
            return
        job.update(sent_at=None)
        if job.is_resumed:
            raise JobFailed(
                "the service did not accept it: its list has no such task",
                hint="nothing is paid; run the cell again",
            )

    def _took_before(self) -> tuple[float, ...]:
        """Return how many seconds the latest tasks of the job's kind took."""
        request = self.job.request
        if self.ledger is None or not self.job.knows_request:
            return ()
        place, seconds = place_of(self.client.endpoint), request.effective_duration
        try:
            return tuple(self.ledger.run_times(place, request.model, request.tier, seconds))
        except WanError:  # a guess less
            return ()


def _elsewhere(ledger: Ledger, account: str, model: str) -> int:
    """Return how many tasks of a model other processes have at the server."""
    try:
        return ledger.in_flight(account, model)
    except WanError:
        return 0


def _as_told(job: Job, exc: WanError) -> WanError:
    """Return an error for the user: what another key is told says nothing of the job."""
    if not job.has_other_key or not isinstance(exc, (ApiError, JobFailed)):
        return exc
    return JobTimeout(
        f"this job was sent with another key, and the key of now is told: {exc.message}",
        hint=f"set the key that it was sent with, then %wanvideo resume {job.id}",
        task_id=job.task_id,
    )


def _without_frames(error: BaseException) -> BaseException:
    """Drop the frames of an error and of its causes: their variables may hold the key."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error


def _is_about_files(error: ApiError | JobFailed) -> bool:
    """Whether the service may have been unable to read an upload, which then is made anew."""
    said = f"{error.code} {error.message}".lower()
    return any(word in said for word in ("inspection", "download", "url", "oss"))
