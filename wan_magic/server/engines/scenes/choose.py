"""Which scene a task is: decided by the roles of its inputs, seldom by its kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wan_magic.server.engines.scenes.edited import edited
from wan_magic.server.engines.scenes.gathered import gathered
from wan_magic.server.engines.scenes.going_on import going_on
from wan_magic.server.engines.scenes.morph import morph
from wan_magic.server.engines.scenes.performed import Spoken, performed

if TYPE_CHECKING:
    from pathlib import Path

    from wan_magic.server.engines import RenderSpec
    from wan_magic.server.engines.scenes.stage import Scene, Stage

# 3.0 has no field that says so: it reads the wish from the prompt.
_EXTEND = re.compile(r"\b(?:extend|continue|prolong|keep going)|续写|续拍|延长|延续|接着", re.I)
_EDIT = re.compile(
    r"\b(?:edit|replace|remove|recolou?r|restyle|change|swap|turn)\b|"
    r"编辑|替换|换成|改成|去掉|删除|变成|修改",
    re.I,
)


def asked_of_video(spec: RenderSpec) -> tuple[str, Path | None]:
    """Return what a 3.0 task wants of its one reference video: edit, extend or nothing.

    Examples
    --------
    >>> from pathlib import Path
    >>> from wan_magic.server.engines import RenderSpec, Source
    >>> video = Source(role="ref", media="video", path=Path("cat.mp4"))
    >>> asked_of_video(
    ...     RenderSpec(
    ...         model="wan3.0-video",
    ...         kind="all",
    ...         inputs=(video,),
    ...         width=16,
    ...         height=16,
    ...         seconds=1,
    ...         prompt="Replace the cat with a dog",
    ...     )
    ... )[0]
    'edit'
    """
    videos = [s.path for s in spec.inputs if s.role == "ref" and s.media == "video"]
    if spec.kind == "all" and len(videos) == 1:
        if _EXTEND.search(spec.prompt):
            return "extend", videos[0]
        if _EDIT.search(spec.prompt):
            return "edit", videos[0]
    return "", None


def choose(stage: Stage, pcm: bytes) -> Scene:
    """Return the scene of a task.

    Parameters
    ----------
    stage : Stage
        What every scene is given.
    pcm : bytes
        The clip's sound, for a portrait that speaks.
    """
    spec = stage.spec
    image, last, video = spec.first("image"), spec.first("last_frame"), spec.first("video")
    clip, wish = spec.first("clip"), ""
    shown = [s for s in spec.inputs if s.role == "ref" and s.media in ("image", "video") and s.path]
    if not (video or clip):
        wish, found = asked_of_video(spec)
        video, clip = (found if wish == "edit" else None), (found if wish == "extend" else None)
        shown = [s for s in shown if s.path != found]
    if spec.function == "video_extension" and not clip:
        # VACE's video only leads the motion; alone, it is what goes on.
        clip, video = (None if image or last else video), None
    if spec.template and image:
        # An effect is made from the first frame alone.
        return stage.picture(image)
    if clip:
        return going_on(stage, clip, last)
    if spec.kind == "animate" and image and video:
        return performed(stage, image, video)
    if video:
        return edited(stage, video, shown)
    if spec.kind == "s2v" and image:
        return Spoken(stage, stage.picture(image), pcm)
    pages = [s for s in spec.inputs if s.role in ("file", "link")]
    if shown or pages:
        return gathered(stage, [*shown, *pages], stage.backdrop(image), beside=bool(image))
    if last:
        return morph(stage, image, last)
    return stage.backdrop(image)
