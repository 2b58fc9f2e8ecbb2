"""Waiting for what another thread or process does."""

import time

import pytest

PATIENCE = 60.0
"""Seconds until we take it that it never happens, on a machine that has much else to do."""


def wait_until(condition):
    """Wait until a condition holds; fail loudly when it never does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"did not happen within {PATIENCE:g} s")
        time.sleep(0.002)
