"""Every model of the table, made from the JSON that its documents show."""

from __future__ import annotations

import pytest

from wan_magic.wan.catalog import MODELS

from .conftest import CREATE, IMAGE2VIDEO, data_uri, picture

WIDE = data_uri(picture(960, 540))
SQUARE = data_uri(picture(640, 640))
BIG_SHAPES = {"480P": (832, 464), "720P": (1280, 720), "1080P": (1920, 1072)}


@pytest.fixture
def made(serve, gate, shelf):
    """Create, finish, and return the answer with what the engine was asked for."""
    gate.open.set()
    caller = serve(engine=gate)

    def make(model, inputs, parameters=None, path=None):
        inputs = absolute(inputs, shelf.url)
        path = path or (IMAGE2VIDEO if MODELS[model].path == IMAGE2VIDEO else CREATE)
        body = caller.make(model, inputs, parameters, path)
        assert body["output"]["task_status"] == "SUCCEEDED", body
        return body, gate.specs[-1]

    return make


def absolute(value, base):
    if isinstance(value, dict):
        return {key: absolute(one, base) for key, one in value.items()}
    if isinstance(value, list):
        return [absolute(one, base) for one in value]
    return base + value if isinstance(value, str) and value.startswith("/") else value


def least(model):
    """Return the shortest documented input of a model, with files of the shelf."""
    row = MODELS[model]
    if row.kind in ("t2v", "all"):
        return {"prompt": "p"}
    if "function" in row.parameters:
        return {"prompt": "p", "function": "image_reference", "ref_images_url": [SQUARE]}
    if row.kind == "r2v" and row.protocol == "flat":
        return {"prompt": "p", "reference_urls": ["/image.png"]}
    if row.kind == "r2v":
        return {"prompt": "p", "media": [{"type": "reference_image", "url": "/image.png"}]}
    if row.kind == "edit":
        return {"media": [{"type": "video", "url": "/film-3.mp4"}]}
    if row.protocol == "media":
        return {"media": [{"type": "first_frame", "url": WIDE}]}
    urls = {"image": SQUARE, "audio": "/sound.wav", "video": "/film-3.mp4"}
    return {slot.type: urls[slot.option] for slot in row.inputs if slot.required}


@pytest.mark.parametrize("model", MODELS)
def test_every_model_makes_a_clip(made, model):
    row = MODELS[model]
    parameters = {"mode": "wan-pro"} if "mode" in row.parameters else {}
    body, spec = made(model, least(model), parameters)
    output = body["output"]
    place = output["results"] if row.kind in ("s2v", "animate") else output
    assert place["video_url"].startswith("http://")
    assert ("video_url" in output) == (place is output)
    assert tuple(body["usage"]) == row.usage
    assert (spec.model, spec.kind) == (model, row.kind)
    assert spec.sound == (row.sound != "none")
    assert ("orig_prompt" in output) == (row.prompt != "none")
    assert spec.fps == {"animate": 25}.get(row.kind, 30)


OLD = "video_duration", "video_ratio", "video_count"


