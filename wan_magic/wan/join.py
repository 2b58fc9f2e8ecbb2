"""Several clips written into one MP4, without decoding them where they are alike.

PyAV is imported where it is used, so that importing this module stays cheap.
"""

from __future__ import annotations

import errno
from contextlib import ExitStack
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.wan.video import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_RATE = 48_000
_BLOCK = 1024
"""Samples of an AAC frame."""
_FASTSTART = {"movflags": "+faststart"}


def join(paths: Sequence[Path], target: Path, *, encode: bool | None = None) -> bool:
    """Write clips one after another into a new MP4, with its index in front.

    Parameters
    ----------
    paths : sequence of Path
        At least one.
    target : Path
        Written over.
    encode : bool, optional
        Whether they are decoded and encoded again; default: only where they are not alike, in
        size, frame rate, codec settings or in whether they have sound. All then have the size
        and rate of the first: others are fitted in, with black bars, and silent ones get silence.
        False refuses those that are not alike.

    Returns
    -------
    bool
        Whether they were encoded again.

    Raises
    ------
    InputError
        If one of them is missing, no video, or does not decode.
    OSError
        If the disk is full.
    """
    differ = len({_traits(path) for path in paths}) > 1
    if encode is False and differ:
        raise InputError(
            "these clips differ in size, frame rate, codec settings or sound",
            hint="let them be encoded again: leave encode out",
        )
    encodes = differ or bool(encode)
    try:
        (_encode if encodes else _copy)(paths, target)
    except InputError as exc:
        full = isinstance(exc.__cause__, OSError) and exc.__cause__.errno == errno.ENOSPC
        raise (exc.__cause__ if full and exc.__cause__ else exc) from None
    return encodes


def _traits(path: Path) -> tuple[Any, ...]:
    """Return what must be equal for packets of different files to stand in one track."""
    with opened(path) as (box, video):
        sounds = box.streams.audio[:1]
        made = video.codec_context
        return (
            (made.name, made.extradata, video.width, video.height, made.pix_fmt),
            (video.average_rate, video.sample_aspect_ratio or 1),
            *(
                (one.codec_context.name, one.codec_context.extradata, one.rate, one.layout.name)
                for one in sounds
            ),
        )


# -- packets as they are ---------------------------------------------------------------------


