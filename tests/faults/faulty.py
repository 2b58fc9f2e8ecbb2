"""The API and its storage host on one raw socket: correct answers, and faults where a test wants.

`Faulty` is the socket; a `World` is what lies behind it for one test: tasks, files, clocks, and
which step shall go wrong how often.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import socket
import struct
import threading
from datetime import datetime, timedelta, timezone
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

from hanging_up import has_hung_up
from waiting import PATIENCE

KEY = "sk-canary-0123456789abcdef"
POLICY = "cG9saWN5LWNhbmFyeQ=="
SIGNATURE = "c2lnbmF0dXJlLWNhbmFyeQ="
LINK_SIGNATURE = "bGluay1jYW5hcnk"
SECRETS = (KEY, POLICY, SIGNATURE, LINK_SIGNATURE, "LTAI-canary")
HOST = "127.0.0.1"
EPOCH = 1_790_000_000.0
"""What the true time is when the tests' clock begins."""
LAG = 45.0
"""Seconds after which a new task is in the list."""
READ_TIMEOUT = 60.0
"""Seconds that a call waits for an answer, by the tests' clock."""
DRIP = READ_TIMEOUT - 1
"""Seconds from byte to byte of a dripping answer: no read timeout ever comes."""
TIMEOUT = 600.0
"""Seconds of a job, by the tests' clock."""
SLOW = 700.0
"""Seconds for a piece of a file on a slow link."""
DAY = 86_400.0

_BEIJING = timezone(timedelta(hours=8))
_PAGE = b"<html><title>Please log in</title></html>"
_STEPS = (  # the first that fits
    ("policy", "GET", r"/api/v1/uploads\?"),
    ("upload", "POST", r"/oss$"),
    ("create", "POST", r"/api/v1/services/"),
    ("cancel", "POST", r"/api/v1/tasks/[^/?]+/cancel$"),
    ("list", "GET", r"/api/v1/tasks/\?"),
    ("query", "GET", r"/api/v1/tasks/[^/?]+$"),
    ("download", "GET", r"/clips/"),
)
_REFUSALS = {  # status, code, more headers
    "401": (401, "InvalidApiKey", ""),
    "403": (403, "AccessDenied", ""),
    "429": (429, "Throttling.RateQuota", ""),
    "429, wait 7": (429, "Throttling.RateQuota", "Retry-After: 7\r\n"),
    "500": (500, "InternalError", ""),
    "503 with a body": (503, "ServiceUnavailable", ""),
}
_ODD = {"unknown status": "PAUSED", "UNKNOWN": "UNKNOWN", "FAILED": "FAILED"}


class Hangup(Exception):
    """The connection ends without another word."""


@dataclasses.dataclass
class Clocks:
    """The time of a test: one that never goes back, and the one on the wall, which may jump."""

    now: float = 1000.0
    offset: float = 0.0

    def __call__(self):
        return self.now

    def true(self):
        return EPOCH + self.now - 1000.0

    def wall(self):
        return self.true() + self.offset


@dataclasses.dataclass
class Made:
    """A task at the service."""

    task_id: str
    prompt: str
    model: str
    at: float
    looks: int = 0
    cancelled: bool = False
    failed: bool = False


class Disk:
    """What holds the ledger and the clips: an errno, while it can't be written."""

    def __init__(self):
        self.problem = 0


