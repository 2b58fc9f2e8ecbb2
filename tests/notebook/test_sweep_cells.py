"""Cells that make several clips: their lists, their grid, what is left in the notebook."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from magic_shell import WIDGET
from waiting import wait_until

from wan_magic.actions.planning import plan
from wan_magic.errors import BudgetExceeded, InputError, JobFailed, JobTimeout
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.sweep import Sweep
from wan_magic.notebook.grid import SweepGrid
from wan_magic.notebook.inserts import insert_each
from wan_magic.notebook.parsing import parse
from wan_magic.wan.estimate import PriceList

EVIL = '<script>alert("x")</script>'
FAST = "--model wanx2.1-t2v-turbo --resolution 480P"


def options(line, **names):
    return parse(line, lambda expression: eval(expression, names))[1]


# -- lists on the line ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--seed 1,2,3", {"seed": [1, 2, 3]}),
        ("--seed 7", {"seed": 7}),
        ("-r 480p,720P", {"resolution": ["480P", "720P"]}),
        ('-d "5, 10"', {"duration": [5, 10]}),
        ("--model 2.5,2.6", {"model": ["2.5", "2.6"]}),
        ("--size 1280x720,832x480", {"size": ["1280*720", "832*480"]}),
        ("--seed {{[1, 2]}}", {"seed": [1, 2]}),
        ("--seed {{range(2)}}", {"seed": [0, 1]}),
        ("--negative {{['fog', 'rain, snow']}}", {"negative_prompt": ["fog", "rain, snow"]}),
        ("--image {{['a.png', 'b.png']}}", {"image": ["a.png", "b.png"]}),
    ],
)
def test_several_values_of_an_option(line, expected):
    assert options(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('--negative "rain, fog"', {"negative_prompt": "rain, fog"}),
        ("--image a,b.png", {"image": "a,b.png"}),
        ("--ref a,b.png --ref c.png", {"ref": ["a,b.png", "c.png"]}),
        ("--param box=[1,2]", {"extra_parameters": {"box": [1, 2]}}),
        ('--max-cost "2 CNY,0.3 USD"', {"max_cost": "2 CNY,0.3 USD"}),
        ("--out a,b", {"out": "a,b"}),
    ],
)
def test_a_comma_divides_nothing_that_may_hold_one(line, expected):
    assert options(line) == expected


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--seed 1,1", "has 1 twice"),
        ("--seed 1,", "empty value"),
        ("--seed 1, 2", "empty value"),
        ("--seed 1,x", "whole number"),
        ("--count 1,2", "whole number"),
        ("--seed {{[]}}", "empty list"),
    ],
)
def test_slips_in_lists(line, words):
    with pytest.raises(InputError, match=words):
        options(line)


@pytest.mark.parametrize(
    ("body", "prompts"),
    [
        ("a cat\n---\na dog", ["a cat", "a dog"]),
        ("a cat\n\n  ---\t\n\na dog\n", ["a cat", "a dog"]),
        ("a cat --- a dog", ["a cat --- a dog"]),
        ("a cat\n----\na dog", ["a cat\n----\na dog"]),
        ("{{['a', 'b']}}\n---\nc", ["a", "b", "c"]),
        ("all of {{['a', 'b']}}", ["all of ['a', 'b']"]),
        ("{{'---'}}", ["---"]),
    ],
)
def test_lines_of_dashes_divide_prompts(body, prompts):
    assert insert_each(body, eval) == prompts


@pytest.mark.parametrize("body", ["a\n---\n \n---\nb", "---\na", "{{[]}}"])
def test_no_prompt_of_several_is_empty(body):
    with pytest.raises(InputError, match="empty"):
        insert_each(body, eval)


# -- in a terminal --------------------------------------------------------------------------


def test_a_cell_with_lists_submits_them_all_and_binds_a_sweep(shell, posted):
    cell = shell.run(f"%%wanvideo takes {FAST} --seed 1,2\nA cat\n---\nA dog")
    assert sorted((r.prompt, r.seed) for r in posted) == [
        ("A cat", 1),
        ("A cat", 2),
        ("A dog", 1),
        ("A dog", 2),
    ]
    assert isinstance(shell.user_ns["takes"], Sweep)
    assert "1. A cat · seed 1: failed: HTTP 400" in cell.out
    assert "4 of 4 clips were not made" in cell.text


def test_a_variable_with_several_pictures_makes_several_clips(shell, posted, folder):
    shell.good("files = ['cat.png', 'cat2.png']")
    (folder / "cat2.png").write_bytes((folder / "cat.png").read_bytes() + b" ")
    shell.run("%%wanvideo --image files\nA cat")
    assert [request.image.name for request in posted] == ["cat.png", "cat2.png"]


def test_one_bad_combination_sends_nothing(shell, posted):
    cell = shell.refused(f"%%wanvideo {FAST},721P --seed 1,2\nA cat", InputError)
    assert "clip 3 of 4 (--resolution 721P, --seed 1): " in cell.text
    assert posted == []


def test_max_total_is_for_all_of_them(shell, posted, monkeypatch):
    monkeypatch.delenv("WAN_MAGIC_ENDPOINT")
    line = f"%%wanvideo --endpoint beijing {FAST} --count 3 --max-total {{}}\nA cat"
    cell = shell.refused(line.format("3.5"), BudgetExceeded)
    assert "these 3 clips cost about 3.60 CNY in all, over your max_total of 3.50 CNY" in cell.text
    assert posted == []
    shell.run(line.format("3.6"))
    assert len(posted) == 3


def test_a_dry_run_shows_each_price_and_that_of_all(shell, posted, monkeypatch):
    monkeypatch.delenv("WAN_MAGIC_ENDPOINT")
    line = f"%%wanvideo --endpoint beijing {FAST} --seed 1,2 --dry-run --max-total 2\nA cat"
    out = shell.good(line).out
    assert "1. seed 1: 1.20 CNY\n2. seed 2: 1.20 CNY" in out
    assert "2 clips, 2 of them new: 2.40 CNY in all" in out
    assert "would be refused: these 2 clips cost about 2.40 CNY in all" in out
    assert "nothing was sent" in out
    assert posted == []


def test_more_than_a_hundred_must_be_meant(shell, posted):
    shell.refused(f"%%wanvideo {FAST} --count 101\nA cat", InputError)
    shell.run(f"%%wanvideo {FAST} --count 101 --yes --dry-run\nA cat")
    assert posted == []


def test_a_line_magic_without_a_body_is_told_where_the_prompt_goes(shell, posted):
    cell = shell.refused(f"%wanvideo {FAST} --count 2", InputError)
    assert "a line magic has no body" in cell.text


def test_where_nobody_watches_the_cell_waits_and_leaves_the_grid(headless, posted):
    cell = headless.run(f"%%wanvideo takes {FAST} --count 2\nA cat")
    assert not cell.ok
    last = headless.shown[-1]["data"]
    assert WIDGET not in last
    assert last["text/html"].count("FAILED") == 2
    assert "takes.retry()" in last["text/html"]


# -- the live grid --------------------------------------------------------------------------


@pytest.fixture
def make(widgets, watched, real_job):
    """Make a sweep that the tests drive, and its grid; what still runs is ended."""
    sweeps = []

    def make_grid(prompt="A cat", number=3):
        planned = plan([{"prompt": prompt}], count=number)

        def start(some):
            return [
                Job(one.request, endpoint="beijing", prices=PriceList("beijing"), notes=one.notes)
                for one in some
            ]

        sweep = Sweep(planned, start(planned), start)
        sweeps.append(sweep)
        return sweep, SweepGrid(sweep)

    yield make_grid
    for sweep in sweeps:
        for job in sweep:
            if not job.done():
                job.finish(real_job.result(), State.DONE)


def texts(grid):
    """What each tile shows, without the pictures' bytes."""
    shown = []
    for tile in grid._tiles:
        child = tile.box.children[0]
        value = child.value if hasattr(child, "value") else child.outputs[0]["data"]["text/html"]
        shown.append(re.sub(r"base64,[\w+/=]+", "", value))
    return shown


