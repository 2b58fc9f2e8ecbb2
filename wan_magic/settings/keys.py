"""Where the key of an endpoint comes from, and what ``login`` remembers.

In this order: a login in this process, the environment, the key file, the system keyring, Colab's
secrets. Each is asked only where the ones before it have none. The keyring is asked only for an
endpoint that somebody logged in to: ``logins.json`` in the data folder lists those, without keys.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from wan_magic.errors import SettingsError
from wan_magic.settings.config import KEY_VARIABLE, EndpointTable
from wan_magic.within import started, within

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from wan_magic.settings import Settings

SERVICE = "wan-magic"
"""Under this name the keyring has the keys; the user name there is the endpoint's."""

STANDARD = "beijing"
"""Where a key belongs that nobody gave a region."""

LOGIN = "your login in this kernel"
KEYRING = "the system keyring"
_COLAB = "the Colab secret {name}"
_PATIENCE = 5.0
"""Seconds for the keyring to answer."""
_MISSED_SECONDS = 60.0
"""For so long Colab is not asked again for a secret that it did not give: it may ask the user."""


@dataclass(frozen=True)
class Key:
    """A key, and in words where it is from.

    Attributes
    ----------
    value : str
        Never shown.
    source : str
        Such as ``"DASHSCOPE_API_KEY"`` or ``"the system keyring"``.
    """

    value: str = field(repr=False)
    source: str


_typed: dict[str, tuple[Key, str]] = {}
"""The logins of this process by endpoint, the last one at the end; with how it was called."""
_asked: dict[str, tuple[Future[Key | None], float]] = {}
"""What the keyring was asked for, by endpoint, and when."""
_colab_said: dict[str, tuple[Key | None, float]] = {}
_lock = threading.Lock()


def find(settings: Settings, name: str, table: EndpointTable | None = None) -> Key | None:
    """Return the key for an endpoint; None where nobody has one.

    Parameters
    ----------
    settings : Settings
        With what the environment and the key file hold.
    name : str
        Of the endpoint: a region, a gateway, a host.
    table : EndpointTable, optional
        What the config file says of it.

    Raises
    ------
    SettingsError
        If the key is in the keyring, and that does not give it.
    """
    table = table or EndpointTable()
    if name in _typed:
        return _typed[name][0]
    if table.key_env != KEY_VARIABLE:
        if table.key:
            return Key(table.key, table.key_env)
    elif settings.api_key:
        return Key(settings.api_key, settings.key_source)
    return _from_keyring(settings, name) or _from_colab(table.key_env)


def default_endpoint(settings: Settings) -> str | None:
    """Return the endpoint that the key at hand is for, as it was called; None without any key."""
    if _typed:
        return _typed[next(reversed(_typed))][1]
    if settings.api_key:
        return STANDARD
    kept = logins(settings.home)
    if kept:
        return kept[next(reversed(kept))]
    return STANDARD if _from_colab(KEY_VARIABLE) else None


# -- login and logout ------------------------------------------------------------------------


def remember(settings: Settings, name: str, called: str, key: Key) -> tuple[str, str]:
    """Keep a key for an endpoint: in this process, and in the keyring where there is one.

    Parameters
    ----------
    settings : Settings
        For the folder of what is remembered.
    name, called : str
        The endpoint, and how the user calls it: a name or a URL.
    key : Key
        As it was typed.

    Returns
    -------
    backend, problem : str
        The name of the keyring; empty where the key is kept in this process alone, and then
        why that is so.
    """
    _typed.pop(name, None)
    _typed[name] = key, called
    _asked.pop(name, None)

    def store() -> str:
        backend = _backend()
        if backend is not None:
            backend.set_password(SERVICE, name, key.value)
        return _name_of(backend)

    try:
        stored = within(_PATIENCE, store)
    except TimeoutError:
        return "", "the system keyring does not answer"
    except Exception as exc:  # noqa: BLE001 - a keyring may raise anything
        return "", f"the system keyring {_trouble(exc)}"
    if not stored:
        return "", "there is no system keyring here"
    kept = logins(settings.home)
    kept.pop(name, None)
    if not _write(settings.home, {**kept, name: called}):
        return "", f"the folder {settings.home} can't be written"
    return stored, ""


