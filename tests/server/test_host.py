"""Starting, stopping, sharing, forking."""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from waiting import PATIENCE, wait_until

from wan_magic.errors import SettingsError
from wan_magic.server import Server, ServerOptions, embedded, host, serve_forever
from wan_magic.server.engines import default_engine

from .conftest import TOKEN, Caller


def test_importing_is_light():
    heavy = "starlette", "uvicorn", "av", "PIL", "requests"
    code = (
        "import sys, wan_magic.server as s; s.Server(); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def threads():
    """All but those of jobs that other tests have left to themselves."""
    return {one for one in threading.enumerate() if not one.name.startswith("wan_magic-")}


def test_start_and_stop(gate):
    before = threads()
    server = Server(ServerOptions(token=TOKEN, engine=gate))
    assert not server.is_running
    with server:
        assert server.start() is server
        assert server.base_url == f"http://127.0.0.1:{server.port}/api/v1"
        assert server.token == TOKEN
        assert TOKEN not in repr(server) + repr(server.options)
        caller = Caller(server)
        caller.until(caller.create(), "RUNNING")
        folder = server._board._folder
        assert folder.is_dir()
    server.stop()
    assert not server.is_running
    assert not folder.exists()
    wait_until(lambda: threads() <= before)  # those that carry out its calls hear of it and end
    with pytest.raises(requests.ConnectionError):
        caller.get("/tasks")


def test_it_logs_no_signed_link_and_leaves_the_access_log_of_others_alone(gate, caplog):
    log = logging.getLogger("uvicorn.access")
    before = (log.handlers, log.propagate)
    with caplog.at_level(logging.DEBUG), Server(ServerOptions(engine=gate)) as server:
        Caller(server, "any").get("/tasks")
        assert "GET" not in "".join(
            record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")
        )
    assert (log.handlers, log.propagate) == before


def test_it_can_start_again(gate):
    server = Server(ServerOptions(engine=gate))
    for _ in range(2):
        with server:
            assert Caller(server, "any").get("/tasks").json()["total"] == 0


def test_stop_interrupts_a_render():
    ends = queue.Queue()

    def engine(*args, **more):
        try:
            default_engine()(*args, **more)
        except BaseException as exc:
            ends.put(type(exc))
            raise
        ends.put(None)

    with Server(ServerOptions(token=TOKEN, engine=engine)) as server:
        caller = Caller(server)
        long = {"duration": 15, "resolution": "1080P"}
        caller.until(caller.create(model="wan2.6-i2v", parameters=long), "RUNNING")
        server.stop()
    assert ends.get(timeout=PATIENCE), "it did not go on to its end"


def test_a_taken_port(server):
    with pytest.raises(SettingsError, match="cannot listen"):
        Server(ServerOptions(port=server.port)).start()


def test_a_wrong_host():
    with pytest.raises(SettingsError, match="cannot listen"):
        Server(ServerOptions(host="no-such-host.invalid")).start()


@pytest.mark.parametrize(
    "wrong", [{"token": ""}, {"workers": 0}, {"max_tasks": 0}, {"submit_rps": 0}, {"query_rps": -1}]
)
def test_wrong_options(wrong):
    with pytest.raises(SettingsError):
        ServerOptions(**wrong)


@pytest.fixture
def no_embedded():
    yield
    host._stop_embedded()


def test_embedded_is_one_for_all(no_embedded):
    found = []
    threads = [threading.Thread(target=lambda: found.append(embedded())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    server = found[0]
    assert len(server.token) >= 32
    assert Caller(server, server.token).get("/tasks").status_code == 200
    assert Caller(server, "guess").get("/tasks").status_code == 401
    server.stop()
    again = embedded()
    assert again.is_running
    assert again.token != server.token


FORK = """
import os, sys
from wan_magic.server import embedded
first = embedded()
folder = first._board._folder
child = os.fork()
if not child:
    second = embedded()
    ok = second is not first and second.token != first.token and not first.is_running
    first.stop()
    sys.exit(0 if ok else 3)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), folder.is_dir(), first.is_running, folder, flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_gets_its_own():
    out = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, check=True, timeout=60
    )
    code, is_dir, running, folder = out.stdout.rstrip("\n").split(maxsplit=3)
    assert (code, is_dir, running) == ("0", "True", "True"), out.stderr
    # And the parent takes its files away when it ends.
    assert not Path(folder).exists()


PATCHED = """
import asyncio, nest_asyncio2, requests
nest_asyncio2.apply()
from wan_magic.server import embedded

async def cell():
    server = embedded()
    key = {"Authorization": f"Bearer {server.token}"}
    print(requests.get(server.base_url + "/tasks", headers=key, timeout=60).status_code)
    server.stop()

asyncio.run(cell())
"""


def test_inside_a_patched_running_loop():
    out = subprocess.run(
        [sys.executable, "-W", "error", "-c", PATCHED],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert out.stdout.strip() == "200"
    assert out.stderr == ""


PROGRAM = """
from wan_magic.server import ServerOptions, serve_forever
options = ServerOptions(prefix="/qwen", token="s3cret-key")
serve_forever(options, lambda line: print(line, flush=True))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_as_a_program(number):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        lines = []
        for line in program.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        base = lines[0].split()[-1]
        assert base.endswith("/qwen/api/v1")
        answer = requests.get(
            base + "/tasks", headers={"Authorization": "Bearer s3cret-key"}, timeout=PATIENCE
        )
        assert answer.status_code == 200
        program.send_signal(number)
        rest, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0
    assert "Stopped." in rest
    assert "Traceback" not in errors
    assert "s3cret-key" not in "".join(lines) + rest + errors


def test_open_to_others_is_said():
    options = ServerOptions(host="0.0.0.0")
    assert not options.is_loopback
    lines = host._greeting(Server(options))
    assert any("others can reach" in line for line in lines)


def test_serve_forever_off_the_main_thread(gate, monkeypatch):
    # A server that stops by itself is an error, not an endless wait.
    monkeypatch.setattr(Server, "is_running", property(lambda self: False))
    with pytest.raises(SettingsError, match="stopped by itself"):
        serve_forever(ServerOptions(engine=gate), lambda line: None)
