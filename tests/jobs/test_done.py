"""`on_done`: what a user wants to happen at the end of a job."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
import time

import pytest
from waiting import PATIENCE

import wan_magic
from wan_magic.errors import InputError, JobFailed
from wan_magic.jobs import done
from wan_magic.jobs.done import when_done
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.sweep import Sweep
from wan_magic.wan.request import VideoRequest


@pytest.fixture
def job():
    return Job(VideoRequest(prompt="waves"), endpoint="fake")


class Called:
    def __init__(self):
        self.jobs, self.threads, self._event = [], [], threading.Event()

    def __call__(self, job):
        self.jobs.append((job, job.state))
        self.threads.append(threading.current_thread())
        self._event.set()

    def wait(self):
        assert self._event.wait(PATIENCE), "it was not called"
        for thread in self.threads:
            thread.join(PATIENCE)


def fail(job):
    job.finish(JobFailed("the task failed: no"), State.FAILED)


def test_it_is_called_once_at_the_end_with_the_job_and_on_another_thread(job):
    called = Called()
    when_done(job, called)
    job.update(state=State.RUNNING)
    assert called.jobs == []
    fail(job)
    called.wait()
    job.update(message="late news")
    assert called.jobs == [(job, State.FAILED)]
    assert called.threads != [threading.current_thread()]


def test_of_a_job_that_has_ended_it_is_called_at_once(job):
    fail(job)
    called = Called()
    when_done(job, called)
    called.wait()
    assert called.jobs == [(job, State.FAILED)]


def test_several_are_all_called(job):
    first, second = Called(), Called()
    when_done(job, first)
    when_done(job, second)
    fail(job)
    first.wait()
    second.wait()


def test_what_it_raises_becomes_a_note_and_a_warning_and_leaves_the_job_alone(job, caplog):
    noted = threading.Event()
    job.on_change(lambda job: noted.set() if job.notes else None)
    when_done(job, lambda job: 1 / 0)
    with caplog.at_level(logging.WARNING):
        fail(job)
        assert noted.wait(PATIENCE)
    assert job.notes == ("on_done failed: ZeroDivisionError: division by zero",)
    assert job.state is State.FAILED
    assert isinstance(job.exception(), JobFailed)
    assert "on_done of job" in caplog.text


def test_what_can_not_be_called_is_refused_before_anything_is_sent(monkeypatch):
    monkeypatch.setattr("wan_magic.actions.api.start", lambda *_, **__: pytest.fail("it was sent"))
    with pytest.raises(InputError, match="can't be called"):
        wan_magic.submit("waves", on_done="print")


def test_submit_takes_it(monkeypatch, job):
    monkeypatch.setattr("wan_magic.actions.api.start", lambda *_, **__: job)
    called = Called()
    assert wan_magic.submit("waves", endpoint="local", on_done=called) is job
    fail(job)
    called.wait()


# -- who waits for a job ----------------------------------------------------------------------


@pytest.fixture
def slow(job):
    """A call that takes a moment, of a job that then ends; what it has done."""
    heard = []

    def call(job):
        time.sleep(0.2)
        heard.append(job.state)

    when_done(job, call)
    threading.Timer(0.02, job.finish, ["the clip", State.DONE]).start()
    return heard


def test_result_returns_when_it_has(job, slow):
    assert job.result(timeout=PATIENCE) == "the clip"
    assert slow == [State.DONE]


def test_so_does_await(job, slow):
    async def main():
        return await job

    assert asyncio.run(main()) == "the clip"
    assert slow == [State.DONE]


def test_so_does_the_result_of_a_sweep(job, slow):
    assert Sweep([], [job], list).result(timeout=PATIENCE) == ["the clip"]
    assert slow == [State.DONE]


def test_so_does_the_result_of_a_failed_sweep(job):
    called = Called()
    when_done(job, lambda job: (time.sleep(0.2), called(job)))
    fail(job)
    with pytest.raises(JobFailed):
        Sweep([], [job], list).result(timeout=PATIENCE)
    assert called.jobs


@pytest.fixture
def endless(job):
    """A call that ends with the test, of a job that has ended; what it has done."""
    let_go, heard = threading.Event(), []
    when_done(job, lambda job: (let_go.wait(PATIENCE), heard.append(job)))
    job.finish("the clip", State.DONE)
    yield heard
    let_go.set()


def test_a_limit_is_kept_and_the_clip_is_there(job, endless):
    assert job.result(timeout=0.05) == "the clip"
    assert job.clip == "the clip"
    assert endless == []


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(done, "_PATIENCE", 0.05)


@pytest.mark.usefixtures("impatient")
def test_no_call_is_waited_for_without_end(job, endless):
    assert job.result() == "the clip"
    assert endless == []


def test_a_call_may_wait_for_its_own_job_and_for_another_whose_call_waits_for_it(job, monkeypatch):
    monkeypatch.setattr(done, "_PATIENCE", 10 * PATIENCE)
    other, heard = Job(VideoRequest(prompt="dunes"), endpoint="fake"), []
    when_done(job, lambda job: heard.append((job.result(), other.result())))
    when_done(other, lambda other: heard.append((other.result(), job.result())))
    threading.Timer(0.1, other.finish, ["another", State.DONE]).start()
    job.finish("the clip", State.DONE)
    results = job.result(timeout=PATIENCE), other.result(timeout=PATIENCE)
    assert results == ("the clip", "another")
    assert len(heard) == 2, "nobody waited for the other in vain"


def test_an_exit_in_it_is_reported_like_an_error(job):
    when_done(job, lambda job: sys.exit("enough"))
    fail(job)
    with pytest.raises(JobFailed):
        job.result(timeout=PATIENCE)
    assert job.notes == ("on_done failed: SystemExit: enough",)


def test_without_a_thread_for_it_that_is_said_and_the_job_has_ended(job, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")

    when_done(job, pytest.fail)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    fail(job)
    assert job.done()
    assert job.notes == ("on_done failed: RuntimeError: can't start new thread",)


def test_a_script_that_ends_with_its_job_still_makes_the_call():
    script = """
import time
from wan_magic.jobs.done import when_done
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.runner import Runner
from wan_magic.wan.request import VideoRequest

job = Job(VideoRequest(prompt="waves"), endpoint="fake")
when_done(job, lambda job: (time.sleep(0.3), print("called", job.state)))

def steps():
    yield 0.05
    job.finish("the clip", State.DONE)

Runner(workers=1).start(steps())
while not job.done():
    pass
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.split() == ["called", "done"]
