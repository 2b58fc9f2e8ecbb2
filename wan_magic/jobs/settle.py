"""A paid call whose answer was lost: did it make a task? The list call knows.

Source: Alibaba's task-management page, 2026: the list covers the account's tasks of 24 hours and
names model and time, and no prompt; a query names the prompt of a task that has succeeded. Failed
and cancelled tasks are not billed, and count as none.

"It made none" means that it is sent, and paid, again. So a task that can't be told from ours may
be ours, and a list that may be lacking proves nothing: then nobody knows.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from math import inf
from typing import TYPE_CHECKING, Any

from wan_magic.errors import ApiError, ConnectionFailed, JobTimeout
from wan_magic.jobs.common import detached, pause, unsure_hint
from wan_magic.wan.account import account_of
from wan_magic.wan.answers import text
from wan_magic.wan.codes import time_may_cure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from wan_magic.jobs.job import Job
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.wan.client import Task, TaskList, WanClient

SEED_NOTE = "its answer was lost; the seed may be that of an equal prompt"
_BEFORE, _AFTER = 120.0, 300.0
"""Seconds around the call within which its task was made, by clocks that may differ."""
_PLAUSIBLE = 48 * 3600.0
"""Seconds around the call in which a number is a time at all."""
_SURE_AFTER = 90.0
"""Seconds after which a task that is not in the list was not made. They are counted here, and
not from the time of the call: the clock on the wall may have been set in between."""
_COVERED = 23 * 3600.0
"""Seconds for which the list surely has a task."""
_AGED = "the list of tasks covers 24 hours, and this was sent before"
_LOOKS = 2
"""Looks at the list, in a row, that must agree on it."""
_EVERY = 10.0
_PATIENCE = 300.0
"""Seconds for which an endpoint that does not answer is asked."""
_PAGES, _PAGE = 20, 100
_QUERIES = 20
"""Tasks that are asked about in one look."""
_ENDED = ("FAILED", "CANCELED")
_BEIJING = timezone(timedelta(hours=8))

_claims: dict[tuple[str, str, str], str] = {}
"""Which job has a task, by ledger, account and task: where no ledger says so."""


def claim_here(job: Job, client: WanClient, task_id: str, *, ledger: Ledger | None = None) -> bool:
    """Give a task to a job of this process; False if another one has it.

    Parameters
    ----------
    job, client, task_id
        Whose, where, which.
    ledger : Ledger, optional
        That of the job, which can't be written.
    """
    place = str(ledger.path) if ledger else ""
    key = (place, account_of(client.endpoint), task_id)
    return _claims.setdefault(key, job.id) == job.id


def had_equals(job: Job, ledger: Ledger, account: str) -> bool:
    """Whether another call of the same model and prompt lost its answer in the same minutes."""
    sent_at = job.sent_at or 0.0
    return any(
        entry.id != job.id
        and (entry.account, entry.model) == (account, job.request.model)
        and entry.sent is not None
        and not entry.request_id  # that comes with the answer
        and abs(entry.sent - sent_at) <= _AFTER
        and _plain(entry.prompt) == _plain(job.request.prompt)
        for entry in ledger.entries(since=sent_at - _PLAUSIBLE)
    )


def settle(
    job: Job,
    client: WanClient,
    *,
    wall: Callable[[], float],
    known_tasks: Callable[[], set[str]] = set,
    claim: Callable[[str], bool] | None = None,
    is_earlier: bool = False,
) -> Generator[float, None, str]:
    """Find the task of a paid call whose answer was lost; ``""`` when it surely made none.

    Parameters
    ----------
    job : Job
        With `sent_at`.
    client : WanClient
        Of the endpoint that was called.
    wall : callable
        Seconds since 1970.
    known_tasks : callable
        The tasks that belong to other jobs.
    claim : callable, optional
        Gives a task to the job, or returns False if another has it by now. By default the jobs
        of this process are asked.
    is_earlier : bool
        Whether an earlier process made the call; else it was made just now.

    Raises
    ------
    ApiError, ConnectionFailed
        If the endpoint has no list call, can't be asked, or what it says proves nothing: nobody
        knows then.
    JobTimeout
        If the user stops watching, or it stays open for as long as the job may take.
    """
    sent_at = job.sent_at if job.sent_at is not None else wall()
    job.update(message="the answer to the submit was lost: looking for the task it may have made")
    search = _Search(job, client, known_tasks, claim or (lambda one: claim_here(job, client, one)))
    times, empty_looks, doubtful_looks, failures = [sent_at], 0, 0, 0
    began = answered = job.clock()
    while True:
        if job.detach_requested:
            raise detached(job)
        if job.clock() - began > job.timeout:
            raise JobTimeout(
                f"not known after {job.clock() - began:.0f} s whether the request was accepted",
                hint=unsure_hint(job),
            )
        doubt = ""
        try:
            look = _listed(client, job.request.model, times)
            if client.date is not None and len(times) == 1:
                ago = None if is_earlier else job.clock() - began
                if others := _other_times(sent_at, client.date, wall(), ago):
                    times += others
                    look = _listed(client, job.request.model, times)
            found, waiting = search.among(look)
            age = max(wall() - sent_at, job.clock() - began)
            is_past = age > _COVERED
            # A call of just now is looked for all the same: the clock may have been set.
            is_due = (is_past and is_earlier) or job.clock() - began > _SURE_AFTER
            if is_due and not found and not waiting:
                doubt = _AGED if is_past else _doubt(client, look, known_tasks)
        except (ApiError, ConnectionFailed) as exc:
            failures += 1
            cured = time_may_cure(exc.status) if isinstance(exc, ApiError) else exc.transient
            left = answered + min(_PATIENCE, job.timeout) - job.clock()
            if not cured or left < 0:
                raise
            job.update(message=f"{exc.message}: looking for the task again")
            wait = getattr(exc, "retry_after", None) or pause(failures)
            yield min(wait, max(left, pause(0)))
            continue
        failures, answered = 0, job.clock()
        if found:
            if search.had_rivals and SEED_NOTE not in job.notes:
                job.update(notes=(*job.notes, SEED_NOTE))
            return found
        if waiting:
            empty_looks = doubtful_looks = 0
            job.update(
                message=f"the answer to the submit was lost; task {waiting} may be its task: the"
                " prompt will tell when it ends, and nothing is sent again before"
            )
        elif doubt:
            empty_looks, doubtful_looks = 0, doubtful_looks + 1
            if is_past or doubtful_looks >= _LOOKS:
                raise ConnectionFailed(doubt, maybe_accepted=True)
        elif is_due:
            empty_looks, doubtful_looks = empty_looks + 1, 0
            if empty_looks >= _LOOKS:
                return ""
        yield _EVERY


# -- what the list says ---------------------------------------------------------------------


@dataclass
class _Look:
    """What the list showed of the tasks around the call.

    Attributes
    ----------
    tasks : dict
        By id: whether model and time are known to fit, and the seconds from the call. What
        can't be read may be ours, too.
    is_documented : bool
        Whether the answers had the documented shape.
    doubt : str
        Why it may have more tasks than it showed.
    """

    tasks: dict[str, tuple[bool, float]] = field(default_factory=dict)
    is_documented: bool = True
    doubt: str = ""

    @property
    def ids(self) -> list[str]:
        """The tasks, most likely first."""
        return sorted(self.tasks, key=lambda one: (not self.tasks[one][0], self.tasks[one][1]))


def _listed(client: WanClient, model: str, times: list[float]) -> _Look:
    """Look for the tasks of a model that were made around one of these times."""
    look = _Look()
    for sent_at in times:
        window = {"start_time": _stamp(sent_at - _BEFORE), "end_time": _stamp(sent_at + _AFTER)}
        seen: set[str] = set()
        total: int | None = 0
        for rows in _pages(client, model_name=model, **window):
            total = rows.total
            for row in rows:
                task_id = _id(row)
                seen.add(task_id)
                fit = _fit(row, model, times)  # some servers ignore filters
                if fit is not None and row.get("status") not in _ENDED:
                    if task_id:
                        look.tasks[task_id] = fit
                    else:
                        look.doubt = f"{client.endpoint.name} lists a task without its id"
        look.is_documented &= total is not None
        if len(seen) < (total or 0) or len(seen) >= _PAGES * _PAGE:
            look.doubt = f"{client.endpoint.name} does not list all of its tasks"
    return look


def _pages(client: WanClient, **filters: str | int) -> Iterator[TaskList]:
    for page in range(1, _PAGES + 1):
        rows = client.list_tasks(**filters, page_no=page, page_size=_PAGE)
        yield rows
        if not rows or (page >= rows.pages if rows.pages else len(rows) < _PAGE):
            break


def _fit(row: dict[str, Any], model: str, times: list[float]) -> tuple[bool, float] | None:
    """Return whether a task surely fits, and seconds from the call; None for somebody else's."""
    named = row.get("model_name")
    is_named = isinstance(named, str) and bool(named.strip())
    if is_named and named != model:
        return None
    gaps = [made - sent_at for made in _made(row) for sent_at in times]
    near = [abs(gap) for gap in gaps if -_BEFORE <= gap <= _AFTER]
    if near:
        return is_named, min(near)
    if any(abs(gap) <= _PLAUSIBLE for gap in gaps):
        return None
    return False, inf


