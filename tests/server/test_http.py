"""Every endpoint and every refusal, as the API reference has them."""

from __future__ import annotations

import http.client
import json
import re
import uuid
from urllib.parse import urlsplit

import pytest

from .conftest import CREATE, data_uri, picture

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def refused(answer, status, code, message):
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"code", "message", "request_id"}
    assert UUID.fullmatch(body["request_id"])
    assert body["code"] == code
    assert message in body["message"]


def good_body(**more):
    return {"model": "wanx2.1-i2v-turbo", "input": {"img_url": data_uri(picture())}, **more}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "x"}])
@pytest.mark.parametrize("path", ["/tasks", "/tasks/x", "/tasks/"])
def test_no_key(caller, headers, path):
    refused(caller.get(path, headers=headers), 401, "InvalidApiKey", "No API-key provided.")


def test_wrong_key(caller):
    wrong = {"Authorization": "Bearer nope"}
    for answer in (
        caller.get("/tasks/x", headers=wrong),
        caller.post(CREATE, headers=wrong, json={}),
        caller.post("/tasks/x/cancel", headers=wrong),
        caller.get("/tasks", headers={"Authorization": "Bearer \xfcml".encode("latin-1")}),
    ):
        refused(answer, 401, "InvalidApiKey", "Invalid API-key provided.")


def test_any_key_when_none_is_set(serve, gate):
    caller = serve(token=None, engine=gate)
    assert caller.get("/tasks").status_code == 200
    answer = caller.get("/tasks", headers={})
    refused(answer, 401, "InvalidApiKey", "No API-key provided.")


def test_needs_the_async_header(caller):
    headers = {"Authorization": caller.headers()["Authorization"]}
    answer = caller.post(CREATE, headers=headers, json=good_body())
    refused(answer, 403, "AccessDenied", "current user api does not support synchronous calls.")


@pytest.mark.parametrize("model", ["wan9-i2v", 7, ["x"], {"a": 1}])
def test_unknown_model(caller, model):
    refused(caller.create(model=model, raw=True), 400, "InvalidParameter", "Model not exist.")


@pytest.mark.parametrize(
    "path",
    [
        "/services/aigc/image2video/video-synthesis",
        "/services/aigc/image2video/video-synthesis/",
        "/services/aigc/video-generation/generation",
    ],
)
def test_wrong_path_for_the_model(caller, path):
    answer = caller.post(path, json=good_body())
    refused(answer, 400, "InvalidParameter", "url error, please check url!")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff\xfe", b"3", b'{"a": NaN}', b"[" * 100_000]
)
def test_bad_json(caller, body):
    refused(caller.post(CREATE, data=body), 400, "InvalidParameter", "Required body invalid")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"input": {"img_url": "x"}}, "BadRequest.EmptyModel", "model"),
        ({"model": "wan2.5-i2v-preview"}, "BadRequest.EmptyInput", "input"),
        ({"model": "wan2.5-i2v-preview", "input": "x"}, "InvalidParameter", "Required parameter"),
        (good_body(parameters=[]), "InvalidParameter", "Required parameter"),
        (
            {"model": "wan2.5-i2v-preview", "input": {"prompt": "p"}},
            "InvalidParameter",
            "Field required: input.img_url",
        ),
    ],
)
def test_missing_fields(caller, body, code, message):
    refused(caller.post(CREATE, json=body), 400, code, message)


def test_too_large_a_body(caller):
    body = b" " * (64 * 1024 * 1024 + 1)
    refused(caller.post(CREATE, data=body), 413, "BadRequest.TooLarge", "Payload Too Large")


MIB = 1024 * 1024
URI = "data:image/png;base64,"


def padded(body, size):
    text = json.dumps(body).encode()
    return text + b" " * (size - len(text))


@pytest.mark.parametrize(("more", "status"), [(0, 400), (1, 413)])
def test_a_body_without_base64(caller, more, status):
    body = padded({"model": "none", "input": {"img_url": "http://x/a.png"}}, 16 * MIB + more)
    assert len(body) == 16 * MIB + more
    answer = caller.post(CREATE, data=body)
    if status == 413:
        refused(answer, 413, "BadRequest.TooLarge", "Payload Too Large")
    else:
        refused(answer, 400, "InvalidParameter", "Model not exist.")


@pytest.mark.parametrize(("more", "status"), [(0, 400), (1, 413)])
def test_text_beside_base64(caller, more, status):
    # What is not base64 has no more room with a small picture beside it than without.
    uri = data_uri(picture())
    body = padded({"model": "none", "input": {"img_url": uri}}, 16 * MIB + len(uri) + more)
    assert caller.post(CREATE, data=body).status_code == status


def pictures(decoded):
    """Return data URIs that decode to that many bytes in all, each below its own limit."""
    sizes = [6 * MIB, 6 * MIB, decoded - 12 * MIB]
    return [data_uri(bytes(size)) for size in sizes]