def test_each_tile_says_what_differs_its_state_and_its_price(make):
    sweep, grid = make()
    sweep[1].update(state=State.RUNNING)
    first, second, _ = texts(grid)
    assert f"seed {sweep[0].request.seed}" in first
    assert "submitting" in first
    assert "running" in second
    assert 'data-state="running"' in second
    assert "about 5.00 CNY" in second


def test_a_tile_becomes_a_player_when_its_clip_is_there(make, real_job):
    sweep, grid = make()
    sweep[0].finish(real_job.result(), State.DONE)
    first, second, _ = texts(grid)
    assert "<video" in first
    assert 'preload="none"' in first
    assert "<video" not in second


def test_nothing_is_sent_where_nothing_changed(make):
    sweep, grid = make()
    sent = []
    for tile in grid._tiles:
        tile.box.children[0].observe(sent.append)
    sweep[0].update(message="a retry")
    assert sent == []
    sweep[0].update(state=State.QUEUED)
    assert {change["name"] for change in sent} == {"value"}


def test_the_total_ticks_in_one_place(make, real_job):
    sweep, grid = make()
    grid._tick()
    assert "3 clips: 3 submitting" in grid._line.value
    assert "about 15.00 CNY in all, 0.00 CNY so far" in grid._line.value
    sweep[0].finish(real_job.result(), State.DONE)
    grid._tick()
    assert "1 done, 2 submitting" in grid._line.value
    assert 'value="1" max="3"' in grid._line.value


