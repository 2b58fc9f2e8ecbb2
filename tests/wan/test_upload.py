"""Uploads, over real HTTP, against an API and a storage host that say what a test wants."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import re
import threading
import time
import traceback
import tracemalloc
import warnings

import pytest
import requests
from waiting import PATIENCE

from wan_magic.errors import ApiError, ConnectionFailed, InputError, JobCancelled, JobTimeout
from wan_magic.wan import form, upload
from wan_magic.wan.client import WanClient
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.local_file import LocalFile
from wan_magic.wan.storage import StorageSession
from wan_magic.wan.upload import Uploader, safe_name, uploader_for

KEY = "sk-0123456789abcdef"
SIGNED = ("eyJleHBpcmF0aW9u-policy", "s1gn4ture+/=", "LTAI-access-key")
MODEL = "wan2.2-animate-move"
DATA = bytes(range(256)) * 1000
EXPIRED = (
    b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>'
    b"<Message>Invalid according to Policy: Policy expired.</Message></Error>"
)


def policy(host, **changes):
    data = {
        "policy": SIGNED[0],
        "signature": SIGNED[1],
        "upload_dir": "dashscope-instant/0a1b/2025-10-15/5c6d",
        "upload_host": host,
        "expire_in_seconds": 300,
        "max_file_size_mb": 100,
        "capacity_limit_mb": 999999999,
        "oss_access_key_id": SIGNED[2],
        "x_oss_object_acl": "private",
        "x_oss_forbid_overwrite": "true",
    }
    merged = {name: value for name, value in (data | changes).items() if value is not None}
    return {"request_id": "r-p", "data": merged}


class Bench:
    """An API, a storage host, and an uploader between them."""

    def __init__(self, api, storage):
        self.api = api
        self.storage = storage
        self.now = 1000.0
        self.endpoint = Endpoint("gateway", api.base_url, KEY)
        self.uploader = Uploader(clock=lambda: self.now)
        self.steps = []

    def host(self):
        return f"http://127.0.0.1:{self.storage.server_port}"

    def grants(self, **changes):
        self.api.says(policy(self.host(), **changes))

    def send(self, file, model=MODEL, on_bytes=None):
        return self.uploader.send(
            file,
            model,
            client=WanClient(self.endpoint),
            session=StorageSession(),
            on_bytes=on_bytes or (lambda done, total: self.steps.append((done, total))),
        )


@pytest.fixture
def bench(make_server):
    return Bench(make_server(), make_server())


def a_file(data=DATA, name="dance.mp4", mime="video/mp4"):
    return LocalFile.of(name, mime, data)


def parts_of(seen):
    """Return the form's fields in their order: name, value."""
    boundary = re.search("boundary=(.+)", seen.headers["Content-Type"])[1].encode()
    pieces = seen.body.split(b"--" + boundary)
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    found = []
    for piece in pieces[1:-1]:
        head, _, value = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]+)"', head)[1].decode()
        found.append((name, value.removesuffix(b"\r\n")))
    return found


def problem(kind, call, *args, **kwargs):
    """Return the error of a call; nothing of it may hold the key or the permission."""
    with pytest.raises(kind) as caught:
        call(*args, **kwargs)
    error = caught.value
    # With the variables of every frame, as IPython's Verbose mode shows them.
    told = [*traceback.format_exception(error), repr(error), repr(vars(error))]
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    told += [repr(frame.f_locals) for frame in frames if frame.f_globals["__name__"] != __name__]
    for secret in (KEY, *SIGNED):
        assert secret not in "".join(told)
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


# -- a good upload ------------------------------------------------------------------


def test_the_policy_call_is_the_documented_one(bench):
    bench.grants()
    bench.storage.says()
    bench.send(a_file())
    (seen,) = bench.api.seen
    assert seen.method == "GET"
    assert seen.path == f"/qwen/api/v1/uploads?action=getPolicy&model={MODEL}"
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert "X-DashScope-Async" not in seen.headers


