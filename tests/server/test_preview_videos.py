"""Given videos that are short, turned, uneven, strange or broken."""

from __future__ import annotations

import io
import itertools
import struct
from fractions import Fraction

import av
import pytest
from PIL import Image

from wan_magic.server.engines import RenderSpec, Stopped
from wan_magic.server.engines.preview import render

from .conftest import tone
from .previewing import (
    bar,
    colour_at,
    film,
    make,
    near,
    pictures,
    source,
)


class TestHardVideos:
    def frame(self, tmp_path, data, wanted=5, **wish):
        given = source(tmp_path, "video", data, "video", "mp4")
        wish = {"kind": "edit", "inputs": [given], **wish}
        return pictures(make(tmp_path, **wish), wanted)[0]

    @pytest.mark.parametrize(
        "size", [(162, 90), (90, 162), (130, 118), (16, 16), (640, 64), (16, 2048)]
    )
    def test_any_shape(self, tmp_path, size):
        assert self.frame(tmp_path, film(size)).size == (320, 240)

    def test_a_short_one_holds_its_last_picture(self, tmp_path):
        late = self.frame(tmp_path, film(seconds=0.5), 44, seconds=1.5)
        assert bar(late, 0.4) == pytest.approx(0.95, abs=0.06)

    def test_a_telephones_upright_video(self, tmp_path):
        data = film((160, 120), seconds=1)
        at = data.index(b"tkhd") + 4 + 40
        plain_matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
        assert data[at : at + 36] == plain_matrix
        turned = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
        frame = self.frame(tmp_path, data[:at] + turned + data[at + 36 :], 0, width=120, height=160)
        # Turned clockwise, the bar at its left edge lies on top.
        assert frame.getpixel((90, 4))[0] > 200
        assert frame.getpixel((90, 120))[0] < 80

    def test_pictures_at_odd_times(self, tmp_path):
        out = io.BytesIO()
        with av.open(out, "w", format="mp4") as file:
            video = file.add_stream("libx264", rate=10)
            video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
            video.codec_context.time_base = Fraction(1, 100)
            for time, colour in ((0, "red"), (10, "lime"), (80, "blue"), (95, "white")):
                frame = av.VideoFrame.from_image(Image.new("RGB", (160, 120), colour))
                frame.pts, frame.time_base = time, Fraction(1, 100)
                file.mux(video.encode(frame))
            file.mux(video.encode(None))
        given = source(tmp_path, "clip", out.getvalue(), "video", "mp4")
        data = make(tmp_path, inputs=[given], seconds=4, fps=20)
        seen = [colour_at(f, 0.5, 0.4) for f in pictures(data, 1, 3, 15, 17)]
        for colour, wanted in zip(seen, ("red", "lime", "lime", "blue"), strict=True):
            assert near(colour, Image.new("RGB", (1, 1), wanted).getpixel((0, 0)), 40)

    @pytest.mark.parametrize("data", [b"", b"not a video", film()[:900]])
    def test_not_a_video(self, tmp_path, data):
        with pytest.raises((OSError, ValueError)):
            self.frame(tmp_path, data)

    def test_only_sound(self, tmp_path):
        with pytest.raises(ValueError, match="no picture"):
            self.frame(tmp_path, tone(1))


@pytest.mark.parametrize("role", ["clip", "video"])
def test_stopping_leaves_nothing_open(tmp_path, role):
    given = source(tmp_path, role, film(), "video", "mp4")
    asked = itertools.count()
    spec = RenderSpec(model="m", kind="edit", inputs=(given,), width=64, height=64, seconds=2)
    with pytest.raises(Stopped):
        render(spec, tmp_path / "x.mp4", should_stop=lambda: next(asked) == 9)
    assert next(asked) == 10
