"""Each default and where it is set, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from wan_magic.output import html
from wan_magic.output.table import Exports, html_table, text_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HEAD = ("setting", "value", "from", "what it is")


class Default(NamedTuple):
    """One line: all of it text."""

    name: str
    value: str
    source: str
    help: str


class DefaultsTable(Exports):
    """What ``%wanvideo config`` shows.

    Parameters
    ----------
    rows : sequence of Default
        In the order in which they are shown.
    notes : sequence of str
        Lines below: files, presets.
    """

    def __init__(self, rows: Sequence[Default], notes: Sequence[str] = ()) -> None:
        self.rows = tuple(rows)
        self.notes = tuple(notes)

    def __iter__(self) -> Iterator[Default]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the columns that are exported."""
        return Default._fields

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [row._asdict() for row in self.rows]

    def __repr__(self) -> str:
        rows = [row[:3] for row in self.rows]
        return "\n".join([text_table(_HEAD[:3], rows), "", *self.notes])

    def _repr_html_(self) -> str:
        rows = []
        for name, value, source, what in self.rows:
            is_set = source not in ("", "default")
            shown = f"<strong>{html.text(value)}</strong>" if is_set else html.text(value)
            # On a narrow screen the table scrolls; words in a thin column would be a tower.
            told = f'<div style="min-width:18em">{html.text(what)}</div>'
            rows.append([html.code(name), shown, html.text(source), told])
        return html_table(_HEAD, rows, notes=self.notes)