def _made(row: dict[str, Any]) -> tuple[float, ...]:
    """Return what the time of a task may mean: milliseconds, or else seconds."""
    made = row.get("gmt_create")
    if isinstance(made, int | float) and not isinstance(made, bool):
        with suppress(OverflowError):
            return made / 1000, float(made)
    return ()


def _id(row: dict[str, Any]) -> str:
    task_id = row.get("task_id")
    return str(task_id) if isinstance(task_id, int | str) else ""


def _doubt(client: WanClient, look: _Look, known_tasks: Callable[[], set[str]]) -> str:
    """Return why a list without our task proves nothing; empty where it proves that none was made.

    An API that is no region's may have a list call that lists nothing at all.
    """
    if look.doubt or look.is_documented or client.endpoint.region is not None:
        return look.doubt
    if known := known_tasks():
        for rows in _pages(client):
            if any(_id(row) in known for row in rows):
                return ""
    return f"the list of {client.endpoint.name} shows none of the tasks that it made"


# -- whose a task is ------------------------------------------------------------------------


class _Search:
    """Asks about the tasks that may be ours.

    Attributes
    ----------
    had_rivals : bool
        Whether another task may have had the same prompt.
    """

    def __init__(
        self,
        job: Job,
        client: WanClient,
        known_tasks: Callable[[], set[str]],
        claim: Callable[[str], bool],
    ) -> None:
        self._job = job
        self._client = client
        self._known_tasks = known_tasks
        self._claim = claim
        self._others: set[str] = set()
        self._prompt = job.request.prompt if job.request.row.prompt != "none" else ""
        self.had_rivals = False

    def among(self, look: _Look) -> tuple[str, str]:
        """Return the task that is ours, if one is; else one that may be.

        Raises
        ------
        ConnectionFailed
            If one has ended and does not say whose it is.
        """
        known = self._known_tasks() | self._others
        ids = [task_id for task_id in look.ids if task_id not in known]
        waiting = silent = ""
        for number, task_id in enumerate(ids):
            if number == _QUERIES:
                waiting = waiting or task_id
                break
            task = self._client.query(task_id)
            alone = len(ids) == 1 and look.tasks[task_id][0]
            if self._is_ours(task, alone=alone):
                if self._claim(task_id):
                    self.had_rivals |= any(one not in self._others for one in ids if one != task_id)
                    return task_id, ""
                self.had_rivals = True
                self._others.add(task_id)
            elif task.state in ("queued", "running", "unknown"):  # new ones may be unknown at first
                waiting = waiting or task_id
            elif task.state == "succeeded" and not task.orig_prompt:
                silent = silent or task_id
            else:  # failed, or another prompt's: that stays so
                self._others.add(task_id)
        if silent and not waiting:
            raise ConnectionFailed(
                f"task {silent} may be its task, and nothing tells whether", maybe_accepted=True
            )
        return "", waiting

    def _is_ours(self, task: Task, *, alone: bool) -> bool:
        if task.orig_prompt:
            return is_same_prompt(self._prompt, task.orig_prompt, self._job.request.row.prompt_max)
        # Models without a prompt: time and model are all there is, and only one task has them.
        return alone and task.state == "succeeded" and not self._prompt.strip()


