"""Values that go with those that the line has already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_magic.errors import InputError
from wan_magic.wan.written import as_the_api_has_it

if TYPE_CHECKING:
    from wan_magic.notebook.options import Option
    from wan_magic.notebook.typed import Typed
    from wan_magic.wan.catalog import Model

_SHAPE = ("resolution", "ratio", "size")
"""Values that not every one of goes with every other one."""


def adds(option: Option, at: Typed) -> bool:
    """Whether it says something new: pixels say both the resolution and the ratio."""
    if option.name == "size":
        return not {"resolution", "ratio"} & at.given.keys()
    return option.name not in _SHAPE or "size" not in at.given


def together(option: Option, row: Model, at: Typed) -> tuple[Any, ...]:
    """Return the values that a model takes with the others of the line."""
    from wan_magic.wan.request import VideoRequest

    others = {one: as_the_api_has_it(one, at.given[one][0]) for one in _SHAPE if at.given.get(one)}

    def fits(**fields: Any) -> bool:
        try:
            VideoRequest(model=row.name, **{**others, **fields}).check_values()
        except InputError:
            return False
        return True

    values = option.choices(row)
    if option.name not in _SHAPE or not others or not fits():
        return values
    return tuple(value for value in values if fits(**{option.name: value}))
