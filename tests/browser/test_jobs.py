"""Nothing paid is lost, nothing is paid twice: as a user sees it in JupyterLab."""

from __future__ import annotations

import pytest

from wan_magic.wan.client import WanClient
from wan_magic.wan.endpoints import Endpoint

from .held import HeldApi
from .test_wanvideo import KEY, LOAD, hosted

SHOT = "%%wanvideo {} --model wanx2.1-t2v-turbo -r 480P\n{}"
BOAT = SHOT.format("boat", "A paper boat in the rain")


@pytest.fixture
def held_api():
    """The API whose tasks go on when the test says so."""
    with HeldApi(KEY) as api:
        yield api


def tasks(api):
    return WanClient(Endpoint("api", api.base_url, KEY)).list_tasks(page_size=100)


def test_after_a_restart_one_line_says_what_is_left_and_resume_brings_it_back(
    open_notebook, held_api
):
    notebook = open_notebook([LOAD, BOAT, "%wanvideo resume"], env=hosted(held_api))
    notebook.run(0)
    assert notebook.outputs(0) == [], "nothing is out there, and nothing is said"
    notebook.run(1)
    notebook.wait_for_output(1, selector="[data-state=running]")
    notebook.restart_kernel()
    notebook.run(0)
    notebook.wait_for_output(0, text="1 job is still out there")
    assert "%wanvideo resume" in notebook.output_text(0)
    assert len(notebook.output_text(0).strip().splitlines()) == 1
    notebook.run(2)
    notebook.wait_for_output(2, selector="[data-state=running]")
    notebook.wait_for_output(2, text="A paper boat in the rain")
    held_api.let_one_end()
    notebook.wait_for_output(2, selector="video")
    assert len(tasks(held_api)) == 1
    listed = notebook.run_code("%wanvideo jobs").cell
    notebook.wait_for_output(listed, selector="table", text="A paper boat in the rain")
    cost = notebook.run_code("%wanvideo cost").cell
    notebook.wait_for_output(cost, text="price unknown")


def test_running_all_again_after_a_restart_joins_what_runs_and_shows_what_is_done(
    open_notebook, held_api
):
    notebook = open_notebook([LOAD, BOAT], env=hosted(held_api))
    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, selector="[data-state=running]")
    notebook.restart_kernel()
    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, selector="[data-state=running]")
    held_api.let_one_end()
    notebook.wait_for_output(1, selector="video")
    notebook.restart_kernel()
    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, text="from your library, 0.00")
    assert notebook.play_video(1)["duration"] == pytest.approx(5, abs=0.05)
    assert len(tasks(held_api)) == 1


def test_two_notebooks_share_one_job(open_notebook, held_api):
    first = open_notebook([LOAD, BOAT], env=hosted(held_api))
    second = open_notebook([LOAD, BOAT], env=hosted(held_api), name="other.ipynb")
    first.run(0)
    first.run(1)
    first.wait_for_output(1, selector="[data-state=running]")
    second.run(0)
    second.run(1)
    second.wait_for_output(1, text="test.ipynb takes care of it")
    held_api.let_one_end()
    first.wait_for_output(1, selector="video")
    second.wait_for_output(1, selector="video")
    assert len(tasks(held_api)) == 1


def test_what_is_over_the_limits_waits_visibly_and_can_be_cancelled_for_nothing(
    open_notebook, held_api, tmp_path
):
    config = tmp_path / "config.toml"
    config.write_text(f'[endpoints.small]\nbase = "{held_api.base_url}"\nconcurrent = 1\n')
    env = {
        "WAN_MAGIC_CONFIG": str(config),
        "WAN_MAGIC_ENDPOINT": "small",
        "DASHSCOPE_API_KEY": KEY,
    }
    cells = [LOAD, *(SHOT.format(f"shot{n}", f"Shot {n}") for n in range(3))]
    notebook = open_notebook(cells, env=env)
    for cell in range(4):
        notebook.run(cell)
    notebook.wait_for_output(1, selector="[data-state=running]")
    notebook.wait_for_output(2, selector="[data-state=waiting]")
    notebook.wait_for_output(3, text="1 before this one")
    notebook.click(3, ".wan-magic-cancel")
    notebook.wait_for_output(3, text="nothing is paid")
    held_api.let_one_end()
    notebook.wait_for_output(1, selector="video")
    notebook.wait_for_output(2, selector="[data-state=running]")
    assert len(tasks(held_api)) == 2


LISTEN = """() => {
  window.told = [];
  window.Notification = class {
    constructor(title, options) { window.told.push([title, options.body]); }
    static get permission() { return "granted"; }
  };
  document.hasFocus = () => false;  // as if the user looked elsewhere
}"""


def test_a_failure_is_told_and_one_click_makes_one_new_job(open_notebook, held_api):
    notebook = open_notebook([LOAD, BOAT.replace("boat", "boat --notify", 1)], env=hosted(held_api))
    notebook.js(LISTEN)
    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, selector="[data-state=running]")
    held_api.let_one_fail()
    notebook.wait_for_output(1, selector="button:has-text('Try again')")
    assert "FAILED" in notebook.output_text(1)
    notebook.wait_js("window.told.length", what="a notification")
    assert notebook.js("window.told") == [["There is no clip", "A paper boat in the rain"]]
    notebook.save_static(1)
    assert notebook.saved_mimetypes(1) == {"text/html", "text/plain"}
    assert len(tasks(held_api)) == 1
    notebook.reveal(0)  # another cell is the active one: the click is into the card's
    notebook.click(1, "button:has-text('Try again')")
    notebook.wait_for_output(1, selector="[data-state=running]")
    held_api.let_one_end()
    notebook.wait_for_output(1, selector="video", timeout=60)
    assert len(tasks(held_api)) == 2
    notebook.wait_js("window.told.length > 1", what="another notification")
    assert [title for title, _ in notebook.js("window.told")] == [
        "There is no clip",
        "The clip is there",
    ]
