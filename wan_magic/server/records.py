"""One task: what is kept of it, and how it is shown to the caller."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from wan_magic.server.usage import usage

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.server.faults import Fault
    from wan_magic.server.usage import Made
    from wan_magic.server.validate import Wish
    from wan_magic.wan.catalog import Model

Status = Literal["PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED"]
BEIJING = timezone(timedelta(hours=8))
"""The zone of every time in the API (task-management page: UTC+8)."""
LIST_TIME = "%Y%m%d%H%M%S"


@dataclass(eq=False)
class Task:
    """A task of the service; changed only under the lock of its board.

    Attributes
    ----------
    submitted, scheduled, ended : float or None
        Seconds since the epoch, by the server's clock.
    ready_at : float
        When it may start, in seconds of the monotonic clock.
    owner : str
        Name of the key that it was made with.
    spooled : dict of int to Path
        Data URIs that were moved to disk, by their place among the inputs.
    made : Made or None
        What came of it.
    """

    id: str
    request_id: str
    model: Model
    orig_prompt: str | None
    wish: Wish | None
    fault: Fault | None
    submitted: float
    ready_at: float
    owner: str = ""
    status: Status = "PENDING"
    scheduled: float | None = None
    ended: float | None = None
    code: str = ""
    message: str = ""
    video: Path | None = None
    bytes: int = 0
    url_path: str = ""
    spooled: dict[int, Path] = field(default_factory=dict)
    made: Made | None = None

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.status not in ("PENDING", "RUNNING")

    def answer(self, origin: str) -> dict[str, Any]:
        """Return ``output`` and, when it succeeded, ``usage``, as a query shows them.

        Parameters
        ----------
        origin : str
            Scheme, host and port by which the caller reached the server, so that the
            link works from there too.
        """
        output: dict[str, Any] = {"task_id": self.id, "task_status": self.status}
        times = (
            ("submit_time", self.submitted),
            ("scheduled_time", self.scheduled),
            ("end_time", self.ended),
        )
        output |= {name: stamp(when) for name, when in times if when is not None}
        body: dict[str, Any] = {"output": output}
        if self.status == "FAILED" and self.code:
            output |= {"code": self.code, "message": self.message}
        if self.status == "SUCCEEDED" and self.wish is not None and self.made is not None:
            if self.model.prompt != "none":
                output["orig_prompt"] = self.orig_prompt or ""
            rewritten = self.model.actual_prompt and self.wish.values.get("prompt_extend")
            if rewritten and self.wish.prompt and not self.wish.template:
                # No language model here: what was read is what was used.
                output["actual_prompt"] = self.wish.prompt
            place = output if self.model.result == "video_url" else {}
            place["video_url"] = origin + self.url_path
            if self.model.result == "results":
                output["results"] = place
            body["usage"] = usage(self.model, self.wish, self.made)
        return body

    @property
    def _task_group(self) -> str:
        return ":".join(self.model.path.split("/")[2:])

    def row(self) -> dict[str, Any]:
        """Return it as the list call shows it: no link, times in milliseconds."""
        row: dict[str, Any] = {
            "api_key_id": "local",
            "caller_parent_id": "local",
            "caller_uid": "local",
            "gmt_create": millis(self.submitted),
            "region": "local",
            "request_id": self.request_id,
            "status": self.status,
            "task_id": self.id,
            "user_api_unique_key": f"apikey:v1:{self._task_group}:{self.model.name}",
            "model_name": self.model.name,
        }
        times = (("start_time", self.scheduled), ("end_time", self.ended))
        return row | {name: millis(when) for name, when in times if when is not None}


def stamp(when: float) -> str:
    """Return a time as the API writes it: Beijing time, milliseconds, no zone.

    Examples
    --------
    >>> stamp(0.25)
    '1970-01-01 08:00:00.250'
    """
    moment = datetime.fromtimestamp(millis(when) / 1000, BEIJING)
    return moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"


def millis(when: float) -> int:
    """Return a time in whole milliseconds since the epoch."""
    return round(when * 1000)
