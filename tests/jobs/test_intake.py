"""The ledger's door: an equal request is not paid twice, whoever asks, and whatever died."""

from __future__ import annotations

import errno
import io
from decimal import Decimal
from pathlib import Path

import pytest
from job_fakes import DROPPED, LINK, Clock, refused, task
from PIL import Image

from wan_magic.errors import (
    BudgetExceeded,
    DownloadError,
    InputError,
    JobFailed,
    SettingsError,
)
from wan_magic.jobs import past
from wan_magic.jobs.intake import take_in, take_up_job
from wan_magic.jobs.job import State
from wan_magic.jobs.ledger import Ledger
from wan_magic.jobs.living import Living
from wan_magic.settings import Settings
from wan_magic.settings.money import limits_of
from wan_magic.wan.account import account_of
from wan_magic.wan.answers import text
from wan_magic.wan.endpoints import LOCAL, Endpoint
from wan_magic.wan.media import Input
from wan_magic.wan.request import VideoRequest

HERE = Endpoint("beijing", "https://api.example/api/v1", "sk-fake-0123456789", "beijing")
DONE = task("SUCCEEDED", video_url=LINK)


def request(prompt="A cat, running", **more):
    return VideoRequest(**{"prompt": prompt, "resolution": "480P", "seed": 7} | more)


class Desk:
    """One process: its ledger, its live jobs, and a way to run a job by hand."""

    def __init__(self, home, out, drive):
        self.ledger = Ledger(home, Clock())
        self.out = out
        self.live = Living()
        self.drive = drive

    def ask(self, asked=None, *, endpoint=HERE, settings=None, **more):
        folder = more.pop("folder", self.out)
        folder.mkdir(exist_ok=True)
        asked = asked or request()
        return take_in(
            asked,
            endpoint,
            settings or Settings(provenance=False),  # these look at the bytes that came
            ledger=self.ledger,
            folder=folder,
            live=self.live,
            **more,
        )

    def run(self, job, *, endpoint=HERE, **script):
        """Let a job live to its end by hand; its calls to the API."""
        ride = self.drive(folder=self.out, endpoint=endpoint, ledger=self.ledger, job=job, **script)
        ride.run()
        return ride.client.calls

    def die(self):
        """End as a killed process does: nothing is said, and the lock is gone."""
        self.ledger.close()
        self.live.clear()


@pytest.fixture
def desk(tmp_path, drive):
    """Open a desk; all share one home."""
    desks = []

    def opened():
        desks.append(Desk(tmp_path / "home", tmp_path / "videos", drive))
        return desks[-1]

    yield opened
    for one in desks:
        one.ledger.close()


# -- a clip that is there ---------------------------------------------------------------------


def test_an_equal_request_shows_the_clip_that_is_there_and_costs_nothing(desk, video):
    here = desk()
    first, begins = here.ask()
    assert begins
    here.run(first)
    again, begins = here.ask()
    assert not begins
    assert again.done()
    clip = again.result()
    assert clip.from_library
    assert clip.path == first.result().path
    assert clip.path.read_bytes() == video
    assert (clip.task_id, clip.seed) == ("0385dc79-5ff8", 7)
    assert clip.cost.amount == first.result().cost.amount
    assert (clip.width, clip.height, clip.fps) == (64, 48, 10)
    assert len(here.ledger.entries()) == 1


def test_another_process_finds_it_too(desk):
    here = desk()
    here.run(here.ask()[0])
    here.die()
    again, begins = desk().ask()
    assert (begins, again.result().from_library) == (False, True)


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "A dog"},
        {"seed": 8},
        {"resolution": "720P"},
        {"negative_prompt": "blur"},
        {"extra_parameters": {"new": 1}},
    ],
)
def test_any_other_request_is_another_clip(desk, other):
    here = desk()
    here.run(here.ask()[0])
    assert here.ask(request(**other))[1]


def test_inputs_count_by_their_content(desk):
    def picture(shade, name):
        data = io.BytesIO()
        Image.new("RGB", (8, 8), (shade, 0, 0)).save(data, "PNG")
        return Input(
            option="image", media="image", value="data:x", source=name, digest=f"sha-{shade}"
        )

    here = desk()
    here.run(here.ask(request(inputs=(picture(1, "cat.png"),)))[0])
    assert not here.ask(request(inputs=(picture(1, "renamed.png"),)))[1]
    assert here.ask(request(inputs=(picture(2, "cat.png"),)))[1]