def test_the_form_is_the_documented_one(bench):
    bench.grants()
    bench.storage.says()
    url = bench.send(a_file())
    (seen,) = bench.storage.seen
    assert (seen.method, seen.path) == ("POST", "/")
    assert seen.headers["Content-Length"] == str(len(seen.body))
    assert "Transfer-Encoding" not in seen.headers
    fields = parts_of(seen)
    assert fields[-1] == ("file", DATA), "the file comes last"
    plain = {name: value.decode() for name, value in fields[:-1]}
    key = plain.pop("key")
    assert plain == {
        "OSSAccessKeyId": SIGNED[2],
        "Signature": SIGNED[1],
        "policy": SIGNED[0],
        "x-oss-object-acl": "private",
        "x-oss-forbid-overwrite": "true",
        "success_action_status": "200",
        "x-oss-content-type": "video/mp4",
    }
    assert re.fullmatch(r"dashscope-instant/0a1b/2025-10-15/5c6d/dance-[0-9a-f]{8}\.mp4", key)
    assert url == f"oss://{key}"


def test_our_upload_is_the_official_sdks(bench, monkeypatch, tmp_path):
    path = tmp_path / "dance.mp4"
    path.write_bytes(DATA)
    bench.grants()
    bench.storage.says()
    bench.send(LocalFile.of(path.name, "video/mp4", path))
    bench.grants()
    bench.storage.says()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own business
        import dashscope
        from dashscope.utils.oss_utils import OssUtils

        monkeypatch.setattr(dashscope, "base_http_api_url", bench.api.base_url)
        theirs = OssUtils.upload(model=MODEL, file_path=str(path), api_key=KEY)
        theirs = theirs[0] if isinstance(theirs, tuple) else theirs
    assert theirs.startswith("oss://")
    ours, sdks = bench.api.seen
    assert (ours.method, ours.path) == (sdks.method, sdks.path)
    ours, sdks = (dict(parts_of(seen)) for seen in bench.storage.seen)
    key = ours.pop("key").decode()
    assert key.rpartition("/")[0] == sdks.pop("key").decode().rpartition("/")[0]
    assert ours == sdks


def test_storage_gets_no_key_and_no_login(bench, clean_machine):
    (clean_machine / ".netrc").write_text("default login me password hunter2\n")
    (clean_machine / ".netrc").chmod(0o600)
    bench.grants()
    bench.storage.says()
    bench.send(a_file())
    (seen,) = bench.storage.seen
    assert "Authorization" not in seen.headers
    assert "Cookie" not in seen.headers
    assert KEY not in str(seen.headers)
    assert KEY.encode() not in seen.body


def test_nothing_secret_is_logged(bench, caplog):
    caplog.set_level(logging.DEBUG)
    bench.grants()
    bench.storage.says()
    bench.send(a_file())
    assert caplog.records
    for secret in (KEY, *SIGNED):
        assert secret not in caplog.text
        assert secret not in repr(bench.uploader.__dict__["_policies"])


def test_another_base_for_uploads(bench, make_server):
    other = make_server()
    bench.endpoint = dataclasses.replace(bench.endpoint, upload_base=f"{other.base_url}/x")
    other.says(policy(bench.host()))
    bench.storage.says()
    bench.send(a_file())
    assert bench.api.seen == []
    assert other.seen[0].path.startswith("/qwen/api/v1/x/uploads?")


def test_progress(bench):
    bench.grants()
    bench.storage.says()
    bench.send(a_file())
    done = [done for done, _ in bench.steps]
    assert (done[0], done[-1]) == (0, len(DATA))
    assert done == sorted(done)
    assert len(done) > 3
    assert {total for _, total in bench.steps} == {len(DATA)}


@pytest.mark.parametrize("size", [0, 1, form._CHUNK - 1, form._CHUNK, form._CHUNK + 1])
def test_every_byte_arrives_whatever_the_size(bench, size):
    bench.grants()
    bench.storage.says()
    bench.send(a_file(DATA[:size]))
    assert dict(parts_of(bench.storage.seen[0]))["file"] == DATA[:size]


