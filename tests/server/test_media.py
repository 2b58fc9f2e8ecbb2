"""First frames and sounds: what is accepted, what fails, and with which words."""

from __future__ import annotations

import io
import socket
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from wan_magic.server import ServerOptions, fetch, probe
from wan_magic.server.faults import Fault
from wan_magic.wan.catalog import MODELS, Limits

from .conftest import data_uri, film, mp3, picture, tone

PLUS = MODELS["wan2.5-i2v-preview"]
TURBO = MODELS["wanx2.1-i2v-turbo"]


IMAGE = (PLUS.slot("image", "image"),)
AUDIO = (PLUS.slot("audio", "audio"),)
VIDEO = (MODELS["wan3.0-video"].slot("ref", "video"),)


def slot(**limits):
    return (replace(IMAGE[0], limits=replace(IMAGE[0].limits, **limits)),)


def get(url, slots=IMAGE, limit=10**6, private=True, should_stop=lambda: False):
    slots = (replace(slots[0], limits=replace(slots[0].limits, max_bytes=limit)),)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        fetch.fetch(url, path, slots=slots, private=private, should_stop=should_stop)
        return path.read_bytes()


def facts(data, slots=IMAGE, name=""):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(data)
        return probe.probe(path, slots[0].media, slots[0].limits, name)


def test_download(shelf):
    assert get(shelf.url + "/ok") == picture()
    assert get(shelf.url + "/away") == picture()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/404", "Failed to find the requested media resource"),
        ("/403", "Don't have authorization to access the media resource"),
        ("/500", "Unable to download the media resource"),
        ("/file", "Unable to download the media resource"),
        ("/loop", "Unable to download the media resource"),
    ],
)
def test_failed_downloads(shelf, path, text):
    with pytest.raises(Fault) as caught:
        get(shelf.url + path)
    assert caught.value.code == "InvalidParameter.DataInspection"
    assert text in caught.value.message


@pytest.mark.parametrize(
    "url", ["ftp://x/y", "oss://x/y", "file:///etc/passwd", "cat.png", "http://", "http://[x"]
)
def test_urls_that_lead_nowhere(url):
    with pytest.raises(Fault, match="Unable to download"):
        get(url)


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Fault, match="Unable to download"):
        get(f"http://127.0.0.1:{port}/x")


def test_endless_download_is_bounded(shelf):
    with pytest.raises(Fault, match="more than 1000000 bytes"):
        get(shelf.url + "/endless")
    # And ends when the server stops: no fault, as that it takes too long would be.
    get(shelf.url + "/endless", limit=10**12, should_stop=lambda: True)


def test_slow_download_is_bounded(shelf, monkeypatch):
    monkeypatch.setattr(fetch, "FETCH_SECONDS", 0.05)
    with pytest.raises(Fault, match="timed out"):
        get(shelf.url + "/endless", limit=10**12)


def test_an_open_server_asks_no_private_address(shelf):
    shelf.seen.clear()
    port = shelf.server_address[1]
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        with pytest.raises(Fault, match="Unable to download"):
            get(f"http://{host}:{port}/ok", private=False)
    # Not even the request was sent.
    assert shelf.seen == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:192.168.0.1", False),
        ("2606:4700:4700::1111", True),
    ],
)
def test_what_public_means(address, public):
    class Wire:
        closed = False

        def getpeername(self):
            return (address, 80)

        def close(self):
            self.closed = True

    wire = Wire()
    if public:
        assert fetch._only_public(wire) is wire
    else:
        with pytest.raises(OSError, match="public"):
            fetch._only_public(wire)
    assert wire.closed is not public


@pytest.mark.parametrize(
    "uri",
    [
        "data:image/png,abc",
        "data:image/png;base64",
        "data:image/png;base64,@@@",
        "data:text/html;base64,YWJj",
        "data:,",
    ],
)
def test_broken_data_uris(uri):
    with pytest.raises(Fault, match="media format is not supported"):
        get(uri)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP"])
def test_image_formats(kind):
    assert facts(picture(300, 260, kind)).shape == (300, 260)


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        (picture(300, 300, "GIF"), "InvalidParameter.DataInspection", "media format"),
        (picture(300, 300, "PNG", "RGBA"), "InvalidParameter.DataInspection", "alpha"),
        (picture(300, 300)[:-900], "InvalidParameter.DataInspection", "media format"),
        (b"", "InvalidParameter.DataInspection", "media format"),
        (b"<svg/>", "InvalidParameter.DataInspection", "media format"),
        (picture(239, 600), "InvalidParameter", "too small or too large"),
        (picture(8001, 240), "InvalidParameter", "too small or too large"),
    ],
)
def test_wrong_images(data, code, text):
    with pytest.raises(Fault, match=text) as caught:
        facts(data)
    assert caught.value.code == code


def test_a_row_may_name_formats_that_nothing_here_knows(tmp_path):
    path = tmp_path / "it"
    path.write_bytes(picture())
    with pytest.raises(Fault, match="expected one of JPEG, JPEG-9000"):
        probe.probe_image(path, Limits(formats=("JPEG", "JPEG-9000")))
    path.write_bytes(film(2, kind="mp4"))
    assert probe.probe_video(path, Limits(formats=("wmv-9000", "mp4"))).seconds == pytest.approx(2)


def test_too_many_pixels():
    huge = io.BytesIO()
    Image.new("1", (20000, 20000)).save(huge, "PNG")
    with pytest.raises(Fault, match="too small or too large"):
        facts(huge.getvalue())


def test_a_turned_photo_is_measured_as_it_is_seen():
    out = io.BytesIO()
    image = Image.new("RGB", (400, 300))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(out, "JPEG", exif=exif)
    assert facts(out.getvalue()).shape == (300, 400)


