"""Another try: in a cell by running it again, in a panel by a button; never by itself."""

from __future__ import annotations

import threading

import pytest
from magic_shell import png
from waiting import wait_until

from wan_magic.actions import api
from wan_magic.errors import (
    DownloadError,
    InputError,
    JobCancelled,
    JobFailed,
    JobTimeout,
)
from wan_magic.jobs.job import Job, State
from wan_magic.notebook.status import StatusCard
from wan_magic.wan.estimate import PriceList

LINK = 'data-commandlinker-command="notebook:run-cell"'
FAILED = JobFailed("the task failed: no", code="Bad", task_id="1234-abcd")


@pytest.fixture(autouse=True)
def _widgets(widgets):
    return widgets


def make_job(task_id="", **about):
    options = {"image": png(), "model": "2.5", "resolution": "480P", "duration": 5, "seed": 7}
    request, notes = api.build("A cat runs", **options)
    about = {"endpoint": "beijing", "prices": PriceList("beijing"), **about}
    return Job(request, notes=notes, task_id=task_id, is_resumed=False, **about)


def ended(card):
    """The HTML that the card has become."""
    (final,) = (child for child in card.box.children if hasattr(child, "outputs"))
    return final.outputs[-1]["data"]["text/html"]


@pytest.mark.parametrize(
    ("error", "state"),
    [(FAILED, State.FAILED), (JobCancelled("cancelled"), State.CANCELLED)],
)
def test_a_cell_without_a_clip_offers_to_run_again_and_says_what_that_costs(error, state):
    job = make_job("1234-abcd")
    card = StatusCard(job, in_cell=True)
    job.finish(error, state)
    html = ended(card)
    assert html.count(LINK) == 1
    assert "Try again" in html
    assert "run this cell again to try again: a new task, estimated cost 1.50 CNY" in html
    assert "<script" not in html


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (JobTimeout("stopped watching"), State.DETACHED),
        (DownloadError("it is not on disk"), State.FAILED),
    ],
)
def test_what_may_still_bring_its_clip_goes_on_at_no_cost(error, state):
    job = make_job("1234-abcd")
    card = StatusCard(job, in_cell=True)
    job.finish(error, state)
    html = ended(card)
    assert "run this cell again to go on: no further cost" in html
    assert "new task" not in html


def test_a_cell_that_only_shows_a_job_offers_nothing():
    job = make_job()
    card = StatusCard(job)
    job.finish(FAILED, State.FAILED)
    assert LINK not in ended(card)


def test_a_clip_is_not_offered_again(real_job):
    job = make_job()
    card = StatusCard(job, in_cell=True)
    job.finish(real_job.result(), State.DONE)
    assert LINK not in ended(card)


def test_a_job_that_had_failed_before_its_card_offers_it_too(watched):
    job = make_job()
    job.finish(FAILED, State.FAILED)
    StatusCard(job, in_cell=True).show()
    assert LINK in watched.shown[-1]["data"]["text/html"]


# -- in a panel ---------------------------------------------------------------------


def button(card):
    """The button, or nothing."""
    boxes = [child for child in card.box.children if hasattr(child, "children")]
    return boxes[0].children[0].children[0] if boxes else None


def said(card):
    return card.box.children[-1].children[1].value


def test_a_click_starts_one_job_whose_card_takes_the_place(real_job):
    job, other, started = make_job(), make_job(), []

    def start():
        started.append(threading.current_thread())
        return other

    card = StatusCard(job, start_again=start)
    assert button(card) is None
    job.finish(FAILED, State.FAILED)
    assert LINK not in ended(card)
    assert button(card).description == "Try again"
    assert "estimated cost 1.50 CNY" in button(card).tooltip
    assert started == []
    clicked = button(card)
    for _ in range(3):
        clicked.click()
    wait_until(lambda: len(card.box.children) == 1)
    (thread,) = started
    assert thread is not threading.current_thread()
    (box,) = card.box.children
    assert box.children[-1].description == "Cancel"
    other.finish(real_job.result(), State.DONE)
    assert "<video" in box.children[0].outputs[0]["data"]["text/html"]


def test_what_goes_wrong_is_said_and_can_be_tried_again():
    def refuse():
        raise InputError("the budget <b>is</b> used up", hint="wait")

    job = make_job()
    card = StatusCard(job, start_again=refuse)
    job.finish(FAILED, State.FAILED)
    button(card).click()
    wait_until(lambda: not button(card).disabled)
    assert "the budget &lt;b&gt;is&lt;/b&gt; used up" in said(card)


def test_no_button_beside_a_clip(real_job):
    job = make_job()
    card = StatusCard(job, start_again=make_job)
    job.finish(real_job.result(), State.DONE)
    assert button(card) is None
