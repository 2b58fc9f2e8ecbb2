"""The paid call: made once, again only where it surely was not accepted, and settled when its
answer is lost."""

from __future__ import annotations

import pytest
from job_fakes import DROPPED, LINK, UNREACHED, refused, task

from wan_magic.errors import ApiError, ConnectionFailed, JobCancelled
from wan_magic.jobs.job import State
from wan_magic.wan.request import VideoRequest

DONE = task("SUCCEEDED", video_url=LINK)
OURS = task("SUCCEEDED", video_url=LINK, orig_prompt="A cat, running")
MODEL = VideoRequest().model
SENT = 1000.0
"""The fake clock's beginning, by which the call is made."""


def listed(task_id="0385dc79-5ff8", *, status="SUCCEEDED", model=MODEL, after=3.0):
    return {
        "task_id": task_id,
        "status": status,
        "model_name": model,
        "gmt_create": round((SENT + after) * 1000),
    }


# -- refused: sent again only where that is safe --------------------------------------------


@pytest.mark.parametrize("code", ["Throttling", "Throttling.RateQuota", "limit_requests", ""])
def test_a_busy_endpoint_is_asked_again_and_says_so(drive, code):
    ride = drive(creates=[refused(429, code), refused(429, code), task("PENDING")])
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.client.calls.count("create") == 3
    assert ride.messages[0].startswith("the endpoint is busy (429): submitting again in ")
    assert ("queued", "") in ride.seen, "the message goes when the submit went well"


def test_the_server_says_how_long_to_wait(drive):
    ride = drive(creates=[refused(429, "Throttling", retry_after=9.0), task("PENDING")])
    ride.step()
    assert ride.waits == [9.0]
    assert ride.messages == ["the endpoint is busy (429): submitting again in 9 s"]
    assert ride.job.state is State.WAITING


def test_an_endpoint_that_stays_busy_is_asked_less_and_less_until_the_time_is_up(drive):
    ride = drive(creates=[refused(429, "Throttling")], timeout=600)
    error = ride.run()
    assert isinstance(error, ApiError)
    assert error.status == 429
    assert ride.job.state is State.FAILED
    assert len(ride.client.calls) < 100
    assert ride.job.sent_at is None, "it surely was not accepted"


def test_nobody_waits_to_submit_beyond_the_jobs_own_time(drive):
    ride = drive(creates=[refused(429, "Throttling", retry_after=3600.0)], timeout=60)
    assert isinstance(ride.run(), ApiError)
    assert ride.waits == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "PostpaidBillOverdue"),
        (429, "CommodityNotPurchased"),
        (400, "InvalidParameter"),
        (400, "DataInspectionFailed"),
        (401, "InvalidApiKey"),
        (403, "AccessDenied"),
        (404, "ModelNotFound"),
        (413, ""),
    ],
)
def test_what_trying_again_cannot_cure_is_final_at_once(drive, status, code):
    ride = drive(creates=[refused(status, code)])
    error = ride.run()
    assert (type(error), error.status, error.code) == (ApiError, status, code)
    assert ride.job.state is State.FAILED
    assert ride.client.calls == ["create"]
    assert ride.waits == []


def test_a_service_that_refuses_for_now_is_asked_again(drive):
    ride = drive(creates=[refused(503, "ServiceUnavailable"), task("PENDING")])
    ride.run()
    assert ride.job.state is State.DONE
    assert "list" not in ride.client.calls, "its own refusal needs no settling"


def test_a_service_that_refuses_for_long_is_given_up(drive):
    ride = drive(creates=[refused(503, "ServiceUnavailable", retry_after=2.0)])
    assert ride.run().status == 503
    assert ride.client.calls == ["create"] * 4
    assert ride.waits == [2.0] * 3


def test_a_host_that_is_not_reached_is_called_again(drive):
    ride = drive(creates=[UNREACHED, UNREACHED, task("PENDING")])
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.messages[0].startswith("cannot reach the host: submitting again in ")


def test_a_host_that_is_never_reached_got_nothing(drive):
    ride = drive(creates=[UNREACHED])
    error = ride.run()
    assert isinstance(error, ConnectionFailed)
    assert "accepted" not in str(error)
    assert ride.client.calls == ["create"] * 4
    assert 5 < sum(ride.waits) < 10


def test_a_cancel_is_heard_while_the_endpoint_is_busy(drive):
    ride = drive(creates=[refused(429, "Throttling")])
    ride.step()
    ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)
    assert ride.client.calls == ["create"]


# -- the answer is lost: the list call tells ------------------------------------------------------


def test_a_lost_answer_whose_task_is_in_the_list_is_taken_up(drive):
    ride = drive(creates=[DROPPED], queries=[OURS], lists=[[listed()]])
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.client.calls.count("create") == 1
    assert ride.job.task_id == "0385dc79-5ff8"
    assert "looking for the task" in ride.messages[0]


def test_the_list_is_asked_for_the_model_and_the_time_of_the_call(drive):
    ride = drive(creates=[DROPPED], queries=[OURS], lists=[[listed()]])
    ride.run()
    # 1970-01-01 00:16:40 UTC is 08:16:40 in Beijing; clocks may differ by minutes.
    assert ride.client.filters[0] == {
        "model_name": MODEL,
        "start_time": "19700101081440",
        "end_time": "19700101082140",
        "page_no": 1,
        "page_size": 100,
    }


