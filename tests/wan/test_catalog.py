"""The model table against the documents, row by row."""

from __future__ import annotations

from decimal import Decimal

import pytest

from wan_magic.errors import InputError
from wan_magic.wan import catalog
from wan_magic.wan.catalog import MODELS, TEMPLATES, blank_row, find_model, nearest, output_size

ALL_2_TO_15 = tuple(range(2, 16))

# name: resolutions, default, durations, default, sound, longest prompt, largest image in MB
DOCUMENTED = {
    "wan2.6-i2v-flash": ("720P 1080P", "1080P", ALL_2_TO_15, 5, "switch", 1500, 20),
    "wan2.6-i2v": ("720P 1080P", "1080P", ALL_2_TO_15, 5, "always", 1500, 20),
    "wan2.6-i2v-us": ("720P 1080P", "1080P", (5, 10, 15), 5, "always", 1500, 20),
    "wan2.5-i2v-preview": ("480P 720P 1080P", "1080P", (5, 10), 5, "always", 1500, 20),
    "wan2.2-i2v-flash": ("480P 720P 1080P", "720P", (5,), 5, "none", 800, 10),
    "wan2.2-i2v-plus": ("480P 1080P", "1080P", (5,), 5, "none", 800, 10),
    "wanx2.1-i2v-turbo": ("480P 720P", "720P", (3, 4, 5), 5, "none", 800, 10),
    "wanx2.1-i2v-plus": ("720P", "720P", (5,), 5, "none", 800, 10),
    "wan2.1-i2v-turbo": ("480P 720P", "720P", (3, 4, 5), 5, "none", 800, 10),
    "wan2.1-i2v-plus": ("720P", "720P", (5,), 5, "none", 800, 10),
}

# (model, region): price of a second at 480P, 720P, 1080P
PRICES = {
    ("wan2.6-i2v-flash", "beijing"): (None, "0.3", "0.5"),
    ("wan2.6-i2v-flash", "singapore"): (None, "0.05", "0.075"),
    ("wan2.6-i2v-flash", "virginia"): (None, None, None),
    ("wan2.6-i2v", "beijing"): (None, "0.6", "1.0"),
    ("wan2.6-i2v", "singapore"): (None, "0.10", "0.15"),
    ("wan2.6-i2v-us", "beijing"): (None, None, None),
    ("wan2.6-i2v-us", "virginia"): (None, "0.10", "0.15"),
    ("wan2.5-i2v-preview", "beijing"): ("0.3", "0.6", "1.0"),
    ("wan2.5-i2v-preview", "singapore"): ("0.05", "0.10", "0.15"),
    ("wan2.2-i2v-flash", "beijing"): ("0.10", "0.20", "0.48"),
    ("wan2.2-i2v-flash", "singapore"): ("0.015", "0.036", None),
    ("wan2.2-i2v-plus", "beijing"): ("0.14", None, "0.70"),
    ("wan2.2-i2v-plus", "singapore"): ("0.02", None, "0.10"),
    ("wanx2.1-i2v-turbo", "beijing"): ("0.24", "0.24", None),
    ("wan2.1-i2v-turbo", "singapore"): ("0.036", "0.036", None),
    ("wanx2.1-i2v-plus", "beijing"): (None, "0.70", None),
    ("wan2.1-i2v-plus", "singapore"): (None, "0.10", None),
}

