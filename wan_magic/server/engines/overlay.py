"""What is written over the preview: the badge, the caption, the mark."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from PIL import Image, ImageDraw

from wan_magic.server.engines.fonts import Font, font_for
from wan_magic.server.engines.planes import Colour, even

_WHITE = (255, 255, 255, 255)
_PLATE = (12, 14, 18, 168)
_NO_LINE_START = "，。、！？；：）】」』》…,.!?;:)]}%"


@dataclass(frozen=True)
class Sprite:
    """A picture with transparency and its place in the frame, in even pixels."""

    image: Image.Image
    x: int
    y: int


def free_rows(made: list[Sprite], width: int, height: int) -> tuple[int, int]:
    """Return the rows between which nothing is written, less a little air."""
    air = even(min(width, height) / 40)
    badge = made[-1]
    top = badge.y + badge.image.height + air
    bottom = min((s.y for s in made[:-1]), default=height) - air
    # A frame full of words has no free rows: then things may touch.
    return (top, bottom) if bottom - top > height / 4 else (0, height)


def sprites(width: int, height: int, *, caption: str, watermark: bool) -> list[Sprite]:
    """Return all that lies over a frame of this size.

    Parameters
    ----------
    width, height : int
        The frame, in pixels.
    caption : str
        The prompt, or the effect's name; empty for none.
    watermark : bool
        Whether to write the mark that the service writes (bottom right, "AI生成").
    """
    unit, margin = _measures(width, height)
    badge = _pill("PREVIEW", unit * 0.8)
    made = []
    floor = height - margin
    if watermark:
        mark = _mark(unit)
        made.append(Sprite(mark, even(width - margin - mark.width), even(floor - mark.height)))
        floor -= _mark_room(unit)
    if caption.strip():
        block = _caption(caption, width - 2 * margin, unit, most_lines(width, height))
        top = even(floor - block.height)
        made.append(Sprite(block, even((width - block.width) / 2), max(top, 0)))
    # Last, so that nothing in a very low frame can cover it.
    return [*made, Sprite(badge, margin, margin)]


def caption_rows(width: int, height: int, lines: int, *, watermark: bool = False) -> list[int]:
    """Return the rows of a caption: where its plate begins, each line, their end, the plate's."""
    unit, margin = _measures(width, height)
    _, step, pad = _type(unit)
    floor = height - margin - (_mark_room(unit) if watermark else 0)
    top = floor - even(step * lines + pad * 1.1 + 1)
    return [top, *(top + round(pad * 0.55) + step * n for n in range(lines + 1)), floor]


