"""The ledger: one row for each job, shared by any number of processes."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from decimal import Decimal

import pytest

from wan_magic.errors import InputError, LedgerError
from wan_magic.jobs import ledger_file
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
    monkeypatch.setattr(ledger_file, "MIGRATIONS", later)
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
        patch.setattr(ledger_file, "MIGRATIONS", broken)
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


def test_a_ledger_that_nobody_closes_is_closed_when_it_is_gone(tmp_path):
    ledger = Ledger(tmp_path)
    add(ledger)
    connection = ledger._connection
    del ledger
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


@pytest.mark.usefixtures("no_overrides")
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


@pytest.fixture
def interrupted(monkeypatch):
    """Let the stop button arrive as a statement returns that begins with these words."""
    words = []

    class Connection(sqlite3.Connection):
        def execute(self, sql, *values):
            result = super().execute(sql, *values)
            if words and words[0] in sql:
                words.clear()
                del result
                raise KeyboardInterrupt
            return result

    connect = functools.partial(sqlite3.connect, factory=Connection)
    monkeypatch.setattr(ledger_file.sqlite3, "connect", connect)
    monkeypatch.setattr(ledger_file, "_BUSY_SECONDS", 1.0)
    return words


@pytest.mark.parametrize("words", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "CREATE INDEX", "PRAGMA"])
def test_an_interrupt_as_a_transaction_begins_locks_nobody_out(ledger, interrupted, words):
    interrupted.append(words)
    with pytest.raises(KeyboardInterrupt) as caught:
        add(ledger)
    second = other(ledger)
    add(second, id="second")
    add(ledger)
    assert len(second.entries()) == 2
    assert caught.traceback, "which holds the frames, and so the connection"
    second.close()


def test_an_owed_value_that_can_not_be_written_stands_in_nobodys_way(ledger, caplog):
    add(ledger, task_id="t-1")
    add(ledger, id="second")
    add(ledger, id="third")
    ledger.owe("second", {"task_id": "t-1", "path": "/clips/a.mp4", "seed": 1 << 70})
    ledger.owe("third", {"path": "/clips/b.mp4"})
    ledger.change(ROW["id"], {"state": "running"})
    assert ledger.entry("second").path == "/clips/a.mp4"
    assert ledger.entry("second").task_id == ""
    assert ledger.entry("third").path == "/clips/b.mp4"
    assert "task_id can't be written down: UNIQUE" in caplog.text
    assert "seed can't be written down" in caplog.text
    caplog.clear()
    ledger.check()
    assert not caplog.text


def test_halves_of_characters_are_written_as_question_marks(ledger):
    add(ledger, prompt="a cat \ud83d", folder="/home/f\udcfcr")
    ledger.change(ROW["id"], {"error": "\udcff"}, "failed", "why: \udcff")
    found = ledger.entry(ROW["id"])
    assert (found.prompt, found.folder, found.error) == ("a cat ?", "/home/f?r", "?")
    assert ledger.events(ROW["id"])[-1][2] == "why: ?"
    assert ledger.find("\ud800\ud800\ud800\ud800") == []


def test_a_value_that_sqlite_does_not_know_is_told_as_the_ledgers_own_error(ledger):
    with pytest.raises(LedgerError):
        add(ledger, seed=1 << 70)
    with pytest.raises(LedgerError):
        add(ledger, seed=object())
    assert ledger.entries() == []


def test_another_error_within_a_transaction_stays_itself(ledger):
    with pytest.raises(InputError), ledger.transaction():  # a ValueError, too
        raise InputError("no cat")


@pytest.mark.skipif(os.name == "nt", reason="an open file is not deleted there")
def test_a_ledger_that_was_deleted_is_made_anew_and_its_process_stays_alive(ledger, caplog):
    add(ledger)
    shutil.rmtree(ledger.folder)
    ledger.check()
    assert "opened anew" in caplog.text
    add(ledger, id="second")
    there = other(ledger)
    [found] = there.entries()
    assert found.id == "second"
    assert there.is_watched(found), "others find the lock again"
    assert not ledger.sending(ROW["id"], 1.0), "so nothing is sent of which nobody knows"
    there.close()


@pytest.mark.skipif(os.name == "nt", reason="an open file is not replaced there")
def test_a_ledger_that_was_replaced_is_the_other_one_then(ledger, tmp_path):
    add(ledger)
    restored = Ledger(tmp_path / "restored")
    add(restored, id="restored")
    restored.close()
    restored.path.replace(ledger.path)
    for name in ("-wal", "-shm"):
        ledger.path.with_name(ledger.path.name + name).unlink(missing_ok=True)
    assert [entry.id for entry in ledger.entries()] == ["restored"]


@pytest.mark.skipif(os.name == "nt", reason="other rules there")
def test_everything_of_it_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        ledger = Ledger(tmp_path / "home")
        add(ledger)
    finally:
        os.umask(before)
    files = [ledger.folder, *ledger.folder.rglob("*")]
    assert {path.name for path in files} > {"home", "kernels", "ledger.sqlite3-wal"}
    assert [path for path in files if path.stat().st_mode & 0o077] == []
    ledger.close()


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
from wan_magic.jobs.open_ledgers import ledger_at
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


def test_a_process_that_ends_leaves_no_lock_and_writes_nothing_more(ledger):
    add(ledger)
    assert len(list((ledger.folder / "kernels").iterdir())) == 1
    ledger.leave()
    assert list((ledger.folder / "kernels").iterdir()) == []
    with pytest.raises(LedgerError, match="this process ends"):  # what waits is not sent now
        ledger.change(ROW["id"], {"sent": 1.0}, "submitting")


def test_the_end_of_the_interpreter_gives_the_lock_up(tmp_path):
    script = """
