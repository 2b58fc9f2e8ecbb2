"""The panel's form, clicked by the tests: what it offers, checks, prices, starts and refuses."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from dataclasses import replace

import ipywidgets
import pytest
from magic_shell import CLOSED, KEY, png
from panel_parts import TURBO, WEB, ready, upload, wav
from PIL import Image
from waiting import wait_until

from wan_magic.errors import InputError
from wan_magic.notebook import panel_controls
from wan_magic.notebook.options import BY_NAME, INPUTS, OPTIONS
from wan_magic.notebook.panel import Panel, panel
from wan_magic.settings import Settings
from wan_magic.wan import catalog
from wan_magic.wan.request import DEFAULT_MODEL

pytestmark = pytest.mark.usefixtures("quick_panel")
PICTURES = {"image", "last_frame", "ref"}


def descendants(box):
    for child in getattr(box, "children", ()):
        yield child
        yield from descendants(child)


def values(control):
    """The values that can be chosen; the first one is the server's default."""
    return [pair[1] for pair in control.options][1:]


# -- what it offers -------------------------------------------------------------


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_each_model_gets_exactly_its_options_inputs_and_values(made, kind):
    made.kind.value = kind
    for _, name in made.model.options:
        made.choose(name)
        model = catalog.MODELS[name]
        assert model.kind == kind
        expected = [option.name for option in OPTIONS if option.in_panel and option.takes(model)]
        if model.sound != "switch":
            expected = [name for name in expected if name != "audio"]
        assert list(made.controls) == expected
        inside = list(descendants(made.box))
        assert all(control in inside for control in made.controls.values())
        assert made.taken == [name for name in INPUTS if model.slots(name)]
        shown = [name for name, control in made.inputs.items() if control.box in inside]
        assert set(shown) == set(made.taken)
        assert made.prompt in inside
        assert _hidden(made, made.prompt) == (model.prompt == "none")
        for option, control in made.controls.items():
            choices = BY_NAME[option].choices(model)
            if option == "audio":
                assert values(control) == ["auto", "off"]
            elif choices:
                assert tuple(values(control)) == choices
            elif BY_NAME[option].kind == "switch":
                assert values(control) == [True, False]
            else:
                assert isinstance(control, ipywidgets.Text)


def _hidden(panel, widget):
    """Whether a box around the widget, or itself, takes no room."""

    def holds(box):
        """The boxes from this one down to the widget; none where it is not in it."""
        if box is widget:
            return [box]
        inside = (holds(child) for child in getattr(box, "children", ()))
        way = next(filter(None, inside), [])
        return [box, *way] if way else []

    return any(box.layout.display == "none" for box in holds(panel.box))


def test_what_a_model_needs_is_in_view_and_the_rest_a_click_away(made):
    for name in ("wan2.2-kf2v-flash", "wan2.2-s2v", "wan2.2-animate-mix", "wan2.7-videoedit"):
        made.choose(name)
        needed = [slot.option for slot in catalog.MODELS[name].inputs if slot.required]
        assert not [option for option in needed if _hidden(made, made.inputs[option].box)]
    made.choose("wan2.7-i2v")
    assert _hidden(made, made.controls["watermark"])
    made.more.value = True
    assert not _hidden(made, made.controls["watermark"])
    made.controls["watermark"].value = False
    made.inputs["last_frame"].address.value = f"{WEB}end.png"
    assert made.more.description == "More options (2 set)"
    assert "seed" in made.controls
    assert not _hidden(made, made.controls["seed"])


def test_a_first_look_needs_words_alone():
    made = Panel(Settings())
    assert made.kind.value == "t2v"
    assert made.taken == ["audio"]
    assert _hidden(made, made.inputs["audio"].box)


def test_a_kind_narrows_the_models_and_keeps_the_version(made):
    assert [said for said, _ in made.kind.options][:2] == ["Text to video", "Picture to video"]
    made.choose("wan2.7-t2v")
    made.kind.value = "r2v"
    assert made.model.value == "wan2.7-r2v"
    assert all(catalog.MODELS[name].kind == "r2v" for _, name in made.model.options)
    made.kind.value = "edit"
    assert made.model.value == "wan2.7-videoedit"
    made.kind.value = "s2v"
    assert made.model.value == "wan2.2-s2v"
    assert "no prompt" in made.about.value


