"""Kernels are killed in the middle of their jobs; benchmarks/kill.py does it for much longer."""

from __future__ import annotations

import os

import pytest
from killing import Lab

SEED = 5


@pytest.mark.kernel
@pytest.mark.skipif(os.name == "nt", reason="sends SIGKILL")
def test_killed_kernels_lose_nothing_and_pay_for_nothing_twice(tmp_path):
    with Lab(tmp_path, SEED) as lab:
        lab.live(12, jupyter=1)
        problems = lab.check()
    assert not problems, f"with seed {SEED}: {problems}"
    killed = sum(lab.figures.killed.values())
    assert killed >= 8, f"{killed} were killed, and that shows little"  # mostly 14 to 16
