"""When to look at a task again: rarely at first, closely where its end is likely.

A look is taken once the time for which the task may have lain there finished, by the
chances, adds up to what a look is worth. Where the chances change little, the looks so lie as
close as the root of the chance that the task ends just then; of all ways to place the same
number of looks, this one notices the end soonest. The chance follows a log-logistic curve
through the times that are usual; it has a long tail, so that a task that is late is looked at
ever more gently.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EARLY = 2.0
"""Seconds to the first look, which finds what can't work, and whether the task is queued."""
_LEAST, _MOST = 1.0, 15.0
"""Seconds between looks; the documents' advice is 15."""
_QUEUED = 5.0
"""Least seconds between looks at a task that does not run yet."""
_CLOSE = 4.6
"""Scale of the seconds between looks where the end is likely. Measured over tasks of one to
five minutes: fewer queries than the official SDK's wait, and a smaller delay."""
_SHORT = 60.0
"""Tasks that take less get no fewer looks than such ones."""
_SPARED = 0.2
"""What surer times are good for: 0 for sooner notice, 0.5 for fewer queries."""
_STEP = 1.0
_STEEPEST = {"table": 3.0, "history": 30.0}
"""How sure of the times we can be: a rule of thumb, or this user's own earlier tasks."""


@dataclass(frozen=True)
class _Curve:
    """When tasks end: one in ten before `low`, one in ten after `high`, in seconds."""

    weight: float
    middle: float
    steep: float

    @classmethod
    def through(cls, low: float, high: float, weight: float, steepest: float) -> _Curve:
        low = max(low, 1.0)
        high = max(high, low * 1.01)
        steep = min(math.log(81) / math.log(high / low), steepest)
        return cls(weight, math.sqrt(low * high), steep)

    def later(self, seconds: float) -> float:
        """Return how many tasks end later than this."""
        return self.weight / (1 + math.pow(min(seconds / self.middle, 1e4), self.steep))


class Pace:
    """How long to wait between two looks at one task.

    Parameters
    ----------
    usual : (float, float)
        Seconds from accept to end that are usual, from and to.
    history : sequence of float
        What the user's own tasks of this kind took; counts from three on.
    jitter : callable
        Chance between two numbers, so that many jobs do not look at once.

    Examples
    --------
    >>> pace = Pace((60, 180), jitter=lambda low, high: 1.0)
    >>> pace.next(0), round(pace.next(20, "running")), round(pace.next(120, "running"))
    (2.0, 12, 4)
    """

    def __init__(
        self,
        usual: tuple[float, float],
        history: Sequence[float] = (),
        *,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._jitter = jitter
        self._queued = 0.0
        taken = sorted(seconds for seconds in history if 0 < seconds < math.inf)
        self._curves = [_Curve.through(*usual, 1.0, _STEEPEST["table"])]
        if len(taken) >= 3:
            # Few of them say little about the spread; and one task in ten is like no other.
            wider = 1 + 0.5 / len(taken)
            low, high = _part(taken, 0.1) / wider, _part(taken, 0.9) * wider
            own = _Curve.through(low, high, 0.9, _STEEPEST["history"])
            rest = _Curve.through(*usual, 0.1, _STEEPEST["table"])
            self._curves = [own, rest]

    @property
    def middle(self) -> float:
        """Seconds after which half of the tasks have ended."""
        return self._curves[0].middle

    def next(self, elapsed: float, state: str = "queued") -> float:
        """Return the seconds to the next look.

        Parameters
        ----------
        elapsed : float
            Seconds since the task was accepted.
        state : str
            As the last look found it: queued or running.
        """
        if elapsed < _EARLY / 2:  # the early look itself may come a little before its time
            wait = _EARLY - elapsed
        else:
            wait = self._gap(elapsed)
            if state == "queued":
                self._queued = elapsed
            if state == "queued" or len(self._curves) == 1:
                # A card should soon say so when the task runs. And while nothing is known but
                # the table, a task may be quicker than it says.
                wait = min(wait, max(_QUEUED, elapsed))
            if state == "queued":
                wait = max(_QUEUED, wait)
        return wait * self._jitter(0.9, 1.1)

    def _gap(self, elapsed: float) -> float:
        """Return the seconds after which waiting on would cost more than a look.

        That is: until the time that a finished task has been left lying, by the chances, adds
        up to what a look is worth. A sharp peak of the chances is so not passed over.
        """
        scale = _CLOSE * math.pow(self._curves[0].steep / 3, _SPARED)
        left = scale**2 / 2 / max(self.middle, _SHORT)
        # The usual times may or may not hold for the time in the queue, too.
        since = {elapsed, elapsed - self._queued}
        before = [(start, self._later(start)) for start in since]
        gap = 0.0
        while gap < _MOST:
            now = gap + _STEP / 2
            ended = max(1 - self._later(start + now) / later for start, later in before)
            if ended * _STEP >= left:
                return max(_LEAST, gap + left / ended)
            left -= ended * _STEP
            gap += _STEP
        return _MOST

    def _later(self, seconds: float) -> float:
        """Return how many tasks take longer than this."""
        return sum(curve.later(max(seconds, _STEP)) for curve in self._curves)


def _part(ordered: Sequence[float], part: float) -> float:
    """Return a quantile of ordered numbers, between two of them where it must be."""
    at = part * (len(ordered) - 1)
    low = ordered[math.floor(at)]
    return low + (ordered[math.ceil(at)] - low) * (at % 1)
