"""Many clips from one cell, as a user sees them in JupyterLab; and side by side, later."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import expect

from .held import HeldApi
from .test_wanvideo import CAT, KEY, LOAD, WIDGET, hosted

SWEEP = (
    "%%wanvideo takes --image cat.jpg --model wanx2.1-i2v-turbo -r 480P -d 3 --count 4\nA cat naps"
)
GALLERY = "%load_ext wan_magic\ncats = %wanvideo gallery cat\ncats"


@pytest.fixture
def held_api():
    """The API whose tasks go on when the test says so."""
    with HeldApi(KEY) as api:
        yield api


def test_a_sweep_fills_in_live_one_is_tried_again_and_all_play_later(
    open_notebook, notebook_folder, held_api
):
    shutil.copy(CAT, notebook_folder / "cat.jpg")
    notebook = open_notebook([LOAD, SWEEP, GALLERY], env=hosted(held_api))
    notebook.run(0)
    notebook.run(1, timeout=10)
    notebook.wait_for_output(1, selector="[data-state=running]")
    held_api.let_one_fail()
    notebook.wait_for_output(1, selector="[data-state=failed]")
    held_api.let_one_end()
    notebook.wait_for_output(1, selector="video")  # the others still wait
    notebook.wait_for_output(1, text="1 failed")
    notebook.click(1, ".wan-magic-retry")
    notebook.wait_for_output(1, text="1 done, 1 running, 2 queued")
    for _ in range(3):
        held_api.let_one_end()
    notebook.wait_for_output(1, text="4 done")
    expect(notebook.output(1, "video")).to_have_count(4)

    notebook.save_static(1)
    assert notebook.saved_mimetypes(1) == {"text/html", "text/plain"}
    assert KEY not in notebook.file.read_text("utf-8")
    notebook.close_and_reopen()  # with a fresh kernel
    state = notebook.play_video(1, "[data-tile='3'] video")
    assert state["duration"] == pytest.approx(3, abs=0.1)

    notebook.run(2)
    notebook.wait_for_output(2, text="cat · 4 clips")
    notebook.click(2, "button:has-text('Play all')")
    notebook.wait_js(
        "() => { const all = [...document.querySelectorAll('video[autoplay]')];"
        " return all.length == 4 && all.every(v => v.muted)"
        " && all.filter(v => v.currentTime > 0).length > 1; }",  # those in view, says Chromium
        what="the clips play together, muted",
    )
    notebook.click(2, "button:text-is('2')")
    notebook.wait_for_output(2, text="PICKED")
    picked = notebook.run_code("print([cats.index(clip) for clip in cats.picked])").cell
    assert notebook.printed(picked).strip() == "[1]"
    notebook.click(2, "button:has-text('Done')")
    notebook.save_static(2)
    notebook.wait_for_output(2, text="PICKED")
    assert WIDGET not in notebook.saved_mimetypes(2)
    assert "autoplay" not in notebook.file.read_text("utf-8")
