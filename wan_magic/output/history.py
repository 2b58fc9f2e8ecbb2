"""The history of jobs as people read it, and as other programs do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from wan_magic.output import html
from wan_magic.output.job_words import heads, job_count, state_word
from wan_magic.output.place import relative_src
from wan_magic.output.table import Exports, html_table, one_line, text_table
from wan_magic.settings.money import money
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from wan_magic.jobs.entry import Entry, Line

SHOWN = 100
"""Jobs that are shown at most; exports hold them all."""

COLUMNS = ("when", "state", "id", "prompt", "model", "resolution", "seconds", "cost", "file")
"""Of text; on a page, three columns hold the same, so that it fits into a narrow one."""
HEADS = ("when", "cost", "job")
_RIGHT = ("seconds", "cost")
_TONES: dict[str, html.Tone] = {
    "done": "good",
    "failed": "bad",
    "to be fetched": "warn",
    "not watched": "warn",
    "unsure": "warn",
    "lost": "bad",
}
_NOTHING = "–"


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()


class Listed(Sequence["Entry"]):
    """Jobs of the ledger that are read when they are looked at.

    Parameters
    ----------
    lines : sequence of Line
        What is known of each from the start.
    read : callable
        Returns the jobs of some ids, as far as they are there still.
    """

    def __init__(
        self, lines: Sequence[Line], read: Callable[[Sequence[str]], Mapping[str, Entry]]
    ) -> None:
        self.lines = tuple(lines)
        self._read = read
        self._known: dict[str, Entry] = {}

    def __len__(self) -> int:
        return len(self.lines)

    @overload
    def __getitem__(self, at: int) -> Entry: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[Entry, ...]: ...

    def __getitem__(self, at: int | slice) -> Entry | tuple[Entry, ...]:
        if not isinstance(at, slice):
            return self._some((self.lines[at],))[0]
        return self._some(self.lines[at])

    def __iter__(self) -> Iterator[Entry]:
        for at in range(0, len(self.lines), 500):
            yield from self[at : at + 500]

    def _some(self, lines: Sequence[Line]) -> tuple[Entry, ...]:
        if unknown := [line.id for line in lines if line.id not in self._known]:
            self._known |= self._read(unknown)
        return tuple(self._known.get(line.id) or line.to_entry() for line in lines)


class JobTable(Exports):
    """Jobs of the ledger, shown as a table.

    Parameters
    ----------
    entries : sequence of Entry
        In the order in which they are shown.
    left, lost : set of str
        Ids of those that no living process takes care of: that have something to fetch, and
        that are too old for it.
    is_filtered : bool, default False
        Whether there may be others.

    Examples
    --------
    >>> table = wan_magic.list_jobs("cat", since="7d")  # doctest: +SKIP
    >>> [entry.path for entry in table]  # doctest: +SKIP
    ['/home/anna/wan_videos/a-cat-runs-0385dc79.mp4']
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        *,
        left: AbstractSet[str] = frozenset(),
        lost: AbstractSet[str] = frozenset(),
        is_filtered: bool = False,
    ) -> None:
        self.entries = entries if isinstance(entries, Listed) else tuple(entries)
        self._lines = self.entries.lines if isinstance(self.entries, Listed) else self.entries
        self._left = left
        self._lost = lost
        self._is_filtered = is_filtered

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, at: int) -> Entry:
        return self.entries[at]

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the columns that are exported."""
        return tuple(_facts)

    def standing(self, entry: Entry | Line) -> str:
        """Return in a word or two how a job of the table stands; see the function."""
        return standing(entry, self._left, self._lost)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the jobs as dictionaries of plain values; times are ISO 8601, amounts numbers.

        They hold no key, no digest of one, and no address of a file.
        """
        return [{name: fact(entry) for name, fact in _facts.items()} for entry in self.entries]

    def __repr__(self) -> str:
        if not self.entries:
            return self._nothing()
        rows = [self._texts(entry) for entry in self.entries[:SHOWN]]
        columns, right = _in_words(COLUMNS), _in_words(_RIGHT)
        return "\n".join([text_table(columns, rows, right), "", *self._notes()])

    def _repr_html_(self) -> str:
        if not self.entries:
            return html.line(html.text(self._nothing()))
        rows = [self._cells(entry) for entry in self.entries[:SHOWN]]
        columns = _in_words(HEADS)
        widths = {columns[0]: 140}
        return html_table(columns, rows, _in_words(_RIGHT), notes=self._notes(), widths=widths)

    def _texts(self, entry: Entry, longest: int = 40) -> list[str]:
        state = state_word(self.standing(entry))
        return [
            _local(entry.created).strftime("%Y-%m-%d %H:%M"),
            tr("{state} (preview)", state=state) if entry.is_preview else state,
            entry.id,
            html.short(one_line(_title(entry)), longest),
            one_line(entry.model),
            one_line(entry.tier) or _NOTHING,
            f"{entry.seconds:g}" if entry.seconds else _NOTHING,
            _cost(entry),
            _file(entry),
        ]

    def _cells(self, entry: Entry) -> list[str]:
        texts = dict(zip(COLUMNS, self._texts(entry, longest=90), strict=True))
        state = self.standing(entry)
        badges = [html.badge(state_word(state).upper(), _TONES.get(state, "plain"))]
        badges += [html.badge(tr("PREVIEW"), "preview")] if entry.is_preview else []
        when = " ".join(map(_whole, texts["when"].split()))
        title = html.text(html.short(_title(entry), 1000))
        why = html.line(html.text(html.short(one_line(tr_sentence(entry.error)), 160)), size=11)
        seconds = tr("{seconds} s", seconds=texts["seconds"]) if entry.seconds else _NOTHING
        facts = [texts["model"], texts["resolution"], seconds]
        known = [html.fact(one) for one in facts if one != _NOTHING]
        job = (
            f'<div style="min-width:110px;max-width:600px;{html.WRAP}"><div title="{title}">'
            f"{html.text(texts['prompt'])}</div>{why if entry.error else ''}"
            f"{html.line(html.code(entry.id), *known, _link(entry), size=11)}</div>"
        )
        return [
            f'{when}<div style="margin-top:2px">{" ".join(map(_whole, badges))}</div>',
            _whole(html.text(texts["cost"])),
            job,
        ]

    def _notes(self) -> list[str]:
        states = Counter(self.standing(line) for line in self._lines)
        counted = tr(", ").join(
            tr("{number} {state}", number=number, state=state_word(state))
            for state, number in states.items()
        )
        lines = [tr("{jobs}: {counted}", jobs=job_count(len(self._lines)), counted=counted)]
        if len(self._lines) > SHOWN:
            lines.append(
                tr(
                    "the first {number} are shown; to_dicts() and the exports hold all",
                    number=SHOWN,
                )
            )
        if any(_is_estimated(line) for line in self._lines[:SHOWN]):
            lines.append(tr("≈ as estimated; the others as billed"))
        if number := sum(line.id in self._left for line in self._lines):
            lines.append(tr("{jobs} still out there: %wanvideo resume", jobs=job_count(number)))
        if any(line.id in self._lost for line in self._lines):
            lines.append(tr("lost: not fetched in the 24 hours for which the service keeps a clip"))
        return lines

    def _nothing(self) -> str:
        if self._is_filtered:
            return tr("no job fits; %wanvideo jobs lists them all")
        return tr("no jobs yet: %%wanvideo makes the first one")


