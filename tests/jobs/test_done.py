"""`on_done`: what a user wants to happen at the end of a job."""

from __future__ import annotations

import logging
import threading

import pytest

import wan_magic
from wan_magic.errors import InputError, JobFailed
from wan_magic.jobs.done import when_done
from wan_magic.jobs.job import Job, State
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
        assert self._event.wait(20), "it was not called"
        for thread in self.threads:
            thread.join(20)


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
        assert noted.wait(20)
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
