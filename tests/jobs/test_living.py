"""A job that goes on is the object that people hold; no two threads or kernels begin the same."""

from __future__ import annotations

import contextlib
import errno
import gc
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import replace
from decimal import Decimal

import pytest
from job_fakes import LINK, Clock, task
from waiting import PATIENCE

from wan_magic.errors import BudgetExceeded, DownloadError, JobCancelled, JobTimeout, LedgerError
from wan_magic.jobs import fetch
from wan_magic.jobs.adopt import adopt
from wan_magic.jobs.entry import Entry
from wan_magic.jobs.intake import take_in, take_up_job
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.ledger import Ledger
from wan_magic.jobs.living import Living
from wan_magic.jobs.sweep import Sweep
from wan_magic.settings import Settings
from wan_magic.settings.money import limits_of
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.request import VideoRequest

HERE = Endpoint("beijing", "https://api.example/api/v1", "sk-fake-0123456789", "beijing")
REQUEST = VideoRequest(prompt="A cat, running", resolution="480P", seed=7)
DONE = task("SUCCEEDED", video_url=LINK)


class Kernel:
    """A process: its ledger, its jobs, and a way to run one by hand."""

    def __init__(self, tmp_path, drive):
        self.ledger = Ledger(tmp_path / "home", Clock())
        self.live = Living()
        self.out = tmp_path / "videos"
        self.out.mkdir(exist_ok=True)
        self._drive = drive

    def ask(self):
        return take_in(
            REQUEST,
            HERE,
            Settings(provenance=False),
            ledger=self.ledger,
            folder=self.out,
            live=self.live,
        )

    def resume(self, job):
        entry = self.ledger.entry(job.id)
        return take_up_job(entry, HERE, Settings(provenance=False), self.ledger, self.live)

    def drive(self, job, **script):
        return self._drive(
            folder=self.out, endpoint=HERE, ledger=self.ledger, job=job, queries=[DONE], **script
        )

    def left(self):
        """A job that nobody watches any more; its task goes on."""
        job, _ = self.ask()
        ride = self._drive(
            folder=self.out,
            endpoint=HERE,
            ledger=self.ledger,
            job=job,
            queries=[task("RUNNING")],
        )
        while not job.task_id:
            ride.step()
        job.detach()
        ride.run()
        assert job.state is State.DETACHED
        return job


@pytest.fixture
def kernel(tmp_path, drive):
    made = []

    def open_one():
        made.append(Kernel(tmp_path, drive))
        return made[-1]

    yield open_one
    for one in made:
        one.ledger.close()


# -- the same object ----------------------------------------------------------------------------


def test_what_was_no_longer_watched_goes_on_as_the_object_that_people_hold(kernel):
    here = kernel()
    job, heard = here.left(), []
    job.on_change(lambda job: heard.append(str(job.state)))
    again, begins = here.resume(job)
    assert (again is job, begins) == (True, True)
    assert (job.done(), job.state, job.exception()) == (False, State.QUEUED, None)
    assert (job.is_resumed, here.live.all()) == (True, [job])
    here.drive(job).run()
    assert job.result() == job.clip
    assert job.state is State.DONE
    assert heard[-2:] == ["downloading", "done"]
    assert here.live.all() == []


def test_it_keeps_its_request_with_the_media_and_its_notes(kernel):
    here = kernel()
    job = here.left()
    request, job.notes = job.request, (*job.notes, "a note of this process")
    here.resume(job)
    assert job.request is request
    assert "a note of this process" in job.notes


def test_the_cell_that_is_run_again_goes_on_with_it(kernel):
    here = kernel()
    job = here.left()
    again, begins = here.ask()
    assert (again is job, begins) == (True, True)
    ride = here.drive(job)
    ride.run()
    assert "create" not in ride.client.calls
    assert job.clip is not None


def test_so_does_one_whose_download_found_the_disk_full(kernel, monkeypatch):
    here = kernel()
    job, _ = here.ask()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetch, "download", full)
        assert isinstance(here.drive(job).run(), DownloadError)
    assert here.resume(job)[0] is job
    here.drive(job).run()
    assert job.clip.path.exists()


