"""The local server in a process of its own, which counts what it is asked; for the benchmarks.

Its engine copies a tiny clip, so that the client is what is measured.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
KEY = "sk-benchmark"
MODEL = "wan3.0-video"
"""No document gives it a limit of tasks at once."""


def clip() -> bytes:
    """Make half a second of video."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as box:
        stream = box.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame(64, 48, "yuv420p")
        for plane in frame.planes:
            plane.update(b"\x80" * plane.buffer_size)
        for number in range(5):
            frame.pts = number
            box.mux(stream.encode(frame))
        box.mux(stream.encode(None))
    return out.getvalue()


class _Counted:
    """Counts an application's answers by kind and status, and its queries by task."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.answers: Counter[str] = Counter()
        self.queries: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        last = scope.get("path", "").rstrip("/").rpartition("/")[2]
        kind = {"tasks": "list", "video-synthesis": "submit"}.get(last, "query")
        kind = "file" if last.endswith(".mp4") else kind

        async def counted(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.answers[f"{kind} {message['status']}"] += 1
                if kind == "query":
                    self.queries[last] += 1
            await send(message)

        await self.app(scope, receive, counted)


def _run(pipe: Connection, options: dict[str, Any]) -> None:
    from wan_magic.server import Server, ServerOptions, app

    data = clip()

    def engine(spec: Any, path: Path, *, should_stop: Any) -> None:
        # A prompt such as "12.5 s" says how long this one takes.
        first, _, second = spec.prompt.partition(" ")
        until = time.monotonic() + (float(first) if second == "s" else 0.0)
        while (rest := until - time.monotonic()) > 0 and not should_stop():
            time.sleep(min(rest, 2.0))
        path.write_bytes(data)

    made = []
    plain = app.Face.app

    def counting(face: Any) -> Any:
        made.append(_Counted(plain(face)))
        return made[-1]

    app.Face.app = counting  # type: ignore[method-assign, assignment]
    with Server(ServerOptions(engine=engine, **options)) as server:
        pipe.send(server.base_url)
        with contextlib.suppress(EOFError):
            while True:
                pipe.recv()
                pipe.send((dict(made[0].answers), dict(made[0].queries), time.process_time()))


class Api:
    """A running server.

    Attributes
    ----------
    url : str
        Its base URL.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.url: str = pipe.recv()

    def counts(self) -> tuple[dict[str, int], dict[str, int], float]:
        """Return the answers by kind and status, queries by task, the server's CPU seconds."""
        self._pipe.send(None)
        return self._pipe.recv()

    def ended(self) -> dict[str, float]:
        """Return when each task ended, in seconds since 1970, as the list call says it."""
        ends: dict[str, float] = {}
        for number in range(1, 100):
            time.sleep(0.1)
            answer = requests.get(
                f"{self.url}/tasks",
                params={"page_no": number, "page_size": 1000},
                headers={"Authorization": "Bearer sk-afterwards"},
                timeout=60,
            ).json()
            ends |= {row["task_id"]: row.get("end_time", 0) / 1000 for row in answer["data"]}
            if number >= answer["total_page"]:
                break
        return ends


@contextlib.contextmanager
def serving(**options: Any) -> Iterator[Api]:
    """Run a server with these options in a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_run, args=(there, options), daemon=True
    )
    process.start()
    there.close()
    try:
        yield Api(here)
    finally:
        here.close()
        process.join(20)
        process.kill()


def run_client(script: str, *arguments: object, config: str = "") -> str:
    """Run a benchmark's client in a fresh process, with a ledger of its own; what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.toml").write_text(config)
        settings = {
            "DASHSCOPE_API_KEY": KEY,
            "WAN_MAGIC_HOME": f"{folder}/home",
            "WAN_MAGIC_CONFIG": f"{folder}/config.toml",
            "WAN_MAGIC_LEDGER": "on",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", script, *map(str, arguments), folder],
            env=os.environ | settings,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return done.stdout


class Load:
    """The CPU seconds and the memory of this process, from now on."""

    def __init__(self) -> None:
        self.samples = [(time.time(), time.process_time())]
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        while True:
            time.sleep(2)
            self.samples.append((time.time(), time.process_time()))

    def share(self, since: float = 0.0, until: float = float("inf")) -> float:
        """Return the part of a core that was used, between two times."""
        inside = [one for one in self.samples if since <= one[0] <= until]
        if len(inside) < 2:
            return float("nan")
        return (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])

    def busiest(self) -> float:
        """Return the same for the busiest ten seconds."""
        pairs = zip(self.samples, self.samples[5:] or self.samples[-1:], strict=False)
        return max((b[1] - a[1]) / (b[0] - a[0] or 1) for a, b in pairs)

    @staticmethod
    def memory() -> float:
        """Return the most memory so far, in MB."""
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def spread(values: Sequence[float]) -> str:
    """Return mean, median and the tail of some seconds."""
    if not values:
        return "none"
    ordered = sorted(values)
    tail = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return (
        f"mean {statistics.mean(ordered):.2f} s, median {statistics.median(ordered):.2f} s,"
        f" 95 % within {tail:.2f} s, worst {ordered[-1]:.2f} s"
    )
