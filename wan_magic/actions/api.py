"""The Python face: settings -> request -> job. The magic, the panel and the CLI stand on it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack, cast

from wan_magic.actions.keywords import REQUEST_OPTIONS, check_names, divided, spelled_out
from wan_magic.actions.launch import start as start
from wan_magic.actions.loading import AUDIO_WORDS, each, light, loaded
from wan_magic.errors import InputError, WanError
from wan_magic.settings.wishes import WHERE, granted
from wan_magic.wan import catalog
from wan_magic.wan.request import PARAMETERS, VideoRequest
from wan_magic.wan.value_types import check_fields
from wan_magic.wan.written import as_the_api_has_it

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wan_magic.actions.keywords import Options
    from wan_magic.jobs.clip import Clip
    from wan_magic.jobs.job import Job
    from wan_magic.settings import Settings
    from wan_magic.wan.catalog import Model, Region

RANDOM = "random"
"""The seed that rolls the dice."""


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
    seed: int | str | None = None,
    unchecked: bool = False,
    region: Region | None = None,
    wishes: Mapping[str, Any] | None = None,
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
    seed : int or "random", optional
        0 to 2147483647. When None it follows from all the rest, so that an equal request is
        the same request; ``"random"`` draws one.
    unchecked : bool, default False
        Let a model and values through that the table does not know.
    region : str, optional
        Where it will run: some models have other names there.
    wishes : mapping, optional
        Defaults, as `Settings.wishes` has them: for what is not given, and left out with a note
        where the model does not take them.
    **fields
        The other fields of `VideoRequest`: resolution, ratio, duration (seconds),
        negative_prompt, template, shot_type, extra_parameters... As on the magic line, ``"720p"``
        is 720P, and ``"9x16"`` 9:16.

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
    check_names(fields, ("prompt", *REQUEST_OPTIONS))
    _check_texts(prompt, model)
    for name in ("extra_parameters", "extra_inputs"):
        if fields.get(name) is None:
            fields.pop(name, None)
        else:
            check_fields(name, fields[name])
    switch = audio if isinstance(audio, bool) else None
    if isinstance(audio, str):
        switch = AUDIO_WORDS.get(audio.strip())
    if switch is not None:
        given["audio"] = None
    values = [(name, one) for name, many in given.items() for one in each(many)]
    wishes = wishes or {}
    asked = model or wishes.get("model")
    try:
        row = catalog.find_model(
            asked, [name for name, _ in values], region=region, unchecked=unchecked
        )
    except InputError as exc:
        if model or not asked:
            raise
        hint = f"{exc.hint}; the model {asked} is a default: {WHERE}"
        raise InputError(exc.message, hint=hint) from None
    dice = seed == RANDOM
    request = VideoRequest(
        model=row.name,
        prompt=prompt,
        audio=switch,
        seed=None if dice else cast("int | None", seed),  # another text is refused below
        unchecked=unchecked,
        **{name: as_the_api_has_it(name, value) for name, value in fields.items()},
    )
    request = _merged(request, [slot.type for name, _ in values for slot in row.slots(name)])
    if dice:
        _check_takes_seed(row)
        request = replace(request, seed=random.SystemRandom().randint(0, highest_seed(row)))
    # Values before files: a wrong option is found without reading a video.
    request.check_values()
    inputs = tuple(loaded(name, one, row, fit=fit) for name, one in values)
    request, left_out = granted(replace(request, inputs=light(inputs)), wishes)
    if request.seed is None and row.takes("seed") and "seed" not in request.extra_parameters:
        mark = int(request.fingerprint()[:15], 16)
        request = replace(request, seed=mark % (highest_seed(row) + 1))
    notes = [note for one in inputs for note in one.notes] + request.check() + [*left_out]
    if dice:
        notes.append(
            f"a random seed: every run is another clip; --seed {request.seed} keeps this one"
        )
    if asked is None and catalog.DEFAULT_VERSIONS[0] not in row.aliases:
        notes.append(f"no model was named: {row.name} is one that takes this")
    if region and row.checked and region not in row.regions:
        listed = ", ".join(row.regions)
        notes.append(f"the documents list {row.name} for {listed}, and not for {region}")
    return request, tuple(notes)


def _check_texts(prompt: object, model: object) -> None:
    """Refuse what is no text where nothing but a text makes sense: a table's numbers, a list."""
    if not isinstance(prompt, str):
        several = "wan_magic.map makes a clip of each of several prompts"
        raise InputError(
            f"the prompt is {prompt!r:.60}, and no text",
            hint=several if isinstance(prompt, list | tuple) else 'such as "a cat on a wall"',
        )
    if model is not None and not isinstance(model, str):
        raise InputError(
            f"the model is {model!r:.60}, and no text", hint=f'in quotes: model="{model!s:.60}"'
        )


def _check_takes_seed(row: Model) -> None:
    if not row.takes("seed"):
        raise InputError(
            f"{row.name} takes no seed", hint="leave --seed out; --fresh asks for another clip"
        )


