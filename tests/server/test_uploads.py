"""Temporary storage: the policy, the form, who may use a file and for how long."""

from __future__ import annotations

import contextlib
import socket
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from waiting import wait_until

from wan_magic.server import uploads

from .conftest import IMAGE2VIDEO, Clock, film, picture

MODEL = "wan2.7-i2v"
RESOLVE = {"X-DashScope-OssResourceResolve": "enable"}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def caller(serve, gate, clock):
    gate.open.set()
    return serve(engine=gate, clock=clock, token=None)


def ask(caller, model=MODEL, action="getPolicy"):
    return caller.get("/uploads", params={"action": action, "model": model})


def fields(data, name="cat.png"):
    return {
        "OSSAccessKeyId": data["oss_access_key_id"],
        "Signature": data["signature"],
        "policy": data["policy"],
        "key": f"{data['upload_dir']}/{name}",
        "x-oss-object-acl": data["x_oss_object_acl"],
        "x-oss-forbid-overwrite": data["x_oss_forbid_overwrite"],
        "success_action_status": "200",
        "x-oss-content-type": "image/png",
    }


def post(caller, data, form=None, content=None, order=None):
    parts = [(name, (None, value)) for name, value in (form or fields(data)).items()]
    file = ("file", ("cat.png", content if content is not None else picture()))
    parts = [file, *parts] if order == "file first" else [*parts, file]
    # Without the key: the form carries its own right.
    return caller.session.post(data["upload_host"], files=parts, timeout=30)


def put(caller, model=MODEL, content=None, name="cat.png"):
    data = ask(caller, model).json()["data"]
    answer = post(caller, data, fields(data, name), content)
    assert answer.status_code == 200, answer.text
    return f"oss://{data['upload_dir']}/{name}"


def refused(answer, status, code, message=""):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, root.findtext("Code")) == ("Error", code)
    assert message in root.findtext("Message")


def use(caller, url, model=MODEL, **headers):
    body = {"media": [{"type": "first_frame", "url": url}]}
    return caller.send(model, body, **(headers or RESOLVE))


def test_the_policy_has_the_documented_fields(caller):
    answer = ask(caller)
    assert answer.status_code == 200
    assert set(answer.json()) == {"request_id", "data"}
    data = answer.json()["data"]
    assert set(data) == {
        *("policy", "signature", "upload_dir", "upload_host", "expire_in_seconds"),
        *("max_file_size_mb", "capacity_limit_mb", "oss_access_key_id"),
        *("x_oss_object_acl", "x_oss_forbid_overwrite"),
    }
    assert (data["expire_in_seconds"], data["max_file_size_mb"]) == (300, 100)
    assert data["upload_dir"].startswith("dashscope-instant/")
    assert "/2025-10-09/" in data["upload_dir"]
    assert ask(caller, "wan2.2-animate-mix").json()["data"]["max_file_size_mb"] == 200


@pytest.mark.parametrize(
    ("query", "status"), [({"action": "list", "model": MODEL}, 400), ({"action": "getPolicy"}, 400)]
)
def test_wrong_questions_for_a_policy(caller, query, status):
    assert caller.get("/uploads", params=query).status_code == status
    assert caller.get("/uploads", params=query, headers={}).status_code == 401


def test_an_upload_is_used_by_its_task(caller, gate):
    url = put(caller, content=picture(750, 1000), name="my cat 猫.png")
    body = caller.finish(use(caller, url).json()["output"]["task_id"])
    assert body["output"]["task_status"] == "SUCCEEDED", body
    spec = gate.specs[0]
    assert (spec.inputs[0].name, spec.width < spec.height) == ("my cat 猫.png", True)
    # And again: an upload is no input of one task alone.
    assert use(caller, url).status_code == 200


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("tides-57b7a7c4.md", "tides.md"),
        ("a-57b7a7c4-0123abcd.md", "a-57b7a7c4.md"),
        ("notes of 2026.md", "notes of 2026.md"),
    ],
)
def test_a_file_has_the_name_that_its_user_gave_it(caller, gate, key, shown):
    url = put(caller, "wan3.0-video", b"# Tides", key)
    body = {"prompt": "p", "media": [{"type": "file", "url": url}]}
    answer = caller.send("wan3.0-video", body, **RESOLVE)
    caller.finish(answer.json()["output"]["task_id"])
    assert [one.name for one in gate.specs[-1].inputs] == [shown]


