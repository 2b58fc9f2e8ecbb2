"""Why there is no clip, in Chinese: on a card, on a grid's tile and in the list of jobs."""

from __future__ import annotations

import json
import os

import pytest
from foreign_words import english
from ledger_rows import entry

from wan_magic import texts
from wan_magic.errors import (
    ApiError,
    BudgetExceeded,
    ConnectionFailed,
    DownloadError,
    JobFailed,
    JobTimeout,
    WanError,
)
from wan_magic.jobs.budget import check_budget, check_total, total_of
from wan_magic.jobs.common import resume_hint, unsure_hint
from wan_magic.jobs.job import Job, State
from wan_magic.output.ended import ended_bundle
from wan_magic.output.grid import Tile, plain_tile, tile_html
from wan_magic.output.history import JobTable
from wan_magic.output.look import Look
from wan_magic.settings.config import config_path
from wan_magic.settings.money import limits_of
from wan_magic.wan.codes import advice
from wan_magic.wan.estimate import PriceList
from wan_magic.wan.request import VideoRequest

HOST = "dashscope.aliyuncs.com"
TASK = "0385dc79-5ff8"


@pytest.fixture(autouse=True)
def _chinese(monkeypatch):
    monkeypatch.setattr(texts, "_chosen", "zh")


def a_job(error=None):
    request = VideoRequest(prompt="海浪", resolution="480P", seed=7)
    job = Job(request, endpoint="beijing", prices=PriceList("beijing"))
    job.task_id = TASK
    if error is not None:
        job.finish(error, State.FAILED)
    return job


def refused(status, code, said, **more):
    hint = advice(code, said, status, endpoint=f"beijing ({HOST})", **more)
    return ApiError(
        f"HTTP {status} {code}: {said}", hint=hint, code=code, status=status, request_id="r-1"
    )


def over_budget():
    cost = VideoRequest(prompt="海浪", resolution="480P").estimate(PriceList("beijing"))
    spent = {"day": {"CNY": limits_of("49 CNY")[0].amount}}
    with pytest.raises(BudgetExceeded) as caught:
        check_budget(cost, {"day": limits_of("50 CNY")}, spent)
    return caught.value


def over_total():
    cost = VideoRequest(prompt="海浪", resolution="480P").estimate(PriceList("beijing"))
    with pytest.raises(BudgetExceeded) as caught:
        check_total(total_of([cost] * 4), limits_of("2 CNY"), 4)
    return caught.value


