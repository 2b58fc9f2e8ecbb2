"""What a finished task cost, from what the server says it billed.

Source: the ``usage`` of each model family in Alibaba's API references, 2025 to 2026:
``duration`` or (text-to-video up to 2.5, 2.1, first and last frame, animate)
``video_duration``; ``SR``, ``size`` or ``video_ratio``, which for animate is the mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.wan.catalog import size_text

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job
    from wan_magic.wan.catalog import Model
    from wan_magic.wan.client import Task
    from wan_magic.wan.estimate import Estimate

_MODES = {"standard": "wan-std", "pro": "wan-pro"}
"""As animate's usage calls its modes."""


def final_cost(job: Job, task: Task) -> Estimate:
    """Return the price of what the server says it billed, else the estimate."""
    usage = task.usage
    seconds = _seconds(usage.get("duration")) or _seconds(usage.get("video_duration"))
    if seconds is None:
        return job.estimate
    audio = usage.get("audio")
    return job.request.estimate(
        job.prices,
        tier=_tier(job.request.row, usage),
        seconds=seconds,
        silent=not audio if isinstance(audio, bool) else None,
    )


def _seconds(value: Any) -> float | None:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not plain or not 0 < value < 1e6:  # also not a NaN
        return None
    return int(value) if value == int(value) else float(value)


def _tier(row: Model, usage: dict[str, Any]) -> str | None:
    """Return the price key that was billed; None where the answer names none that is known."""
    ratio = usage.get("video_ratio")
    if row.priced_by == "mode":
        return _MODES.get(str(ratio))
    if tier := usage.get("SR"):
        return f"{str(tier).upper().removesuffix('P')}P"
    made = {size_text(size): tier for tier, sizes in row.sizes.items() for size in sizes.values()}
    sizes = [usage.get("size"), ratio]
    return next((made[size] for size in sizes if isinstance(size, str) and size in made), None)
