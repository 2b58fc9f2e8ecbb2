"""A machine that is set up once: no %load_ext, defaults and presets; in Notebook 7."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from .test_wanvideo import WIDGET

CONFIG = '[presets.draft]\nmodel = "wanx2.1-t2v-turbo"\nresolution = "480P"\n'
CELLS = [
    '%config WanMagics.resolution = "480P"\n%config WanMagics.model = "wanx2.1-t2v-turbo"',
    "%%wanvideo first --seed 7\nA paper boat",
    "%%wanvideo draft --preset draft --seed 7\nA paper boat",
    "%wanvideo config --preset draft",
    "%wanvideo help resolution",
    "%%wanvideo?",
    "%wanvideo show draft",
    '%config WanMagics.resolution = "481P"',
]


@pytest.fixture
def enabled(server, tmp_path):
    """The environment of a kernel whose user has typed ``wan-magic enable`` and a preset."""
    startup, config = "profile_default/startup", tmp_path / "config.toml"
    shutil.copytree(f"{server.env['IPYTHONDIR']}/{startup}", tmp_path / startup)
    config.write_text(CONFIG)
    env = {"IPYTHONDIR": str(tmp_path), "WAN_MAGIC_CONFIG": str(config)}
    command = [sys.executable, "-m", "wan_magic", "enable"]
    subprocess.run(command, env=os.environ | env, check=True, capture_output=True)
    return env


def test_an_enabled_kernel_knows_the_magic_its_defaults_and_its_help(open_notebook, enabled):
    notebook = open_notebook(CELLS, ui="notebook", env=enabled)
    notebook.run(0)  # before anything of ours is loaded
    notebook.run(1)
    notebook.wait_for_output(1, selector="video")
    assert notebook.play_video(1)["videoWidth"] == 832
    notebook.run(2)  # the same request, by its preset
    notebook.wait_for_output(2, text="from your library")
    notebook.run(3)
    notebook.wait_for_output(3, selector="td", text="preset draft")
    notebook.run(4)
    assert "%config WanMagics.resolution" in notebook.wait_for_output(4).inner_text()
    notebook.run(5)
    notebook.wait_for_output(5, text="%%wanvideo [NAME] [OPTIONS]")
    notebook.run(6)
    notebook.wait_for_output(6, selector="video")
    notebook.run(7, check=False)
    notebook.wait_for_output(7, text="did you mean 480P?")

    notebook.save_static()
    assert WIDGET not in notebook.saved_mimetypes()
    notebook.close_and_reopen()  # with a fresh kernel
    for cell in (1, 2, 6):
        notebook.reveal(cell)
        assert notebook.play_video(cell)["error"] is None
