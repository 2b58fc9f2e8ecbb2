"""Files dropped on the panel, files too large for the way to the kernel, and a page that jumps.

ipywidgets' own button takes no drops, and sends a file of any size: above 10 MB the server closes
the connection, and nobody says why. So a fixed script, in an Output widget that is never
saved, hands dropped files to the button's own input, and stops what is too large before it
leaves. It also keeps a button where it was clicked while things appear above it: browsers do
that by themselves, but not within the boxes of JupyterLab. Without it (a front end that runs no
scripts) the buttons work as they are.
"""

from __future__ import annotations

import json

import ipywidgets as widgets

from wan_magic.notebook.panel_controls import INDENT
from wan_magic.notebook.panel_words import UPLOAD_MOST
from wan_magic.texts import tr

ZONE = "wan-magic-drop"
"""Class of the box that takes drops for the button in it."""
BUTTON = "wan-magic-upload"
"""Class of the button."""
HELD = "wan-magic-held"
"""Class of a button that stays where it is when it is clicked."""
MOST_BYTES = 9_000_000

_SCRIPT = """
const words = WORDS;
const help = (panel) => {
  if (panel.dataset.wanMagicDrop) return;
  panel.dataset.wanMagicDrop = "on";
  hold(panel);
  const watched = new WeakSet();
  const plain = HTMLInputElement.prototype.click;
  const zoneOf = (event) => event.target.closest && event.target.closest("." + words.zone);
  const say = (zone, text) => {
    let note = zone.querySelector("[data-wan-magic-refused]");
    if (!note) {
      note = document.createElement("div");
      note.dataset.wanMagicRefused = "";
      note.setAttribute("role", "alert");
      note.style.cssText = words.style;
      zone.append(note);
    }
    note.textContent = text;
    note.hidden = !text;
  };
  // The button's input is no part of the page: it shows itself when the button opens it.
  const watch = (zone, input) => {
    if (watched.has(input)) return;
    watched.add(input);
    input.addEventListener("change", (event) => {
      const files = Array.from(input.files);
      const large = files.reduce((sum, one) => sum + one.size, 0) > words.most;
      say(zone, large ? "✖ " + files.map((one) => one.name).join(", ") + ": " + words.large : "");
      if (large) event.stopImmediatePropagation();
    }, true);
  };
  const next = (use) => {
    HTMLInputElement.prototype.click = function () {
      HTMLInputElement.prototype.click = plain;
      use(this);
    };
    setTimeout(() => { HTMLInputElement.prototype.click = plain; });  // after all listeners
  };
  let dropping = false;
  panel.addEventListener("click", (event) => {
    const zone = zoneOf(event);
    if (!zone || dropping || !event.target.closest("." + words.button)) return;
    next((input) => { watch(zone, input); plain.call(input); });
  }, true);
  const mark = (zone, on) => {
    zone.style.outline = on ? "2px dashed currentColor" : "";
    zone.style.outlineOffset = "-2px";  // what is around it hides what sticks out
  };
  const holdsFiles = (event) => Array.from(event.dataTransfer.types).includes("Files");
  panel.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    const zone = zoneOf(event);
    event.preventDefault();  // beside a zone, too: the browser would leave the page for the file
    event.stopPropagation();
    if (zone) mark(zone, true);
    else event.dataTransfer.dropEffect = "none";
  });
  panel.addEventListener("dragleave", (event) => {
    const zone = zoneOf(event);
    if (zone && !zone.contains(event.relatedTarget)) mark(zone, false);
  });
  panel.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    const zone = zoneOf(event);
    event.preventDefault();
    event.stopPropagation();
    if (!zone) return;
    mark(zone, false);
    const files = Array.from(event.dataTransfer.files);
    dropping = true;
    next((input) => {
      watch(zone, input);
      const kept = new DataTransfer();
      files.slice(0, input.multiple ? files.length : 1).forEach((one) => kept.items.add(one));
      input.files = kept.files;
      input.dispatchEvent(new Event("change"));
    });
    try { zone.querySelector("." + words.button).click(); } finally { dropping = false; }
  });
};
const hold = (panel) => {
  let held = null;
  let top = 0;
  const measure = () => { if (held) top = held.getBoundingClientRect().top; };
  const letGo = () => {
    held = null;
    document.removeEventListener("scroll", measure, true);
    document.removeEventListener("pointerdown", letGo, true);
  };
  panel.addEventListener("click", (event) => {
    letGo();
    held = event.target.closest("." + words.held);
    if (!held) return;
    measure();
    document.addEventListener("scroll", measure, true);  // the person's own wish
    document.addEventListener("pointerdown", letGo, true);
  }, true);
  new ResizeObserver(() => {
    if (!held || !held.isConnected) return;
    const moved = held.getBoundingClientRect().top - top;
    let around = panel;
    while (around && around.scrollHeight <= around.clientHeight + 1) around = around.parentElement;
    if (around) around.scrollTop += moved;
  }).observe(panel);
};
// It runs before it stands in the page.
const begin = (tries) => {
  const panel = element.closest(".wan-magic-panel");
  if (panel) help(panel);
  else if (tries) setTimeout(() => begin(tries - 1), 100);
};
begin(100);
"""


def drop_script() -> widgets.Output:
    """Return the widget that runs the script; it must stand in the panel, and takes no room."""
    words = {
        "zone": ZONE,
        "button": BUTTON,
        "held": HELD,
        "most": MOST_BYTES,
        "large": tr(
            "more than {most} don't come through; put it beside the notebook and type its path",
            most=UPLOAD_MOST,
        ),
        "style": f"font-size:12px;line-height:1.45;margin:2px 0 4px {INDENT};padding-left:8px;"
        "border-left:3px solid #c23636;overflow-wrap:anywhere",
    }
    source = _SCRIPT.replace("WORDS", json.dumps(words), 1)
    made = widgets.Output(layout=widgets.Layout(height="0", margin="0", overflow="hidden"))
    made.outputs = (
        {
            "output_type": "display_data",
            "data": {"application/javascript": source},
            "metadata": {},
        },
    )
    return made
