"""The Python face, down to a real clip from a real server on this machine."""

from __future__ import annotations

import io
import json
import tempfile
import wave
from decimal import Decimal

import pytest
import requests
from PIL import Image, ImageDraw

import wan_magic
from wan_magic.actions import api, launch
from wan_magic.errors import ApiError, InputError, JobFailed, SettingsError
from wan_magic.jobs.job import Job, State
from wan_magic.output.player import player_bundle
from wan_magic.server import Server, ServerOptions
from wan_magic.settings import Settings, from_environment
from wan_magic.wan.request import VideoRequest

KEY = "sk-0123456789abcdef"
FAST = {"model": "wanx2.1-i2v-turbo", "resolution": "480P", "duration": 3}


@pytest.fixture(scope="module")
def picture():
    image = Image.new("RGB", (320, 240), "steelblue")
    ImageDraw.Draw(image).ellipse((80, 60, 240, 180), fill="orange")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def started(monkeypatch):
    """What was about to be sent, where and with which key; nothing is."""
    jobs = []

    def still(job, endpoint, folder, *_):
        jobs.append((job, endpoint, folder))

    monkeypatch.setattr(launch, "run", still)
    return jobs


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        pytest.fail("something was sent")

    monkeypatch.setattr(requests.Session, "send", refuse)


# -- build --------------------------------------------------------------------------


def build(prompt="waves", image=None, **options):
    return api.build(prompt, image=image or "https://x.org/sea.png", **options)


def refusal(**options):
    with pytest.raises(InputError) as caught:
        build(**options)
    return str(caught.value)


def test_build_makes_a_checked_request_and_sends_nothing(no_network):
    request, notes = build(seed=7)
    assert request.body() == {
        "model": "wan2.5-i2v-preview",
        "input": {"prompt": "waves", "img_url": "https://x.org/sea.png"},
        "parameters": {"seed": 7},
    }
    assert notes == ()


def test_a_seed_follows_from_the_request_so_that_equal_ones_are_equal():
    assert build()[0].seed == build()[0].seed
    assert 0 <= build()[0].seed <= 2147483647
    others = [{"prompt": "tides"}, {"resolution": "480P"}, {"image": "https://x.org/b.png"}]
    assert len({build()[0].seed, *(build(**other)[0].seed for other in others)}) == 4
    assert build(seed=0)[0].seed == 0


def test_a_random_seed_rolls_the_dice():
    seeds = {build(seed="random")[0].seed for _ in range(20)}
    assert len(seeds) > 15
    assert all(0 <= seed <= 2147483647 for seed in seeds)


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        ({"seed": "dice"}, "seed 'dice' is not a whole number", "such as 7, or random"),
        ({"duration": "5"}, "duration '5' is not a whole number", "such as 5"),
        ({"resolution": 720}, "resolution 720 is not a text", "put it into quotes"),
        ({"watermark": "yes"}, "watermark 'yes' is not True or False", "such as True"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_what_to_write(options, said, hint):
    assert refusal(**options) == f"{said}\n→ {hint}"


@pytest.mark.parametrize(
    ("name", "typed", "meant", "model"),
    [
        ("resolution", "720p", "720P", "2.7"),
        ("ratio", "9x16", "9:16", "2.7"),
        ("size", "1280x720", "1280*720", "2.6"),
    ],
)
def test_a_value_may_be_written_as_on_the_magic_line(name, typed, meant, model):
    request, _ = api.build("waves", model=model, **{name: typed})
    assert getattr(request, name) == meant
    assert request == api.build("waves", model=model, **{name: meant})[0]


def test_the_other_options_reach_the_request():
    request, _ = build(
        model="wan2.6-i2v-flash",
        negative_prompt="blur",
        resolution="720P",
        duration=15,
        prompt_extend=False,
        watermark=True,
        shot_type="multi",
    )
    assert (
        request.body()["parameters"].items()
        >= {
            "resolution": "720P",
            "duration": 15,
            "prompt_extend": False,
            "watermark": True,
            "shot_type": "multi",
        }.items()
    )
    assert request.negative_prompt == "blur"


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("resolutoin", "did you mean resolution?"),
        ("imgae", "did you mean image?"),
        ("negative", "did you mean negative_prompt?"),
        ("zzz", "options: audio, "),
    ],
)
def test_an_unknown_option_with_the_nearest_right_one(option, hint):
    text = refusal(**{option: 1})
    assert f"unknown option {option!r}" in text
    assert hint in text


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"model": "sora"}, "unknown model 'sora'"),
        (
            {"prompt": " ", "model": "2.7", "ref": "https://x.org/a.png", "image": None},
            "the prompt is",
        ),
        ({"resolution": "4K"}, "does not take resolution '4K'"),
        ({"duration": 6}, "does not take duration 6"),
        ({"seed": -1}, "out of range"),
        ({"shot_type": "multi"}, "takes no shot type"),
        ({"image": "no-such.png"}, "no such image: 'no-such.png'"),
        ({"image": b"not a picture"}, "not an image"),
        ({"image": 42}, "cannot be used as an image"),
        ({"model": "wan2.2-i2v-flash", "audio": "auto"}, "takes no audio"),
        ({"model": "wan2.2-i2v-flash", "audio": False}, "takes no audio"),
        ({"audio": "https://x.org/a.ogg"}, "must be wav or mp3"),
    ],
    ids=str,
)
def test_bad_input_costs_nothing(no_network, options, part):
    assert part in refusal(**options)


