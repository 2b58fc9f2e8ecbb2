"""The official SDK makes a real video through this server."""

from __future__ import annotations

import warnings

import pytest
import requests

from .conftest import TOKEN, Caller, Clip, data_uri, picture

with warnings.catch_warnings():
    # Its own imports, not ours to mend.
    warnings.simplefilter("ignore")
    dashscope = pytest.importorskip("dashscope")

MODEL = "wanx2.1-i2v-turbo"
FAST = {"model": MODEL, "resolution": "480P", "duration": 3, "seed": 1}


@pytest.fixture
def sdk(server, monkeypatch):
    monkeypatch.setattr(dashscope, "base_http_api_url", server.base_url)
    monkeypatch.setattr(dashscope, "api_key", TOKEN)
    return dashscope.VideoSynthesis


def watch(url):
    return Clip(requests.get(url, timeout=30).content)


def test_call(sdk):
    answer = sdk.call(prompt="a cat", img_url=data_uri(picture()), **FAST)
    assert answer.status_code == 200
    assert answer.output.task_status == "SUCCEEDED"
    assert answer.output.orig_prompt == "a cat"
    assert (answer.usage.video_duration, answer.usage.video_ratio) == (3, "standard")
    clip = watch(answer.output.video_url)
    assert (clip.size, clip.seconds) == ((624, 624), pytest.approx(3, abs=0.04))


def test_async_call_fetch_wait(sdk):
    made = sdk.async_call(img_url=data_uri(picture()), **FAST)
    assert made.status_code == 200
    assert made.output.task_status == "PENDING"
    task_id = made.output.task_id
    assert sdk.fetch(task_id).output.task_status in ("PENDING", "RUNNING", "SUCCEEDED")
    done = sdk.wait(made)
    assert done.output.task_id == task_id
    assert watch(done.output.video_url).pictures == 90


def test_first_frame_by_url(sdk, shelf):

    answer = sdk.call(prompt="p", img_url=shelf.url + "/ok", **FAST)
    assert answer.output.task_status == "SUCCEEDED"
    assert "/ok" in shelf.seen


def test_failures_are_told(sdk):
    answer = sdk.async_call(model="wan9", img_url=data_uri(picture()))
    assert (answer.status_code, answer.code) == (400, "InvalidParameter")
    assert answer.message == "Model not exist."
    answer = sdk.call(prompt="p", img_url=data_uri(picture(50, 50)), **FAST)
    assert answer.output.task_status == "FAILED"
    assert answer.output.code == "InvalidParameter"
    answer = sdk.async_call(prompt="p", img_url=data_uri(picture()), api_key="wrong", **FAST)
    assert (answer.status_code, answer.code) == (401, "InvalidApiKey")
    assert sdk.fetch("no-such-task").output.task_status == "UNKNOWN"


def test_cancel_and_list(serve, gate, monkeypatch):
    caller: Caller = serve(engine=gate, workers=1)
    monkeypatch.setattr(dashscope, "base_http_api_url", caller.base)
    monkeypatch.setattr(dashscope, "api_key", TOKEN)
    sdk = dashscope.VideoSynthesis
    first = sdk.async_call(img_url=data_uri(picture()), **FAST)
    caller.until(first.output.task_id, "RUNNING")
    second = sdk.async_call(img_url=data_uri(picture()), **FAST)
    assert sdk.cancel(second).status_code == 200
    assert sdk.fetch(second).output.task_status == "CANCELED"
    answer = sdk.cancel(first)
    assert (answer.status_code, answer.code) == (400, "UnsupportedOperation")
    listed = sdk.list(model_name=MODEL, status="CANCELED")
    assert listed.status_code == 200
    assert [row["task_id"] for row in listed.output["data"]] == [second.output.task_id]
