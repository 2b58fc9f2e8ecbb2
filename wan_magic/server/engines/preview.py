"""The preview engine: an animatic of the first frame, made without any model.

A real MP4 of the right size, length and sound, with a camera that does what the
prompt asks for, and the word PREVIEW on it. Faster than real time on one core: the
picture is turned into video colour once, and each frame only scales three planes.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from PIL import Image, ImageOps

from wan_magic.server.engines import RenderSpec, Stopped, sound
from wan_magic.server.engines.camera import View, plan
from wan_magic.server.engines.overlay import Sprite, sprites
from wan_magic.wan.catalog import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_OVERSIZE = 1.3
"""How much larger than the clip the picture is kept, so that a zoom stays sharp."""
_OVERSIZE_MAX_PIXELS = 1_200_000
_THREADS = 2
# BT.709 in video range, as players expect of anything untagged that is HD. The rows
# give Y, Cb and Cr from R, G and B.
_YUV = (
    (0.18259, 0.61423, 0.06201, 16.5),
    (-0.10064, -0.33857, 0.43922, 128.5),
    (0.43922, -0.39894, -0.04027, 128.5),
)
_X264 = (
    "colorprim=bt709:transfer=bt709:colormatrix=bt709"
    # A gliding still is easy to predict: a shorter search gives the same bytes (measured
    # within 2 %) for a third less time.
    ":subme=1:trellis=0:me=dia:rc-lookahead=10"
)

Planes = tuple[Image.Image, Image.Image, Image.Image]


def render(spec: RenderSpec, path: Path, *, should_stop: Callable[[], bool]) -> None:
    """Write one clip: H.264 and AAC, exactly ``seconds * fps`` frames.

    Parameters
    ----------
    spec : RenderSpec
        What to make. The same one makes the same file.
    path : pathlib.Path
        Where to write; its parent exists.
    should_stop : callable
        Asked before every frame.

    Raises
    ------
    Stopped
        If told to.
    """
    effect = TEMPLATES.get(spec.template)
    words = spec.template or spec.prompt
    caption = f"{effect.label} · {spec.template}" if effect else words
    source = _source(spec)
    views = plan(
        spec.seed, words, spec.frames, multi_shot=spec.multi_shot and not effect, fps=spec.fps
    )
    over = [
        (_to_planes(s.image.convert("RGB")), _masks(s.image), s)
        for s in sprites(spec.width, spec.height, caption=caption, watermark=spec.watermark)
    ]
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        out.metadata["comment"] = "Preview: an animatic of the first frame, made without a model."
        video = out.add_stream("libx264", rate=spec.fps)
        video.width, video.height, video.pix_fmt = spec.width, spec.height, "yuv420p"
        video.time_base = Fraction(1, spec.fps)
        video.codec_context.thread_count = _THREADS
        video.codec_context.gop_size = 2 * spec.fps
        video.options = {"preset": "veryfast", "crf": "23", "x264-params": _X264}
        audio = out.add_stream("aac", rate=sound.RATE, layout="stereo") if spec.sound else None
        heard = _Track(out, audio, _pcm(spec, words) if spec.sound else b"")
        for index, view in enumerate(views):
            if should_stop():
                raise Stopped
            frame = _frame(source, view, over, spec)
            frame.pts = index
            frame.time_base = Fraction(1, spec.fps)
            out.mux(video.encode(frame))
            # Sound goes in beside its picture, so that a player needs no long buffer.
            heard.write_until((index + 1) * sound.RATE // spec.fps)
        out.mux(video.encode(None))
        heard.close()


class _Track:
    """A sound track that is written piece by piece; silent clips have an empty one."""

    def __init__(
        self, out: av.container.OutputContainer, stream: av.AudioStream | None, pcm: bytes
    ) -> None:
        self._out, self._stream = out, stream
        self._blocks = sound.blocks(pcm)
        self._written = 0
        if stream is not None:
            stream.bit_rate = 128_000

    def write_until(self, sample: int) -> None:
        while self._stream is not None and self._written < sample:
            block = next(self._blocks, None)
            if block is None:
                return
            self._out.mux(self._stream.encode(block))
            self._written += block.samples

    def close(self) -> None:
        if self._stream is not None:
            self._out.mux(self._stream.encode(None))


def _pcm(spec: RenderSpec, words: str) -> bytes:
    samples = spec.seconds * sound.RATE
    if spec.audio is not None:
        return sound.given(spec.audio, samples)
    return sound.pad(spec.seed, words, samples)


def _source(spec: RenderSpec) -> Planes:
    """Return the first frame as Y, Cb and Cr planes, a little larger than the clip."""
    with Image.open(io.BytesIO(spec.image)) as opened:
        image = ImageOps.exif_transpose(opened).convert("RGB")
    # Room for the zoom, but never more than the picture has: its own pixels suffice.
    # In a 1080P clip nobody sees the difference, and it would cost a third more time.
    most = _OVERSIZE if spec.width * spec.height <= _OVERSIZE_MAX_PIXELS else 1.0
    scale = min(max(image.width / spec.width, 1.0), most)
    size = (round(spec.width * scale / 2) * 2, round(spec.height * scale / 2) * 2)
    return _to_planes(ImageOps.fit(image, size, Image.Resampling.LANCZOS))


def _to_planes(image: Image.Image) -> Planes:
    half = (image.width // 2, image.height // 2)
    y, cb, cr = (image.convert("L", row) for row in _YUV)
    box = Image.Resampling.BOX
    return y, cb.resize(half, box), cr.resize(half, box)


def _masks(image: Image.Image) -> tuple[Image.Image, Image.Image]:
    alpha = image.getchannel("A")
    half = (image.width // 2, image.height // 2)
    return alpha, alpha.resize(half, Image.Resampling.BOX)


def _frame(
    source: Planes,
    view: View,
    over: list[tuple[Planes, tuple[Image.Image, Image.Image], Sprite]],
    spec: RenderSpec,
) -> av.VideoFrame:
    frame = av.VideoFrame(spec.width, spec.height, "yuv420p")
    for index, plane in enumerate(frame.planes):
        part = 1 if index == 0 else 2
        size = (spec.width // part, spec.height // part)
        picture = source[index].resize(
            size, Image.Resampling.BILINEAR, box=view.box(*source[index].size)
        )
        for planes, masks, sprite in over:
            at = (sprite.x // part, sprite.y // part)
            picture.paste(planes[index], at, masks[min(index, 1)])
        if plane.line_size != size[0]:
            # Some sizes are padded to whole vectors; the rest of the line is never seen.
            picture = picture.crop((0, 0, plane.line_size, size[1]))
        plane.update(picture.tobytes())
    return frame
