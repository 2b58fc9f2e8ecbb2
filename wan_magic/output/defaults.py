"""Each default and where it is set, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from wan_magic.output import html
from wan_magic.output.table import Exports, html_table, text_table
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
        rows = [(row.name, _value(row), _from(row.source)) for row in self.rows]
        return "\n".join([text_table(_heads()[:3], rows), "", *map(tr_sentence, self.notes)])

    def _repr_html_(self) -> str:
        rows = []
        for row in self.rows:
            name, _, source, what = row
            is_set = source not in ("", "default")
            words = html.text(_value(row))
            shown = f"<strong>{words}</strong>" if is_set else words
            # On a narrow screen the table scrolls; words in a thin column would be a tower.
            told = f'<div style="min-width:18em">{html.text(tr_sentence(what))}</div>'
            rows.append([html.code(name), shown, html.text(_from(source)), told])
        return html_table(_heads(), rows, notes=map(tr_sentence, self.notes))


def _heads() -> tuple[str, ...]:
    return tr("setting"), tr("value"), tr("from"), tr("what it is")


def _value(row: Default) -> str:
    """Return a value as it is set; of the key it is a sentence of ours."""
    return tr_sentence(row.value) if row.name == "key" else row.value


def _from(source: str) -> str:
    return tr("default") if source == "default" else source
