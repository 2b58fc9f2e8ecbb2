"""The first steps of a job: its files are uploaded, then the paid call is made, once.

Uploads are free, so they are tried again; the paid call is not, but for a 429.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_magic.errors import ApiError, ConnectionFailed, JobCancelled, WanError
from wan_magic.jobs.common import pause, unsure_hint
from wan_magic.jobs.job import State
from wan_magic.wan.codes import time_may_cure
from wan_magic.wan.upload import uploader_for

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    import requests

    from wan_magic.jobs.job import Job
    from wan_magic.wan.client import WanClient
    from wan_magic.wan.local_file import LocalFile
    from wan_magic.wan.request import VideoRequest
    from wan_magic.wan.upload import Uploader

_SUBMIT_TRIES = 6
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
            amount = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
            if total < 1e6:
                amount = f"{total / 1e3:.0f} kB"
            job.update(message=f"uploading {file.name}: {amount}")

    return on_bytes


def _check_time(job: Job, file: LocalFile, wait: float = 0.0) -> None:
    if job.elapsed + wait > job.timeout:
        raise WanError(
            f"{file.name} was not uploaded within {job.timeout:g} s",
            hint="give --timeout more seconds, or the file's http(s) URL",
        )


def submit(job: Job, client: WanClient, request: VideoRequest) -> Iterator[float]:
    """Make the paid call."""
    for tries in range(_SUBMIT_TRIES):
        check_cancelled(job)
        try:
            task = client.create(request)
        except ApiError as exc:
            # 429 for throttling says that nothing was accepted; anything else is final.
            if not throttled(exc):
                if exc.status >= 500 or exc.status == 408:  # a gateway may have passed it on
                    exc.hint = unsure_hint(job)
                raise
            wait = exc.retry_after or pause(tries)
            if tries == _SUBMIT_TRIES - 1 or job.elapsed + wait > job.timeout:
                raise
            job.update(message=f"the endpoint is busy (429): submitting again in {wait:.0f} s")
            yield wait
        except ConnectionFailed as exc:
            if exc.maybe_accepted:
                exc.hint = "; ".join(filter(None, (exc.hint, unsure_hint(job))))
            raise
        else:
            job.update(state=State.QUEUED, task_id=task.task_id, request_id=task.request_id)
            return


def forget_uploads(job: Job, client: WanClient) -> None:
    """Upload the job's files again the next time: the service could not read them."""
    for file in job.request.pending:
        uploader_for(client.endpoint).forget(job.request.model, file.digest)
