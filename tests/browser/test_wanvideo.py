"""`%%wanvideo` as its users see it, in JupyterLab and Notebook 7, on ipykernel 7 and 6."""

from __future__ import annotations

import base64
import itertools
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from wan_magic.server import Server, ServerOptions

from .held import HeldApi
from .lab import NARROW, export_html, open_html, play_video

CAT = Path(__file__).parents[2] / "notebooks" / "cat.jpg"
KEY = "sk-browser-tests-0123456789"
WIDGET = "application/vnd.jupyter.widget-view+json"
LOAD = "%load_ext wan_magic"
CLIP = (
    "%%wanvideo clip --image cat.jpg --resolution 480P --duration 5 --seed 7\n"
    "A cat runs through tall grass, the camera follows low."
)
SHORT = "%%wanvideo {} --image cat.jpg --model wanx2.1-i2v-turbo -r 480P -d 3\nA cat naps"
BUSY = "import time\ntime.sleep(120)"
CANCEL = ".wan-magic-cancel"


@pytest.fixture
def held_api():
    """The API whose tasks go on when the test says so, however slow the machine is."""
    with HeldApi(KEY) as api:
        yield api


@pytest.fixture(scope="module")
def busy_api():
    """The API on a busy day: nothing leaves the queue while a test lasts."""
    with Server(ServerOptions(token=KEY, queue_seconds=3600)) as api:
        yield api


def hosted(api):
    """The environment of a user with a key, whose endpoint is `api`."""
    return {"DASHSCOPE_HTTP_BASE_URL": api.base_url, "DASHSCOPE_API_KEY": KEY}


@pytest.fixture
def cat(notebook_folder):
    shutil.copy(CAT, notebook_folder / "cat.jpg")


def assert_plays_the_clip(state):
    assert state["currentTime"] > 0
    assert (state["videoWidth"], state["videoHeight"]) == (832, 464)
    assert state["duration"] == pytest.approx(5, abs=0.05)
    assert state["audioBytes"] > 0
    assert state["error"] is None


@pytest.mark.usefixtures("cat")
@pytest.mark.parametrize(("ui", "kernel"), [("lab", "k7"), ("notebook", "k7")])
def test_one_cell_becomes_a_player_that_outlives_its_kernel(
    open_notebook, context, server, held_api, ui, kernel, tmp_path
):
    cells = [LOAD, CLIP, BUSY]
    held_api.fill()
    notebook = open_notebook(cells, kernel=kernel, ui=ui, env=hosted(held_api))
    notebook.run(0)
    notebook.run(1, timeout=5)  # returns at once, the clip takes longer
    bound = notebook.run_code("print(type(clip).__name__, clip.done())").cell
    assert notebook.printed(bound).strip() == "Job False"

    busy = notebook.run(2, wait=False)
    notebook.reveal(1)
    notebook.wait_for_output(1, selector="[data-state=queued]")
    notebook.wait_for_output(1, text="estimate")
    notebook.wait_for_output(1, selector="img[alt='first frame']")
    held_api.let_one_end()
    notebook.wait_for_output(1, selector="[data-state=running]")
    notebook.wait_for_output(1, text="seed 7")
    notebook.wait_for_output(1, text="price unknown")  # of an endpoint that nobody knows
    held_api.let_one_end()
    notebook.wait_for_output(1, selector="video")
    assert not busy.done()  # all of this while another cell ran
    assert_plays_the_clip(notebook.play_video(1))
    notebook.interrupt()
    busy.wait(check=False)
    named = notebook.run_code("print(clip.result().path.name, clip.result().seed)").cell
    file = notebook.printed(named).split()[0]
    assert (notebook.file.parent / "wan_videos" / file).exists()
    awaited = notebook.run_code("print((await clip).width)").cell
    assert notebook.printed(awaited).strip() == "832"
    within = notebook.run_code("%wanvideo show clip --embed embed").cell
    notebook.wait_for_output(within, selector="video[src^='data:video/mp4']")

    notebook.save_static()
    assert WIDGET not in notebook.saved_mimetypes()
    assert KEY not in notebook.file.read_text("utf-8")
    assert "Signature=" not in notebook.file.read_text("utf-8")
    notebook.close_and_reopen()  # with a fresh kernel
    assert notebook.is_trusted()
    assert_plays_the_clip(notebook.play_video(1, by="click"))
    notebook.untrust(kernel=None)
    assert not notebook.is_trusted()
    assert_plays_the_clip(notebook.play_video(1))
    # Beside its folder an export plays the file, anywhere else what is embedded.
    target = None if ui == "lab" else tmp_path
    page = open_html(context, export_html(server, notebook.file, target=target))
    assert_plays_the_clip(play_video(page.locator("video").nth(1 if target else 0)))
    page.close()


