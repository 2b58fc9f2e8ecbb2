"""Fields that the table does not know yet, and those that it knows better."""

from __future__ import annotations

import pytest
from PIL import Image

from wan_magic.actions import api
from wan_magic.errors import InputError
from wan_magic.output.player import wishes
from wan_magic.wan.media.images import INLINE_MAX_BYTES
from wan_magic.wan.request import VideoRequest


def refusal(**options):
    with pytest.raises(InputError) as caught:
        api.build("a cat", **options)
    return str(caught.value)


def test_a_field_that_nobody_knows_is_sent_as_it_is():
    request, _ = api.build("a cat", model="2.7", extra_parameters={"brand_new": [1]})
    assert request.body()["parameters"]["brand_new"] == [1]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model": "2.6", "extra_parameters": {"resolution": "720P"}}, "--resolution"),
        ({"model": "2.6", "extra_parameters": {"ratio": "9:16"}}, "--ratio"),
        ({"model": "2.5", "extra_parameters": {"shot_type": "multi"}}, "takes"),
        ({"model": "2.6", "extra_inputs": {"img_url": "https://x.org/a.png"}}, "img_url"),
        ({"model": "2.6", "extra_inputs": {"media": []}}, "media"),
        ({"model": "3.0", "extra_inputs": {"first_frame": "https://x.org/a.png"}}, "--image"),
        ({"model": "3.0", "extra_inputs": {"link": "https://x.org/"}}, "--link is what it takes"),
        ({"model": "2.6", "extra_parameters": {"audio_url": "https://x.org/a.mp3"}}, "--input"),
    ],
)
def test_a_field_that_the_model_ignores_is_refused_before_it_is_paid(fields, said):
    assert said in refusal(**fields)


def test_such_a_field_goes_through_unchecked():
    request, _ = api.build(
        "a cat", model="2.6", unchecked=True, extra_parameters={"shot": "x", "ratio": "9:16"}
    )
    assert request.body()["parameters"]["ratio"] == "9:16"


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("wan2.6-r2v", {"reference_urls": ["https://x.org/a.png"]}),
        ("wan2.7-i2v", {"media": [{"type": "first_frame", "url": "https://x.org/a.png"}]}),
        ("wan2.5-i2v-preview", {"img_url": "https://x.org/a.png"}),
    ],
)
def test_inputs_that_are_given_as_fields_count(model, fields):
    request, _ = api.build("a cat", model=model, extra_inputs=fields)
    assert request.body()["input"] == {"prompt": "a cat", **fields}


@pytest.mark.parametrize(
    ("model", "fields", "said"),
    [
        ("2.6", {"audio_url": ["https://x.org/a.mp3"]}, "audio_url ['https://x.org/a.mp3'] is no"),
        ("wan2.5-i2v-preview", {"img_url": None}, "img_url None is no address"),
        ("wan2.6-r2v", {"reference_urls": ["https://x.org/a.png", 5]}, "is no address"),
        ("wanx2.1-vace-plus", {"last_clip_url": 5}, "last_clip_url 5 is no address"),
        ("3.0", {"media": {"type": "first_frame", "url": "https://x.org/a"}}, "no list of items"),
        ("3.0", {"media": [{"type": "first_frame"}]}, "no list of items"),
        ("3.0", {"media": [["first_frame", "https://x.org/a.png"]]}, "no list of items"),
        (
            "3.0",
            {"media": [{"type": "smell", "url": "https://x.org/a"}]},
            "no media of type 'smell'",
        ),
    ],
)
def test_inputs_that_are_given_as_fields_are_addresses(model, fields, said):
    assert said in refusal(model=model, extra_inputs=fields)


@pytest.mark.parametrize(
    ("model", "fields", "said"),
    [
        ("2.6", {"negative_prompt": 5}, "negative prompt 5 is not a text"),
        ("3.0", {"negative_prompt": "rain"}, "takes no negative prompt"),
        ("2.7", {"function": "video_edit"}, "takes no function"),
        ("wanx2.1-i2v-turbo", {"template": "flyin"}, "did you mean flying?"),
    ],
)
def test_texts_that_are_given_as_fields_are_checked_like_the_options(model, fields, said):
    image = "https://x.org/a.png" if "i2v" in model else None
    assert said in refusal(model=model, image=image, extra_inputs=fields)


