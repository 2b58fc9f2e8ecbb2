"""``login`` and ``logout``: a key is asked for, checked at no cost, and kept."""

from __future__ import annotations

import getpass
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wan_magic.errors import InputError, SettingsError
from wan_magic.settings import KEY_FILE, keys
from wan_magic.settings.config import KEY_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.settings import Settings
    from wan_magic.wan.endpoints import Endpoint
    from wan_magic.wan.probe import Answer

_CHECK_SECONDS = 15.0
_ELSEWHERE = f"set {KEY_VARIABLE}, or run wan-magic login in a terminal"
_BY_HAND = f"write the key into {KEY_FILE}, or set {KEY_VARIABLE}"
INSTALL = "pip install 'wan-magic[keyring]'"
_SERVICE = "start a keyring service, such as GNOME Keyring or KWallet,"


def asked(prompt: str) -> str:
    """Ask for a text that is not shown: in a terminal, or by the kernel's front end.

    Raises
    ------
    SettingsError
        If nobody can be asked.
    """
    try:
        return getpass.getpass(prompt)
    except (NotImplementedError, EOFError):  # IPython's StdinNotImplementedError is one
        raise SettingsError(
            "login has to ask for the key, and nobody can be asked here", hint=_ELSEWHERE
        ) from None


def asked_or_piped(prompt: str) -> str:
    """Ask as `asked` does; or take the first line where the input is a pipe or a file."""
    return asked(prompt) if sys.stdin.isatty() else sys.stdin.readline()


def log_in(settings: Settings, ask: Callable[[str], str] = asked, *, in_kernel: bool = True) -> str:
    """Ask for an endpoint's key, check it at no cost, and keep it.

    Parameters
    ----------
    settings : Settings
        With the endpoint; without one, the region that takes the key is found.
    ask : callable
        Gets the question, returns the key.
    in_kernel : bool
        Whether a key that only this process remembers is of any use.

    Returns
    -------
    str
        What to tell the user.

    Raises
    ------
    InputError
        If no key was given, or none is needed.
    SettingsError
        If the endpoint is unknown or refuses the key, nobody can be asked, or there is
        nothing to keep it in.

    Examples
    --------
    >>> print(log_in(from_environment().override(endpoint="singapore")))  # doctest: +SKIP
    singapore takes this key (dashscope-intl.aliyuncs.com); nothing was spent.
    It is kept in the system keyring (macOS Keychain) and used from now on, in new kernels, too.
    """
    if not in_kernel and not keys.keyring_name():
        way = f"{_SERVICE} for this session" if keys.has_package() else INSTALL
        said = "there is no system keyring to keep a key in"
        raise SettingsError(said, hint=f"{way}; or {_BY_HAND}")
    called = settings.endpoint or keys.default_endpoint(settings) or keys.STANDARD
    before = _chosen(settings, called, keys.Key("unknown-yet", ""))
    key = keys.Key(ask(f"API key for {_place(before)}: ").strip(), keys.LOGIN)
    if not key.value:
        raise InputError("no key was typed", hint="%wanvideo login asks again")
    endpoint = _chosen(settings, called, key)
    answer = _answer(endpoint)
    if answer.takes_key is False:
        called = _where_taken(settings, endpoint, key, answer)
        endpoint, answer = _chosen(settings, called, key), answer._replace(takes_key=True, said="")
    backend, problem = keys.remember(settings, endpoint.name, called, key)
    if not in_kernel and not backend:
        raise SettingsError(f"the key could not be kept: {problem}", hint=_BY_HAND)
    return "\n".join([_verdict(endpoint, answer), *_kept(settings, backend, problem)])


def log_out(settings: Settings, endpoint: str | None = None) -> str:
    """Forget the key of one endpoint's login, or of all of them.

    Jobs that run keep the key that they were sent with.

    Parameters
    ----------
    settings : Settings
        For the folder of what is remembered.
    endpoint : str, optional
        As it was given to the login; None means all.

    Returns
    -------
    str
        What to tell the user.

    Raises
    ------
    SettingsError
        If the system keyring does not let a key go.
    """
    name = None
    if endpoint:
        name = _chosen(settings, endpoint, keys.Key("unknown-yet", "")).name
    gone = keys.forget(settings, name)
    if not gone:
        said = f"there is no login for {name or 'any endpoint'}"
    else:
        said = f"the key for {' and '.join(gone)} is forgotten"
    if settings.api_key:
        said += f"; the one of {settings.key_source} is used from now on"
    return said


