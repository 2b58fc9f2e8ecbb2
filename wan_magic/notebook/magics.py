"""``%%wanvideo`` and ``%wanvideo``: a line and a cell become a request, a job, a view."""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope
from IPython.core.magic import no_var_expand as plain
from traitlets import observe

from wan_magic import texts
from wan_magic.errors import InputError
from wan_magic.notebook import completion
from wan_magic.notebook.traits import Setting
from wan_magic.notebook.views import follow, show_value
from wan_magic.preferences import PREFERENCES

if TYPE_CHECKING:
    from wan_magic.settings import Settings

_VALUES = (("wan_magic.jobs.job", "Job"), ("wan_magic.jobs.sweep", "Sweep"))
"""What is shown live where it is the value of a cell."""


def _help_text() -> str:
    from wan_magic.notebook.help import help_text

    return help_text()


@magics_class
class WanMagics(Magics):
    """Defaults of ``%%wanvideo``; set them with ``%config WanMagics.endpoint = "local"``."""

    shell: Any

    vars().update({one.name: Setting(one) for one in PREFERENCES if one.in_config})

    @observe("language")
    def _language_chosen(self, change: Any) -> None:
        texts.use(change["new"])

    @needs_local_scope
    @plain
    @line_cell_magic
    def wanvideo(
        self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None
    ) -> Any:
        """Generate a video. ``%wanvideo help`` lists all options.

        ::

            %%wanvideo clip --image cat.png --resolution 480P --duration 5 --seed 7
            A cat runs through tall grass, the camera follows low.

        The cell returns at once; `clip` is a Job, ``clip.result()`` the finished Clip. The line
        magic's value is what a subcommand returns: ``jobs = %wanvideo jobs cat --since 7d``.
        """
        namespace = {**self.shell.user_ns, **(local_ns or {})}
        if cell is None:
            from wan_magic.notebook.commands import BY_COMMAND
            from wan_magic.notebook.subcommands import run

            command, _, rest = line.strip().partition(" ")
            if command in BY_COMMAND and not _asks_for_help(rest):
                return run(self, command, rest, namespace)
            if command in BY_COMMAND:
                print(BY_COMMAND[command].text())  # noqa: T201 - a magic speaks through the output
                return None
            if _is_word(command) and (hasattr(builtins, command) or _is_word(rest)):
                raise _no_command(command)
        if _asks_for_help(line) or (cell is None and not line.strip()):
            _print_help()
            return None
        self._run(line, cell, namespace)
        return None

    # What IPython's ? shows: made from the tables, when somebody asks.
    wanvideo.getdoc = _help_text  # type: ignore[union-attr]

    def _run(self, line: str, cell: str | None, namespace: dict[str, Any]) -> None:
        from wan_magic.actions import api
        from wan_magic.notebook.commands import BY_COMMAND
        from wan_magic.notebook.options import INPUTS
        from wan_magic.notebook.parsing import insert_each, look_up, parse
        from wan_magic.notebook.sweep_cell import fresh_note, is_sweep, planned
        from wan_magic.notebook.sweep_cell import run as run_sweep
        from wan_magic.settings.run import split_off

        def evaluate(expression: str) -> Any:
            return eval(expression, namespace)  # noqa: S307 - the user's own code, in their kernel

        name, options = parse(line, evaluate)
        if name in BY_COMMAND:  # it would be a prompt, and paid
            raise InputError(
                f"{name} is a command, and no name for a job",
                hint=f"%wanvideo {name} (one %, no body); or give the job another name",
            )
        run = split_off(options)
        wait, dry_run = options.pop("wait", False), options.pop("dry_run", False)
        fresh = options.pop("fresh", False)
        notify = options.pop("notify", None)
        for option in options.keys() & INPUTS:
            options[option] = look_up(options[option], namespace)
        settings = self.settings(run)
        options["wishes"] = settings.wishes
        prompts = insert_each(cell or "", evaluate)
        several = None
        try:
            if is_sweep(prompts, options):
                several = planned(prompts, options, settings)
                request, notes = several[0].request, several[0].notes
            else:
                options.pop("yes", None)
                region = api.region_of(settings)
                request, notes = api.build(prompts[0], region=region, **options)
        except InputError as err:
            if cell is None and err.message.endswith("the prompt is empty"):
                raise _no_body(name) from None
            raise
        if cell is None and request.row.prompt != "none" and not request.template:
            raise _no_body(name)
        if dry_run:
            from wan_magic.notebook.dry_run import print_dry_run, print_dry_sweep

            if several:
                print_dry_sweep(several, settings)
                return
            print_dry_run(request, settings, notes)
            return
        if several:
            run_sweep(
                self.shell,
                several,
                settings,
                name=name,
                bind=lambda sweep: self.bind(name, sweep),
                fresh=fresh,
                cell=self._cell(),
                wait=wait,
                notify=notify,
                repeats=options.get("seed") != api.RANDOM,
            )
            return
        if fresh:
            notes = (*notes, fresh_note(settings, "another clip"))
        # Bound before anything is sent: an interrupt must not leave a paid job without a name.
        job = api.start(
            request,
            settings,
            notes,
            fresh=fresh,
            cell=self._cell(),
            bind=lambda job: self.bind(name, job),
        )
        follow(self.shell, job, wait=wait, notify=notify, in_cell=True)

    def bind(self, name: str | None, value: Any) -> None:
        """Give a value the name that the line asks for, if it does."""
        if name:
            self.shell.user_ns[name] = value

    def _cell(self) -> str:
        """Return the id of the running cell, where the front end names it."""
        try:
            return str(self.shell.kernel.get_parent()["metadata"].get("cellId", ""))
        except (AttributeError, KeyError, TypeError):
            return ""

    def settings(self, run: dict[str, Any]) -> Settings:
        """Return the settings: magic option > preset > %config > what is weaker."""
        from wan_magic.settings import from_environment

        traits = ((one, getattr(self, one.name)) for one in PREFERENCES if one.in_config)
        given = {one.name: one.read(value, one.name) for one, value in traits if value is not None}
        return from_environment().with_values(given, "%config").override(**run)


