"""The model table: what each model takes, its defaults, limits and prices.

Adding a model is one row here. Facts come from Alibaba's public documents: the
image-to-video API reference (2.1 to 2.6, 2026), the model price page (about
2026-04), the rate-limit page (about 2026-06) and the video-effect template list.
Where years of documents disagree, the newest value is in the table.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from wan_magic.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PRICES_AS_OF = "2026-04"
VIDEO_SYNTHESIS_PATH = "/services/aigc/video-generation/video-synthesis"
DEFAULT_MODEL = "wan2.5-i2v-preview"
SEED_MAX = 2147483647
NEGATIVE_PROMPT_MAX = 500
DATA_URI_MAX_BYTES = 10_485_760
"""Longest data URI that the gateway takes, in bytes (error-code page, 2026)."""
IMAGE_FORMATS = ("JPEG", "PNG", "BMP", "WEBP")
AUDIO_FORMATS = ("wav", "mp3")
AUDIO_MIN_SECONDS, AUDIO_MAX_SECONDS = 3, 30
AUDIO_MAX_BYTES = 15 * 1024 * 1024
FPS = 30
"""Frames per second of every clip (API reference: MP4, H.264, 30 fps)."""

Region = Literal["beijing", "singapore", "virginia"]

TIER_AREA = MappingProxyType(
    {"480P": 832 * 480, "720P": 1280 * 720, "1080P": 1920 * 1080},
)
"""Pixels in a frame of each resolution tier."""


@dataclass(frozen=True)
class Template:
    """A video effect that replaces the prompt."""

    name: str
    label: str
    """Its name in the official list (Chinese)."""
    subject: str
    """What the image should show."""


_TEMPLATE_ROWS = {
    "anything": "squish 解压捏捏, rotation 转圈圈, poke 戳戳乐, inflate 气球膨胀,"
    " dissolve 分子扩散, melt 热浪融化, icecream 冰淇淋星球",
    "one person": "carousel 时光木马, singleheart 爱你哟, dance1 摇摆时刻, dance2 头号甩舞,"
    " dance3 星摇时刻, dance4 指感节奏, dance5 舞动开关, mermaid 人鱼觉醒, graduation 学术加冕,"
    " dragon 巨兽追袭, money 财从天降, jellyfish 水母之约, pupil 瞳孔穿越",
    "a person or an animal": "flying 魔法悬浮, rose 赠人玫瑰, crystalrose 闪亮玫瑰",
    "two people": "hug 爱的抱抱, frenchkiss 唇齿相依, coupleheart 双倍心动",
}
TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        name: Template(name, label, subject)
        for subject, row in _TEMPLATE_ROWS.items()
        for name, label in (entry.split() for entry in row.split(","))
    }
)
"""Every documented effect by name (template list, 2025; Beijing only)."""

_PLUS_TEMPLATES = tuple(TEMPLATES)
_PLUS_ONLY = (  # the turbo model lacks these
    *("melt", "icecream", "dance1", "dance2", "dance3", "dance4", "dance5", "mermaid"),
    *("graduation", "dragon", "money", "jellyfish", "pupil"),
)
_TURBO_TEMPLATES = tuple(name for name in TEMPLATES if name not in _PLUS_ONLY)

# sound: "none" = silent clips; "always" = a sound track on every clip;
# "switch" = the documents list `parameters.audio`, so sound can be turned off.
Sound = Literal["none", "always", "switch"]
Prices = dict[Region, dict[str, Decimal]]


def _prices(**regions: str) -> Prices:
    """``_prices(beijing="480P 0.3, 720P 0.6")``: per second, in the region's currency."""
    table: Prices = {}
    for region, row in regions.items():
        pairs = (entry.split() for entry in row.split(","))
        table[region] = {tier: Decimal(price) for tier, price in pairs}  # type: ignore[index]
    return table


