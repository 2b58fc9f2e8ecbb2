"""The cell that makes a request: what to type, or to copy, for the same video again.

The way back of the magic line's reader; that both agree is tested for every model.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.wan.catalog import flag
from wan_magic.wan.media.given import ENDINGS, ending_of
from wan_magic.wan.value_types import ELIDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from wan_magic.wan.media import Input
    from wan_magic.wan.request import VideoRequest

_FLAGS = {"negative_prompt": "--negative"}
"""Options that are not typed as they are called."""

_VALUES = (
    *("resolution", "ratio", "size", "duration", "negative_prompt", "seed", "shot_type"),
    *("template", "audio_setting", "mode", "function", "prompt_extend", "watermark"),
    "check_image",
)
_EXTRAS = {"extra_parameters": "--param", "extra_inputs": "--input"}
_BETWEEN = re.compile(r"^[ \t]*---[ \t]*$", re.MULTILINE)
"""A line that would divide two prompts."""
_BARE = re.compile(r"[^\s\"'\\{]+")


def cell_of(
    request: VideoRequest,
    name: str = "",
    changes: Mapping[str, Any] | None = None,
    *,
    typed: Callable[[Input], str] | None = None,
) -> str:
    r"""Return a cell that asks for the same as a request; addresses are left out of it.

    Parameters
    ----------
    request : VideoRequest
        What was asked for.
    name : str
        Of the variable for the job.
    changes : mapping, optional
        Options with other values, as they are typed; None leaves one out.
    typed : callable, optional
        Says how an input is typed. By default a file that is in the working directory is typed by
        its name; of another one the folder is left out, and of an address all but the name.

    Examples
    --------
    >>> from wan_magic.wan.request import VideoRequest
    >>> print(cell_of(VideoRequest(model="wan2.6-t2v", prompt="waves", duration=5), "sea"))
    %%wanvideo sea --model wan2.6-t2v --duration 5
    waves
    """
    words = [name] if name else []
    for flag_, value in _options(request, changes or {}, typed or _typed):
        if value is True:
            words.append(flag_)
        elif value is False:
            words.append(f"--no-{flag_[2:]}")
        else:
            text = _quoted(str(value))
            # With a space between, a value that begins with a dash would be an option.
            words.append(f"{flag_}={text}" if str(value).startswith("-") else f"{flag_} {text}")
    body = _BETWEEN.sub("{{'---'}}", request.prompt.replace("{{", r"\{{"))
    # A cell magic needs a body. Where there might be a prompt, a line alone would be a slip.
    is_line = not body.strip() and (request.row.prompt == "none" or request.template)
    start = "%wanvideo" if is_line else "%%wanvideo"
    body = body if is_line or body.strip() else "{{''}}"
    return f"{' '.join([start, *words])}\n{body}".rstrip()


def _options(
    request: VideoRequest, changes: Mapping[str, Any], typed: Callable[[Input], str]
) -> Iterator[tuple[str, Any]]:
    """Yield flags and values in the order of the option table."""
    for one in request.inputs:
        if one.option not in changes:
            yield flag(one.option), typed(one)
    said: dict[str, Any] = {"model": request.model}
    if request.audio is not None:
        said["audio"] = "auto" if request.audio else "off"
    said |= {option: getattr(request, option) for option in _VALUES}
    said |= changes
    for option, value in said.items():
        if value is not None and value != "":
            yield _FLAGS.get(option, flag(option)), value
    named = request.named_extras()
    for field, flag_ in _EXTRAS.items():
        for key in getattr(request, field):
            yield flag_, f"{key}={json.dumps(named[key], ensure_ascii=False)}"
    if request.unchecked:
        yield "--unchecked", True


def _typed(one: Input) -> str:
    """Return how an input is typed, as far as it is known and may be shown."""
    is_address = one.value.startswith(("http:", "https:", "oss:"))
    if ENDINGS.get(ending_of(one.name), "file") != one.media:
        return ELIDED
    try:
        is_here = not is_address and Path(one.name).is_file()
    except (OSError, ValueError):
        is_here = False
    return one.name if is_here else f"{ELIDED}/{one.name}"


def _quoted(value: str) -> str:
    """Quote a value as the reader of the line takes it."""
    if "\n" in value or "\r" in value:
        return f"{{{{{value!r}}}}}"  # a line has no other way for a line break
    if _BARE.fullmatch(value):
        return value
    quoted = shlex.quote(value) if re.search(r'["\\]', value) else f'"{value}"'
    return quoted.replace("{{", r"\{{")
