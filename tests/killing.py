"""Kernels that are killed while they make clips, and what must be true afterwards.

Used by the short test in tests/jobs/ and the long one in benchmarks/. A real server of ours plays
the paid API; every kernel is a process of its own, and all of them share one ledger. Most are
plain Python processes that do what a cell does, since a Jupyter kernel takes seconds to start;
some are Jupyter kernels that run cells.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import av
import zmq
from jupyter_client.connect import write_connection_file
from jupyter_client.session import Session
from kill_child import MOST, POINTS, SAYS, WITHOUT_LINKS

from wan_magic.errors import InputError
from wan_magic.jobs.entry import entry_of
from wan_magic.jobs.provenance import sidecar_of
from wan_magic.server import Server, ServerOptions
from wan_magic.wan.video import probe_video

TESTS = Path(__file__).parent
KEY = "sk-killed-0123456789"
LONGEST = 300.0
"""Seconds after which a process that has not ended hangs."""
PHASES = [*POINTS, "at any time"]
LIVES = ("", None)
"""No death."""
SAID = "the service did not accept it"
"""The one error that a kernel may see: of a call that never arrived, when it is resumed."""
UNSENT = "ended before it was sent"
"""And the one of those that wait for a job which somebody else finds to be unsent."""


def film() -> bytes:
    """Make a clip of about a megabyte: half a second of noise."""
    noise, out = random.Random(7), io.BytesIO()
    with av.open(out, "w", format="mp4") as box:
        stream = box.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.bit_rate = 40_000_000
        for number in range(12):
            frame = av.VideoFrame(320, 240, "yuv420p")
            for plane in frame.planes:
                plane.update(noise.randbytes(plane.buffer_size))
            frame.pts = number
            box.mux(stream.encode(frame))
        box.mux(stream.encode(None))
    return out.getvalue()


class Canned:
    """An engine whose clips are all the same, but for a few bytes that tell them apart."""

    def __init__(self):
        self.clip = film()

    def __call__(self, spec, path, *, should_stop):
        mark = hashlib.sha256(spec.prompt.encode()).digest() * 8
        path.write_bytes(self.clip + struct.pack(">I4s", 8 + len(mark), b"free") + mark)


@dataclass
class Figures:
    """What happened, and what went wrong."""

    seed: int
    lifecycles: int = 0
    together: int = 0
    jupyter: int = 0
    kernels: int = 0
    killed: Counter = field(default_factory=Counter)
    taken_over: int = 0
    said: Counter = field(default_factory=Counter)
    problems: list = field(default_factory=list)
    seconds: float = 0.0

    def problem(self, kind, text):
        self.problems.append((kind, text))


KINDS = {
    "lost": "paid tasks without a file or an explanation",
    "twice": "tasks submitted twice",
    "file": "corrupt, surplus or left over files",
    "ledger": "corrupt ledgers, and jobs left open",
    "kernel": "kernels that hung, crashed or ended with another error",
}


class Lab:
    """A server, a home and a folder for clips, which all kernels share.

    Parameters
    ----------
    root : Path
        Empty.
    seed : int
        The same seed draws the same deaths.
    """

    def __init__(self, root, seed):
        self.root = root
        self.seed = seed
        self.home, self.out = root / "home", root / "clips"
        self.home.mkdir()
        self.figures = Figures(seed)
        self.tasks = defaultdict(list)
        self.server = Server(
            ServerOptions(token=KEY, workers=4, queue_seconds=0.1, run_seconds=0.1, engine=Canned())
        )
        self._lock = threading.Lock()
        self._at_server = {}

    def __enter__(self):
        self.server.start()
        board = self.server._board
        submit = board.submit

        def watched(model, *, prompt, **more):
            self._reached("arrived", prompt)
            task = submit(model, prompt=prompt, **more)
            self.tasks[prompt].append(task.id)
            self._reached("made", prompt)
            return task

        board.submit = watched
        return self

    def __exit__(self, *_):
        self.server.stop()

    def environment(self):
        drop = ("DASHSCOPE_", "WAN_MAGIC_", "XDG_", "JPY_", "JUPYTER_", "COLUMNS")
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(drop) and not name.lower().endswith("_proxy")
        }
        return env | {
            "HOME": str(self.home),
            "IPYTHONDIR": str(self.home / ".ipython"),
            "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS))),
            "PYTHONWARNINGS": "ignore",
            "DASHSCOPE_API_KEY": KEY,
            "WAN_MAGIC_ENDPOINT": self.server.base_url,
            "WAN_MAGIC_HOME": str(self.home / "ledger"),
            "WAN_MAGIC_OUT": str(self.out),
        }

    # -- deaths that only the server can time: it has the request, and nobody has its answer --

    def kill_at_server(self, prompt, moment, kernel):
        with self._lock:
            self._at_server.setdefault((prompt, moment), []).append(kernel)

    def _reached(self, moment, prompt):
        with self._lock:
            kernels = self._at_server.pop((prompt, moment), ())
        for kernel in kernels:
            kernel.kill()
            kernel.process.wait()

    # -- the lifecycles --------------------------------------------------------------------

    def live(self, lifecycles, *, jupyter=0, lanes=3, each=lambda: None):
        """Live so many lifecycles, a few at a time; the first `jupyter` of them in Jupyter.

        All share one ledger, and so those that go on at once meet there; `each` is called
        after each of them.
        """

        def lifecycle(number):
            self._lifecycle(number, Jupyter if number < jupyter else Plain)
            each()

        began = time.monotonic()
        with ThreadPoolExecutor(lanes) as pool:
            list(pool.map(lifecycle, range(lifecycles)))
        self.figures.lifecycles, self.figures.jupyter = lifecycles, jupyter
        self.figures.seconds = time.monotonic() - began

    def _lifecycle(self, number, kind):
        chance = random.Random(f"{self.seed}-{number}")
        prompt = f"Lifecycle {number} of seed {self.seed}"
        no_links = chance.random() < 0.15
        first = PHASES[number % len(PHASES)]  # so that all of them are hit
        script = ["in the call", first] if first == "taking over" else [first]
        for again in range(max(len(script), chance.choice((1, 1, 2, 2, 3)))):
            phase = script[again] if again < len(script) else self._phase(chance, prompt)
            doing = [self._deeds(chance, again)]
            if chance.random() < 0.35:
                doing.append(self._deeds(chance, again))
                with self._lock:
                    self.figures.together += 1
            deaths = [self._death(chance, phase, no_links)]
            if len(doing) == 2:
                other = self._death(chance, self._phase(chance, prompt), no_links)
                deaths.append(chance.choice((other, LIVES)))
            self._end(
                [
                    kind(self, prompt, do, death, no_links)
                    for do, death in zip(doing, deaths, strict=True)
                ]
            )
            if self._has_clip(prompt):
                break
        last = 2 if chance.random() < 0.25 else 1
        self._end([kind(self, prompt, ["finish"], LIVES, no_links) for _ in range(last)])
        self._check_ledger()

    def _deeds(self, chance, again):
        return chance.choice((["resume"], ["run"], ["resume", "run"])) if again else ["run"]

    def _phase(self, chance, prompt):
        """Return a phase that the job has still before it."""
        return chance.choice(PHASES[2:] if self.tasks.get(prompt) else PHASES)

    def _death(self, chance, phase, no_links):
        """Return a phase, and how a kernel dies in it: at a point, by the server, by a time."""
        if phase == "at any time":
            return phase, chance.uniform(0.0, 1.2)
        if phase == "in the call" and chance.random() < 0.7:
            return phase, chance.choice(("arrived", "made"))
        where = chance.choice(POINTS[phase])
        where = WITHOUT_LINKS.get(where, where) if no_links else where
        nth = chance.randint(1, MOST.get(where, 1))
        return phase, {"where": where, "moment": chance.choice(("before", "after")), "nth": nth}

    def _has_clip(self, prompt):
        rows = self._rows("SELECT state FROM jobs WHERE prompt = ?", (prompt,))
        return any(row["state"] == "done" for row in rows)

    def _end(self, kernels):
        for kernel in kernels:
            said, trouble = kernel.end()
            with self._lock:
                self.figures.kernels += 1
                self.figures.killed[kernel.phase] += kernel.was_killed
                for line in said:
                    known = next((words for words in (SAID, UNSENT) if words in line), None)
                    if known:
                        self.figures.said[known] += 1
                    else:
                        trouble += f"\n{line}"
                if trouble:
                    self.figures.problem("kernel", f"{kernel.plan}: {trouble.strip()}")

    # -- what must be true -------------------------------------------------------------------

    def check(self):
        """Look at the server's tasks, the ledger and the folder; the problems found."""
        self._end([Plain(self, "", ["resume"], LIVES, False)])
        rows = self._rows("SELECT * FROM jobs")
        entries = [entry_of(row) for row in rows]
        self.figures.taken_over = sum(entry.resumed for entry in entries)
        for number in range(self.figures.lifecycles):
            prompt = f"Lifecycle {number} of seed {self.seed}"
            mine = [entry for entry in entries if entry.prompt == prompt]
            tasks = self.tasks[prompt]
            if len(tasks) != 1:
                kind = "twice" if tasks else "lost"
                self.figures.problem(kind, f"{prompt}: {len(tasks)} tasks, {_told(mine)}")
            for task in tasks:
                self._check_task(prompt, task, mine)
            for entry in mine:
                if not entry.task_id and not entry.error:
                    self.figures.problem("lost", f"{prompt}: an entry without an explanation")
        for entry in entries:
            if entry.open:
                self.figures.problem("ledger", f"{entry.prompt}: still open, {entry.state}")
        known = {Path(entry.path) for entry in entries if entry.path}
        known |= {sidecar_of(path) for path in known}
        for path in self.out.iterdir():
            if path not in known:
                size = path.stat().st_size
                self.figures.problem("file", f"{path.name} ({size} bytes) is nobody's")
        self._check_ledger()
        return self.figures.problems

    def _check_task(self, prompt, task, entries):
        mine = [entry for entry in entries if entry.task_id == task]
        if len(mine) != 1:
            self.figures.problem("lost", f"{prompt}: {len(mine)} entries, {_told(entries)}")
            return
        [entry] = mine
        if entry.file is None:
            if entry.open or not entry.error:
                self.figures.problem("lost", f"{prompt}: no file, {_told(mine)}")
            return
        made, found = self.server._board.video(task).read_bytes(), entry.file.read_bytes()
        if not (found.startswith(made) and hashlib.sha256(found).hexdigest() == entry.sha256):
            self.figures.problem("file", f"{entry.file.name} is not what the server made")
        for file in (entry.file, sidecar_of(entry.file)):
            if task.encode() not in file.read_bytes()[0 if file.suffix == ".json" else len(made) :]:
                self.figures.problem("file", f"{file.name} does not say how it was made")
        try:
            probe_video(entry.file)
        except InputError as exc:
            self.figures.problem("file", f"{exc}")
        if entry.state != "done" or entry.task_id[:8] not in entry.file.name:
            self.figures.problem("lost", f"{prompt}: {_told(mine)} with {entry.file.name}")

    def _check_ledger(self):
        for pragma, good in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
            found = [tuple(row) for row in self._rows(f"PRAGMA {pragma}")]
            if found and found != good:
                self.figures.problem("ledger", f"{pragma}: {found[:3]}")

    def _rows(self, sql, values=()):
        path = self.home / "ledger" / "ledger.sqlite3"
        if not path.exists():  # nobody lived long enough
            return []
        connection = sqlite3.connect(path, timeout=30)
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()


