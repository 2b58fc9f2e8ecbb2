"""The download of a job: what breaks off goes on, and what is wrong is said."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest
import requests
from job_fakes import DROPPED, LINK, Hosted, Response, refused, task

from wan_magic.errors import DownloadError, JobTimeout
from wan_magic.jobs.job import State
from wan_magic.wan import storage

TASK = "0385dc79-5ff8"
RESUME = f"%wanvideo resume {TASK}"
DONE = task("SUCCEEDED", video_url=LINK)
OTHER = "https://storage.example/b.mp4?Signature=new"
FRESH = task("SUCCEEDED", video_url=OTHER)
AT = 900
"""Where a connection breaks, in bytes."""


@pytest.fixture
def part_of():
    """Return the name of a job's part."""
    return lambda ride: f".0385dc79-{ride.job.id}.part"


@pytest.fixture
def again(drive):
    """Make the same job in another process, which finds what the first one left."""

    def make(ride, **more):
        later = drive(folder=ride.folder, task_id=TASK, queries=[DONE], **more)
        later.job.id = ride.job.id
        return later

    return make


@pytest.fixture
def killed(drive, video):
    """A job whose process ended when it had got 900 bytes."""
    ride = drive(storage=[Hosted(video, [AT])])
    while ride.job.state is not State.DOWNLOADING:
        ride.step()
    ride.steps.close()
    return ride


# -- a good download --------------------------------------------------------------


def test_the_clip_knows_its_files_digest_and_size(drive, video):
    clip = drive().run()
    assert clip.sha256 == hashlib.sha256(video).hexdigest()
    assert clip.size == len(video)


def test_progress_of_the_download(drive, video):
    ride = drive()
    sizes = []
    ride.job.on_change(lambda job: sizes.append(job.downloaded))
    ride.run()
    assert sizes[-1] == (len(video), len(video))


def test_the_first_try_asks_for_everything(drive, video):
    ride = drive()
    ride.run()
    assert ride.storage.headers == [{"Accept-Encoding": "identity"}]


# -- it breaks off ----------------------------------------------------------------


def test_a_download_that_breaks_off_goes_on_where_it_stopped(drive, video):
    ride = drive(storage=[Hosted(video, [AT])])
    assert ride.run().path.read_bytes() == video
    assert ride.storage.ranges == ["", f"bytes={AT}-"]
    assert ride.storage.headers[1]["If-Range"] == '"v1"'
    assert ride.storage.headers[1]["Accept-Encoding"] == "identity"
    assert ride.messages == [
        "the download from storage.example broke off: fetching it again in 1 s"
    ]


def test_progress_counts_what_came_before_the_break(drive, video):
    ride = drive(storage=[Hosted(video, [AT])])
    sizes = []
    ride.job.on_change(lambda job: sizes.append(job.downloaded[0]))
    ride.run()
    assert 0 not in sizes[sizes.index(len(video)) :]
    assert ride.job.downloaded == (len(video), len(video))


def test_the_part_goes_on_behind_a_fresh_link(drive, video):
    ride = drive(
        queries=[DONE, DONE, FRESH],
        storage=[Hosted(video, [AT]), Response(b"", status=403), Hosted(video)],
    )
    clip = ride.run()
    assert clip.path.read_bytes() == video
    assert ride.storage.urls == [LINK, LINK, OTHER]
    assert ride.storage.ranges == ["", f"bytes={AT}-", f"bytes={AT}-"]
    assert clip.url == OTHER


def test_a_slow_link_may_break_off_as_often_as_it_likes(drive, video):
    breaks = range(100, len(video), 100)
    assert len(breaks) > 8, "more than the tries that bring nothing"
    ride = drive(storage=[Hosted(video, breaks)])
    assert ride.run().path.read_bytes() == video
    assert len(ride.storage.urls) == len(breaks) + 1
    assert max(ride.download_waits) < 2, "whatever brings bytes is tried again soon"


def test_tries_that_bring_nothing_are_counted_and_come_ever_later(drive, video):
    ride = drive(storage=[requests.ConnectionError("reset")])
    assert isinstance(ride.run(), DownloadError)
    assert len(ride.storage.urls) == 8
    pauses = ride.download_waits
    assert pauses[:5] == sorted(pauses[:5])
    assert 24 <= pauses[-1] <= 36


