"""What proves that a lost call made no task, whose a task is, and that it is one job's alone."""

from __future__ import annotations

import threading

import pytest
from job_fakes import DROPPED, LINK, Clock, refused, task
from waiting import PATIENCE

from wan_magic.errors import ApiError, ConnectionFailed, JobFailed, LedgerError
from wan_magic.jobs.common import unsure_hint
from wan_magic.jobs.intake import take_in, take_up_job
from wan_magic.jobs.job import State
from wan_magic.jobs.ledger import Ledger
from wan_magic.jobs.living import Living
from wan_magic.jobs.settle import SEED_NOTE, is_same_prompt, settle
from wan_magic.settings import Settings
from wan_magic.wan.account import account_of
from wan_magic.wan.client import TaskList, WanClient
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.request import VideoRequest

ID = "0385dc79-5ff8"
PROMPT = "A cat, running"
MODEL = VideoRequest().model
SENT = 1000.0
GATEWAY = Endpoint("gateway", "https://gateway.example/api/v1", "sk-fake-0123456789")
BEIJING = Endpoint("beijing", "https://api.example/api/v1", "sk-fake-0123456789", "beijing")
HOUR = 3600.0


def listed(task_id=ID, *, after=3.0, **more):
    row = {"task_id": task_id, "status": "SUCCEEDED", "model_name": MODEL}
    return row | {"gmt_create": round((SENT + after) * 1000)} | more


def without(row, name):
    return {key: value for key, value in row.items() if key != name}


def made(prompt=PROMPT, **more):
    return task("SUCCEEDED", video_url=LINK, orig_prompt=prompt, **more)


OURS = made()
DONE = task("SUCCEEDED", video_url=LINK)


def undocumented(*rows):
    return TaskList(rows)


def asked(drive, **script):
    """Let a job whose call broke live to its end."""
    ride = drive(**{"creates": [DROPPED, task("PENDING")], "queries": [OURS]} | script)
    ride.run()
    return ride


def nobody_knows(ride):
    error = ride.job.exception()
    assert isinstance(error, ConnectionFailed)
    assert error.maybe_accepted
    assert ride.client.calls.count("create") == 1, "it may have been paid"
    assert ride.job.sent_at == SENT, "so that it can be settled later"
    assert unsure_hint(ride.job) in error.hint
    return error.hint


# -- rows that can't be read may be ours --------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        without(listed(), "model_name"),
        listed(model_name=None),
        listed(model_name=" "),
        listed(model_name=["x"]),
        without(listed(), "gmt_create"),
        listed(gmt_create="2026-01-01 00:00:00"),
        listed(gmt_create=True),
        listed(gmt_create=10**400),
        listed(gmt_create=float("nan")),
        listed(gmt_create=9e12),
        listed(gmt_create=SENT + 3),
        listed(status="Whatever"),
        without(listed(), "status"),
    ],
    ids=str,
)
def test_a_row_that_cannot_be_read_is_asked_about(drive, row):
    ride = asked(drive, lists=[[row]])
    assert ride.job.state is State.DONE
    assert ride.job.task_id == ID
    assert ride.client.calls.count("create") == 1


def test_such_a_row_with_another_prompt_is_somebody_elses_and_is_asked_about_once(drive):
    ride = drive(
        creates=[DROPPED, task("PENDING")],
        queries=[made("A dog"), DONE],
        lists=[[without(listed(), "model_name")]],
    )
    ride.run()
    assert ride.client.calls.count("create") == 2
    between = ride.client.calls[1 : -1 - ride.client.calls[::-1].index("create")]
    assert between.count("query") == 1


def test_a_promptless_task_is_ours_only_if_model_and_time_say_so(drive):
    picture = VideoRequest(prompt="", resolution="480P")
    sure = asked(drive, request=picture, queries=[DONE], lists=[[listed()]])
    assert sure.job.task_id == ID
    row = without(listed(), "gmt_create")
    nobody_knows(asked(drive, request=picture, queries=[DONE], lists=[[row]]))


