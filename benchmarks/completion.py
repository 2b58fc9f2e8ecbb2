"""How long Tab takes on a magic line, beside IPython's own completion of ``import o``.

Both are asked in the same process, in turns, through the call that a kernel makes; the first
answers, which import what they need, are shown apart. The ledger has 20,000 jobs, the folder 500
files.

    python benchmarks/completion.py [ROUNDS]

It exits with an error when the slowest median of ours takes 50 ms or more.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

LIMIT_MS = 50.0
PEER = "import o|"
LINES = (
    "%%wanvideo --res|",
    "%%wanvideo |",
    "%%wanvideo --model wan2.7-t2v --resolution |",
    "%%wanvideo --model 2.7 --image cat.png --duration |",
    "%%wanvideo --model |",
    "%%wanvideo --image |",
    "%%wanvideo --clip wa|",
    "%%wanvideo --endpoint |",
    "%%wanvideo clip\nA cat runs th|",
    "%wanvideo show |",
    "%wanvideo show 004|",
)


def fill(home: Path, folder: Path) -> None:
    """Make a full ledger and a full folder."""
    from wan_magic.jobs.ledger import Ledger

    ledger = Ledger(home)
    rows = [
        (f"{n:06x}aaaaaa", float(n), "done", n % 997 == 0, f"Prompt {n}", f"/nowhere/{n}.mp4")
        for n in range(20_000)
    ]
    with ledger.transaction() as connection:
        connection.executemany(
            "INSERT INTO jobs (id, created, state, open, prompt, path, endpoint, base_url, model)"
            " VALUES (?, ?, ?, ?, ?, ?, '', '', '')",
            rows,
        )
    ledger.close()
    for number in range(500):
        (folder / f"picture {number}.png").touch()


def main() -> int:
    """Measure, print the table, and return 1 when ours is over its limit."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    from IPython.core.completer import provisionalcompleter
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    warnings.simplefilter("ignore")
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    with tempfile.TemporaryDirectory() as place:
        os.environ["WAN_MAGIC_HOME"] = str(Path(place, "home"))
        folder = Path(place, "work")
        folder.mkdir()
        os.chdir(folder)
        shell.run_line_magic("load_ext", "wan_magic")

        def ask(cell: str) -> tuple[float, int]:
            at, text = cell.index("|"), cell.replace("|", "")
            start = time.perf_counter()
            with provisionalcompleter():
                found = list(shell.Completer.completions(text, at))
            return (time.perf_counter() - start) * 1000, len(found)

        first = {cell: ask(cell)[0] for cell in (LINES[0], PEER)}
        fill(Path(place, "home"), folder)
        times: dict[str, list[float]] = {cell: [] for cell in (PEER, *LINES)}
        offered = {}
        for _ in range(rounds):
            for cell, row in times.items():
                milliseconds, offered[cell] = ask(cell)
                row.append(milliseconds)
        os.chdir("/")
    peer = statistics.median(times[PEER])
    print(
        f"Tab, {rounds} rounds, taking turns; first answers: {first[LINES[0]]:.0f} ms ours,", end=""
    )
    print(f" {first[PEER]:.0f} ms IPython's {PEER!r}")
    print(f"{'line':<56}{'offers':>7}{'median':>10}{'worst':>10}{'peer/ours':>10}")
    slowest = 0.0
    for cell, row in times.items():
        median = statistics.median(row)
        ratio = "" if cell == PEER else f"{peer / median:.0f}"
        print(f"{cell!r:<56}{offered[cell]:>7}{median:>7.1f} ms{max(row):>7.1f} ms{ratio:>10}")
        if cell != PEER:
            slowest = max(slowest, median)
    return int(slowest >= LIMIT_MS)


if __name__ == "__main__":
    raise SystemExit(main())
