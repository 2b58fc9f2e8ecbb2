"""The panel: the same request with buttons, made from the option and model tables."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython.display import display

from wan_magic import api
from wan_magic.errors import WanError
from wan_magic.notebook.options import BY_NAME, INPUTS, OPTIONS, Option
from wan_magic.notebook.panel_inputs import LABELS, WIDE, InputControl, row
from wan_magic.notebook.status import StatusCard, live_bundle
from wan_magic.output import html
from wan_magic.settings import Settings, from_environment
from wan_magic.wan import catalog
from wan_magic.wan.endpoints import choose
from wan_magic.wan.estimate import PriceList
from wan_magic.wan.request import DEFAULT_MODEL, VideoRequest

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Model

_DEFAULT = "default"
_AS_OPTION = ("audio",)
"""Inputs that are also a switch: their control stands among the options."""
_SETTLE_SECONDS = 0.5
"""Between a click on Generate and the reading of the form."""
_UNSET = ""
"""A control's value while the server's default holds: nothing is sent."""


def panel(settings: Settings | None = None) -> Panel:
    """Show a panel that makes clips by clicks.

    Parameters
    ----------
    settings : Settings, optional
        Endpoint, key and folder; by default the environment's.

    Returns
    -------
    Panel

    Examples
    --------
    >>> wan_magic.panel()  # doctest: +SKIP
    """
    made = Panel(settings or from_environment())
    words = (
        "A panel was here; %wanvideo panel shows a new one. Its clips are in the folder for clips."
    )
    fallback = {"text/html": html.frame(html.text(words)), "text/plain": words}
    display(live_bundle(made.box, fallback), raw=True)
    return made


class Panel:
    """Prompt, model, the inputs and options that the model takes, price, Generate.

    Attributes
    ----------
    box : ipywidgets.VBox
        The whole panel.
    jobs : list of Job
        What was started here, newest first.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.jobs: list[Any] = []
        self.prompt = widgets.Textarea(
            placeholder="What should the video show?",
            description="Prompt",
            rows=3,
            layout=widgets.Layout(width="auto"),  # its own: it is hidden for some models
            style=LABELS,
        )
        self.model = widgets.Dropdown(
            options=[
                (f"{name} · {catalog.KINDS[model.kind]}", name)
                for name, model in catalog.MODELS.items()
            ],
            value=DEFAULT_MODEL,
            description="Model",
            layout=WIDE,
            style=LABELS,
        )
        self.inputs: dict[str, InputControl] = {}
        self.files = widgets.VBox()
        self.controls: dict[str, widgets.Widget] = {}
        self.options = widgets.VBox()
        self.price = widgets.HTML()
        self.error = widgets.HTML()
        self.generate = widgets.Button(
            description="Generate",
            button_style="primary",
            icon="film",
            tooltip="Submit this request",
        )
        self.results = widgets.VBox()
        form = [
            self.prompt,
            self.model,
            self.files,
            self.options,
            row(self.generate, self.price),
            self.error,
        ]
        frame = widgets.Layout(
            border="1px solid rgba(128,128,128,.35)", padding="12px", max_width="720px"
        )
        self.box = widgets.VBox([widgets.VBox(form, layout=frame), self.results])
        self.box.add_class("wan-magic-panel")
        self.model.observe(self._model_chosen, names="value")
        self.generate.on_click(self._clicked)
        self._model_chosen()

    def __repr__(self) -> str:
        return f"<Panel with {len(self.jobs)} jobs>"

    def _model_chosen(self, _: Any = None) -> None:
        """Show the controls of this model alone, with its values; keep what still holds."""
        model = catalog.find_model(self.model.value)
        taken = [name for name in INPUTS if name in model.options and name not in _AS_OPTION]
        for name in taken:  # made once: what was chosen stays when the model changes
            self.inputs.setdefault(name, InputControl(name, self._say))
        self.files.children = [self.inputs[name].box for name in taken]
        if "image" in taken:
            starts = "Picture" if model.kind in ("s2v", "animate") else "First frame"
            self.inputs["image"].label.value = starts
        self.prompt.layout.display = "none" if model.prompt == "none" else None
        before = {name: control.value for name, control in self.controls.items()}
        self.controls = {
            option.name: _control(option, model)
            for option in OPTIONS
            if option.in_panel and option.takes(model) and _is_offered(option, model)
        }
        for name, control in self.controls.items():
            if name in before and before[name] in _values(control, before[name]):
                control.value = before[name]
            control.observe(self._show_price, names="value")
        self.options.children = list(self.controls.values())
        self._show_price()

    def _chosen(self) -> dict[str, Any]:
        """Return the options that were set; what stands on "default" is not sent."""
        values = {name: control.value for name, control in self.controls.items()}
        return {name: value for name, value in values.items() if value != _UNSET}

    def _show_price(self, _: Any = None) -> None:
        chosen = self._chosen()
        request = VideoRequest(
            model=self.model.value,
            resolution=chosen.get("resolution"),
            duration=chosen.get("duration"),
            mode=chosen.get("mode"),
            audio=False if chosen.get("audio") == "off" else None,
        )
        try:
            endpoint = choose(self._settings)
        except WanError as exc:
            self.price.value = html.line(html.text(exc.message))
            return
        cost = request.estimate(PriceList.of(endpoint))
        text = f"about {cost} ({cost.detail})" if cost.per_second is not None else str(cost)
        if request.row.bills_input and cost.per_second is not None:
            text += "; the seconds of a given video are billed, too"
        if endpoint is None:
            text = f"free preview; the hosted API: {text}"
        self.price.value = html.line(html.text(text))

    def _clicked(self, _: Any) -> None:
        """Start a job a moment after the click; many can run at once.

        Front ends send values and clicks on different threads: what was typed just
        before the click may arrive just after it. And clicks that piled up while the
        kernel was busy are one wish, not several payments.
        """
        if self.generate.disabled:
            return
        self.generate.disabled = True
        if _SETTLE_SECONDS:
            threading.Timer(_SETTLE_SECONDS, self._generate).start()
        else:
            self._generate()

    def _generate(self) -> None:
        self._say("")
        try:
            model = catalog.find_model(self.model.value)
            given = {name: self.inputs[name].value() for name in self.inputs if model.slots(name)}
            request, notes = api.build(
                "" if model.prompt == "none" else self.prompt.value.strip(),
                model=model.name,
                region=api.region_of(self._settings),
                **given,
                **self._converted(),
            )
            job = api.start(request, self._settings, notes)
            self.jobs.insert(0, job)
            self.results.children = (StatusCard(job).box, *self.results.children)
        except WanError as exc:
            self._say(str(exc))
        except Exception as exc:  # noqa: BLE001 - nobody would see it: this is no cell
            self._say(f"unexpected {type(exc).__name__}: {exc}")
        finally:
            self.generate.disabled = False

    def _converted(self) -> dict[str, Any]:
        """Return the options as the magic would read them."""
        return {name: BY_NAME[name].convert(value) for name, value in self._chosen().items()}

    def _say(self, problem: str) -> None:
        self.error.value = (
            html.frame(html.text(problem).replace("\n", "<br>"), tone="bad") if problem else ""
        )


