"""What `%load_ext wan_magic` costs in a bare IPython, beside `%load_ext sql` (jupysql).

Each run is a fresh process with nothing but IPython's shell in it. The two take turns,
so that both see the same load of the machine, and the first run of each is left out: it
may have to compile byte code and fill the disk's cache.

    python benchmarks/load_ext.py [RUNS]

It exits with an error when the best run of ours takes 10 ms or more.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

LIMIT_MS = 10.0
EXTENSIONS = ("wan_magic", "sql")
CODE = """
import sys, time
from traitlets.config import Config
from IPython.core.interactiveshell import InteractiveShell
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
before = len(sys.modules)
start = time.perf_counter()
shell.run_line_magic("load_ext", sys.argv[1])
milliseconds = (time.perf_counter() - start) * 1000
assert shell.find_line_magic({"wan_magic": "wanvideo", "sql": "sql"}[sys.argv[1]])
print("\\nRESULT", milliseconds, len(sys.modules) - before)
"""


def measure(extension: str) -> tuple[float, int] | None:
    """Return the milliseconds of one load and the modules it imported; None if it can't."""
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE, extension],
        # Whoever installs it has byte code.
        env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if done.returncode or not rows:
        return None
    return float(rows[-1][1]), int(rows[-1][2])


def main() -> int:
    """Measure, print the table, and return 1 when ours is over its limit."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    results: dict[str, list[tuple[float, int]]] = {name: [] for name in EXTENSIONS}
    for number in range(runs + 1):
        for name in EXTENSIONS:
            result = measure(name)
            if result is not None and number:
                results[name].append(result)
    print(f"%load_ext in a bare IPython, {runs} fresh processes each, taking turns")
    print(f"{'extension':<12}{'best':>10}{'median':>10}{'modules':>10}")
    best = {}
    for name, rows in results.items():
        if not rows:
            print(f"{name:<12}{'not installed' if name == 'sql' else 'failed':>30}")
            continue
        times = [milliseconds for milliseconds, _ in rows]
        best[name] = min(times)
        median = statistics.median(times)
        print(f"{name:<12}{min(times):>7.1f} ms{median:>7.1f} ms{rows[0][1]:>10}")
    if "wan_magic" not in best:
        return 1
    if "sql" in best:
        print(
            f"ratio of the best runs: sql takes {best['sql'] / best['wan_magic']:.0f} times as long"
        )
    print(f"limit for wan_magic: {LIMIT_MS:g} ms")
    return int(best["wan_magic"] >= LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
