"""A job in whatever runs the cell: a card, a line of a terminal, or a cell that waits."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from wan_magic.errors import WanError

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job


def is_watched(kernel: Any) -> bool:
    """Whether a person sees this cell: nbclient, nbconvert and papermill allow no stdin."""
    try:
        return bool(kernel.get_parent()["content"]["allow_stdin"])
    except (AttributeError, KeyError, TypeError):
        return True


def follow(shell: Any, job: Job, *, wait: bool = False) -> None:
    """Show a job where this shell can show it; wait where nobody watches.

    Raises
    ------
    WanError
        If the job was waited for, and brought no clip.
    """
    kernel = getattr(shell, "kernel", None)
    from wan_magic.jobs.job import interruptible

    with interruptible(job):
        if kernel is None:
            from wan_magic.notebook import terminal

            terminal.follow(job)
        elif not is_watched(kernel):
            from wan_magic.notebook.headless import follow_headless

            follow_headless(job)
        else:
            from wan_magic.notebook.status import StatusCard

            StatusCard(job).show()
            if wait:
                job.result()


def view(shell: Any, job: Job) -> None:
    """Show a job as `follow` does; that it failed fails no cell, since nothing was asked of it."""
    try:
        follow(shell, job)
    except WanError as exc:
        if not job.done():  # interrupted: this cell has waited enough
            raise
        if getattr(shell, "kernel", None) is None:  # elsewhere its card says so
            print(exc)  # noqa: T201 - a magic speaks through the cell's output


def show_value(job: Job) -> None:
    """Show a job that is the value of a cell as its card; where nobody watches, as its end."""
    from IPython import get_ipython

    with contextlib.suppress(WanError):  # its card says so, and result() raises it
        follow(get_ipython(), job)
