"""What a finished task is billed for: ``usage``, in the words of each family of models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wan_magic.wan.catalog import billed_input, parse_size, size_text

if TYPE_CHECKING:
    from wan_magic.server.validate import Wish
    from wan_magic.wan.catalog import Model

_MODES = {"wan-std": "standard", "wan-pro": "pro"}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A clip that was made.

    Attributes
    ----------
    width, height : int
        In pixels.
    seconds : float
        Its length.
    fps : int
        Frames a second.
    videos : tuple of float
        Lengths of the input videos.
    follows : bool
        Whether its shape is an input's.
    """

    width: int
    height: int
    seconds: float
    fps: int
    videos: tuple[float, ...] = ()
    follows: bool = False


def usage(model: Model, wish: Wish, made: Made) -> dict[str, Any]:
    """Return ``usage``; which fields it has is the model's row's affair.

    ``duration`` is what is billed: with the input's seconds where these are.
    """
    taken = billed_input(made.videos, model.input_bill_cap) if model.bills_input else 0.0
    billed = number(made.seconds + taken)
    size = size_text((made.width, made.height))
    known = {
        "duration": billed,
        "video_duration": billed,
        "input_video_duration": number(taken),
        "output_video_duration": number(made.seconds),
        "video_count": 1,
        "video_ratio": _MODES.get(wish.values.get("mode", ""), "standard"),
        "SR": _tier(model, wish),
        "audio": wish.sound,
        "size": size,
        "fps": made.fps,
        "ratio": _ratio(model, wish, made),
    }
    if "size" in model.parameters:
        known["video_ratio"] = size
    return {name: known[name] for name in model.usage}


def number(seconds: float) -> float:
    """Return seconds as the API writes them: whole ones without a point."""
    rounded = round(seconds, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def _tier(model: Model, wish: Wish) -> int:
    tier = wish.values.get("resolution") or ""
    if "size" in wish.sent:
        wanted = parse_size(wish.sent["size"])
        tier = next((t for t, row in model.sizes.items() if wanted in row.values()), "")
    return int((tier or model.resolution or "0").removesuffix("P"))


def _ratio(model: Model, wish: Wish, made: Made) -> str:
    """Return the ratio that was asked for, or the documented one that is nearest to the clip's."""
    asked = wish.values.get("ratio")
    if asked not in (None, "adaptive") and not made.follows:
        return str(asked)
    shapes = {ratio for row in model.sizes.values() for ratio in row}

    def away(ratio: str) -> float:
        width, height = map(int, ratio.split(":"))
        return abs(math.log(width / height * made.height / made.width))

    return min(sorted(shapes), key=away, default="")