def test_a_link_so_slow_that_time_runs_out(drive, video, part_of):
    class Slow(Response):
        def iter_content(self, size):
            for piece in super().iter_content(size):
                ride.clock.now += 400
                yield piece

    ride = drive(storage=[Slow(video, length=9000)], timeout=60)
    error = ride.run()
    assert isinstance(error, DownloadError)
    assert f"not ended after 600 s; the {len(video):,} bytes that came are kept" in error.message
    assert RESUME in error.hint
    assert ride.files == [part_of(ride)]


def test_a_host_that_serves_no_ranges_sends_it_all_again(drive, video):
    ride = drive(storage=[Response(video[:AT], length=len(video)), video])
    assert ride.run().path.read_bytes() == video
    assert any(
        f"sent {AT} of" in text and "fetching it again in 1 s" in text for text in ride.messages
    )


@pytest.mark.parametrize("honest", [True, False], ids=["If-Range honoured", "If-Range ignored"])
def test_a_file_that_changed_meanwhile_is_fetched_from_the_start(drive, video, honest):
    old = Hosted(bytes(len(video)), [AT], etag='"v0"')
    ride = drive(storage=[old, Hosted(video, honours_if_range=honest)])
    assert ride.run().path.read_bytes() == video


def test_a_file_of_another_length_is_fetched_from_the_start(drive, video):
    ride = drive(storage=[Hosted(bytes(len(video) + 9), [AT], etag=""), Hosted(video, etag="")])
    assert ride.run().path.read_bytes() == video
    assert ride.storage.ranges == ["", f"bytes={AT}-", ""]


@pytest.mark.parametrize(
    "said", ["", "bytes", "bytes 0-99/2000", "bytes 900-/*", "bytes 900-1000/*", "items 900-9/9"]
)
def test_a_range_that_is_not_the_one_asked_for_is_not_used(drive, video, said):
    odd = Response(b"x" * 50, 206, Content_Range=said)
    ride = drive(storage=[Hosted(video, [AT]), odd, Hosted(video)])
    assert ride.run().path.read_bytes() == video
    assert ride.storage.ranges == ["", f"bytes={AT}-", ""]


def test_a_weak_version_is_not_asked_for(drive, video):
    weak = Response(
        video[:AT], length=len(video), ETag='W/"v1"', Last_Modified="Thu, 09 Oct 2025 09:10:00 GMT"
    )
    ride = drive(storage=[weak, Hosted(video)])
    ride.run()
    assert ride.storage.headers[1]["If-Range"] == "Thu, 09 Oct 2025 09:10:00 GMT"


def test_a_busy_host_says_how_long_to_wait(drive, video):
    ride = drive(storage=[Response(b"", 503, Retry_After="21"), Hosted(video)])
    ride.run()
    assert ride.download_waits == [21.0]


def test_nobody_waits_beyond_the_downloads_own_time(drive):
    ride = drive(storage=[Response(b"", 429, Retry_After="86400")])
    error = ride.run()
    assert isinstance(error, DownloadError)
    assert "HTTP 429" in error.message
    assert len(ride.storage.urls) == 1


def test_detached_in_the_middle_the_part_stays(drive, part_of):
    ride = drive()
    ride.job.on_change(lambda job: job.state is State.DOWNLOADING and job.detach())
    error = ride.run()
    assert isinstance(error, JobTimeout)
    assert "stopped watching" in error.message
    assert ride.job.state is State.DETACHED
    assert ride.files == [part_of(ride)]


def test_detached_between_two_downloads(drive, video):
    ride = drive(storage=[b"", video])
    while ride.job.state is not State.DOWNLOADING:
        ride.step()
    ride.job.detach()
    assert isinstance(ride.run(), JobTimeout)
    assert len(ride.storage.urls) == 1
    assert ride.job.state is State.DETACHED


def test_a_cancel_during_the_download_comes_too_late_and_says_so(drive, video):
    ride = drive(storage=[b"", video])
    while ride.job.state is not State.DOWNLOADING:
        ride.step()
    ride.job.cancel()
    ride.run()
    assert ride.job.state is State.DONE
    assert ride.job.cancel_refused
    assert "the video is made already" in " ".join(ride.messages)


