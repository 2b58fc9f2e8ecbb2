"""A call that may take for ever, waited for so many seconds only."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def started(call: Callable[[], T]) -> Future[T]:
    """Begin a call on a thread of its own, which does not keep the process alive."""
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as exc:  # noqa: BLE001 - it is raised where it is waited for
            outcome.set_exception(exc)

    threading.Thread(target=work, name="wan_magic-within", daemon=True).start()
    return outcome


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what a call returns, if it does so in time.

    Parameters
    ----------
    seconds : float
        How long to wait; the call itself goes on behind.
    call : callable
        Takes nothing. It runs on another thread.

    Raises
    ------
    TimeoutError
        If it takes longer.
    Exception
        What the call raises.

    Examples
    --------
    >>> within(5.0, lambda: 6 * 7)
    42
    """
    return started(call).result(seconds)
