"""A job in whatever runs the cell: a card, a line of a terminal, or a cell that waits."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from wan_magic.errors import WanError

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.sweep import Sweep


def is_watched(kernel: Any) -> bool:
    """Whether a person sees this cell: nbclient, nbconvert and papermill allow no stdin."""
    try:
        return bool(kernel.get_parent()["content"]["allow_stdin"])
    except (AttributeError, KeyError, TypeError):
        return True


def follow(
    shell: Any,
    job: Job,
    *,
    wait: bool = False,
    notify: bool | None = None,
    in_cell: bool = False,
) -> None:
    """Show a job where this shell can show it; wait where nobody watches.

    Parameters
    ----------
    shell : InteractiveShell
        That runs the cell.
    job : Job
        Running or ended.
    wait : bool, default False
        Whether the cell ends with the job.
    notify : bool, optional
        Whether the browser tells of the end; default: as it is set.
    in_cell : bool, default False
        Whether running the cell again makes the same request again.

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

            wanted = _notifies(shell) if notify is None else notify
            StatusCard(job, notify=wanted, in_cell=in_cell).show()
            if wait:
                job.result()


def _notifies(shell: Any) -> bool:
    """Whether notifications are set; what is wrong with the settings has been said before."""
    magics = shell.magics_manager.registry.get("WanMagics")
    with contextlib.suppress(WanError):
        return magics is not None and bool(magics.settings({}).notify)
    return False


def follow_sweep(
    shell: Any,
    sweep: Sweep,
    *,
    wait: bool = False,
    notify: bool | None = None,
    in_cell: bool = False,
) -> None:
    """Show a sweep as `follow` shows a job.

    Raises
    ------
    WanError
        If it was waited for, and some brought no clip.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        from wan_magic.notebook import terminal

        terminal.follow_sweep(sweep)
    elif not is_watched(kernel):
        from wan_magic.notebook.headless import follow_sweep_headless

        follow_sweep_headless(sweep)
    else:
        from wan_magic.notebook.grid import SweepGrid

        wanted = _notifies(shell) if notify is None else notify
        SweepGrid(sweep, notify=wanted, in_cell=in_cell).show()
        if wait:
            sweep.result()


def follow_here(job: Job) -> None:
    """Show a job in whatever runs here, a plain Python too, and wait for it.

    Raises
    ------
    WanError
        If it brings no clip.
    """
    ipython = sys.modules.get("IPython")
    follow(ipython.get_ipython() if ipython else None, job, wait=True)


def view(shell: Any, job: Job) -> None:
    """Show a job as `follow` does; that it failed fails no cell, since nothing was asked of it."""
    try:
        follow(shell, job)
    except WanError as exc:
        if not job.done():  # interrupted: this cell has waited enough
            raise
        if getattr(shell, "kernel", None) is None:  # elsewhere its card says so
            print(exc)  # noqa: T201 - a magic speaks through the cell's output


def show_value(value: Job | Sweep) -> None:
    """Show a job or a sweep that is the value of a cell live; where nobody watches, its end."""
    from IPython import get_ipython

    from wan_magic.jobs.sweep import Sweep

    with contextlib.suppress(WanError):  # what is shown says so, and result() raises it
        if isinstance(value, Sweep):
            follow_sweep(get_ipython(), value)
        else:
            follow(get_ipython(), value)
