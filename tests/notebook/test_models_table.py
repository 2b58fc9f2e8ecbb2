"""`%wanvideo models` and `wan_magic.models`: the model table as people read it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

import wan_magic
from wan_magic.errors import InputError
from wan_magic.output.models import COLUMNS, models
from wan_magic.wan import catalog
from wan_magic.wan.catalog import Model

EVERY = list(catalog.MODELS)


class Table(HTMLParser):
    """The cells of a table, row by row, and every tag that is there."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self.words = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data):
        self.words += data
        if self.rows and self.rows[-1] and "div" not in self.tags[-1:]:
            self.rows[-1][-1] += data


def names(query):
    return [row.name for row in models(query)]


# -- in a notebook and in a terminal ------------------------------------------------


def test_a_notebook_shows_a_table_with_every_model_once(watched, no_server):
    (output,) = watched.good("%wanvideo models").shown
    table = Table(output["data"]["text/html"])
    head, *rows = table.rows
    assert tuple(head) == COLUMNS
    assert [row[0] for row in rows] == EVERY
    assert all(len(row) == len(COLUMNS) for row in rows)
    assert not {"script", "style"} & set(table.tags)
    assert catalog.PRICES_AS_OF in table.words


def test_the_same_as_plain_text_where_html_is_not_shown(watched):
    (output,) = watched.good("%wanvideo models 2.7").shown
    lines = output["data"]["text/plain"].splitlines()
    assert lines[0].split() == list(COLUMNS)
    assert [line.split()[0] for line in lines[1 : lines.index("")]] == names("2.7")
    assert lines[-1].startswith("* the server's default")


def test_a_terminal_prints_the_text(shell, no_server):
    (output,) = shell.good("%wanvideo models s2v").shown
    text = output["data"]["text/plain"]
    assert "wan2.2-s2v" in text
    assert "<" not in text


def test_no_key_and_no_endpoint_are_needed(shell, no_server, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "mars")
    assert shell.good("%wanvideo models i2v").shown


def test_the_columns_stand_below_each_other_in_text():
    lines = repr(models()).splitlines()
    rows = lines[: lines.index("")]
    assert len(rows) == 1 + len(EVERY)
    assert len({row.find("  ") > 0 for row in rows}) == 1
    at = rows[0].index("kind")
    assert all(row[at - 1] == " " and row[at] != " " for row in rows)


def test_a_kind_stays_on_one_line():
    assert '<span style="white-space:nowrap">text to video</span>' in models()._repr_html_()


def test_whatever_stands_in_a_row_stays_text(monkeypatch):
    evil = Model(
        name="<script>alert(1)</script>", kind="t2v", prompt_max=800, sound="none", as_of="&"
    )
    monkeypatch.setitem(catalog.MODELS, evil.name, evil)
    table = Table(models("alert")._repr_html_())
    assert "script" not in table.tags
    assert table.rows[1][0] == evil.name


# -- what the cells say ---------------------------------------------------------------


def row_of(name):
    (found,) = (row for row in models().to_dicts() if row["model"] == name)
    return found


