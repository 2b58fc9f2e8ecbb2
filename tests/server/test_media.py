"""First frames and sounds: what is accepted, what fails, and with which words."""

from __future__ import annotations

import io
import socket
import time

import av
import pytest
from PIL import Image

from wan_magic.server import media
from wan_magic.server.faults import Fault
from wan_magic.wan.catalog import MODELS

from .conftest import data_uri, picture, tone

PLUS = MODELS["wan2.5-i2v-preview"]
TURBO = MODELS["wanx2.1-i2v-turbo"]


def mp3(seconds):
    out = io.BytesIO()
    with av.open(out, "w", format="mp3") as file:
        stream = file.add_stream("libmp3lame", rate=16000, layout="mono")
        for _ in range(int(seconds * 16000 / 1152) + 1):
            frame = av.AudioFrame(format="s16p", layout="mono", samples=1152)
            frame.sample_rate = 16000
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


def get(url, kind="image", limit=10**6, private=True, should_stop=lambda: False):
    return media.fetch(url, kind=kind, limit=limit, private=private, should_stop=should_stop)


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
    # And ends at once when the server stops.
    start = time.monotonic()
    get(shelf.url + "/endless", limit=10**12, should_stop=lambda: True)
    assert time.monotonic() - start < 5


def test_slow_download_is_bounded(shelf, monkeypatch):
    monkeypatch.setattr(media, "FETCH_SECONDS", 0.05)
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
        assert media._only_public(wire) is wire
    else:
        with pytest.raises(OSError, match="public"):
            media._only_public(wire)
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
    assert media.check_image(picture(300, 260, kind), PLUS) == (300, 260)


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
        media.check_image(data, PLUS)
    assert caught.value.code == code


def test_too_many_pixels():
    huge = io.BytesIO()
    Image.new("1", (20000, 20000)).save(huge, "PNG")
    with pytest.raises(Fault, match="too small or too large"):
        media.check_image(huge.getvalue(), PLUS)


def test_a_turned_photo_is_measured_as_it_is_seen():
    out = io.BytesIO()
    image = Image.new("RGB", (400, 300))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(out, "JPEG", exif=exif)
    assert media.check_image(out.getvalue(), PLUS) == (300, 400)


def test_sounds():
    assert media.check_audio(tone(3)) == pytest.approx(3)
    assert media.check_audio(mp3(4)) == pytest.approx(4, abs=0.2)


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
        media.check_audio(data)
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


def test_bytes_limit_is_the_models():
    assert TURBO.image_max_bytes < PLUS.image_max_bytes
    uri = data_uri(bytes(TURBO.image_max_bytes + 1))
    with pytest.raises(Fault, match=f"more than {TURBO.image_max_bytes} bytes"):
        media.load(uri, "", TURBO, private=True, should_stop=lambda: False)
