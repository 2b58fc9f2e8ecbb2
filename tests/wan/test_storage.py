"""Downloads that break off and go on, over real HTTP."""

from __future__ import annotations

import threading
import time

import pytest
import requests
from waiting import PATIENCE

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.server import Server, ServerOptions
from wan_magic.wan import storage
from wan_magic.wan.client import WanClient
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.request import VideoRequest
from wan_magic.wan.storage import StorageSession, Version, download

VIDEO = bytes(range(256)) * 1000
TOTAL = len(VIDEO)


class Fetch:
    """One part, fetched as often as a test wants."""

    def __init__(self, folder):
        self.path = folder / "clip.part"
        self.known = Version()
        self.steps = []
        self.drips = 0

    def __call__(self, url, session=None):
        return download(
            url,
            self.path,
            session=session or StorageSession(),
            on_bytes=lambda done, total: self.steps.append((done, total)),
            known=self.known,
        )

    @property
    def data(self):
        return self.path.read_bytes()


@pytest.fixture
def fetch(tmp_path):
    return Fetch(tmp_path)


def breaks_at(server, count, **headers):
    """Send the first bytes of the video, and hang up."""
    server.says(VIDEO[:count], Content_Length=str(TOTAL), **headers)


def goes_on(server, first, **headers):
    said = f"bytes {first}-{TOTAL - 1}/{TOTAL}"
    server.says(VIDEO[first:], status=206, Content_Range=said, **headers)


def broken(fetch, server, count=100_000, **headers):
    """Fetch until the connection breaks; the bytes that have come."""
    breaks_at(server, count, **headers)
    with pytest.raises(ConnectionFailed, match="broke off"):
        fetch(server.base_url)
    have = len(fetch.data)
    assert 0 < count - have < 1 << 14, "a break loses little"
    return have


def test_a_broken_download_goes_on_with_the_missing_bytes(server, fetch):
    have = broken(fetch, server, ETag='"v1"')
    goes_on(server, have, ETag='"v1"')
    assert fetch(server.base_url) is False, "it was put together"
    assert fetch.data == VIDEO
    first, second = (seen.headers for seen in server.seen)
    assert "Range" not in first
    assert (second["Range"], second["If-Range"]) == (f"bytes={have}-", '"v1"')
    assert second["Accept-Encoding"] == "identity"
    assert "Authorization" not in second
    assert fetch.steps[-1] == (TOTAL, TOTAL)
    assert [done for done, _ in fetch.steps] == sorted(done for done, _ in fetch.steps)


def test_a_file_that_came_in_one_piece_is_told_apart(server, fetch):
    server.says(VIDEO)
    assert fetch(server.base_url) is True


def test_what_is_known_to_be_whole_is_not_asked_for(server, fetch):
    server.says(VIDEO)
    fetch(server.base_url)
    fetch(server.base_url)
    assert len(server.seen) == 1


def test_the_range_is_kept_through_a_redirect(server, make_server, fetch):
    have = broken(fetch, server)
    other = make_server()
    server.says(status=302, Location=f"http://localhost:{other.server_port}/b.mp4")
    goes_on(other, have)
    fetch(server.base_url)
    assert fetch.data == VIDEO
    assert other.seen[0].headers["Range"] == f"bytes={have}-"


def test_a_host_may_send_less_than_was_asked_for(server, fetch):
    have = broken(fetch, server)
    piece = VIDEO[have : have + 1000]
    said = f"bytes {have}-{have + 999}/{TOTAL}"
    server.says(piece, status=206, Content_Range=said)
    with pytest.raises(ConnectionFailed, match=f"sent {have + 1000:,} of 256,000 bytes"):
        fetch(server.base_url)
    assert fetch.data == VIDEO[: have + 1000]


def test_packed_bytes_are_not_put_behind_plain_ones(server, fetch):
    have = broken(fetch, server)
    goes_on(server, have, Content_Encoding="gzip")
    server.says(VIDEO)
    assert fetch(server.base_url) is True
    assert fetch.data == VIDEO


def test_a_refusal_leaves_the_part_alone(server, fetch):
    have = broken(fetch, server)
    server.says(b"<Error>Request has expired.</Error>", status=403)
    with pytest.raises(ApiError):
        fetch(server.base_url)
    assert len(fetch.data) == have


def test_a_busy_host_says_how_long_to_wait(server, fetch):
    server.says(status=503, Retry_After="7")
    with pytest.raises(ApiError) as caught:
        fetch(server.base_url)
    assert caught.value.retry_after == 7.0


