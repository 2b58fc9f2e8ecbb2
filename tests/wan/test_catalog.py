"""The model table against the documents, row by row.

The tables here were written from the API references by hand, so that a slip in the
model table does not meet the same slip here.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from wan_magic.wan import catalog
from wan_magic.wan.catalog import KINDS, MB, MODELS, TEMPLATES

MAIN = "/services/aigc/video-generation/video-synthesis"
IMAGE2VIDEO = "/services/aigc/image2video/video-synthesis"

# Names by kind of task, and the names that mean a row of the same model elsewhere.
NAMES = {
    "t2v": "wan2.7-t2v wan2.7-t2v-2026-04-25 wan2.7-t2v-2026-06-12 wan2.6-t2v wan2.6-t2v-us"
    " wan2.5-t2v-preview wan2.2-t2v-plus wanx2.1-t2v-turbo wanx2.1-t2v-plus"
    " wan2.1-t2v-turbo wan2.1-t2v-plus",
    "i2v": "wan2.7-i2v wan2.7-i2v-2026-04-25 wan2.6-i2v wan2.6-i2v-flash wan2.6-i2v-us"
    " wan2.5-i2v-preview wan2.2-i2v-flash wan2.2-i2v-plus wanx2.1-i2v-turbo wanx2.1-i2v-plus"
    " wan2.1-i2v-turbo wan2.1-i2v-plus",
    "kf2v": "wan2.2-kf2v-flash wanx2.1-kf2v-plus wan2.1-kf2v-plus",
    "r2v": "wan2.7-r2v wan2.7-r2v-2026-06-12 wan2.6-r2v wan2.6-r2v-flash",
    "edit": "wan2.7-videoedit wanx2.1-vace-plus wan2.1-vace-plus",
    "s2v": "wan2.2-s2v",
    "animate": "wan2.2-animate-move wan2.2-animate-mix",
    "all": "wan3.0-video wan3.0-video-prime",
}
KIND_OF = {name: kind for kind, names in NAMES.items() for name in names.split()}

# One row for each row of the documents; others are the same model under another name.
SAME_AS = {
    "wan3.0-video-prime": "wan3.0-video",
    "wan2.7-t2v-2026-04-25": "wan2.7-t2v",
    "wan2.7-t2v-2026-06-12": "wan2.7-t2v",
    "wan2.7-i2v-2026-04-25": "wan2.7-i2v",
    "wan2.7-r2v-2026-06-12": "wan2.7-r2v",
    **{name.replace("wanx", "wan"): name for name in KIND_OF if name.startswith("wanx")},
}
ALL = sorted(KIND_OF)


def words(text):
    return set(text.split())


def documented(table):
    """Return a table with the rows of the same model under its other names."""
    return table | {name: table[same] for name, same in SAME_AS.items() if name not in table}


# name: resolutions (* default), durations from-to or list (* default), sound, longest prompt
VALUES = documented(
    {
        "wan3.0-video": ("480P 720P 1080P*", "-1 2-30 *5", "switch", 20_000),
        "wan2.7-t2v": ("720P 1080P*", "2-15 *5", "always", 5000),
        "wan2.7-i2v": ("720P 1080P*", "2-15 *5", "always", 5000),
        "wan2.7-r2v": ("720P 1080P*", "2-15 *5", "always", 5000),
        "wan2.7-videoedit": ("720P 1080P*", "0 2-10 *0", "always", 5000),
        "wan2.6-t2v": ("720P 1080P*", "2-15 *5", "always", 1500),
        "wan2.6-t2v-us": ("720P 1080P*", "5 10 15 *5", "always", 1500),
        "wan2.6-i2v": ("720P 1080P*", "2-15 *5", "always", 1500),
        "wan2.6-i2v-flash": ("720P 1080P*", "2-15 *5", "switch", 1500),
        "wan2.6-i2v-us": ("720P 1080P*", "5 10 15 *5", "always", 1500),
        "wan2.6-r2v": ("720P 1080P*", "2-10 *5", "always", 1500),
        "wan2.6-r2v-flash": ("720P 1080P*", "2-10 *5", "switch", 1500),
        "wan2.5-t2v-preview": ("480P 720P 1080P*", "5 10 *5", "always", 1500),
        "wan2.5-i2v-preview": ("480P 720P 1080P*", "5 10 *5", "always", 1500),
        "wan2.2-t2v-plus": ("480P 1080P*", "5 *5", "none", 800),
        "wan2.2-i2v-flash": ("480P 720P* 1080P", "5 *5", "none", 800),
        "wan2.2-i2v-plus": ("480P 1080P*", "5 *5", "none", 800),
        "wan2.2-kf2v-flash": ("480P 720P* 1080P", "5 *5", "none", 800),
        "wan2.2-s2v": ("480P* 720P", "*0", "always", 0),
        "wan2.2-animate-move": ("", "*0", "always", 0),
        "wan2.2-animate-mix": ("", "*0", "always", 0),
        "wanx2.1-t2v-turbo": ("480P 720P*", "5 *5", "none", 800),
        "wanx2.1-t2v-plus": ("720P*", "5 *5", "none", 800),
        "wanx2.1-i2v-turbo": ("480P 720P*", "3 4 5 *5", "none", 800),
        "wanx2.1-i2v-plus": ("720P*", "5 *5", "none", 800),
        "wanx2.1-kf2v-plus": ("720P*", "5 *5", "none", 800),
        "wanx2.1-vace-plus": ("720P*", "5 *5", "none", 800),
    }
)

FIVE_RATIOS = {"16:9", "9:16", "1:1", "4:3", "3:4"}
THREE_AT_480 = {"480P": {"16:9", "9:16", "1:1"}}
# What the shape of a clip is asked with: a size, a ratio, or nothing (it follows an input).
SHAPES = documented(
    {
        "wan3.0-video": ("ratio", FIVE_RATIOS | {"21:9", "adaptive"}, "adaptive"),
        "wan2.7-t2v": ("ratio", FIVE_RATIOS, "16:9"),
        "wan2.7-i2v": ("", set(), None),
        "wan2.7-r2v": ("ratio", FIVE_RATIOS, "16:9"),
        "wan2.7-videoedit": ("ratio", FIVE_RATIOS, None),
        "wan2.6-t2v": ("size", FIVE_RATIOS, "1920*1080"),
        "wan2.6-t2v-us": ("size", FIVE_RATIOS, "1920*1080"),
        "wan2.6-i2v": ("", set(), None),
        "wan2.6-i2v-flash": ("", set(), None),
        "wan2.6-i2v-us": ("", set(), None),
        "wan2.6-r2v": ("size", FIVE_RATIOS, "1920*1080"),
        "wan2.6-r2v-flash": ("size", FIVE_RATIOS, "1920*1080"),
        "wan2.5-t2v-preview": ("size", FIVE_RATIOS, "1920*1080"),
        "wan2.5-i2v-preview": ("", set(), None),
        "wan2.2-t2v-plus": ("size", FIVE_RATIOS, "1920*1080"),
        "wan2.2-i2v-flash": ("", set(), None),
        "wan2.2-i2v-plus": ("", set(), None),
        "wan2.2-kf2v-flash": ("", set(), None),
        "wan2.2-s2v": ("", set(), None),
        "wan2.2-animate-move": ("", set(), None),
        "wan2.2-animate-mix": ("", set(), None),
        "wanx2.1-t2v-turbo": ("size", FIVE_RATIOS, "1280*720"),
        "wanx2.1-t2v-plus": ("size", FIVE_RATIOS, "1280*720"),
        "wanx2.1-i2v-turbo": ("", set(), None),
        "wanx2.1-i2v-plus": ("", set(), None),
        "wanx2.1-kf2v-plus": ("", set(), None),
        "wanx2.1-vace-plus": ("size", FIVE_RATIOS, "1280*720"),
    }
)

# What a file may be: formats, sides, MB, seconds, and what else the documents name.
PICTURE = {"JPEG", "PNG", "BMP", "WEBP"}
MOVIE = {"mp4", "mov"}
SOUND = {"wav", "mp3"}
OFFICE = words("docx doc xlsx xls pptx ppt pdf txt key pages numbers md")
LIMITS = {
    "picture": (PICTURE, (240, 8000), 20, None, {}),
    "picture 10": (PICTURE, (240, 8000), 10, None, {}),
    "picture 2.7": (PICTURE, (240, 8000), 20, None, {"max_ratio": 8}),
    "picture r2v": (PICTURE, (240, 5000), 10, None, {}),
    "key frame": (PICTURE, (360, 2000), 10, None, {}),
    "face": (PICTURE, (400, 7000), None, None, {}),
    "figure": (PICTURE, (200, 4096), 5, None, {"max_ratio": 3}),
    "any picture": (PICTURE, None, None, None, {}),
    "movie": (MOVIE, None, 100, (1, 30), {}),
    "movie 2.7": (MOVIE, (240, 4096), 100, (1, 30), {}),
    "first clip": (MOVIE, (240, 4096), 100, (2, 10), {"max_ratio": 8}),
    "edited": (MOVIE, (240, 4096), 100, (2, 10), {}),
    "movie 3.0": (MOVIE, (240, 4096), 100, (1, 15), {"total_seconds": 15, "min_fps": 16}),
    "vace": ({"mp4"}, (360, 2000), 50, (None, 5), {"min_fps": 16}),
    "motion": (MOVIE | {"avi"}, (200, 2048), 200, (2, 30), {}),
    "sound": (SOUND, None, 15, (3, 30), {}),
    "sound 2.7": (SOUND, None, 15, (2, 30), {}),
    "sound 3.0": (SOUND, None, 15, (1, 15), {"total_seconds": 15}),
    "voice": (SOUND, None, 15, (1, 10), {}),
    "speech": (SOUND, None, 15, (None, 20), {}),
    "document": (OFFICE, None, 100, None, {}),
    "page": (set(), None, None, None, {}),
}

# (option, medium, name in the API, limits, how many); a * marks one that must be there.
_27_FRAMES = [
    ("image", "image", "first_frame", "picture 2.7", 1),
    ("last_frame", "image", "last_frame", "picture 2.7", 1),
]
_T2V_SOUND = [("audio", "audio", "audio_url", "sound", 1)]
_NOTHING = []
_I2V_SOUND = [
    ("image*", "image", "img_url", "picture", 1),
    ("audio", "audio", "audio_url", "sound", 1),
]
_OLD_I2V = [("image*", "image", "img_url", "picture 10", 1)]
_OLD_R2V = [
    ("ref", "image", "reference_urls", "picture r2v", 5),
    ("ref", "video", "reference_urls", "movie", 3),
]
_KEY_FRAMES = [
    ("image*", "image", "first_frame_url", "key frame", 1),
    ("last_frame", "image", "last_frame_url", "key frame", 1),
]
_MOVED = [
    ("image*", "image", "image_url", "figure", 1),
    ("video*", "video", "video_url", "motion", 1),
]
INPUTS = documented(
    {
        "wan3.0-video": [
            *_27_FRAMES,
            ("ref", "image", "reference_image", "picture 2.7", 10),
            ("ref", "video", "reference_video", "movie 3.0", 5),
            ("ref", "audio", "reference_audio", "sound 3.0", 5),
            ("file", "file", "file", "document", 1),
            ("link", "link", "link", "page", 1),
        ],
        "wan2.7-t2v": [("audio", "audio", "audio_url", "sound 2.7", 1)],
        "wan2.7-i2v": [
            *_27_FRAMES,
            ("audio", "audio", "driving_audio", "sound 2.7", 1),
            ("clip", "video", "first_clip", "first clip", 1),
        ],
        "wan2.7-r2v": [
            ("ref", "image", "reference_image", "picture 2.7", 5),
            ("ref", "video", "reference_video", "movie 2.7", 5),
            ("ref", "audio", "reference_voice", "voice", 5),
            _27_FRAMES[0],
        ],
        "wan2.7-videoedit": [
            ("video*", "video", "video", "edited", 1),
            ("ref", "image", "reference_image", "picture 2.7", 4),
        ],
        **dict.fromkeys(
            ("wan2.6-t2v", "wan2.6-t2v-us", "wan2.5-t2v-preview"),
            _T2V_SOUND,
        ),
        **dict.fromkeys(
            ("wan2.6-i2v", "wan2.6-i2v-flash", "wan2.6-i2v-us", "wan2.5-i2v-preview"), _I2V_SOUND
        ),
        **dict.fromkeys(("wan2.6-r2v", "wan2.6-r2v-flash"), _OLD_R2V),
        **dict.fromkeys(("wan2.2-t2v-plus", "wanx2.1-t2v-turbo", "wanx2.1-t2v-plus"), _NOTHING),
        **dict.fromkeys(
            ("wan2.2-i2v-flash", "wan2.2-i2v-plus", "wanx2.1-i2v-turbo", "wanx2.1-i2v-plus"),
            _OLD_I2V,
        ),
        **dict.fromkeys(("wan2.2-kf2v-flash", "wanx2.1-kf2v-plus"), _KEY_FRAMES),
        "wan2.2-s2v": [
            ("image*", "image", "image_url", "face", 1),
            ("audio*", "audio", "audio_url", "speech", 1),
        ],
        **dict.fromkeys(("wan2.2-animate-move", "wan2.2-animate-mix"), _MOVED),
        "wanx2.1-vace-plus": [
            ("video", "video", "video_url", "vace", 1),
            ("ref", "image", "ref_images_url", "any picture", 3),
            ("mask", "image", "mask_image_url", "any picture", 1),
            ("mask", "video", "mask_video_url", "vace", 1),
            ("image", "image", "first_frame_url", "any picture", 1),
            ("last_frame", "image", "last_frame_url", "any picture", 1),
            ("clip", "video", "first_clip_url", "vace", 1),
        ],
    }
)

# Every other value that a model takes, with its default. Sizes and durations are above.
COMMON = {"prompt_extend": True, "watermark": False, "seed": None}
MOTION = {"watermark": False, "mode": "wan-std", "check_image": True}
MORE = {
    **dict.fromkeys(KIND_OF, COMMON),
    "wan3.0-video": COMMON | {"audio": True},
    "wan3.0-video-prime": COMMON | {"audio": True},
    "wan2.7-videoedit": COMMON | {"audio_setting": "auto"},
    **dict.fromkeys(
        ("wan2.6-t2v", "wan2.6-t2v-us", "wan2.6-i2v", "wan2.6-i2v-us", "wan2.6-r2v"),
        COMMON | {"shot_type": "single"},
    ),
    **dict.fromkeys(
        ("wan2.6-i2v-flash", "wan2.6-r2v-flash"), COMMON | {"shot_type": "single", "audio": True}
    ),
    "wan2.2-s2v": {},
    **dict.fromkeys(
        ("wan2.2-animate-move", "wan2.2-animate-mix"),
        MOTION,
    ),
}

HD = {"beijing": (None, "0.6", "1.0"), "singapore": (None, "0.10", "0.15")}
# The scope "Global": Beijing's amounts, in USD by the rate that the price page converts with.
_GLOBAL = (None, *(str(round(Decimal(cny) / Decimal("7.33924"), 4)) for cny in ("0.6", "1.0")))
HD_26 = HD | {"virginia": _GLOBAL, "frankfurt": _GLOBAL}
SD_HD = {"beijing": ("0.3", "0.6", "1.0"), "singapore": ("0.05", "0.10", "0.15")}
US = {"virginia": (None, "0.10", "0.15")}
FLASH = {"beijing": (None, "0.3", "0.5"), "singapore": (None, "0.05", "0.075")}
TURBO_CNY = {"beijing": ("0.24", "0.24", None)}
TURBO_USD = {"singapore": ("0.036", "0.036", None)}
PLUS_CNY = {"beijing": (None, "0.70", None)}
PLUS_USD = {"singapore": (None, "0.10", None)}
PLUS_22 = {"beijing": ("0.14", None, "0.70"), "singapore": ("0.02", None, "0.10")}
# name: region: price of a second at 480P, 720P, 1080P; for motion of wan-std and wan-pro
PRICES = {
    "wan3.0-video": {"beijing": ("0.3", "0.6", "1.2"), "singapore": ("0.05", "0.10", "0.20")},
    "wan3.0-video-prime": {
        "beijing": ("0.45", "0.9", "1.8"),
        "singapore": ("0.068", "0.14", "0.28"),
    },
    **{name: HD for name in KIND_OF if name.startswith("wan2.7")},
    **dict.fromkeys(("wan2.6-t2v", "wan2.6-i2v", "wan2.6-r2v"), HD_26),
    **dict.fromkeys(("wan2.6-t2v-us", "wan2.6-i2v-us"), US),
    **dict.fromkeys(("wan2.6-i2v-flash", "wan2.6-r2v-flash"), FLASH),
    **dict.fromkeys(("wan2.5-t2v-preview", "wan2.5-i2v-preview"), SD_HD),
    **dict.fromkeys(("wan2.2-t2v-plus", "wan2.2-i2v-plus"), PLUS_22),
    "wan2.2-i2v-flash": {
        "beijing": ("0.10", "0.20", "0.48"),
        "singapore": ("0.015", "0.036", None),
    },
    "wan2.2-kf2v-flash": {"beijing": ("0.10", "0.20", "0.48")},
    "wan2.2-s2v": {"beijing": ("0.5", "0.9", None)},
    "wan2.2-animate-move": {"beijing": ("0.4", "0.6"), "singapore": ("0.12", "0.18")},
    "wan2.2-animate-mix": {"beijing": ("0.6", "0.9"), "singapore": ("0.18", "0.26")},
    **dict.fromkeys(("wanx2.1-t2v-turbo", "wanx2.1-i2v-turbo"), TURBO_CNY),
    **dict.fromkeys(("wan2.1-t2v-turbo", "wan2.1-i2v-turbo"), TURBO_USD),
    **dict.fromkeys(
        ("wanx2.1-t2v-plus", "wanx2.1-i2v-plus", "wanx2.1-kf2v-plus", "wanx2.1-vace-plus"),
        PLUS_CNY,
    ),
    **dict.fromkeys(
        ("wan2.1-t2v-plus", "wan2.1-i2v-plus", "wan2.1-kf2v-plus", "wan2.1-vace-plus"),
        PLUS_USD,
    ),
}

_26_USAGE = {"duration", "input_video_duration", "output_video_duration", "video_count", "SR"}
_OLD_USAGE = {"video_duration", "video_ratio", "video_count"}
USAGE = documented(
    {
        "wan3.0-video": _26_USAGE | {"fps", "ratio"},
        "wan2.7-t2v": _26_USAGE | {"ratio"},
        "wan2.7-i2v": _26_USAGE,
        "wan2.7-r2v": _26_USAGE | {"ratio"},
        "wan2.7-videoedit": _26_USAGE | {"ratio"},
        "wan2.6-t2v": _26_USAGE | {"size"},
        "wan2.6-t2v-us": _26_USAGE | {"size"},
        "wan2.6-i2v": _26_USAGE,
        "wan2.6-i2v-us": _26_USAGE,
        "wan2.6-i2v-flash": _26_USAGE | {"audio"},
        "wan2.6-r2v": _26_USAGE | {"size"},
        "wan2.6-r2v-flash": _26_USAGE | {"size", "audio"},
        "wan2.5-t2v-preview": _OLD_USAGE,
        "wan2.5-i2v-preview": {"duration", "SR", "video_count"},
        "wan2.2-t2v-plus": _OLD_USAGE,
        "wan2.2-i2v-flash": {"duration", "SR", "video_count"},
        "wan2.2-i2v-plus": {"duration", "SR", "video_count"},
        "wan2.2-kf2v-flash": {"video_duration", "video_count", "SR"},
        "wan2.2-s2v": {"duration", "video_count", "SR"},
        "wan2.2-animate-move": {"video_duration", "video_ratio"},
        "wan2.2-animate-mix": {"video_duration", "video_ratio"},
        "wanx2.1-t2v-turbo": _OLD_USAGE,
        "wanx2.1-t2v-plus": _OLD_USAGE,
        "wanx2.1-i2v-turbo": _OLD_USAGE,
        "wanx2.1-i2v-plus": _OLD_USAGE,
        "wanx2.1-kf2v-plus": _OLD_USAGE,
        "wanx2.1-vace-plus": _OLD_USAGE,
    }
)


def seconds(text):
    """``seconds("-1 2-4 *3")`` is ((-1, 2, 3, 4), 3)."""
    *listed, default = text.split()
    every = []
    for part in listed:
        low, dash, high = part.partition("-")
        if low and dash:
            every += range(int(low), int(high) + 1)
        else:
            every.append(int(part))
    return tuple(every), int(default[1:])


# -- the names ---------------------------------------------------------------------------


def test_the_table_holds_the_documented_models_and_no_other():
    assert set(MODELS) == set(KIND_OF)
    assert len(MODELS) == 38


def test_a_model_is_filed_under_its_own_name():
    assert all(row.name == name for name, row in MODELS.items())


@pytest.mark.parametrize("name", ALL)
def test_every_row_names_its_kind_its_document_and_its_date(name):
    row = MODELS[name]
    assert row.kind == KIND_OF[name]
    assert row.kind in KINDS
    assert row.source
    assert row.as_of[:4] in ("2025", "2026")
    assert row.checked
    assert KINDS[row.kind] in repr(row)


def test_retired_names_are_not_in_the_table_and_lead_to_one_that_is():
    assert set(catalog.RETIRED) == {"wanx-txt2video-pro", "wanx-img2video-pro", "wanx-kf2v"}
    for old, new in catalog.RETIRED.items():
        assert old not in MODELS
        assert new in MODELS


def test_the_portrait_check_is_no_video_model():
    assert catalog.PORTRAIT_CHECK == "wan2.2-s2v-detect"
    assert catalog.PORTRAIT_CHECK not in MODELS
    assert catalog.PORTRAIT_CHECK_PATH == "/services/aigc/image2video/face-detect"
    assert catalog.PORTRAIT_CHECK_PRICE == "0.004 CNY"


# -- how it is called -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_key_frames_speech_and_motion_have_a_path_of_their_own(name):
    apart = KIND_OF[name] in ("kf2v", "s2v", "animate")
    assert MODELS[name].path == (IMAGE2VIDEO if apart else MAIN)


@pytest.mark.parametrize("name", ALL)
def test_the_media_protocol_came_with_27_and_its_text_to_video_stayed_flat(name):
    new = name.startswith(("wan2.7", "wan3.0")) and KIND_OF[name] != "t2v"
    assert MODELS[name].protocol == ("media" if new else "flat")


@pytest.mark.parametrize("name", ALL)
def test_where_the_address_of_the_clip_is(name):
    nested = KIND_OF[name] in ("s2v", "animate")
    assert MODELS[name].result == ("results" if nested else "video_url")


@pytest.mark.parametrize("name", ALL)
def test_where_the_documents_list_a_model(name):
    if name.startswith("wan3.0"):
        listed = {"beijing", "singapore", "virginia", "frankfurt", "tokyo", "hong-kong"}
    elif name.endswith("-us"):
        listed = {"virginia"}
    elif name in ("wan2.6-t2v", "wan2.6-i2v", "wan2.6-r2v"):
        listed = {"beijing", "singapore", "virginia", "frankfurt"}
    elif name.startswith("wanx") or name in ("wan2.2-kf2v-flash", "wan2.2-s2v"):
        listed = {"beijing"}
    elif name.startswith("wan2.1"):
        listed = {"singapore"}
    else:
        listed = {"beijing", "singapore"}
    assert set(MODELS[name].regions) == listed


# -- the values ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_resolutions_and_durations(name):
    tiers, lengths, *_ = VALUES[name]
    row = MODELS[name]
    assert row.resolutions == tuple(tiers.replace("*", "").split())
    assert row.resolution == next((t[:-1] for t in tiers.split() if t.endswith("*")), "")
    assert (row.durations, row.duration) == seconds(lengths)
    assert not row.resolutions or row.resolution in row.resolutions
    assert not row.durations or row.duration in row.durations


@pytest.mark.parametrize("name", ALL)
def test_sound(name):
    sound = VALUES[name][2]
    row = MODELS[name]
    assert row.sound == sound
    assert row.has_sound is (sound != "none")
    assert ("audio" in row.parameters) is (sound == "switch")
    assert row.takes("audio") is (sound != "none")


@pytest.mark.parametrize("name", ALL)
def test_how_much_of_a_text_is_read(name):
    row = MODELS[name]
    assert row.prompt_max == VALUES[name][3]
    reads_no_negative = KIND_OF[name] in ("all", "s2v", "animate")
    assert row.negative_prompt_max == (0 if reads_no_negative else 500)
    assert row.takes("negative_prompt") is not reads_no_negative


@pytest.mark.parametrize("name", ALL)
def test_whether_a_prompt_must_be_there(name):
    kind = KIND_OF[name]
    wanted = {"s2v": "none", "animate": "none", "i2v": "optional", "kf2v": "optional"}
    wanted |= {"all": "optional", "t2v": "required", "r2v": "required"}
    edits = "optional" if name == "wan2.7-videoedit" else "required"
    assert MODELS[name].prompt == wanted.get(kind, edits)


@pytest.mark.parametrize("name", ALL)
def test_how_the_shape_of_a_clip_is_asked_for(name):
    way, ratios, default = SHAPES[name]
    row = MODELS[name]
    assert {"size", "ratio"} & set(row.parameters) == ({way} if way else set())
    assert set(row.values("ratio")) == ratios
    if way:
        assert row.default(way) == default
    if way == "size":
        for tier, sizes in row.sizes.items():
            assert set(sizes) == THREE_AT_480.get(tier, FIVE_RATIOS)
        assert default in row.values("size")
        assert row.default("ratio") == "16:9"


@pytest.mark.parametrize("name", ALL)
def test_every_other_value_and_its_default(name):
    row = MODELS[name]
    shape = {"size", "ratio", "resolution", "duration"}
    own = {n: p.default for n, p in row.parameters.items() if n not in shape}
    if KIND_OF[name] == "edit" and "vace" in name:
        own = {n: v for n, v in own.items() if n in COMMON}  # the rest is below
    assert own == MORE[name]


@pytest.mark.parametrize("name", ALL)
def test_the_range_of_a_seed(name):
    seed = MODELS[name].parameters.get("seed")
    if KIND_OF[name] in ("s2v", "animate"):
        assert seed is None
    else:
        assert (seed.low, seed.high) == (-1 if name.startswith("wan3.0") else 0, 2147483647)


def test_choices_of_words():
    assert MODELS["wan2.6-i2v"].values("shot_type") == ("single", "multi")
    assert MODELS["wan2.7-videoedit"].values("audio_setting") == ("auto", "origin")
    assert MODELS["wan2.2-animate-mix"].values("mode") == ("wan-std", "wan-pro")


def test_the_mode_of_a_motion_is_always_sent_and_its_watermark_is_an_input():
    for name in ("wan2.2-animate-move", "wan2.2-animate-mix"):
        parameters = MODELS[name].parameters
        assert parameters["mode"].required
        assert parameters["watermark"].section == "input"
        assert parameters["check_image"].section == "parameters"
        assert MODELS[name].priced_by == "mode"


@pytest.mark.parametrize("name", ["wanx2.1-vace-plus", "wan2.1-vace-plus"])
def test_the_values_of_vace(name):
    row = MODELS[name]
    assert set(row.values("function")) == {
        *("image_reference", "video_repainting", "video_edit"),
        *("video_extension", "video_outpainting"),
    }
    assert row.parameters["function"].required
    assert row.parameters["function"].section == "input"
    assert set(row.values("control_condition")) - {""} == {
        *("posebodyface", "posebody", "depth", "scribble"),
    }
    assert (row.parameters["strength"].low, row.parameters["strength"].high) == (0, 1)
    assert row.default("strength") == 1
    assert row.values("mask_type") == ("tracking", "fixed")
    assert row.values("expand_mode") == ("hull", "bbox", "original")
    assert (row.parameters["expand_ratio"].low, row.parameters["expand_ratio"].high) == (0, 1)
    assert row.default("mask_frame_id") == 1
    assert row.takes("obj_or_bg")
    assert all(row.takes(f"{side}_scale") for side in ("top", "bottom", "left", "right"))


# -- the inputs --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_the_inputs_and_how_many_of_each(name):
    found = [
        (slot.option + "*" * slot.required, slot.media, slot.type, slot.most)
        for slot in MODELS[name].inputs
    ]
    wanted = [(option, media, kind, most) for option, media, kind, _, most in INPUTS[name]]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("name", ALL)
def test_what_an_input_file_may_be(name):
    for option, media, _, key, _ in INPUTS[name]:
        limits = MODELS[name].slot(option.rstrip("*"), media).limits
        formats, sides, megabytes, span, more = LIMITS[key]
        assert set(limits.formats) == formats, option
        assert (limits.min_side, limits.max_side) == (sides or (None, None)), option
        assert limits.max_bytes == (megabytes and megabytes * MB), option
        assert (limits.min_seconds, limits.max_seconds) == (span or (None, None)), option
        others = {n: getattr(limits, n) for n in ("max_ratio", "total_seconds", "min_fps")}
        assert {n: v for n, v in others.items() if v is not None} == more, option


def test_only_a_voice_hangs_on_another_input():
    attached = {(r.name, s.type) for r in MODELS.values() for s in r.inputs if s.attached}
    assert attached == {
        ("wan2.7-r2v", "reference_voice"),
        ("wan2.7-r2v-2026-06-12", "reference_voice"),
    }


def test_only_flat_references_are_lists():
    lists = {(r.name, s.type) for r in MODELS.values() for s in r.inputs if s.many}
    assert lists == {
        ("wan2.6-r2v", "reference_urls"),
        ("wan2.6-r2v-flash", "reference_urls"),
        ("wanx2.1-vace-plus", "ref_images_url"),
        ("wan2.1-vace-plus", "ref_images_url"),
    }


@pytest.mark.parametrize("name", ALL)
def test_a_row_answers_for_its_inputs(name):
    row = MODELS[name]
    for option, media, *_ in INPUTS[name]:
        option = option.rstrip("*")
        assert row.takes(option)
        assert option in row.options
        assert row.slot(option, media) in row.slots(option)
    assert row.slot("image", "video") is None
    assert row.slots("nothing") == ()


# -- time, money, limits of an account ---------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_prices_equal_the_price_list(name):
    row = MODELS[name]
    keys = ("wan-std", "wan-pro") if KIND_OF[name] == "animate" else ("480P", "720P", "1080P")
    for region in ("beijing", "singapore", "virginia", "frankfurt", "tokyo", "hong-kong"):
        wanted = PRICES[name].get(region, (None,) * 3)
        found = [row.price(region, key, silent=False) for key in keys]
        assert found == [p and Decimal(p) for p in wanted[: len(keys)]], region
    assert row.price(None, keys[1], silent=False) is None


@pytest.mark.parametrize("name", ["wan2.6-i2v-flash", "wan2.6-r2v-flash"])
def test_silence_halves_the_price_of_the_two_models_that_sell_it(name):
    price = MODELS[name].price
    assert price("beijing", "720P", silent=True) == Decimal("0.15")
    assert price("beijing", "1080P", silent=True) == Decimal("0.25")
    assert price("singapore", "720P", silent=True) == Decimal("0.025")
    assert price("singapore", "1080P", silent=True) == Decimal("0.0375")


def test_where_a_model_is_listed_its_price_is_known_but_for_the_newest():
    """The price page has no row for wan3.0, nor for wan2.2-i2v-flash at 1080P in Singapore."""
    unknown = {
        (row.name, region)
        for row in MODELS.values()
        for region in row.regions
        if row.price(region, row.resolution or "wan-std", silent=False) is None
    }
    elsewhere = ("virginia", "frankfurt", "tokyo", "hong-kong")
    assert unknown == {(name, region) for name in NAMES["all"].split() for region in elsewhere}


def test_silence_costs_the_same_everywhere_else():
    for row in MODELS.values():
        if row.name not in ("wan2.6-i2v-flash", "wan2.6-r2v-flash"):
            tier = row.resolution or "wan-std"
            region = next(iter(row.prices))
            loud = row.price(region, tier, silent=False)
            assert row.price(region, tier, silent=True) == loud is not None


def test_every_value_that_decides_the_price_has_one_in_some_region():
    for row in MODELS.values():
        for value in row.values(row.priced_by):
            assert any(value in table for table in row.prices.values()), (row.name, value)


def test_prices_that_no_official_list_confirms_say_so():
    assert {row.name for row in MODELS.values() if row.price_note} == {
        "wan3.0-video",
        "wan3.0-video-prime",
    }
    assert "unconfirmed" in MODELS["wan3.0-video"].price_note


@pytest.mark.parametrize("name", ALL)
def test_rate_limits(name):
    row = MODELS[name]
    if name.startswith("wan3.0"):
        wanted = (None, None)
    elif KIND_OF[name] in ("s2v", "animate"):
        wanted = (5, 1)
    elif name == "wan2.1-kf2v-plus":
        wanted = (1, 2)
    else:
        wanted = (5, 5) if name.startswith(("wan2.5", "wan2.6", "wan2.7")) else (2, 2)
    assert (row.submit_rps, row.concurrent) == wanted


@pytest.mark.parametrize("name", ALL)
def test_usage_fields(name):
    assert set(MODELS[name].usage) == USAGE[name]


def test_which_input_seconds_are_billed():
    billed = {row.name for row in MODELS.values() if row.bills_input}
    assert billed == {*NAMES["r2v"].split(), "wan2.7-videoedit"}
    capped = {row.name: row.input_bill_cap for row in MODELS.values() if row.input_bill_cap}
    assert capped == {"wan2.7-r2v": 5, "wan2.7-r2v-2026-06-12": 5}


def test_rules_between_seconds():
    assert MODELS["wan2.7-r2v"].seconds_with == {"reference_video": 10}
    assert MODELS["wan3.0-video"].total_seconds == 30
    for row in MODELS.values():
        follows = {"s2v": "audio", "animate": "video", "edit": "video"}.get(row.kind, "")
        assert row.length_from == follows


def test_frames_a_second():
    for row in MODELS.values():
        if row.kind == "animate":
            assert row.frames_per_second() == row.frames_per_second("wan-std") == 15
            assert row.frames_per_second("wan-pro") == 25
        else:
            assert row.frames_per_second() == 30


def test_the_rewritten_prompt_comes_from_25_and_older():
    for row in MODELS.values():
        old = row.name.startswith(("wan2.5", "wan2.2", "wan2.1", "wanx"))
        assert row.actual_prompt is (old and row.prompt != "none")


# -- video effects -------------------------------------------------------------------------------

ON_BOTH = words(
    "squish rotation poke inflate dissolve carousel singleheart"
    " flying rose crystalrose hug frenchkiss coupleheart"
)
ON_PLUS = words(
    "melt icecream dance1 dance2 dance3 dance4 dance5 mermaid"
    " graduation dragon money jellyfish pupil"
)
KEY_FRAMES = {"hanfu-1", "solaron", "magazine", "mech1", "mech2"}


def test_effects_are_the_documented_ones():
    assert set(TEMPLATES) == ON_BOTH | ON_PLUS | KEY_FRAMES
    assert set(MODELS["wanx2.1-i2v-turbo"].templates) == ON_BOTH
    assert set(MODELS["wanx2.1-i2v-plus"].templates) == ON_BOTH | ON_PLUS
    assert set(MODELS["wanx2.1-kf2v-plus"].templates) == KEY_FRAMES


def test_an_effect_says_what_it_is():
    assert TEMPLATES["squish"].label == "解压捏捏"
    assert TEMPLATES["hug"].subject == "two people"
    assert TEMPLATES["flying"].subject == "a person or an animal"
    assert all(one.name == name and one.label for name, one in TEMPLATES.items())


def test_models_whose_effects_no_document_lists():
    unlisted = {row.name for row in MODELS.values() if row.templates is None}
    assert unlisted == {
        *("wan2.6-i2v", "wan2.6-i2v-flash", "wan2.6-i2v-us", "wan2.5-i2v-preview"),
        *("wan2.2-i2v-flash", "wan2.2-i2v-plus", "wan2.2-kf2v-flash"),
        # The list of effects holds for Beijing alone.
        *("wan2.1-i2v-turbo", "wan2.1-i2v-plus", "wan2.1-kf2v-plus"),
    }


def test_only_first_frames_take_effects():
    takers = {row.kind for row in MODELS.values() if row.takes("template")}
    assert takers == {"i2v", "kf2v"}
    assert not any(MODELS[name].takes("template") for name in KIND_OF if "2.7" in name)


@pytest.mark.parametrize(
    ("resolution", "length", "minutes"),
    [
        ("720P", 5, (1, 3)),
        ("720P", 15, (3, 6)),
        ("1080P", 5, (2, 5)),
        ("1080P", 10, (4, 8)),
    ],
)
def test_usual_minutes(resolution, length, minutes):
    assert catalog.usual_minutes(resolution, length) == minutes


def test_slow_models_say_how_slow():
    slow = {row.name for row in MODELS.values() if row.minutes}
    assert slow >= {"wan2.2-s2v", "wanx2.1-vace-plus", "wan2.2-animate-move"}