@pytest.mark.parametrize(("more", "status"), [(0, 400), (1, 413)])
@pytest.mark.parametrize("place", ["flat", "media", "unknown"])
def test_base64_that_decodes_to_too_much(caller, place, more, status):
    uris = pictures(16 * MIB + more)
    inputs = {
        "flat": {"ref_images_url": uris},
        "media": {"media": [{"type": "reference_image", "url": uri} for uri in uris]},
        "unknown": {"a": {"b": [[uris[0]], {"c": uris[1]}]}, "d": uris[2]},
    }[place]
    answer = caller.post(CREATE, json={"model": "none", "input": inputs})
    if status == 413:
        refused(answer, 413, "BadRequest.TooLarge", "Payload Too Large")
    else:
        refused(answer, 400, "InvalidParameter", "Model not exist.")


def test_a_call_with_large_pictures_is_taken(serve, gate):
    caller = serve(engine=gate)
    media = [{"type": "reference_image", "url": uri} for uri in pictures(16 * MIB)]
    assert caller.send("wan3.0-video", {"prompt": "p", "media": media}).status_code == 200


@pytest.mark.parametrize("length", [10_485_761, 30 * MIB])
def test_a_data_uri_over_its_own_limit_keeps_its_answer(caller, length):
    answer = caller.create(image=URI + "A" * (length - len(URI)), raw=True)
    refused(answer, 400, "InvalidParameter", "max bytes per data-uri item : 10485760")


@pytest.mark.parametrize(("more", "status"), [(0, 400), (1, 413)])
def test_the_largest_body_of_all(caller, more, status):
    uri = URI + "A" * 60 * MIB
    body = padded({"model": "wanx2.1-i2v-turbo", "input": {"img_url": uri}}, 64 * MIB + more)
    assert caller.post(CREATE, data=body).status_code == status


def test_too_long_a_data_uri(caller):
    uri = "data:image/png;base64," + "A" * 10_485_760
    answer = caller.create(image=uri, raw=True)
    refused(answer, 400, "InvalidParameter", "max bytes per data-uri item : 10485760")


def test_elsewhere(caller):
    refused(caller.get("/nothing"), 404, "NotFound", "Not Found")
    refused(caller.get(CREATE), 405, "MethodNotAllowed", "")


@pytest.mark.parametrize(
    ("model", "parameters", "message"),
    [
        ("wanx2.1-i2v-turbo", {"resolution": "1080P"}, "480P, 720P"),
        ("wanx2.1-i2v-turbo", {"resolution": "480p"}, "480P, 720P"),
        ("wanx2.1-i2v-turbo", {"duration": 6}, "3, 4, 5"),
        ("wanx2.1-i2v-turbo", {"duration": "5"}, "3, 4, 5"),
        ("wanx2.1-i2v-turbo", {"duration": 5.0}, "3, 4, 5"),
        ("wan2.6-i2v", {"duration": True}, "duration"),
        ("wan2.6-i2v", {"shot_type": "many"}, "single, multi"),
        ("wan2.6-i2v-flash", {"audio": "yes"}, "audio must be"),
        ("wan2.5-i2v-preview", {"seed": -1}, "Range of seed should be [0, 2147483647]"),
        ("wan2.5-i2v-preview", {"seed": 2147483648}, "Range of seed"),
        ("wan2.5-i2v-preview", {"seed": True}, "Range of seed"),
        ("wan2.5-i2v-preview", {"watermark": 1}, "watermark must be"),
    ],
)
def test_values_outside_the_model_table(caller, model, parameters, message):
    answer = caller.create(model=model, parameters=parameters, raw=True)
    refused(answer, 400, "InvalidParameter", message)


@pytest.mark.parametrize(
    "inputs", [{"template": "no-such"}, {"template": "mermaid"}, {"prompt": 5}, {"prompt": ["a"]}]
)
def test_wrong_inputs(caller, inputs):
    # The turbo model has no "mermaid"; the plus model has.
    refused(caller.create(raw=True, **inputs), 400, "InvalidParameter", "")


def test_lax_submit_accepts_and_fails_later(serve, gate):
    caller = serve(strict_submit=False, engine=gate)
    body = caller.finish(caller.create(parameters={"duration": 99}))
    assert body["output"]["task_status"] == "FAILED"
    assert body["output"]["code"] == "InvalidParameter"
    assert "3, 4, 5" in body["output"]["message"]
    assert "usage" not in body
    assert "video_url" not in body["output"]
    assert not gate.specs
    # What the gateway itself looks at is refused in both modes.
    refused(caller.create(model="x", raw=True), 400, "InvalidParameter", "Model not exist.")


