"""The check of a portrait before it is made to speak: answered at once, makes no task.

Source: wan2.2-s2v detection OpenAPI (2026).
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_magic.server import media
from wan_magic.server.faults import Fault, required
from wan_magic.server.given import Given, text_of
from wan_magic.wan.catalog import MODELS, PORTRAIT_CHECK, PORTRAIT_CHECK_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

CHECKER = replace(
    MODELS[PORTRAIT_CHECK.removesuffix("-detect")], name=PORTRAIT_CHECK, path=PORTRAIT_CHECK_PATH
)
"""The check as a row: the model that the portrait is for, under another name and path."""
_SLOT = next(slot for slot in CHECKER.inputs if slot.option == "image")
_READ = ("InvalidParameter.DataInspection",)


def portrait_of(inputs: dict[str, Any]) -> Given:
    """Return the picture of a call."""
    url = text_of(inputs, _SLOT.type)
    if not url:
        raise required(f"input.{_SLOT.type}")
    return Given((_SLOT,), url)


def check_portrait(given: Given, *, private: bool, find_upload: Callable[[str], Path]) -> Any:
    """Return ``output`` and ``usage`` of the answer.

    Raises
    ------
    Fault
        When the picture can't be had at all.
    """
    output: dict[str, Any] = {"check_pass": True, "humanoid": True}
    with tempfile.TemporaryDirectory(prefix="wan-magic-") as folder:
        loader = media.Loader(
            Path(folder), private=private, find_upload=find_upload, should_stop=lambda: False
        )
        try:
            # Only the picture's format and sides are looked at. There is no face detector
            # here: any picture of a legal size passes as a person.
            loader.load([given])
        except Fault as fault:
            if fault.code in _READ:
                raise
            output = {
                "check_pass": False,
                "humanoid": False,
                "code": fault.code,
                "message": fault.message,
            }
    return {"output": output, "usage": {"image_count": 1}}
