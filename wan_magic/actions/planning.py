"""Many clips at once, planned: lists in the options become all their combinations.

Everything is made and checked here, and nothing is sent: one combination that can't be
stops all of them, and says which one it is.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wan_magic.actions import api
from wan_magic.actions.loading import loading_once
from wan_magic.errors import InputError
from wan_magic.jobs.intake import RANDOM_SEED
from wan_magic.output import html
from wan_magic.texts import tr
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wan_magic.wan.catalog import Region
    from wan_magic.wan.request import VideoRequest

MOST = 100
"""Clips that are asked for at once, unless the user says that more are meant."""

TAKES_LISTS = ("ref",)
"""Options whose list is one value: its members go into one clip."""

_PLAIN = (str, bytes, bytearray, memoryview)


@dataclass(frozen=True)
class Planned:
    """One clip of a sweep.

    Attributes
    ----------
    request : VideoRequest
        Checked and complete.
    notes : tuple of str
        What the user should know about it.
    differs : dict of str to str
        What makes it another one than its neighbours, in words, by the option's name.
    """

    request: VideoRequest
    notes: tuple[str, ...]
    differs: Mapping[str, str]

    @property
    def label(self) -> str:
        """What makes it another one, in a line; empty where it is alone."""
        return " · ".join(_in_words(name, said) for name, said in self.differs.items() if said)


def _in_words(name: str, said: str) -> str:
    """Return a value as it reads by itself, where it does not say what it is."""
    if name == "seed":
        return tr("seed {seed}", seed=said)
    if name == "duration":
        return tr("{seconds} s", seconds=said)
    if name == "last_frame":
        return tr("to {picture}", picture=said)
    if name == "negative_prompt":
        return tr("without {text}", text=said)
    return said


def is_many(name: str, value: object) -> bool:
    """Whether the value of an option is several, of which each makes another clip."""
    if name in TAKES_LISTS or isinstance(value, _PLAIN):
        return False
    return isinstance(value, Sequence)


def plan(
    rows: Sequence[Mapping[str, Any]],
    *,
    count: int | None = None,
    most: int | None = MOST,
    region: Region | None = None,
) -> tuple[Planned, ...]:
    """Make and check the requests of a sweep; sends nothing.

    Parameters
    ----------
    rows : sequence of mapping
        The options of each row as `api.build` takes them, the prompt among them. A list in
        place of a value makes a clip of each of its members, and of each combination.
    count : int, optional
        So many clips of each combination: their seeds count up from its seed.
    most : int, optional
        More clips than that are refused; None for no limit.
    region : str, optional
        Where they will run.

    Raises
    ------
    InputError
        If there is nothing to make, if it is more than `most`, or if anything is wrong with a
        combination: which one is said first.

    Examples
    --------
    >>> made = plan([{"prompt": "waves", "seed": [1, 2], "resolution": ["480P", "720P"]}])
    >>> [one.label for one in made]
    ['seed 1 · 480P', 'seed 1 · 720P', 'seed 2 · 480P', 'seed 2 · 720P']
    """
    _check_count(rows, count)
    number = sum(_size(row) for row in rows) * (count or 1)
    if not number:
        raise InputError("there is nothing to make", hint="give at least one prompt")
    if most is not None and number > most:
        raise InputError(
            f"that is {number} clips, and more than {most} at once may be a slip",
            hint="fewer values make fewer clips; --yes (yes=True) makes them all",
        )
    made: list[tuple[VideoRequest, tuple[str, ...]]] = []
    with loading_once():
        for row in rows:
            for options in _combinations(row):
                try:
                    request, notes = api.build(region=region, **options)
                    some = [request] if count in (None, 1) else with_seeds(request, count)
                    made += [(one, notes) for one in some]
                except InputError as err:
                    if number == 1:
                        raise
                    which = _which(row, options, rows.index(row) if len(rows) > 1 else None)
                    where = f"clip {len(made) + 1} of {number}{which}"
                    raise InputError(f"{where}: {err.message}", hint=err.hint) from None
    labels = _differences([request for request, _ in made], rows, count)
    return tuple(Planned(*one, label) for one, label in zip(made, labels, strict=True))


def _check_count(rows: Sequence[Mapping[str, Any]], count: int | None) -> None:
    if count is None:
        return
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise InputError(f"--count takes a whole number above 0, not {count!r}", hint="--count 4")
    if any(is_many("seed", row.get("seed")) for row in rows):
        raise InputError(
            "--count and several seeds say the same in two ways",
            hint="--seed 7 --count 4 makes the seeds 7, 8, 9, 10",
        )


def _size(row: Mapping[str, Any]) -> int:
    size = 1
    for name, value in row.items():
        if is_many(name, value):
            if not len(value):
                raise InputError(f"the list of {name} is empty", hint="leave it out, or fill it")
            size *= len(value)
    return size


def _combinations(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    axes = {name: value for name, value in row.items() if is_many(name, value)}
    for values in itertools.product(*axes.values()):
        yield {**row, **dict(zip(axes, values, strict=True))}


def with_seeds(
    request: VideoRequest, number: int, *, without: int | None = None
) -> list[VideoRequest]:
    """Return so many takes of a request: their seeds count up from its own, each time alike.

    Parameters
    ----------
    request : VideoRequest
        With its seed. Where the server draws it, each take is that request: another clip.
    number : int
        How many. The first takes of eight are those of four.
    without : int, optional
        A seed that is left out, since there is a clip of it.

    Raises
    ------
    InputError
        If the model takes no seed.

    Examples
    --------
    >>> request, _ = api.build("waves", seed=7)
    >>> [take.seed for take in with_seeds(request, 3)]
    [7, 8, 9]
    >>> [take.seed for take in with_seeds(request, 3, without=7)]
    [8, 9, 10]
    """
    if request.seed is None or not request.row.takes("seed"):
        raise InputError(
            f"{request.model} takes no seed, so that its takes can't be told apart",
            hint="--fresh (fresh=True) makes another clip each time",
        )
    if request.seed == RANDOM_SEED:
        return [request] * number
    seeds = itertools.count(request.seed)
    each = (seed % (api.highest_seed(request.row) + 1) for seed in seeds)
    chosen = itertools.islice((seed for seed in each if seed != without), number)
    return [replace(request, seed=seed) for seed in chosen]


def _which(row: Mapping[str, Any], options: Mapping[str, Any], number: int | None) -> str:
    """Return which combination it is, as it would be typed."""
    said = [] if number is None else [f"prompt {number + 1}"]
    for name, value in options.items():
        if is_many(name, row[name]):
            shown = value if isinstance(value, str | int | float) else type(value).__name__
            said.append(f"{catalog.flag(name)} {html.short(str(shown), 40)}")
    return f" ({', '.join(said)})" if said else ""


def _differences(
    requests: Sequence[VideoRequest], rows: Sequence[Mapping[str, Any]], count: int | None
) -> list[dict[str, str]]:
    """Return what tells the clips from each other, of all that was given."""
    names = dict.fromkeys(name for row in rows for name in row)
    if count and count > 1:
        names["seed"] = None
    shown: list[dict[str, str]] = [{} for _ in requests]
    for name in names:
        texts = [_text(name, request) for request in requests]
        if len(set(texts)) > 1:
            for differs, text in zip(shown, texts, strict=True):
                differs[name] = text
    return shown


def _text(name: str, request: VideoRequest) -> str:
    """Return the value of an option in a few words."""
    if inputs := request.of(name):
        return html.short(", ".join(one.name for one in inputs), 40)
    value = getattr(request, name, "") if name in request.__dataclass_fields__ else ""
    if isinstance(value, bool):
        return f"{name.replace('_', ' ')}: {'yes' if value else 'no'}"
    return html.short(" ".join(str("" if value is None else value).split()), 60)
