"""A keyring for tests: it keeps what it is given, fails, or never answers."""

from __future__ import annotations

import threading
from types import ModuleType

from waiting import PATIENCE


class Backend:
    """A backend of the package `keyring`."""

    name = "Test keyring"
    priority = 5

    def __init__(self):
        self.kept = {}
        self.asked = []
        """The names of the threads that asked."""
        self.error = None
        self.open = threading.Event()
        """Cleared, it does not answer."""
        self.open.set()

    def _answer(self):
        self.asked.append(threading.current_thread().name)
        self.open.wait(PATIENCE)
        if self.error:
            raise self.error

    def get_password(self, service, name):
        self._answer()
        return self.kept.get((service, name))

    def set_password(self, service, name, value):
        self._answer()
        self.kept[service, name] = value

    def delete_password(self, service, name):
        self._answer()
        del self.kept[service, name]


def package(backend):
    """Return a module in place of the package."""
    module = ModuleType("keyring")
    module.get_keyring = lambda: backend
    return module
