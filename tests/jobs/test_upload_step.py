"""The files of a job, before its paid call: each way they go up, and each way they don't."""

from __future__ import annotations

import threading

import pytest
import requests
from job_fakes import DROPPED, POLICY, UNREACHED, Response, refused, task
from waiting import PATIENCE

from wan_magic.errors import ApiError, ConnectionFailed, InputError, JobCancelled, WanError
from wan_magic.jobs.job import State
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.local_file import LocalFile
from wan_magic.wan.media.loaded import Input
from wan_magic.wan.request import VideoRequest

MODEL = "wan2.2-animate-move"
NOTHING_PAID = "the request was not sent, and nothing is paid"
DANCE = LocalFile.of("dance.mp4", "video/mp4", bytes(range(256)) * 10_000)
FACE = LocalFile.of("face.png", "image/png", b"a face" * 100)
EXPIRED = b"<Error><Code>AccessDenied</Code><Message>Policy expired.</Message></Error>"


def an_input(option, media, file):
    return Input(
        option=option, media=media, value="", source=file.name, digest=file.digest, upload=file
    )


def a_request(*files):
    kinds = {".mp4": ("video", "video"), ".png": ("image", "image")}
    inputs = [an_input(*kinds[file.name[-4:]], file) for file in files or (DANCE,)]
    return VideoRequest(model=MODEL, inputs=tuple(inputs))


@pytest.fixture
def drive_up(drive):
    def make(*files, **script):
        return drive(request=a_request(*files), **script)

    return make


def test_files_go_up_before_the_paid_call(drive_up):
    ride = drive_up(FACE, DANCE)
    clip = ride.run()
    assert ride.client.calls == ["policy", "create", "query", "query", "query"]
    assert [FACE.open().read() in form for form in ride.storage.forms] == [True, False]
    (sent,) = ride.client.created
    assert sent.pending == ()
    assert sent.uses_oss
    values = list(sent.body()["input"].values())
    assert sum(str(value).startswith("oss://dashscope-instant/x/") for value in values) == 2
    assert clip.request is ride.job.request, "the job's own request stays as it was asked"
    assert len(ride.job.request.pending) == 2
    assert ride.states[0] == "submitting"


def test_a_request_without_files_asks_for_no_policy(drive):
    ride = drive()
    ride.run()
    assert "policy" not in ride.client.calls
    assert ride.client.created == [ride.job.request]


def test_progress_is_shown_at_a_sane_rate(drive_up):
    ride = drive_up()

    def tick():
        ride.clock.now += 0.1

    ride.storage.on_piece = tick
    ride.run()
    shown = [text for text in ride.messages if text.startswith("uploading")]
    assert shown[0] == "uploading dance.mp4: 0.0 of 2.6 MB"
    assert shown[-1] == "uploading dance.mp4: 2.6 of 2.6 MB"
    assert 5 <= len(shown) <= 12, "not at each of its 40 pieces"
    assert ("submitting", "") in ride.seen, "and is gone when the paid call is made"


def test_a_small_file_is_told_in_kilobytes(drive_up):
    ride = drive_up(FACE)
    ride.run()
    assert "uploading face.png: 1 kB" in ride.messages


# -- cancel -----------------------------------------------------------------------------


def test_cancelled_before_the_upload_sends_nothing(drive_up):
    ride = drive_up()
    ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)
    assert ride.client.calls == []
    assert ride.storage.forms == []


def test_cancelled_during_the_upload(drive_up):
    ride = drive_up()
    pieces = []

    def third():
        pieces.append(1)
        if len(pieces) == 3:
            ride.job.cancel()

    ride.storage.on_piece = third
    error = ride.run()
    assert isinstance(error, JobCancelled)
    assert "nothing is paid" in error.message
    assert ride.client.calls == ["policy"]
    assert len(pieces) <= 5, "the rest is not sent"
    assert ride.job.state is State.CANCELLED


def test_cancelled_between_two_tries(drive_up):
    ride = drive_up(policies=[refused(500)])
    ride.step()
    ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)
    assert ride.client.calls == ["policy"]


def test_cancelled_with_the_last_byte(drive_up):
    ride = drive_up()
    ride.storage.on_piece = lambda: "2.6 of 2.6" in ride.job.message and ride.job.cancel()
    assert isinstance(ride.run(), JobCancelled)
    assert "create" not in ride.client.calls


