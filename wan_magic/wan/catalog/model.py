"""What a row of the model table is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from wan_magic.wan.catalog import sizes as size_lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wan_magic.wan.catalog.sizes import Size, Sizes

VIDEO_SYNTHESIS_PATH = "/services/aigc/video-generation/video-synthesis"
IMAGE2VIDEO_PATH = "/services/aigc/image2video/video-synthesis"
SEED_MAX = 2147483647
FPS = 30
"""Frames per second of every clip but animate's (API reference: MP4, H.264, 30 fps)."""
MB = 1024 * 1024

Region = Literal["beijing", "singapore", "virginia", "frankfurt", "tokyo", "hong-kong"]
Kind = Literal["t2v", "i2v", "kf2v", "r2v", "edit", "s2v", "animate", "all"]
KINDS: Mapping[Kind, str] = {
    "t2v": "text to video",
    "i2v": "image to video",
    "kf2v": "first and last frame",
    "r2v": "reference to video",
    "edit": "video editing",
    "s2v": "speech to video",
    "animate": "motion transfer",
    "all": "all in one",
}
"""The kinds of task, in the API's own abbreviations."""

TEXT_FIELDS = ("negative_prompt", "template", "function")
"""Values that stand in ``input`` where a row does not say otherwise, as the prompt does."""

_FREE = (None, "adaptive")
"""Ratios that leave the clip's shape to the input."""

