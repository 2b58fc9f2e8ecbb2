"""Every row of the model table makes a real video on the local server, as documented.

All clips are asked for at once, so that the server's two workers never wait; each test
then looks at its own. Sizes, seconds, frames a second and sound are the documents'
(API references of each family), at the cheapest values that the model takes.
"""

from __future__ import annotations

import math
import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image, ImageDraw

from wan_magic.actions import api
from wan_magic.notebook.parsing import parse
from wan_magic.settings import Settings
from wan_magic.wan import catalog

SILENT, SOUND = False, True

# model: magic line, width, height, seconds, frames a second, sound
EXPECTED = {
    "wan3.0-video": ("-r 480P --ratio 9:16 -d 2", 480, 832, 2, 30, SOUND),
    "wan3.0-video-prime": (
        "--ref wide.png --ref voice.wav --audio off -r 480P --ratio 1:1 -d 2",
        *(624, 624, 2, 30, SILENT),
    ),
    "wan2.7-t2v": ("-r 720P --ratio 9:16 -d 2", 720, 1280, 2, 30, SOUND),
    "wan2.7-t2v-2026-06-12": ("-r 720P --ratio 4:3 -d 2", 1104, 832, 2, 30, SOUND),
    "wan2.7-t2v-2026-04-25": (
        "--audio voice.wav -r 720P --ratio 1:1 -d 2",
        *(960, 960, 2, 30, SOUND),
    ),
    "wan2.7-i2v": ("--image tall.png --last-frame wide.png -r 720P -d 2", 816, 1104, 2, 30, SOUND),
    "wan2.7-i2v-2026-04-25": ("--clip move.mp4 -r 720P -d 3", 1280, 720, 3, 30, SOUND),
    "wan2.7-r2v": (
        "--ref wide.png --ref voice.wav --ref move.mp4 -r 720P -d 2",
        *(1280, 720, 2, 30, SOUND),
    ),
    "wan2.7-r2v-2026-06-12": (
        "--image tall.png --ref wide.png -r 720P --ratio 16:9 -d 2",
        *(816, 1104, 2, 30, SOUND),
    ),
    "wan2.7-videoedit": ("--video move.mp4 --ref wide.png -r 720P", 1280, 720, 2, 30, SOUND),
    "wan2.6-t2v": ("-r 720P --ratio 4:3 -d 2", 1088, 832, 2, 30, SOUND),
    "wan2.6-t2v-us": ("-r 720P -d 5", 1280, 720, 5, 30, SOUND),
    "wan2.6-i2v-flash": ("--image tall.png --audio off -r 720P -d 2", 816, 1104, 2, 30, SILENT),
    "wan2.6-i2v": ("--image wide.png --audio song.wav -r 720P -d 2", 1280, 720, 2, 30, SOUND),
    "wan2.6-i2v-us": ("--image wide.png -r 720P -d 5", 1280, 720, 5, 30, SOUND),
    "wan2.6-r2v": ("--ref wide.png --ref move.mp4 --size 960*960 -d 2", 960, 960, 2, 30, SOUND),
    "wan2.6-r2v-flash": (
        "--ref wide.png --audio off -r 720P --ratio 9:16 -d 2",
        *(720, 1280, 2, 30, SILENT),
    ),
    "wan2.5-t2v-preview": ("-r 480P --ratio 16:9", 832, 480, 5, 30, SOUND),
    "wan2.5-i2v-preview": ("--image wide.png -r 480P", 832, 464, 5, 30, SOUND),
    "wan2.2-t2v-plus": ("-r 480P --ratio 1:1", 624, 624, 5, 30, SILENT),
    "wan2.2-i2v-flash": ("--image square.png -r 480P", 624, 624, 5, 30, SILENT),
    "wan2.2-i2v-plus": ("--image tall.png -r 480P", 544, 720, 5, 30, SILENT),
    "wan2.2-kf2v-flash": (
        "--image tall.png --last-frame wide.png -r 480P",
        *(544, 720, 5, 30, SILENT),
    ),
    "wan2.2-s2v": ("--image tall.png --audio voice.wav -r 480P", 480, 640, 2, 30, SOUND),
    "wan2.2-animate-move": ("--image tall.png --video move.mp4", 544, 720, 2, 15, SOUND),
    "wan2.2-animate-mix": ("--image tall.png --video move.mp4 --mode pro", 1280, 720, 2, 25, SOUND),
    "wanx2.1-t2v-turbo": ("-r 480P --ratio 9:16", 480, 832, 5, 30, SILENT),
    "wanx2.1-t2v-plus": ("-r 720P", 1280, 720, 5, 30, SILENT),
    "wanx2.1-i2v-turbo": ("--image tall.png -r 480P -d 3", 544, 720, 3, 30, SILENT),
    "wanx2.1-i2v-plus": ("--image wide.png", 1280, 720, 5, 30, SILENT),
    "wanx2.1-kf2v-plus": ("--image wide.png --last-frame tall.png", 1280, 720, 5, 30, SILENT),
    "wanx2.1-vace-plus": ("--video move.mp4 --mask wide.png", 1280, 720, 2, 30, SILENT),
    "wan2.1-t2v-turbo": ("-r 480P --ratio 1:1", 624, 624, 5, 30, SILENT),
    "wan2.1-t2v-plus": ("--ratio 3:4", 832, 1088, 5, 30, SILENT),
    "wan2.1-i2v-turbo": ("--image wide.png -r 480P -d 3", 832, 464, 3, 30, SILENT),
    "wan2.1-i2v-plus": ("--image tall.png", 816, 1104, 5, 30, SILENT),
    "wan2.1-kf2v-plus": ("--image wide.png --last-frame wide.png", 1280, 720, 5, 30, SILENT),
    "wan2.1-vace-plus": ("--ref wide.png --param obj_or_bg='[\"obj\"]'", 1280, 720, 5, 30, SILENT),
}


