"""The inputs of a task: fetched, told apart, measured, and counted together."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_magic.server import faults
from wan_magic.server.faults import Fault, inspection, specification
from wan_magic.server.fetch import check_link, fetch, file_name, limit_of, too_big
from wan_magic.server.probe import SLACK, Facts, probe, sniff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from wan_magic.server.given import Given
    from wan_magic.wan.catalog import Slot


_MARK = re.compile(r"-[0-9a-f]{8}(?=\.\w+$)")
"""What our client puts behind a file's name, so that no two uploads are the same; not shown."""


@dataclass(frozen=True)
class Loaded:
    """One input, ready for an engine.

    Attributes
    ----------
    slot : Slot
        Its place in the model's row.
    path : Path or None
        The file; None for a link.
    name : str
        A file's name, a link's host.
    facts : Facts
        What was measured.
    """

    slot: Slot
    path: Path | None
    name: str
    facts: Facts


class Loader:
    """Gets the inputs of one task.

    Parameters
    ----------
    folder : Path
        Where to put the files.
    private : bool
        Whether loopback and private addresses may be asked.
    find_upload : callable
        Returns the file behind an ``oss://`` URL, or raises a `Fault`.
    should_stop : callable
        Asked between blocks.
    """

    def __init__(
        self,
        folder: Path,
        *,
        private: bool,
        find_upload: Callable[[str], Path],
        should_stop: Callable[[], bool],
    ) -> None:
        self._folder = folder
        self._private = private
        self._find_upload = find_upload
        self._should_stop = should_stop

    def load(self, given: Iterable[Given]) -> list[Loaded]:
        """Return all inputs, in their order.

        Raises
        ------
        Fault
            For the first one that can't be had or is outside the model's limits.
        """
        loaded = [self.one(number, one.slots, one.url) for number, one in enumerate(given)]
        _check_totals(loaded)
        return loaded

    def one(self, number: int, slots: tuple[Slot, ...], url: str) -> Loaded:
        """Return one input."""
        if slots[0].media == "link":
            return Loaded(slots[0], None, check_link(url, private=self._private), Facts())
        name = file_name(url)
        path = self._folder / f"input-{number}"
        if url[:6].lower() == "oss://":
            name = _MARK.sub("", name)
            _take(self._find_upload(url), path)
            if path.stat().st_size > limit_of(slots):
                raise too_big(slots, limit_of(slots))
        else:
            fetch(url, path, slots=slots, private=self._private, should_stop=self._should_stop)
        slot = slots[0]
        if len(slots) > 1:
            media = sniff(path)
            slot = next((slot for slot in slots if slot.media == media), slot)
            if media is None or slot.media != media:
                raise inspection(faults.MEDIA_FORMAT)
        most = slot.limits.max_bytes
        if most is not None and path.stat().st_size > most:
            raise too_big((slot,), most)
        return Loaded(slot, path, name, probe(path, slot.media, slot.limits, name))


def _take(upload: Path, path: Path) -> None:
    """Give a task its own hold of an upload, which may be forgotten in the meantime."""
    try:
        path.hardlink_to(upload)
    except FileNotFoundError:
        raise inspection(faults.MEDIA_MISSING) from None
    except (OSError, NotImplementedError):  # some file systems know no links
        shutil.copyfile(upload, path)


def _check_totals(loaded: list[Loaded]) -> None:
    for slot in {one.slot for one in loaded}:
        mine = [one for one in loaded if one.slot == slot]
        if len(mine) > slot.most:  # two kinds of media may share a field, each with its number
            raise specification(f"at most {slot.most} {slot.media}s in {slot.type}")
        most = slot.limits.total_seconds
        seconds = sum(one.facts.seconds for one in mine)
        if most is not None and seconds > most + SLACK:
            text = f"the inputs of {slot.type} are longer than {most:g}s together"
            raise Fault("InvalidFile.Duration" if slot.media == "video" else "InvalidURL", text)
