"""The one error tree. Every message says what was wrong and what to do next.

::

    WanError
    ├── InputError        bad input, found before anything is sent (also a ValueError)
    ├── SettingsError     no usable endpoint, key or folder
    ├── BudgetExceeded    the clip would cost more than was allowed; nothing was sent
    ├── LedgerError       the ledger of jobs can't be read or written
    ├── ApiError          the API refused a call: status, code, message, request id
    ├── ConnectionFailed  no usable answer came (also a ConnectionError)
    ├── JobFailed         the task ended without a video
    ├── JobCancelled      the job was cancelled
    ├── JobTimeout        we stopped watching; the task may still finish (also a TimeoutError)
    └── DownloadError     the video was made, but could not be saved yet

In a notebook they are shown without a traceback, and the cell still fails.
"""

from __future__ import annotations

from typing import Any


class WanError(Exception):
    r"""Base of all errors of this package.

    Parameters
    ----------
    message : str
        What was wrong, with which value.
    hint : str, default ""
        What to do next.

    Examples
    --------
    >>> str(WanError("no image was given", hint="add --image cat.png"))
    'no image was given\n→ add --image cat.png'
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n→ {self.hint}" if self.hint else self.message

    def _render_traceback_(self, *_: Any) -> list[str]:
        """Tell IPython to show the message alone; the cell fails all the same."""
        return [f"{type(self).__name__}: {self}"]


class InputError(WanError, ValueError):
    """Bad input, found before anything was sent or paid."""


class SettingsError(WanError):
    """No usable endpoint, key or folder."""


class BudgetExceeded(WanError):
    """The clip would cost more than a limit allows, or nobody knows whether it would."""


class LedgerError(WanError):
    """The ledger of jobs can't be read or written."""


class _ServerError(WanError):
    """Shared by the errors that carry what the server said."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        request_id: str = "",
        task_id: str = "",
        status: int = 0,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.request_id = request_id
        self.task_id = task_id
        self.status = status

    def __str__(self) -> str:
        ids = [f"task {self.task_id}"] if self.task_id else []
        ids += [f"request {self.request_id}"] if self.request_id else []
        head = f"{self.message} ({', '.join(ids)})" if ids else self.message
        return f"{head}\n→ {self.hint}" if self.hint else head


class ApiError(_ServerError):
    """The API refused a call.

    Attributes
    ----------
    status : int
        HTTP status.
    code, message, request_id : str
        As the API sent them.
    retry_after : float or None
        Seconds that the server asked to wait.
    """

    retry_after: float | None = None


class ConnectionFailed(WanError, ConnectionError):
    """No usable answer came from the endpoint.

    Attributes
    ----------
    maybe_accepted : bool
        True when the request may have reached the server, so that sending it
        again could be paid twice.
    transient : bool
        True when the network was the reason, which may be better in a moment.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        maybe_accepted: bool = False,
        transient: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.maybe_accepted = maybe_accepted
        self.transient = transient


class JobFailed(_ServerError):
    """The task ended without a video. Failed tasks are not billed."""


class JobCancelled(WanError):
    """The job was cancelled before it ran."""


class JobTimeout(_ServerError, TimeoutError):
    """We stopped watching. The task may still finish, and is billed if it does."""


class DownloadError(_ServerError):
    """The video was made, but could not be saved yet; the task id still leads to it."""
