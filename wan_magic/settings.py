"""Endpoint, key, folders, limits: magic option > %config > environment > config file > default."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wan_magic.config import KEY_VARIABLE, EndpointTable, read_config
from wan_magic.errors import SettingsError
from wan_magic.money import AMOUNT_HINT, limits_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from wan_magic.money import Limits, Money

DEFAULT_TIMEOUT = 3 * 3600
"""Seconds that a task is watched: the service itself gives up after three hours."""

_SWITCH = {
    **dict.fromkeys(("on", "true", "yes", "1"), True),
    **dict.fromkeys(("off", "false", "no", "0"), False),
}


@dataclass(frozen=True)
class Settings:
    """What is set for one job.

    Attributes
    ----------
    endpoint : str or None
        ``"local"``, a region, a name of the config file, or a base URL; None leaves the
        choice to the key.
    api_key : str or None
        Never shown.
    out : Path or None
        Folder for clips; None means ``wan_videos`` beside the notebook.
    timeout : float
        Seconds until we stop watching a task; above 0.
    workspace : str or None
        Id of the workspace whose own host a region is asked at.
    config_workspace : str or None
        The same from the top of the config file: weaker than what its tables say.
    endpoints : dict of str to EndpointTable
        What the config file says of endpoints.
    max_cost : tuple of Money
        What one clip may cost, in each currency; empty for no limit.
    budgets : dict of str to tuple of Money
        What all clips of a notebook, a day, a month may cost; empty for no limit.
    data_home : Path or None
        Folder for what is remembered; None means the user's data folder. See `home`.
    ledger : bool
        Whether jobs are written down.

    Raises
    ------
    SettingsError
        If the timeout is not a number of seconds.
    """

    endpoint: str | None = None
    api_key: str | None = field(default=None, repr=False)
    out: Path | None = None
    timeout: float = DEFAULT_TIMEOUT
    workspace: str | None = None
    config_workspace: str | None = None
    endpoints: Mapping[str, EndpointTable] = field(default_factory=dict)
    max_cost: Limits = ()
    budgets: Mapping[str, Limits] = field(default_factory=dict)
    data_home: Path | None = None
    ledger: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.timeout < math.inf:
            raise SettingsError(
                f"the timeout must be more than 0 seconds, not {self.timeout:g}",
                hint="give the seconds to watch a task, such as 600",
            )

    @property
    def home(self) -> Path:
        """The folder for what is remembered; it need not exist yet."""
        if self.data_home:
            return self.data_home.absolute()
        from platformdirs import user_data_path

        return user_data_path("wan-magic", appauthor=False)

    def override(
        self,
        *,
        endpoint: str | None = None,
        out: str | Path | None = None,
        timeout: float | None = None,
        workspace: str | None = None,
        max_cost: str | float | Decimal | Money | Limits | None = None,
        over_budget: bool | None = None,
    ) -> Settings:
        """Return a copy with the values that were given; a None leaves a value alone.

        A `max_cost` of ``"off"`` is no limit; with `over_budget` there are no budgets.
        """
        return replace(
            self,
            endpoint=endpoint or self.endpoint,
            out=_folder(out) if out else self.out,
            timeout=self.timeout if timeout is None else timeout,
            workspace=workspace or self.workspace,
            max_cost=self.max_cost if max_cost in (None, "") else _limits("max_cost", max_cost),
            budgets={} if over_budget else self.budgets,
        )


class _Variables(dict[str, str]):
    """An environment that some tracebacks, which show all variables, do not show."""

    def __repr__(self) -> str:
        return f"<{len(self)} environment variables>"


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment, as the official SDK does where the names are its own; and the file.

    ``DASHSCOPE_API_KEY``, else the file ``DASHSCOPE_API_KEY_FILE_PATH``, else
    ``~/.dashscope/api_key``; ``WAN_MAGIC_ENDPOINT``, else ``DASHSCOPE_HTTP_BASE_URL``;
    ``WAN_MAGIC_OUT``, ``WAN_MAGIC_WORKSPACE``, ``WAN_MAGIC_MAX_COST``, ``WAN_MAGIC_HOME``,
    ``WAN_MAGIC_LEDGER``; and for what these leave open the config
    file, which ``WAN_MAGIC_CONFIG`` may name.

    Parameters
    ----------
    environ : mapping, default ``os.environ``
        Read at every call, so that a key set in a running notebook is seen.

    Raises
    ------
    SettingsError
        If a key file is named that holds no key, a folder's home does not exist, a value is
        none, or the config file is not as it must be.
    """
    env = _Variables(os.environ if environ is None else environ)

    def value(name: str) -> str | None:
        # Pasted values end in a line break easily, and no header may hold one.
        return env.get(name, "").strip() or None

    config = read_config(env)
    out = value("WAN_MAGIC_OUT") or config.out
    max_cost, home = value("WAN_MAGIC_MAX_COST"), value("WAN_MAGIC_HOME")
    return Settings(
        endpoint=value("WAN_MAGIC_ENDPOINT") or value("DASHSCOPE_HTTP_BASE_URL") or config.endpoint,
        api_key=value(KEY_VARIABLE) or _read_key(value("DASHSCOPE_API_KEY_FILE_PATH")),
        out=_folder(out) if out else None,
        workspace=value("WAN_MAGIC_WORKSPACE"),
        config_workspace=config.workspace,
        endpoints=config.endpoints,
        max_cost=_limits("WAN_MAGIC_MAX_COST", max_cost) if max_cost else config.max_cost,
        budgets=config.budgets,
        data_home=_folder(home) if home else None,
        ledger=_switch("WAN_MAGIC_LEDGER", value("WAN_MAGIC_LEDGER"), standard=config.ledger),
    )


def shown(value: str) -> str:
    """Quote a value for a message, unless it looks like a key that is in the wrong place."""
    return "what looks like an API key" if value.startswith(("sk-", "st-")) else repr(value)


def _limits(name: str, value: object) -> Limits:
    try:
        return limits_of(value)
    except ValueError as exc:
        raise SettingsError(f"{name} = {shown(str(value))} {exc}", hint=AMOUNT_HINT) from None


def _switch(name: str, value: str | None, *, standard: bool) -> bool:
    if value is None:
        return standard
    if value.lower() not in _SWITCH:
        raise SettingsError(f"{name} = {shown(value)} is neither on nor off", hint=f"{name}=off")
    return _SWITCH[value.lower()]


def _read_key(named: str | None) -> str | None:
    try:
        path = Path(named or "~/.dashscope/api_key").expanduser()
        key = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, ValueError, RuntimeError):  # no file, not a text, no home
        key = ""
    if named and not key:
        # Whoever names a file means to use its key: a silent preview would surprise them.
        raise SettingsError(
            f"DASHSCOPE_API_KEY_FILE_PATH names {shown(named)}, which holds no readable key",
            hint="put the key into that file, or unset the variable",
        )
    return key or None


def _folder(value: str | Path) -> Path:
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise SettingsError(
            f"the folder {value} is in a home that does not exist", hint="give the full path"
        ) from None
