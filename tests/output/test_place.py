"""Which files a front end can play from where, decided in the kernel."""

from __future__ import annotations

import json
import sys

import pytest

from wan_magic.output import place
from wan_magic.output.place import default_out, notebook_folder, relative_src, shown_path


@pytest.fixture
def served(notebook, monkeypatch):
    """The same notebook, run by a Jupyter server that serves the folder above it."""
    root = notebook.parent
    runtime = root.parent / "runtime"
    runtime.mkdir()
    (runtime / "jpserver-4711.json").write_text(json.dumps({"root_dir": str(root)}))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("JPY_PARENT_PID", "4711")
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook / "a.ipynb"))
    monkeypatch.chdir(root.parent)
    return notebook


def made(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"video")
    return path


def test_the_notebooks_folder_is_the_servers_word(served):
    assert notebook_folder() == served
    assert default_out() == served / "wan_videos"


def test_without_a_server_it_is_the_working_directory(notebook):
    assert notebook_folder() == notebook
    assert default_out() == notebook / "wan_videos"


@pytest.mark.parametrize("name", ["", "a.ipynb", "/no/such/folder/a.ipynb", "not a path"])
def test_a_session_name_that_is_no_path_is_not_taken(notebook, monkeypatch, name):
    monkeypatch.setenv("JPY_SESSION_NAME", name)
    assert notebook_folder() == notebook


@pytest.mark.parametrize(
    ("path", "src"),
    [
        ("a.mp4", "a.mp4"),
        ("wan_videos/a.mp4", "wan_videos/a.mp4"),
        ("my clips #1/a b.mp4", "my%20clips%20%231/a%20b.mp4"),
        ("wan_videos/一只猫-0385dc79.mp4", "wan_videos/%E4%B8%80%E5%8F%AA%E7%8C%AB-0385dc79.mp4"),
        ("100%/what?.mp4", "100%25/what%3F.mp4"),
        ('a&b/"quoted" <i>.mp4', "a%26b/%22quoted%22%20%3Ci%3E.mp4"),
        ("c:d.mp4", "c%3Ad.mp4"),
        ("../elsewhere/a.mp4", "../elsewhere/a.mp4"),
        ("../a.mp4", "../a.mp4"),
    ],
)
def test_what_the_server_serves_is_addressed_from_the_notebook(served, path, src):
    assert relative_src(made(served / path)) == src


@pytest.mark.parametrize("path", ["../../a.mp4", "../../rootless/a.mp4"])
def test_what_lies_outside_of_the_servers_root_is_out_of_reach(served, path):
    assert relative_src(made(served / path)) is None


@pytest.mark.parametrize("path", [".hidden/a.mp4", "wan_videos/.a.mp4", "../.b/c/a.mp4"])
def test_what_is_hidden_is_out_of_reach(served, path):
    assert relative_src(made(served / path)) is None


def test_a_hidden_folder_above_the_root_does_not_matter(served, tmp_path, monkeypatch):
    root = tmp_path / ".cache" / "root"
    (root / "nb").mkdir(parents=True)
    (tmp_path / "runtime" / "jpserver-4711.json").write_text(json.dumps({"root_dir": str(root)}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(root / "nb" / "a.ipynb"))
    assert relative_src(made(root / "nb" / "a.mp4")) == "a.mp4"


def test_a_link_out_of_the_root_is_out_of_reach(served, tmp_path):
    outside = made(tmp_path / "outside" / "a.mp4")
    (served / "linked").symlink_to(outside.parent)
    (served / "b.mp4").symlink_to(outside)
    assert relative_src(served / "linked" / "a.mp4") is None
    assert relative_src(served / "b.mp4") is None


def test_a_link_within_the_root_leads_to_the_file(served):
    made(served / "real" / "a.mp4")
    (served / "linked").symlink_to(served / "real")
    assert relative_src(served / "linked" / "a.mp4") == "real/a.mp4"


def test_a_relative_path_counts_from_the_working_directory(served, monkeypatch):
    monkeypatch.chdir(served)
    made(served / "wan_videos" / "a.mp4")
    assert relative_src((served / "wan_videos" / "a.mp4").relative_to(served)) == "wan_videos/a.mp4"


def test_without_a_server_record_only_what_is_beside_the_notebook_is_sure(served, tmp_path):
    (tmp_path / "runtime" / "jpserver-4711.json").unlink()
    assert relative_src(made(served / "wan_videos" / "a.mp4")) == "wan_videos/a.mp4"
    assert relative_src(made(served / "../elsewhere/a.mp4")) is None


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"root_dir": null}', "null", "\x00"])
def test_a_server_record_that_says_nothing(served, tmp_path, record):
    (tmp_path / "runtime" / "jpserver-4711.json").write_text(record)
    assert relative_src(made(served / "wan_videos" / "a.mp4")) == "wan_videos/a.mp4"
    assert relative_src(made(served / "../elsewhere/a.mp4")) is None


@pytest.mark.parametrize("pid", ["", "1; rm -rf /", "../../x", "99999"])
def test_a_parent_that_is_no_server(served, monkeypatch, pid):
    monkeypatch.setenv("JPY_PARENT_PID", pid)
    assert relative_src(made(served / "a.mp4")) == "a.mp4"


def test_nbclient_plays_from_the_working_directory(notebook):
    assert relative_src(made(notebook / "wan_videos" / "a.mp4")) == "wan_videos/a.mp4"


def test_vs_code_reaches_no_file(served, monkeypatch):
    monkeypatch.setenv("VSCODE_PID", "1")
    assert relative_src(made(served / "a.mp4")) is None


def name_in_vscode(monkeypatch, name):
    """Do what VS Code does in a kernel as it starts."""
    monkeypatch.setattr(sys.modules["__main__"], "__vsc_ipynb_file__", name, raising=False)


def test_vs_code_names_itself_to_the_kernels_of_a_server_by_a_variable(served, monkeypatch):
    name_in_vscode(monkeypatch, "/a.ipynb")
    assert relative_src(made(served / "a.mp4")) is None


def test_what_vs_code_calls_the_notebook_counts_more_than_its_session_at_a_server(
    served, monkeypatch
):
    other = served.parent / "other"
    other.mkdir()
    name_in_vscode(monkeypatch, str(other / "film.ipynb"))
    assert place.notebook() == str(other / "film.ipynb")
    assert notebook_folder() == other


@pytest.mark.parametrize("name", ["Untitled-1.ipynb", r"c:\films\a.ipynb", "/not/here/a.ipynb"])
def test_a_notebook_that_is_on_another_machine_has_no_folder_here(served, monkeypatch, name):
    name_in_vscode(monkeypatch, name)
    assert notebook_folder() == served


@pytest.mark.parametrize("variable", ["KAGGLE_KERNEL_RUN_TYPE", "DATABRICKS_RUNTIME_VERSION"])
def test_services_that_show_no_files_of_their_kernels(served, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    assert relative_src(made(served / "a.mp4")) is None


def test_voila_lets_no_film_through(served, monkeypatch):
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.11")
    assert relative_src(made(served / "a.mp4")) is None


def test_a_path_is_shown_from_the_notebook_on_else_from_the_home_folder(
    served, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert shown_path(served / "wan_videos" / "a.mp4") == "wan_videos/a.mp4"
    assert shown_path(tmp_path / "home" / "clips" / "a.mp4") == "~/clips/a.mp4"
    assert shown_path(tmp_path / "a.mp4") == str(tmp_path / "a.mp4")


def test_colab_reaches_no_file(served, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert relative_src(made(served / "a.mp4")) is None
