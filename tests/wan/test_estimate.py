"""What a request will cost: the seconds that are billed, the price of one, the words for both."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from asking import asked, given, movie, picture, sound
from IPython.lib.pretty import pretty

from wan_magic.wan import catalog
from wan_magic.wan.catalog import find_model
from wan_magic.wan.endpoints import LOCAL, Endpoint
from wan_magic.wan.estimate import Estimate, PriceList


def references(*lengths):
    return [movie("ref", f"{i}.mp4", seconds) for i, seconds in enumerate(lengths)]


# -- how long -------------------------------------------------------------------------------

# model, inputs, fields: the clip's seconds, the billed ones
SECONDS = {
    "the default": (("wan2.5-i2v-preview", [], {}), 5, 5),
    "as asked": (("wan2.6-t2v", [], {"duration": 15}), 15, 15),
    "a picture costs no seconds": (("wan2.7-r2v", [picture("ref")], {}), 5, 5),
    "a voice costs no seconds": (
        ("wan2.7-r2v", [picture("ref"), sound("ref", seconds=9.0)], {}),
        5,
        5,
    ),
    # References of 2.7: input counts up to 5 s, each of n videos up to its share.
    "2.7, a short reference": (("wan2.7-r2v", references(3.0), {"duration": 10}), 10, 13),
    "2.7, a long reference": (("wan2.7-r2v", references(30.0), {"duration": 10}), 10, 15),
    "2.7, two long ones": (("wan2.7-r2v", references(30.0, 30.0), {}), 5, 10),
    "2.7, a long and a short one": (("wan2.7-r2v", references(30.0, 1.0), {}), 5, 8.5),
    "2.7, three long ones": (("wan2.7-r2v", references(9.0, 9.0, 9.0), {}), 5, 9.95),
    "2.7, four long ones": (("wan2.7-r2v", references(*[9.0] * 4), {}), 5, 10),
    "2.7, five long ones": (("wan2.7-r2v", references(*[9.0] * 5), {}), 5, 10),
    "2.7, three and a picture": (
        ("wan2.7-r2v", [picture("ref"), *references(9.0, 9.0, 9.0)], {}),
        5,
        9.95,
    ),
    "2.6 has no cap": (("wan2.6-r2v", references(20.0, 4.0), {"duration": 10}), 10, 34),
    # Editing: as long as the video, both are billed.
    "editing": (("wan2.7-videoedit", [movie(seconds=4.5)], {}), 4.5, 9),
    "editing, 0 is the video's length": (
        ("wan2.7-videoedit", [movie(seconds=4.5)], {"duration": 0}),
        4.5,
        9,
    ),
    "editing, cut": (("wan2.7-videoedit", [movie(seconds=8.0)], {"duration": 3}), 3, 11),
    "editing, asked for longer than it is": (
        ("wan2.7-videoedit", [movie(seconds=4.0)], {"duration": 10}),
        4,
        8,
    ),
    "a clip that goes on: duration is the whole": (
        ("wan2.7-i2v", [movie("clip", seconds=3.0)], {"duration": 15}),
        15,
        15,
    ),
    # Motion and speech last as long as what drives them.
    "motion": (("wan2.2-animate-move", [picture(), movie(seconds=12.5)], {}), 12.5, 12.5),
    "speech": (("wan2.2-s2v", [picture(), sound(seconds=7.25)], {}), 7.25, 7.25),
    "vace, shorter than 5 s": (("wanx2.1-vace-plus", [movie(seconds=3.2)], {}), 3.2, 3.2),
    "vace, pictures": (("wanx2.1-vace-plus", [picture("ref")], {}), 5, 5),
    "3.0, references": (("wan3.0-video", references(10.0), {"duration": 20}), 20, 20),
    # What only the server will know.
    "3.0 decides": (("wan3.0-video", [], {"duration": -1}), None, None),
    "editing what lies elsewhere": (("wan2.7-videoedit", [movie()], {}), None, None),
    "motion that lies elsewhere": (("wan2.2-animate-mix", [picture(), movie()], {}), None, None),
    "speech that lies elsewhere": (("wan2.2-s2v", [picture(), sound()], {}), None, None),
    "a reference that lies elsewhere": (("wan2.7-r2v", references(None), {}), 5, None),
}


@pytest.mark.parametrize("case", SECONDS)
def test_the_seconds_of_a_clip_and_those_that_are_billed(case):
    (model, inputs, fields), seconds, billed = SECONDS[case]
    made = asked(model, *inputs, **fields)
    assert made.effective_duration == seconds
    assert made.billed_seconds == pytest.approx(billed)


# -- how much ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "fields", "region", "text"),
    [
        ("wan2.5-i2v-preview", {}, "beijing", "5.00 CNY"),
        ("wan2.5-i2v-preview", {"resolution": "480P"}, "beijing", "1.50 CNY"),
        ("wan2.5-i2v-preview", {"resolution": "480P", "duration": 10}, "singapore", "0.50 USD"),
        ("wan2.5-t2v-preview", {"size": "480*832"}, "beijing", "1.50 CNY"),
        ("wan2.6-i2v-us", {"duration": 15}, "virginia", "2.25 USD"),
        ("wan2.6-i2v", {"resolution": "1080P", "duration": 10}, "beijing", "10.00 CNY"),
        ("wan2.6-i2v-flash", {"audio": False}, "singapore", "0.1875 USD"),
        ("wan2.7-t2v", {"resolution": "720P", "duration": 2}, "beijing", "1.20 CNY"),
        ("wanx2.1-i2v-turbo", {"duration": 3}, "beijing", "0.72 CNY"),
        ("wan3.0-video", {"resolution": "480P", "duration": 30}, "beijing", "9.00 CNY"),
        ("wan3.0-video-prime", {"resolution": "480P"}, "singapore", "0.34 USD"),
        # No row in the price list: never a number.
        ("wan2.6-i2v-us", {}, "beijing", "price unknown"),
        ("wan2.2-i2v-flash", {"resolution": "1080P"}, "singapore", "price unknown"),
        ("wan2.2-kf2v-flash", {}, "singapore", "price unknown"),
        ("wan2.5-i2v-preview", {}, None, "price unknown"),
        ("wan2.5-i2v-preview", {"resolution": "4K", "unchecked": True}, "beijing", "price unknown"),
        ("wan9-i2v", {}, "beijing", "price unknown"),
    ],
)
def test_the_estimate_is_price_times_seconds(model, fields, region, text):
    assert str(asked(model, **fields).estimate(region)) == text


@pytest.mark.parametrize(
    ("model", "inputs", "fields", "text"),
    [
        ("wan2.7-videoedit", [movie(seconds=4.5)], {"resolution": "720P"}, "5.40 CNY"),
        ("wan2.7-r2v", references(9.0, 9.0, 9.0), {"resolution": "720P"}, "5.97 CNY"),
        ("wan2.2-animate-move", [picture(), movie(seconds=12.5)], {}, "5.00 CNY"),
        ("wan2.2-animate-mix", [picture(), movie(seconds=10.0)], {"mode": "wan-pro"}, "9.00 CNY"),
        ("wan2.2-s2v", [picture(), sound(seconds=7.25)], {}, "3.625 CNY"),
        # The price of a second, where only the server will know how many.
        ("wan2.7-videoedit", [movie()], {"resolution": "720P"}, "0.60 CNY a second"),
        ("wan3.0-video", [], {"resolution": "720P", "duration": -1}, "0.60 CNY a second"),
    ],
)
def test_inputs_count_where_they_are_billed(model, inputs, fields, text):
    assert str(asked(model, *inputs, **fields).estimate("beijing")) == text


def test_the_estimate_says_how_it_was_made():
    assert asked(resolution="480P").estimate("beijing").detail == (
        "5 s × 0.30 CNY, price list of 2026-04"
    )
    assert asked("wan2.7-videoedit", movie(seconds=4.5)).estimate("singapore").detail == (
        "9 s × 0.15 USD, price list of 2026-04"
    )


def test_as_the_value_of_a_cell_it_reads_as_a_sum():
    made = asked(resolution="480P").estimate("beijing")
    assert pretty(made) == "1.50 CNY (5 s × 0.30 CNY, price list of 2026-04)"
    assert pretty([made]) == f"[{pretty(made)}]"


def test_the_estimate_says_what_it_does_not_know():
    assert "no row for this endpoint" in asked().estimate(None).detail
    assert asked("wan2.7-videoedit", movie()).estimate("beijing").detail == (
        "how many seconds are billed is not known before; price list of 2026-04"
    )


def test_a_price_that_nobody_confirmed_says_so():
    made = asked("wan3.0-video").estimate("beijing")
    assert made.note.startswith("unconfirmed")
    assert made.detail == "5 s × 1.20 CNY, unconfirmed: from a reseller's list of 2026-09"


def test_an_estimate_has_a_date_and_a_currency():
    made = asked().estimate("beijing")
    assert (made.as_of, made.currency) == (catalog.PRICES_AS_OF, "CNY")
    assert asked("wan2.6-t2v-us").estimate("virginia").currency == "USD"
    assert asked("wan3.0-video").estimate("tokyo").currency == "USD"
    assert asked().estimate(None).currency == ""


def test_the_estimate_of_what_was_billed():
    billed = asked().estimate("beijing", "480P", 10)
    assert (billed.amount, billed.seconds) == (Decimal("3.0"), 10)
    loud = asked("wan2.6-i2v-flash").estimate("beijing", "720P", 10, silent=False)
    quiet = asked("wan2.6-i2v-flash").estimate("beijing", "720P", 10, silent=True)
    assert (loud.amount, quiet.amount) == (Decimal("3.0"), Decimal("1.50"))


def test_the_estimate_of_fractions_has_no_float_in_it():
    made = asked().estimate("beijing", "480P", 0.1 + 0.2)
    assert made.amount == Decimal("0.09")


def test_an_estimate_without_a_price():
    nothing = Estimate(amount=None, currency="", seconds=5, per_second=None)
    assert str(nothing) == "price unknown"


# -- prices of the config file ----------------------------------------------------------------

OWN = {
    "wan2.5-i2v-preview": Decimal("0.07"),
    "wan2.6-i2v": {"720P": Decimal("0.08")},
    "wan9-i2v": Decimal(2),
}


@pytest.mark.parametrize(
    ("model", "fields", "region", "currency", "text"),
    [
        ("wan2.5-i2v-preview", {}, None, "USD", "0.35 USD"),
        ("wan2.5-i2v-preview", {"resolution": "480P"}, None, "USD", "0.35 USD"),
        ("wan2.5-i2v-preview", {}, "beijing", "", "0.35 CNY"),
        ("wan2.6-i2v", {"resolution": "720P"}, "singapore", "", "0.40 USD"),
        ("wan9-i2v", {"unchecked": True}, None, "CNY", "10.00 CNY"),
        # What the file leaves open is of the region's list, where that is of one currency.
        ("wan2.6-i2v", {"resolution": "1080P"}, "singapore", "", "0.75 USD"),
        ("wan2.7-t2v", {"resolution": "720P"}, "beijing", "CNY", "3.00 CNY"),
        ("wan2.7-t2v", {"resolution": "720P"}, "beijing", "USD", "price unknown"),
        ("wan2.7-t2v", {"resolution": "720P"}, None, "USD", "price unknown"),
    ],
)
def test_the_config_files_price_comes_before_the_price_list(model, fields, region, currency, text):
    made = asked(model, **{"duration": 5} | fields).estimate(PriceList(region, currency, OWN))
    assert str(made) == text
    assert made.currency == currency or {"beijing": "CNY", "singapore": "USD"}[region]


def test_an_estimate_says_whose_price_it_has():
    own = asked().estimate(PriceList("beijing", prices=OWN))
    assert own.detail == "5 s × 0.07 CNY, price in your config file"
    listed = asked("wan2.7-t2v").estimate(PriceList("beijing", prices=OWN))
    assert listed.detail.endswith("price list of 2026-04")


def test_a_price_of_the_user_is_certain():
    own = PriceList("beijing", prices={"wan3.0-video": Decimal(1)})
    assert asked("wan3.0-video").estimate(own).note == ""


def test_a_price_of_the_user_holds_for_silent_clips_too():
    own = PriceList("beijing", prices={"wan2.6-i2v-flash": Decimal(1)})
    assert asked("wan2.6-i2v-flash", audio=False).estimate(own).per_second == 1


def test_what_is_billed_by_input_is_multiplied_too():
    own = PriceList(None, "USD", {"wan2.7-videoedit": Decimal("0.5")})
    assert str(asked("wan2.7-videoedit", movie(seconds=4.5)).estimate(own)) == "4.50 USD"


def test_the_price_list_of_an_endpoint():
    gateway = Endpoint("g", "https://g.example/api/v1", "k", currency="USD", prices=OWN)
    assert PriceList.of(gateway) == PriceList(None, "USD", OWN)
    assert PriceList.of(Endpoint("tokyo", "https://t.example", "k", "tokyo")) == PriceList("tokyo")
    preview = Endpoint(LOCAL, "http://127.0.0.1:1/api/v1", "token")
    assert PriceList.of(preview) == PriceList.of(None) == PriceList("beijing")


def test_a_region_alone_is_a_price_list():
    assert asked().estimate("tokyo") == asked().estimate(PriceList("tokyo"))
    assert asked().estimate(None) == asked().estimate(PriceList())


# -- silence ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "inputs"),
    [("wan2.6-i2v-flash", [picture()]), ("wan2.6-r2v-flash", [picture("ref")])],
)
def test_silence_is_cheaper_where_it_is_sold(model, inputs):
    loud = asked(model, *inputs, resolution="720P")
    quiet = dataclasses.replace(loud, audio=False)
    assert loud.estimate("beijing").amount == Decimal("1.5")
    assert quiet.estimate("beijing").amount == Decimal("0.75")
    assert (loud.silent, quiet.silent) == (False, True)


def test_silence_comes_before_a_sound_that_is_given():
    made = asked("wan2.6-i2v-flash", picture(), sound(), audio=False)
    assert made.silent
    assert made.estimate("beijing") == asked("wan2.6-i2v-flash", audio=False).estimate("beijing")


def test_silence_of_30_costs_as_much():
    made = asked("wan3.0-video", audio=False)
    assert made.silent
    assert made.estimate("beijing") == asked("wan3.0-video").estimate("beijing")


def test_a_switch_that_the_model_may_ignore_makes_nothing_cheaper():
    made = asked(audio=False)
    assert made.silent is False
    assert made.estimate("beijing") == asked().estimate("beijing")


@pytest.mark.parametrize("model", ["wan2.2-i2v-plus", "wan2.2-t2v-plus", "wanx2.1-vace-plus"])
def test_a_silent_model_is_silent(model):
    assert asked(model).silent is True


def test_a_page_or_a_picture_has_no_seconds_to_bill():
    made = asked("wan3.0-video", given("link", url="https://x.org/news"))
    assert made.billed_seconds == find_model("3.0").duration == 5
