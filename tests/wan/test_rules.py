"""Which inputs go together: every legal set of the documents, and what is wrong with others."""

from __future__ import annotations

from itertools import combinations

import pytest

from wan_magic.wan.catalog import MODELS, Clash, clash, find_model


def found(name, **counts):
    return clash(MODELS[name], counts)


# -- wan2.7 image to video: six sets, and no other ------------------------------------------

TYPES_27 = ("first_frame", "last_frame", "driving_audio", "first_clip")
LEGAL_27 = [
    {"first_frame"},
    {"first_frame", "driving_audio"},
    {"first_frame", "last_frame"},
    {"first_frame", "last_frame", "driving_audio"},
    {"first_clip"},
    {"first_clip", "last_frame"},
]
EVERY_27 = [set(one) for n in range(5) for one in combinations(TYPES_27, n)]


@pytest.mark.parametrize("name", ["wan2.7-i2v", "wan2.7-i2v-2026-04-25"])
@pytest.mark.parametrize("given", EVERY_27, ids=lambda one: "+".join(sorted(one)) or "nothing")
def test_27_image_to_video_takes_six_sets_and_no_other(name, given):
    wrong = clash(MODELS[name], dict.fromkeys(given, 1))
    if given in LEGAL_27:
        assert wrong is None
    else:
        assert wrong.kind == "set"
        assert set(wrong.types) == given


@pytest.mark.parametrize("kind", TYPES_27)
def test_27_image_to_video_takes_each_at_most_once(kind):
    with_it = next(one for one in LEGAL_27 if kind in one)
    wrong = found("wan2.7-i2v", **dict.fromkeys(with_it, 1) | {kind: 2})
    assert wrong == Clash("many", (kind,), 1)


def test_an_input_of_which_there_are_none_is_not_given():
    assert found("wan2.7-i2v", first_frame=1, first_clip=0) is None


# -- wan2.7 references -------------------------------------------------------------------------

REFERENCES = ("reference_image", "reference_video")


@pytest.mark.parametrize("pictures", range(7))
@pytest.mark.parametrize("videos", range(7))
def test_27_references_are_one_to_five_together(pictures, videos):
    wrong = found("wan2.7-r2v", reference_image=pictures, reference_video=videos)
    total = pictures + videos
    if total == 0:
        assert wrong == Clash("missing", REFERENCES, 1)
    elif total > 5:
        assert wrong == Clash("many", REFERENCES, 5)
    else:
        assert wrong is None


def test_27_references_may_have_one_first_frame():
    assert found("wan2.7-r2v", first_frame=1, reference_image=5) is None
    assert found("wan2.7-r2v", first_frame=2, reference_image=1) == Clash(
        "many", ("first_frame",), 1
    )


def test_27_a_first_frame_is_no_reference():
    assert found("wan2.7-r2v", first_frame=1) == Clash("missing", REFERENCES, 1)


@pytest.mark.parametrize(
    ("counts", "wrong"),
    [
        ({"video": 1}, None),
        ({"video": 1, "reference_image": 4}, None),
        ({"video": 1, "reference_image": 5}, Clash("many", ("reference_image",), 4)),
        ({"video": 2}, Clash("many", ("video",), 1)),
        ({"reference_image": 1}, Clash("missing", ("video",), 1)),
        ({}, Clash("missing", ("video",), 1)),
    ],
    ids=str,
)
def test_27_editing_takes_one_video_and_up_to_four_pictures(counts, wrong):
    assert found("wan2.7-videoedit", **counts) == wrong


# -- wan3.0: frames, or references, a document or a page ------------------------------------------

FRAMES = ("first_frame", "last_frame")
OTHERS = ("reference_image", "reference_video", "reference_audio", "file", "link")


@pytest.mark.parametrize("name", ["wan3.0-video", "wan3.0-video-prime"])
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("other", OTHERS)
def test_30_takes_frames_or_anything_else_but_not_both(name, frame, other):
    assert found(name, **{frame: 1, other: 1}) == Clash("exclusive", (frame, other))
    assert found(name, **{other: 1, frame: 1}) == Clash("exclusive", (frame, other))