@pytest.mark.parametrize(
    ("model", "inputs", "parameters", "size", "seconds", "usage"),
    [
        (
            "wan2.7-t2v",
            {"prompt": "p"},
            {"resolution": "720P", "ratio": "4:3", "duration": 10},
            (1104, 832),
            10,
            {
                "duration": 10,
                "input_video_duration": 0,
                "output_video_duration": 10,
                "video_count": 1,
                "SR": 720,
                "ratio": "4:3",
            },
        ),
        (
            "wan2.7-i2v",
            {"media": [{"type": "first_frame", "url": "/tall.jpg"}]},
            {"resolution": "720P"},
            (816, 1104),
            5,
            {"duration": 5, "SR": 720, "output_video_duration": 5},
        ),
        (
            "wan2.7-i2v",
            {"media": [{"type": "first_clip", "url": "/film-3.mp4"}]},
            {"duration": 15},
            (1648, 1232),
            15,
            {"duration": 15, "SR": 1080},
        ),
        (
            "wan2.7-r2v",
            {
                "prompt": "Video 1",
                "media": [
                    {"type": "reference_video", "url": "/film-8.mp4"},
                    {"type": "reference_video", "url": "/film-1.mp4"},
                    {"type": "reference_image", "url": "/image.png"},
                ],
            },
            {"resolution": "720P", "ratio": "9:16", "duration": 10},
            (720, 1280),
            10,
            # Two videos: each is billed up to 2.5 s.
            {"input_video_duration": 3.5, "duration": 13.5, "ratio": "9:16"},
        ),
        (
            "wan2.7-r2v",
            {
                "prompt": "p",
                "media": [
                    {"type": "reference_image", "url": "/image.png"},
                    {"type": "first_frame", "url": "/tall.jpg"},
                ],
            },
            {"ratio": "16:9", "resolution": "720P"},
            (816, 1104),
            5,
            {"ratio": "3:4", "input_video_duration": 0},
        ),
        (
            "wan2.7-videoedit",
            {"prompt": "p", "media": [{"type": "video", "url": "/film-8.mp4"}]},
            {"resolution": "720P"},
            (1104, 816),
            8,
            {"duration": 16, "input_video_duration": 8, "output_video_duration": 8, "ratio": "4:3"},
        ),
        (
            "wan2.7-videoedit",
            {"prompt": "p", "media": [{"type": "video", "url": "/film-8.mp4"}]},
            {"resolution": "720P", "duration": 5, "ratio": "1:1"},
            (960, 960),
            5,
            {"duration": 13, "output_video_duration": 5, "ratio": "1:1"},
        ),
        (
            "wan3.0-video",
            {"prompt": "p"},
            {"resolution": "480P", "ratio": "9:16", "duration": -1},
            (480, 832),
            5,
            {"duration": 5, "fps": 30, "SR": 480, "ratio": "9:16"},
        ),
        (
            "wan3.0-video",
            {"prompt": "p", "media": [{"type": "reference_video", "url": "/film-4.mp4"}]},
            {"resolution": "720P", "duration": 26},
            (1280, 720),
            26,
            {"duration": 26, "ratio": "16:9"},
        ),
        (
            "wan2.6-t2v",
            {"prompt": "p"},
            {"size": "1088*832", "duration": 15},
            (1088, 832),
            15,
            {"duration": 15, "SR": 720, "size": "1088*832"},
        ),
        (
            "wan2.6-i2v-flash",
            {"img_url": "/tall.jpg"},
            {"resolution": "720P", "audio": False},
            (816, 1104),
            5,
            {"SR": 720, "audio": False, "input_video_duration": 0},
        ),
        (
            "wan2.6-r2v",
            {"prompt": "p", "reference_urls": ["/film-3.mp4", "/image.png"]},
            {"size": "1280*720"},
            (1280, 720),
            5,
            {"duration": 8, "input_video_duration": 3, "size": "1280*720", "SR": 720},
        ),
        (
            "wan2.5-t2v-preview",
            {"prompt": "p"},
            {"size": "832*480"},
            (832, 480),
            5,
            dict(zip(OLD, (5, "832*480", 1), strict=True)),
        ),
        (
            "wan2.2-t2v-plus",
            {"prompt": "p"},
            {},
            (1920, 1080),
            5,
            dict(zip(OLD, (5, "1920*1080", 1), strict=True)),
        ),
        (
            "wanx2.1-i2v-turbo",
            {"img_url": "/wide.png"},
            {"duration": 3, "resolution": "480P"},
            (832, 464),
            3,
            dict(zip(OLD, (3, "standard", 1), strict=True)),
        ),
        (
            "wan2.2-kf2v-flash",
            {"first_frame_url": "/wide.png", "last_frame_url": "/tall.jpg"},
            {},
            (1280, 720),
            5,
            {"video_duration": 5, "video_count": 1, "SR": 720},
        ),
        (
            "wanx2.1-kf2v-plus",
            {"first_frame_url": "/wide.png", "template": "hanfu-1"},
            {},
            (1280, 720),
            5,
            {"video_duration": 5, "video_count": 1, "video_ratio": "standard"},
        ),
        (
            "wanx2.1-vace-plus",
            {"prompt": "p", "function": "video_repainting", "video_url": "/film-3.mp4"},
            {"control_condition": "depth", "strength": 0.5},
            (1104, 816),
            3,
            {"video_duration": 3, "video_ratio": "1104*816"},
        ),
        (
            "wanx2.1-vace-plus",
            {
                "prompt": "p",
                "function": "image_reference",
                "ref_images_url": ["/image.png", "/tall.jpg"],
            },
            {"obj_or_bg": ["obj", "bg"], "size": "832*1088"},
            (832, 1088),
            5,
            {"video_duration": 5, "video_ratio": "832*1088"},
        ),
        (
            "wan2.2-s2v",
            {"image_url": SQUARE, "audio_url": "/sound.wav"},
            {},
            (544, 544),
            4,
            {"duration": 4, "SR": 480, "video_count": 1},
        ),
        (
            "wan2.2-animate-move",
            {"image_url": WIDE, "video_url": "/film.avi", "watermark": True},
            {"mode": "wan-std"},
            (832, 464),
            3,
            {"video_duration": 3, "video_ratio": "standard"},
        ),
        (
            "wan2.2-animate-mix",
            {"image_url": WIDE, "video_url": "/film-4.mp4"},
            {"mode": "wan-pro"},
            (1280, 720),
            4,
            {"video_duration": 4, "video_ratio": "pro"},
        ),
    ],
)
def test_size_length_and_bill(made, model, inputs, parameters, size, seconds, usage):
    body, spec = made(model, inputs, parameters)
    assert (spec.width, spec.height) == size
    assert spec.seconds == pytest.approx(seconds, abs=0.01)
    assert body["usage"] == {**body["usage"], **usage}


