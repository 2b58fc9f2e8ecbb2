"""A job of another process while the ledger can't be used."""

from __future__ import annotations

import pytest

from wan_magic.errors import JobTimeout, LedgerError
from wan_magic.jobs.follow import follow
from wan_magic.jobs.job import Job
from wan_magic.jobs.ledger import Ledger
from wan_magic.wan.request import VideoRequest


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def followed(tmp_path, monkeypatch):
    """A job that another process has, its ledger here, and whether that one can be read."""
    there, here = Ledger(tmp_path), Ledger(tmp_path)
    job = Job(VideoRequest(prompt="A cat"), endpoint="beijing", clock=Clock())
    row = {"endpoint": "beijing", "base_url": "b", "model": "m", "state": "running"}
    with there.transaction() as connection:
        there.add(connection, row | {"id": job.id, "account": "me"})
    broken = []
    known = here.entry

    def read(job_id):
        if broken:
            raise LedgerError("disk I/O error")
        return known(job_id)

    monkeypatch.setattr(here, "entry", read)
    yield job, here, broken
    there.close()
    here.close()


def test_a_ledger_that_can_not_be_used_for_a_while_fails_nothing(followed):
    job, ledger, broken = followed
    steps = follow(job, ledger, "me")
    next(steps)
    assert "takes care of it" in job.message
    broken.append(True)
    for _ in range(30):
        job.clock.now += next(steps)
    assert "trying again" in job.message
    broken.clear()
    next(steps)
    assert "takes care of it" in job.message


def test_in_the_end_it_is_said(followed):
    job, ledger, broken = followed
    broken.append(True)

    def wait():
        for seconds in follow(job, ledger, "me"):
            job.clock.now += seconds

    with pytest.raises(LedgerError, match="disk"):
        wait()
    assert 500 < job.clock.now < 700


def test_one_need_not_wait_for_that(followed):
    job, ledger, broken = followed
    broken.append(True)
    job.detach()
    with pytest.raises(JobTimeout):
        next(follow(job, ledger, "me"))


def test_a_process_that_stands_still_is_not_followed_without_end(followed):
    job, ledger, _ = followed
    job.timeout = 100.0

    def wait():
        for seconds in follow(job, ledger, "me"):
            job.clock.now += seconds

    with pytest.raises(JobTimeout, match="still running after 100 s") as told:
        wait()
    assert 95 < job.clock.now < 110
    assert f"%wanvideo resume {job.id}" in told.value.hint


def test_one_that_waits_in_line_there_may_wait_as_long_as_here(followed):
    job, ledger, _ = followed
    job.timeout = 100.0
    ledger.change(job.id, {"state": "waiting"})
    steps = follow(job, ledger, "me")
    for _ in range(500):
        job.clock.now += next(steps)
    assert job.state == "waiting"
