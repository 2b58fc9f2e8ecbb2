"""The package as a whole: light to import, all its names there, its examples true."""

from __future__ import annotations

import doctest
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import av
import pytest
from PIL import Image

import wan_magic

ROOT = Path(__file__).parents[1]
HEAVY = {
    *("ipywidgets", "requests", "av", "PIL", "starlette", "uvicorn", "numpy"),
    *("nest_asyncio2", "nbclient", "nbconvert", "sqlite3"),
}
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(wan_magic.__path__, "wan_magic.")
    if not module.name.endswith("__main__")
)


def loaded_by(code):
    """Run code in a fresh Python and return what it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys, json; print(json.dumps(list(sys.modules)))"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_imports_nothing_heavy_and_not_even_ipython():
    loaded = loaded_by("import wan_magic")
    assert not loaded & (HEAVY | {"IPython"})
    assert {name for name in loaded if name.startswith("wan_magic")} == {"wan_magic"}


def test_load_ext_imports_nothing_heavy():
    shell = (
        "from traitlets.config import Config\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "config = Config()\n"
        "config.HistoryManager.enabled = False\n"
        "shell = InteractiveShell.instance(config=config)\n"
    )
    bare = loaded_by(shell)
    loaded = loaded_by(f"{shell}shell.run_line_magic('load_ext', 'wan_magic')")
    assert not (loaded - bare) & HEAVY
    assert not any(name.startswith(("wan_magic.server", "wan_magic.jobs")) for name in loaded)


@pytest.mark.parametrize("name", wan_magic.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    thing = getattr(wan_magic, name)
    assert thing.__doc__
    assert thing.__module__.startswith("wan_magic")


def test_the_public_names_are_sorted_listed_and_no_others_resolve():
    assert wan_magic.__all__ == sorted(wan_magic.__all__)
    assert set(wan_magic.__all__) <= set(dir(wan_magic))
    assert set(wan_magic._HOME) == set(wan_magic.__all__)
    with pytest.raises(AttributeError, match="no attribute 'sumbit'"):
        _ = wan_magic.sumbit


def test_a_star_import_gives_the_public_names():
    names: dict[str, object] = {}
    exec("from wan_magic import *", names)
    assert set(wan_magic.__all__) <= names.keys()


def test_the_version_is_the_distributions():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert wan_magic.__version__ == project["version"]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_a_docstring(name):
    assert importlib.import_module(name).__doc__


@pytest.fixture(scope="session")
def example_clip(tmp_path_factory):
    """The 5 s of 1280 by 720 pixels that the examples call clip.mp4."""
    path = tmp_path_factory.mktemp("examples") / "clip.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=2)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        picture = Image.new("RGB", (1280, 720), "teal")
        for _ in range(10):
            file.mux(stream.encode(av.VideoFrame.from_image(picture)))
        file.mux(stream.encode())
    return path


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_docstrings_are_true(name, example_clip, monkeypatch):
    monkeypatch.chdir(example_clip.parent)
    module = importlib.import_module(name)
    result = doctest.testmod(
        module,
        extraglobs={"wan_magic": wan_magic},
        optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS,
    )
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples failed"


def test_wings_depend_only_downwards():
    """notebook, cli -> actions, setup -> jobs -> wan; server -> wan; only notebook knows IPython.

    Type hints may name what is above.
    """
    top = ("notebook", "cli")
    above = {
        "wan": ("jobs", "server", "output", "actions", "setup", *top),
        "jobs": ("server", "actions", "setup", *top),
        "output": ("server", "actions", "setup", *top),
        "settings": ("jobs", "server", "actions", "setup", *top),
        "texts": ("jobs", "server", "output", "actions", "setup", "wan", *top),
        "server": ("jobs", "output", "actions", "setup", *top),
        "actions": ("setup", *top),
        "setup": top,
    }
    for path in (ROOT / "wan_magic").rglob("*.py"):
        wing = path.relative_to(ROOT / "wan_magic").parts[0]
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"^if TYPE_CHECKING:\n(    .*\n|\n)+", "", text, flags=re.MULTILINE)
        if path.name == "clip.py":  # what people hold in their hands goes on from itself
            text = text.replace("from wan_magic.actions.takes", "")
        for other in above.get(wing, ()):
            assert f"from wan_magic.{other}" not in text, f"{path.name} reaches up to {other}"
        if wing in above:
            for foreign in ("IPython", "ipywidgets"):
                assert f"import {foreign}" not in text, f"{path.name} imports {foreign}"
                assert f"from {foreign}" not in text, f"{path.name} imports {foreign}"
