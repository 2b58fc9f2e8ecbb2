"""What `doctor` found, as text and as a table with a clip to try the player with."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wan_magic.output import html
from wan_magic.output.table import html_table, one_line, text_table
from wan_magic.texts import tr

if TYPE_CHECKING:
    from collections.abc import Sequence

State = Literal["ok", "warning", "problem"]

_TONES: dict[State, html.Tone] = {"ok": "good", "warning": "warn", "problem": "bad"}


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes
    ----------
    name : str
        What was looked at.
    state : {"ok", "warning", "problem"}
        A problem stops something; a warning is worth knowing.
    found : str
        What is there.
    todo : str
        What the user can do.
    """

    name: str
    state: State
    found: str
    todo: str = ""


class Report:
    """All lines, fit to be pasted into a bug report: no key, and the home folder is ``~``.

    Parameters
    ----------
    findings : sequence of Finding
        In the order of the report.
    clip : bytes
        A video to try the player with; empty for none.
    secrets : sequence of str
        What must not be shown, whoever said it.
    """

    def __init__(
        self, findings: Sequence[Finding], clip: bytes = b"", secrets: Sequence[str] = ()
    ) -> None:
        self.findings = tuple(_cleaned(one, secrets) for one in findings)
        self._clip = clip

    @property
    def problems(self) -> int:
        """How many lines are problems."""
        return sum(one.state == "problem" for one in self.findings)

    def __str__(self) -> str:
        rows = [(_state(one.state), one.name, one.found) for one in self.findings]
        table = text_table((tr("state"), tr("what"), tr("found")), rows).splitlines()
        indent = " " * 4
        lines = [table[0]]
        for line, one in zip(table[1:], self.findings, strict=True):
            lines += [line, f"{indent}→ {one.todo}"] if one.todo else [line]
        return "\n".join([*lines, "", self._summary()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        rows = [(_badge_of(one), _name_of(one), _lines_of(one)) for one in self.findings]
        heads = (tr("state"), tr("what"), tr("found"))
        table = html_table(tuple(map(html.text, heads)), rows, notes=[self._summary()])
        return table + self._player()

    def to_json(self) -> str:
        """Return the lines as JSON, a list of objects."""
        return json.dumps([asdict(one) for one in self.findings], indent=2, ensure_ascii=False)

    def _summary(self) -> str:
        if self.problems:
            return tr("problems: {count}", count=self.problems)
        if any(one.state == "warning" for one in self.findings):
            return tr("no problems, but see the warnings")
        return tr("all is well")

    def _player(self) -> str:
        if not self._clip:
            return ""
        source = "data:video/mp4;base64," + base64.b64encode(self._clip).decode()
        question = tr(
            "Press play: the square should move, with a soft tone. If nothing moves, this front"
            " end or browser plays no H.264: open the clips in a video player. If it is silent,"
            " it plays no AAC."
        )
        return (
            '<div style="display:flex;flex-wrap:wrap;gap:12px;align-items:center;margin-top:8px">'
            f'<video src="{source}" controls loop preload="auto" width="240"'
            ' style="max-width:100%;background:#000"></video>'
            '<div style="flex:1 1 220px;max-width:420px;font:12px system-ui,sans-serif">'
            f"{html.text(question)}</div></div>"
        )


def _badge_of(one: Finding) -> str:
    return html.badge(_state(one.state).upper(), _TONES[one.state])


def _name_of(one: Finding) -> str:
    return f'<div style="overflow-wrap:anywhere;min-width:58px">{html.text(one.name)}</div>'


def _lines_of(one: Finding) -> str:
    todo = f'<div style="margin-top:2px">→ {html.text(one.todo)}</div>' if one.todo else ""
    return f'<div style="overflow-wrap:anywhere">{html.text(one.found)}{todo}</div>'


def _state(state: State) -> str:
    names = {"ok": tr("ok"), "warning": tr("warning"), "problem": tr("problem")}
    return names[state]


def _cleaned(finding: Finding, secrets: Sequence[str]) -> Finding:
    """Return a line without secrets, without the name of the home folder, and in one line."""

    def clean(value: str) -> str:
        for secret in filter(None, secrets):
            value = value.replace(secret, "***")
        return one_line(value.replace(_home(), "~"))

    values: dict[str, Any] = {k: clean(v) for k, v in asdict(finding).items() if k != "state"}
    return Finding(state=finding.state, **values)


def _home() -> str:
    try:
        home = str(Path.home())
    except RuntimeError:  # nobody's
        return "\0"
    return home if len(home) > 1 else "\0"  # of root's "/" nothing would be left
