"""The config file: endpoints by name, and defaults. It never holds a key.

::

    endpoint = "bltcy"                    # as --endpoint
    out = "~/videos"                      # as --out
    workspace = "ws-1234"                 # of the regions' own hosts
    max_cost = "2 CNY"                    # of one clip; ["2 CNY", "0.3 USD"] for both currencies
    max_total = "20 CNY"                  # of all that are asked for at once
    ledger = false                        # do not write down what was asked for
    model = "2.7"                         # and what `wan_magic.preferences` lists

    [presets.draft]                       # as --preset draft
    model = "2.2-flash"
    resolution = "480P"

    [budget]                              # what all clips together may cost
    notebook = "20 CNY"
    day = ["50 CNY", "7 USD"]
    month = "500 CNY"

    [endpoints.bltcy]
    base = "https://api.bltcy.ai/qwen/api/v1"
    create = "/services/aigc/video-generation/video-synthesis"    # path of the create call
    query = "/tasks/{task_id}"                                    # path of the query
    uploads = "https://dashscope.aliyuncs.com/api/v1"             # base of the upload call
    key_env = "BLTCY_API_KEY"             # the environment variable that holds its key
    region = "beijing"                    # whose price list holds
    status = { completed = "SUCCEEDED", in_progress = "RUNNING" }
    submit_rps = 2                        # how many requests a second it takes,
    query_rps = 10                        # how many queries,
    concurrent = 3                        # and how many tasks at once
    currency = "USD"                      # in which it bills

    [endpoints.bltcy.prices]              # of one second, where they are not the price list's
    "wan2.5-i2v-preview" = 0.05
    "wan2.6-i2v" = { "720P" = 0.08, "1080P" = 0.12 }

    [endpoints.singapore]                 # a region: what differs from the table of regions
    workspace = "ws-5678"

Every line is optional but a gateway's ``base``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.errors import SettingsError
from wan_magic.preferences import BY_NAME, PERIODS, PREFERENCES
from wan_magic.settings import config_values as read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_magic.settings.config_values import Price

KEY_VARIABLE = "DASHSCOPE_API_KEY"
STATUSES = ("PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED", "UNKNOWN")
"""What the API itself says of a task (task-management page, 2026)."""

_TABLES = ("budget", "endpoints", "presets")
_TEXTS = ("base", "create", "query", "uploads", "key_env", "workspace", "region")
_TABLE = (*_TEXTS, "status", "submit_rps", "query_rps", "concurrent", "currency", "prices")
_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True)
class EndpointTable:
    """One ``[endpoints.NAME]`` of the config file.

    Attributes
    ----------
    base : str
        URL up to ``/api/v1``; empty for a region, which has its own.
    create, query : str
        Paths that differ from the API's own; the query's holds ``{task_id}``.
    uploads : str
        Base URL of the upload call, where it is another.
    key_env : str
        Name of the environment variable with the key.
    key : str or None
        What that variable held when the file was read; never shown.
    workspace : str
        Workspace id.
    region : str
        Whose price list holds.
    status : dict
        The gateway's names of the task's states, in lower case, and the API's.
    submit_rps, query_rps : float or None
        Requests and queries a second that it takes, where that is not the model table's.
    concurrent : int or None
        Tasks that it runs at once, the same.
    currency : str
        In which it bills; empty for that of its region.
    prices : dict
        Of one second, by model; or by model and resolution (or mode).
    """

    base: str = ""
    create: str = ""
    query: str = ""
    uploads: str = ""
    key_env: str = KEY_VARIABLE
    key: str | None = field(default=None, repr=False)
    workspace: str = ""
    region: str = ""
    status: Mapping[str, str] = field(default_factory=dict)
    submit_rps: float | None = None
    query_rps: float | None = None
    concurrent: int | None = None
    currency: str = ""
    prices: Mapping[str, Price] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """What a config file says; all empty where there is none.

    Attributes
    ----------
    values : dict of str to object
        Defaults, by the names of `wan_magic.preferences`.
    endpoints : dict of str to EndpointTable
        By name; of the user's own file only.
    presets : dict of str to dict
        Defaults that are asked for by name.
    path : Path or None
        The file.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    endpoints: Mapping[str, EndpointTable] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    path: Path | None = None


def config_path(environ: Mapping[str, str]) -> Path:
    """Return where the config file is looked for: ``WAN_MAGIC_CONFIG``, else the user's folder.

    Raises
    ------
    SettingsError
        If that variable holds no full path.
    """
    named = environ.get("WAN_MAGIC_CONFIG", "").strip()
    if named:
        try:
            path = Path(named).expanduser()
        except RuntimeError:  # no such home
            return Path(named)
        return full_path("WAN_MAGIC_CONFIG", path)
    from platformdirs import user_config_path

    return user_config_path("wan-magic", appauthor=False) / "config.toml"


def full_path(variable: str, path: Path) -> Path:
    """Return the path that a variable holds, if it is the same one from every folder.

    Raises
    ------
    SettingsError
        If it is relative: with another working directory the jobs of another ledger would show.
    """
    if path.is_absolute():
        return path
    raise SettingsError(
        f"{variable} = {str(path)!r} is not a full path: it would be another one from each folder",
        hint=f"write {str(path.absolute())!r}",
    )


def read_config(environ: Mapping[str, str]) -> Config:
    """Read the config file, if there is one.

    Parameters
    ----------
    environ : mapping
        Names the file, and holds the keys that it names.

    Raises
    ------
    SettingsError
        If a named file is missing, or anything in it is not as it must be.
    """
    path = config_path(environ)
    problem = None
    try:
        return _read(path, environ)
    except SettingsError as exc:
        problem = exc.with_traceback(None)
    # Not from within: the frames below hold the file's text, where a key may stand by mistake.
    problem.__cause__ = problem.__context__ = None
    raise problem


