"""The `wan-magic` command, as a user runs it: in another folder, from the installed package."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import requests
from ledger_rows import home_ledger, write
from PIL import Image
from waiting import PATIENCE

import wan_magic
from wan_magic import cli
from wan_magic.cli.jobs import _IN_NOTEBOOKS
from wan_magic.jobs.presence import Presence
from wan_magic.notebook.options import OPTIONS
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
    from wan_magic.cli import demo

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
            assert requests.get(f"{base[0]}/tasks/x", timeout=PATIENCE).status_code == 401
            known = requests.get(
                f"{base[0]}/tasks/x", headers={"Authorization": "Bearer t0ken"}, timeout=PATIENCE
            )
            assert known.json()["output"]["task_status"] == "UNKNOWN"
            server.send_signal(signal.SIGINT)
            rest = server.stdout.read()
            assert server.wait(timeout=PATIENCE) in (0, 130)
            assert "Traceback" not in said + rest
        finally:
            server.kill()


@pytest.mark.parametrize(
    ("word", "hint"), [("jbos", "did you mean jobs?"), ("xyzzy", "wan-magic --help lists them")]
)
def test_a_mistyped_command_gets_the_nearest_one(capsys, word, hint):
    assert cli.main([word, "--since", "7d"]) == 1
    said = capsys.readouterr().err
    assert said == f"wan-magic: {word} is no command of wan-magic\n→ {hint}\n"


def test_the_command_tells_its_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"wan-magic {wan_magic.__version__}\n"


def test_an_error_is_one_short_text_and_a_failing_status(capsys):
    assert cli.main(["serve", "--host", "127.0.0.1", "--port", "70000"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("wan-magic: ")
    assert "70000" in said


# -- the history -------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (320, 320), "navy").save(tmp_path / "cat.png")
    return tmp_path


@pytest.fixture
def said(capsys):
    """Run the command; its status and what it printed."""

    def run(*argv):
        status = cli.main(argv)
        out, err = capsys.readouterr()
        return status, out, err

    return run


def test_jobs_are_listed(said):
    write("a", prompt="a grey cat")
    write("b", prompt="a dog", state="failed")
    status, out, _ = said("jobs", "grey", "--state", "done", "--since", "7d", "--limit", "3")
    assert status == 0
    assert "a grey cat" in out
    assert "a dog" not in out


def test_what_is_set_and_where(said, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_RATIO", "9:16")
    rows = {row["name"]: row for row in json.loads(said("config", "--json")[1])}
    assert (rows["ratio"]["value"], rows["ratio"]["source"]) == ("9:16", "WAN_MAGIC_RATIO")
    assert "WAN_MAGIC_RATIO" in said("config")[1]
    assert "there is no preset 'draft'" in said("config", "--preset", "draft")[2]


def test_jobs_and_costs_for_other_programs(said):
    write("a")
    assert json.loads(said("jobs", "--json")[1])[0]["id"] == "a0000000000"
    assert said("jobs", "--csv")[1].splitlines()[1].startswith("a0000000000,")
    assert json.loads(said("cost", "model", "--json")[1])[0]["CNY"] == 1.5
    assert said("cost", "--csv")[1].startswith("day,jobs,CNY")
    assert "total" in said("cost")[1]


def test_what_is_left_is_named_with_the_command_that_fetches_it(said):
    write("a", state="running", open=True, made=None, accepted=time.time())
    out = said("jobs")[1]
    assert "1 job still out there: wan-magic resume" in out
    assert "%wanvideo" not in out


def test_a_job_is_told_with_its_path_at_the_end(said):
    write("a", path="/clips/a.mp4", state="done")
    status, out, _ = said("show", "a000")
    assert status == 0
    assert "model:" in out
    assert "d1ge57" not in out, "the account's digest"
    assert out.splitlines()[-1] == "/clips/a.mp4"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("show", "zzzz"), "there is no job 'zzzz'"),
        (("jobs", "--state", "finished"), "no state 'finished'"),
        (("cost", "week"), "summed by 'week'"),
        (("generate", "a", "cat"), "put the prompt into quotes"),
        (("generate", "a cat", "--resolutoin", "480P"), "did you mean --resolution?"),
        (("generate", "--image", "no.png"), "no.png"),
    ],
)
def test_what_can_not_be_is_said_in_one_text(said, folder, argv, message):
    write("a")
    status, out, err = said(*argv)
    assert (status, out) == (1, "")
    assert message in err
    assert "Traceback" not in err


def test_a_job_is_cancelled_and_forgotten(said):
    write("a")
    assert "had ended" in said("cancel", "a000")[1]
    assert said("forget", "a000", "--files")[1].startswith("job a0000000000 is forgotten")
    assert said("forget", "a000")[0] == 1


def test_resume_and_wait_print_paths_and_say_what_brought_none(said, folder):
    assert said("resume") == (0, "", "nothing is left to be fetched\n")
    write("a", state="running", open=True, made=None, accepted=time.time())
    status, out, err = said("resume")
    assert (status, out) == (1, "")
    assert "job a0000000000: endpoint beijing needs a key" in err
    assert said("wait")[0] == 1


def test_wait_without_ids_leaves_previews_of_kernels_and_lost_jobs_out(said, folder):
    values = {"state": "running", "open": True, "made": None, "accepted": time.time()}
    presence = Presence(home_ledger().folder / "kernels")
    write("a", **values, is_preview=True, owner=presence.name)
    write("b", **values | {"accepted": time.time() - 30 * 86400})
    assert said("wait") == (0, "", "nothing to wait for\n")
    presence.close()


def test_a_job_is_shown_without_what_steers_a_terminal(said, folder):
    write("a", state="failed", prompt="a \x1b[31mred\x1b[0m cat\nruns", error="\x1b]0;no\x07")
    out = said("show", "a000")[1]
    assert "\x1b" not in out
    assert "a [31mred[0m cat runs" in out
    write("b", task_id="task-b", prompt="\x1b[31mb")
    write("c", task_id="task-bc")
    assert "\x1b" not in said("show", "task")[2]


def test_generate_takes_the_options_of_the_magic_and_prints_the_path(said, folder):
    options = ("--image", "cat.png", "--model=wanx2.1-i2v-turbo", "-r", "480P", "-d", "3")
    status, out, err = said("generate", "A cat runs", *options, "--endpoint", "local")
    assert status == 0
    (path,) = out.splitlines()
    assert probe_video(Path(path)).duration == pytest.approx(3, abs=0.05)
    assert "free preview" in err
    (row,) = json.loads(said("jobs", "--json")[1])
    assert (row["path"], row["state"], row["preview"]) == (path, "done", True)
    assert said("wait", row["id"])[1] == said("resume", row["id"])[1] == out


def test_generate_shows_a_request_without_sending_it(said, folder):
    status, out, _ = said("generate", "A cat", "--no-prompt-extend", "--seed", "7", "--dry-run")
    assert status == 0
    assert '"prompt_extend": false' in out
    assert "nothing was sent" in out
    assert not (folder / "wan_videos").exists()


def test_generate_lists_the_options_of_the_table(said):
    out = said("generate", "--help")[1]
    assert out.startswith("usage: wan-magic generate PROMPT")
    for option in OPTIONS:
        assert (f" {option.flag}" in out) == (option.name not in _IN_NOTEBOOKS)


@pytest.mark.parametrize("given", ["--count=4", "--notify", "--embed=file", "--no-loop"])
def test_what_means_something_in_notebooks_alone_is_refused_as_that(said, folder, given):
    status, _, err = said("generate", "A cat", given, "--dry-run")
    assert status == 1
    assert f"{given.partition('=')[0].replace('no-', '')} is for notebooks" in err
    assert "unknown" not in err


def test_a_word_like_no_option_leads_to_the_help_of_the_command(said, folder):
    assert "→ --help lists them all" in said("generate", "A cat", "--zzzz")[2]


def test_the_command_imports_no_ipython(folder):
    code = (
        "import sys; from wan_magic import cli;"
        " cli.main(['generate', 'A cat', '--dry-run']); cli.main(['jobs']);"
        " sys.exit('IPython' in sys.modules or 'ipywidgets' in sys.modules)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False).returncode == 0
