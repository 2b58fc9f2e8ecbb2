"""A task is watched until it ends: what is asked when, and what each answer means."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools

import pytest
from job_fakes import DROPPED, LINK, UNREACHED, Clock, FakeClient, refused, task

from wan_magic.errors import ApiError, DownloadError, JobCancelled, JobFailed, JobTimeout
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.limits import Limiter
from wan_magic.jobs.overview import overview_for
from wan_magic.jobs.watch import watch
from wan_magic.wan.request import VideoRequest

RESUME = "%wanvideo resume 0385dc79-5ff8"
DONE = task("SUCCEEDED", video_url=LINK)

# -- when -------------------------------------------------------------------------


def test_one_early_look_then_fewer_then_many_where_the_end_is_likely(drive):
    ride = drive(queries=[*[task("RUNNING")] * 60, DONE])
    ride.run()
    looks = list(itertools.accumulate(ride.waits))
    assert 1.8 <= looks[0] <= 2.2
    gaps = dict(zip(looks, ride.waits[1:], strict=False))
    assert max(gaps.values()) <= 16.5, "so that the card stays true"
    assert all(wait > 10 for look, wait in gaps.items() if 12 < look < 25)
    assert all(2 < wait < 6 for look, wait in gaps.items() if 90 < look < 180)


def test_earlier_tasks_of_this_kind_say_when_to_look():
    clock, looks = Clock(), []
    client = FakeClient([], [*[task("RUNNING")] * 60, DONE], [])
    job = Job(VideoRequest(prompt="A cat"), endpoint="fake", clock=clock)
    job.task_id = "0385dc79-5ff8"
    limiter = Limiter(client.endpoint, clock=clock)
    for wait in watch(job, client, limiter=limiter, history=[41.0, 42.0, 43.0, 44.0]):
        clock.now += wait
        looks.append(clock.now - job.started)
    assert sum(30 < look < 60 for look in looks) > 6
    assert sum(look < 30 for look in looks) <= 4


def test_a_resumed_task_is_asked_for_at_once_and_may_end_any_time(drive):
    ride = drive(task_id="0385dc79-5ff8", queries=[*[task("RUNNING")] * 5, DONE])
    ride.step()
    assert ride.client.calls == ["query"]
    ride.run()
    assert max(ride.waits) < 7


def test_the_user_is_heard_before_the_first_look(drive):
    ride = drive(queries=[task("CANCELED")])
    ride.step()
    ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)
    assert ride.client.calls == ["create", "cancel", "query"]


def test_a_preview_is_asked_more_often(drive):
    ride = drive(is_preview=True)
    ride.run()
    assert set(ride.waits) == {0.3}


# -- the answers ------------------------------------------------------------------


def test_an_unknown_status_keeps_going_and_is_shown(drive):
    ride = drive(queries=[task("PENDING"), task("in_progress"), task("RUNNING"), DONE])
    ride.run()
    assert ("running", "the server says 'in_progress'") in ride.seen
    assert ("running", "") in ride.seen, "and is gone with the next good answer"


def test_an_answer_without_a_status_says_what_it_says(drive):
    odd = dataclasses.replace(task(""), code="Busy", message="come back later")
    ride = drive(queries=[odd, task(""), DONE])
    ride.run()
    said = list(dict.fromkeys(ride.messages))
    assert said == ["the server says 'Busy: come back later'", "the server names no state"]


@pytest.mark.parametrize(
    "problem",
    [refused(500, "InternalError"), refused(503), DROPPED, UNREACHED],
    ids=str,
)
def test_a_query_that_fails_is_asked_again(drive, problem):
    ride = drive(queries=[task("RUNNING"), *[problem] * 8, DONE])
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.client.calls.count("query") == 10
    assert f"{problem.message}: asking again in 1 s" in ride.messages
    assert max(ride.waits) <= 36, "the pauses grow, but not without end"


def test_a_busy_endpoint_is_not_asked_sooner_than_a_healthy_one(drive):
    ride = drive(queries=[task("RUNNING"), refused(429, "Throttling"), DONE])
    ride.run()
    assert ride.job.state is State.DONE
    healthy, busy = ride.waits[1:3]
    assert busy >= healthy * 0.6 > 2.5, "with its jitter"


def test_retry_after_holds_for_queries_too(drive):
    ride = drive(queries=[refused(429, "Throttling", retry_after=21.0), DONE])
    ride.run()
    assert ride.waits[1] == 21.0


def test_a_busy_endpoint_holds_up_every_job(drive):
    ride = drive(queries=[refused(429, "Throttling", retry_after=21.0), DONE])
    ride.step()
    ride.step()
    assert ride.limiter.query_wait() == pytest.approx(0.0, abs=0.01), "the time is over by now"
    ride = drive(queries=[DONE])
    ride.limiter.query_throttled(21.0)
    ride.run()
    assert sum(ride.waits) == pytest.approx(21.0)
    assert max(ride.waits) <= 5, "so that the user is heard, and the deadline kept"


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_query_that_is_refused_ends_the_job_with_the_way_back(drive, status):
    ride = drive(queries=[task("RUNNING"), refused(status, "X")])
    error = ride.run()
    assert isinstance(error, ApiError)
    assert error.task_id == "0385dc79-5ff8"
    assert "the advice" in error.hint
    assert RESUME in error.hint
    assert "task 0385dc79-5ff8" in str(error)
    assert ride.job.state is State.FAILED


def test_a_failed_task_says_why(drive):
    failed = task("FAILED", code="DataInspectionFailed", message="Inappropriate content.")
    error = drive(queries=[failed]).run()
    assert isinstance(error, JobFailed)
    assert error.message == "the task failed: DataInspectionFailed: Inappropriate content."
    assert (error.code, error.request_id) == ("DataInspectionFailed", "r-query")
    assert error.task_id == "0385dc79-5ff8"
    assert "change the prompt or the image" in error.hint
    assert "failed tasks are not billed" in error.hint


def test_a_failed_task_without_a_reason(drive):
    error = drive(queries=[task("FAILED")]).run()
    assert error.message == "the task failed: the server gave no reason"


def test_a_lost_task(drive):
    ride = drive(queries=[task("UNKNOWN")])
    error = ride.run()
    assert isinstance(error, JobFailed)
    assert "the server does not know this task" in error.message
    assert ride.job.state is State.FAILED
    assert ride.job.elapsed > 30


def test_a_server_that_forgets_a_running_task_for_a_moment_is_asked_again(drive):
    queries = [task("RUNNING")] * 40 + [task("UNKNOWN"), task("RUNNING"), DONE]
    ride = drive(queries=queries)
    ride.run()
    assert ride.job.state is State.DONE


def test_an_id_that_a_resumed_job_never_saw_is_given_up_at_once(drive):
    ride = drive(queries=[task("UNKNOWN")], task_id="0385dc79-5ff8")
    assert isinstance(ride.run(), JobFailed)
    assert ride.client.calls == ["query"]


def test_a_task_that_becomes_visible_only_after_a_while_is_not_given_up(drive):
    ride = drive(queries=[task("UNKNOWN"), task("UNKNOWN"), task("PENDING"), DONE])
    ride.run()
    assert ride.job.state is State.DONE
    assert any("UNKNOWN" in text for text in ride.messages)


def test_a_success_without_a_video(drive):
    error = drive(queries=[task("SUCCEEDED")]).run()
    assert isinstance(error, DownloadError)
    assert "the server named no video" in error.message
    assert RESUME in error.hint


def test_the_deadline(drive):
    ride = drive(queries=[task("RUNNING")], timeout=100)
    error = ride.run()
    assert isinstance(error, JobTimeout)
    assert "not finished after 100 s; the task may still finish and be billed" in error.message
    assert RESUME in error.hint
    assert ride.job.state is State.DETACHED
    assert sum(ride.waits) == pytest.approx(100), "the last look comes at the deadline itself"


def test_the_deadline_while_the_api_is_away(drive):
    error = drive(queries=[UNREACHED], timeout=100).run()
    assert isinstance(error, JobTimeout)
    assert RESUME in error.hint


# -- cancel and detach ------------------------------------------------------------


def test_cancelled_while_it_waits(drive):
    ride = drive(queries=[task("PENDING"), task("CANCELED")])
    ride.step()
    ride.step()
    ride.job.cancel()
    error = ride.run()
    assert isinstance(error, JobCancelled)
    assert "nothing is paid" in error.message
    assert ride.client.calls == ["create", "query", "cancel", "query"]
    assert ride.states[-1] == "cancelled"


def test_a_cancel_that_takes_effect_late_is_not_sent_twice(drive):
    ride = drive(
        queries=[task("PENDING"), task("PENDING"), task("CANCELED")],
        cancels=[None, refused(400, "UnsupportedOperation")],
    )
    ride.step()
    ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)
    assert ride.client.calls.count("cancel") == 1
    assert not ride.job.cancel_refused


def test_a_running_task_refuses_and_goes_on(drive):
    ride = drive(
        queries=[task("RUNNING"), task("RUNNING"), task("RUNNING"), DONE],
        cancels=[refused(400, "UnsupportedOperation")],
    )
    ride.step()
    ride.job.cancel()
    ride.step()
    assert ride.job.cancel_refused
    message = "Wan can't stop a task that already runs: it goes on and is billed"
    assert ride.job.message == message
    ride.step()
    assert ride.job.message == message, "it stays to be read"
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.job.message == ""
    assert ride.client.calls.count("cancel") == 1


def test_a_running_preview_costs_nothing(drive):
    ride = drive(
        queries=[task("RUNNING")], cancels=[refused(400, "UnsupportedOperation")], is_preview=True
    )
    ride.step()
    ride.job.cancel()
    ride.step()
    assert ride.job.message == "Wan can't stop a task that already runs: it goes on"


def test_a_gateway_that_cannot_cancel(drive):
    ride = drive(queries=[task("PENDING"), task("RUNNING"), DONE], cancels=[refused(404)])
    ride.step()
    ride.job.cancel()
    ride.step()
    assert ride.job.cancel_refused
    assert ride.job.message == "could not cancel: HTTP 404 "


@pytest.mark.parametrize("problem", [refused(429, "Throttling"), refused(500), DROPPED], ids=str)
def test_a_cancel_that_did_not_get_through_is_tried_again(drive, problem):
    ride = drive(
        queries=[task("PENDING"), task("PENDING"), task("CANCELED")], cancels=[problem, None]
    )
    ride.step()
    ride.job.cancel()
    ride.step()
    assert ride.job.message == f"could not cancel yet: {problem.message}"
    assert isinstance(ride.run(), JobCancelled)
    assert ride.client.calls.count("cancel") == 2


def test_a_cancel_without_effect_does_not_stay_unsaid(drive):
    ride = drive(queries=[*[task("PENDING")] * 30, task("CANCELED")])
    ride.step()
    ride.job.cancel()
    since = ride.clock.now
    while not ride.job.cancel_refused:
        ride.step()
    assert ride.clock.now - since >= 30
    assert ride.job.message == "the server accepted the cancel, but still says PENDING"
    ride.step()
    assert ride.job.message, "it stays to be read"
    assert isinstance(ride.run(), JobCancelled), "and late is better than never"
    assert ride.client.calls.count("cancel") == 1


def test_until_a_cancel_is_seen_it_is_asked_often(drive):
    ride = drive(queries=[task("PENDING")])
    ride.step()
    ride.job.cancel()
    for _ in range(5):
        ride.step()
    assert max(ride.waits[1:]) <= 2


def test_a_cancel_that_was_accepted_too_late_says_that_the_task_runs_and_is_billed(drive):
    ride = drive(queries=[task("PENDING"), task("PENDING"), task("RUNNING"), task("RUNNING"), DONE])
    ride.step()
    ride.step()
    ride.job.cancel()
    while ride.client.calls.count("query") < 2:
        ride.step()
    assert not ride.job.cancel_refused, "it may still take effect"
    while ride.client.calls.count("query") < 3:
        ride.step()
    assert ride.job.cancel_refused
    truth = "the cancel was accepted, but came too late: the task runs, it goes on and is billed"
    assert ride.job.message == truth
    ride.step()
    assert ride.job.message == truth
    ride.run()
    assert ride.job.state is State.DONE


def test_a_status_of_its_own_for_a_cancel_is_no_failure(drive):
    ride = drive(queries=[task("CANCELLING"), task("CANCELLING"), task("CANCELED")])
    ride.step()
    ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)
    assert not ride.job.cancel_refused


def test_a_task_that_is_cancelled_is_not_read_off_a_list_of_before(drive):
    ride = drive(queries=[task("PENDING"), task("CANCELED")])
    overview = overview_for(ride.limiter)
    with contextlib.ExitStack() as others:
        for number in range(20):
            others.enter_context(overview.watching(f"other-{number}", lambda: None))
        overview._rests_until = float("inf")  # asked singly until the cancel
        ride.step()
        ride.step()
        overview._rests_until = 0.0
        ride.job.cancel()
        assert isinstance(ride.run(), JobCancelled)
    assert ride.client.calls == ["create", "query", "cancel", "query"]


def test_detached(drive):
    ride = drive(queries=[task("RUNNING")])
    ride.step()
    ride.job.detach()
    error = ride.run()
    assert isinstance(error, JobTimeout)
    assert "the task goes on at the server and is billed if it succeeds" in error.message
    assert RESUME in error.hint
    assert ride.job.state is State.DETACHED
    assert "cancel" not in ride.client.calls


def test_detached_without_one_more_query(drive):
    ride = drive(queries=[task("RUNNING")])
    ride.step()
    ride.step()
    ride.job.detach()
    ride.run()
    assert ride.client.calls == ["create", "query"]


def test_detached_while_the_endpoint_holds_everybody_up(drive):
    ride = drive(queries=[task("RUNNING")])
    ride.limiter.query_throttled(250.0)
    ride.step()
    ride.step()
    ride.job.detach()
    assert isinstance(ride.run(), JobTimeout)
    assert ride.client.calls == ["create"]


def test_the_deadline_counts_from_the_accept(drive):
    busy = [refused(429, "Throttling", retry_after=50.0)]
    ride = drive(creates=[*busy, task("PENDING")], queries=[task("RUNNING")], timeout=100)
    assert isinstance(ride.run(), JobTimeout)
    assert sum(ride.waits) == pytest.approx(150)
