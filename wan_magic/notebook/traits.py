"""``%config WanMagics.resolution = "480P"``: the traits, made from the table of preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import TraitType

from wan_magic.errors import InputError, SettingsError

if TYPE_CHECKING:
    from wan_magic.preferences import Preference


class Setting(TraitType[Any, Any]):
    """A preference as a trait: None, and empty text, where it is not set.

    A wrong value is refused when it is set, and leaves the old one.

    Parameters
    ----------
    preference : Preference
        The row of the table.
    """

    allow_none = True

    def __init__(self, preference: Preference) -> None:
        self._preference = preference
        standard = "" if preference.standard is None else f"; default {preference.standard}"
        super().__init__(None, help=f"{preference.help}{standard}", config=True)

    def validate(self, obj: Any, value: Any) -> Any:  # noqa: ARG002 - the protocol of traitlets
        """Return the value as the program uses it.

        Raises
        ------
        InputError, SettingsError
            If it can't be one.
        """
        if value is None or value == "":
            return None
        one = self._preference
        value = one.read(value, f"WanMagics.{one.name}")
        if one.is_wish:
            from wan_magic.settings.wishes import checked

            try:
                return checked(one.name, value)
            except InputError as exc:
                raise SettingsError(f"WanMagics.{one.name}: {exc.message}", hint=exc.hint) from None
        if one.kind == "money":
            return ", ".join(map(str, value)) or "off"
        if one.name == "endpoint" and "://" not in value:
            _check_endpoint(value)
        return value


def _check_endpoint(name: str) -> None:
    from wan_magic.preferences import shown
    from wan_magic.settings import from_environment
    from wan_magic.settings.config_values import nearest_of
    from wan_magic.wan.endpoints import LOCAL
    from wan_magic.wan.hosts import REGIONS

    known = list(dict.fromkeys((LOCAL, *REGIONS, *from_environment().endpoints)))
    if name not in known:
        raise SettingsError(
            f"unknown endpoint {shown(name)}",
            hint=nearest_of(name, known, ", or a URL up to /api/v1"),
        )
