"""The record of a job whose failure would say nothing of it: only its clip is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.errors import WanError
from wan_magic.jobs.recorder import LedgerRecord
from wan_magic.wan.account import account_of

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.ledger import Ledger
    from wan_magic.wan.endpoints import Endpoint


class Attempt(LedgerRecord):
    """Fetches a clip with another key or endpoint, or one that was there once.

    A refusal then may be about the key, the endpoint or the day, and the job stays as it was.

    Parameters
    ----------
    ledger : Ledger
        Where the job has its row, and is ours for now.
    entry : Entry
        The job as it was before.
    endpoint : Endpoint
        Where it is asked for now.
    """

    def __init__(self, ledger: Ledger, entry: Entry, endpoint: Endpoint) -> None:
        super().__init__(ledger)
        self._before = {
            "state": entry.state,
            "open": int(entry.open),
            "lost": int(entry.lost),
            "ended": entry.ended,
            "error": entry.error,
            "hint": entry.hint,
            "code": entry.code,
            "owner": "",
        }
        self._found_at = {
            "account": account_of(endpoint),
            "endpoint": endpoint.name,
            "base_url": endpoint.base_url,
            "workspace": endpoint.workspace,
        }

    def changed(self, job: Job, changes: dict[str, Any]) -> None:
        """Write nothing: it may come to nothing."""

    def ended(self, job: Job, outcome: Clip | WanError) -> None:
        """Write the clip and where it was found; else put everything back."""
        if isinstance(outcome, WanError):
            self._write(job, self._before, "left as it was", outcome.message)
            return
        self._write(job, self._found_at)
        super().ended(job, outcome)
