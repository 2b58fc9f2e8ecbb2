"""Finding a model: by name, by version and inputs, and what is said where there is none."""

from __future__ import annotations

import pytest

from wan_magic.errors import InputError
from wan_magic.wan import catalog
from wan_magic.wan.catalog import MODELS, find_model, fits, nearest, versions


def found(version, given="", region=None):
    return find_model(version, given.split(), region=region).name


def refusal(name=None, given="", **options):
    with pytest.raises(InputError) as caught:
        find_model(name, given.split(), **options)
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value


# -- by name ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_a_name_is_its_row_whatever_is_given_and_wherever(name):
    assert find_model(name) is MODELS[name]
    assert find_model(name, ["clip", "mask"], region="tokyo") is MODELS[name]


@pytest.mark.parametrize("spelling", ["WAN2.6-I2V", " wan2.6-i2v ", "Wan2.6-i2v"])
def test_capitals_and_blanks_do_not_count_in_a_name(spelling):
    assert find_model(spelling) is MODELS["wan2.6-i2v"]


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("wan2.6-i2w", "wan2.6-i2v"),
        ("wan2.5-i2v", "wan2.5-i2v-preview"),
        ("wan2.7-video-edit", "wan2.7-videoedit"),
        ("wan3.0-vdieo", "wan3.0-video"),
        ("wanx2.1-i2v-trubo", "wanx2.1-i2v-turbo"),
        ("wan2.2-animate", "wan2.2-animate-move"),
    ],
)
def test_a_slip_in_a_name_is_told(slip, meant):
    error = refusal(slip)
    assert error.message == f"unknown model {slip!r}"
    assert f"did you mean {meant}?" in error.hint
    assert "--unchecked sends it as it is" in error.hint


def test_a_name_like_no_other_gets_the_list_of_versions_and_where_all_names_are():
    error = refusal("sora")
    assert "%wanvideo models lists all" in error.hint
    assert "versions: 3.0, 2.7, 2.6, 2.5, 2.2, 2.1 " in error.hint


def test_an_unknown_version_is_met_with_the_nearest_one():
    assert "did you mean 2." in refusal("2.8").hint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wanx-txt2video-pro", "wan2.5-t2v-preview"),
        ("wanx-img2video-pro", "wan2.5-i2v-preview"),
        ("wanx-kf2v", "wan2.2-kf2v-flash"),
    ],
)
def test_a_retired_name_leads_to_what_replaced_it(old, new):
    error = refusal(old)
    assert error.message == f"the model {old!r} is retired"
    assert error.hint == f"take {new}"


def test_the_portrait_check_is_told_from_a_video_model():
    error = refusal("wan2.2-s2v-detect")
    assert error.message == "wan2.2-s2v-detect checks a portrait and makes no video"
    assert "check_portrait" in error.hint


