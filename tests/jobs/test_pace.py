"""When a task is looked at: simulated against the official SDK, which has one rhythm for all."""

from __future__ import annotations

import random
from itertools import pairwise
from statistics import fmean

import pytest

from wan_magic.jobs.pace import Pace

USUAL = (60.0, 180.0)


def plain(low, high):
    """No chance."""
    return 1.0


def looks(pace, end, starts=0.0):
    """Return when a task is looked at that starts and ends then, to the look that sees the end."""
    at, seen, state = 0.0, [], "queued"
    while at < end:
        at += pace.next(at, state)
        seen.append(at)
        state = "queued" if at < starts else "running"
    return seen


def sdk_looks(end):
    """Return the same for the wait of dashscope 1.26."""
    at, wait, step, seen = 0.0, 1, 0, []
    while True:
        step += 1
        if wait < 5 and step % 3 == 0:
            wait = min(wait * 2, 5)
        seen.append(at)
        if at >= end:
            return seen
        at += wait


def measured(ends, look):
    """Return the mean seconds from an end to its look, and the mean number of looks."""
    all_looks = [(end, look(end)) for end in ends]
    return fmean(seen[-1] - end for end, seen in all_looks), fmean(len(s) for _, s in all_looks)


@pytest.fixture
def chance():
    return random.Random(7)


@pytest.fixture
def spread(chance):
    """Ends from one to five minutes, all equally likely."""
    return [60 + 240 * (step + chance.random()) / 300 for step in range(300)]


@pytest.mark.parametrize("queue", [0.0, 10.0, 30.0])
@pytest.mark.parametrize("usual", [USUAL, (120.0, 300.0)], ids=["720P", "1080P"])
def test_without_history_both_sooner_and_with_fewer_queries_than_the_sdk(
    spread, chance, usual, queue
):
    delay, count = measured(
        spread, lambda end: looks(Pace(usual, jitter=chance.uniform), end, starts=queue)
    )
    sdk_delay, sdk_count = measured(spread, sdk_looks)
    assert delay < 2.3 < 2.4 < sdk_delay
    assert count < sdk_count


def test_no_history_in_figures(spread, chance):
    delay, count = measured(spread, lambda end: looks(Pace(USUAL, jitter=chance.uniform), end))
    assert delay < 2.2
    assert count < 40


@pytest.mark.parametrize(("spread_of", "delay", "share"), [(5, 1.5, 0.5), (15, 1.9, 0.6)])
def test_with_a_history_far_fewer_queries(chance, spread_of, delay, share):
    history = [chance.gauss(120, spread_of) for _ in range(8)]
    ends = [chance.gauss(120, spread_of) for _ in range(300)]
    found = measured(ends, lambda end: looks(Pace(USUAL, history, jitter=chance.uniform), end))
    assert found[0] < delay
    assert found[1] < share * measured(ends, sdk_looks)[1]


def test_a_history_as_wide_as_life_does_no_harm(spread, chance):
    history = [chance.uniform(60, 300) for _ in range(20)]
    delay, count = measured(
        spread, lambda end: looks(Pace(USUAL, history, jitter=chance.uniform), end)
    )
    sdk_delay, sdk_count = measured(spread, sdk_looks)
    assert delay < sdk_delay
    assert count < sdk_count


def test_the_card_is_true_before_the_end_is_near():
    seen = looks(Pace((600, 1200), jitter=plain), 500)
    assert seen[0] == 2
    assert max(late - early for early, late in pairwise(seen)) <= 15


def test_a_task_that_is_late_is_looked_at_ever_more_gently():
    seen = looks(Pace(USUAL, jitter=plain), 3600)
    gaps = {early: late - early for early, late in pairwise(seen)}
    after = [gap for early, gap in gaps.items() if early > 200]
    assert after == sorted(after)
    assert after[0] < 5 < 10 < after[-1] <= 15


def test_a_task_unlike_all_before_it_costs_no_flood_of_queries():
    history = [100.0, 101.0, 102.0, 103.0, 104.0]
    seen = looks(Pace(USUAL, history, jitter=plain), 900)
    assert len(seen) < len(sdk_looks(900))
    assert seen[-1] - 900 <= 15


def test_few_samples_and_nonsense_do_not_count():
    usual = looks(Pace(USUAL, jitter=plain), 300)
    for history in ([100.0, 101.0], [0.0, -5.0, float("nan"), float("inf"), 100.0, 101.0]):
        assert looks(Pace(USUAL, history, jitter=plain), 300) == usual


def test_equal_samples_are_not_taken_for_a_promise():
    seen = looks(Pace(USUAL, [100.0] * 5, jitter=plain), 140)
    assert len([at for at in seen if 85 < at < 120]) >= 5
    assert seen[-1] < 160


def test_a_task_that_waits_long_in_the_queue_is_awaited_after_it_starts():
    history = [100.0, 101.0, 102.0, 103.0]
    pace = Pace(USUAL, history, jitter=plain)
    seen = looks(pace, 700, starts=600)
    assert [at for at in seen if at < 600][-1] > 580, "its start is noticed"
    assert seen[-1] - 700 < 4


def test_a_waiting_task_is_not_looked_at_closely():
    seen = looks(Pace(USUAL, jitter=plain), 400, starts=400)
    gaps = [late - early for early, late in pairwise(seen)]
    assert min(gaps) > 4.99
    assert gaps[0] <= 8, "a start soon after the accept is seen soon"


@pytest.mark.parametrize("seconds", [4, 15, 40])
def test_a_task_that_is_quicker_than_the_table_says(chance, seconds):
    def look(end):
        return looks(Pace(USUAL, jitter=chance.uniform), end)

    ends = [seconds * (0.9 + 0.2 * chance.random()) for _ in range(300)]
    delay, count = measured(ends, look)
    assert delay < 0.8 * seconds
    assert count < measured(ends, sdk_looks)[1]


@pytest.mark.parametrize("seconds", [4, 10, 30])
def test_quick_tasks_that_are_known_are_not_passed_over(chance, seconds):
    history = [seconds + 0.1 * chance.random() for _ in range(8)]
    ends = [seconds + 0.1 * chance.random() for _ in range(300)]
    delay, count = measured(
        ends, lambda end: looks(Pace(USUAL, history, jitter=chance.uniform), end)
    )
    assert delay < 1.6
    assert count < 0.5 * measured(ends, sdk_looks)[1]


def test_a_task_of_unknown_age_may_end_now():
    pace = Pace(USUAL, jitter=plain)
    assert pace.next(pace.middle, "running") < 5


def test_chance_keeps_jobs_apart_a_little():
    waits = {Pace(USUAL).next(0) for _ in range(50)}
    assert len(waits) == 50
    assert 1.8 <= min(waits) < max(waits) <= 2.2


@pytest.mark.parametrize("elapsed", [0.0, 1e-9, 1e9, 1e18])
@pytest.mark.parametrize("history", [(), (1e-9,) * 3, (1e-9, 1.0, 1e12), (100.0,) * 3])
def test_any_time_has_an_answer(elapsed, history):
    pace = Pace(USUAL, history, jitter=plain)
    for state in ("running", "queued", "running"):
        assert 1 <= pace.next(elapsed, state) <= 15