def _read(path: Path, environ: Mapping[str, str]) -> Config:
    import tomllib

    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES)
        data = tomllib.loads(raw.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not a UTF-8 text", hint="save it as UTF-8") from None
    except tomllib.TOMLDecodeError as exc:
        where = f"{path}: {exc}"
        raise SettingsError(where, hint="write TOML there; texts stand in quotes") from None
    except (OSError, ValueError) as exc:
        if not environ.get("WAN_MAGIC_CONFIG", "").strip() and not path.is_file():
            return Config()
        reason = getattr(exc, "strerror", None) or type(exc).__name__
        raise SettingsError(
            f"the config file {path} cannot be read: {reason}",
            hint="name another with WAN_MAGIC_CONFIG, or unset that variable",
        ) from None
    try:
        return replace(_config(data, environ), path=path)
    except SettingsError as exc:
        raise SettingsError(f"{path}: {exc.message}", hint=exc.hint) from None


def _config(data: dict[str, Any], environ: Mapping[str, str]) -> Config:
    read.check_no_secret(data)
    tables, budget = data.get("endpoints", {}), data.get("budget", {})
    for name, table, hint in (
        ("endpoints", tables, "write [endpoints.NAME]"),
        ("budget", budget, 'write [budget], then day = "50 CNY"'),
    ):
        if not isinstance(table, dict):
            raise SettingsError(f"{name} is not a table", hint=hint)
    read.check_names("budget", budget, PERIODS)
    plain = {name: value for name, value in data.items() if name not in _TABLES}
    names = tuple(one.name for one in PREFERENCES if not one.name.startswith("budget_"))
    read.check_names("", plain, (*names, *_TABLES))
    values = read_values("", plain)
    for period, value in budget.items():
        values[f"budget_{period}"] = BY_NAME[f"budget_{period}"].read(
            value, f"budget.{period}", typed=True
        )
    return Config(
        values=values,
        endpoints={name: _endpoint(name, table, environ) for name, table in tables.items()},
        presets=read_presets(data.get("presets", {})),
    )


def read_values(where: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the preferences of a table, whose names are known to be some."""
    return {
        name: BY_NAME[name].read(value, read.place(where, name), typed=True)
        for name, value in table.items()
    }


def read_presets(tables: Any) -> dict[str, dict[str, Any]]:
    """Return the presets of a file.

    Raises
    ------
    SettingsError
        If one of them is no table, or holds what no preset can.
    """
    if not isinstance(tables, dict):
        raise SettingsError("presets is not a table", hint="write [presets.draft]")
    names = tuple(one.name for one in PREFERENCES if one.in_preset)
    found = {}
    for name, table in tables.items():
        where = f"presets.{name}"
        if not re.fullmatch(r"\w[\w-]*", name):
            raise SettingsError(f"{where} is no name for a preset", hint="letters and digits")
        if not isinstance(table, dict):
            raise SettingsError(f"{where} is not a table", hint=f"write [{where}] above its lines")
        read.check_names(where, table, names)
        found[name] = read_values(where, table)
    return found


def _endpoint(name: str, table: Any, environ: Mapping[str, str]) -> EndpointTable:
    where = f"endpoints.{name}"
    if not re.fullmatch(r"[\w-][\w.-]*", name) or name == "local":
        raise SettingsError(
            f"{where} is no name for an endpoint",
            hint="letters, digits and dashes; local is the preview server",
        )
    if not isinstance(table, dict):
        raise SettingsError(f"{where} is not a table", hint=f"write [{where}] above its lines")
    read.check_names(where, table, _TABLE)
    values = {key: read.text(where, table, key) or "" for key in _TEXTS}
    if values["create"] and not re.fullmatch(r"/[!-~]*", values["create"]):
        raise SettingsError(f"{where}.create is no path", hint='such as "/services/…"')
    query = values["query"]
    if query and not (re.fullmatch(r"/[!-~]*", query) and query.count("{task_id}") == 1):
        raise SettingsError(
            f"{where}.query is no path with a place for the id", hint='such as "/tasks/{task_id}"'
        )
    variable = values["key_env"] or KEY_VARIABLE
    if not re.fullmatch(r"[A-Za-z_]\w*", variable):
        raise SettingsError(
            f"{where}.key_env is not the name of an environment variable",
            hint=f'such as "{KEY_VARIABLE}"; the key itself stays out of this file',
        )
    values["key_env"] = variable
    key = environ.get(variable, "").strip() or None
    return EndpointTable(
        **values,
        key=key,
        status=_status(where, table),
        submit_rps=read.rate(where, table, "submit_rps"),
        query_rps=read.rate(where, table, "query_rps"),
        concurrent=read.count(where, table, "concurrent"),
        currency=read.currency(where, table),
        prices=read.prices(where, table),
    )


def _status(where: str, table: dict[str, Any]) -> dict[str, str]:
    status = table.get("status", {})
    if not isinstance(status, dict):
        raise SettingsError(
            f"{where}.status is not a table", hint='such as { completed = "SUCCEEDED" }'
        )
    for theirs, ours in status.items():
        if ours not in STATUSES:
            guess = read.nearest(str(ours).upper(), STATUSES)
            raise SettingsError(
                f"{where}.status.{theirs} = {ours!r} is no state of the API",
                hint=f"{guess} ({', '.join(STATUSES)})".lstrip(),
            )
    return {theirs.lower(): ours for theirs, ours in status.items()}
