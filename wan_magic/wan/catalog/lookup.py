"""Finding rows: by name, by version and inputs, and a stand-in for what is not in the table."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_magic.errors import InputError
from wan_magic.wan.catalog.model import Model, Parameter, Region, flag
from wan_magic.wan.catalog.rows import PORTRAIT_CHECK, RETIRED, ROWS
from wan_magic.wan.catalog.rules import clash

if TYPE_CHECKING:
    from collections.abc import Iterable

MODELS: dict[str, Model] = {row.name: row for row in ROWS}
"""Every model by name, newest first. A row that is added here is a model like any other."""

DEFAULT_VERSIONS = ("2.5", "2.7", "2.6", "3.0")
"""Versions that are tried in this order where no model is named."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return ``"did you mean X?"`` for the closest choice, or ``""``."""
    known = list(choices)
    longer = [choice for choice in known if len(word) > 2 and choice.startswith(word)]
    close = longer or difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


def versions() -> tuple[str, ...]:
    """Return every version name, such as ``"2.6-flash"``."""
    return tuple(dict.fromkeys(alias for row in MODELS.values() for alias in row.aliases))


def find_model(
    name: str | None = None,
    given: Iterable[str] = (),
    *,
    region: Region | None = None,
    unchecked: bool = False,
) -> Model:
    """Return the row of a model: by its name, or by a version and what is given.

    Parameters
    ----------
    name : str, optional
        A model (``"wan2.6-t2v"``) or a version (``"2.7"``, ``"2.6-flash"``); None takes the
        default version that fits the inputs.
    given : iterable of str
        The input options that are given, each as often as it is given.
    region : str, optional
        Where it will run; rows that are listed there come first.
    unchecked : bool, default False
        Let a name through that the table lacks, shaped like the nearest known model.

    Raises
    ------
    InputError
        If the table has no such model, or no model of the version takes the inputs.

    Examples
    --------
    >>> find_model("2.7").name, find_model("2.7", ["image"]).name
    ('wan2.7-t2v', 'wan2.7-i2v')
    """
    given = tuple(given)
    if name is None:
        for version in DEFAULT_VERSIONS:
            if row := _of_version(version, given, region):
                return row
        return _none_fits("", given, MODELS.values(), region)
    row = MODELS.get(name) or MODELS.get(name.strip().lower())
    if row is not None:
        return loosened(row) if unchecked else row
    version = name.strip().lower().removeprefix("wanx").removeprefix("wan")
    if version in versions():
        if found := _of_version(version, given, region):
            return loosened(found) if unchecked else found
        rows = [row for row in MODELS.values() if version in row.aliases]
        return _none_fits(f"wan{version}", given, rows, region)
    if unchecked:
        return loosened(like(RETIRED.get(name, name)), name)
    raise _unknown(name)


def _of_version(version: str, given: tuple[str, ...], region: Region | None) -> Model | None:
    rows = [row for row in MODELS.values() if version in row.aliases and fits(row, given)]
    if region:  # the same model has other names elsewhere
        rows = [row for row in rows if region in row.regions]
    else:  # the official default is Beijing, where names of other regions mean nothing
        rows.sort(key=lambda row: "beijing" not in row.regions)
    return rows[0] if rows else None


def fits(row: Model, given: tuple[str, ...]) -> bool:
    """Whether a model takes these input options, and needs no other.

    A reference may be a picture or a video, which only its file tells: it counts as
    whichever fits.
    """
    if any(not row.slots(option) for option in given):
        return False
    types: set[frozenset[tuple[str, int]]] = {frozenset()}
    for option in dict.fromkeys(given):
        number = given.count(option)
        types = {
            before | {(slot.type, number)}
            for before in types
            for slot in row.slots(option)
            if not slot.attached
        }
    return any(clash(row, dict(choice)) is None for choice in types)