def test_fresh_asks_for_a_new_one(desk):
    here = desk()
    here.run(here.ask()[0])
    job, begins = here.ask(fresh=True)
    assert begins
    assert not job.done()


def test_a_seed_that_the_server_draws_is_never_the_same_request(desk):
    here = desk()
    asked = request(model="wan3.0-video", seed=-1)
    here.run(here.ask(asked)[0])
    assert here.ask(asked)[1]


def test_a_preview_is_not_shown_for_a_paid_clip(desk):
    here = desk()
    preview = Endpoint(LOCAL, "http://127.0.0.1:5/api/v1", "t")
    job, _ = here.ask(endpoint=preview)
    here.run(job, endpoint=preview)
    assert not here.ask(endpoint=preview)[1]
    assert here.ask()[1]


def test_a_clip_from_another_folder_is_copied_beside_this_notebook(desk, tmp_path, video):
    here = desk()
    first, _ = here.ask()
    here.run(first)
    there = tmp_path / "other"
    clip = here.ask(folder=there)[0].result()
    assert clip.path.parent == there
    assert clip.path.read_bytes() == video
    assert here.ask(folder=there)[0].result().path == clip.path, "and not copied again"
    first.result().path.unlink()
    assert here.ask(folder=there)[0].result().path == clip.path, "a folder may be moved"


def test_a_copy_never_overwrites_another_clip(desk, tmp_path, video):
    here = desk()
    first, _ = here.ask()
    here.run(first)
    there = tmp_path / "other"
    there.mkdir()
    name = first.result().path.name
    (there / name).write_bytes(b"somebody else's")
    clip = here.ask(folder=there)[0].result()
    assert (there / name).read_bytes() == b"somebody else's"
    assert clip.path.read_bytes() == video


def test_a_copy_has_its_name_only_when_it_is_whole(desk, tmp_path, monkeypatch):
    here = desk()
    here.run(here.ask()[0])
    there = tmp_path / "other"
    seen = []

    def copy(file, target):
        seen.append([path.suffix for path in there.iterdir()])
        target.write_bytes(file.read_bytes())
        seen.append([path.suffix for path in there.iterdir()])

    monkeypatch.setattr(past.shutil, "copyfile", copy)
    here.ask(folder=there)
    assert seen == [[], [".part"]]
    assert [path.suffix for path in there.iterdir()] == [".mp4"]


def test_a_clip_that_cannot_be_copied_is_shown_where_it_is_and_not_paid_again(
    desk, tmp_path, monkeypatch
):
    here = desk()
    first, _ = here.ask()
    here.run(first)
    there = tmp_path / "other"

    def full(file, target):
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(past.shutil, "copyfile", full)
    again, begins = here.ask(folder=there)
    assert not begins
    assert again.result().path == first.result().path
    assert list(there.iterdir()) == []


def test_a_clip_that_was_deleted_is_fetched_again_and_not_paid_again(desk):
    here = desk()
    first, _ = here.ask()
    here.run(first)
    first.result().path.unlink()
    again, begins = here.ask()
    assert begins
    assert (again.id, again.task_id) == (first.id, first.task_id)
    calls = here.run(again, queries=[DONE])
    assert "create" not in calls
    assert again.result().path.exists()


def test_a_clip_that_was_deleted_and_is_gone_at_the_service_is_made_again(desk):
    here = desk()
    first, _ = here.ask()
    here.run(first)
    first.result().path.unlink()
    here.ledger.change(first.id, {"made": here.ledger.clock() - 40 * 3600})
    again, begins = here.ask()
    assert begins
    assert again.id != first.id
    [note] = again.notes
    assert f"the clip of job {first.id} is gone or damaged" in note
    assert "made anew, and billed" in note
    assert here.ledger.entry(again.id).notes == (note,)


def test_a_file_that_is_no_clip_any_more_is_not_shown(desk):
    here = desk()
    first, _ = here.ask()
    here.run(first)
    path = first.result().path
    path.write_bytes(b"x" * path.stat().st_size)
    _, begins = here.ask()
    assert begins