def test_a_model_says_what_to_choose_it_by(made):
    said = {name: text for text, name in made.model.options}
    assert said["wan2.5-i2v-preview"] == "wan2.5-i2v-preview · 5–10 s · 1080P · with sound"
    assert said[TURBO] == "wanx2.1-i2v-turbo · 3–5 s · 720P · silent"


def test_a_region_offers_its_own_models_alone():
    made = Panel(Settings(endpoint="virginia", api_key=KEY))
    assert list(dict(made.kind.options).values()) == ["t2v", "i2v", "r2v", "all"]
    assert made.choose("2.6") is None
    with pytest.raises(InputError, match="not offered in virginia"):
        made.choose("wan2.2-kf2v-flash")


def test_it_speaks_chinese(monkeypatch):
    monkeypatch.setattr("wan_magic.texts._chosen", "zh")
    made = Panel(Settings())
    assert dict(made.kind.options)["图生视频"] == "i2v"
    assert made.generate.description == "生成"
    made.choose(TURBO)
    assert ("flying · 魔法悬浮", "flying") in made.controls["template"].options


def test_an_empty_field_shows_what_fits_into_it(made):
    made.choose("wan2.5-i2v-preview")
    assert made.controls["template"].placeholder == "such as flying"
    hint = "cat.png or https://…; files over 9 MB go here"
    assert made.inputs["image"].address.placeholder == hint


def test_a_default_is_named_where_it_is_known(made):
    assert made.controls["resolution"].options[0][0] == "default (1080P)"
    assert made.controls["duration"].options[0][0] == "default (5 s)"
    assert made.controls["seed"].value == ""
    made.choose("wan2.6-t2v")
    assert made.controls["resolution"].options[0][0] == "default (1080P)"
    assert made.controls["ratio"].options[0][0] == "default (16:9)"


@pytest.mark.parametrize(
    ("model", "defaults"),
    [
        ("wan2.6-t2v", {"prompt_extend": "default (yes)", "watermark": "default (no)"}),
        ("wan2.2-animate-mix", {"check_image": "default (yes)"}),
        ("wan3.0-video", {"audio": "default (on)"}),
    ],
)
def test_a_switch_names_its_default(made, model, defaults):
    made.choose(model)
    assert {name: made.controls[name].options[0] for name in defaults} == {
        name: (said, "") for name, said in defaults.items()
    }


def test_a_default_that_nobody_knows_is_not_named(made):
    unknown = replace(catalog.MODELS["wan2.6-t2v"].parameters["watermark"], default=None)
    row = replace(catalog.MODELS["wan2.6-t2v"], parameters={"watermark": unknown})
    assert panel_controls.control(BY_NAME["watermark"], row).options[0] == ("default", "")


def test_values_that_are_no_seconds_say_what_they_mean(made):
    made.choose("wan3.0-video")
    assert ("-1: the model decides", -1) in made.controls["duration"].options
    made.choose("wan2.7-videoedit")
    assert ("0: as long as “Video”", 0) in made.controls["duration"].options


def test_controls_carry_the_help_of_the_table(made):
    for name, control in made.controls.items():
        assert control.tooltip == BY_NAME[name].help
        assert control.description


def test_another_model_keeps_what_it_takes_and_drops_what_it_does_not(made):
    made.choose("wan2.6-i2v")
    made.controls["resolution"].value = "720P"
    made.controls["duration"].value = 15
    made.controls["negative_prompt"].value = "blurry"
    made.controls["shot_type"].value = "multi"
    made.controls["watermark"].value = False
    made.choose(TURBO)
    assert made.controls["resolution"].value == "720P"
    assert made.controls["duration"].value == ""
    assert made.controls["negative_prompt"].value == "blurry"
    assert made.controls["watermark"].value is False
    assert "shot_type" not in made.controls


def test_the_prompt_and_the_picture_stay_when_the_model_changes(made, started):
    ready(made)
    made.choose(TURBO)
    made.generate.click()
    assert started[0].prompt == "A cat runs"
    assert started[0].image.width == 320


