"""The history of jobs in Python, from a ledger filled by hand and from real previews."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests
from films import film
from ledger_rows import home_ledger, preview, write
from PIL import Image
from waiting import PATIENCE, wait_until

import wan_magic
from wan_magic.actions import launch, places
from wan_magic.actions.lookup import settings_of
from wan_magic.errors import (
    ApiError,
    InputError,
    JobCancelled,
    JobFailed,
    JobTimeout,
    SettingsError,
    WanError,
)
from wan_magic.jobs.history import choose
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.ledger import Ledger
from wan_magic.jobs.presence import Presence
from wan_magic.server import Server, ServerOptions
from wan_magic.settings import from_environment
from wan_magic.wan.account import account_of
from wan_magic.wan.client import WanClient
from wan_magic.wan.request import VideoRequest

KEY = "sk-0123456789abcdef"
DAY = 86400.0
FAST = {"model": "wanx2.1-i2v-turbo", "resolution": "480P", "duration": 3}


@pytest.fixture(scope="module")
def picture():
    return Image.new("RGB", (320, 320), "navy")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_network(monkeypatch):
    before = set(threading.enumerate()) - {threading.current_thread()}

    def refuse(*_, **__):
        if threading.current_thread() in before:  # of a job of an earlier test
            raise requests.ConnectionError
        pytest.fail("something was sent")

    monkeypatch.setattr(requests.Session, "send", refuse)


@pytest.fixture(scope="module")
def made_clip(picture, tmp_path_factory):
    """A real clip, made once; its job is in another ledger."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAN_MAGIC_HOME", str(folder / "home"))
        return preview(picture, out=folder).result().path


@pytest.fixture
def clip_file(made_clip, folder):
    """A real clip on disk, whose job nobody remembers."""
    (folder / "made").mkdir()
    return Path(shutil.copy(made_clip, folder / "made"))


@pytest.fixture
def gateway(monkeypatch):
    """A server that counts as a paid one."""
    with Server(ServerOptions(token=KEY)) as server:
        monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", server.base_url)
        monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
        yield server


@pytest.fixture
def neighbour():
    """The name of another process that is alive."""
    presence = Presence(home_ledger().folder / "kernels")
    yield presence.name
    presence.close()


def sent_here(**values):
    """What the ledger has of a job that was sent to the endpoint of the settings."""
    endpoint = places.resolve(from_environment())
    return {
        "endpoint": endpoint.name,
        "base_url": endpoint.base_url,
        "account": account_of(endpoint),
        **values,
    }


LEFT = {"state": "running", "open": True, "made": None, "cost": None, "accepted": time.time()}
"""What a kernel that was killed leaves."""


# -- list --------------------------------------------------------------------------------


def test_nothing_was_ever_written_down(no_network):
    assert len(wan_magic.list_jobs()) == 0
    assert len(wan_magic.cost()) == 0
    assert wan_magic.resume() == []
    assert not home_ledger().path.exists(), "looking makes no file"


def test_jobs_are_listed_and_filtered(no_network):
    write("a", prompt="a grey cat")
    write("b", prompt="a dog", state="failed", created=time.time() - 9 * DAY)
    assert [one.id[0] for one in wan_magic.list_jobs()] == ["a", "b"]
    assert [one.id[0] for one in wan_magic.list_jobs("dog", state="failed")] == ["b"]
    assert [one.id[0] for one in wan_magic.list_jobs(since="7d", sort="cost", limit=5)] == ["a"]
    assert "no job fits" in repr(wan_magic.list_jobs("horse"))


def test_what_a_dead_kernel_left_is_said_to_be_out_there(no_network):
    write("a", **LEFT)
    text = repr(wan_magic.list_jobs())
    assert "not watched" in text
    assert "1 job still out there: %wanvideo resume" in text


def test_what_a_living_kernel_has_is_running(no_network, neighbour):
    write("a", **LEFT, owner=neighbour)
    assert " running " in repr(wan_magic.list_jobs())


def test_what_is_too_old_to_be_fetched_is_listed_as_lost_and_may_be_billed(no_network):
    write("a", **LEFT | {"accepted": time.time() - 2 * DAY})
    table = wan_magic.list_jobs()
    assert " lost " in repr(table)
    assert "24 hours" in repr(table)
    assert "LOST" in table._repr_html_()
    assert "≈ 1.50 CNY" in repr(table)
    assert "still out there" not in repr(table)
    assert table[0].open, "the clock may be wrong"
    assert wan_magic.resume() == []
    assert str(wan_magic.cost().total.amounts["CNY"]) == "1.5"


