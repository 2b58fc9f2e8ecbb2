"""The subcommands of the line magic that look after jobs, and what `%load_ext` says of them."""

from __future__ import annotations

import time

import pytest
from ledger_rows import home_ledger, write
from magic_shell import SMALL, WIDGET

from wan_magic.actions.collecting import ORDERS
from wan_magic.errors import InputError, JobFailed, LedgerError
from wan_magic.jobs.job import Job
from wan_magic.notebook.commands import BY_COMMAND, CLIP_ORDERS, COMMANDS
from wan_magic.notebook.help import help_text
from wan_magic.notebook.subcommands import _RUN
from wan_magic.output.costs import CostTable
from wan_magic.output.history import JobTable

LEFT = {"state": "running", "open": True, "made": None, "cost": None, "accepted": time.time()}
CELL = f"%%wanvideo clip --image cat.png {SMALL} --endpoint local\nA cat"


@pytest.fixture
def clip(real_job):
    """A job of the ledger whose clip is there."""
    done = real_job.result()
    return write("a", path=str(done.path), bytes=done.path.stat().st_size, is_preview=True)


# -- the table of subcommands ---------------------------------------------------------------


def test_every_subcommand_is_run_helped_and_hinted_at(shell):
    assert set(_RUN) | {"models", "help"} == set(BY_COMMAND)
    lines = help_text().splitlines()
    for command in COMMANDS:
        assert any(line.startswith(f"  %wanvideo {command.name}") for line in lines)
        assert any(line.endswith(command.help) for line in lines)
        hint = shell.refused(f"%wanvideo {command.name}z", InputError).error.hint
        assert hint == f"did you mean {command.name}?"


@pytest.mark.parametrize("line", ["help", "--help", "-h", ""])
def test_help_is_shown_wherever_it_is_asked_for(shell, line):
    assert "Subcommands" in shell.good(f"%wanvideo {line}").out


@pytest.mark.parametrize("line", ["jobs --help", "help jobs", "jobs -h"])
def test_a_command_has_a_help_of_its_own(shell, line):
    lines = shell.good(f"%wanvideo {line}").out.splitlines()
    assert lines[0].startswith("%wanvideo jobs [WORDS]")
    assert any(line.strip().startswith("--limit 20") for line in lines)
    assert "to_csv" in lines[-1]


@pytest.mark.parametrize(
    ("command", "true", "untrue"),
    [
        ("jobs", "a part of its name", "default 2.5"),
        ("gallery", "--sort cost              date, cost", "state"),
        ("wait", "all of them together", "10800"),
        ("wait", "--timeout 600", "block until"),
        ("resume", "as it was sent", "default wan_videos"),
        ("show", "--loop, --no-loop", "--no-embed"),
        ("models", "%wanvideo models [WORDS]", "unknown"),
    ],
)
def test_the_help_of_a_command_tells_what_its_options_mean_there(shell, command, true, untrue):
    said = shell.good(f"%wanvideo {command} --help").out
    assert true in said
    assert untrue not in said


def test_a_gallery_is_sorted_by_what_its_help_and_tab_offer(shell):
    assert tuple(ORDERS) == CLIP_ORDERS
    (sort,) = (one for one in BY_COMMAND["gallery"].table if one.name == "sort")
    assert sort.offered == CLIP_ORDERS


@pytest.mark.parametrize("line", ["list", "list all", "status of my jobs", "delete a1b2"])
def test_what_is_no_command_is_said_to_be_none(shell, no_server, line):
    error = shell.refused(f"%wanvideo {line}", InputError).error
    assert error.message == f"{line.split()[0]} is no command of %wanvideo"
    assert "%wanvideo help lists them" in error.hint


def test_help_of_what_is_no_command_guesses(shell):
    assert shell.refused("%wanvideo help jbos", InputError).error.hint == "did you mean jobs?"


def test_a_wrong_option_is_guessed_among_those_of_its_command(shell):
    error = shell.refused("%wanvideo jobs --reverse", InputError).error
    assert "--fresh" not in error.hint
    assert shell.refused("%wanvideo jobs --sate done", InputError).error.hint == (
        "did you mean --state?"
    )


@pytest.mark.parametrize("name", ["jobs", "cost", "resume"])
def test_a_command_with_two_percent_signs_and_a_body_pays_for_nothing(shell, no_server, name):
    error = shell.refused(f"%%wanvideo {name}\nA cat", InputError).error
    assert f"%wanvideo {name} (one %" in error.hint


