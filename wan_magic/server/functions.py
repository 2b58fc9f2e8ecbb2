"""What each function of the general editing model (VACE) needs.

Source: the VACE API reference, in excerpts (2026-06).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.server.faults import invalid, required, specification
from wan_magic.wan.catalog import FUNCTION_CONDITIONS, lacks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def check_function(types: Collection[str], values: Mapping[str, Any], references: int) -> None:
    """Refuse a call whose function lacks an input.

    Parameters
    ----------
    types : collection of str
        Fields that hold an input.
    values : mapping
        The call's parameters.
    references : int
        Number of reference pictures.

    Raises
    ------
    Fault
        The first thing that is missing, or that this function does not take.
    """
    function, kept = values.get("function") or "", values.get("control_condition")
    if missing := lacks(function, types):
        raise required(f"input.{missing[0]}")
    allowed = FUNCTION_CONDITIONS.get(function)
    if kept is not None and allowed and kept not in allowed:
        named = ", ".join(one or "empty" for one in allowed)
        raise specification(f"control_condition of {function} should be one of {named}")
    kinds = values.get("obj_or_bg")
    if kinds is None:
        return
    if not isinstance(kinds, list) or any(kind not in ("obj", "bg") for kind in kinds):
        raise specification("obj_or_bg should be a list of obj and bg")
    if len(kinds) != references:
        raise invalid("ref_images_url and obj_or_bg must be the same length.")
    if kinds.count("bg") > 1:
        raise specification("obj_or_bg should have at most one bg")
