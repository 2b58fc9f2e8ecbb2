"""Sweeps: what becomes of lists, what they may cost, and that nothing is paid twice."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import queue
from decimal import Decimal

import pytest
from PIL import Image

import wan_magic
from wan_magic.actions import sweeping
from wan_magic.actions.planning import MOST, plan
from wan_magic.errors import ApiError, BudgetExceeded, InputError, SettingsError, WanError
from wan_magic.jobs.ledger import Ledger
from wan_magic.notebook.mapping import rows_of
from wan_magic.settings import from_environment
from wan_magic.settings.money import limits_of
from wan_magic.wan.client import WanClient

FAST = {"model": "wanx2.1-t2v-turbo", "resolution": "480P"}
PRICE = 1.2
"""CNY for one of these at Beijing."""


def png(colour):
    out = io.BytesIO()
    Image.new("RGB", (320, 320), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAN_MAGIC_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def refused(monkeypatch):
    """A key for Beijing, and the requests that were sent there: each is refused."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-beijing-0123456789")
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "beijing")
    sent = []

    def create(self, request):
        sent.append(request)
        raise ApiError("HTTP 400 Refused: by the test", code="Refused", status=400)

    monkeypatch.setattr(WanClient, "create", create)
    return sent


def labels(*rows, **how):
    return [one.label for one in plan(rows, **how)]


# -- the plan -------------------------------------------------------------------------------


def test_lists_become_all_their_combinations_the_last_one_fastest():
    made = plan([{"prompt": "waves", "seed": [1, 2], "resolution": ["480P", "720P"]}])
    assert [(one.request.seed, one.request.resolution) for one in made] == [
        (1, "480P"),
        (1, "720P"),
        (2, "480P"),
        (2, "720P"),
    ]
    assert [one.label for one in made] == [
        "seed 1 · 480P",
        "seed 1 · 720P",
        "seed 2 · 480P",
        "seed 2 · 720P",
    ]


def test_a_label_says_only_what_differs():
    assert labels({"prompt": "waves", "seed": 7}) == [""]
    assert labels({"prompt": "waves", "seed": 7}, {"prompt": "rain", "seed": 7}) == [
        "waves",
        "rain",
    ]


def test_a_count_counts_seeds_up_from_the_one_that_the_request_has():
    [alone] = plan([{"prompt": "waves"}])
    seeds = [one.request.seed for one in plan([{"prompt": "waves"}], count=3)]
    assert seeds == [alone.request.seed, alone.request.seed + 1, alone.request.seed + 2]
    assert [one.request.seed for one in plan([{"prompt": "waves", "seed": 7}], count=2)] == [7, 8]
    last = 2**31 - 1
    assert [one.request.seed for one in plan([{"prompt": "w", "seed": last}], count=2)] == [last, 0]


def test_a_random_count_is_another_one_each_time():
    first, second = (plan([{"prompt": "waves", "seed": "random"}], count=2) for _ in range(2))
    assert first[0].request.seed != second[0].request.seed


def test_several_pictures_make_several_clips_and_several_references_one():
    made = plan([{"prompt": "run", "image": [png("red"), png("blue")]}])
    assert len(made) == 2
    assert len({one.request.fingerprint() for one in made}) == 2
    refs = [png("red"), png("blue")]
    [one] = plan([{"prompt": "Image 1 meets Image 2", "ref": refs, "model": "2.7"}])
    assert len(one.request.inputs) == 2


def test_a_picture_that_all_share_is_read_once(monkeypatch):
    from wan_magic.actions import api, loading

    loads = []
    once = loading._load_now
    monkeypatch.setattr(loading, "_load_now", lambda *a, **k: loads.append(a) or once(*a, **k))
    made = plan([{"prompt": "run", "image": png("red"), "seed": range(20)}])
    assert len(made) == 20
    assert len(loads) == 1
    api.build("run", image=png("red"))
    assert len(loads) == 2, "and what is not planned together is read each time"