def highest_seed(row: Model) -> int:
    """Return the highest seed of a model that takes one."""
    return int(row.parameters["seed"].high or catalog.SEED_MAX)


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
    sections = dict.fromkeys(("prompt", *catalog.TEXT_FIELDS), "input")
    sections |= {name: parameter.section for name, parameter in row.parameters.items()}
    own = {
        name: extra[section].pop(name)
        for name, section in sections.items()
        if row.checked and name in {*named, "prompt"} and name in extra[section]
    }
    return replace(
        request, extra_parameters=extra["parameters"], extra_inputs=extra["input"], **own
    )


def region_of(settings: Settings) -> Region | None:
    """Return where a request will run; None for the preview, gateways, and what is not usable."""
    from wan_magic.wan.endpoints import choose

    try:
        endpoint = choose(settings)
    except WanError:  # said when the job starts
        return None
    return endpoint.region if endpoint else None


@spelled_out
def submit(
    prompt: str = "",
    *,
    fresh: bool = False,
    on_done: Callable[[Job], object] | None = None,
    **options: Unpack[Options],
) -> Job:
    """Submit a request and return at once; equal requests are not paid twice.

    Parameters
    ----------
    prompt : str
        What the video shows.
    fresh : bool, default False
        Pay for a new clip although an equal request has one, or has one on its way.
    on_done : callable, optional
        Called once with the job when that has ended, well or not, on a thread of its own, before
        ``result()`` returns. What it raises becomes a note of the job, and a logged warning.
    image, last_frame, ref, video, clip, audio, mask, file, link : optional
        What the video is made from: path, URL, bytes, PIL image, or a finished clip or job; `ref`
        may be a list of these, and `audio` also ``"auto"`` or ``"off"``.
    fit : bool, default True
        Whether a local picture is made to fit the model's limits; else that is an error.
    model : str, optional
        A name of the model table, or a version such as ``"2.7"``. Default: 2.5, or a model that
        takes the inputs.
    resolution, ratio, size : str, optional
        How large, as the model takes it: ``%wanvideo models`` tells.
    duration : int, optional
        Seconds, as the model takes it.
    negative_prompt : str, optional
        What should not be seen.
    seed : int or "random", optional
        0 to 2147483647. Else it follows from all the rest.
    shot_type, template, audio_setting, mode, function : str, optional
        Of some models: ``%wanvideo help template`` tells which, and their values.
    prompt_extend, watermark, check_image : bool, optional
        Whether the server rewrites the prompt, prints a watermark, checks the picture of a
        motion transfer first.
    extra_parameters, extra_inputs : dict, optional
        Fields that the table does not know, sent as they are.
    unchecked : bool, default False
        Let a model and values through that the table does not know.
    endpoint : str, optional
        ``"local"`` (free preview), a region, a gateway of the config file, or a base URL
        up to ``/api/v1``. Default: the environment's; without a key, local.
    workspace : str, optional
        Workspace id; the region's own host is then asked (Frankfurt and Tokyo have no other).
    out : str or Path, optional
        Folder for the clip; default ``wan_videos`` beside the notebook.
    timeout : float, default 10800
        Seconds until we stop watching the task.
    max_cost : str or number, optional
        The most that a clip may cost: ``"2 CNY"``, or a number in the endpoint's currency.
    max_total : str or number, optional
        The most that all clips may cost that are asked for at once; what is in the library
        costs nothing.
    over_budget : bool, default False
        Submit although a budget of the config file is used up.
    preset : str, optional
        Name of a preset of the config file, whose values hold where nothing else is given.
    embed : {"auto", "file", "embed"}, optional
        Whether the film is saved in the notebook itself: where its file can't be reached, never,
        always.
    player_width : int, optional
        Of the player, in pixels.
    loop : bool, default True
        Whether the player starts again at the end.

    Returns
    -------
    Job
        Of an equal request, where there is one: running, or ended with its clip.

    Raises
    ------
    InputError, SettingsError, BudgetExceeded, LedgerError
        Before anything is sent.

    Examples
    --------
    >>> job = wan_magic.submit("waves roll in", image="sea.jpg")  # doctest: +SKIP
    >>> job.result().path.name  # doctest: +SKIP
    'waves-roll-in-0385dc79.mp4'
    >>> job = wan_magic.submit("waves", on_done=lambda job: print(job.state))  # doctest: +SKIP
    """
    from wan_magic.jobs.done import check_callable, when_done

    check_callable(on_done)
    settings, asked = divided(options, submit)
    request, notes = build(prompt, region=region_of(settings), **asked)
    job = start(request, settings, notes, fresh=fresh)
    if on_done is not None:
        when_done(job, on_done)
    return job


@spelled_out
def generate(
    prompt: str = "",
    *,
    fresh: bool = False,
    on_done: Callable[[Job], object] | None = None,
    **options: Unpack[Options],
) -> Clip:
    """Submit a request, wait, and return the clip. Takes what `submit` takes.

    Examples
    --------
    >>> clip = wan_magic.generate("waves roll in", image="sea.jpg")  # doctest: +SKIP
    """
    from wan_magic.jobs.job import interruptible

    job = submit(prompt, fresh=fresh, on_done=on_done, **options)
    with interruptible(job):
        return job.result()
