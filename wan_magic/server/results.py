"""Finished videos over HTTP, with the answers of object storage: XML when refused."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlette.responses import FileResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request

    from wan_magic.server.options import ServerOptions
    from wan_magic.server.tasks import Board

_BAD_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your key and signing method."
)
_UNSIGNED = "You have no right to access this object because of bucket acl."


def origin(request: Request) -> str:
    """Return scheme, host and port as the caller wrote them."""
    return f"{request.url.scheme}://{request.url.netloc}"


class Files:
    """Serves one server's finished videos.

    Parameters
    ----------
    options : ServerOptions
        For its clock.
    board : Board
        Where the files and their links come from.
    """

    def __init__(self, options: ServerOptions, board: Board) -> None:
        self._clock = options.clock
        self._board = board

    def serve(self, request: Request) -> Response:
        """Answer GET and HEAD, whole or by byte ranges; the link itself is the right."""
        query = request.query_params
        task_id = request.path_params["task_id"]
        path = f"{self._board.results_path}/{task_id}.mp4"
        parts = [query.get(name, "") for name in ("Expires", "OSSAccessKeyId", "Signature")]
        if not all(parts):
            return _refuse(request, 403, "AccessDenied", _UNSIGNED)
        # The signature first: only a true link learns that it was once good.
        if not self._board.links.check(path, *parts):
            return _refuse(request, 403, "SignatureDoesNotMatch", _BAD_SIGNATURE)
        now = self._clock()
        if now > int(parts[0]):
            times = {"Expires": _utc(float(parts[0])), "ServerTime": _utc(now)}
            return _refuse(request, 403, "AccessDenied", "Request has expired.", times)
        video = self._board.video(task_id)
        if video is None or not video.exists():
            return _refuse(request, 404, "NoSuchKey", "The specified key does not exist.")
        return FileResponse(video, media_type="video/mp4")


def _utc(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _refuse(
    request: Request, status: int, code: str, message: str, more: dict[str, str] | None = None
) -> Response:
    fields = {
        "Code": code,
        "Message": message,
        "RequestId": uuid.uuid4().hex[:24].upper(),
        "HostId": request.url.netloc,
        **(more or {}),
    }
    inner = "".join(f"\n  <{name}>{escape(text)}</{name}>" for name, text in fields.items())
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}\n</Error>\n'
    return Response(xml, status_code=status, media_type="application/xml")
