"""A thousand jobs at once, beside the official SDK in threads.

    python benchmarks/many_jobs.py [--jobs 1000] [--seconds 240] [--only ours|sdk]
    python benchmarks/many_jobs.py --concurrent 25 --seconds 8

A fresh process submits them all to the local server, which has the documented limits (5
submits a second for a model, 20 queries a second for an account) and runs in a process of its
own; so does each task, for `--seconds`, which is longer than the submits take, so that all of
them are live at once. Ours is `wan_magic.submit` in a loop. The SDK's users have to keep to the
limits themselves: here one thread submits five a second, and again after a 429; then each task
has a thread with `wait()`, which is called again five seconds after a 429 ended it, and the
file is fetched with requests. Both run after another, each with a server of its own.

With `--concurrent` the server runs no more tasks than that at once. Ours knows from the config
file, and keeps the others in its line; the SDK's wait at the server.

Times are from the server's own end of the task: to the moment when the client knows, and to
the file on disk. It exits with an error when ours misses its targets, below.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from local_api import KEY, MODEL, Api, Load, run_client, serving, spread

NOTICE = 5.0
"""Seconds: the median of what may pass between the server's end and ours."""
MEMORY_MB = 200.0
CPU = 0.2
"""Of a core, while all are live and wait."""
THROTTLED = 0.01
"""429 for each job: a few may be, a loop may not."""


def ours(url: str, jobs: int, folder: Path) -> dict[str, Any]:  # noqa: ARG001
    """Submit all with wan_magic, wait for all."""
    import wan_magic

    known: dict[str, float] = {}
    on_disk: dict[str, float] = {}
    accepted: list[float] = []

    def changed(job: wan_magic.Job) -> None:
        if job.state == "queued":
            accepted.append(time.time())
        if job.state in ("downloading", "done"):
            known.setdefault(job.task_id, time.time())
        if job.state == "done":
            on_disk[job.task_id] = time.time()

    load = Load()
    began = time.perf_counter(), time.process_time()
    made = []
    for number in range(jobs):
        job = wan_magic.submit(
            f"clip {number}",
            model=MODEL,
            resolution="720P",
            endpoint="bench",
            out=folder / "clips",
        )
        job.on_change(changed)
        made.append(job)
    took = time.perf_counter() - began[0], time.process_time() - began[1]
    failed = defaultdict(int)
    for job in made:
        try:
            assert job.result().path.is_file()
        except wan_magic.WanError as exc:
            failed[f"{type(exc).__name__}: {exc.message}"] += 1
    return report(load, known, on_disk, accepted, failed) | {"submit loop": took}


