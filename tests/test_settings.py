"""Where settings come from."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from wan_magic.errors import SettingsError
from wan_magic.settings import DEFAULT_TIMEOUT, Settings, from_environment
from wan_magic.settings.money import limits_of

KEY = "sk-0123456789abcdef"


def test_an_empty_environment_sets_nothing():
    assert from_environment() == Settings()
    assert Settings().timeout == DEFAULT_TIMEOUT == 10800


def test_the_environment_is_read_at_every_call(monkeypatch):
    assert from_environment().api_key is None
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    assert from_environment().api_key == KEY


def test_the_names_of_the_official_sdk():
    found = from_environment(
        {"DASHSCOPE_API_KEY": KEY, "DASHSCOPE_HTTP_BASE_URL": "https://host/qwen/api/v1"}
    )
    assert (found.api_key, found.endpoint) == (KEY, "https://host/qwen/api/v1")


def test_our_own_endpoint_comes_before_the_sdks():
    found = from_environment(
        {"WAN_MAGIC_ENDPOINT": "local", "DASHSCOPE_HTTP_BASE_URL": "https://host/api/v1"}
    )
    assert found.endpoint == "local"


def test_the_workspace():
    assert from_environment({"WAN_MAGIC_WORKSPACE": " ws-1\n"}).workspace == "ws-1"
    base = Settings(workspace="ws-1")
    assert base.override(endpoint="tokyo").workspace == "ws-1"
    assert base.override(workspace="ws-2").workspace == "ws-2"


def test_the_folder_for_clips(clean_machine):
    assert from_environment({"WAN_MAGIC_OUT": "~/clips"}).out == clean_machine / "clips"


def test_the_key_file_of_the_sdk(clean_machine):
    home_file = clean_machine / ".dashscope" / "api_key"
    home_file.parent.mkdir()
    home_file.write_text(KEY + "\n")
    assert from_environment({}).api_key == KEY
    other = clean_machine / "other"
    other.write_text("sk-other")
    assert from_environment({"DASHSCOPE_API_KEY_FILE_PATH": str(other)}).api_key == "sk-other"
    assert from_environment({"DASHSCOPE_API_KEY": "sk-first"}).api_key == "sk-first"


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00broken"])
def test_a_key_file_without_a_key_is_no_key(clean_machine, content):
    path = clean_machine / ".dashscope" / "api_key"
    path.parent.mkdir()
    path.write_bytes(content)
    assert from_environment({}).api_key is None


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00broken"])
def test_a_named_key_file_without_a_key_is_an_error_and_not_a_silent_preview(
    clean_machine, content
):
    path = clean_machine / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match="holds no readable key"):
        from_environment({"DASHSCOPE_API_KEY_FILE_PATH": str(path)})


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_variable_is_not_set(value):
    names = (
        *("DASHSCOPE_API_KEY", "WAN_MAGIC_ENDPOINT", "DASHSCOPE_HTTP_BASE_URL"),
        *("WAN_MAGIC_OUT", "WAN_MAGIC_WORKSPACE", "WAN_MAGIC_CONFIG"),
        *("WAN_MAGIC_MAX_COST", "WAN_MAGIC_HOME", "WAN_MAGIC_LEDGER"),
    )
    assert from_environment(dict.fromkeys(names, value)) == Settings()


def test_blanks_around_a_value_are_dropped():
    found = from_environment(
        {"DASHSCOPE_API_KEY": f" {KEY}\n", "DASHSCOPE_HTTP_BASE_URL": "https://host/api/v1\n"}
    )
    assert (found.api_key, found.endpoint) == (KEY, "https://host/api/v1")


def test_a_machine_without_a_home_needs_no_key_file(monkeypatch):
    def lost(_):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", lost)
    assert from_environment({}).api_key is None


def test_an_unknown_home_is_told(monkeypatch):
    with pytest.raises(SettingsError, match="~nobody-of-this-name/clips"):
        Settings().override(out="~nobody-of-this-name/clips")
    with pytest.raises(SettingsError, match="~nobody-of-this-name"):
        from_environment({"WAN_MAGIC_OUT": "~nobody-of-this-name"})


def test_override_takes_what_was_given_and_leaves_the_rest(clean_machine):
    base = Settings(endpoint="beijing", api_key=KEY, out=Path("a"), timeout=60)
    assert base.override() == base
    assert base.override(endpoint="", out="") == base
    assert base.override(endpoint="local").endpoint == "local"
    assert base.override(out="~/b").out == clean_machine / "b"
    assert base.override(timeout=0.5).timeout == 0.5
    assert base.override(endpoint="local", out="b", timeout=1).api_key == KEY


@pytest.mark.parametrize("timeout", [0, -3, float("nan"), float("inf"), "x", True])
def test_a_timeout_that_would_give_up_at_once_or_never_is_refused(timeout):
    with pytest.raises(SettingsError, match="more than 0 seconds"):
        Settings().override(timeout=timeout)


def test_the_key_is_in_no_repr():
    assert KEY not in repr(Settings(api_key=KEY))


def test_a_key_in_the_place_of_its_file_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        from_environment({"DASHSCOPE_API_KEY_FILE_PATH": "sk-secret-0123456789"})
    assert "secret" not in str(caught.value)


# -- what clips may cost -------------------------------------------------------------------


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Write the config file."""

    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text)
        monkeypatch.setenv("WAN_MAGIC_CONFIG", str(path))

    return write


