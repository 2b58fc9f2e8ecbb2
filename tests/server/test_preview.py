"""The preview engine: real files of the right shape, which look like the words."""

from __future__ import annotations

import io
import itertools
from random import Random

import av
import pytest
from PIL import Image

from wan_magic.server.engines import RenderSpec, Stopped, fonts, overlay, sound
from wan_magic.server.engines.camera import View, moves_in, plan
from wan_magic.server.engines.preview import render

from .conftest import Clip, loudness, picture, tone
from .previewing import (
    apart,
    make,
    pictures,
    plain,
    source,
)


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"), [(1, 30, 30), (2.4, 15, 36), (1.01, 25, 25), (0.01, 30, 1)]
)
def test_every_frame_and_no_more(tmp_path, seconds, fps, frames):
    clip = Clip(make(tmp_path, seconds=seconds, fps=fps, sound=True))
    assert (clip.size, clip.codec, clip.fps, clip.pictures) == ((320, 240), "h264", fps, frames)
    assert clip.sound_codec == "aac"
    assert clip.faststart


def test_silent_clips_have_no_track(tmp_path):
    assert not Clip(make(tmp_path, sound=False, audio=tone(1))).has_sound


def test_same_seed_same_file(tmp_path):
    first = make(tmp_path, "1.mp4", prompt="a cat", sound=True)
    assert make(tmp_path, "2.mp4", prompt="a cat", sound=True) == first
    assert make(tmp_path, "3.mp4", prompt="a cat", sound=True, seed=8) != first
    assert make(tmp_path, "4.mp4", prompt="a dog", sound=True) != first


def test_it_moves_and_says_preview(tmp_path):
    first, last = pictures(make(tmp_path, prompt="zoom in"), 0, 29)
    assert apart(first, last) > 2
    bare = Image.open(io.BytesIO(picture())).convert("RGB")
    assert bare.size == (320, 320)
    # The badge stays where it is.
    assert apart(first, last, (8, 8, 60, 20)) < 6


@pytest.mark.parametrize("shade", [(255, 255, 255), (0, 0, 0)])
def test_badge_on_light_and_dark(tmp_path, shade):
    (frame,) = pictures(make(tmp_path, image=plain(shade)), 10)
    low, high = frame.crop((6, 6, 60, 24)).convert("L").getextrema()
    assert high - low > 120
    # Nothing else is on it: no caption without a prompt.
    quiet = frame.crop((80, 40, 320, 240)).convert("L").getextrema()
    assert quiet[1] - quiet[0] < 8


def test_colours_survive(tmp_path):
    for colour in ((220, 40, 40), (40, 200, 60), (30, 60, 210)):
        with av.open(io.BytesIO(make(tmp_path, image=plain(colour))), "r") as file:
            frame = next(file.decode(video=0))
            assert frame.colorspace == 1  # BT.709, and said so
            seen = frame.to_image().getpixel((200, 120))
        assert all(abs(a - b) < 8 for a, b in zip(seen, colour, strict=True)), (seen, colour)


def test_watermark(tmp_path):
    plain, marked = (pictures(make(tmp_path, watermark=mark), 5)[0] for mark in (False, True))
    # The corner is mostly empty, and without any system font the mark is two thin letters.
    assert apart(plain, marked, (240, 210, 320, 240)) > 1
    assert apart(plain, marked, (0, 40, 200, 200)) < 1


@pytest.mark.parametrize("size", [(464, 832), (848, 1072), (720, 544), (16, 16), (2192, 64)])
def test_odd_sizes(tmp_path, size):
    data = make(tmp_path, width=size[0], height=size[1], fps=4, prompt="汉字 words " * 20)
    assert Clip(data).size == size


def test_stop(tmp_path):
    asked = []

    def should_stop():
        asked.append(1)
        return len(asked) > 5

    spec = RenderSpec(model="m", kind="t2v", width=320, height=240, seconds=5)
    with pytest.raises(Stopped):
        render(spec, tmp_path / "x.mp4", should_stop=should_stop)
    assert len(asked) == 6


class TestSound:
    def test_given_sound_is_filled_with_silence(self, tmp_path):
        data = make(tmp_path, seconds=5, fps=2, sound=True, audio=tone(3))
        levels = loudness(data)
        assert Clip(data).seconds == pytest.approx(5, abs=0.05)
        assert min(levels[2:28]) > -20
        assert max(levels[32:]) < -60

    def test_given_sound_is_cut(self, tmp_path):
        data = make(tmp_path, seconds=2, fps=2, sound=True, audio=tone(4))
        assert Clip(data).seconds == pytest.approx(2, abs=0.05)
        assert min(loudness(data)[2:18]) > -20

    def test_exact_samples(self, tmp_path):
        given = source(tmp_path, "audio", tone(3), "audio", "wav")
        assert len(sound.given(given.path, 100_000)) == 400_000
        assert len(sound.pad(1, "x", 100_001)) == 400_004

    def test_pad_is_quiet_and_soft(self, tmp_path):
        levels = loudness(make(tmp_path, seconds=6, fps=2, sound=True))
        middle = levels[8:-8]
        assert -32 < sum(middle) / len(middle) < -22
        assert max(levels) < -18
        assert levels[0] < -32
        assert levels[-1] < -32

    def test_pad_is_the_seeds(self):
        assert sound.pad(1, "x", 1000) == sound.pad(1, "x", 1000)
        assert sound.pad(1, "x", 1000) != sound.pad(2, "x", 1000)


