"""What becomes of a request at the ledger's door: a new job, a running one, or an old clip."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError, SettingsError
from wan_magic.jobs import follow
from wan_magic.jobs.attempt import Attempt
from wan_magic.jobs.budget import check_budget, check_cost, period_starts
from wan_magic.jobs.entry import request_json
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.past import copied, may_bring_a_clip
from wan_magic.jobs.recorder import LedgerRecord
from wan_magic.wan.account import account_of, place_of
from wan_magic.wan.estimate import PriceList

if TYPE_CHECKING:
    import sqlite3

    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.jobs.living import Living
    from wan_magic.settings import Settings
    from wan_magic.wan.endpoints import Endpoint
    from wan_magic.wan.request import VideoRequest

RANDOM_SEED = -1
"""wan3.0: the server draws the seed, so that equal requests make different clips."""
_ANEW = (
    "the clip of job {id} is gone or damaged, and the 24 hours for which the service kept it are"
    " over: it is made anew, and billed"
)


def take_in(
    request: VideoRequest,
    endpoint: Endpoint,
    settings: Settings,
    *,
    ledger: Ledger | None,
    folder: Path,
    notes: tuple[str, ...] = (),
    fresh: bool = False,
    notebook: str = "",
    cell: str = "",
    live: Living,
) -> tuple[Job, bool]:
    """Return the job of a request, and whether it has still to be run.

    Parameters
    ----------
    live : Living
        The jobs of this process; one that begins is among them.
    others
        As for `wan_magic.actions.launch.start`.

    Raises
    ------
    BudgetExceeded
        If it costs more than it may.
    """
    job = _job(request, endpoint, settings, notes=notes)
    caps, budgets = (settings.max_cost, settings.max_total), settings.budgets
    if job.is_preview:
        caps, budgets = ((), ()), {}
    if ledger is None:
        check_cost(job.estimate, *caps)
        check_budget(job.estimate, budgets, None)
        return live.begin(job), True
    intake = _Intake(request, endpoint, settings, ledger, folder, notes, live)
    looks = not fresh and request.seed != RANDOM_SEED
    spoilt: list[str] = []
    found: tuple[Job, bool] | None = None
    while True:
        if looks and (done := intake.from_library(spoilt)) is not None:
            return live.end(done), False
        with live.door:
            with ledger.transaction() as connection:
                if looks:
                    try:
                        found = intake.on_its_way(connection, spoilt)
                    except _EndedJustNow:
                        continue
                if found is None:
                    check_cost(job.estimate, *caps)
                    if budgets:
                        starts = period_starts(datetime.fromtimestamp(ledger.clock()))
                        spent = ledger.spent(connection, starts, notebook)
                        check_budget(job.estimate, budgets, spent)
                    if spoilt and not job.is_preview:
                        job.notes = (*job.notes, _ANEW.format(id=spoilt[0]))
                    ledger.add(connection, intake.row(job, notebook, cell))
            if found is None:
                job.record = LedgerRecord(ledger)
                return live.begin(job), True
            job, begins = found
            job.look = settings.look  # the latest cell's word counts
            return (live.begin(job) if begins else job), begins


def take_up_job(
    entry: Entry, endpoint: Endpoint, settings: Settings, ledger: Ledger, live: Living
) -> tuple[Job, bool]:
    """Return the job of an entry that has no clip yet, and whether it has still to be run.

    Raises
    ------
    SettingsError
        If the endpoint or the key is not the one that it was sent with.
    """
    with live.door:
        if job := live.get(entry.id):
            return job, False
        if not ledger.is_watched(entry):
            _check_reachable(entry, endpoint)
        job = _job(entry.to_request(), endpoint, settings, id=entry.id, is_resumed=True)
        job.notes = entry.notes
        return live.begin(_belongs(job, entry, ledger, endpoint)), True


def _check_reachable(entry: Entry, endpoint: Endpoint) -> None:
    """Refuse what can't be asked for here: there is nothing that the service could be asked."""
    if account_of(endpoint) == entry.account:
        return
    if entry.is_preview:
        raise InputError(
            f"job {entry.id} was a preview of a kernel that has ended",
            hint="run its cell again: a preview costs nothing",
        )
    if not entry.task_id:
        raise SettingsError(
            f"job {entry.id} was sent to {entry.endpoint} ({entry.base_url}) with another key than"
            f" {endpoint.name} has now, and only that key can tell whether it was accepted",
            hint="set that key; --fresh on its cell sends it all the same, and may pay twice",
        )


def _belongs(
    job: Job,
    entry: Entry,
    ledger: Ledger,
    endpoint: Endpoint,
    connection: sqlite3.Connection | None = None,
) -> Job:
    """Take a job over if its process has ended, else follow it."""
    left = ledger.take_over(entry, connection)
    if left is None:
        job.is_followed = job.was_sent = True
        return job
    follow.take_up(job, left)
    job.has_other_key = entry.account != account_of(endpoint)
    if entry.account != account_of(endpoint) or entry.state == State.DONE:
        job.record = Attempt(ledger, entry, endpoint)
    else:
        job.record = LedgerRecord(ledger)
    return job


