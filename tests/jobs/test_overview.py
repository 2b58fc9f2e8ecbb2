"""Many tasks are watched through the list call; a small world with its own clock shows it."""

from __future__ import annotations

import bisect
import contextlib
import heapq
import itertools
from statistics import fmean

import pytest
from job_fakes import DROPPED, LINK, Clock, refused, task

from wan_magic.jobs.job import Job
from wan_magic.jobs.limits import Limiter
from wan_magic.jobs.overview import Overview, overview_for
from wan_magic.jobs.watch import watch
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.request import VideoRequest

GATEWAY = Endpoint("gateway", "https://api.example/api/v1", "sk-fake")
LOCAL = Endpoint("local", "http://127.0.0.1:1/api/v1", "token")


class Server:
    """Tasks that start and end at their times, and every call that was made."""

    def __init__(self, clock, endpoint=GATEWAY):
        self.clock = clock
        self.endpoint = endpoint
        self.times = {}
        self.calls = []
        self.list_error = None
        self.others = 0
        self.rows = lambda rows: rows

    def add(self, task_id, runs, ends):
        self.times[task_id] = (self.clock.now + runs, self.clock.now + ends)

    def status(self, task_id):
        runs, ends = self.times[task_id]
        now = self.clock.now
        return "PENDING" if now < runs else "RUNNING" if now < ends else "SUCCEEDED"

    def query(self, task_id):
        self.calls.append((self.clock.now, "query", task_id))
        status = self.status(task_id)
        return task(status, task_id=task_id, video_url=LINK if status == "SUCCEEDED" else "")

    def list_page(self, *, status, page_no, page_size):
        self.calls.append((self.clock.now, "list", status))
        if self.list_error:
            raise self.list_error
        rows = [{"task_id": f"other-{number}", "status": status} for number in range(self.others)]
        rows += [{"task_id": one, "status": self.status(one)} for one in self.times]
        rows = self.rows([row for row in rows if row["status"] == status])
        first = (page_no - 1) * page_size
        return rows[first : first + page_size], -(-len(rows) // page_size)

    def cancel(self, task_id):
        self.calls.append((self.clock.now, "cancel", task_id))

    def made(self, kind):
        return [call for call in self.calls if call[1] == kind]


class World:
    """Jobs that are watched, each at its times, as the runner does it."""

    def __init__(self, endpoint=GATEWAY):
        self.clock = Clock()
        self.server = Server(self.clock, endpoint)
        self.limiter = Limiter(endpoint, clock=self.clock)
        self.due = []
        self.order = itertools.count()
        self.noticed = {}
        self.jobs = []

    def watch(self, task_id, runs, ends, **more):
        self.server.add(task_id, runs, ends)
        job = Job(
            VideoRequest(prompt="A cat"),
            endpoint="fake",
            clock=self.clock,
            is_preview=self.server.endpoint.is_local,
        )
        job.task_id = task_id
        steps = watch(job, self.server, limiter=self.limiter, **more)
        job.wake = lambda: self.push(0.0, job, steps)
        self.jobs.append(job)
        self.push(0.0, job, steps)
        return job

    def push(self, wait, job, steps):
        heapq.heappush(self.due, (self.clock.now + wait, next(self.order), job, steps))

    def run(self, seconds=10_000.0):
        """Let time pass; what was noticed when is in `noticed`."""
        end = self.clock.now + seconds
        latest = {}
        while self.due and self.due[0][0] <= end:
            at, number, job, steps = heapq.heappop(self.due)
            if latest.get(job, (at, 0)) > (at, number) or job in self.noticed:
                continue
            self.clock.now = max(self.clock.now, at)
            wait = next(steps, None)
            if wait is None:
                self.noticed[job] = self.clock.now
            else:
                self.push(wait, job, steps)

    @property
    def delays(self):
        return [at - self.server.times[job.task_id][1] for job, at in self.noticed.items()]


@pytest.fixture
def world():
    return World()


def busiest_second(calls):
    times = [at for at, *_ in calls]
    return max(bisect.bisect_left(times, at + 0.999) - first for first, at in enumerate(times))


def test_few_tasks_are_asked_for_singly(world):
    for number in range(9):
        world.watch(f"t-{number}", 1, 100 + number)
    world.run()
    assert len(world.noticed) == 9
    assert not world.server.made("list")


def test_many_tasks_cost_pages_and_not_queries(world):
    for number in range(300):
        world.watch(f"t-{number}", 5, 100 + number / 2)
    world.run()
    assert len(world.noticed) == 300
    lists, queries = world.server.made("list"), world.server.made("query")
    assert len(queries) < 300 * 6, "singly, it would be thirty for each"
    assert len(lists) < 250 / 3 * 5
    assert fmean(world.delays) < 2.5
    assert max(world.delays) < 8
    assert busiest_second(world.server.calls) <= 20


def test_a_thousand_stay_within_the_limits_and_all_arrive(world):
    for number in range(1000):
        world.watch(f"t-{number}", 5, 60 + number / 8)
    world.run()
    assert len(world.noticed) == 1000
    assert busiest_second(world.server.calls) <= 20
    assert fmean(world.delays) < 4


def test_the_cards_learn_from_the_list_that_a_task_runs(world):
    jobs = [world.watch(f"t-{number}", 20, 300) for number in range(40)]
    world.run(18)
    assert {job.state for job in jobs} == {"queued"}
    world.run(12)
    assert {job.state for job in jobs} == {"running"}


def test_a_single_task_that_has_left_the_list_is_asked_for_soon(world):
    for number in range(30):
        world.watch(f"t-{number}", 1, 1000)
    early = world.watch("early", 1, 20)  # long before its time
    world.run(60)
    assert list(world.noticed) == [early]
    assert world.delays[0] < 16.5, "with the next list, and not at its own next look"


def test_the_first_list_is_waited_for_rather_than_a_query_for_each(world):
    for number in range(200):
        world.watch(f"t-{number}", 1, 100)
    world.run(8)
    assert len(world.server.made("query")) == 0


def test_now_and_then_a_task_is_asked_for_singly_though_it_is_listed(world):
    """Should the list be out of date, the end is noticed all the same."""
    stale = [{"task_id": f"t-{number}", "status": "RUNNING"} for number in range(20)]
    world.server.rows = lambda rows: stale
    for number in range(20):
        world.watch(f"t-{number}", 1, 100)
    world.run(400)
    assert len(world.noticed) == 20
    assert max(world.delays) < 80


def test_a_server_that_ignores_the_filter_is_not_misread(world):
    world.server.rows = lambda rows: [
        {"task_id": one, "status": world.server.status(one)} for one in world.server.times
    ]
    for number in range(20):
        world.watch(f"t-{number}", 1, 50 + number)
    world.run()
    assert len(world.noticed) == 20
    assert max(world.delays) < 12, "the last ones are asked for singly, where an end is likely"


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_an_endpoint_without_a_list_is_asked_for_one_once(world, status):
    world.server.list_error = refused(status)
    for number in range(20):
        world.watch(f"t-{number}", 1, 200 + number)
    world.run()
    assert len(world.noticed) == 20
    assert len(world.server.made("list")) == 1


@pytest.mark.parametrize("problem", [refused(500), refused(429, "Throttling"), DROPPED], ids=str)
def test_a_list_that_fails_is_tried_again_ever_more_rarely(world, problem):
    world.server.list_error = problem
    for number in range(20):
        world.watch(f"t-{number}", 1, 300 + number)
    world.run()
    assert len(world.noticed) == 20
    times = [at for at, *_ in world.server.made("list")]
    gaps = [late - early for early, late in itertools.pairwise(times)]
    assert 2 <= len(gaps) <= 4
    assert gaps[0] >= 30
    assert all(late > 1.5 * early for early, late in itertools.pairwise(gaps))


def test_a_list_that_is_well_again_is_used_again(world):
    world.server.list_error = refused(503)
    for number in range(20):
        world.watch(f"t-{number}", 1, 300)
    world.run(20)
    world.server.list_error = None
    world.run(30)
    queries = len(world.server.made("query"))
    world.run(15)
    assert len(world.server.made("query")) - queries < 3


def test_a_list_that_names_none_of_ours_is_no_help(world):
    world.server.rows = lambda rows: [{"task_id": "somebody's", "status": "RUNNING"}, {}, {"x": 1}]
    for number in range(20):
        world.watch(f"t-{number}", 1, 120)
    world.run()
    assert len(world.noticed) == 20
    assert len(world.server.made("list")) <= 8


def test_an_account_with_thousands_of_other_tasks_is_not_paged_through(world):
    world.server.others = 5000
    for number in range(20):
        world.watch(f"t-{number}", 1, 120)
    world.run()
    assert len(world.noticed) == 20
    assert len(world.server.made("list")) <= 5 * 3


def test_a_gateways_own_names_of_states_are_translated():
    world = World(Endpoint("gateway", "https://x/api/v1", "k", status={"working": "RUNNING"}))
    world.server.rows = lambda rows: [row | {"status": "working"} for row in rows]
    jobs = [world.watch(f"t-{number}", 0, 200) for number in range(20)]
    world.run(30)
    assert {job.state for job in jobs} == {"running"}
    assert not world.server.made("query")


def test_previews_are_listed_more_often():
    world = World(LOCAL)
    for number in range(50):
        world.watch(f"t-{number}", 1, 20 + number / 10)
    world.run()
    assert fmean(world.delays) < 1.0
    assert len(world.server.calls) < 50 * 10, "singly, it would be seventy for each"


def test_who_stops_watching_while_the_list_is_read_holds_nobody_up(world):
    for number in range(20):
        world.watch(f"t-{number}", 1, 100)
    overview = overview_for(world.limiter)

    def pause(seconds):
        yield seconds
        raise RuntimeError("detached")

    with overview.watching("t-0", lambda: None) as watched:
        world.limiter.query_throttled(None)
        steps = overview.query(world.server, watched, pause)
        next(steps)
        with pytest.raises(RuntimeError):
            next(steps)
    world.run()
    assert len(world.noticed) == 20
    assert len(world.server.made("list")) > 10


def test_the_same_task_may_be_watched_twice(world):
    for number in range(20):
        world.watch(f"t-{number % 10}", 1, 100)
    world.run()
    assert len(world.noticed) == 20


def test_one_limiter_has_one_overview(world):
    assert overview_for(world.limiter) is overview_for(world.limiter)
    assert overview_for(Limiter(GATEWAY)) is not overview_for(world.limiter)


def test_a_watch_that_ends_badly_is_not_counted(world):
    overview = Overview(world.limiter)
    with contextlib.suppress(RuntimeError), overview.watching("t", lambda: None):
        raise RuntimeError
    assert not overview._live