class World:
    """What the service knows, and what goes wrong there.

    Parameters
    ----------
    clocks : Clocks
        Of the test.
    video : bytes
        The clip that every task makes.
    faults : dict
        By step: the fault's name, and how often it strikes.
    pending : int
        Looks at a task that find it waiting.
    """

    def __init__(self, clocks, video, faults, *, pending=1):
        self.clocks = clocks
        self.video = video
        self.faults = dict(faults)
        self.pending = pending
        self.disk = Disk()
        self.tasks = {}
        self.files = []
        self.calls = []
        """The steps that were asked for, also where the question was not read."""
        self.links = 0
        self.silences = threading.Semaphore(0)
        """One for each question that was read and gets no answer."""
        self._lock = threading.Lock()

    @property
    def accepted(self):
        return len(self.tasks)

    @property
    def billed(self):
        """Tasks that made a clip, or will."""
        return [task for task in self.tasks.values() if not (task.failed or task.cancelled)]

    def stalls(self, method, path):
        """Whether the next call of a step gets no answer."""
        name, left = self.faults.get(step_of(method, path), ("", 0))
        return name == "read timeout" and left > 0

    def heal(self):
        """Let everything go well from now on; wrong clocks stay wrong."""
        self.faults.clear()
        self.disk.problem = 0

    def strike(self, step):
        """Return the fault of a call that just came, and count it."""
        with self._lock:
            self.calls.append(step)
            name, left = self.faults.get(step, ("", 0))
            self.disk.problem = 0 if not self._stays_full() else self.disk.problem
            if left <= 0 or (step == "list" and name in _ODD and not any(self._listable())):
                return ""
            self.faults[step] = (name, left - 1)
        if name == "clock back":
            self.clocks.offset -= DAY
        elif name == "clock forward":
            self.clocks.offset += DAY
        elif name == "disk full":
            self.disk.problem = 28  # ENOSPC
        elif name == "read-only folder":
            self.disk.problem = 30  # EROFS
        return name

    def _stays_full(self):
        disks = ("disk full", "read-only folder")
        return any(left > 0 and name in disks for name, left in self.faults.values())

    # -- the steps ----------------------------------------------------------------------------

    def act(self, step, asked, fault, base):
        """Do what was asked and return status, headers and body."""
        if step in ("upload", "download"):
            assert "authorization" not in asked.headers, "the storage host gets no key"
        elif asked.headers.get("authorization") != f"Bearer {KEY}":
            return _refusal(401, "InvalidApiKey", "no such key")
        return getattr(self, f"_{step}")(asked, fault, base)

    def _policy(self, asked, fault, base):
        data = {
            "policy": POLICY,
            "signature": SIGNATURE,
            "oss_access_key_id": "LTAI-canary",
            "upload_dir": "dashscope-instant/x",
            "upload_host": f"{base}/oss",
            "expire_in_seconds": 300,
            "max_file_size_mb": 100,
        }
        return _json({"request_id": "r-policy", "data": data})

    def _upload(self, asked, fault, base):
        if not all(secret.encode() in asked.body for secret in (POLICY, SIGNATURE)):
            return _xml(403, "SignatureDoesNotMatch", "no")
        self.files.append(asked.body)
        return 200, "", b""

    def _create(self, asked, fault, base):
        body = json.loads(asked.body)
        task = Made(
            f"{len(self.tasks):08d}-canary",
            body["input"].get("prompt", ""),
            body["model"],
            self.clocks.true(),
        )
        self.tasks[task.task_id] = task
        return _json(
            {
                "output": {"task_status": _ODD.get(fault, "PENDING"), "task_id": task.task_id},
                "request_id": "r-create",
            }
        )

    def _query(self, asked, fault, base):
        task = self.tasks.get(asked.path.rpartition("/")[2])
        output = {"task_id": task.task_id, "task_status": self._status(task)}
        answer = {"request_id": "r-query", "output": output}
        if fault in _ODD:
            output["task_status"] = _ODD[fault]
            task.failed = task.failed or fault == "FAILED"
            return _json(answer)
        task.looks += 1
        if output["task_status"] == "SUCCEEDED":
            self.links += 1
            output["orig_prompt"] = task.prompt
            output["video_url"] = (
                f"{base}/clips/{task.task_id}.mp4?Expires={self.links}&Signature={LINK_SIGNATURE}"
            )
            answer["usage"] = {"duration": 5, "video_count": 1, "SR": 480}
        return _json(answer)

    def _status(self, task):
        if task.cancelled:
            return "CANCELED"
        if task.failed:
            return "FAILED"
        if task.looks < self.pending:
            return "PENDING"
        return "RUNNING" if task.looks == self.pending else "SUCCEEDED"

    def _list(self, asked, fault, base):
        wanted = {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}
        first, last = wanted.get("start_time", "0"), wanted.get("end_time", "9")
        rows = []
        for task in self._listable():
            stamp = datetime.fromtimestamp(task.at, _BEIJING).strftime("%Y%m%d%H%M%S")
            if not first <= stamp <= last or wanted.get("model_name", task.model) != task.model:
                continue
            task.failed = task.failed or fault == "FAILED"
            status = _ODD.get(fault) or self._status(task)
            if wanted.get("status", status) == status:
                rows.append(
                    {
                        "task_id": task.task_id,
                        "model_name": task.model,
                        "status": status,
                        "gmt_create": round(task.at * 1000),
                    }
                )
        return _json({"request_id": "r-list", "data": rows, "total": len(rows), "total_page": 1})

    def _listable(self):
        now = self.clocks.true()
        return [task for task in list(self.tasks.values()) if now - task.at >= LAG]

    def _cancel(self, asked, fault, base):
        task = self.tasks[asked.path.split("/")[-2]]
        if self._status(task) != "PENDING":
            return _refusal(400, "UnsupportedOperation", "not in PENDING status")
        task.cancelled = True
        return _json({"request_id": "r-cancel"})

    def _download(self, asked, fault, base):
        if LINK_SIGNATURE not in asked.path:
            return _xml(403, "AccessDenied", "no signature")
        data, etag = self.video, 'ETag: "v1"\r\n'
        start = int(asked.headers.get("range", "bytes=0-")[6:-1])
        if start >= len(data):
            return 416, f"Content-Range: bytes */{len(data)}\r\n", b""
        kind = f"Content-Type: video/mp4\r\nAccept-Ranges: bytes\r\n{etag}"
        if not start:
            return 200, kind, data
        said = f"Content-Range: bytes {start}-{len(data) - 1}/{len(data)}\r\n"
        return 206, kind + said, data[start:]