def _job(request: VideoRequest, endpoint: Endpoint, settings: Settings, **more: Any) -> Job:
    job = Job(
        request,
        endpoint=endpoint.name,
        prices=PriceList.of(endpoint),
        is_preview=endpoint.is_local,
        timeout=settings.timeout,
        look=settings.look,
        **more,
    )
    job.keeps_provenance = settings.provenance
    return job


class _EndedJustNow(Exception):
    """A job that was on its way has its clip by now."""


class _Intake:
    def __init__(
        self,
        request: VideoRequest,
        endpoint: Endpoint,
        settings: Settings,
        ledger: Ledger,
        folder: Path,
        notes: tuple[str, ...],
        live: Living,
    ) -> None:
        self.request = request
        self.endpoint = endpoint
        self.settings = settings
        self.folder = folder
        self.notes = notes
        self.live = live
        self.ledger = ledger
        self.fingerprint = request.fingerprint()
        self.place = place_of(endpoint)
        self.account = account_of(endpoint)

    def job(self, **more: Any) -> Job:
        return _job(self.request, self.endpoint, self.settings, notes=self.notes, **more)

    def row(self, job: Job, notebook: str, cell: str) -> dict[str, Any]:
        """Return what is written down of a new job."""
        request, cost = self.request, job.estimate
        return {
            "id": job.id,
            "state": str(job.state),
            "fingerprint": self.fingerprint,
            "place": self.place,
            "account": self.account,
            "endpoint": self.endpoint.name,
            "base_url": self.endpoint.base_url,
            "workspace": self.endpoint.workspace,
            "preview": int(job.is_preview),
            "model": request.model,
            "tier": request.tier,
            "seconds": request.effective_duration,
            "prompt": request.prompt,
            "seed": request.seed,
            "request": request_json(request),
            "notes": json.dumps(job.notes, ensure_ascii=False),
            "notebook": notebook,
            "cell": cell,
            "folder": str(self.folder),
            "currency": cost.currency,
            "estimate": None if cost.amount is None else str(cost.amount),
        }

    # -- a clip that is there -------------------------------------------------------------

    def from_library(self, spoilt: list[str]) -> Job | None:
        """Return the ended job of an equal request whose clip is there."""
        for entry in self.ledger.twins(self.fingerprint, self.place):
            if entry.state != State.DONE or entry.id in spoilt:
                continue
            file = self._brought(entry)
            clip = None if file is None else self._clip_in(file, entry)
            if clip is None:
                spoilt.append(entry.id)
                continue
            job = self.job(id=entry.id)
            job.from_library = True
            job.task_id = entry.task_id
            clip = replace(clip, request=self.request, notes=self.notes, from_library=True)
            job.finish(clip, State.DONE)
            return job
        return None

    def _clip_in(self, file: Path, entry: Entry) -> Clip | None:
        """Return the clip in a file; None where the file is no clip any more."""
        try:
            with file.open("rb") as readable:
                readable.read(1)
        except FileNotFoundError:
            return None
        except OSError as exc:  # it is there, and paid: no reason to pay again
            makes = "makes" if entry.is_preview else "makes, and bills,"
            raise InputError(
                f"an equal request has a clip that can't be read: {file}: {exc.strerror or exc}",
                hint=f"make it readable; --fresh {makes} another one",
            ) from exc
        try:
            return replace(entry, path=str(file)).to_clip()
        except InputError:
            return None

    def _brought(self, entry: Entry) -> Path | None:
        """Return a clip's file in this job's own folder: a notebook is moved with its folder."""
        here = self.folder / Path(entry.path).name
        if here.is_file() and here.stat().st_size == entry.bytes:
            return here
        file = entry.file
        if file is None:
            return None
        try:
            return copied(file, self.folder)
        except OSError:  # a full disk, say: better shown where it is than paid again
            return file

    # -- a job that is on its way ------------------------------------------------------------

    def on_its_way(
        self, connection: sqlite3.Connection, spoilt: list[str]
    ) -> tuple[Job, bool] | None:
        """Return the job of an equal request that may still bring a clip."""
        for entry in self.ledger.twins(self.fingerprint, self.place, connection):
            if entry.state == State.DONE and entry.id not in spoilt:
                raise _EndedJustNow
            if entry.open and (running := self.live.get(entry.id)):
                return running, False
            if not may_bring_a_clip(entry, self.ledger, self.account):
                self.ledger.close_unsent(connection, entry)
                continue
            if not self.ledger.is_watched(entry):
                _check_reachable(entry, self.endpoint)
            job = self.job(id=entry.id)
            return _belongs(job, entry, self.ledger, self.endpoint, connection), True
        return None
