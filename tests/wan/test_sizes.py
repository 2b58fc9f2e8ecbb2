"""The width and height of a clip: fixed lists, tiers, and the shape of an input."""

from __future__ import annotations

import pytest

from wan_magic.wan.catalog import MODELS, TIER_AREA, find_model, output_size, parse_size, size_text

# Shape of an image: the clip's size at 480P, 720P, 1080P.
FOLLOWED = {
    (1600, 900): ("832x464", "1280x720", "1920x1072"),
    (900, 1600): ("464x832", "720x1280", "1072x1920"),
    (1024, 1024): ("624x624", "960x960", "1440x1440"),
    (1200, 900): ("720x544", "1104x816", "1648x1232"),
    (900, 1200): ("544x720", "816x1104", "1232x1648"),
    (1500, 1000): ("768x512", "1168x768", "1760x1168"),
    (1000, 1500): ("512x768", "768x1168", "1168x1760"),
    (1000, 1250): ("560x704", "848x1072", "1280x1600"),
    (2100, 900): ("960x400", "1456x624", "2192x928"),
}
# ``parameters.size`` of wan2.6 and older: 16:9, 9:16, 1:1, 4:3, 3:4.
RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4")
LISTED = {
    "480P": ("832*480", "480*832", "624*624"),
    "720P": ("1280*720", "720*1280", "960*960", "1088*832", "832*1088"),
    "1080P": ("1920*1080", "1080*1920", "1440*1440", "1632*1248", "1248*1632"),
}
# What resolution and ratio mean in wan2.7.
LISTED_27 = {
    "720P": ("1280*720", "720*1280", "960*960", "1104*832", "832*1104"),
    "1080P": ("1920*1080", "1080*1920", "1440*1440", "1648*1248", "1248*1648"),
}
WITH_SIZES = [row for row in MODELS.values() if "size" in row.parameters]
OF_27 = [row for row in MODELS.values() if "2.7" in row.name and row.takes("ratio")]


def size(name, resolution=None, ratio=None, size=None, **shape):
    """``size("wan2.7-i2v", "720P", first_frame=(750, 1000))``."""
    row = MODELS[name]
    (followed,) = shape.items() or (None,)
    return size_text(row.clip_size(resolution, ratio, size, followed))


# -- the shape of an image ----------------------------------------------------------------------


@pytest.mark.parametrize("image", FOLLOWED)
def test_a_clip_keeps_the_shape_of_its_image_and_the_area_of_its_tier(image):
    found = [output_size(*image, tier) for tier in ("480P", "720P", "1080P")]
    assert [f"{w}x{h}" for w, h in found] == list(FOLLOWED[image])
    for (width, height), tier in zip(found, TIER_AREA, strict=True):
        assert width % 16 == height % 16 == 0
        assert 0.95 * TIER_AREA[tier] < width * height <= TIER_AREA[tier]


def test_the_official_example():
    assert output_size(750, 1000, "720P") == (816, 1104)


def test_the_shape_alone_counts():
    assert output_size(240, 240, "720P") == output_size(8000, 8000, "720P") == (960, 960)


def test_a_side_is_never_nothing():
    assert output_size(8000, 1, "480P")[1] == 16


def test_the_area_of_each_tier():
    assert dict(TIER_AREA) == {"480P": 399_360, "720P": 921_600, "1080P": 2_073_600}


@pytest.mark.parametrize("text", ["1280*720", "832*480", "1*2"])
def test_a_size_is_written_with_a_star(text):
    assert size_text(parse_size(text)) == text


# -- fixed lists -----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", WITH_SIZES, ids=lambda row: row.name)
def test_the_listed_sizes_of_26_and_older(row):
    for tier, sizes in row.sizes.items():
        assert {ratio: size_text(one) for ratio, one in sizes.items()} == dict(
            zip(RATIOS, LISTED[tier], strict=False)
        )
    listed = [one for tier in row.sizes for one in LISTED[tier]]
    assert sorted(row.values("size")) == sorted(listed)