@pytest.mark.usefixtures("cat")
@pytest.mark.parametrize(("ui", "kernel"), [("lab", "k7"), ("lab", "k6"), ("notebook", "k7")])
def test_after_a_reload_the_card_is_alive_and_becomes_the_player(
    open_notebook, held_api, ui, kernel
):
    notebook = open_notebook([LOAD, CLIP], kernel=kernel, ui=ui, env=hosted(held_api))
    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, selector="[data-state]")
    notebook.save()
    notebook.reload()
    notebook.wait_for_output(1, selector="[data-state=running]")
    held_api.let_one_end()
    notebook.wait_for_output(1, selector="video")
    assert_plays_the_clip(notebook.play_video(1))


@pytest.mark.usefixtures("cat")
@pytest.mark.parametrize("kernel", ["k7", "k6"])
def test_cancel_ends_a_task_that_waits(open_notebook, busy_api, kernel):
    notebook = open_notebook([LOAD, CLIP], kernel=kernel, env=hosted(busy_api))
    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, selector="[data-state=queued]")
    notebook.click(1, CANCEL)
    notebook.wait_for_output(1, text="CANCELLED")
    notebook.wait_for_output(1, text="nothing is paid")
    notebook.save_static()
    assert WIDGET not in notebook.saved_mimetypes()
    failed = notebook.run_code("clip.result()", check=False).cell
    notebook.wait_for_output(failed, text="JobCancelled")
    assert "Traceback" not in notebook.output_text(failed)


@pytest.mark.usefixtures("cat")
@pytest.mark.parametrize("kernel", ["k7"])
def test_a_running_task_is_not_said_to_be_cancelled_and_can_be_picked_up_again(
    open_notebook, held_api, kernel
):
    cells = [LOAD, SHORT.format("clip"), "print(clip.task_id)"]
    notebook = open_notebook(cells, kernel=kernel, env=hosted(held_api))
    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, selector="[data-state=running]")
    notebook.click(1, CANCEL)
    notebook.wait_for_output(1, text="goes on and is billed")
    notebook.click(1, f"{CANCEL}:has-text('Stop watching')")
    notebook.wait_for_output(1, text="NOT WATCHED")
    notebook.run(2)
    task = notebook.printed(2).strip()
    notebook.wait_for_output(1, text=f"%wanvideo resume {task}")
    back = notebook.run_code(f"%wanvideo resume {task}").cell
    for cell in (1, back):  # the old card is of the same job: it lives again
        notebook.wait_for_output(cell, selector="[data-state=running]")
    held_api.let_one_end()
    for cell in (1, back):
        notebook.wait_for_output(cell, selector="video")
        notebook.wait_for_output(cell, text="A cat naps")
    assert "NOT WATCHED" not in notebook.output_text(1)
    notebook.wait_for_output(back, text="wanx2.1-i2v-turbo")
    said = notebook.run_code("print(clip.state)").cell
    assert notebook.printed(said).strip() == "done"


@pytest.mark.usefixtures("cat")
def test_a_waiting_cell_is_interrupted_without_harm_to_its_job(open_notebook, held_api):
    waiting = SHORT.format("clip --wait")
    notebook = open_notebook([LOAD, waiting], env=hosted(held_api))
    notebook.run(0)
    run = notebook.run(1, wait=False)
    notebook.wait_for_output(1, selector="[data-state=running]")
    notebook.interrupt()
    run.wait(check=False)
    notebook.wait_for_output(1, text="this cell no longer waits")
    assert "Traceback" not in notebook.output_text(1)
    held_api.let_one_end()
    notebook.wait_for_output(1, selector="video")


def test_errors_read_well_and_failures_become_a_clear_card(open_notebook, notebook_folder, cat):
    shutil.copy(CAT, notebook_folder / "dog.jpg")
    cells = [
        LOAD,
        "%%wanvideo x --image cta.jpg\nhello",
        "%%wanvideo x --image cat.jpg --resolution 360P\nhello",
        "%%wanvideo gone --image http://127.0.0.1:9/x.png\nA cat <img src=x onerror=alert(1)>",
    ]
    notebook = open_notebook(cells)  # no key: the embedded preview server
    notebook.run(0)
    for cell, words in ((1, "cat.jpg"), (2, "480P, 720P, 1080P")):
        notebook.run(cell, check=False)
        notebook.wait_for_output(cell, text="InputError")
        assert words in notebook.output_text(cell)
        assert "Traceback" not in notebook.output_text(cell)
    notebook.run(3)
    notebook.wait_for_output(3, text="FAILED")
    shown = notebook.output_text(3)
    assert "InvalidParameter.DataInspection" in shown
    assert "request" in shown
    assert "A cat <img src=x" in shown  # as text
    raised = notebook.run_code("gone.result()", check=False).cell
    notebook.wait_for_output(raised, text="JobFailed")
    notebook.save_static()
    assert WIDGET not in notebook.saved_mimetypes()


