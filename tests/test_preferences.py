"""What can be set for all cells: where from, in which order, and what a project may not say."""

from __future__ import annotations

import pytest

from wan_magic.errors import SettingsError
from wan_magic.preferences import BY_NAME, CAPS, PREFERENCES
from wan_magic.settings import from_environment
from wan_magic.settings.configured import configured
from wan_magic.settings.money import limits_of
from wan_magic.settings.project import read_project
from wan_magic.wan.endpoints import choose

KEY = "sk-0123456789abcdef"
GOOD = {
    "text": ("480P", "480P"),
    "integer": ("5", 5),
    "number": ("60", 60.0),
    "switch": ("on", True),
    "money": ("2 CNY", limits_of("2 CNY")),
}
"""For each kind what is typed, and what it means; a choice has its own."""
VALUES = {"model": "2.7", "ratio": "9:16", "endpoint": "local", "player_width": "480"}


def typed(one):
    """A good value, as text and as it is meant."""
    if one.kind == "choice":
        return one.values[-1], one.values[-1]
    text = VALUES.get(one.name, GOOD[one.kind][0])
    return text, one.read(text, one.name)


def in_toml(one):
    text, meant = typed(one)
    if one.kind in ("integer", "number"):
        return text
    return str(meant).lower() if one.kind == "switch" else f'"{text}"'


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of a project, with a notebook's folder in it, and the user's own file."""
    notebooks = tmp_path / "project" / "notebooks"
    notebooks.mkdir(parents=True)
    monkeypatch.chdir(notebooks)
    own = tmp_path / "config.toml"
    own.write_text("")
    monkeypatch.setenv("WAN_MAGIC_CONFIG", str(own))

    class Place:
        root, file = tmp_path / "project", own

        def project(self, text, folder=None):
            ((folder or self.root) / "pyproject.toml").write_text(text)

        def user(self, text):
            own.write_text(text)

    return Place()


# -- the table --------------------------------------------------------------------------


@pytest.mark.parametrize("one", PREFERENCES, ids=lambda one: one.name)
def test_each_row_reads_alike_from_a_file_a_project_and_the_environment(place, monkeypatch, one):
    _, meant = typed(one)
    if not one.name.startswith("budget_"):
        place.user(f"{one.name} = {in_toml(one)}")
        found = from_environment()
        assert (found.values[one.name], found.sources[one.name]) == (meant, str(place.file))
        place.user("")
    if one.in_project and one.name != "out":  # a folder is seen from the file
        place.project(f"[tool.wan-magic]\n{one.name} = {in_toml(one)}")
        found = from_environment()
        assert found.values[one.name] == meant
        assert found.sources[one.name] == str(place.root / "pyproject.toml")
        place.project("")
    monkeypatch.setenv(one.variable, typed(one)[0])
    found = from_environment()
    assert (found.values[one.name], found.sources[one.name]) == (meant, one.variable)


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("duration", "five", "WAN_MAGIC_DURATION = 'five' is not a whole number"),
        ("duration", "-7", "WAN_MAGIC_DURATION = -7 is out of range"),
        ("timeout", "0", "WAN_MAGIC_TIMEOUT = '0' is not a number above 0"),
        ("watermark", "maybe", "WAN_MAGIC_WATERMARK = 'maybe' is neither on nor off"),
        ("embed", "fiel", "did you mean file?"),
        ("embed_limit", "0", "WAN_MAGIC_EMBED_LIMIT = 0 is out of range"),
        ("embed_limit", "101", "1 to 100"),
        ("budget_day", "5 EUR", "WAN_MAGIC_BUDGET_DAY = '5 EUR' is no amount of money"),
        ("max_total", "much", "WAN_MAGIC_MAX_TOTAL = 'much' is no amount of money"),
        ("seed", KEY, "what looks like an API key"),
    ],
)
def test_a_mistake_is_told_with_its_place(monkeypatch, name, value, part):
    monkeypatch.setenv(BY_NAME[name].variable, value)
    with pytest.raises(SettingsError) as caught:
        from_environment()
    assert part in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("resolutoin = '480P'", "did you mean resolution?"),
        ("duration = '5'", "duration = '5' is not a whole number"),
        ("duration = true", "is not a whole number"),
        ("timeout = '60'", "timeout = '60' is not a number above 0"),
        ("watermark = 'on'", "neither true nor false"),
        ("presets = 3", "presets is not a table"),
        ("[presets]\ndraft = 3", "presets.draft is not a table"),
        ("[presets.draft]\nmodle = '2.7'", "did you mean model?"),
        ("[presets.draft]\nbudget_day = '5 CNY'", "there is no such setting"),
        ("[presets.'a b']\nmodel = '2.7'", "is no name for a preset"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(place, line, part):
    place.user(line)
    with pytest.raises(SettingsError) as caught:
        from_environment()
    assert part in str(caught.value)
    assert "config.toml" in str(caught.value)


# -- order ------------------------------------------------------------------------------


def test_the_order_of_strength(place, monkeypatch):
    def resolution(settings):
        return settings.values.get("resolution")

    assert resolution(from_environment()) is None
    place.user('resolution = "a"\n[presets.draft]\nresolution = "e"')
    assert resolution(from_environment()) == "a"
    place.project('[tool.wan-magic]\nresolution = "b"')
    assert resolution(from_environment()) == "b"
    monkeypatch.setenv("WAN_MAGIC_RESOLUTION", "c")
    assert resolution(from_environment()) == "c"
    config = from_environment().with_values({"resolution": "d", "ratio": None}, "%config")
    assert (resolution(config), config.values.get("ratio")) == ("d", None)
    assert resolution(config.override(preset="draft")) == "e"
    assert config.sources["resolution"] == "%config"


def test_a_preset_is_weaker_than_what_is_given_with_it(place):
    place.user('endpoint = "tokyo"\n[presets.draft]\nendpoint = "local"\ntimeout = 60')
    found = from_environment().override(preset="draft")
    assert (found.endpoint, found.timeout) == ("local", 60)
    assert from_environment().override(preset="draft", timeout=5).timeout == 5


def test_an_unknown_preset_gets_the_nearest_one(place):
    with pytest.raises(SettingsError, match=r"\[presets.NAME\] into the config file"):
        from_environment().override(preset="draft")
    place.user("[presets.draft]\nseed = 1")
    with pytest.raises(SettingsError, match="did you mean draft"):
        from_environment().override(preset="drift")


# -- the project --------------------------------------------------------------------------


def test_the_nearest_project_that_speaks_of_us_counts(place):
    place.project('[tool.wan-magic]\nratio = "1:1"')
    place.project("[tool.other]", place.root / "notebooks")
    assert read_project().values == {"ratio": "1:1"}
    place.project('[tool.wan-magic]\nratio = "9:16"', place.root / "notebooks")
    assert read_project().values == {"ratio": "9:16"}
    assert read_project(place.root).values == {"ratio": "1:1"}


def test_a_project_is_looked_for_from_the_notebooks_folder_on(place, monkeypatch, tmp_path):
    place.project('[tool.wan-magic]\nratio = "1:1"')
    monkeypatch.chdir(tmp_path)
    assert read_project().path is None
    monkeypatch.setenv("JPY_SESSION_NAME", str(place.root / "notebooks" / "a.ipynb"))
    assert read_project().values == {"ratio": "1:1"}


def test_its_folder_for_clips_is_seen_from_the_file(place, clean_machine):
    place.project('[tool.wan-magic]\nout = "films"')
    assert from_environment().out == place.root / "films"
    place.project('[tool.wan-magic]\nout = "~/films"')
    assert from_environment().out == clean_machine / "films"


def test_somebody_elses_broken_file_is_not_our_business(place):
    place.project("[tool.other\n")
    assert read_project().path is None
    place.project("[tool.wan-magic\n")
    with pytest.raises(SettingsError, match=r"pyproject\.toml"):
        read_project()


@pytest.mark.parametrize(
    "line",
    [
        'endpoint = "https://evil.example/api/v1"',
        '[tool.wan-magic.presets.draft]\nendpoint = "https://evil.example/api/v1"',
        '[tool.wan-magic.endpoints.beijing]\nworkspace = "ws-1"',
        '[tool.wan-magic.endpoints.g]\nbase = "https://evil.example/api/v1"',
        '[tool.wan-magic.endpoints.g]\nkey_env = "OTHER_KEY"',
        '[tool.wan-magic.budget]\nday = "5000 CNY"',
        'budget_day = "5000 CNY"',
        "ledger = false",
        '[tool.wan-magic.presets.draft]\nmax_cost = "5000 CNY"',
        '[tool.wan-magic.presets.draft]\nmax_total = "5000 CNY"',
    ],
)
def test_a_project_can_neither_lead_the_key_away_nor_raise_what_may_be_spent(place, line):
    place.user('[budget]\nday = "5 CNY"')
    place.project(f"[tool.wan-magic]\n{line}")
    with pytest.raises(SettingsError) as caught:
        from_environment()
    assert "pyproject.toml" in str(caught.value)
    assert "your own config file" in str(caught.value)


def test_a_project_may_name_an_endpoint_that_the_user_knows(place, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    place.user('[endpoints.mine]\nbase = "https://gateway.example/api/v1"')
    place.project('[tool.wan-magic]\nendpoint = "mine"')
    assert choose(from_environment()).base_url == "https://gateway.example/api/v1"
    place.project('[tool.wan-magic]\nendpoint = "other.example"')
    with pytest.raises(SettingsError, match="unknown endpoint"):
        choose(from_environment())


@pytest.mark.parametrize(
    ("own", "project", "kept"),
    [
        ("", "5 CNY", "5 CNY"),
        ("3 CNY", "5 CNY", "3 CNY"),
        ("5 CNY", "3 CNY", "3 CNY"),
        ("3 CNY", "off", "3 CNY"),
        ("3 CNY, 1 USD", "5 CNY", "3 CNY, 1 USD"),
        ("3", "5 USD", "3 CNY, 3 USD"),
        ("3 CNY", "1", "1 CNY, 1 USD"),
    ],
)
@pytest.mark.parametrize("name", CAPS)
def test_a_project_may_lower_what_clips_cost_and_not_raise_it(place, name, own, project, kept):
    place.user(f'{name} = "{own}"' if own else "")
    place.project(f'[tool.wan-magic]\n{name} = "{project}"')
    found = from_environment()
    assert getattr(found, name) == limits_of(kept)
    is_own = own and limits_of(kept) == limits_of(own)
    assert found.sources[name] == str(place.file if is_own else place.root / "pyproject.toml")


def test_a_projects_preset_takes_no_name_of_the_users_own(place):
    place.user('[presets.draft]\nendpoint = "local"')
    place.project(
        '[tool.wan-magic.presets.draft]\nendpoint = "beijing"\n'
        '[tool.wan-magic.presets.final]\nresolution = "1080P"'
    )
    assert from_environment().override(preset="draft").endpoint == "local"
    assert from_environment().override(preset="final").values["resolution"] == "1080P"


def test_a_key_in_a_project_is_refused_and_not_repeated(place):
    place.project(f'[tool.wan-magic]\nmodel = "{KEY}"')
    with pytest.raises(SettingsError) as caught:
        from_environment()
    assert KEY not in str(caught.value)


# -- what is set, and where ---------------------------------------------------------------


def test_the_table_says_each_value_and_where_it_is_from(place, monkeypatch):
    place.user('timeout = 60\n[budget]\nday = "5 CNY"\n[presets.draft]\nmodel = "2.2-flash"')
    place.project('[tool.wan-magic]\nratio = "9x16"')
    monkeypatch.setenv("WAN_MAGIC_WATERMARK", "off")
    table = configured(from_environment().with_values({"seed": 7}, "%config"))
    said = {row.name: (row.value, row.source) for row in table}
    assert said.keys() == {*BY_NAME, "key"}
    assert said["timeout"] == ("60", str(place.file))
    assert said["budget_day"] == ("5.00 CNY", str(place.file))
    assert said["ratio"] == ("9:16", str(place.root / "pyproject.toml"))
    assert said["watermark"] == ("off", "WAN_MAGIC_WATERMARK")
    assert said["seed"] == ("7", "%config")
    assert said["model"] == ("–", "default")
    assert said["ledger"] == ("on", "default")
    for text in (repr(table), table._repr_html_()):
        assert "--preset draft: model = 2.2-flash" in text
        assert str(place.file) in text
        assert str(place.root / "pyproject.toml") in text


def test_the_table_never_shows_a_key(place, monkeypatch):
    table = configured(from_environment())
    assert next(row for row in table if row.name == "key").value.startswith("none is needed")
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("WAN_MAGIC_OUT", KEY)
    table = configured(from_environment())
    row = next(row for row in table if row.name == "key")
    assert (row.value, row.source) == ("set, for beijing", "DASHSCOPE_API_KEY")
    for text in (repr(table), table._repr_html_(), table.to_json(), table.to_csv()):
        assert KEY not in text


def test_the_table_shows_a_slip_before_it_is_run_into(place):
    place.user('resolution = "720"')
    table = configured(from_environment())
    (said,) = (row.value for row in table if row.name == "resolution")
    assert said.startswith("720 – did you mean 720P?")


def test_the_table_escapes_what_it_shows(place):
    place.user('negative_prompt = "<b>text</b>"')
    assert "<b>text" not in configured(from_environment())._repr_html_()
