"""Take the pictures of the documents in a real JupyterLab: ``python docs/make_pictures.py``.

Needs the ``test`` extra and Chromium. What is shown is written light and dark, wide and narrow,
in English and in Chinese into ``docs/images``; look at the pictures before you commit. With names,
such as ``python docs/make_pictures.py total jobs``, no other pictures are written.
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
SWEEP = """%%wanvideo takes --image cat.jpg -r 480P -d 5 --seed 7,8,9
A cat runs through tall grass, the camera follows low."""
MAP = """wan_magic.map(
    ["A paper boat in the rain", "A red kite over a beach"],
    count=2, model="wanx2.1-t2v-turbo", resolution="480P",
)"""
FILM = """wan_magic.storyboard(
    ["A paper boat on a pond", "It meets a duck"],
    model="wan3.0-video", resolution="480P", duration=2, ratio="16:9",
).concat("wan_videos/boat-film.mp4")"""
CELLS = [
    "%load_ext wan_magic",
    CLIP.format("1080P", 10),
    "%wanvideo panel",
    FAILS,
    SWEEP,
    "import wan_magic\nwan_magic.gallery(limit=3)",  # and not a card's clip that was made meanwhile
    f"shots = {MAP}",
    FILM,
    "%wanvideo jobs --limit 9",
]
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
WIDE, NARROW = (1200, 1400), (760, 1400)  # the file browser takes 280 of them
VARIANTS = {
    "": ("en", LIGHT, WIDE),
    "-dark": ("en", DARK, WIDE),
    "-narrow": ("en", LIGHT, NARROW),
    "-narrow-dark": ("en", DARK, NARROW),
    "-zh": ("zh", LIGHT, WIDE),
    "-zh-narrow-dark": ("zh", DARK, NARROW),
}
FEW = {"film": ("", "-narrow-dark", "-zh")}
"""Of these not all variants: a film looks as a player does."""
LABELS = {
    "en": ("Prompt", "Make", "Picture to video", "Choose a picture", "First frame"),
    "zh": ("提示词", "任务类型", "图生视频", "选择图片", "首帧"),
}


def still(notebook: NotebookPage, cell: int) -> None:
    """Show the middle of each clip, with the controls away."""
    for video in notebook.output(cell, "video").all():
        video.evaluate(
            "async (v) => { v.preload = 'auto'; v.muted = true; await v.play(); v.pause();"
            " v.controls = false; v.currentTime = 2.5;"
            " await new Promise((done) => { v.onseeked = done; }); }"
        )


def take(notebook: NotebookPage, language: str, suffix: str) -> None:
    """Run the cells and take a picture of each output."""
    prompt, make, kind, choose, frame = LABELS[language]
    wanted = sys.argv[1:]

    def shot(cell: int, name: str) -> None:
        if suffix not in FEW.get(name, VARIANTS) or (wanted and name not in wanted):
            return
        notebook.reveal(cell)
        # A panel leaves a second output below it; a gallery's buttons stand above it.
        part = None if name == "gallery" else ".jp-OutputArea-output"
        parts = notebook.output(cell, part)
        box = parts.last if name == "film" else parts.first  # below its shots
        notebook.page.mouse.move(0, 0)
        notebook.js("() => document.activeElement.blur()")  # no ring around what was clicked last
        path = IMAGES / f"{name}{suffix}.png"
        box.screenshot(path=path)
        with Image.open(path) as image:  # a tenth of the bytes, and no difference to see
            small = image.convert("RGB").quantize(256, kmeans=1, dither=Image.Dither.NONE)
            small.save(path, optimize=True)

    notebook.run(0)
    notebook.run(1)
    notebook.wait_for_output(1, selector="[data-state=running]")
    notebook.wait_for_output(1, text="3 s" if language == "en" else "3 秒")
    shot(1, "card")
    notebook.set_source(1, CLIP.format("480P", 5))
    notebook.run(1)
    notebook.wait_for_output(1, selector="video")
    notebook.wait_static(1)  # a clip that plays would be taken away with its widget
    still(notebook, 1)
    shot(1, "player")
    notebook.run(2)
    panel = notebook.wait_for_output(2, selector=".wan-magic-panel")
    panel.get_by_label(prompt, exact=True).fill("A cat leaps over a brook")
    panel.get_by_label(make, exact=True).select_option(kind)
    with notebook.page.expect_file_chooser() as chooser:
        panel.get_by_role("button", name=choose).click()
    chooser.value.set_files(CAT)
    notebook.wait_for_output(2, selector=f"img[alt='{frame}']")
    shot(2, "panel")
    notebook.run(3)
    notebook.wait_for_output(3, text="FAILED" if language == "en" else "失败")
    shot(3, "failed")
    notebook.run(4)
    notebook.wait_for_output(4, selector="video >> nth=2")
    notebook.wait_static(4)
    still(notebook, 4)
    shot(4, "sweep")
    notebook.run(5)
    notebook.wait_for_output(5, selector="video >> nth=2")
    still(notebook, 5)
    shot(5, "gallery")
    notebook.run(6)
    notebook.wait_for_output(6, selector="progress:not([value='0'])")
    shot(6, "total")
    notebook.run(7)
    still(notebook, 7)
    shot(7, "film")
    notebook.run(8)
    shot(8, "jobs")


def main() -> None:
    """Take all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        server = JupyterServer(Path(scratch))
        for suffix, (language, _, _) in VARIANTS.items():  # a library each: all clips are made
            home = Path(scratch) / f"jobs{suffix}"
            env = {"WAN_MAGIC_LANGUAGE": language, "WAN_MAGIC_HOME": home}
            server.add_kernel(f"k7{suffix}", env=env)
        server.start()
        try:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=CHROMIUM_ARGS, env=clean_env(HOME=scratch)
            )
            for suffix, (language, theme, viewport) in VARIANTS.items():
                context = browser.new_context(device_scale_factor=1 if suffix else 2)
                context.request.get(f"{server.url}/lab", params={"token": server.token})
                folder = server.root / f"pictures{suffix}"
                folder.mkdir()
                shutil.copy(CAT, folder)
                path = write_notebook(folder, CELLS, f"k7{suffix}")
                notebook = NotebookPage(context, server, path, viewport=viewport).open()
                notebook.set_theme(theme)
                take(notebook, language, suffix)
                notebook.close()
                context.close()
            browser.close()
        finally:
            server.stop()


if __name__ == "__main__":
    main()
