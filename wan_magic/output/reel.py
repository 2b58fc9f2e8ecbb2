"""A film of several clips, as it is shown and saved in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_magic.output import html
from wan_magic.output.place import shown_path
from wan_magic.output.player import look_of
from wan_magic.output.screen import screen
from wan_magic.texts import tr

if TYPE_CHECKING:
    from wan_magic.actions.joining import Reel
    from wan_magic.output.ended import Bundle


def reel_bundle(reel: Reel) -> Bundle:
    """Return the mimebundle and metadata of a film."""
    number = len(reel.parts)
    title = tr("a film of 1 clip") if number == 1 else tr("a film of {number} clips", number=number)
    shown = screen(reel, title, look_of(reel))
    name = html.text(reel.path.name)
    badge = f"{html.badge(tr('PREVIEW'), 'preview')} " if reel.is_preview else ""
    preview = f"{tr('PREVIEW')} " if reel.is_preview else ""
    facts = [
        html.fact(f"{reel.width}×{reel.height}"),
        html.fact(tr("{seconds} s", seconds=f"{reel.duration:g}")),
        "" if reel.has_audio else html.fact(tr("silent")),
    ]
    data = {
        "text/html": html.frame(
            shown.html,
            html.line(badge + html.text(title), *facts),
            html.line(f'<a href="{html.text(shown.link)}">{name}</a>' if shown.link else name),
            *(html.line(html.text(note)) for note in shown.notes),
            html.folded(tr("the clips"), *(html.line(html.text(p.name)) for p in reel.parts)),
            tone="preview" if reel.is_preview else "good",
        ),
        "text/plain": f"▶ {preview}{shown_path(reel.path)} ({title}, {reel.width}×{reel.height},"
        f" {tr('{seconds} s', seconds=f'{reel.duration:g}')})",
    }
    return data, {"wan_magic": {"file": reel.path.name, "parts": [p.name for p in reel.parts]}}
