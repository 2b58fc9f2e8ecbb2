"""A model that is added as one row of the table is a model everywhere in a notebook."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import av
import pytest
from PIL import Image

from wan_magic.actions import api
from wan_magic.errors import InputError
from wan_magic.jobs.job import Job
from wan_magic.notebook.help import help_text
from wan_magic.notebook.options import BY_NAME
from wan_magic.notebook.panel import Panel
from wan_magic.output.models import models
from wan_magic.settings import Settings
from wan_magic.wan import catalog
from wan_magic.wan.catalog import Limits, Model, Parameter, Slot, prices

ANY = Limits(formats=("JPEG", "PNG", "mp4", "wav"))
ROW = Model(
    name="wan9.1-dream",
    aliases=("9.1",),
    kind="r2v",
    path="/services/aigc/dreams/video-synthesis",
    protocol="media",
    inputs=(
        Slot(option="ref", media="image", type="dreamer", limits=ANY, most=2),
        Slot(option="video", media="video", type="backdrop", limits=ANY, required=True),
        Slot(option="mask", media="image", type="veil", limits=ANY),
    ),
    excludes=((frozenset({"dreamer"}), frozenset({"veil"})),),
    prompt="optional",
    prompt_max=40,
    negative_prompt_max=0,
    parameters={
        "resolution": Parameter(values=("360P", "720P"), default="360P"),
        "duration": Parameter(values=(4, 8), default=4),
        "shot_type": Parameter(values=("slow", "wild"), default="slow"),
        "seed": Parameter(low=0, high=99),
        "depth": Parameter(low=0, high=1, section="input"),
    },
    sound="none",
    sizes={"360P": {"16:9": (640, 360)}, "720P": {"16:9": (1280, 720)}},
    prices=prices(beijing="360P 0.2, 720P 0.5"),
    regions=("beijing",),
    source="nowhere",
    as_of="2027-01",
)
BACKDROP = "--video https://x.org/sky.mp4"
LINE = (
    f"--model 9.1 {BACKDROP} --ref https://x.org/anna.png -r 720p -d 8 --shot-type wild --seed 7"
    " --input depth=0.5"
)
BODY = {
    "model": "wan9.1-dream",
    "input": {
        "prompt": "She floats",
        "media": [
            {"type": "dreamer", "url": "https://x.org/anna.png"},
            {"type": "backdrop", "url": "https://x.org/sky.mp4"},
        ],
        "depth": 0.5,
    },
    "parameters": {"resolution": "720P", "duration": 8, "shot_type": "wild", "seed": 7},
}


@pytest.fixture(autouse=True)
def added(monkeypatch):
    monkeypatch.setitem(catalog.MODELS, ROW.name, ROW)


def test_a_cell_becomes_its_body(shell, posted):
    shell.run(f"%%wanvideo {LINE}\nShe floats")
    assert posted[0].body() == BODY
    assert posted[0].row is ROW


def test_a_dry_run_shows_its_path_its_body_and_its_price(shell, no_server, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-0123456789")
    out = shell.good(f"%%wanvideo {LINE} --endpoint beijing --dry-run\nShe floats").out
    assert out.startswith(f"POST https://dashscope.aliyuncs.com/api/v1{ROW.path}\n")
    assert json.loads(out[out.index("{\n") : out.rindex("\n}") + 2]) == BODY
    assert "estimated cost: 4.00 CNY (8 s × 0.50 CNY" in out


@pytest.mark.parametrize(
    ("line", "named", "offered"),
    [
        ("-m wan9.1-dream", "wan9.1-dream needs --video", "add --video"),
        ("-m 9.1", "no wan9.1 model takes a prompt alone", "--ref, --video, --mask"),
        (f"-m 9.1 {BACKDROP} -r 1080P", "does not take resolution '1080P'", "360P, 720P"),
        (f"-m 9.1 {BACKDROP} -d 5", "does not take duration 5", "4, 8"),
        (f"-m 9.1 {BACKDROP} --shot-type multi", "does not take shot type", "slow, wild"),
        (f"-m 9.1 {BACKDROP} --seed 100", "seed 100 is out of range", "0 to 99"),
        (f"-m 9.1 {BACKDROP} --input depth=2", "depth 2 is out of range", "0 to 1"),
        (f"-m 9.1 {BACKDROP} --negative x", "takes no negative prompt", "models that do"),
        (f"-m 9.1 {BACKDROP} --watermark", "takes no watermark", "models that do"),
        (f"-m 9.1 {BACKDROP} --audio off", "silent", "leave audio out"),
        ("-m 9.1 --image https://x.org/a.png", "no wan9.1 model takes --image", "--ref, --video"),
        (
            f"-m 9.1 {BACKDROP} --ref https://x.org/a.png --mask https://x.org/m.png",
            *("--ref together with --mask", "keep one"),
        ),
        (f"-m 9.1 {BACKDROP} {'--ref https://x.org/a.png ' * 3}", "3 images as --ref", "at most 2"),
        ("-m wan9.1-draem", "unknown model", "did you mean wan9.1-dream?"),
    ],
)
def test_its_limits_hold_and_are_named(shell, posted, line, named, offered):
    cell = shell.refused(f"%%wanvideo {line}\nShe floats", InputError)
    assert named in cell.error.message
    assert offered in cell.error.hint
    assert not posted


def test_the_seed_that_is_drawn_is_one_that_it_takes():
    url = "https://x.org/sky.mp4"
    asked = {"model": "9.1", "video": url}
    seeds = {api.build(f"p{n}", **asked)[0].seed for n in range(50)}
    seeds |= {api.build("p", seed="random", **asked)[0].seed for _ in range(50)}
    assert len(seeds) > 10
    assert all(0 <= seed <= 99 for seed in seeds)


def test_a_prompt_that_it_would_cut_is_noted(shell, posted):
    text = shell.run(f"%%wanvideo {LINE}\n{'She floats. ' * 5}").text
    assert "note: the prompt has 59 characters and wan9.1-dream reads 40" in text


def test_it_is_in_the_table_of_models(watched):
    (output,) = watched.good("%wanvideo models 9.1").shown
    assert "wan9.1-dream" in output["data"]["text/html"]
    (row,) = models("dream").to_dicts()
    assert row == {
        "model": "wan9.1-dream",
        "kind": "reference to video",
        "inputs": "--ref, --video, --mask",
        "resolutions": "360P* 720P",
        "seconds": "4* 8",
        "sound": "silent",
        "CNY/s": "0.2 / 0.5",
        "USD/s": "–",
    }
    assert ROW in list(models("ref silent 360p"))


def test_the_options_name_its_places_and_the_help_leads_to_it(shell):
    assert "input.media[dreamer]" in BY_NAME["ref"].sent_as.split(", ")
    assert BY_NAME["shot_type"].choices(ROW) == ("slow", "wild")
    assert "%wanvideo models" in help_text()
    hint = shell.refused("%%wanvideo -m zzz\nA cat", InputError).error.hint
    assert "9.1" in hint


def test_the_panel_offers_its_inputs_its_values_and_its_price(widgets, folder, monkeypatch):
    started = []
    monkeypatch.setattr("wan_magic.notebook.panel._SETTLE_SECONDS", 0)
    monkeypatch.setattr("wan_magic.notebook.panel_form.PAUSE_SECONDS", 0)

    def start(request, settings, notes, **_):
        started.append(request)
        job = Job(request, endpoint="beijing", notes=notes)
        job.finish(InputError("not in this test"), "failed")
        return job

    monkeypatch.setattr(api, "start", start)
    panel = Panel(Settings(endpoint="beijing", api_key="sk-0123456789"))
    panel.choose("wan9.1-dream")
    assert panel.taken == ["ref", "video", "mask"]
    assert {
        name: control.options for name, control in panel.controls.items() if name != "seed"
    } == {
        "resolution": (("default (360P)", ""), ("360P", "360P"), ("720P", "720P")),
        "duration": (("default (4 s)", ""), ("4 s", 4), ("8 s", 8)),
        "shot_type": (("default (slow)", ""), ("slow", "slow"), ("wild", "wild")),
    }
    panel.controls["duration"].value = 8
    assert "about 1.60 CNY (8 s × 0.20 CNY" in panel.price.value
    panel.inputs["video"].address.value = "https://x.org/sky.mp4"
    panel.inputs["ref"].address.value = "https://x.org/a.png\nhttps://x.org/b.png"
    panel.generate.click()
    assert panel.error.value == ""
    (request,) = started
    assert [one["type"] for one in request.body()["input"]["media"]] == [
        *("dreamer", "dreamer", "backdrop"),
    ]


@pytest.fixture
def backdrop(folder):
    """A second of video, beside the notebook."""
    with av.open("sky.mp4", "w") as out:
        video = out.add_stream("libx264", rate=8)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        for _ in range(8):
            out.mux(video.encode(av.VideoFrame.from_image(Image.new("RGB", (320, 240), "teal"))))
        out.mux(video.encode(None))
    return folder / "sky.mp4"


def test_a_cell_makes_its_video_on_the_preview_server(shell, backdrop):
    shell.good("%%wanvideo clip -m 9.1 --video sky.mp4 --seed 7 --wait\nShe floats")
    clip = shell.ip.user_ns["clip"].result()
    assert (clip.width, clip.height, clip.duration, clip.has_audio) == (640, 360, 4, False)
    assert clip.request.model == "wan9.1-dream"


def test_the_panel_makes_its_video_on_the_preview_server(quick_panel, backdrop):
    panel = Panel(Settings(endpoint="local", out=backdrop.parent / "clips"))
    panel.choose("wan9.1-dream")
    panel.inputs["video"].address.value = "sky.mp4"
    panel.controls["resolution"].value = "720P"
    panel.generate.click()
    assert panel.error.value == ""
    clip = panel.jobs[0].result(timeout=60)
    assert (clip.width, clip.height, clip.duration) == (1280, 720, 4)


def test_it_is_in_the_tables_of_the_documents():
    made = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "make_reference.py"))
    (line,) = [one for one in made["models_table"]().splitlines() if "wan9.1-dream" in one]
    assert line == (
        "| `wan9.1-dream` | reference to video | `--ref`, `--video`, `--mask` | **360P** 720P"
        " | **4** 8 | silent | 0.2 / 0.5 | – | 40 |"
    )
    assert "`input.media[dreamer]`" in made["options_table"]()


def test_python_takes_it_too():
    request, notes = api.build(
        "She floats",
        model="9.1",
        ref=["https://x.org/anna.png"],
        video="https://x.org/sky.mp4",
        resolution="720P",
        duration=8,
        shot_type="wild",
        seed=7,
        extra_inputs={"depth": 0.5},
    )
    assert request.body() == BODY
    assert notes == ()
