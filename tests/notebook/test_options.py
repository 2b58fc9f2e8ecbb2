"""The option table: each row, from the magic line to the request or to what the run does."""

from __future__ import annotations

from dataclasses import fields

import pytest
from magic_shell import CLOSED, png

from wan_magic import api
from wan_magic.errors import WanError
from wan_magic.notebook.options import BY_NAME, OPTIONS, help_text
from wan_magic.wan import catalog
from wan_magic.wan.request import VideoRequest

SOUND = "https://example.com/rain.mp3"
PLACES = {
    entry.name: entry.metadata["body"] for entry in fields(VideoRequest) if "body" in entry.metadata
}

SENT = [
    ("image", "--image https://example.com/cat.png", "img_url", "https://example.com/cat.png"),
    ("image", "-i https://example.com/cat.png", "img_url", "https://example.com/cat.png"),
    ("model", "--model wan2.6-i2v", "model", "wan2.6-i2v"),
    ("model", "-m wanx2.1-i2v-turbo", "model", "wanx2.1-i2v-turbo"),
    ("resolution", "--resolution 480P", "resolution", "480P"),
    ("resolution", "-r 1080p", "resolution", "1080P"),
    ("duration", "--duration 10", "duration", 10),
    ("duration", "-d 5", "duration", 5),
    ("negative_prompt", "--negative 'blurry, text'", "negative_prompt", "blurry, text"),
    ("negative_prompt", "-n 模糊", "negative_prompt", "模糊"),
    ("seed", "--seed 7", "seed", 7),
    ("seed", "--seed 2147483647", "seed", 2147483647),
    ("seed", "--seed 0", "seed", 0),
    ("audio", f"--audio {SOUND}", "audio_url", SOUND),
    ("audio", "-m wan2.6-i2v-flash --audio auto", "audio", True),
    ("audio", "-m wan2.6-i2v-flash --audio off", "audio", False),
    ("shot_type", "-m wan2.6-i2v --shot-type multi", "shot_type", "multi"),
    ("template", "-m wanx2.1-i2v-turbo --template flying", "template", "flying"),
    ("prompt_extend", "--prompt-extend", "prompt_extend", True),
    ("prompt_extend", "--no-prompt-extend", "prompt_extend", False),
    ("watermark", "--watermark", "watermark", True),
    ("watermark", "--no-watermark", "watermark", False),
]
"""Row of the table, what is typed, and the field of the body with its value."""

STAYS_HERE = {"fit", "endpoint", "out", "timeout", "wait", "dry_run"}
"""Rows that change the run and not the body; each has its test below or in test_magic.py."""


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
    line = typed if row == "image" else f"--image cat.png {typed}"
    body = body_of(shell, posted, line)
    assert flat(body)[field] == value
    assert type(flat(body)[field]) is type(value)
    place = next(
        (f"{name}.{field}" for name in ("input", "parameters") if field in body[name]), field
    )
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


def test_a_seed_is_drawn_anew_for_each_run(shell, posted):
    for _ in range(3):
        shell.run("%%wanvideo --image cat.png\nA cat")
    assert len({request.seed for request in posted}) == 3


def test_the_whole_table_has_tests():
    assert {row for row, *_ in SENT} | STAYS_HERE == set(BY_NAME)


def test_every_field_that_is_sent_has_a_row_and_every_row_names_its_true_place():
    places = {place.strip() for option in OPTIONS for place in option.sent_as.split(",")} - {""}
    assert places - {"model"} == set(PLACES.values()) - {"input.prompt"}
    for option in OPTIONS:
        for place in filter(None, option.sent_as.split(", ")):
            field = place.rpartition(".")[2]
            if option.name in PLACES:
                assert place in (PLACES[option.name], PLACES.get(field))


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


def test_endpoint_and_timeout_reach_the_job(shell, posted, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "virginia")
    shell.run(f"%%wanvideo clip --image cat.png --endpoint {CLOSED} --timeout 12.5\nA cat")
    job = shell.user_ns["clip"]
    assert job.endpoint == "127.0.0.1:9"
    assert job.timeout == 12.5


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


@pytest.mark.parametrize("model", catalog.MODELS.values(), ids=lambda model: model.name)
def test_each_model_takes_its_own_values_and_no_others(model):
    def built(**options):
        url = "https://example.com/cat.png"
        return api.build("A cat", image=url, model=model.name, **options)

    assert BY_NAME["resolution"].choices(model) == model.resolutions
    assert BY_NAME["duration"].choices(model) == model.durations
    for resolution in ("480P", "720P", "1080P"):
        if resolution in model.resolutions:
            built(resolution=resolution)
        else:
            with pytest.raises(WanError, match=resolution):
                built(resolution=resolution)
    for seconds in range(17):
        if seconds in model.durations:
            built(duration=seconds)
        else:
            with pytest.raises(WanError, match="duration"):
                built(duration=seconds)
    for name, value in (("audio", SOUND), ("audio", "off"), ("shot_type", "multi")):
        if BY_NAME[name].takes(model):
            built(**{name: value})
        else:
            with pytest.raises(WanError, match=model.name):
                built(**{name: value})
    assert set(BY_NAME["template"].choices(model)) <= set(catalog.TEMPLATES)


def test_the_panel_offers_every_row_that_is_sent_or_places_it_itself():
    by_hand = {"image", "model"}
    sent = {option.name for option in OPTIONS if option.sent_as}
    assert {option.name for option in OPTIONS if option.in_panel} == sent - by_hand


# -- help -----------------------------------------------------------------------


def test_the_help_lists_every_flag_with_its_meaning_and_every_model():
    lines = help_text().splitlines()
    for option in OPTIONS:
        row = next(line for line in lines if option.flag in line and option.help in line)
        assert all(flag in row for flag in option.flags)
        assert (f"--no-{option.flag[2:]}" in row) == (option.kind == "switch")
    for model in catalog.MODELS:
        assert model in lines[-1]


def test_the_help_fits_a_terminal_of_common_width():
    assert max(len(line) for line in help_text().splitlines()[:-1]) <= 115


def test_the_examples_of_the_help_are_right(shell, posted, folder):
    lines = help_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().startswith("%%wanvideo clip"))
    cell = "\n".join(line.strip() for line in lines[start : start + 2])
    shell.run(cell)
    assert posted[0].seed == 7
    assert posted[0].prompt.startswith("A cat runs through")