def forget(settings: Settings, name: str | None = None) -> list[str]:
    """Drop the login for an endpoint, or all of them; the names of those that there were.

    Raises
    ------
    SettingsError
        If the keyring does not let one go.
    """
    kept = logins(settings.home)
    names = [one for one in dict.fromkeys([*kept, *_typed]) if name in (None, one)]
    for one in names:
        _typed.pop(one, None)
        _asked.pop(one, None)
        if one not in kept:
            with contextlib.suppress(Exception):  # it may have got there after we stopped waiting
                within(_PATIENCE, partial(_delete, one))
            continue
        try:
            within(_PATIENCE, partial(_delete, one))
        except Exception as exc:  # noqa: BLE001 - a keyring may raise anything
            raise SettingsError(
                f"the system keyring keeps the key for {one}: it {_trouble(exc)}",
                hint=f"unlock it and try again, or delete the entry {SERVICE} there",
            ) from None
        del kept[one]
        _write(settings.home, kept)
    return names


def logins(home: Path) -> dict[str, str]:
    """Return the endpoints whose key is in the keyring, and how each is called; latest last."""
    try:
        read = json.loads((home / "logins.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    pairs = read.items() if isinstance(read, dict) else ()
    return {name: called for name, called in pairs if isinstance(called, str)}


def _write(home: Path, kept: dict[str, str]) -> bool:
    """Write the list down; whether that went well."""
    path = home / "logins.json"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        new.replace(path)
    except OSError:
        return False
    return True


# -- the keyring -------------------------------------------------------------------------------


def keyring_name() -> str:
    """Return the name of the system keyring that would be used; empty where there is none."""
    try:
        return within(_PATIENCE, lambda: _name_of(_backend()))
    except Exception:  # noqa: BLE001 - one that does not answer is none
        return ""


def _backend() -> Any:
    """Return the keyring's backend; None where there is none that is fit for a secret."""
    try:
        import keyring
    except ImportError:
        return None
    backend = keyring.get_keyring()
    # By the package's own measure: its `fail` and `null`, and plain files, are below 1.
    return backend if getattr(backend, "priority", 0) >= 1 else None


def has_package() -> bool:
    """Whether the package `keyring` is installed; a keyring to speak to is another thing."""
    try:
        import keyring  # noqa: F401
    except ImportError:
        return False
    return True


def _trouble(exc: Exception) -> str:
    kind = type(exc).__name__
    return "is locked" if kind == "KeyringLocked" else f"fails: {kind}"


def _name_of(backend: Any) -> str:
    return "" if backend is None else str(getattr(backend, "name", type(backend).__name__))


def _delete(name: str) -> None:
    backend = _backend()
    if backend is not None and backend.get_password(SERVICE, name) is not None:
        backend.delete_password(SERVICE, name)


def _from_keyring(settings: Settings, name: str) -> Key | None:
    if name not in logins(settings.home):
        _asked.pop(name, None)  # logged out, by another process perhaps
        return None

    def ask() -> Key | None:
        backend = _backend()
        value = None if backend is None else backend.get_password(SERVICE, name)
        return Key(value, KEYRING) if value else None

    with _lock:
        if name not in _asked:
            _asked[name] = started(ask), time.monotonic()
        answer, since = _asked[name]
    why = "has no key for it any more"
    try:
        # One that was slow a moment ago is not waited for again and again.
        key = answer.result(max(0.2, since + _PATIENCE - time.monotonic()))
    except TimeoutError:
        raise SettingsError(
            f"the key for {name} is in the system keyring, which does not answer",
            hint=f"unlock it and try again, or set {KEY_VARIABLE}",
        ) from None
    except Exception as exc:  # noqa: BLE001 - a keyring may raise anything
        key, why = None, _trouble(exc)
    if key is None:
        _asked.pop(name, None)
        # Not the free preview instead: whoever logged in means to use the key.
        raise SettingsError(
            f"the key for {name} should be in the system keyring, which {why}",
            hint=f"%wanvideo login --endpoint {logins(settings.home).get(name, name)} asks for it"
            " again, %wanvideo logout forgets it",
        )
    return key


# -- Colab -------------------------------------------------------------------------------------


def _from_colab(variable: str) -> Key | None:
    """Return a secret of Colab's; asking may open a dialog, and works on the main thread only."""
    if "google.colab" not in sys.modules:
        return None
    said = _colab_said.get(variable)
    if said and (said[0] or time.monotonic() < said[1] + _MISSED_SECONDS):
        return said[0]
    if threading.current_thread() is not threading.main_thread():
        return None
    key = None
    with contextlib.suppress(Exception):  # no such secret, no access to it, nobody to ask
        from google.colab import userdata

        if value := str(userdata.get(variable) or "").strip():
            key = Key(value, _COLAB.format(name=variable))
    _colab_said[variable] = key, time.monotonic()
    return key
