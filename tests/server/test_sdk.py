"""The official SDK makes a real video through this server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
import requests

from wan_magic.server.engines import Stopped

from .conftest import TOKEN, Caller, Clip, data_uri, film, picture

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


def quick(spec, path, *, should_stop):
    """An engine that makes true videos of the right size, one picture a second."""
    while spec.prompt == "hold":
        if should_stop():
            raise Stopped
        time.sleep(0.01)
    path.write_bytes(film(round(spec.seconds), spec.width, spec.height, 1))


NO_REGISTRY = ("connection", "could not find a version", "network", "resolve", "timed out")


@pytest.fixture(scope="session", params=["1.25.8", "1.25.16", "installed"])
def library(request, tmp_path_factory):
    """Install an SDK beside ours: the oldest that the documents name for 2.6 and for 2.7."""
    if request.param == "installed":
        return request.param, None
    folder = tmp_path_factory.mktemp("sdk")
    # Its dependencies are there: the installed one has the same.
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"),
            *("--target", str(folder), f"dashscope=={request.param}"),
        ],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    if done.returncode:
        said = done.stderr.lower()
        if os.environ.get("CI") != "true" and any(word in said for word in NO_REGISTRY):
            pytest.skip("no package registry in reach")
        pytest.fail(done.stderr)
    return request.param, folder


MEDIA = {"2.7 i2v", "2.7 r2v", "2.7 edit", "3.0"}
SIZES = {
    "t2v": ((1280, 720), 2),
    "t2v with a sound": ((832, 480), 5),
    "i2v": ((1104, 816), 2),
    "i2v by path": ((720, 544), 3),
    "kf2v": ((720, 544), 5),
    "r2v, videos only": ((1280, 720), 2),
    "r2v": ((1280, 720), 2),
    "2.7 i2v": ((1104, 816), 2),
    "2.7 r2v": ((1280, 720), 2),
    "2.7 edit": ((1104, 816), 3),
    "3.0": ((720, 544), 2),
    "s2v": ((640, 480), 4),
    "vace": ((1280, 720), 5),
}


def test_every_family_with_old_and_new_sdks(serve, shelf, library, tmp_path):
    caller = serve(engine=quick, workers=4)
    for name, data in shelf.files.items():
        (tmp_path / name[1:]).write_bytes(data)
    version, folder = library
    environment = {**os.environ, **({"PYTHONPATH": str(folder)} if folder else {})}
    done = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", str(Path(__file__).with_name("sdk_script.py"))),
            *(caller.base, TOKEN, str(tmp_path), shelf.url),
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert version in (seen["version"], "installed")
    assert (seen["fetched"], seen["listed"]) == ("SUCCEEDED", True)
    assert seen["refused"] == "UnsupportedOperation"
    assert seen["cancelled"] == [200, "CANCELED"]
    # The oldest knows neither media nor mixed references.
    left_out = {*MEDIA, "r2v"} if version == "1.25.8" else set()
    assert set(seen["done"]) == set(SIZES) - left_out
    for name, result in seen["done"].items():
        assert result["status"] == "SUCCEEDED", (name, result)
        clip = watch(result["url"])
        size, seconds = SIZES[name]
        assert (name, clip.size, clip.pictures) == (name, size, seconds)
    assert seen["done"]["t2v"]["usage"]["size"] == "1280*720"


def test_a_missing_local_file_is_not_uploaded(sdk):
    with pytest.raises(Exception, match="not exists"):
        sdk.async_call(img_url="file:///no/such.png", **FAST)
