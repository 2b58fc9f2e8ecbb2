"""The first steps of a job: its files are uploaded, then the paid call is made, once.

Uploads are free, so they are tried again. The paid call is repeated only where it surely was not
accepted: the host could not be reached, or refused with 429, or with 503 and a code. Where the
answer was lost, the list call tells, and nothing is sent before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_magic.errors import ApiError, ConnectionFailed, JobCancelled, WanError
from wan_magic.jobs.common import pause, unsure_hint
from wan_magic.jobs.job import State
from wan_magic.texts import tr
from wan_magic.wan.codes import time_may_cure
from wan_magic.wan.upload import uploader_for

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import requests

    from wan_magic.jobs.job import Job
    from wan_magic.jobs.limits import Ticket
    from wan_magic.wan.client import WanClient
    from wan_magic.wan.local_file import LocalFile
    from wan_magic.wan.request import VideoRequest
    from wan_magic.wan.upload import Uploader

_SUBMIT_TRIES = 4
_UPLOAD_TRIES = 5
_TURN = 0.5
"""Seconds to the next look at another job's upload of the same file."""
_SHOWN_EVERY = 0.5
"""Seconds between two messages about an upload."""
_NOTHING_PAID = "the request was not sent, and nothing is paid"


def check_cancelled(job: Job) -> None:
    """Hear the user before the paid call.

    Raises
    ------
    JobCancelled
        If a cancel was asked for.
    """
    if job.cancel_requested:
        raise JobCancelled("cancelled before it was submitted: nothing was sent, nothing is paid")


def upload(
    job: Job, client: WanClient, storage: requests.Session
) -> Generator[float, None, VideoRequest]:
    """Upload the request's files; the request as it can be sent.

    The job keeps its own request: the addresses of uploads are good for two days alone.
    """
    files = job.request.pending
    if not files:
        return job.request
    urls = {}
    step = _Upload(job, client, storage, uploader_for(client.endpoint))
    for file in files:
        try:
            urls[file.digest] = yield from step.run(file)
        except JobCancelled as exc:
            raise JobCancelled(
                f"cancelled while {file.name} was uploaded: no task was made, nothing is paid",
                hint="what was uploaded in part is not kept; a whole file goes after 48 hours",
            ) from exc
        except WanError as exc:
            exc.hint = "; ".join(filter(None, (exc.hint, _NOTHING_PAID)))
            if isinstance(exc, ConnectionFailed):
                exc.maybe_accepted = False  # an upload is not the paid call
            raise
    storage.close()  # no connection idles while the task is watched; the next call opens one
    job.update(message="")
    return job.request.with_uploads(urls)


@dataclass(frozen=True)
class _Upload:
    job: Job
    client: WanClient
    storage: requests.Session
    uploader: Uploader

    def run(self, file: LocalFile) -> Generator[float, None, str]:
        job, model = self.job, self.job.request.model
        failures = 0
        while True:
            check_cancelled(job)
            wait = _TURN
            try:
                with self.uploader.turn(model, file.digest) as mine:
                    if url := self.uploader.known(model, file.digest):
                        return url
                    if mine:
                        return self.uploader.send(
                            file,
                            model,
                            client=self.client,
                            session=self.storage,
                            on_bytes=_progress(job, file),
                        )
                job.update(message=f"waiting for {file.name}, which another job uploads")
                _check_time(job, file, wait)
            except (ApiError, ConnectionFailed) as exc:
                final = isinstance(exc, ApiError) and not _worth_another_try(exc)
                failures += 1
                if final or failures == _UPLOAD_TRIES:
                    raise
                wait = getattr(exc, "retry_after", None) or pause(failures - 1)
                if job.elapsed + wait > job.timeout:
                    raise
                job.update(
                    message=f"{file.name} is not uploaded: {exc.message}; again in {wait:.0f} s"
                )
            yield wait


def _worth_another_try(exc: ApiError) -> bool:
    return throttled(exc) if exc.status == 429 else time_may_cure(exc.status)


def throttled(exc: ApiError) -> bool:
    """Whether a 429 is about the rate; the others are about bills, and stay."""
    limits = ("Throttling", "limit_requests")
    return exc.status == 429 and (not exc.code or exc.code.startswith(limits))


def _progress(job: Job, file: LocalFile) -> Callable[[int, int], None]:
    shown_at: float | None = None

    def on_bytes(done: int, total: int) -> None:
        nonlocal shown_at
        check_cancelled(job)
        _check_time(job, file)
        now = job.clock()
        if shown_at is None or done == total or now - shown_at >= _SHOWN_EVERY:
            shown_at = now
            done_mb, total_mb = f"{done / 1e6:.1f}", f"{total / 1e6:.1f}"
            amount = tr("{done} of {total} MB", done=done_mb, total=total_mb)
            if total < 1e6:
                amount = f"{total / 1e3:.0f} kB"
            job.update(message=tr("uploading {name}: {amount}", name=file.name, amount=amount))

    return on_bytes


