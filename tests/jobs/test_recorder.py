"""What of a job's life is written down, and how often."""

from __future__ import annotations

from decimal import Decimal

import pytest
from job_fakes import task

from wan_magic.jobs.job import Job, State
from wan_magic.jobs.ledger import Ledger
from wan_magic.jobs.recorder import LedgerRecord
from wan_magic.wan.estimate import PriceList
from wan_magic.wan.request import VideoRequest


@pytest.fixture
def noted(tmp_path):
    """A job with its row; the ledger's clock stands at 1000 until a test sets it."""
    clock = [1000.0]
    ledger = Ledger(tmp_path, lambda: clock[0])
    request = VideoRequest(prompt="A cat, running", resolution="480P", seed=7)
    job = Job(request, endpoint="beijing", prices=PriceList("beijing"))
    row = {"endpoint": "beijing", "base_url": "https://api.example", "model": request.model}
    with ledger.transaction() as connection:
        ledger.add(connection, row | {"id": job.id, "state": str(job.state), "seconds": 5})
    job.record = LedgerRecord(ledger)
    yield job, ledger, clock
    ledger.close()


@pytest.mark.parametrize(
    ("answer", "lost"),
    [
        (task("FAILED", code="InternalError", message="no cats"), False),
        (task("FAILED"), False),
        (task("CANCELED"), False),
        (task("UNKNOWN"), True),
    ],
    ids=["failed", "failed without a word", "cancelled", "not known any more"],
)
def test_only_the_services_word_makes_a_task_cost_nothing(noted, drive, answer, lost):
    job, ledger, _ = noted
    with ledger.transaction() as connection:
        ledger.change_in(connection, job.id, {"estimate": "2", "currency": "CNY"})
    drive(job=job, ledger=ledger, queries=[answer]).run()
    entry = ledger.entry(job.id)
    assert (entry.open, entry.lost, entry.spent) == (False, lost, Decimal(2 * lost))


@pytest.mark.parametrize(
    ("said", "made"),
    [
        pytest.param(95.25, 1095.25, id="by the server, and not by when we looked"),
        pytest.param(None, 1107.0, id="the server does not say"),
        pytest.param(4000.0, 1107.0, id="the server can't be right"),
    ],
)
def test_when_a_task_was_made(noted, said, made):
    job, ledger, clock = noted
    job.update(state=State.QUEUED, task_id="t-1")
    clock[0] = 1107.0
    job.update(state=State.DOWNLOADING, usage={"SR": 480}, server_took=said)
    assert ledger.entry(job.id).made == made
    assert ledger.run_times("", job.request.model, "", 5) == [made - 1000]


def test_the_paid_call_is_written_down_once(noted):
    job, ledger, _ = noted
    job.update(state=State.WAITING)
    job.record.sending(job, 1000.0)
    job.update(state=State.SUBMITTING)
    job.update(state=State.QUEUED, task_id="t-1")
    states = [state for _, state, _ in ledger.events(job.id)]
    assert states == ["submitting", "waiting", "submitting", "queued"]
    assert ledger.entry(job.id).state == "queued"