def test_inputs_stay_while_other_models_are_tried_and_go_only_where_they_are_taken(made, started):
    ready(made)
    made.choose("wan2.2-kf2v-flash")
    made.inputs["last_frame"].address.value = f"{WEB}end.png"
    made.choose("wan2.7-t2v")
    made.generate.click()
    assert started[-1].inputs == ()
    made.choose("wan2.7-i2v")
    made.generate.click()
    assert [one.option for one in started[-1].inputs] == ["image", "last_frame"]
    assert '<img src="data:image/jpeg' in made.inputs["image"].preview.value


# -- the price ------------------------------------------------------------------


def test_without_a_key_the_price_is_nothing_and_the_hosted_one_is_told(made):
    made.controls["resolution"].value = "480P"
    made.controls["duration"].value = 10
    assert "free preview" in made.price.value
    assert "3.00 CNY" in made.price.value
    assert "10 s × 0.3" in made.price.value


def test_the_price_follows_every_choice():
    made = Panel(Settings(endpoint="beijing", api_key=KEY))
    seen = [made.price.value]

    def choose(**chosen):
        for name, value in chosen.items():
            made.controls[name].value = value
        seen.append(made.price.value)

    choose(resolution="480P")
    choose(duration=10)
    made.choose("wan2.6-i2v-flash")
    choose(resolution="1080P", duration=10)
    choose(audio="off")
    assert len(set(seen)) == len(seen)
    assert "5.00 CNY" in seen[-2]
    assert "2.50 CNY" in seen[-1], "a silent clip of this model costs half"
    assert "free" not in seen[-1]


def test_a_price_that_is_not_known_is_not_invented():
    made = Panel(Settings(endpoint=CLOSED, api_key=KEY))
    assert "price unknown" in made.price.value


@pytest.mark.parametrize(
    ("model", "chosen", "words"),
    [
        ("wan2.2-animate-mix", {}, "0.60 CNY a second (how many seconds are billed is not known"),
        ("wan2.2-animate-mix", {"mode": "wan-pro"}, "0.90 CNY a second"),
        ("wan2.7-videoedit", {"resolution": "720P"}, "0.60 CNY a second"),
        ("wan2.2-s2v", {"resolution": "720P"}, "0.90 CNY a second"),
        ("wan3.0-video", {"duration": -1, "resolution": "480P"}, "0.30 CNY a second"),
        ("wan3.0-video", {"duration": 10, "resolution": "480P"}, "3.00 CNY (10 s × 0.30 CNY, unc"),
        ("wan2.6-t2v", {"resolution": "720P", "duration": 7}, "4.20 CNY (7 s × 0.60 CNY"),
    ],
    ids=str,
)
def test_a_price_by_mode_or_of_unknown_length_is_one_of_a_second(model, chosen, words):
    made = Panel(Settings(endpoint="beijing", api_key=KEY))
    made.choose(model)
    for name, value in chosen.items():
        made.controls[name].value = value
    assert f"about {words}" in made.price.value


def test_settings_that_can_not_work_are_said_where_the_price_stands():
    made = Panel(Settings(endpoint="beijing"))
    assert "needs a key" in made.price.value


def test_characters_are_counted_and_too_many_are_said_in_words(made):
    made.prompt.value = "  一只猫 "
    assert "3 of 1,500 characters" in made.count.value
    made.prompt.value = "x" * 1503
    assert "✖" in made.count.value
    assert "too long, the last 3 are not read" in made.count.value
    made.choose("wan2.7-i2v")
    assert "1,503 of 5,000 characters" in made.count.value


def test_the_json_is_what_is_sent_with_names_for_files(made, started):
    made.as_json.value = True
    assert "the prompt is empty" in made.json.value or "needs “First frame”" in made.json.value
    ready(made)
    made.controls["duration"].value = 10
    shown = json.loads(html.unescape(re.sub("<[^>]+>", "", made.json.value)))
    made.generate.click()
    assert shown == started[0].named_body()
    assert shown["input"]["img_url"] == "cat.png"
    made.as_json.value = False
    assert made.json.layout.display == "none"


