"""The client, over real HTTP, against a server that says whatever a test wants."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import traceback
import warnings

import pytest
import requests
import urllib3
from scripted import DRIPS_MAX

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.wan import connection, storage, transport
from wan_magic.wan.client import WanClient
from wan_magic.wan.connection import ApiSession
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.media.loaded import Input
from wan_magic.wan.request import VideoRequest
from wan_magic.wan.storage import StorageSession, download
from wan_magic.wan.timely import WHOLE, Pace

KEY = "sk-0123456789abcdef"
IMAGE = "data:image/png;base64,iVBORw0KGgo="
PICTURE = Input(option="image", media="image", value=IMAGE, source="cat.png", digest="d")
REQUEST = VideoRequest(model="wan2.5-i2v-preview", prompt="a cat runs", inputs=(PICTURE,), seed=7)
CREATED = {"output": {"task_status": "PENDING", "task_id": "t-1"}, "request_id": "r-1"}
HTML = b"<html>Welcome</html>"


@pytest.fixture
def client(server):
    return WanClient(Endpoint("gateway", server.base_url, KEY))


def shown(error):
    """Return everything that a person could see of an error, its causes included."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__dict__)


def api_error(call, *args):
    with pytest.raises(ApiError) as caught:
        call(*args)
    assert KEY not in shown(caught.value)
    return caught.value


def no_answer(call, *args):
    with pytest.raises(ConnectionFailed) as caught:
        call(*args)
    assert KEY not in shown(caught.value)
    return caught.value


# -- create ---------------------------------------------------------------------


def test_create_sends_the_documented_call(server, client):
    server.says(CREATED)
    task = client.create(REQUEST)
    (seen,) = server.seen
    assert seen.method == "POST"
    assert seen.path == "/qwen/api/v1/services/aigc/video-generation/video-synthesis"
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert seen.headers["X-DashScope-Async"] == "enable"
    assert seen.headers["Content-Type"] == "application/json"
    assert json.loads(seen.body) == {
        "model": "wan2.5-i2v-preview",
        "input": {"prompt": "a cat runs", "img_url": IMAGE},
        "parameters": {"seed": 7},
    }
    assert (task.task_id, task.state, task.status, task.request_id) == (
        "t-1",
        "queued",
        "PENDING",
        "r-1",
    )


def test_create_keeps_chinese_and_emoji(server, client):
    server.says(CREATED)
    client.create(dataclasses.replace(REQUEST, prompt="一只猫 🐈 “runs”"))
    assert json.loads(server.seen[0].body)["input"]["prompt"] == "一只猫 🐈 “runs”"


def test_an_accepted_request_without_a_task_may_be_paid(server, client):
    server.says({"output": {}, "request_id": "r"})
    error = no_answer(client.create, REQUEST)
    assert "named no task" in error.message
    assert error.maybe_accepted


def test_a_refusal_with_http_200_is_a_refusal(server, client):
    server.says({"code": "InvalidApiKey", "message": "Invalid key.", "request_id": "r-9"})
    error = api_error(client.create, REQUEST)
    assert (error.code, error.request_id) == ("InvalidApiKey", "r-9")
    assert error.message == "HTTP 200 InvalidApiKey: Invalid key."
    assert "DASHSCOPE_API_KEY" in error.hint


def test_a_task_id_that_is_a_number_is_one(server, client):
    server.says({"output": {"task_id": 12345, "task_status": "PENDING"}})
    assert client.create(REQUEST).task_id == "12345"


@pytest.mark.parametrize("where", ["image", "audio"])
def test_an_upload_is_sent_with_the_header_that_resolves_it(server, client, where):
    one = Input.from_url(where, where, "oss://dashscope-instant/x/cat.png")
    other = {"image": ("audio", "a.mp3"), "audio": ("image", "a.png")}[where]
    two = Input.from_url(other[0], other[0], f"https://x.org/{other[1]}")
    server.says(CREATED)
    client.create(dataclasses.replace(REQUEST, inputs=(one, two)))
    assert server.seen[0].headers["X-DashScope-OssResourceResolve"] == "enable"


def test_without_an_upload_that_header_is_not_sent(server, client):
    server.says(CREATED)
    client.create(REQUEST)
    assert "X-DashScope-OssResourceResolve" not in server.seen[0].headers


# -- what differs at a gateway ----------------------------------------------------


