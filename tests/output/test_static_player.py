"""What an ended job leaves in the notebook."""

from __future__ import annotations

import base64
import io
import json
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from wan_magic import texts
from wan_magic.errors import ApiError, ConnectionFailed, JobCancelled, JobFailed, JobTimeout
from wan_magic.jobs.job import Job, State
from wan_magic.output.look import Look
from wan_magic.output.player import (
    end_bundle,
    ended_bundle,
    player_bundle,
    player_html,
    price_line,
    started_bundle,
)
from wan_magic.output.screen import screen
from wan_magic.wan.estimate import PriceList
from wan_magic.wan.media import Input
from wan_magic.wan.request import VideoRequest

EVIL = "</video><script>alert(\"1\")</script>' onerror='x"
VOID = {"img", "br", "meta"}


MB = 1024 * 1024


def jpeg(width=832, height=464, picture=None):
    out = io.BytesIO()
    (picture or Image.new("RGB", (width, height), "teal")).save(out, "JPEG")
    return out.getvalue()


def data_of(uri):
    head, _, body = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return base64.b64decode(body)


class Tree(HTMLParser):
    """Tags with their attributes and the tags around them; closed properly or it raises."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def find(self, tag):
        return [attributes for name, attributes, _ in self.tags if name == tag]

    def one(self, tag):
        (found,) = self.find(tag)
        return found

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def player(clip):
    return Tree(player_html(clip))


# -- the player -------------------------------------------------------------------


def test_the_source_stands_on_the_video_itself(make_clip):
    tree = player(make_clip())
    video = tree.one("video")
    assert video["src"] == "wan_videos/waves-0385dc79.mp4"
    assert "controls" in video
    assert video["preload"] == "metadata"
    assert video["width"] == "687", "as wide as the card"
    assert tree.find("source") == []


def test_the_poster_is_in_the_page(make_clip):
    poster = jpeg(640, 360)
    tree = player(make_clip(poster=poster))
    shown = data_of(tree.one("video")["poster"])
    assert shown == poster, "it is small enough as it is"
    fallback = Image.open(io.BytesIO(data_of(tree.one("img")["src"])))
    assert fallback.size == (240, 135), "and not the same picture twice"


def test_a_poster_of_many_details_is_made_smaller(make_clip):
    picture = Image.effect_noise((640, 480), 90)
    tree = player(make_clip(poster=jpeg(picture=picture)))
    assert len(data_of(tree.one("video")["poster"])) <= 20_000
    assert len(data_of(tree.one("img")["src"])) <= 6_000


def test_a_poster_that_is_no_picture_does_no_harm(make_clip):
    assert data_of(player(make_clip(poster=b"?")).one("video")["poster"]) == b"?"


def test_fifty_saved_players_stay_below_three_megabytes(make_clip):
    picture = Image.effect_noise((640, 480), 90)
    long = "A cat runs through tall grass, the camera follows low. " * 14
    request = VideoRequest(prompt=long, negative_prompt=long[:500], resolution="480P", seed=7)
    clip = make_clip(poster=jpeg(picture=picture), request=request, actual_prompt=long * 2)
    assert 50 * len(json.dumps(player_bundle(clip))) < 3_000_000


def test_a_linked_picture_inside_the_video_is_left_where_videos_are_stripped(make_clip):
    tree = player(make_clip())
    around = {tag: outer for tag, _, outer in tree.tags if tag == "img"}
    assert around["img"][-2:] == ("video", "a")
    assert tree.find("a")[0]["href"] == "wan_videos/waves-0385dc79.mp4"


def test_whoever_hears_the_page_is_told_what_plays(make_clip):
    video = player(make_clip()).one("video")
    assert video["title"] == video["aria-label"] == "waves roll in"


def test_nothing_that_a_sanitizer_or_a_restart_would_break(make_clip):
    data, _ = player_bundle(make_clip())
    assert set(data) == {"text/html", "text/plain"}
    tree = Tree(data["text/html"])
    assert {tag for tag, _, _ in tree.tags} <= {
        *("div", "video", "a", "img", "span", "code", "details", "summary", "b"),
    }
    for tag, attributes, _ in tree.tags:
        assert not any(name.startswith("on") for name in attributes), tag
        assert "id" not in attributes


def test_the_caption(make_clip):
    text = player(make_clip()).text
    assert "waves roll in" in text
    assert "wan2.5-i2v-preview · 832×464 · 5 s · seed 7 · 1.50 CNY · took 1 min 12 s" in text
    assert "waves-0385dc79.mp4 · task 0385dc79-5ff8" in text
    assert "PREVIEW" not in text


def test_a_portrait_is_not_shown_higher_than_a_screen(make_clip):
    assert int(player(make_clip(width=816, height=1104)).one("video")["width"]) == 384


def test_the_caption_tells_what_else_was_asked_for_and_no_signed_address(make_clip):
    request = VideoRequest(
        prompt="waves",
        shot_type="multi",
        inputs=(Input.from_url("audio", "audio", "https://host/a/song.mp3?Signature=s3cret"),),
        prompt_extend=False,
        watermark=True,
        negative_prompt="blur",
    )
    tree = player(make_clip(request=request))
    assert (
        "sound from: song.mp3 · shots: multi · prompt extension: no · watermark: yes"
        " · negative prompt: blur"
    ) in tree.text
    assert "s3cret" not in tree.text


def test_a_resumed_job_does_not_claim_how_long_it_took(make_clip):
    assert "took" not in player(make_clip(took=0.0)).text


def test_the_caption_of_a_preview(make_clip):
    text = player(make_clip(is_preview=True)).text
    assert "PREVIEW wan2.5-i2v-preview" in text
    assert "free (the hosted API: 1.50 CNY)" in text


def test_a_preview_of_unknown_price(make_clip):
    request = VideoRequest(prompt="p")
    clip = make_clip(is_preview=True, request=request, cost=request.estimate(None))
    assert "· free ·" in player(clip).text


def test_a_clip_of_the_library_says_what_it_cost_where_that_is_known(make_clip):
    clip = make_clip(from_library=True)
    assert f"from your library, 0.00 (it cost {clip.cost})" in player(clip).text
    unknown = replace(clip.cost, amount=None, per_second=None)
    shown = player(make_clip(from_library=True, cost=unknown)).text
    assert "from your library, 0.00" in shown
    assert "it cost" not in shown


def test_the_caption_says_what_else_there_was(make_clip):
    request = VideoRequest(
        model="wanx2.1-i2v-plus", prompt="p", negative_prompt="blur", template="hug"
    )
    clip = make_clip(
        request=request,
        has_audio=False,
        seed=None,
        actual_prompt="p, at length",
        notes=("cat.png has an alpha channel",),
    )
    text = player(clip).text
    for part in (
        "silent",
        "effect: hug",
        "negative prompt: blur",
        "p, at length",
        "note: cat.png has an alpha channel",
    ):
        assert part in text
    assert "seed" not in text


def test_a_prompt_that_was_not_rewritten_is_shown_once(make_clip):
    assert "rewrote" not in player(make_clip(actual_prompt="waves roll in")).text


def test_whatever_people_and_servers_write_stays_text(make_clip, notebook):
    request = VideoRequest(prompt=EVIL, negative_prompt=EVIL, template=EVIL, model=EVIL)
    path = notebook / '<b>"quotes"\'.mp4'
    clip = make_clip(
        path=path, request=request, task_id=EVIL, actual_prompt=EVIL + "2", notes=(EVIL,)
    )
    tree = player(clip)
    assert tree.find("script") == []
    assert tree.find("b") == []
    assert tree.one("video")["title"] == EVIL
    assert tree.one("video")["src"] == "%3Cb%3E%22quotes%22%27.mp4"
    assert tree.one("img")["alt"] == EVIL
    assert EVIL in "".join(tree.words)
    assert path.name in tree.text


def address(option, media, name, **about):
    """An input by an address that is signed by somebody else."""
    url = f"https://x.org/folder/{name}?Signature=s3cret"
    return replace(Input.from_url(option, media, url), **about)


def test_a_clip_without_a_prompt_is_called_by_its_effect_its_inputs_or_its_file(make_clip):
    request = VideoRequest(model="wanx2.1-i2v-plus", template="hug")
    assert player(make_clip(request=request)).one("video")["title"] == "hug"
    portrait = (address("image", "image", "anna.png"), address("audio", "audio", "voice.wav"))
    spoken = make_clip(request=VideoRequest(model="wan2.2-s2v", inputs=portrait))
    tree = player(spoken)
    assert tree.one("video")["title"] == tree.one("img")["alt"] == "wan2.2-s2v: anna.png, voice.wav"
    nameless = make_clip(request=VideoRequest())
    assert player(nameless).one("video")["title"] == "waves-0385dc79.mp4"


def test_a_prompt_that_the_model_does_not_read_is_still_the_title(make_clip):
    request = VideoRequest(model="wan2.2-s2v", prompt="Anna says hello")
    assert player(make_clip(request=request)).one("video")["title"] == "Anna says hello"


def test_every_input_is_named_and_no_address_is_shown(make_clip):
    inputs = (
        address("image", "image", "a.png"),
        address("last_frame", "image", "b.png"),
        address("ref", "image", "anna.png"),
        address("ref", "audio", "anna.wav"),
        address("video", "video", "take.mp4"),
        address("clip", "video", "shot1.mp4"),
        address("audio", "audio", "song.mp3"),
        address("mask", "image", "mask.png"),
        address("file", "file", "talk.pdf"),
        address("link", "link", "page"),
    )
    bundle = player_bundle(make_clip(request=VideoRequest(model="wan3.0-video", inputs=inputs)))
    assert (
        "picture: a.png · last frame: b.png · references: anna.png (voice: anna.wav)"
        " · video: take.mp4 · continues: shot1.mp4 · sound from: song.mp3 · mask: mask.png"
        " · document: talk.pdf · page: page"
    ) in Tree(bundle[0]["text/html"]).text
    assert "x.org" not in json.dumps(bundle)
    assert secrets_in(bundle) == []


def test_modes_functions_and_further_fields_are_told(make_clip):
    request = VideoRequest(
        model="wanx2.1-vace-plus",
        prompt="p",
        function="video_edit",
        extra_parameters={"strength": 0.5, "control_condition": "<depth>"},
        extra_inputs={"last_clip_url": "https://x.org/c.mp4?Signature=s3cret"},
    )
    bundle = player_bundle(make_clip(request=request))
    text = Tree(bundle[0]["text/html"]).text
    assert "function: video_edit · strength: 0.5 · control_condition: <depth>" in text
    assert "last_clip_url: …" in text
    assert secrets_in(bundle) == []
    request = VideoRequest(model="wan2.2-animate-mix", mode="wan-pro", check_image=False)
    assert "mode: wan-pro · picture check: no" in player(make_clip(request=request)).text
    request = VideoRequest(model="wan2.7-videoedit", audio_setting="origin", ratio="9:16")
    assert "ratio: 9:16 · sound: origin" in player(make_clip(request=request)).text


def test_a_rewritten_prompt_is_folded_away_below_the_users_own(make_clip):
    tree = player(make_clip(actual_prompt="Waves roll in, at length."))
    around = {tag: outer for tag, _, outer in tree.tags if tag == "summary"}
    assert around["summary"][-1] == "details"
    assert tree.text.index("waves roll in") < tree.text.index("prompt as the server rewrote it")
    assert "Waves roll in, at length." in tree.text


# -- what a front end can't reach ---------------------------------------------------


def embedded(tree):
    head, _, body = tree.one("video")["src"].partition(",")
    assert head == "data:video/mp4;base64"
    return base64.b64decode(body)


@pytest.fixture
def colab(monkeypatch):
    """A front end that reaches no file at all."""
    monkeypatch.setitem(sys.modules, "google.colab", object())


def test_a_small_file_out_of_reach_is_embedded(make_clip, tmp_path):
    clip = make_clip(path=tmp_path / "outside" / "a.mp4", size=8 * MB)
    tree = player(clip)
    assert embedded(tree) == clip.path.read_bytes()
    assert tree.find("a") == [], "a link to it would lead nowhere"
    assert "a.mp4" in tree.text


def test_a_large_file_out_of_reach_is_copied_beside_the_notebook_once(
    make_clip, tmp_path, notebook
):
    clip = make_clip(path=tmp_path / "outside" / "a.mp4", size=8 * MB + 1)
    tree = player(clip)
    assert tree.one("video")["src"] == "wan_videos/a.mp4"
    assert tree.find("a")[0]["href"] == "wan_videos/a.mp4"
    assert "too large to embed (the limit is 8 MB)" in tree.text
    assert "copied beside the notebook: wan_videos/a.mp4" in tree.text
    player(clip)
    assert [file.name for file in (notebook / "wan_videos").iterdir()] == ["a.mp4"]


def test_a_large_file_where_no_copy_can_be_reached_is_named(make_clip, colab, notebook):
    clip = make_clip(path=notebook.parent / "a.mp4", size=8 * MB + 1)
    tree = player(clip)
    assert tree.find("video") == []
    assert tree.find("a") == []
    assert len(tree.find("img")) == 1
    assert f"can't reach the file; it is at {clip.path}" in tree.text


def test_where_no_copy_can_be_written_the_file_is_named(make_clip, tmp_path, notebook):
    (notebook / "wan_videos").write_bytes(b"a file in the folder's place")
    clip = make_clip(path=tmp_path / "outside" / "a.mp4", size=8 * MB + 1)
    assert f"it is at {clip.path}" in player(clip).text


def test_a_large_file_in_reach_is_played_and_not_embedded(make_clip):
    clip = make_clip(size=8 * MB + 1)
    assert player(clip).one("video")["src"] == "wan_videos/waves-0385dc79.mp4"
    assert len(player_html(clip)) < 8000


def test_who_asks_for_it_has_every_film_in_the_notebook_up_to_the_limit(make_clip):
    clip = make_clip(look=Look(embed="embed", embed_limit=2 * MB), size=2 * MB)
    tree = player(clip)
    assert embedded(tree) == clip.path.read_bytes()
    assert tree.find("a")[0]["href"] == "wan_videos/waves-0385dc79.mp4"
    tree = player(make_clip(look=clip.look, size=2 * MB + 1))
    assert tree.one("video")["src"] == "wan_videos/waves-0385dc79.mp4"
    assert "2.0 MB is too large to embed (the limit is 2 MB)" in tree.text


def test_who_wants_files_only_has_nothing_embedded(make_clip, tmp_path, colab):
    clip = make_clip(path=tmp_path / "outside" / "a.mp4", look=Look(embed="file"))
    tree = player(clip)
    assert tree.find("video") == []
    assert "too large" not in tree.text


def test_who_wants_files_only_has_them_beside_the_notebook(make_clip, tmp_path):
    clip = make_clip(path=tmp_path / "outside" / "a.mp4", look=Look(embed="file"))
    tree = player(clip)
    assert tree.one("video")["src"] == "wan_videos/a.mp4"
    assert "too large" not in tree.text


def test_vs_code_has_the_film_embedded_and_is_told_of_its_sound(make_clip, monkeypatch):
    monkeypatch.setenv("VSCODE_PID", "1")
    tree = player(make_clip())
    assert embedded(tree)
    assert "VS Code plays no AAC sound" in tree.text
    assert "VS Code" not in player(make_clip(has_audio=False)).text


# -- how it looks -----------------------------------------------------------------------


def test_the_width_can_be_chosen_and_the_card_grows_with_it(make_clip):
    assert player(make_clip(look=Look(width=320))).one("video")["width"] == "320"
    tree = player(make_clip(look=Look(width=1200)))
    assert tree.one("video")["width"] == "1200"
    assert "max-width:1233px" in tree.find("div")[0]["style"]


def test_it_loops_unless_told_otherwise_and_never_starts_by_itself(make_clip):
    assert "loop" in player(make_clip()).one("video")
    assert "loop" not in player(make_clip(look=Look(loop=False))).one("video")
    assert "autoplay" not in player(make_clip()).one("video")


def test_without_a_word_for_this_clip_the_settings_count(make_clip, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_EMBED", "embed")
    monkeypatch.setenv("WAN_MAGIC_LOOP", "off")
    tree = player(make_clip())
    assert embedded(tree)
    assert "loop" not in tree.one("video")
    assert player(make_clip(look=Look())).one("video")["src"].startswith("wan_videos")


def test_settings_that_can_not_be_read_hide_no_clip(make_clip, monkeypatch):
    monkeypatch.setenv("WAN_MAGIC_EMBED", "perhaps")
    assert player(make_clip()).one("video")["src"] == "wan_videos/waves-0385dc79.mp4"


def test_a_number_and_its_unit_stay_on_one_line(make_clip):
    shown = player_html(make_clip())
    for fact in ("5 s", "832×464", "seed 7", "took 1 min 12 s"):
        assert f'<span style="white-space:nowrap">{fact}</span>' in shown


def test_a_tile_loads_nothing_before_it_plays(make_clip):
    shown = Tree(screen(make_clip(poster=jpeg(640, 360)), "waves", Look(), is_tile=True).html)
    assert shown.one("video")["preload"] == "none"
    assert len(data_of(shown.one("video")["poster"])) <= 10_000
    assert shown.find("img") == []
    assert shown.one("a")["href"] == "wan_videos/waves-0385dc79.mp4"
    assert shown.text == "waves"


def test_the_words_of_the_player_are_chinese_where_that_is_spoken(make_clip, monkeypatch):
    monkeypatch.setattr(texts, "_chosen", "zh")
    text = player(make_clip(is_preview=True, has_audio=False)).text
    for words in (
        "预览",
        "无声",
        "随机种子 7",
        "耗时 1 分 12 秒",
        "继续创作",
        "免费（正式生成需 1.50 CNY）",
    ):
        assert words in text
    assert "waves roll in" in text


@pytest.mark.parametrize("folder", ["nb", "outside"])
def test_a_file_that_is_gone_is_told(make_clip, notebook, tmp_path, folder):
    base = notebook if folder == "nb" else tmp_path / folder
    clip = make_clip(path=base / "a.mp4")
    clip.path.unlink()
    tree = player(clip)
    assert tree.find("video") == []
    assert tree.find("a") == []
    assert "the file is gone" in tree.text


# -- what is saved with it ------------------------------------------------------------


def secrets_in(bundle):
    text = json.dumps(bundle)
    return [word for word in ("s3cret", "storage.example", "x.org", "AAAA") if word in text]


def test_provenance_is_saved_and_nothing_secret(make_clip):
    request = VideoRequest(
        prompt="waves",
        inputs=(address("image", "image", "a.png"), address("audio", "audio", "a.mp3")),
        resolution="480P",
        seed=7,
    )
    bundle = player_bundle(make_clip(request=request))
    assert bundle[1] == {
        "wan_magic": {
            "model": "wan2.5-i2v-preview",
            "input": {"prompt": "waves", "img_url": "a.png", "audio_url": "a.mp3"},
            "parameters": {"resolution": "480P", "seed": 7},
            "task_id": "0385dc79-5ff8",
            "file": "waves-0385dc79.mp4",
            "preview": False,
        }
    }
    assert secrets_in(bundle) == []


def test_the_plain_text_names_the_file_from_the_notebook_on(make_clip, tmp_path):
    data, _ = player_bundle(make_clip())
    assert data["text/plain"] == (
        "▶ wan_videos/waves-0385dc79.mp4 (wan2.5-i2v-preview, 832×464, 5 s, seed 7, 1.50 CNY)"
    )
    assert player_bundle(make_clip(is_preview=True))[0]["text/plain"].startswith("▶ PREVIEW ")
    elsewhere = make_clip(path=tmp_path / "outside" / "a.mp4")
    assert player_bundle(elsewhere)[0]["text/plain"].startswith(f"▶ {elsewhere.path} (")


def test_a_clip_shows_itself(make_clip):
    clip = make_clip()
    assert clip._repr_mimebundle_() == player_bundle(clip)


# -- jobs without a clip --------------------------------------------------------------


def job_that(error=None, state=State.FAILED, clip=None, **fields):
    request = VideoRequest(prompt="waves <b>", resolution="480P", seed=7)
    made = Job(request, **{"endpoint": "beijing", "prices": PriceList("beijing")} | fields)
    made.task_id = made.task_id or "0385dc79-5ff8"
    made.finish(error or clip, state)
    return made


FAILED = JobFailed(
    "the task failed: InvalidParameter: The size <i> is wrong",
    hint="change the value",
    code="InvalidParameter",
    request_id="r-1",
    task_id="0385dc79-5ff8",
)


def test_a_failed_job_says_what_why_and_what_to_do():
    data, metadata = ended_bundle(job_that(FAILED))
    tree = Tree(data["text/html"])
    assert "FAILED the task failed: InvalidParameter: The size <i> is wrong" in tree.text
    assert "→ change the value" in tree.text
    assert "code InvalidParameter task 0385dc79-5ff8 request r-1" in tree.text
    assert "waves <b>" in tree.text
    assert tree.find("i") == []
    assert "wan2.5-i2v-preview · 480P · 5 s · seed 7 · at beijing · after 0 s" in tree.text
    assert data["text/plain"] == f"FAILED: {FAILED}"
    assert metadata["wan_magic"]["task_id"] == "0385dc79-5ff8"
    assert metadata["wan_magic"]["parameters"]["seed"] == 7
    json.dumps([data, metadata])


@pytest.mark.parametrize(
    ("error", "state", "label"),
    [
        (JobCancelled("cancelled while it waited"), State.CANCELLED, "CANCELLED"),
        (JobTimeout("stopped watching", hint="resume it"), State.DETACHED, "NOT WATCHED"),
        (ApiError("HTTP 401", code="InvalidApiKey", request_id="r-2"), State.FAILED, "FAILED"),
        (ConnectionFailed("cannot reach the host"), State.FAILED, "FAILED"),
    ],
    ids=str,
)
def test_every_end_has_its_label(error, state, label):
    data, _ = ended_bundle(job_that(error, state))
    text = Tree(data["text/html"]).text
    assert text.startswith(f"{label} {error.message}")
    assert "task 0385dc79-5ff8" in text
    assert (f"→ {error.hint}" in text) is bool(error.hint)
    assert data["text/plain"].startswith(label)


def test_the_end_of_a_job_is_its_player_or_why_there_is_none(make_clip):
    clip = make_clip()
    assert end_bundle(job_that(clip=clip, state=State.DONE)) == player_bundle(clip)
    failed = job_that(FAILED)
    assert end_bundle(failed) == ended_bundle(failed)


def test_a_job_that_was_never_accepted_names_no_task():
    made = Job(VideoRequest(prompt="p"), endpoint="beijing")
    made.finish(ApiError("HTTP 401"), State.FAILED)
    assert "task" not in Tree(ended_bundle(made)[0]["text/html"]).text


def test_a_front_end_without_widgets_sees_what_was_started():
    made = Job(VideoRequest(prompt=EVIL), endpoint="beijing", prices=PriceList("beijing"))
    data = started_bundle(made)
    tree = Tree(data["text/html"])
    assert tree.text.startswith("SUBMITTING")
    assert tree.find("script") == []
    assert "estimated cost 5.00 CNY (5 s × 1.00 CNY, price list of 2026-04)" in tree.text
    assert data["text/plain"] == repr(made)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "estimated cost 5.00 CNY (5 s × 1.00 CNY, price list of 2026-04)"),
        ({"prices": PriceList()}, "price unknown here"),
        ({"is_preview": True}, "free preview (the hosted API: about 5.00 CNY)"),
        ({"is_preview": True, "prices": PriceList()}, "free preview"),
        ({"task_id": "t"}, "no further cost"),
    ],
    ids=str,
)
def test_the_price_is_told_before_it_is_paid(fields, words):
    about = {"endpoint": "e", "prices": PriceList("beijing")} | fields
    made = Job(VideoRequest(prompt="p"), **about)
    assert price_line(made) == words


def test_of_a_resumed_job_only_what_is_known_is_told():
    made = Job(VideoRequest(model="unknown model"), endpoint="beijing", task_id="t-9")
    made.finish(FAILED, State.FAILED)
    text = Tree(ended_bundle(made)[0]["text/html"]).text
    assert "unknown model · at beijing · after 0 s" in text


UNKNOWN = "how many seconds are billed is not known before"
RESELLER = "unconfirmed: from a reseller's list of 2026-09"
MOVED = (
    address("image", "image", "anna.png"),
    address("video", "video", "dance.mp4", seconds=2.5),
)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (
            VideoRequest(model="wan2.2-animate-mix", mode="wan-pro", inputs=MOVED),
            "estimated cost 2.25 CNY (2.5 s × 0.90 CNY, price list of 2026-04)",
        ),
        (
            VideoRequest(model="wan2.7-videoedit", inputs=(address("video", "video", "a.mp4"),)),
            f"estimated cost 1.00 CNY a second ({UNKNOWN}; price list of 2026-04)",
        ),
        (
            VideoRequest(model="wan3.0-video", duration=-1, resolution="480P"),
            f"estimated cost 0.30 CNY a second ({UNKNOWN}; {RESELLER})",
        ),
        (
            VideoRequest(model="wan2.7-r2v", inputs=(replace(MOVED[1], option="ref"),)),
            "estimated cost 7.50 CNY (7.5 s × 1.00 CNY, price list of 2026-04)",
        ),
        (VideoRequest(model="wan9"), "price unknown here"),
    ],
    ids=["by mode", "unknown length", "the model decides", "input too", "unknown model"],
)
def test_a_price_by_mode_or_of_unknown_length_is_told_as_far_as_it_is_known(request_, words):
    made = Job(request_, endpoint="beijing", prices=PriceList("beijing"))
    assert price_line(made) == words.replace("seconds is billed", "seconds are billed")


def test_of_a_clip_whose_length_only_the_server_knows_no_length_is_claimed():
    request = VideoRequest(model="wan3.0-video", prompt="p", duration=-1, seed=7)
    made = Job(request, endpoint="beijing", prices=PriceList("beijing"))
    assert (
        "wan3.0-video · 1080P · seed 7 · at beijing" in Tree(started_bundle(made)["text/html"]).text
    )


def test_the_mode_stands_where_there_is_no_resolution():
    request = VideoRequest(model="wan2.2-animate-move", inputs=MOVED)
    made = Job(request, endpoint="beijing", prices=PriceList("beijing"))
    text = Tree(started_bundle(made)["text/html"]).text
    assert "wan2.2-animate-move · wan-std · 2.5 s · at beijing" in text


def test_a_clip_in_a_list_is_a_short_line_from_the_notebooks_folder_on(make_clip):
    shown = "<Clip wan_videos/waves-0385dc79.mp4: 832×464, 5 s, seed 7>"
    assert repr([make_clip()]) == f"[{shown}]"
    assert repr(make_clip(seed=None, is_preview=True)).endswith(": 832×464, 5 s, preview>")
