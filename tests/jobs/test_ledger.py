"""The ledger: one row for each job, shared by any number of processes."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from decimal import Decimal

import pytest

from wan_magic.errors import LedgerError
from wan_magic.jobs import ledger as module
from wan_magic.jobs.ledger import Ledger
from wan_magic.jobs.schema import MIGRATIONS

HOUR = 3600.0
ROW = {
    "id": "a1b2c3d4e5f6",
    "state": "submitting",
    "endpoint": "beijing",
    "base_url": "https://api.example/api/v1",
    "account": "me",
    "model": "wan2.6-i2v",
}


class Clock:
    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    made = Ledger(tmp_path / "home", clock)
    yield made
    made.close()


def add(ledger, **values):
    with ledger.transaction() as connection:
        ledger.add(connection, ROW | values)
    return values.get("id", ROW["id"])


def other(ledger):
    """The ledger as another process sees it."""
    return Ledger(ledger.folder, ledger.clock)


# -- the file ----------------------------------------------------------------------------


def test_a_job_is_there_for_every_process_as_soon_as_it_is_written(ledger):
    add(ledger, prompt="waves", estimate="1.50", currency="CNY", preview=0)
    found = other(ledger).entry(ROW["id"])
    assert (found.prompt, found.estimate, found.currency) == ("waves", Decimal("1.50"), "CNY")
    assert (found.open, found.is_preview, found.created) == (True, False, ledger.clock.now)


def test_the_file_is_its_owners_alone_and_in_wal_mode(ledger):
    add(ledger)
    assert ledger.path.stat().st_mode & 0o077 == 0
    connection = sqlite3.connect(ledger.path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_every_state_has_its_time(ledger, clock):
    job = add(ledger)
    clock.now += 2
    ledger.change(job, {"state": "queued"}, "queued")
    clock.now += 3
    ledger.change(job, {"state": "running"}, "running", "a note")
    start = clock.now - 5
    assert ledger.events(job) == [
        (start, "submitting", ""),
        (start + 2, "queued", ""),
        (start + 5, "running", "a note"),
    ]


def test_an_older_ledger_is_brought_forward(tmp_path, monkeypatch):
    old = Ledger(tmp_path)
    add(old, prompt="from long ago")
    old.close()
    later = (*MIGRATIONS, "ALTER TABLE jobs ADD COLUMN stars INTEGER NOT NULL DEFAULT 3")
    monkeypatch.setattr(module, "MIGRATIONS", later)
    new = Ledger(tmp_path)
    assert new.entry(ROW["id"]).prompt == "from long ago", "and reads columns it does not know"
    connection = sqlite3.connect(new.path)
    assert connection.execute("SELECT stars FROM jobs").fetchone() == (3,)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    connection.close()
    new.close()


def test_a_newer_ledger_is_left_alone(ledger):
    add(ledger)
    ledger.close()
    connection = sqlite3.connect(ledger.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerError, match="newer wan_magic") as told:
        ledger.entries()
    assert "upgrade" in told.value.hint


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch):
    old = Ledger(tmp_path)
    add(old)
    old.close()
    broken = (*MIGRATIONS, "ALTER TABLE jobs ADD COLUMN stars INTEGER;\nSELECT nonsense")
    with monkeypatch.context() as patch:
        patch.setattr(module, "MIGRATIONS", broken)
        with pytest.raises(LedgerError):
            Ledger(tmp_path).entries()
    assert len(Ledger(tmp_path).entries()) == 1


@pytest.mark.parametrize("spoil", ["no database", "a folder"])
def test_a_ledger_that_cannot_be_used_says_so_and_what_to_do(tmp_path, spoil):
    ledger = Ledger(tmp_path)
    if spoil == "no database":
        ledger.path.write_bytes(b"not a database at all" * 100)
    else:
        ledger.path.mkdir()
    with pytest.raises(LedgerError, match="can't be used") as told:
        ledger.check()
    assert str(ledger.path) in told.value.message
    assert "WAN_MAGIC_HOME" in told.value.hint


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is forbidden here")
def test_a_folder_that_may_not_be_written(tmp_path):
    (tmp_path / "home").mkdir(mode=0o500)
    with pytest.raises(LedgerError):
        Ledger(tmp_path / "home").check()


def test_a_change_that_fails_in_the_middle_changes_nothing(ledger):
    job = add(ledger)

    def broken():
        with ledger.transaction() as connection:
            ledger.change_in(connection, job, {"state": "running"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert ledger.entry(job).state == "submitting"


def test_many_threads_and_processes_write_at_once(tmp_path):
    script = """
