"""Uploads that are remembered from one kernel to the next."""

from __future__ import annotations

import json

import pytest

from wan_magic.wan.endpoints import Endpoint
from wan_magic.wan.kept import Kept, kept_for
from wan_magic.wan.upload import Uploader

HOUR = 3600.0
URL = "oss://dashscope-instant/a/take.mp4"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "uploads.json"


@pytest.fixture
def kept(path):
    return Kept(path, "account")


def add(kept, url=URL, *, model="wan2.7-i2v", digest="d1", until=44 * HOUR, now=0.0):
    kept.add(model, digest, url, until=until, now=now)


def test_another_kernel_finds_what_the_first_one_uploaded(path, kept):
    add(kept)
    assert Kept(path, "account").find("wan2.7-i2v", "d1", HOUR) == (URL, 44 * HOUR)


@pytest.mark.parametrize(
    ("account", "model", "digest"),
    [
        ("another", "wan2.7-i2v", "d1"),
        ("account", "wan2.7-r2v", "d1"),
        ("account", "wan2.7-i2v", "d2"),
    ],
)
def test_an_upload_is_good_for_its_account_model_and_content(path, kept, account, model, digest):
    add(kept)
    assert Kept(path, account).find(model, digest, HOUR) == ("", 0.0)


def test_an_upload_that_is_too_old_is_not_found_and_is_swept_away(path, kept):
    add(kept)
    assert kept.find("wan2.7-i2v", "d1", 44 * HOUR) == ("", 0.0)
    add(kept, digest="d2", until=90 * HOUR, now=50 * HOUR)
    assert len(json.loads(path.read_text())) == 1


def test_an_upload_that_was_refused_is_forgotten(kept):
    add(kept)
    kept.drop("wan2.7-i2v", "d1")
    assert kept.find("wan2.7-i2v", "d1", HOUR) == ("", 0.0)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"account wan2.7-i2v d1": 7}', '{"account wan2.7-i2v d1": [1, 2]}'],
)
def test_a_broken_file_costs_an_upload_and_no_more(path, kept, text):
    path.parent.mkdir()
    path.write_text(text)
    assert kept.find("wan2.7-i2v", "d1", HOUR) == ("", 0.0)
    add(kept)
    assert kept.find("wan2.7-i2v", "d1", HOUR)[0] == URL


def test_an_address_of_another_kind_is_not_believed(path, kept):
    add(kept, "https://elsewhere.example/x.mp4")
    assert kept.find("wan2.7-i2v", "d1", HOUR) == ("", 0.0)


def test_a_folder_that_cannot_be_made_costs_an_upload_and_no_more(tmp_path):
    (tmp_path / "cache").write_text("a file")
    kept = Kept(tmp_path / "cache" / "uploads.json", "account")
    add(kept)
    assert kept.find("wan2.7-i2v", "d1", HOUR) == ("", 0.0)


def test_the_file_stays_small(path, kept):
    for number in range(1010):
        add(kept, digest=f"d{number}", until=HOUR + number)
    assert len(json.loads(path.read_text())) == 1000
    assert kept.find("wan2.7-i2v", "d0", 0.0) == ("", 0.0), "the oldest go first"
    assert list(path.parent.iterdir()) == [path]


def test_an_uploader_asks_its_memory_once_it_has_none_of_its_own(kept):
    add(kept)
    uploader = Uploader(clock=lambda: HOUR, kept=kept)
    assert uploader.known("wan2.7-i2v", "d1") == URL
    assert uploader.known("wan2.7-r2v", "d1") == ""
    uploader.forget("wan2.7-i2v", "d1")
    assert Uploader(clock=lambda: HOUR, kept=kept).known("wan2.7-i2v", "d1") == ""


def test_the_file_holds_no_key_and_accounts_are_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path)
    base = "https://dashscope.aliyuncs.com/api/v1"
    mine = kept_for(Endpoint("beijing", base, "sk-secret-one"))
    other = kept_for(Endpoint("beijing", base, "sk-secret-two"))
    add(mine)
    assert other.find("wan2.7-i2v", "d1", HOUR) == ("", 0.0)
    assert "secret" not in (tmp_path / "uploads.json").read_text()


def test_a_server_on_this_machine_has_no_memory():
    assert kept_for(Endpoint("local", "http://127.0.0.1:1/api/v1", "k")) is None
