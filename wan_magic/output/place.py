"""Where the notebook is, and whether its front end can reach a file.

What was learnt in JupyterLab and Notebook 7: a ``<video src>`` that is relative to
the notebook's folder plays, also under a base URL; a hidden folder, a link out of
the server's root and an absolute path do not. VS Code and Colab reach no files.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from urllib.parse import quote


def notebook_folder() -> Path:
    """Return the folder of the running notebook, else the working directory.

    Jupyter's server puts the notebook's path into ``JPY_SESSION_NAME``; nbclient,
    papermill and the terminal do not, and there the working directory is right.
    """
    name = os.environ.get("JPY_SESSION_NAME", "")
    folder = Path(name).parent
    return folder if name and folder.is_absolute() and folder.is_dir() else Path.cwd()


def notebook() -> str:
    """Return the running notebook's path, else the working directory."""
    name = os.environ.get("JPY_SESSION_NAME", "")
    return name if Path(name).is_absolute() else str(Path.cwd())


def default_out() -> Path:
    """Return the folder for clips where none is set: ``wan_videos`` beside the notebook."""
    return notebook_folder() / "wan_videos"


def relative_src(path: Path) -> str | None:
    """Return a URL-quoted address relative to the notebook, or None if it would not play."""
    if "google.colab" in sys.modules or in_vscode():
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


def in_vscode() -> bool:
    """Whether VS Code shows the notebook: it names itself to the kernels that it starts.

    To a kernel of a Jupyter server it gives the notebook's path, as a variable of the user's.
    """
    return "VSCODE_PID" in os.environ or hasattr(sys.modules.get("__main__"), "__vsc_ipynb_file__")


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