def sdk(url: str, jobs: int, folder: Path) -> dict[str, Any]:
    """Submit all with the official SDK, wait for each in a thread of its own."""
    import dashscope
    import requests
    from dashscope import VideoSynthesis

    dashscope.base_http_api_url = url
    dashscope.api_key = KEY
    known: dict[str, float] = {}
    on_disk: dict[str, float] = {}
    accepted: list[float] = []
    failed = defaultdict(int)

    def follow(answer: Any) -> None:
        task_id = answer.output.task_id
        while (end := VideoSynthesis.wait(answer)).status_code == 429:
            time.sleep(5)
        if end.status_code != 200 or end.output.task_status != "SUCCEEDED":
            failed[f"{end.status_code} {end.code} {end.message}"] += 1
            return
        known[task_id] = time.time()
        clip = requests.get(end.output.video_url, timeout=60)
        clip.raise_for_status()
        (folder / f"{task_id}.mp4").write_bytes(clip.content)
        on_disk[task_id] = time.time()

    load = Load()
    threads = []
    for number in range(jobs):
        while True:
            answer = VideoSynthesis.async_call(
                model=MODEL, prompt=f"clip {number}", resolution="720P", duration=5
            )
            time.sleep(0.2)
            if answer.status_code != 429:
                break
        if answer.status_code != 200:
            failed[f"{answer.status_code} {answer.code}"] += 1
            continue
        accepted.append(time.time())
        threads.append(threading.Thread(target=follow, args=(answer,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return report(load, known, on_disk, accepted, failed)


def report(
    load: Load,
    known: dict[str, float],
    on_disk: dict[str, float],
    accepted: list[float],
    failed: dict[str, int],
) -> dict[str, Any]:
    """Return what a client knows of itself."""
    return {
        "known": known,
        "on disk": on_disk,
        "failed": failed,
        "memory": load.memory(),
        "submitting": load.share(until=accepted[-1]),
        "waiting": load.share(accepted[-1], min(known.values(), default=0.0)),
        "ending": load.share(min(known.values(), default=0.0)),
        "busiest": load.busiest(),
        "took": time.time() - load.samples[0][0],
        "threads": threading.active_count(),
    }


def show(name: str, said: dict[str, Any], api: Api, jobs: int) -> dict[str, float]:
    """Print what was measured of one client; what the targets are about."""
    answers, _, server_cpu = api.counts()
    ends = api.ended()
    notice = [said["known"][task] - ends[task] for task in said["known"]]
    file = [said["on disk"][task] - ends[task] for task in said["on disk"]]
    refused = sum(count for kind, count in answers.items() if kind.endswith("429"))
    print(f"\n{name}: {len(file)} of {jobs} clips on disk after {said['took']:.0f} s")
    for why, count in said["failed"].items():
        print(f"  {count} failed: {why}")
    print(f"  known    {spread(notice)} after the server's end")
    print(f"  on disk  {spread(file)}")
    print(f"  answers  {', '.join(f'{kind}: {n}' for kind, n in sorted(answers.items()))}")
    print(
        f"  memory   {said['memory']:.0f} MB at most;"
        f" CPU {100 * said['submitting']:.1f} % of a core while submitting,"
        f" {100 * said['waiting']:.1f} % while all wait, {100 * said['ending']:.1f} % while they"
        f" end, {100 * said['busiest']:.1f} % in the busiest 10 s"
    )
    if "submit loop" in said:
        wall, cpu = said["submit loop"]
        print(
            f"  submit() {1000 * wall / jobs:.1f} ms for each job, {1000 * cpu / jobs:.1f} ms CPU"
        )
    print(f"  (the server used {server_cpu:.0f} s of CPU)", flush=True)
    return {
        "done": len(file),
        "notice": statistics.median(notice) if notice else float("inf"),
        "memory": said["memory"],
        "cpu": said["waiting"],
        "refused": refused / jobs,
    }


def main() -> int:
    """Measure both, and return 1 when ours misses a target."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=240.0, help="that each task runs")
    parser.add_argument("--concurrent", type=int, help="tasks that the server runs at once")
    parser.add_argument("--only", choices=("ours", "sdk"))
    parser.add_argument("--client", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("folder", nargs="?", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.client:
        name, url = args.client
        said = {"ours": ours, "sdk": sdk}[name](url, args.jobs, args.folder)
        print(json.dumps(said))
        return 0
    print(
        f"{args.jobs} jobs at once, tasks of {args.seconds:g} s; 5 submits and 20 queries a second"
    )
    figures = {}
    for name in ("ours", "sdk"):
        if args.only in (None, name):
            with serving(
                workers=args.concurrent or args.jobs,
                max_tasks=args.jobs + 10,
                run_seconds=args.seconds,
                submit_rps=5,
                query_rps=20,
            ) as api:
                config = f'[endpoints.bench]\nbase = "{api.url}"\n'
                if args.concurrent:
                    config += f"concurrent = {args.concurrent}\n"
                client = "--jobs", args.jobs, "--client", name, api.url
                out = run_client(__file__, *client, config=config)
                figures[name] = show(name, json.loads(out), api, args.jobs)
    if "ours" not in figures:
        return 0
    ours_ = figures["ours"]
    misses = {
        "all end": ours_["done"] < args.jobs,
        f"median notice {NOTICE:g} s": ours_["notice"] > NOTICE,
        f"memory {MEMORY_MB:g} MB": ours_["memory"] > MEMORY_MB,
        f"CPU {100 * CPU:g} % while waiting": ours_["cpu"] > CPU,
        "no loop of 429": ours_["refused"] > THROTTLED,
    }
    missed = [name for name, is_missed in misses.items() if is_missed]
    print(f"\ntargets: {', '.join(misses)}\nmissed: {', '.join(missed) or 'none'}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
