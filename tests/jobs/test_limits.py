"""All jobs of an endpoint line up: who may send when, and what a refusal changes."""

from __future__ import annotations

import gc
import itertools
import os
import threading
import time
from dataclasses import replace

import pytest
from job_fakes import Clock
from waiting import PATIENCE

from wan_magic.jobs import limits
from wan_magic.jobs.limits import Limiter, Limits, limiter_for, limits_of
from wan_magic.wan.catalog import MODELS
from wan_magic.wan.endpoints import Endpoint

BASE = "https://api.example/api/v1"
BEIJING = Endpoint("beijing", BASE, "sk-fake", "beijing")
GATEWAY = Endpoint("gateway", BASE, "sk-fake")
LOCAL = Endpoint("local", "http://127.0.0.1:1/api/v1", "token")
FAST = MODELS["wan2.6-i2v"]
"""Five submits a second, five tasks at once."""
SLOW = MODELS["wan2.2-kf2v-flash"]
"""Two and two."""


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def limiter(clock):
    return Limiter(GATEWAY, clock=clock)


@pytest.fixture
def beijing(clock):
    return Limiter(BEIJING, clock=clock)


class Waiter:
    """A job in the line that does as it should: asks, waits, and asks again when woken."""

    def __init__(self, limiter, row=FAST):
        self.clock = limiter.clock
        self.asks = 0
        self.due = self.clock.now
        self.sent_at = None
        self.ticket = limiter.line_up(row, self.wake)

    def wake(self):
        self.due = self.clock.now

    def ask(self):
        """Ask, if it is time; True once it may send."""
        if self.sent_at is None and self.due <= self.clock.now:
            self.asks += 1
            wait = self.ticket.wait()
            self.due = self.clock.now + wait
            if not wait:
                self.sent_at = self.clock.now
        return self.sent_at is not None


def play(waiters, seconds, on_sent=lambda waiter: None):
    """Let time pass from one due moment to the next, and each waiter do what it does."""
    clock = waiters[0].clock
    end = clock.now + seconds
    while True:
        for waiter in waiters:
            if waiter.sent_at is None and waiter.ask():
                on_sent(waiter)
        due = [waiter.due for waiter in waiters if waiter.sent_at is None]
        if not due or min(due) > end:
            break
        clock.now = max(clock.now, min(due))
    clock.now = max(clock.now, end)


def sent(waiters):
    return [waiter for waiter in waiters if waiter.sent_at is not None]


# -- which limits ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "row", "expected"),
    [
        (BEIJING, FAST, Limits(5, 5, 20)),
        (BEIJING, SLOW, Limits(2, 2, 20)),
        (GATEWAY, SLOW, Limits(5, None, 20)),
        (BEIJING, MODELS["wan3.0-video"], Limits(5, None, 20)),
        (LOCAL, FAST, Limits(None, None, None)),
        (replace(BEIJING, submit_rps=0.5, concurrent=9, query_rps=3), FAST, Limits(0.5, 9, 3)),
        (replace(GATEWAY, concurrent=1), FAST, Limits(5, 1, 20)),
    ],
    ids=["region", "slow", "gateway", "unknown", "local", "config", "gateway's config"],
)
def test_the_limits_of_a_place(endpoint, row, expected):
    assert limits_of(endpoint, row) == expected


# -- the line ----------------------------------------------------------------------


def test_the_first_goes_at_once(limiter):
    assert limiter.line_up(FAST, lambda: None).wait() == 0


def test_submits_are_evenly_spaced_and_in_order(limiter):
    waiters = [Waiter(limiter) for _ in range(20)]
    began = limiter.clock.now
    play(waiters, 60)
    times = [waiter.sent_at - began for waiter in waiters]
    assert times == pytest.approx([number * 0.2 for number in range(20)])


def test_each_model_has_its_own_line(beijing):
    fast, slow = Waiter(beijing), Waiter(beijing, SLOW)
    assert fast.ask()
    assert slow.ask()


def test_the_place_in_the_line(limiter):
    waiters = [Waiter(limiter) for _ in range(4)]
    assert [waiter.ticket.ahead for waiter in waiters] == [0, 1, 2, 3]
    assert waiters[0].ask()
    assert [waiter.ticket.ahead for waiter in waiters] == [0, 0, 1, 2]
    waiters[2].ticket.release()
    assert [waiters[n].ticket.ahead for n in (1, 3)] == [0, 1]


