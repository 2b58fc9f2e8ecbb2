"""The panel, clicked by the tests: what it offers, what it starts, what it refuses."""

from __future__ import annotations

import base64
import io
import wave

import ipywidgets
import pytest
from magic_shell import CLOSED, KEY, png, wait_until
from PIL import Image

from wan_magic import api
from wan_magic.errors import InputError
from wan_magic.jobs.job import Job
from wan_magic.notebook.options import BY_NAME, INPUTS, OPTIONS
from wan_magic.notebook.panel import Panel, panel
from wan_magic.settings import Settings
from wan_magic.wan import catalog
from wan_magic.wan.request import DEFAULT_MODEL

TURBO = "wanx2.1-i2v-turbo"
PICTURES = {"image", "last_frame", "ref"}
WEB = "https://example.com/"


@pytest.fixture(autouse=True)
def _widgets(widgets, folder, monkeypatch):
    monkeypatch.setattr("wan_magic.notebook.panel._SETTLE_SECONDS", 0)
    return widgets


@pytest.fixture
def made():
    return Panel(Settings())


@pytest.fixture
def started(monkeypatch, real_job):
    """The requests that the panel starts; each of them ends as the one real job."""
    requests = []

    def start(request, settings, notes, **_):
        requests.append(request)
        job = Job(request, endpoint="local", is_preview=True, notes=notes)
        job.finish(real_job.result(), "done")
        return job

    monkeypatch.setattr(api, "start", start)
    return requests


def upload(chooser, *contents, name="cat.png"):
    """What the front end sends when files were chosen."""
    file = {"name": name, "type": "image/png", "last_modified": 1_700_000_000_000}
    chosen = [{**file, "size": len(data), "content": memoryview(data)} for data in contents]
    chooser.set_state({"value": chosen})


def ready(panel):
    upload(panel.inputs["image"].upload, png())
    panel.prompt.value = "A cat runs"
    return panel


def descendants(box):
    for child in getattr(box, "children", ()):
        yield child
        yield from descendants(child)


def values(control):
    """The values that can be chosen; the first one is the server's default."""
    return [pair[1] for pair in control.options][1:]


# -- what it offers -------------------------------------------------------------


@pytest.mark.parametrize("model", catalog.MODELS.values(), ids=lambda model: model.name)
def test_each_model_gets_exactly_its_options_and_values(made, model):
    made.model.value = model.name
    sound = "audio" in model.options or model.sound == "switch"
    expected = [option.name for option in OPTIONS if option.in_panel and option.takes(model)]
    expected = [name for name in expected if name != "audio" or sound]
    assert list(made.controls) == expected
    assert made.options.children == tuple(made.controls.values())
    for name, control in made.controls.items():
        choices = BY_NAME[name].choices(model)
        if choices:
            assert tuple(values(control)) == choices
        elif BY_NAME[name].kind == "switch":
            assert values(control) == [True, False]
        elif name == "audio" and "audio" not in model.options:
            assert values(control) == ["auto", "off"]
        else:
            assert isinstance(control, ipywidgets.Text)


@pytest.mark.parametrize("model", catalog.MODELS.values(), ids=lambda model: model.name)
def test_each_model_gets_exactly_its_inputs(made, model):
    made.model.value = model.name
    expected = [name for name in INPUTS if name in model.options and name != "audio"]
    assert made.files.children == tuple(made.inputs[name].box for name in expected)
    assert ("audio" in made.inputs) is False, "it is also a switch: an option"
    for name in expected:
        control = made.inputs[name]
        assert (control.upload in descendants(control.box)) == (name in PICTURES)
        assert control.upload.multiple == isinstance(control.address, ipywidgets.Textarea)
        assert control.upload.multiple == (name == "ref")


@pytest.mark.parametrize("model", catalog.MODELS.values(), ids=lambda model: model.name)
def test_the_prompt_is_there_where_the_model_reads_one(made, model):
    made.model.value = model.name
    assert (made.prompt.layout.display == "none") == (model.prompt == "none")


