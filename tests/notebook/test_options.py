"""The option table: each row, from the magic line to the request or to what the run does."""

from __future__ import annotations

import pytest
from magic_shell import CLOSED, png

from wan_magic.actions import api
from wan_magic.errors import InputError, WanError
from wan_magic.notebook.help import help_text
from wan_magic.notebook.options import BY_NAME, GROUPS, INPUTS, OPTIONS
from wan_magic.wan import catalog
from wan_magic.wan.request import PARAMETERS, VideoRequest

CAT = "https://example.com/cat.png"
END = "https://example.com/end.png"
TAKE = "https://example.com/take.mp4"
SOUND = "https://example.com/rain.mp3"
TALK = "https://example.com/talk.pdf"
VACE = "-m wanx2.1-vace-plus"
MOVE = f"-m wan2.2-animate-move -i {CAT} --video {TAKE}"

SENT = [
    ("image", f"--image {CAT}", "img_url", CAT),
    ("image", f"-i {CAT}", "img_url", CAT),
    ("image", f"-m 2.7 -i {CAT}", "media", [{"type": "first_frame", "url": CAT}]),
    ("last_frame", f"-m 2.2 -i {CAT} --last-frame {END}", "last_frame_url", END),
    ("last_frame", f"-m 3.0 --last-frame {END}", "media", [{"type": "last_frame", "url": END}]),
    ("ref", f"-m 2.6 --ref {CAT} --ref {TAKE}", "reference_urls", [CAT, TAKE]),
    ("ref", f"{VACE} --ref {CAT}", "ref_images_url", [CAT]),
    (
        *("ref", f"--ref {CAT} --ref {SOUND}", "media"),
        [{"type": "reference_image", "url": CAT, "reference_voice": SOUND}],
    ),
    ("ref", f"-m 3.0 --ref {SOUND}", "media", [{"type": "reference_audio", "url": SOUND}]),
    ("video", f"--video {TAKE}", "media", [{"type": "video", "url": TAKE}]),
    ("video", f"{VACE} --video {TAKE}", "video_url", TAKE),
    ("clip", f"--clip {TAKE}", "media", [{"type": "first_clip", "url": TAKE}]),
    ("clip", f"{VACE} --clip {TAKE}", "first_clip_url", TAKE),
    ("mask", f"{VACE} --video {TAKE} --mask {CAT}", "mask_image_url", CAT),
    ("mask", f"{VACE} --video {TAKE} --mask {TAKE}", "mask_video_url", TAKE),
    ("file", f"--file {TALK}", "media", [{"type": "file", "url": TALK}]),
    ("link", f"--link {TALK}", "media", [{"type": "link", "url": TALK}]),
    ("model", "--model wan2.6-t2v", "model", "wan2.6-t2v"),
    ("model", f"-i {CAT} -m wanx2.1-i2v-turbo", "model", "wanx2.1-i2v-turbo"),
    ("model", "--model 2.7", "model", "wan2.7-t2v"),
    ("resolution", f"-i {CAT} --resolution 480P", "resolution", "480P"),
    ("resolution", "-m 2.7 -r 1080p", "resolution", "1080P"),
    ("resolution", "--resolution 480P", "size", "832*480"),
    ("ratio", "-m 2.7 --ratio 9:16", "ratio", "9:16"),
    ("ratio", "-m 2.6 --ratio 9:16", "size", "1080*1920"),
    ("size", "--size 1280x720", "size", "1280*720"),
    ("duration", "--duration 10", "duration", 10),
    ("duration", "-d 5", "duration", 5),
    ("negative_prompt", "--negative 'blurry, text'", "negative_prompt", "blurry, text"),
    ("negative_prompt", "-n 模糊", "negative_prompt", "模糊"),
    ("seed", "--seed 7", "seed", 7),
    ("seed", "--seed 2147483647", "seed", 2147483647),
    ("seed", "--seed 0", "seed", 0),
    ("audio", f"--audio {SOUND}", "audio_url", SOUND),
    ("audio", f"-i {CAT} --audio {SOUND}", "audio_url", SOUND),
    ("audio", f"-m wan2.6-i2v-flash -i {CAT} --audio auto", "audio", True),
    ("audio", f"-m wan2.6-i2v-flash -i {CAT} --audio off", "audio", False),
    ("audio", "-m 3.0 --audio off", "audio", False),
    ("shot_type", "-m wan2.6-t2v --shot-type multi", "shot_type", "multi"),
    ("template", f"-m wanx2.1-i2v-turbo -i {CAT} --template flying", "template", "flying"),
    ("audio_setting", f"--video {TAKE} --audio-setting origin", "audio_setting", "origin"),
    ("mode", f"{MOVE} --mode pro", "mode", "wan-pro"),
    ("mode", MOVE, "mode", "wan-std"),
    ("check_image", f"{MOVE} --no-check-image", "check_image", False),
    ("check_image", f"{MOVE} --check-image", "check_image", True),
    ("watermark", f"{MOVE} --watermark", "watermark", True),
    (
        "function",
        f"{VACE} --video {TAKE} --function video_outpainting",
        "function",
        "video_outpainting",
    ),
    ("extra_parameters", "--param brand_new=0.5", "brand_new", 0.5),
    ("extra_parameters", "--param style=oil", "style", "oil"),
    ("extra_inputs", f"{VACE} --video {TAKE} --input mask_frame_id=2", "mask_frame_id", 2),
    ("extra_inputs", "--input notes='[1, {\"a\": null}]'", "notes", [1, {"a": None}]),
    ("prompt_extend", "--prompt-extend", "prompt_extend", True),
    ("prompt_extend", "--no-prompt-extend", "prompt_extend", False),
    ("watermark", "--watermark", "watermark", True),
    ("watermark", "--no-watermark", "watermark", False),
]
"""Row of the table, what is typed, and the field of the body with its value."""