# -- another process goes on ------------------------------------------------------


def test_what_a_killed_process_left_is_gone_on_with(killed, again, video, part_of):
    assert killed.files == [part_of(killed)]
    ride = again(killed, storage=[Hosted(video)])
    clip = ride.run()
    assert clip.path.read_bytes() == video
    assert ride.storage.ranges == [f"bytes={AT}-"]
    assert "If-Range" not in ride.storage.headers[0], "the version of the part is not known"
    assert ride.files == [clip.path.name]


@pytest.mark.parametrize("oss", [False, True], ids=["416", "whole file"])
def test_a_part_that_is_whole_already_is_not_fetched_again(drive, again, video, part_of, oss):
    first = drive()
    (first.folder / part_of(first)).write_bytes(video)
    ride = again(first, storage=[Hosted(video, oss=oss)])
    clip = ride.run()
    assert clip.path.read_bytes() == video
    assert ride.storage.ranges == [f"bytes={len(video)}-"]
    assert ride.messages == []


@pytest.mark.parametrize("oss", [False, True], ids=["416", "whole file"])
def test_a_part_that_is_too_long_is_thrown_away(drive, again, video, part_of, oss):
    first = drive()
    (first.folder / part_of(first)).write_bytes(video + b"more")
    assert again(first, storage=[Hosted(video, oss=oss)]).run().path.read_bytes() == video


@pytest.mark.parametrize("size", [10, AT, 100_000])
def test_a_part_that_does_not_fit_is_thrown_away(drive, again, video, part_of, size):
    first = drive()
    (first.folder / part_of(first)).write_bytes(b"<html>" + bytes(size - 6))
    ride = again(first, storage=[Hosted(video)])
    assert ride.run().path.read_bytes() == video


def test_what_was_put_together_gets_a_try_in_one_piece_before_it_is_given_up(
    drive, again, video, part_of
):
    first = drive()
    (first.folder / part_of(first)).write_bytes(bytes(AT))
    ride = again(first, storage=[*[Response(b"", status=403)] * 7, Hosted(video)])
    assert ride.run().path.read_bytes() == video
    assert ride.storage.ranges[-2:] == [f"bytes={AT}-", ""]


def test_a_page_to_log_in_does_not_destroy_a_part(drive, video):
    page = Response(b"<html>log in first</html>", Content_Type="text/html; charset=utf-8")
    ride = drive(storage=[Hosted(video, [AT]), page, Hosted(video)])
    assert ride.run().path.read_bytes() == video
    assert ride.storage.ranges == ["", f"bytes={AT}-", f"bytes={AT}-"]
    assert any("sent text/html, not a playable video" in text for text in ride.messages)


def test_the_bound_on_bytes_holds_for_parts_too(killed, again, video, monkeypatch):
    monkeypatch.setattr(storage, "_VIDEO_MAX_BYTES", AT + 1)
    error = again(killed, storage=[Hosted(video)]).run()
    assert isinstance(error, DownloadError)
    assert f"{len(video):,} bytes, larger than the 901 that are taken" in error.message


# -- what is no video -------------------------------------------------------------