def test_a_file_is_never_in_memory_as_a_whole(bench, tmp_path, monkeypatch):
    path = tmp_path / "big.mp4"
    with path.open("wb") as big:
        big.truncate(60_000_000)
    file = LocalFile.of("big.mp4", "video/mp4", path)
    got = []

    class Sink(requests.Session):
        def post(self, url, *, data, **_):
            got.append(sum(len(piece) for piece in data) == len(data))
            raise requests.ConnectionError

    bench.grants()
    client = WanClient(bench.endpoint)
    tracemalloc.start()
    with pytest.raises(ConnectionFailed):
        bench.uploader.send(file, MODEL, client=client, session=Sink(), on_bytes=lambda *_: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert got == [True]
    assert peak < 10_000_000


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("dance.mp4", r"dance-\w{8}\.mp4"),
        ("my clip (final) v2.MP4", r"my-clip-final-v2-\w{8}\.MP4"),
        ("跳舞.mov", r"file-\w{8}\.mov"),
        ("../../etc/passwd", r"passwd-\w{8}"),
        ('a"b\r\nc.wav', r"a-b-c-\w{8}\.wav"),
        ("x" * 300 + ".png", r"x{40}-\w{8}\.png"),
        (".mp4", r"mp4-\w{8}"),
        ("a.tar.gz", r"a-tar-\w{8}\.gz"),
        ("", r"file-\w{8}"),
    ],
)
def test_names_are_made_safe(name, pattern):
    assert re.fullmatch(pattern, safe_name(name))


# -- what is kept ---------------------------------------------------------------------


def test_a_policy_is_used_for_several_files_while_it_is_good(bench):
    bench.grants()
    for _ in range(3):
        bench.storage.says()
    urls = {bench.send(a_file(b"one")), bench.send(a_file(b"two")), bench.send(a_file(b"one"))}
    assert len(bench.api.seen) == 1
    assert len(urls) == 3, "no key is used twice: the policy forbids to write over a file"


def test_an_old_policy_is_renewed_before_its_end(bench):
    bench.grants()
    bench.grants()
    for _ in range(3):
        bench.storage.says()
    bench.send(a_file(b"one"))
    bench.now += 265
    bench.send(a_file(b"two"))
    bench.now += 10
    bench.send(a_file(b"three"))
    assert len(bench.api.seen) == 2


def test_a_policy_is_for_one_model(bench):
    bench.grants()
    bench.grants()
    bench.storage.says()
    bench.storage.says()
    bench.send(a_file(), "wan2.7-i2v")
    bench.send(a_file(), "wan3.0-video")
    assert [seen.path.rpartition("=")[2] for seen in bench.api.seen] == [
        "wan2.7-i2v",
        "wan3.0-video",
    ]


def test_a_file_is_known_while_it_lives(bench):
    bench.grants()
    bench.storage.says()
    file = a_file()
    assert bench.uploader.known(MODEL, file.digest) == ""
    url = bench.send(file)
    assert bench.uploader.known(MODEL, file.digest) == url
    assert bench.uploader.known("wan2.7-i2v", file.digest) == "", "bound to the model"
    bench.now += 43 * 3600
    assert bench.uploader.known(MODEL, file.digest) == url
    bench.now += 2 * 3600
    assert bench.uploader.known(MODEL, file.digest) == ""


def test_a_file_can_be_forgotten(bench):
    bench.grants()
    bench.storage.says()
    file = a_file()
    bench.send(file)
    bench.uploader.forget(MODEL, file.digest)
    bench.uploader.forget(MODEL, file.digest)
    assert bench.uploader.known(MODEL, file.digest) == ""


def test_one_uploader_for_an_endpoint_and_its_key():
    one = Endpoint("g", "https://g.example/api/v1", KEY)
    same = Endpoint("g", "https://g.example/api/v1", KEY, status={})
    other = dataclasses.replace(one, key="sk-another")
    assert uploader_for(one) is uploader_for(same)
    assert uploader_for(one) is not uploader_for(other)


