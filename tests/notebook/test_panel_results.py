"""What comes of a click on Generate: cards, more takes, next shots, and cells."""

from __future__ import annotations

import pytest
from magic_shell import CLOSED, KEY, WIDGET, png
from panel_parts import TURBO, WEB, ready, results, saved, upload, wav
from waiting import wait_until

from wan_magic.actions import api
from wan_magic.errors import JobFailed
from wan_magic.jobs.job import Job
from wan_magic.notebook.inserts import insert_each
from wan_magic.notebook.options import INPUTS
from wan_magic.notebook.panel import Panel
from wan_magic.notebook.panel_controls import UNSET
from wan_magic.notebook.panel_results import cell_for
from wan_magic.notebook.parsing import look_up, parse
from wan_magic.settings import Settings
from wan_magic.settings.money import limits_of
from wan_magic.wan import catalog
from wan_magic.wan.request import DEFAULT_MODEL

pytestmark = pytest.mark.usefixtures("quick_panel")
FILES = {"image": "a.png", "video": "a.mp4", "audio": "a.mp3", "file": "a.pdf", "link": "page"}


def button(box, description):
    """The newest button with these words."""
    if getattr(box, "description", None) == description:
        return box
    found = (button(child, description) for child in getattr(box, "children", ()))
    return next(filter(None, found), None)


def built(cell):
    """The request that the magic makes of a cell."""
    line, _, body = cell.partition("\n")
    magic, _, line = line.partition(" ")
    assert magic == ("%%wanvideo" if body else "%wanvideo")
    name, options = parse(line, eval)
    assert name == "clip"
    for option in options.keys() & set(INPUTS):
        options[option] = look_up(options[option], {})
    [prompt] = insert_each(body, eval)
    return api.build(prompt, **options)[0]


def test_each_click_is_a_run_of_its_own_and_the_newest_is_on_top(made, started):
    ready(made)
    shown = []
    for number in range(3):
        made.prompt.value = f"run {number}"
        made.generate.click()
        shown.insert(0, results(made)[0])
    assert [job.request.prompt for job in made.jobs] == ["run 2", "run 1", "run 0"]
    assert results(made) == shown
    assert len(set(map(id, shown))) == 3
    assert "3 jobs" in repr(made)


def test_what_is_there_stays_as_it_is_when_another_result_comes(made, started):
    """Front ends make the widgets of a changed list anew: films would stop, the page would jump."""
    ready(made).generate.click()
    (first,) = results(made)
    around, changed = [made.results, first], []
    for box in around:
        box.observe(changed.append, names="children")
    button(first, "New take").click()
    assert len(results(made)) == 2
    assert results(made)[1] is first
    assert changed == []


def test_a_refusal_by_the_endpoint_is_on_the_card(shell, posted):
    made = Panel(Settings(endpoint=CLOSED, api_key=KEY))
    made.choose(DEFAULT_MODEL)
    ready(made).generate.click()
    wait_until(lambda: made.jobs[0].done())
    wait_until(lambda: button(made.results, "Try again"))


