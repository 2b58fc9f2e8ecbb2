"""What a clip cost, from the usage of every model family."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from job_fakes import LINK, task

from wan_magic.wan.estimate import PriceList
from wan_magic.wan.request import VideoRequest

MODEL = "wan2.2-animate-move"


@pytest.mark.parametrize(
    ("model", "usage", "amount"),
    [
        ("wan2.7-t2v", {"duration": 5, "SR": 720, "ratio": "16:9"}, "3.0"),
        ("wan3.0-video", {"duration": 5.5, "SR": 1080, "fps": 30}, "6.6"),
        ("wan2.6-t2v", {"duration": 10, "SR": 720, "size": "1280*720"}, "6"),
        ("wan2.6-t2v", {"duration": 10, "size": "1280*720"}, "6"),
        ("wan2.5-t2v-preview", {"video_duration": 5, "video_ratio": "832*480"}, "1.5"),
        ("wan2.5-t2v-preview", {"video_duration": 5, "video_ratio": "960*960"}, "3"),
        ("wan2.5-t2v-preview", {"video_duration": 5, "video_ratio": "1*1"}, "5"),
        ("wanx2.1-i2v-turbo", {"video_duration": 3, "video_ratio": "standard"}, "0.72"),
        ("wan2.2-kf2v-flash", {"video_duration": 5, "SR": 480}, "0.5"),
        ("wan2.2-s2v", {"duration": 7.5, "SR": 480}, "3.75"),
        (MODEL, {"video_duration": 5.2, "video_ratio": "standard"}, "2.08"),
        (MODEL, {"video_duration": 5.2, "video_ratio": "pro"}, "3.12"),
        (MODEL, {"video_duration": 5, "video_ratio": "ultra"}, "2"),
        (MODEL, {"video_duration": 5}, "2"),
        ("wan2.2-animate-mix", {"video_duration": 2, "video_ratio": "pro"}, "1.8"),
        ("wan2.6-i2v-flash", {"duration": 5, "SR": "720P", "audio": False}, "0.75"),
        ("wan2.6-i2v-flash", {"duration": 5, "SR": 720, "audio": True}, "1.5"),
        ("wan2.6-t2v", {"duration": True, "SR": 720}, "5"),
        ("wan2.6-t2v", {"duration": 0, "video_duration": 2, "SR": 720}, "1.2"),
    ],
    ids=str,
)
def test_the_usage_of_every_family(drive, model, usage, amount):
    done = dataclasses.replace(task("SUCCEEDED", video_url=LINK), usage=usage)
    clip = drive(request=VideoRequest(model=model, prompt="p"), queries=[done]).run()
    assert f"{clip.cost.amount:f}".rstrip("0").rstrip(".") == f"{float(amount):g}"


def test_what_was_billed_is_counted_in_the_prices_of_the_config_file(drive):
    usage = {"duration": 4, "SR": 1080}
    done = dataclasses.replace(task("SUCCEEDED", video_url=LINK), usage=usage)
    own = PriceList(None, "USD", {"wan2.7-t2v": {"720P": Decimal(9), "1080P": Decimal("0.12")}})
    request = VideoRequest(model="wan2.7-t2v", prompt="p", resolution="720P")
    clip = drive(request=request, queries=[done], prices=own).run()
    assert str(clip.cost) == "0.48 USD"
    assert "your config file" in clip.cost.detail
