"""Checks before any money is spent: what is refused, and what is only said.

Every message names what is wrong and with which value; every hint says what to do.
"""

from __future__ import annotations

import pytest
from asking import asked, given, movie, picture, sound

from wan_magic.errors import InputError
from wan_magic.wan.catalog import MODELS

SETS_27 = (
    "--image; --image + --audio; --image + --last-frame;"
    " --image + --last-frame + --audio; --clip; --last-frame + --clip"
)
REF, MOVING = picture("ref"), movie("ref", seconds=3.0)


def notes_of(*args, **fields):
    return " | ".join(asked(*args, **fields).check())


def refusal_of(*args, **fields):
    with pytest.raises(InputError) as caught:
        asked(*args, **fields).check()
    error = caught.value
    assert "\n" not in error.message
    assert len(str(error)) < 400
    return str(error)


def split(*args, **fields):
    message, _, hint = refusal_of(*args, **fields).partition("\n→ ")
    assert hint, "a hint says what to do"
    return message, hint


# -- what is right -------------------------------------------------------------------------

GOOD = {
    "wan3.0-video": ([], {"ratio": "21:9", "duration": 30, "seed": -1, "audio": False}),
    "wan3.0-video-prime": ([REF, sound("ref")], {"resolution": "480P", "duration": -1}),
    "wan2.7-t2v": ([], {"ratio": "9:16", "resolution": "720P", "duration": 2}),
    "wan2.7-i2v": ([picture(), picture("last_frame")], {"duration": 15}),
    "wan2.7-r2v": ([REF, sound("ref"), MOVING], {"ratio": "1:1", "duration": 10}),
    "wan2.7-videoedit": ([movie(), REF], {"audio_setting": "origin", "ratio": "4:3"}),
    "wan2.6-t2v": ([], {"size": "1280*720", "shot_type": "multi"}),
    "wan2.6-i2v-flash": ([picture()], {"audio": True, "duration": 2}),
    "wan2.6-r2v": ([REF, MOVING], {"ratio": "3:4", "duration": 10}),
    "wan2.5-t2v-preview": ([], {"resolution": "480P", "ratio": "1:1"}),
    "wan2.2-kf2v-flash": ([picture(), picture("last_frame")], {"resolution": "480P"}),
    "wan2.2-s2v": ([picture(), sound()], {"resolution": "720P", "prompt": ""}),
    "wan2.2-animate-mix": ([picture(), movie()], {"mode": "wan-pro", "prompt": ""}),
    "wanx2.1-vace-plus": (
        [movie(), picture("mask")],
        {"extra_parameters": {"mask_type": "fixed", "expand_ratio": 0.5}},
    ),
}


@pytest.mark.parametrize("model", GOOD)
def test_a_good_request_has_no_notes(model):
    inputs, fields = GOOD[model]
    assert notes_of(model, *inputs, **fields) == ""


# -- values --------------------------------------------------------------------------------


def test_an_unknown_model():
    assert "did you mean wan2.6-i2v" in refusal_of("wan2.6-i2w", picture())


@pytest.mark.parametrize("name", ["2.7", "wan2.7"])
def test_a_request_has_a_model_and_no_version(name):
    assert split(name) == (f"'{name}' is no model's name", "such as wan2.7-t2v")