def _in_words(columns: Sequence[str]) -> tuple[str, ...]:
    words = heads()
    return tuple(words[name] for name in columns)


def _whole(cell: str) -> str:
    """Return HTML that is not broken into lines."""
    return f'<span style="white-space:nowrap">{cell}</span>'


def standing(entry: Entry | Line, left: Container[str] = (), lost: Container[str] = ()) -> str:
    """Return in a word or two how a job stands.

    Parameters
    ----------
    entry : Entry
        The job.
    left : container of str
        Ids of the jobs that no living process takes care of and that have something to
        fetch: what their last state says is no longer so.
    lost : container of str
        Ids of those that are too old for that.

    Returns
    -------
    str
        A state, or ``"to be fetched"`` (it is made), ``"not watched"`` (its task may run),
        ``"unsure"`` (nobody knows whether it was accepted), ``"lost"``.
    """
    if entry.id in lost:
        return "lost"
    if entry.id not in left:
        return "not watched" if entry.state == "detached" else entry.state
    if entry.made is not None:
        return "to be fetched"
    return "not watched" if entry.task_id else "unsure"


def _title(entry: Entry) -> str:
    """Return what a job is called by: its prompt, its effect, or its inputs."""
    names = ", ".join(str(one.get("name", "")) for one in entry.request.get("inputs", ()))
    return entry.prompt.strip() or str(entry.request.get("template") or "") or names or _NOTHING


def _is_estimated(entry: Entry | Line) -> bool:
    return not entry.is_preview and entry.cost is None and bool(entry.spent)


def _cost(entry: Entry) -> str:
    if entry.is_preview:
        return tr("free")
    amount = entry.spent
    if amount is None:
        return tr("unknown")
    if not amount:
        return _NOTHING
    about = "≈ " if entry.cost is None else ""
    return f"{about}{money(amount, entry.currency)}"


def _file(entry: Entry) -> str:
    if not entry.path or entry.state != "done":
        return _NOTHING
    return one_line(Path(entry.path).name) if entry.file else tr("gone")


def _link(entry: Entry) -> str:
    """Return the file's name: a link where the front end can reach it, else with its place."""
    shown = _file(entry)
    if shown == _NOTHING:
        return ""
    if entry.file is None:
        return html.text(tr("the file is gone"))
    address = relative_src(entry.file)
    if address is None:
        return f'<span title="{html.text(entry.path)}">{html.text(shown)}</span>'
    return f'<a href="{html.text(address)}">{html.text(shown)}</a>'


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else _local(seconds).isoformat(timespec="seconds")


_facts: dict[str, Callable[[Entry], Any]] = {
    "id": lambda entry: entry.id,
    "created": lambda entry: _time(entry.created),
    "ended": lambda entry: _time(entry.ended),
    "state": lambda entry: entry.state,
    "open": lambda entry: entry.open,
    "prompt": lambda entry: entry.prompt,
    "model": lambda entry: entry.model,
    "resolution": lambda entry: entry.tier,
    "seconds": lambda entry: entry.seconds,
    "seed": lambda entry: entry.seed,
    "inputs": lambda entry: ", ".join(
        str(one.get("name", "")) for one in entry.request.get("inputs", ())
    ),
    "endpoint": lambda entry: entry.endpoint,
    "preview": lambda entry: entry.is_preview,
    "currency": lambda entry: entry.currency,
    "estimate": lambda entry: None if entry.estimate is None else float(entry.estimate),
    "cost": lambda entry: None if entry.cost is None else float(entry.cost),
    "notebook": lambda entry: entry.notebook,
    "path": lambda entry: entry.path,
    "task_id": lambda entry: entry.task_id,
    "error": lambda entry: entry.error,
}
"""What is exported of a job. The digest of its account and its addresses are not."""
