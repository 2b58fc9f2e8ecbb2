"""What stands beside the panel, and outlives it: its clips, and the way to those before it."""

from __future__ import annotations

import html
import re
import shutil
import threading

import pytest
from ledger_rows import home_ledger, write
from magic_shell import WIDGET
from panel_parts import ready, saved
from waiting import wait_until

from wan_magic.actions import api
from wan_magic.errors import JobFailed
from wan_magic.jobs.job import Job
from wan_magic.notebook.panel_record import LOOKS
from wan_magic.wan.request import DEFAULT_MODEL

pytestmark = pytest.mark.usefixtures("quick_panel")


def test_its_clips_are_saved_beside_it_without_a_widget(watched, started):
    watched.good("%wanvideo panel mine")
    made = watched.user_ns["mine"]
    assert "<details" not in saved(watched)
    made.choose(DEFAULT_MODEL)
    ready(made)
    for number, counted in enumerate(("1 clip", "2 clips"), 1):
        made.prompt.value = f"take {number}"
        made.generate.click()
        assert saved(watched).startswith("<details")
        assert f"Saved with the notebook: {counted}</summary>" in saved(watched)
        assert saved(watched).count("<video ") == number
    assert WIDGET in watched.shown[0]["data"]
    assert sum(WIDGET in one["data"] for one in watched.shown) == 1, "the form is left alone"


def test_the_way_back_to_a_running_task_is_saved_and_a_failure_is_not(
    watched, monkeypatch, real_job
):
    jobs = []

    def start(request, settings, notes, **_):
        jobs.append(Job(request, endpoint="beijing", notes=notes))
        return jobs[-1]

    monkeypatch.setattr(api, "start", start)
    watched.good("%wanvideo panel mine")
    made = watched.user_ns["mine"]
    for prompt in ("A cat", "A dog"):
        made.prompt.value = prompt
        made.generate.click()
    assert "<details" not in saved(watched)
    jobs[0].update(task_id="0385dc79-1234")
    assert "%wanvideo resume 0385dc79-1234" in saved(watched)
    assert "Saved with the notebook: 1 on the way</summary>" in saved(watched)
    jobs[1].finish(real_job.result(), "done")
    assert "Saved with the notebook: 1 clip · 1 on the way</summary>" in saved(watched)
    jobs[0].finish(JobFailed("no"), "failed")
    assert "Saved with the notebook: 1 clip</summary>" in saved(watched)


def test_beside_it_stands_how_to_go_on_without_this_kernel(watched, started):
    watched.good("%wanvideo panel mine")
    told = "After a restart of the kernel, run this cell for a new panel; the clips stay in"
    assert told in saved(watched)
    watched.user_ns["mine"].prompt.value = "A cat"
    watched.user_ns["mine"].generate.click()
    assert told in saved(watched).partition("</details>")[2], "seen while the clips are folded"


@pytest.fixture
def film(folder, monkeypatch):
    """The running notebook, as a front end names it."""
    path = folder / "my film.ipynb"
    path.touch()
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    return path


@pytest.fixture
def earlier(folder, real_job):
    """Write clips of a notebook into the ledger, and their files into the folder."""

    def write_all(notebook, *names):
        for name in names:
            path = folder / f"{name}.mp4"
            shutil.copy(real_job.result().path, path)
            write(name, path=str(path), bytes=path.stat().st_size, notebook=str(notebook))

    return write_all


def test_a_new_panel_says_where_the_clips_of_this_notebook_are(watched, folder, film, earlier):
    earlier(film, "a", "b")
    earlier("/home/anna/other.ipynb", "c")
    write("gone", path=str(folder / "gone.mp4"), notebook=str(film))
    write("failed", state="failed", notebook=str(film))
    watched.good("%wanvideo panel")
    wait_until(lambda: "2 earlier clips of this notebook: <code " in saved(watched))
    (command,) = re.findall("%wanvideo gallery.*?(?=</code>)", saved(watched))
    gallery = watched.good(html.unescape(command)).value
    assert {one.clip.path.name for one in gallery.items} == {"a.mp4", "b.mp4"}


def test_one_earlier_clip_is_one(watched, film, earlier):
    earlier(film, "a")
    watched.good("%wanvideo panel")
    wait_until(lambda: "1 earlier clip of this notebook: " in saved(watched))


def test_its_own_clips_are_not_earlier_ones(watched, film, earlier):
    watched.good("%wanvideo panel mine")
    looked(watched)
    earlier(film, "a")
    watched.good("mine.show()")
    looked(watched)
    assert "earlier" not in saved(watched)


@pytest.mark.parametrize("case", ["no ledger", "off", "unreadable", "no notebook"])
def test_where_nothing_is_known_of_earlier_clips_nothing_is_said(
    watched, folder, film, earlier, monkeypatch, case
):
    if case != "no ledger":
        earlier(film, "a")
    ledger = home_ledger()
    if case == "off":
        monkeypatch.setenv("WAN_MAGIC_LEDGER", "off")
    if case == "unreadable":
        ledger.close()
        ledger.path.write_bytes(b"no ledger at all" * 100)
    if case == "no notebook":
        earlier(folder, "b")
        monkeypatch.delenv("JPY_SESSION_NAME")
    watched.good("%wanvideo panel")
    looked(watched)
    assert "After a restart" in saved(watched)
    assert "earlier" not in saved(watched)
    assert ledger.path.exists() == (case != "no ledger")


def looked(shell):
    """Wait until nobody looks into the ledger any more."""
    assert shell.shown
    wait_until(lambda: not [one for one in threading.enumerate() if one.name == LOOKS])