def test_one_policy_takes_several_files(caller):
    data = ask(caller).json()["data"]
    for name in ("a.png", "b.png"):
        assert post(caller, data, fields(data, name)).status_code == 200


def test_without_the_header_it_is_no_url(caller):
    url = put(caller)
    answer = use(caller, url, **{"X-DashScope-OssResourceResolve": "no"})
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter.DataInspection")
    assert "media format is not supported" in answer.json()["message"]


def test_it_is_bound_to_model_and_key(caller):
    url = put(caller)
    for answer in (use(caller, url, "wan2.7-i2v-2026-04-25"), use_as(caller, "other", url)):
        assert answer.status_code == 400
        assert "Don't have authorization" in answer.json()["message"]
    assert "Failed to find" in use(caller, url + "x").json()["message"]


def use_as(caller, key, url):
    mine, caller.key = caller.key, key
    try:
        return use(caller, url)
    finally:
        caller.key = mine


def test_lenient_servers_say_it_in_the_task(serve, gate):
    caller = serve(engine=gate, strict_submit=False)
    body = caller.finish(use(caller, "oss://nowhere/x.png").json()["output"]["task_id"])
    assert body["output"]["code"] == "InvalidParameter.DataInspection"


def test_a_policy_lasts_five_minutes(caller, clock):
    data = ask(caller).json()["data"]
    clock.now += 299
    assert post(caller, data, fields(data, "a.png")).status_code == 200
    clock.now += 2
    text = "Invalid according to Policy: Policy expired."
    refused(post(caller, data, fields(data, "b.png")), 403, "AccessDenied", text)


def test_a_file_lasts_two_days(caller, clock):
    url = put(caller)
    clock.now += 48 * 3600 - 1
    assert use(caller, url).status_code == 200
    clock.now += 2
    assert "Failed to find" in use(caller, url).json()["message"]


@pytest.mark.parametrize("name", ["OSSAccessKeyId", "Signature", "policy", "key"])
def test_a_field_is_missing(caller, name):
    data = ask(caller).json()["data"]
    form = {key: value for key, value in fields(data).items() if key != name}
    refused(post(caller, data, form), 400, "InvalidArgument", f"'{name}'")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Signature", "AAAA", "SignatureDoesNotMatch"),
        ("policy", "e30=", "SignatureDoesNotMatch"),
        ("OSSAccessKeyId", "other", "InvalidAccessKeyId"),
        ("key", "elsewhere/cat.png", "AccessDenied"),
        ("x-oss-object-acl", "public-read", "AccessDenied"),
        ("x-oss-forbid-overwrite", "false", "AccessDenied"),
    ],
)
def test_a_field_is_not_as_the_policy_has_it(caller, name, value, code):
    data = ask(caller).json()["data"]
    refused(post(caller, data, {**fields(data), name: value}), 403, code)


@pytest.mark.parametrize("name", ["../../x.png", "../x", "a/b.png", ""])
def test_no_name_leads_out_of_the_folder(caller, name):
    data = ask(caller).json()["data"]
    refused(post(caller, data, fields(data, name)), 403, "AccessDenied", "starts-with")


def test_names_on_disk_are_the_servers_own(serve, gate):
    caller = serve(engine=gate)
    data = ask(caller).json()["data"]
    for name in ("..", "a\\..\\b", "CON", "x" * 300):
        assert post(caller, data, fields(data, name)).status_code == 200


def test_the_file_comes_last(caller):
    data = ask(caller).json()["data"]
    answer = post(caller, data, order="file first")
    refused(answer, 400, "InvalidArgument", "check the order of the fields")


def test_no_file_no_form_no_end(caller):
    data = ask(caller).json()["data"]
    send = caller.session.post
    parts = [(name, (None, value)) for name, value in fields(data).items()]
    answer = send(data["upload_host"], files=parts, timeout=10)
    refused(answer, 400, "IncorrectNumberOfFilesInPOSTRequest")
    refused(send(data["upload_host"], data={"a": "b"}, timeout=10), 400, "MalformedPOSTRequest")
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"garbage", b"--x\r\nContent-Disposition: form-data; name=key\r\n\r\nabc"):
        answer = send(data["upload_host"], data=body, headers=kind, timeout=10)
        assert answer.status_code == 400


def test_no_overwriting(caller):
    data = ask(caller).json()["data"]
    assert post(caller, data).status_code == 200
    refused(post(caller, data), 409, "FileAlreadyExists")