def test_a_task_without_its_id_may_be_ours(drive):
    ride = asked(drive, lists=[[listed(task_id=None)]])
    assert "without its id" in nobody_knows(ride)


def test_a_silent_task_does_not_hide_ours(drive, monkeypatch):
    ride = drive(creates=[DROPPED], lists=[[listed("silent", after=1.0), listed(ID, after=5.0)]])
    answers = {"silent": task("SUCCEEDED", task_id="silent"), ID: OURS}
    monkeypatch.setattr(ride.client, "query", answers.__getitem__)
    ride.run()
    assert ride.job.task_id == ID


# -- lists that prove nothing -------------------------------------------------------------------


def test_an_empty_list_that_is_not_as_documented_proves_nothing(drive):
    ride = asked(drive, lists=[undocumented()])
    assert "shows none of the tasks" in nobody_knows(ride)
    assert sum(ride.waits) >= 90, "it may still show it"


def test_an_empty_list_of_a_region_is_believed(drive):
    ride = asked(drive, endpoint=BEIJING, lists=[undocumented()])
    assert ride.client.calls.count("create") == 2


def test_a_task_in_a_list_of_any_shape_is_found(drive):
    assert asked(drive, lists=[undocumented(listed())]).job.task_id == ID


@pytest.mark.parametrize("endpoint", [GATEWAY, BEIJING], ids=lambda it: it.name)
def test_a_list_that_says_it_has_more_than_it_shows_proves_nothing(drive, endpoint):
    ride = asked(drive, endpoint=endpoint, lists=[TaskList([], total=1)])
    assert "does not list all" in nobody_knows(ride)


def test_pages_that_are_smaller_than_asked_for_are_all_read(drive):
    others = [listed(f"t-{n}", model_name="wan2.6-t2v") for n in range(20)]
    pages = [TaskList(others, pages=2, total=21), TaskList([listed()], pages=2, total=21)]
    ride = asked(drive, lists=pages)
    assert ride.job.task_id == ID
    assert ride.client.calls[:4] == ["create", "list", "list", "query"], "in one look"


def test_a_list_without_an_end_proves_nothing(drive):
    rows = iter(range(10**9))

    class Endless(list):
        def pop(self, _):
            return self[0]

        def __len__(self):
            return 2

        def __getitem__(self, _):
            return undocumented(*(listed(f"t-{next(rows)}", status="FAILED") for _ in range(100)))

    ride = drive(creates=[DROPPED], endpoint=BEIJING)
    ride.client.script["list"] = Endless()
    ride.run()
    assert "does not list all" in nobody_knows(ride)


def test_one_list_that_lacks_some_is_looked_at_again(drive):
    short, whole = TaskList([], total=1), TaskList([], total=0)
    early = [whole] * 10  # what a list lacks is not asked before the time is up
    ride = asked(drive, lists=[*early, short, whole])
    assert ride.client.calls.count("create") == 2


@pytest.mark.parametrize(("task_id", "sends"), [("known", 2), ("stranger", 1)])
def test_such_a_list_is_believed_once_it_has_shown_a_task_of_this_account(
    drive, tmp_path, task_id, sends
):
    ledger = Ledger(tmp_path / "home", Clock())
    with ledger.transaction() as connection:
        row = {"id": "other", "state": "done", "endpoint": "gateway", "model": MODEL, "open": 0}
        row |= {"base_url": GATEWAY.base_url, "account": account_of(GATEWAY)}
        ledger.add(connection, row | {"task_id": "known"})
    ride = drive(creates=[DROPPED, task("PENDING")], endpoint=GATEWAY, ledger=ledger)
    shown = [listed(task_id, after=-7200.0)]

    def list_tasks(**filters):
        ride.client.filters.append(filters)
        return TaskList([] if "model_name" in filters else shown)

    ride.client.list_tasks = list_tasks
    ride.run()
    ledger.close()
    assert ride.client.calls.count("create") == sends
    assert {"page_no": 1, "page_size": 100} in ride.client.filters


