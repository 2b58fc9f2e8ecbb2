"""Whether an endpoint takes a key, asked by a call that costs nothing: the list of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wan_magic.errors import ApiError, WanError
from wan_magic.wan.client import WanClient
from wan_magic.wan.connection import ApiSession

if TYPE_CHECKING:
    from wan_magic.wan.endpoints import Endpoint

_NO_SUCH_CALL = (404, 405, 501)


class Answer(NamedTuple):
    """What came of it.

    Attributes
    ----------
    takes_key : bool or None
        None where that stays unknown.
    reached : bool
        Whether the endpoint answered at all.
    said : str
        What it said, if not a plain yes.
    hint : str
        What the user can do about that.
    """

    takes_key: bool | None
    reached: bool = True
    said: str = ""
    hint: str = ""


def ask(endpoint: Endpoint) -> Answer:
    """Ask for one task of the list, with the endpoint's key; free.

    Examples
    --------
    >>> ask(endpoint).takes_key  # doctest: +SKIP
    True
    """
    with ApiSession() as session:
        try:
            WanClient(endpoint, session).list_tasks(page_size=1)
        except ApiError as exc:
            if exc.status in _NO_SUCH_CALL:
                return Answer(None, said="it has no call that would check a key for free")
            if exc.status == 401 or exc.code.startswith("InvalidApiKey"):
                return Answer(False, said=exc.message, hint=exc.hint)
            # A right that is missing, a bill, a limit: it knows the key.
            return Answer(exc.status == 403 or None, said=exc.message, hint=exc.hint)
        except WanError as exc:
            return Answer(None, reached="cannot reach" not in exc.message, said=exc.message)
    return Answer(True)
