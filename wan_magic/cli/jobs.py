"""The commands of ``wan-magic`` that make clips and look after jobs."""

from __future__ import annotations

import itertools
import re
import sys
from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError, WanError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from wan_magic.jobs.job import Job
    from wan_magic.output.table import Exports

_IN_NOTEBOOKS = ("count", "max_total", "yes", "notify", "embed", "player_width", "loop")
"""Options of the magic that mean nothing here: one clip is made, and none is shown."""
_USAGE = """\
usage: wan-magic generate PROMPT [OPTIONS]

Makes a clip, waits for it, and prints its path; what happens meanwhile goes to stderr.
Without a key it is a preview, at no cost. Files are paths or URLs.
"""


def add_commands(commands: Any) -> None:
    """Add the commands to the parser's."""

    def add(name: str, run: Callable[[argparse.Namespace], int | None], **more: Any) -> Any:
        parser = commands.add_parser(name, **more)
        parser.set_defaults(run=run)
        return parser

    # Its options are read by the reader of the magic line; see `generate`.
    add("generate", lambda _: None, help="make a clip and print its path", add_help=False)

    jobs = add("jobs", _jobs, help="list what was asked for, in all notebooks")
    jobs.add_argument("words", nargs="*", metavar="WORDS", help="that must all be found in it")
    jobs.add_argument("--state", help="done, failed, running...; open: to be fetched")
    jobs.add_argument("--model", help="a part of its name")
    jobs.add_argument("--notebook", help="a part of its name")
    jobs.add_argument("--sort", default="created", help="created, cost, seconds, model or state")
    jobs.add_argument("--limit", type=int, metavar="N", help="so many at most")
    cost = add("cost", _cost, help="what all jobs cost")
    cost.add_argument("by", nargs="?", default="day", help="day, month, model or notebook")
    config = add("config", _config, help="each default, and where it is set")
    config.add_argument("--preset", metavar="NAME", help="with the values of this preset")
    for table in (jobs, cost):
        table.add_argument("--since", metavar="WHEN", help="7d, 12h, today, 2026-11-01")
    for table in (jobs, cost, config):
        form = table.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print JSON")
        form.add_argument("--csv", action="store_true", help="print CSV")

    show = add("show", _show, help="what is known of a job, and where its clip is")
    show.add_argument("id", metavar="ID", help=_ID)
    resume = add("resume", _resume, help="fetch what was left, and print the paths")
    resume.add_argument("id", metavar="ID", nargs="?", help=f"{_ID}; default: all that were left")
    resume.add_argument("--endpoint", help="default: as it was sent")
    resume.add_argument("--workspace", metavar="ID", help="default: as it was sent")
    resume.add_argument("--out", metavar="DIR", help="folder for clips; default: as it was sent")
    resume.add_argument("--timeout", type=float, metavar="SECONDS", help="default 10800")
    wait = add("wait", _wait, help="wait for jobs, and print the paths")
    wait.add_argument("ids", metavar="ID", nargs="*", help=f"{_ID}; default: all that are open")
    wait.add_argument("--timeout", type=float, metavar="SECONDS", help="for all of them together")
    cancel = add("cancel", _cancel, help="cancel a job that still waits")
    cancel.add_argument("id", metavar="ID", help=_ID)
    forget = add("forget", _forget, help="take a job off the list")
    forget.add_argument("id", metavar="ID", help=_ID)
    forget.add_argument("--files", action="store_true", help="delete its clip, too")
    forget.add_argument("--force", action="store_true", help="also if it runs or is to be fetched")


_ID = "id of the job or its task, or 4 characters of it"
_HERE_TOO = "jobs|show|resume|wait|cancel|forget|cost|config|login|logout|doctor"
_MAGIC = re.compile(rf"(?<!%)%wanvideo(?= (?:{_HERE_TOO})\b|$)")


def in_a_terminal(text: object) -> str:
    """Return a text that names subcommands of the magic as the commands that they are here."""
    return _MAGIC.sub("wan-magic", str(text).replace("%wanvideo help lists", "--help lists"))


# -- lists ---------------------------------------------------------------------------------


def _jobs(options: argparse.Namespace) -> None:
    from wan_magic.actions import library

    names = ("state", "model", "notebook", "since", "sort", "limit")
    chosen = {name: getattr(options, name) for name in names}
    _print_table(library.list_jobs(" ".join(options.words), **chosen), options)


def _cost(options: argparse.Namespace) -> None:
    from wan_magic.actions import library

    _print_table(library.cost(options.by, options.since), options)


