"""How a player looks and where its film is kept: in a file beside the notebook, or within it."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1024 * 1024


@dataclass(frozen=True)
class Look:
    """How players are saved and shown. Its values are rows of `wan_magic.preferences`.

    Attributes
    ----------
    embed : {"auto", "file", "embed"}
        Whether the film goes into the notebook itself: where the front end can't reach its
        file, never, or always.
    embed_limit : int
        Bytes; a larger film is not embedded. Base64 makes a third more of it.
    width : int or None
        Of the player on the page, in pixels; None fits it to the card. The clip's own size is
        another thing.
    loop : bool
        Whether it starts again at its end.
    """

    embed: str = "auto"
    embed_limit: int = 8 * MB
    width: int | None = None
    loop: bool = True
