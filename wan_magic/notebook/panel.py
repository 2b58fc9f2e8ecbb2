"""The panel: the same request with buttons, made from the option and model tables."""

from __future__ import annotations

import base64
import io
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from IPython.display import display

from wan_magic import api
from wan_magic.errors import WanError
from wan_magic.notebook.options import BY_NAME, OPTIONS, Option
from wan_magic.notebook.status import StatusCard, live_bundle
from wan_magic.output import html
from wan_magic.settings import Settings, from_environment
from wan_magic.wan import catalog
from wan_magic.wan.endpoints import choose
from wan_magic.wan.request import VideoRequest

if TYPE_CHECKING:
    from wan_magic.wan.catalog import Model

_WIDE = widgets.Layout(width="auto")
_LABELS = {"description_width": "110px"}
_LABEL = widgets.Layout(width="110px", display="flex", justify_content="flex-end")
_DEFAULT = "default"
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
    """Prompt, first frame, model, the options that the model takes, price, Generate.

    Attributes
    ----------
    box : ipywidgets.VBox
        The whole panel.
    jobs : list of Job
        What was started here, newest first.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._image: bytes | None = None
        self.jobs: list[Any] = []
        self.prompt = widgets.Textarea(
            placeholder="What should the video show?",
            description="Prompt",
            rows=3,
            layout=_WIDE,
            style=_LABELS,
        )
        self.upload = widgets.FileUpload(
            accept="image/*",
            description="Choose a picture",
            tooltip="JPEG, PNG, BMP or WEBP",
            layout=widgets.Layout(width="auto"),
        )
        self.preview = widgets.HTML()
        # Front ends drop their connection at 10 MB, so that a larger upload never arrives.
        self.address = widgets.Text(
            placeholder="or a path or URL: best for pictures over 5 MB",
            description=" ",
            layout=_WIDE,
            style=_LABELS,
        )
        self.model = widgets.Dropdown(
            options=list(catalog.MODELS),
            value=catalog.DEFAULT_MODEL,
            description="Model",
            layout=_WIDE,
            style=_LABELS,
        )
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
            _row(widgets.Label("First frame", layout=_LABEL), self.upload, self.preview),
            self.address,
            self.model,
            self.options,
            _row(self.generate, self.price),
            self.error,
        ]
        frame = widgets.Layout(
            border="1px solid rgba(128,128,128,.35)", padding="12px", max_width="720px"
        )
        self.box = widgets.VBox([widgets.VBox(form, layout=frame), self.results])
        self.box.add_class("wan-magic-panel")
        self.upload.observe(self._uploaded, names="value")
        self.model.observe(self._model_chosen, names="value")
        self.generate.on_click(self._clicked)
        self._model_chosen()

    def __repr__(self) -> str:
        return f"<Panel with {len(self.jobs)} jobs>"

    def _model_chosen(self, _: Any = None) -> None:
        """Show the controls of this model alone, with its values; keep what still holds."""
        row = catalog.find_model(self.model.value)
        before = {name: control.value for name, control in self.controls.items()}
        self.controls = {
            option.name: _control(option, row)
            for option in OPTIONS
            if option.in_panel and option.takes(row)
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
            audio=False if chosen.get("audio") == "off" else None,
        )
        try:
            endpoint = choose(self._settings)
        except WanError as exc:
            self.price.value = html.line(html.text(exc.message))
            return
        cost = request.estimate(endpoint.price_region if endpoint else "beijing")
        text = f"about {cost} ({cost.detail})" if cost.amount is not None else str(cost)
        if endpoint is None:
            text = f"free preview; the hosted API: {text}"
        self.price.value = html.line(html.text(text))

    def _uploaded(self, _: Any) -> None:
        file = self.upload.value[0] if self.upload.value else None
        if file is None or (file["size"] and not file["content"]):  # our own doing, below
            return
        data = bytes(file["content"])
        # The button goes on to count one picture, but its state must not hold megabytes.
        self.upload.value = ({**file, "content": memoryview(b"")},)
        self._image = None
        try:
            thumbnail = base64.b64encode(_thumbnail(data)).decode()
        except Exception:  # noqa: BLE001 - decoders raise nearly anything on broken bytes
            self.preview.value = ""
            self.upload.value = ()
            self._say("that file is not a picture that can be read: JPEG, PNG, BMP and WEBP are")
            return
        self._image = data
        self._say("")
        self.preview.value = (
            f'<img src="data:image/jpeg;base64,{thumbnail}" alt="first frame"'
            ' style="max-height:120px;border-radius:6px">'
        )

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
            request, notes = api.build(
                self.prompt.value.strip(),
                image=self.address.value.strip() or self._image,
                model=self.model.value,
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


def _row(*children: widgets.Widget) -> widgets.HBox:
    layout = widgets.Layout(align_items="center", flex_flow="row wrap", grid_gap="0 8px")
    return widgets.HBox(children, layout=layout)


def _thumbnail(data: bytes) -> bytes:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data)) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
        small = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
        small = small.convert("RGB")  # as it will be sent
        small.thumbnail((240, 240))
        out = io.BytesIO()
        small.save(out, "JPEG", quality=80)
    return out.getvalue()


def _values(control: widgets.Widget, value: Any) -> list[Any]:
    """Return the values that a control can take; a free text takes any."""
    pairs = getattr(control, "options", None)
    return [value] if pairs is None else [pair[1] for pair in pairs]


def _control(option: Option, row: Model) -> widgets.Widget:
    """Make the control of one option, with the values that the model takes."""
    label = option.name.replace("_", " ").capitalize()
    common = {"description": label, "tooltip": option.help, "layout": _WIDE, "style": _LABELS}
    choices = option.choices(row)
    if option.kind == "switch":
        pairs = [(_DEFAULT, _UNSET), ("yes", True), ("no", False)]
        return widgets.Dropdown(options=pairs, value=_UNSET, **common)
    if choices:
        standard = getattr(row, option.name, None)
        first = f"{_DEFAULT} ({standard})" if standard else _DEFAULT
        pairs = [(first, _UNSET), *((str(value), value) for value in choices)]
        return widgets.Dropdown(options=pairs, value=_UNSET, **common)
    return widgets.Text(placeholder=option.help, continuous_update=False, **common)