@pytest.fixture
def gateway(server):
    def make(**differences):
        return WanClient(Endpoint("bltcy", server.base_url, KEY, **differences))

    return make


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("wan2.7-t2v", "/services/aigc/video-generation/video-synthesis"),
        ("wan2.2-kf2v-flash", "/services/aigc/image2video/video-synthesis"),
        ("wan2.2-s2v", "/services/aigc/image2video/video-synthesis"),
    ],
)
def test_each_model_has_its_path_unless_the_gateway_has_one(server, gateway, model, path):
    request = VideoRequest(model=model, prompt="p")
    server.says(CREATED)
    gateway().create(request)
    server.says(CREATED)
    gateway(create_path="/videos/new").create(request)
    assert [seen.path for seen in server.seen] == [
        f"/qwen/api/v1{path}",
        "/qwen/api/v1/videos/new",
    ]


@pytest.mark.parametrize(
    ("template", "query", "cancel"),
    [
        ("/tasks/{task_id}", "/tasks/a%2Fb", "/tasks/a%2Fb/cancel"),
        ("/tasks/video/{task_id}", "/tasks/video/a%2Fb", "/tasks/video/a%2Fb/cancel"),
        ("/tasks?task_id={task_id}", "/tasks?task_id=a%2Fb", "/tasks/a%2Fb/cancel"),
    ],
)
def test_the_path_of_a_query(server, gateway, template, query, cancel):
    client = gateway(query_path=template)
    server.says(CREATED)
    client.query("a/b")
    server.says({})
    client.cancel("a/b")
    assert [seen.path.removeprefix("/qwen/api/v1") for seen in server.seen] == [query, cancel]


@pytest.mark.parametrize(
    ("said", "status", "state"),
    [
        ("done", "SUCCEEDED", "succeeded"),
        ("DONE", "SUCCEEDED", "succeeded"),
        ("broken", "FAILED", "failed"),
        ("working", "RUNNING", "running"),
        ("PENDING", "PENDING", "queued"),
        ("else", "else", "running"),
    ],
)
def test_a_gateways_names_of_states(server, gateway, said, status, state):
    names = {"done": "SUCCEEDED", "broken": "FAILED", "working": "RUNNING"}
    server.says({"output": {"task_id": "t-1", "task_status": said}})
    task = gateway(status=names).query("t-1")
    assert (task.status, task.state) == (status, state)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("submitted", "queued"),
        ("completed", "succeeded"),
        ("SUCCESS", "succeeded"),
        ("FAILURE", "failed"),
    ],
)
def test_names_that_many_gateways_use(server, client, said, state):
    server.says({"output": {"task_status": said}})
    assert client.query("t-1").state == state


@pytest.mark.parametrize(
    "answer",
    [
        {"output": {"status": "SUCCEEDED", "result_url": "https://s.example/c.mp4"}},
        {"status": "SUCCEEDED", "result_url": "https://s.example/c.mp4"},
        {"task_status": "SUCCEEDED", "video_url": "https://s.example/c.mp4", "output": {}},
        {"status": "SUCCEEDED", "output": {"results": {"video_url": "https://s.example/c.mp4"}}},
        {
            "status": 200,
            "result_url": "https://s.example/other.mp4",
            "output": {"task_status": "SUCCEEDED", "video_url": "https://s.example/c.mp4"},
        },
    ],
    ids=["in output", "at the top", "both at the top", "results", "the API's own comes first"],
)
def test_where_gateways_put_things(server, client, answer):
    server.says(answer)
    task = client.query("t-1")
    assert (task.state, task.video_url) == ("succeeded", "https://s.example/c.mp4")


def test_a_number_as_status_is_no_status(server, client):
    server.says({"status": 200, "output": {}})
    assert client.query("t-1").status == ""


def test_a_task_id_at_the_top(server, client):
    server.says({"task_id": "t-9", "status": "submitted"})
    task = client.create(REQUEST)
    assert (task.task_id, task.state) == ("t-9", "queued")


def test_a_workspace_is_named_on_every_call(server, gateway):
    client = gateway(workspace="ws-1")
    server.says(CREATED)
    client.create(REQUEST)
    server.says({"data": {"policy": "p"}})
    assert client.upload_policy("m") == {"policy": "p"}
    server.says(CREATED)
    WanClient(Endpoint("g", server.base_url, KEY)).query("t")
    named = [seen.headers.get("X-DashScope-WorkSpace") for seen in server.seen]
    assert named == ["ws-1", "ws-1", None]


