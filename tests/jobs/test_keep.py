"""The file of a clip: its name, that it is nobody else's, and that a crash loses nothing."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from job_fakes import LINK, Hosted, task

from wan_magic.errors import DownloadError
from wan_magic.jobs import keep
from wan_magic.jobs.job import Record
from wan_magic.wan.request import VideoRequest

TASK = "0385dc79-5ff8"
DONE = task("SUCCEEDED", video_url=LINK)
NAME = "a-cat-running-0385dc79.mp4"


class Noted(Record):
    """Remembers what it is told before a clip gets its name, and what was there then."""

    def __init__(self):
        self.names = []

    def keeping(self, job, path, size):
        self.names.append((path, size, path.exists()))


@pytest.fixture(params=["hard links", "no hard links"])
def links(request, monkeypatch):
    """Run a test with and without hard links."""
    if request.param == "no hard links":

        def refuse(*_):
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)


@pytest.fixture
def again(drive):
    """Make the same job in another process, which knows the name that the first one chose."""

    def make(ride, kept):
        later = drive(folder=ride.folder, task_id=TASK, queries=[DONE])
        later.job.id, later.job.kept = ride.job.id, kept
        return later

    return make


def part_of(ride):
    return ride.folder / f".0385dc79-{ride.job.id}.part"


# -- the name ---------------------------------------------------------------------


def test_another_clip_is_never_written_over(drive, links):
    first = drive()
    one = first.run()
    one.path.write_bytes(b"somebody's own")
    two = drive(folder=first.folder).run()
    three = drive(folder=first.folder).run()
    assert [p.path.name for p in (one, two, three)] == [
        "a-cat-running-0385dc79.mp4",
        "a-cat-running-0385dc79-1.mp4",
        "a-cat-running-0385dc79-2.mp4",
    ]
    assert one.path.read_bytes() == b"somebody's own"


def test_a_name_that_is_taken_in_the_last_moment_is_left_alone(drive, links, video):
    ride = drive()

    class Rival(Record):
        def keeping(self, job, path, size):
            if path.name == NAME:
                path.write_bytes(b"somebody's own")

    ride.job.record = Rival()
    clip = ride.run()
    assert clip.path.name == "a-cat-running-0385dc79-1.mp4"
    assert (ride.folder / NAME).read_bytes() == b"somebody's own"
    assert clip.path.read_bytes() == video


def test_a_link_that_leads_nowhere_is_a_name_too(drive):
    ride = drive()
    (ride.folder / NAME).symlink_to("nowhere.mp4")
    assert ride.run().path.name == "a-cat-running-0385dc79-1.mp4"


def test_nothing_but_the_clip_is_left(drive, links, video):
    ride = drive()
    clip = ride.run()
    assert ride.files == [NAME]
    assert clip.path.stat().st_nlink == 1


def test_a_name_that_cannot_be_taken_leaves_the_part_alone(drive, monkeypatch, video):
    ride = drive()

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuse)
        patch.setattr(Path, "replace", refuse)
        assert isinstance(ride.run(), DownloadError)
    assert ride.files == [part_of(ride).name], "not even the reserved name"
    assert part_of(ride).read_bytes() == video


@pytest.mark.parametrize(
    ("prompt", "stem"),
    [
        ("A cat, running!", "a-cat-running"),
        ("一只猫在草地上奔跑。", "一只猫在草地上奔跑"),
        ("../../etc/passwd", "etc-passwd"),
        ('a/b\\c:d*e?f"g<h>i|j', "a-b-c-d-e-f-g-h-i-j"),
        ("...", "clip"),
        ("..", "clip"),
        ("🐈🐈", "clip"),
        ("-n --help", "n-help"),
        ("con", "con"),
        ("line one\nline two", "line-one-line-two"),
        ("half \ud83d pair", "half-pair"),
        ("x" * 500, "x" * 40),
        ("猫" * 500, "猫" * 40),
    ],
)
def test_the_file_is_named_after_the_prompt(drive, prompt, stem):
    ride = drive(request=VideoRequest(prompt=prompt))
    clip = ride.run()
    assert clip.path.name == f"{stem}-0385dc79.mp4"
    assert clip.path.parent == ride.folder


def test_the_file_is_named_after_the_effect_where_there_is_no_prompt(drive):
    ride = drive(request=VideoRequest(model="wanx2.1-i2v-plus", template="hug"))
    assert ride.run().path.name == "hug-0385dc79.mp4"


def test_a_task_id_that_is_a_path_leads_nowhere(drive, monkeypatch):
    ride = drive(creates=[task("PENDING", task_id="../../x")])
    monkeypatch.setattr(ride.client, "query", lambda task_id: DONE)
    assert ride.run().path == ride.folder / "a-cat-running-______x.mp4"


# -- in what order ----------------------------------------------------------------


def test_the_record_learns_the_name_before_the_file_has_it(drive, links, video):
    ride = drive()
    ride.job.record = record = Noted()
    clip = ride.run()
    assert record.names == [(clip.path, len(video), False)]


def test_a_file_that_can_not_be_played_is_not_noted_as_a_clip(drive, video):
    ride = drive(storage=[video[:12] + bytes(len(video) - 12)])
    ride.job.record = record = Noted()
    assert isinstance(ride.run(), DownloadError)
    assert record.names == []


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_after(drive, monkeypatch):
    ride = drive()
    synced, fsync = [], os.fsync

    def note(handle):
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        synced.append((kind, (ride.folder / NAME).exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", note)
    ride.run()
    assert synced == [("file", False), ("folder", True)]


def test_a_folder_that_can_not_be_synced_is_no_reason_to_fail(drive, monkeypatch, video):
    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # as Windows does for folders
    assert drive().run().path.read_bytes() == video


# -- a crash in between -----------------------------------------------------------


@pytest.fixture
def named(drive):
    """A job whose process ended when the clip had its name, and before it could say so."""
    ride = drive()
    ride.clip = ride.run()
    return ride


@pytest.mark.parametrize("leftover", [False, True], ids=["part gone", "part still linked"])
def test_a_clip_that_has_its_name_is_not_fetched_again(named, again, leftover):
    if leftover:
        os.link(named.clip.path, part_of(named))
    ride = again(named, named.clip.path)
    clip = ride.run()
    assert ride.storage.urls == []
    assert ride.client.calls == [], "the service may have forgotten the task: the file is enough"
    assert clip.path == named.clip.path
    assert (clip.sha256, clip.size) == (named.clip.sha256, named.clip.size)
    assert (clip.width, clip.height) == (64, 48)
    assert ride.files == [NAME]


def test_a_file_beside_the_jobs_own_part_is_another_jobs(named, again, video):
    part_of(named).write_bytes(video)
    ride = again(named, named.clip.path)
    ride.storage.answers = [Hosted(video)]
    clip = ride.run()
    assert clip.path.name != named.clip.path.name
    assert ride.storage.ranges == [f"bytes={len(video)}-"]


@pytest.mark.parametrize("content", [None, b"", b"somebody's own"], ids=["gone", "empty", "other"])
def test_a_name_without_its_clip_is_not_taken_for_it(named, again, content, video):
    named.clip.path.unlink()
    if content is not None:
        named.clip.path.write_bytes(content)
    clip = again(named, named.clip.path).run()
    assert clip.path.read_bytes() == video
    if content is not None:
        assert named.clip.path.read_bytes() == content


def test_a_name_that_was_only_reserved_is_free_again(named, again, video):
    """Without hard links an empty file takes the name first."""
    part_of(named).write_bytes(video)
    named.clip.path.write_bytes(b"")
    ride = again(named, named.clip.path)
    ride.storage.answers = [Hosted(video)]
    assert ride.run().path == named.clip.path
    assert ride.files == [NAME]
    assert named.clip.path.read_bytes() == video


def test_a_file_of_another_task_is_not_taken(named, again, video):
    other = named.clip.path.rename(named.folder / "a-cat-running-aaaaaaaa.mp4")
    ride = again(named, other)
    assert ride.run().path.name != other.name
    assert len(ride.storage.urls) == 1


def test_a_folder_in_place_of_a_clip_is_not_taken(named, again):
    named.clip.path.unlink()
    named.clip.path.mkdir()
    assert keep.earlier(again(named, named.clip.path).job) is None
