"""The table of subcommands: the line magic, its help and its hints are made from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from wan_magic.errors import InputError
from wan_magic.jobs.history import OPEN, ORDERS, STATES
from wan_magic.notebook.misread import nearest_flag
from wan_magic.notebook.options import OPTIONS, Option
from wan_magic.notebook.parsing import parse_words

if TYPE_CHECKING:
    from collections.abc import Callable

_SINCE = Option(
    "since",
    ("--since",),
    "text",
    "from then on",
    metavar="7d",
    offered=("today", "7d", "30d"),
)
_OWN = (
    Option(
        "state",
        ("--state",),
        "text",
        "done, failed, running…; open: to be fetched",
        metavar="S",
        offered=(*STATES, OPEN),
    ),
    Option("notebook", ("--notebook",), "text", "a part of its name", metavar="NAME"),
    _SINCE,
    Option("sort", ("--sort",), "text", ", ".join(ORDERS), metavar="cost", offered=tuple(ORDERS)),
    Option("limit", ("--limit",), "integer", "so many at most", metavar="20"),
    Option("files", ("--files",), "flag", "delete the clip, too"),
    Option("force", ("--force",), "flag", "also while it runs, or is to be fetched"),
    Option("offline", ("--offline",), "flag", "ask nobody on the network"),
)
_TABLE = {option.name: option for option in (*OPTIONS, *_OWN)}
CLIP_ORDERS = ("date", "cost", "seconds", "model", "seed")
_PART_OF_MODEL = Option("model", ("-m", "--model"), "text", "a part of its name", metavar="NAME")
_SORT_CLIPS = Option(
    "sort",
    ("--sort",),
    "text",
    ", ".join(CLIP_ORDERS),
    metavar="cost",
    offered=CLIP_ORDERS,
)
_WAIT_FOR_ALL = Option(
    "timeout",
    ("--timeout",),
    "number",
    "seconds for all of them together; default: until all have ended",
    metavar="600",
)
_AS_SENT = tuple(
    replace(_TABLE[name], help=f"{said}; default: as it was sent")
    for name, said in (
        ("endpoint", "a region, a gateway, or a URL"),
        ("workspace", "workspace id"),
        ("out", "folder for clips"),
    )
)
SETTINGS = ("endpoint", "workspace", "out", "timeout")


@dataclass(frozen=True)
class Command:
    """A subcommand of ``%wanvideo``.

    Attributes
    ----------
    name : str
        As it is typed.
    arguments : str
        What may follow, for the help.
    help : str
        One line.
    options : tuple of str
        The names of the options that it takes.
    words : int or None
        How many words it takes at most; None for any number.
    more : str
        What else to say in its own help.
    offers : str
        What completion offers for its words: jobs, open (jobs), groups, models, topics.
    own : tuple of Option
        Rows that mean something else here than on the line of a cell.
    """

    name: str
    arguments: str
    help: str
    options: tuple[str, ...] = ()
    words: int | None = None
    more: str = ""
    offers: Literal["", "jobs", "open", "groups", "models", "topics"] = ""
    own: tuple[Option, ...] = ()

    @property
    def table(self) -> tuple[Option, ...]:
        """The rows of its options."""
        rows = _TABLE | {option.name: option for option in self.own}
        return tuple(rows[name] for name in self.options)

    def text(self) -> str:
        """Return its own help."""
        lines = [f"%wanvideo {self.name} {self.arguments}".rstrip(), f"  {self.help}"]
        for option in self.table:
            flags = ", ".join(option.flags)
            if option.kind == "switch":
                flags += f", --no-{option.flag[2:]}"
            typed = f"{flags} {option.metavar}".rstrip()
            lines.append(f"  {typed:<24} {option.help}")
        return "\n".join([*lines, f"  {self.more}"] if self.more else lines)


COMMANDS = (
    Command(
        "models",
        "[WORDS]",
        "models with their inputs, values and prices",
        more="words that must all fit, such as i2v 480P silent; %wanvideo help models says more",
        offers="models",
    ),
    Command(
        "panel", "[NAME]", "the same with buttons", (*SETTINGS, "max_cost", "over_budget"), words=1
    ),
    Command(
        "jobs",
        "[WORDS] [--state S] [--since 7d] [--sort cost]",
        "what was asked for, in all notebooks",
        ("state", "model", "notebook", "since", "sort", "limit"),
        more="jobs = %wanvideo jobs cat; jobs.to_csv('jobs.csv'), to_json(), to_dataframe()",
        own=(_PART_OF_MODEL,),
    ),
    Command(
        "gallery",
        "[WORDS] [--since 7d] [--sort cost]",
        "clips side by side: play all, sort, pick",
        ("model", "notebook", "since", "sort", "limit"),
        more="words may be variables of clips; --sort=-cost turns the order round",
        own=(_PART_OF_MODEL, _SORT_CLIPS),
    ),
    Command(
        "show",
        "ID [NAME]",
        "a job again: its player, its error, its live card",
        ("embed", "player_width", "loop"),
        words=2,
        offers="jobs",
    ),
    Command(
        "resume",
        "[ID [NAME]]",
        "go on with what was left, and fetch it: one job, or all",
        (*SETTINGS, "wait"),
        words=2,
        offers="open",
        own=_AS_SENT,
    ),
    Command(
        "wait",
        "[ID…] [--timeout 600]",
        "wait for jobs, or for all of them",
        ("timeout",),
        offers="open",
        own=(_WAIT_FOR_ALL,),
    ),
    Command("cancel", "ID", "cancel a job that still waits", words=1, offers="open"),
    Command(
        "forget",
        "ID [--files] [--force]",
        "take a job off the list",
        ("files", "force"),
        words=1,
        offers="jobs",
    ),
    Command(
        "cost",
        "[day|month|model|notebook] [--since 30d]",
        "what all jobs cost, and what is left of budgets",
        ("since",),
        words=1,
        offers="groups",
    ),
    Command(
        "config",
        "[--preset NAME]",
        "each default, and where it is set",
        ("preset",),
        words=0,
        more='set one with %config WanMagics.resolution = "480P", or in a file',
    ),
    Command(
        "login",
        "[--endpoint singapore]",
        "ask for the key, hidden; check it at no cost, keep it",
        ("endpoint", "workspace"),
    ),
    Command(
        "logout",
        "[--endpoint singapore]",
        "forget the key of an endpoint; or all keys",
        ("endpoint",),
        words=0,
    ),
    Command(
        "doctor",
        "[--offline]",
        "what is wrong with this installation",
        ("endpoint", "workspace", "out", "offline"),
        words=0,
    ),
    Command(
        "help", "[TOPIC]", "this text; or a command, an option, models…", words=1, offers="topics"
    ),
)
"""Every subcommand, in the order of the help. An ID may be shortened to 4 characters."""

BY_COMMAND = {command.name: command for command in COMMANDS}


def help_rows() -> list[str]:
    """Return the subcommands as lines of the help."""
    rows = []
    for command in COMMANDS:
        typed = f"%wanvideo {command.name} {command.arguments}".rstrip()
        if len(typed) <= 31:
            rows.append(f"  {typed:<31} {command.help}")
        else:  # a line of its own keeps the column
            rows += [f"  {typed}", f"{'':<34}{command.help}"]
    return rows


def words_and_options(
    name: str, rest: str, evaluate: Callable[[str], Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Read what follows a subcommand.

    Parameters
    ----------
    name : str
        Of the subcommand.
    rest : str
        The line after it.
    evaluate : callable
        Evaluates a Python expression in the user's namespace.

    Raises
    ------
    InputError
        If it takes no such option, or not so many words.
    """
    command = BY_COMMAND[name]
    known = [flag for one in command.options for flag in _TABLE[one].flags]
    for word in rest.split():
        flag = word.partition("=")[0]
        if flag.startswith("--") and not any(flag in one.flags for one in _TABLE.values()):
            takes = f"{name} takes {', '.join(known)}" if known else f"{name} takes no options"
            raise InputError(f"unknown option {flag}", hint=nearest_flag(flag, known) or takes)
    words, options = parse_words(rest, evaluate, tuple(_TABLE.values()))
    extra = ", ".join(sorted(options.keys() - set(command.options)))
    if extra:
        flags = ", ".join(_TABLE[one].flag for one in command.options)
        raise InputError(
            f"{name} takes no {extra}", hint=f"it takes {flags}" if flags else "leave it out"
        )
    if command.words is not None and len(words) > command.words:
        raise InputError(
            f"unexpected {str(words[command.words])!r}",
            hint=f"%wanvideo {name} {command.arguments}",
        )
    return words, options