@pytest.mark.parametrize(
    "why", [ApiError("HTTP 200 NotFound", status=200, code="NotFound"), ConnectionFailed("no list")]
)
def test_an_answer_that_is_no_list_is_not_asked_for_again(drive, why):
    ride = asked(drive, lists=[why])
    assert ride.client.calls == ["create", "list"]
    assert why.message in nobody_knows(ride)


# -- too late -----------------------------------------------------------------------------------


def settled(drive, client_of, *, hours, **more):
    """Settle a call that was made so many hours ago."""
    ride = drive(creates=[DROPPED], **client_of)
    ride.job.sent_at = SENT
    ride.clock.now = SENT + hours * HOUR
    steps, found = settle(ride.job, ride.client, wall=ride.clock, **more), None
    while True:
        try:
            ride.clock.now += next(steps)
        except StopIteration as end:
            found = end.value
            break
    return found


@pytest.mark.parametrize("is_earlier", [True, False])  # a machine that slept
@pytest.mark.parametrize("hours", [23.5, 24.5, 26.0])
def test_the_list_forgets_and_so_proves_nothing_of_an_old_call(drive, hours, is_earlier):
    with pytest.raises(ConnectionFailed, match="covers 24 hours") as caught:
        settled(drive, {"lists": [[]]}, hours=hours, is_earlier=is_earlier)
    assert caught.value.maybe_accepted


def test_a_clock_that_was_set_meanwhile_hides_no_task(drive):
    script = {"queries": [OURS], "lists": [[], [], [listed()]]}
    assert settled(drive, script, hours=24.5) == ID


def test_until_then_it_is_believed(drive):
    assert settled(drive, {"lists": [[]]}, hours=22.9, is_earlier=True) == ""


def test_what_it_still_shows_is_found(drive):
    script = {"queries": [OURS], "lists": [[listed()]]}
    assert settled(drive, script, hours=23.5, is_earlier=True) == ID


def test_an_old_call_is_not_said_to_be_unpaid(drive, tmp_path):
    ledger = Ledger(tmp_path / "home", Clock())
    first = taken(ledger, 7)
    ride = drive(creates=[DROPPED], lists=[refused(404)], **bound(ledger, first))
    ride.run()
    ledger.close()
    ledger = Ledger(tmp_path / "home", ledger.clock)
    ledger.clock.now = SENT + 24.5 * HOUR
    again, begins = take_up_job(ledger.entry(first.id), BEIJING, Settings(), ledger, Living())
    assert begins
    ride = drive(lists=[[]], **bound(ledger, again))
    ride.clock.now = ledger.clock.now
    ride.run()
    assert not isinstance(again.exception(), JobFailed)
    assert "nothing is paid" not in str(again.exception())
    assert "may have been accepted" in str(again.exception())
    assert ledger.entry(first.id).open
    ledger.close()


# -- the prompt ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("a cat\r\nruns", "a cat\nruns"),
        ("a cat\rruns", "a cat\nruns"),
        ("a cat\r\nruns", "a cat runs"),
        ("a  cat\x85 runs\x0b\x00", "a cat runs"),
        (" a cat\u3000runs", "a cat\u3000runs\n"),
        ("a cat " * 300, ("a cat " * 300)[:1500]),
        ("一只猫在跑" * 400, ("一只猫在跑" * 400)[:750]),
        ("一只猫在跑" * 400, ("一只猫在跑" * 400).encode()[:1501].decode(errors="replace")),
    ],
)
def test_the_prompt_is_ours_however_the_service_tells_it(sent, told):
    assert is_same_prompt(sent, told, 1500)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("a cat runs", "a cat"),
        ("a cat", "a cat runs"),
        ("a cat " * 300, "a cat a cat"),
        ("a cat " * 300, "a dog " * 250),
        ("a cat " * 300, "\ufffd" * 1000),
        ("a cat", ""),
    ],
)
def test_another_prompt_is_somebody_elses(sent, told):
    assert not is_same_prompt(sent, told, 1500)