import sys
from pathlib import Path
from wan_magic.jobs.open_ledgers import ledger_at
print(ledger_at(Path(sys.argv[1])).presence.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, check=True
    )
    assert len(done.stdout.strip()) == 32
    assert list((tmp_path / "kernels").iterdir()) == []


def test_locks_of_dead_processes_are_swept_up_and_young_ones_are_not(ledger):
    add(ledger)
    kernels = ledger.folder / "kernels"
    for name in ("dead", "young"):
        (kernels / f"{name}.lock").touch()
    for path in kernels.glob("*.lock"):
        if path.stem != "young":
            os.utime(path, (1e9, 1e9))
    second = other(ledger)
    assert second.entries()
    assert {path.stem for path in kernels.iterdir()} == {"young", ledger.presence.name}
    second.close()


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


def test_what_a_dead_process_never_sent_is_not_spent(ledger):
    add(ledger, id="unsent", currency="CNY", estimate="2")
    add(ledger, id="sent", currency="CNY", estimate="3", sent=1.0)
    second = other(ledger)

    def spent():
        with second.transaction() as connection:
            return second.spent(connection, {"day": 0.0}, "")["day"]

    assert spent() == {"CNY": Decimal(5)}, "while its process lives it may be sent"
    ledger.presence.close()
    assert spent() == {"CNY": Decimal(3)}
    second.close()


def test_what_was_spent_is_summed_without_reading_whole_jobs(ledger, monkeypatch):
    add(ledger, currency="CNY", estimate="2", request="no JSON")
    with ledger.transaction() as connection:
        assert ledger.spent(connection, {"day": 0.0}, "")["day"] == {"CNY": Decimal(2)}
    [bill] = ledger.bills()
    assert (bill.spent, bill.currency) == (Decimal(2), "CNY")


def test_a_closed_job_of_which_nobody_knows_the_end_counts_as_expected(ledger):
    add(ledger, id="lost", open=0, lost=1, currency="CNY", estimate="2", task_id="t-1")
    with ledger.transaction() as connection:
        assert ledger.spent(connection, {"day": 0.0}, "")["day"] == {"CNY": Decimal(2)}
    entry, [line], [bill] = ledger.entry("lost"), ledger.lines(), ledger.bills()
    assert entry.spent == line.spent == bill.spent == Decimal(2)


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


def test_a_forgotten_job_that_cost_nothing_leaves_nothing(ledger):
    job = add(ledger)
    assert ledger.forget(job) is None
    assert ledger.entry(job) is None
    assert ledger.events(job) == []
    connection = sqlite3.connect(ledger.path)
    assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
    connection.close()


PAID = {
    "sent": 1.0,
    "accepted": 2.0,
    "made": 3.0,
    "task_id": "t-1",
    "fingerprint": "f",
    "currency": "CNY",
    "estimate": "2",
    "cost": "1.5",
    "notebook": "n.ipynb",
    "open": 0,
    "prompt": "secret",
    "path": "/clips/secret.mp4",
    "request": '{"prompt": "secret"}',
    "actual_prompt": "secret",
    "notes": '["secret"]',
    "error": "secret",
    "folder": "/secret",
}


def test_what_a_forgotten_job_cost_still_counts_and_nothing_else_is_kept(ledger):
    job = add(ledger, **PAID)
    assert ledger.forget(job).spent == Decimal("1.5")
    assert ledger.forget(job) is None, "once"
    assert ledger.entry(job) is None
    assert ledger.find(job) == ledger.find("t-1") == ledger.entries() == ledger.lines() == []
    assert ledger.entries_of([job]) == {}
    assert (ledger.count(), ledger.events(job), ledger.twins("f", "")) == (0, [], [])
    with ledger.transaction() as connection:
        spent = ledger.spent(connection, {"day": 0.0}, "n.ipynb")
    assert spent == {"day": {"CNY": Decimal("1.5")}, "notebook": {"CNY": Decimal("1.5")}}
    assert [bill.spent for bill in ledger.bills()] == [Decimal("1.5")]
    connection = sqlite3.connect(ledger.path)
    assert "secret" not in str(connection.execute("SELECT * FROM jobs").fetchall())
    connection.close()


def test_a_task_of_a_forgotten_job_can_be_had_again_and_is_counted_once(ledger):
    ledger.forget(add(ledger, **PAID))
    assert ledger.known_tasks("me") == {"t-1"}, "it is nobody else's"
    add(ledger, id="again", task_id="t-1", currency="CNY", cost="1.5", made=3.0)
    assert [bill.spent for bill in ledger.bills()] == [Decimal("1.5")]


def test_a_job_that_is_forgotten_while_it_runs_is_counted_by_its_end(ledger):
    job = add(ledger, **PAID | {"made": None, "cost": None, "open": 1})
    ledger.forget(job)
    assert [bill.spent for bill in ledger.bills()] == [Decimal(2)]
    ledger.change(job, {"state": "done", "made": 5.0, "cost": "1.75", "path": "/secret"}, "done")
    assert [bill.spent for bill in ledger.bills()] == [Decimal("1.75")]
    connection = sqlite3.connect(ledger.path)
    assert connection.execute("SELECT path FROM jobs").fetchall() == [("",)]
    connection.close()
    ledger.change(job, {"state": "failed", "made": None, "lost": 0}, "failed")
    assert ledger.bills() == []


def test_a_job_that_is_forgotten_and_then_no_longer_watched_may_still_be_billed(ledger):
    job = add(ledger, **PAID | {"made": None, "cost": None, "open": 1})
    ledger.forget(job)
    ledger.change(job, {"state": "detached", "open": 1, "lost": 0}, "detached")
    assert [bill.spent for bill in ledger.bills()] == [Decimal(2)]
