"""What is read from a video does not hang a process that is forked meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# A thread holds a frame that was made a picture; the child of a fork lets go of it.
HOLD_AND_FORK = """
import os, sys, threading, time
import av
from wan_magic.wan.video import image_of

held, ready = threading.local(), threading.Event()

def hold():
    held.frame = av.VideoFrame(1280, 720, "yuv420p")
    image_of(held.frame)
    ready.set()
    threading.Event().wait()

threading.Thread(target=hold, daemon=True).start()
ready.wait()
child = os.fork()
if not child:
    os._exit(0)
for _ in range(6000):
    if os.waitpid(child, os.WNOHANG)[0]:
        os._exit(0)
    time.sleep(0.01)
os.kill(child, 9)
os._exit(1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_does_not_wait_for_threads_that_only_its_parent_has():
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HOLD_AND_FORK],
        env=os.environ | {"PYTHONPATH": root},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0