@dataclass(frozen=True, kw_only=True)
class Model:
    """One row of the table.

    Attributes
    ----------
    name : str
        As sent in ``model``.
    resolutions : tuple of str
        Allowed ``parameters.resolution``.
    resolution : str
        What the server uses when none is sent.
    durations : tuple of int
        Allowed ``parameters.duration``, in seconds.
    duration : int
        What the server uses when none is sent, in seconds.
    sound : {"none", "always", "switch"}
        Whether clips have sound, and whether it can be switched off.
    prompt_max : int
        Characters of the prompt that the server reads; it cuts the rest silently.
    shot_types : tuple of str
        Allowed ``parameters.shot_type``; empty where the model does not take it.
    templates : tuple of str or None
        Allowed ``input.template``; None where the documents give no list.
    image_min_side, image_max_side : int
        Limits of the first frame's width and height, in pixels.
    image_max_bytes : int
        Limit of the first frame's file, in bytes.
    prices, silent_prices : dict
        Price a second by region and resolution: CNY in Beijing, USD elsewhere.
    usage : tuple of str
        Fields of ``usage`` in a finished task.
    actual_prompt : bool
        Whether the server may return its rewritten prompt.
    concurrent : int
        Tasks of one account that run at once; the others wait as PENDING.
    """

    name: str
    resolutions: tuple[str, ...]
    resolution: str
    durations: tuple[int, ...]
    duration: int = 5
    sound: Sound
    prompt_max: int
    shot_types: tuple[str, ...] = ()
    templates: tuple[str, ...] | None = None
    image_min_side: int = 240
    image_max_side: int = 8000
    image_max_bytes: int = 20 * 1024 * 1024
    prices: Prices
    silent_prices: Prices | None = None
    usage: tuple[str, ...] = ("duration", "SR", "video_count")
    actual_prompt: bool = False
    concurrent: int = 5
    path: str = VIDEO_SYNTHESIS_PATH

    @property
    def has_sound(self) -> bool:
        """Whether its clips have a sound track by default."""
        return self.sound != "none"

    def price(self, region: Region | None, resolution: str, *, silent: bool) -> Decimal | None:
        """Price of one second, or None where it is not known."""
        if region is None:
            return None
        table = self.silent_prices if silent and self.silent_prices else self.prices
        return table.get(region, {}).get(resolution)


_SMALL_IMAGE = 10 * 1024 * 1024
_USAGE_26 = ("duration", "input_video_duration", "output_video_duration", "video_count", "SR")
_USAGE_21 = ("video_duration", "video_ratio", "video_count")

_PLUS_21 = Model(
    name="wanx2.1-i2v-plus",
    resolutions=("720P",),
    resolution="720P",
    durations=(5,),
    sound="none",
    prompt_max=800,
    templates=_PLUS_TEMPLATES,
    image_max_bytes=_SMALL_IMAGE,
    prices=_prices(beijing="720P 0.70", singapore="720P 0.10"),
    usage=_USAGE_21,
    actual_prompt=True,
    concurrent=2,
)
_TURBO_21 = Model(
    name="wanx2.1-i2v-turbo",
    resolutions=("480P", "720P"),
    resolution="720P",
    durations=(3, 4, 5),
    sound="none",
    prompt_max=800,
    templates=_TURBO_TEMPLATES,
    image_max_bytes=_SMALL_IMAGE,
    prices=_prices(beijing="480P 0.24, 720P 0.24", singapore="480P 0.036, 720P 0.036"),
    usage=_USAGE_21,
    actual_prompt=True,
    concurrent=2,
)

