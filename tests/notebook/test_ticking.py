"""The one clock of all cards."""

from __future__ import annotations

import threading

import pytest
from waiting import PATIENCE

from wan_magic.jobs.runner import Runner
from wan_magic.notebook.ticking import A_SECOND, Ticker


@pytest.fixture
def ticker():
    return Ticker()


def test_a_look_comes_when_the_shown_second_changes(ticker):
    times = iter([0.0, 1.3, 59.999])
    steps = ticker.steps(lambda: True, lambda: next(times))
    assert next(steps) == pytest.approx(1.0, abs=0.01)
    assert next(steps) == pytest.approx(0.7, abs=0.01)
    assert next(steps) == pytest.approx(0.001, abs=0.01)


def test_it_ends_when_nothing_is_left_to_show(ticker):
    left = [True, True, False]
    assert len(list(ticker.steps(lambda: left.pop(0)))) == 2


@pytest.mark.parametrize(("cards", "seconds"), [(1, 1), (25, 1), (26, 2), (200, 8)])
def test_many_cards_cost_what_a_few_do(ticker, cards, seconds):
    steps = [ticker.steps(lambda: True) for _ in range(cards)]
    for one in steps:
        next(one)
    assert ticker.seconds == seconds
    assert cards / ticker.seconds <= A_SECOND
    for one in steps:
        one.close()
    assert ticker.seconds == 1


def test_what_shall_happen_later_happens():
    happened = threading.Event()
    Ticker(Runner(workers=1)).later(0.01, happened.set)
    assert happened.wait(PATIENCE)
