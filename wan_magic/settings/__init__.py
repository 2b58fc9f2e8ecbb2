"""Endpoint, key, folders, limits, and what cells share.

Order of strength: magic option > preset > %config > environment > project > config file > default.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from wan_magic import texts
from wan_magic.errors import SettingsError
from wan_magic.preferences import BY_NAME, CAPS, PERIODS, PREFERENCES
from wan_magic.preferences import shown as shown
from wan_magic.settings.config import KEY_VARIABLE, EndpointTable, full_path, read_config
from wan_magic.settings.config_values import nearest
from wan_magic.settings.money import lower
from wan_magic.settings.project import read_project
from wan_magic.settings.run import RUN_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_magic.output.look import Look
    from wan_magic.settings.money import Limits
    from wan_magic.settings.run import RunOptions

DEFAULT_TIMEOUT = 3 * 3600
"""Seconds that a task is watched: the service itself gives up after three hours."""

WISHES = tuple(one for one in PREFERENCES if one.is_wish)
_FIELDS = ("endpoint", "workspace", "out", "timeout", *CAPS)
"""What has a field of its own in `Settings`, and may be given to `override`."""

_LOOK = ("embed", "embed_limit", "player_width", "loop")

KEY_FILE = "~/.dashscope/api_key"
"""Where the official SDK has its key."""


@dataclass(frozen=True)
class Settings:
    """What is set for one job.

    Attributes
    ----------
    endpoint : str or None
        ``"local"``, a region, a name of the config file, or a base URL; None leaves the
        choice to the key.
    api_key : str or None
        Of the environment or the key file; `wan_magic.settings.keys` knows of others. Never shown.
    key_source : str
        Where `api_key` is from, if there is one: a variable or a file.
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
    max_total : tuple of Money
        What clips that are asked for at once may cost together; empty for no limit.
    budgets : dict of str to tuple of Money
        What all clips of a notebook, a day, a month may cost; empty for no limit.
    data_home : Path or None
        Folder for what is remembered; None means the user's data folder. See `home`.
    ledger : bool
        Whether jobs are written down.
    provenance : bool
        Whether how a clip was made is written into its file and beside it.
    values : dict of str to object
        All that was set, by the names of `wan_magic.preferences`.
    sources : dict of str to str
        Where each of them is from, in words.
    presets : dict of str to (dict, str)
        Values that are asked for by name, and where they are from.

    Raises
    ------
    SettingsError
        If the timeout is not a number of seconds.
    """

    endpoint: str | None = None
    api_key: str | None = field(default=None, repr=False)
    key_source: str = field(default=KEY_VARIABLE, repr=False, compare=False)
    out: Path | None = None
    timeout: float = DEFAULT_TIMEOUT
    workspace: str | None = None
    config_workspace: str | None = None
    endpoints: Mapping[str, EndpointTable] = field(default_factory=dict)
    max_cost: Limits = ()
    max_total: Limits = ()
    budgets: Mapping[str, Limits] = field(default_factory=dict)
    data_home: Path | None = None
    ledger: bool = True
    provenance: bool = True
    values: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
    presets: Mapping[str, tuple[Mapping[str, Any], str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        is_number = isinstance(self.timeout, int | float) and not isinstance(self.timeout, bool)
        if not is_number or not 0 < self.timeout < math.inf:
            raise SettingsError(
                f"the timeout must be more than 0 seconds, not {self.timeout!r:.40}",
                hint="give the seconds to watch a task, such as 600",
            )

    @property
    def home(self) -> Path:
        """The folder for what is remembered; it need not exist yet."""
        if self.data_home:
            return self.data_home.absolute()
        from platformdirs import user_data_path

        return user_data_path("wan-magic", appauthor=False)

    def override(self, **given: Unpack[RunOptions]) -> Settings:
        """Return a copy with the values that were given; None, and an empty text, are not.

        A limit of ``"off"`` is none; with `over_budget` there are no budgets. The values of a
        `preset` are weaker than the others.

        Raises
        ------
        SettingsError
            If a value is none, or there is no such preset.
        """
        if unknown := given.keys() - set(RUN_OPTIONS):
            raise TypeError(f"there is no setting {', '.join(sorted(unknown))}")
        said: dict[str, Any] = {name: one for name, one in given.items() if one not in (None, "")}
        base = self.with_preset(said["preset"]) if "preset" in said else self
        checked = said.keys() & {*CAPS, *_LOOK}
        read = {name: BY_NAME[name].read(said[name], name) for name in checked}
        return replace(
            base,
            endpoint=said.get("endpoint", base.endpoint),
            out=_folder(said["out"]) if "out" in said else base.out,
            timeout=said.get("timeout", base.timeout),
            workspace=said.get("workspace", base.workspace),
            max_cost=read.pop("max_cost", base.max_cost),
            max_total=read.pop("max_total", base.max_total),
            budgets={} if said.get("over_budget") else base.budgets,
            values={**base.values, **read},
        )

    @property
    def notify(self) -> bool:
        """Whether the browser tells of the end of a job."""
        return bool(self.values.get("notify", BY_NAME["notify"].standard))

    @property
    def look(self) -> Look:
        """How players are saved and shown."""
        from wan_magic.output.look import MB, Look

        said = {name: self.values.get(name, BY_NAME[name].standard) for name in _LOOK}
        return Look(
            embed=said["embed"],
            embed_limit=said["embed_limit"] * MB,
            width=said["player_width"],
            loop=said["loop"],
        )

    @property
    def wishes(self) -> dict[str, Any]:
        """The values of a request that hold where the cell says nothing else."""
        return {one.name: self.values[one.name] for one in WISHES if one.name in self.values}

    def with_values(
        self, values: Mapping[str, Any], source: str, *, in_file: bool = False
    ) -> Settings:
        """Return a copy with values of `preferences`, which come before what is set.

        Parameters
        ----------
        values : mapping
            As `Preference.read` returns them; a None leaves a value alone.
        source : str
            Where they are from, in words.
        in_file : bool, default False
            Whether a workspace is weaker than that of an endpoint's table.
        """
        given = {name: value for name, value in values.items() if value is not None}
        run: Any = {name: given[name] for name in _FIELDS if name in given}
        workspace = {"config_workspace": run.pop("workspace", self.config_workspace)}
        budgets = {p: given[f"budget_{p}"] for p in PERIODS if f"budget_{p}" in given}
        return replace(
            self.override(**run),
            **(workspace if in_file else {"workspace": given.get("workspace", self.workspace)}),
            budgets={**self.budgets, **budgets},
            ledger=given.get("ledger", self.ledger),
            provenance=given.get("provenance", self.provenance),
            values={**self.values, **given},
            sources={**self.sources, **dict.fromkeys(given, source)},
        )

    def with_preset(self, name: str) -> Settings:
        """Return a copy with the values of a preset; see `preset`."""
        values, source = self.preset(name)
        return self.with_values(values, f"preset {name} ({source})")

    def preset(self, name: str) -> tuple[Mapping[str, Any], str]:
        """Return the values of a preset, and where they are from.

        Raises
        ------
        SettingsError
            If there is none of this name.
        """
        if name not in self.presets:
            known = ", ".join(self.presets)
            raise SettingsError(
                f"there is no preset {shown(name)}",
                hint=nearest(name, self.presets)
                or (f"presets: {known}" if known else "write [presets.NAME] into the config file"),
            )
        return self.presets[name]


class _Variables(dict[str, str]):
    """An environment that some tracebacks, which show all variables, do not show."""

    def __repr__(self) -> str:
        return f"<{len(self)} environment variables>"


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the config file, the project's and the environment, the strongest last.

    The variables are ``DASHSCOPE_API_KEY``, else the file ``DASHSCOPE_API_KEY_FILE_PATH``, else
    ``~/.dashscope/api_key``, as the official SDK has them; ``WAN_MAGIC_...`` for each row of
    `wan_magic.preferences`; ``DASHSCOPE_HTTP_BASE_URL`` after ``WAN_MAGIC_ENDPOINT``;
    ``WAN_MAGIC_HOME``; and ``WAN_MAGIC_CONFIG``, which names the config file.

    Parameters
    ----------
    environ : mapping, default ``os.environ``
        Read at every call, so that a key set in a running notebook is seen.

    Raises
    ------
    SettingsError
        If a key file is named that holds no key, a folder's home does not exist, a path must be
        a full one, a value is none, or a file is not as it must be.
    """
    env = _Variables(os.environ if environ is None else environ)

    def value(name: str) -> str | None:
        # Pasted values end in a line break easily, and no header may hold one.
        return env.get(name, "").strip() or None

    config = read_config(env)
    project = read_project()
    home = value("WAN_MAGIC_HOME")
    settings = Settings(
        api_key=value(KEY_VARIABLE) or _read_key(value("DASHSCOPE_API_KEY_FILE_PATH")),
        key_source=KEY_VARIABLE
        if value(KEY_VARIABLE)
        else value("DASHSCOPE_API_KEY_FILE_PATH") or KEY_FILE,
        endpoints=config.endpoints,
        data_home=full_path("WAN_MAGIC_HOME", _folder(home)) if home else None,
        presets={
            name: (values, str(one.path))
            for one in (project, config)  # the user's own: another of that name may cost more
            for name, values in one.presets.items()
        },
    )
    for one in (config, project):
        values = dict(one.values)
        for name in CAPS if one is project else ():
            own = getattr(settings, name)
            if name in values and (kept := lower(own, values.pop(name))) != own:
                values[name] = kept
        settings = settings.with_values(values, str(one.path), in_file=True)
    if base := value("DASHSCOPE_HTTP_BASE_URL"):
        settings = settings.with_values({"endpoint": base}, "DASHSCOPE_HTTP_BASE_URL")
    for row in PREFERENCES:
        if said := value(row.variable):
            settings = settings.with_values({row.name: row.read(said, row.variable)}, row.variable)
    texts.configure(settings.values.get("language"))
    return settings


def _read_key(named: str | None) -> str | None:
    try:
        path = Path(named or KEY_FILE).expanduser()
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
