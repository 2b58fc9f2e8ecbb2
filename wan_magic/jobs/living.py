"""The jobs of this process: those that run, and those that somebody still holds."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job


class Living:
    """One job object for each job, as long as anybody has it.

    A job that ended without a clip (nobody watched it any more, the disk was full) may go on
    later. It then goes on as the object that variables, sweeps and cards have. Safe for threads.

    Attributes
    ----------
    door : RLock
        Held from the look at what runs to the new job, so that two threads never begin the same.

    Examples
    --------
    >>> living = Living()
    >>> living.all()
    []
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all jobs."""
        self.door = threading.RLock()
        self._lock = threading.Lock()
        self._running: dict[str, Job] = {}
        self._held: weakref.WeakValueDictionary[str, Job] = weakref.WeakValueDictionary()

    def leave_to_parent(self) -> None:
        """In a forked child: the threads are gone, the jobs are the parent's, locks may be held."""
        for job in list(self._running.values()):
            job.leave_to_parent()
        self.clear()

    def all(self) -> list[Job]:
        """Return the jobs that have not ended, in the order of their begin."""
        with self._lock:
            return list(self._running.values())

    def get(self, job_id: str) -> Job | None:
        """Return a job that has not ended."""
        with self._lock:
            return self._running.get(job_id)

    def begin(self, job: Job) -> Job:
        """Count a job as running; return the object that goes on as it."""
        job = self._continued(job)
        with self._lock:
            self._running[job.id] = job
        job.on_change(self._changed)
        return job

    def end(self, job: Job) -> Job:
        """Return the object that ends as this job has: one that still had no clip, else itself."""
        if job.clip is None:
            with self._lock:
                self._held.setdefault(job.id, job)
            return job
        held = self._continued(job)
        if held is not job:
            held.tell()
        return held

    def _continued(self, job: Job) -> Job:
        with self._lock:
            held = self._held.get(job.id)
            if held is not None and held.done() and held.clip is None:
                held.go_on_as(job)
                return held
            if held is None or held.done():
                self._held[job.id] = job
            return job

    def _changed(self, job: Job) -> None:
        with self._lock:
            if job.done() and self._running.get(job.id) is job:
                del self._running[job.id]
