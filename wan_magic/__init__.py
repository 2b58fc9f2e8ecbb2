"""Generate video from a notebook cell: ``%load_ext wan_magic``, then ``%%wanvideo``.

The same in Python: `submit`, `generate`, `models`, `panel`; and back to what was made: `list_jobs`,
`show`, `resume`, `wait`, `cancel`, `forget`, `cost`. Importing this package costs next to nothing;
what is heavy is imported where it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wan_magic.actions.api import generate, submit
    from wan_magic.actions.handling import cancel, forget, resume, show, wait
    from wan_magic.actions.joining import Reel, concat
    from wan_magic.actions.library import cost, list_jobs
    from wan_magic.actions.portrait import PortraitCheck, check_portrait
    from wan_magic.actions.storyboards import Storyboard
    from wan_magic.errors import (
        ApiError,
        BudgetExceeded,
        ConnectionFailed,
        DownloadError,
        InputError,
        JobCancelled,
        JobFailed,
        JobTimeout,
        LedgerError,
        SettingsError,
        WanError,
    )
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.provenance import provenance
    from wan_magic.jobs.sweep import Sweep
    from wan_magic.notebook._nest import run
    from wan_magic.notebook.chaining import storyboard
    from wan_magic.notebook.gallery import Gallery, gallery
    from wan_magic.notebook.mapping import map  # noqa: A004 - as in concurrent.futures
    from wan_magic.notebook.panel import panel
    from wan_magic.output.models import models

__version__ = "0.1.0"

_HOMES = {
    "wan_magic.actions.api": ("generate", "submit"),
    "wan_magic.errors": (
        "ApiError",
        "BudgetExceeded",
        "ConnectionFailed",
        "DownloadError",
        "InputError",
        "JobCancelled",
        "JobFailed",
        "JobTimeout",
        "LedgerError",
        "SettingsError",
        "WanError",
    ),
    "wan_magic.jobs.clip": ("Clip",),
    "wan_magic.jobs.job": ("Job",),
    "wan_magic.jobs.provenance": ("provenance",),
    "wan_magic.actions.joining": ("Reel", "concat"),
    "wan_magic.jobs.sweep": ("Sweep",),
    "wan_magic.actions.library": ("cost", "list_jobs"),
    "wan_magic.actions.handling": ("cancel", "forget", "resume", "show", "wait"),
    "wan_magic.notebook._nest": ("run",),
    "wan_magic.notebook.chaining": ("storyboard",),
    "wan_magic.notebook.gallery": ("Gallery", "gallery"),
    "wan_magic.notebook.mapping": ("map",),
    "wan_magic.notebook.panel": ("panel",),
    "wan_magic.output.models": ("models",),
    "wan_magic.actions.portrait": ("PortraitCheck", "check_portrait"),
    "wan_magic.actions.storyboards": ("Storyboard",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ApiError",
    "BudgetExceeded",
    "Clip",
    "ConnectionFailed",
    "DownloadError",
    "Gallery",
    "InputError",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobTimeout",
    "LedgerError",
    "PortraitCheck",
    "Reel",
    "SettingsError",
    "Storyboard",
    "Sweep",
    "WanError",
    "cancel",
    "check_portrait",
    "concat",
    "cost",
    "forget",
    "gallery",
    "generate",
    "list_jobs",
    "map",
    "models",
    "panel",
    "provenance",
    "resume",
    "run",
    "show",
    "storyboard",
    "submit",
    "wait",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def load_ipython_extension(ipython: Any) -> None:
    """Register the magic; called by ``%load_ext wan_magic``."""
    from wan_magic.notebook.magics import register

    register(ipython)
    from wan_magic.notebook.notice import notice

    if said := notice():
        print(said)  # noqa: T201 - an extension speaks through the cell's output


def unload_ipython_extension(ipython: Any) -> None:
    """Take the magic away again; called by ``%unload_ext wan_magic``."""
    from wan_magic.notebook.magics import unregister

    unregister(ipython)