def test_a_list_reads_only_the_jobs_that_are_looked_at(no_network, monkeypatch):
    read = []
    known = Ledger.entries_of
    monkeypatch.setattr(
        Ledger, "entries_of", lambda self, ids: read.extend(ids) or known(self, ids)
    )
    for name in "abcdef":
        write(name, created=time.time() - 100 - ord(name))
    table = wan_magic.list_jobs()
    assert len(table) == 6
    assert table[1].id.startswith("b")
    assert len(read) == 1
    assert [one.id[0] for one in table] == list("abcdef")
    assert [one.id[0] for one in table[2:4]] == ["c", "d"]
    assert len(read) == 6
    few = wan_magic.list_jobs(limit=2)
    assert "2 jobs: 2 done" in repr(few)
    assert "no job fits" in repr(wan_magic.list_jobs("horse", limit=2))


def test_a_job_that_is_forgotten_meanwhile_stays_in_its_list(no_network):
    write("a", prompt="a grey cat")
    table = wan_magic.list_jobs()
    wan_magic.forget("a000")
    assert (table[0].prompt, str(table[0].cost)) == ("a grey cat", "1.5")


@pytest.mark.parametrize(
    "options",
    [
        {"model": "I2V"},
        {"model": "%"},
        {"state": "DONE", "limit": 1},
        {"state": "open"},
        {"since": "1d", "sort": "-created", "limit": 1},
        {"query": "dog", "limit": 1},
        {"notebook": "SHOTS", "sort": "cost"},
    ],
    ids=str,
)
def test_what_is_left_to_the_ledger_is_chosen_as_it_was(no_network, options):
    write("a", prompt="a cat")
    write("b", prompt="a dog", model="wan2.5-t2v-preview", created=time.time() - 9 * DAY)
    write("c", **LEFT, prompt="a dog", created=time.time() - 120)
    entries = home_ledger().entries()
    fit = [one.id for one in choose(entries, **options)]
    assert [one.id for one in wan_magic.list_jobs(**options)] == fit


def test_costs_of_the_ledger(no_network):
    write("a")
    write("b", created=time.time() - 40 * DAY, made=time.time() - 40 * DAY)
    write("c", is_preview=True)
    assert str(wan_magic.cost("model").total.amounts["CNY"]) == "3.0"
    assert wan_magic.cost(since="30d").total.jobs == 1
    with pytest.raises(InputError, match="summed by 'week'"):
        wan_magic.cost("week")


# -- an id -------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["a0000000000", "a000", "task-a", "task", " a0000 "])
def test_a_job_is_found_by_its_id_its_tasks_id_or_a_beginning(no_network, word):
    write("a", state="failed", error="no cats")
    assert wan_magic.show(word).id == "a0000000000"


def test_a_job_or_a_clip_stands_for_its_id(no_network, clip_file):
    entry = write("a", path=str(clip_file), bytes=clip_file.stat().st_size)
    job = wan_magic.show(entry)
    assert job.id == entry.id
    assert wan_magic.show(job).id == wan_magic.show(job.result()).id == entry.id


def test_a_beginning_of_several_names_them(no_network):
    write("a", task_id="task-11", prompt="a grey cat")
    write("b", task_id="task-12", prompt="a dog " * 20)
    with pytest.raises(InputError, match="'task' is the beginning of 2 jobs") as refused:
        wan_magic.show("task")
    assert "a0000000000 (a grey cat)" in refused.value.message
    assert "…)" in refused.value.message
    assert refused.value.hint == "write more of the id"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("a0000000009", "did you mean a0000000000 (prompt a)?"),
        ("a0700", "did you mean a0000000000"),
        ("zzzzzz", "%wanvideo jobs lists them all"),
        ("a00", "4 characters, not to 3"),
    ],
)
def test_an_unknown_id_with_those_that_are_near(no_network, word, hint):
    write("a")
    with pytest.raises(InputError, match=f"there is no job '{word}'") as refused:
        wan_magic.show(word)
    assert hint in refused.value.hint


def test_an_id_where_nothing_was_written_down(no_network):
    with pytest.raises(InputError, match="the ledger is empty"):
        wan_magic.show("a0000")


@pytest.mark.parametrize("word", ["", "  ", 7, None])
def test_no_id_at_all(no_network, word):
    with pytest.raises(InputError, match="no task id or job id was given"):
        wan_magic.show(word)