def test_sounds():
    assert facts(tone(3), AUDIO).seconds == pytest.approx(3)
    assert facts(mp3(4), AUDIO).seconds == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        (tone(2.5), "InvalidURL", "shorter than 3s"),
        (tone(31, 8000), "InvalidURL", "longer than 30s"),
        (b"RIFF", "InvalidParameter.DataInspection", "wav or mp3"),
        (picture(), "InvalidParameter.DataInspection", "wav or mp3"),
    ],
)
def test_wrong_sounds(data, code, text):
    with pytest.raises(Fault, match=text) as caught:
        facts(data, AUDIO)
    assert caught.value.code == code


def test_media_faults_arrive_in_the_task(caller, shelf):
    cases = {
        shelf.url + "/404": ("InvalidParameter.DataInspection", "Failed to find"),
        data_uri(picture(100, 100)): ("InvalidParameter", "too small or too large"),
        "nonsense": ("InvalidParameter.DataInspection", "Unable to download"),
    }
    for url, (code, text) in cases.items():
        output = caller.finish(caller.create(image=url))["output"]
        assert (output["task_status"], output["code"]) == ("FAILED", code)
        assert text in output["message"]


def test_bytes_limit_is_the_models(caller):
    limit = TURBO.slot("image", "image").limits.max_bytes
    assert limit < IMAGE[0].limits.max_bytes
    with pytest.raises(Fault, match="more than 1000 bytes"):
        get(data_uri(bytes(1001)), limit=1000)
    with pytest.raises(Fault, match="too large"):
        get(data_uri(bytes(1001)), limit=1000)
    assert fetch.limit_of((replace(IMAGE[0], limits=replace(IMAGE[0].limits, max_bytes=None)),)) > 0


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://x/a/b%20c.png?x=1", "b c.png"),
        ("oss://dir/猫.png", "猫.png"),
        ("http://x/a\ud83d.png", "a?.png"),
        ("data:image/png;base64,AA/x.png", ""),
        ("http://[x/y.png", ""),
    ],
)
def test_names_in_urls(url, name):
    assert fetch.file_name(url) == name


def test_pictures_only_come_as_data():
    with pytest.raises(Fault, match="base64 is for images only"):
        get(data_uri(tone(4), "audio/wav"), AUDIO)


def test_the_fetcher_has_the_documented_name(shelf):
    shelf.agents.clear()
    get(shelf.url + "/ok")
    assert "DashScopeUserBot" in shelf.agents[0]


def test_videos():
    seen = facts(film(3, 480, 360), VIDEO)
    assert (seen.shape, seen.seconds) == ((480, 360), pytest.approx(3))
    assert facts(film(3, kind="mov"), VIDEO).seconds == pytest.approx(3)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (lambda: film(3, kind="avi"), "InvalidFile.Format"),
        (lambda: film(3, fps=10), "InvalidFile.FPS"),
        (lambda: film(17), "InvalidFile.Duration"),
        (lambda: film(3, 160, 120), "InvalidFile.Resolution"),
        (lambda: tone(3), "InvalidFile.Format"),
        (lambda: film(3)[:300], "InvalidFile.Openerror"),
        (lambda: b"", "InvalidFile.Openerror"),
    ],
)
def test_wrong_videos(data, code):
    with pytest.raises(Fault) as caught:
        facts(data(), VIDEO)
    assert caught.value.code == code


def test_too_long_a_shape():
    with pytest.raises(Fault) as caught:
        facts(picture(2500, 250), slot(max_ratio=8))
    assert caught.value.code == "InvalidFile.AspectRatio"


@pytest.mark.parametrize(
    ("data", "name", "good"),
    [
        (b"%PDF-1.7", "a.pdf", True),
        (b"hello", "a.PDF", False),
        (b"PK\x03\x04", "a.docx", True),
        (b"plain", "notes.md", True),
        (b"", "empty.txt", False),
        (b"MZ", "a.exe", False),
        (b"x", "", False),
    ],
)
def test_documents_are_looked_at_from_outside(data, name, good):
    place = (MODELS["wan3.0-video"].slot("file", "file"),)
    if good:
        facts(data, place, name)
    else:
        with pytest.raises(Fault, match="docx"):
            facts(data, place, name)


@pytest.mark.parametrize(
    ("url", "private", "good"),
    [
        ("https://example.com/a", False, True),
        ("http://localhost:80/", False, False),
        ("http://10.0.0.1/x", False, False),
        ("http://[::1]/x", False, False),
        ("http://printer.local/", False, False),
        ("http://10.0.0.1/x", True, True),
        ("file:///etc/passwd", True, False),
        ("oss://x/y", True, False),
        ("http://[x", True, False),
        ("page", True, False),
    ],
)
def test_links_are_not_fetched_only_judged(url, private, good):
    if good:
        fetch.check_link(url, private=private)
    else:
        with pytest.raises(Fault):
            fetch.check_link(url, private=private)


@pytest.mark.parametrize(
    ("options", "fetches"),
    [
        ({}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "0.0.0.0", "private_media": True}, True),
        ({"private_media": False}, False),
    ],
)
def test_who_may_name_private_addresses(options, fetches):
    assert ServerOptions(**options).fetches_private is fetches


def test_private_media_can_be_turned_off(serve, gate, shelf):
    gate.open.set()
    caller = serve(engine=gate, private_media=False)
    output = caller.finish(caller.create(image=shelf.url + "/ok"))["output"]
    assert output["code"] == "InvalidParameter.DataInspection"
    assert not gate.specs
