"""A notebook in a folder, and a clip beside it."""

from __future__ import annotations

import pytest

from wan_magic.jobs.clip import Clip
from wan_magic.wan.request import VideoRequest


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """The folder of a notebook that a terminal or nbclient runs: no server at all."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    monkeypatch.delenv("VSCODE_PID", raising=False)
    folder = tmp_path / "root" / "nb"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def make_clip(notebook):
    def make(path=None, size=1000, request=None, **fields):
        path = path or notebook / "wan_videos" / "waves-0385dc79.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)
        request = request or VideoRequest(prompt="waves roll in", resolution="480P", seed=7)
        values = {
            "url": "https://storage.example/a.mp4?Signature=s3cret",
            "width": 832,
            "height": 464,
            "duration": 5.0,
            "fps": 30.0,
            "has_audio": True,
            "task_id": "0385dc79-5ff8",
            "seed": request.seed,
            "cost": request.estimate("beijing"),
            "took": 72.4,
            "poster": b"\xff\xd8jpeg",
        }
        return Clip(path=path, request=request, **values | fields)

    return make