def test_without_an_image_it_is_text_to_video():
    request, notes = api.build("waves", seed=7)
    assert request.body() == {
        "model": "wan2.5-t2v-preview",
        "input": {"prompt": "waves"},
        "parameters": {"seed": 7},
    }
    assert notes == ()
    with pytest.raises(InputError, match="the prompt is empty"):
        api.build()


def test_a_picture_may_do_without_a_prompt_and_that_is_noted():
    request, notes = build(prompt="", seed=7)
    assert "prompt" not in request.body()["input"]
    assert notes == ("there is no prompt: the model decides what happens",)


def test_a_model_that_is_named_and_needs_an_image_says_so():
    with pytest.raises(InputError, match="i2v-preview needs --image"):
        api.build("waves", model="wan2.5-i2v-preview")


@pytest.mark.parametrize(
    ("inputs", "model"),
    [
        ({}, "wan2.5-t2v-preview"),
        ({"audio": "a.mp3"}, "wan2.5-t2v-preview"),
        ({"image": "a.png"}, "wan2.5-i2v-preview"),
        ({"image": "a.png", "audio": "a.mp3"}, "wan2.5-i2v-preview"),
        ({"image": "a.png", "last_frame": "b.png"}, "wan2.7-i2v"),
        ({"clip": "a.mp4"}, "wan2.7-i2v"),
        ({"clip": "a.mp4", "last_frame": "b.png"}, "wan2.7-i2v"),
        ({"ref": "a.png"}, "wan2.7-r2v"),
        ({"ref": ["a.png", "b.mp4"], "image": "c.png"}, "wan2.7-r2v"),
        ({"video": "a.mp4"}, "wan2.7-videoedit"),
        ({"video": "a.mp4", "ref": ["a.png", "b.png"]}, "wan2.7-videoedit"),
        ({"last_frame": "a.png"}, "wan3.0-video"),
        ({"file": "a.pdf"}, "wan3.0-video"),
        ({"link": "a"}, "wan3.0-video"),
        ({"link": "a", "ref": "a.png"}, "wan3.0-video"),
    ],
    ids=str,
)
def test_the_inputs_choose_the_model_where_none_is_named(inputs, model):
    given = {
        name: [f"https://x.org/{one}" for one in (many if isinstance(many, list) else [many])]
        for name, many in inputs.items()
    }
    assert api.build("waves", **given)[0].model == model


@pytest.mark.parametrize(
    ("audio", "switch"),
    [("auto", True), ("off", False), (True, True), (False, False), (None, None)],
)
def test_the_audio_switch(audio, switch):
    request, _ = build(model="wan2.6-i2v-flash", audio=audio)
    assert (request.audio, request.of("audio")) == (switch, ())