def test_a_clip_is_made_by_clicks_alone(watched, widgets, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    watched.good("%config WanMagics.endpoint = 'local'")
    assert watched.good("%wanvideo panel").shown, "the panel is displayed"
    made = next(one for one in widgets if "wan-magic-panel" in getattr(one, "_dom_classes", ()))
    described(widgets, "Prompt").value = "A cat runs"
    described(widgets, "Make").value = "i2v"
    described(widgets, "Model").value = TURBO
    described(widgets, "Resolution").value = "480P"
    described(widgets, "Duration").value = 3
    upload(described(widgets, "Choose a picture"), png())
    described(widgets, "Generate").click()
    wait_until(lambda: '<video src="wan_videos/a-cat-runs-' in saved(watched))
    assert all(KEY not in repr(widget.get_state()) for widget in widgets if widget.comm)
    assert KEY not in repr(watched.shown)
    assert not button(made, "Use last frame").disabled


def described(widgets, words):
    """The newest widget with these words."""
    return [one for one in widgets if getattr(one, "description", "") == words and one.comm][-1]


# -- once more, and another take ---------------------------------------------------


def test_an_unchanged_click_is_the_same_request_and_another_take_is_a_click(made, started):
    ready(made)
    made.generate.click()
    made.generate.click()
    assert len(started) == 1
    assert "nothing new was sent" in made.error.value
    assert made.another.layout.display is None
    made.another.click()
    assert len(started) == 2
    assert started[0].seed != started[1].seed == int(made.controls["seed"].value)
    assert made.error.value == ""
    assert made.another.layout.display == "none"


def test_a_seed_that_the_server_draws_makes_another_clip_each_time(made, started):
    made.choose("wan3.0-video")
    made.prompt.value = "A cat"
    made.controls["seed"].value = "-1"
    made.generate.click()
    made.generate.click()
    assert len(started) == 2


def test_a_new_take_of_a_result_leaves_the_form_alone(made, started):
    ready(made).generate.click()
    made.prompt.value = "something else by now"
    button(made.results, "New take").click()
    assert [request.prompt for request in started] == ["A cat runs", "A cat runs"]
    assert started[0].seed != started[1].seed
    assert made.controls["seed"].value == ""
    assert len(results(made)) == 2


def test_what_takes_no_seed_is_paid_again_only_by_that_click(made, monkeypatch, real_job):
    asked = []

    def start(request, settings, notes, *, fresh=False):
        asked.append(fresh)
        job = Job(request, endpoint="local", is_preview=True, notes=notes)
        job.finish(real_job.result(), "done")
        return job

    monkeypatch.setattr(api, "start", start)
    made.choose("wan2.2-animate-mix")
    made.inputs["image"].address.value = f"{WEB}anna.png"
    made.inputs["video"].address.value = f"{WEB}dance.mp4"
    made.generate.click()
    made.generate.click()
    assert asked == [False]
    made.another.click()
    button(made.results, "New take").click()
    assert asked == [False, True, True]


def test_what_failed_is_tried_again_by_generate_or_by_its_card(made, monkeypatch):
    jobs = []

    def start(request, settings, notes, **_):
        jobs.append(Job(request, endpoint="local", is_preview=True, notes=notes))
        jobs[-1].finish(JobFailed("the server said no"), "failed")
        return jobs[-1]

    monkeypatch.setattr(api, "start", start)
    ready(made)
    made.generate.click()
    (result,) = results(made)
    for words in ("Use last frame", "New take"):
        assert button(result, words).layout.display == "none"
    made.generate.click()
    assert len(jobs) == 2
    button(results(made)[0], "Try again").click()
    wait_until(lambda: len(jobs) == 3)
    wait_until(lambda: made.jobs == jobs[::-1])
    assert len(results(made)) == 2, "its card takes the place of the first one's"


# -- a click is answered where it was ------------------------------------------------


def said(result):
    """What stands under the buttons of a result."""
    return result.children[2].value


@pytest.fixture
def two(made, started):
    """The boxes of two results, the newest first."""
    for prompt in ("A boat", "A kite"):
        ready(made).prompt.value = prompt
        made.generate.click()
    assert [said(one) for one in results(made)] == ["", ""]
    return results(made)


def test_another_take_is_said_where_it_was_clicked_until_the_next_click(made, started, two):
    upper, lower = two
    button(lower, "New take").click()
    assert "Another take was begun: it is at the top of the results." in said(lower)
    assert 'role="status"' in said(lower)
    assert said(upper) == made.error.value == ""
    button(upper, "New take").click()
    assert said(lower) == ""
    assert "Another take was begun" in said(upper)
    made.prompt.value = "A train"
    assert said(upper) == ""
    button(upper, "New take").click()
    made.generate.click()
    assert len(started) == 6
    assert said(upper) == "", "it is not at the top any more"


def test_a_last_frame_is_said_where_it_was_clicked_and_in_the_form(made, two):
    _, lower = two
    button(lower, "Use last frame").click()
    for shown in (said(lower), made.error.value):
        assert "The last frame is the first frame now, in the form above" in shown
        assert 'role="status"' in shown
    made.generate.click()
    assert said(lower) == made.error.value == ""


@pytest.mark.parametrize("words", ["Use last frame", "New take"])
def test_what_a_click_on_a_result_could_not_do_is_said_there(made, two, monkeypatch, words):
    def refuse(*_, **__):
        raise JobFailed("the disk is full", hint="make room")

    monkeypatch.setattr(api, "start", refuse)
    monkeypatch.setattr(Job, "result", refuse)
    _, lower = two
    button(lower, words).click()
    assert 'role="alert"' in said(lower)
    assert "the disk is full<br>→ make room" in said(lower)
    assert made.error.value == ""


def test_clicks_on_new_take_that_pile_up_are_one(made, started, two, monkeypatch):
    monkeypatch.setattr("wan_magic.notebook.panel._SETTLE_SECONDS", 0.2)
    again = button(two[1], "New take")
    for _ in range(3):
        again.click()
    assert again.disabled
    wait_until(lambda: not again.disabled)
    assert len(started) == 3


# -- the next shot -----------------------------------------------------------------


def test_a_last_frame_becomes_the_first_frame(made, started):
    ready(made).generate.click()
    made.inputs["image"].address.value = ""
    button(made.results, "Use last frame").click()
    assert "write what happens next" in made.error.value
    assert "-last.png" in made.inputs["image"].found.value
    made.prompt.value = "It jumps"
    made.generate.click()
    assert started[1].prompt == "It jumps"
    assert started[1].image.source.endswith("-last.png")
    clip = made.jobs[0].result()
    assert (started[1].image.width, started[1].image.height) == (clip.width, clip.height)


def test_where_the_model_takes_no_picture_its_versions_that_does_is_chosen(made, started):
    made.choose("wan2.6-t2v")
    made.prompt.value = "A cat"
    made.controls["resolution"].value = "720P"
    made.generate.click()
    button(made.results, "Use last frame").click()
    assert made.kind.value == "i2v"
    assert made.model.value.startswith("wan2.6-i2v")
    assert made.controls["resolution"].value == "720P"
    assert made.prompt.value == "A cat"


# -- the same as a cell ------------------------------------------------------------


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_the_cell_makes_the_very_same_request_for_every_model(made, started, kind):
    made.kind.value = kind
    for _, name in made.model.options:
        model = catalog.MODELS[name]
        made.choose(name)
        made.prompt.value = 'A {{cat}}\n---\nsays "it\'s \\{{me}}"'
        for control in made.inputs.values():
            control.address.value = ""
        _fill(made, model)
        made.generate.click()
        assert made.error.value == "", name
        asked = made._made[started[-1].fingerprint()].asked
        cell = cell_for(asked, made._settings, Settings())
        assert built(cell).fingerprint() == started[-1].fingerprint(), cell
    assert len(started) == len(made.model.options)


def _fill(panel, model):
    """Give what the model needs, and set whatever it takes with that."""
    first = [{*one} for one in model.sets][:1] or [
        {slot.type for slot in model.inputs if slot.required} or {model.inputs[0].type}
        if model.inputs
        else set()
    ]
    for slot in model.inputs:
        if slot.type in first[0] and not slot.attached:
            panel.inputs[slot.option].address.value = f"{WEB}{FILES[slot.media]}"
    for name, control in panel.controls.items():
        if name in ("template", "function") or (name == "audio" and panel.inputs["audio"].given()):
            continue
        choices = [pair[1] for pair in getattr(control, "options", ())]
        control.value = choices[-1] if choices else {"seed": "12"}.get(name, "-a, \"b\" \\ 'c'")
        try:
            panel.build()
        except ValueError:  # it does not go with what is given
            control.value = UNSET


def test_what_was_uploaded_becomes_a_file_beside_the_clips(made, started, folder):
    ready(made)
    upload(made.inputs["image"].upload, png(320, 480), name="my cat.png")
    upload(made.inputs["audio"].upload, wav(), name="rain.wav")
    made.generate.click()
    toggle = button(made.results, "Insert as cell")
    assert not (folder / "wan_videos" / "inputs").exists(), "nothing is written unasked"
    toggle.value = True
    cell = results(made)[0].children[-1].value
    assert 'data-commandlinker-command="apputils:run-all-enabled"' in cell
    assert "✓" not in cell, "nothing was done yet"
    asked = made._made[started[0].fingerprint()].asked
    text = cell_for(asked, made._settings, Settings())
    assert "wan_videos/inputs/my cat.png" in text
    assert sorted(one.name for one in (folder / "wan_videos" / "inputs").iterdir()) == [
        *("my cat.png", "rain.wav"),
    ]
    assert built(text).fingerprint() == started[0].fingerprint()
    upload(made.inputs["image"].upload, png(480, 320), name="my cat.png")
    made.generate.click()
    other = cell_for(made._made[started[1].fingerprint()].asked, made._settings, Settings())
    assert "my cat-2.png" in other
    assert built(other).fingerprint() == started[1].fingerprint()


def test_a_bare_name_is_a_file_and_no_variable(made, started, folder):
    (folder / "cat").write_bytes(png())
    made.prompt.value = "A cat"
    made.inputs["image"].address.value = "cat"
    made.generate.click()
    cell = cell_for(made._made[started[0].fingerprint()].asked, made._settings, Settings())
    assert "--image ./cat " in cell
    assert built(cell).fingerprint() == started[0].fingerprint()


def test_the_cell_goes_where_the_panel_goes(started, tmp_path):
    made = Panel(Settings(endpoint=CLOSED, api_key=KEY, out=tmp_path / "my clips", timeout=60))
    made.prompt.value = "A cat"
    made.generate.click()
    cell = cell_for(made._made[started[0].fingerprint()].asked, made._settings, Settings())
    assert f"--endpoint {CLOSED}" in cell
    assert f'--out "{tmp_path / "my clips"}"' in cell
    assert "--timeout 60" in cell
    assert KEY not in cell


def test_the_cell_may_cost_no_more_than_the_panel(started):
    limits = {"max_cost": limits_of("2 CNY, 0.3 USD"), "max_total": limits_of("20")}
    made = Panel(Settings(endpoint=CLOSED, api_key=KEY, **limits))
    made.prompt.value = "A cat"
    made.generate.click()
    asked = made._made[started[0].fingerprint()].asked
    cell = cell_for(asked, made._settings, Settings())
    assert '--max-cost "2.00 CNY, 0.30 USD" --max-total 20.00' in cell
    assert "--max" not in cell_for(asked, made._settings, Settings(**limits))
    assert "--max-cost off --max-total off" in cell_for(asked, Settings(), Settings(**limits))


# -- where it is shown --------------------------------------------------------------


def test_where_nobody_could_click_it_says_so_in_a_line(headless):
    (shown,) = headless.good("%wanvideo panel").shown
    said = "The panel needs somebody at the notebook: open it, and run this cell."
    assert shown["data"]["text/plain"] == said
    assert WIDGET not in shown["data"]


def test_a_panel_is_shown_once_by_the_cell_that_makes_it_and_again_by_its_name(watched):
    def shown(source):
        return sum(WIDGET in one["data"] for one in watched.good(source).shown)

    assert shown("import wan_magic; mine = wan_magic.panel()") == 1
    assert shown("wan_magic.panel()") == 1
    watched.ip.execution_count += 1
    assert shown("mine") == 1


def test_no_panel_holds_a_key_in_its_widgets(quick_panel, started):
    made = Panel(Settings(endpoint="beijing", api_key=KEY))
    made.prompt.value = "A cat"
    made.generate.click()
    button(made.results, "Insert as cell").value = True
    assert all(KEY not in repr(widget.get_state()) for widget in quick_panel if widget.comm)
