"""Many tasks at one endpoint are looked at together, through the list call.

A page holds a hundred tasks, so what a look costs grows with pages and not with tasks. Only
what is no longer among the waiting and running tasks is asked for singly: it has ended, or is
too new. The list spans the whole account, and gateways may have none or a poor one; so it is
used while it helps, and left alone for a while when it does not.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.wan.answers import read_task, text
from wan_magic.wan.codes import time_may_cure

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from wan_magic.jobs.limits import Limiter
    from wan_magic.wan.client import Task, WanClient

    Pause = Callable[[float], Generator[float, None, None]]

_FEW = 10
"""Tasks that are asked for singly."""
_EVERY, _EVERY_LOCAL = 3.0, 0.5
"""Seconds between two lists."""
_PER_PAGE = 0.3
"""Seconds between two lists for each page of them."""
_PAGE = 100
_REST, _LONG_REST = 30.0, 3600.0
"""Seconds without lists after one that did not help, and after many or where there are none."""
_CHECKED, _CHECKS_APART = 60.0, 0.25
"""Seconds after which a task is asked for singly, too, as a list may be out of date; and
seconds between two such queries."""


@dataclass(eq=False)
class Watched:
    """A task that somebody watches."""

    task_id: str
    wake: Callable[[], None]
    checked: float = field(default=0.0)
    """When it was last asked for singly."""


class _Useless(Exception):
    """The list does not tell what we want to know."""


class Overview:
    """The live tasks of one endpoint. Safe for threads.

    Parameters
    ----------
    limiter : Limiter
        Of the endpoint; every query and every page has its turn there.

    Examples
    --------
    >>> with overview.watching(task_id, wake) as watched:  # doctest: +SKIP
    ...     task = yield from overview.query(client, watched, pause)
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._clock = limiter.clock
        self._live: dict[Watched, None] = {}
        self._lock = threading.Lock()
        self._refreshing = False
        self._snapshot: dict[str, str] = {}
        self._taken = float("-inf")
        self._every = self._least = _EVERY_LOCAL if limiter.endpoint.is_local else _EVERY
        self._rest = _REST
        self._rests_until = self._checks_from = float("-inf")

    @contextlib.contextmanager
    def watching(self, task_id: str, wake: Callable[[], None]) -> Iterator[Watched]:
        """Count a task among the live ones.

        Parameters
        ----------
        task_id : str
            The server's.
        wake : callable
            Called, from any thread, when the list shows a change.
        """
        watched = Watched(task_id, wake, self._clock())
        self._live[watched] = None
        try:
            yield watched
        finally:
            self._live.pop(watched, None)

    def query(
        self, client: WanClient, watched: Watched, pause: Pause, *, alone: bool = False
    ) -> Generator[float, None, Task]:
        """Ask for a task, by itself or with the others; yields the seconds to wait before.

        Parameters
        ----------
        client : WanClient
            Of the endpoint.
        watched : Watched
            The task.
        pause : callable
            Makes the steps of a pause of so many seconds, and may end it with an error.
        alone : bool
            Whether the answer must be fresh.

        Raises
        ------
        ApiError, ConnectionFailed
            From the query; a list that fails is done without.
        """
        if not alone and self._lists(watched):
            status = yield from self._listed(client, watched, pause)
            if status:
                answer = {"output": {"task_status": status}}
                return read_task(answer, client.endpoint.status, watched.task_id)
        yield from pause(self._limiter.query_wait())
        watched.checked = self._clock()
        with self._counted():
            return client.query(watched.task_id)

    def _lists(self, watched: Watched) -> bool:
        """Whether to look at the list for a task."""
        now = self._clock()
        if len(self._live) < _FEW or now < self._rests_until:
            return False
        if now - watched.checked < _CHECKED or now < self._checks_from:
            return True
        self._checks_from = now + _CHECKS_APART
        return False

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Tell the limiter how a call went."""
        try:
            yield
        except ApiError as exc:
            if exc.status == 429:
                self._limiter.query_throttled(exc.retry_after)
            raise
        self._limiter.query_ok()

    def _listed(
        self, client: WanClient, watched: Watched, pause: Pause
    ) -> Generator[float, None, str]:
        """Return a task's status as the list has it; empty where it has none."""
        if self._clock() - self._taken >= self._every:
            with self._lock:
                mine, self._refreshing = not self._refreshing, True
            if mine:
                try:
                    yield from self._refresh(client, watched, pause)
                finally:
                    self._refreshing = False
            elif self._clock() - self._taken >= 3 * self._every:
                yield from pause(self._least / 2)  # somebody is about to bring one
        if self._clock() - self._taken >= 5 * self._every:
            return ""
        return self._snapshot.get(watched.task_id, "")

    def _refresh(
        self, client: WanClient, watched: Watched, pause: Pause
    ) -> Generator[float, None, None]:
        begun = self._clock()
        try:
            seen, pages = yield from self._read(client, pause)
        except _Useless:
            self._leave_it(self._rest)
            return
        except (ApiError, ConnectionFailed) as exc:
            final = isinstance(exc, ApiError) and not time_may_cure(exc.status)
            self._leave_it(_LONG_REST if final else self._rest)
            return
        before, self._snapshot = self._snapshot, seen
        self._taken = begun
        self._every = max(self._least, pages * _PER_PAGE)
        self._rest = _REST
        for one in list(self._live):
            was = before.get(one.task_id)
            if was and was != seen.get(one.task_id) and one is not watched:
                one.wake()

    def _read(
        self, client: WanClient, pause: Pause
    ) -> Generator[float, None, tuple[dict[str, str], int]]:
        """Read all pages; the status of each task, and how many pages there were.

        Waiting ones first: a task that starts meanwhile is then in both, and not in none.
        """
        seen: dict[str, str] = {}
        pages = 0
        most = max(2, len(self._live) // 4)  # more than these, and single queries are cheaper
        names = client.endpoint.status
        for wanted in ("PENDING", "RUNNING"):
            number = last = 1
            while number <= last:
                if pages == most:
                    raise _Useless
                yield from pause(self._limiter.query_wait())
                with self._counted():
                    rows, last = client.list_page(status=wanted, page_no=number, page_size=_PAGE)
                for row in rows:
                    status = text(row.get("status"))
                    status = names.get(status.lower(), status)
                    if status.upper() == wanted:  # some servers ignore the filter
                        seen[text(row.get("task_id"))] = status
                number += 1
                pages += 1
        if not any(one.task_id in seen for one in list(self._live)):
            raise _Useless
        return seen, pages

    def _leave_it(self, seconds: float) -> None:
        """Do without lists for a while, and longer the next time."""
        self._rests_until = self._clock() + seconds
        self._rest = min(2 * seconds, _LONG_REST)
        self._snapshot = {}


_overviews: dict[Limiter, Overview] = {}


def overview_for(limiter: Limiter) -> Overview:
    """Return the one overview for a limiter's endpoint; after a fork, limiters are new ones."""
    return _overviews.setdefault(limiter, Overview(limiter))
