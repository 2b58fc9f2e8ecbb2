"""Starting and stopping a server: in a thread, in this process, or as a program."""

from __future__ import annotations

import asyncio
import atexit
import os
import secrets
import signal
import socket
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from wan_magic.errors import SettingsError
from wan_magic.server.options import ServerOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    import uvicorn

    from wan_magic.server.tasks import Board

_START_SECONDS = 15.0
_NOTHING_SET = ServerOptions()


class Server:
    """The Wan API on a port of this machine, run by a daemon thread.

    Parameters
    ----------
    options : ServerOptions, optional
        By default a free loopback port, any key, the preview engine.

    Examples
    --------
    >>> with Server() as server:  # doctest: +SKIP
    ...     dashscope.base_http_api_url = server.base_url
    """

    def __init__(self, options: ServerOptions = _NOTHING_SET) -> None:
        self.options = options
        self._lock = threading.RLock()
        self._pid = 0
        self._port = 0
        self._board: Board | None = None
        self._uvicorn: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"<Server {self.base_url}>" if self.is_running else "<Server, not running>"

    @property
    def is_running(self) -> bool:
        """Whether it answers, in this very process."""
        thread = self._thread
        return thread is not None and thread.is_alive() and self._pid == os.getpid()

    @property
    def port(self) -> int:
        """The TCP port it listens on; 0 when it never ran."""
        return self._port

    @property
    def token(self) -> str:
        """A key that it accepts (never in its ``repr``)."""
        return self.options.token if self.options.token is not None else "any-key"

    @property
    def base_url(self) -> str:
        """What a client is given: ``http://127.0.0.1:PORT{prefix}/api/v1``."""
        # "Any address" is no address that a client can ask.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(  # noqa: S104
            self.options.host, self.options.host
        )
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self._port}{self.options.prefix}/api/v1"

    def start(self) -> Server:
        """Listen, start the workers, and return once requests are answered.

        Raises
        ------
        SettingsError
            When the address can't be listened on.
        """
        with self._lock:
            if self.is_running:
                return self
            listener = _listen(self.options.host, self.options.port)
            try:
                self._launch(listener)
            except BaseException:
                listener.close()
                self.stop()
                raise
        return self

    def _launch(self, listener: socket.socket) -> None:
        import uvicorn

        from wan_magic.server.app import Face
        from wan_magic.server.tasks import Board

        self._pid = os.getpid()
        self._port = listener.getsockname()[1]
        self._board = Board(self.options)
        config = uvicorn.Config(
            Face(self.options, self._board).app(),
            loop="asyncio",
            http=_quiet_protocol(),
            ws="none",
            lifespan="off",
            log_config=None,  # the log is the host program's: nothing is set up
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=_serve, args=(self._uvicorn, listener), name="wan-server", daemon=True
        )
        self._board.start()
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._uvicorn.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise SettingsError("the local server did not start", hint="see the log")
            time.sleep(0.005)

    def stop(self) -> None:
        """Stop answering, stop all work, remove all files. Safe to call twice."""
        with self._lock:
            if self._pid != os.getpid():
                # A forked child has neither the threads nor a right to the files.
                return
            if self._uvicorn is not None:
                self._uvicorn.should_exit = True
            if self._thread is not None and self._thread.ident is not None:
                self._thread.join(timeout=10)
            if self._board is not None:
                self._board.close()
            self._uvicorn = self._thread = self._board = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _quiet_protocol() -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP without an access log, which would hold signed links.

    Its own switch for that would silence the access log of every other uvicorn in the
    process, too.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Quiet(H11Protocol):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.access_log = False

    return Quiet


def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    # Its own loop, made by hand: `asyncio.run` may have been patched by the notebook.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(server.serve(sockets=[listener]))
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, proto)
        try:
            if os.name == "posix":
                # Elsewhere this option lets two programs share a port.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(128)
        except OSError:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"cannot listen on {host}:{port}: {error}",
            hint="choose another port, or 0 for a free one",
        ) from error
    return listener


_embedded: Server | None = None
_embedded_lock = threading.Lock()


def embedded() -> Server:
    """Return this process's own server, started at the first call.

    It listens on a free loopback port and takes only a random key, so that no other
    program or web page of this machine can use it. A forked child gets a new one.
    """
    global _embedded
    with _embedded_lock:
        if _embedded is None or not _embedded.is_running:
            if _embedded is not None:
                _embedded.stop()
            else:
                atexit.register(_stop_embedded)
            _embedded = Server(ServerOptions(token=secrets.token_urlsafe(32))).start()
        return _embedded


def _stop_embedded() -> None:
    if _embedded is not None:
        _embedded.stop()


def _forget_embedded() -> None:
    """After a fork: the thread is gone, and the lock may have been held by it."""
    global _embedded, _embedded_lock
    _embedded_lock = threading.Lock()
    if _embedded is not None:
        atexit.unregister(_stop_embedded)
        _embedded = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_embedded)


def serve_forever(options: ServerOptions, announce: Callable[[str], object]) -> None:
    """Serve until Ctrl-C or SIGTERM, then clean up.

    Parameters
    ----------
    options : ServerOptions
        As for `Server`.
    announce : callable
        Gets each line for the person at the terminal, such as `print`.
    """
    done = threading.Event()
    before = None
    if threading.current_thread() is threading.main_thread():

        def finish(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
            done.set()

        before = signal.signal(signal.SIGTERM, finish)
    try:
        with Server(replace(options)) as server:
            for line in _greeting(server):
                announce(line)
            # A wait without an end can't be interrupted on Windows.
            while not done.wait(0.5):
                if not server.is_running:
                    raise SettingsError("the server has stopped by itself", hint="see the log")
    except KeyboardInterrupt:
        pass
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
    announce("Stopped.")


def _greeting(server: Server) -> list[str]:
    key = "the one you gave" if server.options.token is not None else "any"
    lines = [
        f"Serving the Wan API at {server.base_url}",
        f"  in a notebook   %%wanvideo --endpoint {server.base_url}",
        f"  with the SDK    export DASHSCOPE_HTTP_BASE_URL={server.base_url}",
        f"  API key         {key}",
        "Ctrl-C stops it. Finished videos live until then.",
    ]
    if not server.options.is_loopback and server.options.token is None:
        lines.insert(1, "  Note: others can reach this address, and any key is accepted.")
    return lines
