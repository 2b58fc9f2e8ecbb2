"""A small real video for tests: H.264 with an AAC tone."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction

import av
from PIL import Image

RATE = 44100


def make_clip(path, seconds=1.0, size=(320, 180), fps=10, sound=True):
    """Write an MP4 (index first, as a web server would like it) and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        video = out.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        audio = out.add_stream("aac", rate=RATE, layout="mono") if sound else None
        frames = round(seconds * fps)
        for index in range(frames):
            shade = 40 + 200 * index // frames
            frame = av.VideoFrame.from_image(Image.new("RGB", size, (shade, 80, 255 - shade)))
            frame.pts, frame.time_base = index, Fraction(1, fps)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if audio:
            for frame in _tone(seconds):
                out.mux(audio.encode(frame))
            out.mux(audio.encode())
    return path


def _tone(seconds, hertz=440):
    for start in range(0, round(seconds * RATE), 1024):
        wave = array(
            "f", (0.2 * math.sin(math.tau * hertz * (start + n) / RATE) for n in range(1024))
        )
        frame = av.AudioFrame(format="flt", layout="mono", samples=1024)
        frame.planes[0].update(wave.tobytes())
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        yield frame
