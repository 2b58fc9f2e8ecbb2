"""The option table. The parser, the help, the panel and the docs are made from it.

Adding an option is one row here, and a field of `VideoRequest` if it is sent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from wan_magic.errors import InputError
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.wan.catalog import Model

Kind = Literal["text", "object", "integer", "number", "choice", "switch", "flag"]


def _any_model(_: Model) -> bool:
    return True


def _no_choices(_: Model) -> tuple[Any, ...]:
    return ()


@dataclass(frozen=True)
class Option:
    """One row.

    Attributes
    ----------
    name : str
        Keyword of `wan_magic.submit`.
    flags : tuple of str
        As typed on the magic line; a switch also gets ``--no-...``.
    kind : str
        text; object (a path, URL or variable); integer; number; choice (one of the
        model's values); switch (yes or no); flag (given or not).
    help : str
        One line.
    sent_as : str
        Place in the body; empty for what stays here.
    takes : callable
        Whether a model takes it.
    choices : callable
        The values that a model takes; empty where any value is legal.
    metavar : str
        What stands for the value in the help.
    in_panel : bool
        Whether the panel makes a control for it by itself.
    """

    name: str
    flags: tuple[str, ...]
    kind: Kind
    help: str
    sent_as: str = ""
    takes: Callable[[Model], bool] = field(default=_any_model)
    choices: Callable[[Model], tuple[Any, ...]] = field(default=_no_choices)
    metavar: str = ""
    in_panel: bool = False

    @property
    def flag(self) -> str:
        """The long flag."""
        return self.flags[-1]

    def convert(self, value: Any) -> Any:
        """Turn what was typed into a value; variables come as they are.

        Raises
        ------
        InputError
            If it can't be one.
        """
        if self.kind == "integer":
            return self._number(value, int, "a whole number")
        if self.kind == "number":
            return self._number(value, _positive, "a number above 0")
        if self.kind == "choice" and isinstance(value, str):
            return value.upper() if self.name == "resolution" else value
        if self.kind == "text" and not isinstance(value, str):
            return str(value)
        return value

    def _number(self, value: Any, make: Callable[[Any], Any], what: str) -> Any:
        try:
            if isinstance(value, bool) or (make is int and isinstance(value, float)):
                raise ValueError
            return make(value)
        except (TypeError, ValueError):
            raise InputError(
                f"{self.flag} takes {what}, not {value!r}",
                hint=f"such as {self.flag} {self.metavar}",
            ) from None


def _positive(value: Any) -> float:
    number = float(value)
    if not 0 < number < math.inf:
        raise ValueError
    return number


OPTIONS = (
    Option(
        "image",
        ("-i", "--image"),
        "object",
        "first frame: a path, URL or variable (bytes, PIL image, clip)",
        "input.img_url",
        metavar="cat.png",
    ),
    Option(
        "model",
        ("-m", "--model"),
        "text",
        f"model; default {catalog.DEFAULT_MODEL}",
        "model",
        metavar="NAME",
    ),
    Option(
        "resolution",
        ("-r", "--resolution"),
        "choice",
        "480P, 720P or 1080P, as the model allows",
        "parameters.resolution",
        choices=lambda model: model.resolutions,
        metavar="480P",
        in_panel=True,
    ),
    Option(
        "duration",
        ("-d", "--duration"),
        "integer",
        "whole seconds, as the model allows",
        "parameters.duration",
        choices=lambda model: model.durations,
        metavar="5",
        in_panel=True,
    ),
    Option(
        "negative_prompt",
        ("-n", "--negative"),
        "text",
        "what should not be seen; up to 500 characters",
        "input.negative_prompt",
        metavar='"blurry, text"',
        in_panel=True,
    ),
    Option(
        "seed",
        ("--seed",),
        "integer",
        "0 to 2147483647; random when not given",
        "parameters.seed",
        metavar="7",
        in_panel=True,
    ),
    Option(
        "audio",
        ("--audio",),
        "text",
        "URL of a wav or mp3 that drives the video, or auto, or off",
        "input.audio_url, parameters.audio",
        takes=lambda model: model.has_sound,
        metavar="URL|auto|off",
        in_panel=True,
    ),
    Option(
        "shot_type",
        ("--shot-type",),
        "choice",
        "single or multi; wan2.6 only",
        "parameters.shot_type",
        takes=lambda model: bool(model.shot_types),
        choices=lambda model: model.shot_types,
        metavar="multi",
        in_panel=True,
    ),
    Option(
        "template",
        ("--template",),
        "choice",
        "video effect; the prompt is then ignored",
        "input.template",
        choices=lambda model: model.templates or (),
        metavar="flying",
        in_panel=True,
    ),
    Option(
        "prompt_extend",
        ("--prompt-extend",),
        "switch",
        "let the server rewrite the prompt; its default is yes",
        "parameters.prompt_extend",
        in_panel=True,
    ),
    Option(
        "watermark",
        ("--watermark",),
        "switch",
        "print “AI生成” into the video; default no",
        "parameters.watermark",
        in_panel=True,
    ),
    Option(
        "fit",
        ("--fit",),
        "switch",
        "make a local image fit the model's limits; default yes",
    ),
    Option(
        "endpoint",
        ("--endpoint",),
        "text",
        "local (free preview), beijing, singapore, virginia, or a URL up to /api/v1",
        metavar="local",
    ),
    Option("out", ("--out",), "object", "folder for clips; default wan_videos", metavar="DIR"),
    Option(
        "timeout",
        ("--timeout",),
        "number",
        "seconds until we stop watching the task; default 10800",
        metavar="600",
    ),
    Option("wait", ("--wait",), "flag", "block until the clip is there"),
    Option("dry_run", ("--dry-run",), "flag", "show the request and its cost; send nothing"),
)
"""Every option of the magic line, in the order of the help."""

BY_NAME = {option.name: option for option in OPTIONS}

EXAMPLES = """\
  %%wanvideo clip --image cat.png --resolution 480P --duration 5 --seed 7
  A cat runs through tall grass, the camera follows low.

  clip.result()        wait for the clip; `await clip` does the same
  %wanvideo panel      the same with buttons
  %wanvideo resume ID  fetch the clip of a task submitted before"""


def help_text() -> str:
    """Return the help of the magic, made from the table."""
    rows = []
    for option in OPTIONS:
        flags = ", ".join(option.flags)
        if option.kind == "switch":
            flags += f", --no-{option.flag[2:]}"
        elif option.kind != "flag":
            flags += f" {option.metavar}"
        rows.append(f"  {flags:<34} {option.help}")
    return "\n".join(
        [
            "%%wanvideo [NAME] [OPTIONS]     the prompt is the cell's body; NAME gets the job",
            "",
            EXAMPLES,
            "",
            "Options",
            *rows,
            "",
            "Values with spaces need quotes. {{expression}} inserts a Python value, in the prompt",
            r"or in an option; \{{ is two plain braces. Models: " + ", ".join(catalog.MODELS),
        ]
    )
