"""The config file: what it gives, what it must not hold, and how its mistakes are told."""

from __future__ import annotations

import re
import traceback
from decimal import Decimal
from pathlib import Path

import platformdirs
import pytest

from wan_magic.errors import SettingsError
from wan_magic.settings import from_environment
from wan_magic.settings.config import Config, EndpointTable, config_path, read_config
from wan_magic.settings.money import limits_of
from wan_magic.wan.endpoints import choose

KEY = "sk-0123456789abcdef"
GATEWAY = """
[endpoints.bltcy]
base = "https://api.bltcy.ai/qwen/api/v1"
create = "/services/aigc/video-generation/video-synthesis"
query = "/tasks/{task_id}"
uploads = "https://files.bltcy.ai/api/v1"
key_env = "BLTCY_API_KEY"
workspace = "ws-9"
region = "beijing"
status = { Completed = "SUCCEEDED", in_progress = "RUNNING", submitted = "PENDING" }
"""


@pytest.fixture
def write(tmp_path):
    """Write a config file; the environment that names it."""

    def make(text, **environ):
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return {"WAN_MAGIC_CONFIG": str(path)} | environ

    return make


def refusal(environ):
    """Return the error; nothing of it may hold what looks like a key."""
    with pytest.raises(SettingsError) as caught:
        read_config(environ)
    error = caught.value
    frames = [
        frame.f_locals
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if frame.f_globals["__name__"] != __name__ and "environ" not in frame.f_code.co_names
    ]
    told = "".join(traceback.format_exception(error)) + repr(vars(error))
    told += repr([{k: v for k, v in one.items() if k != "environ"} for one in frames])
    assert "0123456789abcdef" not in told
    assert error.__cause__ is None
    assert error.__context__ is None
    return str(error)


# -- where it is ------------------------------------------------------------------------


def test_no_file_says_nothing():
    assert read_config({}) == Config()
    assert read_config({"WAN_MAGIC_CONFIG": " "}) == Config()


def test_the_users_own_folder():
    path = config_path({})
    assert path == platformdirs.user_config_path("wan-magic", appauthor=False) / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text('endpoint = "local"')
    assert read_config({}).values == {"endpoint": "local"}


def test_a_file_by_name(write, clean_machine):
    assert read_config(write('out = "~/clips"')).values == {"out": "~/clips"}
    (clean_machine / "mine.toml").write_text('endpoint = "tokyo"')
    assert read_config({"WAN_MAGIC_CONFIG": "~/mine.toml"}).values == {"endpoint": "tokyo"}


def test_a_named_file_that_is_missing_is_told(tmp_path):
    text = refusal({"WAN_MAGIC_CONFIG": str(tmp_path / "no.toml")})
    assert "no.toml cannot be read: No such file or directory" in text
    assert "WAN_MAGIC_CONFIG" in text


def test_a_folder_is_no_file(tmp_path):
    assert "cannot be read: Is a directory" in refusal({"WAN_MAGIC_CONFIG": str(tmp_path)})


def test_a_name_in_a_home_that_does_not_exist_is_told():
    assert "cannot be read" in refusal({"WAN_MAGIC_CONFIG": "~nobody-of-this-name/c.toml"})


def test_it_is_read_at_every_call(write):
    environ = write('endpoint = "tokyo"')
    assert from_environment(environ).endpoint == "tokyo"
    write('endpoint = "local"')
    assert from_environment(environ).endpoint == "local"


# -- what it gives -------------------------------------------------------------------------


def test_a_whole_gateway(write):
    found = read_config(write(GATEWAY, BLTCY_API_KEY=f" {KEY}\n"))
    assert found.endpoints == {
        "bltcy": EndpointTable(
            base="https://api.bltcy.ai/qwen/api/v1",
            create="/services/aigc/video-generation/video-synthesis",
            query="/tasks/{task_id}",
            uploads="https://files.bltcy.ai/api/v1",
            key_env="BLTCY_API_KEY",
            key=KEY,
            workspace="ws-9",
            region="beijing",
            status={"completed": "SUCCEEDED", "in_progress": "RUNNING", "submitted": "PENDING"},
        )
    }
    assert KEY not in repr(found)


