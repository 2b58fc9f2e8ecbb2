"""A request: its body in each family, its fingerprint, its uploads, what is shown of it."""

from __future__ import annotations

import dataclasses
import json

import pytest
from asking import asked, given, movie, picture, sound

from wan_magic.wan.catalog import MODELS
from wan_magic.wan.media import Input
from wan_magic.wan.request import PARAMETERS, VideoRequest

PIXELS = "data:image/png;base64," + "A" * 4000
CAT = "https://x.org/cat.png"


# -- what is sent ---------------------------------------------------------------------------


def test_only_what_was_set_is_sent():
    assert asked().body() == {
        "model": "wan2.5-i2v-preview",
        "input": {"prompt": "a cat runs", "img_url": CAT},
        "parameters": {},
    }


def test_false_and_zero_are_set_and_sent():
    body = asked(prompt_extend=False, watermark=False, audio=False, seed=0).body()
    assert body["parameters"] == {
        "prompt_extend": False,
        "watermark": False,
        "audio": False,
        "seed": 0,
    }


def test_an_empty_text_is_not_sent():
    body = asked(prompt="", negative_prompt="", template="hug", resolution="").body()
    assert body["input"] == {"img_url": CAT, "template": "hug"}
    assert body["parameters"] == {}


def test_everything_set_on_wan26_flash():
    everything = asked(
        "wan2.6-i2v-flash",
        given("image"),
        sound(name="rain.mp3"),
        prompt="p",
        negative_prompt="n",
        audio=True,
        template="flying",
        resolution="720P",
        duration=15,
        prompt_extend=True,
        watermark=True,
        seed=2147483647,
        shot_type="multi",
    )
    assert everything.body() == {
        "model": "wan2.6-i2v-flash",
        "input": {
            "prompt": "p",
            "negative_prompt": "n",
            "img_url": PIXELS,
            "audio_url": "https://x.org/rain.mp3",
            "template": "flying",
        },
        "parameters": {
            "audio": True,
            "resolution": "720P",
            "duration": 15,
            "prompt_extend": True,
            "watermark": True,
            "seed": 2147483647,
            "shot_type": "multi",
        },
    }


