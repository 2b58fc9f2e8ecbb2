"""What may come next on a magic line: options, values, names, files; from the tables alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError, WanError
from wan_magic.notebook import offered_things as things
from wan_magic.notebook.commands import BY_COMMAND, COMMANDS, Command
from wan_magic.notebook.offered_values import adds, together
from wan_magic.notebook.options import INPUTS, OPTIONS, Option
from wan_magic.notebook.typed import Typed, typed
from wan_magic.preferences import BY_NAME as PREFERENCES
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from wan_magic.settings import Settings
    from wan_magic.wan.catalog import Model

Offer = tuple[str, str]
"""What is offered, and what it is."""


@dataclass(frozen=True)
class Offers:
    """What is offered.

    Attributes
    ----------
    start : int
        Where in the line the piece begins that one of them replaces.
    offers : tuple of (str, str)
        The best first; empty where there is nothing to offer.
    is_ours : bool
        Whether others should be silent here: not within a Python expression.
    """

    start: int
    offers: tuple[Offer, ...] = ()
    is_ours: bool = True


@dataclass(frozen=True)
class Around:
    """What the line stands in.

    Attributes
    ----------
    names : mapping
        The user's variables.
    settings : callable
        Returns the settings with the preset of this name, or ""; it may fail.
    """

    names: Mapping[str, Any]
    settings: Callable[[str], Settings]


def offers(line: str, cursor: int, around: Around, *, is_cell: bool) -> Offers:
    """Return what may stand at the cursor.

    Parameters
    ----------
    line : str
        Behind ``%%wanvideo`` or ``%wanvideo``.
    cursor : int
        A place in it.
    around : Around
        Variables and settings.
    is_cell : bool
        Whether it is that of a cell, which knows no subcommands.
    """
    command = None if is_cell else BY_COMMAND.get(_first(line, cursor))
    at = typed(line, cursor, command.table if command else OPTIONS)
    if at.word.opened is not None:
        return _names_in_braces(line[at.word.opened + 2 : cursor], cursor, around)
    found: list[Offer] = []
    if at.option is not None:
        found = _values(at.option, at, around)
    elif at.text.startswith("-"):
        found = _flags(at, command)
    elif command is not None:
        found = _words(command, at, around)
    elif not is_cell and len(at.names) == 0:
        found = [(one.name, "command") for one in COMMANDS]
    if not at.word.text and at.option is None:
        found += _flags(at, command)
    beginning = at.text.casefold()
    kept = [
        one
        for one in found
        if (one[1] in _ANYWHERE or one[0].casefold().startswith(beginning))
        and one[0] not in at.listed
    ]
    rest = line[cursor : cursor + 1]
    # A quote that the editor has closed already is not closed again.
    is_closed = bool(at.word.quote) and rest == at.word.quote
    shown = [(things.quoted(text, kind, at.word.quote, is_closed), kind) for text, kind in kept]
    return Offers(at.start, tuple(dict.fromkeys(shown)))


_ANYWHERE = ("file", "folder", "clip")
"""Kinds that are found by more than how they begin."""


def _first(line: str, cursor: int) -> str:
    """Return the first word of the line, if the cursor is behind it."""
    word, blank, _ = line.lstrip().partition(" ")
    return word if blank and cursor > line.index(word) + len(word) else ""


def _names_in_braces(expression: str, cursor: int, around: Around) -> Offers:
    beginning = expression.strip()
    if not (beginning == "" or beginning.isidentifier()):
        return Offers(cursor, is_ours=False)  # IPython knows Python better
    found = [(name, "variable") for name in around.names if name.startswith(beginning)]
    return Offers(cursor - len(beginning), tuple(found))


# -- options -------------------------------------------------------------------------------


def _flags(at: Typed, command: Command | None) -> list[Offer]:
    rows = _rows(at)
    found = []
    for option in command.table if command else OPTIONS:
        if option.name in at.given and not option.repeat:
            continue
        if command is None and not (_taken(option, rows) and adds(option, at)):
            continue
        found.append((option.flag, "option"))
        if option.kind == "switch":
            found.append((f"--no-{option.flag[2:]}", "option"))
    return found if command else [*found, ("--help", "option")]


def _taken(option: Option, rows: Iterable[Model]) -> bool:
    is_for_all = option.kind == "pair" or option.name == "model"
    return is_for_all or any(option.takes(row) for row in rows)


def _rows(at: Typed) -> tuple[Model, ...]:
    """Return the models that the line may mean, with the inputs that are given."""
    named = {row.name: row for name in _models(at) for row in _called(name)}
    rows = tuple((named or catalog.MODELS).values())
    inputs = [name for name in INPUTS if name in at.given]
    narrow = tuple(row for row in rows if all(row.takes(name) for name in inputs))
    return narrow or rows


def _models(at: Typed) -> list[str]:
    return [name for value in at.given.get("model", ()) for name in value.split(",") if name]


def _called(name: str) -> list[Model]:
    name = name.strip().lower()
    if name in catalog.MODELS:
        return [catalog.MODELS[name]]
    version = name.removeprefix("wanx").removeprefix("wan")
    return [row for row in catalog.MODELS.values() if version in row.aliases]


# -- values --------------------------------------------------------------------------------


def _values(option: Option, at: Typed, around: Around) -> list[Offer]:
    if option.name in _BY_NAME:
        return _BY_NAME[option.name](at, around)
    if option.kind == "object":
        return _objects(option, at, around)
    said = option.offered
    if not said and option.name in PREFERENCES:
        said = PREFERENCES[option.name].values
    return [(str(value), "value") for value in said or _of_models(option, at, around)]


def _of_models(option: Option, at: Typed, around: Around) -> Sequence[Any]:
    """Return the values of the model that this line means; of all where that is open."""
    if option.group == "run":
        return ()
    named, rows = _models(at), _rows(at)
    chosen = _chosen(at, named, around)
    if chosen is not None and option.takes(chosen):
        found = together(option, chosen, at)
        if found or chosen.name in named:
            return [*found, *(("random",) if option.kind == "seed" else ())]
    found = tuple(dict.fromkeys(one for row in rows for one in option.choices(row)))
    return [*found, *(("random",) if option.kind == "seed" else ())]


def _chosen(at: Typed, named: Sequence[str], around: Around) -> Model | None:
    """Return the model that would run, as far as that is known."""
    if len(named) > 1:
        return None
    name = named[0] if named else None
    if name is None:
        name = _settings(at, around, "wishes", {}).get("model")
    given = [one for one in INPUTS for _ in at.given.get(one, ())]
    try:
        return catalog.find_model(name, given)
    except InputError:
        return None


def _settings(at: Typed, around: Around, name: str, otherwise: Any) -> Any:
    """Return something of the settings, which may be none that hold."""
    preset = next(iter(at.given.get("preset", ())), "")
    try:
        return getattr(around.settings(preset), name)
    except (WanError, OSError):
        return otherwise


def _model_names(at: Typed, _: Around) -> list[Offer]:
    rows = _rows(Typed(at.word, given={k: v for k, v in at.given.items() if k != "model"}))
    versions = dict.fromkeys(alias for row in rows for alias in row.aliases)
    return [(one, "version") for one in versions] + [(row.name, "model") for row in rows]


def _endpoints(at: Typed, around: Around) -> list[Offer]:
    from wan_magic.wan.endpoints import LOCAL
    from wan_magic.wan.hosts import REGIONS

    names = dict.fromkeys((LOCAL, *REGIONS, *_settings(at, around, "endpoints", {})))
    return [(name, "endpoint") for name in names]


def _presets(at: Typed, around: Around) -> list[Offer]:
    without = Typed(at.word)
    return [(name, "preset") for name in _settings(without, around, "presets", {})]


_BY_NAME: dict[str, Callable[[Typed, Around], list[Offer]]] = {
    "model": _model_names,
    "endpoint": _endpoints,
    "preset": _presets,
}


def _objects(option: Option, at: Typed, around: Around) -> list[Offer]:
    """Return variables, files and earlier clips for an input; folders for the one of clips."""
    if option.name == "out":
        return things.files(at.text, ())
    slots = [slot for row in _rows(at) for slot in row.slots(option.name)]
    media = {slot.media for slot in slots}
    found: list[Offer] = []
    if option.name == "audio" and any(row.has_sound for row in _rows(at)):
        found += [("auto", "value"), ("off", "value")]
    if media == {"link"}:
        return []
    found += things.variables(around.names)
    endings = {form for slot in slots for form in slot.limits.formats}
    found += things.files(at.text, endings)
    if "video" in media and (home := _settings(at, around, "home", None)):
        found += things.clips(home, at.text)
    return found


# -- words of subcommands -------------------------------------------------------------------


def _words(command: Command, at: Typed, around: Around) -> list[Offer]:
    if command.words is not None and len(at.names) > command.words:
        return []
    is_first = len(at.names) == 1  # the command itself is one of them
    if command.offers in ("jobs", "open"):
        if not is_first and command.words is not None:
            return []
        home = _settings(at, around, "home", None)
        known = things.jobs(home, at.text, is_open=command.offers == "open") if home else []
        return known + things.holders(around.names)
    if command.offers == "groups":
        from wan_magic.jobs.history import GROUPS

        return [(name, "column") for name in GROUPS]
    if command.offers == "models":
        named = [*catalog.KINDS, *catalog.versions(), *catalog.MODELS]
        return [(name, "model") for name in named]
    if command.offers == "topics":
        from wan_magic.notebook.help import topics

        return [(name, "topic") for name in topics()]
    return []
