"""Each fault at each step of a job: what the user sees, what is paid, and what can be had later.

`TABLE` says for each step and fault how a job ends when it strikes once and when it stays. What
is in neither `TABLE` nor `NOT_POSSIBLE` fails a test.
"""

from __future__ import annotations

import dataclasses
import itertools
import re

import pytest
from faulty import DRIP, READ_TIMEOUT, SLOW, TIMEOUT
from films import film

from wan_magic.errors import (
    ApiError,
    ConnectionFailed,
    DownloadError,
    JobCancelled,
    JobFailed,
    JobTimeout,
    LedgerError,
    WanError,
)
from wan_magic.jobs.job import State
from wan_magic.wan.timely import WHOLE

EVER = 10**6

# -- the steps and the faults -----------------------------------------------------------------

STEPS = ("policy", "upload", "create", "query", "list", "settle", "cancel", "download")
"""list and settle: the search for the task of a lost answer, and its looks at that task."""

REFUSED = ("401", "403")
BUSY = ("429", "429, wait 7")
BROKEN = ("500", "503 with a body")
GATEWAY = "503 without a body"  # which had passed the call on
BEFORE = "dropped before it was read"
AFTER = "dropped after it was read"
SILENT = "read timeout"
DRIPS = "dripping answer"
CUT_OFF = (BEFORE, AFTER, SILENT, DRIPS)
ODD, UNKNOWN, FAILED = "unknown status", "UNKNOWN", "FAILED"
TRUNCATED, CUT, LENGTH = "truncated video", "cut video", "wrong length"
EXPIRED, SLOW_LINK = "expired link", "slow link"
DISKS = ("disk full", "read-only folder")
CLOCKS = ("clock back", "clock forward")
FAULTS = (
    *REFUSED,
    *BUSY,
    *BROKEN,
    GATEWAY,
    *CUT_OFF,
    "HTML",
    ODD,
    UNKNOWN,
    FAILED,
    TRUNCATED,
    CUT,
    LENGTH,
    EXPIRED,
    SLOW_LINK,
    *DISKS,
    *CLOCKS,
)

_SMALL = "its answer is a few bytes: they come, or the connection breaks or times out"
_NO_TASK = "its answer tells no task's status"
_NO_VIDEO = "its answer is no video"
NOT_POSSIBLE = {
    **{(step, ODD): _NO_TASK for step in ("policy", "upload", "cancel", "download")},
    **{(step, UNKNOWN): _NO_TASK for step in ("policy", "upload", "cancel", "download")},
    **{(step, FAILED): _NO_TASK for step in ("policy", "upload", "cancel", "download")},
    **{(step, TRUNCATED): _NO_VIDEO for step in STEPS if step != "download"},
    **{(step, CUT): _NO_VIDEO for step in STEPS if step != "download"},
    **{
        (step, EXPIRED): "it has no signed address: its right is the key (403)"
        for step in STEPS
        if step not in ("upload", "download")
    },
    **{(step, SLOW_LINK): _SMALL for step in STEPS if step not in ("upload", "download")},
    ("upload", LENGTH): "of its answer the status alone counts; too few bytes are a break",
}

# -- how a job ends ---------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Ends:
    """How a job ends, and what was to be seen.

    Attributes
    ----------
    state : str
        Of the job.
    error : type or None
        What a waiting cell raises.
    says, hint : str
        In its message and its hint; patterns.
    card : str
        On the card meanwhile; a pattern. Empty: nothing but the progress of the upload.
    sent : int
        Paid calls that were made.
    accepted : int
        Tasks that the service made of them.
    open : bool
        Whether the ledger has the job as one that may still bring something.
    spent : bool
        Whether it counts in budgets, and as money in the history.
    note : str
        In the job's notes.
    """

    state: str
    error: type | None = None
    says: str = ""
    hint: str = ""
    card: str = ""
    sent: int = 1
    accepted: int = 1
    open: bool = False
    spent: bool = True
    note: str = ""


def done(card="", **more):
    return Ends("done", card=card, **more)


def fails(error, says, hint, **more):
    return Ends("failed", error, says, hint, **more)


def unpaid(error, says, hint="", **more):
    """Nothing was accepted, and the user is told that it costs nothing."""
    about = {"accepted": 0, "spent": False} | more
    return fails(error, says, f"{hint}.*nothing is paid", **about)


def unsent(error, says, hint="", **more):
    """Not even the paid call was made."""
    return unpaid(error, says, hint, **{"sent": 0} | more)


