"""Pictures, clips and sounds to test with, made as they are needed."""

from __future__ import annotations

import io
import random
import wave
from fractions import Fraction

import av
from PIL import Image, ImageDraw


def picture(width=320, height=240, mode="RGB"):
    """A picture with some shape in it."""
    img = Image.new("RGB", (width, height), "steelblue")
    ImageDraw.Draw(img).ellipse((10, 10, width // 2, height // 2), fill="orange")
    return img.convert(mode)


def encoded(img, kind="PNG", **options):
    out = io.BytesIO()
    img.save(out, kind, **options)
    return out.getvalue()


def noise(width, height):
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def make_clip(path, *, frames=60, fps=30, size=(320, 240), sound=False, dark=0, **options):
    """An MP4 whose frames differ: a bar that moves; the first ``dark`` frames are black."""
    with av.open(str(path), "w", options=options) as box:
        video = box.add_stream("libx264", rate=fps)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        video.options = {"preset": "veryfast", "g": "12", "bf": "2"}
        audio = box.add_stream("aac", rate=48000) if sound else None
        grain = [Image.effect_noise(size, 60).convert("RGB") for _ in range(5)]
        for i in range(frames):
            img = grain[i % 5].copy()
            ImageDraw.Draw(img).rectangle((0, 0, (i + 1) * size[0] // frames, 60), fill="red")
            if i < dark:
                img = Image.new("RGB", size)
            box.mux(video.encode(av.VideoFrame.from_image(img)))
        if audio:
            for i in range(frames * 48000 // fps // 1024):
                chunk = av.AudioFrame(format="fltp", layout="mono", samples=1024)
                for plane in chunk.planes:
                    plane.update(bytes(plane.buffer_size))
                chunk.sample_rate, chunk.pts, chunk.time_base = 48000, i * 1024, Fraction(1, 48000)
                box.mux(audio.encode(chunk))
            box.mux(audio.encode())
        box.mux(video.encode())
    return path


def make_sound(path, *, seconds=5.0, kind="wav", rate=16000, bit_rate=32000):
    """Silence, as wav (16 bits, one channel), mp3 or ogg."""
    samples = int(seconds * rate)
    if kind == "wav":
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(bytes(2 * samples))
        return path
    codec = {"mp3": "libmp3lame", "ogg": "libopus"}[kind]
    # Without its Xing header an mp3 does not say how long it is.
    options = {"write_xing": "0", "id3v2_version": "0"} if kind == "mp3" else {}
    with av.open(str(path), "w", format=kind, options=options) as box:
        audio = box.add_stream(codec, rate=rate)
        audio.bit_rate, audio.layout = bit_rate, "mono"
        audio.format = "s16p" if kind == "mp3" else "s16"
        for i in range(samples // 1000):
            chunk = av.AudioFrame(format=audio.format.name, layout="mono", samples=1000)
            chunk.planes[0].update(bytes(chunk.planes[0].buffer_size))
            chunk.sample_rate, chunk.pts, chunk.time_base = rate, i * 1000, Fraction(1, rate)
            box.mux(audio.encode(chunk))
        box.mux(audio.encode())
    return path
