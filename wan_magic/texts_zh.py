"""The words in simplified Chinese, by the English of `wan_magic.texts.tr`."""

from __future__ import annotations

TEXTS: dict[str, str] = {
    # The card
    "Cancel": "取消",
}
