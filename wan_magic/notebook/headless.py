"""Waiting where nobody watches: nbclient, nbconvert --execute, papermill.

No widget is made; the cell waits and its own thread updates its output, because
these runners drop updates that come from anywhere else.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from IPython.display import display

from wan_magic.output.player import end_bundle, started_bundle
from wan_magic.output.sweeps import sweep_bundle

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.sweep import Sweep


def follow_sweep_headless(sweep: Sweep) -> None:
    """Show a sweep, wait, and leave its clips in the executed notebook.

    Raises
    ------
    WanError
        If some brought no clip: the cell fails.
    """
    handle: Any = display(sweep_bundle(sweep)[0], raw=True, display_id=True)
    try:
        sweep.result()
    finally:
        if sweep.done():
            data, metadata = sweep_bundle(sweep)
            handle.update(data, raw=True, metadata=metadata)


def follow_headless(job: Job) -> None:
    """Show the job, wait, and leave its player in the executed notebook.

    Raises
    ------
    WanError
        If the job ends without a clip: the cell fails.
    """
    handle: Any = display(started_bundle(job), raw=True, display_id=True)
    try:
        while not (job.done() or job.task_id):
            time.sleep(0.1)
        handle.update(started_bundle(job), raw=True)  # now with the task's id
        job.result()
    finally:
        if job.done():
            data, metadata = end_bundle(job)
            handle.update(data, raw=True, metadata=metadata)