# -- a job that is on its way ---------------------------------------------------------------------


def test_in_one_process_the_running_job_is_joined(desk):
    here = desk()
    first, _ = here.ask()
    second, begins = here.ask()
    assert second is first
    assert not begins


def test_in_another_process_it_is_followed_to_its_clip(desk):
    here, there = desk(), desk()
    first, _ = here.ask()
    second, begins = there.ask()
    assert begins
    assert (second.id, second.is_followed) == (first.id, True)
    ride = there.drive(folder=there.out, endpoint=HERE, ledger=there.ledger, job=second)
    ride.step()
    assert "takes care of it" in second.message
    here.run(first)
    ride.run()
    assert ride.client.calls == []
    assert second.result().path == first.result().path
    assert (second.task_id, second.request_id) == (first.task_id, first.request_id)


def test_a_followed_job_fails_as_the_job_fails(desk):
    here, there = desk(), desk()
    first, _ = here.ask()
    second, _ = there.ask()
    here.run(first, creates=[refused(400, "DataInspectionFailed")])
    there.run(second)
    assert isinstance(second.exception(), JobFailed)
    assert second.exception().hint == first.exception().hint


def test_who_follows_takes_over_when_the_other_dies(desk):
    here, there = desk(), desk()
    first, _ = here.ask()
    ride = here.drive(folder=here.out, endpoint=HERE, ledger=here.ledger, job=first)
    ride.step()  # submitted
    second, _ = there.ask()
    here.die()
    calls = there.run(second, queries=[DONE])
    assert "create" not in calls
    assert second.result().task_id == "0385dc79-5ff8"


def test_who_follows_sends_what_the_other_could_not_send(desk):
    here, there = desk(), desk()
    here.ask()  # and nothing was sent
    second, _ = there.ask()
    here.die()
    assert there.run(second).count("create") == 1
    assert second.state is State.DONE


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_what_a_dead_process_left_is_taken_up_by_the_next_equal_request(desk, steps):
    here = desk()
    first, _ = here.ask()
    ride = here.drive(folder=here.out, endpoint=HERE, ledger=here.ledger, job=first)
    for _ in range(steps):
        ride.step()
    here.die()
    there = desk()
    again, begins = there.ask()
    assert begins
    assert again.id == first.id
    assert "create" not in there.run(again, queries=[DONE])
    assert again.state is State.DONE


def test_a_call_whose_answer_died_with_the_process_is_settled_before_it_is_sent_again(desk):
    here = desk()
    first, _ = here.ask()
    first.record.sending(first, 1000.0)  # and then the kernel was killed
    here.die()
    there = desk()
    again, _ = there.ask()
    found = {"task_id": "0385dc79-5ff8", "model_name": request().model, "gmt_create": 1_001_000}
    ours = task("SUCCEEDED", video_url=LINK, orig_prompt="A cat, running")
    calls = there.run(again, queries=[ours], lists=[[found]])
    assert "create" not in calls
    assert again.state is State.DONE


def test_a_call_that_was_never_accepted_is_sent_again_by_the_cell_that_knows_its_request(desk):
    here = desk()
    first, _ = here.ask()
    first.record.sending(first, 1.0)
    here.die()
    there = desk()
    again, _ = there.ask()
    assert there.run(again).count("create") == 1
    assert again.state is State.DONE


def test_a_call_that_nobody_can_settle_is_not_sent_again(desk):
    here = desk()
    first, _ = here.ask()
    here.run(first, creates=[DROPPED], lists=[refused(404)])
    for _ in range(2):
        again, _ = here.ask()
        assert again.id == first.id
        assert "create" not in here.run(again, lists=[refused(404)])
        assert "console" in again.exception().hint
    assert here.ask(fresh=True)[0].id != first.id, "unless the user says so"


OTHER_KEY = Endpoint("beijing", HERE.base_url, "sk-somebody-elses-0123", "beijing")


def test_a_job_of_another_key_is_followed_while_its_kernel_lives(desk):
    here = desk()
    first, _ = here.ask()
    second, _ = desk().ask(endpoint=OTHER_KEY)
    assert (second.id, second.is_followed) == (first.id, True)


