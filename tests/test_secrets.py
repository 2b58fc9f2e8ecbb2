"""The API key is sent to the API and appears nowhere else: one test looks everywhere."""

from __future__ import annotations

import atexit
import http.server
import io
import json
import logging
import os
import subprocess
import sys
import textwrap
import threading
import traceback
import urllib.parse
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import comm
import ipywidgets
import nbformat
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from PIL import Image
from traitlets.config import Config

from wan_magic.server import Server, ServerOptions
from wan_magic.settings import from_environment
from wan_magic.wan.client import WanClient
from wan_magic.wan.endpoints import choose

ROOT = Path(__file__).parents[1]
KEY = "sk-canary/0123456789+abcdef="
FORMS = (KEY, KEY[3:-1], urllib.parse.quote(KEY, safe=""), json.dumps(KEY)[1:-1])
"""The key itself, its middle, and as URLs and JSON would carry it."""

SMALL = "--model wanx2.1-i2v-turbo --resolution 480P --duration 3"
GOOD = f"%%wanvideo clip --image cat.png {SMALL}\nA cat runs"
UNREACHABLE = f"%%wanvideo clip --image http://127.0.0.1:9/cat.png {SMALL}\nA cat"


class Echo(http.server.BaseHTTPRequestHandler):
    """A server that quotes the key it was given in whatever it answers."""

    status = 401
    kind = "application/json"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers["Authorization"]
        body = {"code": f"InvalidApiKey {key}", "message": f"no such {key}", "request_id": key}
        answer = json.dumps(body).encode() if self.kind.endswith("json") else key.encode()
        self.send_response(self.status, f"no {key}")
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("X-Key", key)
        if 300 <= self.status < 400:
            self.send_header("Location", f"http://127.0.0.1:9/{key.partition(' ')[2]}?key={key}")
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


@contextmanager
def echo(status, kind="application/json"):
    handler = type("Handler", (Echo,), {"status": status, "kind": kind})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v1"
        server.shutdown()
        thread.join()


class Dump:
    """All that was seen, by where it was seen."""

    def __init__(self):
        self.seen = []

    def add(self, where, what):
        self.seen.append((where, what if isinstance(what, str) else repr(what)))

    def error(self, where, error):
        """Everything that can be shown of an error, also by tools that show variables."""
        self.add(f"{where}: str", str(error))
        self.add(f"{where}: repr", repr(error))
        self.add(f"{where}: attributes", vars(error))
        self.add(f"{where}: traceback", "".join(traceback.format_exception(error)))

    def leaks(self):
        return sorted({where for where, text in self.seen if any(form in text for form in FORMS)})


@pytest.fixture
def dump():
    return Dump()


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A shell with a front end that is not there, in a folder with a picture."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (320, 320), "navy").save("cat.png")
    manager = comm.base_comm.CommManager()
    channel = type("Channel", (comm.base_comm.BaseComm,), {"publish_msg": lambda *_, **__: None})
    monkeypatch.setattr(comm, "create_comm", channel)
    monkeypatch.setattr(comm, "get_comm_manager", lambda: manager)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    before = list(sys.path), sys.excepthook, sys.displayhook
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    ip = InteractiveShell.instance(config=config)
    ip.display_pub = CapturingDisplayPublisher(parent=ip)
    ip.run_line_magic("load_ext", "wan_magic")
    yield ip
    InteractiveShell.clear_instance()
    atexit.unregister(ip.atexit_operations)
    sys.path[:], sys.excepthook, sys.displayhook = before


@pytest.fixture
def keyed(monkeypatch):
    """A server that takes the key alone, and an environment that holds the key."""
    with Server(ServerOptions(token=KEY, strict_submit=False)) as server:
        monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
        monkeypatch.setenv("WAN_MAGIC_ENDPOINT", server.base_url)
        yield server


