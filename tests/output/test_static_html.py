"""The small pieces of HTML."""

from __future__ import annotations

import pytest

from wan_magic.output import html


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (5, "5 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (72, "1 min 12 s"),
        (605, "10 min 05 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (3700, "1 h 01 min"),
        (10800, "3 h 00 min"),
    ],
)
def test_duration_as_people_say_it(seconds, words):
    assert html.duration(seconds) == words


EVIL = "<script>alert(1)</script>\"'&"
SAFE = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;"


@pytest.mark.parametrize(
    "piece", [html.text, html.prompt, html.code, lambda v: html.badge(v, "bad")]
)
def test_every_piece_escapes_its_text(piece):
    assert SAFE in piece(EVIL)
    assert "<script" not in piece(EVIL)


def test_notes_are_escaped_lines():
    assert html.notes([EVIL, "b"]).count("note: ") == 2
    assert SAFE in html.notes([EVIL])
    assert html.notes([]) == ""


def test_a_line_leaves_out_what_is_empty():
    assert "·" not in html.line("", "one", "")
    assert html.line("one", "", "two").count("·") == 1
    assert html.line("", "") == ""


def test_no_line_break_comes_before_a_dot():
    before, after = html.line("one", "two").split("·")
    assert before.endswith('white-space:nowrap"> ')
    assert after.startswith("</span> two")


def test_an_id_stays_with_its_name():
    shown = html.named("task", EVIL)
    assert shown.startswith('<span style="display:inline-block')
    assert "task <code" in shown
    assert SAFE in shown


def test_a_very_long_prompt_is_shortened_in_a_caption():
    assert "x" * 400 in html.prompt("x" * 400)
    assert "x" * 399 + "…" in html.prompt("x" * 401)
    assert html.prompt("") == ""


def test_a_frame_has_inline_styles_alone():
    framed = html.frame("inside", tone="good")
    assert "inside" in framed
    assert "<style" not in framed
    assert "class=" not in framed
