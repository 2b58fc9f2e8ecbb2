"""The option table. The parser, the help, the panel and the docs are made from it.

Adding an option is one row here, and a field of `VideoRequest` if it is sent. Which
models take it, and with which values, is told by the model table.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from wan_magic.errors import InputError
from wan_magic.wan import catalog
from wan_magic.wan.written import as_the_api_has_it

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_magic.wan.catalog import Model

Kind = Literal["text", "object", "integer", "number", "choice", "switch", "flag", "pair", "seed"]
Group = Literal["input", "value", "run"]


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
        model's values); switch (yes or no); flag (given or not); pair (key=value); seed (a
        whole number, or random).
    help : str
        One line.
    group : str
        input: what the video is made from; value: a field of the request; run: stays here.
    metavar : str
        What stands for the value in the help.
    in_panel : bool
        Whether the panel makes a control for it by itself.
    repeat : bool
        Whether it may be given several times.
    offered : tuple of str
        What completion offers where no model has a say.
    """

    name: str
    flags: tuple[str, ...]
    kind: Kind
    help: str
    group: Group = "run"
    metavar: str = ""
    in_panel: bool = False
    repeat: bool = False
    offered: tuple[str, ...] = ()

    def takes(self, model: Model) -> bool:
        """Whether a model takes it."""
        return self.group == "run" or model.takes(self.name)

    def choices(self, model: Model) -> tuple[Any, ...]:
        """Return the values that a model takes; empty where any value is legal."""
        return model.values(self.name) if self.kind in ("choice", "integer", "seed") else ()

    @property
    def divides(self) -> bool:
        """Whether a comma divides several values, of which each makes another clip."""
        numbers_and_names = self.kind in ("choice", "integer", "seed") or self.name == "model"
        return self.group == "value" and not self.repeat and numbers_and_names

    @property
    def sent_as(self) -> str:
        """Every place of the body where a model has it; empty for what stays here."""
        if self.group == "run":
            return ""
        return ", ".join(_PLACES[self.name] if self.name in _PLACES else _places(self))

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
        if self.kind == "seed" and value == "random":
            return value
        if self.kind in ("integer", "seed"):
            return self._number(value, int, "a whole number")
        if self.kind == "number":
            return self._number(value, _positive, "a number above 0")
        if self.kind == "choice" and isinstance(value, str):
            return as_the_api_has_it(self.name, value)
        if self.kind == "pair":
            return _pair(self, value)
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