def test_a_thousand_wait_cheaply(limiter):
    waiters = [Waiter(limiter) for _ in range(1000)]
    began = limiter.clock.now
    play(waiters, 250)
    assert len(sent(waiters)) == 1000
    assert max(waiter.sent_at for waiter in waiters) - began == pytest.approx(999 * 0.2)
    assert max(waiter.asks for waiter in waiters) < 25
    assert sum(waiter.asks for waiter in waiters) < 12_000, "less than fifty a second, of all"


def test_who_is_not_at_the_head_is_told_to_wait_long(limiter):
    waiters = [Waiter(limiter) for _ in range(100)]
    assert waiters[99].ticket.wait() == 30
    assert waiters[1].ticket.wait() == 5


def test_the_preview_waits_for_nothing(clock):
    limiter = Limiter(LOCAL, clock=clock)
    tickets = [limiter.line_up(FAST, lambda: None) for _ in range(100)]
    assert [ticket.wait() for ticket in reversed(tickets)] == [0] * 100
    assert [limiter.query_wait() for _ in range(100)] == [0] * 100


# -- tasks at once -----------------------------------------------------------------


def test_no_more_at_once_than_the_place_takes(beijing):
    waiters = [Waiter(beijing) for _ in range(8)]
    play(waiters, 600)
    assert sent(waiters) == waiters[:5]
    waiters[2].ticket.accepted()
    waiters[2].ticket.release()
    assert waiters[5].due == beijing.clock.now, "it is woken"
    play(waiters, 1)
    assert sent(waiters) == waiters[:6]


def test_everybody_has_a_turn_in_order(beijing):
    waiters = [Waiter(beijing, SLOW) for _ in range(30)]
    order = []

    def finish_the_oldest(waiter):
        order.append(waiter)
        if len(order) > 1:
            order[-2].ticket.release()

    play(waiters, 600, finish_the_oldest)
    assert order == waiters


def test_a_submit_that_is_on_its_way_counts(beijing):
    waiters = [Waiter(beijing, SLOW) for _ in range(3)]
    play(waiters, 60)
    assert len(sent(waiters)) == 2, "though nothing was accepted yet"


def test_a_task_of_an_earlier_process_has_its_slot_without_a_line(beijing):
    resumed = [beijing.occupy(SLOW) for _ in range(3)]
    waiter = Waiter(beijing, SLOW)
    play([waiter], 60)
    assert not sent([waiter])
    resumed[0].release()
    resumed[1].release()
    assert waiter.ask()


def test_tasks_of_other_processes_count(clock):
    others, asked = {FAST.name: 4}, []

    def ask(model):
        asked.append(clock.now)
        return others[model]

    limiter = Limiter(BEIJING, clock=clock, others=ask)
    waiters = [Waiter(limiter) for _ in range(2)]
    play(waiters, 0)
    assert sent(waiters) == waiters[:1]
    play(waiters, 20)
    assert sent(waiters) == waiters[:1]
    others[FAST.name] = 3
    play(waiters, 6)
    assert sent(waiters) == waiters, "without being woken"
    assert all(late - early >= 2 for early, late in itertools.pairwise(asked))


def test_who_looks_for_the_others_may_come_later(beijing):
    beijing.line_up(FAST, lambda: None)
    beijing.others = lambda model: 99
    assert beijing.line_up(FAST, lambda: None).wait() > 0


# -- the ends of a ticket ----------------------------------------------------------


@pytest.mark.parametrize("how", ["waiting", "sending", "accepted"])
def test_a_release_makes_room_in_every_state_and_only_once(beijing, how):
    waiters = [Waiter(beijing, SLOW) for _ in range(4)]
    if how != "waiting":
        play(waiters, 10)
    if how == "accepted":
        waiters[0].ticket.accepted()
    for _ in range(3):
        waiters[0].ticket.release()
    play(waiters[1:], 10)
    assert len(sent(waiters[1:])) == 2, "and not three"


def test_the_next_one_is_woken_when_the_head_gives_up(limiter):
    head, follower = Waiter(limiter), Waiter(limiter)
    follower.ask()
    assert follower.due > limiter.clock.now
    head.ticket.release()
    assert follower.due == limiter.clock.now


def test_who_gives_up_in_the_middle_wakes_nobody(limiter):
    waiters = [Waiter(limiter) for _ in range(5)]
    play(waiters, 0)
    before = [waiter.due for waiter in waiters]
    waiters[3].ticket.release()
    assert [waiter.due for waiter in waiters] == before


