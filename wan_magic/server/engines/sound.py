"""The preview's sound track: the given sound, or a quiet pad drawn from the seed."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from wan_magic.server.engines.camera import rng_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATE = 48_000
"""Samples a second of every sound track."""
BLOCK = 1024
"""Samples in one AAC frame."""
_PAD_RATE = 8_000
_LOOP_SECONDS = 4
_LEVEL = 10 ** (-26 / 20) * 32767
# Chords in hertz that fit a four-second loop: each is a multiple of a quarter hertz.
_CHORDS = (
    (110.0, 164.75, 220.0, 277.25, 329.75),
    (98.0, 146.75, 196.0, 246.75, 293.75),
    (130.75, 196.0, 261.75, 329.75, 392.0),
    (87.25, 130.75, 174.5, 220.0, 261.75),
    (103.75, 155.5, 207.75, 261.75, 311.25),
)


def given(path: Path, samples: int) -> bytes:
    """Return a file's sound as 16-bit stereo, cut or filled with silence.

    Parameters
    ----------
    path : pathlib.Path
        A sound file, or a video; one without sound is silent.
    samples : int
        Samples wanted, at `RATE`.
    """
    out = bytearray()
    wanted = samples * 4
    with av.open(str(path), "r") as source:
        if not source.streams.audio:
            return bytes(wanted)
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
        for frame in source.decode(audio=0):
            out += _packed(resampler.resample(frame))
            if len(out) >= wanted:
                break
        else:
            out += _packed(resampler.resample(None))
    return bytes(out[:wanted].ljust(wanted, b"\0"))


def pad(seed: int, words: str, samples: int) -> bytes:
    """Return a soft chord as 16-bit stereo at -26 dBFS, faded in and out.

    Parameters
    ----------
    seed, words : int, str
        The same ones always sound the same.
    samples : int
        Samples wanted, at `RATE`.
    """
    rng = rng_for(seed, words, "sound")
    chord = rng.choice(_CHORDS)
    size = _PAD_RATE * _LOOP_SECONDS
    left, right = [0.0] * size, [0.0] * size
    for index, note in enumerate(chord):
        # Each note swells at its own moment and leans to its own side.
        loud, phase, lean = 0.75**index, rng.uniform(0, math.tau), rng.uniform(0.3, 0.7)
        step = math.tau * note / _PAD_RATE
        swell = math.tau * rng.choice((1, 2)) / size
        for i in range(size):
            value = loud * math.sin(step * i) * (0.7 + 0.3 * math.sin(swell * i + phase))
            left[i] += value * lean
            right[i] += value * (1 - lean)
    power = sum(v * v for v in left) + sum(v * v for v in right)
    gain = _LEVEL / math.sqrt(power / (2 * size))
    loop = array("h", [0]) * (2 * size)
    loop[0::2] = array("h", [round(v * gain) for v in left])
    loop[1::2] = array("h", [round(v * gain) for v in right])
    times = samples // (RATE * _LOOP_SECONDS) + 2
    return _fade(_resampled(loop.tobytes() * times, samples))


def _resampled(pcm: bytes, samples: int) -> bytes:
    frame = av.AudioFrame(format="s16", layout="stereo", samples=len(pcm) // 4)
    frame.sample_rate = _PAD_RATE
    frame.planes[0].update(pcm)
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    return _packed(resampler.resample(frame))[: samples * 4]


def _fade(pcm: bytes) -> bytes:
    values = array("h", pcm)
    pairs = len(values) // 2
    length = min(RATE // 2, pairs // 4)
    for i in range(length):
        k = (1 - math.cos(math.pi * i / length)) / 2
        for at in (2 * i, 2 * i + 1, -2 * i - 1, -2 * i - 2):
            values[at] = round(values[at] * k)
    return values.tobytes()


def _packed(frames: list[av.AudioFrame]) -> bytes:
    # A plane may be longer than its samples: the codec likes round sizes.
    return b"".join(bytes(frame.planes[0])[: frame.samples * 4] for frame in frames)


def blocks(pcm: bytes) -> Iterator[av.AudioFrame]:
    """Yield frames of at most `BLOCK` samples, with their times set."""
    for start in range(0, len(pcm) // 4, BLOCK):
        part = pcm[start * 4 : (start + BLOCK) * 4]
        frame = av.AudioFrame(format="s16", layout="stereo", samples=len(part) // 4)
        frame.sample_rate = RATE
        frame.pts = start
        frame.time_base = Fraction(1, RATE)
        room = frame.planes[0].buffer_size
        frame.planes[0].update(part.ljust(room, b"\0"))
        yield frame
