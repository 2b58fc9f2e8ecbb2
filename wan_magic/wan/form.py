"""One file in a form to a storage host, streamed: it is never in memory as a whole."""

from __future__ import annotations

import hashlib
import html
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from urllib3.filepost import choose_boundary, encode_multipart_formdata

from wan_magic.errors import ApiError, ConnectionFailed, InputError, WanError
from wan_magic.wan.answers import text
from wan_magic.wan.transport import no_auth, proxies, seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wan_magic.wan.local_file import LocalFile

_TIMEOUT = (30.0, 60.0)
"""Seconds to connect or to get some bytes away, and until the answer comes."""
_CHUNK = 1 << 16
_ANSWER_MAX_BYTES = 64 * 1024
_MEANING = {  # of the storage's own codes, in its error-code list
    "EntityTooLarge": "the file is too large for it",
    "SignatureDoesNotMatch": "it does not accept the permission that the endpoint gave",
    "InvalidAccessKeyId": "it does not know the permission that the endpoint gave",
    "FileAlreadyExists": "a file of this name lies there already",
    "InvalidPolicyDocument": "it does not accept the permission that the endpoint gave",
    "RequestTimeout": "the file did not come in time",
}


def post_file(
    url: str,
    fields: tuple[tuple[str, str], ...],
    file: LocalFile,
    *,
    session: requests.Session,
    on_bytes: Callable[[int, int], None],
) -> None:
    """Send a form whose last field is the file. No key and no login are sent.

    Parameters
    ----------
    url : str
        Of the storage host; redirects are not followed.
    fields : tuple of (str, str)
        What comes before the file; no error repeats any of it.
    file : LocalFile
        Checked on its way: what does not have its digest never arrives whole.
    session : requests.Session
        Without the key.
    on_bytes : callable
        Called with (bytes so far, bytes in all); may raise to stop.

    Raises
    ------
    InputError
        The file is gone or has changed.
    ApiError
        The storage host refused.
    ConnectionFailed
        The file did not arrive.
    """
    form = _Form(fields, file, on_bytes)
    answer: tuple[int, bytes, str, float | None] | None = None
    try:
        with session.post(
            url,
            data=form,
            headers={"Content-Type": form.content_type},
            auth=no_auth,
            timeout=_TIMEOUT,
            proxies=proxies(url),
            allow_redirects=False,
            stream=True,
        ) as response:
            kind = response.headers.get("Content-Type", "")
            wait = seconds_of(response.headers.get("Retry-After", ""))
            body = next(response.iter_content(_ANSWER_MAX_BYTES), b"")
            answer = response.status_code, body, kind, wait
    except (requests.RequestException, WanError, OSError, ValueError):
        answer = None
    # Not within the handler: the frames of its error hold the signed form.
    if form.problem is not None:
        raise form.problem
    host = urlsplit(url).netloc
    if answer is None:
        raise ConnectionFailed(f"the upload to {host} broke off")
    _check(host, fields, *answer)


class _Form:
    """The body: the fields, then the file in pieces, then the end."""

    def __init__(
        self,
        fields: tuple[tuple[str, str], ...],
        file: LocalFile,
        on_bytes: Callable[[int, int], None],
    ) -> None:
        boundary = choose_boundary()
        mime = file.mime or "application/octet-stream"
        name = dict(fields).get("key", "file").rpartition("/")[2]  # plain ASCII, as it is there
        empty = ("file", (name, b"", mime))
        whole, self.content_type = encode_multipart_formdata([*fields, empty], boundary)
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._head = whole.removesuffix(self._tail)
        self._file = file
        self._on_bytes = on_bytes
        self.problem: Exception | None = None

    def __len__(self) -> int:
        return len(self._head) + self._file.size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        try:
            self._on_bytes(0, self._file.size)
            yield self._head
            yield from self._content()
            yield self._tail
        except Exception as exc:
            self.problem = exc  # kept, since the HTTP library would wrap it
            raise

    def _content(self) -> Iterator[bytes]:
        """Yield the file; its last piece only once all of it is known to be what was checked."""
        seen, done = hashlib.sha256(), 0
        held = b""
        problem = ""
        try:
            with self._file.open() as stream:
                while piece := stream.read(_CHUNK):
                    seen.update(piece)
                    if done + len(held) + len(piece) > self._file.size:
                        break  # it has grown
                    if held:
                        yield held
                        done += len(held)
                        self._on_bytes(done, self._file.size)
                    held = piece
        except WanError:  # from on_bytes; some of them are OSErrors, too
            raise
        except OSError as exc:
            problem = f"cannot be read any more: {exc.strerror or type(exc).__name__}"
        if not problem and seen.hexdigest() != self._file.digest:
            problem = "has changed since it was checked"
        if problem:
            raise InputError(
                f"{self._file.name} {problem}", hint="run the cell again with the file as it is now"
            )
        if held:
            yield held
        self._on_bytes(self._file.size, self._file.size)


def _check(
    host: str,
    fields: tuple[tuple[str, str], ...],
    status: int,
    body: bytes,
    kind: str,
    wait: float | None,
) -> None:
    """Take an answer for a success only if it is one."""
    page = "html" in kind.lower()
    if status in (200, 201, 204) and not (page and body.strip()):
        return
    told = _read_xml(body.decode("utf-8", "replace"), "Code")
    message = _read_xml(body.decode("utf-8", "replace"), "Message")
    for _, value in fields:  # some errors quote the permission
        message = message.replace(value, "***") if len(value) >= 8 else message
    reason = f"HTTP {status}"
    if 300 <= status < 400:
        reason += ", a redirect: the file is not sent elsewhere"
    elif told or message:
        reason += " " + ": ".join(filter(None, (told, message)))
    elif page:
        reason += ", a web page instead of the storage's answer"
    meaning = _MEANING.get(told, "")
    error = ApiError(
        f"{host} did not take the file: {meaning + ' (' if meaning else ''}{reason}"
        + (")" if meaning else ""),
        hint="run the cell again in a minute, or give the file's http(s) URL instead",
        code=told,
        status=status,
    )
    error.retry_after = wait
    raise error


def _read_xml(body: str, name: str) -> str:
    """Return one element's text; a pattern, since no parser should meet a stranger's XML."""
    found = re.search(rf"<{name}>([^<]*)</{name}>", body)
    return text(html.unescape(found[1])).strip()[:300] if found else ""