def test_a_gateway_by_its_name(write):
    environ = write(GATEWAY, BLTCY_API_KEY=KEY, DASHSCOPE_API_KEY="sk-another")
    settings = from_environment(environ).override(endpoint="bltcy")
    found = choose(settings)
    assert (found.name, found.base_url) == ("bltcy", "https://api.bltcy.ai/qwen/api/v1")
    assert (found.key, found.region) == (KEY, "beijing")
    assert KEY not in repr(settings)


def test_a_gateway_whose_key_is_not_set(write):
    settings = from_environment(write(GATEWAY, DASHSCOPE_API_KEY=KEY)).override(endpoint="bltcy")
    with pytest.raises(SettingsError, match="none is set in BLTCY_API_KEY"):
        choose(settings)


def test_what_is_known_of_an_endpoint_and_what_it_asks(write):
    text = """
    [endpoints.singapore]
    submit_rps = 0.5
    query_rps = 20
    concurrent = 2
    currency = "usd"
    prices = { "wan2.6-i2v" = { "720p" = 0.1, "1080P" = 0.15 }, "wan2.5-i2v-preview" = 1 }
    """
    assert read_config(write(text)).endpoints["singapore"] == EndpointTable(
        submit_rps=0.5,
        query_rps=20.0,
        concurrent=2,
        currency="USD",
        prices={
            "wan2.6-i2v": {"720P": Decimal("0.1"), "1080P": Decimal("0.15")},
            "wan2.5-i2v-preview": Decimal(1),
        },
    )


def test_what_clips_may_cost(write):
    found = read_config(
        write("""
        max_cost = ["2 CNY", "0.3 USD"]
        ledger = false

        [budget]
        notebook = 20.5
        day = ["50 CNY", "7 USD"]
        month = "500 CNY, 70 USD"
        """)
    )
    assert found.values == {
        "max_cost": limits_of("2 CNY, 0.3 USD"),
        "budget_notebook": limits_of("20.5"),
        "budget_day": limits_of("50 CNY, 7 USD"),
        "budget_month": limits_of("500 CNY, 70 USD"),
        "ledger": False,
    }


def test_without_a_word_nothing_is_limited_and_jobs_are_written_down(write):
    environ = write("[budget]")
    assert read_config(environ).values == {}
    found = from_environment(environ)
    assert (found.max_cost, found.budgets, found.ledger) == ((), {}, True)


def test_the_example_of_the_documents_is_a_good_file(write):
    page = Path(__file__).parents[1] / "docs" / "endpoints.md"
    example = re.search(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)[1]
    found = from_environment(write(example)).override(endpoint="local")
    assert choose(found) is None, "its tables make sense"
    assert found.max_cost
    assert set(found.budgets) == {"notebook", "day", "month"}


def test_an_empty_file_and_one_from_windows(write):
    assert read_config(write("")).values == {}
    windows = write(b'\xef\xbb\xbfendpoint = "local"\r\n')
    assert read_config(windows).values == {"endpoint": "local"}


def test_the_order_of_strength(write, clean_machine):
    text = 'endpoint = "tokyo"\nout = "~/file"\nworkspace = "ws-file"'
    environ = write(text, DASHSCOPE_API_KEY=KEY)
    found = from_environment(environ)
    assert (found.endpoint, found.out) == ("tokyo", clean_machine / "file")
    assert choose(found).workspace == "ws-file"
    environ |= {
        "WAN_MAGIC_ENDPOINT": "frankfurt",
        "WAN_MAGIC_OUT": "~/env",
        "WAN_MAGIC_WORKSPACE": "ws-env",
    }
    found = from_environment(environ)
    assert (found.endpoint, found.out) == ("frankfurt", clean_machine / "env")
    assert choose(found).workspace == "ws-env"
    found = found.override(endpoint="beijing", out="~/option", workspace="ws-option")
    assert (found.endpoint, found.out) == ("beijing", clean_machine / "option")
    assert choose(found).workspace == "ws-option"


