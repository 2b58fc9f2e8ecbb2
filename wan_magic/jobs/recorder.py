"""Writes a job's life into the ledger, as it happens."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from wan_magic.errors import JobCancelled, JobFailed, LedgerError, WanError
from wan_magic.jobs.common import LOST
from wan_magic.jobs.job import Job, Record, State

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.ledger import Ledger

_log = logging.getLogger(__name__)


class LedgerRecord(Record):
    """The record of a job that is written down.

    Before the paid call a ledger that can't be written stops the job. After it nothing may: the
    job goes on, and its notes say that its id is remembered nowhere.

    Parameters
    ----------
    ledger : Ledger
        Where the job has its row, and is ours.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._accepted: float | None = None

    def sending(self, job: Job, now: float) -> None:
        """Note that the paid call is about to be made.

        Raises
        ------
        LedgerError
            If that can't be written: the call must not be made.
        JobCancelled
            If the job is no longer there, or no longer ours: the same.
        """
        try:
            is_ours = self._ledger.sending(job.id, now)
        except LedgerError as exc:
            exc.hint = f"nothing was sent, and nothing is paid; {exc.hint}"
            raise
        if not is_ours:
            raise JobCancelled(
                "it was forgotten, or taken over, before it was sent: nothing is paid here",
                hint="running its cell again goes on with it, or sends it",
            )
        super().sending(job, now)

    def changed(self, job: Job, changes: dict[str, Any]) -> None:
        """Note a new state, the server's ids, what was billed."""
        values: dict[str, Any] = {}
        if "sent_at" in changes:
            values["sent"] = job.sent_at
        if "usage" in changes:
            values["usage"] = json.dumps(job.usage, ensure_ascii=False)
        if job.cost is not None and "cost" in changes and job.cost.amount is not None:
            values["cost"], values["currency"] = str(job.cost.amount), job.cost.currency
        values |= {name: changes[name] for name in ("task_id", "request_id") if name in changes}
        if "task_id" in values:
            values["accepted"] = self._accepted = self._ledger.clock()
        state = changes.get("state")
        if state is State.SUBMITTING and job.sent_at is not None:
            state = None  # `sending` has written it
        if state is not None:
            values["state"] = str(state)
            if state is State.DOWNLOADING:
                values["made"] = self._made(job)
        told = state is not None or "cancel_refused" in changes
        if values or told:
            self._write(job, values, str(job.state) if told else "", job.message)

    def _made(self, job: Job) -> float:
        """Return when the task succeeded: by the server, or else when that was seen."""
        seen = self._ledger.clock()
        if self._accepted is None or job.server_took is None:
            return seen
        return min(seen, self._accepted + job.server_took)

    def keeping(self, job: Job, path: Path, size: int) -> None:
        """Note the name that a whole clip is about to get."""
        self._write(job, {"path": str(path), "bytes": size})

    def ended(self, job: Job, outcome: Clip | WanError) -> None:
        """Note the end: the file, or why there is none, and whether it can still be had."""
        goes_on = is_open(job, outcome)
        values: dict[str, Any] = {
            "state": str(job.state),
            "ended": self._ledger.clock(),
            "open": int(goes_on),
            "lost": int(_is_lost(job, outcome)),
        }
        if not (goes_on and job.is_preview):  # only this kernel's server has it
            values["owner"] = ""
        if isinstance(outcome, WanError):
            values |= {
                "error": outcome.message,
                "hint": outcome.hint,
                "code": getattr(outcome, "code", ""),
            }
        else:
            values |= {
                "path": str(outcome.path),
                "bytes": outcome.size,
                "sha256": outcome.sha256,
                "video": json.dumps(
                    {
                        name: getattr(outcome, name)
                        for name in ("width", "height", "duration", "fps", "has_audio")
                    }
                ),
                "actual_prompt": outcome.actual_prompt,
                "took": outcome.took,
                "prompt": outcome.request.prompt,
            }
        self._write(job, values, str(job.state), values.get("error", ""))

    def _write(self, job: Job, values: dict[str, Any], event: str = "", note: str = "") -> None:
        try:
            if self._ledger.change(job.id, values, event, note):
                return
            note = "it is no longer in the ledger: keep the task id, or it is not remembered"
        except LedgerError as exc:
            _log.warning("job %s (task %s): %s", job.id, job.task_id, exc)
            self._ledger.owe(job.id, values)
            note = "the ledger can't be written: keep the task id, or this job is not remembered"
        # Before the paid call there is nothing to be remembered.
        if (job.task_id or job.sent_at is not None) and note not in job.notes:
            job.notes = (*job.notes, note)


def is_open(job: Job, outcome: Clip | WanError) -> bool:
    """Whether an ended job may still have a video to fetch, or a paid call to be settled."""
    if not isinstance(outcome, WanError) or isinstance(outcome, JobFailed | JobCancelled):
        return False
    return bool(job.task_id) or job.sent_at is not None


def _is_lost(job: Job, outcome: Clip | WanError) -> bool:
    """Whether a task is given up without the service's word on how it ended: it may be billed."""
    return isinstance(outcome, JobFailed) and bool(job.task_id) and outcome.code == LOST
