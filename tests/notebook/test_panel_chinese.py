"""The panel, the card, the grid and the gallery in Chinese: no English is left on them."""

from __future__ import annotations

import html
import io
import re
from urllib.parse import quote

import pytest
from foreign_words import english, on_screen
from magic_shell import KEY, png
from panel_parts import TURBO, WEB, ready, upload, wav
from PIL import Image

from wan_magic import texts
from wan_magic.actions import api
from wan_magic.actions.collecting import Collected
from wan_magic.actions.planning import plan
from wan_magic.errors import JobFailed
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.sweep import Sweep
from wan_magic.notebook.gallery import Gallery
from wan_magic.notebook.gallery_buttons import GalleryButtons
from wan_magic.notebook.grid import SweepGrid
from wan_magic.notebook.panel import Panel
from wan_magic.notebook.status import StatusCard
from wan_magic.output.ended import started_bundle
from wan_magic.output.player import end_bundle
from wan_magic.output.sweeps import sweep_bundle
from wan_magic.settings import Settings
from wan_magic.wan import catalog
from wan_magic.wan.estimate import PriceList

pytestmark = pytest.mark.usefixtures("quick_panel")
OWN = ("A cat", "<runs> & jumps", "runs")


@pytest.fixture(autouse=True)
def _chinese(monkeypatch, real_job):
    monkeypatch.setattr(texts, "_chosen", "zh")


def left(shown, *own):
    """The English words of texts, each once; those of the prompts are the user's."""
    return list(dict.fromkeys(word for text in shown for word in english(text, *OWN, *own)))


def saved(bundle):
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    return [data["text/html"]]


def names(job):
    """The file of a job's clip, and the address of it."""
    name = job.result().path.name
    return name, html.escape(name), quote(name)


# -- the panel ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", catalog.KINDS)
@pytest.mark.parametrize("endpoint", [None, "beijing"])
def test_the_form_of_each_model(kind, endpoint):
    made = Panel(Settings(endpoint=endpoint, api_key=KEY if endpoint else ""))
    made.kind.value = kind
    for _, name in made.model.options:
        made.choose(name)
        made.prompt.value = "" if made.row.prompt == "none" else "A cat"
        assert left(on_screen(made.box)) == [], name


def jpeg(size, mode="RGB", **more):
    out = io.BytesIO()
    Image.new(mode, size).save(out, more.pop("format", "PNG"), **more)
    return out.getvalue()


PICTURES = {
    "small.png": jpeg((100, 100)),
    "narrow.png": jpeg((300, 3000)),
    "thin.png": jpeg((2, 9000)),
    "clear.png": jpeg((400, 400), "RGBA"),
    "grey.png": jpeg((400, 400), "LA"),
    "colours.jpg": jpeg((400, 400), "CMYK", format="JPEG"),
    "deep.png": jpeg((400, 400), "I;16"),
    "moving.gif": jpeg(
        (400, 400), "P", format="GIF", save_all=True, append_images=[Image.new("P", (400, 400), 1)]
    ),
    "turned.jpg": jpeg(
        (400, 400),
        format="JPEG",
        exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
    ),
    "half.png": png()[:200],
    "words.png": b"no picture at all",
    "sound.png": wav(),
    "nothing.png": b"",
}


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_found_in_a_picture(made, name):
    upload(made.inputs["image"].upload, PICTURES[name], name=name)
    shown = made.inputs["image"].said.value
    assert shown
    assert left([shown], name) == []


@pytest.mark.parametrize(
    ("model", "option", "typed"),
    [
        (TURBO, "image", "nowhere.png"),
        (TURBO, "image", "cta.png"),
        (TURBO, "image", "."),
        (TURBO, "image", f"{WEB}cat.png"),
        (TURBO, "image", f"{WEB}cat.mp4"),
        (TURBO, "image", "ftp://example.com/cat.png"),
        (TURBO, "image", "https:///cat.png"),
        (TURBO, "image", "data:text/plain,cat"),
        ("wan2.7-videoedit", "video", "cat.png"),
        ("wan2.7-videoedit", "video", "data:video/mp4;base64,AAAA"),
        ("wan2.7-videoedit", "video", f"{WEB}cat.mkv"),
        ("wan2.7-i2v", "clip", "cat.wav"),
        ("wan2.7-i2v", "audio", "cat.wav"),
        ("wan2.7-i2v", "audio", "short.wav"),
        ("wan2.7-i2v", "audio", "cat.png"),
        ("wan2.7-r2v", "ref", "cat.png"),
        ("wan2.7-r2v", "ref", f"{WEB}cat"),
        ("wan3.0-video", "file", "cat.png"),
        ("wan3.0-video", "link", "cat.png"),
    ],
)
def test_what_is_found_in_what_is_typed(made, folder, model, option, typed):
    (folder / "cat.wav").write_bytes(wav())
    (folder / "short.wav").write_bytes(wav(0.5))
    made.choose(model)
    made.inputs[option].address.value = typed
    shown = [made.inputs[option].said.value, made.inputs[option].preview.value]
    assert shown[0]
    assert left(shown, typed, str(folder), "cat.wav", "example.com") == []


