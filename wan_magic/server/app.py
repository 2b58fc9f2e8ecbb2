"""The HTTP face: the service's paths, answers and refusals.

Every shape and text here is the documented one, or is marked as a guess.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections import ChainMap
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from wan_magic.server import portrait, results, validate
from wan_magic.server.body import read_json
from wan_magic.server.faults import BAD_URL, INTERNAL, Fault, inspection, invalid
from wan_magic.server.faults import MEDIA_FORMAT as NOT_RESOLVED
from wan_magic.server.listing import list_tasks
from wan_magic.server.storage import Storage, origin
from wan_magic.server.throttle import Turns
from wan_magic.wan.catalog import (
    IMAGE2VIDEO_PATH,
    MODELS,
    PORTRAIT_CHECK,
    PORTRAIT_CHECK_PATH,
    VIDEO_SYNTHESIS_PATH,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from wan_magic.server.given import Given
    from wan_magic.server.options import ServerOptions
    from wan_magic.server.tasks import Board
    from wan_magic.wan.catalog import Model

_QUERY_RPS, _POLICY_RPS = 20, 100
"""Of an account, and of an account and a model (rate-limit and temporary-storage pages)."""
_NOT_CANCELLED = "Failed to cancel the task, please confirm if the task is in PENDING status."
# A view: a model that is added to the table later is served, too.
_MODELS = ChainMap(MODELS, {PORTRAIT_CHECK: portrait.CHECKER})


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
        self._base = f"{options.prefix}/api/v1"
        self._storage_path = f"{options.prefix}/oss"
        self._submits = Turns(options.submit_rps, options.faults.throttle)
        documented = options.documented_rates
        query_rps = options.query_rps or (_QUERY_RPS if documented else None)
        self._queries = Turns(query_rps, options.faults.throttle_queries)
        self._policies = Turns(_POLICY_RPS if documented else None)

    def app(self) -> Starlette:
        """Return the ASGI application."""
        table = (
            ("POST", VIDEO_SYNTHESIS_PATH, self.create),
            ("POST", IMAGE2VIDEO_PATH, self.create),
            ("POST", PORTRAIT_CHECK_PATH, self.check_portrait),
            ("POST", "/services/{rest:path}", self.other_service),
            ("GET", "/tasks", self.list),
            ("GET", "/tasks/{task_id}", self.query),
            ("POST", "/tasks/{task_id}/cancel", self.cancel),
            ("GET", "/uploads", self.upload_policy),
        )
        routes = [
            Route(self._base + path + end, handler, methods=[method])
            for method, path, handler in table
            for end in (("",) if "rest" in path else ("", "/"))
        ]
        files = results.Files(self._options, self._board)
        path = f"{self._board.results_path}/{{task_id}}.mp4"
        routes.append(Route(path, files.serve, methods=["GET", "HEAD"]))
        storage = Storage(self._board.uploads)
        path = self._storage_path
        routes += [Route(path + end, storage.store, methods=["POST"]) for end in ("", "/")]
        routes.append(Route(path + "/{key:path}", storage.show, methods=["GET", "HEAD"]))
        handlers: Any = {
            Fault: self._refuse,
            HTTPException: self._refuse_http,
            ClientDisconnect: _hang_up,
            Exception: self._refuse_crash,
        }
        return Starlette(routes=routes, exception_handlers=handlers)

    async def create(self, request: Request) -> Response:
        """Take a task: key, async header, body, model, path, then the model's own checks."""
        owner = self._authorize(request)
        if not _wants_async(request):
            text = "current user api does not support synchronous calls."
            raise Fault("AccessDenied", text, status=403)
        model, inputs, parameters = await self._read_call(request)
        self._take_submit(model)
        if fault := self._options.faults.at_submit:
            raise fault
        wish: validate.Wish | None = None
        fault = None
        try:
            wish = validate.check(model, inputs, parameters)
            self._check_uploads(request, wish.inputs, model.name, owner)
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
            owner=owner,
        )
        output = {"task_status": "PENDING", "task_id": task.id}
        return Answer({"output": output, "request_id": request_id})

    async def _read_call(self, request: Request) -> tuple[Model, dict[str, Any], dict[str, Any]]:
        """Return model, input and parameters of a body that is on its model's path."""
        model, inputs, parameters = validate.read_body(await read_json(request), _MODELS)
        if request.url.path.rstrip("/") != self._base + model.path:
            raise invalid(BAD_URL)
        return model, inputs, parameters

    def _take_submit(self, model: Model) -> None:
        self._submits.take(model.name, model.submit_rps if self._options.documented_rates else None)

    def _check_uploads(
        self, request: Request, given: Iterable[Given], model: str, owner: str
    ) -> None:
        resolves = request.headers.get("X-DashScope-OssResourceResolve", "").lower() == "enable"
        for one in given:
            if one.url[:6].lower() == "oss://":
                if not resolves:
                    raise inspection(NOT_RESOLVED)
                self._board.uploads.find(one.url, model, owner)

    async def check_portrait(self, request: Request) -> Response:
        """Look at a portrait; synchronous."""
        owner = self._authorize(request)
        if _wants_async(request):
            text = "current user api does not support asynchronous calls."
            raise Fault("AccessDenied", text, status=403)
        _, inputs, _ = await self._read_call(request)
        self._take_submit(portrait.CHECKER)
        given = portrait.portrait_of(inputs)
        self._check_uploads(request, [given], PORTRAIT_CHECK, owner)
        answer = await run_in_threadpool(
            portrait.check_portrait,
            given,
            private=self._options.fetches_private,
            find_upload=lambda url: self._board.uploads.find(url, PORTRAIT_CHECK, owner),
        )
        return Answer({"request_id": _request_id(), **answer})

    async def other_service(self, request: Request) -> Response:
        """Take a task of a model that has a path of its own; on any other path refuse it."""
        path = request.url.path.rstrip("/")
        if any(self._base + model.path == path for model in MODELS.values()):
            return await self.create(request)
        self._authorize(request)
        await self._read_call(request)
        raise invalid(BAD_URL)

    def query(self, request: Request) -> Response:
        """Show one task; HTTP 200 whatever became of it."""
        self._queries.take(self._authorize(request))
        body = self._board.answer(request.path_params["task_id"], origin(request))
        return Answer({"request_id": _request_id(), **body})

    def list(self, request: Request) -> Response:
        """List tasks by page, newest first."""
        self._queries.take(self._authorize(request))
        page = list_tasks(self._board, request.query_params, self._options.clock())
        return Answer({"request_id": _request_id(), **page})

    def cancel(self, request: Request) -> Response:
        """Cancel a task that has not started."""
        self._queries.take(self._authorize(request))
        if not self._board.cancel(request.path_params["task_id"]):
            raise Fault("UnsupportedOperation", _NOT_CANCELLED)
        return Answer({"request_id": _request_id()})

    def upload_policy(self, request: Request) -> Response:
        """Let a caller upload files for a model, for a few minutes."""
        owner = self._authorize(request)
        query = request.query_params
        if query.get("action") != "getPolicy":
            raise invalid("action should be getPolicy")
        model = query.get("model", "")
        if model not in _MODELS:
            raise invalid("Model not exist.")
        self._policies.take(f"{owner} {model}")
        host = origin(request) + self._storage_path
        data = self._board.uploads.policy(model, owner, host)
        return Answer({"request_id": _request_id(), "data": data})

    def _authorize(self, request: Request) -> str:
        """Check the key; return a name for it."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        key = key.strip()
        if not key or scheme.lower() != "bearer":
            raise Fault("InvalidApiKey", "No API-key provided.", status=401)
        token = self._options.token
        # Header text is Latin-1; comparing bytes keeps the compare constant in time.
        if token is not None and not hmac.compare_digest(key.encode(), token.encode()):
            raise Fault("InvalidApiKey", "Invalid API-key provided.", status=401)
        return hashlib.sha256(key.encode()).hexdigest()

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


async def _hang_up(_: Request, __: Exception) -> Response:
    """End a call whose client went away in the middle of its body; nobody hears this."""
    return Response(status_code=400)


def _wants_async(request: Request) -> bool:
    return request.headers.get("X-DashScope-Async", "").lower() == "enable"


def _request_id() -> str:
    return str(uuid.uuid4())
