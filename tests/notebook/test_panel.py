"""The panel, clicked by the tests: what it offers, what it starts, what it refuses."""

from __future__ import annotations

import base64
import io

import pytest
from magic_shell import CLOSED, KEY, png, wait_until
from PIL import Image

from wan_magic import api
from wan_magic.errors import InputError
from wan_magic.jobs.job import Job
from wan_magic.notebook.options import BY_NAME, OPTIONS
from wan_magic.notebook.panel import Panel, panel
from wan_magic.settings import Settings
from wan_magic.wan import catalog

TURBO = "wanx2.1-i2v-turbo"


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


def upload(chooser, data, name="cat.png"):
    """What the front end sends when a file was chosen."""
    file = {
        "name": name,
        "type": "image/png",
        "size": len(data),
        "last_modified": 1_700_000_000_000,
    }
    chooser.set_state({"value": [{**file, "content": memoryview(data)}]})


def ready(panel):
    upload(panel.upload, png())
    panel.prompt.value = "A cat runs"
    return panel


def values(control):
    """The values that can be chosen; the first one is the server's default."""
    return [pair[1] for pair in control.options][1:]


# -- what it offers -------------------------------------------------------------


@pytest.mark.parametrize("model", catalog.MODELS.values(), ids=lambda model: model.name)
def test_each_model_gets_exactly_its_options_and_values(made, model):
    made.model.value = model.name
    expected = [option.name for option in OPTIONS if option.in_panel and option.takes(model)]
    assert list(made.controls) == expected
    assert made.options.children == tuple(made.controls.values())
    assert tuple(values(made.controls["resolution"])) == model.resolutions
    assert tuple(values(made.controls["duration"])) == model.durations
    assert ("audio" in made.controls) == model.has_sound
    assert ("shot_type" in made.controls) == bool(model.shot_types)
    if model.shot_types:
        assert tuple(values(made.controls["shot_type"])) == model.shot_types
    if model.templates:
        assert tuple(values(made.controls["template"])) == model.templates
    assert values(made.controls["watermark"]) == [True, False]


def test_every_model_can_be_chosen_and_the_default_is_chosen(made):
    assert made.model.options == tuple(catalog.MODELS)
    assert made.model.value == catalog.DEFAULT_MODEL


def test_a_default_is_named_where_it_is_known(made):
    assert made.controls["resolution"].options[0][0] == "default (1080P)"
    assert made.controls["duration"].options[0][0] == "default (5)"


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


def test_settings_that_can_not_work_are_said_where_the_price_stands():
    made = Panel(Settings(endpoint="beijing"))
    assert "needs a key" in made.price.value


# -- the picture ----------------------------------------------------------------


def test_a_picture_is_previewed_and_its_bytes_leave_the_widgets(made, widgets):
    out = io.BytesIO()
    Image.effect_noise((1200, 900), 200).convert("RGB").save(out, "PNG")
    upload(made.upload, out.getvalue())
    assert '<img src="data:image/jpeg;base64,' in made.preview.value
    assert len(made.upload.value) == 1, "the button goes on to count one picture"
    assert len(out.getvalue()) > 1_000_000
    assert all(len(repr(widget.get_state())) < 100_000 for widget in widgets)


@pytest.mark.parametrize("data", [b"no picture", b"", png()[:80]], ids=["text", "empty", "cut"])
def test_a_file_that_is_no_picture_is_refused(made, started, data):
    upload(made.upload, png())
    upload(made.upload, data, "cat.png")
    assert "not a picture" in made.error.value
    assert made.preview.value == ""
    made.prompt.value = "A cat runs"
    made.generate.click()
    assert not started, "neither the bad file nor the one before it is sent"
    assert "first frame" in made.error.value


def test_a_good_picture_takes_the_complaint_away(made):
    upload(made.upload, b"no picture")
    upload(made.upload, png())
    assert made.error.value == ""


def test_a_picture_with_alpha_is_previewed_and_flattened(made, started):
    ready(made)
    upload(made.upload, png(mode="RGBA", colour=(0, 0, 0, 0)))
    made.generate.click()
    assert started[0].image.notes


# -- Generate -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda panel: setattr(panel.prompt, "value", "  \n"), "prompt is empty"),
        (lambda panel: setattr(panel, "_image", None), "first frame"),
        (lambda panel: setattr(panel.controls["seed"], "value", "seven"), "seven"),
        (lambda panel: setattr(panel.controls["seed"], "value", "2147483648"), "out of range"),
        (lambda panel: setattr(panel.controls["seed"], "value", "-1"), "-1"),
        (lambda panel: setattr(panel.controls["audio"], "value", "rain.mp3"), "rain.mp3"),
    ],
    ids=["no prompt", "no picture", "seed in words", "seed above", "seed below", "local sound"],
)
def test_bad_input_is_shown_and_starts_nothing(made, started, spoil, named):
    ready(made)
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
    assert body["model"] == catalog.DEFAULT_MODEL
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
    ready(made)
    (folder / "other.png").write_bytes(png())
    made.address.value = "other.png"
    made.generate.click()
    assert started[0].image.source == "other.png"


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
    upload(made.upload, out.getvalue(), "phone.jpg")
    data = base64.b64decode(made.preview.value.partition("base64,")[2].partition('"')[0])
    with Image.open(io.BytesIO(data)) as seen:
        assert seen.height > seen.width


def test_the_panel_takes_an_endpoint_and_a_name(watched, widgets):
    watched.good("%wanvideo panel mine --endpoint beijing")
    assert "needs a key" in watched.ip.user_ns["mine"].price.value
    cell = watched.refused("%wanvideo panel --seed 7", InputError)
    assert "panel takes no seed" in cell.text