FRAMES = (picture(), picture("last_frame", "end.png"))
MOTION = (picture(), movie())
# model, inputs, fields: the input (beside the prompt) and the parameters that are sent
BODIES = {
    "text, flat, with a size": (
        ("wan2.6-t2v", (), {"size": "1280*720", "duration": 2}),
        ({}, {"size": "1280*720", "duration": 2}),
    ),
    "text, flat, a resolution and a ratio become a size": (
        ("wan2.5-t2v-preview", (), {"resolution": "480P", "ratio": "9:16"}),
        ({}, {"size": "480*832"}),
    ),
    "text, flat, a ratio alone takes the default resolution": (
        ("wan2.2-t2v-plus", (), {"ratio": "3:4"}),
        ({}, {"size": "1248*1632"}),
    ),
    "text, flat, a resolution alone takes the default ratio": (
        ("wanx2.1-t2v-turbo", (), {"resolution": "480P"}),
        ({}, {"size": "832*480"}),
    ),
    "text, 2.7, flat sound": (
        ("wan2.7-t2v", (sound(),), {"resolution": "720P", "ratio": "1:1"}),
        ({"audio_url": "https://x.org/cat.wav"}, {"resolution": "720P", "ratio": "1:1"}),
    ),
    "picture, flat": (
        ("wan2.2-i2v-plus", (picture(),), {"resolution": "1080P", "watermark": True}),
        ({"img_url": CAT}, {"resolution": "1080P", "watermark": True}),
    ),
    "key frames": (
        ("wan2.2-kf2v-flash", FRAMES, {}),
        ({"first_frame_url": CAT, "last_frame_url": "https://x.org/end.png"}, {}),
    ),
    "picture, media": (
        ("wan2.7-i2v", (*FRAMES, sound()), {"duration": 3}),
        (
            {
                "media": [
                    {"type": "first_frame", "url": CAT},
                    {"type": "last_frame", "url": "https://x.org/end.png"},
                    {"type": "driving_audio", "url": "https://x.org/cat.wav"},
                ]
            },
            {"duration": 3},
        ),
    ),
    "clip, media": (
        ("wan2.7-i2v", (movie("clip"),), {}),
        ({"media": [{"type": "first_clip", "url": "https://x.org/cat.mp4"}]}, {}),
    ),
    "references, a list": (
        ("wan2.6-r2v", (picture("ref"), movie("ref"), picture("ref", "b.png")), {}),
        ({"reference_urls": [CAT, "https://x.org/cat.mp4", "https://x.org/b.png"]}, {}),
    ),
    "one reference, a list, too": (
        ("wan2.6-r2v-flash", (picture("ref"),), {"audio": False}),
        ({"reference_urls": [CAT]}, {"audio": False}),
    ),
    "references, media, each with its voice": (
        (
            "wan2.7-r2v",
            (picture("ref"), sound("ref", "anna.wav"), movie("ref"), sound("ref", "ben.mp3")),
            {},
        ),
        (
            {
                "media": [
                    {
                        "type": "reference_image",
                        "url": CAT,
                        "reference_voice": "https://x.org/anna.wav",
                    },
                    {
                        "type": "reference_video",
                        "url": "https://x.org/cat.mp4",
                        "reference_voice": "https://x.org/ben.mp3",
                    },
                ]
            },
            {},
        ),
    ),
    "editing": (
        ("wan2.7-videoedit", (movie(), picture("ref")), {"audio_setting": "origin", "duration": 0}),
        (
            {
                "media": [
                    {"type": "video", "url": "https://x.org/cat.mp4"},
                    {"type": "reference_image", "url": CAT},
                ]
            },
            {"audio_setting": "origin", "duration": 0},
        ),
    ),
    "all in one": (
        (
            "wan3.0-video",
            (
                picture("ref"),
                sound("ref"),
                given("file", url="https://x.org/a.pdf"),
            ),
            {"ratio": "21:9", "duration": -1, "seed": -1, "audio": False},
        ),
        (
            {
                "media": [
                    {"type": "reference_image", "url": CAT},
                    {"type": "reference_audio", "url": "https://x.org/cat.wav"},
                    {"type": "file", "url": "https://x.org/a.pdf"},
                ]
            },
            {"ratio": "21:9", "duration": -1, "seed": -1, "audio": False},
        ),
    ),
    "a page": (
        ("wan3.0-video-prime", (given("link", url="https://x.org/news"),), {}),
        ({"media": [{"type": "link", "url": "https://x.org/news"}]}, {}),
    ),
    "motion: a mode is always sent": (
        ("wan2.2-animate-move", MOTION, {"check_image": False}),
        (
            {"image_url": CAT, "video_url": "https://x.org/cat.mp4"},
            {"mode": "wan-std", "check_image": False},
        ),
    ),
    "motion: the watermark is an input": (
        ("wan2.2-animate-mix", MOTION, {"mode": "wan-pro", "watermark": True}),
        (
            {"image_url": CAT, "video_url": "https://x.org/cat.mp4", "watermark": True},
            {"mode": "wan-pro"},
        ),
    ),
    "speech": (
        ("wan2.2-s2v", (picture(), sound()), {"resolution": "720P"}),
        ({"image_url": CAT, "audio_url": "https://x.org/cat.wav"}, {"resolution": "720P"}),
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_the_body_of_each_family(case):
    (model, inputs, fields), (wanted, parameters) = BODIES[case]
    made = asked(model, *inputs, **fields)
    text = {} if MODELS[model].prompt == "none" else {"prompt": "a cat runs"}
    assert made.body() == {"model": model, "input": text | wanted, "parameters": parameters}
    made.check()


@pytest.mark.parametrize(
    ("inputs", "extra", "function"),
    [
        ((picture("ref"),), {}, "image_reference"),
        ((picture("ref"), movie()), {}, "video_repainting"),
        ((movie(),), {}, "video_repainting"),
        ((movie(), picture("mask")), {}, "video_edit"),
        ((movie(), movie("mask", "m.mp4")), {}, "video_edit"),
        ((picture(),), {}, "video_extension"),
        ((picture("last_frame"),), {}, "video_extension"),
        ((movie("clip"), movie()), {}, "video_extension"),
        ((movie(),), {"extra_parameters": {"left_scale": 1.5}}, "video_outpainting"),
        ((), {"extra_inputs": {"last_clip_url": "https://x.org/z.mp4"}}, "video_extension"),
    ],
)
@pytest.mark.parametrize("model", ["wanx2.1-vace-plus", "wan2.1-vace-plus"])
def test_what_vace_should_do_is_told_from_its_inputs(model, inputs, extra, function):
    made = asked(model, *inputs, **extra)
    assert made.body()["input"]["function"] == function
    made.check()


def test_what_vace_should_do_may_be_said():
    made = asked("wanx2.1-vace-plus", movie(), function="video_outpainting")
    assert made.body()["input"]["function"] == "video_outpainting"


def test_the_inputs_of_vace_have_fields_of_their_own():
    made = asked("wanx2.1-vace-plus", movie(), movie("mask", "m.mp4"), picture("ref"))
    sent = made.body()["input"]
    assert sent["video_url"] == "https://x.org/cat.mp4"
    assert sent["mask_video_url"] == "https://x.org/m.mp4"
    assert sent["ref_images_url"] == [CAT]


def test_fields_that_the_table_lacks_are_sent_as_they_are():
    made = asked(extra_inputs={"style": {"a": [1]}}, extra_parameters={"steps": 30})
    assert made.body()["input"]["style"] == {"a": [1]}
    assert made.body()["parameters"] == {"steps": 30}


def test_a_model_that_reads_no_prompt_is_sent_none():
    made = asked("wan2.2-s2v", picture(), sound(), prompt="a title")
    assert "prompt" not in made.body()["input"]


def test_what_is_too_long_is_not_cut_by_us():
    assert len(asked(prompt="x" * 2000).body()["input"]["prompt"]) == 2000


def test_a_model_that_is_not_in_the_table_is_sent_in_its_kins_shape():
    made = asked("wan9-i2v", picture(), unchecked=True, resolution="4K", duration=99)
    assert made.body() == {
        "model": "wan9-i2v",
        "input": {"prompt": "a cat runs", "media": [{"type": "first_frame", "url": CAT}]},
        "parameters": {"resolution": "4K", "duration": 99},
    }


def test_every_documented_value_has_a_field():
    fields = {entry.name for entry in dataclasses.fields(VideoRequest)}
    assert set(PARAMETERS) <= fields
    by_hand = {  # those of VACE are given as extra parameters
        *("mask_frame_id", "last_clip_url", "obj_or_bg", "control_condition", "strength"),
        *("mask_type", "expand_ratio", "expand_mode"),
        *("top_scale", "bottom_scale", "left_scale", "right_scale"),
    }
    known = {name for row in MODELS.values() for name in row.parameters}
    assert known - fields == by_hand


# -- what is shown and saved ------------------------------------------------------------------


def test_the_shown_body_cuts_base64_short_and_nothing_else():
    made = asked("wan2.5-i2v-preview", given(), seed=7)
    shown = made.shown_body()
    assert shown["input"].pop("img_url") == "data:image/png;base64,… (4,022 characters)"
    sent = made.body()
    assert sent["input"].pop("img_url") == PIXELS, "what is sent stays whole"
    assert shown == sent


def test_the_shown_body_leaves_an_address_as_it_is():
    assert asked().shown_body() == asked().body()


def test_the_shown_body_names_what_is_uploaded_first():
    made = asked("wan2.7-videoedit", given("video", upload=True))
    (item,) = made.shown_body()["input"]["media"]
    assert item["url"] == "oss://… (cat.mp4, 7 bytes, uploaded first)"


SECRET = "https://x.org/private/cat.png?Signature=SECRET"


def saved(made):
    return json.dumps([made.named_body(), made.named_extras()])


@pytest.mark.parametrize(
    "inputs",
    [
        (given("image", url=SECRET),),
        (given("image"),),
        (given("image", url="oss://dashscope-instant/SECRET/cat.png"),),
        (given("clip", url=SECRET.replace("png", "mp4")),),
    ],
)
def test_what_is_saved_names_inputs_and_holds_no_address(inputs):
    text = saved(asked("wan2.7-i2v", *inputs))
    assert "cat." in text
    for hidden in ("SECRET", "://", "AAAA", "private"):
        assert hidden not in text


def test_an_address_without_a_name_is_called_by_its_host():
    made = asked("wan2.5-i2v-preview", given("image", url="https://x.org/"))
    assert made.named_body()["input"]["img_url"] == "x.org"


def test_a_name_is_readable():
    made = asked("wan2.5-i2v-preview", given("image", url="https://x.org/%E7%8C%AB.png?a=b"))
    assert made.named_body()["input"]["img_url"] == "猫.png"


@pytest.mark.parametrize("where", ["extra_inputs", "extra_parameters"])
@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        [SECRET],
        {"deep": [{"url": SECRET}]},
        "data:image/png;base64,SECRET",
        "DATA:image/png;base64,SECRET",
        "oss://SECRET",
    ],
    ids=str,
)
def test_extra_fields_are_saved_without_addresses(where, value):
    text = saved(asked(**{where: {"field": value}}))
    assert "field" in text
    assert "SECRET" not in text


