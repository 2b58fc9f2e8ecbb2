"""The gallery: which clips, in which order, picked, and what is saved."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from magic_shell import WIDGET

import wan_magic
from wan_magic.actions.collecting import Collected
from wan_magic.errors import InputError
from wan_magic.jobs.job import Job
from wan_magic.notebook.gallery import Gallery
from wan_magic.notebook.gallery_buttons import GalleryButtons
from wan_magic.wan.request import VideoRequest

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def clips(real_job, folder):
    """Three clips of one file each, which differ in all that can be sorted by."""
    clip = real_job.result()
    made = []
    values = [(7, "5", 3.0), (1, "2", 9.0), (None, "9", 6.0)]
    for number, (seed, cost, seconds) in enumerate(values, 1):
        path = folder / "wan_videos" / f"clip-{number}.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(clip.path.read_bytes())
        money = replace(clip.cost, amount=Decimal(cost))
        request = VideoRequest(model=f"m{number}", prompt=f"prompt {number}", unchecked=True)
        made.append(
            replace(clip, path=path, seed=seed, cost=money, duration=seconds, request=request)
        )
    return made


@pytest.fixture
def gallery(clips):
    return Gallery([Collected(clip, 1000.0 * at) for at, clip in enumerate(clips)], (), "cats")


# -- what is in it --------------------------------------------------------------------------


def test_it_holds_clips_of_all_kinds_each_once(clips, real_job):
    gallery = wan_magic.gallery(clips[0], [clips[1], (clips[2],)], real_job, real_job.result())
    assert gallery[:3] == clips
    assert gallery[3] == real_job.result()
    assert len(gallery) == 4


def test_words_are_looked_for_in_the_library(shell, folder):
    for prompt in ("A cat", "A dog"):
        shell.good(f"%%wanvideo --endpoint local --model wanx2.1-t2v-turbo -r 480P\n{prompt}")
    assert [clip.request.prompt for clip in wan_magic.gallery("dog")] == ["A dog"]
    assert {clip.request.prompt for clip in wan_magic.gallery()} == {"A cat", "A dog"}
    cell = shell.good("%wanvideo gallery cat")
    assert "cat · 1 clip" in cell.out
    assert len(wan_magic.gallery(limit=1)) == 1
    (folder / "wan_videos").rename(folder / "elsewhere")
    gone = wan_magic.gallery("dog")
    assert len(gone) == 0
    assert "1 left out: the file is gone" in gone._repr_mimebundle_()[0]["text/html"]
    assert "1 left out: the file is gone" in repr(gone)


def test_a_gallery_of_nothing_says_what_to_do(shell, folder):
    assert "no clips yet: %%wanvideo makes the first one" in repr(wan_magic.gallery())
    empty = wan_magic.gallery("dog", since="7d")
    assert "no clip fits: %wanvideo jobs lists what there is" in repr(empty)
    assert "no clip fits" in empty._repr_mimebundle_()[0]["text/html"]
    assert "no clip fits" in shell.good("%wanvideo gallery dog").out


def test_what_has_no_clip_is_counted(clips):
    job = Job(VideoRequest(prompt="x", model="wan2.5-t2v-preview"), endpoint="local")
    gallery = wan_magic.gallery(clips[0], job)
    assert len(gallery) == 1
    assert "1 left out: without a clip" in gallery._repr_mimebundle_()[0]["text/html"]


def test_what_is_no_clip_is_refused():
    with pytest.raises(InputError, match="int is nothing that a gallery can show"):
        wan_magic.gallery(7)


# -- sorted and picked ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "order"),
    [
        ("date", [3, 2, 1]),
        ("-date", [1, 2, 3]),
        ("cost", [3, 1, 2]),
        ("seconds", [2, 3, 1]),
        ("model", [1, 2, 3]),
        ("seed", [2, 1, 3]),
        ("created", [3, 2, 1]),
    ],
)
def test_it_is_sorted(gallery, by, order):
    assert [int(clip.path.stem[-1]) for clip in gallery.sort(by)] == order


def test_an_order_that_there_is_not_gets_the_nearest(gallery):
    with pytest.raises(InputError, match="did you mean seconds"):
        gallery.sort("second")


def test_an_order_that_is_no_word_is_refused(gallery):
    with pytest.raises(InputError, match="can't be sorted by 5"):
        gallery.sort(5)


def test_picks_stay_with_their_clips_whatever_the_order(gallery, clips):
    assert gallery.pick(1, 3).picked == [clips[0], clips[2]]
    gallery.sort("cost")
    assert gallery.picked == [clips[2], clips[0]]
    assert gallery.is_picked(1)
    assert gallery.unpick(1).picked == [clips[0]]
    assert gallery.unpick().picked == []
    with pytest.raises(InputError, match="numbered from 1 to 3"):
        gallery.pick(4)


# -- what is shown and saved ----------------------------------------------------------------


def test_the_static_grid(gallery, clips):
    data, metadata = gallery.pick(2)._repr_mimebundle_()
    shown = data["text/html"]
    assert "cats · 3 clips" in shown
    assert shown.count("<video") == shown.count('preload="none"') == 3
    assert shown.count("PICKED") == 1
    assert "autoplay" not in shown
    assert "<source" not in shown
    for clip in clips:
        assert f"wan_videos/{clip.path.name}" in shown
    assert len(metadata["wan_magic"]["clips"]) == 3
    assert data["text/plain"].startswith("cats · 3 clips\n1. prompt 1: ▶")


def test_a_preview_says_so_before_its_model_as_in_the_player(clips):
    assert clips[0].is_preview
    dot = '<span style="opacity:.5;white-space:nowrap"> ·</span> '
    shown = wan_magic.gallery(clips[0])._repr_mimebundle_()[0]["text/html"]
    assert f'PREVIEW</span> <span style="white-space:nowrap">m1</span>{dot}' in shown


def test_prompts_are_escaped(clips):
    bad = replace(clips[0], request=VideoRequest(model="m", prompt=EVIL, unchecked=True))
    assert "<script" not in wan_magic.gallery(bad)._repr_mimebundle_()[0]["text/html"]


def test_a_terminal_gets_lines(shell, gallery):
    shell.user_ns["cats"] = gallery
    assert "1. prompt 1: ▶" in shell.good("cats").out


def test_where_nobody_watches_there_are_no_buttons(headless, gallery):
    headless.user_ns["cats"] = gallery
    shown = headless.good("cats").shown
    assert [set(one["data"]) for one in shown] == [{"text/html", "text/plain"}]


@pytest.fixture
def live(watched, widgets, gallery):
    buttons = GalleryButtons(gallery)
    buttons.show()
    return buttons


def grid(watched):
    return [one for one in watched.shown if "<video" in one["data"].get("text/html", "")][-1]


def test_the_buttons_stand_apart_from_the_grid_which_holds_no_widget(live, watched):
    buttons, shown = (one["data"] for one in watched.shown)
    assert WIDGET in buttons
    assert WIDGET not in shown
    assert shown["text/html"].count("<video") == 3


def test_all_play_together_without_sound_and_stop(live, watched):
    live._play.click()
    assert grid(watched)["data"]["text/html"].count(" autoplay muted") == 3
    assert live._play.description == "Stop"
    live._play.click()
    assert "autoplay" not in grid(watched)["data"]["text/html"]


def test_they_stop_by_themselves_so_that_a_saved_grid_is_still(live, watched):
    live._play.click()
    live._still(live._clicks)
    assert "autoplay" not in grid(watched)["data"]["text/html"]
    assert live._play.description == "Play all"


def test_a_pick_is_on_the_page_and_in_the_gallery(live, watched, gallery, clips):
    live._picks[1].value = True
    assert gallery.picked == [clips[1]]
    assert grid(watched)["data"]["text/html"].count("PICKED") == 1
    live._sort.value = "seconds"
    assert [pick.value for pick in live._picks] == [True, False, False]
    assert gallery.picked == [clips[1]]
    live._picks[0].value = False
    assert gallery.picked == []


def orders(gallery):
    sort = GalleryButtons(gallery)._sort
    return sort.label, [label for label, _ in sort.options]


def test_the_buttons_say_how_the_clips_are_sorted(clips):
    items = [Collected(clip, 1000.0 * at) for at, clip in enumerate(clips)]
    assert orders(Gallery(items[::-1]))[0] == "newest first"
    assert "as given" not in orders(Gallery(items[::-1]))[1]
    assert orders(Gallery(items).sort("cost"))[0] == "dearest first"
    assert orders(Gallery(items).sort("-cost"))[0] == orders(Gallery(items))[0] == "as given"


def test_as_given_brings_the_clips_back_as_they_were_given(live, watched, gallery, clips):
    live._sort.value = "seconds"
    assert gallery[0] != clips[0]
    live._sort.value = ""
    assert gallery[:] == clips


def test_done_leaves_the_grid_alone(live, watched):
    live._play.click()
    live._done.click()
    assert watched.shown[-1]["data"] == {"text/plain": "", "text/html": ""}
    assert "autoplay" not in grid(watched)["data"]["text/html"]


def test_buttons_that_nobody_touches_go_away(live, watched):
    before = live._clicks
    live._picks[0].value = True
    live._idle(before)
    assert WIDGET in watched.shown[0]["data"]
    assert watched.shown[-1]["data"]["text/html"], "somebody was there since"
    live._idle(live._clicks)
    assert watched.shown[-1]["data"]["text/html"] == ""
