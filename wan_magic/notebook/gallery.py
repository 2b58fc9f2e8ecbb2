"""Any clips side by side, to compare: `wan_magic.gallery`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from IPython import get_ipython
from IPython.display import display

from wan_magic.actions.collecting import MOST, Collected, collect, ordered
from wan_magic.errors import InputError
from wan_magic.notebook.views import is_watched
from wan_magic.output.gallery import gallery_bundle
from wan_magic.output.grid import Tile
from wan_magic.settings import from_environment
from wan_magic.texts import tr

if TYPE_CHECKING:
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.history import Since


class Gallery(Sequence["Clip"]):
    """Clips side by side. Made by `gallery`; as the value of a cell it has its buttons.

    Attributes
    ----------
    title : str
        What stands above them.
    items : list of Collected
        The clips, in the order that is shown.
    order : str
        What they were sorted by; empty where nobody did.

    Examples
    --------
    >>> cats = wan_magic.gallery("cat", since="7d")  # doctest: +SKIP
    >>> cats.pick(1, 4).picked  # doctest: +SKIP
    """

    def __init__(self, items: Sequence[Collected], notes: Sequence[str] = (), title: str = ""):
        self.items = list(items)
        self.order = ""
        self._notes = tuple(notes)
        self._picked: set[str] = set()
        self._look = from_environment().look
        self.title = title

    def __repr__(self) -> str:
        return self.bundle()[0]["text/plain"]

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, at: int) -> Clip: ...

    @overload
    def __getitem__(self, at: slice) -> list[Clip]: ...

    def __getitem__(self, at: int | slice) -> Clip | list[Clip]:
        if isinstance(at, slice):
            return [one.clip for one in self.items[at]]
        return self.items[at].clip

    @property
    def picked(self) -> list[Clip]:
        """The clips that were picked, in the order that is shown."""
        return [one.clip for one in self.items if str(one.clip.path) in self._picked]

    def pick(self, *numbers: int) -> Gallery:
        """Pick clips by the numbers on the page, from 1; those picked before stay so.

        Raises
        ------
        InputError
            If there is no such number.
        """
        for number in numbers:
            self._set(number, is_picked=True)
        return self

    def unpick(self, *numbers: int) -> Gallery:
        """Take clips out of those that are picked; without numbers, all."""
        for number in numbers or range(1, len(self) + 1):
            self._set(number, is_picked=False)
        return self

    def is_picked(self, number: int) -> bool:
        """Whether the clip of a number on the page is picked."""
        return str(self.items[number - 1].clip.path) in self._picked

    def _set(self, number: int, *, is_picked: bool) -> None:
        if not 1 <= number <= len(self):
            raise InputError(
                f"there is no clip {number}", hint=f"they are numbered from 1 to {len(self)}"
            )
        path = str(self.items[number - 1].clip.path)
        (self._picked.add if is_picked else self._picked.discard)(path)

    def sort(self, by: str = "date") -> Gallery:
        """Put the clips in another order.

        Parameters
        ----------
        by : {"date", "cost", "seconds", "model", "seed"}
            The newest, dearest or longest first; a ``"-"`` before it turns it round.

        Raises
        ------
        InputError
            If there is no such order.
        """
        self.items = ordered(self.items, by)
        self.order = by
        return self

    def tiles(self) -> list[Tile]:
        """Return what is shown of each clip."""
        tiles = []
        for number, one in enumerate(self.items, 1):
            clip, request = one.clip, one.clip.request
            seed = "" if clip.seed is None else tr("seed {seed}", seed=clip.seed)
            size = f"{clip.width}×{clip.height}"
            length = tr("{seconds} s", seconds=f"{clip.duration:g}")
            facts = tuple(filter(None, (request.model, size, length, seed, one.day)))
            label = " ".join(request.prompt.split()) or clip.path.stem
            label = label if len(label) <= 80 else f"{label[:79]}…"
            tiles.append(Tile(number, label, None, clip, facts, self.is_picked(number)))
        return tiles

    def bundle(self, *, is_playing: bool = False) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the static grid; with `is_playing` all play by themselves, without sound."""
        count = tr("1 clip") if len(self) == 1 else tr("{number} clips", number=len(self))
        title = f"{self.title} · {count}" if self.title else count
        return gallery_bundle(
            self.tiles(), title, self._notes, look=self._look, is_playing=is_playing
        )

    def _repr_mimebundle_(
        self,
        include: Any = None,  # noqa: ARG002 - IPython's protocol; it filters by itself
        exclude: Any = None,  # noqa: ARG002
    ) -> tuple[dict[str, str], dict[str, Any]]:
        return self.bundle()

    def _ipython_display_(self) -> None:
        kernel = getattr(get_ipython(), "kernel", None)
        if kernel is None:
            print(self)  # noqa: T201 - a terminal shows no pictures
        elif len(self) and is_watched(kernel):
            from wan_magic.notebook.gallery_buttons import GalleryButtons

            GalleryButtons(self).show()
        else:
            data, metadata = self.bundle()
            display(data, raw=True, metadata=metadata)


def gallery(
    *what: Any,
    since: Since | None = None,
    model: str | None = None,
    notebook: str | None = None,
    sort: str | None = None,
    limit: int = MOST,
) -> Gallery:
    """Return any clips side by side, to compare them: played together, sorted, picked.

    Parameters
    ----------
    *what : str, Clip, Job, Sweep, or lists of these
        Search words as for `list_jobs`, or the clips themselves; nothing for the newest.
    since : str, date, datetime or timedelta, optional
        ``"7d"``, ``"today"``, ``"2026-11-01"``; for what is searched.
    model, notebook : str, optional
        A part of the name; for what is searched.
    sort : {"date", "cost", "seconds", "model", "seed"}, optional
        The newest, dearest or longest first; default: as given, and the newest first.
    limit : int, default 60
        Clips of each search at most.

    Raises
    ------
    InputError, LedgerError
        If one of these is not what it can be; if the ledger can't be read.

    Examples
    --------
    >>> wan_magic.gallery("paper boat", since="7d", sort="seed")  # doctest: +SKIP
    """
    items, notes = collect(what, since=since, model=model, notebook=notebook, limit=limit)
    title = " ".join(one for one in what if isinstance(one, str))
    if not items and not notes:
        is_narrow = what or since or model or notebook
        notes = [
            tr("no clip fits: %wanvideo jobs lists what there is")
            if is_narrow
            else tr("no clips yet: %%wanvideo makes the first one")
        ]
    made = Gallery(items, notes, title)
    return made.sort(sort) if sort else made
