"""Small pieces of HTML for cards and players: inline styles, all text escaped.

Colours are the front end's own (inherited text, half-transparent greys), so that a
saved output reads well in light and dark, in an export, and where variables of
JupyterLab's themes do not exist.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Literal

from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

FONT = (  # of all that we show
    "font-family:system-ui,-apple-system,'Segoe UI','Noto Sans CJK SC','Microsoft YaHei',sans-serif"
)

WRAP = "word-wrap:break-word;overflow-wrap:anywhere"
"""Long words are broken; JupyterLab's sanitizer knows the first by this name only."""

Tone = Literal["plain", "good", "bad", "warn", "preview"]

_TONES: dict[str, str] = {
    "plain": "#6b7280",
    "good": "#1f7f47",
    "bad": "#c23636",
    "warn": "#8f6200",
    "preview": "#6a48c9",
}


def text(value: object) -> str:
    """Escape anything for HTML."""
    return escape(str(value), quote=True)


def tone(name: Tone) -> str:
    """Return the colour of a tone."""
    return _TONES[name]


def frame(*parts: str, tone: Tone = "plain", width: int = 720) -> str:
    """Wrap parts into the one look of all cards, at most `width` pixels wide."""
    return (
        f'<div style="box-sizing:border-box;max-width:{width}px;margin:4px 0;padding:12px 14px;'
        "border:1px solid rgba(128,128,128,.35);"
        f"border-left:4px solid {_TONES[tone]};{FONT};font-size:13px;"
        f'line-height:1.5;{WRAP}">{"".join(parts)}</div>'
    )


def badge(label: str, tone: Tone) -> str:
    """Return a small coloured label."""
    return (
        f'<span style="display:inline-block;padding:0 7px;border-radius:9px;color:#fff;'
        f"font-size:11px;font-weight:600;letter-spacing:.04em;line-height:18px;"
        f'background:{_TONES[tone]}">{text(label)}</span>'
    )


def line(*cells: str, size: int = 12, quiet: bool = True) -> str:
    """Return one line of facts, divided by dots; cells are HTML already."""
    dot = '<span style="opacity:.5;white-space:nowrap"> ·</span> '  # never begins a line
    shown = dot.join(cell for cell in cells if cell)
    style = f"font-size:{size}px;margin-top:4px" + (";opacity:.85" if quiet else "")
    return f'<div style="{style}">{shown}</div>' if shown else ""


def fact(value: object) -> str:
    """Return a short fact, such as a number with its unit, that no line break divides."""
    shown = text(value)
    return f'<span style="white-space:nowrap">{shown}</span>' if len(shown) <= 24 else shown


def folded(summary: str, *parts: str) -> str:
    """Return what is seen after a click only; the parts are HTML already."""
    return (
        '<details style="margin-top:4px;font-size:12px">'
        f'<summary style="cursor:pointer;opacity:.85">{text(summary)}</summary>'
        f"{''.join(parts)}</details>"
    )


def notes(values: Iterable[str]) -> str:
    """Return what the user should know, a line each."""
    return "".join(line(text(tr("note: {note}", note=tr_sentence(value)))) for value in values)


def short(value: str, limit: int) -> str:
    """Return a text of at most `limit` characters."""
    return value if len(value) <= limit else value[: limit - 1] + "…"


def prompt(value: str, limit: int = 400) -> str:
    """Return a prompt as it reads in captions, shortened when it is very long."""
    shown = short(value, limit)
    return (
        f'<div style="margin-top:6px;font-size:14px;white-space:pre-line">{text(shown)}</div>'
        if shown
        else ""
    )


def code(value: str) -> str:
    """Return an id or a command, easy to select and copy."""
    hint = text(tr("one click selects all of it"))
    return (
        f'<code title="{hint}" style="font-size:12px;background:rgba(128,128,128,.15);'
        f"color:inherit;padding:1px 4px;border-radius:4px;user-select:all"
        f'">{text(value)}</code>'
    )


def named(name: str, value: str) -> str:
    """Return an id with its name, on a line of their own rather than on two; no dot follows."""
    style = "display:inline-block;margin-right:12px"
    return f'<span style="{style}">{text(name)} {code(value)}</span>'


def cell(value: str) -> str:
    """Return a whole cell to copy: its lines stay lines, long ones wrap, and no flag in two."""
    hint = text(tr("one click selects all of it"))
    flags = re.sub(
        r"(?<!\S)--[a-z-]+", r'<span style="white-space:nowrap">\g<0></span>', text(value)
    )
    return (
        f'<code title="{hint}" style="display:block;font-size:12px;background:'
        "rgba(128,128,128,.15);color:inherit;margin:2px 0 8px;padding:6px 8px;border-radius:4px;"
        f'white-space:pre-wrap;{WRAP};user-select:all">{flags}</code>'
    )


def duration(seconds: float) -> str:
    """Return seconds as people say them.

    Examples
    --------
    >>> duration(5), duration(72), duration(3700)
    ('5 s', '1 min 12 s', '1 h 01 min')
    """
    whole = round(seconds)
    if whole < 60:
        return tr("{seconds} s", seconds=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return tr("{minutes} min {seconds} s", minutes=minutes, seconds=f"{rest:02d}")
    return tr("{hours} h {minutes} min", hours=minutes // 60, minutes=f"{minutes % 60:02d}")
