"""What each model is sent: a cell on one side, the documented JSON on the other.

The bodies are written by hand from Alibaba's API references, the newest of each family:
inputs as fields or as ``input.media``, every parameter of the family, as the documents
name, place and type it. ``@`` stands for the address of a host.
"""

from __future__ import annotations

import json

import pytest

from wan_magic.actions import api
from wan_magic.errors import InputError
from wan_magic.notebook.parsing import look_up, parse
from wan_magic.wan import catalog

HOST = "https://media.example/"
PROMPT = "A cat runs through tall grass.\n“Faster!”"


def item(kind, name, **more):
    return {"type": kind, "url": f"@{name}", **more}


def t2v(name, size, duration, **more):
    """Text to video up to 2.6: sizes in pixels."""
    return {
        "model": name,
        "input": {"prompt": PROMPT, "negative_prompt": "blurry"},
        "parameters": {
            "size": size,
            "duration": duration,
            "prompt_extend": False,
            "watermark": True,
            "seed": 7,
            **more,
        },
    }


def i2v(name, resolution, duration, *, sound=False, **more):
    """Image to video up to 2.6."""
    return {
        "model": name,
        "input": {
            "prompt": PROMPT,
            "negative_prompt": "blurry",
            "img_url": "@cat.png",
            **({"audio_url": "@rain.mp3"} if sound else {}),
        },
        "parameters": {
            "resolution": resolution,
            "duration": duration,
            "prompt_extend": True,
            "watermark": False,
            "seed": 7,
            **more,
        },
    }


def effect(name, template, resolution, duration):
    """Image to video with an effect, which takes the place of the prompt."""
    return {
        "model": name,
        "input": {"template": template, "img_url": "@cat.png"},
        "parameters": {"resolution": resolution, "duration": duration, "seed": 7},
    }


def kf2v(name, resolution):
    return {
        "model": name,
        "input": {
            "prompt": PROMPT,
            "negative_prompt": "blurry",
            "first_frame_url": "@first.png",
            "last_frame_url": "@last.png",
        },
        "parameters": {
            "resolution": resolution,
            "duration": 5,
            "prompt_extend": False,
            "watermark": True,
            "seed": 7,
        },
    }


def vace(name):
    return {
        "model": name,
        "input": {
            "function": "video_edit",
            "prompt": PROMPT,
            "negative_prompt": "blurry",
            "video_url": "@take.mp4",
            "mask_image_url": "@mask.png",
            "mask_frame_id": 2,
            "ref_images_url": ["@hat.png", "@coat.png"],
        },
        "parameters": {
            "size": "832*1088",
            "duration": 5,
            "prompt_extend": False,
            "watermark": True,
            "seed": 7,
            "obj_or_bg": ["obj", "bg"],
            "control_condition": "depth",
            "strength": 0.5,
            "mask_type": "tracking",
            "expand_ratio": 0.05,
            "expand_mode": "hull",
        },
    }


def all_in_one(name):
    """wan3.0 has no negative prompt, no shot type and no size."""
    return {
        "model": name,
        "input": {
            "prompt": PROMPT,
            "media": [
                item("reference_image", "anna.png"),
                item("reference_video", "street.mp4"),
                item("reference_audio", "song.mp3"),
            ],
        },
        "parameters": {
            "resolution": "480P",
            "ratio": "21:9",
            "duration": -1,
            "audio": False,
            "prompt_extend": False,
            "watermark": True,
            "seed": -1,
        },
    }


def t2v_27(name):
    return {
        "model": name,
        "input": {"prompt": PROMPT, "negative_prompt": "blurry", "audio_url": "@rain.mp3"},
        "parameters": {
            "resolution": "720P",
            "ratio": "9:16",
            "duration": 15,
            "prompt_extend": False,
            "watermark": True,
            "seed": 7,
        },
    }


def i2v_27(name):
    return {
        "model": name,
        "input": {
            "prompt": PROMPT,
            "negative_prompt": "blurry",
            "media": [
                item("first_frame", "first.png"),
                item("last_frame", "last.png"),
                item("driving_audio", "rain.mp3"),
            ],
        },
        "parameters": {
            "resolution": "1080P",
            "duration": 2,
            "prompt_extend": False,
            "watermark": True,
            "seed": 7,
        },
    }


