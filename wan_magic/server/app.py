"""The HTTP face: the service's paths, answers and refusals.

Every shape and text here is the documented one, or is marked as a guess.
"""

from __future__ import annotations

import hmac
import json
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from wan_magic.server import results, validate
from wan_magic.server.faults import INTERNAL, Fault, invalid
from wan_magic.server.listing import list_tasks

if TYPE_CHECKING:
    from starlette.requests import Request

    from wan_magic.server.options import ServerOptions
    from wan_magic.server.tasks import Board

BODY_MAX_BYTES = 64 * 1024 * 1024
"""Longest request body (rate-limit page, 2026: 64 MiB with base64)."""
_DRAIN_MAX_BYTES = 4 * BODY_MAX_BYTES
_NOT_CANCELLED = "Failed to cancel the task, please confirm if the task is in PENDING status."
_TOO_FAST = "Requests rate limit exceeded, please try again later."


class Answer(Response):
    """JSON in plain ASCII: a lone surrogate in a prompt is legal there, and nowhere else."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return json.dumps(content).encode("ascii")


class Face:
    """The routes of one server.

    Parameters
    ----------
    options : ServerOptions
        Key, prefix, strictness, limits.
    board : Board
        Where the tasks are.
    """

    def __init__(self, options: ServerOptions, board: Board) -> None:
        self._options = options
        self._board = board
        self._buckets: dict[str, tuple[float, float]] = {}
        self._bucket_lock = threading.Lock()

    def app(self) -> Starlette:
        """Return the ASGI application."""
        base = f"{self._options.prefix}/api/v1"
        table = (
            ("POST", "/services/aigc/video-generation/video-synthesis", self.create),
            ("POST", "/services/{rest:path}", self.wrong_service),
            ("GET", "/tasks", self.list),
            ("GET", "/tasks/{task_id}", self.query),
            ("POST", "/tasks/{task_id}/cancel", self.cancel),
        )
        routes = [
            Route(base + path + end, handler, methods=[method])
            for method, path, handler in table
            for end in (("",) if path.endswith("}") and "rest" in path else ("", "/"))
        ]
        files = results.Files(self._options, self._board)
        path = f"{self._board.results_path}/{{task_id}}.mp4"
        routes.append(Route(path, files.serve, methods=["GET", "HEAD"]))
        handlers: Any = {
            Fault: self._refuse,
            HTTPException: self._refuse_http,
            Exception: self._refuse_crash,
        }
        return Starlette(routes=routes, exception_handlers=handlers)

    async def create(self, request: Request) -> Response:
        """Take a task: key, async header, body, model, then the model's own checks."""
        self._authorize(request)
        if request.headers.get("X-DashScope-Async", "").lower() != "enable":
            text = "current user api does not support synchronous calls."
            raise Fault("AccessDenied", text, status=403)
        body = await _read_json(request)
        model, inputs, parameters = validate.read_body(body)
        self._take_turn(model.name)
        wish: validate.Wish | None = None
        fault: Fault | None = None
        try:
            wish = validate.check(model, inputs, parameters)
        except Fault as found:
            if self._options.strict_submit:
                raise
            fault = found
        prompt = inputs.get("prompt")
        request_id = _request_id()
        task = await run_in_threadpool(
            self._board.submit,
            model,
            prompt=prompt if isinstance(prompt, str) else None,
            wish=wish,
            fault=fault,
            request_id=request_id,
        )
        output = {"task_status": "PENDING", "task_id": task.id}
        return Answer({"output": output, "request_id": request_id})

    async def wrong_service(self, request: Request) -> Response:
        """Refuse a known kind of path that these models are not on."""
        self._authorize(request)
        body = await _read_json(request)
        validate.read_body(body)
        raise invalid("url error, please check url!")

    def query(self, request: Request) -> Response:
        """Show one task; HTTP 200 whatever became of it."""
        self._authorize(request)
        body = self._board.answer(request.path_params["task_id"], results.origin(request))
        return Answer({"request_id": _request_id(), **body})

    def list(self, request: Request) -> Response:
        """List tasks by page, newest first."""
        self._authorize(request)
        page = list_tasks(self._board, request.query_params, self._options.clock())
        return Answer({"request_id": _request_id(), **page})

    def cancel(self, request: Request) -> Response:
        """Cancel a task that has not started."""
        self._authorize(request)
        if not self._board.cancel(request.path_params["task_id"]):
            raise Fault("UnsupportedOperation", _NOT_CANCELLED)
        return Answer({"request_id": _request_id()})

    def _authorize(self, request: Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        key = key.strip()
        if not key or scheme.lower() != "bearer":
            raise Fault("InvalidApiKey", "No API-key provided.", status=401)
        token = self._options.token
        # Header text is Latin-1; comparing bytes keeps the compare constant in time.
        if token is not None and not hmac.compare_digest(key.encode(), token.encode()):
            raise Fault("InvalidApiKey", "Invalid API-key provided.", status=401)

    def _take_turn(self, model: str) -> None:
        """Take one token from the model's bucket, which holds a second's worth."""
        rate = self._options.submit_rps
        if rate is None:
            return
        size = max(rate, 1.0)
        with self._bucket_lock:
            now = time.monotonic()
            tokens, then = self._buckets.get(model, (size, now))
            tokens = min(size, tokens + (now - then) * rate)
            self._buckets[model] = (tokens - 1 if tokens >= 1 else tokens, now)
        if tokens < 1:
            raise Fault("Throttling.RateQuota", _TOO_FAST, status=429)

    async def _refuse(self, _: Request, fault: Fault) -> Response:
        body = {"code": fault.code, "message": fault.message, "request_id": _request_id()}
        return Answer(body, status_code=fault.status)

    async def _refuse_http(self, request: Request, error: HTTPException) -> Response:
        # The service's own words for these two are not documented.
        code = {404: "NotFound", 405: "MethodNotAllowed"}.get(error.status_code, "BadRequest")
        text = f"{request.method} {request.url.path}: {error.detail}"
        return await self._refuse(request, Fault(code, text, status=error.status_code))

    async def _refuse_crash(self, request: Request, _: Exception) -> Response:
        return await self._refuse(request, Fault("InternalError", INTERNAL, status=500))


async def _read_json(request: Request) -> object:
    """Return the parsed body, whatever its Content-Type says."""
    data = bytearray()
    seen = 0
    async for block in request.stream():
        seen += len(block)
        if seen <= BODY_MAX_BYTES:
            data += block
        else:
            # Read on for a while: a client that is still sending can't hear "too large".
            data.clear()
            if seen > _DRAIN_MAX_BYTES:
                break
    if seen > BODY_MAX_BYTES:
        raise Fault("BadRequest.TooLarge", "Payload Too Large", status=413)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        text = "Required body invalid, please check the request body format."
        raise invalid(text) from None


def _request_id() -> str:
    return str(uuid.uuid4())