@pytest.mark.parametrize(
    ("model", "fields", "message", "hint"),
    [
        (
            "wan2.6-i2v",
            {"resolution": "480P"},
            "wan2.6-i2v does not take resolution '480P'",
            "allowed: 720P, 1080P",  # 1080P is near, and not what was meant
        ),
        (
            "wan2.5-i2v-preview",
            {"resolution": "720p"},
            "wan2.5-i2v-preview does not take resolution '720p'",
            "did you mean 720P? (allowed: 480P, 720P, 1080P)",
        ),
        (
            "wan2.5-i2v-preview",
            {"duration": 7},
            "wan2.5-i2v-preview does not take duration 7",
            "allowed: 5, 10",
        ),
        (
            "wan2.6-i2v",
            {"duration": 16},
            "wan2.6-i2v does not take duration 16",
            "allowed: 2 to 15",
        ),
        (
            "wan3.0-video",
            {"duration": 31},
            "wan3.0-video does not take duration 31",
            "allowed: -1, 2 to 30",
        ),
        (
            "wan2.2-i2v-plus",
            {"duration": 10},
            "wan2.2-i2v-plus does not take duration 10",
            "it makes 5 only",
        ),
        (
            "wan2.6-i2v",
            {"shot_type": "mutli"},
            "wan2.6-i2v does not take shot type 'mutli'",
            "did you mean multi? (allowed: single, multi)",
        ),
        (
            "wan2.7-t2v",
            {"ratio": "21:9"},
            "wan2.7-t2v does not take ratio '21:9'",
            "allowed: 16:9, 9:16, 1:1, 4:3, 3:4",
        ),
        (
            "wan2.5-t2v-preview",
            {"resolution": "480P", "ratio": "4:3"},
            "wan2.5-t2v-preview makes no 4:3 at 480P",
            "allowed: 16:9, 9:16, 1:1",
        ),
        (
            "wan2.6-t2v",
            {"size": "1280*720", "ratio": "16:9"},
            "size '1280*720' is given together with a resolution or a ratio",
            "keep the size, or the other two",
        ),
    ],
)
def test_a_value_that_the_model_does_not_take(model, fields, message, hint):
    assert split(model, **fields) == (message, hint)


@pytest.mark.parametrize("size", ["1280x720", "720P", "1:1", "1024*768"])
def test_a_size_that_is_not_in_the_list(size):
    message, hint = split("wan2.6-t2v", size=size)
    assert message == f"wan2.6-t2v does not take size '{size}'"
    assert "1280*720" in hint


@pytest.mark.parametrize(
    ("model", "fields", "value"),
    [
        ("wan2.5-i2v-preview", {"shot_type": "multi"}, "shot type"),
        ("wan2.7-i2v", {"shot_type": "multi"}, "shot type"),
        ("wan2.7-t2v", {"size": "1280*720"}, "size"),
        ("wan2.6-i2v", {"audio_setting": "auto"}, "audio setting"),
        ("wan2.6-i2v", {"mode": "wan-pro"}, "mode"),
        ("wan3.0-video", {"negative_prompt": "rain"}, "negative prompt"),
        ("wan2.7-i2v", {"template": "hug"}, "template"),
        ("wan2.2-t2v-plus", {"function": "video_edit"}, "function"),
    ],
)
def test_a_value_of_other_models_names_these(model, fields, value):
    message, hint = split(model, **fields)
    assert message == f"{model} takes no {value}"
    takers = [name for name, row in MODELS.items() if row.takes(next(iter(fields)))]
    named = hint.removeprefix("models that do: ").partition(" and ")[0].split(", ")
    assert set(named) <= set(takers)


def test_models_of_the_same_kind_are_named_first():
    assert split(shot_type="multi")[1] == (
        "models that do: wan2.6-i2v-flash, wan2.6-i2v, wan2.6-i2v-us"
    )


@pytest.mark.parametrize("fields", [{"ratio": "1:1"}, {"size": "960*960"}], ids=str)
@pytest.mark.parametrize("model", ["wan2.7-i2v", "wan2.5-i2v-preview"])
def test_a_shape_where_the_clip_has_the_pictures(model, fields):
    message, hint = split(model, **fields)
    assert message == f"{model} takes no {next(iter(fields))}"
    assert hint == "its clips have the shape of the input"


@pytest.mark.parametrize(
    ("model", "seed", "span"),
    [
        ("wan2.5-i2v-preview", -1, "0 to 2147483647"),
        ("wan2.7-t2v", 2147483648, "0 to 2147483647"),
        ("wan3.0-video", -2, "-1 to 2147483647"),
    ],
)
def test_a_seed_out_of_range(model, seed, span):
    assert split(model, seed=seed) == (f"seed {seed} is out of range", span)