def test_only_one_may_upload_some_content_at_a_time(bench):
    with bench.uploader.turn(MODEL, "d") as first:
        with bench.uploader.turn(MODEL, "d") as second:
            assert (first, second) == (True, False)
        with bench.uploader.turn(MODEL, "d") as third, bench.uploader.turn("m2", "d") as other:
            assert (third, other) == (False, True)
    with pytest.raises(KeyError), bench.uploader.turn(MODEL, "d"):
        raise KeyError
    with bench.uploader.turn(MODEL, "d") as again:
        assert again


# -- the file -------------------------------------------------------------------------


def on_disk(tmp_path, data=DATA):
    path = tmp_path / "dance.mp4"
    path.write_bytes(data)
    return path, LocalFile.of("dance.mp4", "video/mp4", path)


def test_a_file_that_is_gone(bench, tmp_path):
    path, file = on_disk(tmp_path)
    path.unlink()
    bench.grants()
    bench.storage.answers.append(lambda handler: None)
    error = problem(InputError, bench.send, file)
    assert error.message == "dance.mp4 cannot be read any more: No such file or directory"


@pytest.mark.parametrize(
    "new",
    [DATA[::-1], DATA[:-1], DATA[:100], b"", DATA + b"x", DATA * 2],
    ids=["other bytes", "shorter by one", "much shorter", "empty", "longer by one", "doubled"],
)
def test_a_file_that_changed_never_arrives_whole(bench, tmp_path, new):
    path, file = on_disk(tmp_path)
    path.write_bytes(new)
    bench.grants()
    bench.storage.answers.append(lambda handler: None)
    error = problem(InputError, bench.send, file)
    assert error.message == "dance.mp4 has changed since it was checked"
    assert "as it is now" in error.hint
    time.sleep(0.05)
    for seen in bench.storage.seen:
        assert len(seen.body) < int(seen.headers["Content-Length"])
    assert bench.uploader.known(MODEL, file.digest) == ""


def test_a_file_that_is_too_large_is_not_sent(bench):
    bench.grants(max_file_size_mb=1)
    error = problem(InputError, bench.send, a_file(bytes(3 * 1024 * 1024), "big.mp4"))
    assert error.message == "big.mp4 has 3.0 MB, and this endpoint takes 1 MB for this model"
    assert "http(s) URL" in error.hint
    assert bench.storage.seen == []


@pytest.mark.parametrize("limit", [None, 0, -1, "100", True])
def test_a_limit_that_is_none_is_no_limit(bench, limit):
    bench.grants(max_file_size_mb=limit)
    bench.storage.says()
    assert bench.send(a_file(bytes(2 * 1024 * 1024)))


@pytest.mark.parametrize("stop", [JobCancelled("stop"), JobTimeout("stop"), ConnectionFailed("x")])
def test_the_upload_can_be_stopped(bench, stop):
    def on_bytes(done, total):
        if done:
            raise stop

    bench.grants()
    bench.storage.answers.append(lambda handler: None)
    assert problem(type(stop), bench.send, a_file(), on_bytes=on_bytes) is stop
    time.sleep(0.05)
    for seen in bench.storage.seen:
        assert len(seen.body) < int(seen.headers["Content-Length"])


# -- the policy call goes wrong -----------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "part"),
    [
        (401, "InvalidApiKey", "a key belongs to one region, and gateway ("),
        (403, "AccessDenied", "rights"),
        (404, "", "takes no uploads"),
        (405, "", "takes no uploads"),
        (429, "Throttling.RateQuota", "wait a minute"),
        (500, "InternalError", "the service failed"),
        (503, "", "in a minute"),
    ],
)
def test_a_policy_call_that_is_refused(bench, status, code, part):
    bench.api.says({"code": code, "message": f"no, {KEY}"}, status=status, Retry_After="7")
    error = problem(ApiError, bench.send, a_file())
    assert (error.status, error.code, error.retry_after) == (status, code, 7.0)
    assert part in error.hint
    assert bench.storage.seen == []