def test_a_file_that_is_cut_without_a_word_is_fetched_again(drive, video):
    ride = drive(storage=[video[: len(video) // 2], video])
    assert ride.run().path.read_bytes() == video
    assert ride.storage.ranges == ["", ""], "from the start"
    assert any("not a playable video" in text for text in ride.messages)


@pytest.mark.parametrize(
    ("answer", "part", "left"),
    [
        (b"", "sent 0 of 0 bytes", 0),
        (b"<html>log in first</html>", "not a playable video", 0),
        (Response(b"{}", Content_Type="application/json"), "sent application/json", 0),
        (Response(b"", status=403), "HTTP 403", 0),
        (Response(b"", status=404), "HTTP 404", 0),
        (Response(b"abc", length=9), "sent 3 of 9 bytes", 3),
        (Response(b"abcdefghijk", length=9), "larger than 9 bytes", 0),
        (requests.ConnectionError("reset"), "broke off", 0),
    ],
    ids=["empty", "html", "json", "expired", "gone", "truncated", "too much", "reset"],
)
def test_a_video_that_cannot_be_had(drive, answer, part, left, part_of):
    ride = drive(storage=[answer])
    error = ride.run()
    assert isinstance(error, DownloadError)
    assert error.message.startswith("the video is made, but is not on disk: ")
    assert part in error.message
    assert error.task_id == TASK
    assert RESUME in error.hint
    assert ride.job.state is State.FAILED
    assert len(ride.storage.urls) == 8
    assert ride.files == ([part_of(ride)] if left else []), "only what can be gone on with"
    assert "s3cret" not in str(error)
    assert ".part" not in str(error)


def test_what_came_whole_but_can_not_be_played_is_kept_for_its_owner(drive, video):
    damaged = video[:12] + bytes(len(video) - 12)
    ride = drive(storage=[damaged])
    error = ride.run()
    assert isinstance(error, DownloadError)
    (kept,) = ride.files
    assert kept.endswith(".mp4")
    assert kept in error.message
    assert (ride.folder / kept).read_bytes() == damaged


def test_an_expired_link_is_renewed(drive, video):
    ride = drive(queries=[DONE, FRESH], storage=[Response(b"", status=403), video])
    clip = ride.run()
    assert ride.storage.urls == [LINK, OTHER]
    assert clip.url == OTHER


@pytest.mark.parametrize("answer", [refused(500), DROPPED, task("UNKNOWN")], ids=str)
def test_the_old_link_is_tried_again_where_there_is_no_new_one(drive, video, answer):
    ride = drive(queries=[DONE, answer], storage=[Response(b"", status=403), video])
    ride.run()
    assert ride.storage.urls == [LINK, LINK]


# -- the disk ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "reason", "cure"),
    [
        (errno.ENOSPC, "No space left on device", "free some space"),
        (errno.EACCES, "Permission denied", "make it writable"),
        (errno.EROFS, "Read-only file system", "make it writable"),
    ],
)
def test_a_folder_that_can_not_be_written_to(drive, monkeypatch, number, reason, cure):
    ride = drive()
    opened = Path.open

    def fail(path, mode="r", *args, **kwargs):
        if path.suffix == ".part" and mode in ("wb", "ab"):
            raise OSError(number, reason)
        return opened(path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", fail)
    error = ride.run()
    assert isinstance(error, DownloadError)
    assert error.message.endswith(f"cannot write to {ride.folder}: {reason}")
    assert error.hint.startswith(f"{cure}, or name another folder with --out; then {RESUME}")
    assert len(ride.storage.urls) == 1, "another try would not help"
    assert ride.files == []


def test_a_disk_that_fills_up_keeps_what_came(drive, again, monkeypatch, video, part_of):
    ride = drive(storage=[Hosted(video)])
    opened = Path.open

    class Full:
        """A file that takes 900 bytes."""

        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, piece):
            self.file.write(piece[:AT])
            raise OSError(errno.ENOSPC, "No space left on device")

    def nearly_full(path, mode="r", *args, **kwargs):
        file = opened(path, mode, *args, **kwargs)
        return Full(file) if mode == "wb" else file

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", nearly_full)
        error = ride.run()
    assert error.message.endswith("No space left on device")
    assert ride.files == [part_of(ride)]
    later = again(ride, storage=[Hosted(video)])
    assert later.run().path.read_bytes() == video
    assert later.storage.ranges == [f"bytes={AT}-"]


def test_a_folder_that_went_away_is_made_again(drive, video):
    ride = drive()
    ride.folder.rmdir()
    assert ride.run().path.read_bytes() == video


def test_a_folder_that_goes_away_during_the_download_is_made_again(drive, video, part_of):
    ride = drive(storage=[Hosted(video, [AT])])
    while ride.job.state is not State.DOWNLOADING:
        ride.step()
    (ride.folder / part_of(ride)).unlink()
    ride.folder.rmdir()
    assert ride.run().path.read_bytes() == video
    assert ride.storage.ranges == ["", ""]


def test_a_folder_that_became_a_file(drive):
    ride = drive()
    ride.folder.rmdir()
    ride.folder.write_text("")
    error = ride.run()
    assert isinstance(error, DownloadError)
    assert f"cannot write to {ride.folder}: " in error.message
