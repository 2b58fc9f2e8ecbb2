"""The panel's controls for values: made from the option table and the model's row."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from wan_magic.notebook import panel_words as words
from wan_magic.output import html
from wan_magic.texts import tr
from wan_magic.wan.catalog import SEED_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_magic.notebook.options import Option
    from wan_magic.wan.catalog import Model

UNSET = ""
"""A control's value while the server's default holds: nothing is sent."""
LABEL_WIDTH = "min(112px, 40%)"
"""Where there is little room, most of it is the field's."""
LABELS = {"description_width": LABEL_WIDTH}
INDENT = f"calc({LABEL_WIDTH} + 8px)"
"""Where what belongs to a field begins: below its control."""
MAIN = ("resolution", "ratio", "duration", "mode", "function", "audio", "seed")
"""Options that everybody sees; the others are a click away."""


def wide() -> widgets.Layout:
    """Return a layout that takes the room there is; each widget has its own."""
    return widgets.Layout(width="auto", min_width="0", margin="2px 0")


def row(*children: widgets.Widget) -> widgets.HBox:
    """Return widgets beside each other, on several lines where it is narrow."""
    layout = widgets.Layout(
        align_items="center", flex_flow="row wrap", grid_gap="4px 8px", overflow="visible"
    )
    return widgets.HBox(children, layout=layout)


def columns(children: Sequence[widgets.Widget] = ()) -> widgets.GridBox:
    """Return widgets in as many columns as there is room for."""
    layout = widgets.Layout(
        grid_template_columns="repeat(auto-fit, minmax(min(280px, 100%), 1fr))",
        grid_gap="2px 16px",
        align_items="center",
    )
    return widgets.GridBox(children, layout=layout)


def control(option: Option, model: Model) -> widgets.Widget:
    """Make the control of one option, with the values that the model takes."""
    common = {
        "description": words.label(option.name, model),
        "tooltip": tr(option.help),
        "layout": wide(),
        "style": LABELS,
    }
    standard = model.default(option.name)
    pairs: list[tuple[str, Any]]
    if option.name == "audio":  # its file has a control of its own
        pairs = [(tr("on"), "auto"), (tr("off"), "off")]
        standard = {True: "auto", False: "off"}.get(standard)
    elif option.kind == "switch":
        pairs = [(tr("yes"), True), (tr("no"), False)]
    else:
        pairs = [(_said(option.name, one, model), one) for one in option.choices(model)]
    if pairs:
        told = next((said for said, value in pairs if value == standard), "")
        first = tr("default ({value})", value=told) if told else tr("default")
        if option.name == "template":
            first = tr("none")
        return widgets.Dropdown(options=[(first, UNSET), *pairs], value=UNSET, **common)
    empty = words.hint(option.name) or tr(option.help)
    return widgets.Text(placeholder=empty, continuous_update=False, **common)


def _said(name: str, value: Any, model: Model) -> str:
    """Return a value as it stands in a list; the seconds that are none say what they mean."""
    if name == "duration" and value == -1:
        return tr("{value}: the model decides", value=value)
    if name == "duration" and value == 0:
        source = words.label(model.length_from, model)
        return tr("{value}: as long as “{source}”", value=value, source=source)
    return tr("{seconds} s", seconds=value) if name == "duration" else words.value(value)


def is_offered(option: Option, model: Model) -> bool:
    """Whether a model has a control of this option; sound is one where it can be switched."""
    if not option.in_panel or not option.takes(model):
        return False
    return option.name != "audio" or model.sound == "switch"


def values(control: widgets.Widget, value: Any) -> list[Any]:
    """Return the values that a control can take; a free text takes any."""
    pairs = getattr(control, "options", None)
    return [value] if pairs is None else [pair[1] for pair in pairs]


def with_dice(seed: widgets.Text, model: Model) -> widgets.Widget:
    """Put a button beside the seed that rolls another one into it."""
    dice = widgets.Button(
        description=tr("Roll"),
        icon="dice",
        tooltip=tr("Put a random number into the seed: another take of the same request"),
        layout=widgets.Layout(width="auto", flex="0 0 auto"),
    )
    dice.on_click(lambda _: setattr(seed, "value", str(rolled(model))))
    seed.layout.flex = "1 1 0"
    seed.style.description_width = "min(112px, (100% + 64px) * 0.4)"  # as if without the button
    box = widgets.HBox([seed, dice], layout=widgets.Layout(align_items="center"))
    box.layout.min_width = "0"
    return box


def rolled(model: Model) -> int:
    """Return a random seed that a model takes."""
    return random.SystemRandom().randint(0, int(model.parameters["seed"].high or SEED_MAX))


def discard(gone: Sequence[widgets.Widget]) -> None:
    """Close widgets that are shown no more: a page that is reloaded would fetch them all."""
    for one in gone:
        discard(getattr(one, "children", ()))
        for part in ("layout", "style"):
            if hasattr(one, part):
                getattr(one, part).close()
        one.close()


def count(text: str, most: int) -> str:
    """Return how long a text is of what the model reads, as HTML; more than that is no error."""
    number = len(text)
    if number <= most:
        told = tr("{number} of {most} characters", number=f"{number:,}", most=f"{most:,}")
        return f'<div style="{SMALL};opacity:.75">{html.text(told)}</div>'
    told = tr(
        "{number} of {most} characters: too long, the last {over} are not read",
        number=f"{number:,}",
        most=f"{most:,}",
        over=f"{number - most:,}",
    )
    return problem(told)


def problem(told: str) -> str:
    """Return what is wrong, beside the field that it is about; marked, not coloured alone."""
    shown = html.text(told).replace("\n", "<br>")
    return (
        f'<div role="alert" style="{SMALL};overflow-wrap:anywhere;padding-left:8px;'
        f'border-left:3px solid {html.tone("bad")}"><b>✖</b> {shown}</div>'
    )


def message(told: str, tone: html.Tone) -> str:
    """Return what came of a click; nothing of an empty text."""
    if not told:
        return ""
    role = "status" if tone == "good" else "alert"
    shown = html.text(told).replace("\n", "<br>")
    return html.frame(f'<div role="{role}">{shown}</div>', tone=tone)


def good(told: str) -> str:
    """Return that a field is all right, as quietly as it can be said."""
    return f'<div style="{SMALL};overflow-wrap:anywhere;opacity:.85">✓ {html.text(told)}</div>'


SMALL = "font-size:12px;line-height:1.45"
