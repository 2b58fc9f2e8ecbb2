"""The model table itself. Adding a model is one row here.

Facts come from Alibaba's public documents; each row names its own and the date.
Where years of documents disagree, the newest value is in the table. Prices: the model
price page (about 2026-04). Rate limits: the rate-limit page (about 2026-06).
"""

from __future__ import annotations

from dataclasses import replace

from wan_magic.wan.catalog import templates
from wan_magic.wan.catalog.model import (
    IMAGE2VIDEO_PATH,
    MB,
    SEED_MAX,
    Limits,
    Model,
    Parameter,
    Region,
    Slot,
    prices,
)
from wan_magic.wan.catalog.sizes import LEGACY_SIZES, SIZES_27, SIZES_30, TIER_AREA, Sizes, tiers

PRICES_AS_OF = "2026-04"
IMAGE_FORMATS = ("JPEG", "PNG", "BMP", "WEBP")
AUDIO_FORMATS = ("wav", "mp3")
VIDEO_FORMATS = ("mp4", "mov")

# -- what files may be ------------------------------------------------------------

_IMAGE = Limits(formats=IMAGE_FORMATS, min_side=240, max_side=8000, max_bytes=20 * MB)
_IMAGE_10 = replace(_IMAGE, max_bytes=10 * MB)
_IMAGE_27 = replace(_IMAGE, max_ratio=8)
_FRAME = Limits(formats=IMAGE_FORMATS, min_side=360, max_side=2000, max_bytes=10 * MB)
_REFERENCE_26 = replace(_IMAGE_10, max_side=5000)
_FACE = Limits(formats=IMAGE_FORMATS, min_side=400, max_side=7000)
_FIGURE = Limits(formats=IMAGE_FORMATS, min_side=200, max_side=4096, max_ratio=3, max_bytes=5 * MB)
_VIDEO = Limits(formats=VIDEO_FORMATS, min_seconds=1, max_seconds=30, max_bytes=100 * MB)
_VIDEO_27 = replace(_VIDEO, min_side=240, max_side=4096)
_CLIP = replace(_VIDEO_27, min_seconds=2, max_seconds=10, max_ratio=8)
_EDITED = replace(_VIDEO_27, min_seconds=2, max_seconds=10)
_VIDEO_30 = replace(_VIDEO_27, max_seconds=15, total_seconds=15, min_fps=16)
_VACE_VIDEO = Limits(
    formats=("mp4",), min_side=360, max_side=2000, max_bytes=50 * MB, max_seconds=5, min_fps=16
)
_VACE_IMAGE = Limits(formats=IMAGE_FORMATS)
_MOTION = Limits(
    formats=("mp4", "avi", "mov"),
    min_side=200,
    max_side=2048,
    min_seconds=2,
    max_seconds=30,
    max_bytes=200 * MB,
)
_AUDIO = Limits(formats=AUDIO_FORMATS, min_seconds=3, max_seconds=30, max_bytes=15 * MB)
_AUDIO_27 = replace(_AUDIO, min_seconds=2)
_AUDIO_30 = replace(_AUDIO, min_seconds=1, max_seconds=15, total_seconds=15)
_VOICE = replace(_AUDIO, min_seconds=1, max_seconds=10)
_SPEECH = replace(_AUDIO, min_seconds=None, max_seconds=20)
_DOCUMENT = Limits(
    formats=(
        *("docx", "doc", "xlsx", "xls", "pptx", "ppt", "pdf", "txt"),
        *("key", "pages", "numbers", "md"),
    ),
    max_bytes=100 * MB,
)
_PAGE = Limits(formats=())

# -- parameters that many models share --------------------------------------------