def test_after_a_change_of_the_key_its_task_is_asked_for_and_not_paid_again(desk):
    here = desk()
    first, _ = here.ask()
    here.drive(folder=here.out, endpoint=HERE, ledger=here.ledger, job=first).step()
    here.die()
    there = desk()
    again, _ = there.ask(endpoint=OTHER_KEY)
    assert again.id == first.id
    assert "create" not in there.run(again, endpoint=OTHER_KEY, queries=[DONE])
    assert again.state is State.DONE
    assert there.ledger.entry(first.id).account == account_of(OTHER_KEY)


@pytest.mark.parametrize("answer", [refused(401, "InvalidApiKey"), task("UNKNOWN")])
def test_a_key_that_does_not_know_the_task_says_nothing_of_it(desk, answer):
    here = desk()
    first, _ = here.ask()
    here.drive(folder=here.out, endpoint=HERE, ledger=here.ledger, job=first).step()
    here.die()
    there = desk()
    again, _ = there.ask(endpoint=OTHER_KEY)
    assert "create" not in there.run(again, endpoint=OTHER_KEY, queries=[answer])
    assert again.exception()
    assert "was sent with another key" in str(again.exception())
    assert again.state is State.DETACHED
    entry = there.ledger.entry(first.id)
    assert (entry.open, entry.state, entry.owner) == (True, "queued", "")
    right, _ = there.ask()
    there.run(right, queries=[DONE])
    assert right.state is State.DONE


def test_another_key_does_not_take_what_a_lost_task_may_have_cost_off_the_bill(desk):
    here = desk()
    first, _ = here.ask()
    here.run(first, queries=[task("UNKNOWN")])
    [bill] = here.ledger.bills()
    assert (here.ledger.entry(first.id).lost, bill.spent) == (True, first.estimate.amount)
    entry = here.ledger.entry(first.id)
    again, _ = take_up_job(entry, OTHER_KEY, Settings(), here.ledger, here.live)
    here.run(again, endpoint=OTHER_KEY, queries=[task("UNKNOWN")])
    left = here.ledger.entry(first.id)
    assert (left.state, left.lost, left.error) == ("failed", True, entry.error)
    assert here.ledger.bills() == [bill]


def test_what_only_another_key_can_settle_is_not_sent_again(desk):
    here = desk()
    first, _ = here.ask()
    first.record.sending(first, 1000.0)
    here.die()
    there = desk()
    with pytest.raises(SettingsError, match="with another key") as told:
        there.ask(endpoint=OTHER_KEY)
    assert "--fresh" in told.value.hint
    assert there.ask(endpoint=OTHER_KEY, fresh=True)[1]


def test_a_task_is_asked_for_however_old_the_clock_says_it_is(desk):
    here = desk()
    first, _ = here.ask()
    here.drive(folder=here.out, endpoint=HERE, ledger=here.ledger, job=first).step()
    here.die()
    there = desk()
    there.ledger.clock.now += 30 * 24 * 3600
    there.ledger.open_entries()
    again, _ = there.ask()
    assert again.id == first.id
    assert "create" not in there.run(again, queries=[DONE])


def test_a_clip_whose_drive_is_away_for_a_while_is_still_in_the_library(desk, video):
    here = desk()
    first, _ = here.ask()
    here.run(first)
    path = first.result().path
    path.unlink()
    again, _ = here.ask()
    here.run(again, queries=[task("UNKNOWN")])
    assert again.exception()
    path.write_bytes(video)  # the drive is back
    assert here.ask()[0].result().from_library


def test_a_clip_that_was_edited_is_fetched_anew_beside_it(desk, video):
    here = desk()
    first, _ = here.ask()
    here.run(first)
    path = first.result().path
    path.write_bytes(video + b"edited")
    again, _ = here.ask()
    here.run(again, queries=[DONE])
    assert path.read_bytes() == video + b"edited"
    assert again.result().path != path
    assert again.result().path.read_bytes() == video


def test_a_clip_that_may_not_be_read_is_no_reason_to_pay_again(desk, monkeypatch):
    here = desk()
    first, _ = here.ask()
    here.run(first)
    opened = Path.open

    def refuse(self, mode="r", *args, **kwargs):
        if self.suffix == ".mp4" and mode == "rb":
            raise PermissionError(13, "Permission denied")
        return opened(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"can't be read: .*Permission denied"):
        here.ask()


