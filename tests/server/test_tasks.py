"""States, times, waiting, cancelling, expiry, the list."""

from __future__ import annotations

import re
import time

import pytest
from waiting import wait_until

from wan_magic.server.engines import Stopped

from .conftest import IMAGE2VIDEO, Clock

STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


def test_the_life_of_a_task(serve, gate):
    clock = Clock(1_760_000_000.25)
    caller = serve(engine=gate, clock=clock, queue_seconds=0.2)
    task_id = caller.create(prompt="a cat")
    assert caller.query(task_id)["output"] == {
        "task_id": task_id,
        "task_status": "PENDING",
        # 2025-10-09 08:53:20 UTC, written in Beijing time.
        "submit_time": "2025-10-09 16:53:20.250",
    }
    clock.now += 2
    body = caller.until(task_id, "RUNNING")
    assert body["output"]["scheduled_time"] == "2025-10-09 16:53:22.250"
    assert "end_time" not in body["output"]
    clock.now += 60
    gate.open.set()
    body = caller.finish(task_id)
    output = body["output"]
    assert set(body) == {"request_id", "output", "usage"}
    assert output["end_time"] == "2025-10-09 16:54:22.250"
    assert all(STAMP.fullmatch(output[k]) for k in output if k.endswith("_time"))
    assert output["orig_prompt"] == output["actual_prompt"] == "a cat"
    # The link is the same at every query.
    assert caller.query(task_id)["output"] == output


def test_least_times_in_each_state(serve, gate):
    gate.open.set()
    caller = serve(engine=gate, queue_seconds=0.3, run_seconds=0.3)
    start = time.monotonic()
    task_id = caller.create()
    caller.until(task_id, "RUNNING")
    assert time.monotonic() - start >= 0.3
    caller.finish(task_id)
    assert time.monotonic() - start >= 0.6


def test_silent_usage(serve, gate):
    gate.open.set()
    caller = serve(engine=gate)
    body = caller.finish(caller.create(model="wan2.6-i2v-flash", parameters={"audio": False}))
    assert body["usage"]["audio"] is False


def test_an_engine_that_breaks(serve, caplog):
    def broken(spec, path, *, should_stop):
        path.write_bytes(b"half")
        raise ZeroDivisionError("secret detail")

    caller = serve(engine=broken)
    output = caller.finish(caller.create())["output"]
    assert (output["task_status"], output["code"]) == ("FAILED", "InternalError.Algo")
    assert "secret" not in output["message"]
    assert "ZeroDivisionError" in caplog.text
    # The queue goes on.
    assert caller.finish(caller.create())["output"]["task_status"] == "FAILED"


def test_an_engine_that_gives_up(serve):
    def quitter(spec, path, *, should_stop):
        raise Stopped

    caller = serve(engine=quitter, workers=1)
    for _ in range(2):
        assert caller.finish(caller.create())["output"]["task_status"] == "FAILED"


def test_cancel_pending_only(serve, gate):
    caller = serve(engine=gate, workers=1)
    running, waiting = caller.create(), caller.create()
    caller.until(running, "RUNNING")
    answer = caller.post(f"/tasks/{waiting}/cancel")
    assert answer.status_code == 200
    assert set(answer.json()) == {"request_id"}
    assert caller.query(waiting)["output"]["task_status"] == "CANCELED"
    for task_id in (waiting, running):
        refused = caller.post(f"/tasks/{task_id}/cancel/")
        assert refused.status_code == 400
        assert refused.json()["code"] == "UnsupportedOperation"
    gate.open.set()
    assert caller.finish(running)["output"]["task_status"] == "SUCCEEDED"
    assert len(gate.specs) == 1


def test_tasks_at_a_time(serve, gate):
    caller = serve(engine=gate, workers=4)
    # The older models run two at a time for one account; the others wait.
    ids = [caller.create() for _ in range(3)]
    other = caller.create(model="wan2.5-i2v-preview")
    for task_id in (ids[0], ids[1], other):
        caller.until(task_id, "RUNNING")
    assert caller.query(ids[2])["output"]["task_status"] == "PENDING"
    gate.open.set()
    caller.finish(ids[2])


def test_a_model_whose_limit_is_not_known_has_none(serve, gate):
    caller = serve(engine=gate, workers=8)
    for _ in range(8):
        answer = caller.send("wan3.0-video", {"prompt": "p"})
        caller.until(answer.json()["output"]["task_id"], "RUNNING")


def test_the_list_names_the_group_of_the_model(serve, gate):
    caller = serve(engine=gate)
    caller.send("wanx2.1-kf2v-plus", {"first_frame_url": "x"}, path=IMAGE2VIDEO)
    row = caller.get("/tasks").json()["data"][0]
    key = "apikey:v1:aigc:image2video:video-synthesis:wanx2.1-kf2v-plus"
    assert row["user_api_unique_key"] == key