@pytest.mark.parametrize("code", ["InvalidApiKey", "invalid_api_key", ""])
def test_a_refused_key_names_who_was_asked_and_where_it_came_from(server, gateway, code):
    server.says({"code": code, "message": "Invalid API-key provided."}, status=401)
    hint = api_error(gateway(key_variable="BLTCY_API_KEY").create, REQUEST).hint
    assert "check BLTCY_API_KEY" in hint
    asked = f"bltcy (127.0.0.1:{server.server_port})"
    assert f"a key belongs to one region, and {asked} was asked" in hint


# -- the portrait check -----------------------------------------------------------

FIT = {"output": {"check_pass": True, "humanoid": True}, "usage": {"image_count": 1}}


@pytest.mark.parametrize("url", ["https://x.org/face.png", "oss://dashscope-instant/x/face.png"])
def test_a_portrait_check_is_the_documented_call(server, client, url):
    server.says(FIT)
    assert client.check_portrait(url) == {"check_pass": True, "humanoid": True}
    (seen,) = server.seen
    assert (seen.method, seen.path) == (
        "POST",
        "/qwen/api/v1/services/aigc/image2video/face-detect",
    )
    assert json.loads(seen.body) == {"model": "wan2.2-s2v-detect", "input": {"image_url": url}}
    assert "X-DashScope-Async" not in seen.headers
    assert ("X-DashScope-OssResourceResolve" in seen.headers) is url.startswith("oss://")


def test_a_portrait_check_that_fails(server, client):
    server.says({"code": "InvalidImage", "message": "too small"}, status=400)
    assert api_error(client.check_portrait, "https://x.org/a.png").code == "InvalidImage"
    server.says({"code": "InvalidImage", "message": "too small"})
    assert "too small" in api_error(client.check_portrait, "https://x.org/a.png").message
    server.says({})
    error = no_answer(client.check_portrait, "https://x.org/a.png")
    assert error.maybe_accepted, "it is billed"


# -- query ----------------------------------------------------------------------


def test_query_asks_for_the_task(server, client):
    server.says(CREATED)
    client.query("t-1")
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("GET", "/qwen/api/v1/tasks/t-1")
    assert seen.headers["Authorization"] == f"Bearer {KEY}"
    assert "X-DashScope-Async" not in seen.headers


def test_a_task_id_cannot_lead_elsewhere(server, client):
    server.says(CREATED)
    client.query("../a b?x=1#y")
    assert server.seen[0].path == "/qwen/api/v1/tasks/..%2Fa%20b%3Fx%3D1%23y"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", "queued"),
        ("RUNNING", "running"),
        ("SUCCEEDED", "succeeded"),
        ("FAILED", "failed"),
        ("CANCELED", "cancelled"),
        ("CANCELLED", "cancelled"),
        ("UNKNOWN", "unknown"),
        ("running", "running"),
        ("succeeded", "succeeded"),
        ("SUSPENDED", "running"),
        ("in_progress", "running"),
        ("", "running"),
    ],
)
def test_states(server, client, status, state):
    server.says({"output": {"task_id": "t-1", "task_status": status}})
    task = client.query("t-1")
    assert (task.state, task.status) == (state, status)


@pytest.mark.parametrize("output", [{}, None, [], "text"])
def test_an_answer_without_a_status_is_still_going(server, client, output):
    server.says({"output": output, "usage": "none"})
    task = client.query("t-1")
    assert (task.task_id, task.state, task.usage) == ("t-1", "running", {})


def test_a_finished_task(server, client):
    output = {
        "task_id": "t-1",
        "task_status": "SUCCEEDED",
        "video_url": "https://storage.example/a.mp4?Signature=s3cret",
        "orig_prompt": "a cat",
        "actual_prompt": "a cat, in detail",
    }
    usage = {"duration": 5, "SR": 480, "video_count": 1}
    server.says({"output": output, "usage": usage, "request_id": "r"})
    task = client.query("t-1")
    assert task.video_url == output["video_url"]
    assert (task.orig_prompt, task.actual_prompt, task.usage) == (
        "a cat",
        "a cat, in detail",
        usage,
    )
    assert "s3cret" not in repr(task), "a signed address is never shown"