@pytest.mark.parametrize("seed", [0, 2147483647])
def test_the_ends_of_the_seeds_range(seed):
    assert notes_of(seed=seed) == ""


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
        {"size": (1280, 720)},
        {"ratio": 1.5},
        {"mode": 1},
        {"check_image": "no"},
    ],
    ids=str,
)
@pytest.mark.parametrize("unchecked", [False, True])
def test_a_value_of_the_wrong_type_is_refused_in_words(fields, unchecked):
    (name,) = fields
    text = refusal_of(**fields, unchecked=unchecked)
    assert text.startswith(name.replace("_", " "))
    assert "is not a" in text or "is not True or False" in text


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"strength": 1.5}, "strength 1.5 is out of range"),
        ({"expand_ratio": "0.5"}, "expand ratio '0.5' is out of range"),
        ({"left_scale": 3}, "left scale 3 is out of range"),
        ({"left_scale": float("nan")}, "the field left_scale holds what JSON can't: nan"),
        ({"mask_type": "fixd"}, "wanx2.1-vace-plus does not take mask type 'fixd'"),
        ({"control_condition": "pose"}, "wanx2.1-vace-plus does not take control condition 'pose'"),
    ],
    ids=str,
)
def test_known_fields_are_checked_however_they_are_given(parameters, message):
    found, _ = split("wanx2.1-vace-plus", movie(), extra_parameters=parameters)
    assert found == message


@pytest.mark.parametrize("frame", [1.5, True, "1"])
def test_a_frame_has_a_whole_number(frame):
    found, _ = split(
        "wanx2.1-vace-plus",
        movie(),
        given("mask", "image"),
        extra_inputs={"mask_frame_id": frame},
    )
    assert found == f"mask frame id {frame!r} is not a whole number"


@pytest.mark.parametrize(
    "fields", [{"prompt": "a \ud83d"}, {"negative_prompt": "\udc31"}], ids=ascii
)
def test_half_of_an_emoji_is_refused_where_it_can_still_be_typed_again(fields):
    message, _ = split(**fields)
    assert "holds half of a character ('\\ud" in message
    assert message.isascii()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("obj", "is not a list of 'obj' and 'bg'"),
        (["object"], "is not a list of 'obj' and 'bg'"),
        (["obj"], "is 1 words for 2 of --ref"),
        (["bg", "bg"], "names several grounds"),
    ],
    ids=str,
)
def test_words_on_references_are_one_for_each(words, part):
    text = refusal_of(
        "wanx2.1-vace-plus",
        *(REF, picture("ref", "b.png")),
        extra_parameters={"obj_or_bg": words},
    )
    assert part in text


def test_words_on_references_that_are_not_there():
    text = refusal_of("wanx2.1-vace-plus", movie(), extra_parameters={"obj_or_bg": ["obj"]})
    assert "is 1 words for 0 of --ref" in text


def test_a_word_for_each_reference_is_right():
    two = (REF, picture("ref", "b.png"))
    assert notes_of("wanx2.1-vace-plus", *two, extra_parameters={"obj_or_bg": ["obj", "bg"]}) == ""


