"""What is shown to be typed again makes the same request, for every model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_every_model import EXPECTED

from wan_magic.notebook.options import INPUTS
from wan_magic.notebook.parsing import insert_each, parse
from wan_magic.output.cell import cell_of
from wan_magic.wan.catalog import MODELS
from wan_magic.wan.media import Input
from wan_magic.wan.media.given import ENDINGS, ending_of
from wan_magic.wan.request import VideoRequest

SWITCH = {"auto": True, "off": False, None: None}


def asked(line, prompt):
    """Return the request of a magic line, whose inputs are not read."""
    name, options = parse(line, eval)
    given = {option: options.pop(option) for option in INPUTS if option in options}
    audio = given.pop("audio", None)
    if audio in SWITCH:
        options["audio"] = SWITCH[audio]
    else:
        given["audio"] = audio
    inputs = [
        Input.from_url(option, ENDINGS.get(ending_of(one), "link"), f"https://x.org/{one}")
        for option, many in given.items()
        for one in (many if isinstance(many, list) else [many])
    ]
    return name, VideoRequest(inputs=tuple(inputs), prompt=prompt, **options)


def read(cell):
    """Return the name and the request that the magic reads from a cell."""
    start, _, body = cell.partition("\n")
    magic, _, line = start.partition(" ")
    assert magic == ("%%wanvideo" if body else "%wanvideo")
    [prompt] = insert_each(body, eval)
    return asked(line, prompt)


@pytest.mark.parametrize("model", EXPECTED)
def test_what_is_typed_is_read_as_the_same_request(model):
    prompt = "" if MODELS[model].prompt == "none" else "waves\n\nroll in"
    _, request = asked(f"--model {model} {EXPECTED[model][0]} --seed 1", prompt)
    assert read(cell_of(request, "sea", typed=lambda one: one.name)) == ("sea", request)


@pytest.mark.parametrize("model", [name for name in EXPECTED if MODELS[name].prompt == "optional"])
def test_a_cell_without_a_prompt_has_a_body_all_the_same(model):
    _, request = asked(f"--model {model} {EXPECTED[model][0]} --seed 1", "")
    cell = cell_of(request, "sea", typed=lambda one: one.name)
    assert cell.startswith("%%wanvideo sea")
    assert cell.endswith("\n{{''}}"), "IPython runs no empty cell, and a line might lack its prompt"
    assert read(cell) == ("sea", request)


def test_an_effect_needs_no_prompt_and_no_body():
    _, request = asked("--model wanx2.1-i2v-turbo --image cat.png --template flying", "")
    cell = cell_of(request, typed=lambda one: one.name)
    assert cell == "%wanvideo --image cat.png --model wanx2.1-i2v-turbo --template flying"


@pytest.mark.parametrize(
    "text",
    [
        *("a, b", 'say "no"', "it's", "back\\slash", "{{name}}", r"\{{x}}", "two\nlines", "-dash"),
        *("both ' and \"", "{{'\n'}}", 'C:\\new "x" {{y}}', "a=b", "$HOME `x`", "水 墨", "{'a'}"),
    ],
)
def test_quotes_braces_and_line_breaks_come_back_as_they_were(text):
    request = VideoRequest(
        prompt=text,
        negative_prompt=text,
        extra_parameters={"any": text, "more": {"deep": [1, text, None]}},
        seed=-1,
        watermark=False,
        prompt_extend=True,
        unchecked=True,
    )
    assert read(cell_of(request)) == (None, request)


def test_values_can_be_changed_and_left_out():
    request = VideoRequest(prompt="waves", seed=7, duration=5)
    cell = cell_of(request, changes={"seed": "random", "duration": None, "fresh": True})
    assert cell == "%%wanvideo --model wan2.5-i2v-preview --seed random --fresh\nwaves"


def test_of_an_input_no_address_and_no_folder_is_made_up(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.png").write_bytes(b"")
    here = replace(Input.from_url("image", "image", ""), source="cat.png")
    elsewhere = replace(here, source="dog.png", option="last_frame")
    signed = Input.from_url("ref", "image", "https://x.org/a/cat.png?Signature=s3cret")
    frame = replace(here, source="the last frame of cat.mp4", option="mask")
    request = VideoRequest(prompt="p", inputs=(here, elsewhere, signed, frame))
    assert cell_of(request).partition("\n")[0] == (
        "%%wanvideo --image cat.png --last-frame …/dog.png --ref …/cat.png --mask …"
        " --model wan2.5-i2v-preview"
    )


def test_hidden_values_stay_hidden():
    request = VideoRequest(prompt="p", extra_inputs={"x_url": "https://x.org/?Signature=s3cret"})
    assert "s3cret" not in cell_of(request)
    assert "--input 'x_url=\"…\"'" in cell_of(request)
