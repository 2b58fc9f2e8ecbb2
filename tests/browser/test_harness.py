"""The harness itself, proven with cells that need nothing of this package."""

from __future__ import annotations

import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_output

from .clips import make_clip
from .lab import (
    CellFailed,
    export_html,
    open_html,
    play_video,
    static_server,
    video_state,
    write_notebook,
)

WIDGETS = """
import threading, time
import ipywidgets
from IPython.display import display
label = ipywidgets.HTML("start")
button = ipywidgets.Button(description="Press")
button.on_click(lambda _: setattr(label, "value", "pressed"))
display(ipywidgets.VBox([label, button]))
"""

TICKING = """
def tick():
    for count in range(200):
        label.value = f"tick {count}"
        time.sleep(0.05)
threading.Thread(target=tick, daemon=True).start()
"""

VIDEO = """
from IPython.display import HTML
HTML('<video src="clips/one.mp4" controls preload="metadata" width="320"></video>')
"""


def assert_plays(state, sound=True):
    assert state["currentTime"] > 0
    assert (state["videoWidth"], state["videoHeight"]) == (320, 180)
    assert state["duration"] == pytest.approx(1, abs=0.1)
    assert (state["audioBytes"] > 0) == sound  # counted when muted, too


def test_cells_run(open_notebook, tmp_path):
    notebook = open_notebook(
        ["print(6 * 7)", "1 / 0", "import os; print(os.environ['GREETING'], os.getcwd())"],
        env={"GREETING": "hello"},
    )
    notebook.run(0, keyboard=True)
    assert notebook.printed(0).strip() == "42"
    with pytest.raises(CellFailed, match="ZeroDivisionError"):
        notebook.run(1)
    notebook.run(1, check=False)
    notebook.run(2)
    notebook.wait_for_output(2, text="hello")
    assert str(notebook.file.parent) in notebook.printed(2)
    added = notebook.run_code("import wan_magic; print(wan_magic.__name__)")
    assert added.cell == 3
    assert notebook.printed(3).strip() == "wan_magic"

    # A late cell of a long notebook is reached too, and the stop button works.
    for count in range(30):
        notebook.append(f"# {count}\n\n\n")
    last = notebook.append("import time\nprint('go', flush=True)\ntime.sleep(60)")
    run = notebook.run(last, wait=False)
    notebook.wait_for_output(last, text="go")
    assert not run.done()
    assert not notebook.is_idle()
    notebook.interrupt()
    run.wait(check=False)
    notebook.wait_for_output(last, text="KeyboardInterrupt")
    notebook.reveal(0).wait_for()
    assert notebook.screenshot(tmp_path / "shots" / "all.png").stat().st_size > 1000
    assert notebook.screenshot(tmp_path / "cell.png", cell=0).stat().st_size > 500


@pytest.mark.parametrize(("ui", "kernel"), [("lab", "k7"), ("notebook", "k6")])
def test_widgets_live(open_notebook, ui, kernel):
    notebook = open_notebook([WIDGETS, TICKING, "time.sleep(30)"], ui=ui, kernel=kernel)
    version = notebook.run_code("import ipykernel; print(ipykernel.__version__)").cell
    assert notebook.printed(version).startswith({"k6": "6.31.0", "k7": "7."}[kernel])

    notebook.run(0)
    notebook.wait_for_output(0, text="start")
    notebook.click(0, "button:has-text('Press')")
    notebook.wait_for_output(0, text="pressed")

    notebook.run(1)
    busy = notebook.run(2, wait=False)
    seen = notebook.wait_for_output(0, text="tick").inner_text()
    notebook.wait_js("(old) => !document.body.innerText.includes(old)", arg=seen.splitlines()[0])
    assert not busy.done()
    notebook.interrupt()
    busy.wait(check=False)

    if ui == "notebook":
        return
    # The kernel outlives a reload, and so does the widget, when the notebook was saved.
    notebook.save()
    notebook.reload()
    notebook.wait_for_output(0, text="tick")
    notebook.run_code("kept = 1")
    notebook.restart_kernel()
    asked = notebook.run_code("print('kept' in globals())").cell
    assert notebook.printed(asked).strip() == "False"
    notebook.close_and_reopen(kernel=None)
    notebook.wait_for_output(0, text="model not found")


@pytest.mark.parametrize("ui", ["lab", "notebook"])
def test_video_saved_untrusted_and_dark(open_notebook, notebook_folder, server, ui):
    make_clip(notebook_folder / "a b" / "clips" / "one.mp4")
    notebook = open_notebook([VIDEO], ui=ui, name="a b/video.ipynb")
    notebook.run(0)
    notebook.wait_for_output(0, selector="video")
    assert_plays(notebook.play_video(0))
    notebook.save()
    assert notebook.saved_mimetypes() == {"text/html", "text/plain"}
    assert "one.mp4" in notebook.saved_outputs(0)[0]["data"]["text/html"]

    if ui == "notebook":
        return
    notebook.close_and_reopen(kernel=None)
    assert notebook.is_trusted()
    notebook.wait_for_output(0, selector="video")
    assert_plays(notebook.play_video(0, by="click"))

    notebook.untrust(kernel=None)
    assert not notebook.is_trusted()
    state = notebook.play_video(0, muted=True)
    assert state["muted"]
    assert_plays(state)
    notebook.trust()
    signed = NotebookNotary(data_dir=str(server.base / "data")).check_signature
    assert signed(notebook.saved_notebook())

    light = notebook.js("getComputedStyle(document.body).getPropertyValue('--jp-layout-color1')")
    notebook.set_theme("JupyterLab Dark").set_viewport((640, 800))
    dark = notebook.js("getComputedStyle(document.body).getPropertyValue('--jp-layout-color1')")
    assert dark != light
    assert notebook.js("innerWidth") == 640


def test_dialogs_and_what_a_failed_wait_says(open_notebook):
    notebook = open_notebook(["print('something else')"])
    assert notebook.theme() == "JupyterLab Light"  # whatever another test did
    assert notebook.dialog() is None
    notebook.run(0)
    with pytest.raises(AssertionError, match=r"cell 0 shows hello(.|\n)*something else"):
        notebook.wait_for_output(0, text="hello", timeout=0.2)

    notebook.js("() => { jupyterapp.commands.execute('notebook:restart-kernel'); }")
    notebook.wait_js("document.querySelector('.jp-Dialog')")
    assert "Restart Kernel" in notebook.dialog()
    with pytest.raises(AssertionError, match="Restart Kernel"):
        notebook.wait_js("false", timeout=0.2)
    assert len(notebook.dismiss_dialogs()) == 1
    assert notebook.dialog() is None
    assert notebook.output_text(0).strip() == "something else"


def test_html_export(context, server, notebook_folder):
    make_clip(notebook_folder / "clips" / "one.mp4", sound=False)
    html = '<video src="clips/one.mp4" controls></video>'
    cell = new_code_cell("1", outputs=[new_output("display_data", {"text/html": html})])
    page = export_html(server, write_notebook(notebook_folder, [cell]))
    with static_server(page.parent) as url:
        for address in (None, f"{url}/{page.name}"):
            shown = open_html(context, page, url=address)
            video = shown.locator("video")
            assert_plays(play_video(video), sound=False)
            assert video_state(video)["src"].startswith(url if address else "file:")
            shown.close()