@dataclasses.dataclass
class Asked:
    method: str
    path: str
    headers: dict
    body: bytes


def step_of(method, path):
    """Return what a call is for."""
    fits = (step for step, verb, form in _STEPS if verb == method and re.match(form, path))
    return next(fits, "other")


class Faulty:
    """The socket, and a thread for each connection. Set `world` before each test."""

    def __init__(self):
        self.world = None
        self._listener = socket.create_server((HOST, 0), backlog=64)
        self._open = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._listen, name="faulty", daemon=True)
        self._thread.start()

    @property
    def base(self):
        return f"http://{HOST}:{self._listener.getsockname()[1]}"

    def close(self):
        """Stop at once, whatever still waits for an answer."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)

    def _listen(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            threading.Thread(
                target=self._serve, args=(connection, self.world), name="faulty", daemon=True
            ).start()

    def _serve(self, connection, world):
        connection.settimeout(PATIENCE)
        try:
            with connection, contextlib.suppress(OSError, Hangup):
                self._answer(connection, world)
        finally:
            with self._lock:
                self._open.discard(connection)

    def _answer(self, connection, world):
        line = _peek_line(connection)
        method, path, _ = line.split(" ", 2)
        step = step_of(method, path)
        fault = world.strike(step)
        if fault == "dropped before it was read":
            _reset(connection)
            raise Hangup
        asked = _read(connection)
        status, headers, body = _spoil(world, step, asked, fault, self.base)
        if fault == "dropped after it was read":
            _reset(connection)
            raise Hangup
        if fault == "read timeout":
            world.clocks.now += READ_TIMEOUT
            world.silences.release()
            connection.recv(1)  # until the other side gives up
            raise Hangup
        length = len(body)
        if fault == "wrong length":
            length += 1000
        elif fault == "truncated video":
            half = len(world.video) // 2
            start = len(world.video) - len(body)  # of this answer, in the whole
            body = body[: max(0, half - start)]
        elif fault == "cut video":
            body = body[: len(body) // 2]
            length = len(body)
        head = f"HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\nConnection: close\r\n"
        head += f"Date: {formatdate(world.clocks.true(), usegmt=True)}\r\n"
        answer = f"{head}{headers}\r\n".encode() + body
        if fault == "dripping answer":
            _drip(connection, answer, world.clocks)
            raise Hangup
        connection.sendall(answer)


def _drip(connection, answer, clocks):
    """Send half of an answer, then a byte a minute, until the other side gives up."""
    half = len(answer) // 2
    connection.sendall(answer[:half])
    for at in range(half, len(answer))[:50]:
        if has_hung_up(connection, 0.05):
            return
        clocks.now += DRIP
        connection.sendall(answer[at : at + 1])


def _spoil(world, step, asked, fault, base):
    """Return the answer to a call that was read, with what is wrong about it."""
    if fault in _REFUSALS:
        status, code, headers = _REFUSALS[fault]
        return _refusal_at(step, status, code, headers)
    if fault == "HTML":
        return 200, "Content-Type: text/html\r\n", _PAGE
    if fault == "expired link":
        return _xml(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
    if fault == "FAILED" and step == "create":
        return _json({"output": {"task_status": "FAILED"}, "request_id": "r-create"})
    answer = world.act(step, asked, fault, base)
    if fault == "503 without a body":  # by a gateway, which had passed the call on
        return 503, "", b""
    return answer


def _refusal_at(step, status, code, headers):
    """Refuse as the host of a step does; both are said to quote what they were given."""
    if step not in ("upload", "download"):
        return _refusal(status, code, f"quoting {KEY}", headers)
    status, headers, body = _xml(status, code, f"quoting {POLICY} and {SIGNATURE}", headers)
    return status, headers, body


def _refusal(status, code, message, headers=""):
    return _json({"code": code, "message": message, "request_id": "r-no"}, status, headers)


def _json(answer, status=200, headers=""):
    kind = "Content-Type: application/json\r\n"
    return status, kind + headers, json.dumps(answer).encode()


def _xml(status, code, message, headers=""):
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
    return status, "Content-Type: application/xml\r\n" + headers, body


def _peek_line(connection):
    """Return the first line of a question without reading it."""
    while True:
        seen = connection.recv(4096, socket.MSG_PEEK)
        if not seen:
            raise Hangup
        line, found, _ = seen.partition(b"\r\n")
        if found:
            return line.decode()


def _read(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    method, path, _ = first.split(" ", 2)
    if headers.get("transfer-encoding") == "chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += _more(connection)
    else:
        while len(body) < int(headers.get("content-length", 0)):
            body += _more(connection)
    return Asked(method, path, headers, body)


def _more(connection):
    piece = connection.recv(1 << 16)
    if not piece:
        raise Hangup
    return piece


def _reset(connection):
    """Have the connection end in a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