def test_inputs_keep_their_order_roles_and_names(made):
    media = [
        {"type": "reference_image", "url": "/image.png"},
        {"type": "reference_video", "url": "/film-3.mp4", "reference_voice": "/sound.mp3"},
        {"type": "reference_image", "url": "/tall.jpg", "referenceVoice": "/sound.wav"},
    ]
    _, spec = made("wan2.7-r2v", {"prompt": "p", "media": media})
    assert [(s.role, s.media, s.name) for s in spec.inputs] == [
        ("ref", "image", "image.png"),
        ("ref", "video", "film-3.mp4"),
        ("ref", "audio", "sound.mp3"),
        ("ref", "image", "tall.jpg"),
        ("ref", "audio", "sound.wav"),
    ]


def test_a_document_and_a_page(made):
    media = [{"type": "file", "url": "/paper.pdf"}]
    _, spec = made("wan3.0-video", {"media": media}, {"ratio": "21:9", "resolution": "480P"})
    assert (spec.inputs[0].media, spec.inputs[0].name) == ("file", "paper.pdf")
    assert (spec.width, spec.height) == (960, 400)
    media = [{"type": "link", "url": "https://www.example.com/page?x=1"}]
    _, spec = made("wan3.0-video", {"media": media})
    assert (spec.inputs[0].path, spec.inputs[0].name) == (None, "www.example.com")


@pytest.mark.parametrize("field", ["reference_urls", "reference_video_urls"])
@pytest.mark.parametrize("value", ["/film-3.mp4", ["/film-3.mp4"]])
def test_the_old_name_of_references_and_a_bare_one(made, field, value):
    _, spec = made("wan2.6-r2v", {"prompt": "p", field: value})
    assert [source.media for source in spec.inputs] == ["video"]


