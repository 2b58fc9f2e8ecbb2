"""What is taken by name, everywhere the same: seen in help, in the tables, and in a slip."""

from __future__ import annotations

import inspect
import re

import pytest

import wan_magic
from wan_magic.actions import api
from wan_magic.actions.keywords import REQUEST_OPTIONS
from wan_magic.errors import InputError
from wan_magic.notebook.options import OPTIONS
from wan_magic.preferences import BY_NAME
from wan_magic.settings.run import RUN_OPTIONS
from wan_magic.wan.request import VideoRequest

ALL = (wan_magic.submit, wan_magic.generate, wan_magic.map, wan_magic.storyboard)
OF_A_LINE = {"count", "yes", "fresh", "notify", "wait", "dry_run"}
"""Options of the magic line that are no setting: each function has those that it can have."""


@pytest.mark.parametrize("function", ALL, ids=lambda one: one.__name__)
def test_help_names_every_option(function):
    parameters = inspect.signature(function).parameters
    assert [*parameters][-len(REQUEST_OPTIONS) - len(RUN_OPTIONS) :] == [
        *REQUEST_OPTIONS,
        *RUN_OPTIONS,
    ]
    assert not any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    assert parameters["max_cost"].annotation.startswith("str | float")


def test_what_submit_takes_is_described_and_each_once():
    told = inspect.getdoc(wan_magic.submit).partition("Returns\n")[0]
    names = re.findall(r"\w+", " ".join(re.findall(r"^([\w, ]+) : ", told, re.MULTILINE)))
    assert sorted(names) == sorted(inspect.signature(wan_magic.submit).parameters)


def test_the_options_of_a_request_are_those_that_it_is_built_from():
    build = inspect.signature(api.build).parameters
    fields = VideoRequest.__dataclass_fields__.keys() - {"inputs"}
    beside = {"prompt", "region", "wishes", "fields"}
    assert set(REQUEST_OPTIONS) == (build.keys() | fields) - beside
    shown = inspect.signature(wan_magic.submit).parameters
    for name in build.keys() & shown.keys() - {"prompt"}:
        assert shown[name].default == build[name].default, name


def test_the_options_of_a_run_are_those_of_the_line_and_of_the_table_of_preferences():
    of_the_line = {one.name for one in OPTIONS}
    assert of_the_line - OF_A_LINE == {*REQUEST_OPTIONS, *RUN_OPTIONS}
    assert set(RUN_OPTIONS) - BY_NAME.keys() == {"over_budget", "preset"}, "for one run alone"


@pytest.mark.parametrize(
    ("slip", "nearest"),
    [
        ({"max_cots": 1}, "max_cost"),
        ({"resolutoin": "480P"}, "resolution"),
        ({"on_doen": print}, "on_done"),
        ({"zzz": 1}, "options: audio, "),
    ],
)
@pytest.mark.parametrize("function", ALL, ids=lambda one: one.__name__)
def test_a_slip_is_an_error_with_the_nearest_name(function, slip, nearest):
    with pytest.raises(InputError, match=f"unknown option '{next(iter(slip))}'") as caught:
        function(["A cat"], **slip)
    assert nearest in caught.value.hint
