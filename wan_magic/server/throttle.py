"""Rate limits: a token bucket for each name, and bursts of refusals on purpose."""

from __future__ import annotations

import threading
import time

from wan_magic.server.faults import too_fast

_HAIR = 1e-6
"""Seconds that sums of fractions may miss."""


class Turns:
    """Lets calls in at a rate.

    Parameters
    ----------
    rate : float or None
        Calls a second for each name, counted over one second; None for no limit.
    refuse_first : int
        How many calls are refused before the first one is let in.
    """

    def __init__(self, rate: float | None, refuse_first: int = 0) -> None:
        self._rate = rate
        self._refuse = refuse_first
        # By name: when its bucket will be full again.
        self._full: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, name: str, own: float | None = None) -> None:
        """Take one turn, or raise a `Fault` with HTTP 429.

        Parameters
        ----------
        name : str
            Who takes it.
        own : float, optional
            The rate of this name, where there is none for all.
        """
        with self._lock:
            if self._refuse > 0:
                self._refuse -= 1
                raise too_fast()
            rate = self._rate or own
            if rate is None:
                return
            now = time.monotonic()
            if len(self._full) > 10_000:  # any text may be a key: full buckets are no news
                self._full = {one: when for one, when in self._full.items() if when > now}
            full = max(self._full.get(name, now), now) + 1 / rate
            if full - now > max(rate, 1.0) / rate + _HAIR:
                raise too_fast()
            self._full[name] = full