def test_the_audio_switch_wins_over_a_sound(made):
    inputs = {"img_url": WIDE, "audio_url": "/sound.wav"}
    _, spec = made("wan2.6-i2v-flash", inputs, {"audio": False})
    assert (spec.sound, [s.role for s in spec.inputs]) == (False, ["image"])
    _, spec = made("wan2.6-i2v-flash", inputs)
    assert (spec.sound, [s.role for s in spec.inputs]) == (True, ["image", "audio"])
    # Documented for two models only; the others ignore it.
    _, spec = made("wan2.6-i2v", inputs, {"audio": False})
    assert spec.sound


def test_an_effect_needs_only_the_first_frame(made):
    inputs = {"first_frame_url": WIDE, "last_frame_url": "nonsense", "template": "mech1"}
    _, spec = made("wanx2.1-kf2v-plus", inputs)
    assert [source.role for source in spec.inputs] == ["image"]


def test_a_clip_at_the_other_end(made):
    inputs = {"prompt": "p", "function": "video_extension", "last_clip_url": "/film-3.mp4"}
    _, spec = made("wanx2.1-vace-plus", inputs)
    assert [(s.role, s.name) for s in spec.inputs] == [("clip", "film-3.mp4")]
    assert spec.function == "video_extension"


def test_whose_sound_a_clip_has(made):
    media = [{"type": "video", "url": "/film-3.mp4"}]
    assert made("wan2.7-videoedit", {"media": media}, {"audio_setting": "origin"})[1].keep_sound
    assert not made("wan2.7-videoedit", {"media": media})[1].keep_sound
    assert made("wan2.2-animate-mix", least("wan2.2-animate-mix"), {"mode": "wan-std"})[
        1
    ].keep_sound
    assert not made("wan2.6-t2v", {"prompt": "p"})[1].keep_sound


def test_shots_and_the_mark(made):
    parameters = {"shot_type": "multi", "watermark": True, "seed": 7}
    _, spec = made("wan2.6-t2v", {"prompt": "p"}, parameters)
    assert (spec.multi_shot, spec.watermark, spec.seed) == (True, True, 7)
    _, spec = made("wan2.6-t2v", {"prompt": "p"}, {**parameters, "prompt_extend": False})
    assert not spec.multi_shot
    _, spec = made("wan3.0-video", {"prompt": "p"}, {"seed": -1})
    assert spec.seed >= 0


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("end", ["", "/"])
def test_each_model_is_on_one_path(caller, model, end):
    other = CREATE if MODELS[model].path == IMAGE2VIDEO else IMAGE2VIDEO
    answer = caller.send(model, {"prompt": "p"}, path=other + end)
    assert (answer.status_code, answer.json()["message"]) == (400, "url error, please check url!")


def one(kind, url=SQUARE):
    return {"type": kind, "url": url}


FRAME, VIDEO = one("first_frame"), one("reference_video", "http://x/v.mp4")
CLASH = (
    "The two modes are mutually exclusive. "
    "Do not pass reference_xx and first_frame/last_frame at the same time."
)
VACE = {"prompt": "p", "function": "video_edit", "video_url": "http://x/v.mp4"}


