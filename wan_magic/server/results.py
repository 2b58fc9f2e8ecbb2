"""Finished videos over HTTP, with the answers of object storage."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, Response

from wan_magic.server.faults import SIGNATURE
from wan_magic.server.storage import UNSIGNED, refuse

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from wan_magic.server.options import ServerOptions
    from wan_magic.server.tasks import Board


class Files:
    """Serves one server's finished videos.

    Parameters
    ----------
    options : ServerOptions
        For its clock, and what to do wrong.
    board : Board
        Where the files and their links come from.
    """

    def __init__(self, options: ServerOptions, board: Board) -> None:
        self._clock = options.clock
        self._faults = options.faults
        self._board = board

    async def serve(self, request: Request) -> Response:
        """Answer GET and HEAD, whole or by byte ranges; the link itself is the right."""
        query = request.query_params
        task_id = request.path_params["task_id"]
        path = f"{self._board.results_path}/{task_id}.mp4"
        parts = [query.get(name, "") for name in ("Expires", "OSSAccessKeyId", "Signature")]
        if not all(parts):
            return refuse(request, 403, "AccessDenied", UNSIGNED)
        # The signature first: only a true link learns that it was once good.
        if not self._board.links.check(path, *parts):
            return refuse(request, 403, "SignatureDoesNotMatch", SIGNATURE)
        now = self._clock()
        if now > int(parts[0]):
            times = {"Expires": _utc(float(parts[0])), "ServerTime": _utc(now)}
            return refuse(request, 403, "AccessDenied", "Request has expired.", times)
        video = self._board.video(task_id)
        if video is None or not video.exists():
            return refuse(request, 404, "NoSuchKey", "The specified key does not exist.")
        if self._faults.download_delay:
            await asyncio.sleep(self._faults.download_delay)
        if self._faults.truncated and request.method == "GET":
            return _Half(video)
        return FileResponse(video, media_type="video/mp4")


class _Half(Response):
    """A file whose sending breaks off in the middle."""

    def __init__(self, video: Path) -> None:
        super().__init__(video.read_bytes(), media_type="video/mp4")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await send(
            {"type": "http.response.start", "status": 200, "headers": self.raw_headers},
        )
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


def _utc(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
