"""Run a coroutine to its end where a loop already runs. The one user of nest-asyncio2."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def run(coro: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine and return its result, also inside a notebook cell.

    Waiting for jobs needs none of this: ``await job`` and ``job.result()`` work as
    they are. It is the sync face of an ``async def`` of your own.

    Parameters
    ----------
    coro : coroutine
        For example ``gather_all(jobs)``.

    Returns
    -------
    object
        What the coroutine returns.

    Notes
    -----
    Only where the thread's event loop already runs (in a notebook) is asyncio
    patched, by nest-asyncio2 1.7.3 or later: the original nest-asyncio loses queued
    cells on ipykernel 7.1 and later.

    Examples
    --------
    >>> import asyncio
    >>> run(asyncio.sleep(0, "done"))
    'done'
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coro)
    import nest_asyncio2

    nest_asyncio2.apply()
    return asyncio.run(coro)