@pytest.mark.parametrize(
    ("inputs", "kept", "said"),
    [
        ([movie(), picture("mask")], "scribble", "video_edit does not take control condition"),
        ([movie(), picture("mask")], "depth", ""),
        ([movie(), picture("mask")], "", ""),
        ([movie()], "", "video_repainting does not take control condition ''"),
        ([movie()], "scribble", ""),
        ([movie("clip")], "scribble", ""),  # the documents do not say what an extension takes
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_what_a_function_of_vace_keeps_of_the_video(inputs, kept, said):
    fields = {"extra_parameters": {"control_condition": kept}}
    if not said:
        notes_of("wanx2.1-vace-plus", *inputs, **fields)
        return
    message, hint = split("wanx2.1-vace-plus", *inputs, **fields)
    assert said in message
    assert hint.startswith("allowed: posebodyface, ")


def test_values_are_checked_before_any_file_is_read():
    made = asked("wan2.7-videoedit", duration=11)
    with pytest.raises(InputError, match="duration 11"):
        made.check_values()
    asked("wan2.7-videoedit").check_values()  # its video is missed later


# -- inputs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "inputs", "message", "hint"),
    [
        (
            "wan2.5-t2v-preview",
            [picture()],
            "wan2.5-t2v-preview takes no image as --image",
            "it takes --audio",
        ),
        (
            "wan2.2-t2v-plus",
            [picture()],
            "wan2.2-t2v-plus takes no image as --image",
            "it takes a prompt alone",
        ),
        (
            "wan2.7-videoedit",
            [movie(), movie("ref")],
            "wan2.7-videoedit takes no video as --ref",
            "it takes --video, --ref",
        ),
        (
            "wan2.7-i2v",
            [picture("last_frame")],
            "wan2.7-i2v does not take --last-frame by itself",
            f"it takes {SETS_27}",
        ),
        (
            "wan2.7-r2v",
            [picture()],
            "wan2.7-r2v needs --ref",
            "add --ref",
        ),
        (
            "wan2.7-r2v",
            [REF] * 6,
            "6 images as --ref are too many for wan2.7-r2v",
            "at most 5",
        ),
        (
            "wan2.7-r2v",
            [REF] * 3 + [MOVING] * 3,
            "6 of --ref are too many for wan2.7-r2v",
            "at most 5",
        ),
        (
            "wan2.6-r2v",
            [movie("ref")] * 4,
            "4 videos as --ref are too many for wan2.6-r2v",
            "at most 3",
        ),
        (
            "wan2.7-videoedit",
            [movie(), *[REF] * 5],
            "5 images as --ref are too many for wan2.7-videoedit",
            "at most 4",
        ),
        (
            "wan3.0-video",
            [picture(), REF],
            "wan3.0-video does not take --image together with --ref",
            "keep one of them",
        ),
        (
            "wan3.0-video",
            [given("file"), given("link")],
            "wan3.0-video does not take --file together with --link",
            "keep one of them",
        ),
        (
            "wan2.2-s2v",
            [picture()],
            "wan2.2-s2v needs --audio",
            "add --audio",
        ),
        (
            "wan2.2-animate-move",
            [movie()],
            "wan2.2-animate-move needs --image",
            "add --image (a picture or its URL)",
        ),
    ],
)
def test_inputs_that_the_model_does_not_take(model, inputs, message, hint):
    assert split(model, *inputs) == (message, hint)


def test_a_picture_that_is_missing():
    made = asked("wan2.5-i2v-preview")
    bare = type(made)(model="wan2.5-i2v-preview", prompt="a cat")
    with pytest.raises(InputError) as caught:
        bare.check()
    assert caught.value.message == "wan2.5-i2v-preview needs --image"
    assert "a picture or its URL" in caught.value.hint


def test_27_without_anything_to_start_from():
    made = type(asked())(model="wan2.7-i2v", prompt="a cat")
    with pytest.raises(InputError, match=r"wan2\.7-i2v needs a first frame or a clip to continue"):
        made.check()


def test_inputs_that_are_no_legal_set_together():
    message, hint = split("wan2.7-i2v", picture(), movie("clip"))
    assert message == "wan2.7-i2v does not take --image with --clip"
    assert "--image + --last-frame" in hint


def test_vace_without_anything_names_all_it_takes():
    message, hint = split("wanx2.1-vace-plus", picture("mask"))
    assert message.startswith("wanx2.1-vace-plus needs --video, --ref")
    assert hint == "add --video"


@pytest.mark.parametrize(
    "inputs",
    [
        [sound("ref", "anna.wav"), REF],
        [REF, sound("ref", "ben.wav"), sound("ref", "anna.wav")],
        [sound("ref", "anna.wav")],
    ],
)
def test_a_voice_needs_a_reference_before_it(inputs):
    message, hint = split("wan2.7-r2v", *inputs)
    assert message == "anna.wav is a voice, and no picture or video comes before it"
    assert hint.endswith("--ref anna.png --ref anna.wav")


def test_voices_are_not_counted_as_references():
    five = [one for i in range(5) for one in (picture("ref", f"{i}.png"), sound("ref", f"{i}.wav"))]
    assert notes_of("wan2.7-r2v", *five) == ""


# -- seconds -------------------------------------------------------------------------------


def test_a_long_clip_with_a_reference_video():
    assert split("wan2.7-r2v", MOVING, duration=11) == (
        "duration 11 is too long together with a reference video",
        "at most 10 s then",
    )
    assert notes_of("wan2.7-r2v", MOVING, duration=10) == ""
    assert notes_of("wan2.7-r2v", REF, duration=15) == ""


def test_reference_videos_of_30_last_15_seconds_together():
    two = [movie("ref", "a.mp4", 8.0), movie("ref", "b.mp4", 8.0)]
    assert split("wan3.0-video", *two) == (
        "the videos last 16.00 s together",
        "at most 15 s for wan3.0-video",
    )
    two = [movie("ref", "a.mp4", 8.0), movie("ref", "b.mp4", 7.0)]
    assert notes_of("wan3.0-video", *two) == ""


def test_reference_sounds_of_30_last_15_seconds_together():
    two = [sound("ref", "a.wav", 8.0), sound("ref", "b.wav", 8.0)]
    assert split("wan3.0-video", REF, *two)[0] == "the audios last 16.00 s together"


def test_videos_and_clip_of_30_last_30_seconds_together():
    assert split("wan3.0-video", movie("ref", seconds=12.0), duration=20) == (
        "12 s of video and a duration of 20 s are too long together",
        "at most 30 s for wan3.0-video",
    )
    assert notes_of("wan3.0-video", movie("ref", seconds=12.0), duration=18) == ""
    assert notes_of("wan3.0-video", movie("ref", seconds=12.0), duration=-1) == ""


def test_a_clip_that_goes_on_says_what_duration_means():
    assert notes_of("wan2.7-i2v", movie("clip", seconds=3.0), duration=15) == (
        "15 s is the whole length, the given clip included; all of it is billed"
    )
    assert split("wan2.7-i2v", movie("clip", seconds=6.0), duration=5) == (
        "the clip lasts 6 s, and duration 5 leaves nothing to add",
        "duration is the whole length, the given clip included",
    )


# -- the prompt ----------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", ["", "  \n\t "])
@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        ("wan2.7-t2v", []),
        ("wan2.6-r2v", [REF]),
        ("wanx2.1-vace-plus", [movie()]),
        ("wan3.0-video", []),
    ],
)
def test_an_empty_prompt_where_one_is_needed(model, inputs, prompt):
    assert split(model, *inputs, prompt=prompt) == (
        "the prompt is empty",
        "write what the video should show",
    )


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        ("wan2.5-i2v-preview", [picture()]),
        ("wan2.7-i2v", [picture()]),
        ("wan2.2-kf2v-flash", [picture()]),
        ("wan3.0-video", [REF]),
    ],
)
def test_an_empty_prompt_where_the_documents_allow_it_is_only_noted(model, inputs):
    for prompt in ("", " "):
        assert notes_of(model, *inputs, prompt=prompt) == (
            "there is no prompt: the model decides what happens"
        )