def is_same_prompt(sent: str, told: str, most: int) -> bool:
    r"""Whether a prompt is the one that was sent, as a service may tell it.

    Parameters
    ----------
    sent : str
        What was sent.
    told : str
        What the service says was sent: without control characters, other blanks, cut.
    most : int
        How much of a prompt it reads. In what it counts it is not sure to be at one with us, and
        a character has up to three bytes.

    Examples
    --------
    >>> is_same_prompt("a cat\r\nruns", "a cat\nruns", 1500)
    True
    """
    ours, theirs = (_plain(prompt) for prompt in (sent, told.rstrip("\ufffd")))
    if len(sent) > most and len(told) > most / 3:
        return bool(theirs) and ours.startswith(theirs)
    return ours == theirs


def _plain(prompt: str) -> str:
    return "".join(text(prompt).split())


# -- times ----------------------------------------------------------------------------------


def _other_times(sent_at: float, date: float, wall: float, ago: float | None) -> list[float]:
    """Return when the call was made by the server's clock, where that is not `sent_at`.

    This machine's clock may have been wrong all the time, or have been set since the call.

    Parameters
    ----------
    sent_at, wall : float
        By this machine's clock: the call, and now.
    date : float
        Now, by the server's clock.
    ago : float or None
        Seconds since the call, where they were counted; a machine that slept missed some.
    """
    times = [sent_at, sent_at + date - wall]
    if ago is not None:
        times.append(date - ago)
    found: list[float] = []
    for when in times:
        if all(abs(when - other) > _BEFORE / 2 for other in found):
            found.append(when)
    return found[1:]


def _stamp(when: float) -> str:
    return datetime.fromtimestamp(when, _BEIJING).strftime("%Y%m%d%H%M%S")