def _chosen(settings: Settings, called: str, key: keys.Key) -> Endpoint:
    from wan_magic.wan.endpoints import choose
    from wan_magic.wan.hosts import SHARED

    endpoint = choose(replace(settings, endpoint=called), key)
    if endpoint is None:
        regions = ", ".join(SHARED)
        raise InputError("the preview server needs no key", hint=f"--endpoint names one: {regions}")
    return endpoint


def _place(endpoint: Endpoint) -> str:
    host = urlsplit(endpoint.base_url).netloc
    return host if endpoint.name == host else f"{endpoint.name} ({host})"


def _answer(endpoint: Endpoint) -> Answer:
    from wan_magic.wan import probe
    from wan_magic.within import within

    try:
        return within(_CHECK_SECONDS, lambda: probe.ask(endpoint))
    except TimeoutError:
        return probe.Answer(None, reached=False, said="it did not answer")


def _where_taken(settings: Settings, endpoint: Endpoint, key: keys.Key, answer: Answer) -> str:
    """Return the region that takes a key which another one refused.

    Raises
    ------
    SettingsError
        If there is none, or if the user asked for the other one.
    """
    others = _other_regions(settings, endpoint, key)
    takers = [name for name, one in others.items() if one.takes_key]
    if takers and settings.endpoint is None:
        return takers[0]
    if takers:
        hint = f"it is a key of {takers[0]}: %wanvideo login --endpoint {takers[0]}"
    elif others:
        hint = f"copy it again from the console; {', '.join(others)} did not take it either"
    else:
        hint = "copy it again, and check that it is a key of this endpoint"
    said = answer.said.rstrip(".")
    raise SettingsError(f"{_place(endpoint)} refuses this key: {said}", hint=hint)


def _other_regions(settings: Settings, endpoint: Endpoint, key: keys.Key) -> dict[str, Answer]:
    """Ask the shared hosts of the other regions, all of them the service's own."""
    from wan_magic.wan import probe
    from wan_magic.wan.hosts import SHARED, region_of
    from wan_magic.within import started

    if region_of(endpoint.base_url) is None:  # a gateway's key is nobody else's business
        return {}
    plain = replace(settings, workspace=None, config_workspace=None, endpoints={})
    asked = {
        str(name): started(partial(probe.ask, _chosen(plain, name, key)))
        for name in SHARED
        if name != endpoint.region
    }
    answers = {}
    for name, answer in asked.items():
        try:
            answers[name] = answer.result(_CHECK_SECONDS)
        except TimeoutError:
            answers[name] = probe.Answer(None, reached=False)
    return answers


def _verdict(endpoint: Endpoint, answer: Answer) -> str:
    if answer.takes_key is None:
        return f"The key for {_place(endpoint)} could not be checked: {answer.said}."
    but = f", but says: {answer.said.rstrip('.')}. {answer.hint}" if answer.said else ""
    return f"{_place(endpoint)} takes this key; nothing was spent{but}."


def _kept(settings: Settings, backend: str, problem: str) -> list[str]:
    if backend:
        place = f"the system keyring ({backend})"
        said = [f"It is kept in {place} and used from now on, in new kernels, too."]
        if settings.api_key:
            said.append(f"There, the key of {settings.key_source} goes before it.")
        return said
    if not keys.has_package():
        way = f"{INSTALL} keeps it in the system's keyring"
    elif keys.keyring_name():
        way = "Log in again when that is mended, and new kernels have the key, too"
    else:
        way = f"To keep it, {_SERVICE} and log in again"
    return [
        f"It is used in this kernel until that ends, and kept nowhere else: {problem}.",
        f"{way}; or set {KEY_VARIABLE}.",
    ]