_SWITCH_ON = Parameter(values=(True, False), default=True)
_SWITCH_OFF = Parameter(values=(True, False), default=False)
_SHOTS = Parameter(values=("single", "multi"), default="single")
_COMMON = {
    "prompt_extend": _SWITCH_ON,
    "watermark": _SWITCH_OFF,
    "seed": Parameter(low=0, high=SEED_MAX, whole=True),
}
_RATIOS = Parameter(values=("16:9", "9:16", "1:1", "4:3", "3:4"), default="16:9")
_2_TO_15 = Parameter(values=tuple(range(2, 16)), default=5)
_5_ONLY = Parameter(values=(5,), default=5)
_5_OR_10 = Parameter(values=(5, 10), default=5)
_5_10_15 = Parameter(values=(5, 10, 15), default=5)


def _resolution(*names: str, default: str) -> Parameter:
    return Parameter(values=names, default=default)


def _size(sizes: Sizes, default: str) -> Parameter:
    texts = tuple(f"{w}*{h}" for row in sizes.values() for w, h in row.values())
    return Parameter(values=texts, default=default)


_27 = {**_COMMON, "resolution": _resolution("720P", "1080P", default="1080P"), "duration": _2_TO_15}

_USAGE_26 = ("duration", "input_video_duration", "output_video_duration", "video_count", "SR")
_USAGE_OLD_T2V = ("video_duration", "video_ratio", "video_count")
_ALL: tuple[Region, ...] = (
    *("beijing", "singapore", "virginia"),
    *("frankfurt", "tokyo", "hong-kong"),
)
_GLOBAL: tuple[Region, ...] = ("beijing", "singapore", "virginia", "frankfurt")
_STANDARD = prices(beijing="720P 0.6, 1080P 1.0", singapore="720P 0.10, 1080P 0.15")
# The scope "Global" (Virginia and Frankfurt) asks for Beijing's price, and bills in USD: at the
# 7.33924 CNY of the price page's own lists.
_GLOBAL_USD = "720P 0.0818, 1080P 0.1363"
_STANDARD_26 = _STANDARD | prices(virginia=_GLOBAL_USD, frankfurt=_GLOBAL_USD)
_STANDARD_25 = prices(
    beijing="480P 0.3, 720P 0.6, 1080P 1.0", singapore="480P 0.05, 720P 0.10, 1080P 0.15"
)
_FLASH = prices(beijing="720P 0.3, 1080P 0.5", singapore="720P 0.05, 1080P 0.075")
_FLASH_SILENT = prices(beijing="720P 0.15, 1080P 0.25", singapore="720P 0.025, 1080P 0.0375")
_US = prices(virginia="720P 0.10, 1080P 0.15")

# -- wan3.0: everything in one model ----------------------------------------------