@pytest.mark.parametrize(
    ("rows", "count", "words"),
    [
        ([{"prompt": "w", "seed": [1, 2], "resolution": ["480P", "721P"]}], None, "clip 2 of 4"),
        ([{"prompt": "w"}, {"prompt": " "}], None, r"clip 2 of 2 \(prompt 2\): the prompt is"),
        ([{"prompt": "w", "seed": [1, 2]}], 2, "say the same in two ways"),
        ([{"prompt": "w"}], 0, "whole number above 0"),
        ([{"prompt": "w", "seed": []}], None, "list of seed is empty"),
        ([], None, "nothing to make"),
    ],
)
def test_one_bad_combination_stops_all_and_is_named(rows, count, words):
    with pytest.raises(InputError, match=words):
        plan(rows, count=count)


def test_too_many_are_taken_for_a_slip_unless_they_are_meant():
    rows = [{"prompt": "waves"}]
    with pytest.raises(InputError, match=f"{MOST + 1} clips.*more than {MOST}"):
        plan(rows, count=MOST + 1)
    assert len(plan(rows, count=MOST + 1, most=None)) == MOST + 1


# -- money ----------------------------------------------------------------------------------


def begin(number, *, settings=None, max_total=None, **how):
    settings = (settings or from_environment()).override(max_total=max_total)
    return sweeping.begin(plan([{"prompt": "waves", **FAST}], count=number), settings, **how)


def ended(sweep):
    with pytest.raises(WanError):
        sweep.result(timeout=20)
    return sweep


def test_all_of_them_are_priced_before_the_first_is_sent(refused):
    with pytest.raises(BudgetExceeded, match=r"these 3 clips cost about 3\.60 CNY in all"):
        begin(3, max_total="3.5 CNY")
    assert refused == []
    ended(begin(3, max_total="3.6 CNY"))
    assert len(refused) == 3


def test_a_budget_that_one_fits_and_all_do_not_stops_all(refused, here):
    settings = from_environment()
    poor = dataclasses.replace(settings, budgets={"day": limits_of("2 CNY")})
    with pytest.raises(BudgetExceeded, match=r"these 3 clips alone cost about 3\.60 CNY"):
        begin(3, settings=poor)
    assert refused == []
    assert Ledger(here / "home").entries() == []


def test_the_limit_of_one_clip_is_still_that_of_one_clip(refused):
    settings = from_environment().override(max_cost="1 CNY")
    with pytest.raises(BudgetExceeded, match="this clip costs about"):
        begin(2, settings=settings)
    ended(begin(2, settings=settings.override(max_cost="1.2 CNY")))
    assert len(refused) == 2