def test_the_dice_roll_a_seed_into_its_field(made, started):
    ready(made)
    seed = made.controls["seed"]
    dice = next(one for one in descendants(made.box) if getattr(one, "icon", "") == "dice")
    assert seed.value == "", "empty: it follows from the request"
    dice.click()
    first = seed.value
    dice.click()
    assert first != seed.value
    made.generate.click()
    assert started[0].seed == int(seed.value)


# -- the picture ----------------------------------------------------------------


def test_a_picture_is_previewed_and_its_bytes_leave_the_widgets(made, widgets):
    out = io.BytesIO()
    Image.effect_noise((1200, 900), 200).convert("RGB").save(out, "PNG")
    upload(made.inputs["image"].upload, out.getvalue())
    assert '<img src="data:image/jpeg;base64,' in made.inputs["image"].preview.value
    assert len(made.inputs["image"].upload.value) == 1, "the button goes on to count one picture"
    assert len(out.getvalue()) > 1_000_000
    assert all(len(repr(widget.get_state())) < 100_000 for widget in widgets if widget.comm)


@pytest.mark.parametrize("data", [b"no picture", b"", png()[:80]], ids=["text", "empty", "cut"])
def test_a_file_that_is_no_picture_is_said_at_once_and_refused(made, started, data):
    made.prompt.value = "A cat runs"
    control = made.inputs["image"]
    upload(control.upload, png())
    assert "✓ cat.png · 320×320" in control.found.value
    upload(control.upload, data)
    assert "✖" in control.found.value
    assert "cat.png" in control.found.value
    assert control.preview.value == ""
    made.generate.click()
    assert "cat.png" in made.error.value
    assert not started, "neither the bad file nor the one before it is sent"
    upload(control.upload, png())
    assert "✖" not in control.found.value
    assert made.error.value == ""


def test_limits_are_those_of_the_model_and_are_said_before_generate(made):
    control = made.inputs["image"]
    upload(control.upload, png(300, 2000))
    assert "too narrow" not in control.found.value
    made.choose("wan2.7-i2v")
    upload(control.upload, png(200, 3000))
    assert "✖" in control.found.value
    upload(control.upload, png(100, 100))
    assert "scaled to" in control.found.value
    assert "<img " in control.preview.value


def test_a_typed_path_is_looked_at_once_it_is_typed(made, folder):
    control = made.inputs["image"]
    control.address.value = "cta.png"
    assert "did you mean &#x27;cat.png&#x27;" in control.said.value
    control.address.value = "cat.png"
    assert "✓ cat.png · 320×320" in control.said.value
    assert "<img " in control.preview.value
    (folder / "cat.png").write_bytes(png(400, 400))
    made.choose(TURBO)
    assert "400×400" in control.said.value, "the file has changed since"
    control.address.value = f"{WEB}cat.png"
    assert "an address: checked by the server" in control.said.value


def test_what_is_found_stands_with_what_it_is_about(made, folder):
    control = made.inputs["image"]
    (folder / "dog.png").write_bytes(png(400, 400))
    upload(control.upload, png())
    control.address.value = "dog.png"
    inside = list(descendants(control.box))
    places = [control.preview, control.found, control.address, control.said]
    assert [one for one in inside if one in places] == places, "from top to bottom"
    assert "cat.png · 320×320" in control.found.value
    assert "dog.png · 400×400" in control.said.value
    assert "dog" not in control.found.value
    assert "cat" not in control.said.value


def test_a_picture_with_alpha_is_previewed_and_flattened(made, started):
    ready(made)
    upload(made.inputs["image"].upload, png(mode="RGBA", colour=(0, 0, 0, 0)))
    made.generate.click()
    assert started[0].image.notes


# -- the other inputs -------------------------------------------------------------