def test_a_task_that_runs_is_waited_for_since_only_its_end_tells_whose_it_is(drive):
    running = task("RUNNING")
    ride = drive(
        creates=[DROPPED], queries=[running, running, OURS], lists=[[listed(status="RUNNING")]]
    )
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.client.calls.count("create") == 1
    assert any("nothing is sent again before" in message for message in ride.messages)


def test_a_task_with_another_prompt_is_somebody_elses(drive):
    other = task("SUCCEEDED", video_url=LINK, orig_prompt="A dog")
    ride = drive(
        creates=[DROPPED, task("PENDING")], queries=[other] * 2 + [DONE], lists=[[listed()]]
    )
    ride.step()
    assert ride.client.calls == ["create", "list", "query"]
    assert ride.job.task_id == ""


@pytest.mark.parametrize(
    "row",
    [listed(model="wan2.6-t2v"), listed(after=-4000.0), listed(status="FAILED"), {"task_id": None}],
)
def test_rows_that_cannot_be_ours_are_not_even_asked_about(drive, row):
    ride = drive(creates=[DROPPED, task("PENDING")], lists=[[row]])
    ride.step()
    assert ride.client.calls == ["create", "list"]


def test_when_the_list_surely_has_no_task_it_is_sent_once_more(drive):
    ride = drive(creates=[DROPPED, task("PENDING")])
    ride.run()
    assert ride.job.state is State.DONE
    calls = ride.client.calls
    again = len(calls) - 1 - calls[::-1].index("create")
    assert calls.count("create") == 2
    assert calls[1:again].count("list") >= 2
    assert sum(ride.waits[: again - 1]) >= 90, "a slow call may still be accepted"


@pytest.mark.parametrize("status", [408, 500, 502, 504, 524])
def test_a_server_error_on_the_paid_call_is_settled_too(drive, status):
    ride = drive(creates=[refused(status)], queries=[OURS], lists=[[listed()]])
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.client.calls.count("create") == 1


def test_a_503_without_a_code_is_a_gateways_and_is_settled(drive):
    ride = drive(creates=[refused(503)], queries=[OURS], lists=[[listed()]])
    ride.run()
    assert ride.client.calls.count("create") == 1


@pytest.mark.parametrize("status", [400, 401, 404, 405])
def test_without_a_list_call_nobody_knows_and_nothing_is_sent_again(drive, status):
    ride = drive(creates=[DROPPED], lists=[refused(status)])
    error = ride.run()
    assert isinstance(error, ConnectionFailed)
    assert error.maybe_accepted
    assert ride.client.calls == ["create", "list"]
    assert "may have been accepted, so it was not sent again" in error.hint
    assert ride.job.sent_at == SENT, "so that it can be settled later"


def test_a_list_call_that_stays_away_is_given_up_in_minutes(drive):
    ride = drive(creates=[refused(500)], lists=[DROPPED])
    error = ride.run()
    assert (error.status, ride.client.calls.count("create")) == (500, 1)
    assert "not sent again" in error.hint
    assert 250 < sum(ride.waits) < 400


def test_a_list_call_that_comes_back_is_believed(drive):
    ride = drive(creates=[DROPPED], queries=[OURS], lists=[DROPPED, refused(429), [listed()]])
    ride.run()
    assert ride.job.state is State.DONE


def test_a_page_in_place_of_an_answer_keeps_its_hint(drive):
    odd = ConnectionFailed(
        "text/html instead of JSON", hint="check --endpoint", maybe_accepted=True
    )
    ride = drive(creates=[odd], lists=[odd])
    error = ride.run()
    assert error.hint.startswith("check --endpoint; the request may have been accepted")
    assert ride.waits == [], "a web site is not asked for minutes"


def test_a_preview_can_just_be_run_again(drive):
    error = drive(creates=[DROPPED], is_preview=True).run()
    assert error.hint == "run the cell again: a preview costs nothing"


def test_a_list_of_many_pages_is_read_to_its_end(drive):
    page = [listed(f"t-{n}", model="wan2.6-t2v") for n in range(100)]
    ride = drive(creates=[DROPPED], queries=[OURS], lists=[page, [listed()]])
    ride.run()
    assert [filters["page_no"] for filters in ride.client.filters] == [1, 2]


def test_settling_can_be_left_alone(drive):
    ride = drive(creates=[DROPPED], queries=[task("RUNNING")], lists=[[listed(status="RUNNING")]])
    ride.step()
    ride.job.detach()
    ride.run()
    assert ride.job.state is State.DETACHED


# -- the line -------------------------------------------------------------------------------------


def test_who_waits_in_line_says_so_and_can_be_cancelled_for_nothing(drive):
    ride = drive()
    first = ride.limiter.line_up(ride.job.request.row, lambda: None)
    assert first.wait() == 0
    ride.step()
    assert ride.job.state is State.WAITING or ride.waits[0] < 1
    ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)
    assert ride.client.calls == []


def test_who_leaves_lets_the_next_one_in(drive):
    ride = drive()
    ride.run()
    ticket = ride.limiter.line_up(ride.job.request.row, lambda: None)
    assert ticket.ahead == 0
