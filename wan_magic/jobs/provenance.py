"""How a clip was made, kept with its file: in the MP4 itself, and in a JSON file beside it.

The MP4 gets one more box at its end, an XMP packet as Adobe's specification (part 3) places it:
a ``uuid`` box that players skip. Not a byte before it is touched, so pictures and sound, the
place of the index, and whatever labels the service put in stay as they came. Picture managers
and exiftool show the prompt; `provenance` returns all of it.

What is kept: model, prompt, parameters and seed, names of inputs, task id, date. No key, no
address, no media.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import struct
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import wan_magic
from wan_magic.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from wan_magic.jobs.job import Job
    from wan_magic.wan.answers import Task

_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""The type of the box (XMP specification part 3, table of MPEG-4)."""
_OURS = "https://wan-magic.invalid/xmp/1.0/"
"""Names our own field; an address that leads nowhere, as such names may."""
_AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_DRAWN = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
"""IPTC's words for what a trained model made, and for what a program drew."""
_VIDEO = {b"moov", b"mdat"}
"""The boxes that make a video: its index and its pictures."""
_MOST = 1024 * 1024
"""Bytes of a packet or sidecar that are read."""


def facts(job: Job, task: Task, made: float) -> dict[str, Any]:
    """Return how a job's clip was made, fit to be seen by anybody.

    Parameters
    ----------
    made : float
        Seconds since 1970.
    """
    request = job.request
    said: dict[str, Any] = {
        "made_with": f"wan_magic {wan_magic.__version__}",
        "made": datetime.fromtimestamp(made).astimezone().isoformat(timespec="seconds"),
        "preview": job.is_preview,
        "task_id": job.task_id,
    }
    if job.knows_request:
        said |= request.named_body()
    elif task.orig_prompt:
        said["input"] = {"prompt": task.orig_prompt}
    if task.actual_prompt and task.actual_prompt != request.prompt:
        said["actual_prompt"] = task.actual_prompt
    return said


# -- in the file ---------------------------------------------------------------------------


def tag(path: Path, said: dict[str, Any]) -> None:
    """Put it at the end of an MP4; the bytes that are there stay.

    Killed in between, it leaves a whole video with a box that is cut short.

    Raises
    ------
    ValueError
        If nothing can be put behind the file's last box.
    OSError
        If it can't be written; the file then is as it was.
    """
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        _check_end(file, end)
        packet = _packet(said)
        try:
            file.seek(end)
            file.write(struct.pack(">I4s", 24 + len(packet), b"uuid") + _XMP + packet)
            file.flush()
        except OSError:
            file.truncate(end)
            raise


def untag(path: Path) -> None:
    """Take an XMP box off the end, whole or cut short, so that a download can go on behind it.

    A part that was killed between its tag and its name is the service's file again.
    """
    with path.open("rb+") as file:
        end, at = file.seek(0, os.SEEK_END), 0
        kinds: set[bytes] = set()
        with contextlib.suppress(ValueError):
            for kind, _, after in _boxes(file, end):
                if kind == b"uuid" and kinds >= _VIDEO:
                    break
                kinds.add(kind)
                at = after
        file.seek(at)
        if kinds >= _VIDEO and _is_xmp(file.read(24)):
            file.truncate(at)


def _is_xmp(head: bytes) -> bool:
    """Whether a box begins so; one that is cut short counts, too."""
    return len(head) > 4 and (b"uuid" + _XMP).startswith(head[4:24])


