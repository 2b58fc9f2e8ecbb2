"""Every word on the screen exists in every language."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest
from foreign_words import english

import wan_magic
from wan_magic import texts
from wan_magic.notebook.options import OPTIONS
from wan_magic.texts.sentences import tr_sentence
from wan_magic.texts.zh import TEXTS
from wan_magic.texts.zh_sentences import SENTENCES, WORDS
from wan_magic.wan import catalog

PACKAGE = Path(wan_magic.__file__).parent


def literals() -> set[str]:
    """Return the texts that the package hands to `tr`."""
    found = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="tr"), args=[ast.Constant(value=str(text)), *_]):
                    found.add(text)
    return found


def names(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_each_text_is_translated() -> None:
    assert literals() - TEXTS.keys() == set()


@pytest.mark.parametrize("text", TEXTS)
def test_a_translation_fills_in_the_same_values(text: str) -> None:
    assert names(TEXTS[text]) == names(text)
    assert TEXTS[text].strip()


def test_what_the_tables_say_on_the_panel_is_translated() -> None:
    shown = [one for one in OPTIONS if one.in_panel or one.group == "input"]
    said = {option.help for option in shown}
    for row in catalog.MODELS.values():
        for option in shown:
            values = map(str, option.choices(row)) if option.name != "template" else ()
            said.update(value for value in values if value.islower())
    assert said - TEXTS.keys() == set()


# -- finished sentences -----------------------------------------------------------------------


_SAMPLES = {
    "_label(name)": "seed",
    "label": "prompt",
    "article": "an",
    "what": "image",
    "slot.media": "video",
    "one.media": "video",
    "_TYPE_NAMES[kind]": "a text",
    "told": "shorter than the clip",
    "formats": "mp3",
    "span": "2 to 15",
    "size": "is 7×7 px",
    "accepted": "a path, an http(s) URL, a data URI, bytes, a PIL image or a finished clip",
    "_name(found)": "another process",
}
"""What stands in the holes of a sentence that only some words fill; 7 does for the others."""


def sentences() -> dict[str, str]:
    """Return what the package says in whole sentences where a panel or a card shows it."""
    found = {}
    for file in _files("wan/checks.py", "wan/input_checks.py", "wan/media/*.py", "jobs/*.py"):
        is_check = file.parent.name != "jobs"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="InputError"), args=[said, *_]) if is_check:
                    hints = [one.value for one in node.keywords if one.arg == "hint"]
                    told = [said, *hints]
                case ast.Assign(targets=[ast.Name(id="hint" | "note")], value=said) if is_check:
                    told = [said]
                case ast.Call(func=ast.Attribute(value=ast.Name(id="notes"), attr="append")):
                    told = node.args
                case ast.Return(value=ast.List(elts=elements)) if is_check:
                    told = elements
                case ast.Call(func=ast.Attribute(attr="update")):
                    told = [one.value for one in node.keywords if one.arg == "message"]
                case ast.Call(func=ast.Name(id="_note"), args=[_, said]):
                    told = [said]
                case _:
                    continue
            found.update({_sample(one): file.name for one in told if _sample(one)})
    return found


def _files(*patterns: str) -> list[Path]:
    return [file for pattern in patterns for file in sorted(PACKAGE.glob(pattern))]


def _sample(node: ast.AST) -> str:
    """Return a sentence with its holes filled; nothing where it says nothing by itself."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    fixed = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    if not any(map(str.isalpha, fixed)):
        return ""  # its parts are put together elsewhere
    return "".join(
        str(part.value)
        if isinstance(part, ast.Constant)
        else _SAMPLES.get(ast.unparse(part.value), "7")
        for part in node.values
        if isinstance(part, ast.Constant | ast.FormattedValue)
    )


def test_each_sentence_of_the_checks_and_of_a_job_is_translated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(texts, "_chosen", "zh")
    found = sentences()
    own = ("obj_or_bg", "obj", "bg", "anna")
    assert {one: file for one, file in found.items() if english(tr_sentence(one), *own)} == {}
    assert len(found) > 100


def test_a_translated_sentence_keeps_what_fills_it() -> None:
    table = {**WORDS, **SENTENCES}
    assert {one: said for one, said in table.items() if names(said) != names(one)} == {}
    assert all(table.values())


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("cat or dog.png is empty (0 bytes)", "cat or dog.png 是空文件（0 字节）"),
        (
            "a sound in memory lasts 1.00 s; it must be 2 to 30 s",
            "内存中的音频时长 1.00 秒，应为 2 至 30 秒",
        ),
        ("duration 99 is out of range\n→ 2 to 15", "时长 99 超出范围\n→ 应在 2 至 15 之间"),
        (
            "your default shot type multi is left out: wan2.7-i2v takes no shot type",
            "已略去您的默认镜头类型 multi：wan2.7-i2v 不支持镜头类型",
        ),
        (
            "HTTP 500 the server or its host: asking again in 3 s",
            "HTTP 500 the server or its host：3 秒后再次查询",
        ),
        (
            "the server said something that nobody knows",
            "the server said something that nobody knows",
        ),
    ],
)
def test_what_others_wrote_stays_within_a_translated_sentence(
    monkeypatch: pytest.MonkeyPatch, english: str, chinese: str
) -> None:
    assert tr_sentence(english) == english
    monkeypatch.setattr(texts, "_chosen", "zh")
    assert tr_sentence(english) == chinese


# -- the language in use ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"WAN_MAGIC_LANGUAGE": "zh", "LC_ALL": "en_US.UTF-8"}, "zh"),
    ],
)
def test_the_language_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name in ("WAN_MAGIC_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert texts.language() == expected


def test_a_config_file_goes_between_the_variable_and_the_locale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    texts.configure("zh")
    assert texts.language() == "zh"
    monkeypatch.setenv("WAN_MAGIC_LANGUAGE", "en")
    assert texts.language() == "en"


def test_what_is_chosen_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAN_MAGIC_LANGUAGE", "en")
    monkeypatch.setattr(texts, "_chosen", "zh")
    assert texts.tr("Cancel") == "取消"


def test_a_text_without_a_translation_stays_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_chosen", "zh")
    assert texts.tr("no {word} of it", word="trace") == "no trace of it"
