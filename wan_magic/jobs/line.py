"""The line before a model: who waits, in order, and who has one of its slots."""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING

from wan_magic.jobs.rate import Rate

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from wan_magic.jobs.limits import Limits

_CROWDED = 10.0
"""Seconds to the next try where too many tasks run at once."""
_CAP_GROWS = 300.0
"""Seconds after which one more task at once is tried than the endpoint took."""
_PATIENCE = 60.0
"""Seconds that the others wait for a job at the head that does not ask."""
_OTHERS_AGE = 2.0
"""Seconds for which the number of other processes' tasks is good."""


class Line:
    """All jobs of one model. Its lock guards everything in it.

    Parameters
    ----------
    limits : Limits
        Of the endpoint, for this model.
    lock : RLock
        The limiter's.
    clock, others : callable
        The time in seconds, and the number of other processes' tasks.
    """

    def __init__(
        self,
        limits: Limits,
        lock: threading.RLock,
        clock: Callable[[], float],
        others: Callable[[], int],
    ) -> None:
        self.lock = lock
        self.clock = clock
        self.rate = Rate(limits.submit_rps, gain=0.1)
        self.concurrent = limits.concurrent
        self.waiting: list[Ticket] = []
        self.busy: set[Ticket] = set()
        self._cap = math.inf
        self._capped = 0.0
        self._ask_others = others
        self._others = (-math.inf, 0)

    def retune(self, limits: Limits) -> None:
        """Take new limits, if they are."""
        self.rate.retune(limits.submit_rps)
        self.concurrent = limits.concurrent

    def others(self) -> int:
        """Count other processes' tasks; to be called without the lock, as a file may be read."""
        asked, count = self._others
        if self.clock() - asked >= _OTHERS_AGE and not self.is_free:
            count = self._ask_others()
            self._others = (self.clock(), count)
        return count

    @property
    def is_free(self) -> bool:
        """Whether nobody needs to wait."""
        return self.rate.is_free and self.concurrent is None and self._cap == math.inf

    def is_full(self, now: float, others: int) -> bool:
        """Whether as many tasks are at the server as it takes."""
        cap = self._cap + (now - self._capped) // _CAP_GROWS
        most = math.inf if self.concurrent is None else self.concurrent
        return len(self.busy) + others >= min(cap, most)

    def crowded(self, now: float, others: int) -> None:
        """Let no more run at once than do now: the endpoint refused one more."""
        self._cap, self._capped = max(1, len(self.busy) + others), now

    def join(self, ticket: Ticket) -> None:
        """Give a ticket the place of its number, if it is not there."""
        place = self.place(ticket)
        if self.waiting[place : place + 1] != [ticket]:
            self.waiting.insert(place, ticket)

    def leave(self, ticket: Ticket) -> bool:
        """Take a ticket out, if it is there; True if it was the head."""
        place = self.place(ticket)
        if self.waiting[place : place + 1] != [ticket]:
            return False
        del self.waiting[place]
        return place == 0

    def place(self, ticket: Ticket) -> int:
        """Return how many wait that came before."""
        return bisect.bisect_left(self.waiting, ticket.number, key=lambda one: one.number)

    def pass_over(self, now: float) -> None:
        """Let nobody wait for a job that died: should it ask after all, it has its place again."""
        while self.waiting and now > self.waiting[0].due + _PATIENCE:
            del self.waiting[0]

    def call_head(self) -> Callable[[], None]:
        """Return what wakes the head; to be called without the lock."""
        if not self.waiting:
            return lambda: None
        head = self.waiting[0]
        head.due = min(head.due, self.clock())
        return head.wake


class Ticket:
    """A job's place in the line of its model, then its slot. Made by `Limiter.line_up`."""

    def __init__(self, line: Line, number: int, wake: Callable[[], None]) -> None:
        self._line = line
        self._sent = 0.0
        self.number = number
        self.wake = wake
        self.due = line.clock()
        """When it will ask again, by the clock."""

    @property
    def ahead(self) -> int:
        """How many jobs are before it in the line."""
        with self._line.lock:
            return 0 if self in self._line.busy else self._line.place(self)

    def wait(self) -> float:
        """Return 0 for: go, the slot is taken; else the seconds after which to ask again.

        These may be many, since it is woken when it comes to the head and when a slot is free.
        """
        line = self._line
        others = line.others()
        with line.lock:
            if self in line.busy:
                return 0.0
            now = self.due = line.clock()
            line.join(self)
            line.pass_over(now)
            if wait := self._obstacle(now, others):
                self.due = now + wait
                return wait
            self._sent = now
            line.rate.take(now)
            wake = line.call_head() if line.leave(self) else None
            line.busy.add(self)
        if wake:
            wake()
        return 0.0

    def _obstacle(self, now: float, others: int) -> float:
        line = self._line
        if line.is_free:
            return 0.0
        if ahead := line.place(self):
            return min(max(ahead, 5.0), 30.0)  # woken in time; this only keeps `ahead` shown true
        if line.is_full(now, others):
            return 5.0 if others else 30.0  # other processes wake nobody here
        return line.rate.wait(now)

    def throttled(self, retry_after: float | None, *, concurrency: bool = False) -> float:
        """Go back to the head of the line: the submit was answered 429, and nothing accepted.

        Parameters
        ----------
        retry_after : float or None
            Seconds, as the server said.
        concurrency : bool
            Whether it said that too many tasks run at once.

        Returns
        -------
        float
            Seconds after which to ask again.
        """
        line = self._line
        others = line.others()
        with line.lock:
            now = line.clock()
            line.busy.discard(self)
            line.join(self)
            if concurrency:
                line.crowded(now, others)
                wait = line.rate.hold(now, retry_after or _CROWDED)
            else:
                wait = line.rate.refused(now, retry_after, self._sent)
            self.due = now + wait
            return wait

    def accepted(self) -> None:
        """Keep the slot until `release`: the server took the task."""
        with self._line.lock:
            self._line.rate.went_well()

    def release(self) -> None:
        """Give up the slot, or the place in the line. Any number of times, in any state."""
        line = self._line
        with line.lock:
            had_slot = self in line.busy
            line.busy.discard(self)
            was_head = line.leave(self)
            wake = line.call_head() if had_slot or was_head else None
        if wake:
            wake()
