"""One clock for all that is live: each card is looked at once a second, on one thread.

A front end pays for every message, and so does the kernel. So many cards share what a few
cost: from 25 on each is looked at more rarely.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from wan_magic.jobs.runner import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

A_SECOND = 25
"""The most looks a second, over all cards."""


class Ticker:
    """Calls functions once a second, or more rarely where there are many.

    Parameters
    ----------
    runner : Runner, optional
        Apart from the jobs' own threads, so that no slow call stops it.

    Examples
    --------
    >>> steps = Ticker().steps(lambda: True, lambda: 12.2)  # the clock shows 12 s
    >>> round(next(steps), 1)
    0.8
    """

    def __init__(self, runner: Runner | None = None) -> None:
        self._runner = runner or Runner(workers=1)
        self._live = 0

    @property
    def seconds(self) -> int:
        """How many seconds pass between two looks at the same card: 1 up to 25 cards."""
        return max(1, math.ceil(self._live / A_SECOND))

    def start(self, look: Callable[[], object], elapsed: Callable[[], float] = lambda: 0.0) -> None:
        """Call `look` at once and then again and again, until it returns what is false.

        Parameters
        ----------
        look : callable
            Must be quick.
        elapsed : callable
            Seconds of a clock that is shown: the looks come when it is a whole number.
        """
        self._runner.start(self.steps(look, elapsed))

    def steps(
        self, look: Callable[[], object], elapsed: Callable[[], float] = lambda: 0.0
    ) -> Iterator[float]:
        """Yield the seconds to each next look."""
        self._live += 1
        try:
            while look():
                # A moment more, so that no rounding shows the same second twice.
                yield self.seconds - elapsed() % 1 + 0.005
        finally:
            self._live -= 1

    def later(self, seconds: float, do: Callable[[], object]) -> None:
        """Call `do` once, after some seconds."""

        def steps() -> Iterator[float]:
            yield seconds
            do()

        self._runner.start(steps())


ticker = Ticker()
"""The process's."""