def _none_fits(
    version: str, given: tuple[str, ...], rows: Iterable[Model], region: Region | None
) -> Model:
    """Return the row that comes closest, whose own rules say best what is wrong, or refuse."""
    asked = tuple(dict.fromkeys(given))
    wanted = " with ".join(map(flag, asked)) or "a prompt alone"
    takers = [
        row.name
        for row in MODELS.values()
        if fits(row, given) and (region is None or region in row.regions)
    ]
    place = f" in {region}" if region else ""
    if takers and not version:
        raise InputError(
            f"several models may take {wanted}: name one", hint=f"--model {' or '.join(takers)}"
        )
    near = [row for row in rows if asked and all(row.slots(option) for option in asked)]
    if near and not any(fits(row, given) for row in near):
        return near[0]
    if takers:
        offered = "; ".join(
            f"{row.name}: {', '.join(map(flag, row.options)) or 'a prompt alone'}"
            for row in list(rows)[:4]
        )
        raise InputError(
            f"no {version} model{place} takes {wanted}",
            hint=f"take {_some(takers)}, or what {version} takes: {offered}",
        )
    by_option = "; ".join(f"{flag(option)}: {_takers(option)}" for option in asked)
    raise InputError(
        f"no {version + ' ' if version else ''}model takes {wanted}", hint=by_option or _takers("")
    )


def _takers(option: str) -> str:
    return _some([row.name for row in MODELS.values() if not option or row.slots(option)])


def _some(names: list[str]) -> str:
    """Return a list of names for a message, not too long."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def _unknown(name: str) -> InputError:
    if name in RETIRED:
        return InputError(f"the model {name!r} is retired", hint=f"take {RETIRED[name]}")
    if name == PORTRAIT_CHECK:
        return InputError(
            f"{name} checks a portrait and makes no video",
            hint="wan_magic.check_portrait(image) asks it",
        )
    main = [one for one in versions() if "-" not in one]
    hint = nearest(name, [*MODELS, *versions()])
    hint = hint or f"%wanvideo models lists all; versions: {', '.join(main)}"
    return InputError(f"unknown model {name!r}", hint=f"{hint} (--unchecked sends it as it is)")


def like(name: str) -> Model:
    """Return the known model that an unknown name most likely behaves like."""
    same = [row for row in MODELS.values() if name.startswith(row.name)]
    if same:  # a snapshot of a model that is known
        return max(same, key=lambda row: len(row.name))
    kind = re.search(r"-(t2v|i2v|kf2v|r2v|videoedit|vace|s2v|animate-\w+)", name)
    rows = [row for row in MODELS.values() if kind and kind[0] in row.name]
    return (rows or [MODELS["wan3.0-video"]])[0]


def loosened(row: Model, name: str | None = None) -> Model:
    """Return a row that forbids nothing: no values, no limits, no price that holds for sure."""
    free = {
        key: replace(p, values=(), low=None, high=None, default=p.default if p.required else None)
        for key, p in row.parameters.items()
    }
    known = name is None or name == row.name
    return replace(
        row,
        name=name or row.name,
        sets=(),
        totals=(),
        excludes=(),
        inputs=tuple(replace(slot, required=False, most=100) for slot in row.inputs),
        parameters={**free, **({} if "audio" in free else {"audio": Parameter()})},
        templates=None,
        seconds_with={},
        total_seconds=None,
        prices=row.prices if known else {},
        silent_prices=row.silent_prices if known else None,
        checked=False,
    )


def usual_minutes(resolution: str, seconds: float) -> tuple[int, int]:
    """Return how many minutes a task usually runs, from and to.

    A rule of thumb of Alibaba's own examples: 5 s at 720P 1 to 3 minutes, 10 to 15 s
    3 to 6 minutes, longer at 1080P.
    """
    low, high = (1, 3) if seconds <= 5 else (3, 6)
    return (low + 1, high + 2) if resolution == "1080P" else (low, high)
