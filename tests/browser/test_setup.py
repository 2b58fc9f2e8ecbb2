"""Getting ready as a user does in JupyterLab: a key, what is set, what is wrong; and in Chinese."""

from __future__ import annotations

import pytest

from .held import HeldApi
from .test_wanvideo import KEY, LOAD

NO_KEYRING = "keyring.backends.fail.Keyring"
CELLS = [
    LOAD,
    '%config WanMagics.language = "zh"',
    "%wanvideo login",
    "%wanvideo config",
    "%wanvideo doctor",
    "%%wanvideo clip --model wanx2.1-t2v-turbo -r 480P --seed 7\nA boat at sea",
    "%%wanvideo clip --resolutoin 480P\nA boat at sea",
]


@pytest.fixture
def held_api():
    """The API whose tasks go on when the test says so."""
    with HeldApi(KEY) as api:
        yield api


def test_a_key_is_typed_the_installation_is_looked_at_and_a_clip_is_made_in_chinese(
    open_notebook, held_api
):
    env = {"WAN_MAGIC_ENDPOINT": held_api.base_url, "PYTHON_KEYRING_BACKEND": NO_KEYRING}
    notebook = open_notebook(CELLS, env=env)
    notebook.run(0)
    notebook.run(1)
    login = notebook.run(2, wait=False)
    notebook.wait_for_output(2, selector="input[type=password]")
    notebook.output(2, "input[type=password]").fill(KEY)
    notebook.page.keyboard.press("Enter")
    login.wait()
    notebook.run(3)
    notebook.wait_for_output(3, text="language")
    notebook.run(4)
    notebook.wait_for_output(4, selector="video")
    assert notebook.play_video(4)["audioBytes"] > 0

    notebook.run(5)
    notebook.wait_for_output(5, text="生成中")
    held_api.let_one_end()
    notebook.wait_for_output(5, selector="video")
    notebook.wait_for_output(5, text="随机种子 7")
    notebook.run(6, check=False)
    notebook.wait_for_output(6, text="did you mean --resolution?")
    notebook.save()
    assert KEY not in notebook.file.read_text("utf-8")
