"""A job: ours from before the paid call to the file on disk."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
import time
import uuid
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from wan_magic.errors import JobTimeout, WanError
from wan_magic.jobs.done import Calls
from wan_magic.wan.estimate import PriceList

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from wan_magic.jobs.clip import Clip
    from wan_magic.output.look import Look
    from wan_magic.wan.estimate import Estimate
    from wan_magic.wan.request import VideoRequest

_log = logging.getLogger(__name__)
_KNOWN = ("request", "knows_request")
"""What a job that goes on knows as well as the one that it goes on as, or better: its media."""


@contextlib.contextmanager
def interruptible(job: Job) -> Iterator[None]:
    """Let an interrupt stop the waiting, and not the job.

    Raises
    ------
    JobTimeout
        In place of KeyboardInterrupt.
    """
    try:
        yield
    except KeyboardInterrupt:
        stands = "has ended" if job.done() else "goes on"
        raise JobTimeout(
            f"interrupted: this cell no longer waits, job {job.id} {stands}",
            hint=f"%wanvideo show {job.id} shows it again",
            task_id=job.task_id,
        ) from None


class State(StrEnum):
    """Where a job is. The last four are ends."""

    WAITING = "waiting"
    """For a slot: the endpoint's limits are reached, and nothing was sent yet."""
    SUBMITTING = "submitting"
    QUEUED = "queued"
    RUNNING = "running"
    DOWNLOADING = "downloading"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DETACHED = "detached"
    """We stopped watching; the task may go on at the server."""

    @property
    def is_end(self) -> bool:
        """Whether nothing changes any more."""
        return self in (State.DONE, State.FAILED, State.CANCELLED, State.DETACHED)


class Record:
    """What is written down of a job; this one writes nothing. See `wan_magic.jobs.ledger`."""

    def sending(self, job: Job, now: float) -> None:
        """Note that the paid call is about to be made; raises if that can't be written."""
        job.sent_at = now

    def changed(self, job: Job, changes: dict[str, Any]) -> None:
        """Note new values of a job's attributes."""

    def keeping(self, job: Job, path: Path, size: int) -> None:
        """Note the final name of a whole clip, in bytes, before it gets that name."""

    def ended(self, job: Job, outcome: Clip | WanError) -> None:
        """Note the end of a job."""


