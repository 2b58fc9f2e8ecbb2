"""How fast the preview engine renders on one core, beside the bare encoder.

    python benchmarks/preview.py [RUNS]

The peer encodes as many frames of one still picture with the same encoder at its plain
"veryfast" preset, in the same run, taking turns. The claim: a 480P clip renders faster
than it plays. It exits with an error when the best run does not.
"""

from __future__ import annotations

import io
import os
import statistics
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from wan_magic.server.engines import RenderSpec
from wan_magic.server.engines.preview import render
from wan_magic.wan.catalog import FPS, TIER_AREA, output_size

SECONDS = 5
CAT = Path(__file__).parents[1] / "notebooks" / "cat.jpg"


def preview(size: tuple[int, int], path: Path) -> None:
    """Render the quickstart's clip, with sound."""
    spec = RenderSpec(
        model="wan2.5-i2v-preview",
        image=CAT.read_bytes(),
        width=size[0],
        height=size[1],
        seconds=SECONDS,
        prompt="A cat runs through tall grass, the camera follows low.",
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
    best = {}
    print(f"{SECONDS} s of video on one core, {runs} runs each, taking turns")
    print(f"{'size':<12}{'preview best':>14}{'median':>9}{'of its length':>15}{'bare encoder':>14}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        for tier in TIER_AREA:
            size = output_size(1280, 720, tier)
            times: dict[str, list[float]] = {"preview": [], "bare": []}
            for _ in range(runs):
                for name, make in (("preview", preview), ("bare", bare)):
                    start = time.perf_counter()
                    make(size, path)
                    times[name].append(time.perf_counter() - start)
            best[tier] = min(times["preview"])
            print(
                f"{size[0]}×{size[1]:<7}{best[tier]:>12.2f} s"
                f"{statistics.median(times['preview']):>7.2f} s"
                f"{best[tier] / SECONDS:>15.2f}{min(times['bare']):>12.2f} s"
            )
    return int(best["480P"] >= SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