@pytest.mark.parametrize(
    ("model", "inputs", "parameters", "text"),
    [
        ("wan2.7-i2v", {"img_url": SQUARE, "prompt": "p"}, {}, "Field required: input.media"),
        ("wan2.7-i2v", {"prompt": "p", "media": []}, {}, "Field required: input.media"),
        ("wan2.7-i2v", {"media": [one("last_frame")]}, {}, "last_frame alone"),
        ("wan2.7-i2v", {"media": [FRAME, FRAME]}, {}, "at most 1 of first_frame"),
        ("wan2.7-i2v", {"media": [FRAME, VIDEO]}, {}, "'reference_video' is not supported"),
        ("wan2.7-i2v", {"media": [{"url": SQUARE}]}, {}, "Field required: input.media.0.type"),
        ("wan2.7-i2v", {"media": [{"type": "first_frame"}]}, {}, "required: input.media.0.url"),
        ("wan2.7-i2v", {"media": ["x"]}, {}, "must be an object"),
        ("wan2.7-i2v", {"media": {"type": "first_frame"}}, {}, "must be a list"),
        ("wan2.7-r2v", {"prompt": "p"}, {}, "Field required: input.media"),
        ("wan2.7-r2v", {"media": [VIDEO]}, {}, "Field required: input.prompt"),
        ("wan2.7-r2v", {"prompt": "p", "media": [VIDEO] * 6}, {}, "at most 5"),
        ("wan2.7-r2v", {"prompt": "p", "media": [VIDEO]}, {"duration": 11}, "at most 10"),
        ("wan2.7-r2v", {"prompt": "p", "media": [one("reference_voice")]}, {}, "not supported"),
        ("wan2.7-videoedit", {"media": [one("reference_image")]}, {}, "input.media (video)"),
        ("wan3.0-video", {"negative_prompt": "n"}, {}, "input.prompt or input.media"),
        ("wan3.0-video", {"media": [FRAME, one("reference_image")]}, {}, CLASH),
        ("wan3.0-video", {"media": [one("link", "http://x"), one("last_frame")]}, {}, CLASH),
        (
            "wan3.0-video",
            {"media": [one("link", "http://x"), one("file", "http://x/a.pdf")]},
            {},
            "exclude each other",
        ),
        (
            "wan3.0-video-prime",
            {"media": [one("file", "http://x/a.pdf")]},
            {"prompt_extend": False},
            "prompt_extend must be true with file",
        ),
        ("wan3.0-video", {"prompt": "p"}, {"seed": -2}, "Range of seed should be [-1, 2147483647]"),
        ("wan3.0-video", {"prompt": "p"}, {"duration": 1}, "duration should be one of"),
        ("wan2.7-t2v", {"audio_url": "http://x"}, {}, "Field required: input.prompt"),
        ("wan2.7-t2v", {"prompt": "p"}, {"ratio": "21:9"}, "ratio should be one of"),
        ("wan2.6-t2v", {"prompt": "p"}, {"size": "832*480"}, "The size is not match 832*480"),
        ("wan2.6-t2v", {"prompt": "p"}, {"size": "1280x720"}, "The size is not match"),
        ("wan2.6-t2v-us", {"prompt": "p"}, {"duration": 7}, "5, 10, 15"),
        ("wan2.6-i2v", {"prompt": "p", "media": [FRAME]}, {}, "Field required: input.img_url"),
        ("wan2.6-r2v", {"prompt": "p"}, {}, "Field required: input.reference_urls"),
        ("wan2.6-r2v", {"prompt": "p", "reference_urls": [3]}, {}, "must be a list of URLs"),
        ("wan2.6-r2v", {"prompt": "p", "reference_urls": [SQUARE] * 6}, {}, "at most 5"),
        ("wan2.2-kf2v-flash", {"last_frame_url": SQUARE}, {}, "input.first_frame_url"),
        ("wan2.2-s2v", {"image_url": SQUARE}, {}, "Field required: input.audio_url"),
        (
            "wan2.2-animate-mix",
            {"image_url": SQUARE, "video_url": "http://x"},
            {},
            "Field required: parameters.mode",
        ),
        (
            "wan2.2-animate-mix",
            {"image_url": SQUARE, "video_url": "http://x", "watermark": "yes"},
            {"mode": "wan-std"},
            "watermark must be",
        ),
        ("wanx2.1-vace-plus", {"prompt": "p", "video_url": "x"}, {}, "input.function"),
        ("wanx2.1-vace-plus", {**VACE, "function": "dance"}, {}, "function should be one of"),
        ("wanx2.1-vace-plus", VACE, {}, "Field required: input.mask_image_url"),
        (
            "wanx2.1-vace-plus",
            {**VACE, "function": "video_extension"},
            {},
            "Field required: input.first_frame_url",
        ),
        (
            "wanx2.1-vace-plus",
            {**VACE, "function": "video_repainting"},
            {"strength": 1.5},
            "Range of strength should be [0, 1]",
        ),
        (
            "wanx2.1-vace-plus",
            {**VACE, "mask_image_url": SQUARE},
            {"control_condition": "scribble"},
            "control_condition of video_edit should be one of posebodyface, depth, empty",
        ),
        (
            "wanx2.1-vace-plus",
            {**VACE, "function": "video_repainting"},
            {"control_condition": ""},
            "control_condition of video_repainting should be one of posebodyface, posebody",
        ),
        (
            "wanx2.1-vace-plus",
            {**VACE, "function": "image_reference", "ref_images_url": [SQUARE]},
            {"obj_or_bg": ["obj", "bg"]},
            "ref_images_url and obj_or_bg must be the same length.",
        ),
        (
            "wanx2.1-vace-plus",
            {**VACE, "function": "image_reference", "ref_images_url": [SQUARE] * 2},
            {"obj_or_bg": ["bg", "bg"]},
            "at most one bg",
        ),
    ],
)
def test_what_does_not_go_together(caller, model, inputs, parameters, text):
    answer = caller.send(model, inputs, parameters, MODELS[model].path)
    body = answer.json()
    assert (answer.status_code, body.get("code")) == (400, "InvalidParameter"), body
    assert text in body["message"]


