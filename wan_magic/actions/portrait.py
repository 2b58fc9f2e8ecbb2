"""The portrait check: whether a picture is fit for speech to video, before a clip is paid."""

from __future__ import annotations

from dataclasses import dataclass

from wan_magic.settings import from_environment
from wan_magic.wan import catalog

_SPEAKS = "wan2.2-s2v"


@dataclass(frozen=True)
class PortraitCheck:
    """What the service says of a portrait.

    Attributes
    ----------
    passed : bool
        Whether wan2.2-s2v will take it.
    humanoid : bool or None
        Whether it shows a person or a figure like one; None where the answer does not say.
    code, message : str
        Why it does not pass.
    """

    passed: bool
    humanoid: bool | None = None
    code: str = ""
    message: str = ""


def check_portrait(
    image: object, *, endpoint: str | None = None, workspace: str | None = None, fit: bool = True
) -> PortraitCheck:
    """Ask whether a picture is fit for speech to video (wan2.2-s2v).

    On the hosted API each picture costs 0.004 CNY, whether it passes or not (price page,
    2026-04; Beijing only). The preview server looks at size and format alone.

    Parameters
    ----------
    image : str, Path, bytes, PIL image or Clip
        As for ``--image``.
    endpoint, workspace : str, optional
        As for `wan_magic.submit`.
    fit : bool, default True
        Whether a local picture is made to fit the model's limits.

    Raises
    ------
    InputError
        If the picture can't be used.
    ApiError, ConnectionFailed
        If there is no answer.

    Examples
    --------
    >>> check_portrait("anna.jpg").passed  # doctest: +SKIP
    True
    """
    from wan_magic.actions.places import resolve
    from wan_magic.wan.client import WanClient
    from wan_magic.wan.media import load
    from wan_magic.wan.storage import StorageSession
    from wan_magic.wan.upload import uploader_for

    picture = load("image", image, catalog.find_model(_SPEAKS), fit=fit)
    client = WanClient(resolve(from_environment().override(endpoint=endpoint, workspace=workspace)))
    url = picture.value
    if picture.upload and not url:
        with StorageSession() as session:
            url = uploader_for(client.endpoint).send(
                picture.upload,
                catalog.PORTRAIT_CHECK,
                client=client,
                session=session,
                on_bytes=lambda done, total: None,  # noqa: ARG005 - a picture is there in a moment
            )
    output = client.check_portrait(url)
    humanoid = output.get("humanoid")
    return PortraitCheck(
        passed=output.get("check_pass") is True,
        humanoid=humanoid if isinstance(humanoid, bool) else None,
        code=str(output.get("code") or ""),
        message=str(output.get("message") or ""),
    )