# -- show --------------------------------------------------------------------------------


def test_a_clip_is_shown_again_from_the_ledger_and_its_file_alone(no_network, clip_file):
    long_ago = time.time() - 400 * DAY
    values = {"created": long_ago, "made": long_ago + 50, "ended": long_ago + 60}
    write("a", path=str(clip_file), bytes=clip_file.stat().st_size, **values)
    job = wan_magic.show("a000")
    clip = job.result(timeout=0)
    assert (job.state, job.done(), job.is_resumed) == (State.DONE, True, True)
    assert (clip.path, clip.width, clip.duration) == (clip_file, 624, pytest.approx(3, abs=0.05))
    assert (clip.task_id, str(clip.cost)) == ("task-a", "1.50 CNY")
    assert clip.poster.startswith(b"\xff\xd8")
    assert job.elapsed == pytest.approx(60, abs=1)
    data, _ = clip._repr_mimebundle_()
    assert "prompt a" in data["text/html"]


def test_a_clip_is_shown_in_another_process(picture, folder, clean_machine):
    made = preview(picture)
    code = f"import wan_magic; print(wan_magic.show({made.id!r}).result(timeout=0).path)"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(made.result().path)


def test_a_job_that_runs_here_is_that_job(picture):
    with Server(ServerOptions(token=KEY, run_seconds=60)) as server:
        job = wan_magic.submit("A cat", image=picture, endpoint="local", fresh=True, **FAST)
        assert wan_magic.show(job.id) is job
        assert server.is_running
        job.result(timeout=60)
    assert wan_magic.show(job.id) is not job, "it has ended"


def test_a_failed_job_shows_why(no_network):
    write("a", state="failed", made=None, error="the task failed: no cats", hint="ask for dogs")
    job = wan_magic.show("a000")
    assert job.state is State.FAILED
    with pytest.raises(JobFailed, match="no cats") as caught:
        job.result()
    assert (caught.value.hint, caught.value.task_id) == ("ask for dogs", "task-a")


def test_a_cancelled_job_shows_that(no_network):
    write("a", state="cancelled", made=None, error="cancelled while it waited")
    job = wan_magic.show("a000")
    assert job.state is State.CANCELLED
    assert isinstance(job.exception(), JobCancelled)


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ({}, "%wanvideo resume a0000000000 fetches it again"),
        ({"made": time.time() - 25 * 3600}, "24 hours, which are over"),
        ({"is_preview": True}, "a preview costs nothing"),
    ],
)
def test_a_file_that_is_gone_is_said_to_be_and_what_can_be_done(no_network, values, hint):
    write("a", path="/gone/clip.mp4", bytes=5, **values)
    error = wan_magic.show("a000").exception()
    assert isinstance(error, InputError)
    assert "the file of job a0000000000 is gone: /gone/clip.mp4" in error.message
    assert hint in error.hint


def test_a_file_that_was_moved_with_its_notebook_is_found(no_network, clip_file, folder):
    (folder / "wan_videos").mkdir()
    moved = clip_file.rename(folder / "wan_videos" / clip_file.name)
    write("a", path=f"/before/{moved.name}", bytes=moved.stat().st_size)
    assert wan_magic.show("a000").result().path == moved


def test_a_file_that_is_no_clip_any_more(no_network, folder):
    (folder / "clip.mp4").write_bytes(b"spoilt")
    write("a", path=str(folder / "clip.mp4"), bytes=6)
    error = wan_magic.show("a000").exception()
    assert "can't be shown" in str(error)
    assert str(folder / "clip.mp4") in str(error)


def test_a_model_and_inputs_that_nobody_knows_any_more(no_network, clip_file):
    request = {
        "model": "wan0.9-t2v",
        "unchecked": True,
        "inputs": [{"option": "image", "media": "image", "digest": "0" * 64, "name": "cat.png"}],
    }
    values = {"path": str(clip_file), "bytes": clip_file.stat().st_size, "model": "wan0.9-t2v"}
    write("a", request=request, **values)
    data, _ = wan_magic.show("a000").result()._repr_mimebundle_()
    assert "wan0.9-t2v" in data["text/html"]
    assert "cat.png" in data["text/html"]


def test_an_open_job_that_can_not_be_taken_up_shows_why(no_network, monkeypatch):
    write("a", **LEFT)
    job = wan_magic.show("a000")
    assert job.state is State.DETACHED
    assert "needs a key" in str(job.exception())
    assert home_ledger().entry(job.id).open, "it can still be taken up"