_ROWS = (
    Model(
        name="wan2.6-i2v-flash",
        resolutions=("720P", "1080P"),
        resolution="1080P",
        durations=tuple(range(2, 16)),
        sound="switch",
        prompt_max=1500,
        shot_types=("single", "multi"),
        prices=_prices(beijing="720P 0.3, 1080P 0.5", singapore="720P 0.05, 1080P 0.075"),
        silent_prices=_prices(
            beijing="720P 0.15, 1080P 0.25", singapore="720P 0.025, 1080P 0.0375"
        ),
        usage=(*_USAGE_26, "audio"),
    ),
    Model(
        name="wan2.6-i2v",
        resolutions=("720P", "1080P"),
        resolution="1080P",
        durations=tuple(range(2, 16)),
        sound="always",
        prompt_max=1500,
        shot_types=("single", "multi"),
        prices=_prices(beijing="720P 0.6, 1080P 1.0", singapore="720P 0.10, 1080P 0.15"),
        usage=_USAGE_26,
    ),
    Model(
        name="wan2.6-i2v-us",
        resolutions=("720P", "1080P"),
        resolution="1080P",
        durations=(5, 10, 15),
        sound="always",
        prompt_max=1500,
        shot_types=("single", "multi"),
        prices=_prices(virginia="720P 0.10, 1080P 0.15"),
        usage=_USAGE_26,
    ),
    Model(
        name="wan2.5-i2v-preview",
        resolutions=("480P", "720P", "1080P"),
        resolution="1080P",
        durations=(5, 10),
        sound="always",
        prompt_max=1500,
        prices=_prices(
            beijing="480P 0.3, 720P 0.6, 1080P 1.0",
            singapore="480P 0.05, 720P 0.10, 1080P 0.15",
        ),
        actual_prompt=True,
    ),
    Model(
        name="wan2.2-i2v-flash",
        resolutions=("480P", "720P", "1080P"),
        resolution="720P",
        durations=(5,),
        sound="none",
        prompt_max=800,
        image_max_bytes=_SMALL_IMAGE,
        prices=_prices(
            beijing="480P 0.10, 720P 0.20, 1080P 0.48", singapore="480P 0.015, 720P 0.036"
        ),
        actual_prompt=True,
        concurrent=2,
    ),
    Model(
        name="wan2.2-i2v-plus",
        resolutions=("480P", "1080P"),
        resolution="1080P",
        durations=(5,),
        sound="none",
        prompt_max=800,
        image_max_bytes=_SMALL_IMAGE,
        prices=_prices(beijing="480P 0.14, 1080P 0.70", singapore="480P 0.02, 1080P 0.10"),
        actual_prompt=True,
        concurrent=2,
    ),
    _TURBO_21,
    _PLUS_21,
    # The international endpoint names the 2.1 models without the x.
    replace(_TURBO_21, name="wan2.1-i2v-turbo"),
    replace(_PLUS_21, name="wan2.1-i2v-plus"),
)

MODELS: Mapping[str, Model] = MappingProxyType({row.name: row for row in _ROWS})
"""Every model by name, newest first."""


def blank_row(name: str) -> Model:
    """Return a row that claims nothing, for a model that is not in the table."""
    return Model(
        name=name,
        resolutions=(),
        resolution="",
        durations=(),
        duration=0,
        sound="always",
        prompt_max=0,
        prices={},
    )


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return ``"did you mean X?"`` for the closest choice, or ``""``."""
    known = list(choices)
    longer = [choice for choice in known if len(word) > 2 and choice.startswith(word)]
    close = longer or difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


def find_model(name: str) -> Model:
    """Return the row of a model.

    Raises
    ------
    InputError
        If the table has no such model; the hint names the nearest one.

    Examples
    --------
    >>> find_model("wan2.5-i2v-preview").durations
    (5, 10)
    """
    try:
        return MODELS[name]
    except KeyError:
        hint = nearest(name, MODELS) or f"models: {', '.join(MODELS)}"
        raise InputError(f"unknown model {name!r}", hint=hint) from None


def usual_minutes(resolution: str, seconds: int) -> tuple[int, int]:
    """Return how many minutes a task usually runs, from and to.

    A rule of thumb of Alibaba's own examples: 5 s at 720P 1 to 3 minutes, 10 to 15 s
    3 to 6 minutes, longer at 1080P.
    """
    low, high = (1, 3) if seconds <= 5 else (3, 6)
    return (low + 1, high + 2) if resolution == "1080P" else (low, high)


def output_size(width: int, height: int, resolution: str) -> tuple[int, int]:
    """Return the clip's width and height, in pixels, for a first frame and a tier.

    The area is the tier's, the shape is the image's, both sides are multiples of
    16, rounded down (image-to-video API reference: 750 x 1000 at 720P gives 816 x 1104).

    Examples
    --------
    >>> output_size(750, 1000, "720P")
    (816, 1104)
    """
    area = TIER_AREA[resolution]
    # isqrt keeps exact squares exact: no float error just under a multiple of 16.
    w = math.isqrt(area * width // height) // 16 * 16
    h = math.isqrt(area * height // width) // 16 * 16
    return max(w, 16), max(h, 16)