def test_when_all_have_ended_the_output_is_static(make, watched, real_job):
    sweep, grid = make()
    grid.show()
    for job in sweep:
        job.finish(real_job.result(), State.DONE)
    last = watched.shown[-1]
    assert set(last["data"]) == {"text/html", "text/plain"}
    assert last["data"]["text/html"].count("<video") == 3
    assert "<script" not in last["data"]["text/html"]
    assert len(last["metadata"]["wan_magic"]["clips"]) == 3
    [final] = grid.box.children
    assert final.outputs[0]["data"] == last["data"], "and so after a reload"


def test_one_that_failed_is_tried_again_by_its_button(make, real_job):
    sweep, grid = make()
    sweep[1].finish(JobFailed("no luck", hint="another prompt"), State.FAILED)
    tile = grid._tiles[1]
    assert "no luck" in texts(grid)[1]
    old, button = sweep[1], tile.box.children[1]
    button.click()
    wait_until(lambda: sweep[1] is not old)
    wait_until(lambda: len(tile.box.children) == 1)
    assert "submitting" in texts(grid)[1]
    sweep[1].finish(real_job.result(), State.DONE)
    assert "<video" in texts(grid)[1]


def test_why_it_cannot_be_tried_again_is_said_there(make, monkeypatch):
    sweep, grid = make()
    sweep[1].finish(JobFailed("no luck"), State.FAILED)

    def refuse(at):
        raise BudgetExceeded(f"the day's budget is not enough {EVIL}")

    monkeypatch.setattr(sweep, "retry", refuse)
    grid._tiles[1].box.children[1].click()
    wait_until(lambda: "budget is not enough" in texts(grid)[1])
    assert EVIL not in texts(grid)[1]
    assert not grid._tiles[1].box.children[1].disabled


def test_a_retry_after_the_end_brings_the_grid_back_to_life(make, watched, real_job):
    sweep, grid = make(number=2)
    grid.show()
    sweep[0].finish(real_job.result(), State.DONE)
    sweep[1].finish(JobFailed("no luck"), State.FAILED)
    ended = watched.shown[-1]["data"]
    assert "clips.retry()" in ended["text/html"]
    sweep.retry()
    assert WIDGET in watched.shown[-1]["data"]
    sweep[1].finish(real_job.result(), State.DONE)
    last = watched.shown[-1]["data"]
    assert WIDGET not in last
    assert last["text/html"].count("<video") == 2


