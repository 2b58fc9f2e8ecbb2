"""A job as people hold it: wait, await, gather, cancel."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from wan_magic.errors import JobFailed, JobTimeout
from wan_magic.jobs.job import Job, State
from wan_magic.jobs.runner import Runner
from wan_magic.wan.estimate import PriceList
from wan_magic.wan.request import VideoRequest


def job():
    return Job(VideoRequest(prompt="waves"), endpoint="beijing", prices=PriceList("beijing"))


def ended(outcome="the clip", state=State.DONE):
    made = job()
    made.finish(outcome, state)
    return made


def ends_soon(outcome, state=State.DONE, delay=0.02):
    made = job()

    def steps():
        yield delay
        made.finish(outcome, state)

    Runner(workers=1).start(steps())
    return made


def test_a_new_job():
    made = job()
    assert made.state is State.SUBMITTING
    assert not made.done()
    assert made.exception() is None
    assert (made.task_id, made.message, made.downloaded) == ("", "", (0, 0))
    assert str(made.estimate) == "5.00 CNY"
    assert "waves" not in repr(made)


def test_four_states_are_ends():
    assert [state for state in State if state.is_end] == ["done", "failed", "cancelled", "detached"]


def test_result_waits():
    assert ends_soon("the clip").result() == "the clip"


def test_result_raises_what_went_wrong_every_time():
    made = ends_soon(JobFailed("no"), State.FAILED)
    for _ in range(2):
        with pytest.raises(JobFailed, match="no"):
            made.result()
    assert isinstance(made.exception(), JobFailed)


def test_result_with_too_little_time_leaves_the_job_alone():
    made = job()
    with pytest.raises(JobTimeout, match=r"not finished after 0.01 s \(submitting\)") as caught:
        made.result(timeout=0.01)
    assert "call result() again" in caught.value.hint
    assert made.state is State.SUBMITTING
    made.finish("the clip", State.DONE)
    assert made.result(timeout=0) == "the clip"


def test_a_look_without_waiting():
    with pytest.raises(JobTimeout):
        job().result(timeout=0)


def test_many_threads_may_wait():
    made = job()
    with ThreadPoolExecutor(4) as pool:
        results = [pool.submit(made.result) for _ in range(4)]
        made.finish("the clip", State.DONE)
        assert [result.result() for result in results] == ["the clip"] * 4


def test_await():
    async def main():
        return await ends_soon("the clip")

    assert asyncio.run(main()) == "the clip"


def test_await_an_ended_job():
    async def main():
        return await ended()

    assert asyncio.run(main()) == "the clip"


def test_await_raises_what_went_wrong():
    async def main():
        await ends_soon(JobFailed("no"), State.FAILED)

    with pytest.raises(JobFailed, match="no"):
        asyncio.run(main())


def test_gather():
    async def main():
        return await asyncio.gather(
            ends_soon("one", delay=0.03),
            ends_soon("two", delay=0.01),
            ends_soon(JobFailed("no"), State.FAILED),
            return_exceptions=True,
        )

    one, two, error = asyncio.run(main())
    assert (one, two, type(error)) == ("one", "two", JobFailed)


@pytest.mark.parametrize("outcome", ["the clip", JobFailed("no")], ids=str)
def test_a_waiter_that_gives_up_does_not_end_the_job(outcome):
    made = job()
    complaints = []

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(made, 0.01)
        assert not made.done()
        made.finish(outcome, State.DONE if isinstance(outcome, str) else State.FAILED)
        if isinstance(outcome, str):
            assert await made == outcome
        await asyncio.sleep(0)

    asyncio.run(main())
    assert made.done()
    assert complaints == []


def test_a_cancelled_task_does_not_cancel_the_job():
    made = job()

    async def main():
        waiter = asyncio.ensure_future(made)
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter

    asyncio.run(main())
    assert not made.done()
    assert not made.cancel_requested


def test_cancel_and_detach_only_pass_on_a_wish_and_wake_the_job():
    made, wakes = job(), []
    made.wake = lambda: wakes.append((made.cancel_requested, made.detach_requested))
    made.cancel()
    made.detach()
    assert wakes == [(True, False), (True, True)]
    assert made.state is State.SUBMITTING


def test_listeners_hear_of_changes_alone():
    made, heard = job(), []
    made.on_change(lambda job: heard.append((job.state, job.message)))
    made.update(message="busy")
    made.update(message="busy")
    made.update(state=State.QUEUED)
    made.update(state=State.QUEUED)
    assert heard == [("submitting", "busy"), ("queued", "")]


def test_a_new_state_starts_its_own_clock():
    now = [0.0]
    made = Job(VideoRequest(prompt="p"), endpoint="e", clock=lambda: now[0])
    now[0] = 5.0
    made.update(state=State.QUEUED)
    now[0] = 7.0
    made.update(message="x")
    assert (made.since, made.elapsed) == (5.0, 7.0)


def test_the_result_is_there_when_listeners_hear_of_the_end():
    made, heard = job(), threading.Event()
    made.on_change(lambda job: job.result(timeout=0) == "the clip" and heard.set())
    made.finish("the clip", State.DONE)
    assert heard.is_set()


def test_a_preview_at_the_price_of_the_hosted_api():
    made = Job(
        VideoRequest(prompt="p"), endpoint="local", prices=PriceList("beijing"), is_preview=True
    )
    assert str(made.estimate) == "5.00 CNY"
