"""Every finished sentence that a screen shows is known again in every language."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from foreign_words import english, names

import wan_magic
from wan_magic import errors, texts
from wan_magic.texts import zh_failures
from wan_magic.texts.sentences import tr_sentence
from wan_magic.texts.zh_sentences import SENTENCES, WORDS
from wan_magic.wan import form

PACKAGE = Path(wan_magic.__file__).parent


_SAMPLES = {
    "_label(name)": "seed",
    "label_of(name)": "seed",
    "f'{name} answered with {said}'": "7 answered with nothing instead of JSON",
    "label": "prompt",
    "article": "an",
    "what": "image",
    "slot.media": "video",
    "one.media": "video",
    "_TYPE_NAMES[kind]": "a text",
    "told": "shorter than the clip",
    "formats": "mp3",
    "span": "2 to 15",
    "size": "is 7×7 px",
    "accepted": "a path, an http(s) URL, a data URI, bytes, a PIL image or a finished clip",
    "_name(found)": "another process",
    "_name(entry)": "another kernel of 7",
    "resume_hint(job)": "%wanvideo resume 7 picks it up within 24 hours, at no further cost",
    "cure": "make it writable",
    "problem.hint": "%wanvideo resume 7 picks it up while this kernel lives",
    "hint": "nothing was sent, nothing is paid",
    "exc.hint": "run the cell again",
    "why.message": "cannot reach 7",
    "makes": "makes, and bills,",
    "_trouble(exc)": "is locked",
    "why": "cannot reach 7",
    "guess": "did you mean 7?",
    "all_of_them": "these 7 clips cost about 7 in all",
    "whose": "the day's budget",
    "f'{so_far} ' if used else ''": "7 is spent or on its way, and ",
    "_said(clips, alone=not used)": "these 7 clips cost",
    "_NO_BUDGET": "--over-budget makes it all the same",
    "way_out": "--max-total off asks for no limit",
}
"""What stands in the holes of a sentence that only some words fill; 7 does for the others."""

_CHECKS = ("wan/checks.py", "wan/input_checks.py", "wan/media/*.py")
_LIVES = ("jobs/*.py", "wan/*.py", "settings/keys.py", "actions/launch.py", "actions/places.py")
_ASKED = {"copying.py", "done.py", "history.py", "join.py", "job.py", "past.py", "sweep.py"}
"""What these refuse is raised in the cell that asks for it, and is on no card."""
_ERRORS = {
    name
    for name, one in vars(errors).items()
    if isinstance(one, type) and issubclass(one, errors.WanError)
}
_OTHERS = {"form.py", "glimpse.py", "ledger_reader.py", "schema.py", "value_types.py"}
"""Whose tables hold SQL, or parts of sentences."""
_SAID = {"hint", "note", "doubt", "message", "known"}
"""Variables that hold a sentence, or a part of one that is known by itself."""


def sentences() -> dict[str, str]:
    """Return what the package says in whole sentences where a panel or a card shows it."""
    found = {}
    for file in _files(*_CHECKS, *_LIVES):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        told = [one for node in ast.walk(tree) for one in _told(node, is_check=_is_check(file))]
        if file.name not in _OTHERS:
            told += [one for node in tree.body for one in _held(node)]
        found.update({said: file.name for one in told for said in _samples(one)})
    found.update({f"{one} (7)": "form.py" for one in form._MEANING.values()})
    return found


def _files(*patterns: str) -> list[Path]:
    found = [file for pattern in patterns for file in sorted(PACKAGE.glob(pattern))]
    return [file for file in found if file.name not in _ASKED]


def _is_check(file: Path) -> bool:
    return any(file.match(pattern) for pattern in _CHECKS)


def _told(node: ast.AST, *, is_check: bool) -> list[ast.expr]:
    """Return the sentences that a piece of code says itself."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[said, *_]) if name in _ERRORS:
            return [said, *_named(node, "hint")]
        case ast.Call(func=ast.Name(id="kind"), args=[said, *_]):  # of an error
            return [said]
        case ast.Assign(targets=[ast.Name(id=name)], value=said) if name in _SAID:
            return [said]
        case ast.Assign(targets=[ast.Attribute(attr="hint" | "doubt")], value=said):
            return [said]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="notes"), attr="append")):
            return node.args
        case ast.Call(func=ast.Attribute(attr="update")):
            return _named(node, "message")
        case ast.Call(func=ast.Name(id="_note"), args=[_, said]):
            return [said]
        case ast.Tuple(elts=[ast.Starred(), said]):  # one more note
            return [said]
        case ast.Return(value=ast.List(elts=elements)) if is_check:
            return elements
        case ast.FunctionDef(name=name) if name.endswith("_hint") or name == "_doubt":
            return [
                one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value
            ]
    return []


def _named(call: ast.Call, name: str) -> list[ast.expr]:
    return [one.value for one in call.keywords if one.arg == name]


def _held(node: ast.stmt) -> list[ast.expr]:
    """Return the sentences of a table, which end its rows, or a constant; one word is none."""
    if not isinstance(node, ast.Assign):
        return []
    held = [node.value]
    if isinstance(node.value, ast.Dict):
        held = node.value.values
    elif isinstance(node.value, ast.Tuple):
        held = [one.elts[-1] for one in node.value.elts if isinstance(one, ast.Tuple)]
    return [one for one in held if isinstance(one, ast.Constant) and str(one.value).count(" ") > 1]


