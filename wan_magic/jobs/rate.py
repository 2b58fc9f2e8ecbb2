"""Turns at an endpoint: how far apart they are, and how a refusal changes that."""

from __future__ import annotations

import math

_FLOOR = 0.1
"""Turns a second at least, however often the endpoint refuses."""
_HOLD_MAX = 300.0
"""Seconds that one refusal can hold everybody up, whatever its Retry-After says."""
_FIRST_GUESS = 5.0
"""Turns a second that are halved by the first refusal, where no limit is known."""
_FREE_AGAIN = 20.0
"""Turns a second above which a place without a known limit counts as without one again."""


class Rate:
    """Evenly spaced turns; rarer after a refusal, more often again with each success.

    Not safe for threads: its owner has a lock.

    Parameters
    ----------
    limit : float or None
        Turns a second at most; None: as many as one likes, until the first refusal.
    gain : float
        By what part a success makes it faster.

    Examples
    --------
    >>> rate = Rate(2.0, gain=0.1)
    >>> rate.take(now=100.0)
    >>> rate.wait(now=100.0), rate.wait(now=100.5)
    (0.5, 0.0)
    """

    def __init__(self, limit: float | None, gain: float) -> None:
        self._limit = limit
        self._gain = gain
        self._rate = limit
        self._next = self._slowed = -math.inf

    @property
    def is_free(self) -> bool:
        """Whether there is nothing to wait for."""
        return self._rate is None

    def retune(self, limit: float | None) -> None:
        """Take a new limit, if it is one."""
        if limit != self._limit:
            self._limit = self._rate = limit

    def wait(self, now: float) -> float:
        """Return the seconds until the next turn."""
        left = self._next - now
        return left if left > 1e-6 else 0.0  # less is the rounding of a clock

    def take(self, now: float) -> None:
        """Take the next turn."""
        if self._rate is not None:
            self._next = max(self._next, now) + 1 / self._rate

    def refused(self, now: float, retry_after: float | None, sent: float) -> float:
        """Halve the rate, once for all calls that were on their way; seconds to the next turn.

        Parameters
        ----------
        now, sent : float
            By the clock: now, and when the refused call was sent.
        retry_after : float or None
            Seconds, as the server said.
        """
        if sent > self._slowed:
            self._rate = max(_FLOOR, (self._rate or _FIRST_GUESS) / 2)
            self._slowed = now
        return self.hold(now, retry_after or max(1.0, 1 / (self._rate or _FLOOR)))

    def hold(self, now: float, seconds: float) -> float:
        """Let nobody have a turn for a while; seconds to the next one."""
        self._next = max(self._next, now + min(seconds, _HOLD_MAX))
        return self._next - now

    def went_well(self) -> None:
        """Go faster again, up to the limit."""
        if self._rate is not None:
            self._rate = min(self._rate * (1 + self._gain), self._limit or math.inf)
            if self._limit is None and self._rate > _FREE_AGAIN:
                self._rate = None
