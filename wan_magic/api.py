"""The Python face: settings -> request -> job. The magic, the panel and the CLI stand on it."""

from __future__ import annotations

import os
import random
import tempfile
import threading
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from wan_magic.errors import ApiError, ConnectionFailed, InputError, SettingsError
from wan_magic.settings import Settings, from_environment
from wan_magic.wan import catalog
from wan_magic.wan.request import VideoRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.runner import Runner
    from wan_magic.wan.endpoints import Endpoint

_SWITCH = {"auto": True, "off": False}
_lock = threading.Lock()


def build(
    prompt: str = "",
    *,
    image: object = None,
    audio: str | bool | None = None,
    model: str | None = None,
    fit: bool = True,
    seed: int | None = None,
    **fields: Any,
) -> tuple[VideoRequest, tuple[str, ...]]:
    """Make and check a request; sends nothing.

    Parameters
    ----------
    prompt : str
        What the video shows.
    image : str, Path, bytes, PIL image, Clip or Job
        The first frame: http(s) URL, local path, ``data:`` URI, file bytes, a PIL
        image, or a finished clip or job (its last frame).
    audio : str or bool, optional
        An http(s) URL drives the video; ``"auto"`` (or True) asks for sound, ``"off"``
        (or False) for none.
    model : str, default "wan2.5-i2v-preview"
        A name of the model table.
    fit : bool, default True
        Whether a local image is made to fit the model's limits; else that is an error.
    seed : int, optional
        0 to 2147483647; drawn when None, so that every clip can be made again.
    **fields
        The other fields of `VideoRequest`: negative_prompt, template, resolution,
        duration (seconds), prompt_extend, watermark, shot_type.

    Returns
    -------
    request : VideoRequest
    notes : tuple of str
        What the user should know about it.

    Raises
    ------
    InputError
        If anything is wrong with what was given.
    """
    from wan_magic.wan.media import check_audio, load_first_frame

    known = {name for name in VideoRequest.__dataclass_fields__ if name not in ("image", "audio")}
    for name in fields.keys() - known:
        known |= {"image", "audio", "fit"}
        hint = catalog.nearest(name, known) or f"options: {', '.join(sorted(known))}"
        raise InputError(f"unknown option {name!r}", hint=hint)
    row = catalog.find_model(model or catalog.DEFAULT_MODEL)
    request = VideoRequest(
        model=row.name,
        prompt=prompt,
        audio=audio if isinstance(audio, bool) else _SWITCH.get(audio or ""),
        seed=random.SystemRandom().randint(0, catalog.SEED_MAX) if seed is None else seed,
        **fields,
    )
    if audio and request.audio is None:
        request = replace(request, audio_url=str(audio))
    notes = request.check()
    if request.audio_url:
        url, heard = check_audio(request.audio_url, seconds=request.effective_duration)
        request = replace(request, audio_url=url)
        notes += heard
    if image is None:
        raise InputError(
            f"{row.name} needs a first frame", hint="give a picture or its URL (--image)"
        )
    frame = load_first_frame(_frame_of(image), row, fit=fit)
    return replace(request, image=frame), (*frame.notes, *notes)


def _frame_of(image: object) -> object:
    """Let a finished job stand for its clip."""
    from wan_magic.jobs.job import Job

    if not isinstance(image, Job):
        return image
    if not image.done():
        raise InputError(
            f"the clip of that job is not finished ({image.state})",
            hint="run its .result() first, which waits; then this cell",
        )
    if image.exception():
        raise InputError(f"job {image.id} made no clip ({image.state})", hint="take another image")
    return image.result()


def submit(
    prompt: str = "",
    *,
    endpoint: str | None = None,
    out: str | Path | None = None,
    timeout: float | None = None,
    **options: Any,
) -> Job:
    """Submit a request and return at once.

    Parameters
    ----------
    prompt : str
        What the video shows.
    endpoint : str, optional
        ``"local"`` (free preview), ``"beijing"``, ``"singapore"``, ``"virginia"`` or
        a base URL up to ``/api/v1``. Default: the environment's; without a key, local.
    out : str or Path, optional
        Folder for the clip; default ``wan_videos`` beside the notebook.
    timeout : float, default 10800
        Seconds until we stop watching the task.
    **options
        As for `build`: image, audio, model, resolution, duration, seed...

    Returns
    -------
    Job

    Raises
    ------
    InputError, SettingsError
        Before anything is sent.

    Examples
    --------
    >>> job = wan_magic.submit("waves roll in", image="sea.jpg")  # doctest: +SKIP
    >>> job.result().path.name  # doctest: +SKIP
    'waves-roll-in-0385dc79.mp4'
    """
    request, notes = build(prompt, **options)
    settings = from_environment().override(endpoint=endpoint, out=out, timeout=timeout)
    return start(request, settings, notes)


