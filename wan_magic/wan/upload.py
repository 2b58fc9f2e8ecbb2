"""Files into the API's temporary storage, from where the service reads them.

Source: Alibaba's temporary-storage page, 2025-10, and what the official SDK sends: a signed
policy is asked for with the key (good for five minutes, for several files, for one model);
then a form goes to the storage host, which gets no key. The file lives for 48 hours, can be
used with that model and account alone, and can't be listed or read again.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
import unicodedata
import uuid
from pathlib import PurePath
from typing import TYPE_CHECKING

from wan_magic.errors import ApiError, InputError, WanError
from wan_magic.wan.catalog import MB
from wan_magic.wan.form import post_file
from wan_magic.wan.kept import kept_for
from wan_magic.wan.policy import Policy, read_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from wan_magic.wan.client import WanClient
    from wan_magic.wan.endpoints import Endpoint
    from wan_magic.wan.kept import Kept
    from wan_magic.wan.local_file import LocalFile

_KEPT = 44 * 3600.0
"""Seconds for which a file is used again: 48 hours, less what a task may wait and run."""


class Uploader:
    """Uploads files for one endpoint, each once while it lives. For any number of threads.

    Parameters
    ----------
    clock : callable, default time.time
        Wall-clock seconds: a machine that sleeps lets the storage's hours pass.
    kept : Kept, optional
        What earlier kernels uploaded.
    """

    def __init__(self, clock: Callable[[], float] = time.time, kept: Kept | None = None) -> None:
        self._clock = clock
        self._store = kept
        self._lock = threading.Lock()
        self._policies: dict[str, Policy] = {}
        self._kept: dict[tuple[str, str], tuple[str, float]] = {}
        self._busy: set[tuple[str, str]] = set()

    def known(self, model: str, digest: str) -> str:
        """Return the ``oss://`` address of content that lies there already, or ``""``."""
        with self._lock:
            now = self._clock()
            url, until = self._kept.get((model, digest), ("", 0.0))
            if now >= until and self._store is not None:
                url, until = self._kept[model, digest] = self._store.find(model, digest, now)
            return url if now < until else ""

    def forget(self, model: str, digest: str) -> None:
        """Upload this content again the next time; the service could not read it."""
        with self._lock:
            self._kept.pop((model, digest), None)
            if self._store is not None:
                self._store.drop(model, digest)

    @contextlib.contextmanager
    def turn(self, model: str, digest: str) -> Iterator[bool]:
        """Take the turn to upload some content; False while another job uploads it."""
        name = (model, digest)
        with self._lock:
            mine = name not in self._busy
            if mine:
                self._busy.add(name)
        try:
            yield mine
        finally:
            if mine:
                with self._lock:
                    self._busy.discard(name)

    def send(
        self,
        file: LocalFile,
        model: str,
        *,
        client: WanClient,
        session: requests.Session,
        on_bytes: Callable[[int, int], None],
    ) -> str:
        """Upload a file and return its ``oss://`` address.

        Parameters
        ----------
        file : LocalFile
            Its content must still have its digest.
        model : str
            That will read it.
        client : WanClient
            Asks for the policy.
        session : requests.Session
            For the storage host, which gets no key.
        on_bytes : callable
            Called with (bytes so far, bytes in all); may raise to stop.

        Raises
        ------
        InputError
            The file is gone, has changed, or is too large.
        ApiError, ConnectionFailed
            It could not be uploaded.
        """
        try:
            return self._send(file, model, client, session, on_bytes)
        except WanError as exc:
            problem = exc
        # Bare: the frames below hold the signed permission, and some tracebacks show them.
        problem.__traceback__ = problem.__cause__ = problem.__context__ = None
        raise problem

    def _send(
        self,
        file: LocalFile,
        model: str,
        client: WanClient,
        session: requests.Session,
        on_bytes: Callable[[int, int], None],
    ) -> str:
        policy = self._policy(client, model)
        try:
            key = _send(policy, file, session, on_bytes)
        except ApiError as exc:
            self._drop(model, policy)
            if exc.status != 403 or "expired" not in exc.message.lower():
                raise
            key = ""
        if not key:  # the policy was too old, perhaps by this machine's clock: once more
            policy = self._policy(client, model)
            key = _send(policy, file, session, on_bytes)
        url = f"oss://{key}"
        with self._lock:
            now = self._clock()
            self._kept = {name: one for name, one in self._kept.items() if one[1] > now}
            self._kept[model, file.digest] = (url, now + _KEPT)
            if self._store is not None:
                self._store.add(model, file.digest, url, until=now + _KEPT, now=now)
        return url

    def _policy(self, client: WanClient, model: str) -> Policy:
        with self._lock:
            policy = self._policies.get(model)
            if policy is not None and self._clock() < policy.until:
                return policy
            asked = self._clock()  # before the answer: it has aged on its way
        policy = read_policy(client.endpoint, client.upload_policy(model), asked)
        with self._lock:
            self._policies[model] = policy
        return policy

    def _drop(self, model: str, policy: Policy) -> None:
        with self._lock:
            if self._policies.get(model) is policy:
                del self._policies[model]


_uploaders: dict[Endpoint, Uploader] = {}
_uploaders_lock = threading.Lock()


def uploader_for(endpoint: Endpoint) -> Uploader:
    """Return the process's one uploader for an endpoint and its key."""
    with _uploaders_lock:
        if endpoint not in _uploaders:
            _uploaders[endpoint] = Uploader(kept=kept_for(endpoint))
        return _uploaders[endpoint]


def _start_afresh() -> None:
    """After a fork: locks may have been held, and nobody here uploads any more."""
    global _uploaders_lock
    _uploaders_lock = threading.Lock()
    _uploaders.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)


def _send(
    policy: Policy,
    file: LocalFile,
    session: requests.Session,
    on_bytes: Callable[[int, int], None],
) -> str:
    if policy.max_bytes is not None and file.size > policy.max_bytes:
        raise InputError(
            f"{file.name} has {file.size / MB:,.1f} MB, and this endpoint takes"
            f" {policy.max_bytes / MB:,.0f} MB for this model",
            hint="take a smaller file, or give its http(s) URL",
        )
    key = f"{policy.folder}/{safe_name(file.name)}"
    fields = (*policy.fields, ("key", key), ("success_action_status", "200"))
    post_file(
        policy.host,
        (*fields, ("x-oss-content-type", file.mime)) if file.mime else fields,
        file,
        session=session,
        on_bytes=on_bytes,
    )
    return key


def safe_name(name: str) -> str:
    """Return a name for the object key: plain ASCII, its own ending, and never the same twice.

    The official SDK puts the name into the key as it is, with blanks and all; and the policy
    forbids to write over a file of the same key.

    Examples
    --------
    >>> re.sub("[0-9a-f]{8}", "…", safe_name("Mein Tänzer (2).MP4"))
    'Mein-Tanzer-2-….MP4'
    """
    path = PurePath(name)
    plain = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9]+", "-", plain)[:40].strip("-") or "file"
    ending = re.sub(r"[^A-Za-z0-9]", "", path.suffix)[:10]
    return f"{stem}-{uuid.uuid4().hex[:8]}{'.' if ending else ''}{ending}"
