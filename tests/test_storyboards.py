"""A chain of shots on the real preview server: each goes on where the one before ended."""

from __future__ import annotations

import pytest
from PIL import Image

import wan_magic
from wan_magic.actions import launch
from wan_magic.errors import BudgetExceeded, InputError, JobFailed, JobTimeout, SettingsError
from wan_magic.jobs.job import Job, State
from wan_magic.wan.request import VideoRequest

SMALL = {"model": "wan3.0-video", "resolution": "480P", "duration": 2, "ratio": "16:9"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAN_MAGIC_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def unpaid(folder, monkeypatch):
    """An endpoint that costs money, to which nothing may be sent."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-0123456789abcdef")
    monkeypatch.setattr(launch, "start", lambda *_, **__: pytest.fail("something was sent"))


@pytest.fixture
def chained(folder, monkeypatch):
    """Let the shots have made-up ends: what was asked for, and what comes of it."""
    asked = []

    def start(request, settings, notes, *, fresh):
        asked.append((request, settings))
        job = Job(request, endpoint="local", is_preview=True, task_id="0385dc79")
        job.finish(outcomes[len(asked) - 1](), State.FAILED)
        return job

    outcomes = []
    monkeypatch.setattr(launch, "start", start)
    return asked, outcomes


@pytest.mark.parametrize(
    "shots", [[], "A cat", None, {"prompt": "x"}, [""], [{"duration": 5}], [3]]
)
def test_a_storyboard_is_a_list_of_shots_with_prompts(folder, shots):
    with pytest.raises(InputError, match="shot"):
        wan_magic.storyboard(shots)


@pytest.mark.parametrize(
    ("shots", "options", "words"),
    [
        (["a", "b"], {"resolution": "4K"}, "shot 1 of 2: .*4K"),
        (["a", {"prompt": "b", "duration": 99}], {}, "shot 2 of 2: .*99"),
        (["a", {"prompt": "b", "image": "x.png"}], {}, "shot 2 of 2: .*another picture"),
        (["a", {"prompt": "b", "endpoint": "local"}], {}, "shot 2 has its own endpoint"),
        (["a", "b"], {"image": "gone.png"}, "shot 1 of 2: no such image"),
    ],
)
def test_all_shots_are_checked_before_the_first_is_sent(unpaid, shots, options, words):
    with pytest.raises(InputError, match=words):
        wan_magic.storyboard(shots, **options)


def test_all_of_them_are_priced_together_before_the_first_is_sent(unpaid, monkeypatch):
    shots, options = ["a", "b", "c"], {"model": "2.5", "resolution": "480P", "duration": 5}
    with pytest.raises(BudgetExceeded, match=r"3 clips .*4\.50 CNY in all.*max_total of 4\.00 CNY"):
        wan_magic.storyboard(shots, max_total="4 CNY", **options)
    with pytest.raises(BudgetExceeded, match=r"max_cost of 1\.00 CNY"):
        wan_magic.storyboard(shots, max_cost="1 CNY", **options)
    with pytest.raises(SettingsError, match="max_total"):
        wan_magic.storyboard(shots, max_total="much", **options)
    monkeypatch.setenv("WAN_MAGIC_BUDGET_DAY", "4 CNY")
    with pytest.raises(BudgetExceeded, match="day's budget"):
        wan_magic.storyboard(shots, **options)


def test_a_shot_that_fails_is_named_and_the_others_are_kept(chained, clip_file):
    asked, outcomes = chained
    failed = JobFailed("the prompt was refused", hint="change it", code="DataInspectionFailed")
    outcomes += [clip_file, lambda: failed]
    with pytest.raises(JobFailed) as caught:
        wan_magic.storyboard(["a", "b", "c"], show=False)
    assert caught.value.message == "shot 2 of 3: the prompt was refused"
    assert caught.value.code == "DataInspectionFailed"
    assert "change it; shot 1 is kept, and costs nothing" in caught.value.hint
    assert failed.message == "the prompt was refused", "the job's own error stays"
    assert [request.prompt for request, _ in asked] == ["a", "b"]


def test_an_interrupt_names_the_shot(chained, clip_file, monkeypatch):
    _, outcomes = chained
    outcomes += [clip_file, clip_file]
    results = iter([clip_file()])

    def result(job):
        if (made := next(results, None)) is None:
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(Job, "result", result)
    with pytest.raises(JobTimeout, match="shot 2 of 2: interrupted: "):
        wan_magic.storyboard(["a", "b"], show=False)


def test_values_stay_through_the_chain_and_other_inputs_do_not(chained, clip_file, tmp_path):
    asked, outcomes = chained
    outcomes += [clip_file] * 3
    Image.new("RGB", (640, 360), "teal").save(tmp_path / "end.png")
    board = wan_magic.storyboard(
        ["a", "b", {"prompt": "c", "duration": 5}],
        image=tmp_path / "end.png",
        last_frame=tmp_path / "end.png",
        model="2.7",
        resolution="720P",
        duration=3,
        negative_prompt="rain",
        seed=4,
        show=False,
    )
    requests = [request for request, _ in asked]
    assert [one.model for one in requests] == ["wan2.7-i2v"] * 3
    assert [one.duration for one in requests] == [3, 3, 5]
    assert {(one.resolution, one.negative_prompt) for one in requests} == {("720P", "rain")}
    assert [[one.option for one in request.inputs] for request in requests] == [
        ["image", "last_frame"],
        ["image"],
        ["image"],
    ]
    assert requests[0].seed == 4 != requests[1].seed
    assert len(board) == 3
    assert board[0] is board.clips[0]


def test_a_text_model_is_followed_by_its_versions_image_model(chained, clip_file):
    asked, outcomes = chained
    outcomes += [clip_file] * 2
    wan_magic.storyboard(["a", "b"], model="wan2.6-t2v", ratio="16:9", show=False)
    assert [request.model for request, _ in asked] == ["wan2.6-t2v", "wan2.6-i2v"]


@pytest.fixture
def clip_file(tmp_path):
    import av

    path = tmp_path / "shot.mp4"
    with av.open(str(path), "w") as box:
        stream = box.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        box.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (640, 360), "teal"))))
        box.mux(stream.encode(None))

    def make():
        from wan_magic.jobs.clip import Clip
        from wan_magic.wan.estimate import PriceList

        request = VideoRequest(prompt="x")
        return Clip(
            path=path,
            url="",
            width=640,
            height=360,
            duration=0.1,
            fps=10,
            has_audio=False,
            request=request,
            task_id="0385dc79",
            seed=1,
            cost=request.estimate(PriceList("beijing")),
        )

    return make


def test_the_chain_goes_on_where_each_shot_ended_and_is_paid_once(folder, capsys, monkeypatch):
    board = wan_magic.storyboard(["A red boat", "It sails away"], **SMALL)
    said = capsys.readouterr().out
    assert said.startswith("2 shots to make: free (the hosted API: about ")
    assert str(board[0].path.name) in said
    assert board[1].request.inputs[0].source == f"the last frame of {board[0].path.name}"
    assert board[1].request.row.name == "wan3.0-video"

    again = wan_magic.storyboard(["A red boat", "It sails away"], **SMALL)
    assert [clip.path for clip in again] == [clip.path for clip in board]
    assert all(clip.from_library for clip in again)
    assert "to make" not in capsys.readouterr().out

    changed = wan_magic.storyboard(["A red boat", "It sinks"], **SMALL)
    assert [clip.from_library for clip in changed] == [True, False]
    assert "1 shot to make: free" in (said := capsys.readouterr().out)
    assert "1 of 2 already there" in said

    film = board.concat("film.mp4")
    assert not film.is_encoded
    assert film.duration == pytest.approx(sum(clip.duration for clip in board), abs=0.05)