# -- resume ------------------------------------------------------------------------------


def test_a_job_that_a_killed_kernel_left_is_taken_up_where_it_was_sent(
    gateway, picture, folder, monkeypatch
):
    made = wan_magic.submit("A cat", image=picture, out="clips", **FAST)
    made.result(timeout=60).path.unlink()
    values = sent_here(**LEFT, task_id="", folder=str(folder / "clips"), prompt="A cat")
    ledger = home_ledger()
    ledger.forget(made.id)
    write("a", **values | {"task_id": made.task_id})
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "local")  # today's is another one
    job = wan_magic.resume("a000")
    clip = job.result(timeout=60)
    assert (job.id, clip.path.parent) == ("a0000000000", folder / "clips")
    entry = ledger.entry(job.id)
    assert (entry.state, entry.open, entry.resumed) == ("done", False, True)


def test_a_finished_job_whose_file_is_gone_is_fetched_again(gateway, picture):
    made = wan_magic.submit("A cat", image=picture, **FAST)
    path = made.result(timeout=60).path
    before = film(path)
    path.unlink()
    again = wan_magic.resume(made.id)
    assert film(again.result(timeout=60).path) == before
    assert again.id == made.id


@pytest.mark.parametrize("size", [0, 500])
def test_a_finished_job_whose_file_is_damaged_is_fetched_again_beside_it(gateway, picture, size):
    made = wan_magic.submit("A cat", image=picture, **FAST)
    path = made.result(timeout=60).path
    before = film(path)
    os.truncate(path, size)
    told = wan_magic.show(made.id).exception()
    assert "can't be shown" in told.message
    assert f"%wanvideo resume {made.id} fetches it again, at no further cost" in told.hint
    again = wan_magic.resume(made.id).result(timeout=60)
    assert film(again.path) == before
    assert (again.task_id, path.stat().st_size) == (made.task_id, size)


def test_a_finished_job_whose_file_is_there_is_shown_or_copied(no_network, clip_file, folder):
    write("a", path=str(clip_file), bytes=clip_file.stat().st_size)
    assert wan_magic.resume("a000").result().path == clip_file
    copy = wan_magic.resume("a000", out=folder / "copies").result().path
    assert copy == folder / "copies" / clip_file.name
    assert copy.read_bytes() == clip_file.read_bytes()
    assert wan_magic.resume("a000", out=folder / "copies").result().path == copy
    copy.write_bytes(b"another")
    assert wan_magic.resume("a000", out=folder / "copies").result().path.stem.endswith("-1")
    assert copy.read_bytes() == b"another"


def test_a_failed_job_has_nothing_to_resume(no_network):
    write("a", state="failed", made=None, error="no cats")
    assert wan_magic.resume("a000").state is State.FAILED


def test_a_preview_that_was_no_longer_watched_goes_on_in_its_kernel(picture):
    job = wan_magic.submit("A cat at dawn", image=picture, endpoint="local", **FAST)
    job.detach()
    with pytest.raises(WanError):
        job.result(timeout=60)
    if job.task_id:  # else it ended before it was sent
        assert wan_magic.resume(job.id) is job
        assert job.result(timeout=60).is_preview


def test_the_same_preview_asked_for_again_goes_on_where_it_was_left(picture):
    options = {"image": picture, "endpoint": "local", **FAST}
    job = wan_magic.submit("A cat at dusk, waiting", **options)
    while not job.task_id:
        time.sleep(0.01)
    job.detach()
    with pytest.raises(WanError):
        job.result(timeout=60)
    task = job.task_id
    again = wan_magic.submit("A cat at dusk, waiting", **options)
    again.result(timeout=60)
    assert (again.id, again.task_id) == (job.id, task)


def test_waiting_for_a_job_that_nobody_watches_any_more_goes_on_with_it(picture):
    job = wan_magic.submit("A cat at dusk", image=picture, endpoint="local", **FAST)
    while not job.task_id:
        time.sleep(0.01)
    job.detach()
    with pytest.raises(WanError):
        job.result(timeout=60)
    assert wan_magic.wait(job, timeout=60) == [job.clip]


