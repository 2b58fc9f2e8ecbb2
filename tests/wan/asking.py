"""Requests made of inputs that no file stands behind."""

from __future__ import annotations

import hashlib

from wan_magic.wan.local_file import LocalFile
from wan_magic.wan.media import Input
from wan_magic.wan.request import VideoRequest

NAMES = {"image": "cat.png", "video": "cat.mp4", "audio": "cat.wav", "file": "cat.pdf"}


def given(option="image", media=None, *, url=None, name=None, upload=False, **fields):
    """An input as `media.load` makes them: an address, pixels, or a file to upload."""
    media = media or {
        **dict.fromkeys(("image", "last_frame", "ref", "mask"), "image"),
        **dict.fromkeys(("video", "clip"), "video"),
    }.get(option, option)
    name = name or NAMES.get(media, "")
    digest = hashlib.sha256((url or name).encode()).hexdigest()
    if upload:
        file = LocalFile.of(name, "video/mp4", name.encode())
        parts = {"value": "", "source": name, "digest": file.digest, "upload": file}
    elif url is None and media == "image":
        pixels = "data:image/png;base64," + "A" * 4000
        parts = {"value": pixels, "source": name, "digest": digest}
    else:
        parts = {"value": url or f"https://x.org/{name}", "source": "a URL", "digest": digest}
    return Input(option=option, media=media, **parts | fields)


def picture(option="image", name="cat.png", **fields):
    return given(option, "image", url=f"https://x.org/{name}", **fields)


def movie(option="video", name="cat.mp4", seconds=None, **fields):
    return given(option, "video", url=f"https://x.org/{name}", seconds=seconds, **fields)


def sound(option="audio", name="cat.wav", seconds=None, **fields):
    return given(option, "audio", url=f"https://x.org/{name}", seconds=seconds, **fields)


def asked(model="wan2.5-i2v-preview", *inputs, prompt="a cat runs", **fields):
    """A request; image to video has its picture without asking."""
    if not inputs and "-i2v" in model:
        inputs = (picture(),)
    return VideoRequest(model=model, prompt=prompt, inputs=inputs, **fields)
