"""The same job in a plain IPython terminal: one live line, then the path."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

from wan_magic.output.html import duration
from wan_magic.output.player import plain_line

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
    for note in job.notes:
        print(f"note: {note}", file=out)
    last = ""
    try:
        while not job.done():
            line = f"{job.state}{f' – {job.message}' if job.message else ''}"
            if live:
                shown = f"{line} · {duration(job.elapsed)} · {job.request.model}"
                print(f"\r\033[K{shown[:100]}", end="", file=out, flush=True)
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