Media = Literal["image", "video", "audio", "file", "link"]
# none = silent clips; always = a sound track on every clip;
# switch = the documents list `parameters.audio`, so sound can be turned off.
Sound = Literal["none", "always", "switch"]
# Whether a prompt must be there, may be missing, or is not read at all.
Prompt = Literal["required", "optional", "none"]
Prices = dict[Region, dict[str, Decimal]]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an input file may be. None: the documents name no limit.

    Attributes
    ----------
    formats : tuple of str
        JPEG, PNG... for images, wav and mp3, mp4 and mov, or a document's endings.
    min_side, max_side : int or None
        Of width and height, in pixels.
    max_ratio : float or None
        How many times longer one side may be than the other.
    max_bytes : int or None
        Of the file.
    min_seconds, max_seconds : float or None
        Length of a sound or video.
    total_seconds : float or None
        Length of all files of this input together.
    min_fps : float or None
        Frames a second of a video.
    """

    formats: tuple[str, ...]
    min_side: int | None = None
    max_side: int | None = None
    max_ratio: float | None = None
    max_bytes: int | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    total_seconds: float | None = None
    min_fps: float | None = None


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One input that a model takes.

    Attributes
    ----------
    option : str
        Name in the option table: image, last_frame, ref, video, clip, audio, mask, file, link.
    media : str
        What it holds: image, video, audio, file (a document) or link (a web page).
    type : str
        Flat protocol: the field of ``input``; media protocol: the ``type`` of the item.
    limits : Limits
        What the file may be.
    required : bool
        Whether the model can't do without.
    most : int
        How many of them.
    many : bool
        Flat protocol: the field is a list.
    attached : bool
        Media protocol: not an item, but a field of the item before it (a voice).
    """

    option: str
    media: Media
    type: str
    limits: Limits
    required: bool = False
    most: int = 1
    many: bool = False
    attached: bool = False


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value that a model takes.

    Attributes
    ----------
    values : tuple
        The allowed ones; empty where a range or any value holds.
    default : object
        What the server uses when none is sent; None where that is not known.
    low, high : float or None
        The range of a number.
    whole : bool
        Whether the number has no fractions.
    section : {"parameters", "input"}
        Where in the body.
    required : bool
        Whether it is always sent; the default then is ours.
    implied_by : tuple of (str, object)
        Options and parameters that mean a value where none is given; the first one counts.
    """

    values: tuple[Any, ...] = ()
    default: Any = None
    low: float | None = None
    high: float | None = None
    whole: bool = False
    section: Literal["parameters", "input"] = "parameters"
    required: bool = False
    implied_by: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class Model:
    """One row of the table.

    Attributes
    ----------
    name : str
        As sent in ``model``.
    aliases : tuple of str
        Version names that mean it when its inputs fit: ``"2.6"``, ``"2.6-flash"``.
    kind : str
        One of `KINDS`.
    path : str
        Of the create call, after ``/api/v1``.
    protocol : {"flat", "media"}
        Inputs as fields of ``input``, or as items of ``input.media``.
    inputs : tuple of Slot
        What it takes, most telling first.
    sets : tuple of frozenset
        The legal sets of input types; empty where any set is legal.
    totals : tuple of (types, least, most)
        Inputs that are counted together.
    excludes : tuple of (types, types)
        Inputs that can't be together.
    prompt : {"required", "optional", "none"}
        Whether it reads a prompt.
    prompt_max : int
        Characters of the prompt that the server reads; it cuts the rest silently.
    negative_prompt_max : int
        The same for the negative prompt; 0 where it takes none.
    parameters : dict of str to Parameter
        Every value that it takes, by the API's name.
    templates : tuple of str or None
        Allowed ``input.template``; None where the documents give no list.
    sound : {"none", "always", "switch"}
        Whether clips have sound, and whether it can be switched off.
    sizes : dict
        Width and height by resolution and ratio, where the clip does not follow an input.
    follows : tuple of str
        Types of the inputs whose shape the clip takes, first match; unless a ratio is given.
    ratio_ignored_with : tuple of str
        Types of inputs with which a ratio has no effect.
    area : dict of str to int
        Pixels of a frame by resolution (or mode), where the clip follows an input.
    fps : dict of str to int
        Frames a second by mode; 30 where it is empty.
    length_from : str
        Option whose length in seconds the clip has when no duration is given.
    seconds_with : dict of str to int
        Longest duration together with an input of this type.
    total_seconds : int or None
        Longest input video and duration together.
    bills_input : bool
        Whether the seconds of input videos are billed, too.
    input_bill_cap : float or None
        Most seconds of input that are billed.
    priced_by : str
        The parameter that decides the price.
    prices, silent_prices : dict
        Price a second by region and resolution (or mode): CNY in Beijing, USD elsewhere.
    price_note : str
        What is uncertain about the price.
    submit_rps, concurrent : int or None
        Submits a second, and tasks that run at once, of one account; None where unknown.
    minutes : tuple of int or None
        How long a task usually runs, where the rule of `usual_minutes` does not hold.
    usage : tuple of str
        Fields of ``usage`` in a finished task.
    actual_prompt : bool
        Whether the server may return its rewritten prompt.
    result : {"video_url", "results"}
        Where the answer holds the address: ``output.video_url`` or ``output.results.video_url``.
    regions : tuple of str
        Where the documents list it.
    source, as_of : str
        The document, and its date.
    """

    name: str
    aliases: tuple[str, ...] = ()
    kind: Kind
    path: str = VIDEO_SYNTHESIS_PATH
    protocol: Literal["flat", "media"] = "flat"
    inputs: tuple[Slot, ...] = ()
    sets: tuple[frozenset[str], ...] = ()
    totals: tuple[tuple[tuple[str, ...], int, int], ...] = ()
    excludes: tuple[tuple[frozenset[str], frozenset[str]], ...] = ()
    prompt: Prompt = "required"
    prompt_max: int
    negative_prompt_max: int = 500
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    templates: tuple[str, ...] | None = ()
    sound: Sound
    sizes: Sizes = field(default_factory=dict)
    follows: tuple[str, ...] = ()
    ratio_ignored_with: tuple[str, ...] = ()
    area: Mapping[str, int] = field(default_factory=lambda: size_lists.TIER_AREA)
    fps: Mapping[str, int] = field(default_factory=dict)
    length_from: str = ""
    seconds_with: Mapping[str, int] = field(default_factory=dict)
    total_seconds: int | None = None
    bills_input: bool = False
    input_bill_cap: float | None = None
    priced_by: str = "resolution"
    prices: Prices = field(default_factory=dict)
    silent_prices: Prices | None = None
    price_note: str = ""
    submit_rps: int | None = 5
    concurrent: int | None = 5
    minutes: tuple[int, int] | None = None
    usage: tuple[str, ...] = ("duration", "SR", "video_count")
    actual_prompt: bool = False
    result: Literal["video_url", "results"] = "video_url"
    regions: tuple[Region, ...] = ("beijing", "singapore")
    source: str = ""
    as_of: str = ""
    checked: bool = True
    """False for a row that stands in for an unknown model: it forbids nothing."""

    def __repr__(self) -> str:
        return f"<Model {self.name}: {KINDS[self.kind]}>"

    @property
    def has_sound(self) -> bool:
        """Whether its clips have a sound track by default."""
        return self.sound != "none"

    def takes(self, name: str) -> bool:
        """Whether it takes an input, a parameter, or an option that is made into one."""
        if any(slot.option == name for slot in self.inputs) or name in self.parameters:
            return True
        if name == "audio":
            return self.has_sound
        if name == "template":
            return self.templates != ()
        if name == "negative_prompt":
            return self.negative_prompt_max > 0
        return name in ("resolution", "ratio") and "size" in self.parameters

    def values(self, name: str) -> tuple[Any, ...]:
        """Return the allowed values of a parameter; empty where any is legal."""
        if name == "template":
            return self.templates or ()
        if name in self.parameters:
            return self.parameters[name].values
        if "size" in self.parameters:
            if name == "resolution":
                return tuple(self.sizes)
            if name == "ratio":
                return tuple(dict.fromkeys(r for tier in self.sizes.values() for r in tier))
        return ()

    def default(self, name: str) -> Any:
        """Return what the server uses where a parameter is not sent; None if not known."""
        if name in self.parameters:
            return self.parameters[name].default
        if name in ("resolution", "ratio") and (standard := self.default("size")):
            wanted = size_lists.parse_size(standard)
            for tier, row in self.sizes.items():
                for ratio, size in row.items():
                    if size == wanted:
                        return tier if name == "resolution" else ratio
        return None

    @property
    def resolutions(self) -> tuple[str, ...]:
        """Allowed resolutions."""
        return self.values("resolution")

    @property
    def resolution(self) -> str:
        """The server's default resolution; empty where the model has none."""
        return self.default("resolution") or ""

    @property
    def durations(self) -> tuple[int, ...]:
        """Allowed durations, in seconds; -1 lets the model decide, 0 follows the input."""
        return self.values("duration")

    @property
    def duration(self) -> int:
        """The server's default duration, in seconds; 0 where it follows an input."""
        return self.default("duration") or 0

    def slot(self, option: str, media: str) -> Slot | None:
        """Return the place of an input, or None where the model has none."""
        for slot in self.inputs:
            if slot.option == option and slot.media == media:
                return slot
        return None

    def slots(self, option: str) -> tuple[Slot, ...]:
        """Return every place of an option: one for each kind of media that it may hold."""
        return tuple(slot for slot in self.inputs if slot.option == option)

    @property
    def options(self) -> tuple[str, ...]:
        """The input options that it takes, each once."""
        return tuple(dict.fromkeys(slot.option for slot in self.inputs))

    def frames_per_second(self, mode: str | None = None) -> int:
        """Return the clip's frames a second."""
        return self.fps.get(mode or self.default("mode") or "", FPS)

    def clip_size(
        self,
        resolution: str | None = None,
        ratio: str | None = None,
        size: str | None = None,
        shape: tuple[str, Size] | None = None,
    ) -> Size:
        """Return the clip's width and height, in pixels.

        Parameters
        ----------
        resolution, ratio, size : str, optional
            As asked for; for a model with modes, `resolution` is the mode.
        shape : (str, (int, int)), optional
            Type and size of the input that the clip may follow.

        Examples
        --------
        >>> from wan_magic.wan.catalog import MODELS
        >>> MODELS["wan2.7-t2v"].clip_size("720P", "9:16")
        (720, 1280)
        """
        if size:
            return size_lists.parse_size(size)
        tier = resolution or self.resolution or next(iter(self.area))
        if shape and self.has_shape_of(shape[0], ratio):
            return size_lists.area_size(*shape[1], self.area[tier])
        row = self.sizes[tier]
        standard = self.default("ratio")
        if ratio is None or ratio in _FREE:
            ratio = standard if standard in row else "16:9"
        return row[ratio]

    def has_shape_of(self, kind: str, ratio: str | None) -> bool:
        """Whether the clip takes the shape of an input of this type, with this ratio asked for."""
        return ratio in _FREE or kind in self.ratio_ignored_with or not self.sizes

    def price(self, region: Region | None, tier: str, *, silent: bool) -> Decimal | None:
        """Price of one second, or None where it is not known."""
        if region is None:
            return None
        table = self.silent_prices if silent and self.silent_prices else self.prices
        return table.get(region, {}).get(tier)


def flag(option: str) -> str:
    """Return an option as it is typed.

    Examples
    --------
    >>> flag("last_frame")
    '--last-frame'
    """
    return f"--{option.replace('_', '-')}"


def prices(**regions: str) -> Prices:
    """``prices(beijing="480P 0.3, 720P 0.6")``: per second, in the region's currency."""
    table: Prices = {}
    for region, row in regions.items():
        pairs = (entry.split() for entry in row.split(","))
        table[region] = {tier: Decimal(price) for tier, price in pairs}  # type: ignore[index]
    return table
