"""Which endpoint the settings lead to: the preview, a region, a gateway by name, or a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from wan_magic.errors import SettingsError
from wan_magic.settings import keys, shown
from wan_magic.settings.config import KEY_VARIABLE, EndpointTable
from wan_magic.settings.config_values import nearest, nearest_of
from wan_magic.wan.estimate import check_prices
from wan_magic.wan.hosts import (
    REGIONS,
    SHARED,
    checked_url,
    checked_workspace,
    region_of,
    upload_base,
    workspace_url,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_magic.settings import Settings
    from wan_magic.settings.config_values import Price
    from wan_magic.wan.catalog import Region

LOCAL = "local"
QUERY_PATH = "/tasks/{task_id}"


@dataclass(frozen=True)
class Endpoint:
    """One place that serves the API.

    Attributes
    ----------
    name : str
        ``"local"``, a region, a name of the config file, or the host of a gateway.
    base_url : str
        Everything up to ``/api/v1``, without a trailing slash.
    key : str
        Sent as Bearer token to `base_url` and `upload_base` alone; never shown.
    region : str or None
        Whose price list holds; None for a gateway without one.
    upload_base : str
        The same as `base_url` for the upload call; empty where it is no other.
    create_path : str
        Path of the create call; empty where the model's own path holds.
    query_path : str
        With a place for ``{task_id}``.
    status : dict
        A gateway's names of states, in lower case, and the API's.
    workspace : str
        Workspace id, sent along where it is set.
    key_variable : str
        Where the key comes from, for messages: a variable, or words.
    submit_rps, query_rps : float or None
        Requests and queries a second that it takes; None where the model table's hold.
    concurrent : int or None
        Tasks that it runs at once, the same.
    currency : str
        In which it bills; empty for that of its region.
    prices : dict
        Its own, where they are not its region's; see `wan_magic.wan.estimate.PriceList`.
    """

    name: str
    base_url: str
    key: str = field(repr=False)
    region: Region | None = None
    upload_base: str = ""
    create_path: str = ""
    query_path: str = QUERY_PATH
    status: Mapping[str, str] = field(default_factory=dict, hash=False)
    workspace: str = ""
    key_variable: str = KEY_VARIABLE
    submit_rps: float | None = None
    query_rps: float | None = None
    concurrent: int | None = None
    currency: str = ""
    prices: Mapping[str, Price] = field(default_factory=dict, hash=False)

    @property
    def is_local(self) -> bool:
        """Whether it is the embedded preview server, which costs nothing."""
        return self.name == LOCAL


def choose(settings: Settings, key: keys.Key | None = None) -> Endpoint | None:
    """Return the endpoint that the settings ask for, or None for the embedded server.

    Without any endpoint setting: the one that the key at hand is for, the embedded
    preview server when there is none.

    Parameters
    ----------
    settings : Settings
        What the user set.
    key : Key, optional
        To be used instead of the one that `wan_magic.settings.keys` finds.

    Raises
    ------
    SettingsError
        If the name is unknown, a URL is not usable, a key or a workspace id is missing, or
        the config file's tables make no sense.
    """
    # The key gets no bare variable of its own: some tracebacks show them all.
    for name, table in settings.endpoints.items():
        _check_table(name, table)
    wanted = settings.endpoint
    if wanted is None:
        wanted = (keys.STANDARD if key else keys.default_endpoint(settings)) or LOCAL
    if wanted == LOCAL:
        return None
    table = settings.endpoints.get(wanted, EndpointTable())
    if "://" in wanted:
        return _by_url(settings, checked_url(wanted), key)
    if wanted in REGIONS:
        return _by_region(settings, wanted, table, key)
    if table.base:
        return _made(
            settings,
            wanted,
            checked_url(table.base),
            table,
            key,
            region=cast("Region | None", table.region or region_of(table.base)),
            workspace=table.workspace,
        )
    known = [LOCAL, *REGIONS, *(name for name in settings.endpoints if name not in REGIONS)]
    raise SettingsError(
        f"unknown endpoint {shown(wanted)}",
        hint=nearest_of(wanted, known, ", or a URL up to /api/v1"),
    )


def _by_url(settings: Settings, base: str, key: keys.Key | None) -> Endpoint:
    region = region_of(base)
    # Only Alibaba's own shared hosts know workspaces; a workspace's host names its own.
    shared = region is not None and base == SHARED.get(region)
    name = region or urlsplit(base).netloc
    workspace = _workspace(settings, EndpointTable()) if shared else ""
    return _made(settings, name, base, EndpointTable(), key, region=region, workspace=workspace)


def _by_region(
    settings: Settings, region: Region, table: EndpointTable, key: keys.Key | None
) -> Endpoint:
    workspace = _workspace(settings, table)
    if not workspace and region not in SHARED:
        raise SettingsError(
            f"{region} has no shared host: your workspace's own host is asked, and no id is set",
            hint="set WAN_MAGIC_WORKSPACE to the id that the console shows, or give it as"
            f" workspace in [endpoints.{region}] of the config file",
        )
    base = workspace_url(region, workspace) if workspace else SHARED[region]
    return _made(settings, region, base, table, key, region=region, workspace=workspace)


def _workspace(settings: Settings, table: EndpointTable) -> str:
    """Return the workspace id: option, %config or environment; then the config file."""
    found = settings.workspace or table.workspace or settings.config_workspace
    return checked_workspace(found) if found else ""


def _made(
    settings: Settings,
    name: str,
    base: str,
    table: EndpointTable,
    key: keys.Key | None,
    *,
    region: Region | None,
    workspace: str,
) -> Endpoint:
    key = key or keys.find(settings, name, table)
    if key is None:
        own = table.key_env != KEY_VARIABLE
        raise SettingsError(
            f"endpoint {name} needs a key, and none is set"
            + (f" in {table.key_env}" if own else ""),
            hint=f"%wanvideo login asks for it; or set {table.key_env}, or use --endpoint local for"
            " a free preview",
        )
    if not re.fullmatch(r"[!-~]+", key.value):
        # Checked here, since the HTTP library would quote the whole key in its refusal.
        raise SettingsError(
            "the API key holds a blank or a character that no key has",
            hint=f"copy it again ({key.source}), without quotes and line breaks",
        )
    uploads = checked_url(table.uploads) if table.uploads else upload_base(base)
    return Endpoint(
        name,
        base,
        key.value,
        region,
        upload_base="" if uploads == base else uploads,
        create_path=table.create,
        query_path=table.query or QUERY_PATH,
        status=table.status,
        workspace=workspace,
        key_variable=key.source,
        submit_rps=table.submit_rps,
        query_rps=table.query_rps,
        concurrent=table.concurrent,
        currency=table.currency,
        prices=table.prices,
    )


def _check_table(name: str, table: EndpointTable) -> None:
    """Check what a table of the config file says, also where it is not asked for now."""
    where = f"endpoints.{name}"
    for url in filter(None, (table.base, table.uploads)):
        try:
            checked_url(url)
        except SettingsError as exc:
            raise SettingsError(f"{where}: {exc.message}", hint=exc.hint) from None
    if table.workspace:
        checked_workspace(table.workspace)
    check_prices(f"{where}.prices", table.prices)
    if name in REGIONS:
        if table.base or table.region:
            raise SettingsError(
                f"{where} has a base or region, but {name} is a region, which has its own",
                hint="give the gateway another name",
            )
        return
    if not table.base:
        guess = nearest(name, REGIONS)
        raise SettingsError(
            f"{where} of the config file has no base",
            hint=f'{guess} a gateway needs base = "https://…/api/v1"'.lstrip(),
        )
    if table.region and table.region not in REGIONS:
        raise SettingsError(
            f"{where}.region {shown(table.region)} is no region",
            hint=nearest_of(table.region, REGIONS),
        )
    if table.prices and not (table.currency or table.region or region_of(table.base)):
        raise SettingsError(
            f"{where} has prices, and no currency for them",
            hint=f'write currency = "CNY" or currency = "USD" into [{where}]',
        )