def r2v_27(name):
    return {
        "model": name,
        "input": {
            "prompt": PROMPT,
            "negative_prompt": "blurry",
            "media": [
                item("first_frame", "first.png"),
                item("reference_image", "anna.png", reference_voice="@anna.mp3"),
                item("reference_video", "street.mp4", reference_voice="@ben.wav"),
                item("reference_image", "hat.webp"),
            ],
        },
        "parameters": {
            "resolution": "720P",
            "ratio": "4:3",
            "duration": 10,
            "prompt_extend": False,
            "watermark": True,
            "seed": 7,
        },
    }


def animate(name, mode):
    """The watermark stands in the input here; there is no prompt and no seed."""
    return {
        "model": name,
        "input": {"image_url": "@anna.png", "video_url": "@dance.mp4", "watermark": True},
        "parameters": {"mode": mode, "check_image": False},
    }


def r2v_26(name, **more):
    return {
        "model": name,
        "input": {
            "prompt": PROMPT,
            "negative_prompt": "blurry",
            "reference_urls": ["@ben.mp4", "@anna.png", "@street.mov"],
        },
        "parameters": {
            "size": "1632*1248",
            "duration": 10,
            "shot_type": "multi",
            "prompt_extend": True,
            "watermark": False,
            "seed": 7,
            **more,
        },
    }


OFF_ON = "--no-prompt-extend --watermark --seed 7"
ON_OFF = "--prompt-extend --no-watermark --seed 7"
WAN30 = (
    "--ref @anna.png --ref @street.mp4 --ref @song.mp3 -r 480p --ratio 21:9 -d -1 --audio off"
    " --no-prompt-extend --watermark --seed -1"
)
T2V_27 = f"-n blurry --audio @rain.mp3 -r 720p --ratio 9:16 -d 15 {OFF_ON}"
I2V_27 = f"-n blurry -i @first.png --last-frame @last.png --audio @rain.mp3 -r 1080P -d 2 {OFF_ON}"
R2V_27 = (
    "-n blurry --image @first.png --ref @anna.png --ref @anna.mp3 --ref @street.mp4"
    f" --ref @ben.wav --ref @hat.webp -r 720P --ratio 4:3 -d 10 {OFF_ON}"
)
R2V_26 = (
    f"-n blurry --ref @ben.mp4 --ref @anna.png --ref @street.mov --ratio 4:3 -d 10"
    f" --shot-type multi {ON_OFF}"
)
KF2V = f"-n blurry -i @first.png --last-frame @last.png -d 5 {OFF_ON}"
EDIT = "--video @take.mp4 --ref @hat.png --ref @coat.png"
ANIMATE = "-i @anna.png --video @dance.mp4 --watermark --no-check-image"
VACE = (
    "-n blurry --video @take.mp4 --mask @mask.png --ref @hat.png --ref @coat.png"
    f' --input mask_frame_id=2 -d 5 --ratio 3:4 {OFF_ON} --param obj_or_bg=\'["obj", "bg"]\''
    " --param control_condition=depth --param strength=0.5 --param mask_type=tracking"
    " --param expand_ratio=0.05 --param expand_mode=hull"
)

