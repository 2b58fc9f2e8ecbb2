"""The panel, the card, the grid and the gallery in Chinese: no English is left on them."""

from __future__ import annotations

import html
import io
import re
from urllib.parse import quote

import pytest
from foreign_words import english, on_screen
from magic_shell import KEY, png
from panel_parts import WEB, ready, results, upload, wav
from PIL import Image

from wan_magic import texts
from wan_magic.actions import api
from wan_magic.actions.collecting import Collected
from wan_magic.actions.planning import plan
from wan_magic.errors import ConnectionFailed, JobFailed
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.sweep import Sweep
from wan_magic.notebook.again import AgainButton
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
def test_the_form_of_each_model(made, kind):
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


def test_what_is_found_in_a_picture(made):
    for name, content in PICTURES.items():
        upload(made.inputs["image"].upload, content, name=name)
        shown = made.inputs["image"].found.value
        assert shown, name
        assert left([shown], name) == [], name


TYPED = {
    ("wanx2.1-i2v-turbo", "image"): [
        *("nowhere.png", "cta.png", ".", f"{WEB}cat.png", f"{WEB}cat.mp4", "https:///cat.png"),
        *("ftp://example.com/cat.png", "data:text/plain,cat"),
    ],
    ("wan2.7-videoedit", "video"): ["cat.png", "data:video/mp4;base64,AAAA", f"{WEB}cat.mkv"],
    ("wan2.7-i2v", "clip"): ["cat.wav"],
    ("wan2.7-i2v", "audio"): ["cat.wav", "short.wav", "cat.png"],
    ("wan2.7-r2v", "ref"): ["cat.png", f"{WEB}cat"],
    ("wan3.0-video", "file"): ["cat.png"],
    ("wan3.0-video", "link"): ["cat.png"],
}


def test_what_is_found_in_what_is_typed(made, folder):
    (folder / "cat.wav").write_bytes(wav())
    (folder / "short.wav").write_bytes(wav(0.5))
    for (model, option), values in TYPED.items():
        made.choose(model)
        for typed in values:
            made.inputs[option].address.value = typed
            shown = [made.inputs[option].said.value, made.inputs[option].preview.value]
            assert shown[0], typed
            own = (typed, str(folder), "cat.wav", "example.com")
            assert left(shown, *own) == [], typed


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


def test_the_price_at_an_endpoint_and_that_its_key_is_missing():
    asked = Panel(Settings(endpoint="beijing", api_key=KEY))
    for name in ("wan2.5-t2v-preview", "wan2.7-videoedit", "wan2.7-r2v", "wan2.2-animate-mix"):
        asked.choose(name)
        assert left([asked.price.value]) == [], name
    assert left(on_screen(Panel(Settings(endpoint="beijing")).box), "beijing") == []


def test_a_result_and_what_can_be_done_with_it(made, started):
    ready(made)
    made.generate.click()
    made.generate.click()
    assert left([made.error.value]) == []
    [result] = results(made)
    card, buttons, said, cell = result.children
    assert left([*on_screen(buttons), *on_screen(cell)]) == []
    assert left(on_screen(card), *names(made.jobs[0])) == []
    last_frame, new_take, as_cell = buttons.children
    for button in (last_frame, new_take):
        button.click()
        assert said.value
        assert left([said.value]) == []
    as_cell.value = True
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


# -- what a click could not do ----------------------------------------------------------------


@pytest.fixture
def refuse():
    """What is called in the place of a click's work."""

    def refuse(*_, **__):
        raise ConnectionFailed("cannot reach api.example", hint="nothing was sent")

    return refuse


def unexpected(*_, **__):
    raise KeyError(7)


def test_another_try_that_could_not_begin(real_job, refuse):
    for start, said in ((refuse, "无法连接 api.example"), (unexpected, "意外错误 KeyError")):
        again = AgainButton(real_job, start, print)
        again._begin()
        assert said in again._problem.value
        assert left(on_screen(again.box), "api.example", "KeyError") == []


def test_a_tile_that_could_not_be_tried_again(watched, monkeypatch, refuse):
    planned = plan([{"prompt": "A cat", "resolution": "480P"}])
    job = Job(planned[0].request, endpoint="beijing", notes=planned[0].notes)
    sweep = Sweep(planned, [job], lambda some: [])
    grid = SweepGrid(sweep)
    job.finish(ConnectionFailed("cannot reach api.example"), State.FAILED)
    monkeypatch.setattr(sweep, "retry", refuse)
    grid._tried(0)
    [shown] = [one for one in on_screen(grid._tiles[0].box) if "api.example" in one]
    assert shown.count("无法连接 api.example") == 2
    assert left([shown], "api.example") == []


def test_a_clip_that_the_panel_could_not_begin(made, monkeypatch, refuse):
    ready(made)
    for start, said in ((refuse, "无法连接 api.example"), (unexpected, "意外错误 KeyError")):
        monkeypatch.setattr(api, "start", start)
        made.generate.click()
        assert said in made.error.value
        assert left([made.error.value], "api.example", "KeyError") == []
