"""A notebook in a real browser: `NotebookPage` for JupyterLab and Notebook 7, and its helpers.

Every wait is for a condition, with a deadline in seconds; a wait that comes to nothing fails
with what the page showed: the open dialog, the kernel's state and the text of the cells.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from urllib.parse import quote

import nbformat

HARNESS = Path(__file__).with_name("harness.js").read_text(encoding="utf-8")
SECONDS = 60
OPEN_SECONDS = 60
DESKTOP, LAPTOP, NARROW = (1600, 1000), (1280, 800), (640, 800)
THEMES = "apputils-extension:themes"


class CellFailed(AssertionError):
    """A cell raised; the message is its traceback."""


def write_notebook(folder, cells, kernel="k7", name="test.ipynb", metadata=None):
    """Write a notebook (format 4.5, a fixed id in every cell) and return its path.

    A cell is a string of Python, or a whole nbformat cell. The file is not signed: saved outputs
    in it are untrusted until the notebook is trusted and saved in the browser.
    """
    made = []
    for index, cell in enumerate(cells):
        node = (
            nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else nbformat.from_dict(cell)
        )
        made.append(node | {"id": f"cell-{index}"})
    kernelspec = {"name": kernel, "display_name": kernel, "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=made, metadata={"kernelspec": kernelspec, **(metadata or {})}
    )
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    path = Path(folder) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    return path


class Run:
    """One execution of a cell that was started and may still be going."""

    def __init__(self, notebook, cell, number):
        self.notebook, self.cell, self.number = notebook, cell, number

    def done(self):
        """Say whether the cell has ended."""
        return self.notebook.js(f"harness.runs[{self.number}].done")

    def wait(self, timeout=SECONDS, check=True):
        """Wait for the end of the cell; with `check`, fail with its traceback if it raised."""
        self.notebook.finish(self.number, timeout, f"cell {self.cell} ends")
        if check:
            for output in self.notebook.outputs(self.cell):
                if output["output_type"] == "error":
                    raise CellFailed("\n".join(output["traceback"]))
        return self


class NotebookPage:
    """One notebook, open in JupyterLab (`ui="lab"`) or Notebook 7 (`ui="notebook"`).

    `page` is Playwright's own page: anything not wrapped here is one call away.

    Parameters
    ----------
    context : a Playwright browser context that is logged in to the server.
    server : the JupyterServer.
    path : the notebook's file, below the server's root.
    """

    def __init__(self, context, server, path, ui="lab", viewport=LAPTOP):
        self.server, self.ui = server, ui
        self.file = Path(path)
        self.path = self.file.relative_to(server.root).as_posix()
        self.console = []
        self._themed = False
        self._workspace = f"test-{uuid.uuid4().hex[:12]}"  # JupyterLab restores the tabs of one
        self.page = context.new_page()
        self.page.set_default_timeout(SECONDS * 1000)
        self.page.add_init_script(HARNESS)
        self.page.on("dialog", lambda dialog: dialog.accept())  # "leave site?"
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        self.set_viewport(viewport)

    def _note_console(self, message):
        if message.type in ("error", "warning"):
            self.console.append(f"{message.type}: {message.text}")

    @property
    def url(self):
        """The address of the notebook in this front end."""
        tree = "notebooks" if self.ui == "notebook" else f"lab/workspaces/{self._workspace}/tree"
        return f"{self.server.url}/{tree}/{quote(self.path)}"

    # ---- waiting ----

    def js(self, expression, *args):
        """Evaluate JavaScript in the page and return its value; `harness` is there to use."""
        return self.page.evaluate(expression, *args)

    def wait_js(self, expression, timeout=SECONDS, what="", arg=None):
        """Wait until a JavaScript expression is true."""
        from playwright.sync_api import TimeoutError as TooLate

        try:
            self.page.wait_for_function(expression, arg=arg, timeout=timeout * 1000, polling=50)
        except TooLate:
            raise self._too_late(what or expression, timeout) from None

    def _too_late(self, what, timeout):
        report = "(the page does not answer)"
        with contextlib.suppress(Exception):
            report = json.dumps(self.js("harness.report()"), indent=1)
        return AssertionError(f"waited {timeout} s for: {what}\n{report}")

    def start(self, function, arg=None):
        """Call a JavaScript function that takes its time; return its number for `finish`."""
        return self.js(f"(arg) => harness.start(({function})(arg))", arg)

    def finish(self, number, timeout=SECONDS, what=""):
        """Wait for the end of what `start` began; fail if it failed."""
        self.wait_js(f"harness.runs[{number}].done", timeout, what)
        failure = self.js(f"harness.runs[{number}].failure")
        assert not failure, f"{what}: {failure}"

    def call(self, function, arg=None, timeout=SECONDS):
        """Call a JavaScript function that takes its time, and wait for its end."""
        self.finish(self.start(function, arg), timeout, function)

    def is_idle(self):
        """Say whether the kernel is there and has nothing to do."""
        return self.js("harness.idle()")

    def wait_idle(self, timeout=SECONDS):
        """Wait until the kernel is connected and idle."""
        self.wait_js("harness.idle()", timeout, "an idle kernel")

    # ---- opening and reopening ----

    def open(self, kernel="idle", timeout=OPEN_SECONDS):
        """Open the notebook and wait for its kernel.

        `kernel` is what to wait for: "idle", "connected" (busy will do), or None (only the cells).
        """
        self.page.goto(self.url, wait_until="commit", timeout=timeout * 1000)
        return self._wait_open(kernel, timeout)

    def _wait_open(self, kernel, timeout):
        ready = {"idle": "harness.idle()", "connected": "harness.connected()"}
        condition = ready.get(kernel, "harness.loaded()")
        self.wait_js(f"window.harness && {condition}", timeout, f"the notebook, kernel: {kernel}")
        self.wait_js("!document.querySelector('#jupyterlab-splash')", timeout, "no splash screen")
        return self

    def reload(self, kernel="idle", timeout=OPEN_SECONDS):
        """Reload the page, as F5 does: the kernel lives on, what was not saved is lost."""
        self.page.reload(wait_until="commit", timeout=timeout * 1000)
        return self._wait_open(kernel, timeout)

    def leave(self):
        """Go away from the notebook, leaving its kernel running; `open` comes back."""
        self.page.goto("about:blank")

    def close_and_reopen(self, kernel="idle", timeout=OPEN_SECONDS):
        """Close the notebook, shut its kernel down, and open it again with a fresh one."""
        self.leave()
        self.server.shutdown(self.path)
        assert not self.server.sessions(self.path)
        return self.open(kernel, timeout)

    def restart_kernel(self, timeout=SECONDS):
        """Restart the kernel (the page stays, outputs too), without the question."""
        self.call("() => harness.kernel().restart()", timeout=timeout)
        self.wait_idle(timeout)

    def close(self):
        """Close the page, shut the kernel down, and undo the theme."""
        self.page.close()
        self.server.shutdown(self.path)
        if self._themed:
            self.server.set_setting(THEMES, {})

    # ---- running ----

    def run(self, cell, wait=True, keyboard=False, timeout=SECONDS, check=True):
        """Run a cell; with `wait`, until it has ended. Returns a `Run`.

        By default through the command of the Run button; with `keyboard`, by clicking into the
        cell and pressing Ctrl+Enter. With `check`, a cell that raises fails the test.
        """
        self.call("(cell) => harness.select(cell)", cell)
        if keyboard:
            number = self.js("(cell) => harness.watch(cell)", cell)
            self.cell(cell).locator(".cm-content").first.click()
            self.page.keyboard.press("Control+Enter")
        else:
            number = self.js("(cell) => harness.run(cell)", cell)
        run = Run(self, cell, number)
        return run.wait(timeout, check) if wait else run

    def run_code(self, source, **how):
        """Append a code cell with this source and run it; the `Run`'s `.cell` is its index."""
        return self.run(self.append(source), **how)

    def append(self, source):
        """Append a code cell; return its index."""
        return self.js("(source) => harness.appendCode(source)", source)

    def set_source(self, cell, source):
        """Replace the source of a cell."""
        self.js("([cell, source]) => harness.setSource(cell, source)", [cell, source])

    def interrupt(self):
        """Press the stop button."""
        self.call("() => harness.kernel().interrupt()")

    # ---- cells and outputs ----

    def cell(self, cell):
        """Return the locator of a cell. Cells far from the view may not be attached: `reveal`."""
        return self.page.locator(
            f'.jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index="{cell}"]'
        )

    def reveal(self, cell):
        """Scroll to a cell, which also attaches it when it was out of view; return its locator."""
        self.call("(cell) => harness.select(cell)", cell)
        return self.cell(cell)

    def output(self, cell, selector=None):
        """Return the locator of a cell's output area, or of `selector` in it."""
        area = self.cell(cell).locator(".jp-Cell-outputArea")
        return area.locator(selector) if selector else area

    def output_text(self, cell):
        """Return the visible text of a cell's output, "" when there is none."""
        area = self.output(cell)
        return area.inner_text() if area.count() else ""

    def wait_for_output(self, cell, text=None, selector=None, timeout=SECONDS):
        """Wait until a cell's output shows `text` or a visible `selector` (or both); return it."""
        from playwright.sync_api import TimeoutError as TooLate

        found = self.output(cell, selector)
        if text is not None:
            found = found.filter(has_text=text)
        found = found.first
        try:
            found.wait_for(state="visible", timeout=timeout * 1000)
        except TooLate:
            wanted = " with ".join(str(one) for one in (selector, text) if one is not None)
            raise self._too_late(f"cell {cell} shows {wanted}", timeout) from None
        return found

    def wait_static(self, *cells, timeout=SECONDS):
        """Wait until no widget stands in the outputs of these cells, or of any.

        What was live becomes its static form a moment after it shows its end.
        """
        self.wait_js(
            "(cells) => harness.isStatic(cells)", timeout, "outputs without widgets", list(cells)
        )

    def click(self, cell, selector, timeout=SECONDS):
        """Click on something in a cell's output with the mouse (`"button:has-text('Cancel')"`)."""
        self.output(cell, selector).first.click(timeout=timeout * 1000)

    def outputs(self, cell):
        """Return a cell's outputs as the open notebook holds them, saved or not."""
        return self.js("(cell) => harness.outputs(cell)", cell)

    def printed(self, cell):
        """Return what a cell that has ended printed; the page may show it a moment later."""
        outputs = self.outputs(cell)
        return "".join("".join(one["text"]) for one in outputs if one["output_type"] == "stream")

    # ---- the file ----

    def save(self, timeout=SECONDS):
        """Save the notebook and wait until it is on disk."""
        self.call("() => harness.panel().context.save()", timeout=timeout)
        self.wait_js("!harness.panel().context.model.dirty", timeout, "a saved notebook")
        return self

    def save_static(self, *cells, timeout=SECONDS):
        """Save once no widget stands in the outputs of these cells, or of any."""
        self.wait_static(*cells, timeout=timeout)
        return self.save(timeout)

    def saved_notebook(self):
        """Return the notebook as it is on disk."""
        return nbformat.reads(self.file.read_text(encoding="utf-8"), as_version=4)

    def saved_outputs(self, cell):
        """Return the outputs of a cell as they are on disk."""
        return self.saved_notebook()["cells"][cell].get("outputs", [])

    def saved_mimetypes(self, cell=None):
        """Return the set of mimetypes in the saved outputs of a cell, or of all cells."""
        cells = self.saved_notebook()["cells"]
        chosen = cells if cell is None else [cells[cell]]
        return {
            mimetype
            for one in chosen
            for output in one.get("outputs", [])
            for mimetype in output.get("data", {})
        }

    # ---- trust ----

    def is_trusted(self):
        """Say whether every code cell is trusted (a cell that was run is)."""
        return self.js("harness.trusted()")

    def trust(self, timeout=SECONDS):
        """Trust the notebook through its command and its question; the command saves it, signed."""
        # A save of our own would meet the command's, and JupyterLab would ask which one to keep.
        trusting = self.start("() => jupyterapp.commands.execute('notebook:trust')")
        self.page.locator(".jp-Dialog .jp-mod-accept").click(timeout=timeout * 1000)
        self.finish(trusting, timeout, "the trust command")
        self.wait_js(
            "harness.trusted() && !harness.panel().context.model.dirty",
            timeout,
            "a trusted notebook",
        )
        return self

    def untrust(self, kernel="idle"):
        """Change the file behind the signature's back and open it again, untrusted.

        Save first what should be in it. The kernel lives on.
        """
        self.leave()
        notebook = self.saved_notebook()
        notebook["metadata"]["nonce"] = uuid.uuid4().hex
        self.file.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
        return self.open(kernel)

    # ---- how it looks ----

    def set_theme(self, theme="JupyterLab Dark", timeout=SECONDS):
        """Change the theme ("JupyterLab Dark", "JupyterLab Light"); `close` undoes it."""
        self._themed = True
        self.call("(theme) => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        self.wait_js(
            "(theme) => document.body.dataset.jpThemeName === theme", timeout, theme, arg=theme
        )
        return self

    def theme(self):
        """Return the name of the theme that is shown."""
        return self.js("document.body.dataset.jpThemeName")

    def set_viewport(self, size):
        """Set the size of the window in pixels: DESKTOP, LAPTOP, NARROW or (width, height)."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        return self

    def screenshot(self, path, cell=None):
        """Write a PNG of the window, or of one cell; return its path."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        shown = self.page if cell is None else self.reveal(cell)
        shown.screenshot(path=path)
        return path

    def dialog(self):
        """Return the text of the open dialog, or None."""
        return self.js("(document.querySelector('.jp-Dialog') || {}).innerText || null")

    def dismiss_dialogs(self):
        """Close every open dialog by its cancel button, or by its only one; return their texts."""
        texts = []
        while text := self.dialog():
            texts.append(text)
            box = self.page.locator(".jp-Dialog").first
            cancel = box.locator(".jp-Dialog-footer .jp-mod-reject")
            (cancel if cancel.count() else box.locator(".jp-Dialog-footer button")).first.click()
            self.wait_js(
                "(text) => (document.querySelector('.jp-Dialog') || {}).innerText !== text",
                what="a closed dialog",
                arg=text,
            )
        return texts

    # ---- video ----

    def video(self, cell, selector="video"):
        """Return the locator of the first video in a cell's output."""
        return self.output(cell, selector).first

    def play_video(self, cell, selector="video", muted=False, by="script", timeout=SECONDS):
        """Play a video until its time moves; return its state, see `play_video`."""
        return play_video(self.video(cell, selector), muted, by, timeout)


