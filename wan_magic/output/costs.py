"""What jobs cost, as people read it, and as other programs do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.output import html
from wan_magic.output.job_words import heads, job_count
from wan_magic.output.table import Exports, html_table, lines, one_line, text_table
from wan_magic.settings.money import money
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wan_magic.jobs.history import Sum

_NOTHING = "–"


class CostTable(Exports):
    """What jobs cost, shown as a table with a total.

    Parameters
    ----------
    rows : sequence of Sum
        In the order in which they are shown.
    by : str
        What they are summed by: ``"day"``, ``"month"``, ``"model"`` or ``"notebook"``.
    total : Sum
        All rows together.
    left : sequence of str
        What is left of budgets, in words.

    Examples
    --------
    >>> wan_magic.cost("month").total.amounts  # doctest: +SKIP
    {'CNY': Decimal('12.50')}
    """

    def __init__(self, rows: Sequence[Sum], by: str, total: Sum, left: Sequence[str] = ()) -> None:
        self.rows = tuple(rows)
        self.by = by
        self.total = total
        self.left = tuple(left)

    def __iter__(self) -> Iterator[Sum]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def currencies(self) -> tuple[str, ...]:
        """In which something was billed."""
        return tuple(sorted(self.total.amounts))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the columns that are exported."""
        return (self.by, "jobs", *self.currencies, "unknown_price")

    @property
    def _head(self) -> tuple[str, ...]:
        words = heads()
        currencies = map(html.text, self.currencies)
        return (words[self.by], words["jobs"], *currencies, words["unknown_price"])

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries of plain values, without the total."""
        return [
            {
                self.by: row.key,
                "jobs": row.jobs,
                **{name: float(row.amounts.get(name, 0)) for name in self.currencies},
                "unknown_price": row.unknown,
            }
            for row in self.rows
        ]

    def _texts(self, row: Sum) -> list[str]:
        amounts = [row.amounts.get(name) for name in self.currencies]
        return [
            tr("total") if row is self.total else one_line(row.key) or tr("no notebook"),
            str(row.jobs),
            *(_NOTHING if amount is None else money(amount, "") for amount in amounts),
            str(row.unknown or _NOTHING),
        ]

    def __repr__(self) -> str:
        if not self.rows:
            return "\n".join([*self._left(), self._nothing()])
        rows = [self._texts(row) for row in (*self.rows, self.total)]
        table = text_table(self._head, rows, self._head[1:])
        return "\n".join([table, "", *self._left(), self._note()])

    def _repr_html_(self) -> str:
        if not self.rows:
            return lines([*self._left(), self._nothing()])
        *rows, last = [
            [html.fact(value) for value in self._texts(row)] for row in (*self.rows, self.total)
        ]
        return html_table(
            self._head, rows, self._head[1:], total=last, notes=[*self._left(), self._note()]
        )

    def _left(self) -> list[str]:
        return [tr_sentence(one) for one in self.left]

    def _note(self) -> str:
        unknown = self.total.unknown
        if not unknown:
            return _note()
        return tr("{jobs} of unknown price. {note}", jobs=job_count(unknown), note=_note())

    def _nothing(self) -> str:
        return tr(
            "nothing was billed, and nothing runs; previews, and what failed or was cancelled,"
            " cost nothing"
        )


def _note() -> str:
    return tr(
        "As billed where the service said it, else as estimated; jobs that still run are counted."
        " Previews, and what failed or was cancelled, cost nothing; what is forgotten or lost"
        " counts."
    )