STAYS_HERE = {
    *("unchecked", "fit", "endpoint", "workspace", "out", "timeout", "wait", "dry_run"),
    *("max_cost", "over_budget", "fresh", "preset", "notify", "count", "max_total", "yes"),
    *("embed", "player_width", "loop"),
}
"""Rows that change the run and not the body; each has its test below, in test_magic.py, in
test_cell_costs.py, test_config_magic.py, test_sweep_cells.py or test_looks.py."""


def body_of(shell, posted, line, prompt="A cat runs"):
    shell.run(f"%%wanvideo {line}\n{prompt}")
    assert len(posted) == 1, "one request is sent, once"
    return posted[0].body()


def flat(body):
    """All fields that are sent, and their sections do not share names."""
    sections = body["input"], body["parameters"]
    return {"model": body["model"], **sections[0], **sections[1]}


@pytest.mark.parametrize(("row", "typed", "field", "value"), SENT)
def test_what_is_typed_is_what_is_sent(shell, posted, row, typed, field, value):
    body = body_of(shell, posted, typed)
    assert flat(body)[field] == value
    assert type(flat(body)[field]) is type(value)
    places = [f"{name}.{field}" for name in ("input", "parameters") if field in body[name]]
    if field == "media":
        places = [f"input.media[{body['input']['media'][0]['type']}]"]
    if row in ("extra_parameters", "extra_inputs"):
        places = [place.partition(".")[0] for place in places]
    (place,) = places or [field]
    assert place in BY_NAME[row].sent_as.split(", ")


def test_only_what_was_set_and_the_seed_is_sent(shell, posted):
    body = body_of(shell, posted, "--image https://example.com/cat.png")
    seed = body["parameters"].pop("seed")
    assert 0 <= seed <= catalog.SEED_MAX
    assert body == {
        "model": "wan2.5-i2v-preview",
        "input": {"prompt": "A cat runs", "img_url": "https://example.com/cat.png"},
        "parameters": {},
    }


def test_a_seed_belongs_to_the_cell_and_is_drawn_anew_where_that_is_asked_for(shell, posted):
    for _ in range(2):
        shell.run("%%wanvideo --image cat.png\nA cat")
    assert len({request.seed for request in posted}) == 1
    for _ in range(2):
        shell.run("%%wanvideo --image cat.png --seed random\nA cat")
    assert len({request.seed for request in posted}) == 3


