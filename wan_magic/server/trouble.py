"""Faults on purpose: what the real service does on a bad day, to rehearse and to test it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from wan_magic.errors import SettingsError
from wan_magic.server.faults import Fault, by_code


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What a server does wrong; nothing by default.

    Parameters
    ----------
    submit : str, default ""
        Error code that every create is refused with, such as ``"Arrearage"``.
    task : str, default ""
        Error code that every task ends with, such as ``"DataInspectionFailed"``.
    throttle : int, default 0
        How many creates are refused with HTTP 429 before one is let in.
    throttle_queries : int, default 0
        The same for queries, lists and cancels.
    download_delay : float, default 0
        Seconds before a finished video begins to arrive.
    expired_links : bool, default False
        Links to videos have expired when they are given out.
    truncated : bool, default False
        Downloads break off in the middle.
    silent_failure : bool, default False
        Every task ends as FAILED without a code or a message.
    never_ending : bool, default False
        Tasks stay RUNNING.

    Examples
    --------
    >>> Faults.read(["throttle=2", "truncated"])
    Faults(throttle=2, truncated=True)
    """

    submit: str = ""
    task: str = ""
    throttle: int = 0
    throttle_queries: int = 0
    download_delay: float = 0.0
    expired_links: bool = False
    truncated: bool = False
    silent_failure: bool = False
    never_ending: bool = False

    def __repr__(self) -> str:
        set_ = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if self._is_set(f.name))
        return f"Faults({', '.join(set_)})"

    def _is_set(self, name: str) -> bool:
        return bool(getattr(self, name))

    @classmethod
    def read(cls, texts: list[str]) -> Faults:
        """Return the faults of ``NAME`` or ``NAME=VALUE`` texts, as on a command line.

        Raises
        ------
        SettingsError
            For a name or a value that does not exist.
        """
        known = {field.name: type(getattr(cls(), field.name)) for field in fields(cls)}
        chosen: dict[str, Any] = {}
        for text in texts:
            name, given, value = text.partition("=")
            name = name.replace("-", "_")
            if name not in known:
                names = ", ".join(n.replace("_", "-") for n in known)
                raise SettingsError(f"there is no fault {name!r}", hint=f"one of {names}")
            kind = known[name]
            try:
                if kind is bool and given:
                    raise ValueError
                if kind is not bool and not value:
                    raise ValueError
                chosen[name] = True if kind is bool else kind(value)
            except ValueError:
                wanted = {bool: "no value", str: "an error code"}.get(kind, "a number")
                raise SettingsError(f"the fault {name} takes {wanted}") from None
        return cls(**chosen)

    @property
    def at_submit(self) -> Fault | None:
        """What every create is refused with."""
        return by_code(self.submit) if self.submit else None

    @property
    def in_task(self) -> Fault | None:
        """What every task ends with."""
        if self.silent_failure:
            return Fault("", "")
        return by_code(self.task) if self.task else None
