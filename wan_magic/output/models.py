"""The model table as people read it: in a notebook, in a terminal, in the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.output import html
from wan_magic.output.table import Exports, html_table, text_table
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_magic.wan.catalog import Model, Region

COLUMNS = ("model", "kind", "inputs", "resolutions", "seconds", "sound", "CNY/s", "USD/s")
_DEFAULT_MARK = "*"
_EXAMPLES = "words such as t2v, i2v, edit, 2.7, 480P, audio, silent, beijing; without any, all"


class ModelTable(Exports):
    """Some or all models, shown as a table.

    Parameters
    ----------
    rows : tuple of Model
        Of the model table.

    Examples
    --------
    >>> len(models("r2v 2.7"))
    2
    >>> [row.name for row in models("2.6 flash")]
    ['wan2.6-i2v-flash', 'wan2.6-r2v-flash']
    """

    def __init__(self, rows: tuple[Model, ...]) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Model]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> Model:
        """Return the row of a model by its name."""
        return catalog.find_model(name)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the columns."""
        return COLUMNS

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries of texts by column."""
        return [cells(row) for row in self.rows]

    def __repr__(self) -> str:
        rows = [[_in_words(name, row[name]) for name in COLUMNS] for row in self.to_dicts()]
        return f"{text_table(_heads(), rows)}\n\n{footnote()}"

    def _repr_html_(self) -> str:
        rows = [
            [_cell(name, _in_words(name, row[name])) for name in COLUMNS] for row in self.to_dicts()
        ]
        return html_table(_heads(), rows, notes=[footnote()])


def _heads() -> tuple[str, ...]:
    """Return the heads of `COLUMNS` in the language of the screen."""
    return (
        tr("model"),
        tr("kind"),
        tr("inputs"),
        tr("resolutions"),
        tr("seconds"),
        tr("sound"),
        tr("CNY/s"),
        tr("USD/s"),
    )


def _in_words(column: str, value: str) -> str:
    """Return a cell in the language of the screen."""
    if column == "sound":
        words = {"silent": tr("silent"), "yes": tr("yes"), "yes, or off": tr("yes, or off")}
        return words.get(value, value)
    if column in ("CNY/s", "USD/s"):
        return value.replace("silent", tr("silent"))
    return tr_sentence(value) if column in ("kind", "inputs", "seconds") else value


def _cell(column: str, value: str) -> str:
    """Return a cell's HTML: a name, an option or a number is never broken in two."""
    if column == "model":
        style = "white-space:nowrap;font-family:monospace;user-select:all"
        return f'<span style="{style}">{html.text(value)}</span>'
    joint = {"inputs": ", ", "CNY/s": " / ", "USD/s": " / "}.get(column)
    parts = value.split(joint) if joint else [value]
    whole = [f'<span style="white-space:nowrap">{html.text(part)}</span>' for part in parts]
    if column == "kind":
        return whole[0]
    return html.text(joint).join(whole) if joint else html.text(value)


def models(query: str = "") -> ModelTable:
    """Return the models that fit some words; all of them without.

    Parameters
    ----------
    query : str, default ""
        Words that must all fit: a version (``2.7``), a kind (``i2v``, ``editing``), an
        input (``ref``, ``audio``), a resolution, ``sound`` or ``silent``, a region.

    Raises
    ------
    InputError
        If nothing fits.

    Examples
    --------
    >>> models("i2v 480P silent")["wanx2.1-i2v-turbo"].durations
    (3, 4, 5)
    """
    if not isinstance(query, str):
        raise InputError(f"{query!r:.60} is no text", hint=_EXAMPLES)
    plain = query.lower().replace("--", "").replace("_", "-").replace(",", " ")
    words = plain.split()
    rows = tuple(row for row in catalog.MODELS.values() if all(_fits(row, w) for w in words))
    if not rows:
        raise InputError(f"no model fits {query.strip()!r}", hint=_other_words(words))
    return ModelTable(rows)


def _words(row: Model) -> tuple[str, ...]:
    """Return the words that a model is found by, besides parts of its name."""
    return (
        row.kind,
        *row.aliases,
        *(("sound",) if row.has_sound else ()),
        *(("silent",) if row.sound != "always" else ()),
        *(option.replace("_", "-") for option in row.options),
        *(one.lower() for one in row.resolutions),
        *row.regions,
        *catalog.KINDS[row.kind].split(),
    )


def _fits(row: Model, word: str) -> bool:
    return word in row.name or word in _words(row)


def _other_words(words: list[str]) -> str:
    """Return what to look for instead: a word that is near, or fewer words, or all words."""
    every = catalog.MODELS.values()
    unknown = [word for word in words if not any(_fits(row, word) for row in every)]
    if not unknown:
        return "each of the words fits some models, and none fits them all: take fewer"
    known = dict.fromkeys(word for row in every for word in _words(row))
    return catalog.nearest(unknown[0], known) or _EXAMPLES


def cells(row: Model) -> dict[str, str]:
    """Return a row as texts by column; what the server uses by default has a star."""
    return {
        "model": row.name,
        "kind": catalog.KINDS[row.kind],
        "inputs": ", ".join(map(catalog.flag, row.options)) or "prompt alone",
        "resolutions": " ".join(_starred(one, row.resolution) for one in row.resolutions)
        or " ".join(_starred(one, row.default("mode")) for one in row.values("mode")),
        "seconds": seconds(row),
        "sound": {"none": "silent", "always": "yes", "switch": "yes, or off"}[row.sound],
        "CNY/s": price(row, "beijing"),
        "USD/s": price(row, "singapore") if "singapore" in row.prices else price(row, "virginia"),
    }


def _starred(value: object, default: object) -> str:
    return f"{value}{_DEFAULT_MARK}" if value == default else str(value)


def seconds(row: Model) -> str:
    """Return the durations: single values, or from and to."""
    values = [one for one in row.durations if one > 0]
    if not values:
        return f"as the {row.length_from}" if row.length_from else "–"
    text = " ".join(_starred(one, row.duration) for one in values)
    if len(values) > 3:
        text = f"{values[0]} to {values[-1]}"
        text += f" ({row.duration}{_DEFAULT_MARK})" if row.duration > 0 else ""
    if -1 in row.durations:
        text += ", or -1: it decides"
    if 0 in row.durations:
        text += f", as the {row.length_from}{_DEFAULT_MARK}"
    return text


def price(row: Model, region: Region) -> str:
    """Return the prices of a second in the order of the resolutions."""

    def listed(table: Any) -> str:
        tiers = table.get(region, {})
        return " / ".join(str(tiers.get(one, "–")) for one in row.values(row.priced_by))

    text = listed(row.prices) if region in row.prices else "–"
    if row.silent_prices and region in row.silent_prices:
        text += f" (silent {listed(row.silent_prices)})"
    if row.bills_input and text != "–":
        text += " +"
    return f"{text} ?" if row.price_note and text != "–" else text


def footnote() -> str:
    """Return what the marks mean."""
    return tr(
        "{mark} the server's default. Prices of a second as of {date},"
        " in the order of the resolutions; + the seconds of a given video are billed, too;"
        " ? unconfirmed; – not offered or not known. The wanx2.1 of Beijing is the wan2.1 of"
        " Singapore.",
        mark=_DEFAULT_MARK,
        date=catalog.PRICES_AS_OF,
    )