def test_extra_fields_that_hide_nothing_are_saved_whole():
    made = asked(extra_inputs={"style": "ink"}, extra_parameters={"steps": 30, "on": True})
    assert made.named_extras() == {"steps": 30, "on": True, "style": "ink"}
    assert made.named_body()["input"]["style"] == "ink"
    assert made.named_body()["parameters"] == {"steps": 30, "on": True}


def test_the_repr_of_a_request_holds_no_pixels_and_no_address():
    made = asked("wan2.7-i2v", given(), given("last_frame", url=SECRET))
    assert "AAAA" not in repr(made)
    assert "SECRET" not in repr(made)


# -- the fingerprint -----------------------------------------------------------------------------


def test_equal_requests_have_equal_fingerprints():
    assert asked(seed=7).fingerprint() == asked(seed=7).fingerprint()


def test_the_fingerprint_stays_what_it_is():
    one = Input(option="image", media="image", value=PIXELS, source="cat.png", digest="00ff")
    made = VideoRequest(prompt="waves", inputs=(one,), resolution="480P", seed=7)
    assert made.fingerprint() == (
        "fbe102453f8a72b8d8a0715b9bdb358ae311f8d977311263671b720bf53ff343"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a dog runs"},
        {"seed": 8},
        {"resolution": "720P"},
        {"model": "wan2.6-i2v"},
        {"audio": False},
        {"inputs": (picture(name="dog.png"),)},
        {"inputs": ()},
        {"extra_parameters": {"steps": 3}},
        {"extra_inputs": {"style": "ink"}},
    ],
    ids=str,
)
def test_anything_that_decides_the_clip_changes_the_fingerprint(change):
    made = asked(seed=7)
    assert dataclasses.replace(made, **change).fingerprint() != made.fingerprint()