def test_a_prompt_that_is_given_as_a_field_is_the_prompt():
    request, notes = api.build(model="2.6", extra_inputs={"prompt": "waves"})
    assert request.prompt == "waves"
    assert notes == ()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "the field x holds what JSON can't: nan"),
        ([{"a": float("inf")}], "the field x holds what JSON can't: list"),
        (object(), "the field x holds what JSON can't: object"),
        ("half \ud83d", "the field x holds what JSON can't: str"),
    ],
    ids=["nan", "infinity", "object", "half a character"],
)
@pytest.mark.parametrize("unchecked", [False, True])
def test_what_can_not_be_sent_is_refused_before_anything_is(value, said, unchecked):
    for fields in ({"extra_parameters": {"x": value}}, {"extra_inputs": {"x": value}}):
        assert said in refusal(model="2.7", unchecked=unchecked, **fields)


def test_what_stands_for_an_address_in_a_copied_cell_is_none():
    for value in ("…", ["…"], {"url": "…"}):
        said = refusal(model="2.7", extra_inputs={"style": value})
        assert "style was an address, which is not remembered" in said


@pytest.mark.parametrize("fields", ["strength=1", {1: 2}, [("a", 1)]], ids=str)
def test_fields_are_a_dictionary(fields):
    assert "extra_parameters" in refusal(extra_parameters=fields)
    assert api.build("a cat", extra_parameters=None)[0].extra_parameters == {}


def test_too_many_references_as_a_field_are_too_many():
    urls = [f"https://x.org/{n}.png" for n in range(6)]
    assert "too many" in refusal(model="wan2.6-r2v", extra_inputs={"reference_urls": urls})


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ({"mask": "https://x.org/m.png", "ref": "https://x.org/a.png"}, "--video"),
        ({"video": "https://x.org/a.mp4", "function": "video_edit"}, "--mask"),
        ({"video": "https://x.org/a.mp4", "function": "image_reference"}, "--ref"),
    ],
)
def test_a_function_of_vace_needs_its_inputs(options, flag):
    assert f"needs {flag}" in refusal(model="wanx2.1-vace-plus", **options)


def test_a_field_tells_the_function_of_vace_like_its_option():
    fields = {"ref_images_url": ["https://x.org/a.png"]}
    request, _ = api.build("a cat", model="wanx2.1-vace-plus", extra_inputs=fields)
    assert request.body()["input"] == {"prompt": "a cat", "function": "image_reference", **fields}


def test_names_of_fields_are_escaped_where_they_become_html():
    request = VideoRequest(extra_parameters={"<b>k</b>": "<i>v</i>"})
    assert "<b>" not in str(wishes(request))
    assert "<i>" not in str(wishes(request))


def test_an_address_is_shown_without_its_signature_and_sent_with_it():
    url = "https://user:word@x.org/a.png?Signature=s3cret"
    request, _ = api.build("a cat", model="2.5", image=url)
    assert request.shown_body()["input"]["img_url"] == "https://x.org/a.png?…"
    assert request.body()["input"]["img_url"] == url


def test_a_request_does_not_show_its_extra_fields():
    assert "s3cret" not in repr(VideoRequest(extra_inputs={"a_url": "https://x.org/?s=s3cret"}))


def test_pictures_that_are_too_many_for_one_request_are_uploaded_the_heaviest_first():
    noise = [Image.effect_noise((1500 + 200 * n, 1500), 90).convert("RGB") for n in range(4)]
    request, _ = api.build("a cat", model="3.0", ref=noise)
    inline = sum(len(one.value) for one in request.inputs)
    assert 0 < inline <= INLINE_MAX_BYTES * 4 / 3
    assert request.inputs[3].upload
    assert request.inputs[3].value == ""
    assert request.inputs[0].value
    alone = [api.build("a cat", model="3.0", ref=[one])[0].inputs[0] for one in noise]
    assert [one.digest for one in request.inputs] == [one.digest for one in alone]


def test_a_model_that_was_chosen_for_want_of_a_default_is_named():
    _, notes = api.build("a cat", last_frame="https://x.org/a.png")
    assert "no model was named: wan3.0-video is one that takes this" in notes
    _, notes = api.build("a cat", image="https://x.org/a.png")
    assert notes == ()