def test_several_references_are_chosen_at_once_and_more_are_typed(made, started, widgets):
    made.choose("wan2.7-r2v")
    made.prompt.value = "Image 1 meets Image 2"
    control = made.inputs["ref"]
    upload(control.upload, png(300, 300), png(400, 400))
    assert control.preview.value.count("<img ") == 2
    control.address.value = f"\n  {WEB}street.mp4 \n\n{WEB}voice.mp3\n"
    made.generate.click()
    media = started[0].body()["input"]["media"]
    assert [item["type"] for item in media] == [
        *("reference_image", "reference_image", "reference_video"),
    ]
    assert [one.width for one in started[0].inputs[:2]] == [300, 400]
    assert media[2] == {
        "type": "reference_video",
        "url": f"{WEB}street.mp4",
        "reference_voice": f"{WEB}voice.mp3",
    }


def test_a_picture_can_be_taken_away_again(made, started):
    made.choose("wan3.0-video")
    made.prompt.value = "A cat"
    first, references = made.inputs["image"], made.inputs["ref"]
    assert first.remove.layout.display == references.remove.layout.display == "none"
    upload(first.upload, png())
    upload(references.upload, png(), png())
    assert first.remove.layout.display is None
    made.generate.click()
    assert "“First frame” together with “References”" in made.error.value
    first.remove.click()
    assert first.preview.value == ""
    assert first.upload.value == ()
    assert first.remove.layout.display == "none"
    made.generate.click()
    assert [one.option for one in started[0].inputs] == ["ref", "ref"]
    upload(first.upload, png())
    references.remove.click()
    made.generate.click()
    assert [one.option for one in started[1].inputs] == ["image"]


def test_one_broken_picture_among_several_is_named_and_refuses_them_all(made, started):
    made.choose("wan2.7-r2v")
    made.prompt.value = "A cat"
    upload(made.inputs["ref"].upload, png(), b"no picture")
    assert made.inputs["ref"].found.value.count("✖") == 1
    assert made.inputs["ref"].preview.value.count("<img ") == 1
    made.generate.click()
    assert not started
    assert "cannot be read" in made.error.value or "can be read" in made.error.value


def test_many_pictures_leave_no_megabytes_in_any_widget(made, widgets):
    made.choose("wan3.0-video")
    out = io.BytesIO()
    Image.effect_noise((700, 700), 200).convert("RGB").save(out, "PNG")
    assert len(out.getvalue()) > 300_000
    for name in ("image", "last_frame"):
        upload(made.inputs[name].upload, out.getvalue())
    upload(made.inputs["ref"].upload, *[out.getvalue()] * 5)
    assert all(len(repr(widget.get_state())) < 200_000 for widget in widgets if widget.comm)
    assert len(made.inputs["ref"].upload.value) == 5


@pytest.mark.parametrize(
    ("model", "typed", "sent"),
    [
        (
            "wan2.7-videoedit",
            {"ref": "hat.png", "video": "take.mp4"},
            [("ref", "image"), ("video", "video")],
        ),
        ("wan2.7-i2v", {"clip": "shot1.mp4"}, [("clip", "video")]),
        (
            "wan2.2-animate-mix",
            {"image": "anna.png", "video": "dance.mp4"},
            [("image", "image"), ("video", "video")],
        ),
        (
            "wan2.2-s2v",
            {"image": "anna.png", "audio": "voice.mp3"},
            [("image", "image"), ("audio", "audio")],
        ),
        ("wan3.0-video", {"file": "talk.pdf"}, [("file", "file")]),
        ("wan3.0-video", {"link": "page"}, [("link", "link")]),
        (
            "wanx2.1-vace-plus",
            {"video": "take.mp4", "mask": "mask.png"},
            [("video", "video"), ("mask", "image")],
        ),
    ],
    ids=str,
)
def test_paths_and_addresses_of_every_input_are_typed(made, started, model, typed, sent):
    made.choose(model)
    made.prompt.value = "A cat"
    for name, value in typed.items():
        made.inputs[name].address.value = f"{WEB}{value}"
    made.generate.click()
    assert made.error.value == ""
    assert [(one.option, one.media) for one in started[0].inputs] == sent
    assert [one.value for one in started[0].inputs] == [f"{WEB}{v}" for v in typed.values()]


