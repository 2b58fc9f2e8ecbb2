"""Where the notebook is, and whether its front end can reach a file.

What was learnt in JupyterLab and Notebook 7: a ``<video src>`` that is relative to
the notebook's folder plays, also under a base URL; a hidden folder, a link out of
the server's root and an absolute path do not. Others reach no files: see `reads_files`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator


_NO_FILES = ("KAGGLE_KERNEL_RUN_TYPE", "DATABRICKS_RUNTIME_VERSION")
"""Variables of services whose pages do not show files that lie beside the notebook."""


def notebook_folder() -> Path:
    """Return the folder of the running notebook, else the working directory.

    Jupyter's server and VS Code tell its path; nbclient, papermill and the terminal
    do not, and there the working directory is right.
    """
    folders = (Path(name).parent for name in _told())
    return next((folder for folder in folders if folder.is_dir()), Path.cwd())


def notebook() -> str:
    """Return the running notebook's path, else the working directory."""
    return next(_told(), str(Path.cwd()))


def _told() -> Iterator[str]:
    """Yield the notebook's path as front ends tell it.

    To a Jupyter server VS Code names another file each time, beside the notebook.
    """
    names = (_vscode_file(), os.environ.get("JPY_SESSION_NAME", ""))
    return (name for name in names if Path(name).is_absolute())


def default_out() -> Path:
    """Return the folder for clips where none is set: ``wan_videos`` beside the notebook."""
    return notebook_folder() / "wan_videos"


def relative_src(path: Path) -> str | None:
    """Return a URL-quoted address relative to the notebook, or None if it would not play."""
    if not reads_files():
        return None
    here, path = notebook_folder().resolve(), path.resolve()
    root = _server_root() or here
    try:
        inside = path.relative_to(root)
    except ValueError:
        return None
    if any(part.startswith(".") for part in inside.parts):
        return None
    return quote(Path(os.path.relpath(path, here)).as_posix())


def reads_files() -> bool:
    """Whether the page plays files that lie beside the notebook, as far as its kernel can know."""
    without = "google.colab" in sys.modules or any(name in os.environ for name in _NO_FILES)
    return not (without or in_vscode() or in_voila())


def in_voila() -> bool:
    """Whether Voila shows the notebook: it lets no films through unless told to."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")


def in_vscode() -> bool:
    """Whether VS Code shows the notebook: it names itself to the kernels that it starts.

    To those in containers, on other machines and of a Jupyter server it does not, but gives all
    of them the notebook's path, as a variable of the user's.
    """
    return "VSCODE_PID" in os.environ or bool(_vscode_file())


def _vscode_file() -> str:
    return str(getattr(sys.modules.get("__main__"), "__vsc_ipynb_file__", ""))


def shown_path(path: Path) -> str:
    """Return a path as it may be published: from the notebook on, else from the home folder.

    Examples
    --------
    >>> shown_path(notebook_folder() / "wan_videos" / "a.mp4")
    'wan_videos/a.mp4'
    """
    path = path.absolute()
    folders = [(notebook_folder(), "")]
    with contextlib.suppress(RuntimeError):  # nobody's home
        folders.append((Path.home(), "~/"))
    for folder, start in folders:
        for here, there in ((folder, path), (folder.resolve(), path.resolve())):
            if there.is_relative_to(here):
                return start + there.relative_to(here).as_posix()
    return str(path)


def _server_root() -> Path | None:
    """Folder that the Jupyter server serves, read from its own record; None if there is none."""
    server = os.environ.get("JPY_PARENT_PID", "")
    if not server.isdigit() or "JPY_SESSION_NAME" not in os.environ:
        return None
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        record = Path(jupyter_runtime_dir()) / f"jpserver-{server}.json"
        return Path(json.loads(record.read_text(encoding="utf-8"))["root_dir"]).resolve()
    except (ImportError, OSError, ValueError, KeyError, TypeError):
        return None
