"""One request for a video: what is sent, whether it is legal, and what it will cost."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from decimal import Decimal

    from wan_magic.wan.catalog import Model, Region
    from wan_magic.wan.media import FirstFrame

_CURRENCY: dict[str, str] = {"beijing": "CNY", "singapore": "USD", "virginia": "USD"}


def _sent_as(place: str, default: Any = None) -> Any:
    """Declare a field with its place in the body, ``input.x`` or ``parameters.x``."""
    return field(default=default, metadata={"body": place})


@dataclass(frozen=True)
class Estimate:
    """What a request is expected to cost.

    Attributes
    ----------
    amount : Decimal or None
        In `currency`; None where the price is not known.
    currency : str
        ``"CNY"`` or ``"USD"``.
    seconds : int
        Seconds of video that are billed.
    per_second : Decimal or None
        In `currency`.
    as_of : str
        When the price was read from the price page.
    """

    amount: Decimal | None
    currency: str
    seconds: int
    per_second: Decimal | None
    as_of: str = catalog.PRICES_AS_OF

    def __str__(self) -> str:
        if self.amount is None:
            return "price unknown"
        return _money(self.amount, self.currency)

    @property
    def detail(self) -> str:
        """The sum as it was made: ``"5 s × 0.3 CNY, price list of 2026-04"``."""
        if self.per_second is None:
            return "the price table has no row for this endpoint, model and resolution"
        return (
            f"{self.seconds} s × {_money(self.per_second, self.currency)},"
            f" price list of {self.as_of}"
        )


@dataclass(frozen=True, kw_only=True)
class VideoRequest:
    """What is asked for. None means: not sent, the server's default holds.

    Parameters
    ----------
    model : str, default "wan2.5-i2v-preview"
        A name of the model table.
    prompt : str, default ""
        Up to 1500 characters on wan2.5 and wan2.6, 800 on older models.
    negative_prompt : str, optional
        What should not be seen; up to 500 characters.
    image : FirstFrame, optional
        The first frame; required by every model of the table.
    audio_url : str, optional
        http(s) URL of a wav or mp3 file that drives the video: 3 to 30 s, up to 15 MB.
    audio : bool, optional
        True asks for a sound track, False for a silent clip.
    template : str, optional
        Name of a video effect; the prompt is then ignored by the server.
    resolution : {"480P", "720P", "1080P"}, optional
        As the model allows.
    duration : int, optional
        Seconds, as the model allows.
    prompt_extend : bool, optional
        Whether the server rewrites the prompt; the server's default is True.
    watermark : bool, optional
        Whether the server prints a watermark; the server's default is False.
    seed : int, optional
        0 to 2147483647.
    shot_type : {"single", "multi"}, optional
        wan2.6 only.

    Notes
    -----
    Fields and limits: Alibaba's image-to-video API reference (2.1 to 2.6), 2026.

    Examples
    --------
    >>> VideoRequest(prompt="waves", resolution="480P", seed=7).body()["parameters"]
    {'resolution': '480P', 'seed': 7}
    """

    model: str = catalog.DEFAULT_MODEL
    prompt: str = _sent_as("input.prompt", "")
    negative_prompt: str | None = _sent_as("input.negative_prompt")
    image: FirstFrame | None = _sent_as("input.img_url")
    audio_url: str | None = _sent_as("input.audio_url")
    audio: bool | None = _sent_as("parameters.audio")
    template: str | None = _sent_as("input.template")
    resolution: str | None = _sent_as("parameters.resolution")
    duration: int | None = _sent_as("parameters.duration")
    prompt_extend: bool | None = _sent_as("parameters.prompt_extend")
    watermark: bool | None = _sent_as("parameters.watermark")
    seed: int | None = _sent_as("parameters.seed")
    shot_type: str | None = _sent_as("parameters.shot_type")

    @property
    def row(self) -> Model:
        """The model's row of the table; a blank one for a model that is not in it."""
        return catalog.MODELS.get(self.model) or catalog.blank_row(self.model)

    @property
    def effective_resolution(self) -> str:
        """The resolution that will be used, the model's default where none was asked for."""
        return self.resolution or self.row.resolution

    @property
    def effective_duration(self) -> int:
        """The seconds that will be made, the model's default where none were asked for."""
        return self.duration or self.row.duration

    @property
    def silent(self) -> bool:
        """Whether the clip will have no sound track."""
        return self.row.sound == "none" or (self.row.sound == "switch" and self.audio is False)

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the create call: only what was set.

        Returns
        -------
        dict
            ``{"model": ..., "input": {...}, "parameters": {...}}``.
        """
        body: dict[str, Any] = {"model": self.model, "input": {}, "parameters": {}}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value is None or value == "" or "body" not in entry.metadata:
                continue
            section, _, key = entry.metadata["body"].partition(".")
            body[section][key] = value.value if entry.name == "image" else value
        return body

    def shown_body(self) -> dict[str, Any]:
        """Return the body for people to read: base64 is cut short."""
        body = self.body()
        url = body["input"].get("img_url", "")
        if url.startswith("data:"):
            head = url.partition(",")[0]
            body["input"]["img_url"] = f"{head},… ({len(url):,} characters)"
        return body

    def fingerprint(self) -> str:
        """Return a SHA-256 (hex) of all that decides the clip; equal requests have equal ones.

        The first frame counts by its content, not by its name or its encoding.
        """
        body = self.body()
        if self.image is not None:
            body["input"]["img_url"] = self.image.digest
        canonical = json.dumps(body, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def estimate(
        self,
        region: Region | None,
        *,
        resolution: str | None = None,
        seconds: int | None = None,
    ) -> Estimate:
        """Return the cost in a region; unknown where the region is None.

        Parameters
        ----------
        region : {"beijing", "singapore", "virginia"} or None
            Whose price list holds.
        resolution, seconds
            As billed; by default as asked for.
        """
        seconds = self.effective_duration if seconds is None else seconds
        tier = resolution or self.effective_resolution
        price = self.row.price(region, tier, silent=self.silent)
        return Estimate(
            amount=None if price is None else price * seconds,
            currency=_CURRENCY.get(region or "", ""),
            seconds=seconds,
            per_second=price,
        )

    def check(self) -> list[str]:
        """Check all that can be known before sending; the image is checked when it is loaded.

        Returns
        -------
        list of str
            Notes for the user: legal, but perhaps not what they expect.

        Raises
        ------
        InputError
            With the value that is wrong and the values that are allowed.
        """
        row = catalog.find_model(self.model)
        _check_types(self)
        notes: list[str] = []
        _check_choice("resolution", self.resolution, row.resolutions, row)
        _check_choice("duration", self.duration, row.durations, row)
        _check_choice("shot_type", self.shot_type, row.shot_types, row)
        if self.seed is not None and not 0 <= self.seed <= catalog.SEED_MAX:
            raise InputError(f"seed {self.seed} is out of range", hint="0 to 2147483647")
        notes += self._check_texts(row)
        notes += self._check_audio(row)
        if self.shot_type and self.prompt_extend is False:
            notes.append("the shot type has an effect only together with prompt extension")
        return notes

    def _check_texts(self, row: Model) -> list[str]:
        notes = []
        if self.template:
            if row.templates is None:
                notes.append(
                    f"the documents list no templates for {row.name}:"
                    f" it may not know {self.template!r}"
                )
            else:
                _check_choice("template", self.template, row.templates, row)
            if self.prompt.strip():
                notes.append("the server ignores the prompt when a template is set")
        elif not self.prompt.strip():
            raise InputError("the prompt is empty", hint="write what the video should show")
        notes += _cut("prompt", self.prompt, row.prompt_max, row)
        notes += _cut("negative prompt", self.negative_prompt, catalog.NEGATIVE_PROMPT_MAX, row)
        return notes

    def _check_audio(self, row: Model) -> list[str]:
        if self.audio_url is None and self.audio is None:
            return []
        if row.sound == "none":
            voiced = ", ".join(name for name, other in catalog.MODELS.items() if other.has_sound)
            raise InputError(
                f"{row.name} makes silent clips and takes no audio",
                hint=f"leave audio out, or take one of {voiced}",
            )
        if self.audio is not None and row.sound == "always":
            note = (
                "today's documents list the audio switch for wan2.6-i2v-flash alone:"
                f" {row.name} may ignore it and add sound anyway"
            )
            return [note]
        if self.audio is False and self.audio_url:
            return [f"{row.name} makes a silent clip of this: audio is off, and that comes first"]
        return []


def _money(amount: Decimal, currency: str) -> str:
    """Return an amount with two decimals, or more where it has more: 1.50 CNY, 0.1875 USD."""
    return f"{amount:.2f} {currency}" if amount == round(amount, 2) else f"{amount} {currency}"


_KINDS: dict[str, type] = {
    **dict.fromkeys(("prompt", "negative_prompt", "audio_url", "template"), str),
    **dict.fromkeys(("resolution", "shot_type"), str),
    **dict.fromkeys(("duration", "seed"), int),
    **dict.fromkeys(("audio", "prompt_extend", "watermark"), bool),
}
_KIND_NAMES = {str: "a text", int: "a whole number", bool: "True or False"}


def _check_types(request: VideoRequest) -> None:
    """Refuse what JSON would carry in the wrong type, such as 5.0 for 5 or 1 for True."""
    for name, kind in _KINDS.items():
        value = getattr(request, name)
        fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if not fits and (value is not None or name == "prompt"):
            label = name.replace("_", " ")
            raise InputError(f"{label} {value!r} is not {_KIND_NAMES[kind]}")


def _check_choice(name: str, value: Any, allowed: tuple[Any, ...], row: Model) -> None:
    if value is None or value in allowed:
        return
    label = name.replace("_", " ")
    if not allowed:
        takers = ", ".join(m.name for m in catalog.MODELS.values() if getattr(m, f"{name}s"))
        raise InputError(f"{row.name} takes no {label}", hint=f"models that do: {takers}")
    hint = catalog.nearest(str(value), map(str, allowed))
    options = ", ".join(map(str, allowed))
    allowed_text = f"allowed: {options}" if len(allowed) > 1 else f"it makes {options} only"
    raise InputError(
        f"{row.name} does not take {label} {value!r}",
        hint=f"{hint} ({allowed_text})" if hint else allowed_text,
    )


def _cut(label: str, text: str | None, limit: int, row: Model) -> list[str]:
    """Say where the server cuts a text that is too long; it does so silently."""
    if text is None or len(text) <= limit:
        return []
    kept, lost = text[:limit], text[limit:]
    note = (
        f"the {label} has {len(text)} characters and {row.name} reads {limit}:"
        f" it ends after “…{kept[-30:]}”, and “{lost[:30]}…” is not read"
    )
    return [note]
