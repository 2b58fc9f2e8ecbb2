"""The card, driven by a job that the tests drive."""

from __future__ import annotations

import base64
import io
import re

import av
import pytest
from magic_shell import WIDGET, png
from PIL import Image
from waiting import wait_until

from wan_magic.actions import api
from wan_magic.errors import JobCancelled, JobFailed, JobTimeout
from wan_magic.jobs.job import Job, State
from wan_magic.notebook.status import StatusCard
from wan_magic.wan.estimate import PriceList

EVIL = '<script>alert("x")</script> & <b>'


USUAL = {
    "image": png(),
    "model": "wan2.5-i2v-preview",
    "resolution": "480P",
    "duration": 5,
    "seed": 7,
}
WEB = "https://example.com/folder/"


@pytest.fixture(autouse=True)
def _widgets(widgets):
    return widgets


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(clock, real_job):
    """Make a job and its card; whatever still runs is ended, so that no clock ticks on."""
    jobs = []

    def make_card(prompt="A cat runs", task_id="", notes=None, options=USUAL, **about):
        request, found = api.build(prompt, **options)
        about = {"endpoint": "beijing", "prices": PriceList("beijing"), **about}
        job = Job(
            request,
            notes=found if notes is None else notes,
            task_id=task_id,
            clock=clock,
            **about,
        )
        jobs.append(job)
        return job, StatusCard(job)

    yield make_card
    for job in jobs:
        if not job.done():
            job.finish(real_job.result(), State.DONE)


def shown(card):
    """The card's text, as its widgets hold it, without the picture's bytes."""
    text = "".join(getattr(child, "value", "") for child in card.box.children)
    return re.sub(r"base64,[\w+/=]+", "base64,", text)


def button(card):
    return next(child for child in card.box.children if hasattr(child, "on_click"))


def test_the_card_says_what_will_be_made_and_for_how_much(make):
    _, card = make()
    text = shown(card)
    for fact in ("A cat runs", "wan2.5-i2v-preview", "480P", "5 s", "seed 7", "beijing"):
        assert fact in text
    assert "estimated cost 1.5" in text
    assert "5 s × 0.3" in text
    assert '<img src="data:image/jpeg;base64,' in text


@pytest.mark.parametrize("state", [State.SUBMITTING, State.QUEUED, State.RUNNING])
def test_each_step_is_marked_past_at_hand_or_to_come(make, state):
    job, card = make()
    job.update(state=state)
    steps = ["submitting", "queued", "running", "downloading", "done"]
    text = shown(card).replace("✓ submitted", "✓ submitting")
    at = steps.index(state)
    for index, step in enumerate(steps):
        mark = "✓" if index < at else "●" if index == at else "○"
        assert f"{mark} {step}" in text
    (current,) = re.findall("<li aria-current=step[^>]*>([^<]*)<", text)
    assert current == f"● {state}"


def test_the_clock_is_the_jobs_own(make, clock):
    job, card = make()
    assert ">0 s<" in shown(card)
    clock.now += 72
    job.update(state=State.RUNNING)
    assert "1 min 12 s" in shown(card)


def test_the_clock_ticks_without_news_from_the_job(make, clock):
    _, card = make()
    clock.now += 3700
    wait_until(lambda: "1 h 01 min" in shown(card))


def test_an_estimate_is_called_one(make):
    _, card = make()
    assert "usually 1 to 3 min once it runs (estimate)" in shown(card)
    _, card = make(is_preview=True, endpoint="local")
    assert "a preview usually takes seconds (estimate)" in shown(card)
    assert "free preview" in shown(card)
    assert "PREVIEW" in shown(card)


def test_a_gateways_price_is_not_invented(make):
    _, card = make(endpoint="gateway.example", prices=PriceList())
    assert "price unknown" in shown(card)
    assert "CNY" not in shown(card)
    assert "gateway.example" in shown(card)