def test_every_model_can_be_chosen_and_says_what_it_does(made):
    assert [name for _, name in made.model.options] == list(catalog.MODELS)
    assert ("wan2.7-videoedit · video editing", "wan2.7-videoedit") in made.model.options
    assert made.model.value == DEFAULT_MODEL


def test_a_default_is_named_where_it_is_known(made):
    assert made.controls["resolution"].options[0][0] == "default (1080P)"
    assert made.controls["duration"].options[0][0] == "default (5)"
    assert made.controls["seed"].value == ""
    made.model.value = "wan2.6-t2v"
    assert made.controls["resolution"].options[0][0] == "default (1080P)"
    assert made.controls["ratio"].options[0][0] == "default (16:9)"


def test_values_that_are_no_seconds_say_what_they_mean(made):
    made.model.value = "wan3.0-video"
    assert ("-1: the model decides", -1) in made.controls["duration"].options
    made.model.value = "wan2.7-videoedit"
    assert ("0: as long as the video", 0) in made.controls["duration"].options


def test_controls_carry_the_help_of_the_table(made):
    for name, control in made.controls.items():
        assert control.tooltip == BY_NAME[name].help
        assert control.description


def test_another_model_keeps_what_it_takes_and_drops_what_it_does_not(made):
    made.model.value = "wan2.6-i2v"
    made.controls["resolution"].value = "720P"
    made.controls["duration"].value = 15
    made.controls["negative_prompt"].value = "blurry"
    made.controls["shot_type"].value = "multi"
    made.controls["watermark"].value = False
    made.model.value = TURBO
    assert made.controls["resolution"].value == "720P"
    assert made.controls["duration"].value == ""
    assert made.controls["negative_prompt"].value == "blurry"
    assert made.controls["watermark"].value is False
    assert "shot_type" not in made.controls


def test_the_prompt_and_the_picture_stay_when_the_model_changes(made, started):
    ready(made)
    made.model.value = TURBO
    made.generate.click()
    assert started[0].prompt == "A cat runs"
    assert started[0].image.width == 320


def test_inputs_stay_while_other_models_are_tried_and_go_only_where_they_are_taken(made, started):
    ready(made)
    made.model.value = "wan2.2-kf2v-flash"
    made.inputs["last_frame"].address.value = f"{WEB}end.png"
    made.model.value = "wan2.7-t2v"
    made.generate.click()
    assert started[-1].inputs == ()
    made.model.value = "wan2.7-i2v"
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
    made.model.value = "wan2.6-i2v-flash"
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
        ("wan2.6-us", {}, ""),
    ],
    ids=str,
)
def test_a_price_by_mode_or_of_unknown_length_is_one_of_a_second(model, chosen, words):
    made = Panel(Settings(endpoint="beijing", api_key=KEY))
    made.model.value = "wan2.6-t2v-us" if model == "wan2.6-us" else model
    for name, value in chosen.items():
        made.controls[name].value = value
    if words:
        assert f"about {words}" in made.price.value
    else:
        assert "price unknown" in made.price.value, "the region has no such model"


def test_settings_that_can_not_work_are_said_where_the_price_stands():
    made = Panel(Settings(endpoint="beijing"))
    assert "needs a key" in made.price.value


# -- the picture ----------------------------------------------------------------


def test_a_picture_is_previewed_and_its_bytes_leave_the_widgets(made, widgets):
    out = io.BytesIO()
    Image.effect_noise((1200, 900), 200).convert("RGB").save(out, "PNG")
    upload(made.inputs["image"].upload, out.getvalue())
    assert '<img src="data:image/jpeg;base64,' in made.inputs["image"].preview.value
    assert len(made.inputs["image"].upload.value) == 1, "the button goes on to count one picture"
    assert len(out.getvalue()) > 1_000_000
    assert all(len(repr(widget.get_state())) < 100_000 for widget in widgets)