def test_30_takes_a_document_or_a_page():
    assert found("wan3.0-video", file=1, link=1) == Clash("exclusive", ("file", "link"))
    assert found("wan3.0-video", file=1) is None
    assert found("wan3.0-video", link=1) is None


def test_30_takes_frames_of_any_kind_and_none_at_all():
    assert found("wan3.0-video") is None
    for given in ({"first_frame": 1}, {"last_frame": 1}, {"first_frame": 1, "last_frame": 1}):
        assert found("wan3.0-video", **given) is None


def test_30_takes_all_references_with_a_document():
    most = {"reference_image": 10, "reference_video": 5, "reference_audio": 5, "file": 1}
    assert found("wan3.0-video", **most) is None


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("first_frame", 1),
        ("last_frame", 1),
        ("reference_image", 10),
        ("reference_video", 5),
        ("reference_audio", 5),
        ("file", 1),
        ("link", 1),
    ],
)
def test_30_has_a_number_for_each(kind, most):
    assert found("wan3.0-video", **{kind: most}) is None
    assert found("wan3.0-video", **{kind: most + 1}) == Clash("many", (kind,), most)


# -- wan2.6 and older -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wan2.6-r2v", "wan2.6-r2v-flash"])
def test_26_references_are_one_to_five(name):
    assert found(name) == Clash("missing", ("reference_urls",), 1)
    assert all(found(name, reference_urls=n) is None for n in range(1, 6))
    assert found(name, reference_urls=6) == Clash("many", ("reference_urls",), 5)


@pytest.mark.parametrize(
    "name",
    [row.name for row in MODELS.values() if row.kind == "i2v" and row.protocol == "flat"],
)
def test_older_image_to_video_needs_its_picture_once(name):
    assert found(name, img_url=1) is None
    assert found(name) == Clash("missing", ("img_url",), 1)
    assert found(name, img_url=2) == Clash("many", ("img_url",), 1)


@pytest.mark.parametrize("name", ["wan2.2-kf2v-flash", "wanx2.1-kf2v-plus", "wan2.1-kf2v-plus"])
def test_key_frames_need_the_first_one(name):
    assert found(name, first_frame_url=1, last_frame_url=1) is None
    assert found(name, first_frame_url=1) is None
    assert found(name, last_frame_url=1) == Clash("missing", ("first_frame_url",), 1)


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("wan2.2-s2v", ("image_url", "audio_url")),
        ("wan2.2-animate-move", ("image_url", "video_url")),
        ("wan2.2-animate-mix", ("image_url", "video_url")),
    ],
)
def test_speech_and_motion_need_both_of_their_inputs(name, needs):
    assert clash(MODELS[name], dict.fromkeys(needs, 1)) is None
    assert clash(MODELS[name], {}) == Clash("missing", needs[:1], 1)
    for here, gone in (needs, needs[::-1]):
        assert clash(MODELS[name], {here: 1}) == Clash("missing", (gone,), 1)


@pytest.mark.parametrize("name", [row.name for row in MODELS.values() if row.kind == "t2v"])
def test_text_to_video_needs_nothing(name):
    assert found(name) is None
    if MODELS[name].slots("audio"):
        assert found(name, audio_url=1) is None
        assert found(name, audio_url=2) == Clash("many", ("audio_url",), 1)


@pytest.mark.parametrize("name", ["wanx2.1-vace-plus", "wan2.1-vace-plus"])
def test_vace_needs_something_to_work_on(name):
    assert found(name).kind == "missing"
    assert found(name, mask_image_url=1).kind == "missing", "a mask alone is nothing"
    for alone in ("video_url", "ref_images_url", "first_frame_url", "last_frame_url"):
        assert found(name, **{alone: 1}) is None
    assert found(name, first_clip_url=1, last_clip_url=1) is None
    assert found(name, video_url=1, mask_video_url=1, ref_images_url=3) is None
    assert found(name, ref_images_url=4) == Clash("many", ("ref_images_url",), 3)


# -- names that are not checked --------------------------------------------------------------


@pytest.mark.parametrize("name", [*MODELS, "wan9-i2v"])
def test_a_loosened_row_knows_no_clash(name):
    row = find_model(name, unchecked=True)
    assert clash(row, {}) is None
    assert clash(row, {slot.type: 9 for slot in row.inputs}) is None
