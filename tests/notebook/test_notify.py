"""Notifications: asked for by the user alone, and never part of the saved notebook."""

from __future__ import annotations

import json
import re

import pytest
from magic_shell import SMALL, WIDGET
from waiting import wait_until

from wan_magic.actions import api
from wan_magic.errors import JobFailed
from wan_magic.jobs.job import Job, State
from wan_magic.notebook import live
from wan_magic.notebook.status import StatusCard

JAVASCRIPT = "application/javascript"


@pytest.fixture(autouse=True)
def _widgets(widgets):
    return widgets


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(live, "STAYS", 0.01)


def make_job(prompt="A cat runs"):
    request, _ = api.build(prompt, seed=7)
    return Job(request, endpoint="beijing")


def scripts(card):
    """The scripts that are on the page now."""
    outputs = [o for child in card.box.children for o in getattr(child, "outputs", ())]
    return [o["data"][JAVASCRIPT] for o in outputs if JAVASCRIPT in o["data"]]


def words(script):
    return json.loads(re.search(r"const words = (.*);\n", script)[1])


def fail(job):
    job.finish(JobFailed("the task failed: no"), State.FAILED)


def test_nobody_is_notified_who_did_not_ask():
    job = make_job()
    card = StatusCard(job)
    assert scripts(card) == []
    fail(job)
    assert scripts(card) == []


def test_the_browser_is_asked_at_once_and_told_at_the_end(real_job):
    job = make_job()
    card = StatusCard(job, notify=True)
    (script,) = scripts(card)
    assert "requestPermission" in script
    job.finish(real_job.result(), State.DONE)
    (script,) = scripts(card)
    assert "requestPermission" not in script
    assert "document.hidden" in script
    assert words(script) == {
        "title": "The clip is there",
        "body": "A cat runs",
        "tag": f"wan_magic-{job.id}-done",
    }


def test_a_failure_is_told_as_one():
    job = make_job()
    card = StatusCard(job, notify=True)
    fail(job)
    assert words(scripts(card)[0])["title"] == "There is no clip"


def test_a_prompt_is_words_in_the_script_and_no_code():
    evil = '"; alert(1); "\n</script>\u2028WORDS'
    job = make_job(evil)
    card = StatusCard(job, notify=True)
    fail(job)
    (script,) = scripts(card)
    assert words(script)["body"] == evil
    assert "\u2028" not in script


@pytest.mark.usefixtures("quick")
def test_the_script_goes_away_so_that_a_reload_does_not_tell_it_again():
    job = make_job()
    card = StatusCard(job, notify=True)
    fail(job)
    wait_until(lambda: scripts(card) == [])


@pytest.mark.usefixtures("quick")
def test_what_is_saved_holds_no_script_and_no_widget(watched):
    job = make_job()
    card = StatusCard(job, notify=True)
    card.show()
    fail(job)
    wait_until(lambda: WIDGET not in watched.shown[-1]["data"])
    for output in watched.shown:
        assert JAVASCRIPT not in output["data"]
        assert "<script" not in output["data"]["text/html"]


def test_a_job_that_had_ended_rings_no_bell():
    job = make_job()
    fail(job)
    assert scripts(StatusCard(job, notify=True)) == []


@pytest.mark.parametrize(
    ("setting", "option", "wanted"),
    [
        ("", "", False),
        ("", "--notify", True),
        ("%config WanMagics.notify = True", "", True),
    ],
)
def test_option_and_trait(watched, monkeypatch, setting, option, wanted):
    seen = []
    made = StatusCard.__init__

    def noted(self, job, **how):
        seen.append(how["notify"])
        made(self, job, **how)

    monkeypatch.setattr(StatusCard, "__init__", noted)
    if setting:
        watched.good(setting)
    watched.good(f"%%wanvideo clip {SMALL} --image cat.png {option}\nA cat naps")
    watched.good("clip.result()")
    watched.good("clip")
    assert seen == [wanted, wanted and not option]
