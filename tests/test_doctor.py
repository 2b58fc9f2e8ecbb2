"""``doctor``: what it finds, what it advises, and what it keeps to itself."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import threading
from pathlib import Path

import pytest
import requests
from keyring_backend import Backend, package
from ledger_rows import home_ledger, write
from waiting import PATIENCE

from wan_magic import texts
from wan_magic.cli import main
from wan_magic.notebook.frontend import FrontEnd, front_end_of
from wan_magic.output.checkup import Finding, Report
from wan_magic.output.sample import sample_clip
from wan_magic.server import Server, ServerOptions
from wan_magic.settings import from_environment, keys
from wan_magic.setup import doctor, doctor_files, versions
from wan_magic.wan.video import probe_video

KEY = "sk-of-the-tests-0123456789"
LAB = FrontEnd("JupyterLab / Notebook", "JPY_SESSION_NAME")
TERMINAL = front_end_of(None)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of one's own, and no keyring."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "keyring", None)
    return tmp_path


@pytest.fixture(scope="module")
def server():
    with Server(ServerOptions(token=KEY)) as server:
        yield server


@pytest.fixture
def keyed(server, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", server.base_url)
    return server.base_url


def report(front_end=TERMINAL, **options):
    return doctor.examine(from_environment, front_end=front_end, **options)


def line(name, **options):
    """The one line of a name."""
    (found,) = [one for one in report(**options).findings if one.name == name]
    return found


# -- the whole ---------------------------------------------------------------------------------


def test_a_fresh_machine_has_no_problem_and_misses_a_key(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "warning  key" in said
    assert "none: videos are free previews" in said
    assert "→ wan-magic login, or set DASHSCOPE_API_KEY" in said
    assert said.rstrip().endswith("no problems, but see the warnings")


def test_with_a_key_that_is_taken_all_is_well(keyed):
    found = report()
    assert [one for one in found.findings if one.state != "ok"] == []
    assert str(found).endswith("all is well")
    host = keyed.removeprefix("http://").partition("/")[0]
    assert line("key").found == f"from DASHSCOPE_API_KEY, taken by {host}"


def test_it_looks_and_leaves_nothing_behind(here, clean_machine, keyed):
    report(LAB)
    assert list(here.iterdir()) == []
    assert not from_environment().home.exists()


def test_a_problem_is_a_failing_status(monkeypatch, capsys):
    monkeypatch.setenv("WAN_MAGIC_LEDGER", "maybe")
    assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    (settings,) = [one for one in found if one["name"] == "settings"]
    assert settings["state"] == "problem"
    assert "neither on nor off" in settings["found"]


# -- the key and the network -------------------------------------------------------------------


def test_a_key_that_is_refused(keyed, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-wrong-0123456789")
    key = line("key")
    assert key.state == "problem"
    assert "refused by 127.0.0.1" in key.found
    assert "HTTP 401 InvalidApiKey" in key.found
    assert "one region" in key.todo
    assert line("network").state == "ok"


def test_a_host_that_can_not_be_reached(keyed, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "http://127.0.0.1:9/api/v1")
    assert line("key").state == "warning"
    network = line("network")
    assert (network.state, network.found) == ("problem", "127.0.0.1:9 can't be reached")


def test_a_host_that_does_not_answer_is_waited_for_so_long_only(keyed, monkeypatch):
    never = threading.Event()
    monkeypatch.setattr(doctor, "_NETWORK_SECONDS", 0.1)
    monkeypatch.setattr("wan_magic.wan.probe.ask", lambda endpoint: never.wait(PATIENCE))
    assert line("network").state == "problem"
    assert "no answer within 0.1 s" in line("key").found
    never.set()


def test_offline_nobody_is_asked(keyed, monkeypatch):
    monkeypatch.setattr(
        requests.Session, "request", lambda *_, **__: pytest.fail("it asked the network")
    )
    assert line("key", online=False).found.endswith("; not checked")


def test_a_proxy_is_named_without_its_login(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://anna:secret@proxy.example:3128")
    assert doctor._proxy("https://dashscope.aliyuncs.com/api/v1") == "proxy.example:3128"
    assert doctor._proxy("http://127.0.0.1:9/api/v1") == ""


def test_a_config_file_that_is_wrong_does_not_end_the_examination(here, monkeypatch):
    (here / "config.toml").write_text("endpoint = 3")
    monkeypatch.setenv("WAN_MAGIC_CONFIG", str(here / "config.toml"))
    found = report()
    assert found.problems == 1
    assert {"settings", "folder", "ledger"} <= {one.name for one in found.findings}


def test_without_a_keyring_it_says_what_is_missing_the_package_or_a_keyring(monkeypatch):
    assert line("keyring").todo == "pip install 'wan-magic[keyring]'"
    backend = Backend()
    monkeypatch.setitem(sys.modules, "keyring", package(backend))
    assert (line("keyring").found, line("keyring").todo) == ("Test keyring", "")
    backend.priority = 0
    assert line("keyring").todo == "start a keyring service, such as GNOME Keyring or KWallet"


def test_a_keyring_that_fails_is_a_finding(monkeypatch):
    keys._write(from_environment().home, {"singapore": "singapore"})
    key = line("key")
    assert key.state == "problem"
    assert "should be in the system keyring" in key.found


# -- versions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "state"),
    [("8.19.0", "problem"), ("8.20.0", "ok"), ("9.0", "ok"), (None, "problem")],
)
def test_a_version_that_is_too_old(monkeypatch, version, state):
    real = versions.installed
    monkeypatch.setattr(versions, "installed", lambda n: version if n == "ipython" else real(n))
    found = line("ipython")
    assert found.state == state
    assert (found.todo == "pip install -U 'ipython>=8.20'") == (state == "problem")


@pytest.mark.parametrize(
    ("ours", "theirs", "state"),
    [("8.1.7", "3.0.15", "ok"), ("8.1.7", "1.1.0", "problem"), ("7.8", "1.1", "ok")],
)
def test_both_halves_of_ipywidgets_must_fit(monkeypatch, ours, theirs, state):
    said = {"ipywidgets": ours, "jupyterlab_widgets": theirs}
    monkeypatch.setattr(versions, "installed", said.get)
    (found,) = versions.widgets(LAB)
    assert found.state == state


def test_the_servers_half_is_found_by_its_files(monkeypatch, tmp_path):
    package = tmp_path / "labextensions" / "@jupyter-widgets" / "jupyterlab-manager"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "5.0.2"}')
    monkeypatch.setattr(versions, "installed", {"ipywidgets": "8.1.7"}.get)
    monkeypatch.setattr(
        "jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path.joinpath(*parts))]
    )
    (found,) = versions.widgets(LAB)
    assert (found.state, found.found) == ("problem", "5.0.2 does not fit ipywidgets 8.1.7")
    (package / "package.json").unlink()
    (found,) = versions.widgets(LAB)
    assert found.state == "warning"


def test_in_a_terminal_no_widgets_are_needed():
    assert list(versions.widgets(TERMINAL)) == []


def test_a_codec_that_is_missing(monkeypatch):
    monkeypatch.setattr(versions, "_CODECS", (*versions._CODECS, ("libnothing", "w")))
    found = line("PyAV")
    assert (found.state, found.todo) == ("problem", "pip install -U av")
    assert found.found.endswith("lacks libnothing")


# -- the folder and the ledger ---------------------------------------------------------------------


def test_a_folder_that_is_none(here, monkeypatch):
    (here / "file").write_text("")
    monkeypatch.setenv("WAN_MAGIC_OUT", str(here / "file" / "clips"))
    assert line("folder").state == "problem"
    monkeypatch.setenv("WAN_MAGIC_OUT", str(here / "file"))
    assert line("folder").state == "problem"


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use can't be removed")
def test_a_working_directory_that_is_gone(here, monkeypatch):
    (here / "gone").mkdir()
    monkeypatch.chdir(here / "gone")
    (here / "gone").rmdir()
    folder = line("folder")
    assert (folder.state, folder.todo) == ("problem", "name another: --out")


@pytest.mark.parametrize(("free", "state"), [(1e8, "problem"), (1e9, "warning"), (1e10, "ok")])
def test_a_disk_that_fills_up(monkeypatch, free, state):
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(doctor_files.shutil, "disk_usage", lambda path: usage)
    assert line("folder").state == state


def test_a_folder_that_the_front_end_does_not_reach(here, monkeypatch):
    assert line("playing", front_end=LAB).state == "ok"
    monkeypatch.setenv("WAN_MAGIC_OUT", str(here / ".hidden"))
    playing = line("playing", front_end=LAB)
    assert playing.state == "warning"
    assert "clips go into the notebook" in playing.found


def test_a_front_end_that_reaches_no_files_is_no_fault_of_the_folder(monkeypatch):
    monkeypatch.setenv("VSCODE_PID", "1")
    playing = line("playing", front_end=front_end_of(shell()))
    assert (playing.state, playing.todo) == ("ok", "")
    assert playing.found == "VS Code reaches no file there: clips go into the notebook"


def test_a_ledger_that_is_whole():
    write("a")
    found = line("ledger")
    assert (found.state, found.todo) == ("ok", "")
    assert re.search(r"ledger\.sqlite3, version \d+, writable and whole$", found.found)


def test_a_ledger_with_jobs_to_be_fetched():
    write("a", open=True, state="running", made=None, ended=None)
    found = line("ledger")
    assert (found.state, found.todo) == ("warning", "%wanvideo resume")
    assert found.found.endswith("jobs to be fetched: 1")


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\0" + b"x" * 4000])
def test_a_ledger_that_is_broken(content):
    path = home_ledger().path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    found = line("ledger")
    assert found.state == "problem"
    assert path.read_bytes() == content, "it is only looked at"


def test_a_ledger_of_a_newer_version():
    write("a")
    path = home_ledger().path
    home_ledger().close()
    with sqlite3.connect(path) as ledger:
        ledger.execute("PRAGMA user_version = 999")
    ledger.close()
    found = line("ledger")
    assert found.state == "problem"
    assert "written by a newer wan_magic (version 999)" in found.found


def test_a_ledger_that_is_switched_off(monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_LEDGER", "off")
    assert line("ledger").state == "warning"


# -- the player and the looks -------------------------------------------------------------------


def test_the_sample_is_what_the_service_makes(here):
    (here / "sample.mp4").write_bytes(sample_clip())
    info = probe_video(here / "sample.mp4")
    assert (info.duration, info.has_audio) == (2.0, True)
    assert (here / "sample.mp4").stat().st_size < 50_000, "it is saved with the notebook"


def test_in_a_front_end_there_is_a_clip_to_see(keyed):
    page = report(LAB)._repr_html_()
    assert '<video src="data:video/mp4;base64,' in page
    assert "<script" not in page
    assert "<style" not in page
    assert ">OK</span>" in page
    assert "<video" not in report(TERMINAL)._repr_html_()


def test_what_is_found_is_text_and_no_html():
    page = Report([Finding("<b>", "problem", "<script>x</script>", "<i>")])._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page
    assert "<i>" not in page


def test_a_report_can_be_pasted_anywhere(clean_machine):
    path = str(clean_machine / "films")
    found = Report([Finding("folder", "ok", f"{path}\n{KEY}", path)], secrets=(KEY, ""))
    for text in (str(found), found._repr_html_(), found.to_json(), repr(found.findings)):
        assert KEY not in text
        assert str(clean_machine) not in text
        assert "~" + str(Path("/films")) in text


def test_no_report_holds_the_key(keyed, monkeypatch):
    # A server that quotes the key, a folder that is named like it.
    monkeypatch.setenv("WAN_MAGIC_OUT", KEY)
    found = report(LAB)
    for text in (str(found), found._repr_html_(), found.to_json()):
        assert KEY not in text


def test_in_chinese(monkeypatch):
    monkeypatch.setattr(texts, "_chosen", "zh")
    assert "播放器" in str(report(LAB))
    assert "状态" in report(LAB)._repr_html_()


# -- which front end ------------------------------------------------------------------------------


def shell(*, allow_stdin=True):
    parent = {"content": {"allow_stdin": allow_stdin}}
    kernel = type("Kernel", (), {"get_parent": lambda self: parent})()
    return type("Shell", (), {"kernel": kernel})()


@pytest.fixture
def no_trace(monkeypatch):
    for name in ("KAGGLE_KERNEL_RUN_TYPE", "DATABRICKS_RUNTIME_VERSION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("VSCODE_PID", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variable", "name", "reads_files"),
    [
        ("JPY_SESSION_NAME", "JupyterLab / Notebook", True),
        ("KAGGLE_KERNEL_RUN_TYPE", "Kaggle", False),
        ("DATABRICKS_RUNTIME_VERSION", "Databricks", False),
    ],
)
def test_a_front_end_is_known_by_what_it_sets(no_trace, monkeypatch, variable, name, reads_files):
    monkeypatch.setenv(variable, "1")
    assert front_end_of(shell()) == FrontEnd(name, variable, reads_files=reads_files)


def test_other_front_ends(no_trace, monkeypatch):
    assert front_end_of(shell()).known is False
    assert front_end_of(shell(allow_stdin=False)).name.startswith("nobody")
    assert not front_end_of(object()).has_widgets
    with monkeypatch.context() as voila:
        voila.setenv("SERVER_SOFTWARE", "voila/0.5.11")
        assert front_end_of(shell(allow_stdin=False)).name == "Voila"
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    assert front_end_of(shell()).name == "Colab"
    monkeypatch.setenv("VSCODE_PID", "1")
    assert front_end_of(shell()).name == "VS Code", "it also shows kernels of Colab's"


def test_a_front_end_that_nobody_knows_is_a_warning():
    found = line("front end", front_end=FrontEnd("?", "a kernel", known=False))
    assert found.state == "warning"


def test_whether_load_ext_is_needed_is_told(here):
    assert "wan-magic enable" in line("%load_ext", is_enabled=str).todo
    assert line("%load_ext", is_enabled=lambda: "/x/50.py").found == "not needed: /x/50.py"
