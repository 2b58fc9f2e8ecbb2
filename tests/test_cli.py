"""The `wan-magic` command, as a user runs it: in another folder, from the installed package."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import requests

from wan_magic import cli
from wan_magic.wan.video import probe_video

COMMAND = [sys.executable, "-W", "ignore", "-m", "wan_magic"]


@pytest.fixture
def environment(clean_machine):
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


@pytest.mark.kernel
def test_demo_makes_a_video_a_page_and_an_executed_notebook(tmp_path, environment):
    # A key that no server would take: the demo must not even try to spend money.
    environment["DASHSCOPE_API_KEY"] = "sk-not-to-be-used"
    done = subprocess.run(
        [*COMMAND, "demo"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[2/3] %%wanvideo" in done.stdout  # progress, cell by cell
    folder = tmp_path / "wan_demo"
    for label, suffix in (("video", ".mp4"), ("page", ".html"), ("notebook", ".ipynb")):
        path = Path(re.search(rf"^{label} +(.*)$", done.stdout, re.MULTILINE)[1])
        assert path.exists()
        assert path.suffix == suffix
        assert folder in path.parents
    (video,) = (folder / "wan_videos").glob("*.mp4")
    info = probe_video(video)
    assert (info.width, info.height, info.has_audio) == (832, 464, True)
    assert info.duration == pytest.approx(5, abs=0.05)
    notebook = nbformat.read(folder / "quickstart.ipynb", as_version=4)
    html = [
        o.data.get("text/html", "")
        for c in notebook.cells
        for o in c.get("outputs", [])
        if "data" in o
    ]
    assert any(f'src="wan_videos/{video.name}"' in text for text in html)
    assert f'src="wan_videos/{video.name}"' in (folder / "quickstart.html").read_text("utf-8")


def test_demo_never_overwrites_an_earlier_one(tmp_path, monkeypatch):
    from wan_magic import demo

    assert demo._fresh(tmp_path / "d").name == "d"
    assert demo._fresh(tmp_path / "d").name == "d-2"
    assert demo._fresh(tmp_path / "d").name == "d-3"


def test_demo_says_what_to_install_where_the_lab_extra_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "nbclient", None)
    assert cli.main(["demo", "--folder", str(tmp_path / "d")]) == 1
    said = capsys.readouterr().err
    assert "nbclient" in said
    assert "pip install 'wan-magic[lab]'" in said
    assert not (tmp_path / "d").exists()


def test_serve_says_where_it_serves_and_ends_with_ctrl_c(environment):
    with subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", "--prefix", "/qwen", "--token", "t0ken"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            said, base = "", None
            while base is None:
                line = server.stdout.readline()
                assert line, said
                said += line
                base = re.search(r"http://127\.0\.0\.1:\d+/qwen/api/v1", said)
            assert requests.get(f"{base[0]}/tasks/x", timeout=10).status_code == 401
            known = requests.get(
                f"{base[0]}/tasks/x", headers={"Authorization": "Bearer t0ken"}, timeout=10
            )
            assert known.json()["output"]["task_status"] == "UNKNOWN"
            server.send_signal(signal.SIGINT)
            rest = server.stdout.read()
            assert server.wait(timeout=20) in (0, 130)
            assert "Traceback" not in said + rest
        finally:
            server.kill()


def test_an_error_is_one_short_text_and_a_failing_status(capsys):
    assert cli.main(["serve", "--host", "127.0.0.1", "--port", "70000"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("wan-magic: ")
    assert "70000" in said