_DROP = """([data, name, bytes]) => {
  const zone = [...document.querySelectorAll(".wan-magic-drop")].find((one) => one.offsetParent);
  const content = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([content, new Uint8Array(bytes)], name));
  const how = { dataTransfer: files, bubbles: true, cancelable: true };
  for (const kind of ["dragover", "drop"]) zone.firstChild.dispatchEvent(new DragEvent(kind, how));
}"""


_BESIDE = """() => {
  const zone = [...document.querySelectorAll(".wan-magic-drop")].find((one) => one.offsetParent);
  const prompt = document.querySelector(".wan-magic-panel textarea");
  const sent = (place, kind) => {
    const files = { types: ["Files"], files: [], dropEffect: "copy" };
    const event = new DragEvent(kind, { bubbles: true, cancelable: true });
    Object.defineProperty(event, "dataTransfer", { value: files });
    place.dispatchEvent(event);
    return [kind, event.defaultPrevented, files.dropEffect];
  };
  const over = sent(zone.firstChild, "dragover");
  const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(zone);
  sent(zone.firstChild, "dragleave");
  return {
    over,
    outline: [outlineStyle, parseFloat(outlineWidth) + parseFloat(outlineOffset)],
    left: getComputedStyle(zone).outlineStyle,
    beside: ["dragover", "drop"].map((kind) => sent(prompt, kind)),
  };
}"""


def drop(notebook, name, data=b"", more=0):
    """Drop a file on the panel's first button: what a browser does with one from the desktop."""
    notebook.wait_js("document.querySelector('[data-wan-magic-drop=on]')")
    notebook.js(_DROP, [base64.b64encode(data).decode(), name, more])


@pytest.mark.parametrize(("ui", "kernel"), [("lab", "k7"), ("lab", "k6")])
def test_the_panel_makes_a_clip_by_clicks_alone(open_notebook, ui, kernel):
    notebook = open_notebook([LOAD, "%wanvideo panel"], kernel=kernel, ui=ui)
    notebook.run(0)
    notebook.run(1)
    panel = notebook.wait_for_output(1, selector=".wan-magic-panel")
    panel.get_by_role("button", name="Generate").click()
    notebook.wait_for_output(1, text="the prompt is empty")

    panel.get_by_label("Prompt", exact=True).fill("A cat leaps over a brook")
    panel.get_by_label("Make", exact=True).select_option("Picture to video")
    choose = panel.get_by_role("button", name="Choose a picture")
    choose.wait_for()
    drop(notebook, "huge.png", more=12_000_000)
    notebook.wait_for_output(1, text="huge.png: more than 9 MB don't come through")
    assert notebook.js(_BESIDE) == {
        "over": ["dragover", True, "copy"],
        "outline": ["dashed", 0],  # nothing of it sticks out, where the boxes around would hide it
        "left": "none",
        "beside": [["dragover", True, "none"], ["drop", True, "copy"]],  # no other page opens
    }
    if kernel == "k6":
        drop(notebook, "cat.jpg", CAT.read_bytes())
    else:
        with notebook.page.expect_file_chooser() as chooser:
            choose.click()
        chooser.value.set_files(CAT)
    notebook.wait_for_output(1, selector="img[alt='First frame']")
    notebook.wait_for_output(1, text="cat.jpg · 1280×720")
    panel.get_by_role("button", name="More options").click()
    panel.get_by_role("button", name="Choose a sound").wait_for()
    panel.get_by_label("Model", exact=True).select_option(
        "wanx2.1-i2v-turbo · 3–5 s · 720P · silent"
    )
    # Only what this model takes: no sound, no shot type, its own seconds.
    panel.get_by_role("button", name="Choose a sound").wait_for(state="detached")
    panel.get_by_label("Shot type").wait_for(state="detached")
    seconds = panel.get_by_label("Duration").locator("option")
    expect(seconds).to_have_text(["default (5 s)", "3 s", "4 s", "5 s"])
    panel.get_by_label("Duration").select_option("3 s")
    panel.get_by_label("Resolution").select_option("480P")
    notebook.wait_for_output(1, text="0.72 CNY")
    panel.get_by_role("button", name="Generate").click()
    notebook.wait_for_output(1, selector="video")
    state = notebook.play_video(1)
    assert (state["videoWidth"], state["videoHeight"]) == (832, 464)
    assert state["duration"] == pytest.approx(3, abs=0.05)

    panel.get_by_role("button", name="Insert as cell").click()
    notebook.output(1).get_by_text("Insert it below").click()
    notebook.wait_js("harness.panel().content.widgets.length === 3")
    notebook.run(2)  # the very same request: its clip is in the library
    notebook.wait_for_output(2, selector="video")
    notebook.wait_for_output(2, text="from your library")

    notebook.wait_js("JSON.stringify(harness.outputs(1)[1] || 0).includes('<video ')")
    notebook.save()
    _, beside = notebook.saved_outputs(1)
    assert WIDGET not in beside["data"]
    assert "<video " in "".join(beside["data"]["text/html"])
    notebook.reload()
    panel = notebook.wait_for_output(1, selector=".wan-magic-panel")
    expect(panel.get_by_label("Prompt", exact=True)).to_have_value("A cat leaps over a brook")
    notebook.play_video(1, ".wan-magic-panel video")
    use = panel.get_by_role("button", name="Use last frame")
    use.hover()
    before = use.bounding_box()["y"]
    use.click()
    notebook.wait_for_output(1, text="-last.png")
    told = panel.get_by_role("status").filter(has_text="The last frame is the first frame now")
    expect(told).to_have_count(2)  # in the form, and where it was clicked
    notebook.wait_js(
        "([one, before]) => Math.abs(one.getBoundingClientRect().top - before) < 3",
        what="the button under the mouse",
        arg=[use.element_handle(), before],
    )


