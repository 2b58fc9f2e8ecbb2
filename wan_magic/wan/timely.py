"""Answers that come in time: a host that drips its bytes can't hold a worker.

The library's own limit is on the silence between two bytes, which a byte a minute never breaks.
Here the bytes are counted as they leave the socket, those of the headers, too.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


class Pace(NamedTuple):
    """How fast an answer must come.

    Attributes
    ----------
    seconds : float
        Time that we wait for it, once the request is sent.
    least : int or None
        Bytes that win the same time anew; None if this is the time for all of it.
    """

    seconds: float
    least: int | None = None


WHOLE = Pace(120.0)
"""For an answer of the JSON API: a few kB, after up to a minute of thought."""
STREAM = Pace(60.0, 4096)
"""For a file: a link that is slower than 70 bytes a second does not live."""


class _Timely(io.RawIOBase):
    """The bytes of one answer, as long as they come in time."""

    def __init__(self, raw: io.RawIOBase, pace: Pace, clock: Callable[[], float]) -> None:
        self._raw, self._pace, self._clock = raw, pace, clock
        self._waited, self._came = 0.0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        began = self._clock()
        count = self._raw.readinto(buffer)
        self._waited += self._clock() - began  # what we do with the bytes is not the host's fault
        self._came += count or 0
        if self._pace.least is not None and self._came >= self._pace.least:
            self._waited, self._came = 0.0, 0
        elif count and self._waited > self._pace.seconds:
            raise TimeoutError("the answer does not come in time")  # as the socket's own
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class TimelyAdapter(requests.adapters.HTTPAdapter):
    """Connections whose answers must come in time; a late one ends as a read timeout does.

    Parameters
    ----------
    pace : Pace
        How fast.
    clock : callable, default time.monotonic
        Seconds.
    **more
        As the library's adapter takes it.
    """

    def __init__(
        self, pace: Pace, clock: Callable[[], float] = time.monotonic, **more: Any
    ) -> None:
        class Answer(http.client.HTTPResponse):
            def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
                super().__init__(sock, *args, **more)
                self.fp = io.BufferedReader(_Timely(self.fp.detach(), pace, clock))

        self._answer = Answer
        super().__init__(**more)

    def get_connection_with_tls_context(self, *args: Any, **more: Any) -> Any:
        """Return the host's connections, the next of which read in time."""
        pool: Any = super().get_connection_with_tls_context(*args, **more)
        kind = pool.ConnectionCls
        if getattr(kind, "response_class", None) is not self._answer:
            pool.ConnectionCls = type(kind.__name__, (kind,), {"response_class": self._answer})
        return pool


class TimelySession(requests.Session):
    """Connections whose answers must come in time.

    Parameters
    ----------
    clock : callable, default time.monotonic
        Seconds.
    **more
        As the library's adapter takes it.

    Attributes
    ----------
    pace : Pace
        How fast; the heir's to say.
    """

    pace: Pace

    def __init__(self, clock: Callable[[], float] = time.monotonic, **more: Any) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, TimelyAdapter(self.pace, clock, **more))