def generate(prompt: str = "", **options: Any) -> Clip:
    """Submit a request, wait, and return the clip. Takes what `submit` takes.

    Examples
    --------
    >>> clip = wan_magic.generate("waves roll in", image="sea.jpg")  # doctest: +SKIP
    """
    from wan_magic.jobs.job import interruptible

    job = submit(prompt, **options)
    with interruptible(job):
        return job.result()


def resume(
    task_id: str,
    *,
    endpoint: str | None = None,
    out: str | Path | None = None,
    timeout: float | None = None,
) -> Job:
    """Watch a task that was submitted before, and fetch its clip. Costs nothing.

    The server keeps a task and its video for 24 hours.

    Parameters
    ----------
    task_id : str
        As the card and every error message name it.
    endpoint, out, timeout
        As for `submit`; the endpoint must be the one it was submitted to.
    """
    task_id = task_id.strip()
    if not task_id:
        raise InputError("no task id was given", hint="the card and every error name it")
    settings = from_environment().override(endpoint=endpoint, out=out, timeout=timeout)
    return start(VideoRequest(model=_model_of(task_id, settings)), settings, (), task_id=task_id)


def _model_of(task_id: str, settings: Settings) -> str:
    """Ask the list call for a task's model; gateways may have none, and then it stays unknown."""
    from wan_magic.wan.client import WanClient

    try:
        rows = WanClient(resolve(settings)).list_tasks(task_id=task_id)
    except (ApiError, ConnectionFailed):
        rows = []
    # Some servers ignore the filter; the model of another task would make a wrong price.
    named = (row.get("model_name") for row in rows if row.get("task_id") == task_id)
    return next((str(name) for name in named if name), "unknown model")


def start(
    request: VideoRequest,
    settings: Settings,
    notes: tuple[str, ...],
    *,
    task_id: str = "",
    bind: Callable[[Job], None] = lambda job: None,  # noqa: ARG005
) -> Job:
    """Start the job of a checked request. The folder is tried before anything is sent.

    `bind` gets the job before its first step.
    """
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.lifecycle import live
    from wan_magic.wan.client import WanClient
    from wan_magic.wan.storage import StorageSession

    folder = _writable(settings)
    endpoint = resolve(settings)
    job = Job(
        request,
        endpoint=endpoint.name,
        region=endpoint.price_region,
        is_preview=endpoint.is_local,
        notes=notes,
        task_id=task_id,
        timeout=settings.timeout,
    )
    bind(job)
    steps = live(job, WanClient(endpoint), StorageSession(), folder)
    job.wake = _runner().start(steps).wake
    return job


def resolve(settings: Settings) -> Endpoint:
    """Return the endpoint to use, starting the embedded preview server if it is the one."""
    from wan_magic.wan.endpoints import LOCAL, Endpoint, choose

    chosen = choose(settings)
    if chosen is not None:
        return chosen
    from wan_magic.server import embedded

    server = embedded()
    return Endpoint(LOCAL, server.base_url, server.token or "")


@cache
def _make_runner() -> Runner:
    from wan_magic.jobs.runner import Runner

    return Runner(workers=16)


def _runner() -> Runner:
    with _lock:
        return _make_runner()


def _forget_runner() -> None:
    """After a fork: the threads are gone, and the lock may have been held."""
    global _lock
    _lock = threading.Lock()
    _make_runner.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_runner)


def _writable(settings: Settings) -> Path:
    from wan_magic.output.place import default_out

    # Absolute: the working directory may be another one when the clip arrives.
    folder = (settings.out or default_out()).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".wan-"):
            pass
    except OSError as exc:
        raise SettingsError(
            f"cannot write to the folder {folder}: {exc.strerror or exc}",
            hint="name another one with --out; nothing was sent",
        ) from exc
    return folder
