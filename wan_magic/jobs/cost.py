"""What a finished task cost, from what the server says it billed.

Source: the ``usage`` of each model family in Alibaba's API references, 2025 to 2026:
``duration`` or (text-to-video up to 2.5, 2.1, first and last frame, animate)
``video_duration``; ``SR``, ``size`` or ``video_ratio``, which for animate is the mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.wan.catalog import size_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_magic.jobs.job import Job
    from wan_magic.wan.catalog import Model
    from wan_magic.wan.estimate import Estimate

_MODES = {"standard": "wan-std", "pro": "wan-pro"}
"""As animate's usage calls its modes."""


def billed_seconds(usage: Mapping[str, Any]) -> float | None:
    """Return the seconds that the server says it billed; None where it names none."""
    return _seconds(usage.get("duration")) or _seconds(usage.get("video_duration"))


def final_cost(job: Job, usage: Mapping[str, Any]) -> Estimate | None:
    """Return the price of what the server says it billed; None where it does not say."""
    seconds = billed_seconds(usage)
    if seconds is None:
        return None
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


def _tier(row: Model, usage: Mapping[str, Any]) -> str | None:
    """Return the price key that was billed; None where the answer names none that is known."""
    ratio = usage.get("video_ratio")
    if row.priced_by == "mode":
        return _MODES.get(str(ratio))
    if tier := usage.get("SR"):
        return f"{str(tier).upper().removesuffix('P')}P"
    made = {size_text(size): tier for tier, sizes in row.sizes.items() for size in sizes.values()}
    sizes = [usage.get("size"), ratio]
    return next((made[size] for size in sizes if isinstance(size, str) and size in made), None)