def picture(path, width, height):
    image = Image.new("RGB", (width, height), "steelblue")
    draw = ImageDraw.Draw(image)
    draw.ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), fill="white")
    image.save(path)


def sound(path, seconds):
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        loud = (int(9000 * math.sin(i * 0.1)) for i in range(seconds * 16000))
        out.writeframes(b"".join(struct.pack("<h", value) for value in loud))


def movie(path, seconds=2, fps=24):
    """A bright bar that walks over a dark ground, with a hum."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=fps)
        video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
        audio = out.add_stream("aac", rate=48000, layout="mono")
        for i in range(seconds * fps):
            image = Image.new("RGB", (640, 360), "#203040")
            ImageDraw.Draw(image).rectangle((i * 10, 60, i * 10 + 60, 300), fill="gold")
            out.mux(video.encode(av.VideoFrame.from_image(image)))
        out.mux(video.encode(None))
        for start in range(0, seconds * 48000, 1024):
            count = min(1024, seconds * 48000 - start)
            frame = av.AudioFrame(format="s16", layout="mono", samples=count)
            wave_form = (int(5000 * math.sin((start + i) * 0.02)) for i in range(count))
            data = b"".join(struct.pack("<h", value) for value in wave_form)
            frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """A job for each model, all started before the first is looked at."""
    folder = tmp_path_factory.mktemp("every_model")
    picture(folder / "wide.png", 1600, 900)
    picture(folder / "tall.png", 750, 1000)
    picture(folder / "square.png", 1024, 1024)
    sound(folder / "voice.wav", 2)
    sound(folder / "song.wav", 3)
    movie(folder / "move.mp4")
    home = folder / "home"  # and not the one of whoever runs the tests
    settings = Settings(endpoint="local", out=folder / "clips", timeout=600, data_home=home)
    started = {}
    for name, (line, *_) in EXPECTED.items():
        _, options = parse(f"clip --model {name} --seed 1 {line}", None)
        for option in ("image", "last_frame", "video", "clip", "mask", "audio"):
            if "." in str(options.get(option, "")):
                options[option] = folder / options[option]
        if "ref" in options:
            options["ref"] = [folder / one for one in options["ref"]]
        if not catalog.MODELS[name].takes("seed"):
            del options["seed"]
        prompt = "" if catalog.MODELS[name].prompt == "none" else "A boat on the sea at dusk"
        request, notes = api.build(prompt, **options)
        started[name] = api.start(request, settings, notes)
    return started


def test_there_is_a_clip_for_every_row_of_the_table():
    assert EXPECTED.keys() == catalog.MODELS.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_a_model_makes_the_documented_video(jobs, name):
    _, width, height, seconds, fps, has_audio = EXPECTED[name]
    clip = jobs[name].result(timeout=170)
    assert (clip.width, clip.height) == (width, height)
    assert clip.duration == pytest.approx(seconds, abs=0.05)
    assert clip.fps == fps
    assert clip.has_audio is has_audio
    assert Path(clip.path).stat().st_size > 10_000
    with av.open(str(clip.path)) as file:
        video = file.streams.video[0]
        assert video.codec_context.name == "h264"
        assert sum(1 for packet in file.demux(video) if packet.size) == round(seconds * fps)
