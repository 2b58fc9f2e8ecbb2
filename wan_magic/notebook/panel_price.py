"""What the panel's form would send, and what that would cost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wan_magic.errors import WanError
from wan_magic.notebook.panel_controls import problem
from wan_magic.output import html
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence
from wan_magic.wan.endpoints import choose
from wan_magic.wan.estimate import PriceList
from wan_magic.wan.request import VideoRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_magic.notebook.panel_inputs import Chosen
    from wan_magic.settings import Settings
    from wan_magic.wan.catalog import Model


@dataclass(frozen=True)
class Asked:
    """What a job of the panel was made from.

    Attributes
    ----------
    request : VideoRequest
    notes : tuple of str
    given : mapping
        The files and addresses of its inputs by option, in the order of the request's.
    """

    request: VideoRequest
    notes: tuple[str, ...]
    given: Mapping[str, list[Chosen | str]]


def draft(model: Model, chosen: Mapping[str, Any]) -> Asked:
    """Return what decides the price of a form that is no request yet."""
    request = VideoRequest(
        model=model.name,
        resolution=chosen.get("resolution"),
        duration=chosen.get("duration"),
        mode=chosen.get("mode"),
        audio=False if chosen.get("audio") == "off" else None,
    )
    return Asked(request, (), {})


def price(asked: Asked, settings: Settings) -> str:
    """Return what a request costs here, and what its user should know of it, as HTML."""
    request = asked.request
    try:
        endpoint = choose(settings)
    except WanError as exc:
        return problem(tr_sentence(exc))
    cost = request.estimate(PriceList.of(endpoint))
    known = cost.per_second is not None
    told = tr("about {cost} ({detail})", cost=cost, detail=cost.detail) if known else str(cost)
    if known and request.row.bills_input and not any(one.seconds for one in request.inputs):
        told += "; " + tr("the seconds of a given video are billed, too")
    if endpoint is None:
        told = tr("free preview: a simple stand-in; the real clip costs {price}", price=told)
    own = {note for one in request.inputs for note in one.notes}  # said beside their fields
    notes = html.notes(one for one in asked.notes if one not in own)
    return f'<div style="line-height:1.45">{html.line(html.text(told))}{notes}</div>'


def body(asked: Asked | None, missing: str) -> str:
    """Return exactly what will be sent, with names for files; or why it can't be sent yet."""
    shown = missing
    if asked is not None:
        shown = json.dumps(asked.request.named_body(), indent=2, ensure_ascii=False)
    return html.cell(shown)
