"""Two hundred live cards in one notebook: what they cost the kernel and the page.

    python benchmarks/live_cards.py [--cards 200] [--seconds 20]

In a real JupyterLab, each in a notebook and a kernel of its own, one after the other: nothing; as
many bare `ipywidgets.HTML` that show a time once a second; as many jobs of ours, whose tasks wait
in the queue of the local server, without a card and with one each. Then for some seconds it is
counted: messages that come to the page, CPU of the kernel and of the page's main thread (in parts
of a core), and what the page's heap holds after a garbage collection.

It needs what the browser tests need (tests/browser). It exits with an error when the cards bring
more messages than the bare widgets, or cost the kernel more beside the jobs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from playwright.sync_api import sync_playwright

from tests.browser.conftest import CHROMIUM_ARGS
from tests.browser.lab import NotebookPage, write_notebook
from tests.browser.server import JupyterServer, clean_env, find_chromium
from wan_magic.server import Server, ServerOptions

KEY = "sk-benchmark-0123456789"
PID = "import os\nprint(os.getpid())"
BARE = """
import threading, time
import ipywidgets as widgets
from IPython.display import display
shown = [widgets.HTML() for _ in range({cards})]
for one in shown:
    display(one)
def tick():
    while True:
        now = time.monotonic()
        for one in shown:
            one.value = f"<div>{{now:.0f}} s</div>"
        time.sleep(max(0.0, now + 1 - time.monotonic()))
threading.Thread(target=tick, daemon=True).start()
"""
OURS = """
import wan_magic
jobs = [
    wan_magic.submit(f"waves, take {{n}}", model="wan3.0-video", resolution="720P", seed=n + 1)
    for n in range({cards})
]
"""
CARDS = "from IPython.display import display\nfor job in jobs:\n    display(job)"
READY = "import time\nwhile not all(job.task_id for job in jobs):\n    time.sleep(0.2)"
CASES = {
    "nothing": (),
    "bare widgets": (BARE,),
    "our jobs": ("%load_ext wan_magic\n" + OURS, READY),
    "with cards": ("%load_ext wan_magic\n" + OURS, READY, CARDS),
}


def measure(notebook: NotebookPage, cells: tuple[str, ...], seconds: float) -> dict[str, float]:
    """Run a case, let it come to rest, and count for some seconds."""
    frames = [0]

    def count(_: object) -> None:
        frames[0] += 1

    notebook.page.on("websocket", lambda socket: socket.on("framereceived", count))
    notebook.open()
    pid = int(notebook.output_text(notebook.run_code(PID).cell))
    for source in cells:
        notebook.run_code(source, timeout=300)
    kernel, devtools = psutil.Process(pid), notebook.page.context.new_cdp_session(notebook.page)
    devtools.send("Performance.enable")
    notebook.page.wait_for_timeout(3000)

    def sample() -> tuple[float, float, float, int]:
        metrics = devtools.send("Performance.getMetrics")["metrics"]
        busy = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
        times = kernel.cpu_times()
        return time.monotonic(), times.user + times.system, busy, frames[0]

    before = sample()
    notebook.page.wait_for_timeout(seconds * 1000)
    passed, cpu, busy, messages = (
        late - early for early, late in zip(before, sample(), strict=True)
    )
    devtools.send("HeapProfiler.collectGarbage")
    heap = devtools.send("Runtime.getHeapUsage")["usedSize"]
    return {
        "messages/s": messages / passed,
        "kernel CPU": cpu / passed,
        "page CPU": busy / passed,
        "heap MB": heap / 1e6,
    }


def run(cards: int, seconds: float) -> dict[str, dict[str, float]]:
    """Measure all cases."""
    found: dict[str, dict[str, float]] = {}
    options = ServerOptions(token=KEY, queue_seconds=3600)
    with tempfile.TemporaryDirectory() as folder, Server(options) as api:
        server: Any = JupyterServer(Path(folder))
        settings = {
            "DASHSCOPE_HTTP_BASE_URL": api.base_url,
            "DASHSCOPE_API_KEY": KEY,
            "WAN_MAGIC_HOME": f"{folder}/remembered",
        }
        server.add_kernel("bench", env=settings)
        try:
            server.start()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=find_chromium(),
                    args=CHROMIUM_ARGS,
                    env=clean_env(HOME=folder),
                )
                for case, cells in CASES.items():
                    # A page that is used again would hold the heap of the case before.
                    context = browser.new_context()
                    context.request.get(f"{server.url}/lab", params={"token": server.token})
                    path = write_notebook(server.root, [""], "bench", f"{case}.ipynb")
                    notebook = NotebookPage(context, server, path)
                    sources = tuple(source.format(cards=cards) for source in cells)
                    found[case] = measure(notebook, sources, seconds)
                    notebook.close()
                    context.close()
                browser.close()
        finally:
            server.stop()
    return found


def main() -> int:
    """Measure, print the table, and return 1 if ours costs more than bare widgets do."""
    parser = argparse.ArgumentParser(description="Two hundred live cards in one notebook.")
    parser.add_argument("--cards", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    found = run(given.cards, given.seconds)
    names = list(next(iter(found.values())))
    print(f"{given.cards} live cards in one notebook, counted for {given.seconds:g} s")
    print(f"{'':<14}" + "".join(f"{name:>12}" for name in names))
    for case, row in found.items():
        print(f"{case:<14}" + "".join(f"{row[name]:>12.2f}" for name in names))
    cards, jobs, bare = found["with cards"], found["our jobs"], found["bare widgets"]
    worse = ["messages/s"] if cards["messages/s"] > bare["messages/s"] else []
    worse += ["kernel CPU"] if cards["kernel CPU"] - jobs["kernel CPU"] > bare["kernel CPU"] else []
    for name in worse:
        print(f"more than the bare widgets: {name}")
    return int(bool(worse))


if __name__ == "__main__":
    sys.exit(main())
