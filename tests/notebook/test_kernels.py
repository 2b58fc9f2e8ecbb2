"""Real kernels: notebooks run by nbclient, nbconvert and papermill, a terminal, a front end."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from magic_shell import SMALL, WIDGET, png
from nbconvert import HTMLExporter
from waiting import PATIENCE

from wan_magic.server import Server, ServerOptions

ROOT = Path(__file__).parents[2]
KEY = "sk-kernel-0123456789"
pytestmark = pytest.mark.kernel

MAKE = f"%%wanvideo clip --image cat.png {SMALL} --seed 7\nA cat runs"
FAIL = f"%%wanvideo clip --image http://127.0.0.1:9/cat.png {SMALL}\nA cat that can't be fetched"


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """The environment of a user with this very Python as their kernel, and nothing set."""
    home = tmp_path_factory.mktemp("kernel home")
    spec = home / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"})
    )
    drop = ("DASHSCOPE_", "WAN_MAGIC_", "JPY_", "JUPYTER_", "VSCODE_", "COLUMNS")
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(drop) and not name.lower().endswith("_proxy")
    }
    return env | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / ".ipython"),
        "JUPYTER_PATH": str(home / "jupyter"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }


def write(folder, *cells):
    """Write a notebook with a picture beside it, in a folder whose name has a space."""
    place = folder / "my notebooks"
    place.mkdir()
    (place / "cat.png").write_bytes(png())
    path = place / "run.ipynb"
    sources = ["%load_ext wan_magic", *cells]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in sources])
    for cell in book.cells:
        if "no.png" in cell.source:
            cell.metadata.tags = ["raises-exception"]
    book.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(book, path)
    return path


TOOLS = {
    "nbclient": ["-c", "from nbclient.cli import main; main()", "--inplace", "run.ipynb"],
    "nbconvert": ["-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", "run.ipynb"],
    "papermill": ["-m", "papermill", "run.ipynb", "run.ipynb", "-k", "python3"],
}


def execute(tool, path, env):
    done = subprocess.run(
        [sys.executable, *TOOLS[tool]],
        cwd=path.parent,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done, nbformat.read(path, as_version=4)


def outputs_of(book, index):
    return book.cells[index].outputs


def html_of(outputs):
    return "".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs)


def text_of(outputs):
    """What was printed, in as many pieces as it came in."""
    return "".join(output.text for output in outputs)


def no_widget_in(book):
    text = json.dumps(book)
    return WIDGET not in text and "widget-state" not in text and "widgets" not in book.metadata


# -- executed notebooks ---------------------------------------------------------

CELLS = [
    MAKE,
    "print(clip.state, clip.result().path.name)",
    "same = await clip\nprint(same is clip.result(), same.duration, same.width, same.height)",
    (
        "import wan_magic, asyncio\n"
        "async def both(*jobs):\n"
        "    return await asyncio.gather(*jobs)\n"
        "first, second = wan_magic.run(both(clip, clip))\n"
        "print(first is second)"
    ),
    "clip.result()",
    (
        "wan_magic.submit('Another cat', image=same, model='wanx2.1-i2v-turbo', resolution='480P',"
        " duration=3)"
    ),
    "%wanvideo help",
    "%%wanvideo --image no.png\nA cat",
]


@pytest.fixture(scope="module")
def executed(machine, tmp_path_factory):
    path = write(tmp_path_factory.mktemp("executed"), *CELLS)
    done, book = execute("nbclient", path, machine)
    assert done.returncode == 0, done.stderr[-3000:]
    return path, book


def test_an_executed_notebook_holds_the_player(executed):
    path, book = executed
    (output,) = outputs_of(book, 1)
    assert set(output["data"]) == {"text/html", "text/plain"}
    html = output["data"]["text/html"]
    source = re.search(r'<video src="(wan_videos/[\w-]+\.mp4)"', html)[1]
    video = path.parent / source
    assert video.stat().st_size > 1000
    assert video.read_bytes()[4:8] == b"ftyp"
    assert 'poster="data:image/jpeg;base64,' in html
    assert "A cat runs" in html
    assert "seed 7" in html
    assert output["metadata"]["wan_magic"]["parameters"]["seed"] == 7


def test_an_executed_notebook_holds_no_widget_and_is_small(executed):
    path, book = executed
    assert no_widget_in(book)
    assert path.stat().st_size < 300_000


def test_a_clip_is_waited_for_by_result_and_by_await(executed):
    book = executed[1]
    assert text_of(outputs_of(book, 2)).startswith("done a-cat-runs-")
    assert text_of(outputs_of(book, 3)) == "True 3.0 624 624\n"


def test_a_coroutine_runs_inside_a_cell(executed):
    assert text_of(outputs_of(executed[1], 4)) == "True\n"


def test_a_clip_and_a_job_as_values_are_players_too(executed):
    book = executed[1]
    for index in (5, 6):
        assert '<video src="wan_videos/' in html_of(outputs_of(book, index))


def test_the_html_export_shows_the_player(executed):
    page, _ = HTMLExporter().from_notebook_node(executed[1])
    assert len(re.findall(r'<video [^>]*src="wan_videos/', page)) == 3


def test_bad_input_is_an_error_of_one_line(executed):
    """Its cell is tagged raises-exception; without the tag the run would end there."""
    (error,) = outputs_of(executed[1], -1)
    assert (error.output_type, error.ename) == ("error", "InputError")
    (shown,) = error.traceback
    assert shown.startswith("InputError: no such image: 'no.png'")


@pytest.mark.parametrize("tool", ["nbconvert", "papermill"])
def test_other_tools_get_the_player_as_well(tool, machine, tmp_path):
    path = write(tmp_path, MAKE)
    done, book = execute(tool, path, machine)
    assert done.returncode == 0, done.stderr[-3000:]
    html = html_of(outputs_of(book, -1))
    assert (path.parent / re.search(r'<video src="(wan_videos/[\w-]+\.mp4)"', html)[1]).is_file()
    assert no_widget_in(book)


def test_a_failed_job_fails_the_run_and_leaves_a_clear_card(machine, tmp_path):
    path = write(tmp_path, FAIL, "print('never reached')")
    done, book = execute("papermill", path, machine)
    assert done.returncode != 0
    assert "JobFailed" in done.stderr
    failed = next(cell for cell in book.cells if "can't be fetched" in cell.source)
    card = html_of(failed.outputs)
    assert "FAILED" in card
    assert "InvalidParameter.DataInspection" in card
    assert "a local file avoids the download" in card
    (error,) = [output for output in failed.outputs if output.output_type == "error"]
    assert error.ename == "JobFailed"
    assert len(error.traceback) == 1, "the message, and no traceback"
    assert not book.cells[-1].outputs
    assert no_widget_in(book)


# -- a terminal -----------------------------------------------------------------


def terminal(*lines):
    return [
        sys.executable,
        "-m",
        "IPython",
        "--no-banner",
        "--colors=nocolor",
        "-c",
        "\n".join(lines),
    ]


def cell(line, body):
    return f"get_ipython().run_cell_magic('wanvideo', {line!r}, {body!r})"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "cat.png").write_bytes(png())
    return tmp_path


def test_in_a_terminal_the_path_is_printed(machine, place):
    command = terminal("%load_ext wan_magic", cell(f"clip --image cat.png {SMALL}", "A cat"))
    done = subprocess.run(
        command, cwd=place, env=machine, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.strip().splitlines()[-1]
    path = Path(re.search(r"▶ PREVIEW (\S+\.mp4) ", last)[1])
    assert path.parent == Path("wan_videos")
    assert (place / path).is_file()
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture
def slow(machine):
    """The environment with a server that does one task at a time, each longer than any test."""
    options = ServerOptions(token=KEY, prefix="/qwen", run_seconds=300, workers=1)
    with Server(options) as server:
        yield machine | {"WAN_MAGIC_ENDPOINT": server.base_url, "DASHSCOPE_API_KEY": KEY}


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_in_a_terminal_stops_the_waiting_alone(place, slow):
    command = terminal("%load_ext wan_magic", cell(f"clip --image cat.png {SMALL}", "A cat"))
    with subprocess.Popen(
        command,
        cwd=place,
        env=slow,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = ""
        while "running" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        said += process.communicate(timeout=PATIENCE)[0]
    assert process.returncode != 0
    assert "interrupted: this cell no longer waits" in said
    assert re.search(r"task [0-9a-f-]{36}\)\n→ %wanvideo show [0-9a-f]{12} shows it again", said)
    assert "Traceback" not in said
    assert KEY not in said


# -- a front end, by the protocol it speaks -------------------------------------


class FrontEnd:
    """Runs cells and clicks buttons as JupyterLab does, and keeps what the kernel publishes."""

    def __init__(self, client):
        self.client = client
        self.seen = []
        self.mark = 0

    def start(self, source):
        # A cell that fails here must not take the next one along, however soon that comes.
        return self.client.execute(source, allow_stdin=True, stop_on_error=False)

    def reply(self, request):
        while True:
            message = self.client.get_shell_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == request:
                return message["content"]

    def run(self, source):
        return self.reply(self.start(source))

    def make(self, line):
        """Run a cell that shows a new card; from here on only what comes after it counts."""
        self.mark = len(self.seen)
        cell = f"%%wanvideo {line} --image cat.png {SMALL}\nA cat, {line}"
        assert self.run(cell)["status"] == "ok"
        return self.until("display_data", WIDGET)["transient"]

    def until(self, kind, *parts):
        """Wait for a message that holds all parts; it may have come already."""
        end = time.monotonic() + PATIENCE
        for message in self._messages(end):
            if message["msg_type"] == kind and all(p in repr(message["content"]) for p in parts):
                return message["content"]
        pytest.fail(f"no {kind} with {parts}")

    def _messages(self, end):
        yield from self.seen[self.mark :]
        while (left := end - time.monotonic()) > 0:
            try:
                self.seen.append(self.client.get_iopub_msg(timeout=left))
            except queue.Empty:
                return
            yield self.seen[-1]

    def click(self, label):
        """Click the newest button that was made with a label."""
        made = [
            message["content"]["comm_id"]
            for message in self.seen[self.mark :]
            if message["msg_type"] == "comm_open" and f"'description': {label!r}" in repr(message)
        ]
        data = {"method": "custom", "content": {"event": "click"}}
        content = {"comm_id": made[-1], "data": data}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", content))


@pytest.fixture
def front_end(machine, place, slow):
    specs = KernelSpecManager(kernel_dirs=[f"{machine['JUPYTER_PATH']}/kernels"])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    manager.start_kernel(env=slow, cwd=str(place))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        front = FrontEnd(client)
        front.manager = manager
        assert front.run("%load_ext wan_magic")["status"] == "ok"
        yield front
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def test_the_life_of_cells_before_a_person(front_end):
    # The cell is done while its task still runs, and the kernel is free.
    first = front_end.make("first")
    assert front_end.run("assert not first.done()")["status"] == "ok"

    # News arrive while another cell is busy.
    busy = front_end.start("while str(first.state) != 'running': pass\nimport time; time.sleep(1)")
    front_end.until("comm_msg", "● running")
    front_end.reply(busy)

    # A task in the queue is cancelled by a click, and its card becomes plain HTML.
    second = front_end.make("second")
    front_end.until("comm_msg", "● queued")
    front_end.click("Cancel")
    end = front_end.until("update_display_data", "CANCELLED")
    assert end["transient"] == second
    assert set(end["data"]) == {"text/html", "text/plain"}

    # A waiting cell is interrupted; the job goes on.
    front_end.mark = len(front_end.seen)
    waiting = front_end.start(f"%%wanvideo third --wait --image cat.png {SMALL}\nA third")
    front_end.until("comm_msg", "● queued")
    front_end.manager.interrupt_kernel()
    reply = front_end.reply(waiting)
    assert (reply["status"], reply["ename"]) == ("error", "JobTimeout")
    assert "goes on" in reply["evalue"]
    assert len(front_end.until("error", "JobTimeout")["traceback"]) == 1
    assert front_end.run("assert not (third.done() or third.cancel_requested)")["status"] == "ok"

    # A running task can't be stopped: the server says so, and nobody need watch.
    assert front_end.run("first.cancel()")["status"] == "ok"
    front_end.until("comm_msg", "Stop watching")
    assert front_end.run("first.detach()")["status"] == "ok"
    end = front_end.until("update_display_data", "NOT WATCHED")
    assert end["transient"] == first

    assert not any(KEY in repr(message["content"]) for message in front_end.seen)
