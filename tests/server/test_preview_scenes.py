"""What the preview shows for each kind of task, and whose sound is heard."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PIL import Image

from wan_magic.server.engines import Source
from wan_magic.server.engines.planes import flat, to_yuv
from wan_magic.server.engines.scenes.gathered import names_for
from wan_magic.server.engines.scenes.tiles import Card

from .conftest import Clip, loudness, picture, tone
from .previewing import (
    BLUE,
    GREEN,
    MIDDLE,
    RED,
    apart,
    bar,
    colour_at,
    film,
    make,
    near,
    pictures,
    plain,
    share,
    source,
)


@pytest.mark.parametrize("kind", ["kf2v", "i2v", "all"])
def test_first_to_last_frame(tmp_path, kind):
    first, last = picture(320, 240), plain(RED)
    inputs = [source(tmp_path, "image", first), source(tmp_path, "last_frame", last)]
    start, middle, end = pictures(make(tmp_path, inputs=inputs, kind=kind), 0, 15, 29)
    given = Image.open(inputs[0].path).convert("RGB")
    assert apart(start, given, MIDDLE) < 3
    assert apart(end, Image.open(inputs[1].path), MIDDLE) < 3
    assert apart(start, middle, MIDDLE) > 8
    assert apart(middle, end, MIDDLE) > 8


def test_an_effect_ignores_the_last_frame(tmp_path):
    inputs = [source(tmp_path, "image", plain(BLUE)), source(tmp_path, "last_frame", plain(RED))]
    data = make(tmp_path, inputs=inputs, kind="kf2v", template="mech1")
    assert near(colour_at(pictures(data, 29)[0], 0.5, 0.4), BLUE)


class TestReferences:
    def test_all_are_visible_and_videos_move(self, tmp_path):
        inputs = [
            source(tmp_path, "ref", plain(RED)),
            source(tmp_path, "ref", film(seconds=2), "video", "mp4"),
            source(tmp_path, "ref", tone(1), "audio", "wav"),
            source(tmp_path, "ref", plain(GREEN, 200, 300)),
        ]
        data = make(tmp_path, inputs=inputs, kind="r2v", prompt="Image 1 meets Image 2 at sea")
        first, last = pictures(data, 2, 28)
        for colour in (RED, GREEN, (40, 90, 200)):
            assert share(first, colour) > 0.03
        assert apart(first, last, (108, 80, 212, 160)) > 3

    def test_ten_of_them(self, tmp_path):
        colours = [(25 * i, 255 - 25 * i, (97 * i) % 256) for i in range(10)]
        inputs = [source(tmp_path, "ref", plain(c)) for c in colours]
        (frame,) = pictures(make(tmp_path, inputs=inputs, kind="all", seconds=0.2), 3)
        assert all(share(frame, colour, 20) > 0.006 for colour in colours)

    def test_names_are_those_of_the_prompt(self):
        sources = [Source(role="ref", media=m, path=None) for m in ("image", "video", "image")]

        def names(model, prompt):
            spec = SimpleNamespace(model=model, prompt=prompt)
            return names_for(SimpleNamespace(spec=spec), sources)

        assert names("wan2.7-r2v", "Image 1 runs") == ["Image 1", "Video 1", "Image 2"]
        assert names("wan2.7-r2v", "图1在跑") == ["图1", "视频1", "图2"]
        assert names("wan2.6-r2v", "character1") == ["character1", "character2", "character3"]

    @pytest.mark.parametrize("wide", [130, 160, 480])
    def test_a_long_name_leaves_most_of_a_narrow_card_free(self, wide):
        size = (wide, 200)
        frame = flat((640, 360), BLUE)
        Card(flat(size, GREEN), (80, 80, *size), "character10", 12).on(frame, 0)
        free = (80 + wide * 7 // 10, 90, 80 + wide - 10, 270)
        assert frame[0].crop(free).getextrema() == (to_yuv(GREEN)[0],) * 2

    def test_the_first_frame_is_behind(self, tmp_path):
        inputs = [source(tmp_path, "image", plain(BLUE)), source(tmp_path, "ref", plain(RED))]
        (frame,) = pictures(make(tmp_path, inputs=inputs, kind="r2v"), 10)
        assert share(frame, BLUE) > 0.5
        assert share(frame, RED) > 0.02

    def test_with_a_document(self, tmp_path):
        inputs = [
            source(tmp_path, "ref", plain(RED)),
            Source(role="file", media="file", path=None, name="a.pdf"),
        ]
        (frame,) = pictures(make(tmp_path, inputs=inputs, kind="all", prompt="night sea"), 10)
        assert share(frame, RED) > 0.03
        assert share(frame, (246, 246, 250)) > 0.03


class TestGoingOn:
    def test_its_own_pictures_first(self, tmp_path):
        inputs = [source(tmp_path, "clip", film(seconds=1), "video", "mp4")]
        data = make(tmp_path, inputs=inputs, seconds=2)
        assert Clip(data).pictures == 60
        own = pictures(inputs[0].path.read_bytes(), 0, 8, 16)
        shown = pictures(data, 0, 12, 24, 59)
        for mine, given in zip(shown[:3], own, strict=True):
            assert apart(mine, given.resize((320, 240)), MIDDLE) < 6
        # It glides on from where the clip ends, without a cut.
        a, b = pictures(data, 29, 31)
        assert apart(a, b, MIDDLE) < 3
        assert apart(shown[2], shown[3], MIDDLE) > 1

    def test_a_long_clip_keeps_its_end(self, tmp_path):
        inputs = [source(tmp_path, "clip", film(seconds=4), "video", "mp4")]
        first, later = pictures(make(tmp_path, inputs=inputs), 0, 22)
        assert bar(first) > 0.75
        assert bar(later) > 0.9

    def test_to_the_last_frame(self, tmp_path):
        clip = source(tmp_path, "clip", film(seconds=1), "video", "mp4")
        inputs = [clip, source(tmp_path, "last_frame", plain(RED))]
        first, last = pictures(make(tmp_path, inputs=inputs, seconds=2), 0, 59)
        assert near(colour_at(first, 0.6, 0.5), (40, 90, 200))
        assert near(colour_at(last, 0.6, 0.5), RED)

    def test_extension_of_vace(self, tmp_path):
        first, video = plain(RED), film(seconds=1)
        inputs = [source(tmp_path, "video", video, "video", "mp4")]
        wish = {"kind": "edit", "function": "video_extension", "seconds": 2}
        assert share(pictures(make(tmp_path, inputs=inputs, **wish), 9)[0], (40, 90, 200)) > 0.6
        inputs.append(source(tmp_path, "image", first))
        assert share(pictures(make(tmp_path, inputs=inputs, **wish), 9)[0], RED) > 0.9

    def test_asked_for_in_words(self, tmp_path):
        inputs = [source(tmp_path, "ref", film(seconds=1), "video", "mp4")]
        wish = {"inputs": inputs, "kind": "all", "seconds": 2}
        (frame,) = pictures(make(tmp_path, prompt="Extend the video", **wish), 3)
        assert share(frame, (40, 90, 200)) > 0.6


class TestEdited:
    def of(self, tmp_path, *more, name="clip.mp4", **wish):
        inputs = [source(tmp_path, "video", film(seconds=2), "video", "mp4"), *more]
        return make(tmp_path, name, inputs=inputs, kind=wish.pop("kind", "edit"), **wish)

    def test_the_video_plays_in_a_new_light(self, tmp_path):
        first, later = pictures(self.of(tmp_path, prompt="a fire"), 0, 28)
        assert near(colour_at(first, 0.8, 0.4), (40, 90, 200))
        assert not near(colour_at(later, 0.9, 0.4), (40, 90, 200))
        assert bar(later, 0.4) == pytest.approx(0.5, abs=0.06)
        other = pictures(self.of(tmp_path, prompt="under the sea"), 28)[0]
        assert apart(later, other, MIDDLE) > 3

    def test_references_are_small(self, tmp_path):
        (frame,) = pictures(self.of(tmp_path, source(tmp_path, "ref", plain(RED))), 28)
        assert 0.01 < share(frame, RED) < 0.12

    @pytest.mark.parametrize("media", ["image", "video"])
    def test_the_mask_is_tinted(self, tmp_path, media):
        mask = Image.new("L", (160, 120), 0)
        mask.paste(255, (80, 0, 160, 120))
        path = tmp_path / "mask.png"
        mask.save(path)
        given = Source(role="mask", media="image", path=path)
        if media == "video":
            white = film((160, 120), 2, colour=(255, 255, 255))
            given = source(tmp_path, "mask", white, "video", "mp4")
        wish = {"function": "video_edit", "prompt": "a fire"}
        (frame,) = pictures(self.of(tmp_path, given, **wish), 3)
        assert not near(colour_at(frame, 0.8, 0.4), (40, 90, 200))
        if media == "image":
            assert near(colour_at(frame, 0.4, 0.4), (40, 90, 200))

    def test_outpainting_makes_room(self, tmp_path):
        data = self.of(tmp_path, function="video_outpainting", prompt="a red desert")
        (frame,) = pictures(data, 3)
        assert 0.2 < share(frame, (40, 90, 200)) < 0.7
        assert near(colour_at(frame, 0.5, 0.5), (40, 90, 200))

    def test_asked_for_in_words(self, tmp_path):
        inputs = [source(tmp_path, "ref", film(seconds=2), "video", "mp4")]
        data = make(tmp_path, inputs=inputs, kind="all", prompt="Replace the bar with a fire")
        assert share(pictures(data, 0)[0], (40, 90, 200)) > 0.6


@pytest.mark.parametrize(("model", "scene"), [("animate-move", RED), ("animate-mix", BLUE)])
def test_animate(tmp_path, model, scene):
    video = film(seconds=2, colour=BLUE)
    inputs = [
        source(tmp_path, "image", plain(RED)),
        source(tmp_path, "video", video, "video", "mp4"),
    ]
    data = make(tmp_path, inputs=inputs, kind="animate", model=f"wan2.2-{model}", fps=15)
    assert (Clip(data).fps, Clip(data).pictures) == (15, 15)
    first, last = pictures(data, 1, 14)
    assert share(first, scene) > 0.5
    assert share(first, RED if scene is BLUE else BLUE) > 0.03
    assert apart(first, last) > 0.8


def test_a_portrait_speaks(tmp_path):
    inputs = [source(tmp_path, "image", plain((60, 60, 60)))]
    data = make(tmp_path, inputs=inputs, kind="s2v", sound=True, audio=tone(1), seconds=2)
    loud, silent = pictures(data, 12, 58)
    bars = (60, 150, 260, 240)
    assert apart(loud, silent, bars) > 5
    levels = loudness(data)
    assert min(levels[2:8]) > -20
    assert max(levels[12:]) < -60


@pytest.mark.parametrize(("role", "name"), [("file", "report.pdf"), ("link", "example.com")])
def test_documents_and_links_have_a_card(tmp_path, role, name):
    given = Source(role=role, media=role, path=None, name=name)
    wish = {"kind": "all", "prompt": "the night sea"}
    (frame,) = pictures(make(tmp_path, inputs=[given], **wish), 3)
    assert share(frame, (246, 246, 250)) > 0.12
    other = Source(role=role, media=role, path=None, name="another" + name)
    (second,) = pictures(make(tmp_path, inputs=[other], **wish), 3)
    assert apart(frame, second, MIDDLE) > 0.1


class TestWhoseSound:
    def heard(self, tmp_path, *inputs, **wish):
        data = make(tmp_path, inputs=inputs, sound=True, fps=5, **{"seconds": 2, **wish})
        levels = loudness(data)
        return sum(levels[3:15]) / 12

    @pytest.mark.parametrize("kind", ["edit", "animate", "i2v"])
    def test_the_videos_own(self, tmp_path, kind):
        image = source(tmp_path, "image", picture())
        loud = source(tmp_path, "video", film(seconds=2, sound=True), "video", "mp4")
        mute = source(tmp_path, "video", film(seconds=2), "video", "mp4")
        if kind != "i2v":
            assert self.heard(tmp_path, image, loud, kind=kind) > -16
            assert -34 < self.heard(tmp_path, image, mute, kind=kind) < -20
        assert self.heard(tmp_path, image, loud, kind=kind, keep_sound=True) > -16
        assert self.heard(tmp_path, image, mute, kind=kind, keep_sound=True) < -60

    def test_the_given_one_wins(self, tmp_path):
        given = source(tmp_path, "audio", tone(2), "audio", "wav")
        mute = source(tmp_path, "video", film(seconds=2), "video", "mp4")
        assert self.heard(tmp_path, given, mute, kind="edit", keep_sound=True) > -16

    def test_a_reference_sound(self, tmp_path):
        given = source(tmp_path, "ref", tone(2), "audio", "wav")
        assert self.heard(tmp_path, given, kind="all") > -16
        assert -34 < self.heard(tmp_path, given, kind="r2v") < -20
