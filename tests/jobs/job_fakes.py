"""A fake clock, a fake API and a fake storage host: a job is driven by hand, step by step."""

from __future__ import annotations

import copy

import requests

from wan_magic.errors import ApiError, ConnectionFailed
from wan_magic.jobs.job import State
from wan_magic.jobs.lifecycle import live
from wan_magic.jobs.limits import Limiter
from wan_magic.wan.client import Task, TaskList
from wan_magic.wan.endpoints import Endpoint

LINK = "https://storage.example/a.mp4?Signature=s3cret"


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def task(status, **more):
    states = {
        "PENDING": "queued",
        "RUNNING": "running",
        "SUCCEEDED": "succeeded",
        "FAILED": "failed",
        "CANCELED": "cancelled",
        "UNKNOWN": "unknown",
    }
    values = {"task_id": "0385dc79-5ff8", "request_id": "r-query"} | more
    return Task(state=states.get(status, "running"), status=status, **values)


def refused(status, code="", retry_after=None):
    error = ApiError(f"HTTP {status} {code}", status=status, code=code, hint="the advice")
    error.retry_after = retry_after
    return error


POLICY = {
    "policy": "cG9saWN5",
    "signature": "c2lnbmF0dXJl",
    "oss_access_key_id": "LTAI-fake",
    "upload_dir": "dashscope-instant/x",
    "upload_host": "https://storage.example",
    "expire_in_seconds": 300,
    "max_file_size_mb": 100,
}
DROPPED = ConnectionFailed(
    "the connection broke before the answer came", maybe_accepted=True, transient=True
)
UNREACHED = ConnectionFailed("cannot reach the host", transient=True)


class FakeClient:
    """Gives its scripted answers in turn, the last one for ever; errors are raised."""

    date = None

    def __init__(self, creates, queries, cancels, policies=(POLICY,), endpoint=None, lists=()):
        self.script = {"create": creates, "query": queries, "cancel": cancels}
        self.script["list"] = list(lists) or [[]]
        self.script["policy"] = list(policies)
        self.endpoint = endpoint or Endpoint("fake", "https://api.example/api/v1", "sk-fake")
        self.calls = []
        self.created = []
        self.filters = []

    def _next(self, name):
        self.calls.append(name)
        script = self.script[name]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise copy.copy(answer)  # jobs add hints to what they get
        return answer

    def upload_policy(self, model):
        return self._next("policy")

    def create(self, request):
        self.created.append(request)
        return self._next("create")

    def query(self, task_id):
        assert task_id == "0385dc79-5ff8"
        return self._next("query")

    def cancel(self, task_id):
        return self._next("cancel")

    def list_tasks(self, **filters):
        self.filters.append(filters)
        rows = self._next("list")
        return rows if isinstance(rows, TaskList) else TaskList(rows, total=len(rows))


class Response:
    """An answer of the storage host; with `breaks`, the connection ends after the body."""

    def __init__(self, body, status=200, length=None, breaks=False, **headers):
        self.body = body
        self.status_code = status
        self.breaks = breaks
        self.headers = {"Content-Length": str(len(body) if length is None else length)}
        self.headers |= {name.replace("_", "-"): value for name, value in headers.items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def iter_content(self, size):
        size = min(size, 1000)
        for at in range(0, len(self.body), size):
            yield self.body[at : at + size]
        if self.breaks:
            raise requests.ConnectionError("reset by peer")


class Hosted:
    """A file at a host that serves ranges; the connection breaks at each of `breaks` once.

    Parameters
    ----------
    data : bytes
        The file.
    breaks : iterable of int
        Where in the file, in bytes.
    etag : str
        Its version; empty for a host that names none.
    honours_if_range : bool
        Whether a range of another version brings the whole file.
    oss : bool
        Whether a range beyond the end brings the whole file, and no 416.
    """

    def __init__(self, data, breaks=(), etag='"v1"', *, honours_if_range=True, oss=False):
        self.data = data
        self.breaks = list(breaks)
        self.etag = etag
        self.honours_if_range = honours_if_range
        self.oss = oss

    def answer(self, headers):
        total = len(self.data)
        start = int(headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        said = {"ETag": self.etag} if self.etag else {}
        if start >= total and not self.oss:
            return Response(b"", 416, Content_Range=f"bytes */{total}")
        if self.honours_if_range and headers.get("If-Range", self.etag) != self.etag:
            start = 0
        if "Range" not in headers or start in (0, total):
            status, start = 200, 0
        else:
            status = 206
            said["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
        end = self.breaks.pop(0) if self.breaks else None
        body = self.data[start:end]
        breaks = end is not None
        return Response(body, status, length=total - start, breaks=breaks, **said)


class FakeStorage:
    """Gives its scripted answers in turn, the last one for ever, and remembers the addresses.

    What is `Hosted` stays until it has broken off as often as it shall.
    """

    def __init__(self, answers, posts=()):
        self.answers = answers
        self.posts = list(posts) or [b""]
        self.urls = []
        self.ranges = []
        self.headers = []
        self.forms = []
        self.on_piece = lambda: None

    def close(self):
        pass

    def get(self, url, headers, **_):
        self.urls.append(url)
        self.headers.append(headers)
        self.ranges.append(headers.get("Range", ""))
        answer = self.answers[0]
        stays = isinstance(answer, Hosted) and len(answer.breaks) > 1
        if len(self.answers) > 1 and not stays:
            self.answers.pop(0)
        if isinstance(answer, Hosted):
            return answer.answer(headers)
        if isinstance(answer, Exception):
            raise answer
        return Response(answer) if isinstance(answer, bytes) else answer

    def post(self, url, *, data, **_):
        """Take a form piece by piece, as a slow host does."""
        form = b""
        for piece in data:
            form += piece
            self.on_piece()
        self.forms.append(form)
        answer = self.posts.pop(0) if len(self.posts) > 1 else self.posts[0]
        if isinstance(answer, Exception):
            raise answer
        return Response(answer) if isinstance(answer, bytes) else answer


class Drive:
    """A job, its fakes, and everything that was to be seen on the way."""

    def __init__(self, folder, clock, job, client, storage, ledger=None):
        self.folder = folder
        self.clock = clock
        self.job = job
        self.client = client
        self.storage = storage
        self.limiter = Limiter(client.endpoint, clock=clock)
        self.steps = live(
            job, client, storage, folder, ledger=ledger, limiter=self.limiter, wall=clock
        )
        self.seen = []
        self.waits = []
        self.download_waits = []
        job.on_change(lambda job: self.seen.append((str(job.state), job.message)))

    def step(self):
        """Let the job work once; False when it has ended."""
        wait = next(self.steps, None)
        if wait is None:
            return False
        self.waits.append(wait)
        if self.job.state is State.DOWNLOADING:
            self.download_waits.append(wait)
        self.clock.now += wait
        return True

    def run(self, limit=20_000):
        """Let the job live to its end; the error it ended with, or its clip."""
        while limit and self.step():
            limit -= 1
        assert self.job.done(), "the job must end"
        return self.job.exception() or self.job.result()

    @property
    def states(self):
        """The states that were seen, each once, in order."""
        return list(dict.fromkeys(state for state, _ in self.seen))

    @property
    def messages(self):
        return [message for _, message in self.seen if message]

    @property
    def files(self):
        return sorted(path.name for path in self.folder.iterdir())
