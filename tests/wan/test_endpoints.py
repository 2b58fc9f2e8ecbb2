"""Which endpoint the settings lead to, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from wan_magic.errors import SettingsError
from wan_magic.settings import Settings
from wan_magic.settings.config import EndpointTable
from wan_magic.wan.endpoints import LOCAL, Endpoint, choose

KEY = "sk-0123456789abcdef"


def chosen(endpoint=None, key=KEY):
    return choose(Settings(endpoint=endpoint, api_key=key))


def refusal(endpoint, key=KEY):
    with pytest.raises(SettingsError) as caught:
        chosen(endpoint, key)
    return str(caught.value)


def test_no_key_means_the_local_preview():
    assert chosen(key=None) is None


def test_a_key_means_the_official_default():
    found = chosen()
    assert (found.name, found.base_url) == ("beijing", "https://dashscope.aliyuncs.com/api/v1")
    assert found.region == "beijing"


def test_local_can_be_asked_for_with_a_key():
    assert chosen(LOCAL) is None


@pytest.mark.parametrize(
    ("name", "base_url"),
    [
        ("beijing", "https://dashscope.aliyuncs.com/api/v1"),
        ("singapore", "https://dashscope-intl.aliyuncs.com/api/v1"),
        ("virginia", "https://dashscope-us.aliyuncs.com/api/v1"),
        ("hong-kong", "https://cn-hongkong.dashscope.aliyuncs.com/api/v1"),
    ],
)
def test_a_region_by_name_or_by_its_address(name, base_url):
    assert chosen(name) == chosen(base_url) == Endpoint(name, base_url, KEY, name)


def test_a_gateway_keeps_its_prefix_and_has_no_known_price():
    found = chosen("https://gateway.example/qwen/api/v1/")
    assert found.base_url == "https://gateway.example/qwen/api/v1"
    assert found.name == "gateway.example"
    assert found.region is None


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:9", "127.9.9.9"])
def test_plain_http_is_good_enough_on_this_machine(host):
    assert chosen(f"http://{host}/api/v1").base_url == f"http://{host}/api/v1"


@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0"])
def test_plain_http_elsewhere_would_show_the_key(host):
    assert "would send the key unencrypted" in refusal(f"http://{host}/api/v1")


@pytest.mark.parametrize(
    "url", ["ftp://example.com/api/v1", "https://", "https:///api/v1", "file:///etc/passwd"]
)
def test_an_address_that_is_none(url):
    assert "is not an http(s) URL" in refusal(url)


@pytest.mark.parametrize("url", ["https://[::1/api/v1", "https://host:99999/api/v1"])
def test_an_address_that_cannot_be_read(url):
    assert "is not an http(s) URL" in refusal(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@example.com/api/v1",
        "https://:hunter2@example.com/api/v1",
        "ftp://:hunter2@example.com/api/v1",
        "https://example.com/api/v1?token=hunter2",
        "https://example.com/api/v1#hunter2",
    ],
)
def test_an_address_with_a_secret_in_it_is_refused_and_not_repeated(url):
    text = refusal(url)
    assert "example.com has more than a path" in text
    assert "hunter2" not in text


def test_an_unknown_name_with_the_nearest():
    text = refusal("singapour")
    assert "unknown endpoint 'singapour'" in text
    assert "did you mean singapore? (local, beijing, singapore, virginia" in text


def test_an_unknown_name_far_from_all():
    assert "→ one of local, beijing" in refusal("mars")


@pytest.mark.parametrize("endpoint", ["beijing", "https://gateway.example/api/v1"])
def test_a_hosted_endpoint_needs_a_key(endpoint):
    text = refusal(endpoint, key=None)
    assert "needs a key, and none is set" in text
    assert "DASHSCOPE_API_KEY" in text
    assert "--endpoint local" in text


@pytest.mark.parametrize("key", ["sk-secret\nX-Evil: 1", "sk-sécret", "sk secret", "sk-secret\x00"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_repeated(key):
    text = refusal("beijing", key=key)
    assert "the API key holds" in text
    assert "cret" not in text


def test_the_key_is_in_no_repr():
    assert KEY not in repr(chosen())
    assert KEY not in str(chosen())


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("ws1.cn-beijing.maas.aliyuncs.com", "beijing"),
        ("ws1.ap-southeast-1.maas.aliyuncs.com", "singapore"),
        ("ws1.us-east-1.maas.aliyuncs.com", "virginia"),
        ("ws1.eu-central-1.maas.aliyuncs.com", "frankfurt"),
        ("ws1.ap-northeast-1.maas.aliyuncs.com", "tokyo"),
        ("ws1.cn-hongkong.maas.aliyuncs.com", "hong-kong"),
        ("trial.ap-southeast-1.maas.aliyuncs.com", "singapore"),
        ("token-plan.cn-beijing.maas.aliyuncs.com", "beijing"),
        ("cn-hongkong.dashscope.aliyuncs.com", "hong-kong"),
        ("DashScope.AliyunCS.com", "beijing"),
        ("dashscope.aliyuncs.com:8443", None),
        ("ws1.eu-west-1.maas.aliyuncs.com", None),
        ("cn-beijing.maas.aliyuncs.com.evil.example", None),
    ],
)
def test_the_price_list_of_a_workspace_host_is_its_regions(host, region):
    found = choose(Settings(endpoint=f"https://{host}/api/v1", api_key="sk-x"))
    assert found.region == region


def test_a_key_in_the_wrong_place_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        choose(Settings(endpoint="sk-secret-0123456789"))
    assert "secret" not in str(caught.value)


# -- workspaces ---------------------------------------------------------------------------

HOSTS = {
    "beijing": "ws-1.cn-beijing.maas.aliyuncs.com",
    "singapore": "ws-1.ap-southeast-1.maas.aliyuncs.com",
    "virginia": "ws-1.us-east-1.maas.aliyuncs.com",
    "frankfurt": "ws-1.eu-central-1.maas.aliyuncs.com",
    "tokyo": "ws-1.ap-northeast-1.maas.aliyuncs.com",
    "hong-kong": "ws-1.cn-hongkong.maas.aliyuncs.com",
}


@pytest.mark.parametrize("region", HOSTS)
def test_a_workspace_has_its_own_host_in_every_region(region):
    found = choose(Settings(endpoint=region, api_key=KEY, workspace="ws-1"))
    assert found.base_url == f"https://{HOSTS[region]}/api/v1"
    assert (found.name, found.region, found.workspace) == (region, region, "ws-1")


def test_the_default_region_has_it_too():
    found = choose(Settings(api_key=KEY, workspace="ws-1"))
    assert found.base_url == f"https://{HOSTS['beijing']}/api/v1"


@pytest.mark.parametrize("region", ["frankfurt", "tokyo"])
def test_a_region_without_a_shared_host_needs_the_id(region):
    text = refusal(region)
    assert f"{region} has no shared host" in text
    assert "WAN_MAGIC_WORKSPACE" in text
    assert f"[endpoints.{region}]" in text


@pytest.mark.parametrize(
    "workspace", ["evil.example/", "a.b", "-a", "a-", "a b", "x" * 64, "é", "a@b", "a:1"]
)
def test_an_id_that_would_lead_the_key_elsewhere_is_refused(workspace):
    with pytest.raises(SettingsError, match="no workspace id"):
        choose(Settings(endpoint="beijing", api_key=KEY, workspace=workspace))


def test_a_key_in_place_of_the_id_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        choose(Settings(endpoint="beijing", api_key=KEY, workspace="sk-secret_0123456789"))
    assert "secret" not in str(caught.value)


def test_which_id_is_stronger():
    tables = {"tokyo": EndpointTable(workspace="of-the-table")}
    given = {"endpoint": "tokyo", "api_key": KEY, "endpoints": tables, "config_workspace": "top"}
    assert choose(Settings(**given, workspace="env")).workspace == "env"
    assert choose(Settings(**given)).workspace == "of-the-table"
    given["endpoints"] = {}
    assert choose(Settings(**given)).workspace == "top"


@pytest.mark.parametrize("url", ["https://gateway.example/api/v1", "http://127.0.0.1:1/api/v1"])
def test_a_gateway_gets_no_workspace_of_ours(url):
    found = choose(Settings(endpoint=url, api_key=KEY, workspace="ws-1"))
    assert (found.base_url, found.workspace) == (url, "")


def test_a_shared_host_by_its_address_is_told_the_workspace():
    url = "https://dashscope.aliyuncs.com/api/v1"
    found = choose(Settings(endpoint=url, api_key=KEY, workspace="ws-1"))
    assert (found.base_url, found.workspace) == (url, "ws-1")


# -- where uploads go ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "base"),
    [
        ("beijing", "https://dashscope.aliyuncs.com/api/v1"),
        ("singapore", "https://dashscope-intl.aliyuncs.com/api/v1"),
        ("virginia", "https://dashscope-us.aliyuncs.com/api/v1"),
        ("hong-kong", "https://cn-hongkong.dashscope.aliyuncs.com/api/v1"),
        ("frankfurt", ""),
        ("tokyo", ""),
        (f"https://{HOSTS['singapore']}/api/v1", "https://dashscope-intl.aliyuncs.com/api/v1"),
        ("https://gateway.example/api/v1", ""),
        ("https://dashscope.aliyuncs.com/api/v1", ""),
    ],
)
def test_a_workspace_uploads_through_the_shared_host_where_there_is_one(endpoint, base):
    found = choose(Settings(endpoint=endpoint, api_key=KEY, workspace="ws-1"))
    assert found.upload_base == base


# -- tables of the config file -----------------------------------------------------------------


def with_tables(endpoint, key=KEY, **tables):
    return choose(Settings(endpoint=endpoint, api_key=key, endpoints=tables))


def test_a_gateway_by_name():
    found = with_tables(
        "bltcy",
        bltcy=EndpointTable(
            base="https://api.bltcy.ai/qwen/api/v1/",
            create="/services/new",
            query="/jobs/{task_id}",
            uploads="https://files.bltcy.ai/api/v1",
            key_env="BLTCY_API_KEY",
            key="sk-of-bltcy",
            workspace="ws-9",
            region="beijing",
            status={"completed": "SUCCEEDED"},
        ),
    )
    assert found == Endpoint(
        "bltcy",
        "https://api.bltcy.ai/qwen/api/v1",
        "sk-of-bltcy",
        "beijing",
        upload_base="https://files.bltcy.ai/api/v1",
        create_path="/services/new",
        query_path="/jobs/{task_id}",
        status={"completed": "SUCCEEDED"},
        workspace="ws-9",
        key_variable="BLTCY_API_KEY",
    )
    assert "of-bltcy" not in repr(found)


def test_a_gateway_with_the_least():
    found = with_tables("g", g=EndpointTable(base="https://g.example/api/v1"))
    assert found == Endpoint("g", "https://g.example/api/v1", KEY)
    assert found.region is None


def test_a_gateway_does_not_get_another_ones_key():
    table = EndpointTable(base="https://g.example/api/v1", key_env="G_KEY")
    with pytest.raises(SettingsError) as caught:
        with_tables("g", g=table)
    assert str(caught.value) == (
        "endpoint g needs a key, and none is set in G_KEY\n"
        "→ %wanvideo login asks for it; or set G_KEY, or use --endpoint local for a free preview"
    )


def test_a_gateways_key_that_no_header_can_carry_is_not_repeated():
    table = EndpointTable(base="https://g.example/api/v1", key_env="G_KEY", key="sk-se cret")
    with pytest.raises(SettingsError) as caught:
        with_tables("g", g=table)
    assert "G_KEY" in str(caught.value)
    assert "cret" not in str(caught.value)


def test_a_region_with_differences():
    table = EndpointTable(
        uploads="https://u.example/api/v1", key_env="INTL_KEY", key="sk-intl", workspace="ws-5"
    )
    found = with_tables("singapore", singapore=table)
    assert found.base_url == "https://ws-5.ap-southeast-1.maas.aliyuncs.com/api/v1"
    assert (found.key, found.upload_base) == ("sk-intl", "https://u.example/api/v1")
    other = with_tables("beijing", singapore=table)
    assert (other.key, other.workspace) == (KEY, "")


@pytest.mark.parametrize("name", ["g", "singapore"])
def test_an_endpoint_with_limits_and_prices_of_its_own(name):
    base = "https://g.example/api/v1" if name == "g" else ""
    prices = {"wan2.6-i2v": {"720P": Decimal("0.08")}}
    known = {"submit_rps": 0.5, "query_rps": 3.0, "concurrent": 2, "currency": "USD"}
    found = with_tables(name, **{name: EndpointTable(base=base, **known, prices=prices)})
    assert {one: getattr(found, one) for one in known} == known
    assert found.prices == prices
    assert hash(found), "an endpoint can be a key"


def test_where_nothing_is_said_the_model_table_holds():
    found = chosen()
    assert (found.submit_rps, found.query_rps, found.concurrent) == (None, None, None)
    assert (found.currency, found.prices) == ("", {})


@pytest.mark.parametrize("model", ["wan2.8-i2v", "wan2.6-i2v-pro", "wan2.7-t2v-2027-01-01", "x"])
def test_a_model_that_is_newer_than_the_table_may_have_a_price(model):
    assert with_tables("beijing", beijing=priced(**{model: Decimal(1)})).prices


def priced(currency="", base="", region="", **prices):
    return EndpointTable(base=base, region=region, currency=currency, prices=prices)


GATEWAY = {"base": "https://g.example/api/v1"}


@pytest.mark.parametrize(
    "more", [{"currency": "USD"}, {"region": "beijing"}, {"base": "https://dashscope.aliyuncs.com"}]
)
def test_prices_of_a_gateway_have_the_currency_that_is_named_or_its_regions(more):
    assert with_tables("g", g=priced(**GATEWAY | more, x=Decimal(1))).prices


@pytest.mark.parametrize(
    ("prices", "part"),
    [
        ({"wan2.6-i2w": Decimal(1)}, "did you mean wan2.6-i2v?"),
        ({"WAN2.6-I2V": Decimal(1)}, "did you mean wan2.6-i2v?"),
        ({"wan2.5-i2v": Decimal(1)}, "did you mean wan2.5-i2v-preview?"),
        ({"wanx2.6-i2v": Decimal(1)}, "did you mean wan2.6-i2v?"),
        ({"2.7": Decimal(1)}, "2.7 stands for several models: name each, such as wan2.7-t2v"),
        ({"wan2.6-i2v": {"702P": Decimal(1)}}, "did you mean 720P? (720P, 1080P)"),
        ({"wan2.2-animate-mix": {"std": Decimal(1)}}, "did you mean wan-std? (wan-std, wan-pro)"),
    ],
    ids=str,
)
def test_a_slip_among_the_prices_is_told(prices, part):
    with pytest.raises(SettingsError) as caught:
        with_tables("local", beijing=EndpointTable(prices=prices))
    assert part in str(caught.value)
    assert "endpoints.beijing.prices" in str(caught.value)


def test_a_resolution_that_is_newer_than_the_table_may_have_a_price():
    table = EndpointTable(prices={"wan2.6-i2v": {"4K": Decimal(3)}})
    assert with_tables("beijing", beijing=table).prices == table.prices


@pytest.mark.parametrize(
    ("name", "table", "part"),
    [
        ("g", priced(**GATEWAY, x=Decimal(1)), "endpoints.g has prices, and no currency for them"),
        ("g", EndpointTable(key_env="G_KEY"), "endpoints.g of the config file has no base"),
        ("bejing", EndpointTable(workspace="ws-1"), "did you mean beijing?"),
        ("g", EndpointTable(base="ftp://x"), "endpoints.g: endpoint 'ftp://x' is not an http(s)"),
        ("g", EndpointTable(base="http://x.example"), "send the key unencrypted"),
        ("g", EndpointTable(base="https://x.example?k=1"), "has more than a path"),
        ("beijing", EndpointTable(uploads="http://x.example"), "send the key unencrypted"),
        ("beijing", EndpointTable(base="https://x.example"), "give the gateway another name"),
        ("beijing", EndpointTable(region="tokyo"), "give the gateway another name"),
        ("beijing", EndpointTable(workspace="a/b"), "no workspace id"),
        ("g", EndpointTable(base="https://x.example", workspace="a b"), "no workspace id"),
        ("g", EndpointTable(base="https://x.example", region="bejing"), "did you mean beijing?"),
    ],
    ids=str,
)
def test_a_table_that_makes_no_sense_is_told_even_where_it_is_not_asked_for(name, table, part):
    with pytest.raises(SettingsError) as caught:
        with_tables("local", **{name: table})
    assert part in str(caught.value)


def test_an_unknown_name_with_the_nearest_of_the_file():
    with pytest.raises(SettingsError) as caught:
        with_tables("bltyc", bltcy=EndpointTable(base="https://g.example/api/v1"))
    assert "did you mean bltcy?" in str(caught.value)
    assert "hong-kong, bltcy, or a URL" in str(caught.value)