# Shape of the image: the clip's size at 480P, 720P, 1080P
SIZES = {
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


def test_the_table_holds_the_documented_models_and_no_other():
    assert set(MODELS) == set(DOCUMENTED)
    assert catalog.DEFAULT_MODEL == "wan2.5-i2v-preview"


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_row_equals_the_documents(name):
    row = MODELS[name]
    resolutions, resolution, durations, duration, sound, prompt_max, megabytes = DOCUMENTED[name]
    assert row.name == name
    assert row.resolutions == tuple(resolutions.split())
    assert row.resolution == resolution
    assert row.durations == durations
    assert row.duration == duration
    assert row.sound == sound
    assert row.has_sound is (sound != "none")
    assert row.prompt_max == prompt_max
    assert row.image_max_bytes == megabytes * 2**20
    assert (row.image_min_side, row.image_max_side) == (240, 8000)
    assert row.path == "/services/aigc/video-generation/video-synthesis"


@pytest.mark.parametrize("name", DOCUMENTED)
def test_defaults_are_among_the_allowed_values(name):
    row = MODELS[name]
    assert row.resolution in row.resolutions
    assert row.duration in row.durations


def test_only_wan26_takes_a_shot_type():
    takers = {name for name, row in MODELS.items() if row.shot_types}
    assert takers == {"wan2.6-i2v-flash", "wan2.6-i2v", "wan2.6-i2v-us"}
    assert all(MODELS[name].shot_types == ("single", "multi") for name in takers)


@pytest.mark.parametrize(("name", "region"), PRICES)
def test_prices_equal_the_price_list(name, region):
    found = [MODELS[name].price(region, tier, silent=False) for tier in ("480P", "720P", "1080P")]
    assert found == [p and Decimal(p) for p in PRICES[name, region]]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_resolution_has_a_price_in_some_region(name):
    row = MODELS[name]
    regions = ("beijing", "singapore", "virginia")
    for tier in row.resolutions:
        assert any(row.price(region, tier, silent=False) for region in regions)


def test_silence_halves_the_price_of_the_one_model_that_sells_it():
    flash = MODELS["wan2.6-i2v-flash"]
    assert flash.price("beijing", "720P", silent=True) == Decimal("0.15")
    assert flash.price("beijing", "1080P", silent=True) == Decimal("0.25")
    assert flash.price("singapore", "720P", silent=True) == Decimal("0.025")
    assert flash.price("singapore", "1080P", silent=True) == Decimal("0.0375")
    other = MODELS["wan2.6-i2v"]
    assert other.price("beijing", "720P", silent=True) == Decimal("0.6")


def test_no_region_means_no_price():
    assert MODELS["wan2.5-i2v-preview"].price(None, "480P", silent=False) is None


def test_the_rewritten_prompt_comes_from_wan25_and_older():
    assert {name for name, row in MODELS.items() if not row.actual_prompt} == {
        "wan2.6-i2v-flash",
        "wan2.6-i2v",
        "wan2.6-i2v-us",
    }


def test_usage_fields_are_the_documented_ones():
    new = {"duration", "input_video_duration", "output_video_duration", "video_count", "SR"}
    assert set(MODELS["wan2.6-i2v"].usage) == new
    assert set(MODELS["wan2.6-i2v-flash"].usage) == new | {"audio"}
    for name in ("wan2.5-i2v-preview", "wan2.2-i2v-flash", "wan2.2-i2v-plus"):
        assert set(MODELS[name].usage) == {"duration", "SR", "video_count"}
    for name in ("wanx2.1-i2v-turbo", "wanx2.1-i2v-plus"):
        assert set(MODELS[name].usage) == {"video_duration", "video_ratio", "video_count"}


def test_five_tasks_run_at_once_on_new_models_and_two_on_old_ones():
    for name, row in MODELS.items():
        assert row.concurrent == (5 if name.startswith(("wan2.5", "wan2.6")) else 2)


def test_templates_are_the_documented_effects():
    assert len(TEMPLATES) == 26
    plus, turbo = MODELS["wanx2.1-i2v-plus"].templates, MODELS["wanx2.1-i2v-turbo"].templates
    assert set(plus) == set(TEMPLATES)
    small = "squish rotation poke inflate dissolve carousel singleheart flying rose crystalrose"
    assert set(turbo) == {*small.split(), "hug", "frenchkiss", "coupleheart"}
    assert TEMPLATES["squish"].label == "解压捏捏"
    assert TEMPLATES["hug"].subject == "two people"
    assert MODELS["wan2.5-i2v-preview"].templates is None, "the documents give it no list"


@pytest.mark.parametrize("image", SIZES)
def test_output_size_keeps_the_shape_and_the_area(image):
    found = [output_size(*image, tier) for tier in ("480P", "720P", "1080P")]
    assert [f"{w}x{h}" for w, h in found] == list(SIZES[image])


def test_output_size_of_the_official_example():
    assert output_size(750, 1000, "720P") == (816, 1104)


def test_output_size_depends_on_the_shape_alone():
    assert output_size(240, 240, "720P") == output_size(8000, 8000, "720P") == (960, 960)


def test_output_size_is_never_nothing():
    assert output_size(8000, 1, "480P")[1] == 16


def test_find_model_names_the_nearest():
    with pytest.raises(InputError) as caught:
        find_model("wan2.5-i2v")
    assert "unknown model 'wan2.5-i2v'" in str(caught.value)
    assert "did you mean wan2." in caught.value.hint


def test_find_model_lists_all_when_nothing_is_near():
    with pytest.raises(InputError) as caught:
        find_model("sora")
    assert all(name in caught.value.hint for name in MODELS)


def test_nearest_finds_a_slip_and_nothing_far_away():
    assert nearest("resolutoin", ["resolution", "duration"]) == "did you mean resolution?"
    assert nearest("zzz", ["resolution", "duration"]) == ""


def test_nearest_prefers_what_begins_with_the_word():
    assert nearest("wan2.5-i2v", MODELS) == "did you mean wan2.5-i2v-preview?"
    assert nearest("wa", ["wanvideo"]) == "", "two letters say too little"


def test_a_blank_row_claims_nothing():
    row = blank_row("wan9-i2v")
    assert row.name == "wan9-i2v"
    assert row.resolutions == row.durations == row.shot_types == ()
    assert row.price("beijing", "720P", silent=False) is None
    assert row.usage == ("duration", "SR", "video_count")


@pytest.mark.parametrize(
    ("resolution", "seconds", "minutes"),
    [
        ("720P", 5, (1, 3)),
        ("720P", 15, (3, 6)),
        ("1080P", 5, (2, 5)),
        ("1080P", 10, (4, 8)),
    ],
)
def test_usual_minutes(resolution, seconds, minutes):
    assert catalog.usual_minutes(resolution, seconds) == minutes
