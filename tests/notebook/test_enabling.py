"""``%%wanvideo`` without ``%load_ext``: by ``wan-magic enable``, or by the user's own setting."""

from __future__ import annotations

import os

import pytest

from wan_magic.cli import main
from wan_magic.errors import InputError, SettingsError
from wan_magic.notebook.enabling import disable, enable, enabled_by, startup_file


def start_up(shell):
    """Run the startup files of the default profile, as a kernel does when it starts."""
    folder = startup_file().parent
    for path in sorted(folder.glob("*.py")):
        shell.ip.safe_execfile(str(path), shell.user_ns, raise_exceptions=True)


def is_loaded(shell):
    return "wan_magic" in shell.ip.extension_manager.loaded


@pytest.mark.parametrize("first", ["%wanvideo help", "%%wanvideo --help\nA cat"])
def test_once_enabled_the_magic_is_loaded_when_it_is_used(bare_shell, first):
    enable()
    before = set(bare_shell.user_ns)
    start_up(bare_shell)
    assert set(bare_shell.user_ns) == before, "a start leaves no names"
    assert not is_loaded(bare_shell)
    assert "--resolution" in bare_shell.good(first).out
    assert is_loaded(bare_shell)
    bare_shell.good("%unload_ext wan_magic")
    assert "not found" in bare_shell.run("%wanvideo help").text
    assert "--resolution" in bare_shell.good("%load_ext wan_magic\n%wanvideo help").out


def test_the_users_own_setting_does_the_same(bare_shell):
    bare_shell.ip.magics_manager.lazy_magics = {"wanvideo": "wan_magic", "other": "other"}
    assert "--resolution" in bare_shell.good("%%wanvideo --help\nA cat").out
    bare_shell.good("%unload_ext wan_magic")
    assert bare_shell.ip.magics_manager.lazy_magics == {"other": "other"}


def test_enabling_twice_and_loading_by_hand_are_harmless(bare_shell):
    assert enable() == enable()
    start_up(bare_shell)
    bare_shell.good("%load_ext wan_magic")
    assert "--resolution" in bare_shell.good("%wanvideo help").out


def test_enable_writes_one_file_and_disable_takes_it_back(clean_machine):
    enable()
    profile = clean_machine / ".ipython" / "profile_default"
    (path,) = [one for one in profile.rglob("*") if one.is_file()]
    assert enabled_by() == str(path) == str(startup_file())
    assert "need %load_ext wan_magic again" in disable()
    assert not path.exists()
    assert enabled_by() == ""
    assert "nothing to take back" in disable()


def test_configuration_and_startup_files_of_the_user_are_not_touched(clean_machine):
    profile = clean_machine / ".ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    mine = {
        profile / "ipython_config.py": "c.MagicsManager.lazy_magics = {'mine': 'mine'}",
        profile / "startup" / "10-mine.py": "mine = 1",
    }
    for path, text in mine.items():
        path.write_text(text)
    enable()
    disable()
    assert {path: path.read_text() for path in mine} == mine
    assert {one for one in profile.rglob("*") if one.is_file()} == set(mine)


def test_a_file_of_that_name_that_is_not_ours_stays(clean_machine):
    path = startup_file()
    path.parent.mkdir(parents=True)
    path.write_text("print('mine')")
    for change in (enable, disable):
        with pytest.raises(SettingsError, match="is not of wan-magic enable"):
            change()
    assert path.read_text() == "print('mine')"
    assert enabled_by() == ""


def test_what_an_older_version_wrote_is_brought_up_to_date():
    enable()
    path = startup_file()
    text = path.read_text()
    path.write_text(text.splitlines()[0] + "\nold = 1\n")
    assert enabled_by() == ""
    enable()
    assert path.read_text() == text


def test_a_profile_by_name(clean_machine):
    (clean_machine / ".ipython" / "profile_films").mkdir(parents=True)
    enable("films")
    assert enabled_by("films").endswith(
        "profile_films/startup/50-wan-magic.py".replace("/", os.sep)
    )
    assert enabled_by() == ""


@pytest.mark.parametrize("name", ["nobody", "../x", "", "a/b"])
def test_a_profile_that_is_not_there_is_told(name):
    with pytest.raises(InputError, match="there is no IPython profile"):
        enable(name)


@pytest.mark.usefixtures("no_overrides")
def test_a_folder_that_can_not_be_written_is_told(clean_machine):
    (clean_machine / ".ipython").mkdir(mode=0o500)
    with pytest.raises(SettingsError, match="cannot write"):
        enable()


def test_a_folder_that_ipython_gives_up_is_not_written_in_its_place(monkeypatch):
    """What it does for those who may not write theirs: each process has a folder of its own."""
    monkeypatch.setattr("IPython.paths._writable_dir", lambda path: False)
    with pytest.raises(SettingsError, match="cannot write IPython's folder"):
        enable()
    assert enabled_by() == ""


def test_a_file_in_the_way_is_told(clean_machine):
    profile = clean_machine / ".ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "startup").write_text("")
    with pytest.raises(SettingsError):
        enable()


def test_on_the_command_line(capsys):
    assert main(["enable"]) == 0
    assert "works without %load_ext" in capsys.readouterr().out
    assert enabled_by()
    assert main(["disable"]) == 0
    assert not enabled_by()
    assert main(["enable", "--profile", "nobody"]) == 1
    assert "there is no IPython profile 'nobody'" in capsys.readouterr().err
