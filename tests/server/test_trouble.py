"""What a server can be told to do wrong."""

from __future__ import annotations

import contextlib
import time
from types import SimpleNamespace

import pytest
import requests

from wan_magic import cli
from wan_magic.errors import SettingsError
from wan_magic.server import Faults, ServerOptions, throttle
from wan_magic.server.faults import Fault

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
        ("NOT AUTHORIZED", 401),
        ("AccessDenied.Unpurchased", 403),
        ("WorkSpaceNotFound", 404),
        ("Conflict", 409),
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


@pytest.fixture
def moment(monkeypatch):
    """A clock of the rates that stands still; `later` moves it on."""
    now = SimpleNamespace(at=0.0, later=lambda seconds: setattr(now, "at", now.at + seconds))
    monkeypatch.setattr(throttle, "time", SimpleNamespace(monotonic=lambda: now.at))
    return now


@pytest.mark.parametrize(
    ("model", "rate"),
    [("wan2.5-i2v-preview", 5), ("wanx2.1-i2v-turbo", 2), ("wan2.2-i2v-flash", 2)],
)
def test_the_documented_rate_of_creates_is_the_models(serve, gate, moment, model, rate):
    caller = serve(engine=gate, documented_rates=True)
    answers = [caller.create(model=model, raw=True) for _ in range(rate + 1)]
    assert [answer.status_code for answer in answers] == [200] * rate + [429]
    assert answers[-1].json()["code"] == "Throttling.RateQuota"
    moment.later(1 / rate)  # and one more
    again = [caller.create(model=model, raw=True).status_code for _ in range(2)]
    assert again == [200, 429]


def test_the_documented_rates_of_queries_and_policies(serve, gate, moment):
    caller = serve(engine=gate, documented_rates=True)
    asked = [caller.get("/tasks/x").status_code for _ in range(21)]
    assert asked == [200] * 20 + [429]
    query = {"action": "getPolicy", "model": "wan2.2-s2v"}
    given = [caller.get("/uploads", params=query) for _ in range(101)]
    assert [answer.status_code for answer in given] == [200] * 100 + [429]
    assert given[-1].json()["code"] == "Throttling.RateQuota"
    other = caller.get("/uploads", params={**query, "model": "wan2.7-i2v"})
    assert other.status_code == 200, "each model has its own"


def test_a_model_without_a_documented_rate_has_none(serve, gate, moment):
    caller = serve(engine=gate, documented_rates=True)
    sent = [caller.send("wan3.0-video", {"prompt": "p"}).status_code for _ in range(8)]
    assert sent == [200] * 8


def test_a_rate_of_ones_own_comes_before_the_documented_one(serve, gate, moment):
    caller = serve(engine=gate, documented_rates=True, submit_rps=1)
    assert [caller.create(raw=True).status_code for _ in range(2)] == [200, 429]


def test_turns_come_back_evenly_and_are_not_saved_up(moment):
    turns = throttle.Turns(2)

    def taken():
        count = 0
        with contextlib.suppress(Fault):
            while count < 10:
                turns.take("a")
                count += 1
        return count

    assert taken() == 2
    moment.later(0.5)
    assert taken() == 1
    moment.later(60)
    assert taken() == 2


def test_the_command_passes_its_switches_on(monkeypatch):
    chosen = []
    monkeypatch.setattr(
        "wan_magic.server.serve_forever", lambda options, announce: chosen.append(options)
    )
    line = "serve --lenient --documented-rates --private-media --fault truncated --fault task=X"
    cli.main(line.split())
    cli.main(["serve"])
    assert [one.documented_rates for one in chosen] == [True, False]
    assert (chosen[0].strict_submit, chosen[0].private_media) == (False, True)
    assert chosen[0].faults == Faults(truncated=True, task="X")
    assert (chosen[1].strict_submit, chosen[1].private_media) == (True, None)
    assert chosen[1].faults == Faults()