def _samples(node: ast.expr) -> list[str]:
    """Return a sentence in each of its forms, with its holes filled."""
    match node:
        case ast.Constant(value=str(said)):
            return [re.sub(r"{\w+}", "7", said)] if said else []
        case ast.IfExp(body=one, orelse=other):
            return _samples(one) + _samples(other)
        case ast.BoolOp(values=values):
            return [said for one in values for said in _samples(one)]
        case ast.BinOp(left=one, right=other):
            ends = _samples(other)
            if isinstance(other, ast.IfExp):  # one of them is nothing
                ends.append("")
            return [begin + end for begin in _samples(one) for end in ends]
        case ast.Call(func=ast.Attribute(value=ast.JoinedStr() as said, attr="lstrip")):
            return _samples(said)
        case ast.JoinedStr(values=parts):
            fixed = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
            if not any(map(str.isalpha, fixed)):
                return []  # its parts are put together elsewhere
            return [_SAMPLES.get(ast.unparse(node)) or "".join(map(_filled, parts))]
    return []


def _filled(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        return _SAMPLES.get(ast.unparse(part.value), "7")
    return str(part.value) if isinstance(part, ast.Constant) else ""


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_chosen", "zh")


_OWN = (
    *(
        "obj_or_bg",
        "obj",
        "bg",
        "anna",
        "last_frame",
        "Model Studio",
        "WAN_MAGIC_LEDGER=on",
        "wan_magic",
    ),
    *("base =", "没有 base", "写了 base", "currency", "region", "uploads", "workspace"),
    *("media", "url", "type", "None", "dict(strength=0.5)", "pip install -U wan-magic"),
)
"""Names of fields, files and programs."""


@pytest.mark.usefixtures("chinese")
def test_each_sentence_of_the_checks_and_of_a_job_is_translated() -> None:
    found = sentences()
    assert {one: file for one, file in found.items() if english(tr_sentence(one), *_OWN)} == {}
    assert len(found) > 300


def test_a_translated_sentence_keeps_what_fills_it() -> None:
    table = {**WORDS, **SENTENCES, **zh_failures.SENTENCES}
    assert {one: said for one, said in table.items() if names(said) != names(one)} == {}
    assert all(table.values())
    assert SENTENCES.keys() & zh_failures.SENTENCES.keys() == set()


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("cat or dog.png is empty (0 bytes)", "cat or dog.png 是空文件（0 字节）"),
        (
            "a sound in memory lasts 1.00 s; it must be 2 to 30 s",
            "内存中的音频时长 1.00 秒，应为 2 至 30 秒",
        ),
        ("duration 99 is out of range\n→ 2 to 15", "时长 99 超出范围\n→ 应在 2 至 15 之间"),
        (
            "your default shot type multi is left out: wan2.7-i2v takes no shot type",
            "已略去您的默认镜头类型 multi：wan2.7-i2v 不支持镜头类型",
        ),
        (
            "HTTP 500 the server or its host: asking again in 3 s",
            "HTTP 500 the server or its host：3 秒后再次查询",
        ),
        (
            "HTTP 400 InvalidParameter: wan2.5 needs an image; it is a broken file",
            "HTTP 400 InvalidParameter: wan2.5 needs an image; it is a broken file",
        ),
        (
            "the task failed: InvalidFile: it is a broken file, and takes no audio",
            "任务失败：InvalidFile: it is a broken file, and takes no audio",
        ),
        (
            "cannot reach x.example: submitting again in 2 s",
            "无法连接 x.example：2 秒后再次提交",
        ),
        (
            "HTTP 503: no reason was given: asking again in 2 s",
            "HTTP 503：未说明原因：2 秒后再次查询",
        ),
        (
            "oss did not take the file: the file is too large for it (HTTP 400 EntityTooLarge)",
            "oss 未接收文件：文件过大（HTTP 400 EntityTooLarge）",
        ),
        ("cat.png has changed since it was checked", "cat.png 在检查之后被修改过"),
        (
            "cat.png cannot be read any more: Permission denied",
            "无法再读取 cat.png：权限不足（Permission denied）",
        ),
        (
            "a note; nothing was sent, and nothing is paid; run the cell again",
            "a note；未提交任何内容，未产生费用；请重新运行单元格",
        ),
        (
            "the download is not a playable video; what came is kept as /v/a.mp4 (task 03-8)\n→ a",
            "下载的内容不是可播放的视频；已下载的内容保存为 /v/a.mp4（任务 03-8）\n→ a",
        ),
        (
            "the month's budget of 9 CNY is not enough: these 3 clips alone cost about 10 CNY",
            "当月预算 9 CNY 不足：仅这 3 个视频就约需 10 CNY",
        ),
        (
            "it runs in the process that began it, from which this one was forked",
            "它在启动它的进程中运行，此进程由该进程派生",
        ),
        (
            "the server said something that nobody knows",
            "the server said something that nobody knows",
        ),
    ],
)
def test_what_others_wrote_stays_within_a_translated_sentence(
    monkeypatch: pytest.MonkeyPatch, english: str, chinese: str
) -> None:
    assert tr_sentence(english) == english
    monkeypatch.setattr(texts, "_chosen", "zh")
    assert tr_sentence(english) == chinese
