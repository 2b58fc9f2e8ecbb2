"""The Python face: settings -> request -> job. The magic, the panel and the CLI stand on it."""

from __future__ import annotations

import os
import random
import tempfile
import threading
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from wan_magic.errors import ApiError, ConnectionFailed, InputError, SettingsError, WanError
from wan_magic.settings import Settings, from_environment
from wan_magic.wan import catalog
from wan_magic.wan.request import PARAMETERS, VideoRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.jobs.runner import Runner
    from wan_magic.wan.catalog import Model, Region
    from wan_magic.wan.endpoints import Endpoint
    from wan_magic.wan.media import Input

_SWITCH = {"auto": True, "off": False}
_lock = threading.Lock()


def build(
    prompt: str = "",
    *,
    model: str | None = None,
    image: object = None,
    last_frame: object = None,
    ref: object = None,
    video: object = None,
    clip: object = None,
    audio: object = None,
    mask: object = None,
    file: object = None,
    link: object = None,
    fit: bool = True,
    seed: int | None = None,
    unchecked: bool = False,
    region: Region | None = None,
    **fields: Any,
) -> tuple[VideoRequest, tuple[str, ...]]:
    """Make and check a request; sends nothing.

    Parameters
    ----------
    prompt : str
        What the video shows.
    model : str, optional
        A name of the model table, or a version (``"2.7"``, ``"2.6-flash"``), which becomes
        the model of that version that takes the inputs. Default: version 2.5, and where it
        has no such input 2.7, 2.6 or 3.0.
    image, last_frame : str, Path, bytes, PIL image, Clip or Job
        First and last frame: http(s) URL, local path, ``data:`` URI, file bytes, a PIL
        image, or a finished clip or job (its last frame).
    ref : one such value or a list
        References: pictures and videos, in the order of their numbers; a sound is the voice
        of the reference before it.
    video, clip : str, Path, bytes, Clip or Job
        The video to edit (or whose motion is taken), the video to continue.
    audio : str, Path, bytes or bool, optional
        A wav or mp3 file drives the video; ``"auto"`` (or True) asks for sound, ``"off"``
        (or False) for none.
    mask : str, Path, bytes or PIL image
        What VACE repaints: white, in a picture or a video.
    file, link : str or Path
        A document, or the URL of a web page (wan3.0).
    fit : bool, default True
        Whether a local picture is made to fit the model's limits; else that is an error.
    seed : int, optional
        0 to 2147483647; drawn when None, so that every clip can be made again.
    unchecked : bool, default False
        Let a model and values through that the table does not know.
    region : str, optional
        Where it will run: some models have other names there.
    **fields
        The other fields of `VideoRequest`: resolution, ratio, duration (seconds),
        negative_prompt, template, shot_type, extra_parameters...

    Returns
    -------
    request : VideoRequest
    notes : tuple of str
        What the user should know about it.

    Raises
    ------
    InputError
        If anything is wrong with what was given.

    Examples
    --------
    >>> request, notes = build("waves", model="2.7", ratio="9:16", seed=7)
    >>> request.model
    'wan2.7-t2v'
    """
    given = {
        "image": image,
        "last_frame": last_frame,
        "ref": ref,
        "video": video,
        "clip": clip,
        "audio": audio,
        "mask": mask,
        "file": file,
        "link": link,
    }
    _check_names(fields, given)
    switch = audio if isinstance(audio, bool) else None
    if isinstance(audio, str):
        switch = _SWITCH.get(audio.strip())
    if switch is not None:
        given["audio"] = None
    values = [(name, one) for name, many in given.items() for one in _each(many)]
    row = catalog.find_model(
        model, [name for name, _ in values], region=region, unchecked=unchecked
    )
    request = VideoRequest(
        model=row.name, prompt=prompt, audio=switch, seed=seed, unchecked=unchecked, **fields
    )
    request = _merged(request, [slot.type for name, _ in values for slot in row.slots(name)])
    if request.seed is None and row.takes("seed") and "seed" not in request.extra_parameters:
        most = row.parameters["seed"].high or catalog.SEED_MAX
        request = replace(request, seed=random.SystemRandom().randint(0, int(most)))
    # Values before files: a wrong option is found without reading a video.
    request.check_values()
    inputs = tuple(_load(name, one, row, fit=fit) for name, one in values)
    request = replace(request, inputs=light(inputs))
    notes = [note for one in inputs for note in one.notes] + request.check()
    if model is None and catalog.DEFAULT_VERSIONS[0] not in row.aliases:
        notes.append(f"no model was named: {row.name} is one that takes this")
    if region and row.checked and region not in row.regions:
        listed = ", ".join(row.regions)
        notes.append(f"the documents list {row.name} for {listed}, and not for {region}")
    return request, tuple(notes)