CASES = {
    "wan3.0-video": (WAN30, all_in_one),
    "wan3.0-video-prime": (WAN30, all_in_one),
    "wan2.7-t2v": (T2V_27, t2v_27),
    "wan2.7-t2v-2026-06-12": (T2V_27, t2v_27),
    "wan2.7-t2v-2026-04-25": (T2V_27, t2v_27),
    "wan2.7-i2v": (I2V_27, i2v_27),
    "wan2.7-i2v-2026-04-25": (I2V_27, i2v_27),
    "wan2.7-r2v": (R2V_27, r2v_27),
    "wan2.7-r2v-2026-06-12": (R2V_27, r2v_27),
    "wan2.7-videoedit": (
        f"-n blurry {EDIT} -r 720P --ratio 1:1 -d 0 --audio-setting origin {OFF_ON}",
        {
            "model": "wan2.7-videoedit",
            "input": {
                "prompt": PROMPT,
                "negative_prompt": "blurry",
                "media": [
                    item("reference_image", "hat.png"),
                    item("reference_image", "coat.png"),
                    item("video", "take.mp4"),
                ],
            },
            "parameters": {
                "resolution": "720P",
                "ratio": "1:1",
                "duration": 0,
                "audio_setting": "origin",
                "prompt_extend": False,
                "watermark": True,
                "seed": 7,
            },
        },
    ),
    "wan2.6-t2v": (
        f"-n blurry --audio @rain.mp3 -r 720p --ratio 4:3 -d 15 --shot-type multi {OFF_ON}",
        lambda name: _with_audio(t2v(name, "1088*832", 15, shot_type="multi")),
    ),
    "wan2.6-t2v-us": (
        f"-n blurry --audio @rain.mp3 --size 1280x720 -d 10 --shot-type single {OFF_ON}",
        lambda name: _with_audio(t2v(name, "1280*720", 10, shot_type="single")),
    ),
    "wan2.6-i2v-flash": (
        f"-n blurry -i @cat.png --audio auto -r 720P -d 2 --shot-type multi {ON_OFF}",
        lambda name: i2v(name, "720P", 2, shot_type="multi", audio=True),
    ),
    "wan2.6-i2v": (
        f"-n blurry -i @cat.png --audio @rain.mp3 -r 1080P -d 15 --shot-type single {ON_OFF}",
        lambda name: i2v(name, "1080P", 15, sound=True, shot_type="single"),
    ),
    "wan2.6-i2v-us": (
        f"-n blurry -i @cat.png --audio @rain.mp3 -r 720P -d 10 --shot-type multi {ON_OFF}",
        lambda name: i2v(name, "720P", 10, sound=True, shot_type="multi"),
    ),
    "wan2.6-r2v": (R2V_26, r2v_26),
    "wan2.6-r2v-flash": (f"{R2V_26} --audio off", lambda name: r2v_26(name, audio=False)),
    "wan2.5-t2v-preview": (
        f"-n blurry --audio @rain.mp3 -r 480P --ratio 1:1 -d 10 {OFF_ON}",
        lambda name: _with_audio(t2v(name, "624*624", 10)),
    ),
    "wan2.5-i2v-preview": (
        f"-n blurry -i @cat.png --audio @rain.mp3 -r 480P -d 10 {ON_OFF}",
        lambda name: i2v(name, "480P", 10, sound=True),
    ),
    "wan2.2-t2v-plus": (
        f"-n blurry --ratio 9:16 -d 5 {OFF_ON}",
        lambda name: t2v(name, "1080*1920", 5),
    ),
    "wan2.2-i2v-flash": (
        f"-n blurry -i @cat.png -r 1080P -d 5 {ON_OFF}",
        lambda name: i2v(name, "1080P", 5),
    ),
    "wan2.2-i2v-plus": (
        f"-n blurry -i @cat.png -r 480P -d 5 {ON_OFF}",
        lambda name: i2v(name, "480P", 5),
    ),
    "wan2.2-kf2v-flash": (f"{KF2V} -r 480P", lambda name: kf2v(name, "480P")),
    "wan2.2-s2v": (
        "-i @anna.png --audio @voice.mp3 -r 720P",
        {
            "model": "wan2.2-s2v",
            "input": {"image_url": "@anna.png", "audio_url": "@voice.mp3"},
            "parameters": {"resolution": "720P"},
        },
    ),
    "wan2.2-animate-move": (ANIMATE, lambda name: animate(name, "wan-std")),
    "wan2.2-animate-mix": (f"{ANIMATE} --mode pro", lambda name: animate(name, "wan-pro")),
    "wanx2.1-t2v-turbo": (
        f"-n blurry -r 480P -d 5 {OFF_ON}",
        lambda name: t2v(name, "832*480", 5),
    ),
    "wanx2.1-t2v-plus": (
        f"-n blurry --ratio 3:4 -d 5 {OFF_ON}",
        lambda name: t2v(name, "832*1088", 5),
    ),
    "wanx2.1-i2v-turbo": (
        f"-n blurry -i @cat.png -r 480P -d 3 {ON_OFF}",
        lambda name: i2v(name, "480P", 3),
    ),
    "wanx2.1-i2v-plus": (
        f"-n blurry -i @cat.png -r 720P -d 5 {ON_OFF}",
        lambda name: i2v(name, "720P", 5),
    ),
    "wanx2.1-kf2v-plus": (f"{KF2V} -r 720P", lambda name: kf2v(name, "720P")),
    "wanx2.1-vace-plus": (VACE, vace),
    "wan2.1-t2v-turbo": (
        f"-n blurry --size 480×832 -d 5 {OFF_ON}",
        lambda name: t2v(name, "480*832", 5),
    ),
    "wan2.1-t2v-plus": (
        f"-n blurry --size 960*960 -d 5 {OFF_ON}",
        lambda name: t2v(name, "960*960", 5),
    ),
    "wan2.1-i2v-turbo": (
        f"-n blurry -i @cat.png -r 720p -d 4 {ON_OFF}",
        lambda name: i2v(name, "720P", 4),
    ),
    "wan2.1-i2v-plus": (
        f"-n blurry -i @cat.png -r 720P -d 5 {ON_OFF}",
        lambda name: i2v(name, "720P", 5),
    ),
    "wan2.1-kf2v-plus": (f"{KF2V} -r 720P", lambda name: kf2v(name, "720P")),
    "wan2.1-vace-plus": (VACE, vace),
}


