"""How players are saved and shown, from the magic line, %config and the environment to the clip."""

from __future__ import annotations

import pytest

from wan_magic.errors import InputError, SettingsError
from wan_magic.output.look import MB, Look
from wan_magic.settings import Settings, from_environment

CELL = "%%wanvideo clip --model wanx2.1-i2v-turbo --image cat.png {}\nA cat"


@pytest.mark.parametrize(
    ("line", "look"),
    [
        ("", Look()),
        ("--embed embed", Look(embed="embed")),
        ("--embed file --no-loop", Look(embed="file", loop=False)),
        ("--player-width 480", Look(width=480)),
    ],
)
def test_a_cell_says_how_its_clip_is_shown(shell, posted, line, look):
    shell.run(CELL.format(line))
    assert shell.user_ns["clip"].look == look


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("--embed embd", SettingsError, "did you mean embed?"),
        ("--player-width 4", SettingsError, "120 to 3840"),
        ("--player-width wide", InputError, "a whole number"),
    ],
)
def test_a_wrong_word_is_told_before_anything_is_sent(shell, posted, line, error, message):
    cell = shell.refused(CELL.format(line), error)
    assert message in str(cell.error)
    assert posted == []


def test_config_is_for_all_cells_and_the_line_for_one(shell, posted):
    shell.good("%config WanMagics.embed = 'embed'")
    shell.good("%config WanMagics.embed_limit = 20")
    shell.run(CELL.format(""))
    assert shell.user_ns["clip"].look == Look(embed="embed", embed_limit=20 * MB)
    shell.run(CELL.format("--embed file --seed 2"))
    assert shell.user_ns["clip"].look == Look(embed="file", embed_limit=20 * MB)


def test_the_environment_and_the_config_file_say_the_same(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('embed = "file"\nembed_limit = 4\nplayer_width = 320\nloop = false\n')
    env = {"WAN_MAGIC_CONFIG": str(file)}
    assert from_environment(env).look == Look("file", 4 * MB, 320, loop=False)
    env |= {"WAN_MAGIC_EMBED": "embed", "WAN_MAGIC_LOOP": "on"}
    assert from_environment(env).look == Look("embed", 4 * MB, 320, loop=True)


@pytest.mark.parametrize("wrong", [{"embed": "no"}, {"player_width": 4}, {"loop": "perhaps"}])
def test_settings_that_can_not_be_are_refused(wrong):
    with pytest.raises(SettingsError):
        Settings().override(**wrong)


def test_a_setting_that_there_is_not_is_a_slip_of_the_program():
    with pytest.raises(TypeError, match="embde"):
        Settings().override(embde="file")


def test_a_clip_of_the_library_is_shown_as_this_cell_asks(shell, folder):
    small = "-r 480P -d 3 --seed 7"
    for line, look in (("", Look()), ("--embed embed", Look(embed="embed"))):
        shell.good(CELL.format(f"{small} {line}"))
        assert shell.user_ns["clip"].result().look == look
    task = shell.user_ns["clip"].task_id
    shell.good(f"%wanvideo show {task} again --player-width 320")
    assert shell.user_ns["again"].result().look == Look(width=320)
    same = shell.user_ns["again"].result().again(embed="file").result()
    assert same.from_library
    assert same.look == Look(embed="file")