def test_a_sound_is_chosen_heard_and_uploaded_when_the_job_starts(made, started, widgets):
    ready(made)
    control = made.inputs["audio"]
    upload(control.upload, wav(20), name="rain.wav")
    assert "✓ rain.wav · 20.0 s" in control.found.value
    assert '<audio controls preload="none" src="data:audio/mpeg;base64,' in control.preview.value
    assert all(len(repr(widget.get_state())) < 100_000 for widget in widgets if widget.comm)
    made.generate.click()
    assert made.error.value == ""
    (sound,) = started[0].pending
    assert sound.size == len(wav(20))


def test_a_sound_that_the_model_does_not_take_is_said_at_once(made, folder):
    control = made.inputs["audio"]
    upload(control.upload, wav(1), name="rain.wav")
    assert "must be 3 to 30 s" in control.found.value
    assert control.preview.value == ""
    control.remove.click()
    assert control.found.value == ""
    (folder / "rain.wav").write_bytes(wav())
    control.address.value = "rain.wav"
    assert "✓ rain.wav · 4.0 s" in control.said.value


def test_a_sound_goes_with_no_switch(made, started):
    made.choose("wan2.6-i2v-flash")
    ready(made)
    made.controls["audio"].value = "off"
    made.inputs["audio"].address.value = f"{WEB}rain.mp3"
    made.generate.click()
    assert "“Sound” is set" in made.error.value
    made.inputs["audio"].address.value = ""
    made.generate.click()
    assert started[0].audio is False


def test_the_picture_is_called_what_it_is_for(made):
    for model, label in (
        ("wan2.7-i2v", "First frame"),
        ("wan2.2-s2v", "Picture"),
        ("wan2.2-animate-move", "Picture"),
        ("wan2.2-kf2v-flash", "First frame"),
    ):
        made.choose(model)
        assert made.inputs["image"].label.value == label


def test_a_prompt_that_is_hidden_is_not_sent(made, started):
    made.prompt.value = "A cat runs"
    made.choose("wan2.2-s2v")
    made.inputs["image"].address.value = f"{WEB}anna.png"
    made.inputs["audio"].address.value = f"{WEB}voice.mp3"
    made.generate.click()
    assert started[0].prompt == ""
    made.choose("wan2.7-t2v")
    assert not _hidden(made, made.prompt)
    assert made.prompt.value == "A cat runs"


def test_inputs_that_do_not_go_together_are_said_and_start_nothing(made, started):
    made.choose("wan3.0-video")
    made.inputs["image"].address.value = f"{WEB}a.png"
    made.inputs["ref"].address.value = f"{WEB}b.png"
    made.generate.click()
    assert "does not take “First frame” together with “References”" in made.error.value
    assert not started


# -- Generate -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda panel: panel.choose("wan2.7-t2v"), "prompt is empty"),
        (lambda panel: panel.inputs["image"].remove.click(), "needs “First frame”"),
        (lambda panel: setattr(panel.controls["seed"], "value", "seven"), "seven"),
        (lambda panel: setattr(panel.controls["seed"], "value", "2147483648"), "out of range"),
        (lambda panel: setattr(panel.controls["seed"], "value", "-1"), "-1"),
        (lambda panel: setattr(panel.inputs["audio"].address, "value", "rain.mp3"), "rain.mp3"),
    ],
    ids=["no prompt", "no picture", "seed in words", "seed above", "seed below", "no such sound"],
)
def test_bad_input_is_shown_and_starts_nothing(made, started, spoil, named):
    ready(made)
    if "prompt" in named:
        made.prompt.value = "  \n"
    spoil(made)
    made.generate.click()
    assert named in made.error.value
    assert not started
    assert made.jobs == []
    assert made.results.children == ()


def test_an_error_is_text_and_goes_when_the_next_click_is_good(made, started):
    ready(made)
    made.controls["seed"].value = "<script>"
    made.generate.click()
    assert "<script>" not in made.error.value
    assert "&lt;script&gt;" in made.error.value
    made.controls["seed"].value = "7"
    made.generate.click()
    assert made.error.value == ""
    assert started[0].seed == 7


