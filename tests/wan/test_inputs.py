"""Videos, sounds, documents and pages made ready to send, and how a reference is told."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
import subprocess
import sys
from dataclasses import replace

import av
import pytest
from making import encoded, make_sound, picture
from PIL import Image

from wan_magic.errors import InputError
from wan_magic.wan.catalog import MB, MODELS, Limits
from wan_magic.wan.local_file import LocalFile
from wan_magic.wan.media import (
    Input,
    load,
    load_document,
    load_link,
    load_sound,
    load_video,
)


def limits_of(model, option, media):
    return MODELS[model].slot(option, media).limits


ANY = Limits(formats=("mp4", "mov"))
REFERENCE = limits_of("wan2.7-r2v", "ref", "video")
R2V = MODELS["wan2.7-r2v"]
SOUND = limits_of("wan2.5-t2v-preview", "audio", "audio")
DOCUMENT = limits_of("wan3.0-video", "file", "file")


def movie(path, *, seconds=2.0, size=(320, 240), fps=10, codec="libx264", box_format=None):
    """A clip of one picture, quickly made: an orange bar on top."""
    picture = Image.new("RGB", size, "teal")
    picture.paste("orange", (0, 0, size[0], size[1] // 3))
    with av.open(str(path), "w", format=box_format) as box:
        video = box.add_stream(codec, rate=fps)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        if codec == "libx264":
            video.options = {"preset": "ultrafast"}
        frame = av.VideoFrame.from_image(picture)
        for i in range(round(seconds * fps)):
            frame.pts = i
            box.mux(video.encode(frame))
        box.mux(video.encode())
    return path


def turned(path):
    """Turn a clip as phones do: a matrix in its header, the pictures stay as they are."""
    upright = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    matrix = struct.pack(">9I", 0, 0x10000, 0, 0xFFFF0000, 0, 0, 0, 0, 0x40000000)
    data = path.read_bytes()
    at = data.index(upright, data.index(b"tkhd"))
    path.write_bytes(data[:at] + matrix + data[at + 36 :])
    return path


@pytest.fixture(scope="module")
def cat(tmp_path_factory):
    """Two seconds, 320×240, 10 frames a second."""
    return movie(tmp_path_factory.mktemp("videos") / "cat.mp4")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    picture().save(folder / "cat.png")
    movie(folder / "cat.mp4")
    make_sound(folder / "cat.wav")
    make_sound(folder / "cat.mp3", kind="mp3")
    (folder / "cat.pdf").write_bytes(b"%PDF-1.4")
    return folder


def refused(load_it, *args, **options):
    with pytest.raises(InputError) as caught:
        load_it(*args, **options)
    error = caught.value
    assert "\n" not in error.message
    assert len(str(error)) < 400
    return error


def test_importing_it_loads_nothing_heavy():
    heavy = {"PIL", "av", "requests", "numpy"}
    code = (
        f"import sys, wan_magic.wan.media, wan_magic.wan.request; print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


class TestVideos:
    def test_a_video_is_measured_and_uploaded_byte_for_byte(self, cat):
        made = load_video(cat, REFERENCE, option="ref")
        data = cat.read_bytes()
        assert (made.option, made.media, made.value, made.source) == ("ref", "video", "", "cat.mp4")
        assert (made.width, made.height) == (320, 240)
        assert made.seconds == pytest.approx(2, abs=0.05)
        assert made.digest == made.upload.digest == hashlib.sha256(data).hexdigest()
        assert (made.upload.name, made.upload.mime, made.upload.size) == (
            "cat.mp4",
            "video/mp4",
            len(data),
        )
        with made.upload.open() as stream:
            assert stream.read() == data
        assert made.notes == ()

    def test_a_thumbnail_shows_its_first_picture(self, tmp_path):
        made = load_video(movie(tmp_path / "a.mp4", size=(960, 540)), ANY)
        thumb = Image.open(io.BytesIO(made.thumbnail))
        assert (thumb.format, thumb.size) == ("JPEG", (480, 270))

    @pytest.mark.parametrize("kind", ["str", "path", "file url", "home"])
    def test_every_way_to_name_a_file(self, cat, clean_machine, kind):
        (clean_machine / "cat.mp4").write_bytes(cat.read_bytes())
        ways = {"str": str(cat), "path": cat, "file url": cat.as_uri(), "home": "~/cat.mp4"}
        assert load_video(ways[kind], ANY).source == "cat.mp4"

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    def test_bytes(self, cat, kind):
        made = load_video(kind(cat.read_bytes()), ANY, option="clip")
        assert made.source == "a video in memory"
        assert (made.upload.name, made.upload.mime) == ("clip.mp4", "video/mp4")
        assert made.digest == load_video(cat, ANY).digest

    def test_a_finished_clip(self, cat):
        class Clip:
            path = cat

            def last_frame(self):
                raise AssertionError("its file is meant")

        assert load_video(Clip(), ANY).upload.content == cat

    @pytest.mark.parametrize(
        ("given", "sent"),
        [
            ("https://a.com/cat.mp4?x=1", "https://a.com/cat.mp4?x=1"),
            (" https://a.com/my cat.MOV ", "https://a.com/my%20cat.MOV"),
            ("https://a.com/video", "https://a.com/video"),
            ("oss://dashscope-instant/x/cat.mp4", "oss://dashscope-instant/x/cat.mp4"),
        ],
    )
    def test_an_address_is_sent_and_never_fetched(self, given, sent):
        made = load_video(given, REFERENCE)
        assert (made.value, made.source, made.upload, made.seconds) == (sent, "a URL", None, None)
        assert made.digest == hashlib.sha256(sent.encode()).hexdigest()

    def test_an_address_of_another_format(self):
        error = refused(load_video, "https://a.com/cat.webm?x=.mp4", ANY)
        assert error.message == "the video is a '.webm' file; it must be mp4 or mov"

    def test_a_data_uri_is_refused_without_showing_it(self):
        error = refused(load_video, "data:video/mp4;base64," + "A" * 5000, ANY)
        assert error.message == "the API takes no data URI for video"
        assert error.hint == "give the path of the file"

    @pytest.mark.parametrize("value", [None, 3, ["cat.mp4"], picture(), object()])
    def test_any_other_type_is_refused_by_its_name(self, value):
        error = refused(load_video, value, ANY)
        assert type(value).__name__ in error.message
        assert "a mp4 or mov file, its bytes, its URL or a finished clip" in error.hint

    # -- each limit ---------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("limits", "seconds", "span"),
        [
            (REFERENCE, 0.5, "1 to 30"),
            (REFERENCE, 30.5, "1 to 30"),
            (limits_of("wan2.7-i2v", "clip", "video"), 1.5, "2 to 10"),
            (limits_of("wan2.7-i2v", "clip", "video"), 10.5, "2 to 10"),
            (limits_of("wanx2.1-vace-plus", "video", "video"), 5.5, "at most 5"),
        ],
    )
    def test_its_length(self, tmp_path, limits, seconds, span):
        path = movie(tmp_path / "a.mp4", seconds=seconds, size=(360, 360), fps=2)
        error = refused(load_video, path, limits)
        assert error.message == f"a.mp4 lasts {seconds:.2f} s; it must be {span} s"

    @pytest.mark.parametrize("seconds", [2, 10])
    def test_the_ends_of_its_length(self, tmp_path, seconds):
        path = movie(tmp_path / "a.mp4", seconds=seconds, fps=5)
        assert load_video(path, limits_of("wan2.7-videoedit", "video", "video")).seconds

    @pytest.mark.parametrize(
        ("size", "limits", "span"),
        [
            ((238, 320), REFERENCE, "240 to 4096"),
            ((4112, 240), REFERENCE, "240 to 4096"),
            ((190, 200), limits_of("wan2.2-animate-move", "video", "video"), "200 to 2048"),
            ((2064, 256), limits_of("wan2.2-animate-mix", "video", "video"), "200 to 2048"),
            ((352, 360), limits_of("wanx2.1-vace-plus", "clip", "video"), "360 to 2000"),
        ],
    )
    def test_its_sides(self, tmp_path, size, limits, span):
        error = refused(load_video, movie(tmp_path / "a.mp4", size=size), limits, needs="wan9")
        assert error.message == (f"a.mp4 is {size[0]}×{size[1]} px; wan9 needs sides of {span} px")
        assert error.hint == "scale it"

    @pytest.mark.parametrize("size", [(240, 240), (4096, 240)])
    def test_the_ends_of_its_sides(self, tmp_path, size):
        assert load_video(movie(tmp_path / "a.mp4", size=size), REFERENCE).width == size[0]

    @pytest.mark.parametrize(("size", "fits"), [((1920, 240), True), ((1936, 240), False)])
    def test_its_shape(self, tmp_path, size, fits):
        path = movie(tmp_path / "a.mp4", size=size)
        limits = limits_of("wan2.7-i2v", "clip", "video")
        if fits:
            assert load_video(path, limits).height == 240
        else:
            error = refused(load_video, path, limits, needs="wan9")
            assert error.message == "a.mp4 is 1936×240 px: too narrow for wan9"
            assert "8 times the short one" in error.hint

    @pytest.mark.parametrize("model", ["wan3.0-video", "wanx2.1-vace-plus"])
    def test_its_frames_a_second(self, tmp_path, model):
        option = "ref" if "3.0" in model else "video"
        limits = limits_of(model, option, "video")
        error = refused(load_video, movie(tmp_path / "a.mp4", size=(360, 360), fps=15), limits)
        assert error.message == "a.mp4 has 15 frames a second; it needs 16 or more"
        assert load_video(movie(tmp_path / "b.mp4", size=(360, 360), fps=16), limits).seconds

    def test_its_weight_is_checked_before_it_is_opened(self, tmp_path):
        path = tmp_path / "a.mp4"
        with path.open("wb") as file:
            file.truncate(100 * MB + 1)  # sparse, and no video at all
        error = refused(load_video, path, REFERENCE)
        assert error.message == "a.mp4 is 100.01 MB; at most 100 MB is allowed"
        assert error.hint == "make it smaller or shorter"

    def test_the_weight_of_bytes(self, cat):
        light = replace(ANY, max_bytes=1000)
        assert "at most 0 MB is allowed" in refused(load_video, cat.read_bytes(), light).message

    # -- containers -------------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("name", "mime"), [("a.mov", "video/quicktime"), ("a.MP4", "video/mp4")]
    )
    def test_mp4_and_mov_are_one_family_and_the_name_decides(self, tmp_path, cat, name, mime):
        (tmp_path / name).write_bytes(cat.read_bytes())
        assert load_video(tmp_path / name, ANY).upload.mime == mime

    def test_a_model_may_take_only_one_of_them(self, tmp_path, cat):
        (tmp_path / "a.mov").write_bytes(cat.read_bytes())
        vace = limits_of("wanx2.1-vace-plus", "video", "video")
        assert refused(load_video, tmp_path / "a.mov", vace).message == "a.mov is mov, not mp4"

    def test_an_avi_where_it_is_taken(self, tmp_path):
        path = movie(tmp_path / "a.avi", codec="mpeg4")
        made = load_video(path, limits_of("wan2.2-animate-move", "video", "video"))
        assert made.upload.mime == "video/x-msvideo"
        error = refused(load_video, path, ANY)
        assert (error.message, error.hint) == (
            "a.avi is avi, not mp4 or mov",
            "convert it to mp4 or mov",
        )

    @pytest.mark.parametrize(
        ("name", "kind", "hint"),
        [("a", "mp4", "name it a.mp4"), ("a.m4v", "mp4", "name it a.mp4")],
    )
    def test_a_name_that_hides_the_container(self, tmp_path, name, kind, hint):
        path = movie(tmp_path / name, box_format=kind)
        error = refused(load_video, path, ANY)
        assert (error.message, error.hint) == (f"{name} holds mp4 video", hint)

    def test_an_avi_called_mp4_where_avi_is_taken(self, tmp_path):
        path = movie(tmp_path / "a.mp4", codec="mpeg4", box_format="avi")
        motion = limits_of("wan2.2-animate-move", "video", "video")
        assert refused(load_video, path, motion).hint == "name it a.avi"

    @pytest.mark.parametrize("kind", ["avi", "matroska"])
    def test_what_is_not_taken_is_not_told_to_be_renamed(self, tmp_path, kind):
        path = movie(tmp_path / "a.mp4", codec="mpeg4", box_format=kind)
        error = refused(load_video, path, ANY)
        assert error.message == f"a.mp4 is {kind}, not mp4 or mov"
        assert error.hint == "convert it to mp4 or mov"

    def test_a_turned_video_has_the_sides_that_people_see(self, tmp_path):
        made = load_video(turned(movie(tmp_path / "a.mp4", size=(640, 320))), ANY)
        assert (made.width, made.height) == (320, 640)
        thumb = Image.open(io.BytesIO(made.thumbnail))
        assert thumb.size == (240, 480)
        assert thumb.getpixel((230, 240))[0] > 200, "what was on top is on the right"
        assert thumb.getpixel((10, 240))[0] < 50

    # -- what is no video ---------------------------------------------------------------------

    @pytest.mark.parametrize(
        "data",
        [
            b"<html>404</html>" * 50,
            b"#EXTM3U\n#EXTINF:1,\nother.ts\n",
        ],
        ids=["html", "playlist"],
    )
    def test_what_is_no_video(self, tmp_path, data):
        path = tmp_path / "a.mp4"
        path.write_bytes(data)
        error = refused(load_video, path, ANY)
        assert error.message == "a.mp4 is not a playable video"
        assert error.hint == "make or download it again"
        assert refused(load_video, data, ANY).message == "a video in memory is not a playable video"

    def test_an_empty_file_is_no_video(self, tmp_path):
        (tmp_path / "a.mp4").touch()
        assert refused(load_video, tmp_path / "a.mp4", ANY).message == "a.mp4 is empty (0 bytes)"

    def test_a_picture_is_no_video_and_is_told_where_it_goes(self, tmp_path):
        (tmp_path / "a.mp4").write_bytes(encoded(picture()))
        error = refused(load_video, tmp_path / "a.mp4", ANY)
        assert error.message == "a.mp4 is not a playable video"
        assert error.hint == "this is a picture: --image starts from it, --ref shows it"

    def test_a_damaged_video(self, tmp_path, cat):
        path = tmp_path / "a.mp4"
        path.write_bytes(cat.read_bytes()[:600])
        assert "not a playable video" in refused(load_video, path, ANY).message

    def test_a_sound(self, tmp_path):
        path = make_sound(tmp_path / "a.mp4")
        assert "not a playable video" in refused(load_video, path, ANY).message

    def test_a_folder_and_a_missing_file(self, tmp_path, cat):
        assert "is a folder, not a video" in refused(load_video, tmp_path, ANY).message
        error = refused(load_video, cat.parent / "cta.mp4", ANY)
        assert error.message == "no such video: 'cta.mp4'"
        assert "did you mean 'cat.mp4'?" in error.hint

    def test_an_empty_value(self):
        assert refused(load_video, "", ANY).message == "no video was given"


def no_sound(value, limits=SOUND):
    return refused(load_sound, str(value), limits)


class TestSounds:
    @pytest.mark.parametrize(
        ("given", "sent"),
        [
            ("https://a.com/rain.mp3", "https://a.com/rain.mp3"),
            (" https://a.com/rain.WAV?sig=a.b ", "https://a.com/rain.WAV?sig=a.b"),
            ("https://a.com/雨 1.mp3", "https://a.com/%E9%9B%A8%201.mp3"),
            ("https://a.com/sound", "https://a.com/sound"),
            ("https://a.com/v1.2/sound/", "https://a.com/v1.2/sound/"),
            ("oss://dashscope-instant/x/rain.mp3", "oss://dashscope-instant/x/rain.mp3"),
        ],
    )
    def test_an_address_is_sent_and_never_fetched(self, given, sent):
        made = load_sound(given, SOUND)
        assert (made.option, made.media, made.value) == ("audio", "audio", sent)
        assert (made.seconds, made.upload, made.notes) == (None, None, ())

    @pytest.mark.parametrize("suffix", [".ogg", ".m4a", ".mp4"])
    def test_an_address_of_another_format_is_refused(self, suffix):
        error = no_sound(f"https://a.com/rain{suffix}?x=.mp3")
        assert error.message == f"the sound is a '{suffix}' file; it must be wav or mp3"

    def test_a_data_uri_is_refused_without_showing_it(self):
        error = no_sound("data:audio/mp3;base64," + "A" * 5000)
        assert error.message == "the API takes no data URI for sound"

    @pytest.mark.parametrize("scheme", ["s3", "ftp"])
    def test_other_schemes_are_refused(self, scheme):
        assert "not supported" in no_sound(f"{scheme}://a/b.mp3").message

    @pytest.mark.parametrize(
        ("name", "mime", "options"),
        [
            ("a.wav", "audio/wav", {"kind": "wav"}),
            ("a.MP3", "audio/mpeg", {"kind": "mp3"}),
            ("a.wav", "audio/wav", {"seconds": 3}),
            ("a.wav", "audio/wav", {"seconds": 30}),
            ("a.mp3", "audio/mpeg", {"seconds": 30, "kind": "mp3"}),
        ],
    )
    def test_a_good_file_is_measured_and_uploaded(self, tmp_path, name, mime, options):
        path = make_sound(tmp_path / name, **options)
        made = load_sound(path, SOUND, option="ref")
        assert (made.option, made.value, made.source) == ("ref", "", name)
        assert made.seconds == pytest.approx(options.get("seconds", 5), abs=0.15)
        assert (made.upload.name, made.upload.mime) == (name, mime)
        assert made.digest == hashlib.sha256(path.read_bytes()).hexdigest()

    @pytest.mark.parametrize("kind", ["wav", "mp3"])
    def test_bytes(self, tmp_path, kind):
        data = make_sound(tmp_path / f"a.{kind}", kind=kind).read_bytes()
        made = load_sound(memoryview(data), SOUND)
        assert (made.source, made.upload.name) == ("a sound in memory", f"audio.{kind}")

    @pytest.mark.parametrize(
        ("model", "option", "seconds", "span"),
        [
            ("wan2.5-t2v-preview", "audio", 2.9, "3 to 30"),
            ("wan2.5-t2v-preview", "audio", 30.1, "3 to 30"),
            ("wan2.7-i2v", "audio", 1.9, "2 to 30"),
            ("wan2.7-r2v", "ref", 10.1, "1 to 10"),
            ("wan3.0-video", "ref", 15.1, "1 to 15"),
            ("wan3.0-video", "ref", 0.9, "1 to 15"),
            ("wan2.2-s2v", "audio", 20.1, "at most 20"),
        ],
    )
    def test_its_length(self, tmp_path, model, option, seconds, span):
        path = make_sound(tmp_path / "a.wav", seconds=seconds, rate=8000)
        error = no_sound(path, limits_of(model, option, "audio"))
        assert error.message == f"a.wav lasts {seconds:.2f} s; it must be {span} s"

    def test_an_mp3_that_does_not_say_its_length_is_measured(self, tmp_path):
        path = make_sound(tmp_path / "a.mp3", seconds=4, kind="mp3", bit_rate=128_000)
        slow = make_sound(tmp_path / "b.mp3", seconds=28, kind="mp3", bit_rate=16_000)
        path.write_bytes(path.read_bytes() + slow.read_bytes())
        with av.open(str(path)) as box:
            assert abs(box.duration / 1e6 - 32) > 1  # the header alone misleads
        assert no_sound(path).message.startswith("a.mp3 lasts 32.")

    @pytest.mark.parametrize(
        ("name", "kind", "hint"),
        [
            ("a.mp3", "wav", "name it a.wav"),
            ("a.wav", "mp3", "name it a.mp3"),
            ("a", "wav", "name it a.wav"),
        ],
    )
    def test_a_name_that_hides_the_format_is_refused(self, tmp_path, name, kind, hint):
        error = no_sound(make_sound(tmp_path / name, kind=kind))
        assert (error.message, error.hint) == (f"{name} is a {kind} file", hint)

    def test_another_format_is_refused_whatever_its_name(self, tmp_path):
        error = no_sound(make_sound(tmp_path / "a.mp3", kind="ogg", rate=48000))
        assert error.message == "a.mp3 is ogg, not wav or mp3"
        assert error.hint == "convert it to wav or mp3"

    def test_a_clip_is_refused(self, cat):
        error = no_sound(cat)
        assert error.message == "cat.mp4 is mov, not wav or mp3"
        assert error.hint == "this is a video: --clip continues it, --video edits it"

    def test_a_heavy_file_is_refused(self, tmp_path):
        path = tmp_path / "a.wav"
        path.write_bytes(bytes(15 * MB + 1))
        error = no_sound(path)
        assert error.message == "a.wav is 15.01 MB; at most 15 MB is allowed"
        assert error.hint == "save it as mp3"

    @pytest.mark.parametrize("data", [b"", b"hello", b"<html></html>" * 50])
    def test_what_is_no_sound_is_refused(self, tmp_path, data):
        (tmp_path / "a.mp3").write_bytes(data)
        error = no_sound(tmp_path / "a.mp3")
        assert error.message == "a.mp3 is not a sound that can be read"
        assert error.hint == "give a wav or mp3 file"

    def test_a_picture_is_no_sound_and_is_told_where_it_goes(self, tmp_path):
        Image.new("RGB", (300, 300)).save(tmp_path / "a.png")
        error = no_sound(tmp_path / "a.png")
        assert error.message == "a.png is png, not wav or mp3"
        assert error.hint == "this is a picture: --image starts from it, --ref shows it"

    @pytest.mark.parametrize("value", [None, 3, True, ["a.mp3"]])
    def test_any_other_type_is_refused_by_its_name(self, value):
        error = refused(load_sound, value, SOUND)
        assert type(value).__name__ in error.message
        assert "wav or mp3 file, its bytes or its URL" in error.hint

    def test_a_missing_file_is_told_with_the_nearest_name(self, tmp_path):
        make_sound(tmp_path / "rain.wav")
        error = no_sound(tmp_path / "rian.wav")
        assert error.message == "no such audio: 'rian.wav'"
        assert "did you mean 'rain.wav'?" in error.hint

    def test_a_folder_and_an_empty_value_are_refused(self, tmp_path):
        assert "is a folder, not an audio" in no_sound(tmp_path).message
        assert no_sound("").message == "no audio was given"


class TestDocuments:
    @pytest.mark.parametrize("ending", DOCUMENT.formats)
    def test_a_document_is_uploaded_as_it_is(self, tmp_path, ending):
        path = tmp_path / f"news.{ending.upper()}"
        path.write_bytes(b"some text")
        made = load_document(path, DOCUMENT)
        assert (made.option, made.media, made.value) == ("file", "file", "")
        assert (made.source, made.upload.name, made.upload.size) == (path.name, path.name, 9)
        assert made.digest == hashlib.sha256(b"some text").hexdigest()
        assert "/" in made.upload.mime

    @pytest.mark.parametrize(
        "url",
        ["https://a.com/news.pdf?x=1", "https://a.com/news", "oss://dashscope-instant/x/a.docx"],
    )
    def test_an_address_is_sent_and_never_fetched(self, url):
        made = load_document(url, DOCUMENT)
        assert (made.media, made.value, made.upload) == ("file", url, None)

    @pytest.mark.parametrize("name", ["news.html", "news", "news.zip", "news.png"])
    def test_another_kind_of_file(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"x")
        error = refused(load_document, tmp_path / name, DOCUMENT)
        assert error.message == f"'{name}' is no document that can be sent"
        assert "docx" in error.hint
        assert "md" in error.hint

    def test_an_address_of_another_kind_of_file(self):
        error = refused(load_document, "https://a.com/news.zip?x=.pdf", DOCUMENT)
        assert error.message == "'news.zip' is no document that can be sent"

    def test_its_weight(self, tmp_path):
        path = tmp_path / "a.pdf"
        with path.open("wb") as file:
            file.truncate(100 * MB + 1)
        error = refused(load_document, path, DOCUMENT)
        assert error.message == "a.pdf is 100.01 MB; at most 100 MB is allowed"
        assert error.hint == "send the part that matters"

    def test_what_is_no_document(self, tmp_path):
        (tmp_path / "a.txt").write_bytes(b"")
        assert refused(load_document, tmp_path / "a.txt", DOCUMENT).message == (
            "a.txt is empty (0 bytes)"
        )
        assert "is a folder, not a document" in refused(load_document, tmp_path, DOCUMENT).message
        assert "'bytes' objects" in refused(load_document, b"text", DOCUMENT).message
        error = refused(load_document, tmp_path / "b.txt", DOCUMENT)
        assert error.message == "no such document: 'b.txt'"
        assert "did you mean 'a.txt'?" in error.hint


class TestLinks:
    @pytest.mark.parametrize(
        ("given", "sent"),
        [
            ("https://a.com/news?id=1", "https://a.com/news?id=1"),
            (" http://a.com ", "http://a.com"),
            ("https://a.com/新闻", "https://a.com/%E6%96%B0%E9%97%BB"),
        ],
    )
    def test_a_page_is_sent_as_its_address(self, given, sent):
        made = load_link(given)
        assert (made.option, made.media, made.value) == ("link", "link", sent)

    @pytest.mark.parametrize("value", ["news.html", "a.com/news", "oss://a/news", "", None, 3])
    def test_what_is_no_page(self, value):
        error = refused(load_link, value)
        assert error.message.endswith("is no web page")
        assert error.hint == "give its http(s) URL; a document goes to --file"

    @pytest.mark.parametrize("value", ["https://", "ftp://a.com/x"])
    def test_an_address_that_cannot_be_used(self, value):
        assert refused(load_link, value).hint


class TestLoad:
    """An option of a model: its limits, and what a reference is."""

    @pytest.mark.parametrize(
        ("model", "option", "name", "media"),
        [
            ("wan2.6-i2v", "image", "cat.png", "image"),
            ("wan2.2-kf2v-flash", "last_frame", "cat.png", "image"),
            ("wan2.7-videoedit", "video", "cat.mp4", "video"),
            ("wan2.7-i2v", "clip", "cat.mp4", "video"),
            ("wan2.2-s2v", "audio", "cat.wav", "audio"),
            ("wan3.0-video", "file", "cat.pdf", "file"),
            ("wan2.7-r2v", "ref", "cat.png", "image"),
            ("wan2.7-r2v", "ref", "cat.mp4", "video"),
            ("wan2.7-r2v", "ref", "cat.wav", "audio"),
            ("wan3.0-video", "ref", "cat.mp3", "audio"),
            ("wanx2.1-vace-plus", "mask", "cat.png", "image"),
        ],
    )
    @pytest.mark.parametrize("how", ["path", "bytes"])
    def test_a_file_is_what_it_holds(self, files, model, option, name, media, how):
        path = files / name
        value = path.read_bytes() if how == "bytes" and media != "file" else path
        made = load(option, value, MODELS[model])
        assert (made.option, made.media) == (option, media)
        assert isinstance(made, Input)

    @pytest.mark.parametrize(("held", "media"), [("cat.mp3", "audio"), ("cat.png", "image")])
    def test_content_counts_and_not_the_name(self, files, tmp_path, held, media):
        path = tmp_path / "cat.mp4"
        path.write_bytes((files / held).read_bytes())
        if media == "audio":  # then its name is a lie
            error = refused(load, "ref", path, MODELS["wan2.7-r2v"])
            assert error.hint == "name it cat.mp3"
        else:
            assert load("ref", path, MODELS["wan2.7-r2v"]).media == media

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF"])
    def test_every_picture_is_told_by_its_bytes(self, kind):
        assert load("ref", encoded(picture(), kind), MODELS["wan2.7-r2v"]).media == "image"

    @pytest.mark.parametrize(
        ("url", "media"),
        [
            ("https://a.com/cat.jpg?x=.mp4", "image"),
            ("https://a.com/cat.WEBP", "image"),
            ("https://a.com/cat.mov", "video"),
            ("oss://a/b/cat.mp4", "video"),
            ("https://a.com/cat.mp3#t=1", "audio"),
        ],
    )
    def test_the_ending_of_an_address_tells_what_it_is(self, url, media):
        assert load("ref", url, MODELS["wan3.0-video"]).media == media

    @pytest.mark.parametrize("url", ["https://a.com/cat?format=.jpg", "https://a.com/cat.php"])
    def test_an_address_that_does_not_tell(self, url):
        error = refused(load, "ref", url, MODELS["wan3.0-video"])
        assert error.message == (
            "the address of a.com does not tell whether it is image or video or audio"
        )
        assert "ends in .jpg, .mp4" in error.hint

    def test_where_there_is_no_choice_an_address_need_not_tell(self):
        assert load("ref", "https://a.com/cat", MODELS["wan2.7-videoedit"]).media == "image"

    def test_a_matroska_video_is_told_from_a_picture(self, tmp_path):
        path = movie(tmp_path / "a.mkv", codec="mpeg4")
        error = refused(load, "ref", path.read_bytes(), R2V)
        assert error.message == "a video in memory is matroska, not mp4 or mov"

    def test_what_an_option_of_the_model_does_not_take(self, files):
        error = refused(load, "ref", files / "cat.wav", MODELS["wan2.6-r2v"])
        assert error.message == "--ref of wan2.6-r2v takes no audio"
        assert error.hint == "it takes image or video"

    def test_an_option_that_the_model_lacks(self):
        error = refused(load, "last_frame", "a.png", MODELS["wan2.6-i2v"])
        assert error.message == "wan2.6-i2v takes no --last-frame"
        assert error.hint == "it takes --image, --audio"
        assert refused(load, "image", "a.png", MODELS["wan2.2-t2v-plus"]).hint == (
            "it takes a prompt alone"
        )

    def test_a_data_uri_is_a_picture(self):
        uri = f"data:image/png;base64,{base64.b64encode(encoded(picture())).decode()}"
        made = load("ref", uri, MODELS["wan2.7-r2v"])
        assert (made.media, made.value) == ("image", uri)

    def test_a_pil_image_is_a_picture(self):
        assert load("ref", picture(), MODELS["wan3.0-video"]).media == "image"

    @pytest.mark.parametrize(("option", "media"), [("ref", "video"), ("image", "image")])
    def test_a_finished_clip_is_a_video_or_its_last_frame(self, files, option, media):
        class Clip:
            path = files / "cat.mp4"

            def last_frame(self):
                return picture()

        made = load(option, Clip(), MODELS["wan3.0-video"] if option == "image" else R2V)
        assert made.media == media
        assert made.source == ("cat.mp4" if media == "video" else "the last frame of cat.mp4")

    def test_the_limits_are_the_models_own(self, files):
        small = encoded(picture(300, 300))
        assert load("image", small, MODELS["wan2.6-i2v"]).notes == ()
        (note,) = load("image", small, MODELS["wan2.2-kf2v-flash"]).notes
        assert "wan2.2-kf2v-flash needs sides of 360 to 2000 px" in note
        error = refused(load, "image", small, MODELS["wan2.2-kf2v-flash"], fit=False)
        assert error.hint == "scale it to 360×360"
        error = refused(load, "video", files / "cat.mp4", MODELS["wanx2.1-vace-plus"])
        assert "wanx2.1-vace-plus needs sides of 360 to 2000 px" in error.message

    def test_a_missing_reference(self, files):
        error = refused(load, "ref", files / "cta.png", MODELS["wan2.7-r2v"])
        assert error.message == "no such file: 'cta.png'"
        assert "did you mean 'cat.png'?" in error.hint


class TestLocalFiles:
    def test_a_file_on_disk_is_read_when_it_is_needed(self, tmp_path):
        path = tmp_path / "a.mp4"
        path.write_bytes(b"123")
        file = LocalFile.of("a.mp4", "video/mp4", path)
        assert (file.name, file.mime, file.size) == ("a.mp4", "video/mp4", 3)
        assert file.digest == hashlib.sha256(b"123").hexdigest()
        with file.open() as stream:
            assert stream.read() == b"123"
        path.unlink()
        with pytest.raises(OSError, match=r"a\.mp4"):
            file.open()

    def test_bytes_are_kept(self):
        file = LocalFile.of("a.mp4", "video/mp4", b"123")
        assert (file.size, file.digest) == (3, hashlib.sha256(b"123").hexdigest())
        for _ in range(2):
            with file.open() as stream:
                assert stream.read() == b"123"

    def test_the_repr_holds_no_content(self):
        assert "SECRET" not in repr(LocalFile.of("a.mp4", "video/mp4", b"SECRET"))


class TestNames:
    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("https://a.com/x/my%20cat.png?Signature=SECRET", "my cat.png"),
            ("https://a.com/", "a.com"),
            ("oss://bucket/x/cat.mp4", "cat.mp4"),
        ],
    )
    def test_an_address_is_called_by_its_last_part(self, url, name):
        made = Input.from_url("image", "image", url)
        assert made.name == name
        assert "SECRET" not in repr(made)

    def test_a_file_is_called_by_its_name(self, cat):
        assert load_video(cat, ANY).name == "cat.mp4"
        assert load("image", picture(), MODELS["wan2.6-i2v"]).name == "an image in memory"
