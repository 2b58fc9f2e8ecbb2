"""``doctor``: what is wrong with an installation, line by line.

Nothing is spent: at most the list of tasks is asked for, with the key, at the key's own endpoint.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wan_magic.errors import WanError
from wan_magic.output.checkup import Finding, Report
from wan_magic.settings import Settings, keys
from wan_magic.setup import doctor_files, versions
from wan_magic.setup.login import INSTALL
from wan_magic.texts import tr
from wan_magic.within import within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_magic.notebook.frontend import FrontEnd
    from wan_magic.wan.endpoints import Endpoint
    from wan_magic.wan.probe import Answer

_NETWORK_SECONDS = 5.0


def examine(
    settings_of: Callable[[], Settings],
    *,
    front_end: FrontEnd,
    online: bool = True,
    is_enabled: Callable[[], str] | None = None,
) -> Report:
    """Look at everything that a clip needs; never raises for what it finds.

    Parameters
    ----------
    settings_of : callable
        Returns the settings; that they can't be read is a finding, too.
    front_end : FrontEnd
        Who shows the report.
    online : bool, default True
        Ask the endpoint whether it takes the key, for 5 seconds at most; free.
    is_enabled : callable, optional
        Returns the file that makes ``%%wanvideo`` known to each kernel, or nothing.

    Returns
    -------
    Report
        Shows itself as text and as HTML.
    """
    findings = [*versions.findings(), *versions.widgets(front_end)]
    findings.append(_front_end(front_end))
    if is_enabled is not None:
        findings.append(_enabled(is_enabled()))
    try:
        settings = settings_of()
    except WanError as exc:
        findings.append(Finding(tr("settings"), "problem", exc.message, exc.hint))
        settings = Settings()
    endpoint, secrets = None, [settings.api_key or ""]
    try:
        from wan_magic.wan.endpoints import choose

        endpoint = choose(settings)
    except WanError as exc:
        findings.append(Finding(tr("key"), "problem", exc.message, exc.hint))
    else:
        findings += _key_and_network(settings, endpoint, online=online)
    if endpoint is not None:
        secrets.append(endpoint.key)
    findings.append(_keyring())
    findings += doctor_files.folder(settings, front_end)
    findings.append(doctor_files.ledger(settings))
    clip = b""
    if front_end.has_widgets:
        clip, finding = _player()
        findings.append(finding)
    return Report(findings, clip, secrets)


def _front_end(front_end: FrontEnd) -> Finding:
    found = tr("{name} (known by {how})", name=front_end.name, how=front_end.how)
    if front_end.known:
        return Finding(tr("front end"), "ok", found)
    todo = tr("cards need ipywidgets there; wan_magic.generate does without")
    return Finding(tr("front end"), "warning", found, todo)


def _enabled(path: str) -> Finding:
    if path:
        return Finding("%load_ext", "ok", tr("not needed: {path}", path=path))
    found = tr("needed once in each kernel")
    return Finding("%load_ext", "ok", found, tr("wan-magic enable ends that"))


# -- key, region, network ----------------------------------------------------------------------


def _key_and_network(
    settings: Settings, endpoint: Endpoint | None, *, online: bool
) -> Iterator[Finding]:
    if endpoint is None:
        if settings.endpoint == "local":
            yield Finding(tr("endpoint"), "ok", tr("the preview server on this machine: free"))
        else:
            todo = tr("%wanvideo login, or set DASHSCOPE_API_KEY")
            yield Finding(tr("key"), "warning", tr("none: videos are free previews"), todo)
        yield _loopback()
        return
    host = urlsplit(endpoint.base_url).netloc
    place = host if host == endpoint.name else f"{endpoint.name} ({host})"
    if not online:
        found = tr(
            "from {source}, for {place}; not checked", source=endpoint.key_variable, place=place
        )
        yield Finding(tr("key"), "ok", found, tr("without --offline it is checked, at no cost"))
        return
    answer = _asked(endpoint)
    values = {"source": endpoint.key_variable, "place": place}
    if answer.takes_key:
        found, said = tr("from {source}, taken by {place}", **values), answer.said
        yield Finding(
            tr("key"),
            "warning" if said else "ok",
            f"{found}: {said}" if said else found,
            answer.hint,
        )
    elif answer.takes_key is False:
        found = tr("from {source}, refused by {place}", **values)
        yield Finding(tr("key"), "problem", f"{found}: {answer.said}", answer.hint)
    else:
        found = tr("from {source}, for {place}; it could not be checked", **values)
        yield Finding(tr("key"), "warning", f"{found}: {answer.said}", answer.hint)
    yield _network(endpoint, host, answer)


def _asked(endpoint: Endpoint) -> Answer:
    from wan_magic.wan import probe

    try:
        return within(_NETWORK_SECONDS, lambda: probe.ask(endpoint))
    except TimeoutError:
        said = f"no answer within {_NETWORK_SECONDS:g} s"
        return probe.Answer(None, reached=False, said=said)


def _network(endpoint: Endpoint, host: str, answer: Answer) -> Finding:
    proxy = _proxy(endpoint.base_url)
    through = tr(", through the proxy {proxy}", proxy=proxy) if proxy else ""
    if answer.reached:
        return Finding(
            tr("network"), "ok", tr("{host} answers{through}", host=host, through=through)
        )
    todo = tr("check the network, the proxy (HTTPS_PROXY, NO_PROXY) and the endpoint")
    found = tr("{host} can't be reached{through}", host=host, through=through)
    return Finding(tr("network"), "problem", found, todo)


def _proxy(url: str) -> str:
    """Return host and port of the proxy for a URL: its login is nobody's business."""
    import requests

    proxies = requests.utils.get_environ_proxies(url)
    chosen = requests.utils.select_proxy(url, proxies)
    if not chosen:
        return ""
    return urlsplit(chosen if "://" in chosen else f"//{chosen}").netloc.rpartition("@")[2]


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()
            with socket.create_connection(address, timeout=2):
                pass
    except OSError as exc:
        todo = tr("let programs of this machine talk to each other on 127.0.0.1")
        return Finding(tr("network"), "problem", f"127.0.0.1: {exc.strerror or exc}", todo)
    return Finding(tr("network"), "ok", tr("not needed: only this machine is asked"))


def _keyring() -> Finding:
    name = keys.keyring_name()
    if name:
        return Finding(tr("keyring"), "ok", name)
    found = tr("none: a login lasts as long as its kernel")
    service = tr("start a keyring service, such as GNOME Keyring or KWallet")
    return Finding(tr("keyring"), "ok", found, service if keys.has_package() else INSTALL)


def _player() -> tuple[bytes, Finding]:
    from wan_magic.output.sample import sample_clip

    try:
        clip = sample_clip()
    except (OSError, ValueError, ImportError) as exc:
        todo = "pip install -U av"
        return b"", Finding(tr("player"), "problem", f"{type(exc).__name__}: {exc}", todo)
    return clip, Finding(tr("player"), "ok", tr("see for yourself, below: H.264 with AAC"))
