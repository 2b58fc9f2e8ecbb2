"""The panel's form: what it offers for each model, the request that it makes, its price."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from wan_magic.actions import api
from wan_magic.errors import InputError, WanError
from wan_magic.notebook import panel_words as words
from wan_magic.notebook.options import BY_NAME, INPUTS, OPTIONS
from wan_magic.notebook.panel_controls import (
    INDENT,
    LABELS,
    MAIN,
    SMALL,
    UNSET,
    columns,
    control,
    count,
    discard,
    is_offered,
    values,
    wide,
    with_dice,
)
from wan_magic.notebook.panel_inputs import InputControl
from wan_magic.notebook.panel_models import likely, models_of
from wan_magic.notebook.panel_price import Asked, body, draft, price
from wan_magic.output import html
from wan_magic.texts import tr
from wan_magic.wan import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_magic.settings import Settings
    from wan_magic.wan.catalog import Model

PAUSE_SECONDS = 0.4
"""From the last key to the new price and JSON."""
_MAIN_INPUTS: dict[str, tuple[str, ...]] = {
    "t2v": (),
    "i2v": ("image",),
    "kf2v": ("image", "last_frame"),
    "r2v": ("ref",),
    "edit": ("video",),
    "all": ("image", "ref"),
}
"""Inputs that everybody sees; needed ones are always among them."""


class Form:
    """Kind, model, prompt, and the inputs and options that the model takes.

    Parameters
    ----------
    settings : Settings
        Where it will run, for models and prices.
    touched : callable
        Is called when the user changes anything.

    Attributes
    ----------
    parts : list of ipywidgets.Widget
        All of it, from top to bottom.
    taken : list of str
        The inputs that the model takes; `inputs` has their controls.
    controls : dict of str to ipywidgets.Widget
        The options that the model takes.
    """

    def __init__(self, settings: Settings, touched: Callable[[], None]) -> None:
        self._settings = settings
        self._touched = touched
        self._region = api.region_of(settings)
        self.lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._body = ""
        self._listing = False
        self.inputs: dict[str, InputControl] = {}
        self.controls: dict[str, widgets.Widget] = {}
        self.taken: list[str] = []
        first = catalog.find_model(region=self._region)
        self.kind = widgets.Dropdown(
            options=[
                (said, kind)
                for kind, (said, _) in words.kinds().items()
                if models_of(kind, self._region)
            ],
            value=first.kind,
            description=tr("Make"),
            tooltip=tr("What the video is made from"),
            layout=wide(),
            style=LABELS,
        )
        self.model = widgets.Dropdown(description=tr("Model"), layout=wide(), style=LABELS)
        self.about = widgets.HTML(layout=widgets.Layout(margin=f"0 0 4px {INDENT}"))
        self.prompt = widgets.Textarea(
            placeholder=tr("What should the video show?"),
            description=tr("Prompt"),
            rows=3,
            layout=wide(),
            style=LABELS,
        )
        self.count = widgets.HTML(layout=widgets.Layout(margin=f"0 0 4px {INDENT}"))
        self._prompt = widgets.VBox([self.prompt, self.count])
        self.files = widgets.VBox()
        self.options = columns()
        self.more = widgets.ToggleButton(
            icon="sliders",
            layout=widgets.Layout(
                width="auto",
                align_self="flex-start",
                margin=f"4px 0 4px max(0px, min({INDENT}, 100% - 180px))",
            ),
        )
        self.others = widgets.VBox(layout=widgets.Layout(display="none"))
        self.price = widgets.HTML(layout=widgets.Layout(flex="1 1 200px", min_width="0"))
        self.as_json = widgets.ToggleButton(
            description="JSON",
            icon="code",
            tooltip=tr("Show exactly what will be sent"),
            layout=widgets.Layout(width="auto", margin="2px 0 2px 2px"),  # ends as fields do
        )
        self.json = widgets.HTML(layout=widgets.Layout(display="none", margin="0"))
        self.parts = [
            self.kind,
            self.about,
            self.model,
            self._prompt,
            self.files,
            self.options,
            self.more,
            self.others,
        ]
        self.kind.observe(self._kind_chosen, names="value")
        self.model.observe(self._model_chosen, names="value")
        self.prompt.observe(self._prompt_typed, names="value")
        self.more.observe(lambda _: _fold(self.others, self.more), names="value")
        self.as_json.observe(self._json_asked, names="value")
        self._list_models(first.name)

    def choose(self, model: str) -> None:
        """Choose a model, and its kind with it.

        Parameters
        ----------
        model : str
            A name of the model table, or a version.

        Raises
        ------
        InputError
            If there is no such model, or it runs elsewhere.
        """
        found = catalog.find_model(model, region=self._region)
        if found.name not in models_of(found.kind, self._region):
            raise InputError(f"{found.name} is not offered in {self._region}")
        self._listing = True
        self.kind.value = found.kind
        self._listing = False
        self._list_models(found.name)

    def _kind_chosen(self, _: Any) -> None:
        if not self._listing:
            self._list_models()

    def _list_models(self, wanted: str = "") -> None:
        """Offer the models of the kind; the first choice is of the version that was chosen."""
        kind = self.kind.value
        names = models_of(kind, self._region)
        before = catalog.MODELS.get(self.model.value or "")
        wanted = wanted or likely(names, before)
        self.about.value = (
            f'<div style="{SMALL};opacity:.85">{html.text(words.kinds()[kind][1])}</div>'
        )
        self._listing = True  # the list chooses its first one by itself
        self.model.options = [(words.model_name(catalog.MODELS[one]), one) for one in names]
        self.model.value = wanted
        self._listing = False
        self._model_chosen()

    @property
    def row(self) -> Model:
        """The row of the chosen model."""
        return catalog.MODELS[self.model.value]

    def _model_chosen(self, _: Any = None) -> None:
        """Show the controls of this model alone, with its values; keep what still holds."""
        if self._listing:
            return
        with self.lock:
            model = self.row
            self.taken = [name for name in INPUTS if model.slots(name)]
            for name in self.taken:  # made once: what was chosen stays when the model changes
                if name not in self.inputs:
                    self.inputs[name] = InputControl(name, self._edited)
                self.inputs[name].fit_to(model)
            before = {name: one.value for name, one in self.controls.items()}
            self.controls = {
                option.name: control(option, model)
                for option in OPTIONS
                if is_offered(option, model)
            }
            for name, one in self.controls.items():
                if name in before and before[name] in values(one, before[name]):
                    one.value = before[name]
                one.observe(self._edited, names="value")
            self._prompt.layout.display = "none" if model.prompt == "none" else None
            self._place(model)
        self._prompt_typed()

    def _place(self, model: Model) -> None:
        """Put what everybody needs in view, and the rest behind a click."""
        needed = {slot.option for slot in model.inputs if slot.required}
        main = needed | set(_MAIN_INPUTS.get(model.kind, self.taken))
        shown = {
            name: with_dice(one, model) if name == "seed" else one
            for name, one in self.controls.items()
        }
        self.files.children = [self.inputs[name].box for name in self.taken if name in main]
        rest = [self.inputs[name].box for name in self.taken if name not in main]
        small = [one for name, one in shown.items() if name not in MAIN]
        before = (*self.options.children, *self.others.children[-1:])
        self.others.children = [*rest, columns(small)]
        self.options.children = [one for name, one in shown.items() if name in MAIN]
        discard(before)
        self.more.layout.display = None if rest or small else "none"
        if not (rest or small):
            self.more.value = False

    def _chosen(self) -> dict[str, Any]:
        """Return the options that were set; what stands on "default" is not sent."""
        chosen = {name: one.value for name, one in self.controls.items()}
        return {name: value for name, value in chosen.items() if value != UNSET}

    def build(self) -> Asked:
        """Return the form as a request, checked as the magic checks it."""
        model = self.row
        given = {name: self.inputs[name].value() for name in self.taken}
        chosen = {name: BY_NAME[name].convert(one) for name, one in self._chosen().items()}
        if given.get("audio") is not None and "audio" in chosen:
            raise InputError(
                tr("a sound is given, and “{label}” is set", label=words.label("audio", model)),
                hint=tr("keep one of them"),
            )
        request, notes = api.build(
            "" if model.prompt == "none" else self.prompt.value.strip(),
            model=model.name,
            region=self._region,
            **{name: value for name, value in given.items() if value is not None},
            **chosen,
        )
        return Asked(request, notes, {name: self.inputs[name].given() for name in self.taken})

    def _prompt_typed(self, _: Any = None) -> None:
        self._touched()
        self.count.value = count(self.prompt.value.strip(), self.row.prompt_max)
        self._later(self.refresh)

    def _later(self, do: Any) -> None:
        """Do it when the typing pauses: of many keys the last one counts."""
        if self._timer is not None:
            self._timer.cancel()
        if not PAUSE_SECONDS:
            do()
            return
        self._timer = threading.Timer(PAUSE_SECONDS, do)
        self._timer.daemon = True
        self._timer.start()

    def _edited(self, _: Any = None) -> None:
        self._touched()
        self.refresh()

    def refresh(self) -> None:
        """Say what the form would send and cost as it stands."""
        with self.lock:
            try:
                asked, missing = self.build(), ""
            except WanError as exc:
                asked, missing = None, words.of_fields(exc, self.row)
            self.price.value = price(asked or draft(self.row, self._chosen()), self._settings)
            self._body = body(asked, missing)
            if self.as_json.value:
                self.json.value = self._body
            self._count_others()

    def _count_others(self) -> None:
        """Say how much is set behind the click: it counts, too."""
        number = len([name for name in self._chosen() if name not in MAIN])
        visible = self.files.children
        hidden = [self.inputs[name] for name in self.taken if self.inputs[name].box not in visible]
        number += len([one for one in hidden if one.given()])
        said = tr("More options ({number} set)", number=number) if number else tr("More options")
        self.more.description = said

    def _json_asked(self, _: Any) -> None:
        self.json.value = self._body if self.as_json.value else ""
        _fold(self.json, self.as_json)


def _fold(box: widgets.Widget, toggle: widgets.ToggleButton) -> None:
    box.layout.display = None if toggle.value else "none"
