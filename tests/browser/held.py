"""The API, held still: a task waits or runs until the test lets it go on."""

from __future__ import annotations

import threading

from wan_magic.server import Server, ServerOptions
from wan_magic.server.engines import Stopped, default_engine
from wan_magic.wan.client import WanClient
from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.request import VideoRequest


class HeldApi(Server):
    """A server with one worker, whose task ends after `let_one_end`, and not before."""

    def __init__(self, key):
        self._turns = threading.Semaphore(0)
        self._failing = threading.Event()
        self._key = key
        options = ServerOptions(token=key, workers=1, prefix="/qwen", engine=self._make)
        super().__init__(options)

    def _make(self, spec, path, *, should_stop):
        while not self._turns.acquire(timeout=0.05):
            if should_stop():
                raise Stopped
        if self._failing.is_set():
            self._failing.clear()
            raise RuntimeError("the test wants it")
        default_engine()(spec, path, should_stop=should_stop)

    def fill(self):
        """Give the worker something to do: the next task waits in the queue."""
        client = WanClient(Endpoint("held", self.base_url, self._key))
        model, prompt = "wanx2.1-t2v-turbo", "somebody else's"
        client.create(VideoRequest(model=model, prompt=prompt, resolution="480P", seed=1))

    def let_one_fail(self):
        """Let the running task fail; the next one starts."""
        self._failing.set()
        self._turns.release()

    def let_one_end(self):
        """Let the running task be made; the next one starts."""
        self._turns.release()
