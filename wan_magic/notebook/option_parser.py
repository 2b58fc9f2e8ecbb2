"""The options among the words of a line: each given once, switches read as they are meant."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from wan_magic.errors import InputError
from wan_magic.notebook.misread import unparsed, valueless
from wan_magic.notebook.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_magic.notebook.options import Option

_YES_NO = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_SWITCH_FLAGS = {option.flag for option in OPTIONS if option.kind == "switch"}


def typed_options(
    tokens: Sequence[str], table: Sequence[Option]
) -> tuple[dict[str, Any], list[str]]:
    """Return what was typed, by the names of the options that were given; and the words left.

    Parameters
    ----------
    tokens : sequence of str
        As a shell splits a line.
    table : sequence of Option
        The options that are looked for.

    Raises
    ------
    InputError
        For an option without its value, with one too many, or given twice.
    """
    given, left = _parser(table).parse_known_args(_switches(tokens, table))
    return vars(given), left


def _switches(tokens: Sequence[str], table: Sequence[Option]) -> list[str]:
    """Read ``--watermark false`` and ``--watermark=no`` as they are meant.

    Raises
    ------
    InputError
        For ``--fresh false``, too: it would be paid.
    """
    flags = {flag: option for option in table if option.kind == "flag" for flag in option.flags}
    read: list[str] = []
    for token in tokens:
        flag, equals, value = token.partition("=")
        if equals and flag in _SWITCH_FLAGS:
            if value.lower() not in _YES_NO:
                hint = f"write {flag} or --no-{flag[2:]}"
                raise InputError(f"{flag} is yes or no, not {value!r}", hint=hint)
            read.append(flag if _YES_NO[value.lower()] else f"--no-{flag[2:]}")
        elif read and read[-1] in _SWITCH_FLAGS and token.lower() in _YES_NO:
            if not _YES_NO[token.lower()]:
                read[-1] = f"--no-{read[-1][2:]}"
        elif read and read[-1] in flags and token.lower() in _YES_NO:
            raise valueless(flags[read[-1]], token)
        else:
            read.append(token)
    return read


def _parser(table: Sequence[Option]) -> argparse.ArgumentParser:
    parser = _Parser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    parser.table = table
    for option in table:
        flags, nargs = option.flags, None
        if option.kind in ("switch", "flag"):
            nargs = 0
        if option.kind == "switch":
            flags = (*flags, f"--no-{option.flag[2:]}")
        parser.add_argument(*flags, dest=option.name, action=_Once, nargs=nargs, option=option)
    return parser


class _Parser(argparse.ArgumentParser):
    table: Sequence[Option] = ()

    def error(self, message: str) -> NoReturn:
        raise unparsed(message, self.table)


class _Once(argparse.Action):
    """Stores a value; a second one for the same option is an error, not a silent winner."""

    def __init__(self, *args: Any, option: Option, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.option = option

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - argparse's protocol
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        if self.option.repeat:
            setattr(namespace, self.dest, [*getattr(namespace, self.dest, []), values])
            return
        if hasattr(namespace, self.dest):
            raise InputError(f"{self.option.flag} is given twice", hint="keep one of them")
        if self.nargs == 0:
            values = not (option_string or "").startswith("--no-")  # type: ignore[assignment]
        setattr(namespace, self.dest, values)