def test_what_is_missing_and_what_does_not_go_together(made, started):
    asked = []

    def generate():
        made.generate.click()
        asked.append(made.error.value)
        made.as_json.value = True
        asked.append(re.sub("</?code[^>]*>", " ", made.json.value))
        made.as_json.value = False

    generate()
    made.choose("wan2.7-i2v")
    made.prompt.value = "A cat"
    generate()
    made.inputs["clip"].address.value = f"{WEB}cat.mp4"
    made.inputs["audio"].address.value = f"{WEB}cat.mp3"
    generate()
    made.choose("wan2.7-r2v")
    made.inputs["ref"].address.value = f"{WEB}cat.wav\n{WEB}cat.png"
    generate()
    made.inputs["ref"].address.value = "\n".join(f"{WEB}{number}.png" for number in range(9))
    generate()
    made.choose("wan2.5-t2v-preview")
    made.controls["seed"].value = "nine"
    generate()
    made.controls["seed"].value = "-9"
    generate()
    made.controls["seed"].value = ""
    made.controls["negative_prompt"].value = "x" * 600
    made.inputs["audio"].address.value = f"{WEB}cat.mp3"
    made.refresh()
    asked.append(made.price.value)
    made.choose("wan2.6-i2v-flash")
    made.controls["audio"].value = "off"
    generate()
    assert len(asked) == 17
    assert all(asked)
    assert left([*asked, made.price.value], "nine", "x" * 600, "xxx", "anna") == []


def test_what_an_endpoint_without_a_key_says():
    made = Panel(Settings(endpoint="beijing"))
    assert left(on_screen(made.box), "beijing") == []


def test_a_result_and_what_can_be_done_with_it(made, started):
    ready(made)
    made.generate.click()
    made.generate.click()
    assert left([made.error.value]) == []
    [result] = made.results.children
    card, buttons, cell = result.children
    assert left([*on_screen(buttons), *on_screen(cell)]) == []
    assert left(on_screen(card), *names(made.jobs[0])) == []
    buttons.children[2].value = True
    assert left(on_screen(cell)) == []


# -- card, grid and gallery -----------------------------------------------------------------


MESSAGES = [
    "the answer to the submit was lost: looking for the task it may have made",
    "the endpoint is busy (429): submitting again in 3 s",
    "waiting for cat.png, which another job uploads",
    "the server does not know this task (UNKNOWN): asking again",
    "the video is made already: nothing is left to cancel",
]


def test_a_card_from_its_first_second_to_its_end(real_job, folder):
    options = {"model": "wan2.5-i2v-preview", "audio": "off", "negative_prompt": "cat"}
    request, notes = api.build("A cat", image="cat.png", **options)
    job = Job(request, endpoint="beijing", prices=PriceList("beijing"), notes=notes)
    card = StatusCard(job)
    assert left(on_screen(card.box), "beijing") == []
    for state, message in zip(list(State)[:5], MESSAGES, strict=True):
        job.update(state=state, message=message, downloaded=(3_000_000, 9_000_000))
        assert left(on_screen(card.box), "beijing") == [], state
        assert left(saved(started_bundle(job)), "beijing") == [], state
    job.finish(JobFailed("任务失败", hint=""), State.FAILED)
    assert left(saved(end_bundle(job)), "beijing") == []


def test_a_player(real_job):
    assert left(saved(end_bundle(real_job)), *names(real_job)) == []


def test_a_grid_alive_and_saved(watched, real_job):
    planned = plan([{"prompt": "A cat", "resolution": one} for one in ("480P", "720P")])
    jobs = [Job(one.request, endpoint="beijing", notes=one.notes) for one in planned]
    sweep = Sweep(planned, jobs, lambda some: [])
    grid = SweepGrid(sweep)
    jobs[0].update(state=State.RUNNING)
    assert left(on_screen(grid.box), "beijing") == []
    assert left(saved(sweep_bundle(sweep)), "beijing", sweep.name) == []
    jobs[0].finish(JobFailed("任务失败", hint=""), State.FAILED)
    jobs[1].finish(real_job.result(), State.DONE)
    assert left(on_screen(grid.box), "beijing", *names(real_job)) == []


def test_a_gallery_and_its_buttons(real_job):
    shown = Gallery([Collected(real_job.result(), 0.0)], ("1 left out: the file is gone",)).pick(1)
    assert left(on_screen(GalleryButtons(shown).box)) == []
    assert left(saved(shown.bundle()), *names(real_job)) == []