def _pair(option: Option, text: Any) -> tuple[str, Any]:
    key, equals, value = str(text).partition("=")
    if not equals or not key.strip():
        raise InputError(
            f"{option.flag} takes key=value, not {text!r}",
            hint=f"such as {option.flag} {option.metavar}",
        )
    try:
        return key.strip(), json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):  # what is no JSON is a text
        return key.strip(), value


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python alone takes for JSON."""
    raise ValueError(name)


def _places(option: Option) -> list[str]:
    """Return where the models have an option, from their rows."""
    found: dict[str, None] = {}
    for model in catalog.MODELS.values():
        for slot in model.slots(option.name):
            media = model.protocol == "media"
            found[f"input.media[{slot.type}]" if media else f"input.{slot.type}"] = None
        if parameter := model.parameters.get(option.name):
            found[f"{parameter.section}.{option.name}"] = None
    if option.group == "value" and not found:
        found[f"input.{option.name}"] = None
    return list(found)


_PLACES: dict[str, tuple[str, ...]] = {
    "model": ("model",),
    "resolution": ("parameters.resolution", "parameters.size"),
    "ratio": ("parameters.ratio", "parameters.size"),
    "extra_parameters": ("parameters",),
    "extra_inputs": ("input",),
}
"""Options whose places are not in the rows."""

OPTIONS = (
    Option(
        "image",
        ("-i", "--image"),
        "object",
        "first frame, portrait or figure: path, URL or variable",
        "input",
        "cat.png",
    ),
    Option(
        "last_frame",
        ("--last-frame",),
        "object",
        "picture that the video ends on",
        "input",
        "end.png",
    ),
    Option(
        "ref",
        ("--ref",),
        "object",
        "picture, video, or the voice of the one before",
        "input",
        "hero.png",
        repeat=True,
    ),
    Option(
        "video",
        ("--video",),
        "object",
        "video to edit, or whose motion is taken",
        "input",
        "take.mp4",
    ),
    Option("clip", ("--clip",), "object", "video to continue", "input", "shot1.mp4"),
    Option(
        "audio",
        ("--audio",),
        "object",
        "wav or mp3 that drives the video; or auto, or off",
        "input",
        "FILE|auto|off",
        in_panel=True,
    ),
    Option("mask", ("--mask",), "object", "picture or video: white is repainted", "input", "m.png"),
    Option("file", ("--file",), "object", "document to make a video of", "input", "talk.pdf"),
    Option("link", ("--link",), "object", "web page to make a video of", "input", "URL"),
    Option(
        "model",
        ("-m", "--model"),
        "text",
        "model, or a version such as 2.7; default 2.5",
        "value",
        "NAME",
    ),
    Option(
        "resolution",
        ("-r", "--resolution"),
        "choice",
        "480P, 720P or 1080P, as the model allows",
        "value",
        "480P",
        in_panel=True,
    ),
    Option(
        "ratio",
        ("--ratio",),
        "choice",
        "width to height: 16:9, 9:16, 1:1, 4:3, 3:4",
        "value",
        "9:16",
        in_panel=True,
    ),
    Option(
        "size",
        ("--size",),
        "choice",
        "pixels, for both; wan2.6 and older",
        "value",
        "1280*720",
    ),
    Option(
        "duration",
        ("-d", "--duration"),
        "integer",
        "whole seconds, as the model allows",
        "value",
        "5",
        in_panel=True,
    ),
    Option(
        "negative_prompt",
        ("-n", "--negative"),
        "text",
        "what should not be seen; up to 500 characters",
        "value",
        '"blurry, text"',
        in_panel=True,
    ),
    Option(
        "seed",
        ("--seed",),
        "seed",
        "0 to 2147483647, or random; follows from the cell when not given",
        "value",
        "7",
        in_panel=True,
    ),
    Option(
        "shot_type",
        ("--shot-type",),
        "choice",
        "single or multi; wan2.6 only",
        "value",
        "multi",
        in_panel=True,
    ),
    Option(
        "template",
        ("--template",),
        "choice",
        "video effect; the prompt is then ignored",
        "value",
        "flying",
        in_panel=True,
    ),
    Option(
        "audio_setting",
        ("--audio-setting",),
        "choice",
        "origin keeps the edited video's sound",
        "value",
        "origin",
        in_panel=True,
    ),
    Option(
        "mode",
        ("--mode",),
        "choice",
        "motion transfer: std or pro; default std",
        "value",
        "std",
        in_panel=True,
    ),
    Option(
        "function",
        ("--function",),
        "choice",
        "what VACE does; else told from the inputs",
        "value",
        "video_repainting",
        in_panel=True,
    ),
    Option(
        "prompt_extend",
        ("--prompt-extend",),
        "switch",
        "let the server rewrite the prompt; its default is yes",
        "value",
        in_panel=True,
    ),
    Option(
        "watermark",
        ("--watermark",),
        "switch",
        "print “AI生成” into the video; default no",
        "value",
        in_panel=True,
    ),
    Option(
        "check_image",
        ("--check-image",),
        "switch",
        "motion transfer: check the picture first; default yes",
        "value",
        in_panel=True,
    ),
    Option(
        "extra_parameters",
        ("--param",),
        "pair",
        "any field of parameters; its value is JSON",
        "value",
        "strength=0.5",
        repeat=True,
    ),
    Option(
        "extra_inputs",
        ("--input",),
        "pair",
        "any field of input; its value is JSON",
        "value",
        "mask_frame_id=1",
        repeat=True,
    ),
    Option("unchecked", ("--unchecked",), "flag", "send a model and values that are not known"),
    Option(
        "fit",
        ("--fit",),
        "switch",
        "make a picture fit the limits; default yes",
    ),
    Option(
        "endpoint",
        ("--endpoint",),
        "text",
        "local (free preview), a region, a gateway, or a URL",
        metavar="local",
    ),
    Option(
        "workspace",
        ("--workspace",),
        "text",
        "workspace id; Frankfurt and Tokyo need one",
        metavar="ID",
    ),
    Option("out", ("--out",), "object", "folder for clips; default wan_videos", metavar="DIR"),
    Option(
        "timeout",
        ("--timeout",),
        "number",
        "seconds to watch the task; default 10800",
        metavar="600",
    ),
    Option(
        "max_cost",
        ("--max-cost",),
        "text",
        "the most that the clip may cost; more is not sent",
        metavar='"2 CNY"',
    ),
    Option(
        "preset",
        ("--preset",),
        "text",
        "values that a config file keeps under this name",
        metavar="NAME",
    ),
    Option(
        "embed",
        ("--embed",),
        "choice",
        "where the film is saved: file, embed (in the notebook), auto",
        metavar="auto|file|embed",
        offered=("auto", "file", "embed"),
    ),
    Option(
        "player_width",
        ("--player-width",),
        "integer",
        "pixels of the player; the clip stays as it is",
        metavar="480",
    ),
    Option("loop", ("--loop",), "switch", "start again at the end; default yes"),
    Option(
        "count",
        ("--count",),
        "integer",
        "so many clips; their seeds count up from the first",
        metavar="4",
    ),
    Option(
        "max_total",
        ("--max-total",),
        "text",
        "the most that all clips of the cell may cost; more are not sent",
        metavar='"20 CNY"',
    ),
    Option("yes", ("--yes",), "flag", "make more than 100 clips at once"),
    Option("over_budget", ("--over-budget",), "flag", "send it although a budget is used up"),
    Option("fresh", ("--fresh",), "flag", "pay for a new clip although an equal request has one"),
    Option("notify", ("--notify",), "flag", "the browser tells when the job has ended"),
    Option("wait", ("--wait",), "flag", "block until the clip is there"),
    Option("dry_run", ("--dry-run",), "flag", "show the request and its cost; send nothing"),
)
"""Every option of the magic line, in the order of the help."""

BY_NAME = {option.name: option for option in OPTIONS}

INPUTS = tuple(option.name for option in OPTIONS if option.group == "input")
"""What a video is made from, in the order of the body."""

GROUPS: dict[Group, str] = {"input": "Inputs", "value": "Values", "run": "Running"}
"""Headings of the help and the documents."""


def option_rows(group: Group, options: Sequence[Option] = OPTIONS) -> list[str]:
    """Return the options of a group as lines of the help."""
    rows = []
    for option in options:
        if option.group != group:
            continue
        flags = ", ".join(option.flags)
        if option.kind == "switch":
            flags += f", --no-{option.flag[2:]}"
        elif option.kind != "flag":
            flags += f" {option.metavar}"
        text = f"{option.help}; repeatable" if option.repeat else option.help
        row = f"  {flags:<29} {text}"
        if len(flags) > 29:  # a line of its own keeps the column
            row = f"  {flags}\n{'':<32}{text}"
        rows.append(row)
    return rows