def _copy(paths: Sequence[Path], target: Path) -> None:
    import av

    with ExitStack() as stack:
        out = stack.enter_context(av.open(str(target), "w", format="mp4", options=_FASTSTART))
        tracks: dict[str, Any] = {}
        begin = Fraction(0)
        for path in paths:
            with opened(path) as (box, video):
                streams = [video, *box.streams.audio[:1]]
                for stream in streams:
                    if stream.type not in tracks:
                        tracks[stream.type] = out.add_stream_from_template(stream)
                zero = (video.start_time or 0) * video.time_base
                end = begin + _length(path, video)
                for packet in box.demux(streams):
                    if packet.dts is None or packet.pts is None:  # the empty one at the end
                        continue
                    at = packet.pts * packet.time_base - zero
                    is_sound = packet.stream.type == "audio"
                    # Sound before its picture primes the decoder, and sound behind it is a
                    # rounding; within a film the next clip's sound would overlap with both.
                    if is_sound and ((begin and at < 0) or begin + at >= end):
                        continue
                    shift = round((begin - zero) / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = tracks[packet.stream.type]
                    out.mux(packet)
                begin = end


def _length(path: Path, video: Any) -> Fraction:
    if video.duration:
        return Fraction(video.duration * video.time_base)
    from wan_magic.wan.video import probe_video

    return Fraction(probe_video(path).duration).limit_denominator(100_000)


# -- decoded and encoded again -----------------------------------------------------------------


def _encode(paths: Sequence[Path], target: Path) -> None:
    import av

    with opened(paths[0]) as (_, first):
        size = (max(first.width // 2 * 2, 2), max(first.height // 2 * 2, 2))
        rate = Fraction(first.average_rate or 30).limit_denominator(1001)
    with ExitStack() as stack:
        out = stack.enter_context(av.open(str(target), "w", format="mp4", options=_FASTSTART))
        track: Any = out.add_stream("libx264", rate=rate)
        track.width, track.height = size
        track.pix_fmt, track.time_base = "yuv420p", 1 / rate
        track.options = {"crf": "18", "preset": "veryfast"}
        sound = _Sound(out) if any(map(_has_sound, paths)) else None
        count = 0
        for path in paths:
            before = count
            for frame in _pictures(path, size, rate):
                frame.pts, frame.time_base = count, 1 / rate
                frame.pict_type = 0  # the encoder chooses its own key frames
                out.mux(track.encode(frame))
                count += 1
            if count == before:
                raise InputError(f"{path.name} has no picture", hint="leave it out")
            if sound is not None:
                sound.add(path, round(count * _RATE / rate))
        out.mux(track.encode(None))
        if sound is not None:
            sound.close()


def _has_sound(path: Path) -> bool:
    with opened(path) as (box, _):
        return bool(box.streams.audio)


def _pictures(path: Path, size: tuple[int, int], rate: Fraction) -> Iterator[Any]:
    """Return a clip's pictures, fitted into a size, so many a second."""
    import av
    from av.filter import Graph

    width, height = size
    with opened(path) as (box, video):
        video.thread_type = "AUTO"
        graph = Graph()
        steps = [
            graph.add_buffer(template=video, time_base=video.time_base),
            graph.add("scale", f"{width}:{height}:force_original_aspect_ratio=decrease"),
            graph.add("pad", f"{width}:{height}:(ow-iw)/2:(oh-ih)/2"),
            graph.add("setsar", "1"),
            graph.add("fps", f"{rate.numerator}/{rate.denominator}"),
            graph.add("format", "yuv420p"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*steps).configure()
        for frame in _and_none(box.decode(video)):
            graph.push(frame)
            while True:
                try:
                    yield graph.pull()
                except (av.BlockingIOError, av.EOFError):
                    break


def _and_none(frames: Iterator[Any]) -> Iterator[Any]:
    yield from frames
    yield None


class _Sound:
    """A sound track in 16-bit stereo, filled up with silence to the length of the pictures."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._stream = out.add_stream("aac", rate=_RATE, layout="stereo")
        self._stream.bit_rate = 160_000
        self._pcm = bytearray()
        self._done = 0

    def add(self, path: Path, until: int) -> None:
        """Add a clip's sound, cut or filled up so that the track has so many samples."""
        room = 4 * until - 4 * self._done - len(self._pcm)
        pcm = b"".join(_samples(path))[:room]
        self._pcm += pcm.ljust(room, b"\0")
        self._write(_BLOCK)

    def close(self) -> None:
        """Write the rest."""
        self._write(1)
        self._out.mux(self._stream.encode(None))

    def _write(self, least: int) -> None:
        import av

        while len(self._pcm) >= 4 * least:
            part = bytes(self._pcm[: 4 * _BLOCK])
            del self._pcm[: 4 * _BLOCK]
            frame = av.AudioFrame(format="s16", layout="stereo", samples=len(part) // 4)
            frame.sample_rate, frame.pts, frame.time_base = _RATE, self._done, Fraction(1, _RATE)
            frame.planes[0].update(part.ljust(frame.planes[0].buffer_size, b"\0"))
            self._out.mux(self._stream.encode(frame))
            self._done += len(part) // 4


def _samples(path: Path) -> Iterator[bytes]:
    import av

    with opened(path) as (box, _):
        if not box.streams.audio:
            return
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=_RATE)
        for frame in _and_none(box.decode(box.streams.audio[0])):
            for made in resampler.resample(frame):
                # A plane may be longer than its samples: the codec likes round sizes.
                yield bytes(made.planes[0])[: made.samples * 4]
