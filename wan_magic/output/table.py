"""What all tables share: columns of text, HTML, and exports."""

from __future__ import annotations

import csv
import importlib
import io
import json
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from wan_magic.errors import InputError, WanError
from wan_magic.output import html

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence


def one_line(value: str) -> str:
    """Return a text as one line that can do nothing to a terminal."""
    return "".join(c for c in " ".join(value.split()) if c.isprintable())


def _width(value: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese takes two for each."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in value)
    return len(value) + wide - sum(unicodedata.combining(c) > 0 for c in value)


def text_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], right: Container[str] = ()
) -> str:
    """Return rows as columns of text, below each other.

    Parameters
    ----------
    columns : sequence of str
        The head.
    rows : iterable of sequence of str
        The cells, in the order of the columns.
    right : container of str
        Columns that end at the same place: numbers.

    Examples
    --------
    >>> print(text_table(("day", "jobs"), [("Monday", "12"), ("Tuesday", "3")], right=("jobs",)))
    day      jobs
    Monday     12
    Tuesday     3
    """
    table = [tuple(columns), *map(tuple, rows)]
    widths = [max(_width(line[at]) for line in table) for at in range(len(columns))]

    def cell(at: int, value: str) -> str:
        blank = " " * (widths[at] - _width(value))
        return f"{blank}{value}" if columns[at] in right else f"{value}{blank}"

    return "\n".join(
        "  ".join(cell(at, value) for at, value in enumerate(line)).rstrip() for line in table
    )


def html_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Container[str] = (),
    total: Sequence[str] = (),
    notes: Iterable[str] = (),
    widths: Mapping[str, int] | None = None,
) -> str:
    """Return rows as a table that scrolls where it is too wide.

    Parameters
    ----------
    columns : sequence of str
        The head.
    rows : iterable of sequence of str
        The cells, as HTML.
    right : container of str
        Columns of numbers.
    total : sequence of str
        Cells of a last line, as HTML.
    notes : iterable of str
        Lines of plain text below it.
    widths : mapping of str to int, optional
        Pixels that a column has before the others get more than they need.
    """
    asked = {name: f";width:{pixels}px" for name, pixels in (widths or {}).items()}

    def line(tag: str, cells: Sequence[str], attributes: str = "", style: str = "") -> str:
        return "".join(
            f'<{tag}{attributes} style="padding:3px 6px;vertical-align:top;text-align:'
            f'{"right" if name in right else "left"}{asked.get(name, "")}{style}">{cell}</{tag}>'
            for name, cell in zip(columns, cells, strict=True)
        )

    head = line("th", columns, ' scope="col"')
    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    border = ";border-top:1px solid rgba(128,128,128,.5);font-weight:600"
    foot = f"<tfoot><tr>{line('td', total, style=border)}</tr></tfoot>" if total else ""
    return (
        f'<div style="{html.FONT}"><div style="overflow-x:auto">'
        '<table style="border-collapse:collapse;margin:0;font-size:12px">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>"
        f'<div style="margin-top:6px;padding:0 6px">{lines(notes)}</div></div>'
    )


def lines(notes: Iterable[str]) -> str:
    """Return lines of plain text as HTML."""
    return "".join(html.line(html.text(note)) for note in notes)


class Exports:
    """The same rows for other programs: JSON, CSV, a pandas DataFrame."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the columns that are exported."""
        raise NotImplementedError

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries of plain values."""
        raise NotImplementedError

    @overload
    def to_json(self, path: None = None) -> str: ...

    @overload
    def to_json(self, path: str | Path) -> Path: ...

    def to_json(self, path: str | Path | None = None) -> str | Path:
        """Return the rows as JSON, a list of objects; or write it to a file, and return its path.

        Parameters
        ----------
        path : str or Path, optional
            The file.

        Raises
        ------
        InputError
            If that can't be written.
        """
        return written(json.dumps(self.to_dicts(), indent=2, ensure_ascii=False) + "\n", path)

    @overload
    def to_csv(self, path: None = None) -> str: ...

    @overload
    def to_csv(self, path: str | Path) -> Path: ...

    def to_csv(self, path: str | Path | None = None) -> str | Path:
        """Return the rows as CSV with a head; or write it to a file, and return its path.

        A text that begins with = + - @, a tab or a line's end, which a spreadsheet would take
        for a formula, has an apostrophe before it.

        Parameters
        ----------
        path : str or Path, optional
            The file, in UTF-8.

        Raises
        ------
        InputError
            If that can't be written.
        """
        out = io.StringIO()
        writer = csv.DictWriter(out, self.fields, lineterminator="\n")
        writer.writeheader()
        for row in self.to_dicts():
            writer.writerow({name: _no_formula(value) for name, value in row.items()})
        return written(out.getvalue(), path)

    def to_dataframe(self) -> Any:
        """Return the rows as a pandas DataFrame.

        Raises
        ------
        WanError
            If pandas is not installed.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            raise WanError(
                "a DataFrame needs pandas, which is not installed", hint="pip install pandas"
            ) from None
        return pandas.DataFrame(self.to_dicts(), columns=list(self.fields))


def _no_formula(value: Any) -> Any:
    is_one = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    return f"'{value}" if is_one else value


def written(text: str, path: str | Path | None) -> str | Path:
    """Return a text; or where a file is named write it there, and return its path as given."""
    if path is None:
        return text
    try:
        file = Path(path).expanduser()
        file.write_text(text, encoding="utf-8", newline="")
    except (OSError, RuntimeError, TypeError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise InputError(
            f"cannot write {path}: {why}", hint="name a file in a folder that exists"
        ) from exc
    return file