import sys, threading
from wan_magic.jobs.ledger import Ledger
from pathlib import Path
ledger = Ledger(Path(sys.argv[1]))
def work(part):
    for n in range(20):
        with ledger.transaction() as connection:
            ledger.add(connection, {"id": f"{sys.argv[2]}-{part}-{n}", "state": "queued",
                "endpoint": "e", "base_url": "b", "model": "m"})
        ledger.change(f"{sys.argv[2]}-{part}-{n}", {"state": "done"}, "done")
threads = [threading.Thread(target=work, args=(part,)) for part in range(3)]
[t.start() for t in threads]; [t.join() for t in threads]
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name]) for name in "abcd"
    ]
    assert [worker.wait(60) for worker in workers] == [0] * 4
    ledger = Ledger(tmp_path)
    assert len(ledger.entries()) == 4 * 3 * 20
    assert {entry.state for entry in ledger.entries()} == {"done"}
    connection = sqlite3.connect(ledger.path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    ledger.close()


# -- whose a job is ------------------------------------------------------------------------


def test_a_job_belongs_to_the_process_that_wrote_it(ledger):
    add(ledger)
    second = other(ledger)
    assert not second.take_over(second.entry(ROW["id"]))
    assert second.open_entries() == []


def test_a_process_whose_lock_cannot_be_looked_at_counts_as_alive(ledger, monkeypatch):
    add(ledger, sent=ledger.clock.now)
    second = other(ledger)
    seen = second.entry(ROW["id"])

    def refuse(*_):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", refuse)
    assert second.presence.is_alive(seen.owner)
    assert not second.take_over(seen)


def test_a_preview_that_ended_in_its_kernel_is_not_watched_and_no_other_kernel_can_have_it(ledger):
    add(ledger, preview=1, sent=1.0, task_id="t-1")
    assert ledger.is_watched(ledger.entry(ROW["id"])), "it runs"
    ledger.change(ROW["id"], {"state": "detached", "ended": 2.0})
    detached, second = ledger.entry(ROW["id"]), other(ledger)
    assert second.is_watched(detached)
    assert second.open_entries() == []
    assert not ledger.is_watched(detached)
    assert ledger.open_entries() == [detached], "its own server still has it"
    assert ledger.take_over(detached).open
    second.close()


def test_a_dead_process_leaves_its_jobs_to_one_other(ledger):
    add(ledger, sent=ledger.clock.now)
    ledger.presence.close()  # as the end of the process does
    second, third = other(ledger), other(ledger)
    [entry] = second.open_entries()
    assert third.open_entries() == [entry]
    assert second.take_over(entry)
    assert not third.take_over(entry), "it looked before, and comes too late"
    assert second.entry(entry.id).resumed
    second.close()
    third.close()


def test_only_one_of_many_takes_a_job_over(ledger):
    add(ledger, sent=ledger.clock.now)
    ledger.presence.close()
    rivals = [other(ledger) for _ in range(8)]
    won, start = [], threading.Barrier(len(rivals))

    def take(rival):
        entry = rival.entry(ROW["id"])
        start.wait()
        if rival.take_over(entry):
            won.append(rival)

    threads = [threading.Thread(target=take, args=(rival,)) for rival in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    for rival in rivals:
        rival.close()


def test_what_a_process_did_after_somebody_looked_is_taken_over_with_the_job(ledger):
    add(ledger)
    second = other(ledger)
    seen = second.entry(ROW["id"])
    ledger.change(ROW["id"], {"sent": ledger.clock.now, "task_id": "t-1"})
    ledger.presence.close()
    left = second.take_over(seen)
    assert (seen.sent, seen.task_id) == (None, ""), "with these it would be paid a second time"
    assert (left.sent, left.task_id, left.open) == (ledger.clock.now, "t-1", True)
    second.close()


def meanwhile(ledger, monkeypatch, happens):
    """Let something happen between a look at the jobs and one at their processes."""
    look = ledger.presence.is_alive

    def is_alive(name):
        monkeypatch.setattr(ledger.presence, "is_alive", look)
        happens()
        return look(name)

    monkeypatch.setattr(ledger.presence, "is_alive", is_alive)


def test_a_job_that_was_sent_while_somebody_looked_is_not_closed_as_unsent(ledger, monkeypatch):
    add(ledger)
    second = other(ledger)

    def sent_and_killed():
        ledger.change(ROW["id"], {"sent": ledger.clock.now})
        ledger.presence.close()

    meanwhile(second, monkeypatch, sent_and_killed)
    assert [entry.id for entry in second.open_entries()] == [ROW["id"]]
    assert second.entry(ROW["id"]).open
    second.close()


def test_an_unsent_job_that_somebody_takes_over_is_not_closed_under_its_hands(ledger, monkeypatch):
    add(ledger)
    ledger.presence.close()
    second, third = other(ledger), other(ledger)
    meanwhile(second, monkeypatch, lambda: third.take_over(third.entry(ROW["id"])))
    assert second.open_entries() == []
    found = third.entry(ROW["id"])
    assert (found.open, found.owner) == (True, third.presence.name)
    second.close()
    third.close()


def test_a_killed_process_is_known_to_be_dead_at_once(tmp_path):
    script = """
import sys, time
from pathlib import Path
from wan_magic.jobs.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
with ledger.transaction() as connection:
    ledger.add(connection, {"id": "orphan", "state": "submitting", "endpoint": "e",
        "base_url": "b", "model": "m", "sent": ledger.clock()})
print("ready", flush=True)
time.sleep(600)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout.readline() == b"ready\n"
        ledger = Ledger(tmp_path)
        assert ledger.open_entries() == []
        process.send_signal(signal.SIGKILL)
        process.wait()
    [entry] = ledger.open_entries()
    assert ledger.take_over(entry)
    ledger.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_keep_a_dead_parent_alive(tmp_path):
    script = """
import os, sys, time
from pathlib import Path
from wan_magic.jobs.ledger import ledger_at
ledger = ledger_at(Path(sys.argv[1]))
with ledger.transaction() as connection:
    ledger.add(connection, {"id": "orphan", "state": "submitting", "endpoint": "e",
        "base_url": "b", "model": "m", "sent": ledger.clock()})
if os.fork() == 0:
    print("child", flush=True)
    time.sleep(60)
else:
    time.sleep(600)
"""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", script, str(tmp_path)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout.readline() == b"child\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        ledger = Ledger(tmp_path)
        found = ledger.open_entries()
        os.killpg(process.pid, signal.SIGKILL)
    assert [entry.id for entry in found] == ["orphan"]
    ledger.close()


# -- what can't be fetched any more -----------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "state", "said"),
    [
        ({}, "cancelled", "before it was sent: nothing is paid"),
        ({"sent": 1.0, "preview": 1}, "failed", "the preview server ended"),
    ],
)
def test_what_is_past_is_closed_with_its_reason(ledger, values, state, said):
    add(ledger, **values)
    ledger.presence.close()
    second = other(ledger)
    assert second.open_entries() == []
    entry = second.entry(ROW["id"])
    assert (entry.state, entry.open) == (state, False)
    assert said in entry.error
    second.close()


def test_age_alone_closes_nothing(ledger, clock):
    add(ledger, sent=clock.now, accepted=clock.now, task_id="t-1", estimate="2", currency="CNY")
    ledger.presence.close()
    clock.now += 30 * 24 * HOUR  # or a clock that is wrong
    second = other(ledger)
    left, [lost] = second.unwatched()
    assert (left, second.open_entries(), lost.id) == ([], [], ROW["id"])
    assert not second.can_go_on(lost)
    assert second.entry(ROW["id"]).open
    assert str(second.entry(ROW["id"]).spent) == "2"
    clock.now -= 30 * 24 * HOUR
    assert second.open_entries() == [lost]
    second.close()


def test_a_thousand_jobs_that_were_never_sent_are_closed_at_once(ledger):
    with ledger.transaction() as connection:
        for number in range(1000):
            ledger.add(connection, ROW | {"id": f"{number:012}"})
    ledger.presence.close()
    second = other(ledger)
    transactions = []
    second.transaction = lambda: transactions.append(1) or Ledger.transaction(second)
    assert second.open_entries() == []
    assert len(transactions) == 1
    assert {entry.state for entry in second.entries()} == {"cancelled"}
    second.close()


# -- looking ------------------------------------------------------------------------------------


def test_a_job_is_found_by_the_beginning_of_either_id(ledger):
    add(ledger, task_id="0385dc79-5ff8")
    add(ledger, id="a1b2ffffffff", task_id="99aa")
    assert [entry.id for entry in ledger.find("a1b2c3")] == [ROW["id"]]
    assert [entry.id for entry in ledger.find("0385dc79")] == [ROW["id"]]
    assert len(ledger.find("a1b2")) == 2
    assert ledger.find("a1") == [], "too short to mean one"
    assert ledger.find("%") == ledger.find("____") == []


def test_a_task_belongs_to_one_job_of_an_account(ledger):
    add(ledger, task_id="t-1")
    with pytest.raises(LedgerError, match="UNIQUE"):
        add(ledger, id="other", task_id="t-1")
    add(ledger, id="third", task_id="t-1", account="somebody else")
    assert ledger.known_tasks("me") == {"t-1"}


def test_what_was_spent_counts_what_runs_and_not_what_failed(ledger, clock):
    day = clock.now - 10
    add(ledger, id="ran", currency="CNY", estimate="2", cost="1.5", made=1.0, open=0, notebook="n")
    add(ledger, id="runs", currency="CNY", estimate="2")
    add(ledger, id="failed", currency="CNY", estimate="2", open=0)
    add(ledger, id="dollars", currency="USD", estimate="0.5")
    add(ledger, id="free", currency="CNY", estimate="9", preview=1)
    clock.now -= 1000
    add(ledger, id="before", currency="CNY", estimate="4", notebook="n")
    clock.now += 1000
    with ledger.transaction() as connection:
        spent = ledger.spent(connection, {"day": day, "month": 0.0}, "n")
    assert spent["day"] == {"CNY": Decimal("3.5"), "USD": Decimal("0.5")}
    assert spent["month"]["CNY"] == Decimal("7.5")
    assert spent["notebook"] == {"CNY": Decimal("5.5")}


def test_run_times_are_those_of_the_same_kind_watched_to_the_end(ledger):
    kind = {"place": "p", "tier": "720P", "seconds": 5.0}
    add(ledger, id="1", accepted=100.0, made=190.0, **kind)
    add(ledger, id="2", accepted=100.0, made=400.0, resumed=1, **kind)
    add(ledger, id="3", accepted=100.0, made=160.0, **kind | {"seconds": 10.0})
    add(ledger, id="4", accepted=100.0, **kind)
    assert ledger.run_times("p", "wan2.6-i2v", "720P", 5.0) == [90.0]


def test_tasks_in_flight_are_those_of_other_living_processes(ledger):
    add(ledger, id="1", state="running", account="me")
    second = other(ledger)
    add(second, id="2", state="running", account="me")
    add(second, id="3", state="waiting", account="me")
    assert second.in_flight("me", "wan2.6-i2v") == 1
    assert ledger.in_flight("me", "wan2.6-i2v") == 1
    second.close()
    assert ledger.in_flight("me", "wan2.6-i2v") == 0


def test_a_forgotten_job_leaves_nothing(ledger):
    job = add(ledger)
    ledger.forget(job)
    assert ledger.entry(job) is None
    assert ledger.events(job) == []