def test_a_preview_that_was_detached_here_can_be_cancelled_or_forgotten(picture):
    options = {"image": picture, "endpoint": "local", "fresh": True, **FAST}
    job = wan_magic.submit("A cat at noon", **options)
    while not job.task_id:
        time.sleep(0.01)
    job.detach()
    with pytest.raises(WanError):
        job.result(timeout=60)
    said = wan_magic.cancel(job.id)
    assert "another kernel" not in said
    assert job.id in wan_magic.forget(job.id)


def test_a_preview_of_a_kernel_that_has_ended_is_made_anew(folder):
    write("a", **LEFT | {"is_preview": True, "endpoint": "local"})
    with pytest.raises(InputError, match="a kernel that has ended") as refused:
        wan_magic.resume("a000")
    assert "run its cell again" in refused.value.hint


def test_another_key_is_named_and_the_job_stays_open(gateway):
    write("a", **sent_here(**LEFT, task_id="task-a") | {"account": "another"})
    with pytest.raises(JobTimeout, match="another key"):
        wan_magic.resume("a000").result(timeout=60)
    assert home_ledger().entry("a0000000000").open


def test_all_that_was_left_is_taken_up_and_what_can_not_be_does_not_stop_it(
    gateway, picture, neighbour
):
    made = wan_magic.submit("A cat", image=picture, **FAST)
    made.result(timeout=60).path.unlink()
    home_ledger().forget(made.id)
    write("a", **LEFT | {"endpoint": "mars", "base_url": "http://mars.example/api/v1"})
    write("b", **sent_here(**LEFT) | {"task_id": made.task_id})
    write("c", **LEFT | {"owner": neighbour})
    write("d", state="failed")
    write("e", **sent_here(**LEFT) | {"account": "another", "task_id": "task-e"})
    jobs = {job.id[0]: job for job in wan_magic.resume()}
    assert set(jobs) == {"a", "b", "e"}
    assert jobs["b"].result(timeout=60).path.exists()
    assert "mars.example" in str(jobs["a"].exception())
    with pytest.raises(JobTimeout, match="another key"):
        jobs["e"].result(timeout=60)
    assert jobs["e"].state is State.DETACHED
    assert {entry.id[0] for entry in home_ledger().open_entries()} == {"a", "e"}


def test_a_task_that_the_ledger_does_not_know_is_watched_and_written_down(gateway, picture):
    task = wan_magic.submit("一只猫", image=picture, **FAST)
    task.result(timeout=60)
    home_ledger().forget(task.id)
    job = wan_magic.resume(f" {task.task_id}\n", timeout=50, out="again")
    assert (job.task_id, job.is_resumed, job.knows_request) == (task.task_id, True, False)
    assert job.timeout == 50
    clip = job.result(timeout=60)
    assert (clip.request.model, clip.request.prompt) == ("wanx2.1-i2v-turbo", "一只猫")
    entry = home_ledger().entry(job.id)
    assert (entry.state, entry.model, entry.prompt) == ("done", "wanx2.1-i2v-turbo", "一只猫")
    shown = wan_magic.show(task.task_id).result()
    assert (shown.path, shown.request.prompt) == (clip.path, "一只猫")


@pytest.mark.parametrize(
    ("rows", "model"),
    [
        ([{"task_id": "t-1", "model_name": "wan2.6-i2v"}], "wan2.6-i2v"),
        ([{"task_id": "t-2", "model_name": "wan2.6-i2v"}], "unknown model"),
        ([{"task_id": "t-1"}], "unknown model"),
        ([], "unknown model"),
        (ApiError("HTTP 404"), "unknown model"),
    ],
    ids=str,
)
def test_its_model_is_that_of_the_list_call_if_it_names_one(gateway, monkeypatch, rows, model):
    asked = []

    def list_tasks(self, **filters):
        asked.append(filters)
        if isinstance(rows, Exception):
            raise rows
        return rows

    monkeypatch.setattr(WanClient, "list_tasks", list_tasks)
    job = wan_magic.resume("t-1")
    with pytest.raises(WanError):
        job.result(timeout=60)
    assert asked == [{"task_id": "t-1"}]
    assert job.request.model == model
    assert home_ledger().entry(job.id).model == model


def test_a_silent_host_does_not_hold_the_cell_up(gateway, monkeypatch):
    asked, answers, answered = threading.Event(), threading.Event(), []

    def list_tasks(*_, **__):
        asked.set()
        answers.wait(PATIENCE)
        answered.append(True)
        return []

    monkeypatch.setattr(WanClient, "list_tasks", list_tasks)
    job = wan_magic.resume("t-1")
    assert asked.wait(PATIENCE)
    assert wan_magic.show("t-1") is job
    assert not answered
    answers.set()
    with pytest.raises(WanError):
        job.result(timeout=60)