def test_the_video_of_the_other_model_family(server, client):
    results = {"video_url": "https://storage.example/b.mp4"}
    server.says({"output": {"task_status": "SUCCEEDED", "results": results}})
    assert client.query("t").video_url == "https://storage.example/b.mp4"


def test_a_failed_task_comes_with_http_200(server, client):
    output = {"task_status": "FAILED", "code": "InvalidParameter", "message": "The size is wrong"}
    server.says({"output": output, "request_id": "r-2"})
    task = client.query("t-1")
    assert (task.state, task.code, task.message, task.request_id) == (
        "failed",
        "InvalidParameter",
        "The size is wrong",
        "r-2",
    )


def test_a_reason_outside_of_the_output_is_kept(server, client):
    server.says({"output": {"task_status": "FAILED"}, "code": "InternalError", "message": "oh"})
    task = client.query("t-1")
    assert (task.code, task.message) == ("InternalError", "oh")


# -- cancel and list --------------------------------------------------------------


def test_cancel(server, client):
    server.says({"request_id": "r"})
    client.cancel("t-1")
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/qwen/api/v1/tasks/t-1/cancel", b"")


def test_cancel_refused(server, client):
    server.says({"code": "UnsupportedOperation", "message": "Failed to cancel"}, status=400)
    assert "PENDING" in api_error(client.cancel, "t-1").hint


def test_list(server, client):
    server.says({"data": [{"task_id": "t-1", "model_name": "wan2.6-i2v"}], "total": 1})
    assert client.list_tasks(task_id="t-1", page_size=5) == [
        {"task_id": "t-1", "model_name": "wan2.6-i2v"}
    ]
    assert server.seen[0].path == "/qwen/api/v1/tasks/?task_id=t-1&page_size=5"


@pytest.mark.parametrize(
    "said",
    [{}, {"output": {}}, *({"data": it} for it in (None, "x", {"task_id": "t"}, [1, None, "x"]))],
    ids=str,
)
def test_a_list_that_is_none_is_not_taken_for_an_empty_one(server, client, said):
    server.says(said)
    error = no_answer(client.list_tasks)
    assert "answered the list call with no list" in error.message
    assert not error.transient


@pytest.mark.parametrize(
    "said",
    [{"code": "NotFound"}, {"code": "NotFound", "data": []}, {"output": {"code": "NotFound"}}],
)
def test_a_list_call_that_is_refused_with_http_200_is_refused(server, client, said):
    server.says(said)
    assert api_error(client.list_tasks).code == "NotFound"


@pytest.mark.parametrize(
    ("said", "total"),
    [
        ({"data": [], "page_no": 1, "page_size": 10, "total_page": 0, "total": 0}, 0),
        ({"data": [], "total_page": 0, "total": 0}, 0),
        ({"data": []}, None),
        ({"data": [], "total_page": 1}, None),
        ({"data": [], "total": 0}, None),
        ({"data": [], "total": "0", "total_page": 0}, None),
        ({"data": [], "total": False, "total_page": 0}, None),
        ({"output": {"data": [], "total_page": 0, "total": 0}}, None),
    ],
    ids=str,
)
def test_only_a_list_as_documented_says_how_many_tasks_there_are(server, client, said, total):
    server.says(said)
    assert client.list_tasks().total == total


def test_rows_in_the_output_are_rows(server, client):
    server.says({"output": {"data": [{"task_id": "t-1"}], "total_page": 3}})
    assert client.list_page() == ([{"task_id": "t-1"}], 3)


@pytest.mark.parametrize(("said", "pages"), [({"total_page": 7}, 7), ({}, 0)])
def test_a_page_of_the_list_and_how_many_there_are(server, client, said, pages):
    server.says({"data": [{"task_id": "t-1"}], **said})
    assert client.list_page(status="RUNNING", page_no=2) == ([{"task_id": "t-1"}], pages)
    assert server.seen[0].path == "/qwen/api/v1/tasks/?status=RUNNING&page_no=2"


