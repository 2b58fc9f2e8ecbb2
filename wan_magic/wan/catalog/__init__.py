"""The model table: what each model takes, its defaults, limits and prices.

`rows` is the table; `model` says what a row is; `rules` says which inputs go together;
`lookup` finds rows; `sizes` and `templates` are tables of their own.
"""

from __future__ import annotations

from wan_magic.wan.catalog.lookup import (
    DEFAULT_VERSIONS,
    MODELS,
    find_model,
    fits,
    nearest,
    usual_minutes,
    versions,
)
from wan_magic.wan.catalog.model import (
    FPS,
    IMAGE2VIDEO_PATH,
    KINDS,
    MB,
    SEED_MAX,
    TEXT_FIELDS,
    VIDEO_SYNTHESIS_PATH,
    Kind,
    Limits,
    Media,
    Model,
    Parameter,
    Region,
    Slot,
    flag,
    prices,
)
from wan_magic.wan.catalog.rows import (
    AUDIO_FORMATS,
    IMAGE_FORMATS,
    PORTRAIT_CHECK,
    PORTRAIT_CHECK_PATH,
    PORTRAIT_CHECK_PRICE,
    PRICES_AS_OF,
    RETIRED,
    VIDEO_FORMATS,
)
from wan_magic.wan.catalog.rules import FUNCTION_CONDITIONS, Clash, billed_input, clash, lacks
from wan_magic.wan.catalog.sizes import TIER_AREA, output_size, parse_size, size_text
from wan_magic.wan.catalog.templates import TEMPLATES, Template

DATA_URI_MAX_BYTES = 10_485_760
"""Longest data URI that the gateway takes, in bytes (error-code page, 2026)."""

__all__ = [
    "AUDIO_FORMATS",
    "DATA_URI_MAX_BYTES",
    "DEFAULT_VERSIONS",
    "FPS",
    "FUNCTION_CONDITIONS",
    "IMAGE2VIDEO_PATH",
    "IMAGE_FORMATS",
    "KINDS",
    "MB",
    "MODELS",
    "PORTRAIT_CHECK",
    "PORTRAIT_CHECK_PATH",
    "PORTRAIT_CHECK_PRICE",
    "PRICES_AS_OF",
    "RETIRED",
    "SEED_MAX",
    "TEMPLATES",
    "TEXT_FIELDS",
    "TIER_AREA",
    "VIDEO_FORMATS",
    "VIDEO_SYNTHESIS_PATH",
    "Clash",
    "Kind",
    "Limits",
    "Media",
    "Model",
    "Parameter",
    "Region",
    "Slot",
    "Template",
    "billed_input",
    "clash",
    "find_model",
    "fits",
    "flag",
    "lacks",
    "nearest",
    "output_size",
    "parse_size",
    "prices",
    "size_text",
    "usual_minutes",
    "versions",
]