# ---- video, in any page ----


def video_state(video):
    """Return what the browser knows of a video, by its locator or its element.

    Keys: readyState, videoWidth, videoHeight (pixels), duration, currentTime (seconds), paused,
    muted, audioBytes (sound decoded so far), src (as resolved), error ("code message" or None).
    """
    return video.evaluate("harness.video")


def play_video(video, muted=False, by="script", timeout=SECONDS):
    """Play the video at a locator until its time moves; return its state.

    `by="script"` calls `play()`, with the browser's blessing of a user's gesture; `by="click"`
    clicks into the middle of the picture, as a person would.
    """
    from playwright.sync_api import TimeoutError as TooLate

    video.scroll_into_view_if_needed(timeout=timeout * 1000)
    # One element from here on: a card that becomes its static form takes its video out of the
    # page, which pauses it.
    page, element = video.page, video.element_handle()
    element.evaluate("(v, muted) => { v.muted = muted; v.preload = 'auto'; }", muted)
    try:
        page.wait_for_function(
            "(v) => v.error || v.readyState >= 2", arg=element, timeout=timeout * 1000, polling=50
        )
        state = video_state(element)
        assert not state["error"], state
        start = state["currentTime"]
        if by == "click":
            video.click()
        # The sound is decoded a moment after the first frame; a silent clip counts none.
        page.wait_for_function(
            "([v, start, script]) => {"
            " if (script && v.paused && !v.ended) v.play().catch(() => {});"
            " return v.error || v.currentTime > start + 0.1 || v.ended; }",
            arg=[element, start, by == "script"],
            timeout=timeout * 1000,
            polling=20,
        )
    except TooLate:
        raise AssertionError(f"the video does not play: {video_state(element)}") from None
    state = video_state(element)
    assert not state["error"], state
    return state


# ---- the notebook as a web page ----


def export_html(server, path, *options, target=None):
    """Convert a notebook to HTML as `nbconvert --to html` does; return the HTML file.

    `options` are nbconvert's own (`"--execute"`, `"--embed-images"`); `target` is the folder to
    write to, by default that of the notebook.
    """
    path = Path(path)
    folder = Path(target or path.parent)
    command = [sys.executable, "-m", "nbconvert", "--to", "html", str(path), *options]
    done = subprocess.run(
        [*command, "--output-dir", str(folder)],
        env=server.env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / f"{path.stem}.html"


def open_html(context, path, url=None, viewport=LAPTOP):
    """Open an HTML file by `file://`, or at `url` when it is served; return the page."""
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.add_init_script(HARNESS)
    page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
    page.goto(url or Path(path).resolve().as_uri(), wait_until="domcontentloaded")
    return page


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextlib.contextmanager
def static_server(folder):
    """Serve a folder on a loopback port (no byte ranges, so no seeking); yields its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