def test_a_success_without_a_video_stays_open_and_is_not_paid_again(desk):
    here = desk()
    first, _ = here.ask()
    here.run(first, queries=[task("SUCCEEDED")])
    assert isinstance(first.exception(), DownloadError)
    again, _ = here.ask()
    assert "create" not in here.run(again, queries=[DONE])
    assert again.state is State.DONE


def test_without_usage_the_cost_is_an_estimate_and_said_to_be_one(desk):
    here = desk()
    job, _ = here.ask()
    here.run(job)
    entry = here.ledger.entry(job.id)
    assert (entry.cost, entry.estimate) == (None, Decimal("1.50"))
    assert entry.money().source == "as estimated"


def test_half_an_emoji_from_the_server_ends_no_job_badly(desk):
    here = desk()
    job, _ = here.ask()
    here.run(job, queries=[task("FAILED", code="X", message=text("cut \ud83d"))])
    assert "cut ?" in str(job.exception())
    assert here.ledger.entry(job.id).state == "failed"


def test_a_signed_address_is_the_same_input_each_time_it_is_signed(desk):
    def asked(query, name="a.png"):
        url = f"https://files.example/{name}?{query}"
        return request(inputs=(Input.from_url("image", "image", url),))

    here = desk()
    here.run(here.ask(asked("Expires=1&OSSAccessKeyId=x&Signature=one"))[0])
    assert not here.ask(asked("Expires=2&OSSAccessKeyId=y&Signature=two"))[1]
    assert here.ask(asked("Expires=2&Signature=two", "b.png"))[1]
    assert here.ask(asked("file=c.png&Signature=two"))[1]


def test_a_video_that_could_not_be_saved_is_fetched_and_not_made_again(desk):
    here = desk()
    first, _ = here.ask()
    here.run(first, storage=[b"<html>"])
    assert isinstance(first.exception(), DownloadError)
    again, _ = here.ask()
    assert "create" not in here.run(again, queries=[DONE])
    assert again.state is State.DONE


@pytest.mark.parametrize("code", ["DataInspectionFailed", "InternalError"])
def test_what_failed_is_asked_for_anew(desk, code):
    here = desk()
    first, _ = here.ask()
    here.run(first, queries=[task("FAILED", code=code, message="no")])
    again, begins = here.ask()
    assert begins
    assert again.id != first.id


# -- resumed -----------------------------------------------------------------------------------


def test_a_job_is_resumed_with_what_the_ledger_knows_of_it(desk):
    here = desk()
    first, _ = here.ask(notes=("the image was scaled",))
    ride = here.drive(folder=here.out, endpoint=HERE, ledger=here.ledger, job=first)
    ride.step()
    here.die()
    there = desk()
    [entry] = there.ledger.open_entries()
    job, begins = take_up_job(entry, HERE, Settings(), there.ledger, Living())
    assert begins
    assert job.is_resumed
    assert (job.request.prompt, job.request.seed, job.notes) == (
        "A cat, running",
        7,
        ("the image was scaled",),
    )
    there.run(job, queries=[DONE])
    assert there.ledger.entry(first.id).file == job.result().path


def test_a_resumed_call_that_was_never_accepted_is_not_sent_since_its_inputs_are_gone(desk):
    here = desk()
    first, _ = here.ask()
    first.record.sending(first, 1.0)
    here.die()
    there = desk()
    entry = there.ledger.entry(first.id)
    job, _ = take_up_job(entry, HERE, Settings(), there.ledger, Living())
    assert "create" not in there.run(job)
    assert "did not accept it" in str(job.exception())
    assert "nothing is paid" in job.exception().hint
    assert not there.ledger.entry(first.id).open


def test_another_key_is_told_apart_where_it_could_settle_nothing(desk):
    here = desk()
    first, _ = here.ask()
    first.record.sending(first, 1000.0)
    here.die()
    there = desk()
    other = Endpoint("beijing", HERE.base_url, "sk-somebody-elses-0123", "beijing")
    with pytest.raises(SettingsError, match="with another key") as told:
        take_up_job(there.ledger.entry(first.id), other, Settings(), there.ledger, Living())
    assert "sk-" not in str(told.value)


