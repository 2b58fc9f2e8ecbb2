"""The commands of ``wan-magic`` that set a machine up: login, logout, doctor, enable, disable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.cli.jobs import in_a_terminal

if TYPE_CHECKING:
    import argparse


def add_commands(commands: Any) -> None:
    """Add the commands to the parser's."""
    login = commands.add_parser(
        "login", help="ask for the key, hidden; check it at no cost; keep it in the keyring"
    )
    login.set_defaults(run=_login)
    logout = commands.add_parser("logout", help="forget the key of a login, or all of them")
    logout.set_defaults(run=_logout)
    doctor = commands.add_parser("doctor", help="say what is wrong with this installation")
    doctor.set_defaults(run=_doctor)
    doctor.add_argument("--offline", action="store_true", help="ask nobody on the network")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.add_argument("--out", metavar="DIR", help="folder for clips")
    for parser in (login, logout, doctor):
        parser.add_argument("--endpoint", help="a region, a gateway, or a base URL")
    for parser in (login, doctor):
        parser.add_argument("--workspace", metavar="ID", help="of the region's own host")
    for name, run, told in (
        ("enable", _enable, "let %%%%wanvideo work in each new kernel, without %%load_ext"),
        ("disable", _disable, "take back what enable did"),
    ):
        parser = commands.add_parser(name, help=told)
        parser.add_argument("--profile", default="default", help="of IPython; default: default")
        parser.set_defaults(run=run)


def _login(options: argparse.Namespace) -> None:
    from wan_magic.settings import from_environment
    from wan_magic.setup.login import asked_or_piped, log_in

    given = {name: getattr(options, name) for name in ("endpoint", "workspace")}
    settings = from_environment().override(**given)
    print(in_a_terminal(log_in(settings, asked_or_piped, in_kernel=False)))


def _logout(options: argparse.Namespace) -> None:
    from wan_magic.settings import from_environment
    from wan_magic.setup.login import log_out

    print(in_a_terminal(log_out(from_environment(), options.endpoint)))


def _doctor(options: argparse.Namespace) -> int:
    from wan_magic.notebook.enabling import enabled_by
    from wan_magic.notebook.frontend import front_end_of
    from wan_magic.settings import from_environment
    from wan_magic.setup.doctor import examine

    given = {name: getattr(options, name) for name in ("endpoint", "workspace", "out")}
    report = examine(
        lambda: from_environment().override(**given),
        front_end=front_end_of(None),
        online=not options.offline,
        is_enabled=enabled_by,
    )
    print(report.to_json() if options.json else in_a_terminal(report))
    return 1 if report.problems else 0


def _enable(options: argparse.Namespace) -> None:
    from wan_magic.notebook.enabling import enable

    print(enable(options.profile))


def _disable(options: argparse.Namespace) -> None:
    from wan_magic.notebook.enabling import disable

    print(disable(options.profile))
