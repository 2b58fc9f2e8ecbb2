"""The API over HTTP: create, query, list, cancel. It believes nobody.

Source of paths, headers and shapes: Alibaba's image-to-video API reference and
task-management page, 2026. Nothing here retries; who may try again is decided
by the job, which knows what a second try would cost.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlsplit

import requests

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.wan import transport
from wan_magic.wan.codes import advice
from wan_magic.wan.transport import limited, proxies

if TYPE_CHECKING:
    from wan_magic.wan.endpoints import Endpoint
    from wan_magic.wan.request import VideoRequest

TaskState = Literal["queued", "running", "succeeded", "failed", "cancelled", "unknown"]

_STATES: dict[str, TaskState] = {
    "PENDING": "queued",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "CANCELED": "cancelled",
    "CANCELLED": "cancelled",  # as some gateways spell it
    "UNKNOWN": "unknown",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ANSWER_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Task:
    """What the server says of a task.

    Attributes
    ----------
    task_id : str
        The server's id, good for 24 hours.
    state : str
        One of `TaskState`; a status nobody knows counts as "running".
    status : str
        The status as the server spelled it.
    video_url : str
        Signed address of the clip, good for 24 hours; empty until then. Never shown.
    code, message : str
        Why it failed.
    usage : dict
        What was billed.
    """

    task_id: str
    state: TaskState
    status: str
    request_id: str = ""
    video_url: str = field(default="", repr=False)
    code: str = ""
    message: str = ""
    orig_prompt: str = ""
    actual_prompt: str = ""
    usage: dict[str, Any] = field(default_factory=dict)


class _Bearer(requests.auth.AuthBase):
    """Puts the key on the API's own calls; being an auth object, it keeps .netrc out."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class WanClient:
    """Talks to one endpoint.

    Parameters
    ----------
    endpoint : Endpoint
        Where, and with which key.
    session : requests.Session, optional
        The seam for tests.

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
        self._auth = _Bearer(endpoint.key)
        self._session = session or requests.Session()

    def __repr__(self) -> str:
        return f"WanClient({self.endpoint.name!r})"

    def create(self, request: VideoRequest) -> Task:
        """Submit a request. This is the call that costs money: it is sent once."""
        answer = self._call(
            "POST",
            request.row.path,
            json=request.body(),
            headers={"X-DashScope-Async": "enable"},
        )
        task = _task(answer)
        if task.task_id:
            return task
        if task.code:  # some gateways refuse with HTTP 200
            raise _api_error(200, {**answer, "code": task.code, "message": task.message}, "")
        raise ConnectionFailed(
            f"{self.endpoint.name} accepted the request but named no task", maybe_accepted=True
        )

    def query(self, task_id: str) -> Task:
        """Ask for a task's state."""
        return _task(self._call("GET", f"/tasks/{quote(task_id, safe='')}"), task_id)

    def cancel(self, task_id: str) -> None:
        """Cancel a task that still waits; the API refuses any other."""
        self._call("POST", f"/tasks/{quote(task_id, safe='')}/cancel")

    def list_tasks(self, **filters: str | int) -> list[dict[str, Any]]:
        """List the account's tasks of the last 24 hours, one page.

        Parameters
        ----------
        **filters
            ``task_id``, ``page_no``, ``page_size``, ``model_name``, ``status``, ``start_time``,
            ``end_time`` (``YYYYMMDDhhmmss``).
        """
        data = self._call("GET", "/tasks/", params=filters).get("data")
        return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []

    def _call(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        try:
            with self._session.request(
                method,
                self.endpoint.base_url + path,
                auth=self._auth,
                headers={"Accept": "application/json", **(headers or {})},
                timeout=transport.TIMEOUT,
                proxies=proxies(self.endpoint.base_url),
                allow_redirects=False,  # a redirect must not carry the key elsewhere
                stream=True,
                **kwargs,
            ) as response:
                return self._read(response)
        except requests.RequestException as exc:
            problem = self._no_answer(exc)
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
        raw = b"".join(limited(response, _ANSWER_MAX_BYTES))
        if len(self.endpoint.key) >= 8:  # some servers quote the key that they refuse
            raw = raw.replace(self.endpoint.key.encode(), b"***")
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            kind = _text(response.headers.get("Content-Type", "no content type")).partition(";")[0]
            if status < 400:
                raise ConnectionFailed(
                    f"{name} answered with {kind} instead of JSON",
                    hint="check --endpoint: it ends in /api/v1",
                    maybe_accepted=True,
                )
            answer = {"message": f"{kind} instead of JSON"}
        if status >= 400:
            raise _api_error(status, answer, response.headers.get("Retry-After", ""))
        return answer

    def _no_answer(self, exc: requests.RequestException) -> ConnectionFailed:
        host = urlsplit(self.endpoint.base_url).netloc
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
                f"cannot reach {host}", hint="check the network and --endpoint; nothing was sent"
            )
        return ConnectionFailed(
            f"the connection to {host} broke before the answer came", maybe_accepted=True
        )


def _host_of(url: str) -> str:
    try:
        return _text(urlsplit(url).netloc)
    except ValueError:
        return ""


def _text(value: Any) -> str:
    """Return what a server said as text that can do nothing to a terminal."""
    return "" if value is None else _CONTROL.sub("", str(value))


def _task(answer: dict[str, Any], task_id: str = "") -> Task:
    output = answer.get("output")
    output = output if isinstance(output, dict) else {}
    results = output.get("results")
    results = results if isinstance(results, dict) else {}
    usage = answer.get("usage")
    status = _text(output.get("task_status"))
    return Task(
        task_id=_text(output.get("task_id")) or task_id,
        state=_STATES.get(status.upper(), "running"),
        status=status,
        request_id=_text(answer.get("request_id")),
        video_url=_text(output.get("video_url") or results.get("video_url")),
        code=_text(output.get("code") or answer.get("code")),
        message=_text(output.get("message") or answer.get("message")),
        orig_prompt=_text(output.get("orig_prompt")),
        actual_prompt=_text(output.get("actual_prompt")),
        usage=usage if isinstance(usage, dict) else {},
    )


def _api_error(status: int, answer: dict[str, Any], retry_after: str) -> ApiError:
    inner = answer.get("error")  # where some gateways put it
    answer = {**(inner if isinstance(inner, dict) else {"message": inner}), **answer}
    code = _text(answer.get("code"))
    message = _text(answer.get("message")) or "no reason was given"
    error = ApiError(
        f"HTTP {status} {code}: {message}" if code else f"HTTP {status}: {message}",
        hint=advice(code, message, status),
        code=code,
        request_id=_text(answer.get("request_id")),
        status=status,
    )
    error.retry_after = float(retry_after) if retry_after.isdecimal() else None
    return error
