"""The same job in a plain IPython terminal: one live line, then the path."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, TextIO

from wan_magic.output.html import duration
from wan_magic.output.player import plain_line, price_line
from wan_magic.output.sweeps import counted, money_words, plain_lines

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.sweep import Sweep


def follow(job: Job, stream: TextIO | None = None) -> Clip:
    """Wait for a job with a one-line live status, and print where the clip is.

    Parameters
    ----------
    job : Job
        Running or ended.
    stream : file, default ``sys.stdout``
        On a terminal the line is rewritten; elsewhere each state gets its own line.

    Raises
    ------
    WanError
        If the job ends without a clip.
    """
    out = stream or sys.stdout
    live = out.isatty()
    for note in (*(f"note: {note}" for note in job.notes), price_line(job)):
        print(note, file=out)
    last, told = "", job.is_resumed
    try:
        while not job.done():
            if job.task_id and not told:
                told = True
                clear = "\r\033[K" if live else ""
                print(f"{clear}task {job.task_id}", file=out, flush=True)
            line = " ".join(f"{job.state}{f' – {job.message}' if job.message else ''}".split())
            if live:
                shown = f"{line} · {duration(job.elapsed)} · {job.request.model}"
                width = shutil.get_terminal_size().columns - 1  # a full line would wrap
                print(f"\r\033[K{shown[:width]}", end="", file=out, flush=True)
            elif line != last:
                print(line, file=out, flush=True)
                last = line
            time.sleep(0.1)
    finally:
        if live:
            print("\r\033[K", end="", file=out, flush=True)
    clip = job.result()
    print(plain_line(clip), file=out)
    return clip


def follow_sweep(sweep: Sweep, stream: TextIO | None = None) -> list[Clip]:
    """Wait for a sweep with a one-line live total, and print what came of each.

    Parameters
    ----------
    sweep : Sweep
        Running or ended.
    stream : file, default ``sys.stdout``
        On a terminal the line is rewritten; elsewhere each change of the total gets a line.

    Raises
    ------
    WanError
        If some end without a clip.
    """
    out = stream or sys.stdout
    for note in dict.fromkeys(note for job in sweep.jobs for note in job.notes):
        print(f"note: {note}", file=out)
    line = TotalLine(sweep, out)
    sweep.while_waiting = line.show
    try:
        sweep.result()
    finally:
        line.clear()
        print(plain_lines(sweep), file=out, flush=True)
    return sweep.clips


class TotalLine:
    """How a sweep stands as one line, which is rewritten on a terminal.

    Parameters
    ----------
    sweep : Sweep
        Running or ended.
    stream : file
        Where it is written.
    stays : bool, default False
        Whether the last of it stays where it stands, and what follows has a line of its own.
    """

    def __init__(self, sweep: Sweep, stream: TextIO, *, stays: bool = False) -> None:
        self._sweep, self._stream, self._stays = sweep, stream, stays
        self._live = stream.isatty()
        self._last = ""

    def show(self) -> None:
        """Write it, if it says anything new."""
        line = counted(self._sweep)
        if self._live:
            time = duration(int(self._sweep.elapsed))
            line = f"{line} · {time} · {money_words(self._sweep)}"
            line = line[: shutil.get_terminal_size().columns - 1]  # a full line would wrap
        if line != self._last:
            self._last = line
            start = "\r\033[K" if self._live else ""
            end = "\n" if not self._live or (self._stays and self._sweep.done()) else ""
            print(f"{start}{line}", end=end, file=self._stream, flush=True)

    def clear(self) -> None:
        """Leave an empty line to what comes next."""
        if self._live:
            print("\r\033[K", end="", file=self._stream, flush=True)