UNFIT = "Input data may contain inappropriate content; the model needs an image"
BILL = "Access denied, please make sure your account is in good standing."
NO_KEY = "Invalid API-key provided."
UNKNOWN = (
    "what became of it is not known (the list of a-gateway shows none of the tasks that it made)"
)
ENDS = {
    "moderation": (
        lambda: JobFailed(
            f"the task failed: DataInspectionFailed: {UNFIT}",
            hint=f"{advice('DataInspectionFailed', UNFIT)}; failed tasks are not billed",
            code="DataInspectionFailed",
        ),
        (UNFIT, "DataInspectionFailed"),
        "任务失败：",
        "请修改提示词或图片：未通过服务端的内容审核，原样重试仍会被拒绝；失败的任务不计费",
    ),
    "a wrong key": (
        lambda: refused(401, "InvalidApiKey", NO_KEY),
        (NO_KEY, "InvalidApiKey"),
        "HTTP 401 InvalidApiKey: ",
        f"属于同一地域；API Key 只能在其所属地域使用，而此次请求发往 beijing ({HOST})",
    ),
    "a bill": (
        lambda: refused(400, "Arrearage", BILL),
        (BILL, "Arrearage"),
        "HTTP 400 Arrearage: ",
        "请在控制台处理账户的欠费或计费问题；重试无效",
    ),
    "an expired link": (
        lambda: DownloadError(
            "the video is made, but is not on disk: oss.example answered HTTP 403",
            hint=resume_hint(a_job()),
            task_id=TASK,
        ),
        ("oss.example",),
        "视频已生成，但尚未存盘：oss.example 返回 HTTP 403",
        f"可在 24 小时内用 %wanvideo resume {TASK} 取回，不再产生费用",
    ),
    "a full disk": (
        lambda: DownloadError(
            "the video is made, but is not on disk: cannot write to /clips:"
            " No space left on device",
            hint=f"free some space, or name another folder with --out; then {resume_hint(a_job())}",
        ),
        ("/clips", "No space left on device"),
        "视频已生成，但尚未存盘：无法写入 /clips：设备上没有剩余空间",
        (
            "或用 --out 指定其他文件夹；"
            f"之后可在 24 小时内用 %wanvideo resume {TASK} 取回，不再产生费用"
        ),
    ),
    "a lost answer": (
        lambda: ConnectionFailed(
            f"the connection to {HOST} broke before the answer came",
            hint=f"{UNKNOWN}; {unsure_hint(a_job())}",
        ),
        ("a-gateway",),
        f"与 {HOST} 的连接在收到响应前中断",
        "其结果无从得知（a-gateway 的列表中没有它创建过的任何任务）；请求可能已被接受",
    ),
    "a budget": (
        over_budget,
        ("day", "[budget]"),
        "当日预算 50.00 CNY 不足：已用或在途 49.00 CNY，此视频约需 1.50 CNY",
        "--over-budget 可照常生成；上限由 ",
    ),
    "a limit for all": (
        over_total,
        (),
        "这 4 个视频共约需 6.00 CNY，超过您设置的 max_total 2.00 CNY",
        "更少或更短的视频费用更少；--max-total 6 可放行",
    ),
    "an error of another kind": (
        lambda: WanError(
            "unexpected KeyError: 'output'", hint=f"please report this; {resume_hint(a_job())}"
        ),
        ("KeyError", "output"),
        "意外错误 KeyError：",
        "请反馈此问题；可在 24 小时内用",
    ),
    "another key": (
        lambda: JobTimeout(
            f"this job was sent with another key, and the key of now is told: HTTP 403 X: {BILL}",
            hint="set the key that it was sent with, then %wanvideo resume 0123456789ab",
        ),
        (BILL, "HTTP 403 X"),
        "此任务以另一个 API Key 提交，现在的 API Key 得到的答复是：HTTP 403 X: ",
        "请设置提交时的 API Key，然后运行 %wanvideo resume 0123456789ab",
    ),
}


@pytest.fixture(params=ENDS)
def end(request):
    make, *others = ENDS[request.param]
    return make(), *others


def plain(shown):
    for code, sign in (("&#x27;", "'"), ("&quot;", '"'), ("&amp;", "&")):
        shown = shown.replace(code, sign)
    return shown


OWN = (HOST, TASK, "beijing", "max_total", "r-1", "0123456789ab")


def test_a_card_says_it_in_chinese_beside_the_code_and_the_words_of_the_server(end):
    error, others, message, hint = end
    data, _ = ended_bundle(a_job(error))
    for shown in (plain(data["text/html"]), data["text/plain"]):
        assert message in shown
        assert hint in shown
        assert all(one in shown for one in others)
    assert english(data["text/html"], *OWN, *others, str(config_path(os.environ))) == []


def test_a_tile_says_it_in_chinese(end):
    error, _, message, hint = end
    tile = Tile(1, "海浪", a_job(error))
    shown = plain(tile_html(tile, Look()))
    assert message in shown
    assert hint[:20] in shown
    assert message in plain_tile(tile)


def test_the_list_of_jobs_says_it_in_chinese_and_its_exports_in_english(end):
    error, _, message, _ = end
    table = JobTable([entry("a", state="failed", error=error.message, open=False)])
    assert message in plain(table._repr_html_())
    assert table.to_dicts()[0]["error"] == error.message
    assert json.loads(table.to_json())[0]["error"] == error.message


def test_what_is_raised_stays_english(end):
    error = end[0]
    ended_bundle(a_job(error))
    assert error.message.isascii()
    assert error.hint.isascii()