# -- another try ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        refused(429, "Throttling.RateQuota"),
        refused(429),
        refused(500, "InternalError"),
        refused(503),
        DROPPED,
        UNREACHED,
    ],
    ids=str,
)
def test_a_policy_call_that_fails_is_made_again(drive_up, trouble):
    ride = drive_up(policies=[trouble, trouble, POLICY])
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.client.calls.count("policy") == 3
    assert ride.client.calls.count("create") == 1
    assert f"dance.mp4 is not uploaded: {trouble.message}; again in 1 s" in ride.messages


@pytest.mark.parametrize(
    "trouble",
    [
        Response(b"", status=500),
        Response(b"", status=503),
        Response(b"", status=429),
        requests.ConnectionError("reset"),
        requests.ReadTimeout("slow"),
    ],
    ids=["500", "503", "429", "dropped", "slow"],
)
def test_an_upload_that_fails_is_made_again(drive_up, trouble):
    ride = drive_up(posts=[trouble, trouble, b""])
    ride.run()
    assert ride.job.state is State.DONE
    assert len(ride.storage.forms) == 3
    assert ride.client.calls.count("create") == 1
    assert any("is not uploaded: " in text for text in ride.messages)


def test_the_server_says_how_long_to_wait(drive_up):
    ride = drive_up(policies=[refused(429, "Throttling", retry_after=9.0), POLICY])
    ride.step()
    assert ride.waits == [9.0]


def test_nobody_waits_to_upload_beyond_the_jobs_own_time(drive_up):
    ride = drive_up(policies=[refused(429, "Throttling", retry_after=3600.0)], timeout=60)
    assert isinstance(ride.run(), ApiError)
    assert ride.waits == []


def test_an_expired_policy_is_renewed(drive_up):
    ride = drive_up(posts=[Response(EXPIRED, status=403), b""])
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.client.calls.count("policy") == 2
    assert ride.waits[0] >= 1.8, "at once, not after a pause"


# -- the end of it ------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [refused(503), DROPPED], ids=str)
def test_trouble_that_stays(drive_up, trouble):
    ride = drive_up(policies=[trouble])
    error = ride.run()
    assert type(error) is type(trouble)
    assert error.message == trouble.message
    assert error.hint.endswith(NOTHING_PAID)
    assert "may have been accepted" not in error.hint
    assert not getattr(error, "maybe_accepted", False)
    assert ride.client.calls == ["policy"] * 5
    assert 10 < sum(ride.waits) < 40
    assert ride.job.state is State.FAILED


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "InvalidParameter"),
        (401, "InvalidApiKey"),
        (403, "AccessDenied"),
        (404, ""),
        (429, "PostpaidBillOverdue"),
    ],
)
def test_a_policy_that_is_refused_is_refused(drive_up, status, code):
    ride = drive_up(policies=[refused(status, code)])
    error = ride.run()
    assert (type(error), error.status, error.code) == (ApiError, status, code)
    assert error.hint == f"the advice; {NOTHING_PAID}"
    assert ride.client.calls == ["policy"]
    assert ride.waits == []


@pytest.mark.parametrize("status", [302, 400, 403, 404, 409])
def test_storage_that_refuses_is_not_asked_again(drive_up, status):
    ride = drive_up(posts=[Response(b"<Error><Code>No</Code></Error>", status=status)])
    error = ride.run()
    assert (type(error), error.status) == (ApiError, status)
    assert NOTHING_PAID in error.hint
    assert len(ride.storage.forms) == 1
    assert "create" not in ride.client.calls


def test_a_file_that_changed_or_went_away(drive_up, tmp_path):
    path = tmp_path / "dance.mp4"
    path.write_bytes(b"the first take")
    file = LocalFile.of("dance.mp4", "video/mp4", path)
    path.write_bytes(b"the other take")
    error = drive_up(file).run()
    assert isinstance(error, InputError)
    assert "has changed" in error.message
    assert NOTHING_PAID in error.hint
    path.unlink()
    assert "cannot be read any more" in drive_up(file).run().message


def test_a_file_that_is_too_large(drive_up):
    ride = drive_up(policies=[POLICY | {"max_file_size_mb": 1}])
    error = ride.run()
    assert isinstance(error, InputError)
    assert "takes 1 MB" in error.message
    assert NOTHING_PAID in error.hint
    assert ride.storage.forms == []