def test_the_order_of_references_counts():
    one, two = picture("ref", "a.png"), picture("ref", "b.png")
    both = asked("wan2.7-r2v", one, two), asked("wan2.7-r2v", two, one)
    assert both[0].fingerprint() != both[1].fingerprint()


def test_an_input_counts_by_content_not_by_name_encoding_or_address():
    file = given("video", upload=True)
    made = [
        asked("wan2.7-videoedit", dataclasses.replace(file, **change))
        for change in ({}, {"source": "copy.mp4"}, {"value": "oss://a/b.mp4"}, {"seconds": 3.0})
    ]
    assert len({one.fingerprint() for one in made}) == 1


def test_an_upload_does_not_change_the_fingerprint():
    made = asked("wan2.7-videoedit", given("video", upload=True))
    (file,) = made.pending
    assert made.with_uploads({file.digest: "oss://a/b"}).fingerprint() == made.fingerprint()


def test_any_prompt_has_a_fingerprint():
    assert asked(prompt="half a surrogate: \ud83d").fingerprint()


# -- uploads ---------------------------------------------------------------------------------------


def test_files_to_upload_are_pending_each_content_once():
    one = given("ref", "image", name="a.png", upload=True)
    same = dataclasses.replace(one, source="copy.png")
    other = given("ref", "image", name="b.png", upload=True)
    made = asked("wan2.7-r2v", one, same, other, picture("ref"))
    assert [file.name for file in made.pending] == ["a.png", "b.png"]