def test_the_task_id_appears_when_the_server_has_named_it(make):
    job, card = make()
    assert "task <code" not in shown(card)
    job.update(state=State.QUEUED, task_id="1234-abcd")
    assert ">1234-abcd</code>" in shown(card)


def test_a_resumed_job_claims_nothing_that_it_does_not_know(make):
    _, card = make(task_id="1234-abcd", knows_request=False)
    text = shown(card)
    assert "no further cost" in text
    for unknown in ("seed", "480P", "usually"):
        assert unknown not in text


def test_a_resumed_job_of_the_ledger_says_what_was_asked_for(make):
    _, card = make(task_id="1234-abcd")
    text = shown(card)
    assert "no further cost" in text
    assert "seed 7" in text


def test_who_waits_for_a_slot_says_so(make):
    job, card = make()
    job.update(state=State.WAITING)
    job.update(message="waiting for a slot at beijing: 3 before this one")
    assert "● waiting for a slot</li>" in shown(card)
    assert "3 before this one" in shown(card)
    job.update(state=State.QUEUED)
    assert "✓ submitted</li>" in shown(card)


def test_a_download_shows_its_bytes_at_the_next_tick(make):
    job, card = make()
    job.update(state=State.DOWNLOADING)
    assert "MB" not in shown(card)
    job.update(downloaded=(1_500_000, 6_000_000))
    card._tick()
    assert "1.5 of 6.0 MB" in shown(card)
    job.update(downloaded=(2_500_000, 0))
    card._tick()
    assert "2.5 MB" in shown(card)


def test_a_message_goes_with_its_state(make):
    job, card = make()
    job.update(message="the endpoint is busy (429): submitting again in 4 s")
    assert "submitting again in 4 s" in shown(card)
    job.update(state=State.QUEUED)
    assert "submitting again" not in shown(card)


def announced(card):
    (said,) = re.findall('role="status"[^>]*>([^<]*)<', shown(card))
    return said


def test_screen_readers_hear_what_changes_and_neither_time_nor_progress(make, clock):
    job, card = make()
    job.update(state=State.QUEUED)
    assert announced(card) == "The task is queued."
    job.update(message="uploading dance.mp4: 1.2 of 8.0 MB")
    steps = card._steps.value
    clock.now += 5
    job.update(message="uploading dance.mp4: 7.9 of 8.0 MB")
    card._tick()
    assert card._steps.value == steps
    assert "7.9 of 8.0 MB" in shown(card)
    job.update(cancel_refused=True, message="Wan can't stop a task that already runs")
    assert "can&#x27;t stop" in announced(card)


def test_nothing_is_sent_where_nothing_changed(make):
    job, card = make()
    job.update(state=State.RUNNING)
    sent = []
    for child in card.box.children:
        child.observe(lambda change: sent.append(change.name))
    job.update(request_id="r-1")
    card._tick()
    card._tick()
    assert sent == []


def test_the_usual_time_is_this_users_own_once_there_are_some(make):
    job, card = make()
    job.took_before = (95.0, 100.0)
    card._tick()
    assert "usually 1 to 3 min" in shown(card)
    job.took_before = (95.0, 100.0, 140.0)
    card._tick()
    assert "usually 1 min 40 s here (from 3 clips)" in shown(card)


def test_a_task_that_takes_longer_than_all_before_is_said_to(make, clock):
    job, card = make()
    job.took_before = (95.0, 100.0, 140.0)
    clock.now += 1000  # in the queue nothing is promised
    job.update(state=State.RUNNING)
    assert "longer than usual" not in shown(card)
    clock.now += 141
    card._tick()
    assert "longer than usual: usually 1 min 40 s here" in shown(card)


def test_the_request_is_there_as_json_without_bytes_or_addresses(make):
    _, card = make(options={**USUAL, "audio": f"{WEB}a.mp3?Signature=s3cret"})
    text = "".join(child.value for child in card.box.children if hasattr(child, "value"))
    folded = text.partition("<details")[2].partition("</details>")[0]
    assert "request as JSON" in folded
    for part in ("&quot;wan2.5-i2v-preview&quot;", "&quot;resolution&quot;: &quot;480P&quot;"):
        assert part in folded
    assert "base64" not in folded
    assert "s3cret" not in folded


