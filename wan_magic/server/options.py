"""What can be chosen about a server."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wan_magic.errors import SettingsError
from wan_magic.server.trouble import Faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.server.engines import Engine

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
DAY = 86400.0
"""Life of a task and of its link, in seconds (API reference: 24 hours)."""


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """Settings of one server; every default is safe on a laptop.

    Parameters
    ----------
    host : str, default "127.0.0.1"
        Address to listen on. Anything but a loopback address is reachable by
        others; media on private addresses is then not fetched for anybody, unless
        `private_media` says so.
    port : int, default 0
        TCP port; 0 takes a free one.
    token : str or None, default None
        The only accepted API key; None accepts any non-empty one.
    prefix : str, default ""
        Path before ``/api/v1``, such as ``"/qwen"``, as some gateways have.
    workers : int, default 2
        Tasks that run at once.
    queue_seconds, run_seconds : float, default 0
        Shortest time a task stays PENDING and RUNNING, in seconds, to rehearse a
        real wait.
    strict_submit : bool, default True
        True answers wrong parameters with HTTP 400 at once; False accepts the
        task and lets it end as FAILED. The real service does both.
    task_ttl, url_ttl : float, default 86400
        Life of a finished task and of its video link, in seconds.
    submit_rps : float or None, default None
        Creates a second for each model before HTTP 429; None for no limit.
    query_rps : float or None, default None
        Queries, lists and cancels a second for each key before HTTP 429; None for no
        limit.
    documented_rates : bool, default False
        Whether the rates of the rate-limit page hold where none is given above: 5 creates
        a second, 2 of the older models; 20 queries; 100 upload policies for each key and
        model.
    private_media : bool or None, default None
        Whether media is fetched from loopback and private addresses; None: only where
        nobody but this machine can reach the server.
    max_tasks : int, default 1000
        Tasks kept. When full, the oldest finished one is forgotten; when all are
        still to be done, new ones are refused with HTTP 429.
    max_result_bytes : int, default 2 GiB
        Bytes of finished videos kept on disk; the oldest are forgotten first.
    max_upload_bytes : int, default 1 GiB
        Bytes of uploaded inputs kept on disk; the oldest are forgotten first.
    faults : Faults, optional
        What to do wrong on purpose; nothing by default.
    clock : callable, default time.time
        Seconds since the epoch; for tests of expiry.
    engine : Engine or None, default None
        What makes the videos; None is the preview engine.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = field(default=None, repr=False)
    prefix: str = ""
    workers: int = 2
    queue_seconds: float = 0.0
    run_seconds: float = 0.0
    strict_submit: bool = True
    task_ttl: float = DAY
    url_ttl: float = DAY
    submit_rps: float | None = None
    query_rps: float | None = None
    documented_rates: bool = False
    private_media: bool | None = None
    max_tasks: int = 1000
    max_result_bytes: int = 2 * 1024**3
    max_upload_bytes: int = 1024**3
    faults: Faults = Faults()
    clock: Callable[[], float] = time.time
    engine: Engine | None = None

    def __post_init__(self) -> None:
        prefix = self.prefix.strip("/")
        object.__setattr__(self, "prefix", f"/{prefix}" if prefix else "")
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"port {self.port} does not exist", hint="0 takes a free one")
        if self.token is not None and not self.token:
            raise SettingsError(
                "the server's token is empty", hint="give a token, or None to accept any key"
            )
        if self.workers < 1 or self.max_tasks < 1:
            raise SettingsError(
                f"workers={self.workers}, max_tasks={self.max_tasks}: both must be at least 1"
            )
        for name in ("submit_rps", "query_rps"):
            rate = getattr(self, name)
            if rate is not None and rate <= 0:
                raise SettingsError(
                    f"{name}={rate} lets nothing in",
                    hint="give a positive number, or None for no limit",
                )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK_HOSTS or self.host.startswith("127.")

    @property
    def fetches_private(self) -> bool:
        """Whether media on loopback and private addresses is fetched."""
        return self.is_loopback if self.private_media is None else self.private_media