def test_uploads_take_their_addresses_and_nothing_is_pending_then():
    one, two = given("video", upload=True), given("ref", "image", name="a.png", upload=True)
    made = asked("wan2.7-videoedit", one, two)
    first, second = made.pending
    half = made.with_uploads({first.digest: "oss://a/cat.mp4"})
    assert half.pending == (second,)
    whole = half.with_uploads({second.digest: "oss://a/a.png", "unknown": "oss://x"})
    assert whole.pending == ()
    assert [item["url"] for item in whole.body()["input"]["media"]] == [
        "oss://a/cat.mp4",
        "oss://a/a.png",
    ]
    assert made.pending == (first, second), "the request itself stays as it was"


def test_an_address_is_never_replaced():
    made = asked("wan2.7-videoedit", movie())
    assert made.pending == ()
    assert made.with_uploads({one.digest: "oss://x" for one in made.inputs}) == made


def test_a_body_made_too_early_names_the_file():
    made = asked("wan2.7-videoedit", given("video", upload=True))
    assert made.body()["input"]["media"][0]["url"] == "upload:cat.mp4"


@pytest.mark.parametrize(
    ("made", "uses"),
    [
        (asked(), False),
        (asked("wan2.5-i2v-preview", given("image", url="oss://a/b.png")), True),
        (asked("wan2.6-r2v", picture("ref"), movie("ref")), False),
        (asked("wan2.6-r2v", given("ref", "video", url="oss://a/b.mp4")), True),
        (asked("wan2.7-r2v", picture("ref"), given("ref", "audio", url="oss://a/v.wav")), True),
        (asked(extra_inputs={"last_clip_url": "oss://a/b.mp4"}), True),
        (asked(prompt="what oss:// means"), False),
    ],
)
def test_whether_an_input_lies_in_temporary_storage(made, uses):
    assert made.uses_oss is uses


# -- its parts -------------------------------------------------------------------------


def test_the_inputs_of_an_option_keep_their_order():
    one, two, three = picture("ref", "a.png"), movie("ref"), picture("ref", "b.png")
    made = asked("wan2.7-r2v", one, picture(), two, three)
    assert made.of("ref") == (one, two, three)
    assert made.of("clip") == ()


@pytest.mark.parametrize(
    ("inputs", "shown"),
    [
        ((), None),
        ((sound(),), None),
        ((picture("ref"), picture()), 1),
        ((picture("ref"), movie("ref")), 0),
        ((sound(), movie("clip")), 1),
    ],
)
def test_the_picture_to_show_is_the_first_frame_or_what_comes_first(inputs, shown):
    made = VideoRequest(prompt="p", inputs=inputs)
    assert made.image is (None if shown is None else inputs[shown])


def test_the_row_of_a_request():
    assert asked("wan2.6-i2v").row is MODELS["wan2.6-i2v"]
    assert asked("wan2.6-i2v", unchecked=True).row.checked is False
    assert asked("wan9-t2v").row.name == "wan9-t2v"


def test_what_was_not_set_is_the_models_default():
    made = asked("wan2.2-i2v-flash")
    assert (made.effective_resolution, made.effective_duration) == ("720P", 5)
    made = asked(resolution="480P", duration=10)
    assert (made.effective_resolution, made.effective_duration) == ("480P", 10)


@pytest.mark.parametrize(
    ("fields", "resolution"),
    [
        ({"size": "480*832"}, "480P"),
        ({"size": "960*960"}, "720P"),
        ({"ratio": "9:16"}, "1080P"),
        ({"resolution": "720P"}, "720P"),
        ({}, "1080P"),
    ],
)
def test_a_size_tells_the_resolution(fields, resolution):
    made = asked("wan2.5-t2v-preview", **fields)
    assert made.effective_resolution == made.tier == resolution


def test_a_motion_is_priced_by_its_mode():
    assert asked("wan2.2-animate-move", *MOTION).tier == "wan-std"
    assert asked("wan2.2-animate-move", *MOTION, mode="wan-pro").tier == "wan-pro"