def unsure(says, hint, **more):
    """Nobody knows: it was accepted, but its answer and the list were lost."""
    return fails(
        ConnectionFailed,
        says,
        f"{hint}.*may have been accepted, so it was not sent again",
        open=True,
        **more,
    )


def undecided(says, **more):
    return Ends("detached", JobTimeout, says, RESUME, open=True, **more)


def unsaved(says, hint="", **more):
    """The video is made and paid, and can be fetched later."""
    return fails(
        DownloadError,
        f"the video is made, but is not on disk: .*{says}",
        hint + RESUME,
        open=True,
        **more,
    )


RESUME = "%wanvideo resume 00000000-canary picks it up within 24 hours, at no further cost"
BROKE = r"the connection to 127.0.0.1:\d+ broke before the answer came"
HTML = "beijing answered with text/html instead of JSON"
EMPTY = "HTTP 503: nothing instead of JSON"
LOST = "the answer to the submit was lost"
SAID = {  # by the API; what is quoted is the key
    "401": r"HTTP 401 InvalidApiKey: quoting \*\*\*",
    "403": r"HTTP 403 AccessDenied: quoting \*\*\*",
    "429": r"HTTP 429 Throttling.RateQuota: quoting \*\*\*",
    "429, wait 7": r"HTTP 429 Throttling.RateQuota: quoting \*\*\*",
    "500": r"HTTP 500 InternalError: quoting \*\*\*",
    "503 with a body": r"HTTP 503 ServiceUnavailable: quoting \*\*\*",
    GATEWAY: EMPTY,
    BEFORE: BROKE,
    AFTER: BROKE,
    SILENT: BROKE,
    DRIPS: BROKE,
    LENGTH: BROKE,
    "HTML": HTML,
}
ADVICE = {
    "401": "check DASHSCOPE_API_KEY, and that key and --endpoint are of one region",
    "403": "this key may not use this model; check its rights in the console",
    "429": "the account's rate limit is reached; wait a minute and run the cell again",
    "429, wait 7": "the account's rate limit is reached; wait a minute and run the cell again",
    "500": "the service failed; run the cell again in a minute",
    "503 with a body": "the service failed; run the cell again in a minute",
    GATEWAY: "the service failed; run the cell again in a minute",
    "HTML": "check --endpoint: it ends in /api/v1",
}
ERROR = dict.fromkeys((*CUT_OFF, LENGTH, "HTML"), ConnectionFailed)
"""All others are an ApiError."""
LATER = {"429, wait 7": "in 7 s"}
FULL = {
    "disk full": ("database or disk is full", "No space left on device", "free some space"),
    "read-only folder": (
        "attempt to write a readonly database",
        "Read-only file system",
        "make it writable",
    ),
}
UNWRITTEN = "the ledger can't be written: keep the task id"