def test_expired_tasks_are_unknown(serve, gate):
    gate.open.set()
    clock = Clock()
    caller = serve(engine=gate, clock=clock, task_ttl=100, url_ttl=1000)
    body = caller.finish(caller.create())
    task_id, url = body["output"]["task_id"], body["output"]["video_url"]
    clock.now += 101
    assert caller.query(task_id)["output"] == {"task_id": task_id, "task_status": "UNKNOWN"}
    answer = caller.session.get(url, timeout=10)
    assert answer.status_code == 404
    assert "NoSuchKey" in answer.text


def test_old_videos_make_room(serve, gate):
    gate.open.set()
    caller = serve(engine=gate, max_result_bytes=25_000)
    ids = [caller.create() for _ in range(3)]

    # Each is 10240 bytes: two fit. Which ended first is the workers' affair.
    def states():
        return sorted(caller.query(i)["output"]["task_status"] for i in ids)

    wait_until(lambda: states() == ["SUCCEEDED", "SUCCEEDED", "UNKNOWN"])


def test_old_tasks_make_room(serve, gate):
    gate.open.set()
    caller = serve(engine=gate, max_tasks=2)
    first = caller.create()
    caller.finish(first)
    second, third = caller.create(), caller.create()
    assert caller.query(first)["output"]["task_status"] == "UNKNOWN"
    for task_id in (second, third):
        assert caller.finish(task_id)["output"]["task_status"] == "SUCCEEDED"


class TestList:
    @pytest.fixture
    def caller(self, serve, gate):
        gate.open.set()
        self.clock = Clock()
        caller = serve(engine=gate, clock=self.clock)
        self.ids = []
        for model in ("wanx2.1-i2v-turbo", "wan2.5-i2v-preview", "wanx2.1-i2v-turbo"):
            self.ids.append(caller.create(model=model))
            caller.finish(self.ids[-1])
            self.clock.now += 60
        return caller

    def ids_of(self, answer):
        assert answer.status_code == 200, answer.text
        return [row["task_id"] for row in answer.json()["data"]]

    @pytest.mark.parametrize("path", ["/tasks", "/tasks/"])
    def test_shape(self, caller, path):
        body = caller.get(path).json()
        assert set(body) == {"request_id", "data", "page_no", "page_size", "total_page", "total"}
        assert (body["page_no"], body["page_size"], body["total_page"]) == (1, 10, 1)
        assert body["total"] == 3
        row = body["data"][-1]
        assert row["gmt_create"] == row["start_time"] == row["end_time"] == 1_760_000_000_250
        assert (row["status"], row["model_name"]) == ("SUCCEEDED", "wanx2.1-i2v-turbo")
        key = "apikey:v1:aigc:video-generation:video-synthesis:wanx2.1-i2v-turbo"
        assert row["user_api_unique_key"] == key
        assert {"api_key_id", "caller_parent_id", "caller_uid", "region", "request_id"} <= set(row)
        assert "Signature" not in str(body)

    def test_filters(self, caller):
        get = lambda **q: self.ids_of(caller.get("/tasks", params=q))  # noqa: E731
        first, second, third = self.ids
        assert get() == [third, second, first]
        assert get(model_name="wan2.5-i2v-preview") == [second]
        assert get(status="FAILED") == []
        assert get(task_id=first, status="FAILED") == [first]
        assert get(page_no=2, page_size=2) == [first]
        assert get(page_no=9) == []
        assert get(start_time="20251009165420") == [third, second]
        assert get(end_time="20251009165320") == [first]
        assert get(start_time="20251009165420", end_time="20251009165421") == [second]
        assert get(region="cn-beijing", api_key_id="1") == [third, second, first]

    @pytest.mark.parametrize(
        "query",
        [
            {"page_no": "0"},
            {"page_no": "x"},
            {"page_size": "-1"},
            {"page_size": "٣"},
            {"status": "DONE"},
            {"start_time": "2025-10-09"},
            {"start_time": "20251009000000", "end_time": "20251011000000"},
            {"start_time": "20251009000001", "end_time": "20251009000000"},
        ],
    )
    def test_wrong_filters(self, caller, query):
        answer = caller.get("/tasks", params=query)
        assert answer.status_code == 400
        assert answer.json()["code"] == "InvalidParameter"

    def test_a_day_back(self, caller):
        self.clock.now += 86_000
        assert len(self.ids_of(caller.get("/tasks"))) == 3
        self.clock.now += 340
        assert len(self.ids_of(caller.get("/tasks"))) < 3