def light(inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    """Let the heaviest pictures be uploaded where all of them are too much for one request."""
    from wan_magic.wan.media.images import INLINE_MAX_BYTES, uploaded_first

    weights = {at: len(one.value) for at, one in enumerate(inputs) if one.value[:5] == "data:"}
    too_much = sum(weights.values()) - INLINE_MAX_BYTES // 3 * 4
    moved = set()
    for at in sorted(weights, key=lambda at: weights[at], reverse=True):
        if too_much <= 0:
            break
        moved.add(at)
        too_much -= weights[at]
    return tuple(uploaded_first(one) if at in moved else one for at, one in enumerate(inputs))


def _check_names(fields: dict[str, Any], inputs: dict[str, Any]) -> None:
    known = VideoRequest.__dataclass_fields__.keys() - {"inputs"}
    for name in fields.keys() - known:
        every = known | inputs.keys() | {"fit"}
        hint = catalog.nearest(name, every) or f"options: {', '.join(sorted(every))}"
        raise InputError(f"unknown option {name!r}", hint=hint)


def _merged(request: VideoRequest, types: list[str]) -> VideoRequest:
    """Return the request with extra fields that are fields of its own as these.

    So they are checked and priced like any other. What is given in both ways is an error:
    one of the two would be lost.
    """
    row = request.row
    named = {name: getattr(request, name) for name in (*PARAMETERS, "negative_prompt", "template")}
    given = {name for name, value in named.items() if value not in (None, "")}
    given |= {"prompt"} if request.prompt.strip() else set()
    given |= {"media"} if types and row.protocol == "media" else set(types)
    extra = {"parameters": dict(request.extra_parameters), "input": dict(request.extra_inputs)}
    for flag, fields in (("--param", extra["parameters"]), ("--input", extra["input"])):
        for name in fields.keys() & given:
            raise InputError(
                f"{name} is given twice: as an option and as {flag} {name}=…",
                hint="keep one of them",
            )
    own = {
        name: extra[parameter.section].pop(name)
        for name, parameter in row.parameters.items()
        if row.checked and name in named and name in extra[parameter.section]
    }
    return replace(
        request, extra_parameters=extra["parameters"], extra_inputs=extra["input"], **own
    )


def _each(value: object) -> list[object]:
    """Return the values of an option: none, one, or the members of a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _load(name: str, value: object, row: Model, *, fit: bool) -> Input:
    from wan_magic.wan.media import load

    try:
        return load(name, _clip_of(value), row, fit=fit)
    except InputError as err:
        hint = isinstance(value, str) and catalog.nearest(value.lower(), _SWITCH)
        if name == "audio" and hint and err.message.startswith("no such audio"):
            raise InputError(err.message, hint=hint) from None
        raise


def _clip_of(value: object) -> object:
    """Let a finished job stand for its clip."""
    from wan_magic.jobs.job import Job

    if not isinstance(value, Job):
        return value
    if not value.done():
        raise InputError(
            f"the clip of that job is not finished ({value.state})",
            hint="run its .result() first, which waits; then this cell",
        )
    if value.exception():
        raise InputError(f"job {value.id} made no clip ({value.state})", hint="take another one")
    return value.result()


def region_of(settings: Settings) -> Region | None:
    """Return where a request will run; None for the preview, gateways, and what is not usable."""
    from wan_magic.wan.endpoints import choose

    try:
        endpoint = choose(settings)
    except WanError:  # said when the job starts
        return None
    return endpoint.region if endpoint else None


def submit(
    prompt: str = "",
    *,
    endpoint: str | None = None,
    workspace: str | None = None,
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
        ``"local"`` (free preview), a region, a gateway of the config file, or a base URL
        up to ``/api/v1``. Default: the environment's; without a key, local.
    workspace : str, optional
        Workspace id; the region's own host is then asked (Frankfurt and Tokyo have no other).
    out : str or Path, optional
        Folder for the clip; default ``wan_videos`` beside the notebook.
    timeout : float, default 10800
        Seconds until we stop watching the task.
    **options
        As for `build`: image, ref, audio, model, resolution, duration, seed...

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
    settings = from_environment().override(
        endpoint=endpoint, workspace=workspace, out=out, timeout=timeout
    )
    request, notes = build(prompt, region=region_of(settings), **options)
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
    workspace: str | None = None,
    out: str | Path | None = None,
    timeout: float | None = None,
) -> Job:
    """Watch a task that was submitted before, and fetch its clip. Costs nothing.

    The server keeps a task and its video for 24 hours.

    Parameters
    ----------
    task_id : str
        As the card and every error message name it.
    endpoint, workspace, out, timeout
        As for `submit`; the endpoint must be the one it was submitted to.
    """
    task_id = task_id.strip()
    if not task_id:
        raise InputError("no task id was given", hint="the card and every error name it")
    settings = from_environment().override(
        endpoint=endpoint, workspace=workspace, out=out, timeout=timeout
    )
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