# -- by version and inputs -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "given", "name"),
    [
        ("3.0", "", "wan3.0-video"),
        ("3.0", "image", "wan3.0-video"),
        ("3.0", "image last_frame", "wan3.0-video"),
        ("3.0", "ref ref ref", "wan3.0-video"),
        ("3.0", "file", "wan3.0-video"),
        ("3.0", "link ref", "wan3.0-video"),
        ("3.0-prime", "", "wan3.0-video-prime"),
        ("3.0-prime", "image", "wan3.0-video-prime"),
        ("2.7", "", "wan2.7-t2v"),
        ("2.7", "audio", "wan2.7-t2v"),
        ("2.7", "image", "wan2.7-i2v"),
        ("2.7", "image audio", "wan2.7-i2v"),
        ("2.7", "image last_frame", "wan2.7-i2v"),
        ("2.7", "image last_frame audio", "wan2.7-i2v"),
        ("2.7", "clip", "wan2.7-i2v"),
        ("2.7", "clip last_frame", "wan2.7-i2v"),
        ("2.7", "ref", "wan2.7-r2v"),
        ("2.7", "ref ref ref ref ref", "wan2.7-r2v"),
        ("2.7", "image ref", "wan2.7-r2v"),
        ("2.7", "video", "wan2.7-videoedit"),
        ("2.7", "video ref ref", "wan2.7-videoedit"),
        ("2.6", "", "wan2.6-t2v"),
        ("2.6", "audio", "wan2.6-t2v"),
        ("2.6", "image", "wan2.6-i2v"),
        ("2.6", "image audio", "wan2.6-i2v"),
        ("2.6", "ref", "wan2.6-r2v"),
        ("2.6-flash", "image", "wan2.6-i2v-flash"),
        ("2.6-flash", "ref ref", "wan2.6-r2v-flash"),
        ("2.6-us", "", "wan2.6-t2v-us"),
        ("2.6-us", "image", "wan2.6-i2v-us"),
        ("2.5", "", "wan2.5-t2v-preview"),
        ("2.5", "audio", "wan2.5-t2v-preview"),
        ("2.5", "image", "wan2.5-i2v-preview"),
        ("2.5", "image audio", "wan2.5-i2v-preview"),
        ("2.2", "", "wan2.2-t2v-plus"),
        ("2.2", "image", "wan2.2-i2v-flash"),
        ("2.2", "image last_frame", "wan2.2-kf2v-flash"),
        ("2.2", "image audio", "wan2.2-s2v"),
        ("2.2", "image video", "wan2.2-animate-move"),
        ("2.2-plus", "", "wan2.2-t2v-plus"),
        ("2.2-plus", "image", "wan2.2-i2v-plus"),
        ("2.2-flash", "image", "wan2.2-i2v-flash"),
        ("2.2-flash", "image last_frame", "wan2.2-kf2v-flash"),
        ("2.2-s2v", "image audio", "wan2.2-s2v"),
        ("2.2-move", "image video", "wan2.2-animate-move"),
        ("2.2-mix", "image video", "wan2.2-animate-mix"),
        ("2.1", "", "wanx2.1-t2v-turbo"),
        ("2.1", "image", "wanx2.1-i2v-turbo"),
        ("2.1", "image last_frame", "wanx2.1-kf2v-plus"),
        ("2.1", "video", "wanx2.1-vace-plus"),
        ("2.1", "video mask", "wanx2.1-vace-plus"),
        ("2.1", "ref ref", "wanx2.1-vace-plus"),
        ("2.1-plus", "", "wanx2.1-t2v-plus"),
        ("2.1-plus", "image", "wanx2.1-i2v-plus"),
        ("2.1-turbo", "image", "wanx2.1-i2v-turbo"),
    ],
)
def test_a_version_is_its_model_that_takes_the_inputs(version, given, name):
    assert found(version, given) == name


@pytest.mark.parametrize("spelling", ["2.7", "wan2.7", "Wan2.7", "WAN2.7", "wanx2.7"])
def test_a_version_may_be_spelt_with_the_familys_name(spelling):
    assert found(spelling, "image") == "wan2.7-i2v"


def test_every_alias_is_a_version_that_finds_something():
    assert versions() == (
        *("3.0", "3.0-prime", "2.7", "2.6", "2.6-us", "2.6-flash", "2.5"),
        *("2.2", "2.2-plus", "2.2-flash", "2.2-s2v", "2.2-move", "2.2-mix"),
        *("2.1", "2.1-turbo", "2.1-plus"),
    )
    dated = [name for name, row in MODELS.items() if not row.aliases]
    assert dated == [name for name in MODELS if "-2026-" in name], "snapshots are named in full"


@pytest.mark.parametrize(
    ("version", "given", "region", "name"),
    [
        ("2.1", "", "singapore", "wan2.1-t2v-turbo"),
        ("2.1", "image", "singapore", "wan2.1-i2v-turbo"),
        ("2.1-plus", "image", "singapore", "wan2.1-i2v-plus"),
        ("2.1", "image last_frame", "singapore", "wan2.1-kf2v-plus"),
        ("2.1", "video", "singapore", "wan2.1-vace-plus"),
        ("2.1", "", "beijing", "wanx2.1-t2v-turbo"),
        ("2.6", "", "virginia", "wan2.6-t2v"),
        ("2.6", "image", "frankfurt", "wan2.6-i2v"),
        ("2.6-us", "image", "virginia", "wan2.6-i2v-us"),
        ("3.0", "image", "tokyo", "wan3.0-video"),
    ],
)
def test_a_version_is_the_model_of_the_region(version, given, region, name):
    assert found(version, given, region) == name