def test_a_clip_of_the_sweep_that_is_fetched_later_is_in_the_grid(make, watched, real_job):
    sweep, grid = make(number=2)
    grid.show()
    sweep[0].finish(real_job.result(), State.DONE)
    sweep[1].finish(JobTimeout("stopped watching"), State.DETACHED)
    assert watched.shown[-1]["data"]["text/html"].count("<video") == 1
    fetched = Job(sweep[1].request, endpoint="beijing", task_id="1234", id=sweep[1].id)
    fetched.finish(real_job.result(), State.DONE)
    sweep[1].go_on_as(fetched)
    sweep[1].tell()
    last = watched.shown[-1]["data"]
    assert WIDGET not in last
    assert last["text/html"].count("<video") == 2


@pytest.mark.parametrize(
    ("more", "offered"), [("", True), ("--fresh", False), ("--seed random", False)]
)
def test_the_cell_offers_to_be_run_again_where_that_pays_only_for_what_failed(
    watched, posted, widgets, more, offered
):
    watched.good(f"%%wanvideo takes {FAST} --count 2 {more}\nA cat")
    wait_until(watched.user_ns["takes"].done)
    wait_until(lambda: WIDGET not in watched.shown[-1]["data"])
    shown = watched.shown[-1]["data"]["text/html"]
    assert ("notebook:run-cell" in shown) is offered
    assert "takes.retry()" in shown


def test_the_browser_tells_once_of_the_end_of_all(make, real_job, widgets):
    sweep, _ = make(number=2)
    grid = SweepGrid(sweep, notify=True)
    bell = grid._bell
    told = []
    bell.tell = lambda *words: told.append(words)
    sweep[0].finish(real_job.result(), State.DONE)
    assert told == []
    sweep[1].finish(real_job.result(), State.DONE)
    [(title, body, _)] = told
    assert title.startswith("2 clips: 2 done")
    assert body == "A cat"


def test_the_page_stays_alive_until_it_has_told_and_what_begins_again_meanwhile_stays(
    make, real_job, widgets, monkeypatch
):
    later = []
    monkeypatch.setattr("wan_magic.notebook.live.ticker.later", lambda _, do: later.append(do))
    sweep, _ = make(number=1)
    grid = SweepGrid(sweep, notify=True)
    updates = []
    grid._handle = SimpleNamespace(update=lambda data, **_: updates.append(data))
    sweep[0].finish(real_job.result(), State.DONE)
    assert updates == []
    grid._begin_again()
    later[0]()
    assert all(WIDGET in data for data in updates)
    grid._end()
    later[1]()
    assert WIDGET not in updates[-1]
    assert grid._bell.output.outputs == ()


def test_cancel_is_a_wish_for_all_that_wait(make):
    sweep, grid = make()
    grid._cancel.click()
    assert all(job.cancel_requested for job in sweep)
    assert grid._cancel.disabled


def test_what_users_and_servers_wrote_is_escaped(make):
    sweep, grid = make(prompt=EVIL)
    sweep[0].finish(JobFailed(EVIL, hint=EVIL), State.FAILED)
    for shown in (*texts(grid), grid._live[1].value, sweep._repr_mimebundle_()[0]["text/html"]):
        assert "<script" not in shown


def test_a_sweep_as_a_value_is_a_grid(make, watched, real_job):
    sweep, _ = make(number=2)
    watched.user_ns["takes"] = sweep
    assert WIDGET in watched.good("takes").shown[0]["data"]
    for job in sweep:
        job.finish(real_job.result(), State.DONE)
    assert WIDGET not in watched.good("takes").shown[0]["data"]


def test_a_grid_in_chinese(make, monkeypatch):
    monkeypatch.setattr("wan_magic.texts._chosen", "zh")
    _sweep, grid = make(number=2)
    grid._tick()
    assert "2 个视频：2 个提交中" in grid._line.value
    assert grid._cancel.description == "取消"


def test_map_shows_a_bar_that_ends_as_a_line(watched, posted, widgets):
    watched.good("import wan_magic")
    cell = watched.good("clips = wan_magic.map(['a', 'b'], model='wanx2.1-t2v-turbo')")
    assert WIDGET in cell.shown[0]["data"]
    wait_until(watched.user_ns["clips"].done)
    wait_until(lambda: WIDGET not in watched.shown[-1]["data"])
    assert "2 clips: 2 failed" in watched.shown[-1]["data"]["text/html"]
