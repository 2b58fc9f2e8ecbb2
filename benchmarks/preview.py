"""How fast the preview engine renders on one core, beside the bare encoder.

    python benchmarks/preview.py [RUNS]

Two clips with sound: "image" glides over a picture, "text" draws its own from the prompt.
The peer encodes as many frames of one still picture with the same encoder at its plain
"veryfast" preset, in the same run, taking turns. The claim: a 480P clip renders faster
than it plays. It exits with an error when the best run of either does not.
"""

from __future__ import annotations

import io
import os
import statistics
import sys
import tempfile
import time
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import av
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).parents[1]))

from wan_magic.server.engines import RenderSpec, Source
from wan_magic.server.engines.preview import render
from wan_magic.wan.catalog import FPS, TIER_AREA, output_size

SECONDS = 5
CAT = Path(__file__).parents[1] / "notebooks" / "cat.jpg"


def preview(size: tuple[int, int], path: Path, *, drawn: bool) -> None:
    """Render the quickstart's clip, or one drawn from a prompt with much to draw."""
    spec = RenderSpec(
        model="wan2.5-t2v-preview" if drawn else "wan2.5-i2v-preview",
        kind="t2v" if drawn else "i2v",
        inputs=() if drawn else (Source(role="image", media="image", path=CAT),),
        width=size[0],
        height=size[1],
        seconds=SECONDS,
        prompt="A boat on the sea at sunset, the camera pans right."
        if drawn
        else "A cat runs through tall grass, the camera follows low.",
        seed=7,
        sound=True,
    )
    render(spec, path, should_stop=lambda: False)


def bare(size: tuple[int, int], path: Path) -> None:
    """Encode a still picture as often as the clip has frames."""
    picture = Image.open(io.BytesIO(CAT.read_bytes())).convert("RGB").resize(size)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        for index in range(SECONDS * FPS):
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode())


def main() -> int:
    """Measure, print the table, and return 1 when a 480P clip is slower than it plays."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    makers: dict[str, Callable[[tuple[int, int], Path], None]] = {
        "image": partial(preview, drawn=False),
        "text": partial(preview, drawn=True),
        "bare": bare,
    }
    slow = False
    print(f"{SECONDS} s of video on one core, best (median) of {runs} runs each, taking turns")
    print(f"{'size':<12}" + "".join(f"{name:>18}" for name in makers))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        for tier in TIER_AREA:
            size = output_size(1280, 720, tier)
            times: dict[str, list[float]] = {name: [] for name in makers}
            for _ in range(runs):
                for name, make in makers.items():
                    start = time.perf_counter()
                    make(size, path)
                    times[name].append(time.perf_counter() - start)
            cells = (f"{min(t):.2f} ({statistics.median(t):.2f}) s" for t in times.values())
            print(f"{size[0]}×{size[1]:<7}" + "".join(f"{cell:>18}" for cell in cells), flush=True)
            if tier == "480P":
                slow = max(min(times["image"]), min(times["text"])) >= SECONDS
    return int(slow)


if __name__ == "__main__":
    raise SystemExit(main())