def _with_audio(body):
    body["input"]["audio_url"] = "@rain.mp3"
    return body


def documented(model):
    body = CASES[model][1]
    return hosted(body if isinstance(body, dict) else body(model))


def hosted(body):
    return json.loads(json.dumps(body).replace('"@', f'"{HOST}'))


def read(line, prompt=PROMPT, **names):
    """The request of a cell, as the magic makes it."""
    _, options = parse(line.replace("@", HOST), lambda expression: eval(expression, names))
    if "ref" in options:
        options["ref"] = look_up(options["ref"], names)
    return api.build(prompt, **options)


def body_of(line, prompt=PROMPT, **names):
    return read(line, prompt, **names)[0].body()


def test_every_row_of_the_model_table_has_a_body_here():
    assert CASES.keys() == catalog.MODELS.keys()


@pytest.mark.parametrize("model", CASES)
def test_the_cell_is_sent_as_the_documented_json(shell, posted, model):
    line = CASES[model][0].replace("@", HOST)
    shell.run(f"%%wanvideo --model {model} {line}\n{PROMPT}")
    (request,) = posted
    expected = documented(model)
    if catalog.MODELS[model].prompt == "none":
        assert "prompt" not in expected["input"]
    assert request.body() == expected
    assert json.loads(json.dumps(request.body())) == expected, "and JSON keeps its types"


@pytest.mark.parametrize("model", CASES)
def test_every_parameter_and_input_of_a_family_is_in_its_body_or_in_one_below(model):
    """A parameter that is added to a row must be sent by a test."""
    row, body = catalog.MODELS[model], documented(model)
    used = {*body["parameters"], *body["input"]}
    used |= {name for one in body["input"].get("media", ()) for name in (one["type"], *one)}
    elsewhere = SENT_BELOW if row.protocol == "media" else {"first_frame_url", "last_frame_url"}
    if "vace" in model:
        elsewhere |= {"mask_video_url", "first_clip_url", "last_clip_url"}
        elsewhere |= {f"{side}_scale" for side in ("top", "bottom", "left", "right")}
    if "audio" in row.parameters and row.kind in ("i2v",):
        elsewhere |= {"audio_url"}
    missing = {*row.parameters, *(slot.type for slot in row.inputs)} - used - elsewhere
    assert missing == set()


SENT_BELOW = {"first_frame", "last_frame", "first_clip", "file", "link"}


# -- one family, several kinds of input --------------------------------------------


