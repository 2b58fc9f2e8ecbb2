"""One Jupyter server for the browser tests, alone in its own folders, and its kernelspecs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import requests

REPO = Path(__file__).resolve().parents[2]
K6_VERSION = "6.31.0"
START_SECONDS = 60

# As the machine was before any test changed it: pip needs its proxies and its settings.
MACHINE_ENV = dict(os.environ)

# Kernels look at their tasks each second: pages are tested here, and not when to ask.
LOOKS = """\
import wan_magic.jobs.pace
wan_magic.jobs.pace._MOST = wan_magic.jobs.pace._QUEUED = 1.0
del wan_magic
"""
# What a first visit would otherwise ask or do behind a test's back.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
    # Completions that come later than that are dropped, by default those after a second.
    "completer-extension/manager": {"providerTimeout": 60_000},
}
# A stock JupyterLab: no look for newer builds, no extension that only happens to be installed.
PAGE_CONFIG = {"buildCheck": False, "disabledExtensions": {"jupysql-plugin": True}}


class Unavailable(Exception):
    """Something this machine lacks for a browser test; the message says what to install."""


def clean_env(**extra):
    """Return the machine's environment without keys, proxies and other people's Jupyter."""
    private = ("DASHSCOPE_", "WAN_MAGIC_", "JUPYTER", "JPY_", "IPYTHON", "PYTEST_", "PYTHON")
    env = {
        name: value
        for name, value in MACHINE_ENV.items()
        if not name.startswith(private) and not name.lower().endswith("_proxy")
    }
    return env | {name: str(value) for name, value in extra.items()}


class JupyterServer:
    """A Jupyter server that serves JupyterLab (`/lab`) and Notebook 7 (`/notebooks`).

    Attributes
    ----------
    url, token : the address without a trailing slash, and the random token.
    root : the folder that the server serves; notebooks and their media belong below it.
    log : the file with everything the server and its kernels wrote.
    env : the environment of the server, for tools that should see the same Jupyter (nbconvert).
    """

    def __init__(self, base):
        self.base = Path(base)
        self.root = self.base / "root"
        self.log = self.base / "server.log"
        self.url = ""
        self.token = secrets.token_hex(16)
        self._process = None
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["Authorization"] = f"token {self.token}"
        self.env = clean_env(
            HOME=self._folder("home"),
            IPYTHONDIR=self._folder("home/.ipython"),
            JUPYTER_CONFIG_DIR=self._folder("config"),
            JUPYTER_DATA_DIR=self._folder("data"),
            JUPYTER_RUNTIME_DIR=self._folder("runtime"),
            JUPYTER_PLATFORM_DIRS="1",
            PYDEVD_DISABLE_FILE_VALIDATION="1",
        )
        self._folder("root")
        startup = self._folder("home/.ipython/profile_default/startup")
        (startup / "looks.py").write_text(LOOKS)

    def _folder(self, name):
        folder = self.base / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # ---- life ----

    def start(self):
        """Start the server and wait until it answers."""
        for plugin, values in SETTINGS.items():
            file = self.base / f"config/lab/user-settings/@jupyterlab/{plugin}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        page_config = self._folder("config/labconfig") / "page_config.json"
        page_config.write_text(json.dumps(PAGE_CONFIG))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            # Should the tests themselves be killed, nothing stays behind for long.
            "--ServerApp.shutdown_no_activity_timeout=900",
            "--MappingKernelManager.cull_idle_timeout=900",
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        # The server may have moved to another port: its own runtime file says where it listens.
        info = self.base / f"runtime/jpserver-{self._process.pid}.json"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError, ValueError):
                self.url = json.loads(info.read_text())["url"].rstrip("/")
                if self._http.get(f"{self.url}/api/status", timeout=5).ok:
                    return self
            time.sleep(0.05)
        log_tail = self.log_tail()
        self.stop()
        raise RuntimeError(f"The Jupyter server did not start:\n{log_tail}")

    def stop(self):
        """Stop the server and every kernel it started, whatever state they are in."""
        self._http.close()
        process, self._process = self._process, None
        if process is None:
            return
        family = []
        with contextlib.suppress(psutil.Error):
            family = psutil.Process(process.pid).children(recursive=True)
        process.terminate()  # it shuts its kernels down itself
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        for child in family:  # kernels lead groups of their own
            with contextlib.suppress(psutil.Error):
                child.kill()

    def log_tail(self, lines=60):
        """Return the last lines of the server's log."""
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    # ---- REST ----

    def api(self, method, path, **kwargs):
        """Call the server's REST API (`api("GET", "sessions")`) and return the decoded JSON."""
        kwargs.setdefault("timeout", 30)
        answer = self._http.request(method, f"{self.url}/api/{path}", **kwargs)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def sessions(self, path):
        """Return the sessions (each with its kernel) of the notebook at `path` below the root."""
        return [one for one in self.api("GET", "sessions") if one["path"] == str(path)]

    def shutdown(self, path):
        """Shut down the kernel of the notebook at `path`; return how many there were."""
        found = self.sessions(path)
        for session in found:
            self.api("DELETE", f"sessions/{session['id']}")
        return len(found)

    def set_setting(self, plugin, values):
        """Store the user settings of a plugin, such as `apputils-extension:themes`."""
        answer = self._http.put(
            f"{self.url}/lab/api/settings/@jupyterlab/{plugin}",
            json={"raw": json.dumps(values)},
            timeout=30,
        )
        answer.raise_for_status()

    # ---- kernels ----

    def add_kernel(self, name, env=None, pythonpath=()):
        """Install a kernelspec whose kernel can import the checkout; return its name."""
        folder = self._folder(f"data/kernels/{name}")
        path = os.pathsep.join(str(one) for one in (*pythonpath, REPO))
        spec = {
            "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": name,
            "language": "python",
            "metadata": {"debugger": False},
            "env": {"PYTHONPATH": path} | {k: str(v) for k, v in (env or {}).items()},
        }
        (folder / "kernel.json").write_text(json.dumps(spec))
        return name

    def derive_kernel(self, name, env):
        """Install a copy of kernelspec `name` with more environment variables; return its name."""
        spec = json.loads((self.base / f"data/kernels/{name}/kernel.json").read_text())
        merged = spec["env"] | {key: str(value) for key, value in env.items()}
        digest = hashlib.sha256(json.dumps(merged, sort_keys=True).encode()).hexdigest()[:8]
        folder = self._folder(f"data/kernels/{name}-{digest}")
        spec |= {"env": merged, "display_name": folder.name}
        (folder / "kernel.json").write_text(json.dumps(spec))
        return folder.name


