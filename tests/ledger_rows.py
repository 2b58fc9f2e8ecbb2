"""Jobs for tests of the history: as entries, and in a ledger filled by hand."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import wan_magic
from wan_magic.jobs.entry import Entry
from wan_magic.jobs.open_ledgers import ledger_at
from wan_magic.settings import from_environment

NOW = 1_780_000_000.0
"""A fixed time, in seconds since 1970."""


def entry(name="a", **values):
    """A job that is done and billed, unless it is said otherwise."""
    plain = {
        "id": f"{name}0000000000",
        "created": NOW,
        "state": "done",
        "open": False,
        "made": NOW,
        "model": "wan2.5-i2v-preview",
        "tier": "480P",
        "seconds": 5.0,
        "prompt": f"prompt {name}",
        "notebook": "/home/anna/shots.ipynb",
        "endpoint": "beijing",
        "base_url": "https://dashscope.aliyuncs.com/api/v1",
        "account": "d1ge57" * 8,
        "task_id": f"task-{name}",
        "currency": "CNY",
        "estimate": Decimal("1.5"),
        "cost": Decimal("1.5"),
    }
    return Entry(**plain | values)


def home_ledger():
    """The ledger of this test's home."""
    return ledger_at(from_environment().home)


def write(name="a", **values):
    """Write such a job into the home's ledger, with no living owner; its entry."""
    made = entry(name, **{"created": time.time() - 60, "made": time.time() - 30} | values)
    row = {
        "id": made.id,
        "state": made.state,
        "open": int(made.open),
        "request": json.dumps({"model": made.model, "prompt": made.prompt} | dict(made.request)),
        "preview": int(made.is_preview),
    }
    for column in (
        *("created", "sent", "accepted", "made", "ended", "owner", "account", "endpoint"),
        *("base_url", "workspace", "model", "tier", "seconds", "prompt", "notebook", "folder"),
        *("task_id", "currency", "path", "bytes", "error", "hint", "code"),
    ):
        row[column] = getattr(made, column)
    for column in ("estimate", "cost"):
        amount = getattr(made, column)
        row[column] = None if amount is None else str(amount)
    ledger = home_ledger()
    with ledger.transaction() as connection:
        ledger.add(connection, {k: v for k, v in row.items() if k not in ("created", "owner")})
        ledger.change_in(connection, made.id, {"created": made.created, "owner": made.owner})
    return ledger.entry(made.id)


def preview(picture, **options):
    """A small preview of the embedded server, made and saved; its job."""
    job = wan_magic.submit(
        "A cat <runs> & jumps",
        image=picture,
        model="wanx2.1-i2v-turbo",
        resolution="480P",
        duration=3,
        **{"endpoint": "local"} | options,
    )
    job.result(timeout=60)
    return job
