"""One job as the ledger has it, and back again: its request, its clip."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from wan_magic.errors import InputError
from wan_magic.jobs.clip import Clip
from wan_magic.jobs.cost import billed_seconds
from wan_magic.wan.estimate import Estimate
from wan_magic.wan.request import VideoRequest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

_PLAIN = tuple(
    one.name
    for one in fields(VideoRequest)
    if one.name not in ("inputs", "extra_inputs", "extra_parameters")
)
_INPUT = ("option", "media", "digest", "width", "height", "seconds")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One job as the ledger has it. All times are seconds since 1970.

    Attributes
    ----------
    id : str
        Ours; never used twice.
    created, sent, accepted, made, ended : float or None
        When it was written down; when the paid call was made whose answer may be lost; when
        the server named its task; when that succeeded, or was seen to have; when the job ended.
    state : str
        As `wan_magic.jobs.job.State`.
    open : bool
        Whether there may be something to fetch.
    resumed : bool
        Whether it was taken over from a process that had ended.
    lost : bool
        Whether it is closed and nobody knows how its task ended, which may be billed.
    owner : str
        The process that takes care of it; empty for none.
    endpoint, base_url, workspace : str
        Where it was sent.
    is_preview : bool
        Whether the embedded preview server makes it.
    model, tier, prompt : str
        What was asked for; `tier` is the resolution, or the mode.
    seconds : float or None
        Of the clip, as asked for.
    request : dict
        The rest of the request; inputs by name and SHA-256, addresses left out.
    notebook, cell, folder : str
        Where it was asked for, and where the clip goes.
    task_id, request_id : str
        The server's.
    currency : str
        ``"CNY"`` or ``"USD"``; empty where unknown.
    estimate, cost : Decimal or None
        Expected, and as the server said that it billed.
    usage : dict
        As the server said it.
    path, bytes, sha256
        The clip's file.
    video : dict
        width, height, duration, fps, has_audio.
    error, hint, code : str
        Why there is no clip, and what to do.
    """

    id: str
    created: float
    sent: float | None = None
    accepted: float | None = None
    made: float | None = None
    ended: float | None = None
    state: str = "submitting"
    open: bool = True
    resumed: bool = False
    lost: bool = False
    owner: str = ""
    fingerprint: str = ""
    place: str = ""
    account: str = ""
    endpoint: str = ""
    base_url: str = ""
    workspace: str = ""
    is_preview: bool = False
    model: str = ""
    tier: str = ""
    seconds: float | None = None
    prompt: str = ""
    seed: int | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    notebook: str = ""
    cell: str = ""
    folder: str = ""
    task_id: str = ""
    request_id: str = ""
    currency: str = ""
    estimate: Decimal | None = None
    cost: Decimal | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    actual_prompt: str = ""
    path: str = ""
    bytes: int | None = None
    sha256: str = ""
    video: Mapping[str, Any] = field(default_factory=dict)
    took: float | None = None
    error: str = ""
    hint: str = ""
    code: str = ""

    @property
    def spent(self) -> Decimal | None:
        """What it has cost or will cost: as billed, else as expected; None where unknown."""
        if self.is_preview or not (self.open or self.lost or self.made is not None):
            return Decimal(0)
        return self.estimate if self.cost is None else self.cost

    @property
    def file(self) -> Path | None:
        """The clip's file, if it is there as it was saved."""
        path = Path(self.path)
        try:
            return path if self.path and path.stat().st_size == self.bytes else None
        except OSError:
            return None

    def to_request(self) -> VideoRequest:
        """Return what was asked for, fit to be shown; its inputs can't be sent again."""
        from wan_magic.wan.media import Input

        said = dict(self.request)
        inputs = tuple(
            Input(value="", source=str(one.get("name", "")), **{k: one.get(k) for k in _INPUT})
            for one in said.pop("inputs", ())
        )
        known = {one.name for one in fields(VideoRequest)}
        said["prompt"] = self.prompt  # which may have been learnt later
        return VideoRequest(inputs=inputs, **{k: v for k, v in said.items() if k in known})

    def money(self) -> Estimate:
        """Return the cost as billed, else as expected."""
        amount, said = self.estimate, "as estimated"
        seconds = self.seconds
        if self.cost is not None:
            amount, said, seconds = self.cost, "as billed", billed_seconds(self.usage) or seconds
        per_second = None
        if amount is not None and seconds:
            per_second = round(amount / Decimal(f"{seconds:g}"), 4)
        return Estimate(amount, self.currency, seconds, per_second, source=said)

    def to_clip(self) -> Clip:
        """Return the finished clip.

        Raises
        ------
        InputError
            If its file is gone, or is no playable video any more.
        """
        from wan_magic.wan.video import poster, probe_video

        path = Path(self.path)
        if not path.is_file():
            raise InputError(
                f"the file of job {self.id} is gone: {path}",
                hint=f"%wanvideo resume {self.id} fetches it again within 24 hours of its making",
            )
        info, picture = probe_video(path), poster(path)
        as_saved = self.file is not None
        return Clip(
            path=path,
            url="",
            width=info.width,
            height=info.height,
            duration=info.duration,
            fps=info.fps,
            has_audio=info.has_audio,
            request=self.to_request(),
            task_id=self.task_id,
            seed=self.seed,
            cost=self.money(),
            is_preview=self.is_preview,
            took=self.took or 0.0,
            actual_prompt=self.actual_prompt,
            notes=self.notes,
            poster=picture,
            sha256=self.sha256 if as_saved else "",
            size=(self.bytes or 0) if as_saved else 0,
        )


