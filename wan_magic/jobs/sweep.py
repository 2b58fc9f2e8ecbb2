"""A sweep: many jobs that were asked for together, waited for, counted and retried together."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, overload

from wan_magic.errors import InputError, JobTimeout, WanError
from wan_magic.jobs.budget import total_of
from wan_magic.jobs.job import State

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from wan_magic.actions.planning import Planned
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.output.look import Look
    from wan_magic.wan.estimate import Estimate


class Sweep(Sequence["Job"]):
    """Jobs that were asked for together. Made by `wan_magic.map` and by ``%%wanvideo``.

    It is a sequence of jobs: index it, iterate over it; ``await sweep`` waits for all.

    Attributes
    ----------
    plan : tuple of Planned
        What was asked for, and what makes each clip another one, in the order of the jobs.
    name : str
        The variable that holds it, as far as is known.
    look : Look or None
        How its films are kept and shown.

    Examples
    --------
    >>> clips = wan_magic.map(["a cat", "a dog"], count=2)  # doctest: +SKIP
    >>> [clip.path.name for clip in clips.result()]  # doctest: +SKIP
    """

    def __init__(
        self,
        plan: Sequence[Planned],
        jobs: Sequence[Job],
        start: Callable[[Sequence[Planned]], list[Job]],
    ) -> None:
        self.plan = tuple(plan)
        self.name = "clips"
        self.look: Look | None = None
        self.while_waiting: Callable[[], None] = lambda: None
        """Called now and then while `result` waits; for a line on a terminal."""
        self._jobs = list(jobs)
        self._start = start
        self._began = time.monotonic()
        self._listeners: list[Callable[[int, Job], None]] = []
        self._lock = threading.Lock()
        # By id, from the begin: a job that goes on later costs nothing more, and was paid here.
        self._new = {job.id for job in self._jobs if _is_new(job)}
        for at, job in enumerate(self._jobs):
            self._listen(at, job)

    def __repr__(self) -> str:
        counted = ", ".join(f"{number} {state}" for state, number in self.counts().items())
        return f"<Sweep of {len(self)}: {counted}>"

    def __len__(self) -> int:
        return len(self._jobs)

    @overload
    def __getitem__(self, at: int) -> Job: ...

    @overload
    def __getitem__(self, at: slice) -> list[Job]: ...

    def __getitem__(self, at: int | slice) -> Job | list[Job]:
        return self._jobs[at]

    # -- how it stands ----------------------------------------------------------------------

    @property
    def jobs(self) -> list[Job]:
        """The jobs, each once: equal requests share one."""
        return list(dict.fromkeys(self._jobs))

    @property
    def clips(self) -> list[Clip]:
        """The clips that are there, in the order of the jobs."""
        return [clip for clip in (job.clip for job in self._jobs) if clip is not None]

    @property
    def failed(self) -> list[Job]:
        """The jobs that ended without a clip."""
        return [job for job in self.jobs if job.done() and job.exception()]

    def done(self) -> bool:
        """Whether all jobs have ended."""
        return all(job.done() for job in self._jobs)

    def counts(self) -> Counter[str]:
        """Return how many jobs are in each state, by its name."""
        return Counter(str(job.state) for job in self.jobs)

    @property
    def elapsed(self) -> float:
        """Seconds from the begin to the last end, or until now."""
        ends = [job.ended for job in self._jobs]
        if any(end is None for end in ends):
            return time.monotonic() - self._began
        return max(max(end for end in ends if end is not None) - self._began, 0.0)

    @property
    def estimate(self) -> Estimate | None:
        """What all of them cost beyond what was paid before; None where nothing is new."""
        new = [job.estimate for job in self.jobs if job.id in self._new]
        return total_of(new) if new else None

    @property
    def spent(self) -> Decimal:
        """What the clips cost that are there by now, as billed, else as expected."""
        new = [job for job in self.jobs if job.id in self._new]
        made = (job.cost or job.estimate for job in new if _is_made(job))
        return sum((cost.amount or Decimal(0) for cost in made), Decimal(0))

    @property
    def is_preview(self) -> bool:
        """Whether the embedded preview server makes them, which costs nothing."""
        return any(job.is_preview for job in self._jobs)

    # -- waiting ----------------------------------------------------------------------------

    def result(self, timeout: float | None = None) -> list[Clip]:
        """Wait for all jobs as `Job.result` does, and return their clips in the same order.

        Parameters
        ----------
        timeout : float, optional
            Seconds for all of them together; None waits to the end.

        Raises
        ------
        JobTimeout
            If they have not ended in time, or if the waiting is interrupted; they go on.
        WanError
            If some brought no clip, once all have ended; `clips` holds the others.
        """
        limit = None if timeout is None else time.monotonic() + timeout
        try:
            while not self.done() or any(job.calls.are_waited_for() for job in self.jobs):
                if limit is not None and time.monotonic() >= limit:
                    if self.done():
                        break
                    raise JobTimeout(
                        f"not finished after {timeout:g} s; the jobs go on",
                        hint="call result() again to wait on",
                    )
                self.while_waiting()
                time.sleep(0.1)  # short waits keep the stop button alive on every platform
        except KeyboardInterrupt:
            raise JobTimeout(
                "interrupted: this cell no longer waits, the jobs go on",
                hint="result() waits again; %wanvideo jobs lists them",
            ) from None
        finally:
            self.while_waiting()
        return self._ended()

    def __await__(self) -> Generator[Any, None, list[Clip]]:
        async def wait() -> list[Clip]:
            await asyncio.gather(*self.jobs, return_exceptions=True)
            return self._ended()

        return wait().__await__()

    def _ended(self) -> list[Clip]:
        if failed := self.failed:
            first = failed[0].exception()
            if len(self) == 1 and first is not None:
                raise first
            number = f"{len(failed)} of {len(self)} clips were not made; the first"
            at = self._jobs.index(failed[0])
            raise WanError(
                f"{number}, number {at + 1}: {getattr(first, 'message', first)}",
                hint=f"retry() tries them again, retry({at}) this one alone; nothing is paid twice;"
                " clips holds the others",
            ) from first
        return [job.result() for job in self._jobs]

    # -- what to do with it -----------------------------------------------------------------

    def cancel(self) -> None:
        """Cancel all that still wait; what runs goes on and is billed."""
        for job in self.jobs:
            if not job.done():
                job.cancel()

    def retry(self, *numbers: int) -> Sweep:
        """Try again what ended without a clip; each becomes a new job in the same place.

        Parameters
        ----------
        *numbers : int
            Which ones, counted from 0 as in the sequence; default: all that failed.

        Returns
        -------
        Sweep
            This one.

        Raises
        ------
        InputError
            If one of them is not there, or has not failed.
        BudgetExceeded, SettingsError, LedgerError
            Before anything is sent.
        """
        with self._lock:
            failed = [at for at, job in enumerate(self._jobs) if job.done() and job.exception()]
            for at in numbers:
                if not -len(self) <= at < len(self):
                    raise InputError(
                        f"there is no number {at}", hint=f"they count from 0 to {len(self) - 1}"
                    )
            chosen = [range(len(self))[at] for at in numbers] if numbers else failed
            for at in chosen:
                if at not in failed:
                    raise InputError(
                        f"number {at} has not failed ({self._jobs[at].state})",
                        hint=f"those that have: {', '.join(map(str, failed)) or 'none'}",
                    )
            if not chosen:
                return self
            jobs = self._start([self.plan[at] for at in chosen])
            tried = list(zip(chosen, jobs, strict=True))
            others = [(at, job) for at, job in tried if self._jobs[at] is not job]
            for at, job in others:
                self._jobs[at] = job
            self._new |= {job.id for job in jobs if _is_new(job)}
        for at, job in others:
            self._listen(at, job)
        for at, job in tried:
            self._tell(at, job)
        return self

    def on_change(self, listener: Callable[[int, Job], None]) -> None:
        """Call `listener(at, job)` after every change of a job, on a background thread."""
        self._listeners.append(listener)

    def _listen(self, at: int, job: Job) -> None:
        job.on_change(lambda job: self._tell(at, job))

    def _tell(self, at: int, job: Job) -> None:
        if self._jobs[at] is job:  # and not one that was replaced
            for listener in list(self._listeners):
                listener(at, job)

    def _repr_mimebundle_(
        self,
        include: Any = None,  # noqa: ARG002 - IPython's protocol; it filters by itself
        exclude: Any = None,  # noqa: ARG002
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        from wan_magic.output.sweeps import sweep_bundle

        return sweep_bundle(self)


def _is_new(job: Job) -> bool:
    return not (job.is_preview or job.from_library or job.is_resumed or job.was_sent)


def _is_made(job: Job) -> bool:
    return job.cost is not None or job.state is State.DONE