def test_only_what_was_chosen_is_sent(made, started):
    ready(made).generate.click()
    body = started[0].body()
    assert body["model"] == DEFAULT_MODEL
    assert body["input"].keys() == {"prompt", "img_url"}
    assert body["parameters"].keys() == {"seed"}


def test_every_control_reaches_the_request(made, started):
    ready(made)
    made.choose("wan2.6-i2v")
    chosen = {
        "resolution": "720P",
        "duration": 10,
        "negative_prompt": "blurry",
        "seed": " 7 ",
        "shot_type": "multi",
        "template": "",
        "prompt_extend": False,
        "watermark": True,
    }
    assert chosen.keys() == made.controls.keys()
    for name, value in chosen.items():
        made.controls[name].value = value
    made.inputs["audio"].address.value = f"{WEB}rain.mp3"
    made.generate.click()
    body = started[0].body()
    assert body["parameters"] == {
        "resolution": "720P",
        "duration": 10,
        "prompt_extend": False,
        "watermark": True,
        "seed": 7,
        "shot_type": "multi",
    }
    assert body["input"]["negative_prompt"] == "blurry"
    assert body["input"]["audio_url"] == "https://example.com/rain.mp3"


def test_an_effect_needs_no_prompt(made, started):
    ready(made)
    made.prompt.value = ""
    made.choose(TURBO)
    made.controls["template"].value = "flying"
    made.generate.click()
    assert started[0].template == "flying"


def test_the_panel_of_python_is_the_panel_of_the_magic(watched):
    made = panel()
    assert isinstance(made, Panel)
    assert watched.shown


def test_what_was_typed_just_before_the_click_counts_and_clicks_that_pile_up_are_one(
    made, started, monkeypatch
):
    monkeypatch.setattr("wan_magic.notebook.panel._SETTLE_SECONDS", 0.2)
    ready(made)
    for _ in range(3):
        made.generate.click()
    assert made.generate.disabled
    made.controls["negative_prompt"].value = "late"
    wait_until(lambda: not made.generate.disabled)
    (request,) = started
    assert request.negative_prompt == "late"


def test_a_path_may_stand_in_the_place_of_an_upload(made, started, folder):
    made.prompt.value = "A cat"
    (folder / "other.png").write_bytes(png())
    made.inputs["image"].address.value = "other.png"
    made.generate.click()
    assert started[0].image.source == "other.png"


def test_a_chosen_picture_and_a_typed_path_are_one_too_many(made, started, folder):
    ready(made)
    made.inputs["image"].address.value = "other.png"
    made.generate.click()
    assert started == []
    assert "“First frame”: a file is chosen, and a path or URL is typed" in made.error.value


def test_a_chosen_picture_keeps_its_name(made, started):
    ready(made)
    made.generate.click()
    assert started[0].image.source == "cat.png"


@pytest.mark.parametrize(("seed", "words"), [("-1", "out of range"), ("²", "whole number")])
def test_an_odd_seed_reads_as_it_does_on_the_magic_line(made, started, seed, words):
    ready(made)
    made.controls["seed"].value = seed
    made.generate.click()
    assert words in made.error.value
    assert not started


def test_a_phone_photo_is_previewed_upright(made):
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (400, 240)).save(out, "JPEG", exif=exif)
    upload(made.inputs["image"].upload, out.getvalue(), name="phone.jpg")
    data = base64.b64decode(
        made.inputs["image"].preview.value.partition("base64,")[2].partition('"')[0]
    )
    with Image.open(io.BytesIO(data)) as seen:
        assert seen.height > seen.width


def test_the_panel_takes_an_endpoint_and_a_name(watched, widgets):
    watched.good("%wanvideo panel mine --endpoint beijing")
    assert "needs a key" in watched.ip.user_ns["mine"].price.value
    cell = watched.refused("%wanvideo panel --seed 7", InputError)
    assert "panel takes no seed" in cell.text


def test_an_example_is_what_to_write_into_the_field():
    from wan_magic.notebook.panel_words import of_fields
    from wan_magic.wan.catalog import MODELS

    said = of_fields("--seed takes a whole number\n→ such as --seed 7", MODELS["wan2.7-t2v"])
    assert said == "“Seed” takes a whole number\n→ such as 7"
