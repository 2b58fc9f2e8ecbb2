"""Every test starts from a machine with no key, no settings and its own home."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

import pytest

from wan_magic import texts

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts the tests in its background ignores Ctrl-C, for their children, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ["LC_ALL"] = "C.UTF-8"  # tests read the screen, in English; also what a whole file shares


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One worker has the browser, with one Jupyter server; all other files are shared out."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            return "browser" if "browser/" in file else file

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def clean_machine(tmp_path_factory, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("DASHSCOPE_", "WAN_MAGIC_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):  # all of ours lies there
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("IPYTHONDIR", str(home / ".ipython"))
    monkeypatch.setattr(texts, "_chosen", None)
    monkeypatch.setattr(texts, "_configured", None)
    yield home
    if keys := sys.modules.get("wan_magic.settings.keys"):
        for known in (keys._typed, keys._asked, keys._colab_said):
            known.clear()
    if launch := sys.modules.get("wan_magic.actions.launch"):
        launch.living.clear()  # no test waits for the jobs of another, some of which never end
    if ledgers := sys.modules.get("wan_magic.jobs.open_ledgers"):
        for ledger in ledgers._ledgers.values():  # a process has one; here each home has its own
            ledger.close()
        ledgers._ledgers.clear()


@pytest.fixture
def no_overrides():
    """Root may write everywhere; not so this thread, for the length of a test, on Linux."""
    if os.name == "nt" or (os.geteuid() == 0 and sys.platform != "linux"):
        pytest.skip("nothing is forbidden here")
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # version 3 of capget(2), this thread
    # Effective, permitted and inheritable: for the first 32 capabilities, and for the others.
    held = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0, os.strerror(ctypes.get_errno())
    less = type(held)(*held)
    less[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert libc.capset(header, less) == 0, os.strerror(ctypes.get_errno())
    yield
    assert libc.capset(header, held) == 0, os.strerror(ctypes.get_errno())
