"""Which endpoint the settings lead to, and what is refused."""

from __future__ import annotations

import pytest

from wan_magic.errors import SettingsError
from wan_magic.settings import Settings
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
    assert (found.region, found.price_region) == ("beijing", "beijing")


def test_local_can_be_asked_for_with_a_key():
    assert chosen(LOCAL) is None


@pytest.mark.parametrize(
    ("name", "base_url"),
    [
        ("beijing", "https://dashscope.aliyuncs.com/api/v1"),
        ("singapore", "https://dashscope-intl.aliyuncs.com/api/v1"),
        ("virginia", "https://dashscope-us.aliyuncs.com/api/v1"),
    ],
)
def test_a_region_by_name_or_by_its_address(name, base_url):
    assert chosen(name) == chosen(base_url) == Endpoint(name, base_url, KEY, name)


def test_a_gateway_keeps_its_prefix_and_has_no_known_price():
    found = chosen("https://gateway.example/qwen/api/v1/")
    assert found.base_url == "https://gateway.example/qwen/api/v1"
    assert found.name == "gateway.example"
    assert found.price_region is None


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
    assert "→ (local, beijing" in refusal("mars")


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


def test_the_local_endpoint_shows_the_price_of_beijing():
    local = Endpoint(LOCAL, "http://127.0.0.1:1/api/v1", "token")
    assert local.is_local
    assert local.price_region == "beijing"


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
    assert found.price_region == region


def test_a_key_in_the_wrong_place_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        choose(Settings(endpoint="sk-secret-0123456789"))
    assert "secret" not in str(caught.value)
