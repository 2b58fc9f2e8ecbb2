"""Two things go wrong at once, or one for many jobs: still nobody pays twice, and nobody hangs."""

from __future__ import annotations

import faulty
import pytest
from faulty import DAY, TIMEOUT
from films import film

from wan_magic.errors import ConnectionFailed
from wan_magic.jobs.limits import Limiter

LOST = ("dropped after it was read", 1)
EVER = 10**6


# -- the clock on the wall is wrong, and the answer to the paid call is lost -------------------


@pytest.mark.parametrize("offset", [-DAY, DAY], ids=["a day late", "a day early"])
def test_a_wrong_clock_does_not_hide_the_task_of_a_lost_answer(kernel_at, video, offset):
    kernel = kernel_at({"create": LOST})
    kernel.world.clocks.offset = offset
    ride = kernel.run()
    assert film(ride.job.result().path) == video
    assert (kernel.world.calls.count("create"), kernel.world.accepted) == (1, 1)


@pytest.mark.parametrize("offset", [-DAY, DAY], ids=["back", "forward"])
def test_a_clock_that_is_set_right_meanwhile_does_not_hide_it_either(kernel_at, offset):
    kernel = kernel_at({"create": LOST})
    kernel.world.clocks.offset = -offset
    job, _ = kernel.ask()
    ride = kernel.ride(job)
    while not job.message.startswith("the answer to the submit was lost"):
        assert ride.step()
    kernel.world.clocks.offset = 0.0
    ride.run()
    assert ride.error is None
    assert kernel.world.accepted == 1


@pytest.mark.parametrize("offset", [-DAY / 2, DAY / 2], ids=["late", "early"])
def test_the_next_kernel_finds_it_by_a_wrong_clock_too(kernel_at, offset):
    kernel = kernel_at({"create": LOST})
    kernel.world.clocks.offset = offset
    job, _ = kernel.ask()
    ride = kernel.ride(job)
    while not job.message.startswith("the answer to the submit was lost"):
        assert ride.step()
    ride.steps.close()  # as a killed process leaves it
    again = kernel_at(after=kernel).run()
    assert again.error is None
    assert (again.job.id, kernel.world.accepted) == (job.id, 1)


# -- a server that asks for more time than there is --------------------------------------------


@pytest.mark.parametrize("step", ["policy", "upload", "create", "query", "list", "download"])
def test_nobody_waits_for_days_because_a_server_says_so(kernel_at, monkeypatch, step):
    ten_days = (429, "Throttling", "Retry-After: 864000\r\n")
    monkeypatch.setitem(faulty._REFUSALS, "429", ten_days)
    faults = {step: ("429", EVER)} | ({"create": LOST} if step == "list" else {})
    ride = kernel_at(faults).run()
    assert ride.error is not None
    assert ride.took <= TIMEOUT + 60
    assert ride.kernel.world.accepted == (step in ("query", "list", "download"))
    assert ride.entry.open == bool(ride.kernel.world.accepted)


# -- a disk that is full for a while -------------------------------------------------------------


def test_what_could_not_be_written_down_is_written_later(kernel_at):
    """The task's id comes while the disk is full; the ledger has it all the same."""
    kernel = kernel_at({"create": ("disk full", 1)})
    ride = kernel.run()
    assert ride.entry.task_id == ride.job.task_id != ""
    assert ride.entry.accepted is not None


def test_a_cell_whose_end_could_not_be_written_down_does_not_wait_for_itself(kernel_at, video):
    kernel = kernel_at({"query": ("disk full", EVER)})
    first = kernel.run()
    assert first.entry.owner == kernel.ledger.presence.name, "as if it still ran"
    kernel.world.heal()
    again = kernel.run()
    assert again.job.id == first.job.id
    assert film(again.job.result().path) == video
    assert again.took < 60


def test_an_end_that_could_not_be_written_down_is_written_as_soon_as_there_is_room(kernel_at):
    """Whatever happens in that kernel: others would follow the job as one that still runs."""
    kernel = kernel_at({"query": ("disk full", EVER)})
    other = kernel_at(beside=kernel)
    ride = kernel.run()
    assert other.ledger.is_watched(other.ledger.entry(ride.job.id))
    assert ride.step(), "it is tried again"
    kernel.world.heal()
    assert not ride.step()
    entry = other.ledger.entry(ride.job.id)
    assert (entry.state, entry.error) == ("failed", ride.error.message)
    assert not other.ledger.is_watched(entry)


# -- many jobs share one list ------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", ["401", "429", "500", "dropped after it was read", "HTML", "unknown status"]
)
def test_many_jobs_do_without_a_list_that_fails(kernel_at, video, fault):
    kernel = kernel_at({"list": (fault, EVER)}, pending=3, concurrent=20, submit_rps=20.0)
    limiter = Limiter(kernel.endpoint, clock=kernel.world.clocks)
    rides = [
        kernel.ride(kernel.ask(prompt=f"cat {number}")[0], limiter=limiter) for number in range(10)
    ]
    alive = {ride: kernel.world.clocks() for ride in rides}
    while alive:
        ride, due = min(alive.items(), key=lambda pair: pair[1])
        kernel.world.clocks.now = max(kernel.world.clocks.now, due)
        before = kernel.world.clocks.now
        if ride.step():
            alive[ride] = kernel.world.clocks.now
            kernel.world.clocks.now = before  # the others do not wait with it
        else:
            del alive[ride]
    assert "list" in kernel.world.calls
    assert all(film(ride.job.result().path) == video for ride in rides)
    assert kernel.world.accepted == 10
    assert not any("list" in text for ride in rides for text in ride.card)


def test_an_endpoint_that_names_no_prompts_leaves_it_to_the_user(kernel_at, monkeypatch):
    """Then a task may be ours or not, and a second one could be paid for nothing."""
    kernel = kernel_at({"create": LOST})
    read = kernel.world._query

    def without_prompt(asked, fault, base):
        status, headers, body = read(asked, fault, base)
        return status, headers, body.replace(b'"orig_prompt"', b'"something"')

    monkeypatch.setattr(kernel.world, "_query", without_prompt)
    ride = kernel.run()
    assert isinstance(ride.error, ConnectionFailed)
    assert "task 00000000-canary may be its task, and nothing tells whether" in ride.error.hint
    assert (kernel.world.calls.count("create"), ride.entry.open) == (1, True)
