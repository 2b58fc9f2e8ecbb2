"""Where a job goes: its endpoint, its folder, its ledger."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

from wan_magic.errors import LedgerError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.jobs.ledger import Ledger
    from wan_magic.settings import Settings
    from wan_magic.wan.endpoints import Endpoint


def resolve(settings: Settings) -> Endpoint:
    """Return the endpoint to use, starting the embedded preview server if it is the one."""
    from wan_magic.wan.endpoints import LOCAL, Endpoint, choose

    chosen = choose(settings)
    if chosen is not None:
        return chosen
    from wan_magic.server import embedded

    server = embedded()
    return Endpoint(LOCAL, server.base_url, server.token or "")


def writable(settings: Settings) -> Path:
    """Return the folder for clips, made and tried."""
    from wan_magic.output.place import default_out

    # Absolute: the working directory may be another one when the clip arrives.
    folder = (settings.out or default_out()).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".wan-"):
            pass
    except OSError as exc:
        raise SettingsError(
            f"cannot write to the folder {folder}: {exc.strerror or exc}",
            hint="name another one with --out; nothing was sent",
        ) from exc
    return folder


def ledger_at_home(settings: Settings) -> Ledger:
    """Return the user's ledger."""
    from wan_magic.jobs.open_ledgers import ledger_at

    return ledger_at(settings.home)


def ledger_for(settings: Settings, endpoint: Endpoint) -> Ledger | None:
    """Return the ledger for jobs of an endpoint; None where the user wants none.

    Raises
    ------
    LedgerError
        If it can't be written and the jobs are paid: nobody would remember them. A preview,
        which costs nothing, goes on without.
    """
    if not settings.ledger:
        return None
    ledger = ledger_at_home(settings)
    try:
        ledger.check()
    except LedgerError:
        if endpoint.is_local:
            return None
        raise
    return ledger