def _table():
    """Yield step, fault, the end when it strikes once, and the end when it stays."""
    for fault in FAULTS:
        said, advice = SAID.get(fault, ""), ADVICE.get(fault, "")
        error, later = ERROR.get(fault, ApiError), LATER.get(fault, r"in \d+ s")
        ledger, folder, cure = FULL.get(fault, ("", "", ""))

        # -- the permission to upload: free, tried five times ---------------------------------
        again = f"^cat.png is not uploaded: {said}; again {later}$"
        if fault in REFUSED:
            yield "policy", fault, *twice(unsent(ApiError, said, advice))
        elif fault in SAID:
            yield "policy", fault, done(again), unsent(error, said, advice, card=again)
        elif fault in DISKS:
            yield "policy", fault, done(), unwritten(ledger)
        elif fault in CLOCKS:
            yield "policy", fault, *twice(done())

        # -- the upload: free, tried five times ------------------------------------------------
        host = r"127.0.0.1:\d+ did not take the file: HTTP "
        alternative = "run the cell again in a minute, or give the file's"
        stored = f"{host}{said[5:8]}" if fault in ADVICE else r"the upload to 127.0.0.1:\d+ broke"
        again = f"^cat.png is not uploaded: {stored}.*; again {later}$"
        if fault in REFUSED:
            yield "upload", fault, *twice(unsent(ApiError, stored, alternative))
        elif fault == "HTML":
            page = f"{host}200, a web page instead of the storage's answer"
            yield "upload", fault, *twice(unsent(ApiError, page, alternative))
        elif fault in CUT_OFF:
            yield "upload", fault, done(again), unsent(error, stored, card=again)
        elif fault in ADVICE:
            yield "upload", fault, done(again), unsent(ApiError, stored, alternative, card=again)
        elif fault == EXPIRED:
            expired = unsent(ApiError, f"{host}403 AccessDenied: .*Policy expired", alternative)
            yield "upload", fault, done(), expired
        elif fault == SLOW_LINK:
            late = unsent(WanError, "cat.png was not uploaded within 600 s", "--timeout more sec")
            yield "upload", fault, *twice(late)
        elif fault in DISKS:
            yield "upload", fault, *twice(unwritten(ledger))
        elif fault in CLOCKS:
            yield "upload", fault, *twice(done())

        # -- the paid call ----------------------------------------------------------------------
        if fault in REFUSED:
            yield "create", fault, *twice(unpaid(ApiError, said, advice))
        elif fault in BUSY:
            card = f"^the endpoint is busy .429.: submitting again {later}$"
            many = unpaid(ApiError, said, advice, card=card, sent=None)
            yield "create", fault, done(card, sent=2), many
        elif fault == "503 with a body" or fault in ("500", BEFORE):  # the API's own refusal
            card = f"^{said}: submitting again {later}$"
            yield (
                "create",
                fault,
                done(card, sent=2),
                unpaid(error, said, advice, card=card, sent=4),
            )
        elif fault in (GATEWAY, AFTER, SILENT, DRIPS, LENGTH):
            yield "create", fault, *twice(done(f"^{LOST}; task 00000000-canary may be its task"))
        elif fault == "HTML":
            yield "create", fault, *twice(unpaid(error, said, advice, card=LOST))
        elif fault == FAILED:  # an answer that names no task
            odd = unpaid(ConnectionFailed, "accepted the request but named no task", card=LOST)
            yield "create", fault, *twice(odd)
        elif fault in (ODD, UNKNOWN):
            yield "create", fault, *twice(done())
        elif fault in DISKS:
            unsaved_, note = unsaved(folder, f"{cure}.*", note=UNWRITTEN), UNWRITTEN
            yield "create", fault, done(note=note), unsaved_
        elif fault in CLOCKS:
            yield "create", fault, *twice(done())

        # -- a look at the task: free, asked again until the deadline ----------------------------
        again = f"^{said}: asking again {later}$"
        patient = undecided("not finished after 600 s; the task may still finish and be billed")
        if fault in REFUSED:
            locked_out = fails(ApiError, said, f"{advice}.*{RESUME}", open=True)
            yield "query", fault, *twice(locked_out)
        elif fault in SAID:
            yield "query", fault, done(again), dataclasses.replace(patient, card=again)
        elif fault == ODD:
            card = "^the server says 'PAUSED'$"
            yield "query", fault, done(card), dataclasses.replace(patient, card=card)
        elif fault == UNKNOWN:
            card = "^the server does not know this task .UNKNOWN.: asking again$"
            hint = f"check that --endpoint is the one that it was submitted to; {RESUME}"
            says = "the server does not know this task: it never existed there, or is over 24 hours"
            lost = fails(JobFailed, says, hint, card=card)  # it may be billed all the same
            yield "query", fault, done(card), lost
        elif fault == FAILED:
            hint = "^run the cell again; if that fails, too, change.*failed tasks are not billed$"
            ended = fails(JobFailed, "the server gave no reason", hint, spent=False)
            yield "query", fault, *twice(ended)
        elif fault in DISKS:
            yield "query", fault, done(note=None), unsaved(folder, f"{cure}.*", note=UNWRITTEN)
        elif fault in CLOCKS:
            yield "query", fault, *twice(done())

        # -- the list, after the answer to the paid call was lost ---------------------------------
        again, may_be = f"^{said}: looking for the task again$", f"^{LOST}; task .* may be its"
        if fault in REFUSED or fault == "HTML":
            why = f"what became of it is not known .{said}"
            yield "list", fault, *twice(unsure(BROKE, why, card=LOST))
        elif fault in SAID:
            why = "" if said == BROKE else f"what became of it is not known .{said}"
            yield "list", fault, done(again), unsure(BROKE, why, card=again)
        elif fault in (ODD, UNKNOWN):  # the task itself tells more
            yield "list", fault, *twice(done(may_be))
        elif fault == FAILED:  # not billed: it is made again
            card = f"^{BROKE}: submitting again {later}$"
            yield "list", fault, *twice(done(card, sent=2, accepted=2))
        elif fault in DISKS:
            yield (
                "list",
                fault,
                done(may_be),
                unsaved(folder, f"{cure}.*", card=LOST, note=UNWRITTEN),
            )
        elif fault in CLOCKS:
            yield "list", fault, *twice(done(may_be))

        # -- a look at the task that may be that of the lost answer -------------------------------
        if fault in REFUSED or fault == "HTML":
            why = f"what became of it is not known .{said}"
            yield "settle", fault, *twice(unsure(BROKE, why, card=LOST))
        elif fault in SAID:
            why = "" if said == BROKE else f"what became of it is not known .{said}"
            yield "settle", fault, done(again), unsure(BROKE, why, card=again)
        elif fault in (ODD, UNKNOWN):
            open_end = Ends(
                "detached",
                JobTimeout,
                "not known after 6.. s whether the request was accepted",
                "may have been accepted, so it was not sent again",
                card=may_be,
                open=True,
            )
            yield "settle", fault, done(may_be), open_end
        elif fault == FAILED:
            card = f"^{BROKE}: submitting again {later}$"
            once = done(card, sent=2, accepted=2)
            ended = fails(
                JobFailed,
                "the server gave no reason",
                "not billed",
                card=card,
                sent=2,
                accepted=2,
                spent=False,
            )
            yield "settle", fault, once, ended
        elif fault in DISKS:
            card = may_be
            yield (
                "settle",
                fault,
                done(card),
                unsaved(folder, f"{cure}.*", card=LOST, note=UNWRITTEN),
            )
        elif fault in CLOCKS:
            yield "settle", fault, *twice(done(may_be))

        # -- a cancel, which is free, while the task waits ----------------------------------------
        cancelled = Ends(
            "cancelled", JobCancelled, "^cancelled while it waited in the queue: nothing is paid$",
            spent=False,
        )  # fmt: skip
        not_yet = f"^could not cancel yet: {said}$"
        if fault in REFUSED:
            yield "cancel", fault, *twice(done(f"^could not cancel: {said}"))
        elif fault in (GATEWAY, AFTER, SILENT, DRIPS, LENGTH):  # it got through
            yield "cancel", fault, *twice(dataclasses.replace(cancelled, card=not_yet))
        elif fault in SAID:
            yield "cancel", fault, dataclasses.replace(cancelled, card=not_yet), done(not_yet)
        elif fault in DISKS:
            remembered = dataclasses.replace(cancelled, open=True, spent=True, note=UNWRITTEN)
            yield "cancel", fault, cancelled, remembered
        elif fault in CLOCKS:
            yield "cancel", fault, *twice(cancelled)

        # -- the download: paid already, tried eight times, and kept where it broke off -----------
        reason = {
            **dict.fromkeys(ADVICE, rf"127.0.0.1 answered HTTP {said[5:8]}"),
            **dict.fromkeys((*CUT_OFF, TRUNCATED, LENGTH), "the download from 127.0.0.1 broke off"),
            "HTML": "127.0.0.1 sent text/html, not a playable video",
            EXPIRED: "127.0.0.1 answered HTTP 403",
            CUT: "the download is not a playable video",
        }.get(fault, "")
        again = f"^{reason}: fetching it again {later}$"
        if reason:
            yield "download", fault, done(again), unsaved(reason, card=again)
        elif fault == SLOW_LINK:
            slow = r"had not ended after 600 s; the [\d,]+ bytes that came are kept"
            yield "download", fault, *twice(unsaved(slow))
        elif fault in DISKS:
            full = unsaved(f"cannot write to .*: {folder}", f"{cure}.*", note=UNWRITTEN)
            yield "download", fault, *twice(full)
        elif fault in CLOCKS:
            yield "download", fault, *twice(done())