class TestCamera:
    @pytest.mark.parametrize(
        ("prompt", "moves"),
        [
            ("Slow zoom in on the cat", ("in",)),
            ("the camera zooms in", ("in",)),
            ("We pull back to reveal the city", ("out",)),
            ("Pan left, then tilt up", ("left", "up")),
            ("camera pans slowly right", ("right",)),
            ("The camera follows the dog", ("follow",)),
            ("orbit around the statue", ("orbit",)),
            ("镜头缓缓推近", ("in",)),
            ("镜头向左移动，然后拉远", ("left", "out")),
            ("镜头环绕", ("orbit",)),
            ("跟随小狗", ("follow",)),
            ("a cat in a hat left the building", ()),
            ("", ()),
        ],
    )
    def test_words(self, prompt, moves):
        assert moves_in(prompt) == moves

    def ends(self, prompt, seed=1):
        views = plan(seed, prompt, 150, multi_shot=False, fps=30)
        assert len(views) == 150
        return views[0], views[-1]

    @pytest.mark.parametrize("seed", range(5))
    def test_directions(self, seed):
        first, last = self.ends("zoom in", seed)
        assert first.zoom == 1
        assert last.zoom > 1.15
        first, last = self.ends("pull back", seed)
        assert first.zoom > 1.15
        assert last.zoom < first.zoom - 0.15
        first, last = self.ends("pan left", seed)
        assert last.x < first.x - 1
        first, last = self.ends("tilt up", seed)
        assert last.y < first.y - 1

    def test_never_outside(self):
        rng = Random(1)
        for prompt in ("orbit", "follow", "", "zoom in, pan left, tilt down"):
            for multi in (False, True):
                for view in plan(rng.randrange(99), prompt, 90, multi_shot=multi, fps=30):
                    left, top, right, bottom = view.box(832, 464)
                    assert 0 <= left < right <= 832
                    assert 0 <= top < bottom <= 464
                    assert (right - left) / (bottom - top) == pytest.approx(832 / 464)
        assert View(9, -9, 0.5).box(10, 10) == (0, 0, 10, 10)

    def test_it_glides(self):
        views = plan(3, "zoom in, then pan left", 150, multi_shot=False, fps=30)
        steps = [abs(b.x - a.x) for a, b in itertools.pairwise(views)]
        assert max(steps) < 0.06

    def test_shots_are_cut(self):
        views = plan(3, "", 300, multi_shot=True, fps=30)
        assert len(views) == 300
        jumps = [abs(b.zoom - a.zoom) > 0.05 for a, b in itertools.pairwise(views)]
        assert 1 <= sum(jumps) <= 3


class TestWords:
    def test_any_script_or_a_plain_sentence(self):
        for text in ("a cat", "一只猫", "ねこ", "고양이", "кот", "แมว", "قطة", "cat 🐈 猫"):
            found = fonts.font_for(text, 20)
            if found is not None:
                font, kept = found
                assert all(fonts._has(font, ch) for ch in kept if not ch.isspace())

    def test_no_hollow_boxes(self):
        # A private-use letter is in no font, and a script of 2021 in few.
        assert fonts.font_for("\U00012f90", 20) is None
        _, kept = overlay._font("\U00012f90", 20)
        assert kept == "prompt: 1 characters (no font here for its script)"

    def test_pictographs_are_left_out(self):
        _, kept = fonts.font_for("night 🫨 city", 20)
        assert kept.replace("🫨", "").split() == ["night", "city"]

    def test_only_the_default_font(self, monkeypatch):
        monkeypatch.setattr(fonts, "_load", lambda *_: None)
        made = overlay.sprites(832, 464, caption="一只猫", watermark=True)
        assert len(made) == 3

    def test_wrapping(self):
        font, _ = fonts.font_for("abc", 20)
        text = "one two three four five six seven eight nine ten"
        lines = overlay.wrap(text, font, 150, 3)
        assert len(lines) == 3
        assert lines[-1].endswith("…")
        assert all(font.getlength(line) <= 150 for line in lines)
        assert " ".join(overlay.wrap(text, font, 150, 99)) == text
        assert "".join(overlay.wrap("x" * 60, font, 150, 99)) == "x" * 60

    def test_wrapping_chinese(self):
        font, _ = fonts.font_for("x", 20)
        lines = overlay.wrap("一只橘猫，在海边。" * 5, font, 130, 99)
        assert "".join(lines) == "一只橘猫，在海边。" * 5
        assert not any(line[0] in "，。" for line in lines)

    @pytest.mark.parametrize("size", [(832, 464), (464, 832), (624, 624), (320, 240), (96, 3712)])
    def test_all_inside_the_frame(self, size):
        made = overlay.sprites(*size, caption="word " * 300, watermark=True)
        for sprite in made:
            assert 0 <= sprite.x <= sprite.x + sprite.image.width <= size[0]
            assert 0 <= sprite.y <= sprite.y + sprite.image.height <= size[1]
            assert sprite.x % 2 == sprite.y % 2 == 0