def test_a_version_that_a_region_lacks():
    error = refusal("2.5", region="virginia")
    assert error.message == "no wan2.5 model in virginia takes a prompt alone"
    assert "2.5" in error.hint


# -- without a model ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "region", "name"),
    [
        ("", None, "wan2.5-t2v-preview"),
        ("audio", None, "wan2.5-t2v-preview"),
        ("image", None, "wan2.5-i2v-preview"),
        ("image audio", None, "wan2.5-i2v-preview"),
        ("image last_frame", None, "wan2.7-i2v"),
        ("clip", None, "wan2.7-i2v"),
        ("ref", None, "wan2.7-r2v"),
        ("image ref", None, "wan2.7-r2v"),
        ("ref ref ref ref ref ref", None, "wan3.0-video"),
        ("video", None, "wan2.7-videoedit"),
        ("file", None, "wan3.0-video"),
        ("link", None, "wan3.0-video"),
        ("last_frame", None, "wan3.0-video"),
        ("image", "singapore", "wan2.5-i2v-preview"),
        ("image", "virginia", "wan2.6-i2v"),
        ("ref", "frankfurt", "wan2.6-r2v"),
        ("", "tokyo", "wan3.0-video"),
    ],
)
def test_the_default_is_25_and_where_that_has_no_such_input_a_newer_one(given, region, name):
    assert found(None, given, region) == name


def test_several_models_for_one_set_of_inputs_are_named():
    error = refusal(given="image video")
    assert error.message == "several models may take --image with --video: name one"
    assert error.hint.startswith("--model wan2.2-animate-move or wan2.2-animate-mix")


def test_inputs_that_no_model_takes_together_are_told_with_who_takes_each():
    error = refusal(given="mask file")
    assert error.message == "no model takes --mask with --file"
    assert "--mask: wanx2.1-vace-plus, wan2.1-vace-plus" in error.hint
    assert "--file: wan3.0-video, wan3.0-video-prime" in error.hint


def test_a_version_without_such_an_input_names_who_has_it_and_what_the_version_takes():
    error = refusal("2.5", "file")
    assert error.message == "no wan2.5 model takes --file"
    assert "take wan3.0-video, wan3.0-video-prime" in error.hint
    assert "wan2.5-i2v-preview: --image, --audio" in error.hint


@pytest.mark.parametrize(
    ("version", "given", "name"),
    [
        ("2.7", "last_frame", "wan2.7-i2v"),  # a last frame alone
        ("2.7", "ref ref ref ref ref ref", "wan2.7-r2v"),  # six of them
        ("2.2", "video", "wan2.2-animate-move"),  # no picture to move
        ("3.0", "image ref", "wan3.0-video"),
    ],
)
def test_inputs_that_nearly_fit_give_the_row_whose_own_rules_say_what_is_wrong(
    version, given, name
):
    assert found(version, given) == name
    assert not fits(MODELS[name], tuple(given.split()))


# -- what fits -----------------------------------------------------------------------------------


def test_a_reference_may_be_a_picture_or_a_video_as_fits():
    assert fits(MODELS["wan3.0-video"], ("ref",) * 10), "ten pictures"
    assert not fits(MODELS["wan3.0-video"], ("ref",) * 11)
    assert fits(MODELS["wan2.7-r2v"], ("ref",) * 5)
    assert not fits(MODELS["wan2.7-r2v"], ("ref",) * 6)
    assert fits(MODELS["wan2.7-videoedit"], ("video", *("ref",) * 4))
    assert not fits(MODELS["wan2.7-videoedit"], ("video", *("ref",) * 5))


def test_what_a_model_cannot_do_without_counts():
    assert not fits(MODELS["wan2.5-i2v-preview"], ())
    assert not fits(MODELS["wan2.2-s2v"], ("image",))
    assert fits(MODELS["wan2.2-s2v"], ("image", "audio"))
    assert not fits(MODELS["wanx2.1-vace-plus"], ("mask",))


# -- near words -------------------------------------------------------------------------------