def test_a_limit_of_all_that_is_set_once_holds_for_every_way_to_begin(refused, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_MAX_TOTAL", "2 CNY")
    with pytest.raises(BudgetExceeded, match=r"these 2 clips .* max_total of 2\.00 CNY"):
        wan_magic.map(["a", "b"], **FAST)
    with pytest.raises(BudgetExceeded, match=r"these 2 clips .* max_total of 2\.00 CNY"):
        wan_magic.storyboard(["a", "b"], **FAST)
    with pytest.raises(BudgetExceeded, match=r"this clip alone costs .* max_total of 1\.00 CNY"):
        wan_magic.submit("a", max_total="1 CNY", **FAST)
    assert refused == []
    ended(wan_magic.map(["a", "b"], max_total="off", **FAST))
    assert len(refused) == 2


def test_a_price_that_nobody_knows_is_under_no_limit(refused, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_ENDPOINT", "http://127.0.0.1:9/api/v1")
    with pytest.raises(BudgetExceeded, match="price is unknown"):
        begin(2, max_total=100)
    assert refused == []


def test_what_is_no_amount_is_no_limit():
    with pytest.raises(SettingsError, match="max_total"):
        begin(2, max_total="cheap")


def test_all_are_in_the_ledger_before_the_first_is_sent(refused, here, monkeypatch):
    counts = []
    create = WanClient.create

    def look(self, request):
        counts.append(len(Ledger(here / "home").entries()))
        return create(self, request)

    monkeypatch.setattr(WanClient, "create", look)
    ended(begin(4))
    assert counts == [4, 4, 4, 4]


def test_one_that_cannot_be_written_down_stops_those_before_it(refused, here, monkeypatch):
    from wan_magic.jobs import intake

    take_in, calls = intake.take_in, []

    def third_fails(*args, **kwargs):
        calls.append(args)
        if len(calls) == 3:
            raise BudgetExceeded("another process was faster")
        return take_in(*args, **kwargs)

    monkeypatch.setattr(intake, "take_in", third_fails)
    with pytest.raises(BudgetExceeded):
        begin(4)
    assert refused == []
    assert {entry.owner for entry in Ledger(here / "home").entries()} == {""}


# -- the sweep ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A sweep of two previews, made once; its ledger and its folder."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("made")
        patch.setenv("WAN_MAGIC_HOME", str(folder / "home"))
        patch.setenv("LC_ALL", "C.UTF-8")
        for name in ("DASHSCOPE_API_KEY", "WAN_MAGIC_ENDPOINT"):
            patch.delenv(name, raising=False)
        sweep = wan_magic.map("waves", count=2, out=folder / "clips", endpoint="local", **FAST)
        sweep.result(timeout=60)
    return sweep, folder


def test_a_sweep_is_a_sequence_of_jobs_with_clips(made):
    sweep, _ = made
    assert len(sweep) == 2
    assert [job.result() for job in sweep] == sweep.result() == sweep.clips
    assert sweep[-1] is list(sweep)[1]
    assert sweep[:1] == [sweep[0]]
    assert sweep.failed == []
    assert repr(sweep) == "<Sweep of 2: 2 done>"


def test_a_sweep_can_be_awaited(made):
    async def wait():
        return await made[0]

    assert asyncio.run(wait()) == made[0].clips


def test_running_it_again_makes_only_what_is_new(made, monkeypatch):
    sweep, folder = made
    monkeypatch.setenv("WAN_MAGIC_HOME", str(folder / "home"))
    again = wan_magic.map("waves", count=3, out=folder / "clips", endpoint="local", **FAST)
    assert [job.from_library for job in again] == [True, True, False]
    assert [clip.path for clip in again.result(timeout=60)][:2] == [c.path for c in sweep.clips]


def test_equal_requests_are_one_job(refused):
    sweep = ended(wan_magic.map(["waves", "waves", "rain"], **FAST))
    assert sweep[0] is sweep[1]
    assert len(sweep) == 3
    assert len(sweep.jobs) == 2
    assert len(refused) == 2


def test_what_failed_is_said_with_its_number_and_tried_again_one_by_one(refused):
    sweep = begin(3)
    with pytest.raises(WanError, match="3 of 3 clips were not made; the first, number 1") as caught:
        sweep.result(timeout=20)
    assert "retry(0) this one" in caught.value.hint, "the page counts from 1, a sequence from 0"
    before = list(sweep)
    seen = []
    sweep.on_change(lambda at, job: seen.append(at))
    assert sweep.retry(1) is sweep
    ended(sweep)
    assert [old is new for old, new in zip(before, sweep, strict=True)] == [True, False, True]
    assert set(seen) == {1}
    assert len(refused) == 4
    assert refused[3] == before[1].request
    ended(sweep.retry())
    assert len(refused) == 7


def test_what_has_not_failed_is_not_tried_again(made):
    sweep, _ = made
    assert sweep.retry() is sweep
    with pytest.raises(InputError, match="number 1 has not failed"):
        sweep.retry(1)
    with pytest.raises(InputError, match="there is no number 9") as caught:
        sweep.retry(9)
    assert caught.value.hint.startswith("they count from 0 to")


def test_the_money_of_a_sweep(refused):
    sweep = ended(begin(3))
    assert str(sweep.estimate) == "3.60 CNY"
    assert sweep.spent == 0


def test_its_name_is_bound_before_anything_is_sent(refused):
    bound = []
    sweep = begin(2, bind=lambda sweep: bound.append((sweep, len(refused))))
    assert bound == [(sweep, 0)]
    ended(sweep)


# -- map ------------------------------------------------------------------------------------


def test_rows_are_prompts_dictionaries_or_tables():
    assert rows_of("waves") == [{"prompt": "waves"}]
    assert rows_of({"prompt": "waves", "seed": 1}) == [{"prompt": "waves", "seed": 1}]
    assert rows_of(p for p in ("a", "b")) == [{"prompt": "a"}, {"prompt": "b"}]


class Table:
    """As much of a DataFrame as is asked of one."""

    columns = ("prompt", "seed", "ratio")

    def to_dict(self, how):
        assert how == "records"
        nan = float("nan")
        return [
            {"prompt": "a", "seed": 7.0, "ratio": None},
            {"prompt": "b", "seed": nan, "ratio": "9:16"},
        ]


class NotAvailable:
    """As pandas' NA: whether it equals anything is not known, and no yes or no."""

    def __eq__(self, other):
        return self

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    __hash__ = object.__hash__


class NotATime:
    """As pandas' NaT, and numpy's: nothing equals it."""

    def __eq__(self, other):
        return False

    __hash__ = object.__hash__


@pytest.mark.parametrize(
    "nothing", [None, float("nan"), Decimal("nan"), NotAvailable(), NotATime()]
)
def test_what_a_table_has_for_nothing_is_left_out(nothing):
    assert rows_of([{"prompt": "a", "seed": nothing}]) == [{"prompt": "a"}]


def test_a_picture_as_an_array_is_something():
    class Array:
        shape, dtype = (2, 2, 3), "uint8"

        def item(self):
            raise ValueError("can only convert an array of size 1 to a Python scalar")

        def __eq__(self, other):
            return Array()

        def __bool__(self):
            raise ValueError("the truth value of an array is ambiguous")

        __hash__ = object.__hash__

    array = Array()
    (row,) = rows_of([{"prompt": "a", "image": array}])
    assert row["image"] is array


def test_an_empty_field_of_a_table_is_left_out():
    rows = rows_of(Table())
    assert rows == [{"prompt": "a", "seed": 7}, {"prompt": "b", "ratio": "9:16"}]
    assert isinstance(rows[0]["seed"], int)


@pytest.mark.parametrize("rows", [7, [7], [["a"]]])
def test_what_holds_no_prompts_is_refused(rows):
    with pytest.raises(InputError):
        rows_of(rows)


def test_a_row_has_no_run_of_its_own(refused):
    with pytest.raises(InputError, match="row 2 has its own endpoint") as caught:
        wan_magic.map(["a", {"prompt": "b", "endpoint": "local"}], **FAST)
    assert caught.value.hint == "give it once, for all rows"
    assert refused == []


def test_options_of_a_row_go_before_those_of_all(refused):
    ended(wan_magic.map([{"prompt": "a", "seed": 1}, "b"], seed=2, **FAST))
    assert {request.prompt: request.seed for request in refused} == {"a": 1, "b": 2}


def test_on_done_is_called_with_each_job(refused):
    ends = queue.Queue()
    sweep = ended(wan_magic.map(["a", "b"], on_done=ends.put, **FAST))
    assert {ends.get(timeout=20), ends.get(timeout=20)} == set(sweep)
    with pytest.raises(InputError, match="on_done"):
        wan_magic.map("c", on_done="print", **FAST)
    assert len(refused) == 2
