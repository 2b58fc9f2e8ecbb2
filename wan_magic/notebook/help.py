"""The help of the magic, and of each topic: made from the tables."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_magic.errors import InputError
from wan_magic.notebook.commands import BY_COMMAND, help_rows
from wan_magic.notebook.options import GROUPS, OPTIONS, Option, option_rows
from wan_magic.preferences import BY_NAME as PREFERENCES
from wan_magic.preferences import PREFERENCES as ALL_PREFERENCES
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Example:
    """A cell that runs as it stands, beside the files that it names."""

    says: str
    cell: str


EXAMPLES = (
    Example(
        "a prompt alone",
        "%%wanvideo clip --resolution 480P --duration 5 --seed 7\n"
        "Waves roll onto a beach at dusk, seen from above.",
    ),
    Example(
        "from a picture",
        "%%wanvideo clip --image cat.png --resolution 480P --duration 5 --seed 7\n"
        "A cat runs through tall grass, the camera follows low.",
    ),
    Example(
        "from one picture to another",
        "%%wanvideo dusk --image day.png --last-frame night.png --model 2.7\n"
        "Night falls over the city.",
    ),
    Example(
        "with references: who and what is seen",
        "%%wanvideo play --ref cat.png --ref ball.png --ratio 16:9\nThe cat plays with the ball.",
    ),
    Example(
        "a video goes on; its whole length is given",
        "%%wanvideo longer --clip take.mp4 --model 2.7 --duration 8\nThe sun comes out.",
    ),
    Example("a video is edited", "%%wanvideo snowy --video take.mp4\nIt snows."),
    Example(
        "a figure gets the motion of a video: no prompt",
        "%wanvideo dance --image figure.png --video take.mp4 --model 2.2",
    ),
    Example(
        "a portrait speaks: no prompt",
        "%wanvideo talk --image figure.png --audio voice.wav --model 2.2",
    ),
    Example(
        "an effect: no prompt",
        "%wanvideo fly --image cat.png --model 2.1-turbo --template flying",
    ),
    Example(
        "what it would send and cost, and nothing else",
        "%%wanvideo --model 2.6-flash --image cat.png --audio off --dry-run\n"
        "A cat looks at {{2 + 1}} birds.",
    ),
)
"""What `%wanvideo help examples` shows; a test runs every one."""

_HEAD = "%%wanvideo [NAME] [OPTIONS]     the prompt is the cell's body; NAME gets the job"
_INPUTS = """\
  no input             text to video
  --image              image to video; with --last-frame from one picture to another
  --ref (repeated)     reference to video: who and what is seen
  --clip               continues a video; --video edits one
  --image with --video gives a figure the motion of a video (--model 2.2)
  --image with --audio makes a portrait speak (--model 2.2)"""
_FOOT = r"""Values with spaces need quotes. {{expression}} inserts a Python value, in the prompt
or in an option; \{{ is two plain braces. Tab completes the line."""


def help_text() -> str:
    """Return the help of the magic: its options and its subcommands."""
    rows = []
    for group, heading in GROUPS.items():
        rows += ["", heading, *option_rows(group)]
    return "\n".join(
        [
            _HEAD,
            "",
            *(f"  {line}" for line in EXAMPLES[1].cell.splitlines()),
            "",
            _INPUTS,
            "",
            "  clip.result()        wait for the clip; `await clip` does the same",
            "",
            "Subcommands; an ID may be shortened to 4 characters",
            *help_rows(),
            *rows,
            "",
            _FOOT,
            f"More: %wanvideo help TOPIC: {', '.join(_TOPICS)};",
            "or a command, or an option.",
        ]
    )


def topics() -> tuple[str, ...]:
    """Return everything that `help_on` knows."""
    options = (_name(option) for option in OPTIONS)
    return tuple(dict.fromkeys((*_TOPICS, *BY_COMMAND, *options)))


def help_on(topic: str) -> str:
    """Return the help on a topic, a command or an option; of all without one.

    Raises
    ------
    InputError
        If there is no such topic.
    """
    word = topic.strip().lstrip("-").lower()
    if not word:
        return help_text()
    if word in _TOPICS:
        return _TOPICS[word]()
    # A name may be both: models is a topic, resume a command, wait an option as well.
    found = [BY_COMMAND[word].text()] if word in BY_COMMAND else []
    found += [_option(one) for one in OPTIONS if word in _names(one)]
    if not found:
        known = topics()
        hint = catalog.nearest(word, known) or f"topics: {', '.join(_TOPICS)}; or any option"
        raise InputError(f"there is no help on {topic.strip()!r}", hint=hint)
    return "\n\n".join(found)


def _name(option: Option) -> str:
    return option.flag.removeprefix("--")


def _names(option: Option) -> set[str]:
    flags = {flag.lstrip("-") for flag in option.flags}
    return flags | {option.name, f"no-{_name(option)}"}


# -- one option ----------------------------------------------------------------------------


def _option(option: Option) -> str:
    lines = [*option_rows(option.group, (option,))]
    if option.group != "run":
        lines += _models_of(option)
    if option.offered:
        lines += _folded(f"values: {', '.join(option.offered)}")
    if preference := PREFERENCES.get(option.name):
        ways = [f"{preference.name} = … in a config file", preference.variable]
        if preference.in_config:
            ways.insert(0, f"%config WanMagics.{preference.name} = …")
        lines += ["  as a default for all cells:", *(f"    {way}" for way in ways)]
    if option.sent_as:
        lines += _folded(f"sent as {option.sent_as}")
    return "\n".join(lines)


def _models_of(option: Option) -> list[str]:
    """Return the models that take an option, by the values that they take."""
    by_values: dict[str, list[str]] = {}
    for model in catalog.MODELS.values():
        if option.takes(model):
            values = _listed(option.choices(model))
            by_values.setdefault(values, []).append(model.name)
    if len(by_values) == 1 and "" in by_values:
        takers = by_values[""]
        every = len(takers) == len(catalog.MODELS)
        return [] if every else _folded(f"taken by {_some(takers)}")
    return [
        line
        for values, names in sorted(by_values.items(), key=lambda one: -len(one[1]))
        for line in _folded(f"{values or 'any value'}: {_some(names)}")
    ]


def _folded(text: str) -> list[str]:
    return textwrap.wrap(
        text, 100, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
    )


def _listed(values: Iterable[object]) -> str:
    found = list(values)
    whole = [one for one in found if type(one) is int and one > 0]
    if len(whole) > 3 and whole == list(range(whole[0], whole[-1] + 1)):
        rest = [str(one) for one in found if one not in whole]
        return ", ".join([*rest, f"{whole[0]} to {whole[-1]}"])
    return ", ".join(map(str, found))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{', '.join(names[:4])}{more}"


# -- topics --------------------------------------------------------------------------------


def _examples() -> str:
    shown = []
    for example in EXAMPLES:
        shown += ["", f"# {example.says}", *example.cell.splitlines()]
    return "\n".join(shown[1:])


def _commands() -> str:
    return "\n".join(["Subcommands; an ID may be shortened to 4 characters", *help_rows()])


def _models() -> str:
    versions = ", ".join(one for one in catalog.versions() if "-" not in one)
    lines = [
        "--model takes a name of the table, or a version, which becomes the model of that version",
        f"that takes the inputs: {versions}. Without it: version {catalog.DEFAULT_VERSIONS[0]}, or",
        "one that takes what is given. %wanvideo models shows all, with their values and prices.",
        "",
    ]
    for kind, label in catalog.KINDS.items():
        names = [model.name for model in catalog.MODELS.values() if model.kind == kind]
        lines.append(f"  {label:<22} {_some(names)}")
    return "\n".join(lines)


def _inputs() -> str:
    return "\n".join([_INPUTS, "", *option_rows("input")])


def _values() -> str:
    return "\n".join([GROUPS["value"], *option_rows("value")])


def _running() -> str:
    return "\n".join([GROUPS["run"], *option_rows("run")])


def _defaults() -> str:
    lines = [
        "Defaults hold for all cells. The strongest first: an option on the line, --preset NAME,",
        "%config WanMagics.NAME = …, WAN_MAGIC_NAME, [tool.wan-magic] of the nearest",
        "pyproject.toml, your own config file. %wanvideo config shows each, and where it is set.",
        "",
    ]
    lines += [f"  {one.name:<16} {one.help}" for one in ALL_PREFERENCES]
    return "\n".join(lines)


_TOPICS: dict[str, Callable[[], str]] = {
    "examples": _examples,
    "commands": _commands,
    "inputs": _inputs,
    "values": _values,
    "running": _running,
    "models": _models,
    "defaults": _defaults,
}
"""The topics that are neither a command nor an option."""