def test_a_broken_ledger_keeps_nobody_from_a_paid_clip(gateway, picture):
    made = wan_magic.submit("A cat", image=picture, **FAST)
    made.result(timeout=60)
    ledger = home_ledger()
    ledger.close()
    ledger.path.write_bytes(b"no database at all, and longer than a head " * 50)
    job = wan_magic.resume(made.task_id, out="again")
    assert "can't be used" in job.notes[0]
    assert job.result(timeout=60).path.exists()


@pytest.mark.parametrize("task_id", ["", "  "])
def test_resume_of_nothing(no_network, task_id):
    with pytest.raises(InputError, match="no task id"):
        wan_magic.resume(task_id)


# -- what it was sent with ---------------------------------------------------------------


def test_a_region_of_then_is_asked_and_not_the_endpoint_of_today(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "singapore")
    entry = write("a")
    assert settings_of(entry, from_environment()).endpoint == "beijing"
    assert settings_of(entry, from_environment(), endpoint="tokyo").endpoint == "tokyo"


def test_a_workspace_of_today_is_not_that_of_then(monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("WAN_MAGIC_WORKSPACE", "ws-today")
    shared = settings_of(write("a"), from_environment())
    assert places.resolve(shared).base_url == "https://dashscope.aliyuncs.com/api/v1"
    assert places.resolve(shared).workspace == ""
    own = places.resolve(from_environment().override(endpoint="beijing"))
    values = {"base_url": own.base_url, "workspace": "ws-today"}
    assert places.resolve(settings_of(write("b", **values), from_environment())) == own


def test_a_gateway_whose_name_leads_elsewhere_now_is_asked_at_its_old_address(
    monkeypatch, clean_machine, folder
):
    config = folder / "config.toml"
    config.write_text('[endpoints.shop]\nbase = "https://new.example/api/v1"\n')
    monkeypatch.setenv("WAN_MAGIC_CONFIG", str(config))
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    entry = write("a", endpoint="shop", base_url="https://old.example/api/v1")
    assert settings_of(entry, from_environment()).endpoint == "https://old.example/api/v1"
    entry = write("b", endpoint="shop", base_url="https://new.example/api/v1")
    assert settings_of(entry, from_environment()).endpoint == "shop"


def test_its_folder_is_used_while_it_is_there(folder):
    (folder / "clips").mkdir()
    settings = from_environment().override(out="today")
    assert settings_of(write("a", folder=str(folder / "clips")), settings).out == folder / "clips"
    assert str(settings_of(write("b", folder="/gone"), settings).out) == "today"
    given = settings_of(write("c", folder=str(folder / "clips")), settings, out="given")
    assert str(given.out) == "given"


# -- wait --------------------------------------------------------------------------------


def test_wait_returns_the_clips_in_order(picture):
    jobs = [
        wan_magic.submit("A cat", image=picture, endpoint="local", seed=n, **FAST) for n in (1, 2)
    ]
    clips = wan_magic.wait(timeout=60)
    assert [clip.seed for clip in clips] == [1, 2]
    assert wan_magic.wait() == []
    again = wan_magic.wait(jobs[1], jobs[0].id)
    assert [clip.seed for clip in again] == [2, 1]
    assert [clip.seed for clip in wan_magic.wait(jobs)] == [1, 2]


@pytest.mark.parametrize(
    ("ids", "timeout", "message", "hint"),
    [
        ([5], None, "5 is no job", "timeout=5 waits"),
        (["a000", [7.5]], None, "7.5 is no job", "an id stands in quotes"),
        ([], "5", "'5' is no number of seconds", "timeout=600"),
        ([None], None, "no task id or job id was given", "%wanvideo jobs"),
    ],
)
def test_wait_says_what_is_no_job_and_no_time(no_network, ids, timeout, message, hint):
    with pytest.raises(InputError) as caught:
        wan_magic.wait(*ids, timeout=timeout)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"query": 5}, "query = 5 is no text", 'such as query="cat"'),
        ({"query": None}, "query = None is no text", 'such as query="cat"'),
        ({"state": 5}, "state = 5 is no text", 'such as state="done"'),
        ({"model": 2.5}, "model = 2.5 is no text", 'such as model="i2v"'),
        ({"notebook": 5}, "notebook = 5 is no text", 'such as notebook="film"'),
        ({"sort": None}, "sort = None is no text", 'such as sort="cost"'),
    ],
)
def test_a_list_is_narrowed_by_texts(no_network, options, message, hint):
    write("a")
    with pytest.raises(InputError) as caught:
        wan_magic.list_jobs(**options)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_what_costs_can_not_be_summed_by_may_be_no_text(no_network):
    with pytest.raises(InputError, match="summed by 5"):
        wan_magic.cost(5)


