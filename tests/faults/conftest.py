"""A kernel whose jobs are driven by hand against a service at which one thing goes wrong."""

from __future__ import annotations

import dataclasses
import io
import logging
import os
from pathlib import Path

import av
import pytest
from faulty import KEY, SECRETS, SLOW, TIMEOUT, Clocks, Faulty, World
from PIL import Image
from waiting import PATIENCE

from wan_magic.jobs import settle
from wan_magic.jobs.intake import take_in
from wan_magic.jobs.ledger import Ledger
from wan_magic.jobs.lifecycle import live
from wan_magic.jobs.limits import Limiter
from wan_magic.jobs.living import Living
from wan_magic.settings import Settings
from wan_magic.wan import connection, form, transport, upload
from wan_magic.wan.client import WanClient
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.local_file import LocalFile
from wan_magic.wan.media import Input
from wan_magic.wan.request import VideoRequest
from wan_magic.wan.storage import StorageSession

PROMPT = "A cat, running"
CAT = LocalFile.of("cat.png", "image/png", bytes(range(256)) * 1000)
STEPS_MAX = 3000


@pytest.fixture(scope="session")
def video():
    """The bytes of a small real clip, large enough to come in several pieces."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as box:
        stream = box.add_stream("libx264", rate=5, options={"preset": "ultrafast", "qp": "10"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for shade in range(5):
            image = Image.effect_noise((96, 64), 40 + 20 * shade).convert("RGB")
            for packet in stream.encode(av.VideoFrame.from_image(image)):
                box.mux(packet)
        for packet in stream.encode():
            box.mux(packet)
    assert len(out.getvalue()) > 2 * (1 << 14)
    return out.getvalue()


@pytest.fixture(scope="session")
def service():
    """Open the socket, once for all tests."""
    one = Faulty()
    yield one
    one.close()


class _Hurried:
    """Waits a moment where no answer will come; every call must have a time limit of its own."""

    def request(self, method, url, **more):
        connect, read = more["timeout"]
        assert connect > 0
        assert read > 0
        path = url.partition("//")[2].partition("/")[2]
        query = "?" if more.get("params") else ""
        if not self.world.stalls(method, f"/{path}{query}"):
            return super().request(method, url, **more | {"timeout": (PATIENCE, PATIENCE)})
        try:
            return super().request(method, url, **more | {"timeout": (PATIENCE, 0.05)})
        finally:  # nobody gives up before the question was read, however slow this machine is
            assert self.world.silences.acquire(timeout=PATIENCE)


class ApiSession(_Hurried, connection.ApiSession):
    def __init__(self, world):
        super().__init__(world.clocks)
        self.world = world


class Link(_Hurried, StorageSession):
    """The way to the storage host; on a slow one, time goes by with every piece."""

    def __init__(self, world):
        super().__init__(world.clocks)
        self.world = world

    def _seconds(self, step):
        name, left = self.world.faults.get(step, ("", 0))
        return SLOW if name == "slow link" and left > 0 else 0.0

    def post(self, url, *, data, **more):
        return super().post(url, data=_Slow(data, self._seconds("upload"), self.world), **more)

    def get(self, url, **more):
        seconds = self._seconds("download")
        response = super().get(url, **more)
        pieces = response.iter_content
        response.iter_content = lambda size: _Slow(pieces(size), seconds, self.world)
        return response


class _Slow:
    def __init__(self, pieces, seconds, world):
        self.pieces = pieces
        self.seconds = seconds
        self.world = world

    def __len__(self):
        return len(self.pieces)

    def __iter__(self):
        for piece in self.pieces:
            self.world.clocks.now += self.seconds
            yield piece


@dataclasses.dataclass
class Kernel:
    """One process of the user: its ledger and its jobs."""

    world: World
    endpoint: Endpoint
    home: Path
    out: Path

    def __post_init__(self):
        self.ledger = Ledger(self.home, self.world.clocks.wall)
        self.sessions = []
        self.jobs = Living()

    def close(self):
        self.ledger.close()
        for session in self.sessions:
            session.close()

    def ask(self, prompt=PROMPT, timeout=TIMEOUT, *, fresh=False, **more):
        """Run the cell; a job, and whether it has to be driven."""
        cat = Input(
            option="image",
            media="image",
            value="",
            source=CAT.name,
            digest=CAT.digest,
            upload=CAT,
        )
        self.out.mkdir(exist_ok=True)
        return take_in(
            VideoRequest(prompt=prompt, resolution="480P", seed=7, inputs=(cat,)),
            self.endpoint,
            Settings(timeout=timeout, **more),
            ledger=self.ledger,
            folder=self.out,
            fresh=fresh,
            live=self.jobs,
        )

    def ride(self, job, *, limiter=None):
        """Return a job to be driven by hand."""
        return Ride(self, job, limiter or Limiter(self.endpoint, clock=self.world.clocks))

    def run(self, **asked):
        """Run the cell to its end."""
        job, begins = self.ask(**asked)
        ride = self.ride(job)
        if begins:
            ride.run()
        return ride


class Ride:
    """A job, and all that was to be seen of it."""

    def __init__(self, kernel, job, limiter):
        self.kernel = kernel
        self.job = job
        self.clocks = kernel.world.clocks
        if not job.done():
            job.clock, job.started, job.since = self.clocks, self.clocks(), self.clocks()
        self.began = self.clocks()
        self.client = WanClient(kernel.endpoint, ApiSession(kernel.world))
        storage = Link(kernel.world)
        kernel.sessions += [self.client._session, storage]
        self.steps = live(
            job,
            self.client,
            storage,
            kernel.out,
            ledger=kernel.ledger,
            limiter=limiter,
            wall=self.clocks.wall,
        )
        self.limiter = limiter
        self.card = []
        self.reprs = []
        self.waits = []
        job.on_change(self._look)

    def _look(self, job):
        self.card.append(job.message)
        self.reprs.append(repr(job))

    def step(self):
        """Let the job work once; False when it has ended."""
        wait = next(self.steps, None)
        if wait is None:
            return False
        self.waits.append(wait)
        self.clocks.now += wait
        return True

    def run(self):
        """Let the job live to its end, which must come."""
        for _ in range(STEPS_MAX):
            if not self.step() or self.job.done():
                break
        assert self.job.done(), f"it hangs: {self.card[-3:]}"
        return self

    @property
    def took(self):
        return self.clocks() - self.began

    @property
    def error(self):
        return self.job.exception()

    @property
    def entry(self):
        return self.kernel.ledger.entry(self.job.id)


@pytest.fixture
def kernel_at(service, tmp_path, video, monkeypatch, caplog):
    """Open kernels of one user; afterwards no secret may be anywhere."""
    caplog.set_level(logging.DEBUG, logger="wan_magic")
    kernels = []
    opened = Path.open

    def guarded(path, mode="r", *args, **kwargs):
        problem = kernels[-1].world.disk.problem if kernels else 0
        if problem and path.suffix == ".part" and set(mode) & set("wa+"):
            raise OSError(problem, os.strerror(problem))
        return opened(path, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", guarded)
    monkeypatch.setattr(Ledger, "_open", _guarded_ledger(Ledger._open, kernels))
    for owner, name in ((transport, "TIMEOUT"), (form, "_TIMEOUT")):
        assert len(getattr(owner, name)) == 2

    def make(faults=(), *, pending=1, after=None, beside=None, **limits):
        if beside:
            world = beside.world
        elif after is None:
            world = World(Clocks(), video, dict(faults), pending=pending)
            service.world = world
        else:
            world = after.world
            after.close()
        endpoint = Endpoint("beijing", f"{service.base}/api/v1", KEY, "beijing", **limits)
        monkeypatch.setattr(settle, "_claims", {})  # it is a process of its own
        monkeypatch.setitem(upload._uploaders, endpoint, upload.Uploader(clock=world.clocks.wall))
        kernels.append(Kernel(world, endpoint, tmp_path / "home", tmp_path / "videos"))
        return kernels[-1]

    yield make
    for kernel in kernels:
        kernel.close()
    for record in caplog.get_records("call"):
        _no_secret(record.getMessage())
    for path in tmp_path.rglob("*"):
        _no_secret(path.name)
        if path.is_file():
            _no_secret(path.read_bytes().decode("latin-1"))


def _guarded_ledger(real, kernels):
    """Have the ledger's file refuse every change while the disk can't be written."""
    import sqlite3

    words = {28: "database or disk is full", 30: "attempt to write a readonly database"}

    def _open(ledger):
        connection = real(ledger)
        connection.execute("PRAGMA synchronous = OFF")  # no power will fail here
        problem = kernels[-1].world.disk.problem if kernels else 0
        return (
            _Full(connection, sqlite3.OperationalError(words[problem])) if problem else connection
        )

    return _open


class _Full:
    """A connection that can read."""

    def __init__(self, connection, problem):
        self._connection = connection
        self._problem = problem

    def execute(self, sql, *values):
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            raise self._problem
        return self._connection.execute(sql, *values)

    def __getattr__(self, name):
        return getattr(self._connection, name)


def _no_secret(text):
    for secret in SECRETS:
        assert secret not in text


@pytest.fixture
def shows_no_secret():
    """Look at everything that a user, a log or a traceback of this job can show."""

    def look(ride):
        job, error = ride.job, ride.error
        said = [
            *ride.card,
            *ride.reprs,
            *job.notes,
            repr(job),
            repr(ride.client),
            repr(ride.limiter),
        ]
        said += [repr(ride.kernel.endpoint), repr(ride.entry), repr(ride.kernel.ledger)]
        said += [message for _, _, message in ride.kernel.ledger.events(job.id)]
        if error is None:
            said.append(repr(job.result()))
        while error is not None:
            said += [str(error), repr(error), repr(error.args), repr(getattr(error, "hint", ""))]
            error = error.__cause__ or error.__context__
        _no_secret("\n".join(said))

    return look