def _check_time(job: Job, file: LocalFile, wait: float = 0.0) -> None:
    if job.elapsed + wait > job.timeout:
        raise WanError(
            f"{file.name} was not uploaded within {job.timeout:g} s",
            hint="give --timeout more seconds, or the file's http(s) URL",
        )


def submit(
    job: Job,
    client: WanClient,
    request: VideoRequest,
    ticket: Ticket,
    settled: Callable[[], Generator[float, None, str]],
    wall: Callable[[], float],
) -> Generator[float, None, None]:
    """Make the paid call, once: again only where it surely was not accepted.

    Parameters
    ----------
    job, client, request
        What is sent, and where.
    ticket : Ticket
        The job's place in the line of its endpoint and model.
    settled : callable
        Starts the search for the task of a call whose answer was lost: its id, or ``""`` where
        there surely is none.
    wall : callable
        Seconds since 1970.
    """
    tries, throttled_since, refused_since = 0, None, None
    while True:
        yield from _turn(job, ticket)
        job.record.sending(job, wall())
        job.update(state=State.SUBMITTING)
        try:
            task = client.create(request)
        except (ApiError, ConnectionFailed) as exc:
            tries += 1
            if _may_be_accepted(exc):
                task_id = yield from _look_for_it(job, exc, settled)
                if task_id:
                    accepted(job, ticket, task_id)
                    return
            job.update(sent_at=None)  # surely not accepted
            if isinstance(exc, ApiError) and throttled(exc):
                now = job.clock()
                throttled_since = now if throttled_since is None else throttled_since
                full = exc.code == "Throttling.Concurrency"
                wait = ticket.throttled(exc.retry_after, concurrency=full)
                if now + wait - throttled_since > job.timeout:
                    _say_unpaid(exc)
                    raise
                why = "the endpoint is busy (429)"
            else:
                if not _may_pass(exc) or tries >= _SUBMIT_TRIES:
                    _say_unpaid(exc)
                    raise
                now = job.clock()
                refused_since = now if refused_since is None else refused_since
                asked = getattr(exc, "retry_after", None)
                if asked and now + asked - refused_since > job.timeout:
                    _say_unpaid(exc)
                    raise
                wait = asked or pause(tries - 1)
                why = exc.message
            job.update(state=State.WAITING)
            job.update(message=f"{why}: submitting again in {wait:.0f} s")
            yield wait
        else:
            accepted(job, ticket, task.task_id, task.request_id)
            return


def accepted(job: Job, ticket: Ticket, task_id: str, request_id: str = "") -> None:
    """Note that the server has a task for the job."""
    ticket.accepted()
    job.update(state=State.QUEUED, task_id=task_id, request_id=request_id)


def _turn(job: Job, ticket: Ticket) -> Iterator[float]:
    """Wait in the line."""
    while (wait := ticket.wait()) > 0:
        check_cancelled(job)
        if wait >= 1 or job.state is State.WAITING:
            ahead = ticket.ahead
            others = tr("{count} before this one", count=ahead) if ahead else tr("this one is next")
            job.update(state=State.WAITING)
            at = job.endpoint
            words = tr("waiting for a slot at {endpoint}: {others}", endpoint=at, others=others)
            job.update(message=words)
            wait = min(wait, max(2.0, ahead / 20))  # what the card says must stay true
        yield wait
    check_cancelled(job)


def _may_be_accepted(exc: ApiError | ConnectionFailed) -> bool:
    """Whether a task may have been made although the call failed.

    A 503 with a code is the API's own refusal; any other answer from 500 on, and a 408, may come
    from a gateway that had passed the call on.
    """
    if isinstance(exc, ConnectionFailed):
        return exc.maybe_accepted
    refused = exc.status == 503 and bool(exc.code)
    return exc.status == 408 or (exc.status >= 500 and not refused)


def _may_pass(exc: ApiError | ConnectionFailed) -> bool:
    """Whether a call that surely was not accepted may be the next time."""
    if isinstance(exc, ConnectionFailed):
        return exc.transient
    return exc.status == 408 or exc.status >= 500  # a 429 that gets here is about bills


def _look_for_it(
    job: Job,
    exc: ApiError | ConnectionFailed,
    settled: Callable[[], Generator[float, None, str]],
) -> Generator[float, None, str]:
    """Settle a lost answer; where that can't be done, the error says so."""
    if job.is_preview:
        exc.hint = unsure_hint(job)
        raise exc
    try:
        return (yield from settled())
    except (ApiError, ConnectionFailed) as why:
        known = f"what became of it is not known ({why.message})"
        told = "" if why.message == exc.message else known
        exc.hint = "; ".join(filter(None, (exc.hint, told, unsure_hint(job))))
    raise exc


def _say_unpaid(exc: ApiError | ConnectionFailed) -> None:
    """Say of a call that surely was not accepted that it costs nothing."""
    exc.hint = "; ".join(filter(None, (exc.hint, "nothing is paid")))
    if isinstance(exc, ConnectionFailed):
        exc.maybe_accepted = False


def forget_uploads(job: Job, client: WanClient) -> None:
    """Upload the job's files again the next time: the service could not read them."""
    for file in job.request.pending:
        uploader_for(client.endpoint).forget(job.request.model, file.digest)
