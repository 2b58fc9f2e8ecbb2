"""``wan-magic enable``: ``%%wanvideo`` is known to each new kernel, without ``%load_ext``.

One small file of our own in the startup folder of an IPython profile, which terminals and kernels
read alike. It only says where the magic is; the package is imported when the magic is used. A
user's own configuration is not touched: a setting in it would replace other lazy magics.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from wan_magic.errors import InputError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = "50-wan-magic.py"
_MARK = "# Written by `wan-magic enable`"
_TEXT = f"""\
{_MARK}; `wan-magic disable` removes it.
get_ipython().magics_manager.register_lazy("wanvideo", "wan_magic")
"""


def startup_file(profile: str = "default") -> Path:
    """Return where the file of a profile is, or would be.

    ``IPYTHONDIR`` says where profiles are, as it does for IPython.

    Raises
    ------
    InputError
        If there is no such profile; the one called default need not exist yet.
    SettingsError
        If IPython's folder can't be written: it takes another one, in each process, then.
    """
    from IPython.paths import get_ipython_dir

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        home = Path(get_ipython_dir())
    if any("temp directory" in str(one.message) for one in said):
        raise SettingsError(
            "cannot write IPython's folder: it takes another one each time",
            hint="check the rights of that folder, or name another with IPYTHONDIR",
        )
    folder = home / f"profile_{profile}"
    if Path(profile).name != profile or (profile != "default" and not folder.is_dir()):
        known = sorted(one.name.removeprefix("profile_") for one in home.glob("profile_*"))
        raise InputError(
            f"there is no IPython profile {profile!r} in {home}",
            hint=f"ipython profile create makes one; there are: {', '.join(known) or 'none'}",
        )
    return folder / "startup" / _NAME


def enable(profile: str = "default") -> str:
    """Make ``%%wanvideo`` known in a profile; doing it twice is harmless.

    Returns
    -------
    str
        What to tell the user.

    Raises
    ------
    InputError
        If there is no such profile.
    SettingsError
        If the file can't be written, or is somebody else's.

    Examples
    --------
    >>> print(enable())  # doctest: +SKIP
    %%wanvideo works without %load_ext in every new kernel and IPython of profile default.
    (~/.ipython/profile_default/startup/50-wan-magic.py; wan-magic disable takes it back)
    """
    path = startup_file(profile)
    said = "%%wanvideo works without %load_ext in every new kernel and IPython of profile"
    if _read(path) != _TEXT:
        _refuse_foreign(path)
        with _told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(f".{os.getpid()}.new")  # IPython runs *.py and *.ipy alone
            new.write_text(_TEXT, encoding="utf-8")
            new.replace(path)
    return f"{said} {profile}.\n({path}; wan-magic disable takes it back)"


def disable(profile: str = "default") -> str:
    """Take back what `enable` did.

    Returns
    -------
    str
        What to tell the user.

    Raises
    ------
    InputError
        If there is no such profile.
    SettingsError
        If the file can't be removed, or is somebody else's.
    """
    path = startup_file(profile)
    if _read(path) is None:
        return f"nothing to take back: profile {profile} needs %load_ext wan_magic already"
    _refuse_foreign(path)
    with _told(path):
        path.unlink()
    return f"new kernels and IPythons of profile {profile} need %load_ext wan_magic again"


def enabled_by(profile: str = "default") -> str:
    """Return the path of the file where a profile is enabled; empty where it is not."""
    try:
        path = startup_file(profile)
    except SettingsError:
        return ""
    return str(path) if _read(path) == _TEXT else ""


def _read(path: Path) -> str | None:
    """Return what the file holds; None where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return ""


def _refuse_foreign(path: Path) -> None:
    held = _read(path)
    if held is not None and not held.startswith(_MARK):
        raise SettingsError(
            f"{path} is not of wan-magic enable", hint="rename it, or remove it yourself"
        )


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise SettingsError(
            f"cannot write {path}: {exc.strerror or exc}",
            hint="check the rights of that folder, or name another with IPYTHONDIR",
        ) from None
