"""What an ended job leaves in the notebook."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser

import pytest

from wan_magic.errors import ApiError, ConnectionFailed, JobCancelled, JobFailed, JobTimeout
from wan_magic.jobs.job import Job, State
from wan_magic.output.player import (
    EMBED_MAX_BYTES,
    end_bundle,
    ended_bundle,
    player_bundle,
    player_html,
    price_line,
    started_bundle,
)
from wan_magic.wan.media import FirstFrame
from wan_magic.wan.request import VideoRequest

EVIL = "</video><script>alert(\"1\")</script>' onerror='x"
VOID = {"img", "br", "meta"}


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
    assert video["width"] == "690", "as wide as the card"
    assert tree.find("source") == []


def test_the_poster_is_in_the_page(make_clip):
    picture = "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8jpeg").decode()
    tree = player(make_clip())
    assert tree.one("video")["poster"] == picture
    assert tree.one("img")["src"] == picture


def test_a_linked_picture_inside_the_video_is_left_where_videos_are_stripped(make_clip):
    tree = player(make_clip())
    around = {tag: outer for tag, _, outer in tree.tags if tag == "img"}
    assert around["img"][-2:] == ("video", "a")
    assert tree.find("a")[0]["href"] == "wan_videos/waves-0385dc79.mp4"


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
        audio_url="https://host/a/song.mp3?Signature=s3cret",
        prompt_extend=False,
        watermark=True,
        negative_prompt="blur",
    )
    tree = player(make_clip(request=request))
    assert (
        "shots: multi · sound from: song.mp3 · prompt extension: no · watermark: yes"
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
    assert player(make_clip(actual_prompt="waves roll in")).find("details") == []


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


def test_a_clip_without_a_prompt_is_called_by_its_effect_or_its_file(make_clip):
    request = VideoRequest(model="wanx2.1-i2v-plus", template="hug")
    assert player(make_clip(request=request)).one("video")["title"] == "hug"
    nameless = make_clip(request=VideoRequest())
    assert player(nameless).one("video")["title"] == "waves-0385dc79.mp4"


# -- what a front end can't reach ---------------------------------------------------


def test_a_small_file_out_of_reach_is_embedded(make_clip, tmp_path):
    clip = make_clip(path=tmp_path / "outside" / "a.mp4", size=EMBED_MAX_BYTES)
    tree = player(clip)
    head, _, body = tree.one("video")["src"].partition(",")
    assert head == "data:video/mp4;base64"
    assert base64.b64decode(body) == clip.path.read_bytes()
    assert tree.find("a") == [], "a link to it would lead nowhere"
    assert str(clip.path) in tree.text


def test_a_large_file_out_of_reach_is_named(make_clip, tmp_path):
    clip = make_clip(path=tmp_path / "outside" / "a.mp4", size=EMBED_MAX_BYTES + 1)
    tree = player(clip)
    assert tree.find("video") == []
    assert len(tree.find("img")) == 1
    assert "too large to embed; it is at" in tree.text
    assert str(clip.path) in tree.text


def test_a_large_file_in_reach_is_played_and_not_embedded(make_clip):
    clip = make_clip(size=EMBED_MAX_BYTES + 1)
    assert player(clip).one("video")["src"] == "wan_videos/waves-0385dc79.mp4"
    assert len(player_html(clip)) < 5000


@pytest.mark.parametrize("folder", ["nb", "outside"])
def test_a_file_that_is_gone_is_told(make_clip, notebook, tmp_path, folder):
    base = notebook if folder == "nb" else tmp_path / folder
    clip = make_clip(path=base / "a.mp4")
    clip.path.unlink()
    tree = player(clip)
    assert tree.find("video") == []
    assert "the file is gone" in tree.text


# -- what is saved with it ------------------------------------------------------------


def secrets_in(bundle):
    text = json.dumps(bundle)
    return [word for word in ("s3cret", "storage.example", "img_url", "AAAA") if word in text]


def test_provenance_is_saved_and_nothing_secret(make_clip):
    image = FirstFrame("https://x.org/a.png?Signature=s3cret", "a URL", None, None, "d", None)
    request = VideoRequest(
        prompt="waves",
        image=image,
        audio_url="https://x.org/a.mp3?Signature=s3cret",
        resolution="480P",
        seed=7,
    )
    bundle = player_bundle(make_clip(request=request))
    assert bundle[1] == {
        "wan_magic": {
            "model": "wan2.5-i2v-preview",
            "input": {"prompt": "waves"},
            "parameters": {"resolution": "480P", "seed": 7},
            "task_id": "0385dc79-5ff8",
            "file": "waves-0385dc79.mp4",
            "preview": False,
        }
    }
    assert secrets_in(bundle) == []


def test_the_plain_text_names_the_file(make_clip):
    clip = make_clip()
    data, _ = player_bundle(clip)
    assert data["text/plain"] == (
        f"▶ {clip.path} (wan2.5-i2v-preview, 832×464, 5 s, seed 7, 1.50 CNY)"
    )
    assert player_bundle(make_clip(is_preview=True))[0]["text/plain"].startswith("▶ PREVIEW ")


def test_a_clip_shows_itself(make_clip):
    clip = make_clip()
    assert clip._repr_mimebundle_() == player_bundle(clip)


# -- jobs without a clip --------------------------------------------------------------


def job_that(error=None, state=State.FAILED, clip=None, **fields):
    request = VideoRequest(prompt="waves <b>", resolution="480P", seed=7)
    made = Job(request, **{"endpoint": "beijing", "region": "beijing"} | fields)
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
    assert "code InvalidParameter · task 0385dc79-5ff8 · request r-1" in tree.text
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
    made = Job(VideoRequest(prompt=EVIL), endpoint="beijing", region="beijing")
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
        ({"region": None}, "price unknown here"),
        ({"is_preview": True}, "free preview (the hosted API: about 5.00 CNY)"),
        ({"is_preview": True, "region": None}, "free preview"),
        ({"task_id": "t"}, "no further cost"),
    ],
    ids=str,
)
def test_the_price_is_told_before_it_is_paid(fields, words):
    made = Job(VideoRequest(prompt="p"), **{"endpoint": "e", "region": "beijing"} | fields)
    assert price_line(made) == words


def test_of_a_resumed_job_only_what_is_known_is_told():
    made = Job(VideoRequest(model="unknown model"), endpoint="beijing", task_id="t-9")
    made.finish(FAILED, State.FAILED)
    text = Tree(ended_bundle(made)[0]["text/html"]).text
    assert "unknown model · at beijing · after 0 s" in text
