"""The portrait check: an answer at once, and no task."""

from __future__ import annotations

import pytest

from .conftest import CREATE, data_uri, picture

PATH = "/services/aigc/image2video/face-detect"
MODEL = "wan2.2-s2v-detect"


def ask(caller, url, model=MODEL, path=PATH, **headers):
    headers = {"Authorization": f"Bearer {caller.key}", **headers}
    inputs = {"image_url": url} if url else {"x": 1}
    return caller.post(path, json={"model": model, "input": inputs}, headers=headers)


@pytest.mark.parametrize("end", ["", "/"])
def test_a_legal_picture_passes(caller, shelf, end):
    for url in (data_uri(picture(640, 640)), shelf.url + "/image.png"):
        body = ask(caller, url, path=PATH + end).json()
        assert body["output"] == {"check_pass": True, "humanoid": True}
        assert body["usage"] == {"image_count": 1}
        assert "request_id" in body
    assert caller.get("/tasks", params={"model_name": MODEL}).json()["total"] == 0


def test_a_small_picture_does_not_pass(caller):
    answer = ask(caller, data_uri(picture(300, 640)))
    output = answer.json()["output"]
    assert answer.status_code == 200
    assert (output["check_pass"], output["humanoid"]) == (False, False)
    assert output["code"] == "InvalidParameter"
    assert "400 to 7000" in output["message"]
    assert answer.json()["usage"] == {"image_count": 1}


@pytest.mark.parametrize(
    ("more", "status", "text"),
    [
        ({"url": ""}, 400, "Field required: input.image_url"),
        ({"url": "nonsense"}, 400, "Unable to download"),
        ({"model": "wan2.2-s2v"}, 400, "url error"),
        ({"model": "wan9"}, 400, "Model not exist."),
        ({"path": CREATE, "X-DashScope-Async": "enable"}, 400, "url error"),
        ({"X-DashScope-Async": "enable"}, 403, "does not support asynchronous calls."),
        ({"url": "oss://a/b"}, 400, "media format"),
        ({"Authorization": "Bearer x"}, 401, "Invalid API-key"),
    ],
)
def test_refusals(caller, more, status, text):
    answer = ask(caller, **{"url": data_uri(picture(640, 640)), **more})
    assert answer.status_code == status
    assert text in answer.json()["message"]
