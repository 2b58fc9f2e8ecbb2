"""Client and server refuse the same values, for every value of every model.

Both read the model table, each with checks of its own: what one of them lets through and the
other refuses is a mistake in one. Each model is asked for the same thing with one value changed,
once as an option's field on the client, once as JSON at the server.
"""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from test_every_model import EXPECTED

from wan_magic.actions import api
from wan_magic.errors import InputError
from wan_magic.notebook.parsing import parse
from wan_magic.server import validate
from wan_magic.server.faults import Fault
from wan_magic.wan.catalog import MODELS

WEB = "https://x.org/"
FILES = ("image", "last_frame", "video", "clip", "mask", "audio")
VALUES = (
    *(True, False, 0, 1, -1, 2, 5, 5.0, 1.5, 10**12, "5", "x", "720p", "720P", "480P", "true"),
    *("16:9", "1280*720", "1280x720", "auto", "wan-std", "\u732b", f"{WEB}a.png"),
    *([], ["obj"], [1], {}, {"a": 1}, [None], [f"{WEB}a.png"] * 6),
    [{"type": "first_frame", "url": f"{WEB}a.png"}],
    [{"type": "first_frame"}],
)
AS_INPUTS = (5, True, "x", f"{WEB}a.png", *VALUES[-10:])


def good(model):
    """Return the options of a request that is right, with addresses for its files."""
    line, *_ = EXPECTED[model]
    _, options = parse(f"--model {model} {line}", None)
    for name in FILES:
        if "." in str(options.get(name, "")):
            options[name] = WEB + options[name]
    if "ref" in options:
        options["ref"] = [WEB + one for one in options["ref"]]
    if "function" in MODELS[model].parameters:  # else a value may imply another one
        options["function"] = built(options).body()["input"]["function"]
    return options


def built(options, **changes):
    prompt = "" if MODELS[options["model"]].prompt == "none" else "A boat"
    return api.build(**{"prompt": prompt, **options, **changes})[0]


def taken_by_client(options, section, name, value):
    """Return the body that the client would send, or None where it refuses to."""
    option = {"parameters": "extra_parameters", "input": "extra_inputs"}[section]
    given = {key: one for key, one in options.items() if key != name}
    if name == "size":
        given = {key: one for key, one in given.items() if key not in ("resolution", "ratio")}
    fields = {**given.pop(option, {}), name: value}
    with suppress(InputError):
        return built(given, **{option: fields}).body()
    return None


def taken_by_server(body):
    try:
        validate.check(*validate.read_body(json.loads(json.dumps(body))))
    except Fault as fault:
        if (fault.status, fault.code) != (400, "InvalidParameter"):
            raise
        return False
    return True


@pytest.mark.parametrize("model", EXPECTED)
def test_a_value_is_legal_on_both_sides_or_on_neither(model):
    options = good(model)
    body = built(options).body()
    assert taken_by_server(body)
    for name, parameter in MODELS[model].parameters.items():
        for value in VALUES:
            section = parameter.section
            changed = {**body, section: {**body[section], name: value}}
            client = taken_by_client(options, section, name, value)
            assert (client is not None) == taken_by_server(changed), (name, value)


@pytest.mark.parametrize("model", EXPECTED)
def test_whatever_the_client_lets_through_as_an_input_the_server_takes(model):
    options = good(model)
    types = [slot.type for slot in MODELS[model].inputs]
    for name in (*types, "media", "prompt", "negative_prompt", "reference_urls", "img_url"):
        alone = {key: one for key, one in options.items() if key not in (*FILES, "ref")}
        for given in (options, alone):
            if name == "prompt":
                given = {**given, "prompt": ""}
            for value in AS_INPUTS:
                body = taken_by_client(given, "input", name, value)
                assert body is None or taken_by_server(body), (name, value)
