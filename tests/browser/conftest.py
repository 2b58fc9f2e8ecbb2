"""Fixtures that open notebooks in a real browser. See `lab.py` for what a page can do.

Everything that is started here lives as long as this folder's tests (scope "package") and not to
the end of the session: Playwright's sync API keeps an event loop running in the main thread, and
other tests want `asyncio.run`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from .lab import LAPTOP, SECONDS, NotebookPage, write_notebook
from .server import (
    MACHINE_ENV,
    JupyterServer,
    Unavailable,
    clean_env,
    find_chromium,
    ipykernel_6,
    safe_name,
)

HERE = Path(__file__).parent
PAGES = pytest.StashKey()
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing outside this machine is needed, and nothing outside may make a test pass.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def pytest_itemcollected(item):
    if HERE in item.path.parents:
        item.add_marker(pytest.mark.browser)


def need(found):
    """Call `found`; where this machine lacks something, skip, but fail on CI."""
    try:
        return found()
    except Unavailable as reason:
        missing = str(reason)
    if MACHINE_ENV.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)


# ---- the browser ----


@pytest.fixture(scope="package")
def chromium():
    """The path of Chromium."""
    return need(find_chromium)


def _sync_playwright():
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        raise Unavailable("no Playwright: pip install playwright") from None
    expect.set_options(timeout=SECONDS * 1000)
    return sync_playwright()


@pytest.fixture(scope="package")
def browser(chromium, tmp_path_factory):
    """Headless Chromium, with its usual autoplay rules."""
    home = tmp_path_factory.mktemp("chromium")
    with need(_sync_playwright) as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=CHROMIUM_ARGS,
            env=clean_env(HOME=home, XDG_CONFIG_HOME=home, XDG_CACHE_HOME=home),
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def context(browser, server):
    """One browser context, logged in to the server; its cache makes later pages open faster."""
    context = browser.new_context()
    context.request.get(f"{server.url}/lab", params={"token": server.token})
    yield context
    context.close()


# ---- the server and its kernels ----


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    """The Jupyter server of JupyterLab and Notebook 7, with kernel "k7"."""
    server = JupyterServer(tmp_path_factory.mktemp("jupyter"))
    server.add_kernel("k7")
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="package")
def k7(server):
    """The name of the kernel with the installed ipykernel (7)."""
    return "k7"


@pytest.fixture(scope="package")
def k6(server):
    """The name of the kernel with ipykernel 6."""
    return server.add_kernel("k6", pythonpath=[need(ipykernel_6)])


# ---- one test ----


@pytest.fixture
def notebook_folder(server, request):
    """A folder below the server's root, for this test alone."""
    folder = server.root / safe_name(request.node.name)
    folder.mkdir()
    return folder


@pytest.fixture
def open_notebook(context, server, notebook_folder, tmp_path_factory, request):
    """Open notebooks: `open_notebook(["print(1)"], kernel="k7", ui="lab") -> NotebookPage`.

    Parameters
    ----------
    cells : the cells, as `write_notebook` takes them; or the path of a notebook that is there.
    kernel : "k7" or "k6".
    ui : "lab" or "notebook".
    name : the notebook's file name; a path such as "a folder/b.ipynb" will do.
    env : more environment variables for the kernel. The ledger is the test's own.
    viewport : the window's size in pixels.
    wait : what to wait for: kernel "idle", "connected", or None (only the cells).
    """
    pages = request.node.stash.setdefault(PAGES, [])
    remembered = tmp_path_factory.mktemp("remembered")  # no test sees the jobs of another

    def opened(
        cells, kernel="k7", ui="lab", name="test.ipynb", env=None, viewport=LAPTOP, wait="idle"
    ):
        if isinstance(cells, Path):
            path = cells
        else:
            home = {"WAN_MAGIC_HOME": str(remembered)}
            kernel = server.derive_kernel(request.getfixturevalue(kernel), home | (env or {}))
            path = write_notebook(notebook_folder, cells, kernel, name)
        notebook = NotebookPage(context, server, path, ui, viewport)
        pages.append(notebook)
        return notebook.open(wait)

    yield opened
    with contextlib.ExitStack() as closing:  # closes all, even if one refuses
        for notebook in pages:
            closing.callback(notebook.close)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """When a test fails, keep what its pages showed and what the server wrote."""
    report = yield
    if call.when == "call" and report.failed:
        for number, notebook in enumerate(item.stash.get(PAGES, [])):
            report.sections.append((f"notebook {notebook.path}", keep(item, notebook, number)))
    return report


def keep(item, notebook, number):
    folder = item.funcargs["tmp_path_factory"].getbasetemp() / "failed" / safe_name(item.name)
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    try:
        lines.append(f"screenshot: {notebook.screenshot(folder / f'page-{number}.png')}")
    except Exception as error:  # noqa: BLE001 - whatever it is, the test's own failure counts
        lines.append(f"no screenshot: {error}")
    log = folder / "server.log"
    log.write_text(notebook.server.log_tail(10_000), encoding="utf-8")
    lines += [f"server log: {log}", notebook.server.log_tail(15)]
    lines += ["console:", *notebook.console[-20:]]
    return "\n".join(lines)
