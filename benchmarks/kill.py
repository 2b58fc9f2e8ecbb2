"""Kernels are killed with SIGKILL at random points of many jobs: what is lost, what is paid twice?

    python benchmarks/kill.py [--lifecycles N] [--seed N]

A lifecycle is one request: one kernel, or two at once, submit it, poll, download and name its
clip, and are killed on the way: right before or after a chosen step, while the server works on
the call and its answer is lost, or at any time. Others resume what is left, or run the cell
again, and may be killed, too, until one is left alone. All lifecycles share one ledger, three at
a time. Then the server's tasks, the ledger and the folder are compared.

One lifecycle in twenty runs its cells in Jupyter kernels; the others are plain Python processes
that make the same calls, since those start sooner. In all of them the waits that last minutes
are cut to seconds (tests/kill_child.py says which), and one disk in seven knows no hard links.

It exits with an error if anything was lost, paid twice, or is corrupt.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from killing import KINDS, PHASES, Figures, Lab


def table(figures: Figures) -> str:
    """Return the figures as lines of text."""
    killed = sum(figures.killed.values())
    lines = [
        f"{figures.lifecycles} lifecycles, seed {figures.seed}: {figures.seconds:.0f} s",
        f"{figures.jupyter:>6}  in Jupyter kernels",
        f"{figures.kernels:>6}  kernels, {killed} killed",
        *(f"{figures.killed[phase]:>10}  {phase}" for phase in PHASES),
        f"{figures.together:>6}  times two kernels at once on the same request",
        f"{figures.taken_over:>6}  jobs taken over from a killed kernel",
    ]
    lines += [f"{count:>6}  times told: {said}" for said, count in figures.said.items()]
    lines.append("")
    for kind, words in KINDS.items():
        lines.append(f"{sum(one == kind for one, _ in figures.problems):>6}  {words}")
    return "\n".join(lines)


def main() -> int:
    """Live, die, check; print the table, and return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description="Kill kernels and see what is lost.")
    parser.add_argument("--lifecycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    given = parser.parse_args()
    print(f"seed {given.seed}; a dot for each lifecycle", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="wan-kill-") as folder,
        Lab(Path(folder), given.seed) as lab,
    ):
        lab.live(
            given.lifecycles,
            jupyter=given.lifecycles // 20,
            each=lambda: print(".", end="", flush=True),
        )
        problems = lab.check()
    print("", table(lab.figures), "", sep="\n")
    for kind, text in problems:
        print(f"{kind}: {text}")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