class Bill(NamedTuple):
    """What one job has cost or will cost; `Entry` has the same names."""

    created: float
    model: str
    notebook: str
    currency: str
    spent: Decimal | None
    is_preview: bool = False


class Line(NamedTuple):
    """One job as the list chooses and counts it; `Entry` has the same names."""

    id: str
    created: float
    state: str
    open: bool
    lost: bool
    made: float | None
    is_preview: bool
    model: str
    seconds: float | None
    prompt: str
    notebook: str
    task_id: str
    currency: str
    estimate: str | None
    cost: str | None
    path: str

    @property
    def spent(self) -> Decimal | None:
        """As `Entry.spent`."""
        if self.is_preview or not (self.open or self.lost or self.made is not None):
            return Decimal(0)
        amount = self.estimate if self.cost is None else self.cost
        return None if amount is None else Decimal(amount)

    def to_entry(self) -> Entry:
        """Return what is known of it as an entry: of one that was removed meanwhile."""
        values = self._asdict()
        for name in ("estimate", "cost"):
            values[name] = None if values[name] is None else Decimal(values[name])
        return Entry(**values)


def request_json(request: VideoRequest) -> str:
    """Return a request as the ledger keeps it: no addresses, which may be signed; no files."""
    said: dict[str, Any] = {
        name: value
        for name in _PLAIN
        if (value := getattr(request, name)) not in (None, "", False) or name == "model"
    }
    said |= {name: False for name in _PLAIN if getattr(request, name) is False}
    said["inputs"] = [
        {**{k: getattr(one, k) for k in _INPUT}, "name": one.name} for one in request.inputs
    ]
    extras = request.named_extras()
    for name in ("extra_inputs", "extra_parameters"):
        said[name] = {key: extras[key] for key in getattr(request, name)}
    return json.dumps(said, ensure_ascii=False)


_FIELDS = frozenset(one.name for one in fields(Entry))


def entry_of(row: sqlite3.Row) -> Entry:
    """Read a row of the table; the whole history is read at once, so it is quick."""
    values = dict(zip(row.keys(), row, strict=True))
    values["is_preview"] = values.pop("preview")
    for name in ("is_preview", "open", "resumed", "lost"):
        values[name] = bool(values.get(name))
    for name in ("estimate", "cost"):
        text = values[name]
        values[name] = None if text is None else Decimal(text)
    for name in ("request", "usage", "video"):
        text = values[name]
        values[name] = {} if text == "{}" else json.loads(text)
    text = values["notes"]
    values["notes"] = () if text == "[]" else tuple(json.loads(text))
    if not values.keys() >= _FIELDS:
        return Entry(**{name: value for name, value in values.items() if name in _FIELDS})
    entry = object.__new__(Entry)
    vars(entry).update(values)  # a third of the time of __init__, which sets one by one
    return entry