def test_wait_ends_in_time_and_the_jobs_go_on():
    job = Job(VideoRequest(prompt="A cat"), endpoint="beijing", task_id="task-a")
    with pytest.raises(JobTimeout, match="the job goes on"):
        wan_magic.wait(job, timeout=0.1)
    assert not job.done()


def test_wait_waits_for_all_before_it_says_that_one_failed(no_network, clip_file):
    write("a", state="failed", made=None, error="no cats")
    job = Job(VideoRequest(prompt="A cat"), endpoint="beijing", task_id="task-a")
    job.finish(JobCancelled("cancelled"), State.CANCELLED)
    with pytest.raises(JobFailed, match="no cats"):
        wan_magic.wait("a000", job)


def test_previews_of_other_kernels_are_not_waited_for(no_network, monkeypatch):
    job = Job(VideoRequest(prompt="A cat"), endpoint="local", is_preview=True)
    job.is_followed = True
    launch.living.begin(job)
    assert wan_magic.wait(timeout=5) == []


# -- cancel ------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch):
    """A paid server that has one worker and takes its time."""
    options = ServerOptions(token=KEY, workers=1, run_seconds=600)
    with Server(options) as server:
        monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", server.base_url)
        monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
        yield WanClient(places.resolve(from_environment()))


def started(client, state):
    """A task of the server, made by somebody else, in that state."""
    task = client.create(VideoRequest(model="wanx2.1-t2v-turbo", prompt="A cat"))
    wait_until(lambda: client.query(task.task_id).state == state)
    return task.task_id


def test_a_waiting_task_of_a_dead_kernel_is_cancelled_and_that_is_written_down(slow):
    started(slow, "running")
    write("a", **sent_here(**LEFT | {"state": "queued"}, task_id=started(slow, "queued")))
    assert wan_magic.cancel("a000") == (
        "job a0000000000 is cancelled while it waited in the queue: nothing is paid"
    )
    entry = home_ledger().entry("a0000000000")
    assert (entry.state, entry.open) == ("cancelled", False)
    assert wan_magic.cancel("a000").startswith("job a0000000000 had ended (cancelled)")


def test_of_a_living_kernel_its_kernel_writes_it_down(slow, neighbour):
    started(slow, "running")
    task = started(slow, "queued")
    write("a", **sent_here(**LEFT | {"state": "queued"}, task_id=task, owner=neighbour))
    assert "is cancelled" in wan_magic.cancel("a000")
    assert home_ledger().entry("a0000000000").open


def test_a_running_task_can_not_be_cancelled(slow):
    write("a", **sent_here(**LEFT, task_id=started(slow, "running")))
    assert "can't stop a task that already runs; it goes on and is billed" in wan_magic.cancel(
        "a000"
    )
    assert home_ledger().entry("a0000000000").open


@pytest.mark.parametrize("asked", [True, False], ids=["says running", "says nothing"])
def test_a_cancel_that_is_taken_and_shows_no_effect_is_not_believed(slow, monkeypatch, asked):
    task = started(slow, "running")
    write("a", **sent_here(**LEFT, task_id=task))
    monkeypatch.setattr(WanClient, "cancel", lambda *_: None)
    if not asked:

        def refuse(*_):
            raise ApiError("HTTP 500")

        monkeypatch.setattr(WanClient, "query", refuse)
    said = wan_magic.cancel("a000")
    words = "the service still says RUNNING" if asked else "what came of it: HTTP 500"
    assert words in said
    assert home_ledger().entry("a0000000000").open


def test_a_job_of_this_process_is_cancelled_as_by_its_button(slow):
    started(slow, "running")
    job = wan_magic.submit("A cat", model="wanx2.1-t2v-turbo")
    while job.state is not State.QUEUED:
        time.sleep(0.02)
    assert wan_magic.cancel(job) == (
        f"job {job.id} is cancelled while it waited in the queue: nothing is paid"
    )
    assert "had ended" in wan_magic.cancel(job.id)


