"""Small previews of what was chosen in the panel: a widget's state must not hold megabytes."""

from __future__ import annotations

import io

SIDE = 240
"""Longest side of a picture's preview, in pixels."""
HEARD_SECONDS = 15.0
"""How much of a sound can be heard."""
_RATE = 22050
_BIT_RATE = 32_000


def thumbnail(data: bytes) -> bytes:
    """Return a small upright JPEG of a picture, on white as it will be sent.

    Raises
    ------
    Exception
        Of any kind, if it can't be decoded.
    """
    from PIL import Image, ImageOps

    from wan_magic.wan.media import small_jpeg

    with Image.open(io.BytesIO(data)) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
        small = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
        return small_jpeg(small, SIDE)


def short_mp3(data: bytes) -> bytes:
    """Return the first 15 seconds of a sound as a small MP3 (about 4 kB a second).

    Raises
    ------
    Exception
        Of any kind, if it can't be decoded.
    """
    import av

    out = io.BytesIO()
    with (
        av.open(io.BytesIO(data), "r") as source,
        av.open(out, "w", format="mp3") as target,
    ):
        stream = target.add_stream("libmp3lame", rate=_RATE, layout="mono")
        stream.bit_rate = _BIT_RATE
        fitting = av.AudioResampler(format="s16p", layout="mono", rate=_RATE)
        for frame in source.decode(audio=0):
            if frame.time is not None and frame.time >= HEARD_SECONDS:
                break
            for part in fitting.resample(frame):
                target.mux(stream.encode(part))
        target.mux(stream.encode())
    return out.getvalue()