def test_a_job_at_the_head_that_died_is_passed_over(limiter):
    dead, *waiters = [Waiter(limiter) for _ in range(4)]
    play(waiters, 95)
    assert sent(waiters) == waiters
    assert min(waiter.sent_at for waiter in waiters) - 1000 > 60, "but it had its time"
    assert dead.ask(), "and was it only slow, it has its turn as soon as it asks"


def test_who_was_passed_over_comes_first_again(limiter):
    late, *waiters = [Waiter(limiter) for _ in range(4)]
    limiter.clock.now += 61
    assert waiters[2].ticket.wait() == 0, "nobody before it has asked for a minute"
    assert late.ticket.wait() == pytest.approx(0.2)
    assert waiters[0].ticket.wait() > 1


# -- refusals ----------------------------------------------------------------------


def test_a_refused_submit_keeps_its_place_and_slows_the_line(limiter):
    waiters = [Waiter(limiter) for _ in range(12)]
    assert waiters[0].ask()
    first = waiters[0]
    wait = first.ticket.throttled(None)
    assert wait == 1
    assert [waiter.ticket.ahead for waiter in waiters[:3]] == [0, 1, 2]
    first.sent_at, first.due = None, limiter.clock.now + wait
    began = limiter.clock.now
    play(waiters, 60)
    times = [waiter.sent_at - began for waiter in waiters]
    assert times == pytest.approx([1 + number * 0.4 for number in range(12)])


def test_the_server_says_how_long(limiter):
    ticket = limiter.line_up(FAST, lambda: None)
    ticket.wait()
    assert ticket.throttled(9.0) == 9
    assert ticket.wait() == 9
    limiter.clock.now += 9
    assert ticket.wait() == 0


def test_one_answer_holds_nobody_for_ever(limiter):
    ticket = limiter.line_up(FAST, lambda: None)
    ticket.wait()
    assert ticket.throttled(1e9) == 300


def test_refusals_of_submits_that_were_on_their_way_together_count_once(limiter):
    waiters = [Waiter(limiter) for _ in range(10)]
    play(waiters[:5], 0.8)
    for waiter in waiters[:5]:
        waiter.ticket.throttled(None)
        waiter.sent_at = None
    assert [waiter.ticket.ahead for waiter in waiters] == list(range(10)), "in their old order"
    limiter.clock.now += 1
    assert waiters[0].ticket.wait() == 0
    assert waiters[1].ticket.wait() == pytest.approx(0.4)


def test_slower_with_each_refusal_to_a_floor_and_faster_with_each_success(limiter):
    ticket = limiter.line_up(FAST, lambda: None)
    waits = []
    for _ in range(10):
        while wait := ticket.wait():
            limiter.clock.now += wait
        limiter.clock.now += 0.1  # the answer takes a moment
        waits.append(ticket.throttled(None))
    assert waits == pytest.approx([1, 1, 1.6, 3.2, 6.4, *[10] * 5]), "10: a tenth a second"
    for _ in range(60):
        ticket.accepted()
    limiter.clock.now += 100
    tickets = [limiter.line_up(FAST, lambda: None) for _ in range(2)]
    assert ticket.wait() == 0
    assert tickets[0].wait() == pytest.approx(0.2), "as fast as at first, and no faster"


def test_too_many_at_once_where_no_number_is_known(limiter):
    waiters = [Waiter(limiter) for _ in range(6)]
    play(waiters, 0.7)
    assert sent(waiters) == waiters[:4]
    for waiter in waiters[:3]:
        waiter.ticket.accepted()
    wait = waiters[3].ticket.throttled(None, concurrency=True)
    waiters[3].sent_at, waiters[3].due = None, limiter.clock.now + wait
    play(waiters, 120)
    assert sent(waiters) == waiters[:3], "three were taken, so three it is"
    waiters[0].ticket.release()
    play(waiters, 1)
    assert sent(waiters) == waiters[:4]
    play(waiters, 300)
    assert sent(waiters) == waiters[:5], "after a while, one more is tried"


def test_too_many_at_once_although_none_is_ours(limiter):
    ticket = limiter.line_up(FAST, lambda: None)
    ticket.wait()
    assert ticket.throttled(None, concurrency=True) == 10
    limiter.clock.now += 10
    assert ticket.wait() == 0


