"""The tables of jobs and of costs: in a notebook, in a terminal, for other programs."""

from __future__ import annotations

import csv
import io
import json
import sys
from decimal import Decimal
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from foreign_words import english
from ledger_rows import NOW, entry

from wan_magic import texts
from wan_magic.errors import InputError, WanError
from wan_magic.jobs.history import STATES, sums, total
from wan_magic.output.costs import CostTable
from wan_magic.output.defaults import Default, DefaultsTable
from wan_magic.output.history import COLUMNS, HEADS, SHOWN, JobTable, standing
from wan_magic.output.models import models
from wan_magic.output.table import one_line, text_table
from wan_magic.preferences import PREFERENCES

SECRET = "https://storage.example/a.mp4?Signature=s3cret"


class Table(HTMLParser):
    """The cells of a table, row by row, and all tags with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self.words, self.in_cell = [], [], "", False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data):
        self.words += data
        if self.in_cell:
            self.rows[-1][-1] += data


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.delenv("VSCODE_PID", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_file(folder, name="a", **values):
    path = folder / f"clip of {name}.mp4"
    path.write_bytes(b"video")
    return entry(name, path=str(path), bytes=5, **values)


def first_row(*entries, **options):
    table = Table(JobTable(entries, **options)._repr_html_())
    return dict(zip(HEADS, table.rows[1], strict=True)), table


# -- jobs in a notebook --------------------------------------------------------------------


def test_a_row_tells_what_a_person_asks_first(here):
    row, table = first_row(with_file(here))
    assert tuple(table.rows[0]) == HEADS
    assert row["when"].startswith("2026-05-")
    assert row["when"].endswith("DONE")
    assert row["cost"] == "1.50 CNY"
    facts = ("a0000000000", "wan2.5-i2v-preview", "480P", "5 s", "clip of a.mp4")
    assert row["job"] == f"prompt a{' · '.join(facts)}"


def test_a_file_within_reach_is_a_link_to_it(here):
    _, table = first_row(with_file(here))
    assert ("a", "clip%20of%20a.mp4") in [(tag, at.get("href")) for tag, at in table.tags]


def test_a_file_out_of_reach_says_where_it_is(here, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    row, table = first_row(with_file(elsewhere))
    assert row["job"].endswith("clip of a.mp4")
    assert not [tag for tag, _ in table.tags if tag == "a"]
    assert str(elsewhere / "clip of a.mp4") in [at.get("title") for _, at in table.tags]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"path": "/gone/clip.mp4", "bytes": 5}, "5 s · the file is gone"),
        ({"state": "failed", "path": "/gone/clip.mp4"}, "5 s"),
        ({}, "5 s"),
    ],
)
def test_where_there_is_no_file(here, values, shown):
    row, _ = first_row(entry(**values))
    assert row["job"].endswith(shown)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, "1.50 CNY"),
        ({"cost": None}, "≈ 1.50 CNY"),
        ({"cost": None, "estimate": None}, "unknown"),
        ({"cost": None, "made": None, "state": "failed"}, "–"),
        ({"is_preview": True}, "free"),
    ],
)
def test_what_it_cost(here, values, shown):
    row, table = first_row(entry(**values))
    assert row["cost"] == shown
    assert ("≈ as estimated" in table.words) == shown.startswith("≈")


@pytest.mark.parametrize(
    ("values", "left", "words"),
    [
        ({}, False, "done"),
        ({"state": "running", "open": True}, False, "running"),
        ({"state": "detached", "open": True}, False, "not watched"),
        ({"state": "downloading", "open": True}, True, "to be fetched"),
        ({"state": "running", "open": True, "made": None}, True, "not watched"),
        ({"state": "submitting", "open": True, "made": None, "task_id": ""}, True, "unsure"),
    ],
)
def test_the_state_is_said_in_words_and_not_in_colour_alone(here, values, left, words):
    one = entry(**values)
    left = {one.id} if left else set()
    assert standing(one, left) == words
    row, table = first_row(one, left=left)
    assert row["when"].endswith(words.upper())
    assert f"1 job: 1 {words}" in table.words
    assert ("%wanvideo resume" in table.words) == bool(left)


def test_a_preview_is_marked_as_one(here):
    row, _ = first_row(entry(is_preview=True))
    assert row["when"].endswith("DONE PREVIEW")


def test_why_a_job_failed_stands_below_its_prompt(here):
    row, _ = first_row(entry(state="failed", error="the task failed: no cats"))
    assert row["job"].startswith("prompt athe task failed: no cats")


def test_whatever_was_written_becomes_plain_text(here):
    nasty = '<img src=x onerror="alert(1)">'
    values = dict.fromkeys(("prompt", "model", "tier", "error", "notebook", "task_id"), nasty)
    row, table = first_row(entry(**values))
    assert row["job"].count(nasty) == 4  # prompt, error, model, resolution
    assert not {"img", "script", "style"} & {tag for tag, _ in table.tags}
    assert not any("onerror" in at for _, at in table.tags)


def test_a_long_prompt_is_shortened_and_can_be_read_whole(here):
    row, table = first_row(entry(prompt="cat " * 100))
    assert row["job"].partition("…")[0] == ("cat " * 100)[:89]
    assert ("cat " * 100).strip() in [at.get("title") for _, at in table.tags]


@pytest.mark.parametrize(
    ("request_", "title"),
    [
        ({"template": "flying"}, "flying"),
        ({"inputs": [{"name": "a.png"}, {"name": "b.wav"}]}, "a.png, b.wav"),
        ({}, "–"),
    ],
)
def test_a_job_without_a_prompt_is_called_by_what_it_has(here, request_, title):
    row, _ = first_row(entry(prompt="", request=request_))
    assert row["job"].startswith(f"{title}a0000")


def test_no_colour_is_fixed_but_that_of_badges(here):
    html = JobTable([with_file(here), entry("b", state="failed", error="no")])._repr_html_()
    for piece in html.replace("color:#fff", "").split("style=")[1:]:
        style = piece.split('"')[1]
        assert "color:#" not in style
        assert "background:#" not in style or "border-radius:9px" in style


def test_a_long_list_is_shown_in_part_and_exported_whole(here):
    table = JobTable([entry("a", id=f"{n:012d}", created=NOW - n) for n in range(SHOWN + 20)])
    assert len(Table(table._repr_html_()).rows) == SHOWN + 1
    assert f"{SHOWN + 20} jobs" in repr(table)
    assert f"the first {SHOWN} are shown" in repr(table)
    assert len(table) == len(table.to_dicts()) == SHOWN + 20


@pytest.mark.parametrize(
    ("options", "said"),
    [({}, "no jobs yet: %%wanvideo"), ({"is_filtered": True}, "no job fits; %wanvideo jobs")],
)
def test_an_empty_list_says_what_to_do(options, said):
    table = JobTable([], **options)
    assert said in repr(table)
    assert said in Table(table._repr_html_()).words
    assert table.to_dicts() == []


def test_a_table_is_a_sequence_of_its_jobs():
    table = JobTable([entry("a"), entry("b")])
    assert [one.id[0] for one in table] == ["a", "b"]
    assert table[1].id[0] == "b"


# -- in a terminal --------------------------------------------------------------------------


def test_columns_stand_below_each_other_also_with_chinese():
    rows = [("一只猫", "1"), ("a cat", "22")]
    lines = text_table(("prompt", "n"), rows, right=("n",)).splitlines()
    assert lines == ["prompt   n", "一只猫   1", "a cat   22"]


def test_a_prompt_can_do_nothing_to_a_terminal():
    assert one_line("a\ncat\x1b[2J \u202eruns\t fast") == "a cat[2J runs fast"
    assert "\x1b" not in repr(JobTable([entry(prompt="a\x1b[2Jcat", model="m\x1b")]))


def test_the_text_has_the_same_columns(here):
    text = repr(JobTable([with_file(here, is_preview=True)])).splitlines()
    assert text[0].split() == list(COLUMNS)
    assert "done (preview)" in text[1]
    assert text[1].endswith("clip of a.mp4")


# -- for other programs ------------------------------------------------------------------------


def exports(table):
    return table.to_json(), table.to_csv(), json.dumps(table.to_dicts())


def test_exports_hold_what_can_be_computed_with(here):
    job = with_file(here, estimate=Decimal("0.1875"))
    (row,) = json.loads(JobTable([job]).to_json())
    assert (row["id"], row["cost"], row["estimate"], row["seconds"]) == (job.id, 1.5, 0.1875, 5.0)
    assert row["created"].startswith("2026-05-")
    assert row["path"] == job.path
    (line,) = csv.DictReader(io.StringIO(JobTable([job]).to_csv()))
    assert (line["id"], line["prompt"], line["cost"]) == (job.id, "prompt a", "1.5")


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_is_no_formula_in_csv(first):
    job = entry(prompt=f"{first}HYPERLINK(1)", seconds=-1.0)
    # The ends of lines within a cell are not read alike by all.
    text = JobTable([job]).to_csv().replace("\r", "<CR>")
    first = first.replace("\r", "<CR>")
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["prompt"], line["seconds"]) == (f"'{first}HYPERLINK(1)", "-1.0")
    assert json.loads(JobTable([job]).to_json())[0]["prompt"] == job.prompt


def test_exports_hold_no_secrets():
    job = entry(request={"inputs": [{"name": "cat.png", "digest": "0" * 64}]}, usage={"u": SECRET})
    for text in exports(JobTable([job])):
        assert job.account not in text
        assert "Signature" not in text
        assert "cat.png" in text


def test_where_a_file_is_named_they_go_into_it_and_its_path_comes_back(tmp_path):
    table = JobTable([entry(prompt="一只猫, running\nfast")])
    assert table.to_json(tmp_path / "a.json") == tmp_path / "a.json"
    assert (tmp_path / "a.json").read_text("utf-8") == table.to_json()
    assert table.to_csv(str(tmp_path / "a.csv")) == tmp_path / "a.csv"
    assert (tmp_path / "a.csv").read_bytes().decode() == table.to_csv()
    assert "一只猫" in table.to_csv()


def test_a_file_that_can_not_be_written_is_named(tmp_path):
    with pytest.raises(InputError, match=r"cannot write .*no/a\.csv: No such file"):
        JobTable([entry()]).to_csv(tmp_path / "no" / "a.csv")


def test_an_empty_list_exports_its_head():
    assert JobTable([]).to_csv().startswith("id,created,")
    assert JobTable([]).to_json() == "[]\n"


def test_a_dataframe_without_pandas_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(WanError, match="pip install pandas"):
        JobTable([entry()]).to_dataframe()


def test_a_dataframe_with_pandas(monkeypatch):
    made = SimpleNamespace(DataFrame=lambda rows, columns: (rows, columns))
    monkeypatch.setitem(sys.modules, "pandas", made)
    table = JobTable([entry()])
    assert table.to_dataframe() == (table.to_dicts(), list(table.fields))


# -- costs -----------------------------------------------------------------------------------


def costs(*entries, by="model"):
    rows = sums(entries, by)
    return CostTable(rows, by, total(rows))


def test_costs_have_a_column_for_each_currency_and_a_total():
    table = costs(entry("a"), entry("b", model="wan2.6-t2v", currency="USD"), entry("c"))
    head, *rows = Table(table._repr_html_()).rows
    assert head == ["model", "jobs", "CNY", "USD", "price unknown"]
    assert rows == [
        ["wan2.5-i2v-preview", "2", "3.00", "–", "–"],
        ["wan2.6-t2v", "1", "–", "1.50", "–"],
        ["total", "3", "3.00", "1.50", "–"],
    ]
    assert [line.split() for line in repr(table).splitlines()[1:4]] == rows


def test_no_day_and_no_amount_is_broken_into_lines():
    shown = costs(entry("a"), by="day")._repr_html_()
    for value in (costs(entry("a"), by="day").rows[0].key, "1.50"):
        assert f'<span style="white-space:nowrap">{value}</span>' in shown


def test_jobs_of_unknown_price_are_said_to_be():
    table = costs(entry("a"), entry("b", cost=None, estimate=None), entry("c", cost=None))
    assert "1 job of unknown price" in repr(table)
    assert "1 job of unknown price" in table._repr_html_()
    assert table.total.unknown == 1


def test_costs_export_numbers_without_the_total():
    table = costs(entry("a"), entry("b", currency="USD"))
    assert json.loads(table.to_json()) == [
        {"model": "wan2.5-i2v-preview", "jobs": 2, "CNY": 1.5, "USD": 1.5, "unknown_price": 0}
    ]
    assert table.to_csv() == "model,jobs,CNY,USD,unknown_price\nwan2.5-i2v-preview,2,1.5,1.5,0\n"


def test_no_costs_at_all():
    table = costs(entry(is_preview=True))
    assert len(table) == 0
    assert "nothing was billed" in repr(table)
    assert "nothing was billed" in table._repr_html_()


def test_the_names_of_models_and_notebooks_become_plain_text():
    table = costs(entry(notebook="<b>.ipynb"), entry(notebook=""), by="notebook")
    assert "<b>" not in table._repr_html_()
    assert "no notebook" in repr(table)


# -- in Chinese ------------------------------------------------------------------------------


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setattr(texts, "_chosen", "zh")


def left_over(table, *own):
    """The English words on both faces of a table; names that are what they are left out."""
    shown = [table._repr_html_(), repr(table).replace("<", "&lt;")]
    return sorted({word for text in shown for word in english(text, *own)})


def test_jobs_in_every_state_are_told_in_chinese(here, chinese):
    unsent = {"open": True, "made": None}
    states = [
        entry("a", id=f"{number:012d}", created=NOW - number, state=state, **unsent)
        for number, state in enumerate(STATES)
    ]
    others = [
        with_file(here, name="b", is_preview=True),
        entry("c", cost=None),
        entry("d", cost=None, estimate=None, path="/gone/clip.mp4", bytes=5),
        entry("e", state="downloading", open=True),
        entry("f", state="submitting", task_id="", **unsent),
        entry("g", state="running", **unsent),
    ]
    made = [*states, *others]
    left = {one.id for one in others[3:5]}
    table = JobTable(made, left=left, lost={others[5].id})
    own = [one.id for one in made] + [one.prompt for one in made]
    assert left_over(table, *own, "clip of b", "clip.mp4") == []
    assert "完成（预览）" in repr(table)
    assert "2 个任务尚待取回：%wanvideo resume" in repr(table)
    assert [row["state"] for row in table.to_dicts()] == [one.state for one in made]


def test_a_long_list_and_an_empty_one_in_chinese(here, chinese):
    many = [entry("a", id=f"{n:012d}", created=NOW - n) for n in range(SHOWN + 1)]
    assert left_over(JobTable(many), "prompt a", "to_dicts") == []
    assert left_over(JobTable([])) == left_over(JobTable([], is_filtered=True)) == []


@pytest.mark.parametrize("by", ["day", "month", "model", "notebook"])
def test_costs_in_chinese(chinese, by):
    made = [entry("a", notebook=""), entry("b", cost=None, estimate=None, notebook="")]
    rows = sums(made, by)
    left = [
        "the day's budget: 38.00 of 50.00 CNY left",
        "this notebook's budget: used up, 1.00 CNY over 2.00 CNY",
        "the ledger is off: budgets can't be kept, and nothing is sent within them",
    ]
    table = CostTable(rows, by, total(rows), left)
    assert left_over(table) == []
    assert "合计" in repr(table)
    assert "当日预算：剩余 38.00，共 50.00 CNY" in repr(table)
    assert left_over(CostTable([], by, total([]), left)) == []
    assert table.fields == (by, "jobs", "CNY", "unknown_price")


def test_counts_are_divided_as_chinese_is(chinese):
    table = JobTable([entry("a"), entry("b", state="failed", error="no")])
    assert "2 个任务：1 个完成，1 个失败" in repr(table)


def test_models_in_chinese(chinese):
    table = models()
    assert left_over(table, "的 wanx2.1") == []
    assert "2 至 30（5*），或 -1（由模型决定）" in repr(table)
    assert "2 至 10，或与视频等长*" in repr(table)
    assert table.to_dicts()[0]["kind"] == "all in one"


def test_settings_in_chinese(chinese):
    rows = [
        Default("ratio", "9:16", "%config", "width to height, such as 9:16"),
        Default("key", "none is needed: previews of this machine", "default", ""),
        Default("negative_prompt", "image", "default", "what should not be seen"),
    ]
    rows += [Default("one", "", "", preference.help) for preference in PREFERENCES]
    table = DefaultsTable(rows, ["your config file: ~/a.toml (not there yet)"])
    own = ("%config", "image", "~/a.toml", "local", "wan_videos", "embed", "file", "MB")
    assert english(table._repr_html_(), *own) == []
    shown = repr(table)
    assert "无需设置：使用本机预览" in shown
    assert "您的配置文件：~/a.toml（尚未创建）" in shown
    assert "image" in shown, "what the user set stays as it is"
    head, first, *_ = Table(table._repr_html_()).rows
    assert head == ["设置项", "值", "来源", "说明"]
    assert first == ["ratio", "9:16", "%config", "宽与高之比，例如 9:16"]
    assert table.to_dicts()[1]["source"] == "default"
