"""The list call: its filters, its span of time, its pages."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from wan_magic.server.faults import specification
from wan_magic.server.options import DAY
from wan_magic.server.records import BEIJING, LIST_TIME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_magic.server.records import Task
    from wan_magic.server.tasks import Board

_STATES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED")
_PAGE_MAX = 1000


def list_tasks(board: Board, query: Mapping[str, str], now: float) -> dict[str, Any]:
    """Return ``data`` and the page numbers, as the task-management page has them.

    Parameters
    ----------
    board : Board
        Where the tasks are.
    query : mapping of str to str
        ``task_id``, ``model_name``, ``status``, ``start_time`` and ``end_time``
        (``YYYYMMDDhhmmss``, Beijing time, at most 24 hours apart, the last 24 hours
        when absent), ``page_no`` from 1, ``page_size`` (10). Others are ignored.
    now : float
        Seconds since the epoch.

    Raises
    ------
    Fault
        For a value that can't be read, and a span over 24 hours.
    """
    page, size = _number(query, "page_no", 1), _number(query, "page_size", 10)
    status = query.get("status") or ""
    if status and status not in _STATES:
        raise specification(f"status should be one of {', '.join(_STATES)}")
    start, end = _span(query, now)
    task_id, model = query.get("task_id") or "", query.get("model_name") or ""

    def wanted(task: Task) -> bool:
        if task_id:
            return task.id == task_id
        return (
            start <= task.submitted <= end
            and model in ("", task.model.name)
            and status in ("", task.status)
        )

    rows = board.rows(wanted)
    return {
        "data": rows[(page - 1) * size : page * size],
        "page_no": page,
        "page_size": size,
        "total_page": -(-len(rows) // size),
        "total": len(rows),
    }


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or not 1 <= len(text) <= 9 or not int(text):
        raise specification(f"{name} should be a whole number from 1")
    # The service's own limit is not documented; this one only bounds the answer.
    return min(int(text), _PAGE_MAX) if name == "page_size" else int(text)


def _span(query: Mapping[str, str], now: float) -> tuple[float, float]:
    start, end = _moment(query, "start_time"), _moment(query, "end_time")
    if start is None:
        start = (now if end is None else end) - DAY
    # A written second lasts until the next one begins.
    last = now + 1 if end is None else end + 0.999
    if end is not None and (end < start or end - start > DAY):
        raise specification("end_time should be 0 to 24 hours after start_time")
    if end is None:
        last = min(last, start + DAY) if "start_time" in query else last
    return start, last


def _moment(query: Mapping[str, str], name: str) -> float | None:
    text = query.get(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, LIST_TIME).replace(tzinfo=BEIJING).timestamp()
    except ValueError:
        raise specification(f"{name} should be YYYYMMDDhhmmss") from None