def test_the_whole_table_has_tests():
    assert {row for row, *_ in SENT} | STAYS_HERE == set(BY_NAME)


def test_every_field_of_a_request_has_a_row_and_every_row_its_field():
    by_itself = {"prompt", "inputs", "unchecked"}
    fields = VideoRequest.__dataclass_fields__.keys() - by_itself
    rows = {option.name for option in OPTIONS if option.group == "value"}
    assert rows | {"audio"} == fields
    assert set(PARAMETERS) <= fields


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_a_row_names_its_places_in_the_models_bodies(option):
    assert bool(option.sent_as) == (option.group != "run")
    places = option.sent_as.split(", ")
    for model in catalog.MODELS.values():
        for slot in model.slots(option.name):
            media = model.protocol == "media"
            assert (f"input.media[{slot.type}]" if media else f"input.{slot.type}") in places
        if parameter := model.parameters.get(option.name):
            assert f"{parameter.section}.{option.name}" in places


def test_every_input_of_every_model_has_a_row():
    used = {slot.option for model in catalog.MODELS.values() for slot in model.inputs}
    assert used == set(INPUTS)


def test_rows_are_named_once_and_flags_too():
    flags = [flag for option in OPTIONS for flag in option.flags]
    flags += [f"--no-{option.flag[2:]}" for option in OPTIONS if option.kind == "switch"]
    assert len(flags) == len(set(flags))
    assert len(BY_NAME) == len(OPTIONS)
    assert all(option.flag.startswith("--") for option in OPTIONS)


# -- what stays here ------------------------------------------------------------


def test_no_fit_leaves_an_image_alone_or_fails(shell, posted, folder):
    (folder / "small.png").write_bytes(png(100, 100))
    assert "100×100" in shell.run("%%wanvideo --image small.png --no-fit\nA cat").text
    assert not posted
    noted = shell.run("%%wanvideo --image small.png --fit\nA cat").text
    assert "scaled to 240×240" in noted
    assert posted[0].image.width == 240


def test_an_unknown_model_is_sent_only_when_that_is_said(shell, posted):
    line = f"--image {CAT} -m wan2.8-i2v --seed 7 -r 4k"
    assert "unknown model" in shell.refused(f"%%wanvideo {line}\nA cat", InputError).text
    assert not posted
    noted = shell.run(f"%%wanvideo {line} --unchecked\nA cat").text
    assert "note: unchecked: wan2.8-i2v is not in the model table" in noted
    assert posted[0].body() == {
        "model": "wan2.8-i2v",
        "input": {"prompt": "A cat", "media": [{"type": "first_frame", "url": CAT}]},
        "parameters": {"resolution": "4K", "seed": 7},
    }


def test_endpoint_and_timeout_reach_the_job(shell, posted, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "virginia")
    shell.run(f"%%wanvideo clip --image cat.png --endpoint {CLOSED} --timeout 12.5\nA cat")
    job = shell.user_ns["clip"]
    assert job.endpoint == "127.0.0.1:9"
    assert job.timeout == 12.5


def test_the_workspace_is_asked_at_its_own_host(shell, hosted, no_server):
    line = "--endpoint frankfurt --workspace ws-1 --dry-run"
    assert "POST https://ws-1.eu-central-1." in shell.good(f"%%wanvideo {line}\nA cat").out


def test_out_is_made_and_a_folder_that_can_not_be_fails_before_anything_is_sent(shell, posted):
    shell.run("%%wanvideo --image cat.png --out 'my clips/today'\nA cat")
    assert len(posted) == 1
    assert shell.good("import os; os.path.isdir('my clips/today')").value is True
    cell = shell.run("%%wanvideo --image cat.png --out cat.png\nA cat")
    assert "cannot write to the folder" in cell.text
    assert len(posted) == 1


def test_out_may_begin_with_a_tilde(shell, posted, clean_machine):
    shell.run("%%wanvideo --image cat.png --out ~/clips\nA cat")
    assert (clean_machine / "clips").is_dir()


