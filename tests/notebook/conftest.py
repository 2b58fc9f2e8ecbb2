"""Shells without a kernel, a list in place of the paid call, and one real clip."""

from __future__ import annotations

import atexit
import sys
from types import SimpleNamespace

import comm
import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell
from magic_shell import CLOSED, KEY, Shell, png
from PIL import Image
from traitlets.config import Config

from wan_magic.errors import ApiError
from wan_magic.wan.client import WanClient


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    """An endpoint where nobody listens is called again at once; the pauses have their own tests."""
    monkeypatch.setattr("wan_magic.jobs.submit.pause", lambda tries: 0.01)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with one good picture, cat.png."""
    (tmp_path / "cat.png").write_bytes(png())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bare_shell(folder, monkeypatch):
    """A shell as plain IPython starts it, with nothing loaded and no history file."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    path, hooks = list(sys.path), (sys.excepthook, sys.displayhook)
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    ip = InteractiveShell.instance(config=config)
    yield Shell(ip)
    InteractiveShell.clear_instance()
    atexit.unregister(ip.atexit_operations)  # of hundreds of shells they take a minute
    sys.path[:], (sys.excepthook, sys.displayhook) = path, hooks


@pytest.fixture
def shell(bare_shell):
    """A shell with the extension loaded."""
    bare_shell.good("%load_ext wan_magic")
    return bare_shell


@pytest.fixture
def watched(bare_shell):
    """The shell as a front end drives it: it has a kernel, and a person before it."""
    return _with_kernel(bare_shell, allow_stdin=True)


@pytest.fixture
def headless(bare_shell):
    """The shell as nbclient drives it: it has a kernel, and nobody who could answer."""
    return _with_kernel(bare_shell, allow_stdin=False)


def _with_kernel(shell, *, allow_stdin):
    parent = {"content": {"allow_stdin": allow_stdin}}
    shell.ip.kernel = SimpleNamespace(get_parent=lambda: parent)
    shell.good("%load_ext wan_magic")
    return shell


@pytest.fixture
def hosted(monkeypatch):
    """A key, and an endpoint that would cost money, were it reached."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", CLOSED)


@pytest.fixture
def posted(hosted, monkeypatch):
    """The requests that were submitted; each is refused, so that its cell ends at once."""
    requests = []

    def create(self, request):
        requests.append(request)
        raise ApiError("HTTP 400 Refused: by the test", code="Refused", status=400)

    monkeypatch.setattr(WanClient, "create", create)
    return requests


@pytest.fixture
def no_server(monkeypatch):
    """Fails whatever starts the embedded server."""

    def started():
        pytest.fail("the embedded server was started")

    monkeypatch.setattr("wan_magic.server.embedded", started)


class _Comm(comm.base_comm.BaseComm):
    """A channel to no front end, as in ipywidgets' own tests."""

    def publish_msg(self, *args, **kwargs):
        pass


@pytest.fixture
def widgets(monkeypatch):
    """Live widgets without a front end; a list of all that are made."""
    made = []
    manager = comm.base_comm.CommManager()
    monkeypatch.setattr(comm, "create_comm", _Comm)
    monkeypatch.setattr(comm, "get_comm_manager", lambda: manager)
    ipywidgets.Widget.on_widget_constructed(made.append)
    yield made
    ipywidgets.Widget.on_widget_constructed(None)


@pytest.fixture(scope="session")
def real_job(tmp_path_factory):
    """A job that went all the way through the embedded server, once for all tests."""
    import wan_magic

    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "HTTP_PROXY", "JPY_SESSION_NAME", "VSCODE_PID"):
            patch.delenv(name, raising=False)
        patch.setenv("WAN_MAGIC_HOME", str(tmp_path_factory.mktemp("remembered")))
        job = wan_magic.submit(
            "A cat <runs> & jumps",
            image=Image.new("RGB", (320, 320), "navy"),
            model="wanx2.1-i2v-turbo",
            resolution="480P",
            duration=3,
            seed=7,
            endpoint="local",
            out=tmp_path_factory.mktemp("clips"),
        )
        job.result(timeout=60)
    return job


@pytest.fixture
def quick_panel(widgets, folder, monkeypatch):
    """Panels that do at once what they do a moment later elsewhere."""
    monkeypatch.setattr("wan_magic.notebook.panel._SETTLE_SECONDS", 0)
    monkeypatch.setattr("wan_magic.notebook.panel_form.PAUSE_SECONDS", 0)
    return widgets


@pytest.fixture
def made(quick_panel):
    """A panel that makes a video of a picture."""
    from wan_magic.notebook.panel import Panel
    from wan_magic.settings import Settings
    from wan_magic.wan.request import DEFAULT_MODEL

    panel = Panel(Settings())
    panel.choose(DEFAULT_MODEL)
    return panel


@pytest.fixture
def started(monkeypatch, real_job):
    """The requests that the panel starts; each of them ends as the one real job."""
    from wan_magic.actions import api
    from wan_magic.jobs.job import Job

    requests = []

    def start(request, settings, notes, **_):
        requests.append(request)
        job = Job(request, endpoint="local", is_preview=True, notes=notes)
        job.finish(real_job.result(), "done")
        return job

    monkeypatch.setattr(api, "start", start)
    return requests