@pytest.mark.parametrize("prompt", ["a cat\r\nruns", "a cat " * 300])
def test_such_prompts_are_not_paid_twice(drive, prompt):
    request = VideoRequest(model="wan2.5-t2v-preview", prompt=prompt, resolution="480P")
    told = prompt.replace("\r", "")[: request.row.prompt_max]
    row = listed(model_name="wan2.5-t2v-preview")
    ride = asked(drive, request=request, queries=[made(told)], lists=[[row]])
    assert ride.client.calls.count("create") == 1
    assert ride.job.task_id == ID


# -- one task, one job --------------------------------------------------------------------------


def taken(ledger, seed):
    request = VideoRequest(prompt=PROMPT, resolution="480P", seed=seed)
    folder = ledger.folder.parent
    job, _ = take_in(request, BEIJING, Settings(), ledger=ledger, folder=folder, live=Living())
    return job


def bound(ledger, job):
    return {"ledger": ledger, "job": job, "endpoint": BEIJING, "folder": ledger.folder.parent}


def takes(drive, jobs, ids):
    """Settle some takes of one prompt that broke in the same moment, one step each in turn."""
    rides = []
    for job in jobs:
        ride = drive(creates=[DROPPED, task("PENDING")], **job)
        rows = [listed(one, after=float(number)) for number, one in enumerate(ids)]
        ride.client.script["list"] = [TaskList(rows, total=len(rows))]
        ride.client.query = lambda one: made(task_id=one)
        rides.append(ride)
    going = list(rides)
    while going:
        going = [ride for ride in going if ride.step()]
    return rides


@pytest.mark.parametrize("has_ledger", [True, False])
def test_three_takes_that_break_at_once_get_a_task_each(drive, tmp_path, monkeypatch, has_ledger):
    ledger = Ledger(tmp_path / "home", Clock()) if has_ledger else None
    if ledger:
        # All looked at what is known before any of them had its task.
        monkeypatch.setattr(ledger, "known_tasks", lambda account: set())
        jobs = [bound(ledger, taken(ledger, seed)) for seed in (1, 2, 3)]
    else:
        key = Endpoint("beijing", BEIJING.base_url, str(tmp_path), "beijing")
        jobs = [{"endpoint": key} for _ in range(3)]
    rides = takes(drive, jobs, ["t-1", "t-2", "t-3"])
    assert [ride.job.state for ride in rides] == [State.DONE] * 3
    assert [ride.job.task_id for ride in rides] == ["t-1", "t-2", "t-3"], "nearest first"
    assert all(ride.client.calls.count("create") == 1 for ride in rides)
    assert all(SEED_NOTE in ride.job.notes for ride in rides)
    if ledger:
        found = {entry.seed: entry.task_id for entry in ledger.entries()}
        assert found == {1: "t-1", 2: "t-2", 3: "t-3"}
        ledger.close()


def test_the_take_that_was_never_accepted_is_sent_again(drive, tmp_path):
    ledger = Ledger(tmp_path / "home", Clock())
    jobs = [bound(ledger, taken(ledger, seed)) for seed in (1, 2)]
    first, second = takes(drive, jobs, ["t-1"])
    assert first.job.task_id == "t-1"
    assert first.client.calls.count("create") == 1
    assert second.client.calls.count("create") == 2
    assert second.job.task_id != "t-1"
    ledger.close()


def test_takes_that_are_settled_one_after_the_other_are_told_of_their_seeds_too(drive, tmp_path):
    ledger = Ledger(tmp_path / "home", Clock())
    jobs = [bound(ledger, taken(ledger, seed)) for seed in (1, 2)]
    for job in jobs:
        job["job"].record.sending(job["job"], SENT)
    takes(drive, jobs[:1], ["t-1", "t-2"])
    (last,) = takes(drive, jobs[1:], ["t-1", "t-2"])
    assert last.job.task_id == "t-2"
    assert SEED_NOTE in last.job.notes
    ledger.close()


