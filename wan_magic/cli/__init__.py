"""The ``wan-magic`` command: demo, serve, generate, what looks after jobs, and what sets up."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wan_magic import __version__
from wan_magic.cli import setup as cli_setup
from wan_magic.cli.jobs import add_commands, generate, in_a_terminal
from wan_magic.errors import InputError, WanError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, default ``sys.argv[1:]``

    Returns
    -------
    int
        0 when all went well, 1 for an error (said on stderr), 130 for Ctrl-C.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        if given[:1] == ["generate"]:
            generate(given[1:])
            return 0
        parser, commands = _parser()
        _check_command(given, commands)
        options = parser.parse_args(given)
        return options.run(options) or 0
    except WanError as exc:
        print(in_a_terminal(f"wan-magic: {exc}"), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _check_command(given: Sequence[str], known: Collection[str]) -> None:
    """Refuse a word that is no command, with the nearest one."""
    from wan_magic.settings.config_values import nearest

    for word in given[:1]:
        if not word.startswith("-") and word not in known:
            hint = nearest(word, known) or "wan-magic --help lists them"
            raise InputError(f"{word} is no command of wan-magic", hint=hint)


def _parser() -> tuple[argparse.ArgumentParser, Collection[str]]:
    """Return the parser, and the names of the commands."""
    parser = argparse.ArgumentParser(
        prog="wan-magic", description="Generate video from a notebook cell."
    )
    parser.add_argument("--version", action="version", version=f"wan-magic {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser(
        "demo", help="make a video with the quickstart notebook: no key, no cost"
    )
    demo.add_argument(
        "--folder", type=Path, default=Path("wan_demo"), help="where; default ./wan_demo"
    )
    demo.add_argument("--lab", action="store_true", help="open the notebook in JupyterLab")
    demo.set_defaults(run=_demo)
    serve = commands.add_parser("serve", help="serve the Wan API from this machine")
    serve.add_argument("--host", default="127.0.0.1", help="address; default 127.0.0.1")
    serve.add_argument("--port", type=int, default=0, help="port; default 0 takes a free one")
    serve.add_argument("--prefix", default="", help="path before /api/v1, such as /qwen")
    serve.add_argument("--token", help="the only accepted API key; default: any that is not empty")
    serve.add_argument("--workers", type=int, default=2, help="tasks at a time; default 2")
    serve.add_argument(
        "--queue-seconds", type=float, default=0.0, help="shortest wait in the queue, to rehearse"
    )
    serve.add_argument(
        "--run-seconds", type=float, default=0.0, help="shortest run of a task, to rehearse"
    )
    serve.add_argument(
        "--lenient", action="store_true", help="accept wrong parameters and fail the task later"
    )
    serve.add_argument(
        "--documented-rates",
        action="store_true",
        help="refuse calls that come faster than the service's documents allow",
    )
    serve.add_argument(
        "--private-media",
        action="store_true",
        default=None,
        help="fetch inputs from private addresses even where others can reach the server",
    )
    serve.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="do something wrong, to rehearse: submit=CODE, task=CODE, throttle=N, "
        "throttle-queries=N, download-delay=SECONDS, expired-links, truncated, "
        "silent-failure, never-ending",
    )
    serve.set_defaults(run=_serve)
    add_commands(commands)
    cli_setup.add_commands(commands)
    return parser, commands.choices


def _demo(options: argparse.Namespace) -> None:
    from wan_magic.cli.demo import demo

    demo(options.folder, open_lab=options.lab)


def _serve(options: argparse.Namespace) -> None:
    from wan_magic.server import Faults, ServerOptions, serve_forever

    chosen = ServerOptions(
        host=options.host,
        port=options.port,
        token=options.token,
        prefix=options.prefix,
        workers=options.workers,
        queue_seconds=options.queue_seconds,
        run_seconds=options.run_seconds,
        strict_submit=not options.lenient,
        documented_rates=options.documented_rates,
        private_media=options.private_media,
        faults=Faults.read(options.fault),
    )
    serve_forever(chosen, announce=lambda text: print(text, flush=True))