def test_a_name_is_given_again_and_again(shell, folder, no_server):
    write("a", state="failed", error="no cats")
    for _ in range(2):
        shell.good("%wanvideo show a000 mine")
    assert shell.user_ns["mine"].id == "a0000000000"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("jobs --files", "jobs takes no files", "it takes --state, --model, --notebook, --since"),
        ("show 1234 --seed 7", "show takes no seed", "--embed, --player-width, --loop"),
        ("forget 1234 --forc", "unknown option --forc", "did you mean --force?"),
        ("jobs --limit two", "--limit takes a whole number, not 'two'", "--limit 20"),
        ("jobs --sort price", "sorted by 'price'", "created, cost"),
        ("jobs --since lately", "'lately' is no time", '"7d"'),
        ("cost week", "summed by 'week'", "day, month, model, notebook"),
        ("cancel 1234 5678", "unexpected '5678'", "%wanvideo cancel ID"),
        ("show 1234 not-a-name", "can't be the name of a variable", "such as clip"),
        ("cancel", "cancel needs the id of a job", "%wanvideo jobs lists them"),
    ],
)
def test_what_makes_no_sense_is_refused_in_two_lines(shell, no_server, line, message, hint):
    cell = shell.refused(f"%wanvideo {line}", InputError)
    assert message in cell.error.message
    assert hint in str(cell.error)


# -- tables -----------------------------------------------------------------------------------


def test_jobs_are_the_value_of_the_cell_and_shown_once(watched, no_server):
    write("a", prompt="a grey cat")
    write("b", prompt="a dog", state="failed")
    cell = watched.good("%wanvideo jobs")
    assert isinstance(cell.value, JobTable)
    assert cell.shown == [], "nothing but the value itself"
    assert cell.out.count("a grey cat") == 1
    data, _ = watched.ip.display_formatter.format(cell.value)
    assert "a grey cat" in data["text/html"]
    assert "a grey cat" in data["text/plain"]


def test_jobs_are_filtered_and_can_be_given_a_name(shell, no_server):
    write("a", prompt="a grey cat")
    write("b", prompt="a grey dog", state="failed")
    write("c", prompt="a grey horse", created=time.time() - 9 * 86400)
    shell.good("found = %wanvideo jobs grey --state failed --since 7d --sort=-cost --limit 3")
    assert [one.id[0] for one in shell.user_ns["found"]] == ["b"]
    shell.good("word = 'horse'")
    shell.good("found = %wanvideo jobs {{word}} grey --model 2.5")
    assert [one.id[0] for one in shell.user_ns["found"]] == ["c"]


def test_costs_are_the_value_of_the_cell(shell, no_server):
    write("a")
    cell = shell.good("%wanvideo cost month --since 30d")
    assert isinstance(cell.value, CostTable)
    assert cell.out.count("total") == 1
    assert "1.50" in cell.out


def test_a_broken_ledger_is_said_to_be_without_a_traceback(shell, no_server):
    write("a")
    home_ledger().close()
    home_ledger().path.write_bytes(b"no database, and longer than its head is " * 50)
    cell = shell.refused("%wanvideo jobs", LedgerError)
    assert "WAN_MAGIC_HOME" in cell.text


# -- one job ---------------------------------------------------------------------------------


def test_a_clip_is_shown_again_with_its_player(watched, widgets, no_server, clip):
    cell = watched.good("%wanvideo show a000 again")
    (shown,) = cell.shown
    assert "<video" in shown["data"]["text/html"]
    assert WIDGET not in shown["data"]
    assert watched.user_ns["again"].id == clip.id


def test_in_a_terminal_the_path_is_printed(shell, no_server, clip):
    assert clip.path in shell.good("%wanvideo show a000").out


def test_a_failed_job_is_shown_and_fails_no_cell(shell, headless, no_server):
    write("a", state="failed", made=None, error="the task failed: no cats", hint="ask for dogs")
    cell = headless.good("%wanvideo show a000")
    assert "no cats" in cell.shown[-1]["data"]["text/html"]
    del headless.ip.kernel
    cell = shell.good("%wanvideo show a000")
    assert "the task failed: no cats" in cell.out
    assert "ask for dogs" in cell.out


def test_a_variable_that_holds_a_job_stands_for_its_id(shell, real_job, clip, no_server):
    shell.user_ns["clip"] = clip
    assert clip.path in shell.good("%wanvideo show clip").out
    assert clip.path in shell.good("%wanvideo show {{clip.id}}").out
    assert shell.good("%wanvideo wait clip").value[0].path == real_job.result().path


def test_wait_waits_for_what_runs_and_returns_the_clips(watched, widgets, folder):
    watched.good(CELL)
    cell = watched.good("clips = %wanvideo wait --timeout 60")
    (clip,) = watched.user_ns["clips"]
    assert clip.path.exists()
    assert cell.value is None
    nothing = watched.good("none = %wanvideo wait\nnone").value
    assert nothing == []
    assert repr(nothing).startswith("nothing to wait for")
    assert "nothing to wait for" in watched.good("%wanvideo wait").out


def test_cancel_and_forget_say_what_came_of_it(shell, no_server, clip):
    assert "had ended (done)" in shell.good("%wanvideo cancel a000").out
    assert shell.good("%wanvideo forget a000").out == "job a0000000000 is forgotten\n"
    assert "there is no job" in shell.refused("%wanvideo forget a000", InputError).text


