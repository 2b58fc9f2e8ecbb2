"""The panel's controls for inputs: a file to choose, or a path or URL to type; checked at once."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from wan_magic.errors import InputError, WanError
from wan_magic.notebook import panel_words as words
from wan_magic.notebook.options import BY_NAME
from wan_magic.notebook.panel_controls import INDENT, LABEL_WIDTH, LABELS, good, problem, row, wide
from wan_magic.notebook.panel_drop import BUTTON, ZONE
from wan_magic.notebook.panel_previews import short_mp3, thumbnail
from wan_magic.output import html
from wan_magic.texts import tr
from wan_magic.texts.sentences import tr_sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wan_magic.wan.catalog import Model
    from wan_magic.wan.media import Input

_PICTURES = ("image", "last_frame", "ref")
_UPLOADS = (*_PICTURES, "audio")
"""Inputs that are chosen from the disk of the browser; videos are too large for that."""


class Chosen(bytes):
    """A file's content that knows its name, for captions and messages."""

    name: str

    @classmethod
    def of(cls, name: str, content: bytes) -> Chosen:
        """Return a content with its name."""
        made = cls(content)
        made.name = name
        return made


class InputControl:
    """One input option.

    Parameters
    ----------
    name : str
        Of the option.
    changed : callable
        Is called when another thing is given.

    Attributes
    ----------
    box : ipywidgets.VBox
        All of it.
    upload, preview, remove : ipywidgets.FileUpload, ipywidgets.HTML, ipywidgets.Button
        For pictures and sounds.
    address : ipywidgets.Text or Textarea
        For a path or URL; references one a line.
    found, said : ipywidgets.HTML
        What was found in the files that were chosen, and in what is typed; or what is wrong.
    label : ipywidgets.Label
        What it is for.
    """

    def __init__(self, name: str, changed: Callable[[], None]) -> None:
        option = BY_NAME[name]
        self.name = name
        self._changed = changed
        self._model: Model | None = None
        self._files: list[Chosen] = []
        self._checked: dict[Any, Input | InputError] = {}
        has_upload = name in _UPLOADS
        self.upload = widgets.FileUpload(
            accept="image/*" if name in _PICTURES else ".wav,.mp3",
            multiple=option.repeat,
            description=self._asked_for(),
            tooltip=tr("Choose a file of up to {most}, or drop it here", most=words.UPLOAD_MOST),
            layout=widgets.Layout(width="auto"),
        )
        self.upload.add_class(BUTTON)
        self.preview = widgets.HTML(layout=widgets.Layout(margin="2px", display="none"))
        self.remove = widgets.Button(
            description=tr("Remove"),
            tooltip=tr("Take what was chosen away again"),
            icon="times",
            layout=widgets.Layout(width="auto", display="none"),
        )
        kind = widgets.Textarea if option.repeat else widgets.Text
        self.address = kind(
            placeholder=words.hint(name) or tr(option.help),
            description=tr("or by path") if has_upload else "",
            tooltip=tr(option.help),
            continuous_update=False,
            layout=wide(),
            style=LABELS,
            **({"rows": 2} if option.repeat else {}),
        )
        self.label = widgets.Label(
            layout=widgets.Layout(
                width=LABEL_WIDTH,
                margin="2px 0 2px 0",
                display="flex",
                justify_content="flex-end",
                flex="0 0 auto",
            )
        )
        self.found = widgets.HTML(layout=widgets.Layout(margin="0 2px", display="none"))
        self.said = widgets.HTML(
            layout=widgets.Layout(margin=f"0 0 4px {INDENT}", display="none"),
        )
        beside = widgets.VBox(
            [row(self.upload, self.remove), self.preview, self.found],
            layout=widgets.Layout(flex="1 1 0", min_width="0", padding="0 0 0 6px"),
        )
        chosen = [widgets.HBox([self.label, beside])] if has_upload else []
        self.box = widgets.VBox([*chosen, self.address, self.said])
        if has_upload:
            self.box.add_class(ZONE)
        self.upload.observe(self._uploaded, names="value")
        self.address.observe(self._typed, names="value")
        self.remove.on_click(lambda _: self._take([]))

    def fit_to(self, model: Model) -> None:
        """Be the input of this model: its words, and its limits."""
        self._model = model
        name = words.label(self.name, model)
        self.label.value = name
        if self.name not in _UPLOADS:
            self.address.description = name
        self._check()

    def value(self) -> Any:
        """Return what is given, as `wan_magic.submit` takes it; None for nothing.

        Raises
        ------
        InputError
            If a file is chosen and another one is typed.
        """
        given = self.given()
        if BY_NAME[self.name].repeat:
            return given or None
        if len(given) > 1:
            raise InputError(
                tr("“{label}”: a file is chosen, and a path or URL is typed", label=self._label()),
                hint=tr("remove one of them"),
            )
        return given[0] if given else None

    def given(self) -> list[Chosen | str]:
        """Return the files that were chosen, then what is typed."""
        typed = [line.strip() for line in self.address.value.splitlines() if line.strip()]
        return [*self._files, *typed]

    def put(self, name: str, content: bytes) -> None:
        """Give it a file, as if it had been chosen; what is typed goes away."""
        self.address.value = ""
        self._take([Chosen.of(name, content)])

    def _label(self) -> str:
        return words.label(self.name, self._model) if self._model else self.name

    def _asked_for(self) -> str:
        if BY_NAME[self.name].repeat:
            return tr("Choose pictures")
        return tr("Choose a picture") if self.name in _PICTURES else tr("Choose a sound")

    def _uploaded(self, _: Any) -> None:
        files = self.upload.value
        if not files or all(f["size"] and not f["content"] for f in files):  # our own doing, below
            return
        contents = [Chosen.of(file["name"], bytes(file["content"])) for file in files]
        # The button goes on to count the files, but its state must not hold megabytes.
        self.upload.value = tuple({**file, "content": memoryview(b"")} for file in files)
        self._take(contents)

    def _take(self, files: Sequence[Chosen]) -> None:
        """Keep these files and no others."""
        self._files = list(files)
        self.remove.layout.display = None if files else "none"
        if not files:
            self.upload.value = ()
        self._check()
        self._changed()

    def _typed(self, _: Any) -> None:
        self._check()
        self._changed()

    def _check(self) -> None:
        """Say what was given, and whether the model takes it: now, and not at Generate."""
        if self._model is None:
            return
        given = self.given()
        looks = [self._load(one) for one in given]
        self._checked = dict(looks)
        found = [one for _, one in looks]
        verdicts = list(map(self._verdict, given, found))
        self._set(self.found, "".join(verdicts[: len(self._files)]))
        self._set(self.said, "".join(verdicts[len(self._files) :]))
        self._set(self.preview, self._previews(given, found))

    def _load(self, value: Chosen | str) -> tuple[Any, Input | InputError]:
        from wan_magic.wan.media import load

        assert self._model is not None  # noqa: S101 - the caller has looked
        key = (self._model.name, value, _stamp(value))
        if key in self._checked:
            return key, self._checked[key]
        try:
            return key, load(self.name, value, self._model)
        except InputError as err:
            return key, err

    def _previews(self, given: Sequence[Chosen | str], found: Sequence[Input | InputError]) -> str:
        shown = []
        for number, (value, one) in enumerate(zip(given, found, strict=True), 1):
            try:
                made = self._preview(value, one)
            except Exception:  # noqa: BLE001 - decoders raise nearly anything on broken bytes
                made = ""
            if made and self.name == "ref":  # the prompt calls them by their numbers
                made += f'<span style="align-self:end"> {number}</span>'
            shown.append(made)
        if not any(shown):
            return ""
        return f'<div style="display:flex;flex-wrap:wrap;gap:8px">{"".join(shown)}</div>'

    def _preview(self, value: Chosen | str, found: Input | InputError) -> str:
        told = html.text(self._label())
        if self.name == "audio":
            sound = value if isinstance(value, bytes) else _read(value)
            if not sound or isinstance(found, InputError):
                return ""
            heard = base64.b64encode(short_mp3(sound)).decode()
            return (
                f'<audio controls preload="none" src="data:audio/mpeg;base64,{heard}"'
                f' aria-label="{told}" title="{html.text(tr("the first 15 seconds"))}"'
                ' style="display:block;height:32px;max-width:240px"></audio>'
            )
        kept = None if isinstance(found, InputError) else found.thumbnail
        data = value if isinstance(value, bytes) else kept
        if not data:
            return ""
        small = base64.b64encode(thumbnail(data)).decode()
        return (
            f'<img src="data:image/jpeg;base64,{small}" alt="{told}" title="{told}"'
            ' style="display:block;max-height:112px;max-width:100%;border-radius:6px">'
        )

    def _verdict(self, value: Chosen | str, found: Input | InputError) -> str:
        """Return what was found of one thing that is given, as HTML."""
        assert self._model is not None  # noqa: S101 - the caller has looked
        if isinstance(found, WanError):
            return problem(words.of_fields(found, self._model))
        facts = [getattr(value, "name", None) or found.name]
        if found.width and found.height:
            facts.append(f"{found.width}×{found.height}")
        if found.seconds:
            facts.append(tr("{seconds} s", seconds=f"{found.seconds:.1f}"))
        if isinstance(value, str) and not found.upload and not found.value.startswith("data:"):
            facts.append(tr("an address: checked by the server"))
        notes = map(html.line, map(html.text, map(tr_sentence, found.notes)))
        return "".join([good(" · ".join(facts)), *notes])

    @staticmethod
    def _set(widget: widgets.HTML, text: str) -> None:
        """Show a text; an empty one takes no room."""
        widget.value = text
        widget.layout.display = None if text else "none"


def _stamp(value: Chosen | str) -> tuple[int, int] | None:
    """Tell a file that has changed since from the one that was checked."""
    if isinstance(value, bytes):
        return None
    try:
        found = Path(value).expanduser().stat()
    except (OSError, ValueError, RuntimeError):
        return None
    return found.st_mtime_ns, found.st_size


def _read(path: str) -> bytes:
    """Return a local file's content; nothing of an address."""
    try:
        return Path(path).expanduser().read_bytes()
    except (OSError, ValueError, RuntimeError):
        return b""