def test_the_sdks_address_comes_before_the_file(write):
    environ = write('endpoint = "tokyo"', DASHSCOPE_HTTP_BASE_URL="https://host/api/v1")
    assert from_environment(environ).endpoint == "https://host/api/v1"


# -- its mistakes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('endpont = "x"', "endpont: there is no such setting\n→ did you mean endpoint?"),
        ("[endpoints.g]\nbas = 'x'", "endpoints.g.bas: there is no such setting"),
        ("[endpoints.g]\nbas = 'x'", "did you mean base?"),
        ("[endpoint]\nbase = 'x'", "endpoint is not a text"),
        ("endpoints = 3", "endpoints is not a table"),
        ("[endpoints]\ng = 'x'", "endpoints.g is not a table"),
        ("endpoint = 3", "endpoint is not a text"),
        ('endpoint = " "', "endpoint is not a text"),
        ("[endpoints.g]\nbase = 3", "endpoints.g.base is not a text"),
        ("[endpoints.local]\nbase = 'x'", "local is the preview server"),
        ("[endpoints.'a/b']\nbase = 'x'", "is no name for an endpoint"),
        ("[endpoints.g]\ncreate = 'services'", "endpoints.g.create is no path"),
        ("[endpoints.g]\ncreate = 'https://x/y'", "endpoints.g.create is no path"),
        ("[endpoints.g]\nquery = '/tasks/'", "no path with a place for the id"),
        ("[endpoints.g]\nquery = 'tasks/{task_id}'", "no path with a place for the id"),
        ("[endpoints.g]\nkey_env = 'MY KEY'", "not the name of an environment variable"),
        ("[endpoints.g]\nstatus = 'x'", "endpoints.g.status is not a table"),
        ("[endpoints.g]\nstatus = { done = 'SUCEEDED' }", "did you mean SUCCEEDED?"),
        ("[endpoints.g]\nstatus = { done = 3 }", "is no state of the API"),
        ("[endpoints.g]\nsubmit_rps = 0", "submit_rps = 0 is not a number above 0"),
        ("[endpoints.g]\nsubmit_rps = '2'", "submit_rps = '2' is not a number above 0"),
        ("[endpoints.g]\nquery_rps = nan", "query_rps = NaN is not a number above 0"),
        ("[endpoints.g]\nquery_rps = inf", "not a number above 0"),
        ("[endpoints.g]\nconcurrent = true", "concurrent = true is not a number above 0"),
        ("[endpoints.g]\nconcurrent = 2.5", "concurrent = 2.5 is not a whole number"),
        ("[endpoints.g]\ncurrency = 'EUR'", "currency = 'EUR' is no currency of the service"),
        ("[endpoints.g]\ncurrency = 3", "endpoints.g.currency is not a text"),
        ("[endpoints.g]\nprices = 3", "endpoints.g.prices is not a table"),
        ("[endpoints.g.prices]\nm = '3'", "endpoints.g.prices.\"m\" = '3' is no price"),
        ("[endpoints.g.prices]\nm = -0.5", "= -0.5 is no price"),
        ("[endpoints.g.prices]\nm = nan", "= NaN is no price"),
        ("[endpoints.g.prices]\nm = {}", "is no price"),
        ("[endpoints.g.prices]\nm = { 720P = true }", '"m".720P = true is no price'),
        ("[endpoints.g.prices]\nwan2.5-i2v = 3", 'write "wan2.5-i2v" = …'),
        ("[endpoints.g.prices]\nwan3.0-video = { 720P = 1 }", 'write "wan3.0-video" = …'),
        ("[endpoints.g]\nprice = {}", "did you mean prices?"),
        ("max_cost = 'much'", "max_cost = 'much' is no amount of money"),
        ("max_cost = ['2 CNY', 3.5]", "max_cost = ['2 CNY', 3.5] names several amounts"),
        ("max_cost = -1", "max_cost = -1 is no amount of money"),
        ("budget = '5 CNY'", "budget is not a table"),
        ("[budget]\nweek = '5 CNY'", "budget.week: there is no such setting"),
        ("[budget]\nday = '5 EUR'", "budget.day = '5 EUR' is no amount of money"),
        ("ledger = 'off'", "ledger = 'off' is neither true nor false"),
    ],
)
def test_a_mistake_is_told_with_its_place(write, text, part):
    told = refusal(write(text))
    assert part in told
    assert "config.toml" in told


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('endpoint = "x"\nout = clips', "(at line 2, column 7)"),
        ("[endpoints.g", "at"),
        ('a = "1"\na = "2"', "at"),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(write, text, place):
    told = refusal(write(text))
    assert "config.toml: " in told
    assert place in told
    assert "texts stand in quotes" in told


