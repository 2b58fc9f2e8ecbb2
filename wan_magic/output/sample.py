"""A clip of two seconds, to see whether a front end plays what the service makes: H.264, AAC."""

from __future__ import annotations

import io
import math
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av

_WIDTH, _HEIGHT, _FPS, _SECONDS = 240, 136, 12, 2
_RATE, _TONE = 32000, 440.0
_SQUARE = 32


def sample_clip() -> bytes:
    """Return an MP4 of a few kilobytes: a square that moves, a soft tone.

    Raises
    ------
    OSError, ValueError
        If this machine's codecs can't make it (PyAV's errors are of these).
    """
    import av
    from PIL import Image, ImageDraw

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        video = file.add_stream("libx264", rate=_FPS, options={"crf": "30", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
        sound = file.add_stream("aac", rate=_RATE, layout="mono")
        sound.bit_rate = 32000
        for number in range(_FPS * _SECONDS):
            picture = Image.new("RGB", (_WIDTH, _HEIGHT), "#20304a")
            left = round((_WIDTH - _SQUARE) * (1 - math.cos(math.tau * number / _FPS / 2)) / 2)
            top = (_HEIGHT - _SQUARE) // 2
            box = (left, top, left + _SQUARE, top + _SQUARE)
            ImageDraw.Draw(picture).rectangle(box, fill="#f0b429")
            frame = av.VideoFrame(_WIDTH, _HEIGHT, "rgb24")
            frame.planes[0].update(picture.tobytes())
            file.mux(video.encode(frame))
        file.mux(video.encode())
        for block in _tone(sound.codec_context.frame_size or 1024):
            file.mux(sound.encode(block))
        file.mux(sound.encode())
    return out.getvalue()


def _tone(size: int) -> Iterator[av.AudioFrame]:
    import av

    for start in range(0, _RATE * _SECONDS, size):
        times = range(start, min(start + size, _RATE * _SECONDS))
        wave = array("f", (0.1 * math.sin(math.tau * _TONE * at / _RATE) for at in times))
        frame = av.AudioFrame(format="fltp", layout="mono", samples=len(wave))
        frame.sample_rate, frame.pts = _RATE, start
        plane = frame.planes[0]
        plane.update(wave.tobytes().ljust(plane.buffer_size, b"\0"))
        yield frame
