"""Where keys come from, in which order, and what a login keeps."""

from __future__ import annotations

import sys
import threading
import time
from types import ModuleType, SimpleNamespace

import pytest
from keyring_backend import Backend, package
from waiting import PATIENCE, wait_until

from wan_magic.errors import SettingsError
from wan_magic.settings import Settings, from_environment, keys
from wan_magic.settings.config import EndpointTable
from wan_magic.wan.endpoints import choose

KEY = "sk-of-the-tests-0123456789"
OTHER = "sk-another-one-9876543210"


@pytest.fixture
def backend(monkeypatch):
    """The package `keyring`, with a backend that works."""
    made = Backend()
    monkeypatch.setitem(sys.modules, "keyring", package(made))
    yield made
    made.open.set()


@pytest.fixture
def no_keyring(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.fixture
def colab(monkeypatch):
    """A Colab with secrets; a list of what it was asked for."""
    made = SimpleNamespace(secrets={}, asked=[])

    class SecretNotFoundError(Exception):
        pass

    def get(name):
        made.asked.append(name)
        if name not in made.secrets:
            raise SecretNotFoundError(name)
        return made.secrets[name]

    google, package, userdata = (
        ModuleType(name) for name in ("google", "google.colab", "google.colab.userdata")
    )
    userdata.get = get
    package.userdata = userdata
    for module in (google, package, userdata):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return made


def log_in(name="singapore", key=KEY, called=None):
    """Remember a key as a login does; what came of it."""
    return keys.remember(from_environment(), name, called or name, keys.Key(key, keys.LOGIN))


def new_process():
    """Forget what a process remembers."""
    for known in (keys._typed, keys._asked, keys._colab_said):
        known.clear()


def found(endpoint="singapore"):
    """The key and its source that an endpoint would be asked with."""
    chosen = choose(from_environment().override(endpoint=endpoint))
    return chosen.key, chosen.key_variable


# -- the order ---------------------------------------------------------------------------------


def test_without_any_key_there_is_the_preview_and_no_keyring_is_asked(backend):
    assert choose(from_environment()) is None
    assert backend.asked == []


def test_the_environment_and_the_key_file_say_where_the_key_is_from(monkeypatch, clean_machine):
    file = clean_machine / ".dashscope" / "api_key"
    file.parent.mkdir()
    file.write_text(OTHER)
    assert found() == (OTHER, "~/.dashscope/api_key")
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE_PATH", str(file))
    assert found() == (OTHER, str(file))
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    assert found() == (KEY, "DASHSCOPE_API_KEY")


def test_a_login_goes_before_the_environment_in_its_own_kernel(monkeypatch, no_keyring):
    monkeypatch.setenv("DASHSCOPE_API_KEY", OTHER)
    assert log_in() == ("", "there is no system keyring here")
    assert found("singapore") == (KEY, "your login in this kernel")
    assert found("beijing") == (OTHER, "DASHSCOPE_API_KEY"), "it is a key of one endpoint"
    new_process()
    assert found("singapore") == (OTHER, "DASHSCOPE_API_KEY")


def test_in_a_new_kernel_the_keyring_has_it_and_is_asked_once(backend):
    assert log_in() == ("Test keyring", "")
    assert found() == (KEY, "your login in this kernel")
    new_process()
    backend.asked.clear()
    assert [found(), found()] == [(KEY, "the system keyring")] * 2
    assert backend.asked == ["wan_magic-within"]


@pytest.mark.parametrize("variable", ["DASHSCOPE_API_KEY", "file"])
def test_the_keyring_is_not_asked_where_another_source_has_a_key(
    backend, monkeypatch, clean_machine, variable
):
    log_in()
    new_process()
    backend.asked.clear()
    if variable == "file":
        (clean_machine / ".dashscope").mkdir()
        (clean_machine / ".dashscope" / "api_key").write_text(OTHER)
    else:
        monkeypatch.setenv(variable, OTHER)
    assert found()[0] == OTHER
    assert backend.asked == []


def test_the_last_login_is_the_endpoint_that_is_used_without_saying(backend, monkeypatch):
    log_in("singapore")
    log_in("gateway.example", OTHER, called="https://gateway.example/qwen/api/v1")
    for _ in range(2):
        chosen = choose(from_environment())
        assert (chosen.base_url, chosen.key) == ("https://gateway.example/qwen/api/v1", OTHER)
        new_process()
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    assert choose(from_environment()).name == "beijing"


def test_a_gateways_own_variable_and_its_login():
    table = EndpointTable(base="https://g.example/api/v1", key_env="G_KEY")
    settings = Settings(endpoint="g", api_key=OTHER, endpoints={"g": table})
    with pytest.raises(SettingsError, match="none is set in G_KEY"):
        choose(settings)
    keys.remember(settings, "g", "g", keys.Key(KEY, keys.LOGIN))
    assert choose(settings).key == KEY


# -- the keyring -------------------------------------------------------------------------------


def test_the_list_of_logins_holds_no_key(backend):
    log_in()
    path = from_environment().home / "logins.json"
    assert KEY[3:] not in path.read_text()
    assert keys.logins(from_environment().home) == {"singapore": "singapore"}


@pytest.mark.parametrize("content", ["", "[1]", "null", '{"singapore": 3}', "\x00"])
def test_a_list_that_can_not_be_read_is_no_list(content, backend):
    home = from_environment().home
    home.mkdir(parents=True)
    (home / "logins.json").write_text(content)
    assert keys.logins(home) == {}
    assert choose(from_environment()) is None


@pytest.mark.parametrize("priority", [0, -1, 0.5])
def test_a_backend_that_is_none_or_keeps_plain_text_is_not_used(backend, priority):
    backend.priority = priority
    assert keys.keyring_name() == ""
    assert log_in() == ("", "there is no system keyring here")
    assert backend.kept == {}


def test_a_keyring_that_fails_keeps_nothing_and_the_kernel_has_the_key(backend):
    backend.error = RuntimeError(f"no bus for {KEY}")
    assert log_in() == ("", "the system keyring fails: RuntimeError")
    assert found()[0] == KEY
    new_process()
    assert choose(from_environment()) is None


def test_a_keyring_that_fails_later_is_told_and_no_silent_preview(backend):
    log_in()
    new_process()
    backend.error = RuntimeError(f"no bus for {KEY}")
    with pytest.raises(SettingsError, match="which fails: RuntimeError") as caught:
        choose(from_environment())
    assert KEY not in str(caught.value)
    assert "%wanvideo logout forgets it" in caught.value.hint
    backend.error = None
    assert found()[0] == KEY


def test_a_keyring_that_lost_the_key_is_told(backend):
    log_in()
    new_process()
    backend.kept.clear()
    with pytest.raises(SettingsError, match="has no key for it any more"):
        choose(from_environment())


def test_a_keyring_that_does_not_answer_is_waited_for_once_and_not_for_long(backend, monkeypatch):
    log_in()
    new_process()
    monkeypatch.setattr(keys, "_PATIENCE", 0.3)
    backend.open.clear()
    backend.asked.clear()
    for _ in range(3):
        with pytest.raises(SettingsError, match="which does not answer"):
            choose(from_environment())
    assert len(backend.asked) == 1
    backend.open.set()  # the user unlocks it
    monkeypatch.setattr(keys, "_PATIENCE", PATIENCE)
    assert found() == (KEY, "the system keyring")


def test_a_login_is_forgotten_everywhere(backend):
    log_in("singapore")
    log_in("beijing")
    assert keys.forget(from_environment(), "singapore") == ["singapore"]
    assert [name for _, name in backend.kept] == ["beijing"]
    assert keys.forget(from_environment()) == ["beijing"]
    assert keys.forget(from_environment()) == []
    assert backend.kept == {}
    assert choose(from_environment()) is None


def test_a_key_that_got_into_the_keyring_too_late_is_forgotten_too(backend, monkeypatch):
    monkeypatch.setattr(keys, "_PATIENCE", 0.2)
    backend.open.clear()
    assert log_in() == ("", "the system keyring does not answer")
    backend.open.set()
    wait_until(lambda: backend.kept)
    monkeypatch.setattr(keys, "_PATIENCE", PATIENCE)
    assert keys.forget(from_environment()) == ["singapore"]
    assert backend.kept == {}


def test_what_another_kernel_forgot_is_not_used_here(backend):
    log_in()
    new_process()
    assert found()[0] == KEY
    (from_environment().home / "logins.json").write_text("{}")
    assert choose(from_environment()) is None


def test_a_keyring_that_keeps_a_key_is_told(backend):
    log_in()
    backend.error = RuntimeError("locked")
    with pytest.raises(SettingsError, match="keeps the key for singapore: it fails: RuntimeError"):
        keys.forget(from_environment())
    assert keys.logins(from_environment().home), "it is still there, and still listed"


# -- Colab -------------------------------------------------------------------------------------


def test_a_secret_of_colab_is_the_last_source(colab, monkeypatch):
    colab.secrets["DASHSCOPE_API_KEY"] = KEY + "\n"
    assert choose(from_environment()).key == KEY
    assert found("singapore") == (KEY, "the Colab secret DASHSCOPE_API_KEY")
    assert colab.asked == ["DASHSCOPE_API_KEY"], "each ask may be a dialog"
    new_process()
    monkeypatch.setenv("DASHSCOPE_API_KEY", OTHER)
    assert found()[0] == OTHER
    assert len(colab.asked) == 1


def test_a_secret_that_is_not_there_is_not_asked_for_again_at_once(colab, monkeypatch):
    assert [choose(from_environment()) for _ in range(3)] == [None] * 3
    assert len(colab.asked) == 1
    later = time.monotonic() + 61
    monkeypatch.setattr(keys.time, "monotonic", lambda: later)
    colab.secrets["DASHSCOPE_API_KEY"] = KEY
    assert choose(from_environment()).key == KEY


def test_colab_is_asked_on_the_main_thread_only(colab):
    colab.secrets["DASHSCOPE_API_KEY"] = KEY
    seen = []
    thread = threading.Thread(target=lambda: seen.append(choose(from_environment())))
    thread.start()
    thread.join(PATIENCE)
    assert (seen, colab.asked) == ([None], [])


# -- nothing shows a key -------------------------------------------------------------------------


def test_a_key_is_in_no_repr():
    assert KEY not in repr(keys.Key(KEY, "x"))
    log_in()
    assert KEY not in repr(keys._typed)