def test_a_preview_of_a_kernel_that_has_ended_is_said_to_be_gone(desk):
    preview = Endpoint(LOCAL, "http://127.0.0.1:5/api/v1", "t")
    here = desk()
    first, _ = here.ask(endpoint=preview)
    here.die()
    there = desk()
    now = Endpoint(LOCAL, "http://127.0.0.1:6/api/v1", "u")
    with pytest.raises(InputError, match="a kernel that has ended"):
        take_up_job(there.ledger.entry(first.id), now, Settings(), there.ledger, Living())


# -- money ---------------------------------------------------------------------------------------


def test_a_clip_over_its_limit_is_not_written_down_and_not_sent(desk):
    here = desk()
    with pytest.raises(BudgetExceeded, match="over your max_cost of"):
        here.ask(settings=Settings(max_cost=limits_of("1 CNY")))
    assert here.ledger.entries() == []


def test_running_jobs_count_against_the_budget_of_all_processes(desk):
    settings = Settings(budgets={"day": limits_of("4 CNY")})
    here, there = desk(), desk()
    here.ask(settings=settings)  # 1.50 CNY
    there.ask(request("two"), settings=settings)
    with pytest.raises(BudgetExceeded, match=r"4\.00 CNY"):
        here.ask(request("three"), settings=settings)
    assert len(here.ledger.entries()) == 2


def test_a_clip_from_the_library_is_free_also_when_the_budget_is_gone(desk):
    here = desk()
    here.run(here.ask()[0])
    limits = {"max_cost": limits_of("0.01 CNY"), "budgets": {"day": limits_of("0.01 CNY")}}
    assert here.ask(settings=Settings(**limits))[0].result().from_library


def test_a_preview_is_never_too_expensive(desk):
    preview = Endpoint(LOCAL, "http://127.0.0.1:5/api/v1", "t")
    here = desk()
    limits = {"max_cost": limits_of("0.01 CNY"), "budgets": {"day": limits_of("0.01 CNY")}}
    assert here.ask(endpoint=preview, settings=Settings(**limits))[1]


def test_what_was_billed_is_written_down(desk):
    here = desk()
    job, _ = here.ask()
    here.run(job, queries=[task("SUCCEEDED", video_url=LINK, usage={"duration": 10, "SR": 720})])
    entry = here.ledger.entry(job.id)
    assert entry.estimate == Decimal("1.50")
    assert entry.cost == Decimal("6.00")
    assert entry.usage == {"duration": 10, "SR": 720}


# -- what is written down -------------------------------------------------------------------------


def test_the_whole_life_of_a_job_is_in_the_ledger(desk, video):
    here = desk()
    job, _ = here.ask(notebook="/home/me/film.ipynb", cell="c-1")
    here.run(job)
    entry = here.ledger.entry(job.id)
    assert (entry.state, entry.open, entry.owner) == ("done", False, "")
    assert (entry.notebook, entry.cell) == ("/home/me/film.ipynb", "c-1")
    assert (entry.task_id, entry.request_id) == ("0385dc79-5ff8", "r-create")
    assert (entry.bytes, entry.path) == (len(video), str(job.result().path))
    assert len(entry.sha256) == 64
    assert entry.video["width"] == 64
    states = [state for _, state, _ in here.ledger.events(job.id)]
    assert list(dict.fromkeys(states)) == [
        "submitting",
        "queued",
        "running",
        "downloading",
        "done",
    ]


def test_no_secret_and_no_signed_address_is_in_the_file(desk):
    here = desk()
    signed = Input.from_url("image", "image", "https://x.example/a.png?Signature=s3cret")
    job, _ = here.ask(
        request(inputs=(signed,), extra_inputs={"ref": "https://y.example/?sig=s3cret"})
    )
    here.run(job)
    here.ledger.close()
    raw = b"".join(path.read_bytes() for path in here.ledger.folder.rglob("*") if path.is_file())
    assert b"a.png" in raw
    assert b"s3cret" not in raw
    assert HERE.key.encode() not in raw
    assert account_of(HERE).encode() in raw


