"""Clips without inputs: pictures drawn from the words."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from PIL import Image

from wan_magic.server.engines.drawing.themes import theme_for

from .conftest import Clip
from .previewing import (
    MIDDLE,
    apart,
    make,
    pictures,
)


class TestDrawn:
    """Text to video: a picture drawn from the words."""

    def of(self, tmp_path, prompt, seed=7, wanted=15, **more):
        data = make(tmp_path, inputs=(), kind="t2v", prompt=prompt, seed=seed, **more)
        return pictures(data, wanted)[0].crop((0, 30, 320, 190))

    def test_words_and_seeds_look_different(self, tmp_path):
        prompts = ("the sea", "a city at night", "a desert", "夜晚的森林", "海边", "a spaceship")
        shown = [self.of(tmp_path, prompt) for prompt in prompts]
        shown.append(self.of(tmp_path, "the sea", seed=8))
        for a, b in itertools.combinations(shown, 2):
            assert apart(a, b) > 6

    def test_both_languages_name_the_same_place(self, tmp_path):
        pairs = (
            ("a boat on the sea at sunset", "日落时海上的小船", "sea", "sunset"),
            ("a neon city at night in the rain", "雨夜的霓虹城市", "city", "night"),
            ("deep forest in the morning", "清晨的森林", "forest", "dawn"),
            ("an astronaut in space", "太空中的宇航员", "space", ""),
            ("camels in the desert", "沙漠里的骆驼", "desert", ""),
            ("a dragon breathes fire", "火焰", "fire", ""),
            # A place counts for more than who is there.
            ("a cat on the beach", "猫在沙滩上", "sea", ""),
            ("a cat", "一只猫", "meadow", ""),
            ("Shanghai street, one day in May", "五月的上海", "city", ""),
        )
        for english, chinese, place, hour in pairs:
            for words in (english, chinese):
                theme = theme_for(words, Random(1))
                assert theme.place == place
                assert not hour or theme.hour == hour

    def test_it_is_a_picture_and_it_moves(self, tmp_path):
        data = make(tmp_path, inputs=(), kind="t2v", prompt="pan right over the sea, sunset")
        first, last = pictures(data, 0, 29)
        assert apart(first, last, MIDDLE) > 1
        assert len(first.crop(MIDDLE).convert("P", palette=Image.Palette.ADAPTIVE).getcolors()) > 30

    def test_same_words_same_bytes(self, tmp_path):
        wish = {"inputs": (), "kind": "t2v", "prompt": "snowy forest, 下雪", "sound": True}
        assert make(tmp_path, "1.mp4", **wish) == make(tmp_path, "2.mp4", **wish)

    @pytest.mark.parametrize("size", [(240, 320), (16, 16), (1024, 64), (64, 1024), (322, 242)])
    @pytest.mark.parametrize("prompt", ["sea", "city", "fire", "space", "fish", "snow"])
    def test_any_size(self, tmp_path, size, prompt):
        wish = {"inputs": (), "kind": "t2v", "prompt": prompt, "fps": 3}
        assert Clip(make(tmp_path, width=size[0], height=size[1], **wish)).size == size

    def test_no_words_at_all(self, tmp_path):
        assert Clip(make(tmp_path, inputs=(), kind="t2v", fps=4)).pictures == 4
