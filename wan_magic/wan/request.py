"""One request for a video: what is sent, and what it will cost."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wan_magic.wan import catalog, checks
from wan_magic.wan.estimate import PriceList
from wan_magic.wan.value_types import ELIDED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wan_magic.wan.catalog import Model, Region
    from wan_magic.wan.estimate import Estimate
    from wan_magic.wan.local_file import LocalFile
    from wan_magic.wan.media import Input

DEFAULT_MODEL = "wan2.5-i2v-preview"
PARAMETERS = (
    *("resolution", "ratio", "size", "duration", "prompt_extend", "watermark", "seed"),
    *("shot_type", "audio", "audio_setting", "mode", "check_image", "function"),
)
"""Fields of `VideoRequest` that are sent under their own names, as the model takes them."""


@dataclass(frozen=True, kw_only=True)
class VideoRequest:
    """What is asked for. None means: not sent, the server's default holds.

    Parameters
    ----------
    model : str
        A name of the model table.
    prompt : str, default ""
        What the video shows.
    negative_prompt : str, optional
        What should not be seen; up to 500 characters.
    inputs : tuple of Input
        Pictures, videos, sounds, documents, pages; references in the order of their numbers.
    resolution : {"480P", "720P", "1080P"}, optional
        As the model allows.
    ratio : str, optional
        Width to height, such as ``"9:16"``, where the clip does not follow an input.
    size : str, optional
        Width and height in pixels, such as ``"1280*720"``: wan2.6 and older text to video.
    duration : int, optional
        Seconds, as the model allows; -1 lets wan3.0 decide, 0 follows the edited video.
    audio : bool, optional
        True asks for a sound track, False for a silent clip.
    audio_setting : {"auto", "origin"}, optional
        wan2.7-videoedit: whether the video keeps its own sound.
    template : str, optional
        Name of a video effect; the prompt is then ignored by the server.
    prompt_extend : bool, optional
        Whether the server rewrites the prompt; the server's default is True.
    watermark : bool, optional
        Whether the server prints a watermark; the server's default is False.
    seed : int, optional
        0 to 2147483647; -1 for a random one in wan3.0.
    shot_type : {"single", "multi"}, optional
        wan2.6 only.
    mode : {"wan-std", "wan-pro"}, optional
        Motion transfer: standard or professional.
    check_image : bool, optional
        Motion transfer: whether the picture is checked first.
    function : str, optional
        What VACE should do; told from the inputs where it is not given.
    extra_inputs, extra_parameters : mapping
        Fields that the table does not know yet, sent as they are.
    unchecked : bool, default False
        Send a model's name and values that the table does not know.

    Notes
    -----
    Fields and limits: the model table names the document of each model.

    Examples
    --------
    >>> request = VideoRequest(model="wan2.6-t2v", prompt="waves", resolution="720P", ratio="9:16")
    >>> request.body()["parameters"]
    {'size': '720*1280'}
    """

    model: str = DEFAULT_MODEL
    prompt: str = ""
    negative_prompt: str | None = None
    inputs: tuple[Input, ...] = ()
    resolution: str | None = None
    ratio: str | None = None
    size: str | None = None
    duration: int | None = None
    audio: bool | None = None
    audio_setting: str | None = None
    template: str | None = None
    prompt_extend: bool | None = None
    watermark: bool | None = None
    seed: int | None = None
    shot_type: str | None = None
    mode: str | None = None
    check_image: bool | None = None
    function: str | None = None
    extra_inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    extra_parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    unchecked: bool = False

    @property
    def row(self) -> Model:
        """The model's row of the table; a stand-in for a model that is not in it."""
        known = catalog.MODELS.get(self.model)
        if known is not None and not self.unchecked:
            return known
        return catalog.find_model(self.model, unchecked=True)

    def of(self, option: str) -> tuple[Input, ...]:
        """Return the inputs of one option."""
        return tuple(one for one in self.inputs if one.option == option)

    @property
    def image(self) -> Input | None:
        """The picture to show for it: the first frame, else the first picture or video."""
        seen = [one for one in self.inputs if one.media in ("image", "video")]
        return next((one for one in seen if one.option == "image"), seen[0] if seen else None)

    # -- what will come of it ----------------------------------------------------------

    @property
    def effective_resolution(self) -> str:
        """The resolution that will be used, the model's default where none was asked for."""
        if self.size:
            for tier, row in self.row.sizes.items():
                if self.size in map(catalog.size_text, row.values()):
                    return tier
        return self.resolution or self.row.resolution

    @property
    def tier(self) -> str:
        """What the price depends on: the resolution, or the mode."""
        if self.row.priced_by == "mode":
            return self.mode or self.row.default("mode") or ""
        return self.effective_resolution

    @property
    def effective_duration(self) -> float | None:
        """The seconds that will be made; None where only the server will know."""
        row, asked = self.row, self.duration
        if asked == -1:
            return None
        if row.length_from and (source := self.of(row.length_from)):
            length = source[0].seconds
            longest = asked or max((d for d in row.durations if d > 0), default=None)
            if length is None:
                return None
            return min(length, longest) if longest else length
        return asked or row.duration or None

    @property
    def billed_seconds(self) -> float | None:
        """The seconds that will be billed: of the clip, and of input videos where they count."""
        seconds, row = self.effective_duration, self.row
        videos = [one for one in self.inputs if one.media == "video"] if row.bills_input else []
        if seconds is None or any(one.seconds is None for one in videos):
            return None
        lengths = [one.seconds or 0.0 for one in videos]
        return seconds + catalog.billed_input(lengths, row.input_bill_cap)

    @property
    def silent(self) -> bool:
        """Whether the clip will have no sound track."""
        return self.row.sound == "none" or (self.row.sound == "switch" and self.audio is False)

    # -- what is sent ------------------------------------------------------------------

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the create call: only what was set.

        Returns
        -------
        dict
            ``{"model": ..., "input": {...}, "parameters": {...}}``.
        """
        return self._body(lambda one: one.value or f"upload:{one.name}")

    def shown_body(self) -> dict[str, Any]:
        """Return the body for people to read: base64 is cut short, uploads are named.

        Of an address nothing after the path is shown: what is printed is saved with the
        notebook, and a query may be somebody's signature.
        """

        def shown(one: Input) -> str:
            if one.upload and not one.value:
                return f"oss://… ({one.name}, {one.upload.size:,} bytes, uploaded first)"
            if one.value.startswith("data:"):
                head = one.value.partition(",")[0]
                return f"{head},… ({len(one.value):,} characters)"
            return _without_query(one.value)

        return self._body(shown)

    def named_body(self) -> dict[str, Any]:
        """Return the body with names for inputs: fit to be saved and shown to others."""
        body = self._body(lambda one: one.name)
        body["input"] |= _named(dict(self.extra_inputs))
        body["parameters"] |= _named(dict(self.extra_parameters))
        return body

    def named_extras(self) -> dict[str, Any]:
        """Return the fields that the table does not know, without addresses."""
        return {
            name: _named(value)
            for name, value in {**self.extra_parameters, **self.extra_inputs}.items()
        }

    def fingerprint(self) -> str:
        """Return a SHA-256 (hex) of all that decides the clip; equal requests have equal ones.

        Inputs count by their content, not by their names or encodings.
        """
        canonical = json.dumps(self._body(lambda one: one.digest), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def _body(self, value: Callable[[Input], str]) -> dict[str, Any]:
        row = self.row
        reads = self.prompt and row.prompt != "none"
        inputs: dict[str, Any] = {"prompt": self.prompt} if reads else {}
        _place(inputs, row, self.inputs, value)
        parameters: dict[str, Any] = {}
        for name, given in self._values().items():
            known = row.parameters.get(name)
            in_input = known.section == "input" if known else name in catalog.TEXT_FIELDS
            (inputs if in_input else parameters)[name] = given
        return {
            "model": self.model,
            "input": inputs | dict(self.extra_inputs),
            "parameters": parameters | dict(self.extra_parameters),
        }

    def _values(self) -> dict[str, Any]:
        """Return the values that are sent, by the API's names."""
        row = self.row
        texts = {"negative_prompt": self.negative_prompt, "template": self.template}
        values = {name: text for name, text in texts.items() if text}
        named = {name: getattr(self, name) for name in PARAMETERS}
        values |= {name: one for name, one in named.items() if one is not None and one != ""}
        if "size" in row.parameters and row.sizes:
            tier, ratio = values.pop("resolution", None), values.pop("ratio", None)
            if (tier or ratio) and "size" not in values:
                sizes = row.sizes.get(tier or row.resolution, {})
                if size := sizes.get(ratio or row.default("ratio") or "16:9"):
                    values["size"] = catalog.size_text(size)
        for name, parameter in row.parameters.items():
            if parameter.required and name not in values:
                given = {one.option for one in self.inputs}
                given |= {*self.extra_parameters, *self.extra_inputs}
                given |= {slot.option for slot in row.inputs if slot.type in self.extra_inputs}
                implied = (meant for told, meant in parameter.implied_by if told in given)
                standard = next(implied, parameter.default)
                if standard is not None:
                    values[name] = standard
        return values

    # -- files that must be uploaded ------------------------------------------------------

    @property
    def pending(self) -> tuple[LocalFile, ...]:
        """The files that must be uploaded before it can be sent, each content once."""
        files = {
            one.upload.digest: one.upload for one in self.inputs if one.upload and not one.value
        }
        return tuple(files.values())

    def with_uploads(self, urls: Mapping[str, str]) -> VideoRequest:
        """Return a copy whose uploaded files have their ``oss://`` addresses.

        Parameters
        ----------
        urls : mapping of str to str
            Address by the file's digest.
        """
        inputs = tuple(
            replace(one, value=urls[one.upload.digest])
            if one.upload and not one.value and one.upload.digest in urls
            else one
            for one in self.inputs
        )
        return replace(self, inputs=inputs)

    @property
    def uses_oss(self) -> bool:
        """Whether an input lies in the API's temporary storage."""
        stored = any(one.value.startswith("oss://") for one in self.inputs)
        return stored or '"oss://' in json.dumps(dict(self.extra_inputs))

    # -- its price and its checks -----------------------------------------------------------

    def estimate(
        self,
        prices: PriceList | Region | None,
        tier: str | None = None,
        seconds: float | None = None,
        *,
        silent: bool | None = None,
    ) -> Estimate:
        """Return the cost.

        Parameters
        ----------
        prices : PriceList, str or None
            Of the endpoint, or of a region; without either it is unknown.
        tier, seconds, silent
            Resolution (or mode), seconds and silence as billed; by default as asked for.
        """
        listed = prices if isinstance(prices, PriceList) else PriceList(prices)
        return listed.estimate(
            self.row,
            tier or self.tier,
            self.billed_seconds if seconds is None else seconds,
            silent=self.silent if silent is None else silent,
        )

    def check(self) -> list[str]:
        """Check all that can be known before sending; inputs are checked when they are loaded.

        Returns
        -------
        list of str
            Notes for the user: legal, but perhaps not what they expect.

        Raises
        ------
        InputError
            With the value that is wrong and the values that are allowed.
        """
        return checks.check(self)

    def check_values(self) -> None:
        """Check the values alone, before any file is read; raises as `check` does."""
        checks.check_values(self)


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    if not (parts.query or parts.username or parts.password or parts.fragment):
        return url
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" + ("?…" if parts.query else "")


def _named(value: Any) -> Any:
    """Return a value without what may be a signed address or a whole file."""
    if isinstance(value, dict):
        return {key: _named(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_named(one) for one in value]
    if isinstance(value, str) and ("://" in value or value[:5].lower() == "data:"):
        return ELIDED
    return value


def _place(
    into: dict[str, Any], row: Model, inputs: tuple[Input, ...], value: Callable[[Input], str]
) -> None:
    """Put the inputs where the model's protocol has them."""
    items: list[dict[str, Any]] = []
    for one in inputs:
        slot = row.slot(one.option, one.media)
        if slot is None:
            continue  # `check` has refused it
        if row.protocol == "flat":
            if slot.many:
                into.setdefault(slot.type, []).append(value(one))
            else:
                into[slot.type] = value(one)
        elif slot.attached:
            if items:
                items[-1][slot.type] = value(one)
        else:
            items.append({"type": slot.type, "url": value(one)})
    if items:
        into["media"] = items
