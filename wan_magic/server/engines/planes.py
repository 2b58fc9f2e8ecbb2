"""Pictures as video keeps them: one plane of light, two of colour at half the size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

if TYPE_CHECKING:
    from pathlib import Path

    import av

    from wan_magic.server.engines.camera import View

Planes = tuple[Image.Image, Image.Image, Image.Image]
Colour = tuple[int, int, int]
Size = tuple[int, int]

# BT.709 in video range, as players expect of anything untagged that is HD. The rows
# give Y, Cb and Cr from R, G and B.
_YUV = (
    (0.18259, 0.61423, 0.06201, 16.5),
    (-0.10064, -0.33857, 0.43922, 128.5),
    (0.43922, -0.39894, -0.04027, 128.5),
)
_OVERSIZE = 1.3
"""How much larger than the clip a still is kept, so that a zoom stays sharp."""
_OVERSIZE_MAX_PIXELS = 1_200_000


def even(value: float) -> int:
    """Round down to even pixels: colour has half the resolution."""
    return int(value) // 2 * 2


def to_planes(image: Image.Image) -> Planes:
    """Turn an RGB picture of even size into video colour."""
    half = (image.width // 2, image.height // 2)
    y, cb, cr = (image.convert("L", row) for row in _YUV)
    box = Image.Resampling.BOX
    return y, cb.resize(half, box), cr.resize(half, box)


def to_yuv(colour: Colour) -> Colour:
    """Turn one colour into Y, Cb and Cr."""
    y, cb, cr = (int(sum(a * b for a, b in zip(row, (*colour, 1), strict=True))) for row in _YUV)
    return y, cb, cr


def flat(size: Size, colour: Colour) -> Planes:
    """Return planes of one colour."""
    half = (size[0] // 2, size[1] // 2)
    y, cb, cr = to_yuv(colour)
    return Image.new("L", size, y), Image.new("L", half, cb), Image.new("L", half, cr)


def open_picture(path: Path) -> Image.Image:
    """Read a picture file, upright, without transparency."""
    with Image.open(path) as opened:
        return ImageOps.exif_transpose(opened).convert("RGB")


def still(image: Image.Image, size: Size) -> Planes:
    """Return a picture that covers a frame of this size, a little larger for the zoom."""
    # Room for the zoom, but never more than the picture has: its own pixels suffice.
    # In a 1080P clip nobody sees the difference, and it would cost a third more time.
    most = _OVERSIZE if size[0] * size[1] <= _OVERSIZE_MAX_PIXELS else 1.0
    scale = min(max(image.width / size[0], 1.0), most)
    large = (round(size[0] * scale / 2) * 2, round(size[1] * scale / 2) * 2)
    return to_planes(ImageOps.fit(image, large, Image.Resampling.LANCZOS))


def seen(source: Planes, view: View, size: Size) -> Planes:
    """Return what the camera sees of a still, at the clip's size."""
    half = (size[0] // 2, size[1] // 2)
    y, cb, cr = (
        plane.resize(to, Image.Resampling.BILINEAR, box=view.box(*plane.size))
        for plane, to in zip(source, (size, half, half), strict=True)
    )
    return y, cb, cr


def blend(a: Planes, b: Planes, k: float) -> Planes:
    """Mix two pictures of one size: all `a` at 0, all `b` at 1."""
    if k <= 0 or k >= 1:
        return b if k >= 1 else a
    y, cb, cr = (Image.blend(p, q, k) for p, q in zip(a, b, strict=True))
    return y, cb, cr


def halved(mask: Image.Image) -> Image.Image:
    """Return a mask for the planes of colour."""
    return mask.resize((mask.width // 2, mask.height // 2), Image.Resampling.BOX)


@dataclass(frozen=True)
class Stamp:
    """Something with transparency that is put on many frames, at even pixels."""

    planes: Planes
    masks: tuple[Image.Image, Image.Image]
    x: int
    y: int

    def on(self, frame: Planes) -> None:
        """Draw it on a frame."""
        put(frame, self.planes, (self.x, self.y), self.masks)


def stamp(image: Image.Image, x: int, y: int) -> Stamp:
    """Prepare an RGBA picture of even size for a place of even pixels."""
    alpha = image.getchannel("A")
    return Stamp(to_planes(image.convert("RGB")), (alpha, halved(alpha)), x, y)


def put(
    frame: Planes,
    picture: Planes,
    at: Size,
    masks: tuple[Image.Image, Image.Image] | None = None,
) -> None:
    """Draw planes on a frame, at even pixels, through masks for light and colour."""
    for index, plane in enumerate(frame):
        part = 1 if index == 0 else 2
        mask = None if masks is None else masks[min(index, 1)]
        plane.paste(picture[index], (at[0] // part, at[1] // part), mask)


def write(picture: Planes, frame: av.VideoFrame) -> None:
    """Copy planes into a yuv420p frame of their size."""
    for source, plane in zip(picture, frame.planes, strict=True):
        if plane.line_size != source.width:
            # Some sizes are padded to whole vectors; the rest of the line is never seen.
            source = source.crop((0, 0, plane.line_size, source.height))  # noqa: PLW2901
        plane.update(source.tobytes())
