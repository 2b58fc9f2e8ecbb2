"""Which jobs are listed, in which order, and what they cost together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from ledger_rows import NOW, entry

from wan_magic.errors import InputError
from wan_magic.jobs.history import GROUPS, STATES, choose, moment, sums, total
from wan_magic.jobs.job import State


def names(entries, *args, **options):
    return "".join(one.id[0] for one in choose(entries, *args, now=NOW, **options))


def test_the_newest_come_first():
    jobs = [entry("a", created=NOW - 5), entry("b"), entry("c", created=NOW - 9)]
    assert names(jobs) == "bac"
    assert names(jobs, sort="-created") == "cab"


# -- which ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["grey CAT", "a00000", "task-a", "2.5-i2v", "shots", "the-grey-cat-0385", "cat wan2.5", ""],
)
def test_words_are_found_wherever_a_person_may_look_for_them(query):
    job = entry("a", prompt="The grey cat", path="/home/anna/clips/the-grey-cat-0385dc79.mp4")
    assert names([job, entry("b", state="failed")], query, state="done") == "a"


@pytest.mark.parametrize("query", ["dog", "cat dog", "anna", "1.5"])
def test_every_word_must_be_found(query):
    assert names([entry("a", prompt="The grey cat")], query) == ""


def test_chinese_words_are_found():
    assert names([entry("a", prompt="一只猫在草丛中奔跑")], "猫") == "a"


def test_the_states_are_those_of_jobs_in_the_order_of_their_life():
    assert [str(state) for state in State] == list(STATES)


@pytest.mark.parametrize("state", STATES)
def test_jobs_of_one_state(state):
    assert names([entry("a", state=state), entry("b", state="other")], state=state.upper()) == "a"


def test_open_jobs_are_those_that_may_have_something_to_fetch():
    jobs = [entry("a", state="failed", open=True), entry("b", state="running", open=False)]
    assert names(jobs, state="open") == "a"


def test_a_part_of_a_models_or_a_notebooks_name_is_enough():
    jobs = [entry("a"), entry("b", model="wan2.6-t2v", notebook="/home/anna/other.ipynb")]
    assert names(jobs, model="2.6") == "b"
    assert names(jobs, model="I2V") == "a"
    assert names(jobs, notebook="other") == "b"


def test_the_limit_keeps_the_first_ones():
    jobs = [entry("a", created=NOW - 5), entry("b"), entry("c", created=NOW - 9)]
    assert names(jobs, limit=2) == "ba"
    assert names(jobs, limit=20) == "bac"


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"state": "finished"}, "no state 'finished'", "waiting, submitting, queued"),
        ({"state": "runing"}, "no state 'runing'", "did you mean running?"),
        ({"sort": "price"}, "sorted by 'price'", "created, cost, seconds"),
        ({"sort": "-costs"}, "sorted by '-costs'", "did you mean cost?"),
        ({"limit": 0}, "the limit is 0", "such as 20"),
        ({"limit": True}, "the limit is True", "such as 20"),
        ({"since": "lately"}, "'lately' is no time", '"7d"'),
        ({"since": 7}, "7 is no time", '"7d"'),
        ({"since": "9999999d2"}, "is no time", '"7d"'),
    ],
)
def test_what_can_not_be_is_refused_with_what_can(options, message, hint):
    with pytest.raises(InputError) as refused:
        choose([entry("a")], now=NOW, **options)
    assert message in refused.value.message
    assert hint in refused.value.hint


# -- when -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "seconds"),
    [
        ("7d", 7 * 86400),
        ("12h", 12 * 3600),
        ("1.5 h", 5400),
        ("30m", 1800),
        ("30min", 1800),
        (" 2W ", 14 * 86400),
        (timedelta(minutes=2), 120),
    ],
)
def test_a_time_back_from_now(since, seconds):
    assert moment(since, NOW) == NOW - seconds


def test_a_date_begins_at_its_midnight_where_the_user_is():
    midnight = datetime(2026, 1, 15).timestamp()  # a day on which clocks are changed nowhere
    assert moment("2026-01-15") == moment(date(2026, 1, 15)) == midnight
    assert moment("2026-01-15 06:30") == midnight + 6.5 * 3600
    assert moment(datetime(1970, 1, 2, tzinfo=UTC)) == 86400


def test_today_and_yesterday():
    today = moment("today", NOW)
    assert 0 <= NOW - today < 90_000
    assert datetime.fromtimestamp(today).hour == 0
    assert today - moment("yesterday", NOW) in (82_800, 86_400, 90_000)  # clocks are changed


def test_jobs_since_then():
    jobs = [entry("a"), entry("b", created=NOW - 3601)]
    assert names(jobs, since="1h") == "a"


# -- in which order -----------------------------------------------------------------------


def test_the_dearest_come_first_by_currency_and_what_nobody_knows_last():
    jobs = [
        entry("a", cost=Decimal(1)),
        entry("b", cost=None, estimate=None),
        entry("c", cost=None, estimate=Decimal(3)),
        entry("d", currency="USD", cost=Decimal(2)),
        entry("e", is_preview=True),
    ]
    assert names(jobs, sort="cost") == "caedb"
    assert names(jobs, sort="-cost") == "bdeac"


def test_the_longest_come_first():
    jobs = [entry("a"), entry("b", seconds=None), entry("c", seconds=10.0)]
    assert names(jobs, sort="seconds") == "cab"


def test_models_from_a_to_z_and_states_as_a_job_lives():
    jobs = [entry("a", model="wan2.6"), entry("b"), entry("c", state="queued", created=NOW - 1)]
    assert names(jobs, sort="model") == "bca"
    assert names(jobs, sort="state") == "cab"


# -- what they cost --------------------------------------------------------------------------


def test_what_was_billed_counts_and_else_what_was_estimated():
    jobs = [
        entry("a", cost=Decimal(1), estimate=Decimal(9)),
        entry("b", cost=None, estimate=Decimal("0.25")),
        entry("c", currency="USD", cost=Decimal("0.1")),
        entry("d", state="running", open=True, made=None, cost=None, estimate=Decimal(2)),
    ]
    (day,) = sums(jobs)
    assert day.jobs == 4
    assert day.amounts == {"CNY": Decimal("3.25"), "USD": Decimal("0.1")}
    assert day.unknown == 0


def test_previews_and_what_failed_or_was_cancelled_are_not_counted():
    jobs = [
        entry("a", is_preview=True),
        entry("b", state="failed", made=None, cost=None),
        entry("c", state="cancelled", made=None, cost=None),
    ]
    assert sums(jobs) == []
    assert total([]).jobs == 0


def test_a_job_of_unknown_price_is_counted_as_such():
    (day,) = sums([entry("a", cost=None, estimate=None, currency=""), entry("b")])
    assert (day.jobs, day.unknown, day.amounts) == (2, 1, {"CNY": Decimal("1.5")})


def test_a_clip_that_was_made_and_lost_is_billed():
    assert sums([entry("a", state="failed", cost=None)])[0].amounts == {"CNY": Decimal("1.5")}


def test_days_and_months_are_the_users_own_and_in_their_order():
    jobs = [
        entry("a", created=datetime(2026, 11, 2, 0, 5).timestamp()),
        entry("b", created=datetime(2026, 10, 31, 23, 55).timestamp()),
        entry("c", created=datetime(2026, 11, 1, 12).timestamp()),
    ]
    assert [row.key for row in sums(jobs, "day")] == ["2026-10-31", "2026-11-01", "2026-11-02"]
    assert [(row.key, row.jobs) for row in sums(jobs, "month")] == [("2026-10", 1), ("2026-11", 2)]


def test_models_and_notebooks():
    jobs = [entry("a"), entry("b", model="wan2.6-t2v", notebook="/x/b.ipynb"), entry("c")]
    assert [(row.key, row.jobs) for row in sums(jobs, "model")] == [
        ("wan2.5-i2v-preview", 2),
        ("wan2.6-t2v", 1),
    ]
    assert [row.key for row in sums(jobs, "notebook")] == ["/home/anna/shots.ipynb", "/x/b.ipynb"]


@pytest.mark.parametrize("by", GROUPS)
def test_the_total_is_the_same_however_it_is_summed(by):
    jobs = [entry("a"), entry("b", model="wan2.6-t2v", currency="USD"), entry("c", cost=None)]
    whole = total(sums(jobs, by))
    assert (whole.jobs, whole.amounts) == (3, {"CNY": Decimal("3.0"), "USD": Decimal("1.5")})


def test_any_other_sum_is_refused():
    with pytest.raises(InputError, match="summed by 'week'") as refused:
        sums([], "week")
    assert "day, month, model, notebook" in refused.value.hint