# -- refusals -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (400, "InvalidParameter", "the value that the message names"),
        (401, "InvalidApiKey", "DASHSCOPE_API_KEY"),
        (403, "AccessDenied", "rights"),
        (404, "ModelNotFound", "--model"),
        (413, "", "smaller image"),
        (429, "Throttling.RateQuota", "wait a minute"),
        (500, "InternalError", "the service failed"),
        (503, "ServiceUnavailable", "in a minute"),
    ],
)
def test_an_error_keeps_status_code_message_and_request_id(server, client, status, code, hint):
    body = {"code": code, "message": "This is why.", "request_id": "r-3"}
    server.says(body, status=status)
    error = api_error(client.create, REQUEST)
    assert (error.status, error.code, error.request_id) == (status, code, "r-3")
    assert error.message == f"HTTP {status}{code and ' '}{code}: This is why."
    assert "request r-3" in str(error)
    assert hint in error.hint
    assert len(server.seen) == 1, "the client itself never asks twice"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("", None), ("soon", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("²", None)],
)
def test_retry_after(server, client, header, seconds):
    server.says({"code": "Throttling"}, status=429, Retry_After=header)
    assert api_error(client.create, REQUEST).retry_after == seconds


@pytest.mark.parametrize("status", [502, 404, 500])
def test_an_error_page_instead_of_json(server, client, status):
    server.says(HTML, status=status, Content_Type="text/html; charset=utf-8")
    error = api_error(client.query, "t-1")
    assert error.message == f"HTTP {status}: text/html instead of JSON"


def test_a_page_instead_of_json_with_http_200(server, client):
    server.says(HTML, Content_Type="text/html")
    error = no_answer(client.create, REQUEST)
    assert error.message == "gateway answered with text/html instead of JSON"
    assert "/api/v1" in error.hint
    assert error.maybe_accepted


@pytest.mark.parametrize(
    "body", [b"[]", b'"text"', b"null", b"", b"\xff\xfe", b"[" * 200_000], ids=lambda b: str(b[:8])
)
def test_json_that_is_no_object(server, client, body):
    server.says(body, Content_Type="application/json")
    assert "instead of JSON" in no_answer(client.query, "t-1").message


def test_an_error_in_the_shape_of_another_api(server, client):
    error = {"message": "bad key", "code": "invalid_api_key", "type": "x"}
    server.says({"error": error}, status=401)
    found = api_error(client.create, REQUEST)
    assert found.message == "HTTP 401 invalid_api_key: bad key"
    assert "DASHSCOPE_API_KEY" in found.hint


@pytest.mark.parametrize(("body", "text"), [({"error": "no"}, "no"), ({}, "no reason was given")])
def test_an_error_with_little_in_it(server, client, body, text):
    server.says(body, status=400)
    assert api_error(client.create, REQUEST).message == f"HTTP 400: {text}"


def test_control_characters_do_not_reach_a_terminal(server, client):
    server.says({"code": "X", "message": "\x1b[31mred\x07"}, status=400)
    assert "\x1b" not in str(api_error(client.create, REQUEST))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_gets_no_key(make_server, server, client, status):
    other = make_server()
    server.says(status=status, Location=f"{other.base_url}/tasks/t-1")
    error = no_answer(client.query, "t-1")
    assert f"redirects to 127.0.0.1:{other.server_port}; the key is not sent there" in error.message
    assert "--endpoint" in error.hint
    assert other.seen == []


# -- no answer ------------------------------------------------------------------------


def test_nobody_listens(server, client):
    server.shutdown()
    server.server_close()
    error = no_answer(client.create, REQUEST)
    assert error.message == f"cannot reach 127.0.0.1:{server.server_port}"
    assert "nothing was sent" in error.hint
    assert not error.maybe_accepted


def test_the_request_was_read_and_then_nothing_came(server, client):
    server.hangs_up()
    error = no_answer(client.create, REQUEST)
    assert "broke before the answer came" in error.message
    assert error.maybe_accepted
    assert len(server.seen) == 1


def test_half_an_answer(server, client):
    server.says(b'{"output"', Content_Length="100")
    assert no_answer(client.create, REQUEST).maybe_accepted


def test_an_answer_that_takes_too_long(server, client, monkeypatch):
    monkeypatch.setattr(transport, "TIMEOUT", (5, 0.1))
    server.stays_silent()
    assert no_answer(client.create, REQUEST).maybe_accepted


@pytest.mark.parametrize("dripping", ["from its first byte", "in its body"])
def test_an_answer_that_drips_is_an_answer_that_is_lost(server, dripping):
    now = [0.0]

    def minute():
        now[0] += 59

    body = json.dumps(CREATED).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    server.drips(head + body, minute, at_once=len(head) if dripping == "in its body" else 0)
    with ApiSession(lambda: now[0]) as session:
        error = no_answer(WanClient(Endpoint("g", server.base_url, KEY), session).create, REQUEST)
    assert "broke before the answer came" in error.message
    assert error.maybe_accepted
    assert WHOLE.seconds < now[0] < 50 * 59
    assert len(server.seen) == 1, "it is never sent twice"


