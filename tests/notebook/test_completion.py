"""Tab on the magic line: exactly what the tables allow, and silence in the prompt."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter

from wan_magic.jobs.glimpse import QUERIES, clips, jobs
from wan_magic.jobs.ledger import Ledger
from wan_magic.jobs.ledger_file import FILE
from wan_magic.notebook.commands import COMMANDS
from wan_magic.notebook.offers import Around, offers
from wan_magic.notebook.options import OPTIONS
from wan_magic.notebook.typed import split
from wan_magic.settings import Settings
from wan_magic.wan import catalog

MODELS = list(catalog.MODELS.values())


@pytest.fixture
def tab(shell):
    """Press Tab at the ``|`` of a cell; what is offered, as it would stand on the line."""

    def press(cell):
        at = cell.index("|")
        text = cell.replace("|", "", 1)
        with provisionalcompleter():
            found = list(shell.ip.Completer.completions(text, at))
        assert all(one.end == at for one in found)
        assert len({one.start for one in found}) <= 1
        start = text.rindex("\n", 0, at) + 1 if "\n" in text[:at] else 0
        assert all(one.start >= start for one in found)
        return [one.text for one in found]

    return press


def flags_of(options):
    made = []
    for option in options:
        made.append(option.flag)
        if option.kind == "switch":
            made.append(f"--no-{option.flag[2:]}")
    return made


def on_the_line(typed):
    """What is offered at the ``|``, without a shell, variables and settings."""
    around = Around({}, lambda _: Settings())
    found = offers(typed.replace("|", ""), typed.index("|"), around, is_cell=True)
    return [text for text, _ in found.offers]


# -- options and values of each model --------------------------------------------------------


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_each_model_is_offered_its_own_options_and_no_others(model):
    taken = [
        option
        for option in OPTIONS
        if option.kind == "pair" or (option.name != "model" and option.takes(model))
    ]
    assert on_the_line(f"-m {model.name} --|") == [*flags_of(taken), "--help"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_each_model_is_offered_exactly_the_values_of_its_row(model):
    for option in OPTIONS:
        if option.group == "value" and option.kind in ("choice", "integer") and option.takes(model):
            expected = [str(value) for value in model.values(option.name)]
            assert on_the_line(f"-m {model.name} {option.flag} |") == expected
            assert on_the_line(f"{option.flag}=| --model {model.name}") == expected


@pytest.mark.parametrize("version", catalog.versions())
def test_a_version_is_offered_the_values_of_its_models(version):
    rows = [row for row in MODELS if version in row.aliases]
    offered = on_the_line(f"-m {version} --resolution |")
    assert set(offered) <= {value for row in rows for value in row.resolutions}
    assert bool(offered) == any(row.resolutions for row in rows)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("-m wan2.5-t2v-preview -r 480p --ratio |", ["16:9", "9:16", "1:1"]),
        ("-m wan2.5-t2v-preview -r 720P --ratio |", ["16:9", "9:16", "1:1", "4:3", "3:4"]),
        ("-m wan2.5-t2v-preview --ratio 4:3 -r |", ["720P", "1080P"]),
        ("-m wan2.5-t2v-preview --ratio | -r 480P", ["16:9", "9:16", "1:1"]),
        ("-m wanx2.1-t2v-plus -r 720P --size |", []),
        ("-m wanx2.1-t2v-plus --size 960x960 --resolution |", []),
        ("-m wan2.5-t2v-preview -r 4K --ratio |", ["16:9", "9:16", "1:1", "4:3", "3:4"]),
        ("-m wan2.5-t2v-preview -r 480P --si|", []),
        ("-m wan2.5-t2v-preview --size 960x960 --r|", []),
    ],
)
def test_what_is_offered_goes_with_what_is_given(tab, line, offered):
    assert tab(f"%%wanvideo {line}") == offered


def test_inputs_that_are_given_narrow_what_fits(tab):
    assert tab("%%wanvideo -m 2.7 --image cat.png --audio-setting |") == []
    assert "wan2.7-videoedit" in tab("%%wanvideo --video take.mp4 --model wan2.7|")
    assert "wan2.7-t2v" not in tab("%%wanvideo --video take.mp4 --model |")
    assert "--mask" in tab("%%wanvideo --m|")
    assert "--mask" not in tab("%%wanvideo -m wan2.7-t2v --m|")


def test_without_a_model_the_default_one_counts_and_then_the_wish(tab, shell):
    standard = catalog.find_model().resolutions
    assert tab("%%wanvideo --resolution |") == list(standard)
    shell.good('%config WanMagics.model = "wan2.2-t2v-plus"')
    assert tab("%%wanvideo --resolution |") == ["480P", "1080P"]
    assert "multi" in tab("%%wanvideo --shot-type |"), "which that model has not; others have"


def test_what_is_given_is_not_offered_again_unless_it_is_repeatable(tab):
    assert "--seed" not in tab("%%wanvideo --seed 7 --|")
    assert "--seed" not in tab("%%wanvideo --| --seed 7"), "also behind the cursor"
    assert "--ref" in tab("%%wanvideo --ref hero.png --|")


def test_a_list_goes_on(tab):
    assert tab("%%wanvideo -m wan2.5-t2v-preview --resolution 480P,|") == ["720P", "1080P"]
    assert tab("%%wanvideo -m wan2.5-t2v-preview --resolution 480P,7|") == ["720P"]


LINES = [
    ("--wat|", ["--watermark"]),
    ("--no-wat|", ["--no-watermark"]),
    ("clip --res|", ["--resolution"]),
    ("-m wan2.7-t2v --ratio 9|", ["9:16"]),
    ("-m 2.2-f|", ["2.2-flash"]),
    ("--template fl|", ["flying"]),
    ("--embed |", ["auto", "file", "embed"]),
    ("--endpoint b|", ["beijing"]),
    ("--audio o|", ["off"]),
    ("--seed |", ["random"]),
    ("--max-cost |", []),
    ("--negative |", []),
    ("na|", []),
]
"""What is typed, and what is offered."""


def test_what_is_offered(tab):
    for line, offered in LINES:
        assert tab(f"%%wanvideo {line}") == offered, line


def test_the_empty_line_offers_what_there_is(tab):
    assert tab("%%wanvideo |")[:2] == ["--image", "--last-frame"]
    assert tab("%%wanvideo clip |")[0] == "--image"
    names = [command.name for command in COMMANDS]
    assert tab("%wanvideo |")[: len(names)] == names


# -- where it speaks and where not ------------------------------------------------------------


PROMPTS = [
    "%%wanvideo clip\nA cat imp|",
    "%%wanvideo clip\n--res|",
    "%%wanvideo clip\n%wanvideo jo|",
    "%%wanvideo\n\n\nos.|",
    "\n%%wanvideo clip\nprint|",
]


def test_in_the_prompt_nobody_speaks(tab):
    for cell in PROMPTS:
        assert tab(cell) == [], cell


def test_other_cells_are_left_alone(tab, shell):
    shell.ip.Completer.use_jedi = False  # it looks through all modules first
    assert "print" in tab("pri|")
    assert "print" in tab("s = '%wanvideo'\npri|")
    assert "--resolution" not in tab("x --res|")
    assert tab("%%wanvide|") == ["%%wanvideo"]
    assert tab("# %wanvideo jo|") != ["jobs"]


def test_the_line_is_found_where_ipython_finds_it(tab):
    for cell in ("\n%%wanvideo --res|", "  %%wanvideo --res|", "x = %wanvideo clip --res|"):
        assert tab(cell) == ["--resolution"]


def test_python_is_completed_within_braces_and_nowhere_else(tab, shell):
    shell.good("hero_image = b'x'; number = 3")
    assert tab("%%wanvideo --seed {{num|}}") == ["number"]
    assert "bit_length" in tab("%%wanvideo --seed {{number.bit|")
    assert tab("%%wanvideo --seed num|") == []


def test_with_jedi_and_without(tab, shell):
    for shell.ip.Completer.use_jedi in (True, False):
        assert tab("%%wanvideo --res|") == ["--resolution"]
        assert tab("%%wanvideo clip\nimp|") == []


def test_the_older_interface_of_kernels_is_answered_too(shell):
    with pytest.warns(PendingDeprecationWarning):
        assert shell.ip.complete("", "%%wanvideo --resolution 4", 25) == ("4", ["480P"])


def test_it_goes_with_the_extension(tab, shell):
    shell.good("%unload_ext wan_magic")
    assert "--resolution" not in tab("%%wanvideo --res|")
    shell.good("%load_ext wan_magic")
    shell.good("%reload_ext wan_magic")
    assert tab("%%wanvideo --res|") == ["--resolution"]


def test_a_mistake_of_ours_does_not_disturb_who_types(tab, monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("a mistake")

    monkeypatch.setattr("wan_magic.notebook.offers.offers", broken)
    tab("%%wanvideo --res|")
    assert "a mistake" not in "".join(capsys.readouterr())


def test_settings_that_do_not_hold_do_not_disturb_either(tab, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_TIMEOUT", "never")
    assert tab("%%wanvideo --resolution |") == ["480P", "720P", "1080P"]
    assert "tokyo" in tab("%%wanvideo --endpoint |")


# -- files and variables -----------------------------------------------------------------------


@pytest.fixture
def things(folder):
    for name in ("my cat.jpg", "take.mp4", "rain.mp3", "notes.txt", ".hidden.png"):
        (folder / name).write_bytes(b"")
    (folder / "my films").mkdir()
    (folder / "my films" / "night.mp4").write_bytes(b"")
    return folder


def test_files_that_the_option_takes(tab, things):
    assert tab("%%wanvideo --image |") == ["cat.png", '"my cat.jpg"', '"my films/']
    assert tab("%%wanvideo --audio r|") == ["rain.mp3"]
    assert tab("%%wanvideo --video |") == ["take.mp4", '"my films/']
    assert tab("%%wanvideo --out |") == ['"my films/']
    assert tab("%%wanvideo --image .h|") == [".hidden.png"]


QUOTED = [
    ("my|", ['"my films/']),
    ('"my|', ['"my films/']),
    ('"my films/|', ['"my films/night.mp4"']),
    ("'my films/n|", ["'my films/night.mp4'"]),
    ("my\\ films/n|", ['"my films/night.mp4"']),
    ('"my films/n|"', ['"my films/night.mp4']),  # the editor has closed it
    ("./my|", ['"./my films/']),
    ("nothing/|", []),
    ("https://example.com/|", []),
]


def test_blanks_in_names_are_quoted_as_it_was_begun(tab, things):
    for typed, offered in QUOTED:
        assert tab(f"%%wanvideo --clip {typed}") == offered, typed


def test_a_file_of_the_home(tab, clean_machine):
    (clean_machine / "cat2.png").write_bytes(b"")
    assert tab("%%wanvideo --image ~/cat|") == ["~/cat2.png"]


def test_variables_that_can_be_an_input(tab, shell):
    shell.good(
        "from pathlib import Path; from PIL import Image\n"
        "pic = Image.new('RGB', (9, 9)); path = Path('x'); many = [path]; text = 'cat.png'\n"
        "number = 3; words = 'a cat runs'; _hidden = path; empty = []"
    )
    offered = tab("%%wanvideo --image |")
    assert offered[:4] == ["pic", "path", "many", "text"]
    assert not {"number", "words", "_hidden", "empty", "Path"} & set(offered)


def test_words_are_split_as_the_magic_does():
    from wan_magic.notebook.parsing import words

    for line in ("a 'b c' d", '"a\\"b" c\\ d', "--x='1 2' y", 'a"b c"d', '"\\n" "\\\\"'):
        assert [word.text for word in split(line)] == words(line)


# -- subcommands, jobs, clips ------------------------------------------------------------------


def test_each_command_is_offered_its_own_options(tab):
    for command in COMMANDS:
        assert tab(f"%wanvideo {command.name} --|") == flags_of(command.table)


def test_words_of_commands(tab):
    assert tab("%wanvideo cost m|") == ["month", "model"]
    assert "open" in tab("%wanvideo jobs --state |")
    assert tab("%wanvideo jobs --sort c|") == ["created", "cost"]
    assert "s2v" in tab("%wanvideo models s|")
    assert tab("%wanvideo panel |") == flags_of(
        next(one for one in COMMANDS if one.name == "panel").table
    )


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """A ledger with three jobs: one done, one open, one forgotten."""
    home = tmp_path / "remembered"
    monkeypatch.setenv("WAN_MAGIC_HOME", str(home))
    ledger = Ledger(home)
    film = tmp_path / "waves-aaaa1111.mp4"
    film.write_bytes(b"")
    rows = [
        ("aaaa11112222", 1.0, "done", 0, 0, "Waves roll in", str(film)),
        ("bbbb11112222", 2.0, "running", 1, 0, "A cat", ""),
        ("cccc11112222", 3.0, "done", 0, 1, "", ""),
    ]
    with ledger.transaction() as connection:
        for row in rows:
            connection.execute(
                "INSERT INTO jobs (id, created, state, open, forgotten, prompt, path, endpoint,"
                " base_url, model) VALUES (?, ?, ?, ?, ?, ?, ?, '', '', '')",
                row,
            )
    yield ledger
    ledger.close()


def test_earlier_jobs_are_offered_by_their_ids_and_clips_by_their_files(tab, ledger, folder):
    assert tab("%wanvideo show |") == ["bbbb11112222", "aaaa11112222", *tab("%wanvideo show --|")]
    assert tab("%wanvideo show aa|") == ["aaaa11112222"]
    assert tab("%wanvideo cancel |") == ["bbbb11112222"]
    assert tab("%wanvideo resume a|") == []
    assert tab("%wanvideo show aaaa11112222 |") == tab("%wanvideo show --|"), "then comes a name"
    assert "waves-aaaa1111.mp4" in tab("%%wanvideo --clip |")
    assert "waves-aaaa1111.mp4" not in tab("%%wanvideo --image |")


def test_a_job_in_a_variable_is_offered_to_commands(tab, shell, real_job):
    shell.user_ns["mine"] = real_job
    assert tab("%wanvideo show mi|") == ["mine"]
    assert "mine" in tab("%%wanvideo --image |")


def test_each_look_into_the_ledger_goes_by_an_index(ledger):
    plans = []
    connection = sqlite3.connect(ledger.path)
    for sql in QUERIES:
        values = ["a"] * sql.count("?")
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        plans.append(" ".join(row[3] for row in rows))
    connection.close()
    assert all("INDEX" in plan for plan in plans), plans


def test_a_locked_or_broken_ledger_offers_nothing_and_is_not_waited_for(tmp_path):
    blocked = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    blocked.execute("CREATE TABLE jobs (id, state, prompt, open, forgotten, created, path)")
    blocked.execute("INSERT INTO jobs VALUES ('aaaa', 'done', '', 0, 0, 1.0, '')")
    assert [one.id for one in jobs(tmp_path)] == ["aaaa"]
    blocked.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    assert jobs(tmp_path) == []
    assert time.monotonic() - start < 30, "the ledger itself would wait for 30 s"
    blocked.close()
    (tmp_path / FILE).write_bytes(b"this is no database at all, but a text" * 100)
    assert (jobs(tmp_path), clips(tmp_path)) == ([], [])
    nowhere = tmp_path / "nowhere"
    assert (jobs(nowhere), nowhere.exists()) == ([], False)


# -- in a terminal ----------------------------------------------------------------------------


@pytest.mark.kernel
@pytest.mark.skipif(os.name == "nt", reason="pexpect wants a POSIX terminal")
def test_tab_completes_the_line_in_a_terminal(clean_machine, tmp_path):
    import pexpect

    env = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "WAN_MAGIC_HOME": str(tmp_path / "home"),
        "TERM": "xterm",
        "PROMPT_TOOLKIT_NO_CPR": "1",
    }
    command = ["-m", "IPython", "--no-banner", "--colors=nocolor", "--ext=wan_magic"]
    terminal = pexpect.spawn(
        sys.executable, command, env=env, cwd=tmp_path, encoding="utf-8", timeout=60
    )
    try:
        terminal.expect(r"In \[1\]")
        terminal.send("%%wanvideo clip --model 2.7 --resol\t")
        terminal.expect("ution")
        terminal.send(" \t")
        terminal.expect("1080P")
    finally:
        terminal.close(force=True)
