"""What is still English on a screen that should be Chinese."""

from __future__ import annotations

import re
import string
from html.parser import HTMLParser

from wan_magic.notebook.options import OPTIONS
from wan_magic.wan import catalog

_SEEN = ("title", "alt", "aria-label", "placeholder")
"""Attributes that people see or hear."""
_NAMES = {
    *("Wan", "API", "Key", "JSON", "VACE", "EXIF", "JPEG", "PNG", "BMP", "WEBP", "MP4", "MOV"),
    *("http", "https", "ftp", "URI", "data", "ID", "PIL", "True", "False", "CNY", "USD", "MB"),
    *("HTTP", "TLS", "NaN", "PENDING", "Colab"),
    *("kB", "cat", "rain", "talk", "auto", "off", "random", "obj", "bg"),
    *(
        "std",
        "pro",
        "max_cost",
        "max_total",
        "on_done",
        "obj_or_bg",
        "UNKNOWN",
        "AI",
        "GIF",
        "CMYK",
    ),
}
"""Names, units and values that are the same in every language, and examples of files."""
_KEPT = re.compile(
    r"data:image/png;base64"
    r"|wanx?[\w.]*-[\w.-]+|wan\d\.\d|https?://\S*|%+wanvideo( \w+)*|--[a-z-]+( local)?|\.\w{3,4}\b"
    r"|\[[\w.]+\]|/api/v1|WAN_MAGIC_\w+|DASHSCOPE_\w+"
)
_ROWS = catalog.MODELS.values()
_VALUES = {str(value) for row in _ROWS for option in OPTIONS for value in option.choices(row)}
_FORMATS = {one for row in _ROWS for slot in row.inputs for one in slot.limits.formats}
_SAME = _NAMES | _VALUES | _FORMATS | {"png", "png_pipe", "base64"}


def english(text: str, *own: str) -> list[str]:
    """Return the words of a text or of HTML in Latin letters, without names, units and flags.

    Parameters
    ----------
    text : str
        As it is shown.
    *own : str
        What the user wrote.
    """
    reader = _Reader()
    reader.feed(text)
    shown = " ".join(reader.found)
    for one in sorted(own, key=len, reverse=True):
        shown = shown.replace(one, " ")
    words = re.findall(r"[A-Za-z](?:[A-Za-z0-9_'’-]+)", _KEPT.sub(" ", shown))
    return [word for word in words if word not in _SAME]


def names(template: str) -> set[str]:
    """Return the names in braces that a text leaves open."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._to_copy = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in _SEEN]
        self._to_copy += tag in ("pre", "code")

    def handle_endtag(self, tag: str) -> None:
        self._to_copy -= tag in ("pre", "code")

    def handle_data(self, data: str) -> None:
        if not self._to_copy:
            self.found.append(data)


def on_screen(widget: object) -> list[str]:
    """Return the texts of a widget and of all within it."""
    found = [str(getattr(widget, name, "") or "") for name in ("description", "tooltip")]
    found.append(getattr(widget, "placeholder", "").replace("\u200b", ""))
    found += [str(label) for label, _ in getattr(widget, "options", ())]
    if type(widget).__name__ in ("HTML", "Label"):
        found.append(widget.value)  # type: ignore[attr-defined]
    for output in getattr(widget, "outputs", ()):
        found.append(output["data"].get("text/html", ""))
    for child in getattr(widget, "children", ()):
        found += on_screen(child)
    return [one for one in found if one]