def ipykernel_6():
    """Return a folder with ipykernel 6, fetched once into the checkout's ignored `.cache`."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = REPO / ".cache" / f"k6-{K6_VERSION}-py{python}"
    if folder.exists():
        return folder
    folder.parent.mkdir(exist_ok=True)
    wanted = [f"ipykernel=={K6_VERSION}", "nest-asyncio==1.6.0"]
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        target = Path(scratch) / "k6"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        done = subprocess.run(
            [*command, "--target", target, *wanted],
            env=MACHINE_ENV,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise Unavailable(f"pip could not fetch {' and '.join(wanted)}: {done.stderr[-600:]}")
        with contextlib.suppress(OSError):  # another run may have been faster
            target.rename(folder)
    return folder


def find_chromium():
    """Return the path of a Chromium or Chrome that plays H.264 and AAC."""
    named = MACHINE_ENV.get("CHROMIUM")
    for name in [named] if named else ["chromium", "chromium-browser", "google-chrome"]:
        found = shutil.which(name)
        if found:
            return found
    raise Unavailable(
        "no Chromium: install the apt package `chromium` (or google-chrome), or name its "
        "path in CHROMIUM; the Chromium that Playwright downloads can't play H.264"
    )


def safe_name(text):
    """Return `text` as a short file name."""
    return re.sub(r"\W+", "-", text).strip("-")[:80]
