"""Many clips from Python, and what the ledger tells of them, as a user sees it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .held import HeldApi
from .lab import NARROW
from .test_jobs import tasks
from .test_wanvideo import KEY, LOAD, WIDGET, hosted

MAP = """import wan_magic

class Table:  # as much of a DataFrame as is asked of one
    columns = ("prompt", "seed")
    def to_dict(self, how):
        return [{"prompt": "A red kite", "seed": 7.0}, {"prompt": "A kite", "seed": float("nan")}]

kites = wan_magic.map(Table(), model="wanx2.1-t2v-turbo", resolution="480P")"""
CELLS = [LOAD, MAP, "kites", "%wanvideo jobs", "%wanvideo cost model", "%wanvideo config"]
SCROLLS = "(table) => table.parentElement.scrollWidth - table.parentElement.clientWidth"


@pytest.fixture
def held_api():
    """The API whose tasks go on when the test says so."""
    with HeldApi(KEY) as api:
        yield api


def ended(notebook, cell):
    """Return how far the bar of a cell is."""
    return notebook.output(cell, "progress").evaluate("(bar) => [bar.value, bar.max]")


def test_map_has_a_total_that_moves_and_tables_tell_of_it_in_a_narrow_window(
    open_notebook, held_api
):
    notebook = open_notebook(CELLS, env=hosted(held_api))
    notebook.run(0)
    notebook.run(1, timeout=10)  # returns at once
    notebook.wait_for_output(1, text="2 clips: 1 running, 1 queued")
    assert ended(notebook, 1) == [0, 2]
    assert notebook.output(1, "progress").bounding_box()["width"] <= 720, "no wider than a card"
    held_api.let_one_end()
    notebook.wait_for_output(1, text="2 clips: 1 done, 1 running")
    assert ended(notebook, 1) == [1, 2]
    notebook.run(2)
    notebook.wait_for_output(2, selector="[data-tile='1'] video")
    held_api.let_one_end()
    notebook.wait_for_output(1, text="2 clips: 2 done")
    notebook.wait_for_output(2, selector="[data-tile='2'] video")
    notebook.output(1, "progress").wait_for(state="detached")

    notebook.save_static()
    assert notebook.saved_mimetypes() == {"text/html", "text/plain"}
    assert KEY not in notebook.file.read_text("utf-8")
    notebook.close_and_reopen()  # with a fresh kernel
    notebook.wait_for_output(1, text="2 clips: 2 done")
    assert notebook.play_video(2, "[data-tile='1'] video")["duration"] == pytest.approx(5, abs=0.1)
    for cell in range(6):
        notebook.run(cell)
    notebook.wait_for_output(1, text="2 clips: 2 done")
    assert len(tasks(held_api)) == 2, "nothing is paid twice"

    notebook.set_theme("JupyterLab Dark")
    notebook.set_viewport(NARROW)
    notebook.js("() => { jupyterapp.commands.execute('application:toggle-left-area'); }")
    for cell, words in ((3, "unknown"), (4, "price unknown"), (5, "language")):
        table = notebook.reveal(cell).locator("table")
        table.filter(has_text=words).wait_for()
        assert cell == 5 or table.evaluate(SCROLLS) <= 0, "all of it is seen without scrolling"
    notebook.wait_for_output(3, text="A red kite")
    expect(notebook.output(3, "a[href*='.mp4']")).to_have_count(2)
    notebook.save_static()
    assert WIDGET not in notebook.saved_mimetypes()