def test_even_the_preview_is_left_alone_for_a_while_when_it_refuses(clock):
    limiter = Limiter(LOCAL, clock=clock)
    tickets = [limiter.line_up(FAST, lambda: None) for _ in range(40)]
    tickets[0].wait()
    assert tickets[0].throttled(None) == 1
    assert tickets[1].wait() > 0
    for _ in range(40):
        tickets[0].accepted()
    clock.now += 1
    assert [ticket.wait() for ticket in tickets] == [0] * 40


# -- queries -----------------------------------------------------------------------


def test_queries_are_spread(limiter):
    waits = [limiter.query_wait() for _ in range(100)]
    assert waits == pytest.approx([number / 20 for number in range(100)])
    limiter.clock.now += 100
    assert limiter.query_wait() == 0


def test_a_refused_query_slows_all_and_successes_mend_it(limiter):
    limiter.query_throttled(None)
    limiter.query_throttled(None)  # it was on its way already
    assert limiter.query_wait() == 1
    assert limiter.query_wait() == pytest.approx(1.1)
    for _ in range(10):
        limiter.query_ok()
    limiter.clock.now += 10
    limiter.query_wait()
    assert 0.07 < limiter.query_wait() < 0.1
    for _ in range(100):
        limiter.query_ok()
    limiter.clock.now += 10
    limiter.query_wait()
    assert limiter.query_wait() == pytest.approx(0.05)


def test_the_server_says_how_long_queries_wait(limiter):
    limiter.query_throttled(21.0)
    assert limiter.query_wait() == 21


# -- one for all -------------------------------------------------------------------


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(limits, "_limiters", {})


@pytest.mark.usefixtures("registry")
def test_one_address_and_key_have_one_limiter():
    assert limiter_for(BEIJING) is limiter_for(replace(BEIJING, name="another name"))
    assert limiter_for(BEIJING) is not limiter_for(replace(BEIJING, key="sk-other"))
    assert limiter_for(BEIJING) is not limiter_for(LOCAL)


@pytest.mark.usefixtures("registry")
def test_a_changed_config_file_counts(clock):
    limiter = limiter_for(GATEWAY, clock=clock)
    limiter.line_up(FAST, lambda: None).wait()
    limiter_for(replace(GATEWAY, submit_rps=0.5, query_rps=1))
    clock.now += 10
    tickets = [limiter.line_up(FAST, lambda: None) for _ in range(2)]
    assert tickets[0].wait() == 0
    assert tickets[1].wait() == 2
    assert [limiter.query_wait(), limiter.query_wait()] == [0, 1]


@pytest.mark.usefixtures("registry")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_starts_afresh():
    limiter = limiter_for(BEIJING)
    child = os.fork()
    if not child:
        fresh = limiter_for(BEIJING) is not limiter
        os._exit(0 if fresh else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert limiter_for(BEIJING) is limiter


def test_many_threads_keep_the_limits_and_lose_no_wake():
    limiter = Limiter(replace(BEIJING, submit_rps=1e6, concurrent=3))
    lock, at_once, most, done = threading.Lock(), 0, 0, []

    def job(number):
        nonlocal at_once, most
        woken = threading.Event()
        ticket = limiter.line_up(FAST, woken.set)
        try:
            while wait := ticket.wait():
                assert woken.wait(min(wait, PATIENCE)) or wait < 1, "nobody woke it"
                woken.clear()
            with lock:
                at_once += 1
                most = max(most, at_once)
            if number % 7 == 0:
                ticket.throttled(1e-4)
                with lock:
                    at_once -= 1
                return
            ticket.accepted()
            with lock:
                at_once -= 1
        finally:
            ticket.release()
            done.append(number)

    threads = [threading.Thread(target=job, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(done) == 60
    assert most <= 3


def test_a_job_that_is_collected_gives_its_place_back(limiter):
    def job():
        ticket = limiter.line_up(FAST, lambda: None)
        try:
            while wait := ticket.wait():
                yield wait
            yield 1000.0
        finally:
            ticket.release()

    first, second = job(), job()
    assert next(first) == 1000
    assert next(second) > 0
    del first, second
    gc.collect()
    limiter.clock.now += 1
    assert limiter.line_up(FAST, lambda: None).ahead == 0


def test_a_long_line_costs_little_time(limiter):
    began = time.thread_time()
    tickets = [limiter.line_up(FAST, lambda: None) for _ in range(5000)]
    for ticket in tickets:
        ticket.wait()
    for ticket in tickets:
        ticket.release()
    assert time.thread_time() - began < 2
