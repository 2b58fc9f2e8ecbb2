"""A form with one file, read as it arrives: the fields first, the file straight to disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

_FIELD_MAX_BYTES = 16 * 1024
_FIELDS_MAX = 40


class BadForm(Exception):
    """The body is no such form."""


class TooLarge(Exception):
    """The file is larger than its policy allows."""


class Form:
    """Reads one form.

    Parameters
    ----------
    content_type : str
        The request's header, with the boundary.
    open_file : callable
        Gets the fields and the file's name when the file begins, and returns where its
        bytes go and how many there may be. What comes after the file is not read.
    """

    def __init__(
        self,
        content_type: str,
        open_file: Callable[[dict[str, str], str], tuple[BinaryIO, int]],
    ) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise BadForm
        self.fields: dict[str, str] = {}
        self.size = 0
        self.has_file = False
        self._open_file = open_file
        self._file: BinaryIO | None = None
        self._limit = 0
        self._header = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        self._value = bytearray()
        self._name = ""
        self._done = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_field": lambda d, a, b: self._header[0].extend(d[a:b]),
                    "on_header_value": lambda d, a, b: self._header[1].extend(d[a:b]),
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._part,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._finish,
                },
            )
        except FormParserError:
            raise BadForm from None

    def feed(self, block: bytes) -> None:
        """Read on."""
        try:
            self._parser.write(block)
        except FormParserError:
            raise BadForm from None

    def close(self) -> None:
        """Say that this was all; raises `BadForm` for a body that was cut short."""
        if not self._done or not self.has_file:
            raise BadForm

    def _begin(self) -> None:
        self._headers.clear()
        self._value.clear()

    def _header_ends(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _part(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name == "file" and not self.has_file:
            self.has_file = True
            name = options.get(b"filename", b"").decode("utf-8", "replace")
            self._file, self._limit = self._open_file(self.fields, name)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self.size += end - start
            if self.size > self._limit:
                raise TooLarge
            self._file.write(data[start:end])
        elif not self.has_file:
            self._value += data[start:end]
            if len(self._value) > _FIELD_MAX_BYTES:
                raise BadForm

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        elif not self.has_file:
            self.fields[self._name] = self._value.decode("utf-8", "replace")
            if len(self.fields) > _FIELDS_MAX:
                raise BadForm

    def _finish(self) -> None:
        self._done = True