def test_the_card_speaks_chinese(make, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_LANGUAGE", "zh")
    job, card = make(task_id="1234-abcd")
    job.update(state=State.RUNNING)
    text = shown(card)
    for words in ("● 生成中", "首帧", "随机种子 7", "通常需要", "不再产生费用"):
        assert words in text
    assert button(card).description == "取消"


def test_notes_are_shown(make):
    _, card = make(notes=("cat.png was scaled", "sound is cut"))
    assert "note: cat.png was scaled" in shown(card)
    assert "note: sound is cut" in shown(card)


def test_nothing_in_the_card_is_read_as_html(make, watched):
    job, card = make(prompt=EVIL, notes=(EVIL,), endpoint=EVIL)
    job.update(state=State.QUEUED, task_id=EVIL, message=EVIL)
    assert "<script" not in shown(card)
    # The prompt and the request, the note, the endpoint, the task, the message for eyes and ears.
    assert shown(card).count("&lt;script&gt;") == 7
    card.show()
    job.finish(JobFailed(EVIL, hint=EVIL, code=EVIL, request_id=EVIL, task_id=EVIL), State.FAILED)
    for output in watched.shown:
        assert "<script" not in output["data"]["text/html"]
        assert " & <b>" not in output["data"]["text/html"]


# -- other kinds of clips -----------------------------------------------------------


def picture(card):
    """The label and the bytes of the card's picture, or nothing."""
    text = "".join(getattr(child, "value", "") for child in card.box.children)
    found = re.search(r'<img src="data:image/jpeg;base64,([^"]+)" alt="([^"]*)"', text)
    return (found[2], base64.b64decode(found[1])) if found else None


@pytest.mark.parametrize(
    ("options", "label", "colour"),
    [
        ({"image": png(colour=(200, 0, 0)), "last_frame": png()}, "first frame", "red"),
        ({"last_frame": png(colour=(200, 0, 0)), "model": "3.0"}, "last frame", "red"),
        ({"ref": [png(colour=(200, 0, 0)), png()]}, "reference", "red"),
        ({"ref": png(), "image": png(colour=(200, 0, 0))}, "first frame", "red"),
    ],
    ids=["both frames", "last frame", "references", "a frame before a reference"],
)
def test_the_first_thing_to_see_is_the_picture(make, options, label, colour):
    _, card = make(options=options)
    shown_label, data = picture(card)
    assert shown_label == label
    with Image.open(io.BytesIO(data)) as thumbnail:
        red, green, _ = thumbnail.convert("RGB").getpixel((5, 5))
    assert red > 150
    assert green < 60


@pytest.mark.parametrize(
    ("option", "model", "label"),
    [
        ("video", "wan2.7-videoedit", "video"),
        ("clip", "wan2.7-i2v", "clip"),
        ("ref", "wan2.7-r2v", "reference"),
    ],
)
def test_of_a_video_its_first_picture_is_shown(make, tmp_path, option, model, label):
    path = tmp_path / "take.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(24):
            frame = av.VideoFrame.from_image(Image.new("RGB", (320, 240), (200, 0, 0)))
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    _, card = make(options={option: path, "model": model, "duration": 5})
    shown_label, data = picture(card)
    assert shown_label == label
    with Image.open(io.BytesIO(data)) as thumbnail:
        assert thumbnail.width / thumbnail.height == pytest.approx(4 / 3, abs=0.02)
        assert thumbnail.convert("RGB").getpixel((5, 5))[0] > 150
    assert "take.mp4" in shown(card)
    assert str(tmp_path) not in shown(card)


@pytest.mark.parametrize(
    "options",
    [{}, {"image": f"{WEB}cat.png?Signature=s3cret"}, {"audio": f"{WEB}a.mp3"}],
    ids=["no input", "an address", "a sound"],
)
def test_what_is_not_here_to_be_seen_leaves_no_hole(make, options):
    _, card = make(options=options)
    assert picture(card) is None
    assert "<img" not in shown(card)


def test_inputs_are_named_and_their_addresses_are_not_shown(make):
    names = {"image": "anna.png", "video": "dance.mp4"}
    urls = {name: f"{WEB}{file}?Signature=s3cret" for name, file in names.items()}
    _, card = make("", options={"model": "wan2.2-animate-mix", "mode": "wan-pro", **urls})
    text = shown(card)
    assert "picture: anna.png" in text
    assert "video: dance.mp4" in text
    assert "mode: wan-pro" in text
    assert "example.com" not in text
    assert "s3cret" not in text


def test_a_price_by_mode_and_a_length_that_nobody_knows_yet(make):
    urls = {"image": f"{WEB}anna.png", "video": f"{WEB}dance.mp4"}
    _, card = make("", options={"model": "wan2.2-animate-move", "mode": "wan-pro", **urls})
    text = shown(card)
    assert "wan-pro" in text
    assert "estimated cost 0.60 CNY a second (how many seconds are billed is not known" in text
    assert "None" not in text
    assert "seed" not in text


def test_where_the_model_decides_the_length_none_is_claimed(make):
    _, card = make(options={"model": "3.0", "duration": -1})
    text = shown(card)
    assert "-1 s" not in text
    assert "0 s · " not in text.partition("wan3.0-video")[2]
    assert "1.20 CNY a second" in text


def test_a_portrait_that_speaks_takes_its_own_time(make):
    options = {"model": "wan2.2-s2v", "image": png(400, 400), "audio": f"{WEB}voice.mp3"}
    _, card = make("", options=options)
    text = shown(card)
    assert "sound from: voice.mp3" in text
    assert "480P" in text
    assert "0.50 CNY a second" in text


# -- the button -----------------------------------------------------------------


def test_cancel_asks_the_job_to_cancel(make):
    job, card = make()
    assert button(card).description == "Cancel"
    button(card).click()
    assert job.cancel_requested
    assert button(card).disabled
    assert "Cancelling" in button(card).description
    assert not job.detach_requested


def test_a_refused_cancel_offers_to_stop_watching(make):
    job, card = make()
    button(card).click()
    job.update(state=State.RUNNING)
    job.update(cancel_refused=True, message="Wan can't stop a task that already runs")
    assert button(card).description == "Stop watching"
    assert not button(card).disabled
    assert "can&#x27;t stop" in shown(card)
    button(card).click()
    assert job.detach_requested
    assert button(card).disabled


def test_news_do_not_bring_stop_watching_back_once_it_was_clicked(make):
    job, card = make()
    button(card).click()
    job.update(cancel_refused=True)
    button(card).click()
    job.update(state=State.RUNNING)
    assert button(card).description == "Stopping…"
    assert button(card).disabled


def test_while_it_downloads_nothing_can_be_cancelled(make):
    job, card = make()
    job.update(state=State.DOWNLOADING)
    assert button(card).disabled


# -- the end --------------------------------------------------------------------


def test_at_the_end_the_card_is_the_player_inside_and_out(make, watched, real_job):
    job, card = make()
    card.show()
    (live,) = watched.shown
    assert live["data"][WIDGET]["model_id"] == card.box.model_id
    assert "SUBMITTING" in live["data"]["text/html"]
    assert live["data"]["text/plain"].startswith(f"<Job {job.id} ")
    job.finish(real_job.result(), State.DONE)
    end = watched.shown[-1]
    assert end["update"]
    assert end["transient"] == live["transient"]
    assert set(end["data"]) == {"text/html", "text/plain"}
    assert "<video src=" in end["data"]["text/html"]
    (inside,) = card.box.children
    (output,) = inside.outputs
    assert output["output_type"] == "display_data"
    assert output["data"] == end["data"]
    assert output["metadata"] == end["metadata"]


@pytest.mark.parametrize(
    ("error", "state", "label"),
    [
        (JobFailed("the task failed: no", hint="change it", code="Bad"), State.FAILED, "FAILED"),
        (JobCancelled("cancelled while it waited"), State.CANCELLED, "CANCELLED"),
        (JobTimeout("stopped watching", hint="resume it"), State.DETACHED, "NOT WATCHED"),
    ],
)
def test_every_other_end_is_a_static_card_that_says_why(make, watched, error, state, label):
    job, card = make()
    card.show()
    job.update(state=State.QUEUED, task_id="1234-abcd")
    job.finish(error, state)
    end = watched.shown[-1]["data"]
    assert WIDGET not in end
    for part in (label, error.message, error.hint, "A cat runs", "1234-abcd"):
        assert part in end["text/html"]
    assert end["text/plain"].startswith(f"{label}: ")
    assert card.box.children[0].outputs[0]["data"] == end


def test_nothing_changes_after_the_end(make, watched, real_job):
    job, card = make()
    card.show()
    job.finish(real_job.result(), State.DONE)
    count, children = len(watched.shown), card.box.children
    card._changed(job)
    assert not card._tick()
    job.update(message="late news")
    assert len(watched.shown) == count
    assert card.box.children == children


def test_an_ended_job_is_shown_without_any_widget(make, watched, real_job):
    job, card = make()
    job.finish(real_job.result(), State.DONE)
    card.show()
    assert set(watched.shown[-1]["data"]) == {"text/html", "text/plain"}


def test_two_cards_of_one_job_both_end(make, watched, real_job):
    job, first = make()
    second = StatusCard(job)
    first.show()
    second.show()
    job.finish(real_job.result(), State.DONE)
    updated = [
        output["transient"]["display_id"] for output in watched.shown if output.get("update")
    ]
    assert len(set(updated)) == 2


def resumed(job, clock):
    """The same job as it is taken up anew."""
    return Job(job.request, endpoint="beijing", task_id="1234-abcd", id=job.id, clock=clock)


@pytest.fixture
def left(make, watched):
    """A card of a job that nobody watches any more."""
    job, card = make()
    card.show()
    job.finish(JobTimeout("stopped watching", hint="resume it"), State.DETACHED)
    assert "NOT WATCHED" in watched.shown[-1]["data"]["text/html"]
    return job, card


def test_the_card_of_a_job_that_goes_on_lives_again_and_ends_again(left, watched, clock, real_job):
    job, card = left
    job.go_on_as(resumed(job, clock))
    job.tell()
    again = watched.shown[-1]
    assert again["data"][WIDGET]["model_id"] == card.box.model_id
    assert "1234-abcd" in again["data"]["text/html"]
    assert button(card).description == "Cancel"
    assert not button(card).disabled
    assert card._tick()
    assert "no further cost" in shown(card)
    job.finish(real_job.result(), State.DONE)
    assert "<video src=" in watched.shown[-1]["data"]["text/html"]
    assert watched.shown[-1]["transient"] == watched.shown[0]["transient"]


def test_a_clip_that_came_elsewhere_meanwhile_is_in_the_card(left, watched, clock, real_job):
    job, _ = left
    fetched = resumed(job, clock)
    fetched.finish(real_job.result(), State.DONE)
    job.go_on_as(fetched)
    job.tell()
    assert "<video src=" in watched.shown[-1]["data"]["text/html"]


def test_a_card_that_fails_to_draw_does_not_lose_the_job(make, watched, real_job, monkeypatch):
    job, card = make()
    card.show()
    monkeypatch.setattr("wan_magic.notebook.status.end_bundle", lambda *_: 1 / 0)
    job.finish(real_job.result(), State.DONE)
    assert job.result() is real_job.result()
    last = watched.shown[-1]["data"]
    assert WIDGET not in last
    assert "be shown: ZeroDivisionError" in last["text/html"]


def test_the_card_holds_no_large_data(make, widgets):
    make()
    assert all(len(repr(widget.get_state())) < 100_000 for widget in widgets)