def test_an_empty_template_is_no_template():
    assert "there is no prompt" in notes_of(prompt="", template="")


@pytest.mark.parametrize(
    ("model", "inputs"),
    [("wan2.2-s2v", [picture(), sound()]), ("wan2.2-animate-move", [picture(), movie()])],
)
def test_a_prompt_that_is_not_read(model, inputs):
    assert notes_of(model, *inputs) == (f"{model} reads no prompt: it is kept as the clip's title")


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
    [
        ("wan3.0-video", 20_000),
        ("wan2.7-i2v", 5000),
        ("wan2.6-i2v", 1500),
        ("wan2.2-i2v-plus", 800),
    ],
)
def test_a_prompt_of_just_the_limit_is_read_whole(model, limit):
    assert notes_of(model, prompt="猫" * limit) == ""
    assert f"reads {limit}" in notes_of(model, prompt="猫" * (limit + 1))


def test_the_cut_of_a_long_negative_prompt():
    assert notes_of(negative_prompt="n" * 500) == ""
    assert "the negative prompt has 501 characters and wan2.5-i2v-preview reads 500" in notes_of(
        negative_prompt="n" * 501
    )


def test_a_document_is_read_by_prompt_extension():
    for one in (given("file"), given("link", url="https://x.org/news")):
        message, hint = split("wan3.0-video", one, prompt_extend=False)
        assert message == (f"wan3.0-video reads --{one.option} by prompt extension, which is off")
        assert hint == "leave prompt extension on"
        assert notes_of("wan3.0-video", one, prompt_extend=True) == ""


def test_a_shot_type_without_prompt_extension():
    fields = {"shot_type": "multi"}
    assert notes_of("wan2.6-i2v", **fields) == ""
    assert "only together with prompt extension" in notes_of(
        "wan2.6-i2v", **fields, prompt_extend=False
    )


# -- effects -------------------------------------------------------------------------------


def test_an_unknown_template_on_a_model_with_a_list():
    message, hint = split("wanx2.1-i2v-plus", prompt="", template="squich")
    assert message == "wanx2.1-i2v-plus does not take template 'squich'"
    assert "did you mean squish?" in hint


