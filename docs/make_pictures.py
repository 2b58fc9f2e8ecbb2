"""Take the pictures of the documents in a real JupyterLab: ``python docs/make_pictures.py``.

Needs the ``test`` extra and Chromium. Each picture is written light and dark into
``docs/images``; look at them before you commit.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.conftest import CHROMIUM_ARGS  # noqa: E402
from tests.browser.lab import NotebookPage, write_notebook  # noqa: E402
from tests.browser.server import JupyterServer, clean_env, find_chromium  # noqa: E402

IMAGES = ROOT / "docs" / "images"
CAT = ROOT / "notebooks" / "cat.jpg"
CLIP = """%%wanvideo clip --image cat.jpg --resolution {} --duration {} --seed 7
A cat runs through tall grass, the camera follows low."""
FAILS = """%%wanvideo gone --image http://127.0.0.1:9/cat.jpg --resolution 480P --seed 7
A cat runs through tall grass."""
CELLS = ["%load_ext wan_magic", CLIP.format("1080P", 10), "%wanvideo panel", FAILS]
THEMES = {"": "JupyterLab Light", "-dark": "JupyterLab Dark"}


def take(notebook: NotebookPage, theme: str, suffix: str) -> None:
    """Run the cells in one theme and take a picture of each output."""
    notebook.set_theme(theme)

    def shot(cell: int, name: str) -> None:
        notebook.reveal(cell)
        box = notebook.output(cell, ".jp-OutputArea-output").first
        path = IMAGES / f"{name}{suffix}.png"
        box.screenshot(path=path)
        with Image.open(path) as image:  # a tenth of the bytes, and no difference to see
            image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)

    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, selector="[data-state=running]")
    notebook.wait_for_output(1, text="3 s")
    shot(1, "card")
    notebook.set_source(1, CLIP.format("480P", 5))
    notebook.run(1)
    notebook.wait_for_output(1, selector="video", timeout=60)
    notebook.play_video(1, muted=True)
    # In the middle of the clip, with the controls away.
    notebook.video(1).evaluate(
        "async (v) => { v.pause(); v.controls = false; v.currentTime = 2.5;"
        " await new Promise((done) => { v.onseeked = done; }); }"
    )
    shot(1, "player")
    notebook.run(2)
    panel = notebook.wait_for_output(2, selector=".wan-magic-panel")
    panel.get_by_label("Prompt", exact=True).fill("A cat leaps over a brook")
    panel.get_by_label("Make", exact=True).select_option("Picture to video")
    with notebook.page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(CAT)
    notebook.wait_for_output(2, selector="img[alt='First frame']")
    shot(2, "panel")
    notebook.run(3)
    notebook.wait_for_output(3, text="FAILED")
    shot(3, "failed")


def main() -> None:
    """Take all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        server = JupyterServer(Path(scratch))
        server.add_kernel("k7")
        server.start()
        try:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=CHROMIUM_ARGS, env=clean_env(HOME=scratch)
            )
            context = browser.new_context(device_scale_factor=2)
            context.request.get(f"{server.url}/lab", params={"token": server.token})
            for suffix, theme in THEMES.items():
                folder = server.root / f"pictures{suffix}"
                folder.mkdir()
                shutil.copy(CAT, folder)
                path = write_notebook(folder, CELLS, "k7")
                notebook = NotebookPage(context, server, path, viewport=(1200, 1400)).open()
                take(notebook, theme, suffix)
                notebook.close()
            browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
