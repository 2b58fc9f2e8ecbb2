"""Random sequences of what users do and what goes wrong: nothing paid is lost, or paid twice.

A seed is a story, always the same one, of two kernels that share a ledger. In the end all is
mended and `resume` brings home what is still out there. Then what the service has made is held
against the ledger, the folder, the bill and the last words that the user has read.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import sqlite3
from collections import defaultdict
from decimal import Decimal

import pytest
from faulty import DAY, TIMEOUT
from films import film
from test_matrix import CLOCKS, EVER, FAULTS, NOT_POSSIBLE

from wan_magic.errors import WanError
from wan_magic.jobs.forgetting import forget_entry
from wan_magic.jobs.intake import take_up_job
from wan_magic.jobs.ledger import Ledger
from wan_magic.settings import Settings
from wan_magic.settings.money import Money

SEEDS = range(150)
PROMPTS = ("A cat", "A dog")
STEPS = ("policy", "upload", "create", "query", "list", "cancel", "download")
USERS = {"ask": 6, "go_on": 8, "resume": 3, "cancel": 2, "detach": 1, "forget": 1, "harm": 2}
LUCK = {"fault": 6, "heal": 2, "set_clock": 1, "kill": 1, "kill_in_the_middle": 2}
LIKELY = USERS | LUCK
UNPAID = re.compile("nothing is paid(?! here)|nothing was sent|not billed")
ANEW = "it is made anew, and billed"


class Killed(BaseException):
    """The kernel ends in the middle of something."""


class Story:
    """Two kernels of one user, and what they were told."""

    def __init__(self, seed, kernel_at, video):
        self.chance = random.Random(seed)
        self.kernel_at = kernel_at
        self.video = video
        first = kernel_at(pending=2)
        self.world = first.world
        self.kernels = [first, kernel_at(beside=first)]
        self.due = {}
        self.bought = defaultdict(set)
        """By prompt: the jobs that may have been paid, by all that was said."""
        self.given_up = set()
        """Jobs that the user has forgotten, and tasks of them, or that were told to be lost."""
        self.harmed = set()
        self.fuse = 0

    def live(self, kernel, job, begins):
        if begins:
            self.due[kernel.ride(job)] = self.world.clocks()

    def step(self):
        """Let the job go on that is due next; whether there is one."""
        if not self.due:
            return False
        ride = min(self.due, key=self.due.get)
        clocks = self.world.clocks
        clocks.now = max(clocks.now, self.due[ride])
        with self.mortal(ride.kernel):
            wait = next(ride.steps, None)
            self.due[ride] = clocks.now + (wait or 0.0)
            if wait is None:
                del self.due[ride]
                self.hear(ride)
        for prompt, jobs in self.bought.items():
            assert len(self.paid(prompt)) <= len(jobs), f"{prompt} is paid twice, or secretly"
        return True

    def run(self):
        for _ in range(20_000):
            if not self.step():
                return
        pytest.fail(f"it hangs: {[ride.job for ride in self.due]}")

    def tick(self):
        """Burn the fuse: a kernel dies before or after it has written something down."""
        self.fuse -= 1
        if self.fuse == 0:
            raise Killed

    @contextlib.contextmanager
    def mortal(self, kernel):
        try:
            yield
        except Killed:
            self.kill(kernel)

    def kill(self, kernel):
        """End a kernel without ceremony, and start another one."""
        kernel.ledger._has_left = True  # from here on it writes nothing
        for ride in [ride for ride in self.due if ride.kernel is kernel]:
            del self.due[ride]
            ride.steps.close()
        self.kernels[self.kernels.index(kernel)] = self.kernel_at(after=kernel)

    def paid(self, prompt):
        return [task for task in self.world.billed if task.prompt == prompt]

    def hear(self, ride):
        """Believe the end of a job: what is said to be free must be."""
        job, error = ride.job, ride.error
        assert job.done()
        if error is None:
            assert film(job.result().path) == self.video
            assert job.task_id in self.world.tasks
            return
        assert "unexpected" not in error.message
        if UNPAID.search(f"{error.message}; {error.hint}"):
            self.bought[job.request.prompt].discard(job.id)
        self.given_up |= {entry.task_id for entry in ride.kernel.ledger.entries() if entry.lost}

    # -- what users do ----------------------------------------------------------------------

    def ask(self, kernel):
        prompt, fresh = self.chance.choice(PROMPTS), self.chance.random() < 0.1
        limit = Money(self.chance.choice((Decimal("1.5"), Decimal(6), Decimal(600))), "CNY")
        known = {entry.id for entry in kernel.ledger.entries()}
        paid = [task for task in self.paid(prompt) if task.task_id not in self.given_up]
        before = len(self.world.billed)
        job, begins = kernel.ask(prompt, fresh=fresh, budgets={"notebook": (limit,)})
        if job.id not in known:
            assert fresh or not paid or any(ANEW in note for note in job.notes)
            assert job.estimate.amount * (before + 1) <= limit.amount, "over budget"
            self.bought[prompt].add(job.id)
        if job.from_library:
            assert film(job.result().path) == self.video
        self.live(kernel, job, begins)

    def go_on(self, _):
        for _ in range(self.chance.randint(1, 12)):
            self.step()

    def resume(self, kernel):
        for entry in kernel.ledger.open_entries():
            self.take_up(kernel, entry)

    def take_up(self, kernel, entry):
        at, settings = kernel.endpoint, Settings(timeout=TIMEOUT)
        self.live(kernel, *take_up_job(entry, at, settings, kernel.ledger, kernel.jobs))

    def cancel(self, kernel):
        for job in kernel.jobs.all()[:1]:
            job.cancel()

    def detach(self, kernel):
        for job in kernel.jobs.all()[:1]:
            job.detach()

    def forget(self, kernel):
        for entry in kernel.ledger.entries(limit=1):
            others = {one.task_id for one in kernel.ledger.entries() if one.id != entry.id}
            tasks = {task.task_id for task in self.paid(entry.prompt)}
            self.given_up |= {entry.id, *tasks - others}  # it may die before it says so
            forget_entry(entry, kernel.ledger)

    def harm(self, kernel):
        for entry in kernel.ledger.entries(limit=2):
            if file := entry.file:
                self.harmed.add(entry.id)
                size = self.chance.choice((None, 0, 500))
                file.unlink() if size is None else os.truncate(file, size)

    # -- what goes wrong --------------------------------------------------------------------

    def fault(self, _):
        step, fault = self.chance.choice(STEPS), self.chance.choice(FAULTS)
        if (step, fault) not in NOT_POSSIBLE:
            times = 1 if fault in CLOCKS else self.chance.choice((1, 1, 3, EVER))
            self.world.faults[step] = fault, times

    def heal(self, _):
        self.world.heal()

    def set_clock(self, _):
        self.world.clocks.offset = self.chance.choice((-DAY, -3600, 0, 0, 3600, DAY))

    def kill_in_the_middle(self, _):
        self.fuse = self.chance.randint(1, 20)


@pytest.fixture
def story_of(kernel_at, video, monkeypatch):
    """Begin a story, in whose kernels every change of the ledger may be the last."""
    transaction = Ledger.transaction

    def begin(seed):
        random.seed(seed)  # of the pauses
        story = Story(seed, kernel_at, video)

        @contextlib.contextmanager
        def mortal(ledger):
            story.tick()
            with transaction(ledger) as connection:
                yield connection
            story.tick()

        monkeypatch.setattr(Ledger, "transaction", mortal)
        return story

    return begin


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_nothing_paid_is_lost_and_nothing_is_paid_twice(story_of, seed):
    story = story_of(seed)
    length = story.chance.randint(5, 30)
    for action in story.chance.choices([*LIKELY], [*LIKELY.values()], k=length):
        kernel = story.chance.choice(story.kernels)
        with story.mortal(kernel), contextlib.suppress(WanError):
            getattr(story, action)(kernel)

    story.world.heal()
    story.fuse = 0
    story.run()
    story.kill(story.kernels[1])
    here = story.kernels[0]
    story.resume(here)
    for entry in filter(lambda entry: entry.lost, here.ledger.entries()):
        story.take_up(here, entry)  # the service knows, and says so now
    story.run()

    rows = here.ledger.entries()
    known = {entry.task_id: entry for entry in rows}
    unsettled = {entry.prompt for entry in rows if entry.open and not entry.task_id}
    for task in story.world.billed:
        entry = known.get(task.task_id)
        if entry is None:
            assert task.task_id in story.given_up or task.prompt in unsettled
        else:
            assert (entry.state, entry.open) == ("done", False)
            assert entry.id in story.harmed or film(entry.file) == story.video
    assert all(entry.ended is not None for entry in rows if not entry.open)

    billed = len(story.world.billed) * Decimal("1.5")
    bills = sum(bill.spent for bill in here.ledger.bills())
    vague = len(story.given_up) + sum(entry.open for entry in rows)
    assert billed <= bills <= billed + vague * Decimal("1.5")
    with contextlib.closing(sqlite3.connect(here.ledger.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
