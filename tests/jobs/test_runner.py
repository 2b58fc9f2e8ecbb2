"""The runner: who works when, on how many threads."""

from __future__ import annotations

import threading
import time

import pytest
from waiting import PATIENCE, wait_until

from wan_magic.jobs.runner import Runner

LONG = 10 * PATIENCE
"""A pause that no test waits out."""


def test_steps_run_one_after_the_other():
    log, done = [], threading.Event()

    def steps():
        for number in range(5):
            log.append(number)
            yield 0.001
        done.set()

    Runner().start(steps())
    assert done.wait(PATIENCE)
    assert log == [0, 1, 2, 3, 4]


def test_who_is_due_first_goes_first():
    log, done = [], threading.Event()

    def steps(name, delay):
        yield delay
        log.append(name)
        if len(log) == 3:
            done.set()

    now = [0.0]
    runner = Runner(workers=1, clock=lambda: now[0])
    for name, delay in (("late", 0.06), ("early", 0.02), ("middle", 0.04)):
        runner.start(steps(name, delay))
    wait_until(lambda: sum(due > 0 for due, *_ in list(runner._due)) == 3)
    now[0] = 1.0
    assert done.wait(PATIENCE)
    assert log == ["early", "middle", "late"]


def test_equal_times_keep_their_order():
    log, done = [], threading.Event()
    runner = Runner(workers=1, clock=lambda: 0.0)

    def steps(name):
        yield 0.0
        log.append(name)
        if len(log) == 20:
            done.set()

    gate = threading.Event()

    def hold():
        gate.wait(PATIENCE)
        yield 0.0

    runner.start(hold())
    for name in range(20):
        runner.start(steps(name))
    gate.set()
    assert done.wait(PATIENCE)
    assert log == list(range(20))


def test_wake_ends_a_pause():
    done = threading.Event()
    paused = threading.Event()

    def steps():
        paused.set()
        yield LONG
        done.set()

    handle = Runner().start(steps())
    assert paused.wait(PATIENCE)
    handle.wake()
    assert done.wait(PATIENCE)


def test_wake_in_the_middle_of_a_step_skips_the_next_pause():
    working, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def steps():
        working.set()
        go_on.wait(PATIENCE)
        yield LONG
        done.set()

    handle = Runner().start(steps())
    assert working.wait(PATIENCE)
    handle.wake()
    go_on.set()
    assert done.wait(PATIENCE)


def test_one_wake_ends_one_pause():
    log = []
    paused = threading.Event()

    def steps():
        paused.set()
        yield LONG
        log.append("first")
        yield LONG
        log.append("second")

    runner = Runner()
    handle = runner.start(steps())
    assert paused.wait(PATIENCE)
    handle.wake()
    wait_until(lambda: log == ["first"])
    again = threading.Event()

    def other():
        yield 0.01
        again.set()

    runner.start(other())
    assert again.wait(PATIENCE)
    assert log == ["first"]


def test_wake_after_the_end_is_harmless():
    handle = Runner().start(iter(()))
    handle.wake()
    handle.wake()


def test_waking_thousands_is_cheap():
    """Also again and again: what a wake leaves behind is swept up."""
    paused, woken = set(), [0]

    def steps(number):
        while True:
            paused.add(number)
            yield LONG
            woken[0] += 1

    runner = Runner(workers=1)
    handles = [runner.start(steps(number)) for number in range(3000)]
    wait_until(lambda: len(paused) == 3000)
    began = time.process_time()
    for turn in range(1, 6):
        for handle in handles:
            handle.wake()
            handle.wake()
        wait_until(lambda turn=turn: woken[0] >= 3000 * turn)
    assert time.process_time() - began < 5
    assert len(runner._due) < 3 * 3000


def test_many_jobs_run_on_few_threads():
    left = [1000]
    lock, done = threading.Lock(), threading.Event()
    threads = set()

    def steps():
        for _ in range(3):
            threads.add(threading.current_thread())
            yield 0.001
        with lock:
            left[0] -= 1
            if not left[0]:
                done.set()

    runner = Runner(workers=4)
    for _ in range(1000):
        runner.start(steps())
    assert done.wait(PATIENCE)
    assert {thread.name for thread in threads} <= {f"wan_magic-{n}" for n in range(1, 5)}
    assert len(threads) <= 4


def test_one_job_needs_one_thread():
    done = threading.Event()
    names = set()

    def steps():
        for _ in range(50):
            names.add(threading.current_thread().name)
            yield 0.0
        done.set()

    Runner().start(steps())
    assert done.wait(PATIENCE)
    assert len(names) == 1


def test_slow_steps_do_not_hold_up_the_others():
    """Also where all jobs were started while a worker was idle, and that one has become busy."""
    runner = Runner(workers=4)
    runner.start(iter([0.0]))
    wait_until(lambda: runner._idle == 1)
    all_at_work = threading.Barrier(4)
    passed = []

    def slow():
        all_at_work.wait(PATIENCE)
        passed.append(1)
        yield 0.0

    for _ in range(4):
        runner.start(slow())
    wait_until(lambda: len(passed) == 4)


def test_a_download_does_not_stop_the_polling_of_another_job():
    runner = Runner(workers=2)
    downloading, finish, polled = threading.Event(), threading.Event(), threading.Event()

    def first():
        yield 0.01
        downloading.set()
        finish.wait(LONG)

    def second():
        yield 0.01
        downloading.wait(PATIENCE)
        yield 0.001
        polled.set()

    # Started one after the other on what is one idle worker each time.
    runner.start(first())
    wait_until(lambda: runner._idle == 1)
    runner.start(second())
    assert polled.wait(PATIENCE)
    finish.set()


@pytest.mark.parametrize("workers", [1, 4])
def test_a_jobs_exception_does_not_kill_the_worker(workers, caplog):
    def broken():
        yield 0.0
        raise RuntimeError("a bug")

    runner = Runner(workers=workers)
    for _ in range(8):
        runner.start(broken())
    done = threading.Event()

    def good():
        yield 0.001
        done.set()

    runner.start(good())
    assert done.wait(PATIENCE)
    wait_until(lambda: caplog.text.count("a step of the runner failed") == 8)


def test_the_threads_do_not_keep_the_program_alive():
    started = []

    def steps():
        started.append(threading.current_thread().daemon)
        yield LONG

    Runner().start(steps())
    wait_until(lambda: started == [True])


@pytest.fixture
def no_threads(monkeypatch):
    """A machine that has no thread left, until the test says so."""
    begin, missing = threading.Thread.start, []

    def start(thread):
        if missing:
            raise RuntimeError("can't start new thread")
        begin(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    missing.append(True)
    return missing


def test_what_could_not_be_started_does_not_run_later(no_threads):
    runner, log, done = Runner(), [], threading.Event()

    def steps(name):
        log.append(name)
        done.set()
        yield LONG

    with pytest.raises(RuntimeError):
        runner.start(steps("first"))
    no_threads.clear()
    runner.start(steps("second"))
    assert done.wait(PATIENCE)
    wait_until(lambda: runner._idle == 1)
    assert log == ["second"]


def test_without_another_thread_those_that_are_there_do_the_work(no_threads):
    no_threads.clear()
    runner, log, done = Runner(workers=4), [], threading.Event()

    def steps(name):
        log.append(name)
        if name == "first":  # while it works, nobody else can be called
            no_threads.append(True)
            for other in ("second", "third"):
                runner.start(steps(other))
        yield 0.001
        if len(log) == 3:
            done.set()

    runner.start(steps("first"))
    assert done.wait(PATIENCE)
    assert sorted(log) == ["first", "second", "third"]
