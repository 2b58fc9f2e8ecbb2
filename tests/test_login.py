"""``login`` and ``logout``: what is asked, checked, kept and said; in a cell and in a terminal."""

from __future__ import annotations

import io
import sys

import pytest
from keyring_backend import Backend, package

from wan_magic.cli import main
from wan_magic.errors import InputError, SettingsError
from wan_magic.server import Server, ServerOptions
from wan_magic.settings import from_environment, keys
from wan_magic.settings.configured import configured
from wan_magic.setup.login import asked, log_in, log_out
from wan_magic.wan import probe
from wan_magic.wan.endpoints import choose

KEY = "sk-of-the-tests-0123456789"
SHARED = ("beijing", "singapore", "virginia", "hong-kong")


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.fixture
def backend(monkeypatch, no_keyring):
    made = Backend()
    monkeypatch.setitem(sys.modules, "keyring", package(made))
    return made


@pytest.fixture(scope="module")
def server():
    """A gateway that takes one key."""
    with Server(ServerOptions(token=KEY)) as server:
        yield server


@pytest.fixture
def regions(monkeypatch):
    """The regions, each with its answer; the names of those that were asked, with the key."""
    answers = dict.fromkeys(SHARED, probe.Answer(False, said="HTTP 401 InvalidApiKey: no such key"))
    was_asked = []

    def ask(endpoint):
        was_asked.append((endpoint.name, endpoint.key))
        return answers[endpoint.name]

    monkeypatch.setattr(probe, "ask", ask)
    answers["asked"] = was_asked
    return answers


def typed(endpoint=None, key=KEY, **more):
    """Log in with a key that the user types; what is said."""
    return log_in(from_environment().override(endpoint=endpoint), lambda prompt: key, **more)


# -- the check -----------------------------------------------------------------------------------


def test_the_key_is_checked_kept_and_used_at_once(server):
    said = typed(server.base_url)
    assert "takes this key; nothing was spent." in said
    assert "in this kernel until that ends, and kept nowhere else" in said
    assert "there is no system keyring here" in said
    assert "pip install 'wan-magic[keyring]'" in said
    chosen = choose(from_environment())
    assert (chosen.base_url, chosen.key) == (server.base_url, KEY)
    assert KEY not in said


def test_with_a_keyring_it_is_kept_for_new_kernels_too(server, backend):
    said = typed(server.base_url)
    assert "kept in the system keyring (Test keyring) and used from now on" in said
    assert list(backend.kept.values()) == [KEY]
    keys._typed.clear()
    assert choose(from_environment()).key == KEY


def test_the_package_without_a_keyring_to_speak_to_is_no_reason_to_install_it(
    server, backend, monkeypatch
):
    backend.priority = 0
    said = typed(server.base_url)
    assert "there is no system keyring here" in said
    assert "To keep it, start a keyring service" in said
    assert "pip install" not in said
    with pytest.raises(SettingsError) as caught:
        typed(server.base_url, in_kernel=False)
    assert "start a keyring service" in caught.value.hint


def test_a_locked_keyring_is_named_as_that(server, backend):
    class KeyringLocked(Exception):
        """As the package calls it."""

    backend.error = KeyringLocked("Failed to unlock the collection!")
    said = typed(server.base_url)
    assert "kept nowhere else: the system keyring is locked.\n" in said
    assert "Log in again when that is mended" in said
    assert "pip install" not in said


