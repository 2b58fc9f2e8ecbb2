"""A font for any words: whichever the system has that covers them."""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ImageFont, features

if TYPE_CHECKING:
    from collections.abc import Iterator

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_LATIN = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/System/Library/Fonts/Supplemental/Arial.ttf",
    "/System/Library/Fonts/Helvetica.ttc",
    "C:/Windows/Fonts/segoeui.ttf",
    "C:/Windows/Fonts/arial.ttf",
)
_CJK = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
    "/System/Library/Fonts/STHeiti Medium.ttc",
    "/System/Library/Fonts/AppleSDGothicNeo.ttc",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simhei.ttf",
    "C:/Windows/Fonts/YuGothM.ttc",
    "C:/Windows/Fonts/malgun.ttf",
)
_OTHER_FOLDERS = ("/usr/share/fonts/truetype/noto", "/System/Library/Fonts/Supplemental")
# Faces in the Noto CJK collection: the same code point has national shapes.
_NOTO_FACES = {"ja": 0, "ko": 1, "zh": 2}
_SHAPED = ("ARABIC", "HEBREW", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU", "KHMER", "MYANMAR")


def font_for(text: str, size: int) -> tuple[Font, str] | None:
    """Return a font and the text that it can draw, or None where no font covers it.

    Letters and digits must all be covered. Pictographs that are not (emoji, mostly)
    are left out of the text, since a hollow box says nothing.

    Parameters
    ----------
    text : str
        One line or many.
    size : int
        Pixels.
    """
    # Half of a surrogate pair is valid JSON, and nothing that can be drawn.
    # Thin and wide spaces become plain ones: a font may lack them.
    blank = ("Cc", "Cs", "Zs", "Zl", "Zp")
    text = "".join(" " if unicodedata.category(ch) in blank else ch for ch in text)
    # Variation selectors are marks by category, and have no shape of their own.
    needs = frozenset(
        ch
        for ch in text
        if unicodedata.category(ch)[0] in "LN"
        or (unicodedata.category(ch) == "Mn" and not "\ufe00" <= ch <= "\ufe0f")
    )
    shaped = any(unicodedata.name(ch, "").startswith(_SHAPED) for ch in needs)
    if shaped and not features.check("raqm"):
        return None
    for font in _candidates(_language(needs), size):
        if all(_has(font, ch) for ch in needs):
            kept = "".join(ch for ch in text if ch.isspace() or _has(font, ch))
            return font, kept
    return None


def _language(needs: frozenset[str]) -> str:
    names = {unicodedata.name(ch, "").split(" ")[0] for ch in needs}
    if names & {"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}:
        return "ja"
    if "HANGUL" in names:
        return "ko"
    return "zh" if "CJK" in names else ""


def _candidates(language: str, size: int) -> Iterator[Font]:
    paths = (*_CJK, *_LATIN) if language else (*_LATIN, *_CJK)
    for path in paths:
        index = _NOTO_FACES.get(language, 2) if "NotoSansCJK" in path else 0
        if font := _load(path, index, size):
            yield font
    yield _default(size)
    for path in _others():
        if font := _load(path, 0, size):
            yield font


@functools.cache
def _others() -> tuple[str, ...]:
    found = (sorted(Path(folder).glob("*.tt[fc]")) for folder in _OTHER_FOLDERS)
    wanted = ("-Regular", "Sans", "Unicode")
    return tuple(str(p) for group in found for p in group if p.stem.endswith(wanted))[:120]


@functools.lru_cache(maxsize=64)
def _load(path: str, index: int, size: int) -> Font | None:
    try:
        return ImageFont.truetype(path, size, index=index)
    except OSError:
        return None


@functools.lru_cache(maxsize=8)
def _default(size: int) -> Font:
    return ImageFont.load_default(size)


@functools.lru_cache(maxsize=4096)
def _has(font: Font, ch: str) -> bool:
    """Tell whether a font has a glyph, by comparing it with the shape of "no glyph"."""
    if isinstance(font, ImageFont.ImageFont):
        return ch.isascii()
    glyph = font.getmask(ch)
    missing = font.getmask("\U0010fffe")
    return bool(glyph.size[0]) and (glyph.size != missing.size or bytes(glyph) != bytes(missing))
