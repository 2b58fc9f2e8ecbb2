"""Many clips as static HTML: small, at once, and all of it plays later."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from wan_magic.output.gallery import gallery_bundle
from wan_magic.output.grid import Tile, grid_html, tile_html, tile_look
from wan_magic.output.look import MB, Look

EVIL = '<script>"&'


def noise(width=640, height=368):
    out = io.BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def test_fifty_clips_are_far_below_three_megabytes(make_clip, notebook):
    poster = noise()
    assert len(poster) > 60_000
    tiles = [
        Tile(n, f"seed {n}", None, make_clip(notebook / "v" / f"{n}.mp4", poster=poster))
        for n in range(50)
    ]
    data, _ = gallery_bundle(tiles, "fifty")
    assert data["text/html"].count("<video") == 50
    assert len(data["text/html"].encode()) < 1.5 * 1024 * 1024


def test_nothing_of_a_film_is_loaded_before_it_plays(make_clip):
    shown = tile_html(Tile(1, "a", None, make_clip()), Look())
    assert 'preload="none"' in shown
    assert "autoplay" not in shown


def test_all_that_plays_by_itself_is_muted(make_clip):
    shown = tile_html(Tile(1, "a", None, make_clip()), Look(), is_playing=True)
    assert "autoplay muted" in shown
    assert 'preload="none"' not in shown


def test_the_limit_for_embedding_is_for_all_tiles_together(make_clip, monkeypatch):
    assert tile_look(Look(embed_limit=8 * MB), 4).embed_limit == 2 * MB
    monkeypatch.setenv("VSCODE_PID", "1")
    small = [Tile(n, "a", None, make_clip(size=1000)) for n in range(2)]
    assert grid_html(small).count("data:video/mp4") == 2
    large = [Tile(n, "a", None, make_clip(size=5 * MB)) for n in range(2)]
    assert "data:video/mp4" not in grid_html(large)


def test_a_width_of_players_is_not_that_of_tiles(make_clip):
    assert tile_look(Look(width=1200), 4).width is None


@pytest.mark.parametrize("picked", [True, False])
def test_a_pick_is_a_word_and_no_colour_alone(make_clip, picked):
    shown = tile_html(Tile(1, "a", None, make_clip(), is_picked=picked), Look())
    assert ("PICKED" in shown) is picked


def test_labels_and_facts_are_escaped(make_clip):
    shown = grid_html([Tile(1, EVIL, None, make_clip(), (EVIL,))])
    assert "<script" not in shown


def test_a_tile_without_clip_or_job_says_that_its_file_is_gone():
    assert "the file is gone" in tile_html(Tile(1, "a"), Look())