def test_what_ended_before_can_not_be_cancelled(no_network):
    write("a", path="/clips/a.mp4")
    assert wan_magic.cancel("a000") == "job a0000000000 had ended (done): its clip is /clips/a.mp4"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"is_preview": True}, "a preview of another kernel"),
        ({"task_id": ""}, "was not sent yet: only the kernel"),
        ({"task_id": "", "sent": time.time()}, "is being submitted by another kernel"),
    ],
)
def test_what_only_another_kernel_can_cancel(no_network, neighbour, values, words):
    write("a", **LEFT | {"owner": neighbour} | values)
    assert words in wan_magic.cancel("a000")


def test_what_nobody_knows_can_not_be_cancelled(no_network):
    write("a", **LEFT | {"task_id": "", "sent": time.time(), "accepted": None})
    assert "nobody knows yet whether it was accepted" in wan_magic.cancel("a000")


def test_cancel_with_another_key(slow):
    write("a", **sent_here(**LEFT) | {"account": "another"})
    with pytest.raises(SettingsError, match="another key"):
        wan_magic.cancel("a000")


# -- forget ------------------------------------------------------------------------------


def test_a_job_is_forgotten_and_its_file_stays(no_network, folder):
    clip = folder / "a.mp4"
    clip.write_bytes(b"video")
    write("a", path=str(clip), bytes=5)
    assert wan_magic.forget("a000") == (
        "job a0000000000 is forgotten; 1.50 CNY still counts in the cost and the budgets"
    )
    assert str(wan_magic.cost("notebook").total.amounts["CNY"]) == "1.5"
    assert clip.exists()
    assert len(wan_magic.list_jobs()) == 0


def test_its_file_is_deleted_where_that_is_asked_for(no_network, folder):
    clip = folder / "a.mp4"
    clip.write_bytes(b"video")
    write("a", path=str(clip), bytes=5)
    assert wan_magic.forget("a000", files=True).endswith("a.mp4 is deleted")
    assert not clip.exists()


@pytest.mark.parametrize("is_ours", [True, False])
def test_the_json_that_tells_of_it_goes_too_and_a_file_of_another_stays(
    no_network, folder, is_ours
):
    clip, beside = folder / "a.mp4", folder / "a.mp4.json"
    clip.write_bytes(b"video")
    beside.write_text('{"made_with": "wan_magic 0.1.0"}' if is_ours else '{"mine": 1}')
    write("a", path=str(clip), bytes=5)
    wan_magic.forget("a000", files=True)
    assert beside.exists() is not is_ours


@pytest.mark.parametrize(
    ("others", "content", "words"),
    [
        (True, b"video", "stays: it is another job's, too"),
        (False, b"cut by its owner", "stays: it is not as it was saved"),
        (False, None, "was gone already"),
    ],
)
def test_a_file_that_may_be_needed_is_not_deleted(no_network, folder, others, content, words):
    clip = folder / "a.mp4"
    if content:
        clip.write_bytes(content)
    write("a", path=str(clip), bytes=5)
    if others:
        write("b", path=str(clip), bytes=5)
    assert words in wan_magic.forget("a000", files=True)
    assert clip.exists() == bool(content)


def test_what_it_had_downloaded_goes_with_it(no_network, folder):
    part = folder / ".0385dc79-a0000000000.part"
    other = folder / ".0385dc79-b0000000000.part"
    part.touch()
    other.touch()
    write("a", state="failed", folder=str(folder))
    assert "is deleted" in wan_magic.forget("a000")
    assert not part.exists()
    assert other.exists()


def test_a_paid_clip_that_is_to_be_fetched_is_not_forgotten_by_accident(no_network):
    write("a", **LEFT)
    with pytest.raises(InputError, match="may have a paid clip to fetch") as refused:
        wan_magic.forget("a000")
    assert "%wanvideo resume a0000000000" in refused.value.hint
    assert "; ≈ 1.50 CNY still counts" in wan_magic.forget("a000", force=True)


def test_a_failed_job_is_forgotten_without_a_word_on_money(no_network):
    write("a", state="failed", made=None, cost=None)
    assert wan_magic.forget("a000") == "job a0000000000 is forgotten"


def test_a_job_that_runs_is_not_forgotten_by_accident(no_network, neighbour):
    write("a", **LEFT | {"owner": neighbour})
    with pytest.raises(InputError, match="still runs"):
        wan_magic.forget("a000")
    wan_magic.forget("a000", force=True)
    assert len(wan_magic.list_jobs()) == 0