@pytest.mark.parametrize(
    ("prompt", "model", "said", "hint"),
    [
        (None, None, "the prompt is None, and no text", "such as"),
        (5, None, "the prompt is 5, and no text", "such as"),
        (["a", "b"], None, "the prompt is ['a', 'b'], and no text", "wan_magic.map"),
        ("a", 2.7, "the model is 2.7, and no text", 'model="2.7"'),
    ],
)
def test_what_is_no_text_where_a_text_belongs_is_refused(prompt, model, said, hint):
    with pytest.raises(InputError) as caught:
        wan_magic.submit(prompt, model=model)
    assert caught.value.message == said
    assert hint in caught.value.hint


def test_a_wrong_timeout_is_refused_before_anything_is_sent():
    with pytest.raises(SettingsError, match="more than 0 seconds, not 'x'"):
        wan_magic.submit("a", timeout="x")


def test_no_audio_is_none_and_not_an_empty_text():
    assert "no audio was given" in refusal(audio="")


def test_audio_by_address():
    request, notes = build(audio="https://x.org/rain.mp3")
    assert request.audio is None
    assert [one.value for one in request.of("audio")] == ["https://x.org/rain.mp3"]
    assert any("longer than 5 s is cut" in note for note in notes)


def test_local_audio_waits_to_be_uploaded(folder, no_network):
    with wave.open("rain.wav", "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(4 * 8000 * 2))
    request, _ = build(audio="rain.wav")
    (sound,) = request.pending
    assert sound.size == (folder / "rain.wav").stat().st_size
    assert request.of("audio")[0].seconds == pytest.approx(4)
    assert "rain.wav, 64,044 bytes, uploaded first" in request.shown_body()["input"]["audio_url"]


def test_a_reference_is_one_value_or_a_list_of_them():
    url = "https://x.org/anna.png"
    for ref in (url, [url], (url,)):
        assert api.build("p", ref=ref)[0].body()["input"]["media"] == [
            {"type": "reference_image", "url": url}
        ]


def test_fields_that_are_given_as_extra_parameters_are_the_options_of_that_name():
    request, _ = build(model="2.6", extra_parameters={"seed": 3, "resolution": "720P", "x": 1})
    assert (request.seed, request.resolution) == (3, "720P")
    assert request.body()["parameters"] == {"seed": 3, "resolution": "720P", "x": 1}
    assert str(request.estimate("beijing")) == "3.00 CNY", "priced like any other"


def test_what_is_given_in_two_ways_is_an_error():
    assert "seed is given twice" in refusal(seed=7, extra_parameters={"seed": 7})
    assert "img_url is given twice" in refusal(extra_inputs={"img_url": "https://x.org/b.png"})


def test_of_an_unchecked_model_extra_fields_are_sent_as_they_are():
    request, notes = build(
        model="2.6", unchecked=True, extra_parameters={"seed": "x", "duration": 7.5}
    )
    assert request.body()["parameters"] == {"seed": "x", "duration": 7.5}
    assert request.seed is None
    assert any("unchecked" in note for note in notes)


def test_a_model_that_the_region_does_not_have_is_noted():
    def notes(region, **options):
        return " ".join(api.build("waves", region=region, **options)[1])

    assert "list wan2.6-t2v-us for virginia, and not for beijing" in notes(
        "beijing", model="wan2.6-t2v-us"
    )
    assert notes("virginia", model="wan2.6-t2v-us") == ""
    assert notes(None, model="wan2.6-t2v-us") == "", "of a gateway nothing is known"


def test_a_version_is_the_model_of_that_name_in_the_region():
    assert api.build("waves", model="2.1", region="beijing")[0].model == "wanx2.1-t2v-turbo"
    assert api.build("waves", model="2.1", region="singapore")[0].model == "wan2.1-t2v-turbo"
    assert api.build("waves", model="2.6-us", region="virginia")[0].model == "wan2.6-t2v-us"


def test_notes_of_the_image_and_of_the_request_are_told(picture):
    _, notes = build(image=Image.new("RGBA", (100, 100)), prompt="x" * 1501, resolution="480P")
    assert any("transparent" in note for note in notes)
    assert any("1501 characters" in note for note in notes)
    with pytest.raises(InputError, match="transparent"):
        build(image=Image.new("RGBA", (100, 100)), fit=False)


# -- the image from an earlier job ------------------------------------------------------


def job(outcome=None, state=State.DONE):
    made = Job(VideoRequest(prompt="p"), endpoint="local")
    if outcome is not None:
        made.finish(outcome, state)
    return made


def test_a_job_that_has_not_ended_is_no_image():
    with pytest.raises(InputError, match=r"is not finished \(submitting\)") as caught:
        build(image=job())
    assert ".result()" in caught.value.hint


def test_a_job_without_a_clip_is_no_image():
    with pytest.raises(InputError, match=r"made no clip \(failed\)"):
        build(image=job(JobFailed("no"), State.FAILED))


# -- where it goes ----------------------------------------------------------------------


def endpoint_of(started, **options):
    wan_magic.submit("waves", image="https://x.org/sea.png", **options)
    return started[-1][1]


def test_no_key_means_the_local_preview(started, folder):
    endpoint = endpoint_of(started)
    made, _, out = started[0]
    assert endpoint.is_local
    assert endpoint.base_url.startswith("http://127.0.0.1:")
    assert made.is_preview
    assert str(made.estimate) == "5.00 CNY", "what the hosted API would ask"
    assert out == folder / "wan_videos"


def test_a_key_means_the_official_endpoint(started, folder, monkeypatch, no_network):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    endpoint = endpoint_of(started)
    assert endpoint.base_url == "https://dashscope.aliyuncs.com/api/v1"
    assert endpoint.key == KEY
    assert not started[0][0].is_preview


def test_local_is_free_with_a_key_too(started, folder, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    endpoint = endpoint_of(started, endpoint="local")
    assert endpoint.is_local
    assert endpoint.key != KEY, "the key stays at home"


def test_a_key_file_and_a_region(started, folder, monkeypatch):
    (folder / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("DASHSCOPE_API_KEY_FILE_PATH", str(folder / "key"))
    endpoint = endpoint_of(started, endpoint="singapore")
    assert (endpoint.base_url, endpoint.key) == (
        "https://dashscope-intl.aliyuncs.com/api/v1",
        KEY,
    )
    assert started[0][0].estimate.amount == Decimal("0.75")
    assert started[0][0].estimate.currency == "USD"


def test_a_base_url_without_a_key(folder, monkeypatch, no_network):
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", "https://gateway.example/qwen/api/v1")
    with pytest.raises(SettingsError, match=r"endpoint gateway\.example needs a key"):
        wan_magic.submit("waves", image="https://x.org/sea.png")


@pytest.mark.parametrize(
    ("endpoint", "part"),
    [
        ("http://gateway.example/api/v1", "unencrypted"),
        ("mars", "unknown endpoint 'mars'"),
        ("https://me:pw@gateway.example/api/v1", "more than a path"),
    ],
)
def test_an_endpoint_that_is_refused(folder, monkeypatch, no_network, endpoint, part):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    with pytest.raises(SettingsError, match=part):
        wan_magic.submit("waves", image="https://x.org/sea.png", endpoint=endpoint)


def test_a_key_with_a_line_break_in_it_shows_nowhere(folder, monkeypatch, no_network):
    monkeypatch.setenv("DASHSCOPE_API_KEY", f"{KEY}\nnext line")
    with pytest.raises(SettingsError) as caught:
        wan_magic.submit("waves", image="https://x.org/sea.png")
    assert KEY not in str(caught.value)


# -- the folder -------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_found_before_anything_is_sent(folder, no_network):
    (folder / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot write to the folder") as caught:
        wan_magic.submit("waves", image="https://x.org/sea.png", out=folder / "file" / "clips")
    assert "nothing was sent" in caught.value.hint


def test_a_folder_that_cannot_be_written_is_found_before_anything_is_sent(
    folder, no_network, monkeypatch
):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    with pytest.raises(SettingsError, match="wan_videos: Permission denied"):
        wan_magic.submit("waves", image="https://x.org/sea.png")


def test_the_folder_stays_where_it_was_when_the_working_directory_changes(started, folder):
    wan_magic.submit("waves", image="https://x.org/sea.png", out="clips")
    assert started[0][2] == folder / "clips"
    assert list((folder / "clips").iterdir()) == [], "the trial leaves nothing"


def test_the_folder_of_the_environment(started, folder, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_OUT", str(folder / "mine"))
    wan_magic.submit("waves", image="https://x.org/sea.png")
    assert started[0][2] == folder / "mine"


# -- all the way --------------------------------------------------------------------------


def test_generate_makes_a_clip_with_no_key(folder, picture, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nobody there
    clip = wan_magic.generate("A cat runs", image=picture, seed=7, **FAST)
    assert clip.path == folder / "wan_videos" / f"a-cat-runs-{clip.task_id[:8]}.mp4"
    assert (clip.width, clip.height) == (720, 544)
    assert clip.duration == pytest.approx(3, abs=0.05)
    assert (clip.fps, clip.has_audio, clip.seed, clip.is_preview) == (30, False, 7, True)
    assert str(clip.cost) == "0.72 CNY"
    beside = clip.path.with_name(f"{clip.path.name}.json")
    assert set((folder / "wan_videos").iterdir()) == {clip.path, beside}
    assert wan_magic.provenance(clip.path) == json.loads(beside.read_text("utf-8"))
    assert wan_magic.provenance(clip.path)["preview"] is True

    # Its last frame starts the next one, given as the clip or as its job.
    ended = job(clip)
    for image in (clip, ended):
        request, notes = build(image=image, model="wan2.5-i2v-preview")
        assert request.image.source == f"the last frame of {clip.path.name}"
        assert (request.image.width, request.image.height) == (720, 544)
        assert notes == ()


def test_the_same_through_a_gateway_with_a_prefix_and_a_key(
    folder, picture, monkeypatch, caplog, capfd
):
    caplog.set_level("DEBUG")
    with Server(ServerOptions(prefix="/qwen", token=KEY)) as server:
        monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", server.base_url)
        monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
        states = []
        made = wan_magic.submit("一只猫", image=picture, out="clips", **FAST)
        made.on_change(lambda job: states.append(str(job.state)))
        clip = made.result(timeout=60)

        assert server.base_url.endswith("/qwen/api/v1")
        assert made.endpoint == f"127.0.0.1:{server.port}"
        assert not clip.is_preview, "whatever serves a gateway is taken at its word"
        assert str(clip.cost) == "price unknown"
        assert clip.path == folder / "clips" / f"一只猫-{clip.task_id[:8]}.mp4"
        assert states[-2:] == ["downloading", "done"]

        twin = wan_magic.submit("一只猫", image=picture, out="again", **FAST).result(timeout=5)
        assert twin.from_library
        assert twin.path == folder / "again" / clip.path.name
        assert twin.path.read_bytes() == clip.path.read_bytes()

        monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-another-key-entirely")
        refused = wan_magic.submit("p", image=picture, **FAST)
        with pytest.raises(ApiError, match="HTTP 401 InvalidApiKey") as caught:
            refused.result(timeout=60)
        assert caught.value.request_id

        lost = wan_magic.resume("00000000-no-such-task", endpoint=server.base_url)
        with pytest.raises(ApiError):
            lost.result(timeout=60)

    said = capfd.readouterr()
    assert KEY not in caplog.text, "not even at debug level, by any library"
    ours = "".join(r.getMessage() for r in caplog.records if r.name.startswith("wan_magic"))
    everything = [repr(made), repr(clip), json.dumps(player_bundle(clip)), ours]
    everything += [
        said.out,
        said.err,
        str(caught.value),
        repr(from_environment()),
        repr(Settings()),
    ]
    for text in everything:
        assert KEY not in text
        assert "Signature=" not in text
    for path in folder.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()
