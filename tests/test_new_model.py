"""A model is one row: added to the table, it makes its video on the preview server, too."""

from __future__ import annotations

import av
import pytest
from PIL import Image

import wan_magic
from wan_magic.errors import InputError
from wan_magic.wan import catalog
from wan_magic.wan.catalog import Limits, Model, Parameter, Slot, prices

PICTURE = Limits(formats=("JPEG", "PNG"), min_side=64, max_side=4000)
DREAM = Model(
    name="wan9.1-dream",
    aliases=("9.1",),
    kind="i2v",
    path="/services/aigc/dreams/video-synthesis",
    protocol="media",
    inputs=(
        Slot(option="image", media="image", type="start", limits=PICTURE, required=True),
        Slot(option="last_frame", media="image", type="end", limits=PICTURE),
    ),
    prompt="optional",
    prompt_max=100,
    parameters={
        "resolution": Parameter(values=("160P", "320P"), default="160P"),
        "ratio": Parameter(values=("2:1", "1:2"), default="2:1"),
        "duration": Parameter(values=(1, 2), default=1),
        "mode": Parameter(values=("calm", "quick"), default="calm", required=True),
        "seed": Parameter(low=0, high=99),
    },
    sound="none",
    sizes={
        "160P": {"2:1": (320, 160), "1:2": (160, 320)},
        "320P": {"2:1": (640, 320), "1:2": (320, 640)},
    },
    fps={"calm": 12, "quick": 24},
    prices=prices(beijing="160P 0.1, 320P 0.3"),
    usage=("duration", "SR", "video_count"),
    regions=("beijing",),
)


@pytest.fixture(autouse=True)
def added(monkeypatch, tmp_path):
    monkeypatch.setitem(catalog.MODELS, DREAM.name, DREAM)
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (300, 200), "teal").save("sea.png")


@pytest.mark.parametrize(
    ("options", "size", "seconds", "fps", "cost"),
    [
        ({}, (320, 160), 1, 12, "0.10 CNY"),
        (
            {"resolution": "320P", "ratio": "1:2", "duration": 2, "mode": "quick"},
            *((320, 640), 2, 24, "0.60 CNY"),
        ),
        ({"last_frame": "sea.png", "mode": "quick"}, (320, 160), 1, 24, "0.10 CNY"),
    ],
    ids=["by default", "as asked for", "with another input"],
)
def test_its_video_is_as_its_row_says(tmp_path, options, size, seconds, fps, cost):
    clip = wan_magic.generate("A dream", image="sea.png", model="9.1", seed=7, **options)
    assert clip.is_preview
    assert clip.path.parent == tmp_path / "wan_videos"
    assert (clip.width, clip.height) == size
    assert clip.duration == pytest.approx(seconds, abs=0.05)
    assert clip.fps == fps
    assert clip.has_audio is False
    assert str(clip.cost) == cost
    assert clip.request.model == "wan9.1-dream"
    with av.open(str(clip.path)) as file:
        frames = sum(1 for packet in file.demux(video=0) if packet.size)
    assert frames == round(seconds * fps)


def test_the_server_holds_it_to_its_row_as_the_client_does():
    unchecked = {"image": "sea.png", "model": "wan9.1-dream", "unchecked": True}
    for wrong in ({"resolution": "720P"}, {"duration": 3}, {"mode": "wild"}, {"seed": 100}):
        with pytest.raises(InputError):
            wan_magic.submit("A dream", image="sea.png", model="9.1", **wrong)
        with pytest.raises(wan_magic.ApiError, match="InvalidParameter"):
            wan_magic.generate("A dream", **unchecked, **wrong)


def test_without_its_row_nobody_knows_it(monkeypatch):
    monkeypatch.delitem(catalog.MODELS, DREAM.name)
    with pytest.raises(InputError, match=r"unknown model '9\.1'"):
        wan_magic.submit("A dream", image="sea.png", model="9.1")