def test_a_sweep_has_the_clip_then_and_counts_its_cost(kernel):
    here = kernel()
    job, _ = here.ask()
    sweep = Sweep([], [job], list)
    ride = here.drive(job)
    while not job.task_id:
        ride.step()
    job.detach()
    ride.run()
    assert (sweep.clips, sweep.failed) == ([], [job])
    here.resume(job)
    assert not sweep.done()
    here.drive(job).run()
    assert (sweep.clips, sweep.failed) == ([job.clip], [])
    assert sweep.spent == sweep.estimate.amount > Decimal(0)


def test_what_another_kernel_has_fetched_meanwhile_is_its_clip(kernel):
    here, there = kernel(), kernel()
    job, heard = here.left(), []
    taken, _ = there.resume(job)
    there.drive(taken).run()
    job.on_change(lambda job: heard.append(job.clip))
    again, begins = here.ask()
    assert (again is job, begins) == (True, False)
    assert job.clip.path == taken.clip.path
    assert heard == [job.clip]


def test_one_that_has_its_clip_keeps_it_where_that_is_fetched_again(kernel):
    here = kernel()
    job, _ = here.ask()
    here.drive(job).run()
    clip = job.clip
    clip.path.unlink()
    again, begins = here.ask()
    assert begins
    assert again is not job
    assert job.result() is clip


def test_who_was_told_of_the_first_end_keeps_that_and_who_asks_anew_waits(kernel):
    here = kernel()
    job = here.left()
    with pytest.raises(JobTimeout, match="stopped watching"):
        job.result()
    here.resume(job)
    with pytest.raises(JobTimeout, match="not finished"):
        job.result(timeout=0)
    waiting = threading.Thread(target=job.result)
    waiting.start()
    here.drive(job).run()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()


def test_what_nobody_holds_is_not_kept(kernel):
    here = kernel()
    job = here.left()
    entry, held = here.ledger.entry(job.id), weakref.ref(job)
    del job
    gc.collect()
    assert held() is None
    again, begins = take_up_job(entry, HERE, Settings(), here.ledger, here.live)
    assert (again.id, begins) == (entry.id, True)


# -- once -----------------------------------------------------------------------------------------


def test_threads_that_ask_for_the_same_at_once_get_one_job(kernel, monkeypatch):
    here, start, got = kernel(), threading.Barrier(8), []
    begin = here.live.begin
    # A moment in which it is written down, and does not run yet.
    monkeypatch.setattr(here.live, "begin", lambda job: (time.sleep(0.1), begin(job))[1])

    def ask():
        start.wait(PATIENCE)
        got.append(here.ask())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(PATIENCE)
    assert len({id(job) for job, _ in got}) == 1
    assert sorted(begins for _, begins in got) == [False] * 7 + [True]
    assert not got[0][0].is_followed


