"""Tab in a real notebook."""

from __future__ import annotations

ITEMS = ".jp-Completer:not(.lm-mod-hidden) .jp-Completer-match"


def type_into(notebook, cell, text):
    """Replace a cell's source by keys, and press Tab."""
    notebook.reveal(cell)
    notebook.cell(cell).locator(".cm-content").first.click()
    notebook.page.keyboard.press("Control+A")
    notebook.page.keyboard.type(text)
    notebook.page.keyboard.press("Tab")


def source(notebook, cell):
    return notebook.cell(cell).locator(".cm-content").first.inner_text()


def offered(notebook, among):
    """Wait until the list of completions shows something, and return all of it."""
    notebook.wait_js(
        f"[...document.querySelectorAll({ITEMS!r})].some(one => one.innerText === {among!r})",
        what=f"{among} among the completions",
    )
    return notebook.page.locator(ITEMS).all_inner_texts()


def test_tab_completes_the_line_and_only_the_line(open_notebook):
    notebook = open_notebook(["%load_ext wan_magic", "", "print('ready')"])
    notebook.run(0)
    type_into(notebook, 1, "%%wanvideo clip --res")
    assert offered(notebook, "--resolution") == ["--resolution"]
    notebook.page.keyboard.press("Enter")
    assert source(notebook, 1) == "%%wanvideo clip --resolution"
    type_into(notebook, 1, "%%wanvideo clip --model 2.7 --resolution ")
    # JupyterLab adds the words of the cell, below what the kernel says.
    assert offered(notebook, "1080P")[:2] == ["720P", "1080P"]
    notebook.page.keyboard.press("Enter")
    assert source(notebook, 1).endswith("--resolution 720P")
    type_into(notebook, 1, "%%wanvideo clip\nA cat imp")
    notebook.run(2)  # its answer came in the meantime
    assert notebook.page.locator(ITEMS).count() == 0
    assert "import" not in source(notebook, 1)
