"""``%config WanMagics``, presets and ``%wanvideo config``: defaults of all cells."""

from __future__ import annotations

import pytest

from wan_magic.errors import ApiError, SettingsError, WanError
from wan_magic.preferences import PREFERENCES

CELL = "%%wanvideo {} --dry-run\nA cat runs"


@pytest.fixture
def config(folder, monkeypatch):
    """Write the config file."""

    def write(text):
        path = folder / "config.toml"
        path.write_text(text)
        monkeypatch.setenv("WAN_MAGIC_CONFIG", str(path))

    return write


def test_every_preference_is_a_trait_with_help(shell):
    said = shell.good("%config WanMagics").out
    magics = shell.ip.magics_manager.registry["WanMagics"]
    for one in PREFERENCES:
        assert one.in_config == magics.has_trait(one.name) == (f"WanMagics.{one.name}=" in said)
        if one.in_config:
            assert one.help in " ".join(said.split())


def test_a_trait_holds_for_all_cells_and_an_option_comes_first(shell, no_server):
    shell.good("%config WanMagics.resolution = '480p'")
    shell.good("%config WanMagics.seed = 7")
    shell.good("%config WanMagics.watermark = True")
    out = shell.good(CELL.format("-m wanx2.1-i2v-turbo -i cat.png")).out
    for part in ('"resolution": "480P"', '"seed": 7', '"watermark": true'):
        assert part in out
    out = shell.good(CELL.format("-m wanx2.1-i2v-turbo -i cat.png -r 720P --no-watermark")).out
    assert '"resolution": "720P"' in out
    assert '"watermark": false' in out


def test_a_default_that_the_model_does_not_take_is_a_note_and_an_option_an_error(shell, no_server):
    shell.good("%config WanMagics.resolution = '480P'")
    cell = shell.good(CELL.format("-m wan2.7-t2v"))
    assert "note: your default resolution 480P is left out: wan2.7-t2v does not" in cell.out
    assert not shell.run(CELL.format("-m wan2.7-t2v -r 480P")).ok


@pytest.mark.parametrize(
    ("line", "guess"),
    [
        ("resolution = '720'", "did you mean 720P?"),
        ("model = 'wan2.6-i2w'", "did you mean wan2.6-i2v?"),
        ("endpoint = 'bejing'", "did you mean beijing?"),
        ("embed = 'fiel'", "did you mean file?"),
        ("duration = 'x'", "not a whole number"),
        ("timeout = 0", "not a number above 0"),
        ("max_cost = 'much'", "no amount of money"),
    ],
)
def test_a_wrong_value_is_refused_when_it_is_set_and_the_old_one_stays(shell, caplog, line, guess):
    name = line.partition(" ")[0]
    magics = shell.ip.magics_manager.registry["WanMagics"]
    shell.run(f"%config WanMagics.{line}")
    assert guess in caplog.text
    assert getattr(magics, name) is None
    with pytest.raises(SettingsError, match=guess):
        exec(f"magics.{line}")


def test_what_config_refuses_does_not_come_back_when_the_extension_is_loaded_again(shell):
    shell.good("%config WanMagics.resolution = '480P'")
    shell.good("%config WanMagics.seed = 7")
    for wrong in ("resolution = '48OP'", "duration = 'x'"):
        shell.run(f"%config WanMagics.{wrong}")
    shell.good("%unload_ext wan_magic")
    shell.good("%load_ext wan_magic")
    magics = shell.ip.magics_manager.registry["WanMagics"]
    assert (magics.resolution, magics.seed, magics.duration) == ("480P", 7, None)


@pytest.mark.parametrize("empty", ["None", "''"])
def test_nothing_means_not_set(shell, no_server, empty):
    shell.good("%config WanMagics.resolution = '480P'")
    shell.good(f"%config WanMagics.resolution = {empty}")
    assert "480P" not in shell.good(CELL.format("")).out


def test_budgets_of_config_stop_the_submit(shell, posted, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "beijing")
    shell.good("%config WanMagics.budget_day = '1 CNY'")
    assert "the day's budget of 1.00 CNY is not enough" in shell.run("%%wanvideo\nA cat").text
    assert not posted


