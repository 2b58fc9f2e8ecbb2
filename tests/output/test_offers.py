"""What is offered after a clip: cells that its model really takes."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from re import sub

import pytest
from test_cell import SWITCH, asked
from test_every_model import EXPECTED

from wan_magic.actions import api
from wan_magic.notebook.options import INPUTS
from wan_magic.notebook.parsing import parse
from wan_magic.output.cell import cell_of
from wan_magic.output.offers import offers_html
from wan_magic.wan.catalog import MODELS
from wan_magic.wan.media import Input
from wan_magic.wan.request import VideoRequest


def cells(clip):
    """Return the cells to copy."""
    return [
        unescape(sub("</?span.*?>", "", part.partition("</code>")[0].partition(">")[2]))
        for part in offers_html(clip).split("<code")[1:]
    ]


def built(cell):
    """Return the request that a cell makes, with an address for every input."""
    start, _, body = cell.partition("\n")
    _, options = parse(start.partition(" ")[2], eval)
    for option in options.keys() & set(INPUTS):
        many = options[option]
        if many not in SWITCH if isinstance(many, str) else True:
            named = many if isinstance(many, list) else [many]
            options[option] = [f"https://x.org/{one.rpartition('/')[2]}" for one in named]
    options.pop("fresh", None)
    return api.build(body, **options)[0]


def original(model):
    seed = "--seed 1" if MODELS[model].takes("seed") else ""
    prompt = "" if MODELS[model].prompt == "none" else "waves"
    return asked(f"--model {model} {EXPECTED[model][0]} {seed}", prompt)[1]


@pytest.mark.parametrize("model", EXPECTED)
def test_every_cell_is_one_that_its_model_takes(make_clip, model):
    request = original(model)
    take, show, shot, *larger = cells(make_clip(request=request))
    assert replace(built(take), seed=request.seed) == built(cell_of(request))
    assert ("--seed random" in take) is (request.seed is not None)
    assert ("--fresh" in take) is (request.seed is None)
    assert show == "%wanvideo show 0385dc79 shot"
    started = built(shot)
    assert [one.option for one in started.inputs] == ["image"]
    if request.effective_resolution in started.row.resolutions:
        assert started.effective_resolution == request.effective_resolution
    for one in larger:
        assert built(one).effective_resolution != request.effective_resolution
        assert built(one).seed == request.seed


def test_a_larger_one_is_offered_before_a_smaller_one(make_clip):
    for made, offered in (("480P", "720P"), ("720P", "1080P"), ("1080P", "720P")):
        request = VideoRequest(model="wan2.5-t2v-preview", prompt="p", resolution=made, seed=1)
        assert f"--resolution {offered}" in cells(make_clip(request=request))[-1]


def test_what_a_model_has_once_only_is_not_offered(make_clip):
    request = VideoRequest(model="wan2.1-t2v-plus", prompt="p", seed=1)
    assert len(cells(make_clip(request=request))) == 3


def test_money_is_named_and_a_preview_costs_none(make_clip):
    assert "bills" in offers_html(make_clip())
    assert "bills" not in offers_html(make_clip(is_preview=True))


def test_of_a_task_that_nobody_knows_only_the_next_shot_is_offered(make_clip):
    assert len(cells(make_clip(request=VideoRequest(), seed=None))) == 2


def test_what_is_elided_is_explained(make_clip):
    image = Input.from_url("image", "image", "https://x.org/a/sea.png?Signature=s3cret")
    clip = make_clip(request=VideoRequest(prompt="p", inputs=(image,), seed=1))
    shown = offers_html(clip)
    assert "--image …/sea.png" in cells(clip)[0]
    assert "not saved here" in shown
    assert "s3cret" not in shown


def test_it_is_folded_and_whatever_people_write_stays_text(make_clip):
    shown = offers_html(make_clip(request=VideoRequest(prompt="</code><b>{{x}}", seed=1)))
    assert shown.startswith("<details")
    assert "<b>" not in shown
    assert cells(make_clip(request=VideoRequest(prompt="<b>{{x}}", seed=1)))[0].endswith(
        "\n<b>\\{{x}}"
    )
