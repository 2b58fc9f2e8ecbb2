"""Which models the panel offers, and which one it takes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.errors import InputError
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_magic.wan.catalog import Kind, Model, Region


def models_of(kind: Kind, region: Region | None) -> list[str]:
    """Return the models of a kind that can be asked here; names of other regions come last."""
    found = [
        one
        for one in catalog.MODELS.values()
        if one.kind == kind and (region is None or region in one.regions)
    ]
    return [one.name for one in sorted(found, key=lambda one: "beijing" not in one.regions)]


def likely(names: Sequence[str], before: Model | None) -> str:
    """Return the first choice of some models: of the version that was chosen, if there is one."""
    tried = [*(before.aliases if before else ()), *catalog.DEFAULT_VERSIONS]
    of_version = (
        name for version in tried for name in names if version in catalog.MODELS[name].aliases
    )
    return next(of_version, names[0])


def starter(row: Model, region: Region | None) -> str:
    """Return the model that starts from a picture: of the same version, if there is one."""
    for version in row.aliases:
        try:
            return catalog.find_model(version, ["image"], region=region).name
        except InputError:
            continue
    return catalog.find_model(None, ["image"], region=region).name