def test_forget_takes_its_flags(shell, no_server, folder):
    (folder / "a.mp4").write_bytes(b"video")
    write("a", **LEFT | {"path": str(folder / "a.mp4"), "bytes": 5})
    assert "--force" in shell.refused("%wanvideo forget a000", InputError).text
    assert "a.mp4 is deleted" in shell.good("%wanvideo forget a000 --files --force").out
    assert not (folder / "a.mp4").exists()


# -- resume ------------------------------------------------------------------------------------


def test_nothing_is_left(shell, no_server):
    write("a")
    assert "nothing is left to be fetched" in shell.good("%wanvideo resume").out


def test_each_job_that_was_left_gets_its_card_also_those_that_can_not_be_taken_up(
    watched, widgets, no_server, monkeypatch
):
    write("a", **LEFT | {"prompt": "first"})
    write("b", **LEFT | {"prompt": "second"})
    cell = watched.good("%wanvideo resume")  # there is no key
    cards = [output["data"]["text/html"] for output in cell.shown]
    assert len(cards) == 2
    assert "first" in cards[0] + cards[1]
    assert all("NOT WATCHED" in card and "needs a key" in card for card in cards)


@pytest.mark.parametrize("kind", ["headless", "shell"])
def test_where_nobody_watches_it_goes_through_all_of_them(request, kind, no_server):
    shell = request.getfixturevalue(kind)
    write("a", **LEFT)
    write("b", **LEFT)
    cell = shell.good("%wanvideo resume")
    said = cell.out + "".join(shown["data"]["text/html"] for shown in cell.shown)
    assert said.count("needs a key") in (2, 4)  # a card comes, and is updated


def test_resume_of_one_job_by_a_beginning_of_its_id(shell, no_server, clip):
    shell.good("%wanvideo resume a000 again")
    assert isinstance(shell.user_ns["again"], Job)
    assert str(shell.user_ns["again"].result().path) == clip.path


def test_a_failed_job_that_is_resumed_fails_the_cell(shell, no_server):
    write("a", state="failed", made=None, error="no cats")
    cell = shell.run("%wanvideo resume a000")
    assert isinstance(cell.error, JobFailed)
    assert "Traceback" not in cell.text


# -- what the extension says when it is loaded -----------------------------------------------------


def test_loading_is_silent_where_nothing_is_left(bare_shell, no_server):
    assert bare_shell.good("%load_ext wan_magic").text == ""
    bare_shell.good("%unload_ext wan_magic")
    write("a")
    assert bare_shell.good("%load_ext wan_magic").text == ""


def test_loading_says_in_one_line_what_is_still_out_there(bare_shell, no_server):
    write("a", **LEFT)
    write("b", **LEFT | {"state": "downloading", "made": time.time()})
    write("c", **LEFT | {"owner": home_ledger().presence.name})
    assert bare_shell.good("%load_ext wan_magic").text == (
        "wan_magic: 2 jobs are still out there (1 to be fetched): %wanvideo resume\n"
    )
    bare_shell.good("%reload_ext wan_magic")


def test_what_was_never_sent_is_said_once(bare_shell, no_server):
    unsent = LEFT | {"state": "waiting", "sent": None, "accepted": None, "task_id": ""}
    write("a", **unsent)
    write("b", **unsent)
    write("c", **LEFT)
    assert bare_shell.good("%load_ext wan_magic").text == (
        "wan_magic: 1 job is still out there: %wanvideo resume; 2 were never sent, nothing is"
        " paid: run the cell again\n"
    )
    bare_shell.good("%unload_ext wan_magic")
    assert "never sent" not in bare_shell.good("%load_ext wan_magic").text


def test_one_job_is_one(bare_shell, no_server):
    write("a", **LEFT)
    text = bare_shell.good("%load_ext wan_magic").text
    assert text.startswith("wan_magic: 1 job is still out there")


@pytest.mark.parametrize("content", [b"", b"no database, and longer than its head " * 50])
def test_a_broken_ledger_does_not_keep_the_extension_from_loading(bare_shell, content):
    home = home_ledger().folder
    home.mkdir(parents=True)
    (home / "ledger.sqlite3").write_bytes(content)
    text = bare_shell.good("%load_ext wan_magic").text
    assert text.count("\n") == (1 if content else 0)
    assert ("the list of earlier jobs can't be read" in text) == bool(content)
    assert "Inputs" in bare_shell.good("%wanvideo help").out


def test_the_folder_that_is_set_is_looked_into(bare_shell, no_server, folder, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_HOME", str(folder / "home"))
    write("a", **LEFT)
    monkeypatch.delenv("WAN_MAGIC_HOME")
    assert bare_shell.good("%load_ext wan_magic").text == ""
    bare_shell.good("%unload_ext wan_magic")
    monkeypatch.setenv("WAN_MAGIC_HOME", "home")
    assert "still out there" in bare_shell.good("%load_ext wan_magic").text
