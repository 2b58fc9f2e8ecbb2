"""The file of a clip as an object: its frames, its thumbnail, copies of it."""

from __future__ import annotations

import json
from fractions import Fraction

import av
import pytest
from PIL import Image

from wan_magic.errors import InputError
from wan_magic.jobs import provenance
from wan_magic.jobs.film import Film
from wan_magic.wan.video import poster, probe_video

SHADES = [10 * n for n in range(1, 25)]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A film of 24 greys, ten a second, with pictures between key frames that look ahead."""
    path = tmp_path_factory.mktemp("film") / "cat-0385dc79.mp4"
    with av.open(str(path), "w") as box:
        stream = box.add_stream("libx264", rate=10, options={"bf": "3", "g": "7", "crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.time_base = Fraction(1, 10)
        for shade in SHADES:
            image = Image.new("RGB", (64, 48), (shade,) * 3)
            box.mux(stream.encode(av.VideoFrame.from_image(image)))
        box.mux(stream.encode())
    return path


@pytest.fixture
def clip(source):
    info = probe_video(source)
    return Film(
        path=source,
        width=info.width,
        height=info.height,
        duration=info.duration,
        fps=info.fps,
        has_audio=info.has_audio,
        poster=poster(source),
    )


def shade_of(image):
    return image.convert("L").getpixel((30, 20))


# -- frames ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(24))
def test_each_frame_is_the_one_that_is_seen_at_its_time(clip, number):
    for t in (number / 10, number / 10 + 0.09):
        assert shade_of(clip.frame(t)) == pytest.approx(SHADES[number], abs=3)


def test_a_frame_is_the_clips_size_and_the_last_one_is_the_last(clip):
    assert clip.frame(0).size == (64, 48)
    assert clip.frame(2.3).tobytes() == clip.last_frame().tobytes()


@pytest.mark.parametrize("t", [2.4, 100, -0.1])
def test_there_is_no_frame_before_the_first_and_after_the_last(clip, t):
    with pytest.raises(InputError, match=r"cat-0385dc79\.mp4 lasts 2\.4 s") as caught:
        clip.frame(t)
    assert "less than 2.4; last_frame()" in caught.value.hint


@pytest.mark.parametrize("t", ["1", None, float("nan"), float("inf"), True])
def test_a_time_is_a_number(clip, t):
    with pytest.raises(InputError, match="no number of seconds"):
        clip.frame(t)


def test_a_film_that_can_not_be_sought_is_read_from_its_beginning(source, tmp_path):
    """A transport stream has no index, and says of no frame where it is."""
    path = tmp_path / "cat.ts"
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    film = Film(path=path, width=64, height=48, duration=2.4, fps=10, has_audio=False)
    assert [round(shade_of(film.frame(n / 10)), -1) for n in (0, 6, 7, 23)] == [10, 70, 80, 240]


def test_in_a_list_it_is_a_short_line_without_the_folders_of_the_machine(clip, monkeypatch):
    monkeypatch.chdir(clip.path.parent)
    assert repr([clip]) == "[<Film cat-0385dc79.mp4: 64×48, 2.4 s>]"


def test_the_thumbnail_is_a_small_picture_that_needs_no_file(clip, tmp_path):
    from dataclasses import replace

    gone = replace(clip, path=tmp_path / "gone.mp4")
    assert gone.thumbnail.size == (64, 48)
    assert max(replace(clip, poster=_jpeg(640, 360)).thumbnail.size) == 320
    assert replace(clip, poster=b"").thumbnail.size == (64, 48)


def _jpeg(*size):
    import io

    out = io.BytesIO()
    Image.new("RGB", size).save(out, "JPEG")
    return out.getvalue()


# -- copies ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("final.mp4", "final.mp4"),
        ("final", "final.mp4"),
        ("there", "there/cat-0385dc79.mp4"),
        ("new/", "new/cat-0385dc79.mp4"),
        ("new/deep/a.MP4", "new/deep/a.MP4"),
    ],
)
def test_a_copy_goes_to_a_file_or_into_a_folder(clip, tmp_path, monkeypatch, given, made):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    path = clip.save(given)
    assert path == tmp_path / made
    assert path.read_bytes() == clip.path.read_bytes()
    assert [one.name for one in path.parent.glob(".*")] == []


@pytest.mark.parametrize("path", ["", " ", None, 5])
def test_a_copy_needs_a_name(clip, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="names no file") as caught:
        clip.save(path)
    assert "boat.mp4" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_replaced_only_if_that_is_said(clip, tmp_path):
    there = tmp_path / "final.mp4"
    there.write_bytes(b"somebody's own")
    with pytest.raises(InputError, match="is there already") as caught:
        clip.save(there)
    assert "overwrite=True" in caught.value.hint
    assert there.read_bytes() == b"somebody's own"
    clip.save(there, overwrite=True)
    assert there.read_bytes() == clip.path.read_bytes()
    assert clip.save(there) == there, "the cell runs again"
    assert [one.name for one in tmp_path.iterdir()] == ["final.mp4"]


def test_a_link_that_leads_nowhere_is_not_written_through(clip, tmp_path):
    (tmp_path / "final.mp4").symlink_to("elsewhere.mp4")
    with pytest.raises(InputError, match="is there already"):
        clip.save(tmp_path / "final.mp4")
    assert not (tmp_path / "elsewhere.mp4").exists()


def test_another_ending_is_refused_and_a_clip_without_its_file_too(clip, tmp_path):
    from dataclasses import replace

    with pytest.raises(InputError, match="an MP4 by another name"):
        clip.save(tmp_path / "final.gif")
    with pytest.raises(InputError, match="the file is gone"):
        replace(clip, path=tmp_path / "gone.mp4").save(tmp_path / "a.mp4")


def test_a_copy_that_breaks_off_leaves_nothing(clip, tmp_path, monkeypatch):
    import shutil

    def full(source, target):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(InputError, match="No space left on device"):
        clip.save(tmp_path / "final.mp4")
    assert list(tmp_path.iterdir()) == []


def test_what_tells_how_it_was_made_goes_along_and_stays_off_other_files(clip, tmp_path, source):
    said = {"made_with": "wan_magic 0.1.0", "task_id": "0385dc79"}
    provenance.write_sidecar(source, said)
    try:
        path = clip.save(tmp_path / "a.mp4")
        assert json.loads((tmp_path / "a.mp4.json").read_text()) == said
        (tmp_path / "b.mp4.json").write_text('{"mine": 1}')
        clip.save(tmp_path / "b.mp4")
        assert (tmp_path / "b.mp4.json").read_text() == '{"mine": 1}'
    finally:
        provenance.sidecar_of(source).unlink()
    path.write_bytes(b"")
    clip.save(path, overwrite=True)
    assert not (tmp_path / "a.mp4.json").exists(), "it told of the video before"