def test_what_is_ignored(serve, gate):
    gate.open.set()
    caller = serve(engine=gate)
    answer = caller.post(
        CREATE + "/",
        headers=caller.headers(**{"Content-Type": "application/json; charset=utf-8"}),
        json={
            "model": "wanx2.1-i2v-turbo",
            "unknown": 1,
            "input": {
                "img_url": data_uri(picture()),
                "prompt": None,
                "extend_prompt": True,
                "function": "video-synthesis",
                "audio_url": "http://nowhere.invalid/x.mp3",
            },
            "parameters": {"with_audio": False, "audio": "ignored here", "steps": 3, "seed": None},
        },
    )
    assert answer.status_code == 200
    body = caller.finish(answer.json()["output"]["task_id"])
    assert body["output"]["task_status"] == "SUCCEEDED"
    assert body["output"]["orig_prompt"] == ""
    assert "actual_prompt" not in body["output"]
    spec = gate.specs[0]
    assert (spec.seconds, spec.sound, len(spec.inputs)) == (5, False, 1)
    for parameters in ({}, None):
        caller.create(parameters=parameters)


def test_prompts_are_cut_in_silence(serve, gate):
    gate.open.set()
    caller = serve(engine=gate)
    body = caller.finish(caller.create(prompt="汉" * 900, negative_prompt="n" * 600))
    assert body["output"]["orig_prompt"] == "汉" * 900
    assert body["output"]["actual_prompt"] == "汉" * 800
    assert gate.specs[0].prompt == "汉" * 800
    assert gate.specs[0].negative_prompt == "n" * 500


def test_half_a_surrogate_pair(serve, gate):
    gate.open.set()
    caller = serve(engine=gate)
    body = f'{{"model":"wanx2.1-i2v-turbo","input":{{"img_url":"{data_uri(picture())}",'
    answer = caller.post(CREATE, data=body + '"prompt":"a\\ud83db"}}')
    task_id = answer.json()["output"]["task_id"]
    assert caller.finish(task_id)["output"]["orig_prompt"] == "a\ud83db"


def test_template_replaces_the_prompt(serve, gate):
    gate.open.set()
    caller = serve(engine=gate)
    body = caller.finish(caller.create(prompt="a cat", template="squish"))
    assert (gate.specs[0].prompt, gate.specs[0].template) == ("", "squish")
    assert body["output"]["orig_prompt"] == "a cat"
    assert "actual_prompt" not in body["output"]
    caller.finish(caller.create(model="wan2.5-i2v-preview", template="mermaid"))


def test_submit_rate(serve, gate):
    caller = serve(engine=gate, submit_rps=0.01)
    caller.create()
    answer = caller.create(raw=True)
    text = "Requests rate limit exceeded, please try again later."
    refused(answer, 429, "Throttling.RateQuota", text)
    # Each model has its own bucket.
    caller.create(model="wan2.2-i2v-flash")


def test_full_board(serve, gate):
    caller = serve(engine=gate, max_tasks=2)
    caller.create()
    caller.create()
    refused(caller.create(raw=True), 429, "Throttling.AllocationQuota", "")


def test_prefix(serve, gate):
    gate.open.set()
    caller = serve(engine=gate, prefix="qwen/")
    assert caller.base.endswith("/qwen/api/v1")
    body = caller.finish(caller.create())
    url = body["output"]["video_url"]
    assert urlsplit(url).path.startswith("/qwen/")
    assert caller.session.get(url, timeout=10).status_code == 200
    assert caller.session.get(caller.base.replace("/qwen", ""), timeout=10).status_code == 404


def test_unknown_task(caller):
    task_id = str(uuid.uuid4())
    body = caller.query(task_id)
    assert body["output"] == {"task_id": task_id, "task_status": "UNKNOWN"}
    assert set(body) == {"output", "request_id"}
    assert caller.get(f"/tasks/{task_id}/").status_code == 200
    text = "Failed to cancel the task, please confirm if the task is in PENDING status."
    refused(caller.post(f"/tasks/{task_id}/cancel"), 400, "UnsupportedOperation", text)


def test_the_key_is_never_logged(serve, gate, caplog, capfd):
    gate.open.set()
    caplog.set_level("DEBUG")
    caller = serve(engine=gate)
    url = caller.finish(caller.create())["output"]["video_url"]
    caller.session.get(url, timeout=10)
    # Our own client logs its requests; the server has to be silent about them.
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("urllib3")]
    seen = "".join((*ours, *capfd.readouterr()))
    assert caller.key not in seen
    assert "Signature" not in seen


def test_a_client_that_hangs_up(caller, caplog, capfd):
    caplog.set_level("INFO")
    host = urlsplit(caller.base).netloc
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.putrequest("POST", "/api/v1" + CREATE)
    for name, value in caller.headers(**{"Content-Length": "1000"}).items():
        connection.putheader(name, value)
    connection.endheaders(b"{")
    connection.close()
    assert caller.get("/tasks").status_code == 200
    assert [one.getMessage() for one in caplog.records] == []
    assert tuple(capfd.readouterr()) == ("", "")