def test_a_stalled_download_breaks_off_and_keeps_what_came(server, fetch):
    came = threading.Event()

    def stalls(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 256000\r\n\r\n" + VIDEO[:50_000])
        handler.wfile.flush()
        came.set()
        server.closing.wait(PATIENCE)

    class Hurried(StorageSession):
        """Waits as it does until the first bytes are there, and then a moment."""

        def get(self, *args, **more):
            answer = super().get(*args, **more)
            assert came.wait(PATIENCE)
            answer.raw.connection.sock.settimeout(0.05)
            return answer

    server.answers.append(stalls)
    with Hurried() as session, pytest.raises(ConnectionFailed, match="broke off"):
        fetch(server.base_url, session)
    assert 30_000 < len(fetch.data) <= 50_000


def dripped(server, fetch, seconds, count):
    """Fetch a video of which so many bytes come every so many seconds."""
    now = [0.0]

    def passes():
        now[0] += seconds
        fetch.drips += 1

    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % TOTAL
    server.drips(head + VIDEO, passes, at_once=len(head) + 100_000, count=count)
    with StorageSession(lambda: now[0]) as session:
        fetch(server.base_url, session)


def test_a_dripping_download_breaks_off_and_goes_on_elsewhere(server, fetch):
    with pytest.raises(ConnectionFailed, match="broke off"):
        dripped(server, fetch, seconds=59, count=1)
    assert fetch.drips < 100
    assert 80_000 < len(fetch.data) <= 100_000
    goes_on(server, len(fetch.data))
    assert fetch(server.base_url) is False
    assert fetch.data == VIDEO


def test_a_slow_link_that_lives_may_take_its_time(server, fetch):
    dripped(server, fetch, seconds=3, count=2_500)
    assert fetch.drips > 60  # three minutes: more than any pause may take
    assert fetch.data == VIDEO


def test_a_video_over_the_bound_is_not_even_begun(server, fetch, monkeypatch):
    monkeypatch.setattr(storage, "_VIDEO_MAX_BYTES", TOTAL - 1)
    server.says(VIDEO)
    with pytest.raises(ConnectionFailed, match="256,000 bytes, larger than the 255,999"):
        fetch(server.base_url)
    assert not fetch.path.exists()


# -- at the package's own server ------------------------------------------------------


@pytest.fixture(scope="module")
def made():
    """The address of a finished video at a real server of this package."""

    def engine(spec, path, *, should_stop):
        path.write_bytes(VIDEO)

    with Server(ServerOptions(engine=engine)) as running:
        client = WanClient(Endpoint("local", running.base_url, running.token or "any"))
        task = client.create(VideoRequest(model="wan2.5-t2v-preview", prompt="waves"))
        deadline = time.monotonic() + PATIENCE
        while not task.video_url:
            assert time.monotonic() < deadline
            task = client.query(task.task_id)
        yield task.video_url


class Breaking(StorageSession):
    """Hangs up in the middle of the first answer."""

    def __init__(self):
        super().__init__()
        self.answers = []

    def get(self, url, **more):
        answer = super().get(url, **more)
        if not self.answers:
            pieces = answer.iter_content

            def broken(size):
                yield next(pieces(size))
                raise requests.ConnectionError("reset by peer")

            answer.iter_content = broken
        self.answers.append(answer)
        return answer


def test_the_local_server_lets_a_broken_download_go_on(made, fetch):
    session = Breaking()
    with pytest.raises(ConnectionFailed, match="broke off"):
        fetch(made, session)
    have = len(fetch.data)
    assert 0 < have < TOTAL
    fetch(made, session)
    assert fetch.data == VIDEO
    first, second = session.answers
    assert second.status_code == 206
    assert second.headers["Content-Range"] == f"bytes {have}-{TOTAL - 1}/{TOTAL}"
    assert second.request.headers["If-Range"] == first.headers["ETag"] == fetch.known.validator


def test_the_local_server_says_that_a_part_is_whole(made, fetch):
    fetch.path.write_bytes(VIDEO)
    session = Breaking()
    assert fetch(made, session) is False
    assert fetch.data == VIDEO
    assert session.answers[0].status_code == 416


def test_the_local_server_sends_another_version_from_the_start(made, fetch):
    fetch.path.write_bytes(b"old" * 1000)
    fetch.known = Version(validator='"another"')
    assert fetch(made) is True
    assert fetch.data == VIDEO
