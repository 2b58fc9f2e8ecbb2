"""What a kernel of the kill test runs: its life, and the point of it at which it dies.

It dies by SIGKILL, of its own hand, right before or after a function is called for the nth time:
nothing runs after that, as when the system kills it, and the point is hit exactly.
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import signal
import sys
import time
from functools import wraps
from typing import Any

POINTS = {
    "before the call": ("ledger:Ledger.add", "recorder:LedgerRecord.sending"),
    "in the call": ("wan.client:WanClient.create",),
    "watching": ("wan.client:WanClient.query",),
    "downloading": ("fetch:_Download.on_bytes",),
    "naming": (
        "fetch:tag",
        "fetch:digest",
        "fetch:write_sidecar",
        "recorder:LedgerRecord.keeping",
        "/os:link",
        "/pathlib:Path.unlink",
        "keep:_sync_folder",
        "recorder:LedgerRecord.ended",
    ),
    "writing it down": ("ledger:Ledger.change_in", "ledger:Ledger.change"),
    "taking over": ("ledger:Ledger.take_over", "wan.client:WanClient.list_tasks"),
}
"""Where a kernel may die, by the phase of the job: a module and what to wrap in it."""
WITHOUT_LINKS = {"/os:link": "/pathlib:Path.touch", "/pathlib:Path.unlink": "/pathlib:Path.replace"}
"""Other points where the disk knows no hard links."""
MOST = {"fetch:_Download.on_bytes": 70, "ledger:Ledger.change_in": 6, "ledger:Ledger.change": 6}
"""How often these are called in a life, about; the others once or twice."""

WAIT = 100.0
"""Seconds for one job, on a machine that has much else to do."""
SAYS = "said: "


def prepare(plan: dict[str, Any]) -> None:
    """Make this process one of the test, which dies where the plan says."""
    quicken()
    if plan.get("no_links"):
        without_links()
    if death := plan.get("death"):
        die_at(**death)


def quicken() -> None:
    """Shorten what would be minutes, in the processes of the test alone.

    A lost answer is settled 90 s after the call, since the call may take 60; here nobody holds
    a call up, and it is settled after 3. Tasks, which last a blink here, are looked at often.
    And the line is a slow one, so that a download lasts long enough to die in it by chance.
    """
    _set("settle:_SURE_AFTER", 3.0)
    _set("settle:_EVERY", 0.2)
    _set("follow:_EVERY", 0.2)
    _set("pace:Pace.next", lambda self, *args, **kwargs: 0.2)
    on_bytes = _get("fetch:_Download.on_bytes")

    def slow(self, done, total):
        time.sleep(0.003)
        on_bytes(self, done, total)

    _set("fetch:_Download.on_bytes", slow)


def without_links() -> None:
    """Let the disk be one that knows no hard links, such as a mounted drive."""

    def link(*args):
        raise OSError(errno.EPERM, "no hard links here")

    os.link = link


def die_at(where: str, moment: str, nth: int) -> None:
    """Die before or after a function is called for the nth time."""
    real, calls = _get(where), 0

    @wraps(real)
    def mortal(*args, **kwargs):
        nonlocal calls
        calls += 1
        last = calls == nth
        if last and moment == "before":
            die()
        value = real(*args, **kwargs)
        if last:
            die()
        return value

    _set(where, mortal)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(WAIT)  # the signal comes at once, but perhaps to another thread first


def _home(where: str) -> tuple[Any, str]:
    module, _, path = where.partition(":")
    if module.startswith("/"):
        owner = importlib.import_module(module[1:])
    else:
        module = module if "." in module else f"jobs.{module}"
        owner = importlib.import_module(f"wan_magic.{module}")
    *names, last = path.split(".")
    for name in names:
        owner = getattr(owner, name)
    return owner, last


def _get(where: str) -> Any:
    owner, name = _home(where)
    return getattr(owner, name)


def _set(where: str, value: Any) -> None:
    _get(where)  # what is not there any more must be noticed
    owner, name = _home(where)
    setattr(owner, name, value)


# -- what it does --------------------------------------------------------------------------


def run(prompt: str) -> str:
    """Run the cell, the first time or again; return why there is no clip."""
    import wan_magic

    return end(wan_magic.submit(prompt, resolution="480P"))


def resume(prompt: str = "") -> str:
    """Go on with everything that was left; jobs that end without a clip have said why."""
    import wan_magic

    return "\n".join(filter(None, [end(job) for job in wan_magic.resume()]))


def finish(prompt: str) -> str:
    """Go on, and run the cell again, until there is a clip."""
    said = []
    for _ in range(4):
        said += filter(None, [resume()])
        why = run(prompt)
        if not why:
            return "\n".join(said)
        said.append(why)
    return "\n".join([*said, "no clip"])


def end(job: Any) -> str:
    """Wait for a job; return why there is no clip."""
    from wan_magic.errors import WanError

    try:
        job.result(WAIT)
    except WanError as exc:
        return f"{type(exc).__name__}: {exc.message}"
    return ""


def main() -> None:
    plan = json.loads(sys.argv[1])
    prepare(plan)
    say("ready")
    for deed in plan["do"]:
        said = {"run": run, "resume": resume, "finish": finish}[deed](plan["prompt"])
        for line in said.splitlines():
            say(SAYS + line)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