def test_a_policy_call_that_leads_elsewhere(bench, make_server):
    other = make_server()
    bench.api.says(status=302, Location=other.base_url)
    error = problem(ConnectionFailed, bench.send, a_file())
    assert "the key is not sent there" in error.message
    assert other.seen == []


@pytest.mark.parametrize(
    "answer", [{"data": None}, {"data": []}, {"output": {}}, {}], ids=json.dumps
)
def test_an_answer_without_a_policy(bench, answer):
    bench.api.says(answer)
    error = problem(ConnectionFailed, bench.send, a_file())
    assert error.message == "gateway gave no permission to upload"


def test_a_refusal_with_http_200_is_a_refusal(bench):
    bench.api.says({"code": "InvalidParameter", "message": "no uploads here"})
    assert "no uploads here" in problem(ApiError, bench.send, a_file()).message


@pytest.mark.parametrize(
    "name", ["policy", "signature", "upload_dir", "upload_host", "oss_access_key_id"]
)
@pytest.mark.parametrize("value", [None, "", "a b", "a\r\nb"])
def test_a_policy_that_is_not_whole(bench, name, value):
    bench.grants(**{name: value})
    assert "permission" in str(problem(ConnectionFailed, bench.send, a_file())) or name == (
        "upload_host"
    )
    assert bench.storage.seen == []


def test_what_the_policy_may_leave_out(bench):
    bench.grants(x_oss_object_acl=None, x_oss_forbid_overwrite=None, expire_in_seconds=None)
    bench.storage.says()
    assert bench.send(a_file())
    plain = dict(parts_of(bench.storage.seen[0]))
    assert plain["x-oss-object-acl"] == b"private"
    assert plain["x-oss-forbid-overwrite"] == b"true"


@pytest.mark.parametrize(
    "host",
    [
        "http://storage.example",
        "http://10.0.0.1",
        "https://",
        "https://me:secret@storage.example",
        "file:///etc",
        "storage.example",
        "https://[::1",
    ],
)
def test_a_place_to_upload_that_is_not_safe(bench, host):
    bench.grants(upload_host=host)
    error = problem(ConnectionFailed, bench.send, a_file())
    assert "not safe" in error.message


def test_a_hosted_endpoint_cannot_send_files_to_this_machine(bench):
    class Hosted(WanClient):
        def upload_policy(self, model):
            return policy(bench.host())["data"]

    client = Hosted(Endpoint("g", "https://gateway.example/api/v1", KEY))
    args = {"client": client, "session": StorageSession(), "on_bytes": lambda *_: None}
    error = problem(ConnectionFailed, bench.uploader.send, a_file(), MODEL, **args)
    assert "not safe" in error.message
    assert bench.storage.seen == []


# -- the storage host goes wrong ----------------------------------------------------------


def test_an_expired_policy_is_renewed_once(bench):
    bench.grants()
    bench.grants()
    bench.storage.says(EXPIRED, status=403, Content_Type="application/xml")
    bench.storage.says()
    assert bench.send(a_file())
    assert len(bench.api.seen) == 2
    assert len(bench.storage.seen) == 2


def test_a_policy_that_expires_at_once_is_given_up(bench):
    for _ in range(2):
        bench.grants()
        bench.storage.says(EXPIRED, status=403, Content_Type="application/xml")
    error = problem(ApiError, bench.send, a_file())
    assert "Policy expired" in error.message
    assert (error.status, error.code) == (403, "AccessDenied")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429, 500, 502, 503])
def test_storage_that_refuses(bench, status):
    xml = (
        f"<Error><Code>SomeCode</Code><Message>Not &lt;so&gt;, {SIGNED[1]}</Message>"
        f"<StringToSign>{SIGNED[0]}</StringToSign></Error>"
    )
    bench.grants()
    bench.storage.says(xml.encode(), status=status, Content_Type="application/xml", Retry_After="9")
    error = problem(ApiError, bench.send, a_file())
    host = bench.host().removeprefix("http://")
    assert error.message == (f"{host} did not take the file: HTTP {status} SomeCode: Not <so>, ***")
    assert (error.status, error.code, error.retry_after) == (status, "SomeCode", 9.0)
    assert len(bench.storage.seen) == 1, "who may try again is decided by the job"


