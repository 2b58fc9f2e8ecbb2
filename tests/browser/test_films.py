"""From a clip to frames, takes, next shots and a film, as a user sees it in JupyterLab."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from .test_wanvideo import LOAD, WIDGET

SMALL = 'small = {"model": "wan3.0-video", "resolution": "480P", "duration": 2, "ratio": "16:9"}'
BOARD = f"""import wan_magic
{SMALL}
board = wan_magic.storyboard(["A paper boat", {{"prompt": "It sinks", "duration": 3}}], **small)"""
FILM = 'film = board.concat("wan_videos/boat.mp4")\nfilm'
FRAMES = "from IPython.display import display\ndisplay(first.last_frame(), first.frame(1.5))"
SAID = 'print(first.save("kept/").name, first.cost)\nprint(first.to_json())'
TALL = (1280, 6000)  # all cells are in view: those far away would not be there
CELLS = [
    LOAD,
    BOARD,
    FILM,
    f"first = board[0]\n{FRAMES}\nfirst.thumbnail",
    SAID,
    "first.again()",
    "first.variants(2)",
    'first.extend("It floats again")',
]
ARE_LOADED = "(all) => all.every((one) => one.complete && one.naturalWidth)"
SIZES = "(all) => all.map((one) => [one.naturalWidth, one.naturalHeight])"


def pictures(notebook, cell):
    """Return how large the pictures of a cell are, in pixels, once all are loaded."""
    found = notebook.output(cell, "img")
    found.last.wait_for()
    notebook.wait_js(ARE_LOADED, what=f"the pictures of cell {cell}", arg=found.element_handles())
    return found.evaluate_all(SIZES)


def test_a_storyboard_becomes_a_film_and_a_clip_frames_takes_and_a_next_shot(open_notebook):
    notebook = open_notebook(CELLS, viewport=TALL)
    for cell in range(8):
        notebook.run(cell)
    notebook.wait_for_output(1, text="2 shots to make: free (the hosted API: about ")
    shots = notebook.output(1, "video")
    expect(shots).to_have_count(2)
    assert [notebook.play_video(1, f"video >> nth={at}")["duration"] for at in (0, 1)] == [
        pytest.approx(2, abs=0.1),
        pytest.approx(3, abs=0.1),
    ]
    film = notebook.play_video(2)
    assert film["duration"] == pytest.approx(5, abs=0.2)
    notebook.wait_for_output(2, text="a film of 2 clips")
    frames = pictures(notebook, 3)
    assert frames[:2] == [[film["videoWidth"], film["videoHeight"]]] * 2
    assert frames[2][0] == 320
    kept, said = notebook.printed(4).split("\n", 1)
    assert (notebook.file.parent / "kept" / kept.split()[0]).exists()
    assert json.loads(said)["request"]["input"]["prompt"] == "A paper boat"
    notebook.wait_for_output(5, text="from your library, 0.00")
    notebook.wait_for_output(6, text="2 clips: 2 done")
    notebook.wait_for_output(7, selector="video")
    assert "from your library" not in notebook.output_text(6) + notebook.output_text(7)

    notebook.save_static()
    assert WIDGET not in notebook.saved_mimetypes()
    assert "Signature=" not in notebook.file.read_text("utf-8")
    notebook.close_and_reopen()  # with a fresh kernel
    assert notebook.play_video(2)["duration"] == film["duration"]
    assert pictures(notebook, 3) == frames
    for cell, number in ((1, 2), (5, 1), (6, 2), (7, 1)):
        expect(notebook.output(cell, "video")).to_have_count(number)
    assert notebook.play_video(6, "[data-tile='2'] video")["duration"] == pytest.approx(2, abs=0.1)