@pytest.mark.parametrize("data", [b"no picture", b"", png()[:80]], ids=["text", "empty", "cut"])
def test_a_file_that_is_no_picture_is_refused(made, started, data):
    upload(made.inputs["image"].upload, png())
    upload(made.inputs["image"].upload, data)
    assert "not a picture" in made.error.value
    assert made.inputs["image"].preview.value == ""
    made.prompt.value = "A cat runs"
    made.generate.click()
    assert not started, "neither the bad file nor the one before it is sent"
    assert "needs --image" in made.error.value


def test_a_good_picture_takes_the_complaint_away(made):
    upload(made.inputs["image"].upload, b"no picture")
    upload(made.inputs["image"].upload, png())
    assert made.error.value == ""


def test_a_picture_with_alpha_is_previewed_and_flattened(made, started):
    ready(made)
    upload(made.inputs["image"].upload, png(mode="RGBA", colour=(0, 0, 0, 0)))
    made.generate.click()
    assert started[0].image.notes


# -- the other inputs -------------------------------------------------------------


def test_several_references_are_chosen_at_once_and_more_are_typed(made, started, widgets):
    made.model.value = "wan2.7-r2v"
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
    made.model.value = "wan3.0-video"
    made.prompt.value = "A cat"
    first, references = made.inputs["image"], made.inputs["ref"]
    assert first.remove.layout.display == references.remove.layout.display == "none"
    upload(first.upload, png())
    upload(references.upload, png(), png())
    assert first.remove.layout.display is None
    made.generate.click()
    assert "--image together with --ref" in made.error.value
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


def test_one_broken_picture_among_several_refuses_them_all(made, started):
    made.model.value = "wan2.7-r2v"
    made.prompt.value = "A cat"
    upload(made.inputs["ref"].upload, png(), b"no picture")
    assert "not a picture" in made.error.value
    made.generate.click()
    assert not started
    assert "needs --ref" in made.error.value


def test_many_pictures_leave_no_megabytes_in_any_widget(made, widgets):
    made.model.value = "wan3.0-video"
    out = io.BytesIO()
    Image.effect_noise((1000, 900), 200).convert("RGB").save(out, "PNG")
    assert len(out.getvalue()) > 500_000
    for name in ("image", "last_frame"):
        upload(made.inputs[name].upload, out.getvalue())
    upload(made.inputs["ref"].upload, *[out.getvalue()] * 5)
    assert all(len(repr(widget.get_state())) < 200_000 for widget in widgets)
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
    made.model.value = model
    made.prompt.value = "A cat"
    for name, value in typed.items():
        field = made.controls[name] if name == "audio" else made.inputs[name].address
        field.value = f"{WEB}{value}"
    made.generate.click()
    assert made.error.value == ""
    assert [(one.option, one.media) for one in started[0].inputs] == sent
    assert [one.value for one in started[0].inputs] == [f"{WEB}{v}" for v in typed.values()]