def _measures(width: int, height: int) -> tuple[int, int]:
    """Return the size of letters, and the margin around what is written."""
    # By the frame's area, but in a narrow strip the badge still has to fit across.
    unit = max(min(round((width * height) ** 0.5 / 32), width // 9), 8)
    return unit, even(unit * 0.8)


def most_lines(width: int, height: int) -> int:
    """Return how many lines a caption has at most."""
    return 3 if width > height else 5


def _type(unit: int) -> tuple[float, int, float]:
    """Return a caption's size of letters, step from line to line, and padding."""
    size = max(unit * 0.86, 12)
    return size, round(size * 1.42), size * 0.75


def _canvas(width: float, height: float) -> Image.Image:
    return Image.new("RGBA", (even(width + 1), even(height + 1)), (0, 0, 0, 0))


def plate(
    width: float, height: float, radius: float, fill: tuple[int, int, int, int], line: int = 0
) -> Image.Image:
    """Return a rounded plate with smooth edges: drawn four times too large, then reduced."""
    canvas = _canvas(width, height)
    size = (canvas.width * 4, canvas.height * 4)
    big = Image.new("RGBA", size, (*fill[:3], 0))
    ImageDraw.Draw(big).rounded_rectangle(
        (0, 0, size[0] - 1, size[1] - 1),
        radius=radius * 4,
        fill=fill,
        outline=(255, 255, 255, 200) if line else None,
        width=line * 4,
    )
    return big.resize(canvas.size, Image.Resampling.BOX)


def _font(text: str, size: float) -> tuple[Font, str]:
    pixels = max(round(size), 8)
    found = font_for(text, pixels)
    if found is None:
        # Better a plain sentence than a row of hollow boxes.
        found = font_for(f"prompt: {len(text)} characters (no font here for its script)", pixels)
    if found is None:
        raise RuntimeError("Pillow has no font at all")
    return found


def _pill(text: str, size: float) -> Image.Image:
    """Return a badge: spaced capitals on a dark plate with a light edge, for any ground."""
    font, text = _font(text, size)
    gap = size * 0.16
    wide = sum(font.getlength(ch) + gap for ch in text) - gap
    base = plate(wide + size * 1.5, size * 1.9, size * 0.5, (12, 14, 18, 200), line=1)
    draw = ImageDraw.Draw(base)
    top, bottom = font.getbbox(text)[1::2]
    x, y = (base.width - wide) / 2, (base.height - top - bottom) / 2
    for ch in text:
        draw.text((x, y), ch, font=font, fill=_WHITE)
        x += font.getlength(ch) + gap
    return base


def label(
    text: str,
    size: float,
    back: Colour = (12, 14, 18),
    ink: Colour = (255, 255, 255),
    room: float = 0,
) -> Image.Image:
    """Return a short text on a small plate; two lines at most where `room` limits it."""
    font, text = _font(text, size)
    lines = wrap(text, font, room, 2) if room else [text]
    step = size * 1.35
    wide = max(font.getlength(line) for line in lines or [""]) + size * 1.1
    base = plate(wide, step * max(len(lines), 1) + size * 0.3, size * 0.4, (*back, 235))
    draw = ImageDraw.Draw(base)
    for row, line in enumerate(lines):
        middle = (base.width / 2, size * 0.15 + step * (row + 0.5))
        draw.text(middle, line, font=font, fill=(*ink, 255), anchor="mm")
    return base


def _mark_room(unit: int) -> int:
    """Return how much higher a caption stands where the mark is below it."""
    return _mark(unit).height + even(unit * 0.3)


def _mark(unit: int) -> Image.Image:
    found = font_for("AI生成", unit)
    font, text = found if found else _font("AI", unit)
    box = ImageDraw.Draw(_canvas(2, 2)).textbbox((0, 0), text, font=font, stroke_width=1)
    canvas = _canvas(box[2] - box[0] + 4, box[3] - box[1] + 4)
    ImageDraw.Draw(canvas).text(
        (2 - box[0], 2 - box[1]),
        text,
        font=font,
        fill=(255, 255, 255, 225),
        stroke_width=max(unit // 16, 1),
        stroke_fill=(0, 0, 0, 200),
    )
    return canvas


def _caption(text: str, room: int, unit: int, max_lines: int) -> Image.Image:
    size, step, pad = _type(unit)
    font, text = _font(text, size)
    lines = wrap(text, font, room - 2 * pad, max_lines)
    widest = max(font.getlength(line) for line in lines)
    base = plate(widest + 2 * pad, step * len(lines) + pad * 1.1, size * 0.6, _PLATE)
    draw = ImageDraw.Draw(base)
    for row, line in enumerate(lines):
        middle = (base.width / 2, pad * 0.55 + step * (row + 0.5))
        draw.text(middle, line, font=font, fill=_WHITE, anchor="mm")
    return base


def wrap(text: str, font: Font, room: float, max_lines: int) -> list[str]:
    """Return lines no wider than `room` pixels; the last one ends in "…" if cut.

    Latin breaks at spaces, Chinese and Japanese anywhere but before closing
    punctuation, and a word longer than a line is broken where it has to be.
    """
    lines: list[str] = [""]
    for piece in _pieces(" ".join(text.split())):
        if font.getlength((lines[-1] + piece).rstrip()) <= room:
            lines[-1] += piece
            continue
        if len(lines) > max_lines:
            break
        if font.getlength(piece.rstrip()) <= room:
            lines.append(piece.lstrip())
            continue
        for ch in piece:
            if font.getlength(lines[-1] + ch) > room:
                lines.append("")
            lines[-1] += ch
            if len(lines) > max_lines:
                break
    lines = [line.rstrip() for line in lines if line.strip()]
    if len(lines) > max_lines:
        last = lines[max_lines - 1]
        while last and font.getlength(last + "…") > room:
            last = last[:-1]
        lines = [*lines[: max_lines - 1], last.rstrip(" ，。、,.") + "…"]
    return lines


def _pieces(text: str) -> list[str]:
    """Split where a line may end; closing punctuation stays with what it closes."""
    pieces: list[str] = []
    word = ""
    for ch in text:
        wide = unicodedata.east_asian_width(ch) in "WF"
        if ch in _NO_LINE_START and not word and pieces:
            pieces[-1] += ch
        elif wide:
            pieces += [word, ch] if word else [ch]
            word = ""
        else:
            word += ch
            if ch == " ":
                pieces.append(word)
                word = ""
    return [*pieces, word] if word else pieces