@pytest.mark.parametrize(
    ("model", "inputs", "parameters", "code", "text"),
    [
        (
            "wan2.7-i2v",
            {"media": [one("first_clip", "/film-1.mp4")]},
            {},
            "InvalidFile.Duration",
            "2 to 10s",
        ),
        (
            "wan3.0-video",
            {"media": [one("reference_video", "/slow.mp4")]},
            {},
            "InvalidFile.FPS",
            "at least 16",
        ),
        (
            "wan3.0-video",
            {"media": [one("reference_video", "/film-8.mp4")] * 2},
            {},
            "InvalidFile.Duration",
            "longer than 15s together",
        ),
        (
            "wan3.0-video",
            {"media": [one("reference_video", "/film-8.mp4")]},
            {"duration": 23},
            "InvalidParameter",
            "longer than 30s together",
        ),
        (
            "wan3.0-video",
            {"media": [one("file", "/paper.exe")]},
            {},
            "InvalidFile.Format",
            "docx",
        ),
        ("wan3.0-video", {"media": [one("link", "ftp://x/y")]}, {}, "InvalidURL", "invalid"),
        (
            "wan2.6-r2v",
            {"prompt": "p", "reference_urls": ["/film-1.mp4"] * 4},
            {},
            "InvalidParameter",
            "at most 3 videos",
        ),
        (
            "wan2.6-r2v",
            {"prompt": "p", "reference_urls": ["/sound.wav"]},
            {},
            "InvalidParameter.DataInspection",
            "media format",
        ),
        (
            "wan2.2-s2v",
            {"image_url": SQUARE, "audio_url": "/wrong.mp3"},
            {},
            "InvalidFile.Format",
            "Allowed types are: .wav, .mp3.",
        ),
        (
            "wan2.7-videoedit",
            {"media": [one("video", "/film.avi")]},
            {},
            "InvalidFile.Format",
            "mp4 or mov",
        ),
    ],
)
def test_files_outside_the_limits_fail_in_the_task(
    caller, shelf, model, inputs, parameters, code, text
):
    inputs = absolute(inputs, shelf.url)
    output = caller.make(model, inputs, parameters, MODELS[model].path)["output"]
    assert (output["task_status"], output["code"]) == ("FAILED", code)
    assert text in output["message"]