def test_an_upload_that_takes_longer_than_the_job_may(drive_up):
    ride = drive_up(timeout=2)

    def tick():
        ride.clock.now += 0.5

    ride.storage.on_piece = tick
    error = ride.run()
    assert type(error) is WanError
    assert "was not uploaded within 2 s" in error.message
    assert NOTHING_PAID in error.hint
    assert ride.job.state is State.FAILED
    assert "create" not in ride.client.calls


def test_an_error_that_nobody_thought_of_says_that_nothing_was_sent(drive_up):
    error = drive_up(policies=[KeyError("oops")]).run()
    assert type(error) is WanError
    assert error.hint == "please report this; nothing was sent, nothing is paid"


def test_nothing_secret_is_in_what_is_left(drive_up):
    body = f"<Error><Message>{POLICY['signature']} {POLICY['policy']}</Message></Error>"
    error = drive_up(posts=[Response(body.encode(), status=403)]).run()
    assert "*** ***" in error.message
    assert POLICY["signature"] not in f"{error} {vars(error)}"


# -- many jobs ----------------------------------------------------------------------------


@pytest.fixture
def shared(tmp_path):
    return Endpoint("fake", "https://api.example/api/v1", f"sk-{tmp_path}")


def test_the_same_file_goes_up_once(drive_up, shared):
    first, second = drive_up(endpoint=shared), drive_up(endpoint=shared)
    first.run()
    second.run()
    assert len(first.storage.forms) == 1
    assert second.storage.forms == []
    assert second.client.calls[0] == "create"
    assert second.client.created[0].body() == first.client.created[0].body()


def test_two_jobs_that_want_it_at_once_upload_it_once(drive_up, shared):
    first, second = drive_up(endpoint=shared), drive_up(endpoint=shared)
    half, go_on = threading.Event(), threading.Event()

    def wait():
        half.set()
        go_on.wait(PATIENCE)

    first.storage.on_piece = wait
    thread = threading.Thread(target=first.run)
    thread.start()
    assert half.wait(PATIENCE)
    assert second.step()
    assert second.job.message == "waiting for dance.mp4, which another job uploads"
    assert second.waits == [0.5], "its thread is free meanwhile"
    go_on.set()
    thread.join(PATIENCE)
    second.run()
    assert second.job.state is State.DONE
    assert second.storage.forms == []


def test_who_waits_takes_over_when_the_other_gives_up(drive_up, shared):
    first, second = drive_up(endpoint=shared), drive_up(endpoint=shared)
    first.storage.on_piece = lambda: (second.step(), first.job.cancel())
    assert isinstance(first.run(), JobCancelled)
    second.run()
    assert second.job.state is State.DONE
    assert len(second.storage.forms) == 1


def test_who_waits_can_be_cancelled(drive_up, shared):
    first, second = drive_up(endpoint=shared), drive_up(endpoint=shared)
    seen = []

    def during():
        if not seen:
            second.step()
            second.job.cancel()
            seen.append(second.run())

    first.storage.on_piece = during
    first.run()
    assert isinstance(seen[0], JobCancelled)


@pytest.mark.parametrize(
    "end",
    [
        {"creates": [refused(400, "InvalidParameter.DataInspection")]},
        {"queries": [task("FAILED", code="InvalidParameter", message="Failed to download oss")]},
    ],
    ids=["at the submit", "later"],
)
def test_a_file_that_the_service_cannot_read_goes_up_again(drive_up, shared, end):
    first, second = drive_up(endpoint=shared, **end), drive_up(endpoint=shared)
    assert isinstance(first.run(), WanError)
    second.run()
    assert len(second.storage.forms) == 1


def test_a_file_outlives_a_job_that_failed_for_another_reason(drive_up, shared):
    first = drive_up(endpoint=shared, creates=[refused(400, "Arrearage")])
    second = drive_up(endpoint=shared)
    first.run()
    second.run()
    assert second.storage.forms == []


def test_the_paid_call_is_made_once_after_an_upload_too(drive_up):
    ride = drive_up(creates=[DROPPED], lists=[refused(404)])
    error = ride.run()
    assert isinstance(error, ConnectionFailed)
    assert "may have been accepted" in error.hint
    assert ride.client.calls == ["policy", "create", "list"]


def test_a_busy_endpoint_is_asked_again_with_the_same_uploads(drive_up):
    ride = drive_up(creates=[refused(429, "Throttling"), task("PENDING")])
    ride.run()
    assert len(ride.storage.forms) == 1
    assert ride.client.created[0] == ride.client.created[1]
