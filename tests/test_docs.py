"""The documents tell the truth: tables, commands, links, examples."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from wan_magic.notebook.options import INPUTS
from wan_magic.notebook.parsing import parse
from wan_magic.wan import catalog

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "tasks").glob("*.md"))
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *PAGES]


def never_evaluated(expression):
    pytest.fail(f"{expression} is not an example to evaluate")


def test_the_option_and_model_tables_are_those_of_the_code():
    script = ROOT / "docs" / "make_reference.py"
    done = subprocess.run(
        [sys.executable, script, "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"run python docs/make_reference.py: {done.stdout}{done.stderr}"


def test_a_changed_table_is_noticed():
    made = runpy.run_path(str(ROOT / "docs" / "make_reference.py"))
    text = "a\n<!-- table: models -->\n| old |\n<!-- end -->\nb"
    assert "wan2.5-i2v-preview" in made["filled"](text)
    assert "| old |" not in made["filled"](text)


def test_ci_runs_the_very_test_command_of_the_readme():
    command = "pip install '.[test]' && python -m pytest"
    assert command in (ROOT / "README.md").read_text("utf-8")
    assert f'bash -c "{command}"' in (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_inside_the_project_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text("utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_magic_lines_in_the_documents_are_read_without_an_error(document):
    for line in re.findall(r"^%%wanvideo (.*)$", document.read_text("utf-8"), re.MULTILINE):
        name, _ = parse(line, never_evaluated)
        assert name


def test_every_kind_of_task_has_a_page_with_a_cell_that_makes_a_clip():
    lines = [
        line
        for page in PAGES
        for line in re.findall(r"^%%?wanvideo (\w+ .*)$", page.read_text("utf-8"), re.MULTILINE)
    ]
    kinds = set()
    for line in lines:
        if not line.startswith("models "):
            _, options = parse(line, never_evaluated)
            given = [name for name in INPUTS for _ in range(_times(options.get(name)))]
            kinds.add(catalog.find_model(options.get("model"), given).kind)
    assert kinds == set(catalog.KINDS)


def _times(value):
    return len(value) if isinstance(value, list) else int(value is not None)


def test_every_page_is_reached_from_the_first_one():
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    for page in PAGES:
        assert f"tasks/{page.stem}.md" in index
        assert f"\ntasks/{page.stem}\n" in index


def test_the_quickstart_notebook_is_saved_without_outputs_and_with_its_picture():
    notebook = nbformat.read(ROOT / "notebooks" / "quickstart.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    magic = next(cell.source for cell in code if cell.source.startswith("%%wanvideo"))
    _, options = parse(magic.splitlines()[0].removeprefix("%%wanvideo"), never_evaluated)
    assert (ROOT / "notebooks" / options["image"]).exists()