def test_threads_that_resume_the_same_at_once_get_one_job(kernel):
    here, start, got = kernel(), threading.Barrier(8), []
    job = here.left()

    def resume():
        start.wait(PATIENCE)
        got.append(here.resume(job))

    threads = [threading.Thread(target=resume) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(PATIENCE)
    assert {id(one) for one, _ in got} == {id(job)}
    assert sorted(begins for _, begins in got) == [False] * 7 + [True]


def test_two_kernels_that_adopt_the_same_task_have_one_job(kernel, tmp_path):
    here, there = kernel(), kernel()
    about = {"folder": tmp_path, "timeout": 60.0}
    job = adopt("task-of-elsewhere", HERE, ledger=here.ledger, live=here.live, **about)
    found = adopt("task-of-elsewhere", HERE, ledger=there.ledger, live=there.live, **about)
    assert isinstance(job, Job)
    assert isinstance(found, Entry)
    assert found.id == job.id
    followed, _ = take_up_job(found, HERE, Settings(), there.ledger, there.live)
    assert followed.is_followed


@pytest.mark.skipif(sys.platform == "win32", reason="no fork here")
def test_in_a_forked_child_nobody_waits_for_a_job_of_the_parent():
    script = """
import os
from wan_magic.actions import launch
from wan_magic.jobs.job import Job
from wan_magic.wan.request import VideoRequest

job = launch.living.begin(Job(VideoRequest(prompt="waves"), endpoint="fake"))
if os.fork() == 0:
    print(type(job.exception()).__name__, job.state, launch.live_jobs(), flush=True)
    os._exit(0)
os.wait()
print(job.done())
"""
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.split() == ["JobTimeout", "detached", "[]", "False"]


# -- the paid call is its owner's ---------------------------------------------------------------


def test_where_no_locks_are_seen_an_equal_request_is_still_sent_by_one_alone(kernel, monkeypatch):
    here, there = kernel(), kernel()
    job, _ = here.ask()
    monkeypatch.setattr(there.ledger.presence, "is_alive", lambda name: False)
    other, begins = there.ask()
    assert begins
    there.drive(other).run()
    ride = here.drive(job)
    ride.run()
    assert ride.client.calls == []
    assert isinstance(job.exception(), JobCancelled)
    assert "taken over" in str(job.exception())
    assert there.ledger.entry(other.id).state == "done"


def test_a_job_that_is_forgotten_while_it_waits_is_not_sent(kernel):
    here = kernel()
    job, _ = here.ask()
    here.ledger.forget(job.id)
    ride = here.drive(job)
    ride.run()
    assert ride.client.calls == []
    assert isinstance(job.exception(), JobCancelled)


def test_a_job_whose_row_is_gone_after_the_paid_call_says_that_nobody_remembers_it(kernel):
    here = kernel()
    job, _ = here.ask()
    ride = here.drive(job)
    while not job.task_id:
        ride.step()
    with here.ledger.transaction() as connection:
        connection.execute("DELETE FROM jobs")
    ride.run()
    assert job.clip is not None
    assert any("no longer in the ledger: keep the task id" in note for note in job.notes)


def test_an_older_clip_is_found_behind_any_number_of_failures(kernel):
    here = kernel()
    job, _ = here.ask()
    here.drive(job).run()
    row = {"state": "failed", "open": 0, "endpoint": "beijing", "base_url": "b", "model": "m"}
    entry = here.ledger.entry(job.id)
    with here.ledger.transaction() as connection:
        for number in range(60):
            same = {"fingerprint": entry.fingerprint, "place": entry.place}
            here.ledger.add(connection, row | same | {"id": f"failed-{number}"})
    again, begins = here.ask()
    assert (again.clip.path, begins) == (job.clip.path, False)


def test_an_end_that_could_not_be_written_is_written_before_it_is_read(kernel, monkeypatch):
    here = kernel()
    job = here.left()
    here.resume(job)
    ride = here.drive(job)
    with monkeypatch.context() as patch:
        patch.setattr(here.ledger, "change", locked)
        ride.run()
    entry = here.ledger.entry(job.id)
    assert (entry.state, entry.open, entry.owner) == ("done", False, "")


def test_what_is_given_back_while_the_ledger_is_locked_is_given_back_then(kernel, monkeypatch):
    here, there = kernel(), kernel()
    job, _ = here.ask()
    with monkeypatch.context() as patch:
        patch.setattr(here.ledger, "change", locked)
        here.ledger.give_back(job.id)
    here.ledger.entries()
    assert there.ledger.entry(job.id).owner == ""


def test_who_reads_waits_for_nobody_who_writes_also_where_something_is_owed(kernel):
    here, there = kernel(), kernel()
    job, _ = here.ask()
    here.ledger.owe(job.id, {"owner": ""})
    with there.ledger.transaction():
        began = time.monotonic()
        assert here.ledger.entry(job.id).owner
        assert time.monotonic() - began < 30, "who writes would wait so long"
    assert here.ledger.entry(job.id).owner == ""


def test_kernels_that_ask_at_once_keep_a_budget_together(kernel):
    desks, start, begun = [kernel(), kernel()], threading.Barrier(8), []
    settings = Settings(budgets={"day": limits_of("4 CNY")}, provenance=False)

    def ask(number):
        asked = replace(REQUEST, prompt=f"cat {number}")  # 1.50 CNY
        here = desks[number % 2]
        about = {"ledger": here.ledger, "folder": here.out, "live": here.live}
        start.wait(PATIENCE)
        with contextlib.suppress(BudgetExceeded):
            begun.append(take_in(asked, HERE, settings, **about))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(PATIENCE)
    assert [str(job.estimate) for job, _ in begun] == ["1.50 CNY"] * 2


def locked(*_, **__):
    raise LedgerError("database is locked")


def test_a_listener_that_exits_ends_no_paid_job(kernel):
    here = kernel()
    job, _ = here.ask()
    job.on_change(lambda job: sys.exit())
    here.drive(job).run()
    assert job.clip is not None
