"""The panel's clips as they are saved with the notebook, and the way to those made before it."""

from __future__ import annotations

import contextlib
import shlex
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from IPython.display import display

from wan_magic.actions.lookup import ledger_of
from wan_magic.output import html
from wan_magic.output.ended import started_bundle
from wan_magic.output.place import notebook
from wan_magic.output.player import end_bundle
from wan_magic.texts import tr

if TYPE_CHECKING:
    from IPython.display import DisplayHandle

    from wan_magic.jobs.job import Job
    from wan_magic.settings import Settings

LOOKS = "wan_magic-earlier"
"""The thread that counts what the notebook has made before."""


class Record:
    """What stands beside the panel, static and in one output: widgets end with their kernel.

    A folded line holds the players of all its clips; it is renewed at each end. A quiet line tells
    how to go on without this kernel, and what the notebook has made before.

    Parameters
    ----------
    settings : Settings
        Where the ledger is, and whether there is one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._handle: DisplayHandle | None = None
        self._lock = threading.Lock()
        self._jobs: list[Job] = []
        self._earlier = ""
        self._said = ""

    def show(self) -> None:
        """Display it as an output of the running cell."""
        with self._lock:
            is_first = self._handle is None
            self._said = self._html()
            self._handle = display(self._bundle(), raw=True, display_id=True)
        if is_first and self._settings.ledger:
            where = (notebook(),)
            # On a thread: the ledger may be large, locked, or on a slow disk.
            threading.Thread(target=self._look_back, args=where, name=LOOKS, daemon=True).start()

    def add(self, job: Job) -> None:
        """Keep a job, from its task's id to its clip."""
        self._jobs.insert(0, job)
        job.on_change(lambda _: self._renew())
        self._renew()

    def _look_back(self, beside: str) -> None:
        """Say how many clips of this notebook are there already; nobody waits for it."""
        with contextlib.suppress(Exception):
            number = _made_in(beside, self._settings)
            if number:
                self._earlier = _way_to(number, Path(beside).name)
                self._renew()

    def _renew(self) -> None:
        with self._lock:
            said = self._html()
            if said != self._said and self._handle is not None:
                self._said = said
                self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        return {
            "text/html": self._said,
            "text/plain": tr("{number} jobs of the panel", number=len(self._jobs)),
        }

    def _html(self) -> str:
        clips = [one for one in self._jobs if one.done() and not one.exception()]
        waiting = [one for one in self._jobs if not one.done() and one.task_id]
        told = tr(
            "After a restart of the kernel, run this cell for a new panel;"
            " the clips stay in their folder."
        )
        return _folded(clips, waiting) + html.line(self._earlier) + html.line(html.text(told))


def _folded(clips: list[Job], waiting: list[Job]) -> str:
    """Return the players of clips, and the way back to tasks, behind a click."""
    counted = []
    if clips:
        number = len(clips)
        counted.append(tr("1 clip") if number == 1 else tr("{number} clips", number=number))
    if waiting:
        counted.append(tr("{number} on the way", number=len(waiting)))
    if not counted:
        return ""
    return html.folded(
        tr("Saved with the notebook: {counted}", counted=" · ".join(counted)),
        *(started_bundle(one)["text/html"] for one in waiting),
        *(str(end_bundle(one)[0]["text/html"]) for one in clips),
    )


def _made_in(beside: str, settings: Settings) -> int:
    """Return how many clips of a notebook are where they were saved."""
    ledger = ledger_of(settings)
    if ledger is None or not Path(beside).is_file():  # of a working directory
        return 0
    made = (one for one in ledger.lines(state="done") if one.notebook == beside)
    return sum(Path(one.path).is_file() for one in made)


def _way_to(number: int, name: str) -> str:
    """Return the command that shows a notebook's clips."""
    told = (
        tr("1 earlier clip of this notebook:")
        if number == 1
        else tr("{number} earlier clips of this notebook:", number=number)
    )
    command = f"%wanvideo gallery --notebook {shlex.quote(name)}"
    return f"{html.text(told)} {html.code(command)}"