def test_a_local_sound_is_taken_to_be_uploaded_when_the_job_starts(made, started, folder):
    with wave.open("rain.wav", "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(4 * 8000 * 2))
    ready(made)
    made.controls["audio"].value = "rain.wav"
    made.generate.click()
    assert made.error.value == ""
    (sound,) = started[0].pending
    assert sound.size == (folder / "rain.wav").stat().st_size


def test_the_picture_is_called_what_it_is_for(made):
    for model, label in (
        ("wan2.7-i2v", "First frame"),
        ("wan2.2-s2v", "Picture"),
        ("wan2.2-animate-move", "Picture"),
        ("wan2.2-kf2v-flash", "First frame"),
    ):
        made.model.value = model
        assert made.inputs["image"].label.value == label


def test_hiding_the_prompt_hides_nothing_else(made):
    made.model.value = "wan2.2-s2v"
    hidden = [
        one.description
        for one in descendants(made.box)
        if getattr(one.layout, "display", None) == "none"
    ]
    assert hidden == ["Prompt", "Remove"]


def test_a_prompt_that_is_hidden_is_not_sent(made, started):
    made.prompt.value = "A cat runs"
    made.model.value = "wan2.2-s2v"
    made.inputs["image"].address.value = f"{WEB}anna.png"
    made.controls["audio"].value = f"{WEB}voice.mp3"
    made.generate.click()
    assert started[0].prompt == ""
    made.model.value = "wan2.7-t2v"
    assert made.prompt.layout.display is None
    assert made.prompt.value == "A cat runs"


def test_inputs_that_do_not_go_together_are_said_and_start_nothing(made, started):
    made.model.value = "wan3.0-video"
    made.inputs["image"].address.value = f"{WEB}a.png"
    made.inputs["ref"].address.value = f"{WEB}b.png"
    made.generate.click()
    assert "does not take --image together with --ref" in made.error.value
    assert not started


# -- Generate -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda panel: setattr(panel.model, "value", "wan2.7-t2v"), "prompt is empty"),
        (lambda panel: setattr(panel.inputs["image"], "_files", []), "needs --image"),
        (lambda panel: setattr(panel.controls["seed"], "value", "seven"), "seven"),
        (lambda panel: setattr(panel.controls["seed"], "value", "2147483648"), "out of range"),
        (lambda panel: setattr(panel.controls["seed"], "value", "-1"), "-1"),
        (lambda panel: setattr(panel.controls["audio"], "value", "rain.mp3"), "rain.mp3"),
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
    made.model.value = "wan2.6-i2v"
    chosen = {
        "resolution": "720P",
        "duration": 10,
        "negative_prompt": "blurry",
        "seed": " 7 ",
        "audio": "https://example.com/rain.mp3",
        "shot_type": "multi",
        "template": "",
        "prompt_extend": False,
        "watermark": True,
    }
    assert chosen.keys() == made.controls.keys()
    for name, value in chosen.items():
        made.controls[name].value = value
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
    made.model.value = TURBO
    made.controls["template"].value = "flying"
    made.generate.click()
    assert started[0].template == "flying"


def test_each_click_is_a_run_of_its_own_and_the_newest_is_on_top(made, started):
    ready(made)
    for number in range(3):
        made.prompt.value = f"run {number}"
        made.generate.click()
    assert [job.request.prompt for job in made.jobs] == ["run 2", "run 1", "run 0"]
    assert len(made.results.children) == 3
    assert made.results.children[0] is not made.results.children[1]
    assert "3 jobs" in repr(made)


def test_a_refusal_by_the_endpoint_is_on_the_card(shell, posted, made):
    made = ready(Panel(Settings(endpoint=CLOSED, api_key=KEY)))
    made.generate.click()
    wait_until(lambda: made.jobs[0].done())
    wait_until(lambda: hasattr(made.results.children[0].children[0], "outputs"))
    (output,) = made.results.children[0].children[0].outputs
    assert "Refused" in output["data"]["text/html"]


def test_a_clip_is_made_by_clicks_alone(watched, widgets, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    watched.good("%config WanMagics.endpoint = 'local'")
    cell = watched.good("%wanvideo panel")
    assert cell.shown, "the panel is displayed"
    made = next(
        widget for widget in widgets if "wan-magic-panel" in getattr(widget, "_dom_classes", ())
    )
    form, results = made.children
    by_name = {
        getattr(widget, "description", ""): widget for widget in widgets if widget.comm is not None
    }
    by_name["Prompt"].value = "A cat runs"
    by_name["Model"].value = TURBO
    chooser = next(widget for widget in widgets if type(widget).__name__ == "FileUpload")
    upload(chooser, png())
    for control in form.children[4].children:
        if control.description in ("Resolution", "Duration"):
            control.value = {"Resolution": "480P", "Duration": 3}[control.description]
    by_name["Generate"].click()
    (card,) = results.children
    wait_until(lambda: hasattr(card.children[0], "outputs"), 60)
    (output,) = card.children[0].outputs
    assert '<video src="wan_videos/a-cat-runs-' in output["data"]["text/html"]
    assert all(KEY not in repr(widget.get_state()) for widget in widgets)


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
    assert "a picture is chosen, and a path or URL is typed" in made.error.value


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
