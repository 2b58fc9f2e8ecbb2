"""Previews of previews: what was written on the first is not read through the second."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from wan_magic.server.engines.overlay import caption_rows, most_lines, sprites
from wan_magic.server.engines.palimpsest import unwritten, written_on

from .conftest import picture
from .previewing import BLUE, GREEN, apart, film, make, near, pictures, plain, source

SIZE = (320, 240)
_ROWS = caption_rows(*SIZE, most_lines(*SIZE))
CAPTION = (0, max(_ROWS[0], 0), SIZE[0], _ROWS[-1])
"""Where the longest caption is written."""


def as_png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def letters(image, region=CAPTION):
    """How many pixels are too light for the ground: those of letters, also of small ones."""
    return sum(image.crop(region).convert("L").histogram()[130:])


@pytest.fixture
def preview(tmp_path):
    """A blue preview, with words on it."""
    return make(tmp_path, image=plain(BLUE), prompt="Words that fill a line", name="first.mp4")


def test_a_preview_is_known_by_its_badge_whatever_became_of_the_file(preview):
    (frame,) = pictures(preview, 20)
    assert letters(frame) > 100
    jpeg = io.BytesIO()
    frame.save(jpeg, "JPEG", quality=70)
    for image in (frame, Image.open(jpeg), frame.convert("L")):
        assert len(written_on(image)) == 2


def written(ground, caption, *, watermark=False):
    """A picture with the badge and a caption on it, and where the first that was written is."""
    image = ground.copy()
    made = sprites(*image.size, caption=caption, watermark=watermark)
    for sprite in made:
        image.paste(sprite.image.convert("RGB"), (sprite.x, sprite.y), sprite.image.getchannel("A"))
    plate = made[0]
    return image, (plate.x, plate.y, plate.x + plate.image.width, plate.y + plate.image.height)


@pytest.mark.parametrize("watermark", [False, True], ids=["", "mark"])
@pytest.mark.parametrize("ground", ["white", "black", "gray", "navy"])
@pytest.mark.parametrize(
    "caption", ["", "a", "A short one", "word " * 12, "word " * 90, "一只橘猫，在海边。" * 4]
)
def test_nothing_of_a_caption_remains_on_any_ground(ground, caption, watermark):
    ground = Image.new("RGB", (832, 464), ground)
    image, _ = written(ground, caption, watermark=watermark)
    clean = unwritten(image)
    assert apart(clean, ground) < 0.1
    assert max(high for _, high in ImageChops.difference(clean, ground).getextrema()) < 40


def stripes(size=(480, 272)):
    image = Image.new("RGB", size, (60, 70, 110))
    for x in range(0, size[0], 24):
        image.paste((150, 110, 60), (x, 0, x + 12, size[1]))
    return image


@pytest.mark.parametrize("caption", ["A cat at dusk", "One line that goes nearly across all of it"])
def test_what_is_beside_and_above_a_caption_stays_as_it_is(caption):
    ground = stripes()
    image, (left, top, right, _) = written(ground, caption)
    clean = unwritten(image)
    wide, high = ground.size
    air = 30  # It ends softly, at the width of a letter or two.
    for box in ((0, 40, wide, top - 8), (0, top, left - air, high), (right + air, top, wide, high)):
        if box[2] > box[0]:
            assert apart(clean, ground, box) == 0
    # Between them the colours go on: no strip of another kind.
    assert (
        apart(clean, ground, (left, top, right, high))
        < apart(image, ground, (left, top, right, high)) / 2
    )


def test_of_a_preview_without_a_caption_only_the_badge_is_rubbed_out():
    ground = stripes()
    image, _ = written(ground, "")
    assert len(written_on(image)) == 1
    assert apart(unwritten(image), ground, (0, 60, *ground.size)) == 0


@pytest.mark.parametrize(
    "image",
    [
        *(Image.new("RGB", SIZE, colour) for colour in ("white", "black", BLUE)),
        Image.effect_noise(SIZE, 200),
        Image.open(io.BytesIO(picture(960, 540))),
        Image.open(Path(__file__).parents[2] / "notebooks" / "cat.jpg"),
        Image.new("RGB", (9, 300), "black"),
    ],
    ids=["white", "black", "blue", "noise", "drawing", "cat", "strip"],
)
def test_any_other_picture_stays_as_it_is(image):
    assert written_on(image) == ()
    assert unwritten(image) is image


def test_the_next_shot_begins_without_the_words_of_the_last_one(tmp_path, preview):
    (frame,) = pictures(preview, 29)
    ends = [
        source(tmp_path, "image", as_png(frame)),
        source(tmp_path, "last_frame", plain(GREEN)),
    ]
    (first,) = pictures(make(tmp_path, inputs=ends, kind="kf2v"), 0)
    assert letters(first) == 0
    assert near(first.getpixel((160, 215)), BLUE)


@pytest.mark.parametrize(("kind", "role"), [("edit", "video"), ("i2v", "clip")])
def test_a_given_clip_plays_without_its_words(tmp_path, preview, kind, role):
    given = source(tmp_path, role, preview, "video", "mp4")
    for image in pictures(make(tmp_path, inputs=[given], kind=kind, seconds=2), 0, 25):
        assert letters(image) == 0
    new = make(tmp_path, inputs=[given], kind=kind, prompt="New ones")
    assert letters(pictures(new, 0)[0]) > 30


def test_they_are_found_where_another_shape_of_frame_has_them(tmp_path, preview):
    given = source(tmp_path, "video", preview, "video", "mp4")
    tall = make(tmp_path, inputs=[given], kind="edit", width=320, height=400)
    # The frame is enlarged, and cut at its sides.
    assert letters(pictures(tall, 0)[0], (0, 200, 320, 400)) == 0


def test_a_film_that_is_no_preview_plays_as_it_is(tmp_path):
    given = source(tmp_path, "video", film(colour=GREEN), "video", "mp4")
    (image,) = pictures(make(tmp_path, inputs=[given], kind="edit"), 0)
    assert near(image.getpixel((200, 215)), GREEN)