def test_the_panel_offers_the_inputs_of_each_model(open_notebook):
    notebook = open_notebook([LOAD, "%wanvideo panel"])
    notebook.run(0)
    notebook.run(1)
    panel = notebook.wait_for_output(1, selector=".wan-magic-panel")
    kind = panel.get_by_label("Make", exact=True)
    kind.select_option("Motion transfer")
    panel.get_by_label("Video", exact=True).wait_for()
    panel.get_by_label("Prompt", exact=True).wait_for(state="hidden")
    panel.get_by_label("Mode", exact=True).wait_for()
    kind.select_option("References to video")
    panel.get_by_role("button", name="Choose pictures").wait_for()
    panel.get_by_label("Model", exact=True).select_option(
        "wan2.7-r2v · 2–15 s · 1080P · with sound"
    )
    panel.get_by_label("Prompt", exact=True).fill("Image 1 waits, Image 2 runs")
    with notebook.page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="Choose pictures").click()
    chooser.value.set_files([CAT, CAT])
    notebook.wait_for_output(1, text="cat.jpg · 1280×720")
    panel.locator("img[alt='References']").nth(1).wait_for()
    panel.get_by_label("Duration").select_option("2 s")
    panel.get_by_label("Resolution").select_option("720P")
    notebook.wait_for_output(1, text="1.20 CNY")
    panel.get_by_role("button", name="Generate").click()
    notebook.wait_for_output(1, selector="video")
    state = notebook.play_video(1)
    assert (state["videoWidth"], state["videoHeight"]) == (1280, 720)


def test_a_clip_is_uploaded_and_continued(open_notebook):
    first = "%%wanvideo first --model 2.7 -r 720P -d 2 --seed 1\nA boat leaves the harbour"
    longer = "%%wanvideo longer --clip first --model 2.7 -r 720P -d 3 --seed 1\nIt is far out"
    notebook = open_notebook([LOAD, first, longer])
    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, selector="video")
    notebook.run(2)
    notebook.wait_for_output(2, selector="video")
    notebook.wait_for_output(2, text="continues: a-boat-leaves-the-harbour")
    state = notebook.play_video(2)
    assert state["duration"] == pytest.approx(3, abs=0.05)
    assert state["audioBytes"] > 0
    notebook.save()
    assert "oss://" not in str(notebook.saved_notebook())


@pytest.mark.usefixtures("cat")
def test_nothing_sticks_out_of_a_narrow_window(open_notebook, busy_api):
    notebook = open_notebook([LOAD, CLIP, "%wanvideo panel"], env=hosted(busy_api), viewport=NARROW)
    for cell in range(3):
        notebook.run(cell)
    notebook.wait_for_output(1, selector="[data-state=queued]")
    notebook.js("() => { jupyterapp.commands.execute('application:toggle-left-area'); }")
    shown = [(1, ".wan-magic-card"), (2, ".wan-magic-panel")]
    for width, (cell, selector) in itertools.product((NARROW[0], 360), shown):
        notebook.set_viewport((width, NARROW[1]))
        notebook.reveal(cell)
        box = notebook.wait_for_output(cell, selector=selector)
        too_wide = box.evaluate(
            "(box) => [...box.querySelectorAll('*')].filter((part) =>"
            " part.getBoundingClientRect().right > box.getBoundingClientRect().right + 1"
            ").map((part) => part.outerHTML.slice(0, 120))"
        )
        assert too_wide == [], width