def test_a_single_lost_answer_is_told_nothing_of_seeds(drive, tmp_path):
    ledger = Ledger(tmp_path / "home", Clock())
    answered = taken(ledger, 1)
    queries = [made(task_id="t-1", request_id="r")]
    drive(queries=queries, creates=[task("PENDING", task_id=ID)], **bound(ledger, answered)).run()
    ledger.change(answered.id, {"task_id": "t-1"})
    ride = asked(drive, lists=[[listed("t-1"), listed()]], **bound(ledger, taken(ledger, 2)))
    assert ride.job.task_id == ID
    assert ride.job.notes == ()
    ledger.close()


def test_a_task_is_claimed_by_one_job_of_all_processes(tmp_path):
    account, won = account_of(BEIJING), []
    desks = [Ledger(tmp_path / "home", Clock()) for _ in range(4)]
    jobs = [taken(ledger, seed) for seed, ledger in enumerate(desks)]
    start = threading.Barrier(len(desks))

    def claim(ledger, job):
        start.wait(PATIENCE)
        if ledger.claim_task(job.id, account, ID):
            won.append(job.id)

    threads = [threading.Thread(target=claim, args=pair) for pair in zip(desks, jobs, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(won) == 1
    assert desks[0].find(ID)[0].id == won[0]
    assert desks[0].claim_task(won[0], account, ID), "it stays its own"
    for ledger in desks:
        ledger.close()


def test_a_job_that_was_forgotten_meanwhile_still_gets_its_task(tmp_path):
    ledger = Ledger(tmp_path / "home", Clock())
    assert ledger.claim_task("gone", account_of(BEIJING), ID)
    ledger.close()


def test_a_ledger_that_cannot_be_written_does_not_lose_a_paid_task(drive, tmp_path, monkeypatch):
    def broken(*_):
        raise LedgerError("the disk is full")

    ledger = Ledger(tmp_path / "home", Clock())
    monkeypatch.setattr(ledger, "claim_task", broken)
    ride = asked(drive, lists=[[listed()]], **bound(ledger, taken(ledger, 1)))
    assert ride.job.state is State.DONE
    ledger.close()


# -- calls that surely were not made, and a service that wants a day ------------------------------


@pytest.mark.parametrize(
    ("endpoint", "more", "words"),
    [
        (BEIJING, {"extra_parameters": {"new": float("nan")}}, "NaN"),
        (Endpoint("x", "https://*.example/api/v1", "sk-x"), {}, "URL"),
        (Endpoint("x", "https://api.example/api/v1", "sk-x", workspace="w-secret\n"), {}, "header"),
        (Endpoint("x", "ftp://api.example/api/v1", "sk-x"), {}, "http(s)"),
        (Endpoint("x", "api.example/api/v1", "sk-x"), {}, "http(s)"),
    ],
)
def test_what_cannot_be_sent_was_not(endpoint, more, words):
    request = VideoRequest(prompt=PROMPT, resolution="480P", **more)
    with pytest.raises(ConnectionFailed) as caught:
        WanClient(endpoint).create(request)
    assert words in caught.value.message
    assert "w-secret" not in str(caught.value)
    assert "nothing was sent" in caught.value.hint
    assert not caught.value.maybe_accepted
    assert not caught.value.transient


def test_a_job_that_cannot_be_sent_says_so_at_once(drive):
    ride = drive(request=VideoRequest(prompt=PROMPT, extra_parameters={"new": float("nan")}))
    ride.client.create = WanClient(BEIJING).create
    ride.run()
    assert ride.waits == []
    assert "nothing is paid" in ride.job.exception().hint
    assert ride.job.sent_at is None


@pytest.mark.parametrize(("asks", "waits"), [(86_400.0, []), (50.0, [50.0])])
def test_a_service_is_not_waited_for_longer_than_the_job_may_take(drive, asks, waits):
    ride = drive(creates=[refused(503, "ServiceUnavailable", retry_after=asks)], timeout=60)
    ride.run()
    assert ride.waits == waits
    error = ride.job.exception()
    assert error.status == 503
    assert "nothing is paid" in error.hint
    assert ride.job.sent_at is None
