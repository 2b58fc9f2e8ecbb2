"""What we show can be used by everybody: axe-core looks at it, in light and dark."""

from __future__ import annotations

import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe

from .held import HeldApi
from .test_wanvideo import CAT, CLIP, KEY, LOAD, hosted

FAILED = "%%wanvideo failed --model wanx2.1-t2v-turbo -r 480P\nA boat that sinks"
DONE = "%%wanvideo done --endpoint local --model wanx2.1-t2v-turbo -r 480P --wait\nA boat at sea"
SWEEP = (
    "%%wanvideo takes --endpoint local --model wanx2.1-t2v-turbo -r 480P --count 2 --wait\nA boat"
)
CELLS = [
    LOAD,
    FAILED,
    CLIP,
    DONE,
    SWEEP,
    "%wanvideo panel",
    "import wan_magic\nwan_magic.gallery()",
    "%wanvideo jobs",
]
SHOWN = {
    1: "FAILED",
    2: "[data-state=running]",
    3: "video",
    4: "video >> nth=1",
    5: ".wan-magic-panel",
    6: "video",
    7: "table",
}
"""What stands in each cell's output when it is ready."""


@pytest.fixture
def held_api():
    with HeldApi(KEY) as api:
        yield api


def looked_at(notebook):
    """Return what axe-core finds within the outputs, once it sees their texts."""
    # JupyterLab's body has no height and hides what overflows it: axe would see no text at all.
    notebook.js("() => { document.body.style.height = '100vh'; }")
    for _ in range(20):
        found = (
            Axe()
            .run(
                notebook.page,
                context=".jp-OutputArea-output",
                # Of the front end's own: where its landmarks are, and the order of its headings.
                options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
            )
            .response
        )
        texts = [one["nodes"] for one in found["passes"] if one["id"] == "color-contrast"]
        if texts and len(texts[0]) > 40:
            return found
        notebook.page.wait_for_timeout(500)  # the page is hidden while its theme changes
    raise AssertionError(f"axe-core saw no texts: {texts}")


def violations(notebook):
    """Return what axe-core calls serious or worse, and where."""
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]} {node.get('failureSummary', '')}"
        for one in looked_at(notebook)["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def test_axe_finds_nothing_serious_in_card_player_sweep_panel_gallery_and_jobs(
    open_notebook, notebook_folder, held_api
):
    shutil.copy(CAT, notebook_folder / "cat.jpg")
    notebook = open_notebook(CELLS, env=hosted(held_api), viewport=(1280, 4000))
    for cell in range(len(CELLS)):
        notebook.run(cell)
        if cell == 1:
            held_api.let_one_fail()
            notebook.wait_for_output(1, text="FAILED")
        elif cell > 1:
            notebook.wait_for_output(cell, selector=SHOWN[cell])
    assert violations(notebook) == []
    notebook.set_theme("JupyterLab Dark")
    assert violations(notebook) == []
