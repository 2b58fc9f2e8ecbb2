"""One endpoint over HTTP: a call with its key, and what came of it. It believes nobody.

Nothing here retries; who may try again is decided by the job, which knows what a second try would
cost.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import ExitStack
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.wan import transport
from wan_magic.wan.answers import text, told
from wan_magic.wan.codes import advice
from wan_magic.wan.timely import WHOLE, TimelySession
from wan_magic.wan.transport import date_of, limited, proxies, seconds_of

if TYPE_CHECKING:
    from wan_magic.wan.endpoints import Endpoint

_ANSWER_MAX_BYTES = 4 * 1024 * 1024
_IDLE_CONNECTIONS = 32
"""More than jobs that go on in the same moment."""


class ApiSession(TimelySession):
    """Connections to the API."""

    pace = WHOLE


@cache
def _shared(base_url: str, key: str) -> requests.Session:  # noqa: ARG001 - one for each account
    """Return the connections for an account: a thousand jobs do not keep one open each."""
    session = ApiSession(pool_maxsize=_IDLE_CONNECTIONS)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # for threads: no state
    return session


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shared.cache_clear)  # they are the parent's


class _Bearer(requests.auth.AuthBase):
    """Puts the key on the API's own calls; being an auth object, it keeps .netrc out."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Connection:
    """Calls of one endpoint, with its key. See `wan_magic.wan.client.WanClient`."""

    def __init__(self, endpoint: Endpoint, session: requests.Session | None = None) -> None:
        self.endpoint = endpoint
        self.date: float | None = None
        """The time of the endpoint's last answer by its own clock, in seconds since 1970."""
        self._auth = _Bearer(endpoint.key)
        self._session = session

    def _call(
        self,
        method: str,
        path: str,
        *,
        base: str = "",
        headers: dict[str, str] | None = None,
        billed: bool = False,
        **kwargs: Any,
    ) -> dict[str, Any]:
        base = base or self.endpoint.base_url
        sent = {"Accept": "application/json", **(headers or {})}
        if self.endpoint.workspace:
            sent["X-DashScope-WorkSpace"] = self.endpoint.workspace
        try:
            with ExitStack() as stack:
                session = self._session
                if session is None:
                    own = stack.enter_context(ApiSession()) if billed else None
                    session = own or _shared(self.endpoint.base_url, self.endpoint.key)
                response = session.request(
                    method,
                    base + path,
                    auth=self._auth,
                    headers=sent,
                    timeout=transport.TIMEOUT,
                    proxies=proxies(base),
                    allow_redirects=False,  # a redirect must not carry the key elsewhere
                    stream=True,
                    **kwargs,
                )
                return self._read(stack.enter_context(response))
        except requests.RequestException as exc:
            problem = _no_answer(exc, urlsplit(base).netloc)
        # Not from `exc`: its frames hold the headers, and some tracebacks show all variables.
        raise problem

    def _read(self, response: requests.Response) -> dict[str, Any]:
        status, name = response.status_code, self.endpoint.name
        if 300 <= status < 400:
            target = _host_of(response.headers.get("Location", "")) or "another path"
            raise ConnectionFailed(
                f"{name} redirects to {target}; the key is not sent there",
                hint="if that is the right place, name it with --endpoint",
            )
        self.date = date_of(response.headers.get("Date", ""))
        raw = b"".join(limited(response, _ANSWER_MAX_BYTES))
        if len(self.endpoint.key) >= 8:  # some servers quote the key that they refuse
            raw = raw.replace(self.endpoint.key.encode(), b"***")
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            kind = text(response.headers.get("Content-Type", "no content type")).partition(";")[0]
            said = f"{kind if raw.strip() else 'nothing'} instead of JSON"
            if status < 400:
                raise ConnectionFailed(
                    f"{name} answered with {said}",
                    hint="check --endpoint: it ends in /api/v1",
                    maybe_accepted=True,
                )
            answer = {"message": said}
        if status >= 400:
            raise self._api_error(status, answer, response.headers.get("Retry-After", ""))
        return answer

    def _api_error(self, status: int, answer: dict[str, Any], retry_after: str) -> ApiError:
        inner = answer.get("error")  # where some gateways put it
        answer = {**(inner if isinstance(inner, dict) else {"message": inner}), **answer}
        code = text(answer.get("code"))
        message = told(answer.get("message")) or "no reason was given"
        host = urlsplit(self.endpoint.base_url).netloc
        name = self.endpoint.name
        error = ApiError(
            f"HTTP {status} {code}: {message}" if code else f"HTTP {status}: {message}",
            hint=advice(
                code,
                message,
                status,
                endpoint=name if name == host else f"{name} ({host})",
                variable=self.endpoint.key_variable,
            ),
            code=code,
            request_id=text(answer.get("request_id")),
            status=status,
        )
        error.retry_after = seconds_of(retry_after)
        return error


_UNSENDABLE = (
    # The library's own words are left out: they may quote the key.
    (requests.exceptions.InvalidJSONError, "a value in it, such as NaN, is no JSON"),
    (requests.exceptions.InvalidHeader, "the key or the workspace is not fit for a header"),
    (requests.exceptions.InvalidURL, "the endpoint's URL, or a proxy's, is no URL"),
    (requests.exceptions.InvalidSchema, "the endpoint's URL is not http(s)"),
    (requests.exceptions.MissingSchema, "the endpoint's URL is not http(s)"),
)
"""What is found before a connection is made."""


def _no_answer(exc: requests.RequestException, host: str) -> ConnectionFailed:
    why = next((why for kind, why in _UNSENDABLE if isinstance(exc, kind)), "")
    if why:
        return ConnectionFailed(
            f"the request to {host} can't be sent: {why}", hint="nothing was sent"
        )
    if isinstance(exc, requests.exceptions.SSLError):
        return ConnectionFailed(
            f"the TLS connection to {host} failed",
            hint="check the clock, the proxy and the certificates of this machine",
            maybe_accepted="CERTIFICATE_VERIFY_FAILED" not in repr(exc),
        )
    # A *connect* that was refused, timed out, found no address or no way through a proxy
    # never carried the request; anything later may have.
    unsent = isinstance(exc, requests.ConnectTimeout | requests.exceptions.ProxyError)
    if unsent or re.search("NewConnectionError|NameResolutionError", repr(exc)):
        return ConnectionFailed(
            f"cannot reach {host}",
            hint="check the network and --endpoint; nothing was sent",
            transient=True,
        )
    return ConnectionFailed(
        f"the connection to {host} broke before the answer came",
        maybe_accepted=True,
        transient=True,
    )


def _host_of(url: str) -> str:
    try:
        return text(urlsplit(url).netloc)
    except ValueError:
        return ""
