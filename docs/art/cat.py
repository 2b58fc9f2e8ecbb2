"""Draw the quickstart's first frame: a ginger cat leaping through tall grass at golden hour.

``python docs/art/cat.py out.jpg`` writes the picture as an SVG, renders it in Chromium (through
Playwright) and saves it as a JPEG. The same seed always gives the same picture.
"""

from __future__ import annotations

import io
import math
import random
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 1280, 720
SUN = (1072, 254)
LIGHT = (0.56, -0.72, 0.41)  # towards the sun, seen from the cat; z points at the viewer
RNG = random.Random(7)  # noqa: S311 - it places grass, it keeps no secrets

GINGER = ("#4a1c10", "#93400f", "#d06c1c", "#f2993a", "#ffc46a", "#fff0bd")
CREAM = ("#8a5a48", "#bd8c6c", "#e6c39c", "#f8e3c4", "#fff3dc", "#fffdf2")

Point = tuple[float, ...]


# --- colours and curves ---------------------------------------------------------------------


def mix(a: str, b: str, t: float) -> str:
    """Blend two ``#rrggbb`` colours."""
    t = min(1.0, max(0.0, t))
    pairs = ((int(a[i : i + 2], 16), int(b[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(p + (q - p) * t):02x}" for p, q in pairs)


def ramp(colours: tuple[str, ...], t: float) -> str:
    """Pick a colour along a dark-to-light ramp, t in 0..1."""
    t = min(0.999, max(0.0, t)) * (len(colours) - 1)
    return mix(colours[int(t)], colours[int(t) + 1], t % 1)


def smooth(lo: float, hi: float, x: float) -> float:
    """Hermite step from 0 at lo to 1 at hi."""
    t = min(1.0, max(0.0, (x - lo) / (hi - lo)))
    return t * t * (3 - 2 * t)


def spline(knots: Sequence[Point], steps: int = 16) -> list[Point]:
    """Catmull-Rom samples through knots of any dimension."""
    padded = [knots[0], *knots, knots[-1]]
    out = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for i in range(steps):
            t = i / steps
            out.append(
                tuple(
                    0.5
                    * (
                        2 * b
                        + (c - a) * t
                        + (2 * a - 5 * b + 4 * c - d) * t * t
                        + (3 * b - a - 3 * c + d) * t**3
                    )
                    for a, b, c, d in zip(p0, p1, p2, p3, strict=True)
                )
            )
    return [*out, knots[-1]]


def polygon(points: Sequence[Point]) -> str:
    """Path data of a closed polygon."""
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y, *_ in points) + "Z"


def inside(points: Sequence[Point], x: float, y: float) -> bool:
    """Even-odd test of a point against a polygon."""
    hit = False
    for (x1, y1, *_), (x2, y2, *_) in zip(points, [*points[1:], points[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            hit = not hit
    return hit


# --- the cat ----------------------------------------------------------------------------------


def lit(nx: float, ny: float) -> float:
    """Find the brightness of fur whose surface normal has these screen components."""
    nz = math.sqrt(max(0.0, 1 - nx * nx - ny * ny))
    diffuse = max(0.0, nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2])
    rim = float(max(0.0, nx * LIGHT[0] + ny * LIGHT[1]) ** 2 * (1 - nz) ** 1.4)
    return 0.24 + 0.52 * diffuse - 0.1 * ny + 0.75 * rim


def hair(x: float, y: float, angle: float, length: float, colour: str) -> str:
    """Draw one hair."""
    dx, dy = math.cos(angle) * length, math.sin(angle) * length
    bend = RNG.uniform(-0.16, 0.16)
    return (
        f'<path d="M{x:.1f},{y:.1f}q{dx / 2 - dy * bend:.1f},{dy / 2 + dx * bend:.1f} '
        f'{dx:.1f},{dy:.1f}" stroke="{colour}"/>'
    )


def tube(
    knots: Sequence[Point],
    count: int,
    stripes: float,
    *,
    dim: float = 1.0,
    root: float = 0.0,
    white: float = 2.0,
    belly: float = 2.0,
    length: float = 11,
) -> str:
    """Fur a limb given as (x, y, half-width) knots, hair lying from its first knot to its last.

    ``root`` is the share that melts into the body beneath, ``white`` where the sock starts and
    ``belly`` how far round the lighter underside begins.
    """
    axis = spline(knots)
    n = len(axis) - 1
    rings = []
    for i, (x, y, w) in enumerate(axis):
        ax, ay, _ = axis[max(0, i - 2)]
        bx, by, _ = axis[min(n, i + 2)]
        angle = math.atan2(by - ay, bx - ax)
        rings.append((x, y, w, angle))
    start = int(n * root)
    left = [(x + w * math.sin(a), y - w * math.cos(a)) for x, y, w, a in rings[start:]]
    right = [(x - w * math.sin(a), y + w * math.cos(a)) for x, y, w, a in rings[start:]]
    base = ramp(GINGER, 0.36 * dim)
    out = [f'<path d="{polygon(left + right[::-1])}" fill="{base}" stroke="none"/>']
    weights = [w for _, _, w, _ in rings]
    hairs = []
    for i in RNG.choices(range(n + 1), weights, k=count):
        t = i / n
        if root and RNG.random() > smooth(0, root * 1.2, t):
            continue
        x, y, w, a = rings[i]
        s = RNG.uniform(-1, 1)
        nx, ny = s * math.sin(a), -s * math.cos(a)
        fade = smooth(0, root * 1.7, t) if root else 1.0
        value = lit(nx * fade, ny * fade)
        wave = math.sin(t * stripes + 0.9 * math.sin(3 * s + t * 9) + ny)
        value -= 0.25 * fade * smooth(0.15, 0.75, wave) * smooth(0.95, 0.2, ny)
        under = smooth(belly, belly + 0.3, ny) * smooth(0.68, 0.56, t)
        pale = max(smooth(white, white + 0.06, t), under)
        value += RNG.gauss(0, 0.045)
        colour = mix(ramp(GINGER, value * dim), ramp(CREAM, (value + 0.12) * dim), pale)
        size = length * RNG.uniform(0.6, 1.2) * min(1, 0.35 + w / 40)
        size *= 0.55 + 0.45 * fade
        lie = a + s * 0.2 * fade + (root * 9 - a) * (1 - fade) * 0.8
        hairs.append((i, hair(x + nx * w, y + ny * w, lie, size, colour)))
    hairs.sort(key=lambda pair: -pair[0] - RNG.uniform(0, 6))
    return "".join(out) + "".join(text for _, text in hairs)


def face() -> str:
    """Draw the head, three-quarter view, around its own origin."""
    outline = spline(
        [
            (-44, -18), (-30, -38), (-4, -47), (22, -45), (42, -33), (52, -12), (53, 4), (61, 14),
            (61, 25), (50, 36), (34, 42), (14, 43), (-8, 46), (-34, 42), (-50, 24), (-51, 2),
            (-44, -18),
        ],
        6,
    )  # fmt: skip
    out = []
    far_ear = [(18, -40), (32, -62), (50, -80), (56, -54), (50, -18)]
    near_ear = [(-47, -14), (-53, -48), (-47, -84), (-20, -68), (6, -42)]
    inner = [(-36, -26), (-44, -50), (-42, -73), (-22, -60), (-6, -42)]
    far_inner = [(28, -42), (38, -60), (49, -71), (52, -52), (46, -32)]
    for ear, colour in ((far_ear, "#b9601d"), (far_inner, "#e2896b")):
        out.append(f'<path d="{polygon(spline(ear, 8))}" fill="{colour}" stroke="none"/>')
    out.append(f'<path d="{polygon(spline(near_ear, 8))}" fill="#c4681f" stroke="none"/>')
    out.append(f'<path d="{polygon(spline(inner, 8))}" fill="#e58f72" stroke="none"/>')
    for _ in range(60):  # tufts in the near ear, a bright edge on both
        t = RNG.random()
        out.append(hair(-40 + 30 * t, -32 - 6 * t, -1.75 + 0.5 * t, RNG.uniform(12, 28), "#fbdcb4"))
    for a, b in zip(spline(near_ear, 8), spline(near_ear, 8)[1:], strict=False):
        angle = math.atan2(b[1] - a[1], b[0] - a[0])
        glow = ramp(GINGER, 0.4 + 0.6 * smooth(-48, -24, a[0]))
        out.extend(hair(a[0], a[1], angle + RNG.uniform(-0.3, 0.3), 7, glow) for _ in range(5))
    for a, b in zip(spline(far_ear, 8), spline(far_ear, 8)[1:], strict=False):
        angle = math.atan2(b[1] - a[1], b[0] - a[0])
        glow = ramp(GINGER, 0.45 + 0.5 * smooth(34, 54, a[0]))
        out.extend(hair(a[0], a[1], angle + RNG.uniform(-0.2, 0.2), 6, glow) for _ in range(4))
    out.append(f'<path d="{polygon(outline)}" fill="#b55a19" stroke="none"/>')
    out.append('<ellipse cx="42" cy="24" rx="20" ry="13" fill="#f3dcba" stroke="none"/>')
    hairs: list[tuple[float, str]] = []
    while len(hairs) < 2600:
        x, y = RNG.uniform(-52, 62), RNG.uniform(-48, 47)
        if not inside(outline, x, y):
            continue
        nx, ny = (x - 4) / 62, (y + 2) / 54
        value = lit(nx * 0.95, ny * 0.9) + RNG.gauss(0, 0.04) + 0.06
        muzzle = math.hypot((x - 42) / 25, (y - 24) / 17)
        blaze = math.hypot((x - 35) / 5, (y + 2) / 22)
        chin = math.hypot((x - 12) / 46, (y - 46) / 16)
        pale = max(smooth(1.12, 0.85, d) for d in (muzzle, blaze, chin))
        value += 0.2 * smooth(1.15, 0.75, muzzle)
        colour = mix(ramp(GINGER, value), ramp(CREAM, value + 0.12), pale)
        far = math.hypot(x - 42, y - 12)
        angle = math.atan2(y - 12, x - 42)
        size = (3.5 + far * 0.085) * RNG.uniform(0.7, 1.2)
        hairs.append((-far, hair(x, y, angle, size, colour)))
    out.extend(text for _, text in sorted(hairs))
    marks: list[list[Point]] = [  # the tabby's M, cheek stripes and the line behind the eye
        [(-8, -38, 0.5), (0, -30, 2.6), (8, -20, 0.5)],
        [(6, -44, 0.5), (13, -35, 2.8), (17, -22, 0.5)],
        [(20, -44, 0.5), (25, -35, 2.6), (26, -23, 0.5)],
        [(34, -40, 0.5), (37, -32, 2.2), (36, -22, 0.5)],
        [(-4, -2, 0.5), (-20, -2, 2.4), (-40, -10, 0.6)],
        [(0, 14, 0.5), (-18, 17, 2.6), (-42, 14, 0.5)],
        [(4, 24, 0.4), (-12, 29, 2.2), (-34, 32, 0.5)],
    ]
    out.extend(tube(mark, 60, 0, dim=0.6, length=14) for mark in marks)
    out.append(FEATURES)
    return "".join(out)


TOES = """
<g fill="none" stroke="#9a6a50" stroke-width="1.6">
 <path d="M389,34C394,36 398,38 400,40"/><path d="M388,43C393,44 397,45 401,46"/>
 <path d="M386,52C391,52 395,52 398,51"/>
</g>"""

JAW_SHADOW = """
<g stroke="none" opacity="0.5"><ellipse cx="268" cy="-20" rx="30" ry="26" fill="#4a1a08"
 filter="url(#b6)"/></g>"""

FEATURES = """
<g stroke="none">
 <g transform="translate(12,-4)scale(1.16)translate(-12,4)">
 <path d="M-3,-4C2,-19 21,-19 27,0C20,9 4,9 -3,-4Z" fill="#3a170d"/>
 <path d="M0,-4.5C5,-16 19,-15.5 24.5,-0.5C18,6.5 6,6.5 0,-4.5Z" fill="url(#iris)"/>
 <ellipse cx="13.6" cy="-4.6" rx="3.9" ry="8.8" fill="#170a08"/>
 <circle cx="17" cy="-9" r="2.9" fill="#fff"/><circle cx="9" cy="0.5" r="1.3" fill="#fff8"/>
 </g>
 <path d="M42.5,-1C43,-14 50.5,-17 54,-9C55,0 49,5 42.5,-1Z" fill="#3a170d"/>
 <path d="M44,-2C45,-12.5 50.5,-14 53,-8C53.5,-1 49,2.5 44,-2Z" fill="url(#iris)"/>
 <ellipse cx="49" cy="-5.6" rx="2.4" ry="7" fill="#170a08"/>
 <circle cx="51" cy="-9" r="1.8" fill="#fff"/>
 <path d="M41,11C46,8.5 53,8.5 57,11C56,16 52,18.5 49,18.5C46,18.5 42,15 41,11Z" fill="#d4695f"/>
 <path d="M44,11.3C48,10 52,10 55,11.3C52,12.6 47,12.6 44,11.3Z" fill="#f3b0a0"/>
</g>
<g fill="none" stroke="#6d2d1c" stroke-width="1.7">
 <path d="M49.5,18.5L49.5,23C46,30 38,31 33,27"/><path d="M49.5,23C52,28 57,28.5 60,25"/>
</g>
<g fill="none" stroke="#fff6e0" stroke-width="0.9" opacity="0.9">
 <path d="M36,20C14,18 -8,22 -34,36"/><path d="M36,23C16,26 -2,34 -20,50"/>
 <path d="M35,17C12,10 -10,10 -36,16"/><path d="M57,20C72,16 86,16 100,22"/>
 <path d="M57,22C70,22 82,28 92,38"/><path d="M56,18C70,10 82,6 96,6"/>
</g>"""


def cat() -> str:
    """Draw the whole cat in its own frame, nose to the right, rump near the origin."""
    tail = [(-8, -14, 15), (-40, -28, 12.5), (-78, -46, 12), (-110, -82, 12), (-122, -128, 12),
            (-110, -170, 11.5), (-84, -190, 10), (-70, -190, 8), (-64, -188, 3)]  # fmt: skip
    torso = [(280, -38, 28), (256, -26, 42), (230, -10, 51), (196, 2, 52), (152, 0, 46),
             (108, -6, 38), (68, -12, 32), (28, -8, 37), (-4, -4, 32), (-23, -1, 20),
             (-30, 1, 5)]  # fmt: skip
    far_fore = [(236, 10, 30), (262, 48, 21), (300, 82, 13), (330, 100, 12.5), (350, 112, 16),
                (364, 122, 15), (371, 128, 5)]  # fmt: skip
    near_fore = [(206, -6, 38), (240, 34, 30), (292, 52, 17), (340, 48, 13), (366, 43, 16.5),
                 (386, 42, 17), (398, 45, 6)]  # fmt: skip
    far_hind = [(44, 10, 40), (42, 44, 35), (28, 68, 25), (-4, 88, 16), (-34, 106, 12),
                (-50, 128, 11), (-62, 148, 14), (-72, 160, 13), (-76, 166, 4)]  # fmt: skip
    near_hind = [(18, -20, 32), (18, 12, 47), (6, 48, 38), (-30, 73, 21), (-72, 88, 13),
                 (-98, 107, 11.5), (-116, 128, 14.5), (-130, 143, 14), (-136, 150, 4)]  # fmt: skip
    return "".join(
        [
            tube(far_hind, 1000, 26, dim=0.42, white=0.72),
            tube(far_fore, 1000, 26, dim=0.7, white=0.62),
            tube(tail, 1500, 46, length=14),
            tube(torso, 5200, 42, belly=0.72, length=15),
            tube(near_hind, 4600, 30, root=0.24, white=0.71),
            tube(near_fore, 3200, 26, root=0.2, white=0.66),
            TOES,
            JAW_SHADOW,
            f'<g transform="translate(298,-56)rotate(3)">{face()}</g>',
        ]
    )


# --- the meadow -------------------------------------------------------------------------------


def ridge(
    y: float,
    swing: float,
    top: str,
    bottom: str,
    name: str,
    trees: int = 0,
    grove: tuple[float, float] = (150, 130),
) -> str:
    """Draw one line of hills, lighter where the sun haze takes it, with trees along its crest."""
    phases = [(RNG.uniform(0, 6.3), k) for k in (1.1, 2.3, 4.7, 9.1)]
    crest = [
        (x, y + swing * sum(math.sin(k * x / 260 + p) / k for p, k in phases))
        for x in range(-20, WIDTH + 40, 20)
    ]
    shape = f'<path d="{polygon([*crest, (WIDTH + 40, HEIGHT), (-40, HEIGHT)])}"/>'
    for _ in range(trees):
        at = round(RNG.gauss(*grove) / 20) + 1
        x, low = crest[min(max(at, 0), len(crest) - 1)]
        size = RNG.uniform(0.7, 1.5)
        for _ in range(16):
            u, v = RNG.gauss(0, 7), RNG.uniform(0, 13)
            r = RNG.uniform(4, 7) * size
            shape += (
                f'<ellipse cx="{x + u * size:.0f}" cy="{low + 6 - v * size:.0f}" '
                f'rx="{r * 1.2:.1f}" ry="{r:.1f}"/>'
            )
    return (
        f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" x1="0" y1="{y - 30}" x2="0" '
        f'y2="{y + 90}"><stop stop-color="{top}"/><stop offset="1" stop-color="{bottom}"/>'
        f'</linearGradient><g fill="url(#{name})">{shape}</g>'
    )


def blade(x: float, y: float, height: float, width: float, lean: float, fill: str) -> str:
    """Draw one blade of grass, bending over towards its tip."""
    tx, ty = x + lean * height, y - height * (1 - 0.25 * lean * lean)
    mx, my = x + lean * height * 0.22, y - height * 0.58
    y += height * 0.5
    return (
        f'<path d="M{x - width:.1f},{y:.0f}Q{mx - width:.1f},{my:.1f} {tx:.1f},{ty:.1f}'
        f'Q{mx + width:.1f},{my:.1f} {x + width:.1f},{y:.0f}Z" fill="{fill}"/>'
    )


def seedhead(x: float, y: float, height: float, lean: float, colour: str, size: float) -> str:
    """Draw a stalk with a nodding head of seeds."""
    tx, ty = x + lean * height, y - height
    out = (
        f'<path d="M{x:.1f},{y:.0f}Q{x + lean * height * 0.2:.1f},{y - height * 0.6:.1f} '
        f'{tx:.1f},{ty:.1f}" fill="none" stroke="{colour}" stroke-width="{size * 0.3:.1f}"/>'
    )
    tilt = math.degrees(math.atan(lean * 1.8))
    grains = ""
    for i in range(11):
        for side in (-1, 1):
            cx, cy = side * size * (0.55 - i * 0.035), i * size * -0.95
            grains += (
                f'<ellipse cx="{cx:.1f}" cy="{cy:.1f}" rx="{size * 0.3:.1f}" ry="{size:.1f}" '
                f'transform="rotate({side * 22} {cx:.1f} {cy:.1f})"/>'
            )
    return out + (
        f'<g transform="translate({tx:.1f},{ty:.1f})rotate({tilt:.0f})" '
        f'fill="{colour}">{grains}</g>'
    )


def flower(x: float, y: float, r: float, petal: str, heart: str) -> str:
    """Draw a small meadow flower on its stalk, seen a little from the side."""
    petals = "".join(
        f'<ellipse cx="0" cy="{-r * 0.62:.1f}" rx="{r * 0.27:.1f}" ry="{r * 0.5:.1f}" '
        f'transform="rotate({k * 40})"/>'
        for k in range(9)
    )
    return (
        f'<path d="M{x:.0f},{y:.0f}q4,60 -3,150" fill="none" stroke="#75772a" stroke-width="2"/>'
        f'<g transform="translate({x:.0f},{y:.0f})rotate({RNG.uniform(-20, 20):.0f})'
        f'scale(1,0.72)" fill="{petal}">{petals}<circle r="{r * 0.3:.1f}" fill="{heart}"/></g>'
    )


def grass(
    name: str,
    y: float,
    spread: float,
    count: int,
    height: float,
    width: float,
    base: str,
    tip: str,
    *,
    blur: float = 0,
    ground: bool = True,
    seeds: int = 0,
    dip: float = 0.0,
) -> str:
    """Draw one depth layer of the meadow; ``dip`` shortens the blades where the cat must show."""
    defs, out = [], []
    shades = 7
    for k in range(shades * 2):
        sunny = k >= shades
        low = mix(base, "#1f2a10", 0.5 * (k % shades) / shades)
        high = mix(tip, "#fff0b0" if sunny else base, 0.4 if sunny else 0.6 * (k % shades) / shades)
        defs.append(
            f'<linearGradient id="{name}{k}" x1="0" y1="1" x2="0" y2="0"><stop stop-color="{low}"/>'
            f'<stop offset="0.55" stop-color="{mix(low, high, 0.45)}"/>'
            f'<stop offset="1" stop-color="{high}"/></linearGradient>'
        )
    if ground:
        out.append(
            f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1"><stop stop-color="{base}"/>'
            f'<stop offset="1" stop-color="{mix(base, "#1f2a10", 0.45)}"/></linearGradient>'
            f'<rect x="-40" y="{y - height * 0.12:.0f}" width="1360" height="500" '
            f'fill="url(#{name})"/>'
        )
    spots = sorted((y + RNG.uniform(-spread, spread), RNG.uniform(-60, 1340)) for _ in range(count))
    for i, (by, x) in enumerate(spots):
        h = height * RNG.uniform(0.55, 1.15)
        h *= 1 - dip * math.exp(-(((x - 600) / 385) ** 4))
        lean = RNG.gauss(0.12, 0.2) + 0.1 * math.sin(x / 130 + y)
        sunny = RNG.random() < 0.25 + 0.5 * math.exp(-(((x - SUN[0]) / 300) ** 2))
        k = RNG.randrange(shades) + shades * sunny
        out.append(blade(x, by, h, width * RNG.uniform(0.6, 1.2), lean, f"url(#{name}{k})"))
        if seeds and not (dip and 300 < x < 960) and i % max(1, count // seeds) == 0:
            colour = mix(tip, "#fff0b0" if sunny else base, 0.35)
            out.append(seedhead(x, by, h * 1.2, lean * 0.8, colour, width * 1.25))
    soften = f' filter="url(#b{blur})"' if blur else ""
    return f"<defs>{''.join(defs)}</defs><g{soften}>{''.join(out)}</g>"


def clippings() -> str:
    """Draw the bits of grass the hind paws kick up."""
    out = ""
    for _ in range(34):
        far = RNG.random()
        x, y = 330 - 150 * far + RNG.gauss(0, 26), 590 - 120 * far + RNG.gauss(0, 30)
        size = RNG.uniform(5, 15)
        out += (
            f'<path d="M{-size:.1f},0Q0,-4 {size:.1f},0Q0,1.5 {-size:.1f},0Z" '
            f'fill="{RNG.choice(("#e8c860", "#b9ad48", "#8c9136", "#fbe7a0"))}" '
            f'transform="translate({x:.0f},{y:.0f})rotate({RNG.uniform(0, 180):.0f})"/>'
        )
    return f'<g filter="url(#b0.6)">{out}</g>'


def sky() -> str:
    """Draw the sky, streaks of cloud, the sun and its glow."""
    clouds = ""
    for _ in range(13):
        x, y, half = RNG.uniform(-60, 1340), RNG.uniform(24, 250), RNG.uniform(70, 210)
        near = math.exp(-math.hypot(x - SUN[0], (y - SUN[1]) * 1.5) / 420)
        low = mix("#f7bd92", "#fff0b8", near * 1.4)
        for shift, colour in ((0, mix("#c3a0ac", "#f6cfa0", near * 1.5)), (4, low)):
            for _ in range(16):
                u = RNG.uniform(-1, 1)
                thick = (1.05 - abs(u)) * half * 0.085 * RNG.uniform(0.5, 1.3) * (1 - shift / 9)
                clouds += (
                    f'<ellipse cx="{x + u * half:.0f}" cy="{y + shift - thick / 2:.1f}" '
                    f'rx="{half * RNG.uniform(0.15, 0.4):.0f}" ry="{thick:.1f}" fill="{colour}" '
                    'opacity="0.5"/>'
                )
    x, y = SUN
    return (
        '<rect width="1280" height="720" fill="url(#sky)"/>'
        f'<circle cx="{x}" cy="{y}" r="760" fill="url(#halo)" '
        'style="mix-blend-mode:screen"/>'
        f'<g filter="url(#b3)">{clouds}</g>'
        f'<circle cx="{x}" cy="{y}" r="230" fill="url(#glow)"/>'
        f'<circle cx="{x}" cy="{y}" r="45" fill="#fffbe6" filter="url(#b1.5)"/>'
    )


def air() -> str:
    """Draw the light in front of the scene: haze from the sun, rays, drifting seeds, a vignette."""
    x, y = SUN
    rays = ""
    for angle in (1.75, 2.05, 2.3, 2.52, 2.75, 2.95):
        spread = RNG.uniform(0.03, 0.07)
        sides = (angle - spread, angle + spread)
        tips = [(x + 1300 * math.cos(a), y + 1300 * math.sin(a)) for a in sides]
        rays += f'<path d="{polygon([(x, y), *tips])}" fill="url(#ray)"/>'
    motes = ""
    for _ in range(90):
        px, py, r = RNG.gauss(SUN[0], 290), RNG.uniform(230, 690), RNG.choice((1, 1.4, 2))
        opacity = RNG.uniform(0.3, 0.95)
        motes += f'<circle cx="{px:.0f}" cy="{py:.0f}" r="{r}" opacity="{opacity:.2f}"/>'
    bokeh = ""
    for _ in range(26):
        px = RNG.choice((RNG.uniform(0, 330), RNG.uniform(900, 1280)))
        bokeh += (
            f'<circle cx="{px:.0f}" cy="{RNG.uniform(420, 700):.0f}" r="{RNG.uniform(6, 22):.0f}" '
            f'opacity="{RNG.uniform(0.06, 0.22):.2f}"/>'
        )
    return (
        f'<g style="mix-blend-mode:screen"><g filter="url(#b14)" opacity="0.5">{rays}</g>'
        f'<circle cx="{x}" cy="{y}" r="560" fill="url(#haze)"/>'
        f'<ellipse cx="{x - 40}" cy="450" rx="640" ry="190" fill="url(#haze)" opacity="0.6"/>'
        f'<g fill="#ffe2a0" filter="url(#b1.5)">{bokeh}</g>'
        f'<g fill="#fff1c0" filter="url(#b0.6)">{motes}</g></g>'
        '<rect width="1280" height="720" fill="#ffa63c" opacity="0.2" '
        'style="mix-blend-mode:soft-light"/>'
        '<rect width="1280" height="720" fill="url(#floor)" style="mix-blend-mode:multiply"/>'
        '<rect width="1280" height="720" fill="url(#vignette)"/>'
    )


GRADIENTS = f"""
<linearGradient id="sky" x1="0" y1="0" x2="0" y2="0.62">
 <stop stop-color="#6a9cc0"/><stop offset="0.26" stop-color="#b9bcc8"/>
 <stop offset="0.46" stop-color="#f5c2a4"/><stop offset="0.8" stop-color="#ffc078"/>
 <stop offset="1" stop-color="#ffdb94"/>
</linearGradient>
<radialGradient id="halo"><stop stop-color="#ffd880" stop-opacity="0.9"/>
 <stop offset="0.4" stop-color="#ffa850" stop-opacity="0.5"/>
 <stop offset="1" stop-color="#ff9a4a" stop-opacity="0"/></radialGradient>
<radialGradient id="glow"><stop stop-color="#fffbe2"/>
 <stop offset="0.25" stop-color="#fff0b4" stop-opacity="0.75"/>
 <stop offset="1" stop-color="#ffe09a" stop-opacity="0"/></radialGradient>
<radialGradient id="haze"><stop stop-color="#ffc866" stop-opacity="0.5"/>
 <stop offset="0.4" stop-color="#ffa540" stop-opacity="0.22"/>
 <stop offset="1" stop-color="#ff9a3c" stop-opacity="0"/></radialGradient>
<radialGradient id="ray" gradientUnits="userSpaceOnUse" cx="{SUN[0]}" cy="{SUN[1]}" r="900">
 <stop stop-color="#ffe3a0" stop-opacity="0.5"/>
 <stop offset="1" stop-color="#ffe3a0" stop-opacity="0"/>
</radialGradient>
<radialGradient id="vignette" cx="0.52" cy="0.48" r="0.75"><stop offset="0.55" stop-opacity="0"/>
 <stop offset="1" stop-color="#4a2008" stop-opacity="0.3"/></radialGradient>
<filter id="pan"><feGaussianBlur stdDeviation="2.6 0.9"/></filter>
<linearGradient id="floor" x1="0" y1="0" x2="0" y2="1"><stop offset="0.72" stop-color="#fff"/>
 <stop offset="1" stop-color="#8a7440"/></linearGradient>
<radialGradient id="iris" cx="0.6" cy="0.35" r="0.7"><stop stop-color="#f7e86a"/>
 <stop offset="0.6" stop-color="#b9bd3a"/><stop offset="1" stop-color="#5f7a24"/></radialGradient>
"""
BLURS = (0.6, 1, 1.5, 3, 6, 7, 14)


def picture() -> str:
    """Put the layers together, back to front."""
    blurs = "".join(
        f'<filter id="b{r}" x="-20%" y="-20%" width="140%" height="140%">'
        f'<feGaussianBlur stdDeviation="{r}"/></filter>'
        for r in BLURS
    )
    shadow = '<ellipse cx="600" cy="590" rx="330" ry="46" opacity="0.3" filter="url(#b14)"/>'
    rim = 'style="filter:drop-shadow(1px -1.5px 1.2px #ffe9a4)"'
    pen = 'fill="none" stroke-width="1.7" stroke-linecap="round"'
    layers = [
        f"<defs>{GRADIENTS}{blurs}</defs>",
        sky(),
        '<g filter="url(#pan)">',
        ridge(330, 34, "#cfa9a4", "#f2cda0", "h1"),
        ridge(362, 26, "#b58f7c", "#e8bd80", "h2", 10, (1180, 70)),
        "</g>",
        '<g filter="url(#pan)">',
        ridge(392, 18, "#86743f", "#d3ab5c", "h3", 26, (90, 170)),
        ridge(418, 9, "#a08c3e", "#dfb458", "h4", 7, (1230, 60)),
        "</g>",
        grass("g1", 440, 12, 520, 26, 1.1, "#b8943a", "#f8d27a", blur=1.5),
        grass("g2", 474, 14, 480, 50, 1.6, "#a08a34", "#f8cc68", blur=1, seeds=40),
        grass("g3", 520, 18, 460, 96, 2.4, "#747026", "#f4c65c", blur=0.6, seeds=40),
        grass("g4", 590, 24, 420, 160, 3.2, "#50581c", "#ecbc50", seeds=30),
        shadow,
        f'<g transform="translate(446,408)rotate(-6)scale(1.3)" {pen} {rim}>{cat()}</g>',
        clippings(),
        grass("g5", 715, 30, 400, 215, 3.8, "#45541c", "#e4b84c", seeds=60, dip=0.24),
        "".join(
            flower(RNG.uniform(20, 1260), RNG.uniform(575, 690), RNG.uniform(9, 15), *colours)
            for colours in [("#fff6e2", "#f0a21e"), ("#f4a0a8", "#ffd060")] * 8
        ),
        grass("g6", 780, 24, 170, 210, 5.5, "#28360f", "#b89a3c", blur=1, ground=False, dip=0.2),
        grass("g7", 800, 30, 44, 440, 9, "#141b06", "#7d7024", blur=3, ground=False, dip=0.9),
        air(),
    ]
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(layers)}</svg>'


def main(target: Path) -> None:
    """Render the picture into the JPEG at target."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{picture()}")
        png = page.screenshot()
        browser.close()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.save(target, quality=88, optimize=True, progressive=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