def test_the_environment_that_goes_before_it_in_new_kernels_is_told(server, backend, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-other")
    assert "There, the key of DASHSCOPE_API_KEY goes before it." in typed(server.base_url)


def test_a_key_that_is_refused_is_not_kept(server, backend):
    with pytest.raises(SettingsError, match="refuses this key: HTTP 401 InvalidApiKey") as caught:
        typed(server.base_url, "sk-wrong-0123456789")
    assert "sk-wrong" not in str(caught.value)
    assert backend.kept == {}
    assert choose(from_environment()) is None


def test_an_endpoint_that_does_not_answer_leaves_the_key_unchecked_and_kept():
    said = typed("http://127.0.0.1:9/api/v1")
    assert "could not be checked: cannot reach 127.0.0.1:9" in said
    assert choose(from_environment()).key == KEY


def test_a_right_that_is_missing_is_told_and_the_key_is_kept(regions):
    regions["beijing"] = probe.Answer(True, said="HTTP 403 Arrearage", hint="settle the bill")
    said = typed("beijing")
    assert (
        "takes this key; nothing was spent, but says: HTTP 403 Arrearage. settle the bill" in said
    )
    assert choose(from_environment()).name == "beijing"


def test_the_settings_say_where_the_key_is_from(server):
    typed(server.base_url)
    (row,) = [row for row in configured(from_environment()) if row.name == "key"]
    assert row.source == "your login in this kernel"
    assert KEY not in str(row)


# -- regions ---------------------------------------------------------------------------------------


def test_without_a_region_the_one_that_takes_the_key_is_found(regions):
    regions["singapore"] = probe.Answer(True)
    assert "singapore (dashscope-intl.aliyuncs.com) takes this key" in typed()
    assert choose(from_environment()).name == "singapore"
    assert {name for name, _ in regions["asked"]} == set(SHARED)


def test_with_a_region_another_one_is_named_and_not_taken(regions):
    regions["singapore"] = probe.Answer(True)
    with pytest.raises(SettingsError) as caught:
        typed("beijing")
    assert "beijing (dashscope.aliyuncs.com) refuses this key" in caught.value.message
    assert caught.value.hint == ("it is a key of singapore: %wanvideo login --endpoint singapore")
    assert choose(from_environment()) is None


def test_a_key_that_no_region_takes(regions):
    with pytest.raises(SettingsError) as caught:
        typed()
    assert caught.value.hint.startswith("copy it again from the console; singapore, virginia")


def test_a_gateways_key_is_shown_to_nobody_else(regions):
    regions["g.example"] = probe.Answer(False, said="no")
    with pytest.raises(SettingsError, match=r"g\.example refuses this key"):
        typed("https://g.example/api/v1")
    assert regions["asked"] == [("g.example", KEY)]


# -- what is typed ---------------------------------------------------------------------------------


def test_the_question_says_for_which_host():
    prompts = []
    with pytest.raises(InputError, match="no key was typed"):
        log_in(from_environment().override(endpoint="singapore"), lambda p: prompts.append(p) or "")
    assert prompts == ["API key for singapore (dashscope-intl.aliyuncs.com): "]


@pytest.mark.parametrize(
    ("endpoint", "error", "message"),
    [
        ("local", InputError, "the preview server needs no key"),
        ("mars", SettingsError, "unknown endpoint 'mars'"),
        ("frankfurt", SettingsError, "frankfurt has no shared host"),
    ],
)
def test_an_endpoint_that_can_not_be_is_told_before_anything_is_typed(endpoint, error, message):
    with pytest.raises(error, match=message):
        log_in(
            from_environment().override(endpoint=endpoint),
            lambda prompt: pytest.fail("it was asked for a key"),
        )


def test_a_key_with_something_around_it_is_refused_unseen(regions):
    with pytest.raises(SettingsError, match="holds a blank") as caught:
        typed("beijing", f"export KEY={KEY} now")
    assert KEY not in str(caught.value)
    assert regions["asked"] == []


def test_where_nobody_can_be_asked_it_is_told(monkeypatch):
    def refused(prompt):
        raise NotImplementedError("raw_input was called, but this frontend does not support it")

    monkeypatch.setattr("getpass.getpass", refused)
    with pytest.raises(SettingsError, match="nobody can be asked here") as caught:
        asked("key: ")
    assert "DASHSCOPE_API_KEY" in caught.value.hint


# -- logout ----------------------------------------------------------------------------------------


def test_logout_forgets_one_login_or_all(regions, backend):
    for name in ("singapore", "virginia", "beijing"):
        regions[name] = probe.Answer(True)
        typed(name)
    assert log_out(from_environment(), "virginia") == "the key for virginia is forgotten"
    assert log_out(from_environment()) == "the key for singapore and beijing is forgotten"
    assert log_out(from_environment()) == "there is no login for any endpoint"
    assert backend.kept == {}


def test_logout_says_which_key_is_used_from_now_on(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    assert log_out(from_environment(), "beijing") == (
        "there is no login for beijing; the one of DASHSCOPE_API_KEY is used from now on"
    )


# -- the command line ------------------------------------------------------------------------


def test_the_command_keeps_a_piped_key_in_the_keyring(server, backend, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(KEY + "\n"))
    assert main(["login", "--endpoint", server.base_url]) == 0
    said = capsys.readouterr()
    assert "kept in the system keyring" in said.out
    assert KEY not in said.out + said.err
    assert list(backend.kept.values()) == [KEY]
    assert main(["logout"]) == 0
    assert "is forgotten" in capsys.readouterr().out


def test_the_command_asks_nothing_where_it_could_keep_nothing(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)  # it would fail
    assert main(["login"]) == 1
    said = capsys.readouterr().err
    assert "there is no system keyring to keep a key in" in said
    assert "~/.dashscope/api_key" in said


def test_the_command_says_that_a_keyring_kept_nothing(server, backend, monkeypatch, capsys):
    backend.error = RuntimeError(f"no room for {KEY}")
    monkeypatch.setattr("sys.stdin", io.StringIO(KEY + "\n"))
    assert main(["login", "--endpoint", server.base_url]) == 1
    said = capsys.readouterr()
    assert "the key could not be kept: the system keyring fails: RuntimeError" in said.err
    assert KEY not in said.out + said.err
