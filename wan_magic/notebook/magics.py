"""``%%wanvideo`` and ``%wanvideo``: a line and a cell become a request, a job, a view."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope
from IPython.core.magic import no_var_expand as plain
from traitlets import Float, Unicode

from wan_magic.errors import InputError, WanError

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job
    from wan_magic.settings import Settings

_SETTINGS = ("endpoint", "workspace", "out", "timeout", "max_cost", "over_budget")
_JOB = ("wan_magic.jobs.job", "Job")
_COMMANDS = ("help", "models", "panel", "resume")


@magics_class
class WanMagics(Magics):
    """Defaults of ``%%wanvideo``; set them with ``%config WanMagics.endpoint = "local"``."""

    shell: Any

    endpoint = Unicode(
        "", help="local, a region, a gateway, or a base URL; empty: as the key says"
    ).tag(config=True)
    model = Unicode("", help="model or version; empty: 2.5, or what the inputs need").tag(
        config=True
    )
    workspace = Unicode("", help="workspace id of the region's own host; mostly empty").tag(
        config=True
    )
    out = Unicode("", help="folder for clips; empty: wan_videos beside the notebook").tag(
        config=True
    )
    timeout = Float(10800.0, help="seconds until a task is no longer watched").tag(config=True)
    max_cost = Unicode("", help='the most that a clip may cost, such as "2 CNY"').tag(config=True)

    @needs_local_scope
    @plain
    @line_cell_magic
    def wanvideo(
        self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None
    ) -> None:
        """Generate a video. ``%wanvideo help`` lists all options.

        ::

            %%wanvideo clip --image cat.png --resolution 480P --duration 5 --seed 7
            A cat runs through tall grass, the camera follows low.

        The cell returns at once; `clip` is a Job, ``clip.result()`` the finished Clip.
        """
        if cell is None and self._subcommand(line):
            return
        if _asks_for_help(line):
            _print_help()
            return
        self._run(line, cell, {**self.shell.user_ns, **(local_ns or {})})

    def _subcommand(self, line: str) -> bool:
        """Run a subcommand of the line magic, if it is one."""
        command, _, rest = line.strip().partition(" ")
        if command in ("", "help", "--help", "-h"):
            _print_help()
        elif command == "panel":
            self._panel(rest)
        elif command == "resume":
            self._resume(rest)
        elif command == "models":
            self._models(rest)
        else:
            return False
        return True

    def _panel(self, rest: str) -> None:
        name, options = self._options_of("panel", rest, _SETTINGS)
        if getattr(self.shell, "kernel", None) is None:
            raise InputError(
                "the panel needs a notebook", hint="%%wanvideo works in a terminal, too"
            )
        from wan_magic.notebook.panel import panel

        made = panel(self._settings(options))
        self._bind(name, made)

    def _models(self, rest: str) -> None:
        from IPython.display import display

        from wan_magic.output.models import models

        display(models(rest))

    def _run(self, line: str, cell: str | None, namespace: dict[str, Any]) -> None:
        from wan_magic import api
        from wan_magic.notebook.options import INPUTS
        from wan_magic.notebook.parsing import insert, look_up, parse

        def evaluate(expression: str) -> Any:
            return eval(expression, namespace)  # noqa: S307 - the user's own code, in their kernel

        name, options = parse(line, evaluate)
        run = {key: options.pop(key, None) for key in _SETTINGS}
        wait, dry_run = options.pop("wait", False), options.pop("dry_run", False)
        fresh = options.pop("fresh", False)
        for option in options.keys() & INPUTS:
            options[option] = look_up(options[option], namespace)
        options.setdefault("model", self.model or None)
        settings = self._settings(run)
        prompt = insert(cell or "", evaluate).strip()
        try:
            request, notes = api.build(prompt, region=api.region_of(settings), **options)
        except InputError as err:
            if cell is None and err.message == "the prompt is empty":
                raise _no_body(name) from None
            raise
        if cell is None and request.row.prompt != "none" and not request.template:
            raise _no_body(name)
        if dry_run:
            from wan_magic.notebook.dry_run import print_dry_run

            print_dry_run(request, settings, notes)
            return
        # Bound before anything is sent: an interrupt must not leave a paid job without a name.
        job = api.start(
            request,
            settings,
            notes,
            fresh=fresh,
            cell=self._cell(),
            bind=lambda job: self._bind(name, job),
        )
        self._follow(job, wait=wait)

    def _bind(self, name: str | None, value: Any) -> None:
        if name:
            self.shell.user_ns[name] = value

    def _cell(self) -> str:
        """Return the id of the running cell, where the front end names it."""
        try:
            return str(self.shell.kernel.get_parent()["metadata"].get("cellId", ""))
        except (AttributeError, KeyError, TypeError):
            return ""

    def _resume(self, rest: str) -> None:
        from wan_magic import api
        from wan_magic.notebook.parsing import insert

        task_id, _, rest = rest.strip().partition(" ")
        if not task_id or task_id.startswith("-"):
            raise InputError(
                "resume needs the task's id", hint="%wanvideo resume ID [--endpoint NAME]"
            )
        task_id = insert(task_id, self._evaluate)
        name, options = self._options_of("resume", rest, (*_SETTINGS, "wait"))
        wait = options.pop("wait", False)
        settings = self._settings(options)
        job = api.resume(
            task_id,
            endpoint=settings.endpoint,
            workspace=settings.workspace,
            out=settings.out,
            timeout=settings.timeout,
        )
        self._bind(name, job)
        self._follow(job, wait=wait)

    def _evaluate(self, expression: str) -> Any:
        return eval(expression, self.shell.user_ns)  # noqa: S307 - the user's own code, as in `_run`

    def _options_of(
        self, command: str, rest: str, allowed: tuple[str, ...]
    ) -> tuple[str | None, dict[str, Any]]:
        """Read the options of a subcommand, which takes but a few."""
        from wan_magic.notebook.parsing import parse

        name, options = parse(rest, self._evaluate)
        extra = ", ".join(sorted(options.keys() - set(allowed)))
        if extra:
            flags = ", ".join(f"--{one}" for one in allowed)
            raise InputError(f"{command} takes no {extra}", hint=f"it takes {flags}")
        return name, options

    def _settings(self, run: dict[str, Any]) -> Settings:
        """Magic option > %config > environment > default."""
        from wan_magic.settings import from_environment

        base = from_environment().override(
            endpoint=self.endpoint,
            workspace=self.workspace,
            out=self.out,
            timeout=self.timeout,
            max_cost=self.max_cost or None,
        )
        return base.override(**run)

    def _follow(self, job: Job, *, wait: bool) -> None:
        """Show the job where this shell can show it; wait where nobody watches."""
        kernel = getattr(self.shell, "kernel", None)
        from wan_magic.jobs.job import interruptible

        with interruptible(job):
            if kernel is None:
                from wan_magic.notebook.terminal import follow

                follow(job)
            elif not _is_watched(kernel):
                from wan_magic.notebook.headless import follow_headless

                follow_headless(job)
            else:
                from wan_magic.notebook.status import StatusCard

                StatusCard(job).show()
                if wait:
                    job.result()


def _no_body(word: str | None) -> InputError:
    """Say where a prompt goes; or which subcommand was meant, where the word is near one."""
    from wan_magic.wan.catalog import nearest

    hint = nearest(word, _COMMANDS) if word else ""
    return InputError(
        "there is no prompt: a line magic has no body",
        hint=hint or "use %%wanvideo (two %) and write the prompt on the next line",
    )


def _is_watched(kernel: Any) -> bool:
    """Whether a person sees this cell: nbclient, nbconvert and papermill allow no stdin."""
    try:
        return bool(kernel.get_parent()["content"]["allow_stdin"])
    except (AttributeError, KeyError, TypeError):
        return True


def _asks_for_help(line: str) -> bool:
    """Whether ``--help`` stands on the line by itself, and not within a quoted value."""
    if "-h" not in line:
        return False
    from wan_magic.notebook.parsing import words

    return bool({"--help", "-h"} & set(words(line)))


def _print_help() -> None:
    from wan_magic.notebook.options import help_text

    print(help_text())  # noqa: T201 - a magic speaks through the cell's output


def _show_job(job: Job) -> None:
    """Show a job that is the value of a cell as its card; where nobody watches, as its end."""
    from IPython import get_ipython

    if _is_watched(get_ipython().kernel):
        from wan_magic.notebook.status import StatusCard

        StatusCard(job).show()
        return
    from wan_magic.notebook.headless import follow_headless

    with contextlib.suppress(WanError):  # its card says so, and result() raises it
        follow_headless(job)


def register(shell: Any) -> None:
    """Add the magic to a shell; doing it twice is harmless."""
    if "WanMagics" in shell.magics_manager.registry:
        return
    shell.register_magics(WanMagics)
    if getattr(shell, "kernel", None) is not None:  # a terminal shows no cards
        shell.display_formatter.ipython_display_formatter.for_type_by_name(*_JOB, _show_job)


def unregister(shell: Any) -> None:
    """Leave the shell as it was before `register`."""
    manager = shell.magics_manager
    magics = manager.registry.pop("WanMagics", None)
    for kind in ("line", "cell"):
        manager.magics[kind].pop("wanvideo", None)
    if magics in shell.configurables:
        shell.configurables.remove(magics)
    formatter = shell.display_formatter.ipython_display_formatter
    formatter.deferred_printers.pop(_JOB, None)
    formatter.type_printers.pop(_loaded_job_type(), None)


def _loaded_job_type() -> Any:
    import sys

    module = sys.modules.get(_JOB[0])
    return getattr(module, _JOB[1], None)
