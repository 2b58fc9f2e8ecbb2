"""Scripted servers for the tests of what speaks HTTP."""

from __future__ import annotations

import threading

import pytest
from scripted import ScriptedServer


@pytest.fixture
def make_server():
    servers = []

    def make():
        server = ScriptedServer()
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.closing.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def server(make_server):
    return make_server()
