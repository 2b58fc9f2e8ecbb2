"""What the preview's tests are made with: small inputs, small clips, and a look at them."""

from __future__ import annotations

import io
from fractions import Fraction

import av
from PIL import Image, ImageChops, ImageDraw, ImageStat

from wan_magic.server.engines import RenderSpec, Source
from wan_magic.server.engines.preview import render

from .conftest import picture, tone

RED, GREEN, BLUE = (210, 40, 40), (40, 190, 70), (40, 60, 210)
# Clear of the badge and of where a caption would be.
MIDDLE = (20, 50, 300, 180)


def source(folder, role, data, media="image", ending="png", name=""):
    path = folder / f"{role}-{len(list(folder.iterdir()))}.{ending}"
    path.write_bytes(data)
    return Source(role=role, media=media, path=path, name=name or path.name)


def plain(colour, width=320, height=240):
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def film(size=(160, 120), seconds=1.0, fps=20, sound=False, colour=(40, 90, 200)):
    """A bright bar that goes from left to right over one colour."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        video = file.add_stream("libx264", rate=fps, options={"crf": "12"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = file.add_stream("aac", rate=48000, layout="mono") if sound else None
        frames = round(seconds * fps)
        for index in range(frames):
            image = Image.new("RGB", size, colour)
            x = size[0] * index / frames
            ImageDraw.Draw(image).rectangle((x, 0, x + size[0] / 10, size[1]), fill="white")
            frame = av.VideoFrame.from_image(image)
            frame.pts, frame.time_base = index, Fraction(1, fps)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if audio:
            with av.open(io.BytesIO(tone(seconds)), "r") as given:
                for frame in given.decode(audio=0):
                    frame.pts = None
                    file.mux(audio.encode(frame))
            file.mux(audio.encode(None))
    return out.getvalue()


def make(tmp_path, name="clip.mp4", image=None, audio=None, inputs=None, **more):
    """Render a small clip: from one picture, unless inputs are given."""
    if inputs is None:
        inputs = [source(tmp_path, "image", image or picture())]
    if audio is not None:
        inputs = [*inputs, source(tmp_path, "audio", audio, "audio", "wav")]
    spec = {"model": "m", "kind": "i2v", "width": 320, "height": 240, "seconds": 1, "seed": 7}
    path = tmp_path / name
    spec = RenderSpec(**{**spec, "inputs": tuple(inputs), **more})
    render(spec, path, should_stop=lambda: False)
    return path.read_bytes()


def pictures(data, *wanted):
    with av.open(io.BytesIO(data), "r") as file:
        return [f.to_image() for i, f in enumerate(file.decode(video=0)) if i in wanted]


def apart(a, b, box=None):
    difference = ImageChops.difference(a.crop(box), b.crop(box)).convert("L")
    return ImageStat.Stat(difference).mean[0]


def colour_at(image, x, y):
    return image.getpixel((int(x * image.width), int(y * image.height)))


def near(seen, colour, by=28):
    return all(abs(a - b) < by for a, b in zip(seen, colour, strict=True))


def share(image, colour, by=36):
    """The part of a picture that has a colour."""
    small = image.resize((80, 60), Image.Resampling.NEAREST)
    pixels = list(small.get_flattened_data())
    return sum(near(p, colour, by) for p in pixels) / len(pixels)


def bar(image, y=0.5):
    """Where the white bar of `film` stands, from 0 to 1, or None."""
    row = [image.convert("L").getpixel((x, int(image.height * y))) for x in range(image.width)]
    white = [x for x, v in enumerate(row) if v > 225]
    return sum(white) / len(white) / image.width if white else None
