"""What the subcommands of ``%wanvideo`` do; `wan_magic.notebook.commands` is their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.actions import handling, library, resuming
from wan_magic.errors import InputError
from wan_magic.notebook.commands import BY_COMMAND, words_and_options
from wan_magic.notebook.parsing import checked_name
from wan_magic.notebook.views import follow, view

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.notebook.magics import WanMagics


_ID_AND_NAME = 2


def run(magics: WanMagics, name: str, rest: str, namespace: dict[str, Any]) -> Any:
    """Run a subcommand; its value is that of the cell.

    Parameters
    ----------
    magics : WanMagics
        For the shell and the settings.
    name, rest : str
        The subcommand, and the line after it.
    namespace : dict
        The user's variables.
    """
    if name == "models":  # its words may look like options
        return _models(rest)
    if name == "help":  # and so may a topic
        from wan_magic.notebook.help import help_on

        return _say(help_on(rest))

    def evaluate(expression: str) -> Any:
        return eval(expression, namespace)  # noqa: S307 - the user's own code, in their kernel

    words, options = words_and_options(name, rest, evaluate)
    if BY_COMMAND[name].words != _ID_AND_NAME:
        words = [_meant(word, namespace) for word in words]
    elif words:  # the second is a name to be given, whatever it holds
        words[0] = _meant(words[0], namespace)
    return _RUN[name](magics, words, options)


def _meant(word: Any, namespace: dict[str, Any]) -> Any:
    """Return the job or clip that a variable of this name holds, else the word itself."""
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.entry import Entry
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.sweep import Sweep

    value = namespace.get(word) if isinstance(word, str) else word
    return value if isinstance(value, Job | Sweep | Clip | Entry | list) else word


def _models(rest: str) -> None:
    from IPython.display import display

    from wan_magic.output.models import models

    display(models(rest))


def _panel(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> None:
    if getattr(magics.shell, "kernel", None) is None:
        raise InputError("the panel needs a notebook", hint="%%wanvideo works in a terminal, too")
    from wan_magic.notebook.panel import panel

    name = checked_name(str(words[0])) if words else None
    magics.bind(name, panel(magics.settings(options)))


def _jobs(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> Any:  # noqa: ARG001
    return library.list_jobs(" ".join(map(str, words)), **options)


def _gallery(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> Any:  # noqa: ARG001
    from wan_magic.notebook.gallery import gallery

    typed = " ".join(one for one in words if isinstance(one, str))
    given = [one for one in words if not isinstance(one, str)]
    return gallery(*given, *([typed] if typed else []), **options)


def _cost(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> Any:
    return library.cost_with(magics.settings({}), *map(str, words), **options)


def _config(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> Any:  # noqa: ARG001
    from wan_magic.settings.configured import configured

    return configured(magics.settings(options))


def _show(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> None:
    one, name = _id_and_name("show", words)
    settings = magics.settings(options)
    job = resuming.show_with(one, settings)
    if options:
        job.look = settings.look
    magics.bind(name, job)
    view(magics.shell, job)


def _resume(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> None:
    wait = options.pop("wait", False)
    if words:
        one, name = _id_and_name("resume", words)
        job = resuming.resume_one(one, magics.settings({}), **options)
        magics.bind(name, job)
        follow(magics.shell, job, wait=wait)
        return
    jobs = resuming.resume_all(magics.settings({}), **options)
    if not jobs:
        _say("nothing is left to be fetched: %wanvideo jobs lists what there is")
    for job in jobs:
        view(magics.shell, job)
    if wait:
        handling.wait(jobs)


def _wait(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> Any:  # noqa: ARG001
    return handling.wait(*words, **options) or _NoClips()


class _NoClips(list[Any]):
    """What waiting for nothing brings: an empty list that says so."""

    def __repr__(self) -> str:
        return "nothing to wait for: no job runs here; %wanvideo jobs lists what there is"


def _cancel(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> None:  # noqa: ARG001
    _say(handling.cancel(_id_and_name("cancel", words)[0]))


def _forget(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> None:  # noqa: ARG001
    _say(handling.forget(_id_and_name("forget", words)[0], **options))


def _login(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> None:
    if words:  # never repeated: it may be the key
        raise InputError(
            "login takes no key on its line: what stands in a cell is saved",
            hint="delete the cell if it holds a key; %wanvideo login asks for it, hidden",
        )
    from wan_magic.setup.login import log_in

    _say(log_in(magics.settings(options)))


def _logout(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> None:  # noqa: ARG001
    from wan_magic.setup.login import log_out

    _say(log_out(magics.settings({}), **options))


def _doctor(magics: WanMagics, words: list[Any], options: dict[str, Any]) -> Any:  # noqa: ARG001
    from wan_magic.notebook.enabling import enabled_by
    from wan_magic.notebook.frontend import front_end_of
    from wan_magic.setup.doctor import examine

    offline = options.pop("offline", False)
    return examine(
        lambda: magics.settings(options),
        front_end=front_end_of(magics.shell),
        online=not offline,
        is_enabled=enabled_by,
    )


_RUN: dict[str, Callable[[WanMagics, list[Any], dict[str, Any]], Any]] = {
    "panel": _panel,
    "jobs": _jobs,
    "show": _show,
    "resume": _resume,
    "wait": _wait,
    "cancel": _cancel,
    "forget": _forget,
    "cost": _cost,
    "config": _config,
    "gallery": _gallery,
    "login": _login,
    "logout": _logout,
    "doctor": _doctor,
}


def _id_and_name(command: str, words: list[Any]) -> tuple[Any, str | None]:
    if not words:
        raise InputError(
            f"{command} needs the id of a job", hint="%wanvideo jobs lists them, with their ids"
        )
    return words[0], checked_name(str(words[1])) if len(words) > 1 else None


def _say(text: str) -> None:
    print(text)  # noqa: T201 - a magic speaks through the cell's output
