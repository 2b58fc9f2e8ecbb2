"""Finished videos: signed links, ranges, refusals."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

from .conftest import Clock

BYTES = bytes(range(256)) * 40


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def caller(serve, gate, clock):
    gate.open.set()
    return serve(engine=gate, clock=clock, url_ttl=1000)


@pytest.fixture
def url(caller):
    return caller.finish(caller.create())["output"]["video_url"]


def refused(answer, status, code, message=""):
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.content)
    assert root.tag == "Error"
    assert root.findtext("Code") == code
    assert message in root.findtext("Message")
    return root


def test_whole(caller, url, clock):
    query = parse_qs(urlsplit(url).query)
    assert set(query) == {"Expires", "OSSAccessKeyId", "Signature"}
    assert query["Expires"] == [str(int(clock.now + 1000))]
    # No key goes with it.
    answer = caller.session.get(url, timeout=10)
    assert answer.status_code == 200
    assert "Authorization" not in answer.request.headers
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.content == BYTES
    head = caller.session.head(url, timeout=10)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(BYTES))


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-99", slice(0, 100), "bytes 0-99/10240"),
        ("bytes=10000-", slice(10000, None), "bytes 10000-10239/10240"),
        ("bytes=-5", slice(-5, None), "bytes 10235-10239/10240"),
    ],
)
def test_ranges(caller, url, asked, part, said):
    answer = caller.session.get(url, headers={"Range": asked}, timeout=10)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == said
    assert answer.content == BYTES[part]


def test_range_outside(caller, url):
    answer = caller.session.get(url, headers={"Range": "bytes=99999-"}, timeout=10)
    assert answer.status_code == 416


def test_expired(caller, url, clock):
    clock.now += 999
    assert caller.session.get(url, timeout=10).status_code == 200
    clock.now += 2
    root = refused(caller.session.get(url, timeout=10), 403, "AccessDenied", "Request has expired.")
    assert root.findtext("Expires") == "2025-10-09T09:10:00.000Z"
    # The task is still there, and so is its link, as at the real service.
    assert caller.get("/tasks").json()["total"] == 1


def test_forged(caller, url):
    wrong = [
        url.replace("Expires=1", "Expires=9"),
        url.replace("Signature=", "Signature=A"),
        url.replace("Signature=", "Signature=%E6%B1%89"),
        url.replace("OSSAccessKeyId=", "OSSAccessKeyId=x"),
        url.replace("/results/", "/results/0"),
    ]
    for forged in wrong:
        assert forged != url
        refused(caller.session.get(forged, timeout=10), 403, "SignatureDoesNotMatch")
    refused(caller.session.get(url.partition("?")[0], timeout=10), 403, "AccessDenied")


def test_link_names_the_host_that_was_asked(caller, url):
    base = caller.base.replace("127.0.0.1", "localhost")
    task_id = urlsplit(url).path.rpartition("/")[2].removesuffix(".mp4")
    answer = caller.session.get(f"{base}/tasks/{task_id}", headers=caller.headers(), timeout=10)
    assert answer.json()["output"]["video_url"] == url.replace("127.0.0.1", "localhost")