class Job:
    """One video on its way. Made by `wan_magic.submit`; wait for it in any way you like.

    Attributes
    ----------
    request : VideoRequest
        What was asked for.
    state : State
        submitting, queued, running, downloading; then done, failed, cancelled or detached.
    task_id : str
        The server's id, once it has answered; good for 24 hours.
    endpoint : str
        Name of the endpoint.
    prices : PriceList
        What the endpoint asks.
    estimate : Estimate
        Expected cost; for the local preview, what the hosted API would cost.
    is_preview : bool
        Whether the embedded preview server makes it, which costs nothing.
    look : Look or None
        How its clip is shown and saved in a notebook; None: as it is set.
    is_resumed : bool
        Whether it was submitted earlier: it costs nothing more.
    knows_request : bool
        Whether the request is known; of a task that is not in the ledger only a part is.
    is_followed : bool
        Whether another process takes care of it.
    was_sent : bool
        Whether an earlier process, or another one, sent it: it costs nothing more here.
    has_other_key : bool
        Whether it was sent with another key than it is asked for with.
    from_library : bool
        Whether an equal request had made the clip before.
    notes : tuple of str
        What the user should know about the request.
    message : str
        What is going on beside the plain state, such as a retry; often empty.
    downloaded : tuple of int
        (bytes so far, bytes in all or 0) of the download.
    sent_at : float or None
        When the paid call was made whose answer counts or may be lost; seconds since 1970.
    accepted_at : float or None
        When the server took it, if that was in an earlier process; seconds since 1970.
    usage : dict
        What the server said it billed.
    server_took : float or None
        Seconds from accept to end as the server said them, once the task has succeeded.
    cost : Estimate or None
        What that costs; None until the task has succeeded.
    keeps_provenance : bool
        Whether how the clip was made is written into its file and beside it.
    took_before : tuple of float
        Seconds that this user's latest tasks of the kind took at the server; empty where
        nobody knows.

    Examples
    --------
    >>> job = wan_magic.submit("waves", image="sea.jpg")  # doctest: +SKIP
    >>> clip = job.result()  # or: clip = await job       # doctest: +SKIP
    """

    def __init__(
        self,
        request: VideoRequest,
        *,
        endpoint: str,
        prices: PriceList = PriceList(),  # noqa: B008 - frozen
        is_preview: bool = False,
        notes: tuple[str, ...] = (),
        task_id: str = "",
        is_resumed: bool | None = None,
        knows_request: bool = True,
        timeout: float = 3 * 3600,
        look: Look | None = None,
        clock: Callable[[], float] = time.monotonic,
        id: str = "",  # noqa: A002 - as the attribute
    ) -> None:
        self.id = id or uuid.uuid4().hex[:12]
        self.request = request
        self.endpoint = endpoint
        self.prices = prices
        self.estimate: Estimate = request.estimate(prices)
        self.is_preview = is_preview
        self.look = look
        self.notes = notes
        self.timeout = timeout
        self.task_id = task_id
        self.is_resumed = bool(task_id) if is_resumed is None else is_resumed
        self.knows_request = knows_request
        self.is_followed = False
        self.was_sent = False
        self.has_other_key = False
        self.from_library = False
        self.keeps_provenance = False
        self.request_id = ""
        self.state = State.QUEUED if task_id else State.SUBMITTING
        self.message = ""
        self.downloaded = (0, 0)
        self.sent_at: float | None = None
        self.accepted_at: float | None = None
        self.usage: dict[str, Any] = {}
        self.server_took: float | None = None
        self.cost: Estimate | None = None
        self.took_before: tuple[float, ...] = ()
        self.cancel_refused = False
        self.clock = clock
        self.started = clock()
        self.ended: float | None = None
        self.since = self.started
        self.wake: Callable[[], None] = lambda: None
        self.record = Record()
        self.kept: Path | None = None
        """The final name that an earlier process chose for the clip, if it came so far."""
        self._cancel = threading.Event()
        self._detach = threading.Event()
        self.calls = Calls()
        self._listeners: list[Callable[[Job], None]] = []
        # Running from the start, so that nobody can cancel the future behind the job's back.
        self._future: concurrent.futures.Future[Clip] = concurrent.futures.Future()
        self._future.set_running_or_notify_cancel()

    def __repr__(self) -> str:
        task = f" task {self.task_id}" if self.task_id else ""
        return f"<Job {self.id} {self.state}{task}: {self.request.model}, {self.elapsed:.0f} s>"

    @property
    def elapsed(self) -> float:
        """Seconds since the job began, or from its beginning to its end."""
        return (self.clock() if self.ended is None else self.ended) - self.started

    def done(self) -> bool:
        """Whether the job has ended, well or not."""
        return self._future.done()

    def exception(self) -> BaseException | None:
        """Return the error of an ended job, or None. Does not wait."""
        future = self._future
        return future.exception() if future.done() else None

    @property
    def clip(self) -> Clip | None:
        """The clip of a job that has ended well, else None. Does not wait."""
        future = self._future
        return future.result() if future.done() and future.exception() is None else None

    def result(self, timeout: float | None = None) -> Clip:
        """Wait for the clip, and for what `on_done` does with it.

        Parameters
        ----------
        timeout : float, optional
            Seconds; None waits to the end.

        Raises
        ------
        WanError
            What went wrong: JobFailed, JobCancelled, ApiError, DownloadError...
        JobTimeout
            If the job has not ended in time; it goes on.
        KeyboardInterrupt
            If interrupted; the job goes on.

        Notes
        -----
        An ``on_done=`` function has returned by then, but one that takes more than a minute is
        not waited for any longer, and within such a function nothing waits for any.
        """
        limit = None if timeout is None else time.monotonic() + timeout
        future, calls = self._future, self.calls
        # Short waits in a loop keep the stop button alive on every platform.
        while not future.done():
            if limit is not None and time.monotonic() >= limit:
                raise JobTimeout(
                    f"not finished after {timeout:g} s ({self.state}); the job goes on",
                    hint="call result() again to wait on",
                    task_id=self.task_id,
                )
            with contextlib.suppress(concurrent.futures.TimeoutError):
                pause = 0.1 if limit is None else min(0.1, max(limit - time.monotonic(), 0))
                future.exception(timeout=pause)
        while calls.are_waited_for() and (limit is None or time.monotonic() < limit):
            time.sleep(0.01)
        return future.result()

    def __await__(self) -> Generator[Any, None, Clip]:
        return self._awaited().__await__()

    async def _awaited(self) -> Clip:
        future, calls = self._future, self.calls
        # Not `shield`: from Python 3.14 on it complains of a job that fails after its waiter left.
        ended = asyncio.wrap_future(future)
        ended.add_done_callback(lambda one: one.cancelled() or one.exception())  # raised below
        await asyncio.wait([ended])
        while calls.are_waited_for():
            await asyncio.sleep(0.01)
        return future.result()

    def cancel(self) -> None:
        """Ask for an end. What has not started is cancelled and costs nothing.

        A task that already runs can't be stopped, and is billed: then
        `cancel_refused` becomes True and the job goes on.
        """
        self._cancel.set()
        self.wake()

    def detach(self) -> None:
        """Stop watching. The task goes on at the server; `wan_magic.resume` picks it up."""
        self._detach.set()
        self.wake()

    def on_change(self, listener: Callable[[Job], None]) -> None:
        """Call `listener(job)` after every change, on a background thread."""
        if listener not in self._listeners:
            self._listeners.append(listener)

    # -- for the lifecycle alone ------------------------------------------------

    def go_on_as(self, other: Job) -> None:
        """Become another object's job, with its state and its end; whoever listens stays.

        Parameters
        ----------
        other : Job
            The same job, taken up anew; this one has ended without a clip.
        """
        news = dict(vars(other))
        for name in ("_listeners", *(_KNOWN if self.knows_request else ())):
            del news[name]
        news["notes"] = tuple(dict.fromkeys((*self.notes, *other.notes)))
        vars(self).update(news)

    def leave_to_parent(self) -> None:
        """End in a forked child: no thread of it goes on here."""
        problem = JobTimeout(
            "it runs in the process that began it, from which this one was forked",
            hint=f"wan_magic.show({self.id!r}) follows it",
            task_id=self.task_id,
        )
        self.record, self._listeners = Record(), []
        self._future = concurrent.futures.Future()  # the old one's lock may be held
        self._future.set_exception(problem)
        self.state, self.ended = State.DETACHED, self.clock()

    @property
    def cancel_requested(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancel.is_set()

    @property
    def detach_requested(self) -> bool:
        """Whether `detach` was called."""
        return self._detach.is_set()

    def update(self, **changes: Any) -> None:
        """Set attributes and tell the listeners, if anything changed."""
        if "state" in changes and changes["state"] != self.state:
            self.since = self.clock()
            changes.setdefault("message", "")
        changed = {k: v for k, v in changes.items() if getattr(self, k) != v}
        for name, value in changed.items():
            setattr(self, name, value)
        if changed:
            self.record.changed(self, changed)
            self.tell()

    def finish(self, outcome: Clip | WanError, state: State) -> None:
        """End the job: the future first, so that listeners find a result."""
        self.ended = self.clock()
        self.since = self.ended
        self.state = state
        self.message = ""
        try:
            self.record.ended(self, outcome)
        finally:  # whoever waits must not wait for ever
            self.calls.begin(self, self._future)
            if isinstance(outcome, WanError):
                self._future.set_exception(outcome)
            else:
                shown = replace(outcome, look=self.look) if self.look else outcome
                self._future.set_result(shown)
            self.tell()

    def tell(self) -> None:
        """Call the listeners."""
        for listener in list(self._listeners):
            try:
                listener(self)
            except BaseException:  # noqa: BLE001 - nothing, no exit() either, loses a paid job
                _log.warning("a listener of job %s failed", self.id, exc_info=True)
