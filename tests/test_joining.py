"""Clips joined into one film: as they are where they are alike, else encoded again."""

from __future__ import annotations

import json
import math
from array import array
from fractions import Fraction

import av
import pytest
from PIL import Image

import wan_magic
from wan_magic.errors import InputError
from wan_magic.jobs.film import Film
from wan_magic.jobs.job import Job, State
from wan_magic.wan.request import VideoRequest
from wan_magic.wan.video import frame_at, last_frame, probe_video


def clip(path, shade, *, size=(64, 48), rate=10, frames=10, tone=None):
    """Write a film of one grey; with a tone, in hertz, it has sound."""
    with av.open(str(path), "w") as box:
        video = box.add_stream("libx264", rate=rate, options={"bf": "2", "g": "5"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.time_base = Fraction(1, rate)
        audio = box.add_stream("aac", rate=48000, layout="stereo") if tone else None
        for _ in range(frames):
            image = Image.new("RGB", size, (shade,) * 3)
            box.mux(video.encode(av.VideoFrame.from_image(image)))
        box.mux(video.encode(None))
        if audio:
            samples = 48000 * frames // rate
            wave = [round(9000 * math.sin(math.tau * tone * n / 48000)) for n in range(samples)]
            frame = av.AudioFrame(format="s16", layout="stereo", samples=samples)
            frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
            pcm = array("h", [v for value in wave for v in (value, value)]).tobytes()
            frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
            box.mux(audio.encode(frame))
            box.mux(audio.encode(None))
    return path


def pictures(path):
    """The packets of the video, without their times."""
    with av.open(str(path)) as box:
        return [bytes(packet) for packet in box.demux(video=0) if packet.pts is not None]


def shades(path, every):
    duration = probe_video(path).duration
    return [
        frame_at(path, n * every).convert("L").getpixel((30, 20))
        for n in range(math.ceil(duration / every - 1e-6))
    ]


def loudness(path, start, end):
    with av.open(str(path)) as box:
        to = av.AudioResampler(format="s16", layout="mono", rate=48000)
        pcm = array("h")
        for frame in box.decode(audio=0):
            for made in to.resample(frame):
                pcm.frombytes(bytes(made.planes[0])[: 2 * made.samples])
    some = pcm[int(start * 48000) : int(end * 48000)]
    return max(map(abs, some), default=0)


def boxes(path):
    data, at, kinds = path.read_bytes(), 0, []
    while at < len(data):
        kinds.append(data[at + 4 : at + 8].decode("latin-1"))
        at += int.from_bytes(data[at : at + 4]) or len(data)
    return kinds


# -- alike ----------------------------------------------------------------------------------


def test_clips_that_are_alike_keep_every_packet(tmp_path):
    parts = [clip(tmp_path / f"{n}.mp4", 60 * n, tone=440) for n in (1, 2, 3)]
    reel = wan_magic.concat(parts, tmp_path / "film.mp4")
    assert not reel.is_encoded
    assert pictures(reel.path) == [packet for part in parts for packet in pictures(part)]
    assert (reel.duration, reel.fps, reel.has_audio) == (pytest.approx(3, abs=0.03), 10, True)
    assert shades(reel.path, 0.5) == pytest.approx([60, 60, 120, 120, 180, 180], abs=3)


def test_their_times_run_on_and_sound_stays_with_its_pictures(tmp_path):
    parts = [clip(tmp_path / f"{n}.mp4", 60 * n, tone=440) for n in range(1, 5)]
    path = wan_magic.concat(parts, tmp_path / "film.mp4").path
    with av.open(str(path)) as box:
        for stream in box.streams:
            box.seek(0)
            times = [p.dts for p in box.demux(stream) if p.dts is not None]
            assert times == sorted(set(times))
            end = (stream.start_time or 0) + stream.duration
            assert float(end * stream.time_base) == pytest.approx(4, abs=0.03)


def test_the_index_is_in_front_so_that_a_browser_plays_at_once(tmp_path):
    parts = [clip(tmp_path / f"{n}.mp4", 60 * n) for n in (1, 2)]
    for encode in (False, True):
        reel = wan_magic.concat(parts, tmp_path / "film.mp4", encode=encode, overwrite=True)
        kinds = boxes(reel.path)
        assert kinds.index("moov") < kinds.index("mdat")


# -- not alike --------------------------------------------------------------------------------


def test_others_become_as_large_and_as_fast_as_the_first(tmp_path):
    parts = [
        clip(tmp_path / "a.mp4", 200),
        clip(tmp_path / "b.mp4", 100, size=(48, 96), rate=25, frames=25),
    ]
    reel = wan_magic.concat(parts)
    assert reel.is_encoded
    assert (reel.width, reel.height, reel.fps) == (64, 48, 10)
    assert reel.duration == pytest.approx(2, abs=0.11)
    assert shades(reel.path, 0.5)[:4] == pytest.approx([200, 200, 100, 100], abs=4)
    beside = last_frame(reel.path).convert("L")
    assert beside.getpixel((2, 20)) < 8, "a black bar beside a portrait"


def test_a_silent_clip_among_others_gets_silence(tmp_path):
    parts = [
        clip(tmp_path / "a.mp4", 90, tone=440),
        clip(tmp_path / "b.mp4", 90),
        clip(tmp_path / "c.mp4", 90, tone=880),
    ]
    reel = wan_magic.concat(parts)
    assert reel.is_encoded
    assert reel.has_audio
    assert loudness(reel.path, 0.3, 0.7) > 5000
    assert loudness(reel.path, 1.3, 1.7) < 100
    assert loudness(reel.path, 2.3, 2.7) > 5000


def test_encoding_can_be_forbidden(tmp_path):
    parts = [clip(tmp_path / "a.mp4", 90), clip(tmp_path / "b.mp4", 90, size=(48, 64))]
    with pytest.raises(InputError, match="differ in size"):
        wan_magic.concat(parts, encode=False)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


# -- the file -----------------------------------------------------------------------------------


def test_running_a_cell_again_finds_the_film_and_other_clips_make_another(tmp_path, monkeypatch):
    from wan_magic.wan import join

    parts = [clip(tmp_path / f"{n}.mp4", 60 * n) for n in (1, 2)]
    first = wan_magic.concat(parts)
    named = wan_magic.concat(parts, tmp_path / "film.mp4")
    with monkeypatch.context() as patch:
        patch.setattr(join, "join", lambda *_, **__: pytest.fail("joined again"))
        assert wan_magic.concat(parts) == first
        assert wan_magic.concat(parts, tmp_path / "film.mp4") == named
    assert wan_magic.concat(parts[::-1]).path != first.path
    with pytest.raises(InputError, match="is there already"):
        wan_magic.concat(parts[::-1], tmp_path / "film.mp4")
    wan_magic.concat(parts[::-1], tmp_path / "film.mp4", overwrite=True)
    assert shades(named.path, 1) == pytest.approx([120, 60], abs=3)
    assert not list(tmp_path.glob(".*")), "no parts are left"


def test_the_film_says_what_it_is_made_of_unless_that_is_turned_off(tmp_path, monkeypatch):
    parts = [clip(tmp_path / f"{n}.mp4", 60 * n) for n in (1, 2)]
    said = wan_magic.provenance(wan_magic.concat(parts).path)
    assert [part["file"] for part in said["parts"]] == ["1.mp4", "2.mp4"]
    monkeypatch.setenv("WAN_MAGIC_PROVENANCE", "off")
    plain = wan_magic.concat(parts, tmp_path / "plain.mp4")
    assert wan_magic.provenance(plain.path) == {}


def test_jobs_films_and_paths_are_taken_and_nothing_else(tmp_path):
    path = clip(tmp_path / "a.mp4", 90)
    film = Film(path=path, width=64, height=48, duration=1, fps=10, has_audio=False)
    job = Job(VideoRequest(prompt="x"), endpoint="local")
    job.finish(film, State.DONE)
    reel = wan_magic.concat([film, job, str(path), path])
    assert reel.duration == pytest.approx(4)
    assert wan_magic.concat([reel, film]).duration == pytest.approx(5)
    for wrong in ([], film, str(path), [3], None, [tmp_path / "gone.mp4"]):
        with pytest.raises(InputError):
            wan_magic.concat(wrong)
    with pytest.raises(InputError, match="one of the clips"):
        wan_magic.concat([path, film], path, overwrite=True)


def test_what_is_no_video_is_named_and_leaves_nothing(tmp_path):
    good, bad = clip(tmp_path / "a.mp4", 90), tmp_path / "b.mp4"
    bad.write_bytes(good.read_bytes()[:-700])
    with pytest.raises(InputError, match=r"b\.mp4 is not a playable video"):
        wan_magic.concat([good, bad], tmp_path / "film.mp4")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_a_film_starts_the_next_shot_and_is_shown_as_a_player(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parts = [clip(tmp_path / f"{n}.mp4", 60 * n, size=(640, 360)) for n in (1, 2)]
    reel = wan_magic.concat(parts)
    from wan_magic.actions import api

    request, _ = api.build("on", image=reel)
    assert request.inputs[0].source == f"the last frame of {reel.path.name}"
    data, metadata = reel._repr_mimebundle_()
    assert f'src="{reel.path.name}"' in data["text/html"]
    assert "a film of 2 clips" in data["text/plain"]
    assert "a film of 1 clip," in wan_magic.concat(parts[:1])._repr_mimebundle_()[0]["text/plain"]
    json.dumps(metadata)
