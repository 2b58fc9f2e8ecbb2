"""Object storage over HTTP: the form that takes a file, and refusals in XML."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlette.responses import Response

from wan_magic.server.form import BadForm, Form, TooLarge
from wan_magic.server.uploads import StorageError
from wan_magic.wan.catalog import MB

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from starlette.requests import Request

    from wan_magic.server.uploads import Uploads

UNSIGNED = "You have no right to access this object because of bucket acl."
_DRAIN_MAX_BYTES = 512 * MB
_BAD_FORM = StorageError(
    400,
    "MalformedPOSTRequest",
    "The body of your POST request is not well-formed multipart/form-data.",
)
_NO_FILE = StorageError(
    400, "IncorrectNumberOfFilesInPOSTRequest", "POST requires exactly one file upload per request."
)
_TOO_LARGE = StorageError(
    400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size."
)


def origin(request: Request) -> str:
    """Return scheme, host and port as the caller wrote them."""
    return f"{request.url.scheme}://{request.url.netloc}"


def refuse(
    request: Request, status: int, code: str, message: str, more: dict[str, str] | None = None
) -> Response:
    """Return an error as object storage writes it."""
    fields = {
        "Code": code,
        "Message": message,
        "RequestId": _request_id(),
        "HostId": request.url.netloc,
        **(more or {}),
    }
    inner = "".join(f"\n  <{name}>{escape(text)}</{name}>" for name, text in fields.items())
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}\n</Error>\n'
    return Response(xml, status_code=status, media_type="application/xml")


class Storage:
    """The storage's own address: no key is sent to it, the form carries its right.

    Parameters
    ----------
    uploads : Uploads
        Where the files go.
    """

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    async def store(self, request: Request) -> Response:
        """Take a form with one file."""
        taken = _Taken(self._uploads)
        try:
            error = await self._read(request, taken)
        finally:
            # Also when the client is gone, or the disk is full.
            taken.drop()
        if error is not None:
            return refuse(request, error.status, error.code, error.message)
        wanted = taken.fields.get("success_action_status", "204")
        status = int(wanted) if wanted in ("200", "201") else 204
        return Response(status_code=status, headers={"x-oss-request-id": _request_id()})

    async def _read(self, request: Request, taken: _Taken) -> StorageError | None:
        error: StorageError | None = None
        seen = 0
        form: Form | None = None
        try:
            form = Form(request.headers.get("Content-Type", ""), taken.open)
            taken.fields = form.fields
        except BadForm:
            error = _BAD_FORM
        async for block in request.stream():
            seen += len(block)
            if error is not None or form is None:
                # Read on for a while: a client that is still sending can't hear a refusal.
                if seen > _DRAIN_MAX_BYTES:
                    break
                continue
            try:
                form.feed(block)
                taken.grow(form.size)
            except BadForm:
                error = _BAD_FORM
            except TooLarge:
                error = _TOO_LARGE
            except StorageError as found:
                error = found
            if error is not None:
                taken.drop()
        if error is None and form is not None:
            try:
                form.close()
                self._uploads.keep(taken.key, *taken.finish(form.size))
            except BadForm:
                error = _BAD_FORM if form.has_file else _NO_FILE
            except StorageError as found:
                error = found
        return error

    def show(self, request: Request) -> Response:
        """Refuse to give a file back: uploads can be used, and not read."""
        return refuse(request, 403, "AccessDenied", UNSIGNED)


class _Taken:
    """The file of one form, on its way to disk."""

    def __init__(self, uploads: Uploads) -> None:
        self.fields: dict[str, str] = {}
        self.key = ""
        self._uploads = uploads
        self._path: Path | None = None
        self._file: BinaryIO | None = None

    def open(self, fields: dict[str, str], name: str) -> tuple[BinaryIO, int]:
        self.key, self._path, limit = self._uploads.admit(fields, name)
        self._file = self._path.open("wb")
        return self._file, limit

    def grow(self, size: int) -> None:
        if self._path is not None:
            self._uploads.arrive(self._path, size)

    def finish(self, size: int) -> tuple[Path, int]:
        assert self._path is not None  # noqa: S101 (a form that closes well has opened its file)
        path, self._path = self._path, None
        return path, size

    def drop(self) -> None:
        """Remove what was not finished; safe to call twice."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._uploads.leave(self._path)
            self._path = None


def _request_id() -> str:
    return uuid.uuid4().hex[:24].upper()
