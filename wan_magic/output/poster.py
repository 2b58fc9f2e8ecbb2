"""Pictures that are saved with every output, and so must be small."""

from __future__ import annotations

import io
from functools import lru_cache

_QUALITIES = (80, 70, 60, 50)


@lru_cache(maxsize=64)
def small(jpeg: bytes, side: int, most: int) -> bytes:
    """Return a picture with a longest side of `side` pixels and about `most` bytes at most.

    Parameters
    ----------
    jpeg : bytes
        Returned as it is where it is small enough, or no picture.
    side, most : int
        Pixels and bytes.

    Examples
    --------
    >>> small(b"no picture", 640, 20_000)
    b'no picture'
    """
    from PIL import Image, UnidentifiedImageError

    try:
        opened = Image.open(io.BytesIO(jpeg))
        if max(opened.size) <= side and len(jpeg) <= most:
            return jpeg
        picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError):
        return jpeg
    made = jpeg
    while True:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in _QUALITIES:
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
            made = out.getvalue()
            if len(made) <= most:
                return made
        if side < 120:  # noise: smaller than this shows nothing
            return made
        side = side * 3 // 4