def _no_body(word: str | None) -> InputError:
    """Say where a prompt goes; or which subcommand was meant, where the word is near one."""
    from wan_magic.notebook.commands import BY_COMMAND
    from wan_magic.wan.catalog import nearest

    hint = nearest(word, BY_COMMAND) if word else ""
    return InputError(
        "there is no prompt: a line magic has no body",
        hint=hint or "use %%wanvideo (two %) and write the prompt on the next line",
    )


def _is_word(text: str) -> bool:
    """Whether a text begins with neither an option nor a value."""
    return text.lstrip()[:1].isalnum()


def _no_command(word: str) -> InputError:
    """Say that a line, whose first words are no options, is none of the subcommands."""
    from wan_magic.notebook.commands import BY_COMMAND
    from wan_magic.wan.catalog import nearest

    hint = (
        nearest(word, BY_COMMAND)
        or "%wanvideo help lists them; for a clip begin with %%wanvideo (two %)"
    )
    return InputError(f"{word} is no command of %wanvideo", hint=hint)


def _asks_for_help(line: str) -> bool:
    """Whether ``--help`` stands on the line by itself, and not within a quoted value."""
    if "-h" not in line:
        return False
    from wan_magic.notebook.parsing import words

    return bool({"--help", "-h"} & set(words(line)))


def _print_help() -> None:
    print(_help_text())  # noqa: T201 - a magic speaks through the cell's output


def register(shell: Any) -> None:
    """Add the magic to a shell; doing it twice is harmless."""
    if "WanMagics" in shell.magics_manager.registry:
        return
    shell.register_magics(WanMagics)
    magics = shell.magics_manager.registry["WanMagics"]
    completion.add(shell, lambda preset: magics.settings({"preset": preset}))
    if getattr(shell, "kernel", None) is not None:  # a terminal shows no cards
        for value in _VALUES:
            shell.display_formatter.ipython_display_formatter.for_type_by_name(*value, show_value)


def unregister(shell: Any) -> None:
    """Leave the shell as it was before `register`."""
    completion.remove(shell)
    texts.use(None)
    manager = shell.magics_manager
    magics = manager.registry.pop("WanMagics", None)
    for kind in ("line", "cell"):
        manager.magics[kind].pop("wanvideo", None)
    if manager.lazy_magics.get("wanvideo") == "wan_magic":  # else the next use loads it again
        del manager.lazy_magics["wanvideo"]
    if magics in shell.configurables:
        shell.configurables.remove(magics)
        _forget_refused(shell.config.get("WanMagics", {}), magics)
    formatter = shell.display_formatter.ipython_display_formatter
    for module, name in _VALUES:
        formatter.deferred_printers.pop((module, name), None)
        formatter.type_printers.pop(getattr(sys.modules.get(module), name, None), None)


def _forget_refused(config: dict[str, Any], magics: Any) -> None:
    """Let IPython keep what holds alone.

    It also notes a value that ``%config`` refuses, and the next ``%load_ext`` would fail of it.
    """
    for name in [one for one in config if magics.has_trait(one)]:
        value = getattr(magics, name)
        if value is None:
            del config[name]
        else:
            config[name] = value
