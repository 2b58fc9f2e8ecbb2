"""``wan-magic demo``: the quickstart notebook, executed on the preview server."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wan_magic.errors import SettingsError, WanError

if TYPE_CHECKING:
    from collections.abc import Callable

_FILES = ("quickstart.ipynb", "cat.jpg")
_ARGUMENTS = [
    # Stronger than any profile of the user's: the demo never spends money.
    "--WanMagics.endpoint=local",
    "--WanMagics.out=wan_videos",
    # The kernel listens on this machine alone; its warning about TCP would only alarm.
    "--IPKernelApp.log_level=ERROR",
]


def demo(folder: Path, *, open_lab: bool = False, out: TextIO | None = None) -> Path:
    """Execute the quickstart notebook with visible progress, and say where everything is.

    Parameters
    ----------
    folder : Path
        Made; if it exists, a number is added to its name.
    open_lab : bool, default False
        Open the notebook in JupyterLab afterwards.
    out : file, default ``sys.stdout``

    Returns
    -------
    Path
        The executed notebook.

    Raises
    ------
    SettingsError
        If the ``lab`` extra is not installed.
    WanError
        If a cell fails.
    """
    stream = out or sys.stdout
    try:
        import nbclient
        import nbconvert
        import nbformat
    except ImportError as exc:
        raise SettingsError(
            f"the demo needs {exc.name}, which is not installed",
            hint="pip install 'wan-magic[lab]'",
        ) from exc
    folder = _fresh(folder)
    for name in _FILES:
        shutil.copy(_source(name), folder / name)
    path = folder / _FILES[0]
    notebook: Any = nbformat.read(path, as_version=4)
    print("The quickstart notebook on the preview server: no key, no cost.", file=stream)
    client = nbclient.NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=_ARGUMENTS,
    )
    show = _Progress(notebook, stream)
    client.on_cell_start = show.start
    client.on_cell_executed = show.executed
    try:
        asyncio.run(_execute(client, show.tick))
    except nbclient.exceptions.CellExecutionError as exc:
        raise WanError(
            f"a cell of the demo failed: {exc.ename}: {exc.evalue}",
            hint=f"open {path} and run it cell by cell",
        ) from exc
    finally:
        nbformat.write(notebook, path)
    html, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    page = path.with_suffix(".html")
    page.write_text(html, encoding="utf-8")
    video = next((folder / "wan_videos").glob("*.mp4"))
    print(
        f"\nvideo     {video}\n"
        f"page      {page}\n          open it in a browser\n"
        f"notebook  {path}\n          open it with: wan-magic demo --lab, or jupyter lab {path}",
        file=stream,
    )
    if open_lab:
        subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-m", "jupyterlab", str(path)],
            env=_free(),
            check=False,
        )
    return path


def _free() -> dict[str, str]:
    """Return an environment in which nothing costs money, and no other notebook is meant."""
    left_out = ("DASHSCOPE_API_KEY", "DASHSCOPE_API_KEY_FILE_PATH", "JPY_SESSION_NAME")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return {**kept, "WAN_MAGIC_ENDPOINT": "local", "WAN_MAGIC_OUT": "wan_videos"}


async def _execute(client: Any, tick: Callable[[], None]) -> None:
    async def ticking() -> None:
        while True:
            tick()
            await asyncio.sleep(0.2)

    clock = asyncio.create_task(ticking())
    try:
        await client.async_execute(env=_free())
    finally:
        clock.cancel()


def _fresh(folder: Path) -> Path:
    """Make the folder under the first free name: nobody's notebook is overwritten."""
    folder = folder.expanduser().resolve()
    for number in range(1, 1000):
        path = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as exc:
            raise SettingsError(
                f"cannot make the folder {path}: {exc.strerror}", hint="name another with --folder"
            ) from exc
        return path
    raise SettingsError(f"there are too many folders like {folder}", hint="remove some of them")


def _source(name: str) -> Path:
    """Find a file of the demo: in the installed package, or in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "_demo" / name
    return installed if installed.exists() else package.parent / "notebooks" / name


class _Progress:
    """One line for each code cell, with its clock while it runs."""

    def __init__(self, notebook: Any, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        cells = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self._number = {index: number for number, index in enumerate(cells, 1)}
        self._line = ""
        self._began = 0.0

    def start(self, cell: Any, cell_index: int) -> None:
        if cell_index in self._number:
            first = cell.source.partition("\n")[0]
            self._line = f"[{self._number[cell_index]}/{len(self._number)}] {first[:70]}"
            self._began = time.monotonic()
            if not self._live:
                print(self._line, file=self._stream, flush=True)

    def tick(self) -> None:
        if self._line and self._live:
            print(f"\r\033[K{self._line}  {self._seconds()}", end="", file=self._stream, flush=True)

    def executed(self, cell_index: int, **_: Any) -> None:
        if cell_index in self._number:
            done = f"\r\033[K{self._line}" if self._live else "      done"
            print(f"{done}  {self._seconds()}", file=self._stream, flush=True)
            self._line = ""

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._began:.1f} s"
