"""The stop button while a job begins: it begins as a whole, or it is nobody's."""

from __future__ import annotations

import _thread
import threading
from pathlib import Path

import pytest
from waiting import PATIENCE

import wan_magic
from wan_magic.actions import api, launch
from wan_magic.errors import JobTimeout
from wan_magic.jobs import intake
from wan_magic.jobs.ledger import Ledger
from wan_magic.settings import from_environment

FAST = {"model": "wanx2.1-t2v-turbo", "resolution": "480P"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAN_MAGIC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def slow_door(monkeypatch):
    """A ledger that is busy until the test says so."""
    opened, reached, left = threading.Event(), threading.Event(), threading.Event()
    take_in, leave = intake.take_in, launch._leave

    def busy(*args, **kwargs):
        reached.set()
        assert opened.wait(PATIENCE)
        return take_in(*args, **kwargs)

    def leaves(job, ledger):
        leave(job, ledger)
        left.set()

    monkeypatch.setattr(intake, "take_in", busy)
    monkeypatch.setattr(launch, "_leave", leaves)
    return opened, reached, left


def interrupt_when(event):
    def wait():
        event.wait(PATIENCE)
        _thread.interrupt_main()

    threading.Thread(target=wait, daemon=True).start()


def test_a_job_that_is_interrupted_before_it_begins_is_not_sent_and_is_nobodys(home, slow_door):
    opened, reached, left = slow_door
    interrupt_when(reached)
    with pytest.raises(KeyboardInterrupt):
        wan_magic.submit("waves", **FAST)
    opened.set()
    assert left.wait(PATIENCE)
    [entry] = Ledger(home).entries()
    assert (entry.owner, entry.sent) == ("", None)
    assert launch.live_jobs() == []


def test_the_same_request_then_begins_as_if_nothing_had_been(home, slow_door):
    opened, reached, left = slow_door
    interrupt_when(reached)
    with pytest.raises(KeyboardInterrupt):
        wan_magic.submit("waves", **FAST)
    opened.set()
    assert left.wait(PATIENCE)
    assert wan_magic.submit("waves", **FAST).result(timeout=60).path.exists()


def test_an_error_at_the_beginning_is_raised_where_the_cell_is(home, monkeypatch):
    def refuse(*_, **__):
        raise wan_magic.InputError("no")

    monkeypatch.setattr(intake, "take_in", refuse)
    with pytest.raises(wan_magic.InputError, match="no"):
        wan_magic.submit("waves", **FAST)


def test_a_job_that_cannot_be_run_is_nobodys(home, monkeypatch):
    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("wan_magic.jobs.runner.Runner.start", refuse)
    with pytest.raises(RuntimeError):
        wan_magic.submit("waves", **FAST)
    assert Ledger(home).entries()[0].owner == ""
    assert launch.live_jobs() == []


def test_a_job_that_cannot_be_bound_is_nobodys(home):
    def refuse(job):
        raise RuntimeError("no such name")

    request, _ = api.build("waves", **FAST)
    settings = from_environment()
    with pytest.raises(RuntimeError):
        launch.start(request, settings, bind=refuse)
    [entry] = Ledger(home).entries()
    assert entry.owner == ""
    assert Path(entry.folder).is_dir()


def test_who_holds_a_job_that_was_interrupted_before_it_began_does_not_wait_for_it(home):
    request, _ = api.build("waves", **FAST)
    bound, heard = [], threading.Event()

    def bind(job):
        bound.append(job)
        _thread.interrupt_main()
        assert heard.wait(PATIENCE)

    with pytest.raises(KeyboardInterrupt):
        launch.start(request, from_environment(), bind=bind)
    heard.set()
    with pytest.raises(JobTimeout, match="interrupted before it began"):
        bound[0].result(timeout=PATIENCE)
    assert launch.live_jobs() == []
    assert Ledger(home).entries()[0].sent is None
