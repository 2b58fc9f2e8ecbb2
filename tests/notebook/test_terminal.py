"""Following a job in a plain terminal, or in a log that is no terminal."""

from __future__ import annotations

import io
import threading

import pytest
from waiting import PATIENCE, wait_until

from wan_magic.actions.planning import Planned
from wan_magic.errors import InputError, JobFailed
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.sweep import Sweep
from wan_magic.notebook.terminal import TotalLine, follow


class Stream(io.StringIO):
    def __init__(self, *, live):
        super().__init__()
        self._live = live

    def isatty(self):
        return self._live


@pytest.fixture
def following(real_job):
    """Follow a fresh job on another thread; yields the job, its stream and what came of it."""
    runs = []

    def start(*, live, notes=()):
        job = Job(real_job.request, endpoint="local", is_preview=True, notes=notes)
        stream, outcome = Stream(live=live), []

        def run():
            try:
                outcome.append(follow(job, stream))
            except JobFailed as error:
                outcome.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        runs.append((job, thread))
        return job, stream, thread, outcome

    yield start
    for job, thread in runs:
        if not job.done():
            job.finish(JobFailed("the test is over"), State.FAILED)
        thread.join(PATIENCE)


def test_a_terminal_shows_one_line_that_is_rewritten(following, real_job):
    job, stream, thread, outcome = following(live=True)
    for state in (State.QUEUED, State.RUNNING):
        job.update(state=state)
        wait_until(lambda state=state: f"\r\033[K{state} · " in stream.getvalue())
    assert "\n" not in stream.getvalue().partition("\n")[2], "but for the price before"
    job.finish(real_job.result(), State.DONE)
    thread.join(PATIENCE)
    assert outcome == [real_job.result()]
    last = stream.getvalue().rpartition("\033[K")[2]
    assert last.startswith("▶ PREVIEW ")
    assert last.count("\n") == 1
    assert str(real_job.result().path) in last


def test_the_line_tells_what_is_going_on_and_never_wraps(following):
    job, stream, *_ = following(live=True)
    job.update(message="the endpoint is busy (429): submitting again in 4 s")
    wait_until(lambda: "429" in stream.getvalue())
    job.update(message="long " * 100)
    wait_until(lambda: "long long" in stream.getvalue())
    for line in stream.getvalue().split("\r\033[K"):
        assert len(line) <= 100


def test_a_log_gets_a_line_for_each_state_and_no_escape_codes(following, real_job):
    job, stream, thread, _ = following(live=False)
    wait_until(lambda: "submitting\n" in stream.getvalue())
    job.update(state=State.RUNNING)
    wait_until(lambda: "running\n" in stream.getvalue())
    job.update(message="asking again in 2 s")
    wait_until(lambda: "asking again" in stream.getvalue())
    job.finish(real_job.result(), State.DONE)
    thread.join(PATIENCE)
    price, *lines = stream.getvalue().splitlines()
    assert "free preview" in price
    assert lines[:3] == ["submitting", "running", "running – asking again in 2 s"]
    assert len(lines) == 4
    assert "\033" not in stream.getvalue()
    assert "\r" not in stream.getvalue()


def test_notes_come_first(following):
    _, stream, *_ = following(live=False, notes=("cat.png was scaled", "sound is cut"))
    wait_until(lambda: "submitting" in stream.getvalue())
    assert stream.getvalue().startswith("note: cat.png was scaled\nnote: sound is cut\n")


@pytest.mark.parametrize("live", [True, False])
def test_a_failure_clears_the_line_and_is_raised(following, live):
    job, stream, thread, outcome = following(live=live)
    wait_until(lambda: "submitting" in stream.getvalue())
    job.finish(JobFailed("the task failed: no", hint="try again"), State.FAILED)
    thread.join(PATIENCE)
    (error,) = outcome
    assert str(error) == "the task failed: no\n→ try again"
    assert "▶" not in stream.getvalue()
    if live:
        assert stream.getvalue().endswith("\r\033[K")


def test_an_ended_job_is_told_at_once(real_job):
    stream = Stream(live=False)
    assert follow(real_job, stream) is real_job.result()
    assert stream.getvalue().splitlines()[-1].startswith("▶ ")


def test_the_total_of_a_map_ends_its_line_when_all_have_ended(real_job):
    planned = Planned(real_job.request, (), {})
    running = Job(real_job.request, endpoint="local", is_preview=True)
    sweep = Sweep((planned, planned), [real_job, running], lambda some: [])
    stream = Stream(live=True)
    line = TotalLine(sweep, stream, stays=True)
    line.show()
    assert "\n" not in stream.getvalue(), "it is rewritten"
    running.finish(real_job.result(), State.DONE)
    for _ in range(2):
        line.show()
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("\n"), "what comes next has a line of its own"


def test_the_panel_says_that_it_needs_a_notebook(shell):
    cell = shell.refused("%wanvideo panel", InputError)
    assert "the panel needs a notebook" in cell.text
