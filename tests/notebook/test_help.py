"""The help: short, complete, made from the tables, with examples that run."""

from __future__ import annotations

import wave

import av
import pytest
from magic_shell import png
from PIL import Image

from wan_magic.errors import InputError
from wan_magic.notebook.commands import COMMANDS
from wan_magic.notebook.help import EXAMPLES, help_on, help_text, topics
from wan_magic.notebook.options import GROUPS, OPTIONS
from wan_magic.preferences import PREFERENCES
from wan_magic.wan import catalog


def film(path, *, seconds, size=(320, 320)):
    """A grey film."""
    with av.open(str(path), "w") as box:
        stream = box.add_stream("libx264", rate=20)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast"}
        frame = av.VideoFrame.from_image(Image.new("RGB", size, "grey"))
        for number in range(seconds * 20):
            frame.pts = number
            box.mux(stream.encode(frame))
        box.mux(stream.encode())


def sound(path, *, seconds):
    """Silence."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(2 * 16000 * seconds))


@pytest.fixture
def studio(folder):
    """A folder with the files of the examples."""
    for number, name in enumerate(("day.png", "night.png", "ball.png", "figure.png")):
        (folder / name).write_bytes(png(480, 480, colour=(10, 20, 40 * number)))
    (folder / "cat.png").write_bytes(png(480, 480))
    film(folder / "take.mp4", seconds=3)
    sound(folder / "voice.wav", seconds=5)


def test_every_example_runs_as_it_stands(shell, studio):
    for example in EXAMPLES:
        line, _, body = example.cell.partition("\n")
        line = line.removesuffix(" --dry-run")
        cell = shell.good(f"{line} --endpoint local --dry-run\n{body}".strip())
        assert "dry run: nothing was sent" in cell.out, example.cell
        assert "left out" not in cell.out
        if "{{" in body:
            assert "3 birds" in cell.out


def test_the_examples_use_every_input_that_one_begins_with():
    said = help_on("examples")
    assert all(example.cell in said for example in EXAMPLES)
    for flag in ("--image", "--last-frame", "--ref", "--clip", "--video", "--audio", "--template"):
        assert flag in said


def test_the_question_mark_shows_the_very_help(shell):
    inspector = shell.ip.inspector
    for kind in ("line", "cell"):
        magic = shell.ip.find_magic("wanvideo", kind)
        assert inspector.info(magic)["docstring"] == help_text()


def test_every_topic_has_a_text_that_fits():
    for topic in topics():
        lines = help_on(topic).splitlines()
        assert lines, topic
        assert max(map(len, lines)) <= 115, topic


def test_an_option_says_what_it_is_where_it_holds_and_how_to_set_it_for_all_cells():
    for option in OPTIONS:
        assert help_on(option.flag) in help_on(option.name)
        said = " ".join(help_on(option.flag).split())
        assert option.help in said
        for model in catalog.MODELS.values():
            values = option.choices(model) if option.group == "value" else ()
            if option.kind == "choice" and values:
                assert ", ".join(map(str, values)) in said
    said = help_on("resolution")
    assert "%config WanMagics.resolution = …" in said
    assert "WAN_MAGIC_RESOLUTION" in said
    assert "2 to 15" in help_on("duration"), "not fourteen numbers"


def test_topics_name_everything():
    assert all(f"%wanvideo {command.name}" in help_on("commands") for command in COMMANDS)
    assert all(one.name in help_on("defaults") for one in PREFERENCES)
    assert all(label in help_on("models") for label in catalog.KINDS.values())
    together = "\n".join(help_on(topic) for topic in ("inputs", "values", "running"))
    assert all(option.help in together for option in OPTIONS)
    assert all(heading in help_text() for heading in GROUPS.values())


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("help", "Subcommands"),
        ("help examples", "# a prompt alone"),
        ("help --resolution", "480P, 720P"),
        ("help -m", "a version such as 2.7"),
        ("help no-watermark", "AI生成"),
        ("help jobs", "--since"),
        ("jobs --help", "--since"),
    ],
)
def test_help_is_printed(shell, line, part):
    assert part in shell.good(f"%wanvideo {line}").out


@pytest.mark.parametrize(
    ("word", "guess"),
    [("resolutoin", "resolution"), ("exampels", "examples"), ("jbos", "jobs"), ("--sede", "seed")],
)
def test_a_slip_gets_the_nearest_topic(shell, word, guess):
    error = shell.refused(f"%wanvideo help {word}", InputError).error
    assert error.hint == f"did you mean {guess}?"
