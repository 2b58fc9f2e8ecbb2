"""The preview's camera: where it looks in the first frame, at every moment."""

from __future__ import annotations

import hashlib
import math
import random
import re
from dataclasses import dataclass

MAX_ZOOM = 1.6
_PUSH = 0.26
_PAN_ZOOM = 1.22
_HALF_PAN_ZOOM = 1.3
"""A pan that begins in the middle has half the way to go: it gets a little more room."""
_EDGE = 0.95
_SETTLE = 0.4
"""The part of a shot in which it leaves the whole picture for where its move is."""

# What people write, in English and Chinese. Order in the prompt is order in the clip.
_WORDS = {
    "in": r"(?:zoom|push|dolly|mov|creep)(?:e|es|s|ing|ming)?[\s-]+(?:slowly\s+|gently\s+)?in\b|"
    r"\bcloser\b|close-?\s?up|推近|推进|拉近|放大|推镜|镜头推|特写",
    "out": r"(?:zoom|pull|dolly|mov|back)(?:e|es|s|ing|ming)?[\s-]+(?:slowly\s+|gently\s+)?"
    r"(?:out|back|away)\b|\breveal|拉远|拉开|拉镜|镜头拉|缩小|后退",
    "left": r"(?:pan|truck|slid|mov|sweep)(?:e|es|s|ing|ning)?\s+(?:\w+ )?left|left\s+pan|"
    r"向左|左移|左摇|往左",
    "right": r"(?:pan|truck|slid|mov|sweep)(?:e|es|s|ing|ning)?\s+(?:\w+ )?right|right\s+pan|"
    r"向右|右移|右摇|往右",
    "up": r"(?:tilt|cran|pan|mov)(?:e|es|s|ing|ning)?\s+(?:\w+ )?up|crane shot|"
    r"向上|上移|上摇|仰拍|升起",
    "down": r"(?:tilt|cran|pan|mov)(?:e|es|s|ing|ning)?\s+(?:\w+ )?down|向下|下移|下摇|俯拍|下降",
    "orbit": r"\borbit|circl(?:e|es|ing)\s+around|arc shot|revolv|环绕|绕着|围绕|旋转",
    "follow": r"\bfollow|\btracking\b|\btracks\b|handheld|hand-held|跟随|跟拍|跟踪|手持",
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in _WORDS.items()}
_DEFAULTS = (("in",), ("in",), ("out",), ("left",), ("right",), ("follow",), ("orbit",))
_SIDES = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


@dataclass(frozen=True)
class View:
    """What the camera sees.

    Attributes
    ----------
    x, y : float
        Where it looks: -1 (left, top) to 1 (right, bottom) of the room that the zoom leaves.
    zoom : float
        1 for the whole picture; 2 for half its width.
    """

    x: float
    y: float
    zoom: float

    def box(self, width: float, height: float) -> tuple[float, float, float, float]:
        """Return left, top, right, bottom in a picture of this size, never outside it."""
        zoom = max(self.zoom, 1.0)
        w, h = width / zoom, height / zoom
        left = (width - w) * (min(max(self.x, -1.0), 1.0) + 1) / 2
        top = (height - h) * (min(max(self.y, -1.0), 1.0) + 1) / 2
        return left, top, min(left + w, width), min(top + h, height)


def moves_in(prompt: str) -> tuple[str, ...]:
    """Return the camera moves that a prompt asks for, in its order, at most three.

    Examples
    --------
    >>> moves_in("Pan left across the bay, then slowly zoom in")
    ('left', 'in')
    >>> moves_in("镜头环绕城堡")
    ('orbit',)
    """
    text = prompt.lower()
    found = [(match.start(), name) for name, p in _PATTERNS.items() if (match := p.search(text))]
    return tuple(name for _, name in sorted(found))[:3]