def _config(options: argparse.Namespace) -> None:
    from wan_magic.settings import from_environment
    from wan_magic.settings.configured import configured

    _print_table(configured(from_environment().override(preset=options.preset)), options)


def _print_table(table: Exports, options: argparse.Namespace) -> None:
    if options.json:
        print(table.to_json(), end="")
    elif options.csv:
        print(table.to_csv(), end="")
    else:
        print(in_a_terminal(table))


# -- one job ---------------------------------------------------------------------------------


def _show(options: argparse.Namespace) -> None:
    from wan_magic.actions import library
    from wan_magic.output.history import JobTable
    from wan_magic.output.table import one_line

    (row,) = JobTable([library.entry(options.id)]).to_dicts()
    for name, value in row.items():
        if value not in (None, "", False) and name != "path":
            print(f"{name + ':':<12} {one_line(str(value))}")
    if row["path"]:
        print(row["path"])


def _resume(options: argparse.Namespace) -> int:
    from wan_magic.actions import handling

    given = {name: getattr(options, name) for name in ("endpoint", "workspace", "out", "timeout")}
    if options.id is not None:
        return _paths([handling.resume(options.id, **given)])
    jobs = handling.resume(**given)
    if not jobs:
        print("nothing is left to be fetched", file=sys.stderr)
    return _paths(jobs)


def _wait(options: argparse.Namespace) -> int:
    from wan_magic.actions import handling, library

    ids = options.ids
    if not ids:  # what surely brings nothing, or is another kernel's preview, is left out
        table = library.list_jobs(state="open")
        ids = [one.id for one in table if not one.is_preview and table.standing(one) != "lost"]
        if not ids:
            print("nothing to wait for", file=sys.stderr)
    return _paths([handling.show(one) for one in ids], options.timeout)


def _paths(jobs: list[Job], timeout: float | None = None) -> int:
    """Wait for each job and print its path, or why there is none; 1 if one brought none."""
    import time

    end = None if timeout is None else time.monotonic() + timeout
    status = 0
    for job in jobs:
        try:
            clip = job.result(None if end is None else max(end - time.monotonic(), 0.0))
        except WanError as exc:
            print(in_a_terminal(f"wan-magic: job {job.id}: {exc}"), file=sys.stderr)
            status = 1
        else:
            print(clip.path, flush=True)
    return status


def _cancel(options: argparse.Namespace) -> None:
    from wan_magic.actions import handling

    print(in_a_terminal(handling.cancel(options.id)))


def _forget(options: argparse.Namespace) -> None:
    from wan_magic.actions import handling

    print(handling.forget(options.id, files=options.files, force=options.force))


# -- a new one --------------------------------------------------------------------------------


def generate(argv: Sequence[str]) -> None:
    """Make a clip as the magic does, from the same table of options.

    Raises
    ------
    WanError
        If that can't be, or if it failed.
    """
    from wan_magic.actions import api, launch
    from wan_magic.notebook import terminal
    from wan_magic.notebook.options import BY_NAME, GROUPS, OPTIONS, option_rows
    from wan_magic.notebook.parsing import read
    from wan_magic.settings import from_environment
    from wan_magic.settings.run import split_off

    if {"-h", "--help"} & set(argv):
        table = [option for option in OPTIONS if option.name not in _IN_NOTEBOOKS]
        groups = [("", name, *option_rows(group, table)) for group, name in GROUPS.items()]
        print("\n".join([_USAGE.rstrip(), *itertools.chain(*groups)]))
        return
    words, options = read(list(argv))
    for name in _IN_NOTEBOOKS:
        if name in options:
            raise InputError(
                f"{BY_NAME[name].flag} is for notebooks: here one clip is made, and none shown",
                hint="leave it out; %%wanvideo and wan_magic.map make several",
            )
    if len(words) > 1:
        raise InputError(
            f"unexpected {words[1]!r}", hint="put the prompt into quotes, as one argument"
        )
    run = split_off(options)
    dry_run, fresh = options.pop("dry_run", False), options.pop("fresh", False)
    options.pop("wait", None)  # it always waits
    settings = from_environment().override(**run)
    prompt = str(words[0]) if words else ""
    request, notes = api.build(
        prompt, region=api.region_of(settings), wishes=settings.wishes, **options
    )
    if dry_run:
        from wan_magic.notebook.dry_run import print_dry_run

        print_dry_run(request, settings, notes)
        return
    job = launch.start(request, settings, notes, fresh=fresh)
    try:
        clip = terminal.follow(job, sys.stderr)
    except KeyboardInterrupt:
        if job.task_id:
            print(f"wan-magic resume {job.task_id} picks it up", file=sys.stderr)
        raise
    print(clip.path)