def _told(entries):
    return "; ".join(f"{e.state} {e.task_id[:8]} {e.error}".strip() for e in entries) or "no entry"


# -- kernels ------------------------------------------------------------------------------


class Kernel:
    """One process that makes clips until it ends or dies."""

    def __init__(self, lab, prompt, do, death, no_links):
        self.lab = lab
        self.prompt = prompt
        self.phase, how = death
        self.plan = {"prompt": prompt, "do": do, "no_links": no_links}
        if isinstance(how, dict):
            self.plan["death"] = how
        if isinstance(how, str):
            lab.kill_at_server(prompt, how, self)
        self._timer = None
        self.start()
        if isinstance(how, float):
            self._timer = threading.Timer(how, self.kill)
            self._timer.start()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)

    def launch(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            env=self.lab.environment(),
            cwd=self.lab.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def was_killed(self):
        return self.process.returncode == -signal.SIGKILL

    def end(self):
        """Wait for its end: why there were no clips, line by line, and what went wrong."""
        try:
            said, output = self.wait()
        except (subprocess.TimeoutExpired, TimeoutError):
            self.kill()
            self.process.wait()
            return [], "hangs"
        finally:
            if self._timer is not None:
                self._timer.cancel()
        return said, output if self.process.returncode > 0 else ""


class Plain(Kernel):
    """A Python process that does what a cell does."""

    def start(self):
        self.launch(str(TESTS / "kill_child.py"), json.dumps(self.plan))
        self._first = self.process.stdout.readline()

    def wait(self):
        output, _ = self.process.communicate(timeout=LONGEST)
        said = [line.removeprefix(SAYS) for line in output.splitlines() if line.startswith(SAYS)]
        return said, self._first + output


class Jupyter(Kernel):
    """A Jupyter kernel that runs cells."""

    def start(self):
        name = uuid.uuid4().hex
        path, at = write_connection_file(str(self.lab.root / f"{name}.json"), key=name.encode())
        self._session = Session(key=at["key"].encode())
        self._context = zmq.Context()
        self._shell = self._context.socket(zmq.DEALER)
        self._shell.linger = 0
        self._shell.connect(f"tcp://{at['ip']}:{at['shell_port']}")
        self.launch("-m", "ipykernel_launcher", "-f", path)
        self._cell("%load_ext wan_magic")
        self._cell(f"import kill_child\nkill_child.prepare({self.plan!r})")

    def wait(self):
        try:
            said = [self._do(deed) for deed in self.plan["do"]]
            self._cell("exit")
            output, _ = self.process.communicate(timeout=LONGEST)
        finally:
            self._shell.close()
            self._context.term()
        return list(filter(None, "\n".join(said).splitlines())), output

    def _do(self, deed):
        if deed == "resume":
            return self._cell("", "kill_child.resume()")
        said = []
        for _ in range(4 if deed == "finish" else 1):
            if deed == "finish":
                said.append(self._cell("", "kill_child.resume()"))
            why = self._cell(f"%%wanvideo clip --resolution 480P\n{self.prompt}")
            why = why or self._cell("", "kill_child.end(clip)")
            said.append(why)
            if not why:
                break
        else:
            said.append("no clip" if deed == "finish" else "")
        return "\n".join(filter(None, said))

    def _cell(self, source, value=""):
        """Run a cell; its error, or the text of an expression after it."""
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {"said": value} if value else {},
            "allow_stdin": False,
        }
        asked = self._session.send(self._shell, "execute_request", content)["msg_id"]
        end = time.monotonic() + LONGEST
        while self.process.poll() is None:
            if self._shell.poll(200):  # milliseconds; it may die instead of answering
                _, reply = self._session.recv(self._shell)
                if reply["parent_header"].get("msg_id") == asked:
                    return _value(reply["content"])
            elif time.monotonic() > end:
                raise TimeoutError
        return ""


def _value(reply):
    if reply["status"] == "error":
        return f"{reply['ename']}: {reply['evalue']}".partition("\n")[0]  # without the hint
    said = reply["user_expressions"].get("said", {})
    if said.get("status") == "error":
        return f"{said['ename']}: {said['evalue']}"
    return ast.literal_eval(said["data"]["text/plain"]) if said else ""
