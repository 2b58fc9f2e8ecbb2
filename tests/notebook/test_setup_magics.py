"""``%wanvideo login``, ``logout`` and ``doctor``: in a shell, and in a real kernel."""

from __future__ import annotations

import json
import os
import queue
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from magic_shell import KEY
from waiting import PATIENCE

from wan_magic.errors import InputError, SettingsError
from wan_magic.notebook.enabling import enable
from wan_magic.server import Server, ServerOptions
from wan_magic.settings import from_environment
from wan_magic.wan.endpoints import choose

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.fixture(scope="module")
def server():
    with Server(ServerOptions(token=KEY)) as server:
        yield server


@pytest.fixture
def types(monkeypatch):
    """Let the user type a key wherever one is asked for, hidden."""

    def typed(key):
        monkeypatch.setattr("getpass.getpass", lambda prompt: key)

    return typed


def test_login_and_logout_in_a_cell(shell, server, types):
    types(KEY)
    cell = shell.good(f"%wanvideo login --endpoint {server.base_url}")
    assert "takes this key; nothing was spent" in cell.out
    assert choose(from_environment()).key == KEY
    assert KEY not in cell.text
    assert "is forgotten" in shell.good("%wanvideo logout").out
    assert choose(from_environment()) is None


def test_a_login_that_fails_is_said_in_two_lines(shell, server, types):
    types("sk-wrong-0123456789")
    cell = shell.refused(f"%wanvideo login --endpoint {server.base_url}", SettingsError)
    assert "refuses this key" in cell.text
    assert "sk-wrong" not in cell.text


@pytest.mark.parametrize("line", [KEY, f"singapore {KEY}", f"'{KEY}'", f"--endpoint {KEY}"])
def test_a_key_on_the_line_is_not_repeated(shell, types, line):
    types("sk-another-0123456789")
    cell = shell.run(f"%wanvideo login {line}")
    assert isinstance(cell.error, InputError | SettingsError)
    assert KEY not in cell.text


def test_the_doctor_is_the_value_of_its_cell(shell):
    cell = shell.good("found = %wanvideo doctor --offline")
    assert cell.out == ""
    report = shell.user_ns["found"]
    assert "IPython in a terminal" in str(report)
    assert report.problems == 0


@pytest.fixture
def kernel(clean_machine, tmp_path, monkeypatch):
    """A kernel of an enabled profile, and the client of a front end."""
    enable()
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-W", "ignore", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"})
    )
    specs = KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")])
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=specs)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    manager.start_kernel(env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd=str(tmp_path))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
        manager.cleanup_resources()


@pytest.mark.kernel
def test_in_a_real_kernel_the_key_is_asked_for_hidden_and_is_nowhere_to_be_seen(
    kernel, server, clean_machine, tmp_path
):
    seen = []

    def run(source, answer=None):
        """Run a cell as a person before it would, or as nobody; what it published."""
        request = kernel.execute(source, allow_stdin=answer is not None)
        if answer:
            asked = kernel.get_stdin_msg(timeout=PATIENCE)["content"]
            assert asked["password"] is True
            assert "127.0.0.1" in asked["prompt"]
            seen.append(asked)
            kernel.input(answer)
        reply = {"parent_header": {"msg_id": ""}}
        while reply["parent_header"]["msg_id"] != request:
            reply = kernel.get_shell_msg(timeout=PATIENCE)
        said = [reply["content"]]
        while True:
            try:
                message = kernel.get_iopub_msg(timeout=PATIENCE)
            except queue.Empty:
                pytest.fail("the kernel did not become idle")
            said.append(message["content"])
            if message["parent_header"].get("msg_id") == request and said[-1] == {
                "execution_state": "idle"
            }:
                seen.extend(said)
                return repr(said)

    login = run(f"%wanvideo login --endpoint {server.base_url}", KEY)  # and no %load_ext
    assert "takes this key; nothing was spent" in login
    assert "taken by 127.0.0.1" in run("%wanvideo doctor")
    run("%history -n")
    run("In, Out, [name for name in dir()], get_ipython().history_manager.input_hist_raw")
    run("import wan_magic.settings.keys, wan_magic.settings; wan_magic.settings.keys._typed")
    refused = run("%wanvideo login --endpoint singapore")
    assert "nobody can be asked here" in refused
    assert "Traceback" not in refused
    assert KEY not in repr(seen)
    files = [path for root in (clean_machine, tmp_path) for path in root.rglob("*")]
    held = [path for path in files if path.is_file() and KEY.encode() in path.read_bytes()]
    assert held == []
    assert any(path.name == "history.sqlite" for path in files)
