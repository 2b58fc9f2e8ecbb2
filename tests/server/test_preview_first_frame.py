"""A given first frame is the clip's first picture, all of it; then the camera moves."""

from __future__ import annotations

import io
import itertools

import pytest
from PIL import Image, ImageOps

from wan_magic.server.engines.camera import View, plan
from wan_magic.server.engines.overlay import caption_rows, most_lines

from .conftest import picture, tone
from .previewing import BLUE, apart, film, make, pictures, plain, source

SIZE = (320, 240)
# As wide as the frame, between the badge and where a caption is.
SEEN = (0, 24, 320, caption_rows(*SIZE, most_lines(*SIZE))[0])
MOVES = {
    "in": "zoom in",
    "out": "pull back",
    "left": "pan left",
    "right": "pan right",
    "up": "tilt up",
    "down": "tilt down",
    "orbit": "orbit around it",
    "follow": "the camera follows",
    "right, out": "pan right, then pull back",
    "in, left": "zoom in, then pan left",
    "out, up": "pull back, then tilt up",
}
every_move = pytest.mark.parametrize("prompt", MOVES.values(), ids=MOVES)


def fitted(data):
    return ImageOps.fit(Image.open(io.BytesIO(data)).convert("RGB"), SIZE)


@every_move
def test_a_clip_begins_with_the_picture_whatever_the_camera_does_then(tmp_path, prompt):
    given = picture(640, 400)
    data = make(tmp_path, image=given, prompt=prompt, fps=15)
    first, middle, last = pictures(data, 0, 6, 14)
    assert apart(first, fitted(given), SEEN) < 2.5
    # To pull back is to go in a little before: around the picture there is nothing.
    assert apart(first, middle if prompt == MOVES["out"] else last, SEEN) > 3


@pytest.mark.parametrize(
    "wish",
    [
        *({"seed": seed} for seed in range(4)),
        {"multi_shot": True, "prompt": "pan left", "seconds": 2},
        {"template": "flying"},
        {"kind": "s2v", "prompt": "pan left", "audio": tone(0.2)},
    ],
    ids=[*"0123", "shots", "effect", "portrait"],
)
def test_so_does_one_that_nobody_told_how_to_move(tmp_path, wish):
    (first,) = pictures(make(tmp_path, image=(given := picture(640, 400)), fps=10, **wish), 0)
    above_the_sound = (0, 24, 320, 140)
    assert apart(first, fitted(given), above_the_sound) < 2.5


@every_move
def test_between_two_frames_it_is_exactly_each_at_its_end(tmp_path, prompt):
    ends = [picture(640, 400), plain(BLUE)]
    inputs = [
        source(tmp_path, "image", ends[0]),
        source(tmp_path, "last_frame", ends[1]),
    ]
    shown = pictures(make(tmp_path, inputs=inputs, kind="kf2v", prompt=prompt, fps=10), 0, 9)
    for one, given in zip(shown, ends, strict=True):
        assert apart(one, fitted(given), SEEN) < 2.5


def test_a_clip_that_is_continued_begins_with_its_own_picture(tmp_path):
    given = film((320, 240), seconds=1)
    inputs = [source(tmp_path, "clip", given, "video", "mp4")]
    (first,) = pictures(make(tmp_path, inputs=inputs, prompt="pan left", seconds=2, fps=10), 0)
    assert apart(first, pictures(given, 0)[0], SEEN) < 2.5


def ways(prompt, **more):
    for seed in range(5):
        yield plan(seed, prompt, 150, multi_shot=False, fps=30, whole=True, **more)


@every_move
def test_it_starts_to_move_without_a_jerk(prompt):
    for views in ways(prompt):
        assert views[0].box(*SIZE) == (0, 0, *SIZE)
        edges = [view.box(832, 464) for view in views]
        for side in zip(*edges, strict=True):
            steps = [0.0, *(b - a for a, b in itertools.pairwise(side))]
            # In pixels of 480P: it starts with a fifth of one, and no step is unlike the last.
            assert abs(steps[1]) < 0.2
            assert max(abs(b - a) for a, b in itertools.pairwise(steps)) < 0.5


def middle(view):
    left, top, right, bottom = view.box(1, 1)
    return (left + right) / 2 - 0.5, (top + bottom) / 2 - 0.5


@pytest.mark.parametrize(("move", "axis", "way"), [("left", 0, -1), ("right", 0, 1), ("up", 1, -1)])
def test_a_pan_goes_its_way_from_the_middle_and_not_first_the_other(move, axis, way):
    for views in ways(MOVES[move]):
        passed = [middle(view)[axis] * way for view in views]
        assert passed == sorted(passed)
        assert passed[-1] > 0.1


def test_pulling_back_ends_where_it_began():
    for views in ways(MOVES["out"]):
        assert max(view.zoom for view in views) > 1.12
        assert views[-1].zoom == pytest.approx(1, abs=0.01)
        assert views[0] == View(0, 0, 1)


def test_only_the_first_shot_of_several_begins_with_all_of_it():
    views = plan(3, "zoom in", 300, multi_shot=True, fps=30, whole=True)
    cuts = [b.zoom for a, b in itertools.pairwise(views) if abs(b.zoom - a.zoom) > 0.05]
    assert views[0].zoom == 1
    assert cuts
    assert min(cuts) > 1