def test_nearest_finds_a_slip_and_nothing_far_away():
    assert nearest("resolutoin", ["resolution", "duration"]) == "did you mean resolution?"
    assert nearest("zzz", ["resolution", "duration"]) == ""


def test_nearest_prefers_what_begins_with_the_word():
    assert nearest("wan2.5-i2v", MODELS) == "did you mean wan2.5-i2v-preview?"
    assert nearest("wa", ["wanvideo"]) == "", "two letters say too little"


# -- names that are not checked ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("wan2.9-t2v", "wan2.7-t2v"),
        ("wan3.5-i2v-flash", "wan2.7-i2v"),
        ("wan2.7-i2v-2027-01-01", "wan2.7-i2v"),
        ("wan2.6-i2v-flash-2027-01-01", "wan2.6-i2v-flash"),
        ("wan2.6-i2v-us-2027-01-01", "wan2.6-i2v-us"),
        ("wan3.0-video-prime-2027-01-01", "wan3.0-video-prime"),
        ("wan4-r2v", "wan2.7-r2v"),
        ("wan4-kf2v", "wan2.2-kf2v-flash"),
        ("wan4-videoedit", "wan2.7-videoedit"),
        ("wan4-vace", "wanx2.1-vace-plus"),
        ("wan4-s2v", "wan2.2-s2v"),
        ("wan4-animate-mix", "wan2.2-animate-mix"),
        ("kling-v9", "wan3.0-video"),
        ("wan4.0-video", "wan3.0-video"),
        # Retired ones are sent as what replaced them.
        ("wanx-txt2video-pro", "wan2.5-t2v-preview"),
        ("wanx-img2video-pro", "wan2.5-i2v-preview"),
        ("wanx-kf2v", "wan2.2-kf2v-flash"),
    ],
)
def test_an_unknown_name_is_shaped_like_its_nearest_kin(name, like):
    row = find_model(name, unchecked=True)
    kin = MODELS[like]
    assert row.name == name
    assert not row.checked
    assert (row.kind, row.path, row.protocol) == (kin.kind, kin.path, kin.protocol)
    assert [s.type for s in row.inputs] == [s.type for s in kin.inputs]
    assert set(row.parameters) == {*kin.parameters, "audio"}
    assert row.source == kin.source


def test_an_unknown_name_has_no_price():
    row = find_model("wan2.9-t2v", unchecked=True)
    assert row.price("beijing", "720P", silent=False) is None
    assert row.price("beijing", "720P", silent=True) is None


def test_a_loosened_row_forbids_nothing():
    for name in (*MODELS, "kling-v9"):
        row = find_model(name, unchecked=True)
        assert not row.checked
        assert not any((row.sets, row.totals, row.excludes))
        assert row.seconds_with == {}
        assert row.total_seconds is None
        assert row.templates is None
        assert not any(slot.required for slot in row.inputs)
        assert all(slot.most >= 100 for slot in row.inputs)
        for parameter in row.parameters.values():
            assert (parameter.values, parameter.low, parameter.high) == ((), None, None)
        assert row.takes("audio")


def test_a_loosened_row_keeps_the_price_and_the_protocol_of_a_model_that_is_known():
    loose, row = find_model("wan2.7-i2v", unchecked=True), MODELS["wan2.7-i2v"]
    assert loose.prices == row.prices
    assert loose.protocol == "media"
    assert loose.parameters["seed"].default is None


def test_a_loosened_motion_still_sends_its_mode():
    assert find_model("wan2.2-animate-move", unchecked=True).default("mode") == "wan-std"


def test_a_version_may_go_unchecked_too():
    row = find_model("2.7", ["image"], unchecked=True)
    assert (row.name, row.checked) == ("wan2.7-i2v", False)


def test_the_table_itself_is_not_loosened():
    find_model("wan2.6-i2v", unchecked=True)
    assert MODELS["wan2.6-i2v"].checked
    assert MODELS["wan2.6-i2v"].resolutions == ("720P", "1080P")


def test_the_default_versions_are_tried_in_this_order():
    assert catalog.DEFAULT_VERSIONS == ("2.5", "2.7", "2.6", "3.0")