def _boxes(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Return type, first byte and end of each box at the top of an MP4.

    Raises
    ------
    ValueError
        If the boxes do not fill the file.
    """
    at = 0
    while at < end:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            raise ValueError("its last box is not whole")
        size, kind = struct.unpack(">I4s", head[:8])
        body = at + 8
        if size == 1 and len(head) == 16:
            size, body = struct.unpack(">Q", head[8:])[0], at + 16
        if size == 0:
            raise ValueError("the length of its last box is open")
        if at + size > end or at + size < body:
            raise ValueError("its last box is not whole")
        yield kind, body, at + size
        at += size


def _check_end(file: BinaryIO, end: int) -> None:
    kinds = [kind for kind, _, _ in _boxes(file, end)]
    if not set(kinds) >= _VIDEO:
        raise ValueError("there is no video in it")


def _packet(said: dict[str, Any]) -> bytes:
    prompt = said.get("input", {}).get("prompt") or ""
    text = json.dumps(said)  # in ASCII: XML can't hold every character
    kind = _DRAWN if said["preview"] else _AI
    fields = [
        f"<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>{_xml(prompt)}</rdf:li></rdf:Alt>"
        "</dc:description>"
        if prompt
        else "",
        f"<xmp:CreatorTool>{_xml(said['made_with'])}</xmp:CreatorTool>",
        f"<xmp:CreateDate>{_xml(said['made'])}</xmp:CreateDate>",
        f"<Iptc4xmpExt:DigitalSourceType>{kind}</Iptc4xmpExt:DigitalSourceType>",
        f"<wm:provenance>{_xml(text)}</wm:provenance>",
    ]
    packet = (
        "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>"
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'"
        " xmlns:xmp='http://ns.adobe.com/xap/1.0/'"
        " xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'"
        f" xmlns:wm='{_OURS}'>{''.join(fields)}</rdf:Description>"
        "</rdf:RDF></x:xmpmeta><?xpacket end='r'?>"
    )
    return packet.encode("utf-8", "replace")


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(text: str) -> str:
    """Return a text as XML, without the characters that XML can't hold."""
    return escape(_NOT_XML.sub(" ", text))


def _from_tags(path: Path) -> dict[str, Any] | None:
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        with contextlib.suppress(ValueError):
            for kind, body, after in _boxes(file, end):
                if kind != b"uuid" or not 16 < after - body < _MOST:
                    continue
                file.seek(body)
                data = file.read(after - body)
                if data[:16] == _XMP and (found := _read_packet(data[16:])):
                    return found
    return None


def _read_packet(packet: bytes) -> dict[str, Any] | None:
    if b"<!" in packet:  # a declaration, which no XMP has: entities could grow without end
        return None
    try:
        found = ElementTree.fromstring(packet).find(f".//{{{_OURS}}}provenance")  # noqa: S314
        return _ours(json.loads(found.text or "")) if found is not None else None
    except (ElementTree.ParseError, ValueError, RecursionError):
        return None


# -- beside the file -----------------------------------------------------------------------


def sidecar_of(path: Path) -> Path:
    """Return where the JSON of a video is: ``clip.mp4.json`` beside ``clip.mp4``."""
    return path.with_name(f"{path.name}.json")


def write_sidecar(path: Path, said: dict[str, Any]) -> None:
    """Write it beside a video, whole or not at all; a file that is not ours stays.

    Raises
    ------
    OSError
        If it can't be written.
    """
    target = sidecar_of(path)
    if os.path.lexists(target) and not is_ours(target):
        raise FileExistsError(f"{target.name} is another file")
    part = target.with_name(f".{target.name}.part")
    try:
        text = json.dumps(said, indent=2, ensure_ascii=False) + "\n"
        part.write_text(text, encoding="utf-8", errors="backslashreplace")  # as JSON escapes
        part.replace(target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def is_ours(sidecar: Path) -> bool:
    """Whether a file is a sidecar that this package wrote."""
    return _from_sidecar(sidecar) is not None


def _from_sidecar(sidecar: Path) -> dict[str, Any] | None:
    try:
        with sidecar.open("rb") as file:
            return _ours(json.loads(file.read(_MOST)))
    except (OSError, ValueError, RecursionError):
        return None


def _ours(said: Any) -> dict[str, Any] | None:
    known = isinstance(said, dict) and str(said.get("made_with", "")).startswith("wan_magic ")
    return said if known else None


# -- both ----------------------------------------------------------------------------------


def provenance(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return how a clip was made, as its file says it, else the JSON beside it.

    Parameters
    ----------
    path : path-like
        An MP4 that this package fetched, wherever it was moved.

    Returns
    -------
    dict
        ``made_with``, ``made`` (ISO 8601), ``preview``, ``task_id``; then as it was sent:
        ``model``, ``input`` (prompt, names of inputs), ``parameters`` (seed...);
        ``actual_prompt`` where the server rewrote it. Empty where nothing is known.

    Raises
    ------
    InputError
        If there is no such file.

    Examples
    --------
    >>> wan_magic.provenance("cat-0385dc79.mp4")["input"]["prompt"]  # doctest: +SKIP
    'A cat runs through tall grass'
    """
    file = Path(path).expanduser()
    try:
        return _from_tags(file) or _from_sidecar(sidecar_of(file)) or {}
    except OSError as exc:
        raise InputError(
            f"cannot read {file}: {exc.strerror or exc}", hint="give the path of an MP4"
        ) from exc