def test_a_ledger_that_breaks_after_the_paid_call_does_not_stop_the_job(desk):
    here = desk()
    job, _ = here.ask()
    ride = here.drive(folder=here.out, endpoint=HERE, ledger=here.ledger, job=job)
    ride.step()
    here.ledger.close()
    here.ledger.path.write_bytes(b"broken" * 1000)
    for leftover in ("-wal", "-shm"):
        (here.ledger.folder / f"{here.ledger.path.name}{leftover}").unlink(missing_ok=True)
    ride.run()
    assert job.state is State.DONE
    assert any("ledger can't be written" in note for note in job.notes)


def test_a_ledger_that_breaks_before_the_paid_call_stops_it(desk):
    here = desk()
    job, _ = here.ask()
    here.ledger.close()
    here.ledger.path.write_bytes(b"broken" * 1000)
    calls = here.run(job)
    assert calls == []
    assert "ledger" in str(job.exception())


# -- what only one process can do ----------------------------------------------------------


def test_an_unsent_job_that_is_followed_by_its_id_is_never_sent_without_its_inputs(desk):
    here, there = desk(), desk()
    first, _ = here.ask()
    job, _ = take_up_job(there.ledger.entry(first.id), HERE, Settings(), there.ledger, Living())
    assert job.is_followed
    here.die()
    assert there.run(job) == []
    assert "never sent: nothing is paid" in str(job.exception())


def test_a_job_that_a_living_kernel_has_is_followed_with_any_key(desk):
    here, there = desk(), desk()
    first, _ = here.ask()
    other = Endpoint("beijing", HERE.base_url, "sk-somebody-elses-0123", "beijing")
    job, _ = take_up_job(there.ledger.entry(first.id), other, Settings(), there.ledger, Living())
    ride = there.drive(folder=there.out, endpoint=other, ledger=there.ledger, job=job)
    ride.step()
    assert "takes care of it" in job.message
    here.die()
    ride.run()
    assert ride.client.calls == []
    assert "the key here is another" in str(job.exception())
    assert there.ledger.entry(first.id).open


def test_a_preview_that_was_left_is_this_kernels_alone(desk):
    preview = Endpoint(LOCAL, "http://127.0.0.1:5/api/v1", "t")
    here, there = desk(), desk()
    first, _ = here.ask(endpoint=preview)
    ride = here.drive(folder=here.out, endpoint=preview, ledger=here.ledger, job=first)
    ride.step()
    first.detach()
    ride.run()
    assert there.ledger.open_entries() == []
    [left] = here.ledger.open_entries()
    assert (left.id, left.state) == (first.id, "detached")
    again, _ = take_up_job(here.ledger.entry(first.id), preview, Settings(), here.ledger, Living())
    here.run(again, endpoint=preview, queries=[DONE])
    assert again.state is State.DONE


def test_an_equal_cell_goes_on_with_a_preview_that_was_left_in_this_kernel(desk):
    preview = Endpoint(LOCAL, "http://127.0.0.1:5/api/v1", "t")
    here = desk()
    first, _ = here.ask(endpoint=preview)
    ride = here.drive(folder=here.out, endpoint=preview, ledger=here.ledger, job=first)
    ride.step()
    first.detach()
    ride.run()
    again, begins = here.ask(endpoint=preview)
    assert begins
    assert (again.id, again.task_id) == (first.id, first.task_id)
    here.run(again, endpoint=preview, queries=[DONE])
    assert [entry.state for entry in here.ledger.entries()] == ["done"]


def test_an_equal_cell_makes_the_preview_of_a_kernel_that_has_ended_anew(desk):
    here = desk()
    first, _ = here.ask(endpoint=Endpoint(LOCAL, "http://127.0.0.1:5/api/v1", "t"))
    ride = here.drive(folder=here.out, ledger=here.ledger, job=first)
    ride.step()
    here.die()
    there = desk()
    again, begins = there.ask(endpoint=Endpoint(LOCAL, "http://127.0.0.1:6/api/v1", "u"))
    assert begins
    assert again.id != first.id
    assert not again.task_id


def test_whether_a_clip_says_how_it_was_made_is_a_setting(desk):
    here = desk()
    assert here.ask(settings=Settings())[0].keeps_provenance
    assert not here.ask(request(seed=8), settings=Settings(provenance=False))[0].keeps_provenance