def _values(control: widgets.Widget, value: Any) -> list[Any]:
    """Return the values that a control can take; a free text takes any."""
    pairs = getattr(control, "options", None)
    return [value] if pairs is None else [pair[1] for pair in pairs]


def _is_offered(option: Option, model: Model) -> bool:
    """Leave out a switch that the documents do not list for the model."""
    return option.name != "audio" or bool(model.slots("audio")) or model.sound == "switch"


def _said(value: Any, model: Model) -> str:
    """Return a value as it stands in a list; the seconds that are none say what they mean."""
    meant = {-1: "the model decides", 0: f"as long as the {model.length_from}"}
    return f"{value}: {meant[value]}" if value in meant else str(value)


def _control(option: Option, model: Model) -> widgets.Widget:
    """Make the control of one option, with the values that the model takes."""
    label = option.name.replace("_", " ").capitalize()
    common = {"description": label, "tooltip": option.help, "layout": WIDE, "style": LABELS}
    choices = option.choices(model)
    if option.name == "audio" and not model.slots("audio"):
        pairs: list[tuple[str, Any]] = [(_DEFAULT, _UNSET), ("auto", "auto"), ("off", "off")]
        return widgets.Dropdown(options=pairs, value=_UNSET, **common)
    if option.kind == "switch":
        pairs = [(_DEFAULT, _UNSET), ("yes", True), ("no", False)]
        return widgets.Dropdown(options=pairs, value=_UNSET, **common)
    if choices:
        standard = model.default(option.name)
        first = f"{_DEFAULT} ({standard})" if standard else _DEFAULT
        pairs = [(first, _UNSET), *((_said(value, model), value) for value in choices)]
        return widgets.Dropdown(options=pairs, value=_UNSET, **common)
    hint = option.help
    if option.name == "audio" and "audio" not in model.parameters:
        hint = "path or URL of a wav or mp3 file"
    return widgets.Text(placeholder=hint, continuous_update=False, **common)