def test_a_preset_by_its_name(shell, config, no_server):
    config('[presets.draft]\nmodel = "2.2"\nresolution = "480P"')
    out = shell.good(CELL.format("--preset draft")).out
    assert '"model": "wan2.2-t2v-plus"' in out
    assert '"size": "832*480"' in out
    assert "1920*1080" in shell.good(CELL.format("--preset draft --resolution 1080P")).out
    cell = shell.refused(CELL.format("--preset darft"), SettingsError)
    assert "did you mean draft?" in cell.text


def test_a_preset_and_the_config_file_hold_in_python_too(config, posted):
    import wan_magic

    config('resolution = "480P"\n[presets.tall]\nratio = "9:16"')
    for options in ({"preset": "tall"}, {"resolution": "1080P"}):
        with pytest.raises(ApiError, match="by the test"):
            wan_magic.generate("A cat", **options)
    assert [request.body()["parameters"]["size"] for request in posted] == [
        "480*832",
        "1920*1080",
    ]


def test_a_storyboard_and_a_map_have_the_same_defaults(config, posted):
    import wan_magic

    config('resolution = "480P"\nratio = "9:16"')
    with pytest.raises(WanError):
        wan_magic.storyboard(["A cat sits", "It runs"])
    with pytest.raises(WanError):
        wan_magic.map(["A dog"], progress=False).result()
    sizes = [request.body()["parameters"]["size"] for request in posted]
    assert sizes == ["480*832", "480*832"]


def test_a_preset_by_its_name_for_a_storyboard_and_a_map(config, posted):
    import wan_magic

    config('resolution = "480P"\n[presets.tall]\nratio = "9:16"\nplayer_width = 480')
    with pytest.raises(WanError):
        wan_magic.storyboard(["A cat sits", "It runs"], preset="tall")
    sweep = wan_magic.map(["A dog"], preset="tall", loop=False, progress=False)
    with pytest.raises(WanError):
        sweep.result()
    assert [request.body()["parameters"]["size"] for request in posted] == ["480*832"] * 2
    assert (sweep[0].look.width, sweep[0].look.loop) == (480, False)
    for start in (wan_magic.storyboard, wan_magic.map):
        with pytest.raises(SettingsError, match="did you mean tall"):
            start(["A cat"], preset="tal")


def test_a_limit_of_all_clips_holds_for_all_cells_until_a_line_says_otherwise(shell, posted):
    shell.good("%config WanMagics.max_total = '5 CNY'")
    shell.good("%config WanMagics.endpoint = 'beijing'")
    cell = "%%wanvideo -r 1080P -d 10 {}\nA cat"
    assert "these 2 clips cost about" in shell.run(cell.format("--count 2")).text
    assert "this clip alone costs about" in shell.run(cell.format("")).text
    assert "would be refused: this clip alone" in shell.good(cell.format("--dry-run")).out
    assert not posted
    assert "within --max-total 50.00" in shell.good(cell.format("--dry-run --max-total 50")).out
    shell.run(cell.format("--max-total off"))
    assert len(posted) == 1
    (row,) = (row for row in shell.good("%wanvideo config").value if row.name == "max_total")
    assert row[1:3] == ("5.00 CNY", "%config")


def test_what_is_set_and_where(shell, config, monkeypatch):
    config("timeout = 60\n[presets.draft]\nresolution = '480P'")
    monkeypatch.setenv("WAN_MAGIC_RATIO", "9:16")
    shell.good("%config WanMagics.seed = 7")
    rows = {row.name: row for row in shell.good("%wanvideo config").value}
    assert rows["timeout"].source.endswith("config.toml")
    assert rows["ratio"][1:3] == ("9:16", "WAN_MAGIC_RATIO")
    assert rows["seed"][1:3] == ("7", "%config")
    rows = {row.name: row for row in shell.good("%wanvideo config --preset draft").value}
    assert rows["resolution"].source.startswith("preset draft (")


def test_the_cost_says_what_is_left_of_budgets(shell, config):
    config('[budget]\nday = "50 CNY"\nmonth = "9"')
    shell.good("%config WanMagics.budget_notebook = '20 CNY'")
    for said in (
        repr(shell.good("%wanvideo cost").value),
        shell.good("%wanvideo cost").value._repr_html_(),
    ):
        assert "budget: 50.00 of 50.00 CNY left" in said.replace("&#x27;", "'")
        assert "the month's budget: 9.00 of 9.00 left" in said.replace("&#x27;", "'")
        assert "this notebook's budget: 20.00 of 20.00 CNY left" in said.replace("&#x27;", "'")
