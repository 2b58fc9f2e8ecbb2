"""The language of the screen, chosen in a notebook."""

from __future__ import annotations

import pytest

from wan_magic import texts
from wan_magic.errors import SettingsError
from wan_magic.settings import from_environment


def test_a_notebook_chooses_it_and_takes_it_back(shell):
    assert texts.language() == "en"
    shell.good('%config WanMagics.language = "zh"')
    assert texts.language() == "zh"
    shell.good('%config WanMagics.language = ""')
    assert texts.language() == "en"


def test_a_language_that_is_none_is_refused_and_the_old_one_stays(shell):
    shell.good('%config WanMagics.language = "zh"')
    shell.run('%config WanMagics.language = "fr"')
    assert texts.language() == "zh"


def test_nothing_is_left_when_the_extension_goes(shell):
    shell.good('%config WanMagics.language = "zh"')
    shell.good("%unload_ext wan_magic")
    assert texts.language() == "en"


def test_the_config_file_names_it(tmp_path, monkeypatch):
    file = tmp_path / "config.toml"
    file.write_text('language = "zh"\nnotify = true\n')
    monkeypatch.setenv("WAN_MAGIC_CONFIG", str(file))
    assert from_environment().notify
    assert texts.language() == "zh"
    file.write_text('language = "fr"\n')
    with pytest.raises(SettingsError, match="none of en, zh"):
        from_environment()
