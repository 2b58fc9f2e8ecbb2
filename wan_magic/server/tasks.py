"""The board of tasks: a queue, a few plain worker threads, and what is forgotten when."""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import threading
import time
import uuid
from collections import Counter, deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.server import making
from wan_magic.server.engines import Stopped
from wan_magic.server.faults import INTERNAL, Fault
from wan_magic.server.links import Links
from wan_magic.server.media import Loader
from wan_magic.server.records import Task
from wan_magic.server.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.server.options import ServerOptions
    from wan_magic.server.validate import Wish
    from wan_magic.wan.catalog import Model

_log = logging.getLogger(__name__)


class Board:
    """All tasks of one server.

    Parameters
    ----------
    options : ServerOptions
        Limits and waiting times.

    Notes
    -----
    Everything on disk is in one folder of its own that `close` removes. It is made by
    hand and not by ``TemporaryDirectory``, whose cleaner would also run in a forked
    child and take the parent's files away.
    """

    def __init__(self, options: ServerOptions) -> None:
        self.links = Links()
        self._options = options
        self._folder = Path(tempfile.mkdtemp(prefix="wan-magic-"))
        self.uploads = Uploads(self._folder / "uploads", options)
        self._tasks: dict[str, Task] = {}
        self._queue: deque[Task] = deque()
        self._running: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"wan-server-worker-{n}", daemon=True)
            for n in range(options.workers)
        ]

    def start(self) -> None:
        """Start the workers."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop the workers, whatever they are doing, and remove all files."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                # A download in the middle may hang longer; it is a daemon's, and ends with us.
                thread.join(timeout=3)
        shutil.rmtree(self._folder, ignore_errors=True)

    def submit(
        self,
        model: Model,
        *,
        prompt: str | None,
        wish: Wish | None,
        fault: Fault | None,
        request_id: str,
        owner: str = "",
    ) -> Task:
        """Take a task into the queue.

        Parameters
        ----------
        model : Model
            Its row in the model table.
        prompt : str or None
            As sent.
        wish : Wish or None
            What to make; None with a `fault`.
        fault : Fault or None
            What it will fail with.
        request_id : str
            Of the create call.
        owner : str
            Name of the caller's key.

        Raises
        ------
        Fault
            When the board is full.
        """
        task = Task(
            id=str(uuid.uuid4()),
            request_id=request_id,
            model=model,
            orig_prompt=prompt,
            wish=wish,
            fault=fault,
            submitted=self._options.clock(),
            ready_at=time.monotonic() + self._options.queue_seconds,
            owner=owner,
        )
        self._spool(task)
        with self._changed:
            self._sweep(room=1)
            if len(self._tasks) >= self._options.max_tasks:
                self._forget(task)
                raise Fault("Throttling.AllocationQuota", "Allocated quota exceeded.", status=429)
            self._tasks[task.id] = task
            self._queue.append(task)
            self._changed.notify()
        return task

    def answer(self, task_id: str, origin: str) -> dict[str, Any]:
        """Return what a query shows; an unknown or expired id is UNKNOWN, not an error."""
        with self._changed:
            self._sweep()
            task = self._tasks.get(task_id)
            if task is None:
                return {"output": {"task_id": task_id, "task_status": "UNKNOWN"}}
            return task.answer(origin)

    def rows(self, wanted: Callable[[Task], bool]) -> list[dict[str, Any]]:
        """Return the tasks that are wanted as rows of the list call, newest first."""
        with self._changed:
            self._sweep()
            return [task.row() for task in reversed(self._tasks.values()) if wanted(task)]

    def cancel(self, task_id: str) -> bool:
        """Cancel a task that is still PENDING, and tell whether it was."""
        with self._changed:
            task = self._tasks.get(task_id)
            if task is None or task.status != "PENDING":
                return False
            task.status = "CANCELED"
            task.ended = self._options.clock()
            self._queue.remove(task)
            self._drop_inputs(task)
            return True

    def video(self, task_id: str) -> Path | None:
        """Return a finished task's file, or None where there is none (any more)."""
        with self._changed:
            self._sweep()
            task = self._tasks.get(task_id)
            return task.video if task else None

    # Below this line everything runs on the workers, or under the lock.

    def _spool(self, task: Task) -> None:
        """Move data URIs to disk: a hundred waiting tasks must not fill the memory."""
        if task.wish is None:
            return
        kept = []
        for number, given in enumerate(task.wish.inputs):
            if given.url[:5].lower() == "data:":
                path = self._inputs(task) / f"data-{number}"
                path.write_text(given.url, encoding="utf-8", errors="replace", newline="")
                task.spooled[number] = path
            kept.append(replace(given, url="") if number in task.spooled else given)
        task.wish = replace(task.wish, inputs=tuple(kept))

    def _inputs(self, task: Task) -> Path:
        folder = self._folder / task.id
        folder.mkdir(exist_ok=True)
        return folder

    def _work(self) -> None:
        while (task := self._next()) is not None:
            started = time.monotonic()
            try:
                self._make(task)
                fault = None
            except Fault as found:
                fault = found
            except Exception as error:  # noqa: BLE001 (an engine may fail in any way; the queue goes on)
                fault = Fault("InternalError.Algo", INTERNAL, status=500)
                if not self._stop.is_set() and not isinstance(error, Stopped):
                    _log.exception("task %s failed", task.id)
            self._stop.wait(max(started + self._options.run_seconds - time.monotonic(), 0))
            if self._stop.is_set():
                # Nobody is left to ask, and the files are going.
                return
            self._finish(task, fault=fault)

    def _next(self) -> Task | None:
        """Wait for a task that may start, and mark it RUNNING; None when closing."""
        with self._changed:
            while not self._stop.is_set():
                now = time.monotonic()
                free = [task for task in self._queue if self._may_start(task.model)]
                task = next((t for t in free if t.ready_at <= now), None)
                if task is not None:
                    self._queue.remove(task)
                    self._running[task.model.name] += 1
                    task.status = "RUNNING"
                    task.scheduled = self._options.clock()
                    return task
                soonest = min((t.ready_at for t in free), default=None)
                self._changed.wait(None if soonest is None else max(soonest - now, 0.001))
        return None

    def _may_start(self, model: Model) -> bool:
        return model.concurrent is None or self._running[model.name] < model.concurrent

    def _make(self, task: Task) -> None:
        troubles = self._options.faults
        if troubles.never_ending:
            self._stop.wait()
            raise Stopped
        if fault := task.fault or troubles.in_task:
            raise fault
        if task.wish is None:
            raise Fault("InternalError", INTERNAL, status=500)
        given = [
            replace(one, url=task.spooled[number].read_text(encoding="utf-8"))
            if number in task.spooled
            else one
            for number, one in enumerate(task.wish.inputs)
        ]
        loader = Loader(
            self._inputs(task),
            private=self._options.fetches_private,
            find_upload=lambda url: self.uploads.find(url, task.model.name, task.owner),
            should_stop=self._stop.is_set,
        )
        spec, task.made = making.settle(task.model, task.wish, loader.load(given))
        path = self._folder / f"{task.id}.mp4"
        task.video = making.render(spec, path, self._options.engine, self._stop.is_set)

    def _finish(self, task: Task, *, fault: Fault | None) -> None:
        with self._changed:
            self._running[task.model.name] -= 1
            task.ended = self._options.clock()
            if fault is not None:
                task.code, task.message, task.status = fault.code, fault.message, "FAILED"
            elif task.video is not None:
                task.bytes = task.video.stat().st_size if task.video.exists() else 0
                life = -1 if self._options.faults.expired_links else self._options.url_ttl
                expires = int(task.ended + life)
                task.url_path = self.links.sign(f"{self.results_path}/{task.id}.mp4", expires)
                task.status = "SUCCEEDED"
            self._drop_inputs(task)
            self._sweep()
            self._changed.notify_all()

    @property
    def results_path(self) -> str:
        """Path under which finished videos are served."""
        return f"{self._options.prefix}/results"

    def _sweep(self, room: int = 0) -> None:
        """Forget what is too old, then the oldest finished ones until the limits hold."""
        horizon = self._options.clock() - self._options.task_ttl
        over = [t for t in self._tasks.values() if t.is_over]
        over.sort(key=lambda t: t.ended or 0.0)
        spare = len(self._tasks) + room - self._options.max_tasks
        weight = sum(t.bytes for t in over) - self._options.max_result_bytes
        for task in over:
            if (task.ended or 0.0) > horizon and spare <= 0 and weight <= 0:
                continue
            if weight > 0 and spare <= 0 and task is over[-1] and (task.ended or 0.0) > horizon:
                # One video larger than the limit is still somebody's result.
                continue
            spare -= 1
            weight -= task.bytes
            del self._tasks[task.id]
            self._forget(task)

    def _forget(self, task: Task) -> None:
        self._drop_inputs(task)
        if task.video is not None:
            # Windows keeps a file that is being sent; it goes with the folder.
            with contextlib.suppress(OSError):
                task.video.unlink(missing_ok=True)

    def _drop_inputs(self, task: Task) -> None:
        shutil.rmtree(self._folder / task.id, ignore_errors=True)
        task.spooled.clear()