def twice(end):
    """Once is as bad as for ever."""
    return end, end


def unwritten(why):
    """The paid call must not be made where it can't be written down."""
    return unsent(
        LedgerError, f"can't be used: {why}", "^nothing was sent, and",
        open=True, spent=True,
    )  # fmt: skip


def stays_open(step, fault, times):
    """Whether something is left to fetch; once is not tried where it is as bad as for ever."""
    ever = TABLE[step, fault, "for ever"].open
    return TABLE[step, fault, times].open and (times == "for ever" or not ever)


ROWS = list(_table())
TABLE = {
    (step, fault, times): end
    for step, fault, once, ever in ROWS
    for times, end in (("once", once), ("for ever", ever))
}
CELLS = [pytest.param(*cell, id=" - ".join(cell)) for cell in TABLE]
OPEN = [pytest.param(*cell, id=" - ".join(cell)) for cell in TABLE if stays_open(*cell)]
DISOWNED = ("query", UNKNOWN, "for ever")
"""The service itself says that there is no such task."""


def test_every_fault_is_told_at_every_step_where_it_can_be():
    cells = set(itertools.product(STEPS, FAULTS))
    told = [(step, fault) for step, fault, _, _ in ROWS]
    assert len(told) == len(set(told))
    assert not set(told) & set(NOT_POSSIBLE)
    assert set(told) | set(NOT_POSSIBLE) == cells
    assert all(NOT_POSSIBLE.values())