@pytest.mark.parametrize(
    ("name", "tiers"),
    [
        ("wan2.6-t2v", "720P 1080P"),
        ("wan2.6-r2v-flash", "720P 1080P"),
        ("wan2.5-t2v-preview", "480P 720P 1080P"),
        ("wan2.2-t2v-plus", "480P 1080P"),
        ("wanx2.1-t2v-turbo", "480P 720P"),
        ("wan2.1-t2v-plus", "720P"),
        ("wanx2.1-vace-plus", "720P"),
    ],
)
def test_which_lists_a_model_has(name, tiers):
    assert " ".join(MODELS[name].sizes) == tiers


@pytest.mark.parametrize("row", OF_27, ids=lambda row: row.name)
def test_the_sizes_of_27(row):
    assert list(row.sizes) == ["720P", "1080P"]
    for tier, sizes in LISTED_27.items():
        for ratio, text in zip(RATIOS, sizes, strict=True):
            assert size_text(row.clip_size(tier, ratio)) == text


@pytest.mark.parametrize("tier", ["720P", "1080P"])
def test_30_has_the_sizes_of_27_and_wide_screens(tier):
    for ratio, text in zip(RATIOS, LISTED_27[tier], strict=True):
        assert size("wan3.0-video", tier, ratio) == text
    wide = {"720P": "1456*624", "1080P": "2192*928"}
    assert size("wan3.0-video", tier, "21:9") == wide[tier]


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ("16:9", "832*480"),
        ("9:16", "480*832"),  # seen
        ("1:1", "624*624"),
        ("4:3", "720*544"),
        ("3:4", "544*720"),
        ("21:9", "960*400"),
    ],
)
def test_30_at_480p(ratio, text):
    assert size("wan3.0-video-prime", "480P", ratio) == text


# -- each family ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "asked", "text"),
    [
        # The default of each list, and a tier with the default ratio.
        ("wan2.7-t2v", {}, "1920*1080"),
        ("wan2.7-t2v", {"resolution": "720P"}, "1280*720"),
        ("wan2.6-t2v", {}, "1920*1080"),
        ("wan2.6-t2v", {"size": "832*1088"}, "832*1088"),
        ("wan2.6-t2v", {"resolution": "720P", "ratio": "3:4"}, "832*1088"),
        ("wan2.6-r2v", {"resolution": "720P", "ratio": "1:1"}, "960*960"),
        ("wan2.5-t2v-preview", {"resolution": "480P"}, "832*480"),
        ("wan2.2-t2v-plus", {"resolution": "480P", "ratio": "9:16"}, "480*832"),
        ("wanx2.1-t2v-turbo", {}, "1280*720"),
        ("wan2.1-t2v-plus", {"ratio": "9:16"}, "720*1280"),
        # Nothing to follow.
        ("wan3.0-video", {"resolution": "720P"}, "1280*720"),
        ("wan3.0-video", {"resolution": "720P", "ratio": "adaptive"}, "1280*720"),
        ("wan2.7-r2v", {"resolution": "720P"}, "1280*720"),
        ("wan2.7-videoedit", {"resolution": "720P"}, "1280*720"),
        ("wanx2.1-vace-plus", {}, "1280*720"),
        ("wanx2.1-vace-plus", {"size": "832*1088"}, "832*1088"),
    ],
)
def test_a_clip_that_follows_nothing(name, asked, text):
    assert size(name, **asked) == text