def test_a_code_in_plain_words(bench):
    bench.grants()
    bench.storage.says(b"<Error><Code>EntityTooLarge</Code></Error>", status=400)
    message = problem(ApiError, bench.send, a_file()).message
    assert "the file is too large for it (HTTP 400 EntityTooLarge)" in message


@pytest.mark.parametrize(
    ("status", "body", "part"),
    [
        (200, b"<html>log in first</html>", "HTTP 200, a web page"),
        (403, b"<html>blocked</html>", "HTTP 403, a web page"),
        (502, b"<html>" + b"x" * 1_000_000, "HTTP 502, a web page"),
    ],
)
def test_a_web_page_is_no_storage(bench, status, body, part):
    bench.grants()
    bench.storage.says(body, status=status, Content_Type="text/html; charset=utf-8")
    error = problem(ApiError, bench.send, a_file())
    assert part in error.message
    assert error.status == status


@pytest.mark.parametrize("status", [200, 201, 204])
def test_what_counts_as_taken(bench, status):
    bench.grants()
    bench.storage.says(status=status)
    assert bench.send(a_file()).startswith("oss://")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_file_does_not_follow_a_redirect(bench, make_server, status):
    other = make_server()
    bench.grants()
    bench.storage.says(status=status, Location=f"{other.base_url}/")
    error = problem(ApiError, bench.send, a_file())
    assert "not sent elsewhere" in error.message
    assert other.seen == []


def test_storage_that_hangs_up(bench):
    bench.grants()
    bench.storage.hangs_up()
    error = problem(ConnectionFailed, bench.send, a_file())
    assert "broke off" in error.message


def test_storage_that_is_not_there(bench):
    bench.grants()
    bench.storage.shutdown()
    bench.storage.server_close()
    assert "broke off" in problem(ConnectionFailed, bench.send, a_file()).message


def test_storage_that_takes_too_long(bench, monkeypatch):
    monkeypatch.setattr(form, "_TIMEOUT", (5, 0.1))
    bench.grants()
    bench.storage.stays_silent()
    assert "broke off" in problem(ConnectionFailed, bench.send, a_file()).message


def test_storage_that_takes_its_time(bench):
    bench.grants()

    def slowly(handler):
        time.sleep(0.3)
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    bench.storage.answers.append(slowly)
    assert bench.send(a_file())


def test_storage_that_refuses_before_it_has_read_all(bench, monkeypatch):
    """The answer is heard where it can be; else the connection broke, and that is said."""
    bench.grants()
    handler = bench.storage.RequestHandlerClass

    def early(self):
        self.server.seen.append(None)
        self.wfile.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    monkeypatch.setattr(handler, "do_POST", early)
    problem((ApiError, ConnectionFailed), bench.send, a_file(DATA * 40))
    assert len(bench.storage.seen) == 1


def test_storage_on_this_machine_is_not_asked_through_a_proxy(bench, make_server, monkeypatch):
    proxy = make_server()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.server_port}")
    bench.grants()
    bench.storage.says()
    bench.send(a_file())
    assert proxy.seen == []


def test_many_threads(bench):
    for _ in range(8):
        bench.grants()
        bench.storage.says()
    urls, threads = [], []
    for number in range(8):
        file = a_file(f"{number}".encode() * 1000)
        threads.append(threading.Thread(target=lambda file=file: urls.append(bench.send(file))))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(set(urls)) == 8
    digests = {
        hashlib.sha256(dict(parts_of(seen))["file"]).hexdigest() for seen in bench.storage.seen
    }
    assert len(digests) == 8
    assert upload._KEPT < 48 * 3600