# -- what each model takes ------------------------------------------------------


def typical(model):
    """The least that a model needs, as addresses."""
    by_media = {"image": CAT, "video": TAKE, "audio": SOUND, "file": TALK, "link": TALK}
    needed = {slot.option: by_media[slot.media] for slot in model.inputs if slot.required}
    if model.sets:
        needed["image"] = CAT
    if model.totals and not needed:
        needed["ref"] = CAT
    return needed


@pytest.mark.parametrize("model", catalog.MODELS.values(), ids=lambda model: model.name)
def test_each_model_takes_its_own_values_and_no_others(model):
    def built(**options):
        return api.build("A cat", model=model.name, **typical(model), **options)

    def holds(option, values):
        allowed = model.values(option)
        for value in values:
            if value in allowed:
                built(**{option: value})
            else:
                with pytest.raises(WanError, match=f"{option.replace('_', ' ')}"):
                    built(**{option: value})

    assert BY_NAME["resolution"].choices(model) == model.resolutions
    assert BY_NAME["duration"].choices(model) == model.durations
    holds("resolution", ("480P", "720P", "1080P", "4K"))
    holds("duration", range(-2, 32))
    holds("ratio", ("16:9", "21:9", "2:1"))
    holds("shot_type", ("single", "multi", "many"))
    holds("mode", ("wan-std", "wan-pro", "fast"))
    holds("audio_setting", ("auto", "origin", "off"))
    assert set(BY_NAME["template"].choices(model)) <= set(catalog.TEMPLATES)
    for option in OPTIONS:
        assert option.takes(model) == (option.group == "run" or model.takes(option.name))


@pytest.mark.parametrize("model", catalog.MODELS.values(), ids=lambda model: model.name)
def test_a_model_refuses_every_input_that_it_does_not_take(model):
    addresses = {"last_frame": END, "video": TAKE, "clip": TAKE, "audio": SOUND, "ref": CAT}
    addresses |= {"image": CAT, "mask": CAT, "file": TALK, "link": TALK}
    assert addresses.keys() == set(INPUTS)
    for option in addresses.keys() - set(model.options):
        with pytest.raises(WanError, match=f"takes no --{option.replace('_', '-')}"):
            api.build("A cat", model=model.name, **{option: addresses[option]})


def test_the_panel_offers_every_row_that_is_sent_or_has_its_own_place_for_it():
    inputs = set(INPUTS) - {"audio"}  # a control for each, but sound stands among the options
    in_lines_only = {"size", "extra_parameters", "extra_inputs"}
    sent = {option.name for option in OPTIONS if option.group != "run"}
    offered = {option.name for option in OPTIONS if option.in_panel}
    assert offered == sent - inputs - in_lines_only - {"model"}


# -- help -----------------------------------------------------------------------


def test_the_help_lists_every_flag_with_its_meaning_by_groups():
    lines = help_text().splitlines()
    for option in OPTIONS:
        said = f"{option.help}; repeatable" if option.repeat else option.help
        at, row = next((i, line) for i, line in enumerate(lines) if line.endswith(said))
        flags = f"{lines[at - 1]} {row}" if row.startswith(" " * 10) else row
        assert all(flag in flags for flag in option.flags)
        assert (f"--no-{option.flag[2:]}" in flags) == (option.kind == "switch")
        heading = lines.index(GROUPS[option.group])
        assert heading < at
    assert [line for line in lines if line in GROUPS.values()] == list(GROUPS.values())
    assert "%wanvideo models" in help_text(), "which lists the models"


def test_the_help_fits_a_terminal_of_common_width():
    assert max(len(line) for line in help_text().splitlines()) <= 115


def test_the_examples_of_the_help_are_right(shell, posted, folder):
    lines = help_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().startswith("%%wanvideo clip"))
    cell = "\n".join(line.strip() for line in lines[start : start + 2])
    shell.run(cell)
    assert posted[0].seed == 7
    assert posted[0].prompt.startswith("A cat runs through")
