"""The API over HTTP: create, query, list, cancel, upload policy. It believes nobody.

Source of paths, headers and shapes: Alibaba's image-to-video API reference,
task-management page and temporary-storage page, 2025 to 2026. Nothing here
retries; who may try again is decided by the job, which knows what a second try would cost.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import ExitStack
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import requests

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.wan import catalog, transport
from wan_magic.wan.answers import Task, TaskState, read_task, text, told
from wan_magic.wan.codes import advice
from wan_magic.wan.endpoints import QUERY_PATH
from wan_magic.wan.timely import WHOLE, TimelySession
from wan_magic.wan.transport import date_of, limited, proxies, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wan_magic.wan.endpoints import Endpoint
    from wan_magic.wan.request import VideoRequest

__all__ = ["ApiSession", "Task", "TaskList", "TaskState", "WanClient"]

_ANSWER_MAX_BYTES = 4 * 1024 * 1024
_IDLE_CONNECTIONS = 32
"""More than jobs that go on in the same moment."""


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


class TaskList(list[dict[str, Any]]):
    """One page of the account's tasks.

    Parameters
    ----------
    rows : iterable of dict
        The tasks.
    pages : int
        How many pages there are; 0 where the answer does not say so.
    total : int or None
        How many tasks there are on all pages; None where the answer has not the documented shape.
    """

    def __init__(
        self, rows: Iterable[dict[str, Any]] = (), pages: int = 0, total: int | None = None
    ) -> None:
        super().__init__(rows)
        self.pages = pages
        self.total = total


class ApiSession(TimelySession):
    """Connections to the API."""

    pace = WHOLE


class WanClient:
    """Talks to one endpoint.

    Parameters
    ----------
    endpoint : Endpoint
        Where, and with which key.
    session : requests.Session, optional
        The seam for tests. By default billed calls have connections of their own, since one
        that lay idle may break just then; the others share those of the account.

    Raises
    ------
    ApiError
        From every call, when the API answers with an error.
    ConnectionFailed
        From every call, when no usable answer comes.

    Examples
    --------
    >>> client = WanClient(endpoint)  # doctest: +SKIP
    >>> client.query(client.create(request).task_id).state  # doctest: +SKIP
    'queued'
    """

    def __init__(self, endpoint: Endpoint, session: requests.Session | None = None) -> None:
        self.endpoint = endpoint
        self.date: float | None = None
        """The time of the endpoint's last answer by its own clock, in seconds since 1970."""
        self._auth = _Bearer(endpoint.key)
        self._session = session

    def __repr__(self) -> str:
        return f"WanClient({self.endpoint.name!r})"

    def create(self, request: VideoRequest) -> Task:
        """Submit a request. This is the call that costs money: it is sent once."""
        headers = {"X-DashScope-Async": "enable"}
        if request.uses_oss:  # only then may it be sent: temporary-storage page, 2025-10
            headers["X-DashScope-OssResourceResolve"] = "enable"
        path = self.endpoint.create_path or request.row.path
        answer = self._call("POST", path, json=request.body(), headers=headers, billed=True)
        task = read_task(answer, self.endpoint.status)
        if task.task_id:
            return task
        if task.code:  # some gateways refuse with HTTP 200
            raise self._api_error(200, {**answer, "code": task.code, "message": task.message}, "")
        raise ConnectionFailed(
            f"{self.endpoint.name} accepted the request but named no task", maybe_accepted=True
        )

    def query(self, task_id: str) -> Task:
        """Ask for a task's state."""
        path = self.endpoint.query_path.replace("{task_id}", quote(task_id, safe=""))
        return read_task(self._call("GET", path), self.endpoint.status, task_id)

    def cancel(self, task_id: str) -> None:
        """Cancel a task that still waits; the API refuses any other."""
        template = self.endpoint.query_path
        path = QUERY_PATH if "?" in template else template
        self._call("POST", path.replace("{task_id}", quote(task_id, safe="")) + "/cancel")

    def list_tasks(self, **filters: str | int) -> TaskList:
        """List the account's tasks of the last 24 hours, one page.

        Parameters
        ----------
        **filters
            ``task_id``, ``page_no``, ``page_size``, ``model_name``, ``status``, ``start_time``,
            ``end_time`` (``YYYYMMDDhhmmss``).

        Raises
        ------
        ApiError, ConnectionFailed
            If the answer is anything but a list: that is not to be taken for an empty one.
        """
        answer = self._call("GET", "/tasks/", params=filters)
        output = answer.get("output")
        inner = output if isinstance(output, dict) else {}
        for said in (answer, inner):
            if said.get("code"):  # some gateways refuse with HTTP 200
                raise self._api_error(200, {**answer, **said}, "")
        found = answer if "data" in answer else inner
        data = found.get("data")
        if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
            raise ConnectionFailed(f"{self.endpoint.name} answered the list call with no list")
        total, pages, page = (_count(found.get(n)) for n in ("total", "total_page", "page_no"))
        is_documented = found is answer and (pages is not None or page is not None)
        return TaskList(data, pages or 0, total if is_documented else None)

    def list_page(self, **filters: str | int) -> tuple[list[dict[str, Any]], int]:
        """Return one page as `list_tasks` does, and how many pages there are.

        The second is 0 where the answer does not say so.
        """
        rows = self.list_tasks(**filters)
        return rows, rows.pages

    def upload_policy(self, model: str) -> dict[str, Any]:
        """Return a signed permission to upload files for a model.

        Parameters
        ----------
        model : str
            The files can be used with this model alone, and with this key's account.

        Returns
        -------
        dict
            ``data`` of the answer; secret, and good for about five minutes.
        """
        params = {"action": "getPolicy", "model": model}
        base = self.endpoint.upload_base or self.endpoint.base_url
        try:
            answer = self._call("GET", "/uploads", base=base, params=params)
        except ApiError as exc:
            if exc.status in (404, 405):
                exc.hint = (
                    "this endpoint takes no uploads: give the file's http(s) URL, or name the"
                    " upload host as uploads in the config file"
                )
            raise
        data = answer.get("data")
        if isinstance(data, dict):
            return data
        if answer.get("code"):  # some gateways refuse with HTTP 200
            raise self._api_error(200, answer, "")
        raise ConnectionFailed(f"{self.endpoint.name} gave no permission to upload")

    def check_portrait(self, image_url: str) -> dict[str, Any]:
        """Ask whether a picture is fit for a talking head. Billed per picture, fit or not.

        Parameters
        ----------
        image_url : str
            ``https://`` or ``oss://``.

        Returns
        -------
        dict
            ``output`` of the answer: ``check_pass``, ``humanoid``, and ``code`` and
            ``message`` where it is not fit (wan2.2-s2v-detect reference, 2026).
        """
        headers = {"X-DashScope-OssResourceResolve": "enable"}
        answer = self._call(
            "POST",
            catalog.PORTRAIT_CHECK_PATH,
            json={"model": catalog.PORTRAIT_CHECK, "input": {"image_url": image_url}},
            headers=headers if image_url.startswith("oss://") else {},
            billed=True,
        )
        output = answer.get("output")
        if isinstance(output, dict):
            return output
        if answer.get("code"):
            raise self._api_error(200, answer, "")
        raise ConnectionFailed(
            f"{self.endpoint.name} answered the portrait check with nothing", maybe_accepted=True
        )

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


def _count(value: Any) -> int | None:
    """Return a number of things; None for anything else."""
    is_one = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_one else None


def _host_of(url: str) -> str:
    try:
        return text(urlsplit(url).netloc)
    except ValueError:
        return ""
