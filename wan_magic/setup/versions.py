"""What is installed, and whether it fits together: lines for `wan_magic.setup.doctor`."""

from __future__ import annotations

import json
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import wan_magic
from wan_magic.output.checkup import Finding
from wan_magic.texts import tr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_magic.notebook.frontend import FrontEnd

_LEAST = (("ipython", (8, 20)), ("ipykernel", (6, 31)), ("ipywidgets", (8, 1)))
_OPTIONAL = ("ipykernel",)
_MANAGERS = {7: 1, 8: 3}
"""By the major version of ipywidgets, that of the front end's part, jupyterlab_widgets."""
_CODECS: tuple[tuple[str, Literal["r", "w"]], ...] = (
    ("libx264", "w"),
    ("aac", "w"),
    ("h264", "r"),
    ("hevc", "r"),
    ("aac", "r"),
)


def findings() -> Iterator[Finding]:
    """Yield Python, the package itself, what it stands on, and the codecs."""
    system = f"{platform.system()} {platform.machine()}"
    yield Finding("Python", "ok", f"{platform.python_version()}, {system}")
    yield Finding("wan-magic", "ok", f"{wan_magic.__version__}, {Path(wan_magic.__file__).parent}")
    for name, least in _LEAST:
        version = installed(name)
        wanted = ".".join(map(str, least))
        todo = f"pip install -U '{name}>={wanted}'"
        if version is None:
            state = "ok" if name in _OPTIONAL else "problem"
            yield Finding(name, state, tr("not installed"), "" if state == "ok" else todo)  # type: ignore[arg-type]
        elif numbers(version) < least:
            found = tr("{version}; {wanted} or later is needed", version=version, wanted=wanted)
            yield Finding(name, "problem", found, todo)
        else:
            yield Finding(name, "ok", version)
    yield _codecs()


def widgets(front_end: FrontEnd) -> Iterator[Finding]:
    """Yield whether the front end's part of ipywidgets is there, and fits."""
    ours = installed("ipywidgets")
    if not front_end.has_widgets or ours is None or front_end.name == "Colab":
        return
    theirs = installed("jupyterlab_widgets") or _manager_elsewhere()
    wanted = _MANAGERS.get(numbers(ours)[0])
    todo = tr(
        "install jupyterlab_widgets {wanted}.x where the Jupyter server runs, and reload the page",
        wanted=wanted,
    )
    if theirs is None:
        # The server may live in another environment, or the front end bring its own.
        found = tr("not found in this environment: cards may show as plain text")
        yield Finding("jupyterlab_widgets", "warning", found, todo)
    elif wanted and numbers(theirs)[0] != wanted:
        found = tr("{version} does not fit ipywidgets {ours}", version=theirs, ours=ours)
        yield Finding("jupyterlab_widgets", "problem", found, todo)
    else:
        yield Finding("jupyterlab_widgets", "ok", theirs)


def installed(name: str) -> str | None:
    """Return the version of a distribution in this environment."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers at the beginning of a version.

    Examples
    --------
    >>> numbers("8.1.7.post1") >= (8, 1)
    True
    """
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else (0,)


def _manager_elsewhere() -> str | None:
    """Return the version of the labextension on Jupyter's paths: the server's, mostly."""
    try:
        from jupyter_core.paths import jupyter_path
    except ImportError:
        return None
    for folder in jupyter_path("labextensions", "@jupyter-widgets", "jupyterlab-manager"):
        try:
            package = json.loads((Path(folder) / "package.json").read_text(encoding="utf-8"))
            return str(package["version"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def _codecs() -> Finding:
    try:
        import av
    except ImportError as exc:
        return Finding("PyAV", "problem", str(exc), "pip install -U 'av>=17'")
    missing = []
    for name, mode in _CODECS:
        try:
            av.Codec(name, mode)
        except ValueError:  # PyAV's UnknownCodecError is one
            missing.append(name)
    found = f"{av.__version__}, H.264 + AAC"
    if missing:
        lacks = tr("lacks {names}", names=", ".join(dict.fromkeys(missing)))
        return Finding("PyAV", "problem", f"{av.__version__}: {lacks}", "pip install -U av")
    return Finding("PyAV", "ok", found)
