"""Every word on the screen exists in every language."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from foreign_words import names

import wan_magic
from wan_magic import texts
from wan_magic.notebook.options import OPTIONS
from wan_magic.texts.zh import TEXTS
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
