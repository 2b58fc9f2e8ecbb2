"""Rate limits: a token bucket for each name, and bursts of refusals on purpose."""

from __future__ import annotations

import threading
import time

from wan_magic.server.faults import too_fast


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
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Take one turn, or raise a `Fault` with HTTP 429."""
        with self._lock:
            if self._refuse > 0:
                self._refuse -= 1
                raise too_fast()
            if self._rate is None:
                return
            size = max(self._rate, 1.0)
            now = time.monotonic()
            if len(self._buckets) > 10_000:  # any text may be a key: full buckets are no news
                self._buckets = {
                    k: (n, t) for k, (n, t) in self._buckets.items() if now - t < size / self._rate
                }
            tokens, then = self._buckets.get(name, (size, now))
            tokens = min(size, tokens + (now - then) * self._rate)
            self._buckets[name] = (tokens - 1 if tokens >= 1 else tokens, now)
            if tokens < 1:
                raise too_fast()
