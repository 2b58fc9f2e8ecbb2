"""Cancelling a job of this process, or one that another process has; and saying what came of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from wan_magic.actions import places
from wan_magic.errors import ApiError, ConnectionFailed, JobCancelled, SettingsError

if TYPE_CHECKING:
    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.settings import Settings

_PATIENCE = 20.0
"""Seconds to wait for what the service says to it."""
_CANCELLED = "cancelled while it waited in the queue: nothing is paid"


def cancel_here(job: Job) -> str:
    """Cancel a job of this process; wait a little for what the service says."""
    job.cancel()
    end = time.monotonic() + _PATIENCE
    while not (job.done() or job.cancel_refused) and time.monotonic() < end:
        time.sleep(0.05)
    if job.done():
        return f"job {job.id} {_ending(job)}"
    if job.cancel_refused:
        return f"job {job.id} can't be cancelled: {job.message or 'it goes on'}"
    return f"job {job.id} is asked to end, and has not answered yet ({job.message or job.state})"


def _ending(job: Job) -> str:
    error = job.exception()
    if error is None:
        return f"had ended: its clip is {job.result().path}"
    said = getattr(error, "message", str(error))
    return f"is {said}" if isinstance(error, JobCancelled) else f"had ended: {said}"


def cancel_elsewhere(entry: Entry, ledger: Ledger, settings: Settings) -> str:
    """Cancel a job that no job of this process stands for.

    Raises
    ------
    SettingsError, ApiError, ConnectionFailed
        If the endpoint that it was sent to can't be asked.
    """
    name = f"job {entry.id}"
    if not entry.open:
        what = f"its clip is {entry.path}" if entry.state == "done" else entry.error
        return f"{name} had ended ({entry.state}): {what or 'nothing is left to cancel'}"
    has_owner = ledger.is_watched(entry)
    if has_owner and entry.is_preview:
        return f"{name} is a preview of another kernel, and costs nothing: cancel it there"
    if not entry.task_id:
        if not has_owner:
            return (
                f"{name} has no task id: nobody knows yet whether it was accepted;"
                f" %wanvideo resume {entry.id} finds out"
            )
        if entry.sent is None:
            return f"{name} was not sent yet: only the kernel that it waits in can cancel it"
        return f"{name} is being submitted by another kernel: try again in a moment"
    words = _at_the_service(entry, settings)
    if words == _CANCELLED and not has_owner:  # else its owner writes it down
        ledger.change(
            entry.id,
            {"state": "cancelled", "open": 0, "ended": ledger.clock(), "error": words},
            "cancelled",
        )
    return f"{name} {'is ' if words == _CANCELLED else ''}{words}"


def _at_the_service(entry: Entry, settings: Settings) -> str:
    from wan_magic.wan.account import account_of
    from wan_magic.wan.client import WanClient

    endpoint = places.resolve(settings)
    if account_of(endpoint) != entry.account:
        raise SettingsError(
            f"job {entry.id} was sent to {entry.endpoint} ({entry.base_url}) with another key"
            f" than {endpoint.name} has now",
            hint="set that key, then cancel it again",
        )
    client = WanClient(endpoint)
    is_taken = True
    try:
        client.cancel(entry.task_id)
    except ApiError as exc:
        if exc.code != "UnsupportedOperation":
            raise
        is_taken = False
    try:
        task = client.query(entry.task_id)
    except (ApiError, ConnectionFailed) as exc:
        if not is_taken:
            raise
        return f"was asked to end, and the service does not say what came of it: {exc.message}"
    if task.state == "cancelled":
        return _CANCELLED
    if task.state == "succeeded":
        return f"had ended: its clip is made and billed, %wanvideo resume {entry.id} fetches it"
    if task.state == "failed":
        return f"had failed: {task.message or task.code or 'no reason was given'}; nothing is paid"
    if is_taken:  # the answer alone promises nothing
        return f"was asked to end; the service still says {task.status or 'nothing'}"
    return "can't be cancelled: Wan can't stop a task that already runs; it goes on and is billed"
