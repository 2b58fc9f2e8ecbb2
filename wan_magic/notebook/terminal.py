"""The same job in a plain IPython terminal: one live line, then the path."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING, TextIO

from wan_magic.output.html import duration
from wan_magic.output.player import plain_line, price_line

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job


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