def test_what_is_no_text(write):
    assert "is not a UTF-8 text" in refusal(write(b"\xff\xfe\x00"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f'api_key = "{KEY}"', "api_key holds a key"),
        (f'endpoint = "{KEY}"', "endpoint holds a key"),
        (f'[endpoints.g]\nkey = "{KEY}"', "endpoints.g.key holds a key"),
        ('[endpoints.g]\nkey = "0123456789abcdef"', "endpoints.g.key holds a key"),
        ('[endpoints.g]\ntoken = "0123456789abcdef"', "endpoints.g.token holds a key"),
        ('[endpoints.g]\nAPI-KEY = "0123456789abcdef"', "endpoints.g.API-KEY holds a key"),
        (f'[endpoints.g]\nkey_env = "{KEY}"', "endpoints.g.key_env holds a key"),
        ('endpoint = "st-0123456789abcdef0123"', "endpoint holds a key"),
        (f'[endpoints.g]\nbase = "https://x.example/{KEY}"', "endpoints.g.base holds a key"),
        (f'[endpoints.g]\nstatus = {{ x = "{KEY}" }}', "endpoints.g.status.x holds a key"),
        (f"[endpoints.{KEY}]\nbase = 'x'", "one of the names is a key"),
        (f'more = ["a", "{KEY}"]', "more.1 holds a key"),
        (f'max_cost = ["{KEY}"]', "max_cost.0 holds a key"),
        (f'budget = {{ day = "{KEY}" }}', "budget.day holds a key"),
        (f'[endpoints.g]\ncurrency = "{KEY}"', "endpoints.g.currency holds a key"),
        (f"[endpoints.g.prices]\n{KEY} = 1", "one of the names is a key"),
    ],
)
def test_a_key_in_the_file_is_refused_and_not_repeated(write, text, place):
    told = refusal(write(text))
    assert place in told
    assert "environment variable" in told
    assert 'key_env = "ITS_NAME"' in told


def test_a_key_in_what_is_no_toml_is_not_repeated(write):
    refusal(write(f"endpoint = {KEY}\n"))


def test_tracebacks_with_all_variables_do_not_show_the_environment(write, monkeypatch):
    for name, value in write("endpont = 'x'", BLTCY_API_KEY=KEY).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        from_environment()
    frames = [frame.f_locals for frame, _ in traceback.walk_tb(caught.value.__traceback__)][1:]
    assert len(frames) == 2
    assert KEY not in repr(frames)


def test_names_that_only_look_like_keys_are_fine(write):
    found = read_config(write("out = '~/st-moritz/risk-0123456789abcdef'\nworkspace = 'ws-sk'"))
    assert found.values["out"] == "~/st-moritz/risk-0123456789abcdef"


def test_a_list_of_what_there_is_stands_beside_a_guess_where_it_is_short():
    from wan_magic.settings.config_values import nearest_of

    assert nearest_of("mont", ["day", "month"]) == "did you mean month? (day, month)"
    assert nearest_of("dun", ["day", "month"]) == "one of day, month"
    many = [f"setting_{at}x" for at in range(20)]
    assert nearest_of("setting_7", many) == "did you mean setting_7x?"
