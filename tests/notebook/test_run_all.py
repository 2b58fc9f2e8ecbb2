"""Restart & Run All: a notebook that ran is run again, and nothing is paid twice."""

from __future__ import annotations

import pytest
from test_kernels import KEY, execute, html_of, machine, outputs_of, write

from wan_magic.server import Server, ServerOptions
from wan_magic.wan.client import WanClient
from wan_magic.wan.endpoints import Endpoint

__all__ = ["machine"]
pytestmark = pytest.mark.kernel
CELLS = [
    f"%%wanvideo shot{n} --model wanx2.1-t2v-turbo -r 480P\nShot {n}: a boat at sea"
    for n in range(10)
]


@pytest.fixture
def canned(tmp_path):
    """A server whose clips are one small file, so that ten of them take no time."""
    from wan_magic.server.engines import default_engine

    made = tmp_path / "canned.mp4"

    def engine(spec, path, *, should_stop):
        if not made.exists():
            default_engine()(spec, made, should_stop=should_stop)
        path.write_bytes(made.read_bytes())

    with Server(ServerOptions(token=KEY, workers=1, engine=engine)) as api:
        yield api


def paid_tasks(api):
    return WanClient(Endpoint("api", api.base_url, KEY)).list_tasks(page_size=100)


def hosted(machine, api, tmp_path):
    return machine | {
        "DASHSCOPE_HTTP_BASE_URL": api.base_url,
        "DASHSCOPE_API_KEY": KEY,
        "WAN_MAGIC_HOME": str(tmp_path / "home"),
    }


@pytest.mark.timeout(240)
def test_run_all_twice_on_ten_cells_costs_ten_clips(tmp_path, machine, canned):
    env = hosted(machine, canned, tmp_path)
    path = write(tmp_path, *CELLS)
    done, _ = execute("nbclient", path, env)
    assert done.returncode == 0, done.stderr
    assert len(paid_tasks(canned)) == 10
    done, again = execute("nbclient", path, env)
    assert done.returncode == 0, done.stderr
    assert len(paid_tasks(canned)) == 10
    for index in range(1, 11):
        assert "from your library, 0.00" in html_of(outputs_of(again, index))
    files = list((path.parent / "wan_videos").glob("*.mp4"))
    assert len(files) == 10, "and no file is copied beside itself"
