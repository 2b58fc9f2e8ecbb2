"""``--dry-run``: the exact request and its cost, with nothing sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from wan_magic.wan.endpoints import LOCAL, choose

if TYPE_CHECKING:
    from wan_magic.settings import Settings
    from wan_magic.wan.request import VideoRequest


def print_dry_run(request: VideoRequest, settings: Settings, notes: tuple[str, ...]) -> None:
    """Print where the request would go, its JSON body (base64 shortened), and its cost."""
    endpoint = choose(settings)
    base = endpoint.base_url if endpoint else "the embedded preview server"
    cost = request.estimate(endpoint.price_region if endpoint else "beijing")
    money = f"{cost} ({cost.detail})"
    if endpoint is None:
        money = f"free on {LOCAL}; the hosted API: {money}"
    lines = [
        f"POST {base}{request.row.path}" if endpoint else f"POST to {base}",
        json.dumps(request.shown_body(), indent=2, ensure_ascii=False),
        f"estimated cost: {money}",
        *(f"note: {note}" for note in notes),
        "dry run: nothing was sent",
    ]
    print("\n".join(lines))  # noqa: T201 - a magic speaks through the cell's output