def test_a_template_of_the_larger_model_on_the_smaller():
    assert "does not take template 'melt'" in refusal_of("wanx2.1-i2v-turbo", template="melt")


def test_a_template_makes_the_prompt_idle():
    assert notes_of("wanx2.1-i2v-plus", template="hug") == (
        "the server ignores the prompt when a template is set"
    )
    assert notes_of("wanx2.1-i2v-plus", prompt="", template="hug") == ""


def test_a_template_of_key_frames_makes_the_last_one_idle():
    both = (picture(), picture("last_frame"))
    assert notes_of("wanx2.1-kf2v-plus", *both, prompt="", template="mech1") == (
        "the server ignores the last frame when a template is set"
    )
    assert notes_of("wanx2.1-kf2v-plus", picture(), prompt="", template="mech1") == ""


def test_a_template_with_the_last_frame_alone():
    message, _ = split("wanx2.1-kf2v-plus", picture("last_frame"), template="mech1")
    assert message == "wanx2.1-kf2v-plus needs --image"


@pytest.mark.parametrize("model", ["wan2.5-i2v-preview", "wan2.6-i2v", "wan2.1-i2v-plus"])
def test_a_template_on_a_model_without_a_list_is_sent_with_a_note(model):
    assert f"no templates for {model}: it may not know 'hug'" in notes_of(model, template="hug")


# -- sound ---------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", [True, False])
def test_sound_for_a_silent_model(switch):
    message, hint = split("wan2.2-i2v-flash", audio=switch)
    assert message == "wan2.2-i2v-flash makes silent clips and takes no audio"
    assert "wan2.7-i2v" in hint


def test_sound_that_comes_as_a_file_for_a_silent_model():
    assert split("wan2.2-i2v-flash", picture(), sound()) == (
        "wan2.2-i2v-flash takes no audio as --audio",
        "it takes --image",
    )


@pytest.mark.parametrize("switch", [True, False])
@pytest.mark.parametrize("model", ["wan2.5-i2v-preview", "wan2.6-i2v", "wan2.7-i2v"])
def test_an_audio_switch_where_the_documents_list_none(model, switch):
    assert notes_of(model, audio=switch) == (
        f"today's documents list no audio switch for {model}: it may ignore it and add sound anyway"
    )


@pytest.mark.parametrize("model", ["wan2.6-i2v-flash", "wan3.0-video"])
def test_an_audio_switch_where_it_is_listed(model):
    assert notes_of(model, audio=False) == ""


def test_sound_that_is_given_and_switched_off():
    text = notes_of("wan2.6-i2v-flash", picture(), sound(), audio=False)
    assert (
        text == "wan2.6-i2v-flash makes a silent clip of this: audio is off, and that comes first"
    )


def test_sound_that_is_given_fills_the_clip_or_is_cut():
    assert notes_of("wan2.5-i2v-preview", picture(), sound(), duration=10) == (
        "sound longer than 10 s is cut, shorter leaves silence at the end"
    )


def test_speech_is_as_long_as_its_sound():
    assert notes_of("wan2.2-s2v", picture(), sound(), prompt="") == ""


def test_a_ratio_beside_a_first_frame_has_no_effect():
    fields = {"ratio": "1:1"}
    assert notes_of("wan2.7-r2v", REF, **fields) == ""
    assert notes_of("wan2.7-r2v", REF, picture(), **fields) == (
        "the ratio has no effect: the clip takes the shape of the first frame"
    )


# -- unchecked -----------------------------------------------------------------------------


def test_an_unchecked_model_of_the_table_is_sent_anything():
    assert notes_of("wan2.6-i2v", resolution="4K", duration=99, unchecked=True) == (
        "unchecked: the values are sent to wan2.6-i2v as they are"
    )


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        ("wan9-t2v", "text to video (plain fields)"),
        ("wan9-i2v", "image to video (input.media)"),
        ("kling-v9", "all in one (input.media)"),
    ],
)
def test_an_unchecked_name_says_how_it_is_shaped(model, shape):
    assert notes_of(model, unchecked=True) == (
        f"unchecked: {model} is not in the model table;"
        f" the request is shaped like those for {shape}"
    )