def test_uploads_are_bounded(caller, monkeypatch):
    monkeypatch.setattr(uploads, "max_megabytes", lambda model: 1)
    data = ask(caller).json()["data"]
    big = bytes(1024 * 1024)
    assert post(caller, data, fields(data, "a"), big).status_code == 200
    refused(post(caller, data, fields(data, "b"), big + b"1"), 400, "EntityTooLarge")
    refused(post(caller, data, fields(data, "b"), big * 40), 400, "EntityTooLarge")


def test_the_oldest_make_room(serve, gate):
    caller = serve(engine=gate, max_upload_bytes=len(film()) * 2)
    urls = [put(caller, content=film(), name=f"{n}.mp4") for n in range(3)]
    assert "Failed to find" in use(caller, urls[0]).json()["message"]
    assert use(caller, urls[2]).status_code == 200


def test_nothing_is_left_on_disk_but_what_is_kept(serve, gate):
    caller = serve(engine=gate)
    data = ask(caller).json()["data"]
    post(caller, data)
    post(caller, data)  # refused
    folder = gate_folder(caller)
    assert len(list(folder.iterdir())) == 1


def begin(caller, data, content, form=None):
    """Send a form's head and the first part of its file; return the open connection."""
    target = urlsplit(data["upload_host"])
    head = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (form or fields(data)).items()
    )
    head += '--x\r\nContent-Disposition: form-data; name="file"; filename="cat.png"\r\n\r\n'
    connection = socket.create_connection((target.hostname, target.port), timeout=10)
    connection.sendall(
        f"POST {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\nContent-Length: 100000000\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\n\r\n{head}".encode()
    )
    connection.sendall(content)
    return connection


def on_disk(folder):
    total = 0
    for file in folder.iterdir() if folder.exists() else ():
        with contextlib.suppress(FileNotFoundError):
            total += file.stat().st_size
    return total


def test_an_upload_that_breaks_off_leaves_nothing(caller, caplog, capfd):
    data = ask(caller).json()["data"]
    folder = gate_folder(caller)
    caplog.clear()
    caplog.set_level("INFO")
    capfd.readouterr()
    with begin(caller, data, bytes(1_000_000)):
        wait_until(lambda: on_disk(folder) > 500_000)
    wait_until(lambda: not list(folder.iterdir()))
    # The same name is free, and the server is well.
    assert post(caller, data).status_code == 200
    assert [one.getMessage() for one in caplog.records] == []
    assert tuple(capfd.readouterr()) == ("", "")


def test_files_on_their_way_need_room_too(serve, gate):
    caller = serve(engine=gate, max_upload_bytes=3_000_000)
    folder = gate_folder(caller)
    old = put(caller, content=picture() + bytes(1_500_000))
    new = put(caller, content=picture() + bytes(500_000), name="new.png")
    data = ask(caller).json()["data"]
    with begin(caller, data, bytes(2_000_000)):
        wait_until(lambda: len(list(folder.iterdir())) == 2 and on_disk(folder) > 2_400_000)
        assert on_disk(folder) < 3_000_000
        # The oldest went while the file was still arriving.
        assert "Failed to find" in use(caller, old).json()["message"]
        assert use(caller, new).status_code == 200
        # What is arriving is not pushed out by what comes after it.
        answer = post(caller, data, fields(data, "more.png"), bytes(1_500_000))
        refused(answer, 400, "EntityTooLarge", "room")
        assert on_disk(folder) < 3_000_000
    wait_until(lambda: not list(folder.iterdir()))
    put(caller, content=bytes(2_900_000))


def gate_folder(caller):
    return caller.server._board.uploads._folder


def test_an_upload_cannot_be_read(caller):
    url = put(caller)
    data = ask(caller).json()["data"]
    path = f"{data['upload_host']}/{url[6:]}"
    refused(caller.session.get(path, timeout=10), 403, "AccessDenied")


def test_the_storage_has_the_prefix_too(serve, gate):
    gate.open.set()
    caller = serve(engine=gate, prefix="/qwen")
    assert urlsplit(ask(caller).json()["data"]["upload_host"]).path == "/qwen/oss"
    url = put(caller, "wan2.2-s2v")
    answer = caller.send(
        "wan2.2-s2v", {"image_url": url, "audio_url": "x"}, path=IMAGE2VIDEO, **RESOLVE
    )
    assert answer.status_code == 200