class Shot:
    """One camera move, or a few in a row, without a cut.

    Parameters
    ----------
    moves : tuple of str
        Names from `moves_in`.
    rng : random.Random
        Source of the small differences between seeds.
    base : View, default the whole picture
        Where it starts from; a tighter one makes a second shot look like another.
    whole : bool, default False
        Begin with all of the picture: it is the clip's first frame. The camera then eases
        into its move; where that is "out", it goes in a little first, since there is nothing
        around the picture to be seen.
    """

    def __init__(
        self,
        moves: tuple[str, ...],
        rng: random.Random,
        base: View = View(0, 0, 1),
        *,
        whole: bool = False,
    ) -> None:
        self.moves = moves
        begins_in = whole and moves[0] == "in"
        self._settles = whole and not begins_in
        self._phase = rng.uniform(0, math.tau)
        self._turn = rng.choice((-1, 1))
        strength = rng.uniform(0.9, 1.1)
        x, y = base.x + rng.uniform(-0.12, 0.12), base.y + rng.uniform(-0.12, 0.12)
        zoom = base.zoom
        if not (set(moves) <= {"in", "out"} or begins_in):
            half_way = whole and not set(moves).isdisjoint(_SIDES)
            zoom = max(zoom, _HALF_PAN_ZOOM if half_way else _PAN_ZOOM)
        if moves[0] == "out":
            zoom = max(zoom, 1 + _PUSH * strength) + (zoom - 1) * 0.5
        far = 0.0 if whole else -_EDGE
        first = next((_SIDES[m] for m in moves if m in ("left", "right")), None)
        x = x if first is None else first[0] * far
        first = next((_SIDES[m] for m in moves if m in ("up", "down")), None)
        y = y if first is None else first[1] * far
        keys = [View(x, y, min(zoom, MAX_ZOOM))]
        for move in moves:
            keys.append(_after(move, keys[-1], strength))
        self._keys = keys

    def at(self, t: float) -> View:
        """Return the view at `t`, from 0 (start of the shot) to 1 (its end)."""
        steps = len(self._keys) - 1
        index = min(int(t * steps), steps - 1)
        a, b = self._keys[index], self._keys[index + 1]
        k = _ease(t * steps - index)
        x, y, zoom = (p + (q - p) * k for p, q in ((a.x, b.x), (a.y, b.y), (a.zoom, b.zoom)))
        if "orbit" in self.moves:
            x += self._turn * 0.85 * -math.cos(math.pi * _ease(t))
            y += 0.35 * math.sin(math.pi * t) * self._turn
        if "follow" in self.moves:
            # Two slow waves that never meet: a steady hand, not a tripod.
            x += 0.30 * math.sin(t * 7.3 + self._phase) + 0.12 * math.sin(t * 17.9)
            y += 0.24 * math.sin(t * 9.1 + self._phase * 1.7) + 0.10 * math.cos(t * 15.1)
        zoom = min(zoom, MAX_ZOOM)
        if self._settles:
            k = _ease(t / _SETTLE)
            x, y, zoom = x * k, y * k, 1 + (zoom - 1) * k
        return View(x, y, zoom)


def _after(move: str, view: View, strength: float) -> View:
    if move == "in":
        return View(view.x, view.y, min(view.zoom + _PUSH * strength, MAX_ZOOM))
    if move == "out":
        return View(view.x, view.y, max(view.zoom - _PUSH * strength, 1.0))
    if move in ("left", "right"):
        return View(_SIDES[move][0] * _EDGE, view.y, view.zoom)
    if move in ("up", "down"):
        return View(view.x, _SIDES[move][1] * _EDGE, view.zoom)
    return View(view.x, view.y, view.zoom + 0.06)


def _ease(t: float) -> float:
    """Return a start and a stop without a jerk (the sine curve of animation tools)."""
    return (1 - math.cos(math.pi * min(max(t, 0.0), 1.0))) / 2


def rng_for(seed: int, words: str, salt: str = "") -> random.Random:
    """Return the same source of chance for the same seed and words, on every machine."""
    digest = hashlib.sha256(f"{seed}|{salt}|{words}".encode(errors="replace")).digest()
    return random.Random(int.from_bytes(digest, "big"))  # noqa: S311 (a picture, no secret)


def plan(
    seed: int, words: str, frames: int, *, multi_shot: bool, fps: int, whole: bool = False
) -> list[View]:
    """Return the view of every frame of a clip.

    Parameters
    ----------
    seed : int
        The task's.
    words : str
        The prompt, or the effect's name.
    frames : int
        Pictures in the clip.
    multi_shot : bool
        Cut between two to four shots.
    fps : int
        Frames a second.
    whole : bool, default False
        Begin with all of the picture, because it is the first frame of the clip.
    """
    rng = rng_for(seed, words)
    asked = moves_in(words)
    if not multi_shot:
        return _views(Shot(asked or rng.choice(_DEFAULTS), rng, whole=whole), frames)
    count = min(max(round(frames / fps / 3.5), 2), 4, frames)
    bases = (View(0, 0, 1), View(-0.6, -0.3, 1.42), View(0.55, 0.2, 1.38), View(0, -0.1, 1.2))
    views: list[View] = []
    for index in range(count):
        ends = frames * (index + 1) // count
        # The words' own order, one move a shot, then whatever chance likes.
        moves = (asked[index],) if index < len(asked) else rng.choice(_DEFAULTS)
        shot = Shot(moves, rng, bases[index], whole=whole and index == 0)
        views += _views(shot, ends - len(views))
    return views


def _views(shot: Shot, frames: int) -> list[View]:
    return [shot.at(i / max(frames - 1, 1)) for i in range(frames)]
