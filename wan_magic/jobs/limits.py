"""How fast an endpoint is asked: all jobs of one address and key share a limiter.

Source: Alibaba's rate-limit page, 2026: submits a second and tasks at once hold for an
account and a model; 20 queries, lists and cancels a second hold for an account.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_magic.jobs.line import Line, Ticket
from wan_magic.jobs.rate import Rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.wan.catalog import Model
    from wan_magic.wan.endpoints import Endpoint

__all__ = ["Limiter", "Limits", "Ticket", "limiter_for", "limits_of"]

_SUBMIT_RPS = 5.0
"""Where no document says how many a place takes: gateways, new models."""
_QUERY_RPS = 20.0


@dataclass(frozen=True)
class Limits:
    """What an endpoint takes of one model. None: no limit.

    Attributes
    ----------
    submit_rps : float or None
        Submits a second.
    concurrent : int or None
        Tasks at once.
    query_rps : float or None
        Queries, lists and cancels a second, of all models together.
    """

    submit_rps: float | None
    concurrent: int | None
    query_rps: float | None


def limits_of(endpoint: Endpoint, row: Model) -> Limits:
    """Return the limits of a model: the config file's, else the table's where a region is known.

    The embedded preview has none. How many tasks a gateway lets run at once is not known.
    """
    if endpoint.is_local:
        return Limits(None, None, None)
    known = endpoint.region is not None
    submit_rps = endpoint.submit_rps or (row.submit_rps if known else None) or _SUBMIT_RPS
    concurrent = endpoint.concurrent or (row.concurrent if known else None)
    return Limits(submit_rps, concurrent, _query_rps(endpoint))


def _query_rps(endpoint: Endpoint) -> float | None:
    return None if endpoint.is_local else endpoint.query_rps or _QUERY_RPS


class Limiter:
    """Who may ask an endpoint when. Safe for threads; nothing here sleeps.

    Parameters
    ----------
    endpoint : Endpoint
        Whose limits hold.
    clock : callable
        Seconds, never going back.
    others : callable
        How many tasks of a model, by name, other processes of this account have at the
        server. Must not raise; asked every two seconds at most. May be set later.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Callable[[], float] = time.monotonic,
        others: Callable[[str], int] = lambda model: 0,  # noqa: ARG005
    ) -> None:
        self.endpoint = endpoint
        self.clock = clock
        self.others = others
        # Not a plain lock: a job that is collected releases its ticket on whatever thread.
        self._lock = threading.RLock()
        self._lines: dict[str, Line] = {}
        self._numbers = itertools.count()
        self._queries = Rate(_query_rps(endpoint), gain=0.02)

    def line_up(self, model_row: Model, wake: Callable[[], None]) -> Ticket:
        """Take the last place in the line of a model.

        Parameters
        ----------
        model_row : Model
            Whose line.
        wake : callable
            Called, from any thread, when the ticket should ask before its wait is over.
        """
        with self._lock:
            line = self._line(model_row)
            ticket = Ticket(line, next(self._numbers), wake)
            line.join(ticket)
            return ticket

    def occupy(self, model_row: Model) -> Ticket:
        """Return the ticket of a task that is at the server already: a slot without a line."""
        with self._lock:
            line = self._line(model_row)
            ticket = Ticket(line, next(self._numbers), lambda: None)
            line.busy.add(ticket)
            return ticket

    def query_wait(self) -> float:
        """Reserve a query, a list or a cancel; seconds to wait before it is sent."""
        with self._lock:
            now = self.clock()
            wait = self._queries.wait(now)
            self._queries.take(now)
            return wait

    def query_throttled(self, retry_after: float | None) -> None:
        """Slow down: the endpoint answered 429."""
        with self._lock:
            now = self.clock()
            # Refusals within a second are one: their calls were on their way together.
            self._queries.refused(now, retry_after, sent=now - 1.0)

    def query_ok(self) -> None:
        """Go a little faster again, up to the limit."""
        with self._lock:
            self._queries.went_well()

    def adopt(self, endpoint: Endpoint) -> None:
        """Take over limits that the config file has changed."""
        with self._lock:
            self.endpoint = endpoint
            self._queries.retune(_query_rps(endpoint))

    def _line(self, row: Model) -> Line:
        limits = limits_of(self.endpoint, row)
        if row.name not in self._lines:
            self._lines[row.name] = Line(
                limits, self._lock, self.clock, lambda: self.others(row.name)
            )
        line = self._lines[row.name]
        line.retune(limits)
        return line


_limiters: dict[tuple[str, str], Limiter] = {}
_limiters_lock = threading.Lock()


def limiter_for(endpoint: Endpoint, clock: Callable[[], float] = time.monotonic) -> Limiter:
    """Return the process's one limiter for an endpoint's address and key.

    `clock` is that of a new one.
    """
    place = (endpoint.base_url, endpoint.key)
    with _limiters_lock:
        if place not in _limiters:
            _limiters[place] = Limiter(endpoint, clock=clock)
        limiter = _limiters[place]
    if endpoint is not limiter.endpoint:
        limiter.adopt(endpoint)
    return limiter


def _start_afresh() -> None:
    """After a fork: locks may have been held, and no job of the parent runs here."""
    global _limiters_lock
    _limiters_lock = threading.Lock()
    _limiters.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
