"""The error tree: what was wrong, what to do, and nothing of a traceback."""

from __future__ import annotations

import io
import pickle
from contextlib import redirect_stderr, redirect_stdout

import pytest

import wan_magic
from wan_magic.errors import (
    ApiError,
    BudgetExceeded,
    ConnectionFailed,
    DownloadError,
    InputError,
    JobCancelled,
    JobFailed,
    JobTimeout,
    LedgerError,
    SettingsError,
    WanError,
)
from wan_magic.wan.codes import advice, time_may_cure

ALL = (
    ApiError,
    BudgetExceeded,
    ConnectionFailed,
    DownloadError,
    InputError,
    JobCancelled,
    JobFailed,
    JobTimeout,
    LedgerError,
    SettingsError,
)


@pytest.mark.parametrize("kind", ALL)
def test_one_tree_and_all_public(kind):
    assert issubclass(kind, WanError)
    assert getattr(wan_magic, kind.__name__) is kind


def test_the_python_errors_they_also_are():
    assert issubclass(InputError, ValueError)
    assert issubclass(ConnectionFailed, ConnectionError)
    assert issubclass(JobTimeout, TimeoutError)


@pytest.mark.parametrize("kind", ALL)
def test_message_then_hint(kind):
    assert str(kind("no image")) == "no image"
    assert str(kind("no image", hint="add one")) == "no image\n→ add one"


def test_server_errors_carry_what_the_server_said():
    error = JobFailed("it failed", hint="h", code="C", request_id="r1", task_id="t1", status=500)
    assert str(error) == "it failed (task t1, request r1)\n→ h"
    assert (error.code, error.status) == ("C", 500)


@pytest.mark.parametrize("kind", ALL)
def test_errors_survive_pickling(kind):
    error = pickle.loads(pickle.dumps(kind("m", hint="h")))
    assert (type(error), str(error)) == (kind, "m\n→ h")


def test_ipython_shows_two_lines_and_no_traceback():
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        # In memory: a history file would be closed at exit, when its folder may be gone.
        shell = InteractiveShell(config=Config({"HistoryManager": {"hist_file": ":memory:"}}))
        result = shell.run_cell(
            "from wan_magic.errors import InputError\nraise InputError('no image', hint='add one')"
        )
    assert isinstance(result.error_in_exec, InputError), "the cell fails all the same"
    shown = out.getvalue() + err.getvalue()
    assert "InputError: no image\n→ add one" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("code", "message", "status", "part"),
    [
        ("InvalidApiKey", "Invalid API-key provided.", 401, "DASHSCOPE_API_KEY"),
        ("InvalidApiKey", "", 401, "of one region"),
        ("InvalidParameter", "url error, please check url!", 400, "does not serve this model"),
        ("InvalidParameter", "Model not exist.", 400, "--model"),
        ("InvalidParameter", "Range of seed should be", 400, "the value that the message names"),
        ("InvalidParameter.DataInspection", "Unable to download", 400, "a local file"),
        ("InvalidParameter", "Failed to download http://x", 0, "a local file"),
        ("InvalidParameter", "Failed to download multimodal content", 0, "a local file"),
        ("InvalidParameter", "the size of input image is too small", 0, "give another file"),
        ("InvalidURL", "Required URL is missing or invalid", 400, "a local file"),
        ("InvalidURL", "The input audio is longer than 30s", 400, "give another file"),
        ("InvalidURL.Timeout", "", 400, "a local file"),
        ("InvalidImage.ImageSize", "", 400, "give another file"),
        ("InvalidImageResolution", "", 400, "give another file"),
        ("InvalidFile.Duration", "The video duration should be 2 to 10s", 0, "give another file"),
        ("InvalidFile.NoHuman", "", 0, "give another file"),
        ("BadRequest.InputDownloadFailed", "", 400, "a local file"),
        ("BadRequest.UnsupportedFileFormat", "", 400, "give another file"),
        ("NOT AUTHORIZED", "", 401, "same workspace"),
        ("Endpoint.AccessDenied", "", 403, "rights"),
        ("Workspace.AccessDenied", "", 403, "workspace"),
        ("AllocationQuota.FreeTierOnly", "", 403, "free quota"),
        ("WorkSpaceNotFound", "", 404, "workspace"),
        ("CustomRoleBlocked", "", 400, "change the prompt or the image"),
        ("RewriteFailed", "", 0, "--no-prompt-extend"),
        ("InternalError.Timeout", "", 0, "the service failed"),
        ("DataInspectionFailed", "", 400, "change the prompt or the image"),
        ("IPInfringementSuspect", "", 400, "change the prompt or the image"),
        ("Arrearage", "", 400, "billing"),
        ("PostpaidBillOverdue", "", 429, "trying again does not help"),
        ("Throttling.RateQuota", "", 429, "wait a minute"),
        ("AccessDenied.Unpurchased", "", 403, "activate"),
        ("AccessDenied", "", 403, "rights"),
        ("ModelNotFound", "", 404, "--model"),
        ("UnsupportedOperation", "", 400, "PENDING"),
        ("InternalError.Algo", "", 500, "the service failed"),
        ("", "", 400, "the value that the message names"),
        ("", "", 401, "DASHSCOPE_API_KEY"),
        ("", "", 403, "rights"),
        ("", "", 404, "/api/v1"),
        ("BadRequest.TooLarge", "", 413, "smaller image"),
        ("", "", 429, "wait a minute"),
        ("", "", 503, "in a minute"),
        ("NeverSeen", "", 418, "look the code up"),
    ],
)
def test_every_documented_code_comes_with_advice(code, message, status, part):
    assert part in advice(code, message, status)


def test_what_time_can_cure():
    assert all(map(time_may_cure, (408, 425, 429, 500, 502, 503, 504, 522, 524)))
    assert not any(map(time_may_cure, (400, 401, 403, 404, 413)))
