"""A browser notification when a job ends, for who asked for one.

The script is fixed, and its words come as JSON. It lives in an Output widget for a moment:
nothing of it is saved with the notebook.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import ipywidgets as widgets

from wan_magic.output import html
from wan_magic.texts import tr

if TYPE_CHECKING:
    from wan_magic.jobs.job import Job

STAYS = 1.0
"""Seconds for which the script stays: the page has run it by then, and a reload must not."""

_JAVASCRIPT = "application/javascript"
_ASK = """
const words = WORDS;
const say = (text) => { element.textContent = text; };
if (!("Notification" in window)) say(words.missing);
else if (Notification.permission === "denied") say(words.blocked);
else if (Notification.permission === "default")
  Notification.requestPermission().then((said) => { if (said === "denied") say(words.blocked); });
"""
_RING = """
const words = WORDS;
const told = (window.wanMagicTold = window.wanMagicTold || new Set());  // by other views of it
if ("Notification" in window && Notification.permission === "granted" && !told.has(words.tag)
    && (document.hidden || !document.hasFocus())) {
  told.add(words.tag);
  const shown = new Notification(words.title, { body: words.body, tag: words.tag });
  shown.onclick = () => { window.focus(); shown.close(); };
}
"""


class Bell:
    """Asks the browser for its permission once, and tells of the end of a job.

    Attributes
    ----------
    output : ipywidgets.Output
        Must be on the page; it is empty but where the browser refuses.
    """

    def __init__(self) -> None:
        self.output = widgets.Output()
        words = {
            "missing": tr("this browser shows no notifications"),
            "blocked": tr("the browser blocks notifications of this page"),
        }
        self._run(_ASK, words)

    def ring(self, job: Job) -> None:
        """Tell of the end of a job, if nobody looks at the page."""
        titles = {
            "done": tr("The clip is there"),
            "cancelled": tr("The job was cancelled"),
            "detached": tr("The job is no longer watched"),
        }
        body = html.short(job.request.prompt or job.request.model, 120)
        title = titles.get(str(job.state), tr("There is no clip"))
        self.tell(title, body, f"{job.id}-{job.state}")

    def tell(self, title: str, body: str, tag: str) -> None:
        """Show a notification, if nobody looks at the page; one of the same tag gives way."""
        self._run(_RING, {"title": title, "body": body, "tag": f"wan_magic-{tag}"})

    def silence(self) -> None:
        """Take the script away."""
        self.output.outputs = ()

    def _run(self, script: str, words: dict[str, str]) -> None:
        source = script.replace("WORDS", json.dumps(words), 1)
        self.output.outputs = (
            {"output_type": "display_data", "data": {_JAVASCRIPT: source}, "metadata": {}},
        )
