"""Defaults of a request: they hold where they can, and are left out with a note elsewhere."""

from __future__ import annotations

import pytest

from wan_magic.actions import api
from wan_magic.errors import InputError
from wan_magic.settings.wishes import checked
from wan_magic.wan import catalog

WISHES = {
    "resolution": "480P",
    "ratio": "9:16",
    "duration": 4,
    "negative_prompt": "text",
    "seed": 7,
    "prompt_extend": False,
    "watermark": True,
}
CLIP = "https://example.com/clip.mp4"
CAT = "https://example.com/cat.png"


def least(model):
    """The least that a model needs, as addresses."""
    by_media = {"image": CAT, "video": CLIP, "audio": "https://example.com/a.mp3"}
    needed = {slot.option: by_media.get(slot.media, CAT) for slot in model.inputs if slot.required}
    if model.sets:
        needed["image"] = CAT
    if model.totals and not needed:
        needed["ref"] = CAT
    return needed


@pytest.mark.parametrize("model", catalog.MODELS.values(), ids=lambda model: model.name)
def test_no_wish_is_ever_an_error_and_each_is_kept_or_noted(model):
    bare, _ = api.build("A cat", model=model.name, **least(model))
    request, notes = api.build("A cat", model=model.name, wishes=WISHES, **least(model))
    for name, wish in WISHES.items():
        label = name.replace("_", " ")
        left_out = any(note.startswith(f"your default {label} ") for note in notes)
        kept = getattr(request, name) == wish
        assert kept != left_out, name
        if kept:
            assert model.takes(name)
        elif name != "seed":
            assert getattr(request, name) == getattr(bare, name)
    request.check()


def test_what_is_given_comes_first():
    request, notes = api.build("waves", seed=1, resolution="1080P", wishes=WISHES)
    assert (request.seed, request.resolution) == (1, "1080P")
    assert not any("resolution" in note or "seed" in note for note in notes)
    request, _ = api.build("waves", extra_parameters={"watermark": False}, wishes=WISHES)
    assert request.body()["parameters"]["watermark"] is False


def test_what_clashes_with_what_is_given_is_left_out():
    request, notes = api.build("waves", size="1920*1080", wishes={"resolution": "480P"})
    assert (request.size, request.resolution) == ("1920*1080", None)
    assert "your default resolution 480P is left out: size '1920*1080' is given" in notes[0]


def test_an_explicit_value_that_does_not_fit_is_an_error_with_wishes_or_without():
    for wishes in ({}, WISHES):
        with pytest.raises(InputError, match="does not take resolution"):
            api.build("waves", model="wan2.7-t2v", resolution="480P", wishes=wishes)


def test_a_wish_may_be_what_makes_a_request_right(tmp_path, monkeypatch):
    """A clip to go on with that is longer than the default of 5 s."""
    request, _ = api.build("on", model="2.7", clip=CLIP, wishes={"duration": 9})
    assert request.duration == 9


def test_the_wished_model_is_the_model_and_does_not_change_its_price_by_surprise():
    request, notes = api.build("waves", wishes={"model": "2.2"})
    assert request.model == "wan2.2-t2v-plus"
    assert notes == ()
    assert api.build("waves", model="2.7", wishes={"model": "2.2"})[0].model == "wan2.7-t2v"
    with pytest.raises(InputError) as caught:
        api.build("on", clip=CLIP, wishes={"model": "2.2"})
    assert "the model 2.2 is a default" in caught.value.hint


def test_values_are_meant_as_people_write_them():
    assert checked("resolution", "720p") == "720P"
    assert checked("ratio", "9x16") == "9:16"
    assert checked("model", "WAN2.7-T2V") == "WAN2.7-T2V"


@pytest.mark.parametrize(
    ("name", "value", "guess"),
    [
        ("resolution", "720", "720P"),
        ("ratio", "16:8", "16:9"),
        ("model", "wan2.7-t2w", "wan2.7-t2v"),
        ("duration", 99, ""),
    ],
)
def test_what_no_model_takes_is_a_slip(name, value, guess):
    with pytest.raises(InputError) as caught:
        checked(name, value)
    assert guess in caught.value.hint


def test_equal_wishes_and_options_are_the_same_request():
    wished, _ = api.build("waves", wishes={"resolution": "480P", "seed": 7})
    given, _ = api.build("waves", resolution="480P", seed=7)
    assert wished.fingerprint() == given.fingerprint()
