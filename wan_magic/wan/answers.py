"""What an answer says of a task, wherever a gateway puts it.

Source: Alibaba's task-management page, 2026; ``output.results`` is the place of the
speech-to-video and animate models; the top level is where some gateways put things.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

TaskState = Literal["queued", "running", "succeeded", "failed", "cancelled", "unknown"]

_STATES: dict[str, TaskState] = {
    "PENDING": "queued",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "CANCELED": "cancelled",
    "UNKNOWN": "unknown",
    # As some gateways spell them; more of them can be named in the config file.
    "CANCELLED": "cancelled",
    "SUBMITTED": "queued",
    "COMPLETED": "succeeded",
    "SUCCESS": "succeeded",
    "FAILURE": "failed",
}
_QUERY = re.compile(r"(https?://[^\s?#\"'<>]+)\?[^\s\"'<>]*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Task:
    """What the server says of a task.

    Attributes
    ----------
    task_id : str
        The server's id, good for 24 hours.
    state : str
        One of `TaskState`; a status nobody knows counts as "running".
    status : str
        The status as the server spelled it, or as the config file translates it.
    video_url : str
        Signed address of the clip, good for 24 hours; empty until then. Never shown.
    code, message : str
        Why it failed.
    usage : dict
        What was billed.
    took : float or None
        Seconds from submit to end by the server's clock; None where it does not say.
    """

    task_id: str
    state: TaskState
    status: str
    request_id: str = ""
    video_url: str = field(default="", repr=False)
    code: str = ""
    message: str = ""
    orig_prompt: str = ""
    actual_prompt: str = ""
    usage: dict[str, Any] = field(default_factory=dict)
    took: float | None = None


def read_task(answer: dict[str, Any], names: Mapping[str, str], task_id: str = "") -> Task:
    """Read what an answer says of a task.

    Parameters
    ----------
    answer : dict
        Of the create call or of a query.
    names : dict
        A gateway's names of states, in lower case, and the API's.
    task_id : str
        Where the answer names none.
    """
    output = answer.get("output")
    output = output if isinstance(output, dict) else {}
    results = output.get("results")
    results = results if isinstance(results, dict) else {}
    usage = answer.get("usage")
    status = text(
        output.get("task_status")
        or _first(answer, "task_status", "status")
        or _first(output, "status")
    )
    status = names.get(status.lower(), status)
    return Task(
        task_id=text(output.get("task_id") or _first(answer, "task_id")) or task_id,
        state=_STATES.get(status.upper(), "running"),
        status=status,
        request_id=text(answer.get("request_id")),
        # Alibaba's two places first; the others are gateways'.
        video_url=text(
            output.get("video_url")
            or results.get("video_url")
            or _first(answer, "video_url", "result_url")
            or _first(output, "result_url")
        ),
        code=text(output.get("code") or answer.get("code")),
        message=told(output.get("message") or answer.get("message")),
        orig_prompt=text(output.get("orig_prompt")),
        actual_prompt=text(output.get("actual_prompt")),
        usage=usage if isinstance(usage, dict) else {},
        took=_took(output),
    )


def text(value: Any) -> str:
    """Return what a server said as text that can do nothing to a terminal, and can be stored."""
    plain = "" if value is None else _CONTROL.sub("", str(value))
    return plain.encode("utf-8", "replace").decode()  # halves of an emoji


def told(value: Any) -> str:
    """Return a message of a server; of an address that it quotes not what may be a signature."""
    return _QUERY.sub(r"\1?…", text(value))


def _took(output: dict[str, Any]) -> float | None:
    try:
        begin, end = (datetime.fromisoformat(output[name]) for name in ("submit_time", "end_time"))
        seconds = (end - begin).total_seconds()
    except (KeyError, TypeError, ValueError):  # none, or not as the API writes them
        return None
    return seconds if seconds > 0 else None


def _first(answer: dict[str, Any], *names: str) -> str:
    """Return the first of these that holds a text; a number there means something else."""
    found = (answer.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value), "")
