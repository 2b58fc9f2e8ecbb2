"""What the tests of the panel share: files as a front end sends them, and a form to start from."""

from __future__ import annotations

import io
import wave

from magic_shell import WIDGET, png

TURBO = "wanx2.1-i2v-turbo"
WEB = "https://example.com/"


def upload(chooser, *contents, name="cat.png"):
    """What the front end sends when files were chosen."""
    file = {"name": name, "type": "image/png", "last_modified": 1_700_000_000_000}
    chosen = [{**file, "size": len(data), "content": memoryview(data)} for data in contents]
    chooser.set_state({"value": chosen})


def ready(panel):
    """Fill in what image to video needs."""
    upload(panel.inputs["image"].upload, png())
    panel.prompt.value = "A cat runs"
    return panel


def wav(seconds=4):
    """A silent sound."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(int(seconds * 8000) * 2))
    return out.getvalue()


def saved(shell):
    """The panel's second output as it is in the notebook: no widget."""
    outputs = [one for one in shell.shown if WIDGET not in one["data"]]
    assert outputs
    return outputs[-1]["data"]["text/html"]


def results(panel):
    """The boxes of what it has made, from top to bottom."""
    found, box = [], panel.results
    while box.children:
        box, result = box.children
        found.insert(0, result)
    return found