@pytest.mark.parametrize(
    ("line", "media"),
    [
        ("-m 2.7 -i @a.png", [item("first_frame", "a.png")]),
        (
            "-m 2.7 -i @a.png --audio @b.mp3",
            [item("first_frame", "a.png"), item("driving_audio", "b.mp3")],
        ),
        (
            "-m 2.7 -i @a.png --last-frame @b.png",
            [item("first_frame", "a.png"), item("last_frame", "b.png")],
        ),
        ("-m 2.7 --clip @a.mp4", [item("first_clip", "a.mp4")]),
        (
            "-m 2.7 --clip @a.mp4 --last-frame @b.png",
            [item("last_frame", "b.png"), item("first_clip", "a.mp4")],
        ),
        ("-m 3.0 -i @a.png", [item("first_frame", "a.png")]),
        (
            "-m 3.0 --last-frame @b.png -i @a.png",
            [item("first_frame", "a.png"), item("last_frame", "b.png")],
        ),
        ("-m 3.0 --file @talk.pdf", [item("file", "talk.pdf")]),
        (
            "-m 3.0 --link @page?a=1&b=2 --ref @a.png",
            [item("reference_image", "a.png"), item("link", "page?a=1&b=2")],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_other_legal_inputs_of_the_media_protocol(line, media):
    assert body_of(line)["input"] == hosted({"prompt": PROMPT, "media": media})


def test_without_any_input_the_media_protocol_has_no_media():
    body = body_of("-m 3.0 --seed 7")
    assert body["input"] == {"prompt": PROMPT}


@pytest.mark.parametrize(
    ("model", "template"),
    [
        ("wanx2.1-i2v-turbo", "flying"),
        ("wanx2.1-i2v-plus", "hug"),
        ("wan2.2-i2v-flash", "flying"),
    ],
)
def test_an_effect_takes_the_place_of_the_prompt(model, template):
    body = body_of(f"-m {model} -i @cat.png --template {template} -r 720P -d 5 --seed 7", "")
    assert body == hosted(effect(model, template, "720P", 5))


# -- versions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "model"),
    [
        ("--model 3.0", "wan3.0-video"),
        ("--model 3.0 --ref @a.mp3", "wan3.0-video"),
        ("--model 3.0-prime -i @a.png", "wan3.0-video-prime"),
        ("--model 2.7", "wan2.7-t2v"),
        ("--model wan2.7", "wan2.7-t2v"),
        ("--model 2.7 --audio @a.mp3", "wan2.7-t2v"),
        ("--model 2.7 -i @a.png", "wan2.7-i2v"),
        ("--model 2.7 -i @a.png --audio @a.mp3", "wan2.7-i2v"),
        ("--model 2.7 -i @a.png --last-frame @b.png", "wan2.7-i2v"),
        ("--model 2.7 --clip @a.mp4", "wan2.7-i2v"),
        ("--model 2.7 --ref @a.png", "wan2.7-r2v"),
        ("--model 2.7 --ref @a.mp4 --ref @a.mp3", "wan2.7-r2v"),
        ("--model 2.7 --ref @a.png -i @b.png", "wan2.7-r2v"),
        ("--model 2.7 --video @a.mp4", "wan2.7-videoedit"),
        ("--model 2.7 --video @a.mp4 --ref @b.png", "wan2.7-videoedit"),
        ("--model 2.6", "wan2.6-t2v"),
        ("--model 2.6 -i @a.png", "wan2.6-i2v"),
        ("--model 2.6 --ref @a.png --ref @b.mp4", "wan2.6-r2v"),
        ("--model 2.6-flash -i @a.png", "wan2.6-i2v-flash"),
        ("--model 2.6-flash --ref @a.png", "wan2.6-r2v-flash"),
        ("--model 2.6-us", "wan2.6-t2v-us"),
        ("--model 2.6-us -i @a.png", "wan2.6-i2v-us"),
        ("--model 2.5", "wan2.5-t2v-preview"),
        ("--model 2.5 -i @a.png", "wan2.5-i2v-preview"),
        ("--model 2.2", "wan2.2-t2v-plus"),
        ("--model 2.2 -i @a.png", "wan2.2-i2v-flash"),
        ("--model 2.2-plus -i @a.png", "wan2.2-i2v-plus"),
        ("--model 2.2 -i @a.png --last-frame @b.png", "wan2.2-kf2v-flash"),
        ("--model 2.2 -i @a.png --audio @a.mp3", "wan2.2-s2v"),
        ("--model 2.2 -i @a.png --video @b.mp4", "wan2.2-animate-move"),
        ("--model 2.2-mix -i @a.png --video @b.mp4", "wan2.2-animate-mix"),
        ("--model 2.1", "wanx2.1-t2v-turbo"),
        ("--model wanx2.1", "wanx2.1-t2v-turbo"),
        ("--model 2.1-plus -i @a.png", "wanx2.1-i2v-plus"),
        ("--model 2.1 -i @a.png --last-frame @b.png", "wanx2.1-kf2v-plus"),
        ("--model 2.1 --video @a.mp4 --mask @b.png", "wanx2.1-vace-plus"),
        ("--model 2.1 --ref @a.png", "wanx2.1-vace-plus"),
    ],
)
def test_a_version_is_the_model_that_takes_the_inputs(line, model):
    assert body_of(line)["model"] == model


# -- references ----------------------------------------------------------------------


def test_references_are_sent_in_their_order_and_voices_with_the_one_before():
    line = "-m 2.7 --ref @1.mp4 --ref @v1.mp3 --ref @2.png --ref @3.png --ref @v3.wav --ref @4.mov"
    assert body_of(line)["input"]["media"] == hosted(
        [
            item("reference_video", "1.mp4", reference_voice="@v1.mp3"),
            item("reference_image", "2.png"),
            item("reference_image", "3.png", reference_voice="@v3.wav"),
            item("reference_video", "4.mov"),
        ]
    )


def test_in_wan30_a_sound_is_a_reference_of_its_own():
    assert body_of("-m 3.0 --ref @v.mp3 --ref @a.png")["input"]["media"] == hosted(
        [item("reference_audio", "v.mp3"), item("reference_image", "a.png")]
    )


def test_references_may_come_as_a_list_from_python():
    refs = [f"{HOST}1.png", f"{HOST}2.mp4"]
    expected = hosted([item("reference_image", "1.png"), item("reference_video", "2.mp4")])
    for line in ("-m 2.7 --ref {{refs}}", "-m 2.7 --ref refs"):
        assert body_of(line, refs=refs)["input"]["media"] == expected
    more = body_of("-m 2.7 --ref refs --ref @3.png", refs=refs)["input"]["media"]
    assert more == [*expected, *hosted([item("reference_image", "3.png")])]


def test_two_voices_for_one_reference_are_refused():
    with pytest.raises(InputError, match=r"b\.mp3 is a voice"):
        body_of("-m 2.7 --ref @1.png --ref @a.mp3 --ref @b.mp3")


# -- VACE ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "inputs", "parameters"),
    [
        pytest.param(
            '--ref @hat.png --ref @park.png --param obj_or_bg=\'["obj","bg"]\' --size 1280*720',
            {"function": "image_reference", "ref_images_url": ["@hat.png", "@park.png"]},
            {"obj_or_bg": ["obj", "bg"], "size": "1280*720"},
            id="image_reference",
        ),
        pytest.param(
            "--video @take.mp4 --ref @hat.png --param control_condition=posebody",
            {
                "function": "video_repainting",
                "video_url": "@take.mp4",
                "ref_images_url": ["@hat.png"],
            },
            {"control_condition": "posebody"},
            id="video_repainting",
        ),
        pytest.param(
            "--video @take.mp4 --mask @mask.mp4 --param mask_type=fixed",
            {"function": "video_edit", "video_url": "@take.mp4", "mask_video_url": "@mask.mp4"},
            {"mask_type": "fixed"},
            id="video_edit",
        ),
        pytest.param(
            "-i @first.png --last-frame @last.png",
            {
                "function": "video_extension",
                "first_frame_url": "@first.png",
                "last_frame_url": "@last.png",
            },
            {},
            id="video_extension between frames",
        ),
        pytest.param(
            "--clip @shot.mp4 --input last_clip_url=@end.mp4",
            {
                "function": "video_extension",
                "first_clip_url": "@shot.mp4",
                "last_clip_url": "@end.mp4",
            },
            {},
            id="video_extension between clips",
        ),
        pytest.param(
            "--clip @shot.mp4 --video @move.mp4 --param control_condition=depth",
            {
                "function": "video_extension",
                "first_clip_url": "@shot.mp4",
                "video_url": "@move.mp4",
            },
            {"control_condition": "depth"},
            id="video_extension with a motion",
        ),
        pytest.param(
            "--video @take.mp4 --param top_scale=1.5 --param bottom_scale=1 --param left_scale=1.2"
            " --param right_scale=2",
            {"function": "video_outpainting", "video_url": "@take.mp4"},
            {"top_scale": 1.5, "bottom_scale": 1, "left_scale": 1.2, "right_scale": 2},
            id="video_outpainting",
        ),
        pytest.param(
            "--video @take.mp4 --mask @m.png --function video_repainting",
            {
                "function": "video_repainting",
                "video_url": "@take.mp4",
                "mask_image_url": "@m.png",
            },
            {},
            id="the function that is named counts",
        ),
        pytest.param(
            "--video @take.mp4 --input function=video_outpainting",
            {"function": "video_outpainting", "video_url": "@take.mp4"},
            {},
            id="or given as a field",
        ),
    ],
)
def test_what_vace_does_is_told_from_what_it_is_given(line, inputs, parameters):
    body = body_of(f"-m wanx2.1-vace-plus --seed 7 {line}")
    assert body["input"] == hosted({"prompt": PROMPT, **inputs})
    assert body["parameters"] == {"seed": 7, **parameters}


# -- fields and names that the table does not know -----------------------------------


def test_further_fields_are_typed_as_json_and_stay_where_they_were_put():
    line = (
        "-m 2.7 --seed 7 --param a=1 --param b=1.5 --param c=true --param d=null --param e=text"
        ' --param \'f={"g": [1, "2"]}\' --param \'h="1"\' --input a=x --input i=@a.png'
    )
    body = body_of(line)
    sent = {"a": 1, "b": 1.5, "c": True, "d": None, "e": "text", "f": {"g": [1, "2"]}, "h": "1"}
    assert body["parameters"] == {"seed": 7, **sent}
    assert body["input"] == hosted({"prompt": PROMPT, "a": "x", "i": "@a.png"})


def test_a_field_that_has_an_option_is_that_option():
    request, _ = read("-m 2.7 --param seed=3 --param resolution=720P --param watermark=true")
    assert (request.seed, request.resolution, request.watermark) == (3, "720P", True)
    assert request.body()["parameters"] == {"seed": 3, "resolution": "720P", "watermark": True}


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (
            "-m wan2.8-i2v -i @a.png --last-frame @b.png -d 60 --param style=oil",
            {
                "input": {"media": [item("first_frame", "a.png"), item("last_frame", "b.png")]},
                "parameters": {"duration": 60, "style": "oil"},
            },
        ),
        (
            "-m wan2.6-i2v-2027 -i @a.png -r 4k --audio off",
            {
                "input": {"img_url": "@a.png"},
                "parameters": {"resolution": "4K", "audio": False},
            },
        ),
        (
            "-m wan2.5-t2v -r 4k --param size=3840*2160",
            {"input": {}, "parameters": {"size": "3840*2160", "resolution": "4K"}},
        ),
        (
            "-m wan4.0-video --ref @a.png --ratio 32:9",
            {
                "input": {"media": [item("reference_image", "a.png")]},
                "parameters": {"ratio": "32:9"},
            },
        ),
        (
            "-m 2.7 -i @a.png -d 99 --mode new",
            {
                "model": "wan2.7-i2v",
                "input": {"media": [item("first_frame", "a.png")]},
                "parameters": {"duration": 99, "mode": "new"},
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unchecked_sends_names_and_values_that_are_not_known_yet(line, body):
    with pytest.raises(InputError):
        body_of(f"{line} --seed 7")
    request, notes = read(f"{line} --seed 7 --unchecked")
    expected = hosted({"model": line.split()[1], **body})
    expected["input"]["prompt"] = PROMPT
    expected["parameters"]["seed"] = 7
    assert request.body() == expected
    assert any(note.startswith("unchecked: ") for note in notes)
    if request.model not in catalog.MODELS:
        assert str(request.estimate("beijing")) == "price unknown"
