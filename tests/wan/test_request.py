"""A request: its JSON body, its checks, its price."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from wan_magic.errors import InputError
from wan_magic.wan.media import FirstFrame
from wan_magic.wan.request import VideoRequest

PIXELS = "data:image/png;base64," + "A" * 4000


def frame(value=PIXELS, digest="d1", source="cat.png"):
    return FirstFrame(value, source, 640, 480, digest, None)


def request(**fields):
    return VideoRequest(
        **{"prompt": "a cat runs", "image": frame("https://x.org/cat.png")} | fields
    )


def notes_of(**fields):
    return " | ".join(request(**fields).check())


def refusal_of(**fields):
    with pytest.raises(InputError) as caught:
        request(**fields).check()
    return str(caught.value)


# -- the body -------------------------------------------------------------------


def test_only_what_was_set_is_sent():
    assert request().body() == {
        "model": "wan2.5-i2v-preview",
        "input": {"prompt": "a cat runs", "img_url": "https://x.org/cat.png"},
        "parameters": {},
    }


def test_false_and_zero_are_set_and_sent():
    body = request(prompt_extend=False, watermark=False, audio=False, seed=0).body()
    assert body["parameters"] == {
        "prompt_extend": False,
        "watermark": False,
        "audio": False,
        "seed": 0,
    }


def test_an_empty_text_is_not_sent():
    body = request(prompt="", negative_prompt="", template="hug").body()
    assert body["input"] == {"img_url": "https://x.org/cat.png", "template": "hug"}


def test_everything_set_on_wan26_flash():
    everything = VideoRequest(
        model="wan2.6-i2v-flash",
        prompt="p",
        negative_prompt="n",
        image=frame(),
        audio_url="https://x.org/rain.mp3",
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


@pytest.mark.parametrize(
    ("fields", "parameters"),
    [
        (
            {"model": "wan2.5-i2v-preview", "resolution": "480P", "duration": 10, "seed": 7},
            {"resolution": "480P", "duration": 10, "seed": 7},
        ),
        (
            {"model": "wan2.2-i2v-plus", "resolution": "1080P", "watermark": True},
            {"resolution": "1080P", "watermark": True},
        ),
        (
            {"model": "wanx2.1-i2v-turbo", "duration": 3, "prompt_extend": False},
            {"duration": 3, "prompt_extend": False},
        ),
    ],
)
def test_the_body_of_other_models(fields, parameters):
    body = request(**fields).body()
    assert body == {
        "model": fields["model"],
        "input": {"prompt": "a cat runs", "img_url": "https://x.org/cat.png"},
        "parameters": parameters,
    }
    assert request(**fields).check() == []


def test_every_field_has_a_place_in_the_body():
    for entry in dataclasses.fields(VideoRequest):
        assert entry.name == "model" or entry.metadata["body"].startswith(("input.", "parameters."))


def test_the_shown_body_cuts_base64_short_and_nothing_else():
    made = request(image=frame(), seed=7)
    shown = made.shown_body()
    assert shown["input"].pop("img_url") == "data:image/png;base64,… (4,022 characters)"
    sent = made.body()
    assert sent["input"].pop("img_url") == PIXELS, "what is sent stays whole"
    assert shown == sent


def test_the_shown_body_leaves_an_address_as_it_is():
    assert request().shown_body() == request().body()


# -- the fingerprint --------------------------------------------------------------


def test_equal_requests_have_equal_fingerprints():
    assert request(seed=7).fingerprint() == request(seed=7).fingerprint()


def test_the_fingerprint_stays_what_it_is():
    made = VideoRequest(prompt="waves", image=frame(digest="00ff"), resolution="480P", seed=7)
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
        {"image": frame(digest="d2")},
        {"image": None},
    ],
    ids=str,
)
def test_anything_that_decides_the_clip_changes_the_fingerprint(change):
    made = request(seed=7, image=frame())
    assert dataclasses.replace(made, **change).fingerprint() != made.fingerprint()


def test_the_image_counts_by_content_not_by_name_or_encoding():
    one = request(image=frame(value="data:image/png;base64,AAAA", source="cat.png"))
    two = request(image=frame(value="data:image/webp;base64,BBBB", source="copy.webp"))
    assert one.fingerprint() == two.fingerprint()


def test_any_prompt_has_a_fingerprint():
    assert request(prompt="half a surrogate: \ud83d").fingerprint()


# -- the price --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "region", "text"),
    [
        ({}, "beijing", "5.00 CNY"),
        ({"resolution": "480P"}, "beijing", "1.50 CNY"),
        ({"resolution": "480P", "duration": 10}, "singapore", "0.50 USD"),
        ({"model": "wan2.6-i2v-us", "duration": 15}, "virginia", "2.25 USD"),
        ({"model": "wanx2.1-i2v-turbo", "duration": 3}, "beijing", "0.72 CNY"),
        ({"model": "wan2.6-i2v", "resolution": "1080P", "duration": 10}, "beijing", "10.00 CNY"),
        ({"model": "wan2.6-i2v-us"}, "beijing", "price unknown"),
        ({"model": "wan2.2-i2v-flash", "resolution": "1080P"}, "singapore", "price unknown"),
        ({}, None, "price unknown"),
        ({"model": "wan9-i2v"}, "beijing", "price unknown"),
    ],
)
def test_the_estimate_is_price_times_seconds(fields, region, text):
    assert str(request(**fields).estimate(region)) == text


def test_the_estimate_says_how_it_was_made():
    assert request(resolution="480P").estimate("beijing").detail == (
        "5 s × 0.30 CNY, price list of 2026-04"
    )
    assert "no row" in request().estimate(None).detail


def test_silence_is_cheaper_where_it_can_be_asked_for():
    loud = request(model="wan2.6-i2v-flash", resolution="720P")
    quiet = dataclasses.replace(loud, audio=False)
    assert loud.estimate("beijing").amount == Decimal("1.5")
    assert quiet.estimate("beijing").amount == Decimal("0.75")
    assert (loud.silent, quiet.silent) == (False, True)


def test_a_switch_that_the_model_may_ignore_makes_nothing_cheaper():
    made = request(model="wan2.5-i2v-preview", audio=False)
    assert made.silent is False
    assert made.estimate("beijing") == request().estimate("beijing")


def test_a_silent_model_is_silent():
    assert request(model="wan2.2-i2v-plus").silent is True


def test_the_estimate_of_what_was_billed():
    billed = request().estimate("beijing", resolution="480P", seconds=10)
    assert (billed.amount, billed.seconds) == (Decimal("3.0"), 10)


def test_what_was_not_set_is_the_models_default():
    made = request(model="wan2.2-i2v-flash")
    assert (made.effective_resolution, made.effective_duration) == ("720P", 5)
    made = request(resolution="480P", duration=10)
    assert (made.effective_resolution, made.effective_duration) == ("480P", 10)


# -- checks that refuse -------------------------------------------------------------


def test_a_good_request_has_no_notes():
    assert request(seed=7, resolution="480P", duration=5).check() == []


def test_an_unknown_model():
    assert "did you mean wan2.6-i2v" in refusal_of(model="wan2.6-i2w")


def test_a_resolution_that_the_model_does_not_make():
    text = refusal_of(model="wan2.6-i2v", resolution="480P")
    assert text == (
        "wan2.6-i2v does not take resolution '480P'\n→ did you mean 1080P? (allowed: 720P, 1080P)"
    )


def test_a_resolution_in_small_letters():
    assert "did you mean 720P? (allowed: 480P, 720P, 1080P)" in refusal_of(resolution="720p")


def test_a_duration_that_the_model_does_not_make():
    assert refusal_of(duration=7) == (
        "wan2.5-i2v-preview does not take duration 7\n→ allowed: 5, 10"
    )


def test_a_model_of_one_duration_says_so():
    assert "it makes 5 only" in refusal_of(model="wan2.2-i2v-plus", duration=10)


def test_a_shot_type_where_there_is_none_names_the_models_that_have_it():
    text = refusal_of(shot_type="multi")
    assert text.startswith("wan2.5-i2v-preview takes no shot type")
    assert "wan2.6-i2v-flash, wan2.6-i2v, wan2.6-i2v-us" in text


def test_a_shot_type_that_does_not_exist():
    text = refusal_of(model="wan2.6-i2v", shot_type="mutli")
    assert "did you mean multi? (allowed: single, multi)" in text


@pytest.mark.parametrize("seed", [-1, 2147483648])
def test_a_seed_out_of_range(seed):
    assert refusal_of(seed=seed) == f"seed {seed} is out of range\n→ 0 to 2147483647"


@pytest.mark.parametrize("seed", [0, 2147483647])
def test_the_ends_of_the_seeds_range(seed):
    assert request(seed=seed).check() == []


@pytest.mark.parametrize("prompt", ["", "  \n\t "])
def test_an_empty_prompt(prompt):
    assert "the prompt is empty" in refusal_of(prompt=prompt)


def test_an_empty_template_is_no_template():
    assert "the prompt is empty" in refusal_of(prompt="", template="")


def test_an_unknown_template_on_a_model_with_a_list():
    text = refusal_of(model="wanx2.1-i2v-plus", prompt="", template="squich")
    assert "does not take template 'squich'" in text
    assert "did you mean squish?" in text


def test_a_template_of_the_larger_model_on_the_smaller():
    assert "does not take template 'melt'" in refusal_of(model="wanx2.1-i2v-turbo", template="melt")


@pytest.mark.parametrize(
    "fields", [{"audio": True}, {"audio": False}, {"audio_url": "https://x.org/a.mp3"}], ids=str
)
def test_sound_for_a_silent_model(fields):
    text = refusal_of(model="wan2.2-i2v-flash", **fields)
    assert text.startswith("wan2.2-i2v-flash makes silent clips and takes no audio")
    assert "wan2.6-i2v-flash, wan2.6-i2v, wan2.6-i2v-us, wan2.5-i2v-preview" in text


@pytest.mark.parametrize(
    "fields",
    [
        {"duration": "5"},
        {"duration": 5.0},
        {"seed": "7"},
        {"seed": 7.5},
        {"seed": True},
        {"watermark": "yes"},
        {"prompt_extend": 1},
        {"audio": "auto"},
        {"negative_prompt": 3},
        {"prompt": None},
        {"resolution": 720},
        {"template": ["hug"]},
    ],
    ids=str,
)
def test_a_value_of_the_wrong_type_is_refused_in_words(fields):
    (name,) = fields
    assert name.replace("_", " ") in refusal_of(**fields)


# -- checks that only say something ---------------------------------------------------


def test_the_exact_cut_of_a_long_prompt():
    prompt = "x" * 1470 + "this is where the reading ends" + "and this is lost on the server" * 2
    assert prompt[1470:1500] == "this is where the reading ends"
    assert notes_of(prompt=prompt) == (
        "the prompt has 1560 characters and wan2.5-i2v-preview reads 1500:"
        " it ends after “…this is where the reading ends”,"
        " and “and this is lost on the server…” is not read"
    )


@pytest.mark.parametrize(
    ("model", "limit"),
    [("wan2.5-i2v-preview", 1500), ("wan2.6-i2v", 1500), ("wan2.2-i2v-plus", 800)],
)
def test_a_prompt_of_just_the_limit_is_read_whole(model, limit):
    assert notes_of(model=model, prompt="猫" * limit) == ""
    assert f"reads {limit}" in notes_of(model=model, prompt="猫" * (limit + 1))


def test_the_cut_of_a_long_negative_prompt():
    assert notes_of(negative_prompt="n" * 500) == ""
    assert "the negative prompt has 501 characters and wan2.5-i2v-preview reads 500" in notes_of(
        negative_prompt="n" * 501
    )


def test_what_is_sent_is_not_cut_by_us():
    assert len(request(prompt="x" * 2000).body()["input"]["prompt"]) == 2000


def test_a_template_makes_the_prompt_idle():
    assert notes_of(model="wanx2.1-i2v-plus", template="hug") == (
        "the server ignores the prompt when a template is set"
    )


def test_a_template_needs_no_prompt():
    assert notes_of(model="wanx2.1-i2v-plus", prompt="", template="hug") == ""


def test_a_template_on_a_model_without_a_list_is_sent_with_a_note():
    assert "no templates for wan2.5-i2v-preview: it may not know 'hug'" in notes_of(template="hug")


def test_a_shot_type_without_prompt_extension():
    fields = {"model": "wan2.6-i2v", "shot_type": "multi"}
    assert notes_of(**fields) == ""
    assert "only together with prompt extension" in notes_of(**fields, prompt_extend=False)


@pytest.mark.parametrize("switch", [True, False])
def test_an_audio_switch_where_the_documents_no_longer_list_it(switch):
    assert "wan2.5-i2v-preview may ignore it" in notes_of(audio=switch)


def test_an_audio_switch_where_it_is_listed():
    assert notes_of(model="wan2.6-i2v-flash", audio=False) == ""


def test_sound_that_is_given_and_switched_off():
    text = notes_of(model="wan2.6-i2v-flash", audio=False, audio_url="https://x.org/a.mp3")
    assert "silent" in text


def test_the_repr_of_a_request_holds_no_pixels():
    assert "AAAA" not in repr(request(image=frame()))
