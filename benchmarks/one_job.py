"""Single jobs: how soon the clip is on disk, and how often the server is asked.

    python benchmarks/one_job.py [--tasks 60]

Tasks of 60 to 300 s, evenly spread, each in an account of its own, so that none helps another:
ours by `wan_magic.submit`, once without and once with twenty such tasks in the ledger, and the
official SDK's `async_call`, `wait`, and requests to fetch the file, as its users do. All run at
once on the same server, in a process for each of the three; it takes five minutes.

The delay is from the server's own end of the task to the file on disk. It exits with an error
when ours has a longer mean delay than the SDK, or asks more often.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local_api import MODEL, run_client, serving, spread

SHORTEST, LONGEST = 60.0, 300.0
PEER = "official SDK"
CLIENTS = ("ours, new", "ours, with history", PEER)


def durations(tasks: int) -> list[float]:
    """Return seconds that are evenly spread."""
    return [SHORTEST + (LONGEST - SHORTEST) * (n + 0.5) / tasks for n in range(tasks)]


def ours(url: str, tasks: int, folder: Path, *, history: bool) -> dict[str, float]:
    """Make all clips with wan_magic; when each was on disk."""
    import wan_magic

    if history:
        remember(url)
    on_disk: dict[str, float] = {}
    jobs = []
    for number, seconds in enumerate(durations(tasks)):
        os.environ["DASHSCOPE_API_KEY"] = f"sk-{'known' if history else 'new'}-{number}"
        job = wan_magic.submit(
            f"{seconds} s", model=MODEL, resolution="720P", endpoint=url, out=folder / "clips"
        )
        jobs.append(job)
        job.on_change(
            lambda job: job.state == "done" and on_disk.setdefault(job.task_id, time.time())
        )
    for job in jobs:
        assert job.result().path.is_file()
    return on_disk


def remember(url: str) -> None:
    """Write earlier tasks of this kind into the ledger, as spread as those to come."""
    from wan_magic.actions.api import build
    from wan_magic.jobs.open_ledgers import ledger_at
    from wan_magic.settings import from_environment
    from wan_magic.wan.account import place_of
    from wan_magic.wan.endpoints import choose

    settings = from_environment().override(endpoint=url)
    endpoint = choose(settings)
    assert endpoint is not None
    request, _ = build("before", model=MODEL, resolution="720P")
    ledger = ledger_at(settings.home)
    accepted = time.time() - 1000
    with ledger.transaction() as connection:
        for number, seconds in enumerate(durations(20)):
            values = {
                "id": f"before-{number}",
                "state": "done",
                "open": 0,
                "place": place_of(endpoint),
                "endpoint": endpoint.name,
                "base_url": endpoint.base_url,
                "model": request.model,
                "tier": request.tier,
                "seconds": request.effective_duration,
                "accepted": accepted,
                "made": accepted + seconds,
            }
            ledger.add(connection, values)


def sdk(url: str, tasks: int, folder: Path) -> dict[str, float]:
    """Make all clips with the official SDK, each in a thread; when each was on disk."""
    import dashscope
    import requests
    from dashscope import VideoSynthesis

    dashscope.base_http_api_url = url
    on_disk: dict[str, float] = {}

    def make(number: int, seconds: float) -> None:
        key = f"sk-sdk-{number}"
        answer = VideoSynthesis.async_call(
            model=MODEL, prompt=f"{seconds} s", resolution="720P", duration=5, api_key=key
        )
        end = VideoSynthesis.wait(answer, api_key=key)
        clip = requests.get(end.output.video_url, timeout=60)
        clip.raise_for_status()
        (folder / f"{number}.mp4").write_bytes(clip.content)
        on_disk[end.output.task_id] = time.time()

    with ThreadPoolExecutor(tasks) as pool:
        list(pool.map(make, range(tasks), durations(tasks)))
    return on_disk


def main() -> int:
    """Measure all three, and return 1 when ours is slower or asks more often."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=60)
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.client:
        name, url = args.client
        if name == PEER:
            said = sdk(url, args.tasks, args.folder)
        else:
            said = ours(url, args.tasks, args.folder, history=name != CLIENTS[0])
        print(json.dumps(said))
        return 0
    with serving(workers=3 * args.tasks, query_rps=20) as api:

        def run(name: str) -> dict[str, float]:
            out = run_client(__file__, "--tasks", args.tasks, "--client", name, api.url)
            return json.loads(out)

        with ThreadPoolExecutor(len(CLIENTS)) as pool:
            results = dict(zip(CLIENTS, pool.map(run, CLIENTS), strict=True))
        _, queries, _ = api.counts()
        ends = api.ended()
    print(f"{args.tasks} tasks of {SHORTEST:g} to {LONGEST:g} s, each in an account of its own")
    figures = {}
    for name, on_disk in results.items():
        delays = [on_disk[task] - ends[task] for task in on_disk]
        asked = statistics.mean(queries[task] for task in on_disk)
        figures[name] = statistics.mean(delays), asked
        print(f"{name:<20}{asked:6.1f} queries for each; on disk {spread(delays)} after the end")
    peer = figures.pop(PEER)
    return int(
        any(
            one >= other for mine in figures.values() for one, other in zip(mine, peer, strict=True)
        )
    )


if __name__ == "__main__":
    sys.exit(main())
