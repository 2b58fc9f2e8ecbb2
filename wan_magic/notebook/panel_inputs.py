"""The panel's controls for inputs: a file to choose, or a path or URL to type."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from wan_magic.errors import InputError
from wan_magic.notebook.options import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDE = widgets.Layout(width="auto")
LABELS = {"description_width": "110px"}
_LABEL = widgets.Layout(width="110px", display="flex", justify_content="flex-end")
_PICTURES = ("image", "last_frame", "ref")
"""Inputs that are chosen from the disk of the browser; videos are too large for that."""
_NAMES = {"image": "First frame", "ref": "References"}
_NO_PICTURE = "that file is not a picture that can be read: JPEG, PNG, BMP and WEBP are"


class InputControl:
    """One input option.

    Parameters
    ----------
    name : str
        Of the option.
    say : callable
        Shows a problem to the user; an empty text takes it away.

    Attributes
    ----------
    box : ipywidgets.VBox
        All of it.
    upload, preview, remove : ipywidgets.FileUpload, ipywidgets.HTML, ipywidgets.Button
        For pictures.
    address : ipywidgets.Text or Textarea
        For a path or URL; references one a line.
    label : ipywidgets.Label
        What a picture is for.
    """

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        option = BY_NAME[name]
        self.name = name
        self._say = say
        self._files: list[bytes] = []
        label = _NAMES.get(name, name.replace("_", " ").capitalize())
        has_upload = name in _PICTURES
        self.upload = widgets.FileUpload(
            accept="image/*",
            multiple=option.repeat,
            description="Choose pictures" if option.repeat else "Choose a picture",
            tooltip="JPEG, PNG, BMP or WEBP",
            layout=widgets.Layout(width="auto"),
        )
        self.preview = widgets.HTML()
        self.remove = widgets.Button(
            description="Remove",
            tooltip="Take what was chosen away again",
            icon="times",
            layout=widgets.Layout(width="auto", display="none"),
        )
        # Front ends drop their connection at 10 MB, so that a larger upload never arrives.
        hint = "or a path or URL: best for pictures over 5 MB"
        if not has_upload:
            hint = f"path or URL: {option.help}"
        kind = widgets.Textarea if option.repeat else widgets.Text
        self.address = kind(
            placeholder="or paths or URLs, one a line: pictures, videos, a voice after its picture"
            if option.repeat
            else hint,
            description=" " if has_upload else label,
            tooltip=option.help,
            layout=WIDE,
            style=LABELS,
            **({"rows": 2} if option.repeat else {}),
        )
        self.label = widgets.Label(label, layout=_LABEL)
        chosen = [row(self.label, self.upload, self.preview, self.remove)]
        self.box = widgets.VBox([*(chosen if has_upload else []), self.address])
        self.upload.observe(self._uploaded, names="value")
        self.remove.on_click(lambda _: self._take([]))

    def value(self) -> Any:
        """Return what was given, as `wan_magic.submit` takes it; None for nothing."""
        typed = [line.strip() for line in self.address.value.splitlines() if line.strip()]
        if BY_NAME[self.name].repeat:
            return [*self._files, *typed] or None
        if self._files and typed:
            raise InputError(
                f"{self.label.value}: a picture is chosen, and a path or URL is typed",
                hint="remove one of them",
            )
        return next(iter([*typed, *self._files]), None)

    def _uploaded(self, _: Any) -> None:
        files = self.upload.value
        if not files or all(f["size"] and not f["content"] for f in files):  # our own doing, below
            return
        contents = [_Chosen.of(file["name"], bytes(file["content"])) for file in files]
        # The button goes on to count the pictures, but its state must not hold megabytes.
        self.upload.value = tuple({**file, "content": memoryview(b"")} for file in files)
        try:
            thumbnails = [base64.b64encode(_thumbnail(data)).decode() for data in contents]
        except Exception:  # noqa: BLE001 - decoders raise nearly anything on broken bytes
            self._take([])
            self._say(_NO_PICTURE)
            return
        self._take(contents)
        self._say("")
        label = "first frame" if self.name == "image" else self.name.replace("_", " ")
        pictures = [
            f'<img src="data:image/jpeg;base64,{one}" alt="{label}"'
            ' style="max-height:120px;border-radius:6px">'
            for one in thumbnails
        ]
        if self.name == "ref":  # the prompt calls them by their numbers
            pictures = [f"{one} {number}" for number, one in enumerate(pictures, 1)]
        self.preview.value = " ".join(pictures)

    def _take(self, files: Sequence[bytes]) -> None:
        """Keep these files and no others."""
        self._files = list(files)
        self.remove.layout.display = None if files else "none"
        if not files:
            self.preview.value = ""
            self.upload.value = ()


class _Chosen(bytes):
    """A file's content that knows its name, for captions and messages."""

    name: str

    @classmethod
    def of(cls, name: str, content: bytes) -> _Chosen:
        made = cls(content)
        made.name = name
        return made


def row(*children: widgets.Widget) -> widgets.HBox:
    """Return widgets beside each other, on several lines where it is narrow."""
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
