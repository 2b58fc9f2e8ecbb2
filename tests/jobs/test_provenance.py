"""How a clip was made goes with its file, and touches no byte of its video."""

from __future__ import annotations

import io
import json
import os
import struct
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import av
import pytest
from job_fakes import LINK, Hosted, task

from wan_magic.errors import DownloadError
from wan_magic.jobs import fetch
from wan_magic.jobs.job import Record
from wan_magic.jobs.keep import digest
from wan_magic.jobs.past import copied
from wan_magic.jobs.provenance import provenance, sidecar_of, tag, untag
from wan_magic.wan.media import Input
from wan_magic.wan.request import VideoRequest

SAID = {
    "made_with": "wan_magic 0.1.0",
    "made": "2026-11-23T16:00:00+08:00",
    "preview": False,
    "task_id": "0385dc79-5ff8",
    "model": "wan2.5-t2v-preview",
    "input": {"prompt": "A cat"},
    "parameters": {"seed": 7},
}
TASK = "0385dc79-5ff8"
DONE = task("SUCCEEDED", video_url=LINK)


@pytest.fixture
def path(tmp_path, video):
    file = tmp_path / "cat.mp4"
    file.write_bytes(video)
    return file


def packets(data):
    with av.open(io.BytesIO(data)) as box:
        return [(p.stream.index, p.pts, p.dts, bytes(p)) for p in box.demux() if p.pts is not None]


# -- in the file ---------------------------------------------------------------------------


def test_the_bytes_of_the_video_stay_and_what_is_said_stands_behind_them(path, video):
    tag(path, SAID)
    tagged = path.read_bytes()
    assert tagged.startswith(video)
    assert packets(tagged) == packets(video)
    assert provenance(path) == SAID


def test_other_programs_read_the_prompt(path):
    tag(path, SAID)
    with av.open(str(path), options={"export_xmp": "1"}) as box:
        packet = box.metadata["xmp"]
    assert ">A cat</rdf:li>" in packet
    assert "digitalsourcetype/trainedAlgorithmicMedia" in packet


@pytest.mark.parametrize(
    "prompt",
    [
        "<b>&amp; ]]> 'both' \"quotes\"",
        "一只猫 🐈 in the rain",
        "line one\nline two\ttab",
        "null \x00 bell \x07 nonchar \uffff",
        "half \ud83d pair",
        "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
        "x" * 20_000,
    ],
    ids=["markup", "words", "lines", "control", "surrogate", "entity", "long"],
)
def test_any_prompt_comes_back(path, prompt):
    tag(path, SAID | {"input": {"prompt": prompt}})
    assert provenance(path)["input"]["prompt"] == prompt
    with av.open(str(path), options={"export_xmp": "1"}) as box:
        ElementTree.fromstring(box.metadata["xmp"])


@pytest.mark.parametrize("change", ["open end", "rubbish behind", "no movie", "empty"])
def test_a_file_with_no_place_for_it_stays_as_it_is(path, video, change):
    data = {
        "open end": video + struct.pack(">I4s", 0, b"free") + b"...",
        "rubbish behind": video + b"abc",
        "no movie": video[:32],
        "empty": b"",
    }[change]
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"its last box|no video in it"):
        tag(path, SAID)
    assert path.read_bytes() == data


def test_a_box_that_is_cut_short_is_taken_off_again(path, video):
    tag(path, SAID)
    tagged = path.read_bytes()
    for end in [*range(len(video) + 5, len(video) + 40), len(tagged) - 1, len(tagged)]:
        path.write_bytes(tagged[:end])
        untag(path)
        assert path.read_bytes() == video


def test_the_services_own_box_before_its_pictures_stays(path, video):
    """Else a whole part would be cut down to nothing."""
    tag(path, SAID)
    box = path.read_bytes()[len(video) :]
    path.write_bytes(data := video[:32] + box + video[32:])
    untag(path)
    assert path.read_bytes() == data