@pytest.mark.parametrize(
    ("model", "cells"),
    [
        (
            "wan2.7-t2v",
            {
                "kind": "text to video",
                "inputs": "--audio",
                "resolutions": "720P 1080P*",
                "seconds": "2 to 15 (5*)",
                "sound": "yes",
                "CNY/s": "0.6 / 1.0",
                "USD/s": "0.10 / 0.15",
            },
        ),
        ("wan2.6-i2v-flash", {"sound": "yes, or off", "CNY/s": "0.3 / 0.5 (silent 0.15 / 0.25)"}),
        ("wan2.6-t2v", {"resolutions": "720P 1080P*", "inputs": "--audio"}),
        ("wan2.6-t2v-us", {"seconds": "5* 10 15", "CNY/s": "–", "USD/s": "0.10 / 0.15"}),
        ("wan2.2-t2v-plus", {"inputs": "prompt alone", "sound": "silent", "seconds": "5*"}),
        ("wanx2.1-i2v-turbo", {"seconds": "3 4 5*", "resolutions": "480P 720P*", "USD/s": "–"}),
        ("wan2.1-i2v-turbo", {"CNY/s": "–", "USD/s": "0.036 / 0.036"}),
        ("wan2.7-videoedit", {"seconds": "2 to 10, as the video*", "CNY/s": "0.6 / 1.0 +"}),
        ("wan2.2-animate-mix", {"resolutions": "wan-std* wan-pro", "seconds": "as the video"}),
        ("wan2.2-s2v", {"seconds": "as the audio", "inputs": "--image, --audio"}),
        (
            "wan3.0-video",
            {"seconds": "2 to 30 (5*), or -1: it decides", "CNY/s": "0.3 / 0.6 / 1.2 ?"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_row_says_what_the_model_takes_and_costs(model, cells):
    found = row_of(model)
    assert {name: found[name] for name in cells} == cells


@pytest.mark.parametrize("model", EVERY)
def test_no_cell_is_empty(model):
    row = row_of(model)
    assert tuple(row) == COLUMNS
    assert all(isinstance(text, str) and text.strip() for text in row.values())


# -- words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("wan2.7-i2v-2026-04-25", ["wan2.7-i2v-2026-04-25"]),
        ("2.6 flash", ["wan2.6-i2v-flash", "wan2.6-r2v-flash"]),
        ("  2.6   FLASH ", ["wan2.6-i2v-flash", "wan2.6-r2v-flash"]),
        ("2.6-flash", ["wan2.6-i2v-flash", "wan2.6-r2v-flash"]),
        ("s2v", ["wan2.2-s2v"]),
        ("editing", ["wan2.7-videoedit", "wanx2.1-vace-plus", "wan2.1-vace-plus"]),
        ("edit 2.7", ["wan2.7-videoedit"]),
        ("--mask", ["wanx2.1-vace-plus", "wan2.1-vace-plus"]),
        ("last_frame 3.0", ["wan3.0-video", "wan3.0-video-prime"]),
        ("--last-frame,--clip,2.7", ["wan2.7-i2v", "wan2.7-i2v-2026-04-25"]),
        ("ref 480p sound", ["wan3.0-video", "wan3.0-video-prime"]),
        ("us virginia i2v", ["wan2.6-i2v-us"]),
        ("tokyo", ["wan3.0-video", "wan3.0-video-prime"]),
        ("t2v silent 1080p", ["wan2.2-t2v-plus"]),
        ("transfer", ["wan2.2-animate-move", "wan2.2-animate-mix"]),
    ],
)
def test_words_that_must_all_fit(words, found):
    assert names(words) == found


def test_every_kind_version_input_and_region_finds_something():
    for kind in {row.kind for row in catalog.MODELS.values()} - {"all"}:
        assert {row.kind for row in models(kind)} >= {kind}
    for row in catalog.MODELS.values():
        for word in (row.name, *row.aliases, *row.options, *row.regions, *row.resolutions):
            assert row.name in names(word), word


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("sounds", "did you mean sound?"),
        ("2.7 imgae", "did you mean image?"),
        ("last-frames", "did you mean last-frame?"),
        ("2.7 480p", "take fewer"),
        ("silent 2.7", "take fewer"),
        ("qqqq", "words such as t2v, i2v"),
        ("<b>", "words such as"),
    ],
)
def test_where_nothing_fits_the_error_says_what_would(shell, words, hint):
    cell = shell.refused(f"%wanvideo models {words}", InputError)
    assert f"no model fits {words!r}" in cell.error.message
    assert hint in cell.error.hint


# -- from Python --------------------------------------------------------------------------


@pytest.mark.parametrize("query", [5, None])
def test_what_is_no_text_is_refused(query):
    with pytest.raises(InputError, match=f"{query} is no text") as caught:
        models(query)
    assert "t2v" in caught.value.hint


def test_python_gets_the_rows_themselves():
    table = wan_magic.models("i2v 2.6")
    assert len(table) == 3
    assert [row.name for row in table] == ["wan2.6-i2v-flash", "wan2.6-i2v", "wan2.6-i2v-us"]
    assert all(isinstance(row, Model) for row in table)
    assert all(catalog.MODELS[row.name] is row for row in wan_magic.models())
    assert table["wan2.6-i2v"].resolutions == ("720P", "1080P")


def test_python_gets_dictionaries_for_a_data_frame():
    rows = wan_magic.models("2.7").to_dicts()
    assert [row["model"] for row in rows] == names("2.7")
    assert len({tuple(row) for row in rows}) == 1


def test_a_name_that_is_not_there_is_refused_with_the_nearest_one():
    with pytest.raises(InputError) as caught:
        _ = wan_magic.models()["wan2.6-i2w"]
    assert "did you mean wan2.6-i2v" in caught.value.hint


def test_a_table_in_a_cell_shows_itself(watched):
    cell = watched.good("import wan_magic; wan_magic.models('s2v')")
    data, _ = watched.ip.display_formatter.format(cell.value)
    assert data.keys() == {"text/html", "text/plain"}
    assert "wan2.2-s2v" in data["text/plain"]
