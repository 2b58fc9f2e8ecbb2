"""How values are written by people, and how the API has them: 720p, 1280x720, pro."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def as_the_api_has_it(name: str, value: Any) -> Any:
    """Return a value as the model table has it.

    Examples
    --------
    >>> as_the_api_has_it("resolution", "720p"), as_the_api_has_it("ratio", "9x16")
    ('720P', '9:16')
    """
    return _MEANT[name](value) if name in _MEANT and isinstance(value, str) else value


def _size(text: str) -> str:
    return text.lower().replace("x", "*").replace("×", "*")


def _mode(text: str) -> str:
    return f"wan-{text}" if text in ("std", "pro") else text


def _ratio(text: str) -> str:
    return re.sub(r"(?<=\d)[x×/](?=\d)", ":", text)


_MEANT: dict[str, Callable[[str], str]] = {
    "resolution": str.upper,
    "size": _size,
    "mode": _mode,
    "ratio": _ratio,
}