_FRAMES = frozenset({"first_frame", "last_frame"})
_REFERENCES = frozenset({"reference_image", "reference_video", "reference_audio"})
_30 = Model(
    name="wan3.0-video",
    aliases=("3.0",),
    kind="all",
    protocol="media",
    inputs=(
        Slot(option="image", media="image", type="first_frame", limits=_IMAGE_27),
        Slot(option="last_frame", media="image", type="last_frame", limits=_IMAGE_27),
        Slot(option="ref", media="image", type="reference_image", limits=_IMAGE_27, most=10),
        Slot(option="ref", media="video", type="reference_video", limits=_VIDEO_30, most=5),
        Slot(option="ref", media="audio", type="reference_audio", limits=_AUDIO_30, most=5),
        Slot(option="file", media="file", type="file", limits=_DOCUMENT),
        Slot(option="link", media="link", type="link", limits=_PAGE),
    ),
    excludes=(
        (_FRAMES, _REFERENCES | {"file", "link"}),
        (frozenset({"file"}), frozenset({"link"})),
    ),
    prompt="optional",
    prompt_max=20_000,
    negative_prompt_max=0,
    parameters={
        **_COMMON,
        "seed": Parameter(low=-1, high=SEED_MAX, whole=True),
        "resolution": _resolution("480P", "720P", "1080P", default="1080P"),
        "ratio": Parameter(
            values=("adaptive", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16"), default="adaptive"
        ),
        "duration": Parameter(values=(-1, *range(2, 31)), default=5),
        "audio": _SWITCH_ON,
    },
    sound="switch",
    sizes=SIZES_30,
    follows=("first_frame", "last_frame", "reference_video", "reference_image"),
    total_seconds=30,
    prices=prices(
        beijing="480P 0.3, 720P 0.6, 1080P 1.2", singapore="480P 0.05, 720P 0.10, 1080P 0.20"
    ),
    price_note="unconfirmed: from a reseller's list of 2026-09",
    submit_rps=None,
    concurrent=None,
    usage=(*_USAGE_26, "fps", "ratio"),
    regions=_ALL,
    source="wan3.0 video generation API reference and guide",
    as_of="2026-09",
)
_30_PRIME = replace(
    _30,
    name="wan3.0-video-prime",
    aliases=("3.0-prime",),
    prices=prices(
        beijing="480P 0.45, 720P 0.9, 1080P 1.8", singapore="480P 0.068, 720P 0.14, 1080P 0.28"
    ),
)

# -- wan2.7: the media protocol ----------------------------------------------------

_T2V_27 = Model(
    name="wan2.7-t2v",
    aliases=("2.7",),
    kind="t2v",
    inputs=(Slot(option="audio", media="audio", type="audio_url", limits=_AUDIO_27),),
    prompt_max=5000,
    parameters={**_27, "ratio": _RATIOS},
    sound="always",
    sizes=SIZES_27,
    prices=_STANDARD,
    usage=(*_USAGE_26, "ratio"),
    source="wan2.7 text-to-video OpenAPI",
    as_of="2026-06",
)
_I2V_27 = Model(
    name="wan2.7-i2v",
    aliases=("2.7",),
    kind="i2v",
    protocol="media",
    inputs=(
        Slot(option="image", media="image", type="first_frame", limits=_IMAGE_27),
        Slot(option="last_frame", media="image", type="last_frame", limits=_IMAGE_27),
        Slot(option="audio", media="audio", type="driving_audio", limits=_AUDIO_27),
        Slot(option="clip", media="video", type="first_clip", limits=_CLIP),
    ),
    sets=(
        frozenset({"first_frame"}),
        frozenset({"first_frame", "driving_audio"}),
        frozenset({"first_frame", "last_frame"}),
        frozenset({"first_frame", "last_frame", "driving_audio"}),
        frozenset({"first_clip"}),
        frozenset({"first_clip", "last_frame"}),
    ),
    prompt="optional",
    prompt_max=5000,
    parameters=_27,
    sound="always",
    follows=("first_frame", "first_clip"),
    prices=_STANDARD,
    usage=_USAGE_26,
    source="wan2.7 image-to-video general API reference",
    as_of="2026-06",
)
_R2V_27 = Model(
    name="wan2.7-r2v",
    aliases=("2.7",),
    kind="r2v",
    protocol="media",
    inputs=(
        Slot(option="ref", media="image", type="reference_image", limits=_IMAGE_27, most=5),
        Slot(option="ref", media="video", type="reference_video", limits=_VIDEO_27, most=5),
        Slot(
            option="ref",
            media="audio",
            type="reference_voice",
            limits=_VOICE,
            most=5,
            attached=True,
        ),
        Slot(option="image", media="image", type="first_frame", limits=_IMAGE_27),
    ),
    totals=((("reference_image", "reference_video"), 1, 5),),
    prompt_max=5000,
    parameters={**_27, "ratio": _RATIOS},
    sound="always",
    sizes=SIZES_27,
    follows=("first_frame",),
    ratio_ignored_with=("first_frame",),
    seconds_with={"reference_video": 10},
    bills_input=True,
    input_bill_cap=5,
    prices=_STANDARD,
    usage=(*_USAGE_26, "ratio"),
    source="wan2.7 reference-to-video API reference and guide",
    as_of="2026-10",
)
_EDIT_27 = Model(
    name="wan2.7-videoedit",
    aliases=("2.7",),
    kind="edit",
    protocol="media",
    inputs=(
        Slot(option="video", media="video", type="video", limits=_EDITED, required=True),
        Slot(option="ref", media="image", type="reference_image", limits=_IMAGE_27, most=4),
    ),
    prompt="optional",
    prompt_max=5000,
    parameters={
        **_27,
        "ratio": Parameter(values=_RATIOS.values),
        "duration": Parameter(values=(0, *range(2, 11)), default=0),
        "audio_setting": Parameter(values=("auto", "origin"), default="auto"),
    },
    sound="always",
    sizes=SIZES_27,
    follows=("video",),
    length_from="video",
    bills_input=True,
    prices=_STANDARD,
    usage=(*_USAGE_26, "ratio"),
    source="wan2.7 video-editing API reference and guide",
    as_of="2026-10",
)

# -- wan2.6 and wan2.5 --------------------------------------------------------------

_SIZES_HD = tiers(LEGACY_SIZES, "720P", "1080P")
_26 = {**_COMMON, "duration": _2_TO_15, "shot_type": _SHOTS}
_T2V_26 = Model(
    name="wan2.6-t2v",
    aliases=("2.6",),
    kind="t2v",
    inputs=(Slot(option="audio", media="audio", type="audio_url", limits=_AUDIO),),
    prompt_max=1500,
    parameters={**_26, "size": _size(_SIZES_HD, "1920*1080")},
    sound="always",
    sizes=_SIZES_HD,
    prices=_STANDARD_26,
    usage=(*_USAGE_26, "size"),
    regions=_GLOBAL,
    source="text-to-video API reference",
    as_of="2026-10",
)
_I2V_26 = Model(
    name="wan2.6-i2v",
    aliases=("2.6",),
    kind="i2v",
    inputs=(
        Slot(option="image", media="image", type="img_url", limits=_IMAGE, required=True),
        Slot(option="audio", media="audio", type="audio_url", limits=_AUDIO),
    ),
    prompt="optional",
    prompt_max=1500,
    parameters={**_26, "resolution": _resolution("720P", "1080P", default="1080P")},
    templates=None,
    sound="always",
    follows=("img_url",),
    prices=_STANDARD_26,
    usage=_USAGE_26,
    regions=_GLOBAL,
    source="image-to-video API reference (2.1 to 2.6)",
    as_of="2026",
)
_R2V_26 = Model(
    name="wan2.6-r2v",
    aliases=("2.6",),
    kind="r2v",
    inputs=(
        Slot(
            option="ref",
            media="image",
            type="reference_urls",
            limits=_REFERENCE_26,
            most=5,
            many=True,
        ),
        Slot(option="ref", media="video", type="reference_urls", limits=_VIDEO, most=3, many=True),
    ),
    totals=((("reference_urls",), 1, 5),),
    prompt_max=1500,
    negative_prompt_max=500,
    parameters={
        **_26,
        "size": _size(_SIZES_HD, "1920*1080"),
        "duration": Parameter(values=tuple(range(2, 11)), default=5),
    },
    sound="always",
    sizes=_SIZES_HD,
    bills_input=True,
    prices=_STANDARD_26,
    usage=(*_USAGE_26, "size"),
    regions=_GLOBAL,
    source="reference-to-video API reference (2.6)",
    as_of="2026-02",
)
_FLASH_PARAMETERS = {"audio": _SWITCH_ON}
_T2V_25 = Model(
    name="wan2.5-t2v-preview",
    aliases=("2.5",),
    kind="t2v",
    inputs=(Slot(option="audio", media="audio", type="audio_url", limits=_AUDIO),),
    prompt_max=1500,
    parameters={**_COMMON, "duration": _5_OR_10, "size": _size(LEGACY_SIZES, "1920*1080")},
    sound="always",
    sizes=LEGACY_SIZES,
    prices=_STANDARD_25,
    usage=_USAGE_OLD_T2V,
    actual_prompt=True,
    source="text-to-video API reference",
    as_of="2025-12",
)
_I2V_25 = replace(
    _I2V_26,
    name="wan2.5-i2v-preview",
    aliases=("2.5",),
    parameters={
        **_COMMON,
        "duration": _5_OR_10,
        "resolution": _resolution("480P", "720P", "1080P", default="1080P"),
    },
    prices=_STANDARD_25,
    usage=("duration", "SR", "video_count"),
    actual_prompt=True,
    regions=("beijing", "singapore"),
)

# -- wan2.2 and wan2.1: silent, five seconds ------------------------------------------

_T2V_22 = Model(
    name="wan2.2-t2v-plus",
    aliases=("2.2", "2.2-plus"),
    kind="t2v",
    prompt_max=800,
    parameters={
        **_COMMON,
        "duration": _5_ONLY,
        "size": _size(tiers(LEGACY_SIZES, "480P", "1080P"), "1920*1080"),
    },
    sound="none",
    sizes=tiers(LEGACY_SIZES, "480P", "1080P"),
    prices=prices(beijing="480P 0.14, 1080P 0.70", singapore="480P 0.02, 1080P 0.10"),
    submit_rps=2,
    concurrent=2,
    usage=_USAGE_OLD_T2V,
    actual_prompt=True,
    source="text-to-video API reference",
    as_of="2025-12",
)
_I2V_22 = Model(
    name="wan2.2-i2v-flash",
    aliases=("2.2", "2.2-flash"),
    kind="i2v",
    inputs=(Slot(option="image", media="image", type="img_url", limits=_IMAGE_10, required=True),),
    prompt="optional",
    prompt_max=800,
    parameters={
        **_COMMON,
        "duration": _5_ONLY,
        "resolution": _resolution("480P", "720P", "1080P", default="720P"),
    },
    templates=None,
    sound="none",
    follows=("img_url",),
    prices=prices(beijing="480P 0.10, 720P 0.20, 1080P 0.48", singapore="480P 0.015, 720P 0.036"),
    submit_rps=2,
    concurrent=2,
    actual_prompt=True,
    source="image-to-video API reference (2.1 to 2.6)",
    as_of="2026",
)
_KF2V_22 = Model(
    name="wan2.2-kf2v-flash",
    aliases=("2.2", "2.2-flash"),
    kind="kf2v",
    path=IMAGE2VIDEO_PATH,
    inputs=(
        Slot(option="image", media="image", type="first_frame_url", limits=_FRAME, required=True),
        Slot(option="last_frame", media="image", type="last_frame_url", limits=_FRAME),
    ),
    prompt="optional",
    prompt_max=800,
    parameters={
        **_COMMON,
        "duration": _5_ONLY,
        "resolution": _resolution("480P", "720P", "1080P", default="720P"),
    },
    templates=None,
    sound="none",
    follows=("first_frame_url",),
    prices=prices(beijing="480P 0.10, 720P 0.20, 1080P 0.48"),
    submit_rps=2,
    concurrent=2,
    usage=("video_duration", "video_count", "SR"),
    actual_prompt=True,
    regions=("beijing",),
    source="first-and-last-frame-to-video API reference",
    as_of="2025-11",
)
_BEIJING: tuple[Region, ...] = ("beijing",)
_720P_SIZES = tiers(LEGACY_SIZES, "720P")
_TURBO_SIZES = tiers(LEGACY_SIZES, "480P", "720P")
_T2V_21_TURBO = replace(
    _T2V_22,
    name="wanx2.1-t2v-turbo",
    aliases=("2.1", "2.1-turbo"),
    parameters={**_COMMON, "duration": _5_ONLY, "size": _size(_TURBO_SIZES, "1280*720")},
    sizes=_TURBO_SIZES,
    prices=prices(beijing="480P 0.24, 720P 0.24"),
    regions=_BEIJING,
)
_T2V_21_PLUS = replace(
    _T2V_22,
    name="wanx2.1-t2v-plus",
    aliases=("2.1-plus",),
    parameters={**_COMMON, "duration": _5_ONLY, "size": _size(_720P_SIZES, "1280*720")},
    sizes=_720P_SIZES,
    prices=prices(beijing="720P 0.70"),
    regions=_BEIJING,
)
_I2V_21_TURBO = replace(
    _I2V_22,
    name="wanx2.1-i2v-turbo",
    aliases=("2.1", "2.1-turbo"),
    parameters={
        **_COMMON,
        "duration": Parameter(values=(3, 4, 5), default=5),
        "resolution": _resolution("480P", "720P", default="720P"),
    },
    templates=templates.TURBO,
    prices=prices(beijing="480P 0.24, 720P 0.24"),
    usage=_USAGE_OLD_T2V,
    regions=_BEIJING,
)
_I2V_21_PLUS = replace(
    _I2V_21_TURBO,
    name="wanx2.1-i2v-plus",
    aliases=("2.1-plus",),
    parameters={
        **_COMMON,
        "duration": _5_ONLY,
        "resolution": _resolution("720P", default="720P"),
    },
    templates=templates.PLUS,
    prices=prices(beijing="720P 0.70"),
)
_KF2V_21_PLUS = replace(
    _KF2V_22,
    name="wanx2.1-kf2v-plus",
    aliases=("2.1", "2.1-plus"),
    parameters={
        **_COMMON,
        "duration": _5_ONLY,
        "resolution": _resolution("720P", default="720P"),
    },
    templates=templates.KF2V,
    prices=prices(beijing="720P 0.70"),
    usage=("video_duration", "video_count", "video_ratio"),
)
_SIDES = ("top", "bottom", "left", "right")
_VACE_SIZES = tiers(LEGACY_SIZES, "720P")
_VACE_21 = Model(
    name="wanx2.1-vace-plus",
    aliases=("2.1", "2.1-plus"),
    kind="edit",
    inputs=(
        Slot(option="video", media="video", type="video_url", limits=_VACE_VIDEO),
        Slot(
            option="ref",
            media="image",
            type="ref_images_url",
            limits=_VACE_IMAGE,
            most=3,
            many=True,
        ),
        Slot(option="mask", media="image", type="mask_image_url", limits=_VACE_IMAGE),
        Slot(option="mask", media="video", type="mask_video_url", limits=_VACE_VIDEO),
        Slot(option="image", media="image", type="first_frame_url", limits=_VACE_IMAGE),
        Slot(option="last_frame", media="image", type="last_frame_url", limits=_VACE_IMAGE),
        Slot(option="clip", media="video", type="first_clip_url", limits=_VACE_VIDEO),
    ),
    totals=(
        (
            (
                *("video_url", "ref_images_url", "first_frame_url", "last_frame_url"),
                *("first_clip_url", "last_clip_url"),
            ),
            1,
            9,
        ),
    ),
    prompt_max=800,
    negative_prompt_max=500,
    parameters={
        **_COMMON,
        "duration": _5_ONLY,
        "size": _size(_VACE_SIZES, "1280*720"),
        "function": Parameter(
            values=(
                *("image_reference", "video_repainting", "video_edit"),
                *("video_extension", "video_outpainting"),
            ),
            section="input",
            required=True,
            implied_by=(
                ("mask", "video_edit"),
                *((f"{side}_scale", "video_outpainting") for side in _SIDES),
                *((option, "video_extension") for option in ("clip", "image", "last_frame")),
                ("last_clip_url", "video_extension"),
                ("video", "video_repainting"),
                ("ref", "image_reference"),
            ),
        ),
        "mask_frame_id": Parameter(low=1, whole=True, default=1, section="input"),
        "last_clip_url": Parameter(section="input"),
        "obj_or_bg": Parameter(),
        "control_condition": Parameter(
            values=("posebodyface", "posebody", "depth", "scribble", "")
        ),
        "strength": Parameter(low=0, high=1, default=1),
        "mask_type": Parameter(values=("tracking", "fixed")),
        "expand_ratio": Parameter(low=0, high=1),
        "expand_mode": Parameter(values=("hull", "bbox", "original")),
        **{f"{side}_scale": Parameter(low=1, high=2) for side in _SIDES},
    },
    sound="none",
    sizes=_VACE_SIZES,
    follows=("video_url", "first_clip_url", "first_frame_url", "last_frame_url"),
    length_from="video",
    prices=prices(beijing="720P 0.70"),
    submit_rps=2,
    concurrent=2,
    minutes=(2, 10),
    usage=_USAGE_OLD_T2V,
    actual_prompt=True,
    regions=_BEIJING,
    source="general video editing (VACE) API reference, in excerpts; outpainting not re-verified",
    as_of="2026-06",
)

# -- a portrait that speaks, a figure that moves -----------------------------------------

_S2V_22 = Model(
    name="wan2.2-s2v",
    aliases=("2.2", "2.2-s2v"),
    kind="s2v",
    path=IMAGE2VIDEO_PATH,
    inputs=(
        Slot(option="image", media="image", type="image_url", limits=_FACE, required=True),
        Slot(option="audio", media="audio", type="audio_url", limits=_SPEECH, required=True),
    ),
    prompt="none",
    prompt_max=0,
    negative_prompt_max=0,
    parameters={"resolution": _resolution("480P", "720P", default="480P")},
    sound="always",
    follows=("image_url",),
    area={"480P": 640 * 480, "720P": TIER_AREA["720P"]},
    length_from="audio",
    prices=prices(beijing="480P 0.5, 720P 0.9"),
    concurrent=1,
    minutes=(2, 10),
    result="results",
    regions=_BEIJING,
    source="wan2.2-s2v API reference",
    as_of="2026-02",
)
_MOVE_22 = Model(
    name="wan2.2-animate-move",
    aliases=("2.2", "2.2-move"),
    kind="animate",
    path=IMAGE2VIDEO_PATH,
    inputs=(
        Slot(option="image", media="image", type="image_url", limits=_FIGURE, required=True),
        Slot(option="video", media="video", type="video_url", limits=_MOTION, required=True),
    ),
    prompt="none",
    prompt_max=0,
    negative_prompt_max=0,
    parameters={
        "watermark": replace(_SWITCH_OFF, section="input"),
        "mode": Parameter(values=("wan-std", "wan-pro"), default="wan-std", required=True),
        "check_image": _SWITCH_ON,
    },
    sound="always",
    follows=("image_url",),
    # The documents name no pixel sizes: the tiers of the other models, as a guess.
    area={"wan-std": TIER_AREA["480P"], "wan-pro": TIER_AREA["720P"]},
    fps={"wan-std": 15, "wan-pro": 25},
    length_from="video",
    priced_by="mode",
    prices=prices(beijing="wan-std 0.4, wan-pro 0.6", singapore="wan-std 0.12, wan-pro 0.18"),
    concurrent=1,
    minutes=(2, 10),
    usage=("video_duration", "video_ratio"),
    result="results",
    source="wan2.2-animate-move and -mix API references",
    as_of="2026",
)

ROWS = (
    _30,
    _30_PRIME,
    _T2V_27,
    replace(_T2V_27, name="wan2.7-t2v-2026-06-12", aliases=()),
    replace(_T2V_27, name="wan2.7-t2v-2026-04-25", aliases=()),
    _I2V_27,
    replace(_I2V_27, name="wan2.7-i2v-2026-04-25", aliases=()),
    _R2V_27,
    replace(_R2V_27, name="wan2.7-r2v-2026-06-12", aliases=()),
    _EDIT_27,
    _T2V_26,
    replace(
        _T2V_26,
        name="wan2.6-t2v-us",
        aliases=("2.6", "2.6-us"),
        parameters={**_T2V_26.parameters, "duration": _5_10_15},
        prices=_US,
        regions=("virginia",),
    ),
    replace(
        _I2V_26,
        name="wan2.6-i2v-flash",
        aliases=("2.6-flash",),
        parameters={**_I2V_26.parameters, **_FLASH_PARAMETERS},
        sound="switch",
        prices=_FLASH,
        silent_prices=_FLASH_SILENT,
        usage=(*_USAGE_26, "audio"),
        regions=("beijing", "singapore"),
    ),
    _I2V_26,
    replace(
        _I2V_26,
        name="wan2.6-i2v-us",
        aliases=("2.6", "2.6-us"),
        parameters={**_I2V_26.parameters, "duration": _5_10_15},
        prices=_US,
        regions=("virginia",),
    ),
    _R2V_26,
    replace(
        _R2V_26,
        name="wan2.6-r2v-flash",
        aliases=("2.6-flash",),
        parameters={**_R2V_26.parameters, **_FLASH_PARAMETERS},
        sound="switch",
        prices=_FLASH,
        silent_prices=_FLASH_SILENT,
        usage=(*_USAGE_26, "size", "audio"),
        regions=("beijing", "singapore"),
    ),
    _T2V_25,
    _I2V_25,
    _T2V_22,
    _I2V_22,
    replace(
        _I2V_22,
        name="wan2.2-i2v-plus",
        aliases=("2.2-plus",),
        parameters={
            **_COMMON,
            "duration": _5_ONLY,
            "resolution": _resolution("480P", "1080P", default="1080P"),
        },
        prices=prices(beijing="480P 0.14, 1080P 0.70", singapore="480P 0.02, 1080P 0.10"),
    ),
    _KF2V_22,
    _S2V_22,
    _MOVE_22,
    replace(
        _MOVE_22,
        name="wan2.2-animate-mix",
        aliases=("2.2-mix",),
        follows=("video_url",),
        prices=prices(beijing="wan-std 0.6, wan-pro 0.9", singapore="wan-std 0.18, wan-pro 0.26"),
    ),
    _T2V_21_TURBO,
    _T2V_21_PLUS,
    _I2V_21_TURBO,
    _I2V_21_PLUS,
    _KF2V_21_PLUS,
    _VACE_21,
    # The international endpoint names the 2.1 models without the x.
    *(
        replace(
            row,
            name=row.name.replace("wanx", "wan"),
            regions=("singapore",),
            prices=usd,
            templates=None if row.templates else (),  # the list of effects is Beijing's
        )
        for row, usd in (
            (_T2V_21_TURBO, prices(singapore="480P 0.036, 720P 0.036")),
            (_T2V_21_PLUS, prices(singapore="720P 0.10")),
            (_I2V_21_TURBO, prices(singapore="480P 0.036, 720P 0.036")),
            (_I2V_21_PLUS, prices(singapore="720P 0.10")),
            (replace(_KF2V_21_PLUS, submit_rps=1), prices(singapore="720P 0.10")),
            (_VACE_21, prices(singapore="720P 0.10")),
        )
    ),
)
"""Every model, newest first."""

RETIRED = {
    "wanx-txt2video-pro": "wan2.5-t2v-preview",
    "wanx-img2video-pro": "wan2.5-i2v-preview",
    "wanx-kf2v": "wan2.2-kf2v-flash",
}
"""Names that only old documents and SDKs know, and what to take instead."""

PORTRAIT_CHECK = "wan2.2-s2v-detect"
"""The synchronous check of a portrait before wan2.2-s2v; makes no video."""
PORTRAIT_CHECK_PATH = "/services/aigc/image2video/face-detect"
PORTRAIT_CHECK_PRICE = "0.004 CNY"