def test_the_strongest_limit_for_a_clip_wins(config, monkeypatch):
    config('max_cost = ["2 CNY", "0.3 USD"]')
    assert from_environment().max_cost == limits_of("2 CNY, 0.3 USD")
    monkeypatch.setenv("WAN_MAGIC_MAX_COST", "3 CNY")
    assert from_environment().max_cost == limits_of("3 CNY")
    assert from_environment().override(max_cost="4 CNY, 1 USD").max_cost == limits_of(
        "4 CNY, 1 USD"
    )
    assert from_environment().override(max_cost="").max_cost == limits_of("3 CNY")
    assert from_environment().override().max_cost == limits_of("3 CNY")


@pytest.mark.parametrize("off", ["off", ()])
def test_a_limit_can_be_lifted(config, monkeypatch, off):
    config("max_cost = 2")
    assert from_environment().override(max_cost=off).max_cost == ()
    monkeypatch.setenv("WAN_MAGIC_MAX_COST", "off")
    assert from_environment().max_cost == ()


@pytest.mark.parametrize("given", [2, 2.0, "2", limits_of(2)[0], limits_of(2)])
def test_a_limit_may_be_a_number_or_an_amount(given):
    assert Settings().override(max_cost=given).max_cost == limits_of("2")


def test_a_limit_of_nothing_is_a_limit():
    assert Settings().override(max_cost=0).max_cost == limits_of("0")


def test_a_limit_that_is_none_is_told():
    with pytest.raises(SettingsError, match="max_cost = 'much' is no amount of money"):
        Settings().override(max_cost="much")
    with pytest.raises(SettingsError, match="WAN_MAGIC_MAX_COST = '-1' is no amount") as caught:
        from_environment({"WAN_MAGIC_MAX_COST": "-1"})
    assert 'such as "2 CNY"' in caught.value.hint
    with pytest.raises(SettingsError) as caught:
        from_environment({"WAN_MAGIC_MAX_COST": KEY})
    assert KEY not in str(caught.value)


def test_budgets_are_of_the_config_file_and_can_be_left_out_once(config):
    config('[budget]\nday = "50 CNY"')
    found = from_environment()
    assert found.budgets == {"day": limits_of("50 CNY")}
    assert found.override(over_budget=None) == found.override(over_budget=False) == found
    assert found.override(over_budget=True).budgets == {}


# -- what is remembered, and where ------------------------------------------------------------


def test_what_is_remembered_lies_in_the_users_data_folder(clean_machine):
    home = platformdirs.user_data_path("wan-magic", appauthor=False)
    assert from_environment().home == home
    assert not home.exists(), "asking makes no folder"


def test_or_where_the_user_says(clean_machine, tmp_path, monkeypatch):
    assert from_environment({"WAN_MAGIC_HOME": "~/films"}).home == clean_machine / "films"
    with pytest.raises(SettingsError, match="~nobody-of-this-name"):
        from_environment({"WAN_MAGIC_HOME": "~nobody-of-this-name"})


@pytest.mark.parametrize("variable", ["WAN_MAGIC_HOME", "WAN_MAGIC_CONFIG"])
def test_a_change_of_folder_can_not_lead_to_another_ledger(
    clean_machine, tmp_path, monkeypatch, variable
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").touch()
    with pytest.raises(SettingsError, match=f"^{variable} = 'mine' is not a full path") as told:
        from_environment({variable: "mine"})
    assert told.value.hint == f"write {str(tmp_path / 'mine')!r}"


def test_jobs_are_written_down_unless_the_user_says_no(config, monkeypatch):
    assert from_environment().ledger is True
    assert from_environment({"WAN_MAGIC_LEDGER": "Off"}).ledger is False
    config("ledger = false")
    assert from_environment().ledger is False
    monkeypatch.setenv("WAN_MAGIC_LEDGER", "on")
    assert from_environment().ledger is True


def test_a_no_that_is_none_is_told():
    with pytest.raises(SettingsError, match="WAN_MAGIC_LEDGER = 'maybe' is neither on nor off"):
        from_environment({"WAN_MAGIC_LEDGER": "maybe"})
