"""What a server can be told to do wrong."""

from __future__ import annotations

import time

import pytest
import requests

from wan_magic import cli
from wan_magic.errors import SettingsError
from wan_magic.server import Faults, ServerOptions

from .conftest import data_uri, picture


@pytest.fixture
def troubled(serve, gate):
    gate.open.set()
    return lambda **faults: serve(engine=gate, faults=Faults(**faults))


def url_of(caller):
    return caller.finish(caller.create())["output"]["video_url"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("Arrearage", 400),
        ("InvalidApiKey", 401),
        ("AccessDenied.Unpurchased", 403),
        ("PrepaidBillOverdue", 429),
        ("InternalError", 500),
        ("ServiceUnavailable", 503),
    ],
)
def test_creates_are_refused(troubled, code, status):
    answer = troubled(submit=code).create(raw=True)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]


def test_tasks_fail(troubled):
    output = troubled(task="DataInspectionFailed")
    output = output.finish(output.create())["output"]
    assert (output["task_status"], output["code"]) == ("FAILED", "DataInspectionFailed")


def test_tasks_fail_in_silence(troubled):
    caller = troubled(silent_failure=True)
    output = caller.finish(caller.create())["output"]
    assert output["task_status"] == "FAILED"
    assert not {"code", "message", "video_url"} & set(output)


def test_a_burst_of_refusals(troubled):
    caller = troubled(throttle=2, throttle_queries=1)
    answers = [caller.create(raw=True) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].json()["code"] == "Throttling.RateQuota"
    assert [caller.get("/tasks").status_code for _ in range(2)] == [429, 200]


def test_a_slow_download(troubled):
    caller = troubled(download_delay=0.3)
    url = url_of(caller)
    start = time.monotonic()
    assert caller.session.get(url, timeout=10).status_code == 200
    assert time.monotonic() - start >= 0.3


def test_links_that_have_expired(troubled):
    caller = troubled(expired_links=True)
    answer = caller.session.get(url_of(caller), timeout=10)
    assert answer.status_code == 403
    assert "Request has expired." in answer.text


def test_downloads_that_break_off(troubled):
    caller = troubled(truncated=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _ = caller.session.get(url_of(caller), timeout=10).content


def test_a_task_without_an_end(troubled):
    caller = troubled(never_ending=True)
    task_id = caller.create()
    caller.until(task_id, "RUNNING")
    time.sleep(0.2)
    assert caller.query(task_id)["output"]["task_status"] == "RUNNING"


def test_nothing_is_wrong_by_default():
    assert repr(Faults()) == "Faults()"
    assert ServerOptions().faults == Faults()


def test_faults_from_text():
    read = Faults.read(["submit=Arrearage", "download-delay=0.5", "throttle=3", "expired_links"])
    assert read == Faults(submit="Arrearage", download_delay=0.5, throttle=3, expired_links=True)


@pytest.mark.parametrize("text", ["nothing", "submit", "throttle=many", "truncated=1", "task="])
def test_faults_that_do_not_exist(text, capsys):
    with pytest.raises(SettingsError):
        Faults.read([text])
    assert cli.main(["serve", "--fault", text]) == 1
    assert "fault" in capsys.readouterr().err


def test_query_rate_is_each_keys_own(serve, gate):
    caller = serve(engine=gate, token=None, query_rps=0.01)
    assert caller.get("/tasks").status_code == 200
    for answer in (caller.get("/tasks/x"), caller.post("/tasks/x/cancel"), caller.get("/tasks")):
        assert (answer.status_code, answer.json()["code"]) == (429, "Throttling.RateQuota")
    other = {"Authorization": "Bearer other"}
    assert caller.get("/tasks/x", headers=other).status_code == 200
    # Creating has its own limit.
    assert caller.create(image=data_uri(picture()))


def test_the_command_passes_its_switches_on(monkeypatch):
    chosen = []
    monkeypatch.setattr(
        "wan_magic.server.serve_forever", lambda options, announce: chosen.append(options)
    )
    cli.main(["serve", "--lenient", "--private-media", "--fault", "truncated", "--fault", "task=X"])
    cli.main(["serve"])
    assert (chosen[0].strict_submit, chosen[0].private_media) == (False, True)
    assert chosen[0].faults == Faults(truncated=True, task="X")
    assert (chosen[1].strict_submit, chosen[1].private_media) == (True, None)
    assert chosen[1].faults == Faults()
