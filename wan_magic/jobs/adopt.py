"""A task that the ledger does not know: submitted before there was one, or by another program."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_magic.errors import ApiError, ConnectionFailed, LedgerError
from wan_magic.jobs.entry import request_json
from wan_magic.jobs.job import Job
from wan_magic.jobs.recorder import LedgerRecord
from wan_magic.wan.account import account_of, place_of
from wan_magic.wan.estimate import PriceList
from wan_magic.wan.request import VideoRequest

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.jobs.living import Living
    from wan_magic.wan.client import WanClient
    from wan_magic.wan.endpoints import Endpoint

UNKNOWN = "unknown model"


def adopt(
    task_id: str,
    endpoint: Endpoint,
    *,
    ledger: Ledger | None,
    folder: Path,
    timeout: float,
    live: Living,
    notebook: str = "",
    notes: tuple[str, ...] = (),
) -> Job | Entry:
    """Return the job of a task, written down as ours; nothing is asked yet.

    Where another thread or process was faster, its entry is returned.

    Parameters
    ----------
    task_id : str
        The server's.
    endpoint : Endpoint
        Where it was submitted.
    ledger : Ledger or None
        A ledger that can't be written does not stop it: the task may be paid.
    folder : Path
        Where the clip will be saved.
    timeout : float
        Seconds to watch it.
    live : Living
        The jobs of this process; this one will be among them.
    """
    job = Job(
        VideoRequest(model=UNKNOWN),
        endpoint=endpoint.name,
        prices=PriceList.of(endpoint),
        is_preview=endpoint.is_local,
        notes=notes,
        task_id=task_id,
        knows_request=False,
        timeout=timeout,
    )
    if ledger is None:
        return live.begin(job)
    now = ledger.clock()
    row = {
        "id": job.id,
        "state": str(job.state),
        "accepted": now,  # earlier, but nobody knows when
        "resumed": 1,
        "place": place_of(endpoint),
        "account": account_of(endpoint),
        "endpoint": endpoint.name,
        "base_url": endpoint.base_url,
        "workspace": endpoint.workspace,
        "preview": int(job.is_preview),
        "model": UNKNOWN,
        "request": request_json(job.request),
        "notebook": notebook,
        "folder": str(folder),
        "task_id": task_id,
        "currency": job.estimate.currency,
    }
    with live.door:
        try:
            with ledger.transaction() as connection:
                if known := ledger.task_of(connection, account_of(endpoint), task_id):
                    return known
                ledger.add(connection, row)
        except LedgerError as exc:
            job.notes = (*notes, f"it is not written down: {exc.message}")
        else:
            job.record = LedgerRecord(ledger)
        return live.begin(job)


def learn(job: Job, client: WanClient, ledger: Ledger | None) -> None:
    """Ask the list call for a task's model; gateways may have none, and then it stays unknown."""
    try:
        rows = client.list_tasks(task_id=job.task_id)
    except (ApiError, ConnectionFailed):
        return
    # Some servers ignore the filter; the model of another task would make a wrong price.
    named = (row.get("model_name") for row in rows if row.get("task_id") == job.task_id)
    model = next((str(name) for name in named if name), "")
    if not model:
        return
    request = replace(job.request, model=model)
    job.estimate = request.estimate(job.prices)
    job.update(request=request)
    if ledger is not None:
        with contextlib.suppress(LedgerError):
            ledger.change(job.id, {"model": model, "request": request_json(request)})
