"""The life of a job, driven by hand: each way it goes and each way it ends."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from job_fakes import LINK, refused, task

from wan_magic.errors import (
    JobCancelled,
    WanError,
)
from wan_magic.jobs.job import State
from wan_magic.wan.request import VideoRequest

RESUME = "%wanvideo resume 0385dc79-5ff8"
DONE = task("SUCCEEDED", video_url=LINK)

# -- a good life ------------------------------------------------------------------


def test_the_states_in_order(drive):
    ride = drive()
    assert ride.job.state is State.SUBMITTING
    clip = ride.run()
    assert ride.states == ["queued", "running", "downloading", "done"]
    assert ride.messages == []
    assert ride.job.result() is clip
    assert ride.client.calls == ["create", "query", "query", "query"]


def test_the_clip(drive, video):
    ride = drive(notes=("the image was scaled",))
    clip = ride.run()
    assert clip.path == ride.folder / "a-cat-running-0385dc79.mp4"
    assert clip.path.is_absolute()
    assert clip.path.read_bytes() == video
    assert (clip.width, clip.height, clip.fps, clip.has_audio) == (64, 48, 10, False)
    assert clip.duration == pytest.approx(0.5)
    assert (clip.url, clip.task_id, clip.seed) == (LINK, "0385dc79-5ff8", 7)
    assert clip.request is ride.job.request
    assert clip.notes == ("the image was scaled",)
    assert clip.took == ride.job.elapsed > 0
    assert clip.poster.startswith(b"\xff\xd8")
    assert clip.last_frame().size == (64, 48)
    assert LINK not in repr(clip)
    assert ride.files == [clip.path.name], "no part file is left"


def test_the_job_knows_its_ids_as_soon_as_it_is_accepted(drive):
    ride = drive()
    ride.step()
    assert (ride.job.task_id, ride.job.request_id) == ("0385dc79-5ff8", "r-create")
    assert ride.job.state is State.QUEUED
    assert repr(ride.job).startswith(f"<Job {ride.job.id} queued task 0385dc79-5ff8: wan2.5")


# -- cancel -----------------------------------------------------------------------


def test_cancelled_before_the_submit_sends_nothing(drive):
    ride = drive()
    ride.job.cancel()
    error = ride.run()
    assert isinstance(error, JobCancelled)
    assert "nothing was sent, nothing is paid" in error.message
    assert ride.client.calls == []
    assert ride.job.state is State.CANCELLED


def test_cancelled_while_the_endpoint_is_busy(drive):
    ride = drive(creates=[refused(429, "Throttling")])
    ride.step()
    ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)
    assert ride.client.calls == ["create"]


# -- resumed ----------------------------------------------------------------------


def test_a_resumed_job_is_watched_and_not_submitted(drive):
    done = task("SUCCEEDED", video_url=LINK, orig_prompt="what the server remembers")
    ride = drive(
        request=VideoRequest(model="wan2.5-i2v-preview"),
        task_id="0385dc79-5ff8",
        knows_request=False,
        queries=[task("RUNNING"), done],
    )
    assert (ride.job.state, ride.job.is_resumed) == (State.QUEUED, True)
    clip = ride.run()
    assert "create" not in ride.client.calls
    assert clip.request.prompt == "what the server remembers"
    assert clip.seed is None


def test_a_resumed_job_can_be_cancelled(drive):
    ride = drive(task_id="0385dc79-5ff8", queries=[task("CANCELED")])
    ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)


# -- the cost ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "amount"),
    [
        ({}, "1.5"),
        ({"duration": 10, "SR": 720}, "6.0"),
        ({"duration": 5, "SR": "1080"}, "5.0"),
        ({"video_duration": 10, "video_ratio": "standard"}, "3.0"),
        ({"duration": 5.0, "SR": 480}, "1.5"),
        ({"duration": "five"}, "1.5"),
        ({"duration": 0}, "1.5"),
        ({"duration": -1}, "1.5"),
        ({"duration": float("nan")}, "1.5"),
        ({"duration": float("inf")}, "1.5"),
        ({"duration": None, "SR": None}, "1.5"),
    ],
    ids=str,
)
def test_the_cost_is_what_the_server_billed(drive, usage, amount):
    done = dataclasses.replace(DONE, usage=usage)
    assert drive(queries=[done]).run().cost.amount == Decimal(amount)


def test_an_unlisted_resolution_has_no_price(drive):
    done = dataclasses.replace(DONE, usage={"duration": 5, "SR": 999})
    assert str(drive(queries=[done]).run().cost) == "price unknown"


def test_silence_is_billed_as_silence_even_if_we_did_not_ask_for_it(drive):
    done = dataclasses.replace(DONE, usage={"duration": 10, "SR": 720, "audio": False})
    request = VideoRequest(model="wan2.6-i2v-flash")
    ride = drive(request=request, task_id="0385dc79-5ff8", queries=[done])
    assert ride.run().cost.amount == Decimal("1.5")


# -- whatever happens -------------------------------------------------------------


def test_a_listener_that_raises_hurts_nobody(drive, caplog):
    ride = drive()
    after = []
    ride.job.on_change(lambda job: 1 / 0)
    ride.job.on_change(lambda job: after.append(job.state))
    ride.run()
    assert ride.job.state is State.DONE
    assert after[-1] is State.DONE
    assert "a listener of job" in caplog.text


def test_listeners_find_the_result_at_the_end(drive):
    ride = drive()
    found = []
    ride.job.on_change(lambda job: job.done() and found.append(job.result()))
    assert found == []
    clip = ride.run()
    assert found == [clip]


@pytest.mark.parametrize("where", ["creates", "queries"])
def test_an_error_that_nobody_thought_of_ends_the_job_too(drive, where):
    ride = drive(**{where: [KeyError("oops")]})
    error = ride.run()
    assert type(error) is WanError
    assert "unexpected KeyError: 'oops'" in error.message
    assert "please report this" in error.hint
    assert isinstance(error.__cause__, KeyError)
    assert ride.job.state is State.FAILED


def test_an_unexpected_error_around_the_paid_call_does_not_say_run_again(drive):
    error = drive(creates=[KeyError("oops")]).run()
    assert "may have been accepted" in error.hint
    assert "; run the cell again" not in error.hint


def test_the_clock_stops_at_the_end(drive):
    ride = drive()
    ride.run()
    before = ride.job.elapsed
    ride.clock.now += 1000
    assert ride.job.elapsed == before