def test_nothing_else_is_taken_off(path, video):
    for data in (video, video[:-1], video[: len(video) // 2], b"", b"abc", video + bytes(30)):
        path.write_bytes(data)
        untag(path)
        assert path.read_bytes() == data


@pytest.mark.parametrize(
    "packet",
    [
        b"<x>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"<a xmlns:w='https://wan-magic.invalid/xmp/1.0/'><w:provenance>[1]</w:provenance></a>",
        b"<a xmlns:w='https://wan-magic.invalid/xmp/1.0/'><w:provenance>{</w:provenance></a>",
        b"\xff\xfe",
    ],
)
def test_a_box_of_another_kind_says_nothing(path, packet):
    xmp = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", 24 + len(packet), b"uuid") + xmp + packet)
    assert provenance(path) == {}


# -- on the way to the clip ------------------------------------------------------------------


@pytest.fixture
def kept(drive):
    """Make a job that writes down how its clip was made."""

    def make(**about):
        ride = drive(**about)
        ride.job.keeps_provenance = True
        return ride

    return make


class Noted(Record):
    def __init__(self):
        self.sizes = []

    def keeping(self, job, path, size):
        self.sizes.append(size)


def test_a_clip_says_how_it_was_made_in_its_file_and_beside_it(kept, video):
    ride = kept()
    ride.job.record = record = Noted()
    clip = ride.run()
    data = clip.path.read_bytes()
    assert data.startswith(video)
    said = provenance(clip.path)
    assert said == json.loads(sidecar_of(clip.path).read_text("utf-8"))
    assert said["model"] == clip.request.model
    assert said["input"]["prompt"] == "A cat, running"
    assert said["parameters"] == {"resolution": "480P", "seed": 7}
    assert said["task_id"] == TASK
    assert datetime.fromisoformat(said["made"]).timestamp() < 86400, "the clock of the test"
    # The ledger and the object know the file as it is.
    assert (clip.sha256, clip.size) == digest(clip.path)
    assert record.sizes == [len(data)]
    assert clip.notes == ()
    assert ride.files == [clip.path.name, f"{clip.path.name}.json"]


def test_it_can_be_turned_off(drive, video):
    ride = drive()
    clip = ride.run()
    assert clip.path.read_bytes() == video
    assert ride.files == [clip.path.name]
    assert provenance(clip.path) == {}


def test_no_key_no_address_and_no_media_are_in_it(kept):
    picture = Input.from_url("image", "image", "https://x.org/sea.png?Signature=s3cret")
    inline = Input(
        option="last_frame",
        media="image",
        value="data:image/png;base64,QUJD",
        source="b",
        digest="",
    )
    request = VideoRequest(
        model="wan2.7-i2v",
        prompt="A cat",
        inputs=(picture, inline),
        extra_inputs={"style": "https://x.org/s?token=s3cret"},
    )
    clip = kept(request=request).run()
    for said in (clip.path.read_bytes(), sidecar_of(clip.path).read_bytes()):
        for secret in (b"s3cret", b"QUJD", b"sk-", b"storage.example", b"x.org"):
            assert secret not in said
    assert "sea.png" in str(provenance(clip.path))


def test_a_clip_that_can_not_be_tagged_is_kept_with_a_note(kept, monkeypatch, video):
    def full(path, said):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fetch, "tag", full)
    ride = kept()
    clip = ride.run()
    assert clip.path.read_bytes() == video
    assert clip.notes == ("the file does not say how it was made: No space left on device",)
    assert provenance(clip.path)["task_id"] == TASK, "the JSON beside it does"


def test_another_file_beside_it_stays(kept):
    ride = kept()
    (ride.folder / "a-cat-running-0385dc79.mp4.json").write_text('{"mine": 1}')
    clip = ride.run()
    assert sidecar_of(clip.path).read_text() == '{"mine": 1}'
    assert provenance(clip.path)["task_id"] == TASK, "the file itself does"
    assert "no JSON beside it" in clip.notes[0]


@pytest.mark.parametrize("cut", [0, 700], ids=["whole", "cut short"])
def test_a_kill_after_the_tag_costs_no_second_download(kept, video, cut):
    """The part is whole and tagged, and has no name yet."""
    ride = kept(task_id=TASK, queries=[DONE], storage=[Hosted(video)])
    part = ride.folder / f".0385dc79-{ride.job.id}.part"
    part.write_bytes(video)
    tag(part, SAID)
    os.truncate(part, part.stat().st_size - cut)
    clip = ride.run()
    assert ride.storage.ranges == [f"bytes={len(video)}-"]
    assert clip.path.read_bytes().startswith(video)
    assert provenance(clip.path)["model"] == clip.request.model
    assert (clip.sha256, clip.size) == digest(clip.path)


def test_a_kill_before_the_sidecar_leaves_it_to_the_next_life(kept):
    first = kept()
    clip = first.run()
    said = provenance(clip.path)
    sidecar_of(clip.path).unlink()
    later = kept(folder=first.folder, task_id=TASK, queries=[DONE])
    later.job.id, later.job.kept = first.job.id, clip.path
    again = later.run()
    assert again.path == clip.path
    assert json.loads(sidecar_of(clip.path).read_text("utf-8")) == said


def test_a_broken_video_is_not_tagged(kept, video):
    ride = kept(storage=[video[:12] + bytes(len(video) - 12)])
    assert isinstance(ride.run(), DownloadError)
    assert all(not name.endswith(".json") for name in ride.files)


def test_a_copy_into_another_folder_takes_it_along(kept, tmp_path):
    clip = kept().run()
    (tmp_path / "elsewhere").mkdir()
    copy = copied(clip.path, tmp_path / "elsewhere")
    assert provenance(copy) == json.loads(sidecar_of(copy).read_text("utf-8"))


@pytest.mark.parametrize("prompt", ["half \ud83d pair", "一只猫 \x00"])
def test_the_json_holds_any_prompt(kept, prompt):
    clip = kept(request=VideoRequest(prompt=prompt)).run()
    said = json.loads(sidecar_of(clip.path).read_text("utf-8"))
    assert said["input"]["prompt"] == prompt == provenance(clip.path)["input"]["prompt"]


def test_a_moved_file_tells_without_the_json(kept, tmp_path):
    clip = kept().run()
    moved = Path(clip.path).rename(tmp_path / "film.mp4")
    assert provenance(moved)["task_id"] == TASK


def test_the_request_of_a_task_from_elsewhere_is_not_made_up(kept):
    known = replace(VideoRequest(), model="unknown model")
    ride = kept(request=known, knows_request=False)
    said = provenance(ride.run().path)
    assert "model" not in said
    assert said["task_id"] == TASK
