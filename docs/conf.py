"""The documents as a site: ``sphinx-build -W docs docs/_build``.

Every cell of every page is executed, on the preview server: no key is used, and a page
whose cell fails stops the build.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

project = "wan_magic"
author = "the wan_magic developers"
extensions = ["myst_nb"]
exclude_patterns = ["_build", "art", "**/wan_videos"]
html_theme = "furo"
html_title = "wan_magic"
html_show_copyright = False
suppress_warnings = ["mystnb.unknown_mime_type", "misc.highlighting_failure"]

nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
myst_heading_anchors = 3

# Nothing here may cost money, whatever the builder's environment holds.
for _name in ("DASHSCOPE_API_KEY", "DASHSCOPE_API_KEY_FILE_PATH", "JPY_SESSION_NAME"):
    os.environ.pop(_name, None)
os.environ["WAN_MAGIC_ENDPOINT"] = "local"
os.environ["WAN_MAGIC_OUT"] = "wan_videos"
os.environ["WAN_MAGIC_CONFIG"] = os.devnull
# A ledger of its own: every clip is made, and the builder's own jobs are not shown.
os.environ["WAN_MAGIC_HOME"] = tempfile.mkdtemp(prefix="wan-magic-docs-")

_HERE = Path(__file__).parent
_CLIPS = (Path("wan_videos"), Path("tasks/wan_videos"))


def _forget_clips(*_: object) -> None:
    for clips in _CLIPS:
        shutil.rmtree(_HERE / clips, ignore_errors=True)


def _copy_clips(app: object, failed: Exception | None) -> None:
    """Put the clips beside their pages: a player points to a file beside its notebook."""
    for clips in _CLIPS:
        if failed is None and (_HERE / clips).exists():
            target = Path(app.outdir) / clips  # type: ignore[attr-defined]
            shutil.copytree(_HERE / clips, target, dirs_exist_ok=True)
    shutil.rmtree(os.environ["WAN_MAGIC_HOME"], ignore_errors=True)


def setup(app: object) -> None:
    """Connect the clips to the build."""
    app.connect("builder-inited", _forget_clips)  # type: ignore[attr-defined]
    app.connect("build-finished", _copy_clips)  # type: ignore[attr-defined]