def test_by_itself_a_client_gives_no_answer_more_time_than_that(server, client, monkeypatch):
    monkeypatch.setattr(connection.ApiSession, "pace", Pace(0.05))
    connection._shared.cache_clear()
    for call, args in ((client.create, (REQUEST,)), (client.query, ("t-1",))):
        dripped = []
        server.drips(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000, lambda: dripped.append(1))  # noqa: B023
        assert no_answer(call, *args).transient
        assert len(dripped) < DRIPS_MAX
    connection._shared.cache_clear()


def test_an_answer_without_an_end(server, client, monkeypatch):
    monkeypatch.setattr(connection, "_ANSWER_MAX_BYTES", 1000)
    server.says(b"{" + b" " * 100_000)
    error = no_answer(client.create, REQUEST)
    assert "larger than 1,000 bytes" in error.message
    assert error.maybe_accepted


class Broken(requests.Session):
    """A session whose every call fails in one way."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def request(self, *args, **kwargs):
        raise self.error


@pytest.mark.parametrize(
    ("error", "maybe_accepted"),
    [
        (requests.ConnectTimeout("connect timed out"), False),
        (requests.ConnectionError("NameResolutionError(no such host)"), False),
        (requests.exceptions.ProxyError("Tunnel connection failed: 407"), False),
        (requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), False),
        (requests.exceptions.SSLError("EOF occurred in violation of protocol"), True),
        (requests.ReadTimeout("read timed out"), True),
        (requests.ConnectionError("RemoteDisconnected"), True),
        (requests.exceptions.ChunkedEncodingError("IncompleteRead"), True),
    ],
    ids=str,
)
def test_only_what_surely_was_not_sent_counts_as_unsent(error, maybe_accepted):
    client = WanClient(Endpoint("g", "https://gateway.example/api/v1", KEY), Broken(error))
    found = no_answer(client.create, REQUEST)
    assert found.maybe_accepted is maybe_accepted


def test_a_name_that_does_not_resolve():
    client = WanClient(Endpoint("g", "https://gateway.invalid/api/v1", KEY))
    error = no_answer(client.create, REQUEST)
    assert error.message == "cannot reach gateway.invalid"
    assert not error.maybe_accepted


# -- the key ------------------------------------------------------------------------


def test_a_netrc_does_not_replace_the_key(server, client, clean_machine):
    (clean_machine / ".netrc").write_text("machine 127.0.0.1 login me password other\n")
    (clean_machine / ".netrc").chmod(0o600)
    server.says(CREATED)
    client.create(REQUEST)
    assert server.seen[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("name", ["local", "gateway"])
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_what_is_on_this_machine_is_not_asked_through_a_proxy(
    make_server, server, monkeypatch, tmp_path, name, variable
):
    proxy = make_server()
    monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.server_port}")
    server.says(CREATED)
    WanClient(Endpoint(name, server.base_url, KEY)).create(REQUEST)
    server.says(b"video")
    fetch(f"{server.base_url}/a.mp4", tmp_path)
    assert len(server.seen) == 2
    assert proxy.seen == []


def test_a_key_that_the_server_repeats_is_blotted_out(server, client):
    message = f"Incorrect API key provided: {KEY}. You can find it there."
    server.says({"code": "InvalidApiKey", "message": message}, status=401)
    error = api_error(client.create, REQUEST)
    assert "provided: ***." in error.message


def test_the_key_is_in_no_repr(client):
    assert repr(client) == "WanClient('gateway')"
    assert KEY not in repr(client.endpoint)
    assert KEY not in repr(vars(client))


# -- download -------------------------------------------------------------------------


def fetch(url, folder, session=None):
    steps = []
    path = folder / "clip.part"
    download(
        url,
        path,
        session=session or StorageSession(),
        on_bytes=lambda done, total: steps.append((done, total)),
    )
    return path.read_bytes(), steps


VIDEO = bytes(range(256)) * 1000


def test_download(server, tmp_path):
    server.says(VIDEO)
    data, steps = fetch(f"{server.base_url}/a.mp4?Signature=s", tmp_path)
    assert data == VIDEO
    assert steps[-1] == (len(VIDEO), len(VIDEO))
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert server.seen[0].path == "/qwen/api/v1/a.mp4?Signature=s"


def test_download_without_a_length(server, tmp_path):
    server.says(VIDEO, Content_Length=None)
    data, steps = fetch(server.base_url, tmp_path)
    assert data == VIDEO
    assert steps[-1] == (len(VIDEO), 0)


def test_download_in_chunks(server, tmp_path):
    def chunked(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        handler.wfile.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")

    server.answers.append(chunked)
    assert fetch(server.base_url, tmp_path)[0] == b"abcde"


def test_chunks_that_break_off(server, tmp_path):
    def broken(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        handler.wfile.write(b"3\r\nabc\r\n5\r\nde")

    server.answers.append(broken)
    assert "broke off" in no_answer(fetch, server.base_url, tmp_path).message


@pytest.mark.parametrize("length", ["", "about 5", "-5"])
def test_a_length_that_is_none_is_no_length(server, tmp_path, length):
    server.says(b"video", Content_Length=length)
    assert fetch(server.base_url, tmp_path)[0] == b"video"


def test_a_packed_answer_is_unpacked_and_not_taken_for_truncated(server, tmp_path):
    server.says(gzip.compress(VIDEO), Content_Encoding="gzip")
    assert fetch(server.base_url, tmp_path)[0] == VIDEO
    assert server.seen[0].headers["Accept-Encoding"] == "identity"


def test_a_truncated_download(server, tmp_path):
    server.says(VIDEO[:1000], Content_Length=str(len(VIDEO)))
    error = no_answer(fetch, server.base_url, tmp_path)
    assert "broke off" in error.message or "sent 1,000 of 256,000 bytes" in error.message


def test_an_empty_download(server, tmp_path):
    server.says(b"")
    assert "sent 0 of 0 bytes" in no_answer(fetch, server.base_url, tmp_path).message


def test_a_download_without_an_end(server, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "_VIDEO_MAX_BYTES", 1000)
    server.says(VIDEO)
    assert "larger than" in no_answer(fetch, server.base_url, tmp_path).message


@pytest.mark.parametrize("status", [403, 404, 500, 206])
def test_storage_that_refuses(server, tmp_path, status):
    server.says(b"<Error><Message>Request has expired.</Message></Error>", status=status)
    error = api_error(fetch, f"{server.base_url}/a.mp4?Signature=s3cret", tmp_path)
    assert error.status == status
    assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://host/a.mp4",
        "data:video/mp4;base64,AA",
        "a.mp4",
        "",
        "https://",
        "http://[::1",
    ],
)
def test_an_address_of_another_kind_is_refused(url, tmp_path):
    assert "not an http(s) URL" in no_answer(fetch, url, tmp_path).message


@pytest.mark.parametrize("url", ["http://a..b/x.mp4", "http://127.0.0.1:99999/x.mp4"])
def test_an_address_that_leads_nowhere(url, tmp_path):
    assert "broke off" in no_answer(fetch, url, tmp_path).message


def test_storage_gets_no_key_and_no_login(server, make_server, tmp_path, clean_machine):
    (clean_machine / ".netrc").write_text("default login me password other\n")
    (clean_machine / ".netrc").chmod(0o600)
    other = make_server()
    server.says(status=302, Location=f"http://localhost:{other.server_port}/b.mp4")
    other.says(VIDEO)
    assert fetch(f"{server.base_url}/a.mp4", tmp_path)[0] == VIDEO
    for seen in (*server.seen, *other.seen):
        assert "Authorization" not in seen.headers
        assert KEY not in str(seen)


def test_a_redirect_to_a_file_is_not_followed(server, tmp_path):
    server.says(status=302, Location="file:///etc/passwd")
    assert "broke off" in no_answer(fetch, server.base_url, tmp_path).message


# -- beside the official SDK ------------------------------------------------------------

SDK_EXTRAS = {"extend_prompt", "function"}


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "wan2.5-i2v-preview", "prompt": "p"},
        {
            "model": "wan2.5-i2v-preview",
            "prompt": "一只猫",
            "negative_prompt": "blur",
            "audio_url": "https://x.org/rain.mp3",
            "resolution": "480P",
            "duration": 10,
            "prompt_extend": False,
            "watermark": True,
            "seed": 0,
        },
        {
            "model": "wan2.6-i2v-flash",
            "prompt": "p",
            "resolution": "720P",
            "duration": 15,
            "audio": False,
            "shot_type": "multi",
            "seed": 2147483647,
        },
        {"model": "wanx2.1-i2v-plus", "prompt": "p", "template": "hug", "watermark": False},
        {"model": "wan2.2-i2v-plus", "prompt": "p", "resolution": "1080P", "duration": 5},
    ],
    ids=lambda fields: f"{fields['model']}-{len(fields)}",
)
def test_our_call_is_the_official_sdks_call(server, client, monkeypatch, fields):
    url = "https://x.org/cat.png"
    server.says(CREATED)
    inputs = [Input.from_url("image", "image", url)]
    ours = dict(fields)
    if sound := ours.pop("audio_url", None):
        inputs.append(Input.from_url("audio", "audio", sound))
    client.create(VideoRequest(inputs=tuple(inputs), **ours))
    server.says(CREATED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own business
        import dashscope

        monkeypatch.setattr(dashscope, "base_http_api_url", server.base_url)
        dashscope.VideoSynthesis.async_call(api_key=KEY, img_url=url, **fields)
    ours, theirs = server.seen
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    for header in ("Authorization", "X-DashScope-Async"):
        assert ours.headers[header] == theirs.headers[header]
    our_body, their_body = json.loads(ours.body), json.loads(theirs.body)
    assert set(their_body["input"]) - set(our_body["input"]) == SDK_EXTRAS
    for name in SDK_EXTRAS:
        del their_body["input"][name]
    assert our_body == their_body


@pytest.mark.parametrize(
    ("begin", "end", "took"),
    [
        ("2026-03-01 08:00:00.250", "2026-03-01 08:01:35.500", 95.25),
        ("2026-03-01T08:00:00", "2026-03-01T08:00:01", 1.0),
        ("2026-03-01 08:00:00", "2026-03-01 07:00:00", None),
        ("2026-03-01 08:00:00", "2026-03-01 08:00:00Z", None),
        ("2026-03-01 08:00:00", None, None),
        (1772352000, 1772352001, None),
        ("yesterday", "2026-03-01 08:00:00", None),
    ],
)
def test_how_long_the_server_says_that_a_task_took(server, client, begin, end, took):
    output = {"task_id": "t", "task_status": "SUCCEEDED", "submit_time": begin, "end_time": end}
    server.says({"output": output})
    assert client.query("t").took == took


# -- connections ------------------------------------------------------------------


def test_jobs_of_an_account_share_connections_and_a_billed_call_has_its_own(server, monkeypatch):
    monkeypatch.setattr(server.RequestHandlerClass, "protocol_version", "HTTP/1.1")  # keep-alive
    opened = []
    connect = urllib3.connection.HTTPConnection.connect
    monkeypatch.setattr(
        urllib3.connection.HTTPConnection, "connect", lambda it: opened.append(it) or connect(it)
    )
    endpoint = Endpoint("g", server.base_url, KEY)
    for _ in range(3):
        server.says(CREATED)
        WanClient(endpoint).query("t")
    assert len(opened) == 1
    for _ in range(2):
        server.says(CREATED)
        WanClient(endpoint).create(REQUEST)
    assert len(opened) == 3
    assert [one.sock for one in opened[1:]] == [None, None]  # and it is closed at once
    server.says(CREATED)
    WanClient(dataclasses.replace(endpoint, key="sk-another-one")).query("t")
    assert len(opened) == 4


def test_what_an_account_shares_keeps_no_cookies(server, client):
    server.says(CREATED, Set_Cookie="seen=1")
    client.query("t")
    server.says(CREATED)
    client.query("t")
    assert "Cookie" not in server.seen[1].headers


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_opens_its_own_connections(server, client):
    server.says(CREATED)
    client.query("t")
    parents = connection._shared(server.base_url, KEY)
    child = os.fork()
    if not child:
        os._exit(connection._shared(server.base_url, KEY) is parents)
    assert os.waitpid(child, 0)[1] == 0
    assert connection._shared(server.base_url, KEY) is parents


def test_a_message_that_quotes_a_signed_address_is_told_without_its_signature():
    from wan_magic.wan.answers import told

    said = (
        "can't read https://files.example/a.png?Expires=1&Signature=s3cret, or (http://b.x/c?k=1)"
    )
    assert told(said) == "can't read https://files.example/a.png?… or (http://b.x/c?…"
    assert told("no address here? none") == "no address here? none"