@pytest.mark.parametrize(
    ("name", "asked", "shape", "text"),
    [
        # Image to video, key frames: always the picture's shape.
        ("wan2.6-i2v", {"resolution": "720P"}, {"img_url": (750, 1000)}, "816*1104"),
        ("wan2.6-i2v", {}, {"img_url": (1600, 900)}, "1920*1072"),
        ("wan2.2-i2v-flash", {}, {"img_url": (1600, 900)}, "1280*720"),
        ("wan2.2-i2v-plus", {"resolution": "480P"}, {"img_url": (1600, 900)}, "832*464"),
        ("wan2.2-kf2v-flash", {}, {"first_frame_url": (750, 1000)}, "816*1104"),
        ("wan2.7-i2v", {"resolution": "720P"}, {"first_frame": (750, 1000)}, "816*1104"),
        ("wan2.7-i2v", {"resolution": "720P"}, {"first_clip": (1000, 1000)}, "960*960"),
        # References of 2.7: a first frame decides, and the ratio is ignored then.
        ("wan2.7-r2v", {"resolution": "720P"}, {"first_frame": (750, 1000)}, "816*1104"),
        (
            "wan2.7-r2v",
            {"resolution": "720P", "ratio": "16:9"},
            {"first_frame": (750, 1000)},
            "816*1104",
        ),
        # Editing follows the video unless a ratio is given.
        ("wan2.7-videoedit", {"resolution": "720P"}, {"video": (750, 1000)}, "816*1104"),
        (
            "wan2.7-videoedit",
            {"resolution": "720P", "ratio": "1:1"},
            {"video": (750, 1000)},
            "960*960",
        ),
        # wan3.0: adaptive is the default, a ratio is kept.
        ("wan3.0-video", {"resolution": "720P"}, {"first_frame": (750, 1000)}, "816*1104"),
        (
            "wan3.0-video",
            {"resolution": "720P", "ratio": "adaptive"},
            {"reference_video": (1600, 900)},
            "1280*720",
        ),
        (
            "wan3.0-video",
            {"resolution": "480P", "ratio": "9:16"},
            {"first_frame": (1600, 900)},
            "480*832",
        ),
        # VACE follows its input unless a size is given.
        ("wanx2.1-vace-plus", {}, {"video_url": (750, 1000)}, "816*1104"),
        ("wanx2.1-vace-plus", {"size": "1280*720"}, {"video_url": (750, 1000)}, "1280*720"),
        # Speech has areas of its own; motion has modes.
        ("wan2.2-s2v", {}, {"image_url": (1000, 1000)}, "544*544"),
        ("wan2.2-s2v", {}, {"image_url": (1200, 900)}, "640*480"),
        ("wan2.2-s2v", {"resolution": "720P"}, {"image_url": (1600, 900)}, "1280*720"),
        ("wan2.2-animate-move", {}, {"image_url": (1600, 900)}, "832*464"),
        ("wan2.2-animate-move", {"resolution": "wan-pro"}, {"image_url": (1600, 900)}, "1280*720"),
    ],
)
def test_a_clip_that_follows_an_input(name, asked, shape, text):
    assert size(name, **asked, **shape) == text


@pytest.mark.parametrize(
    ("name", "follows"),
    [
        ("wan3.0-video", ("first_frame", "last_frame", "reference_video", "reference_image")),
        ("wan2.7-i2v", ("first_frame", "first_clip")),
        ("wan2.7-r2v", ("first_frame",)),
        ("wan2.7-videoedit", ("video",)),
        ("wan2.6-i2v", ("img_url",)),
        ("wan2.6-r2v", ()),
        ("wan2.2-kf2v-flash", ("first_frame_url",)),
        ("wan2.2-s2v", ("image_url",)),
        ("wan2.2-animate-move", ("image_url",)),
        ("wan2.2-animate-mix", ("video_url",)),
    ],
)
def test_which_input_a_clip_follows(name, follows):
    row = MODELS[name]
    assert row.follows == follows
    assert set(follows) <= {slot.type for slot in row.inputs}


def test_only_27_references_ignore_a_ratio():
    ignoring = {row.name: row.ratio_ignored_with for row in MODELS.values()}
    assert {name for name, types in ignoring.items() if types} == {
        "wan2.7-r2v",
        "wan2.7-r2v-2026-06-12",
    }
    assert ignoring["wan2.7-r2v"] == ("first_frame",)


def test_every_model_can_tell_a_size_at_every_tier():
    for row in MODELS.values():
        for tier in row.values(row.priced_by):
            shape = (row.follows[0], (1600, 900)) if row.follows else None
            width, height = row.clip_size(tier, None, None, shape)
            assert width * height <= TIER_AREA["1080P"]


def test_a_loosened_row_still_tells_a_size():
    assert find_model("kling-v9", unchecked=True).clip_size("720P", "9:16") == (720, 1280)