def setting(step, fault, times):
    """Return the faults of a world in which one thing goes wrong."""
    count = 1 if times == "once" else EVER
    if step == "settle":
        return {"create": (AFTER, 1), "query": (fault, count)}
    return {step: (fault, count)} | ({"create": (AFTER, 1)} if step == "list" else {})


def ridden(kernel_at, step, fault, times):
    """Run the cell with the fault; the ride to its end."""
    kernel = kernel_at(setting(step, fault, times), pending=4 if step == "cancel" else 1)
    job, _ = kernel.ask()
    if step == "cancel":
        job.on_change(lambda job: job.state is State.QUEUED and job.cancel())
    return kernel.ride(job).run()


@pytest.mark.parametrize(("step", "fault", "times"), CELLS)
def test_fault(kernel_at, shows_no_secret, video, step, fault, times):
    end = TABLE[step, fault, times]
    ride = ridden(kernel_at, step, fault, times)
    job, world, error, entry = ride.job, ride.kernel.world, ride.error, ride.entry
    shows_no_secret(ride)

    # what the user sees
    assert (str(job.state), type(error)) == (end.state, end.error or type(None))
    assert re.search(end.says, getattr(error, "message", "")), error.message
    assert re.search(end.hint, getattr(error, "hint", "")), error.hint
    card = [text for text in ride.card if text and not text.startswith("uploading cat.png")]
    assert bool(card) == bool(end.card), card
    assert any(re.search(end.card, text) for text in [*card, ""]), card
    if end.note is not None:
        assert [note for note in job.notes if end.note not in note] == []
        assert bool(job.notes) == bool(end.note)
    if fault == "429, wait 7" and step != "cancel":  # whose turn comes later, too
        assert 7.0 in [round(wait, 6) for wait in ride.waits]

    # what is paid
    sent = world.calls.count("create")
    assert sent == end.sent if end.sent is not None else sent > 5
    assert world.accepted == end.accepted
    assert len(world.billed) <= 1, "nobody pays twice"
    assert (entry.open, bool(entry.spent)) == (end.open, end.spent)

    # nothing hangs, and what is made is there
    late = {SLOW_LINK: 2 * SLOW, DRIPS: WHOLE.seconds + 8 * DRIP}.get(fault, 0)
    assert ride.took <= TIMEOUT + 2 * READ_TIMEOUT + late
    if error is None:
        assert film(job.result().path) == video
        assert (entry.state, entry.task_id) == ("done", job.task_id)
    elif not end.open:
        assert entry.error == error.message

    # what is over is over: the cell makes a clip as soon as the fault is gone
    if not end.open:
        world.heal()
        again = ride.kernel.run()
        assert film(again.job.result().path) == video
        billed = 2 if (step, fault, times) == DISOWNED else 1
        assert len(world.billed) == billed
        assert again.job.from_library == (error is None)


@pytest.mark.parametrize("where", ["same kernel", "new kernel"])
@pytest.mark.parametrize(("step", "fault", "times"), OPEN)
def test_what_is_open_is_brought_home_at_no_further_cost(
    kernel_at, shows_no_secret, video, step, fault, times, where
):
    first = ridden(kernel_at, step, fault, times)
    kernel, world = first.kernel, first.kernel.world
    world.heal()
    if where == "new kernel":
        kernel = kernel_at(after=kernel)
    again = kernel.run()
    shows_no_secret(again)
    if step == "cancel" and again.error:  # the news of the cancel died with its kernel
        assert isinstance(again.error, JobCancelled)
        again = kernel.run()
    assert film(again.job.result().path) == video
    assert len(world.billed) == 1, "nobody pays twice"
    assert (again.entry.open, again.entry.state) == (False, "done")
    assert kernel.run().job.from_library