def run(ip, dump, where, source):
    """Run a cell and keep all that it printed, showed, raised and bound."""
    with capture_output(display=False) as captured:
        result = ip.run_cell(source)
    dump.add(f"{where}: printed", captured.stdout + captured.stderr)
    error = result.error_in_exec
    if error is not None:
        dump.error(where, error)
    job = ip.user_ns.get("clip")
    for thing in filter(None, (job, result.result)):
        dump.add(f"{where}: repr", repr(thing))
        dump.add(f"{where}: formatted", ip.display_formatter.format(thing))
    if job is not None and job.done():
        dump.add(f"{where}: variables", vars(job))
        if job.exception():
            dump.error(f"{where}: job", job.exception())
        else:
            dump.add(f"{where}: clip", vars(job.result()))
            dump.add(f"{where}: url", job.result().url)
    return result


def with_kernel(ip, *, watched):
    ip.kernel = SimpleNamespace(get_parent=lambda: {"content": {"allow_stdin": watched}})


def executed_notebook(folder):
    """Run a notebook that succeeds and then fails, by nbclient in a process of its own."""
    cells = ["%load_ext wan_magic", GOOD, "clip, vars(clip)", "vars(clip.result())", UNREACHABLE]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbformat.write(book, folder / "run.ipynb")
    program = (
        "import nbformat, logging; from nbclient import NotebookClient\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "book = nbformat.read('run.ipynb', 4)\n"
        "NotebookClient(book, kernel_name='python3', allow_errors=True).execute()\n"
        "nbformat.write(book, 'run.ipynb')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.mark.kernel
def test_the_key_appears_nowhere(
    shell, keyed, dump, caplog, capfd, tmp_path, clean_machine, monkeypatch
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr("wan_magic.jobs.submit.pause", lambda tries: 0.01)
    widgets = []
    ipywidgets.Widget.on_widget_constructed(widgets.append)

    # In a terminal: success, failure, bad input, settings, help.
    assert run(shell, dump, "success", GOOD).success
    assert not run(shell, dump, "failed task", UNREACHABLE).success
    run(shell, dump, "bad input", "%%wanvideo --image no.png\nA cat")
    run(shell, dump, "dry run", f"{GOOD.splitlines()[0]} --dry-run\nA cat")
    run(shell, dump, "bad endpoint", "%%wanvideo --image cat.png --endpoint mars\nA cat")
    run(shell, dump, "bad folder", "%%wanvideo --image cat.png --out cat.png\nA cat")
    run(shell, dump, "settings", "%config WanMagics")
    run(shell, dump, "help", "%wanvideo help")
    run(shell, dump, "resume", "%wanvideo resume 00000000-0000-0000-0000-000000000000 clip")
    run(shell, dump, "python", "import wan_magic; wan_magic.submit('A cat', image='no.png')")

    # What asks for a key, and what looks at it.
    monkeypatch.setattr("getpass.getpass", lambda prompt: KEY)
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert run(shell, dump, "login", "%wanvideo login").success
    assert run(shell, dump, "doctor", "report = %wanvideo doctor\nreport").success
    assert run(shell, dump, "logout", "%wanvideo logout").success
    assert from_environment().api_key == KEY

    # Endpoints that misbehave, with the key in what they say.
    for status, kind in (
        (401, "application/json"),
        (500, "text/html"),
        (403, "application/json"),
        (200, "text/plain"),
        (200, "application/json"),
        (302, "text/plain"),
    ):
        with echo(status, kind) as url:
            where = f"HTTP {status} {kind}"
            cell = f"%%wanvideo clip --image cat.png --endpoint {url} --timeout 1\nA cat"
            assert not run(shell, dump, where, cell).success
            run(shell, dump, f"{where}, login", f"%wanvideo login --endpoint {url}")
            run(shell, dump, f"{where}, doctor", f"%wanvideo doctor --endpoint {url}")
            run(shell, dump, f"{where}, logout", "%wanvideo logout")
            run(
                shell,
                dump,
                f"{where}, resumed",
                f"%wanvideo resume abc clip --endpoint {url} --timeout 0.5",
            )
    closed = "http://127.0.0.1:9/api/v1"
    run(shell, dump, "closed", f"%%wanvideo clip --image cat.png --endpoint {closed}\nA cat")

    # A key that was pasted with something around it.
    for number, odd in enumerate((f"{KEY}\n", f"  {KEY}\r\n", f"“{KEY}”", f"{KEY}\nX-More: 1")):
        monkeypatch.setenv("DASHSCOPE_API_KEY", odd)
        run(shell, dump, f"odd key {number}", UNREACHABLE)
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)

    # With a front end, and with none: cards, widgets, panel.
    with_kernel(shell, watched=False)
    run(shell, dump, "headless", GOOD)
    run(shell, dump, "headless failure", UNREACHABLE)
    with_kernel(shell, watched=True)
    run(shell, dump, "card", f"{GOOD.splitlines()[0]} --wait\nA cat")
    run(shell, dump, "failed card", f"{UNREACHABLE.splitlines()[0]} --wait\nA cat")
    run(shell, dump, "panel", "panel = wan_magic.panel(); panel")
    panel = shell.user_ns["panel"]
    out = io.BytesIO()
    Image.new("RGB", (320, 320)).save(out, "PNG")
    file = {"name": "a.png", "type": "image/png", "size": 1, "last_modified": 0}
    panel.choose("wanx2.1-i2v-turbo")
    panel.inputs["image"].upload.set_state(
        {"value": [{**file, "content": memoryview(out.getvalue())}]}
    )
    monkeypatch.setattr("wan_magic.notebook.panel._SETTLE_SECONDS", 0)
    panel.generate.click()  # no prompt yet
    panel.prompt.value = "A cat"
    panel.controls["duration"].value = 3
    panel.generate.click()
    panel.jobs[0].result(timeout=60)
    dump.add("panel's jobs", [vars(job) for job in panel.jobs])
    for widget in widgets:
        state = widget.get_state() if widget.comm else vars(widget)["_trait_values"]  # if closed
        dump.add("widget state", state)

    # Objects that hold the key do not say it.
    settings = from_environment()
    endpoint = choose(settings)
    assert settings.api_key == endpoint.key == KEY, "the test would prove nothing"
    for thing in (settings, endpoint, WanClient(endpoint), keyed, keyed.options):
        dump.add(f"{type(thing).__name__}: repr", f"{thing!r} {thing!s}")

    # What stays: outputs, executed notebooks, files, logs.
    dump.add("outputs", repr(shell.display_pub.outputs))
    dump.add("executed notebook: printed", executed_notebook(tmp_path))
    files = [path for root in (tmp_path, clean_machine) for path in root.rglob("*")]
    for path in filter(Path.is_file, files):
        dump.add(f"file {path.suffix}", path.read_bytes().decode("latin-1"))
    dump.add("log", caplog.text)
    for record in caplog.records:
        dump.add(f"log record of {record.name}", vars(record))
    dump.add("standard streams", "".join(capfd.readouterr()))
    ipywidgets.Widget.on_widget_constructed(None)

    places = {where.partition(":")[0] for where, _ in dump.seen}
    assert {
        "success",
        "HTTP 401 application/json",
        "panel",
        "log",
        "file .ipynb",
        "file .mp4",
    } <= places
    assert any(record.name.startswith("urllib3") for record in caplog.records)
    assert dump.leaks() == []


@pytest.mark.parametrize(
    "call",
    [
        "wan_magic.submit('A cat', image='no.png')",
        "wan_magic.submit('A cat', image='cat.png', endpoint='mars')",
        "wan_magic.submit('A cat', image='cat.png', endpoint='http://example.com/api/v1')",
        "wan_magic.submit('A cat', image='cat.png', out='cat.png')",
        "wan_magic.generate('A cat', image='cat.png', endpoint='http://127.0.0.1:9/api/v1')",
        "from wan_magic import login, settings; login.log_in(settings.from_environment())",
    ],
)
def test_tracebacks_with_all_variables_do_not_show_it_either(shell, keyed, dump, call, monkeypatch):
    """IPython's Verbose mode, and an error of the user's own over ours, so that all is shown."""
    monkeypatch.setattr("wan_magic.jobs.submit.pause", lambda tries: 0.01)
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"{KEY} and more")
    program = f"""
        import wan_magic
        try:
            {call}
        except wan_magic.WanError as error:
            raise RuntimeError("the user's own") from error
    """
    shell.run_line_magic("xmode", "Verbose")
    run(shell, dump, "plain", f"import wan_magic\n{call}")
    run(shell, dump, "chained", textwrap.dedent(program))
    assert any("the user's own" in text for _, text in dump.seen)
    assert dump.leaks() == []
