"""From one clip to the next: again with changes, other takes, the shot that follows."""

from __future__ import annotations

import io
import wave
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import av
import pytest
from PIL import Image

import wan_magic
from wan_magic.actions import api, launch
from wan_magic.actions.planning import plan
from wan_magic.errors import InputError, SettingsError
from wan_magic.jobs.clip import Clip
from wan_magic.jobs.job import Job
from wan_magic.wan.estimate import Estimate

KEY = "sk-0123456789abcdef"


def film(path, shades=(20, 120, 220), rate=10):
    with av.open(str(path), "w") as box:
        stream = box.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.time_base = Fraction(1, rate)
        for shade in shades:
            box.mux(
                stream.encode(av.VideoFrame.from_image(Image.new("RGB", (640, 360), (shade,) * 3)))
            )
        box.mux(stream.encode())
    return path


def voice(path):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(48000))


@pytest.fixture
def picture():
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "teal").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Make the clip of a request, as if a job had."""
    monkeypatch.chdir(tmp_path)
    path = film(tmp_path / "cat-0385dc79.mp4")

    def make(prompt="A cat", *, request=None, is_preview=True, task_id="", **options):
        request = request or api.build(prompt, **options)[0]
        return Clip(
            path=path,
            url="",
            width=640,
            height=360,
            duration=0.3,
            fps=10,
            has_audio=False,
            request=request,
            task_id=task_id,
            seed=request.seed,
            cost=Estimate(Decimal("1.5"), "CNY", 5, Decimal("0.3")),
            is_preview=is_preview,
        )

    return make


@pytest.fixture
def started(monkeypatch):
    """What was asked to start, in place of its start."""
    asked = []

    def start(request, settings, notes=(), *, fresh=False):
        asked.append((request, settings, fresh))
        return len(asked)

    def start_all(wanted, settings, *, fresh, bind, **_):
        for request, _ in wanted:
            start(request, settings, fresh=fresh)
        jobs = [Job(request, endpoint="local") for request, _ in wanted]
        bind(jobs)
        return jobs

    monkeypatch.setattr(launch, "start", start)
    monkeypatch.setattr(launch, "start_all", start_all)
    return asked


# -- again -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"model": "2.7", "ratio": "9:16", "duration": 7, "negative_prompt": "rain"},
        {"model": "wan2.6-t2v", "size": "1280*720", "shot_type": "multi", "audio": False},
        {"seed": 7, "prompt_extend": False, "watermark": True},
        {"model": "wan2.9-t2v", "unchecked": True, "extra_parameters": {"mood": ["dark"]}},
    ],
)
def test_again_without_changes_is_the_very_same_request(made, started, options):
    clip = made(**options)
    clip.again()
    assert started[0][0].fingerprint() == clip.request.fingerprint()


@pytest.mark.parametrize(
    "options",
    [
        {"image": "picture"},
        {"image": "https://x.org/sea.png?Signature=abc"},
        {"image": "picture", "last_frame": "picture", "model": "2.7"},
        {"ref": ["picture", "https://x.org/a.png"], "model": "2.7"},
    ],
)
def test_inputs_are_sent_again_as_they_were(made, started, picture, options):
    def real(value):
        return picture if value == "picture" else value

    given = {
        name: [real(one) for one in value] if isinstance(value, list) else real(value)
        for name, value in options.items()
    }
    clip = made(**given)
    clip.again()
    again = started[0][0]
    assert again.fingerprint() == clip.request.fingerprint()
    assert [one.source for one in again.inputs] == [one.source for one in clip.request.inputs]


def test_what_changes_changes_and_the_rest_stays_with_its_seed(made, started, picture):
    clip = made(image=picture, resolution="480P")
    clip.again(resolution="1080P")
    again = started[0][0]
    assert again == replace(clip.request, resolution="1080P", inputs=again.inputs)
    assert again.seed == clip.request.seed


def test_a_none_leaves_a_thing_out_and_a_seed_then_follows_from_the_rest(made, started, picture):
    clip = made(image=picture, model="wan3.0-video", seed=5)
    clip.again(image=None, seed=None)
    again = started[0][0]
    assert again.inputs == ()
    assert again.seed == api.build("A cat", model="wan3.0-video")[0].seed


def test_a_value_that_another_model_does_not_take_is_an_error(made, started):
    with pytest.raises(InputError, match="480P"):
        made(resolution="480P", seed=5).again(model="2.7")
    assert not started


def test_a_model_without_seeds_drops_the_seed(made, started, picture, tmp_path):
    voice(tmp_path / "voice.wav")
    made(image=picture, audio="voice.wav", resolution="480P", seed=5).again(model="wan2.2-s2v")
    assert started[0][0].seed is None


def test_an_input_that_only_the_ledger_remembers_is_looked_for_by_name_and_content(
    made, started, picture, tmp_path
):
    (tmp_path / "sea.png").write_bytes(picture)
    clip = made(image="sea.png")
    forgotten = replace(clip.request.inputs[0], value="", thumbnail=None)
    past = made(request=replace(clip.request, inputs=(forgotten,)))
    past.again(resolution="480P")
    assert started[0][0].inputs[0].value == clip.request.inputs[0].value

    (tmp_path / "sea.png").write_bytes(picture[:-1] + b"!")
    with pytest.raises(InputError, match=r"of sea\.png only the name is known") as caught:
        past.again()
    assert "image=" in caught.value.hint
    past.again(image=picture)
    assert len(started) == 2


def test_the_last_frame_of_a_clip_is_found_again_too(made, started):
    shot = api.build("on", image=made())[0]
    forgotten = tuple(replace(one, value="") for one in shot.inputs)
    made(request=replace(shot, inputs=forgotten)).again()
    assert started[0][0].fingerprint() == shot.fingerprint()


def test_a_video_that_has_changed_is_not_sent_as_the_old_one(made, started, tmp_path):
    film(tmp_path / "boat.mp4", [9] * 30)
    clip = made(clip="boat.mp4", model="2.7")
    clip.again()
    assert started[0][0].fingerprint() == clip.request.fingerprint()
    film(tmp_path / "boat.mp4", [200] * 30)
    with pytest.raises(InputError, match=r"boat\.mp4 is not what it was"):
        clip.again()


def test_an_address_that_was_not_remembered_is_not_sent(made, started):
    request = replace(api.build("A cat")[0], extra_inputs={"style": {"url": "…"}})
    with pytest.raises(InputError, match="style was an address"):
        made(request=request).again()
    assert not started


# -- where it runs ------------------------------------------------------------------------


def test_a_preview_stays_one_although_there_is_a_key(made, started, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    made().again()
    assert started[0][1].endpoint == "local"
    made(is_preview=False).again()
    assert started[1][1].endpoint is None
    made().again(endpoint="singapore", max_cost="2 USD", out="here")
    settings = started[2][1]
    assert (settings.endpoint, str(settings.out), str(settings.max_cost[0])) == (
        "singapore",
        "here",
        "2.00 USD",
    )


def test_a_preset_changes_what_it_names(made, started, tmp_path, monkeypatch):
    file = tmp_path / "config.toml"
    file.write_text('[presets.final]\nresolution = "1080p"\nduration = 10\ntimeout = 60')
    monkeypatch.setenv("WAN_MAGIC_CONFIG", str(file))
    clip = made(resolution="480P", duration=5)
    clip.again(preset="final", duration=5)
    clip.extend("on", preset="final")
    (again, settings, _), (shot, *_) = started
    assert (again.resolution, again.duration, settings.timeout) == ("1080P", 5, 60)
    assert again.seed == clip.request.seed
    assert (shot.resolution, shot.duration) == ("1080P", 10)
    with pytest.raises(SettingsError, match="did you mean final"):
        clip.variants(2, preset="finl")


def test_a_preset_with_an_endpoint_leads_there_and_another_one_nowhere_else(
    made, started, tmp_path, monkeypatch
):
    file = tmp_path / "config.toml"
    file.write_text('[presets.paid]\nendpoint = "tokyo"\n[presets.long]\ntimeout = 60')
    monkeypatch.setenv("WAN_MAGIC_CONFIG", str(file))
    for preset in ("paid", "long"):
        made().again(preset=preset)
    assert [settings.endpoint for _, settings, _ in started] == ["tokyo", "local"]


@pytest.mark.parametrize("do", ["again", "variants"])
def test_a_slip_in_an_options_name_gets_the_nearest_one(made, do):
    with pytest.raises(InputError, match="unknown option 'max_cots'") as caught:
        getattr(made(), do)(max_cots=3)
    assert caught.value.hint == "did you mean max_cost?"


# -- variants -----------------------------------------------------------------------------


def seeds_of(started):
    seeds = [request.seed for request, _, _ in started]
    started.clear()
    return seeds


def test_variants_differ_by_their_seeds_alone_and_are_the_same_ones_each_time(made, started):
    clip = made(seed=3, resolution="480P")
    clip.variants(4)
    assert all(replace(request, seed=3) == clip.request for request, _, _ in started)
    assert seeds_of(started) == [4, 5, 6, 7]
    clip.variants(2)
    assert seeds_of(started) == [4, 5]


def test_variants_and_a_count_are_the_same_takes(made, started):
    clip = made()
    clip.variants(3)
    _, *others = plan([{"prompt": "A cat"}], count=4)
    assert [request for request, _, _ in started] == [one.request for one in others]


@pytest.mark.parametrize(
    ("own", "changes", "seeds"),
    [
        (2**31 - 2, {}, [2**31 - 1, 0, 1]),
        (5, {"resolution": "480P"}, [6, 7, 8]),
        (5, {"seed": 3}, [3, 4, 6]),
        (5, {"seed": 100}, [100, 101, 102]),
    ],
)
def test_a_clips_own_seed_is_never_among_those_of_its_variants(made, started, own, changes, seeds):
    made(seed=own).variants(3, **changes)
    assert seeds_of(started) == seeds


def test_variants_of_a_seed_that_the_server_drew_have_seeds_that_are_known(made, started):
    drawn = {"model": "wan3.0-video", "seed": -1}
    first = api.build("A cat", model="wan3.0-video")[0].seed
    for _ in range(2):
        made(**drawn).variants(2)
        assert seeds_of(started) == [first, first + 1]


def test_a_model_without_seeds_has_no_variants(made, started, picture, tmp_path):
    voice(tmp_path / "voice.wav")
    with pytest.raises(InputError, match=r"wan2\.2-s2v takes no seed"):
        made(image=picture, audio="voice.wav", model="wan2.2-s2v", resolution="480P").variants(2)
    assert not started


def test_variants_are_paid_once_also_those_that_a_count_has_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAN_MAGIC_HOME", str(tmp_path / "home"))
    small = {"model": "wan3.0-video", "resolution": "480P", "duration": 2, "ratio": "16:9"}
    clip, second = wan_magic.map("waves", count=2, progress=False, **small).result(timeout=60)
    takes = clip.variants(2)
    assert [job.from_library for job in takes] == [True, False]
    assert takes.result(timeout=60)[0].path == second.path
    assert clip.path not in {take.path for take in takes.result()}
    assert [job.from_library for job in clip.variants(2)] == [True, True]


@pytest.mark.parametrize("number", [0, -1, 101, 2.0, True, "4"])
def test_a_number_of_variants_is_a_number(made, started, number):
    with pytest.raises(InputError, match="no number of variants"):
        made().variants(number)


def test_a_wrong_change_is_found_before_the_first_is_sent(made, started):
    with pytest.raises(InputError, match="4K"):
        made().variants(3, resolution="4K")
    assert not started


# -- the next shot --------------------------------------------------------------------------


def test_the_next_shot_starts_from_the_last_frame(made, started):
    clip = made(resolution="480P", duration=10, negative_prompt="rain", audio=False, seed=9)
    clip.extend("The cat jumps")
    request = started[0][0]
    assert request.model == "wan2.5-i2v-preview"
    assert request.prompt == "The cat jumps"
    assert (request.resolution, request.duration, request.negative_prompt) == ("480P", 10, "rain")
    assert request.seed != 9
    frame = request.inputs[0]
    assert (frame.option, frame.width, frame.height) == ("image", 640, 360)
    assert frame.source == "the last frame of cat-0385dc79.mp4"


@pytest.mark.parametrize(
    ("before", "model"),
    [
        ("wan2.7-t2v", "wan2.7-i2v"),
        ("wan2.6-t2v", "wan2.6-i2v"),
        ("wanx2.1-t2v-turbo", "wanx2.1-i2v-turbo"),
        ("wan3.0-video", "wan3.0-video"),
    ],
)
def test_its_model_is_of_the_same_version(made, started, before, model):
    made(model=before).extend("on")
    assert started[0][0].model == model


def test_values_that_its_model_does_not_take_are_left_behind(made, started):
    made(model="wan2.7-t2v", duration=15, resolution="1080P").extend("on", model="2.2-flash")
    request = started[0][0]
    assert (request.duration, request.resolution) == (None, "1080P")


def test_an_empty_prompt_leaves_the_next_shot_to_the_model_where_it_can_do_without(made, started):
    made().extend("")
    assert started[0][0].prompt == ""
    with pytest.raises(InputError, match="the prompt is empty"):
        made(model="wan2.7-t2v").extend("", model="2.7", ref="https://example.com/a.png")
    with pytest.raises(InputError, match="the prompt is None"):
        made().extend(None)
    assert len(started) == 1


def test_its_own_options_count_and_another_picture_is_refused(made, started):
    made(resolution="480P").extend("on", resolution="1080P", duration=5)
    assert (started[0][0].resolution, started[0][0].duration) == ("1080P", 5)
    with pytest.raises(InputError, match="starts from this clip's last frame"):
        made().extend("on", image="other.png")
