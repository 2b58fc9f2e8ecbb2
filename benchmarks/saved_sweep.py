"""A saved sweep of 50 clips: how large the notebook is, how soon it is open, and that it plays.

    python benchmarks/saved_sweep.py [RUNS]

Three notebooks are opened in a JupyterLab that runs (Chromium), taking turns: one whose single
cell holds the sweep, one with 50 cells of one clip each, and an empty one, which shows what
JupyterLab itself takes. The time is from the command to the videos on the page, drawn. Then a
clip of the sweep is played. The claim: the sweep's notebook is below 3 MB and opens in
less than 3 seconds; it exits with an error when the median does not.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.browser.conftest import CHROMIUM_ARGS
from tests.browser.lab import NotebookPage, play_video, write_notebook
from tests.browser.server import JupyterServer, find_chromium
from wan_magic.actions import api
from wan_magic.actions.planning import plan
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.sweep import Sweep
from wan_magic.output.player import player_bundle

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip

CLIPS, DRAWN = 50, 3
MOST_BYTES, MOST_SECONDS = 3_000_000, 3.0
OPEN = (
    "([path, videos]) => harness.loaded() && harness.panel().context.path === path"
    " && harness.panel().node.querySelectorAll('video').length >= videos"
)
DRAWN_TWICE = "() => new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))"


def make_sweep(folder: Path) -> Sweep:
    """Return an ended sweep of 50 clips; a few are drawn, the others are copies of them."""
    planned = plan(
        [{"prompt": "A paper boat in the rain", "model": "wanx2.1-t2v-turbo"}], count=CLIPS
    )
    prompts = ("A paper boat in the rain", "A forest at dawn", "A city at night")
    drawn: list[Clip] = [
        api.generate(
            prompts[at],
            model="wanx2.1-t2v-turbo",
            resolution="480P",
            seed=at,
            endpoint="local",
            out=folder / "wan_videos",
        )
        for at in range(DRAWN)
    ]
    jobs = []
    for at, one in enumerate(planned):
        source = drawn[at % DRAWN]
        path = folder / "wan_videos" / f"take-{at}.mp4"
        shutil.copy(source.path, path)
        job = Job(one.request, endpoint="local", is_preview=True, task_id=f"task-{at}")
        clip = replace(source, path=path, request=one.request, seed=one.request.seed)
        job.finish(clip, State.DONE)
        jobs.append(job)
    return Sweep(planned, jobs, list)


def cell(bundle: tuple[dict, dict]) -> dict:
    data, metadata = bundle
    made = nbformat.v4.new_code_cell("%%wanvideo --count 50\nA paper boat in the rain")
    made["outputs"] = [nbformat.v4.new_output("display_data", data, metadata=metadata)]
    return made


def opened(page: NotebookPage, path: str, videos: int) -> float:
    """Open a notebook in a tab and return the seconds until its videos are drawn."""
    start = time.perf_counter()
    page.js("(path) => { jupyterapp.commands.execute('docmanager:open', {path}); }", path)
    page.wait_js(OPEN, timeout=60, arg=[path, videos])
    page.js(DRAWN_TWICE)
    return time.perf_counter() - start


def main(runs: int) -> int:
    with tempfile.TemporaryDirectory() as base, contextlib.ExitStack() as stack:
        server = JupyterServer(Path(base))
        server.root.mkdir(exist_ok=True)
        os.environ["WAN_MAGIC_HOME"] = f"{base}/home"
        os.chdir(server.root)
        sweep = make_sweep(server.root)
        server.add_kernel("k7")
        files = {
            "a sweep of 50": (write_notebook(server.root, [cell(sweep._repr_mimebundle_())]), 50),
            "50 single cells": (
                write_notebook(
                    server.root, [cell(player_bundle(c)) for c in sweep.clips], name="single.ipynb"
                ),
                1,  # JupyterLab attaches the cells that are in view
            ),
            "an empty one": (write_notebook(server.root, [""], name="empty.ipynb"), 0),
        }
        stack.callback(server.stop)
        server.start()
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        stack.callback(browser.close)
        context = browser.new_context()
        context.request.get(f"{server.url}/lab", params={"token": server.token})
        times: dict[str, list[float]] = {name: [] for name in files}
        first = write_notebook(server.root, [""], name="first.ipynb")
        page = NotebookPage(context, server, first).open()
        for run in range(runs + 1):  # the first one fills the browser's cache
            for name, (path, videos) in files.items():
                seconds = opened(page, path.name, videos)
                if run:
                    times[name].append(seconds)
                if run == runs and name == "a sweep of 50":
                    state = play_video(page.page.locator("video").nth(30))
                page.js("harness.panel().context.model.dirty = false")  # the kernel's name
                page.call("() => jupyterapp.commands.execute('application:close')")
        print(f"{'notebook':<16} {'size':>9} {'open, median':>13} {'best':>7}")
        for name, (path, _) in files.items():
            size = path.stat().st_size / 1e6
            median, best = statistics.median(times[name]), min(times[name])
            print(f"{name:<16} {size:>6.2f} MB {median:>11.2f} s {best:>5.2f} s")
        print(f"clip 31 of the sweep plays: {state['currentTime']:.2f} s of {state['duration']} s")
        size = files["a sweep of 50"][0].stat().st_size
        good = size < MOST_BYTES and statistics.median(times["a sweep of 50"]) < MOST_SECONDS
        print("the claim holds" if good else "the claim does NOT hold")
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
