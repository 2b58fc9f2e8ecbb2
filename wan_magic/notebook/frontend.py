"""Which front end shows what a cell does, as far as its kernel can know."""

from __future__ import annotations

import os
import sys
from typing import Any, NamedTuple

from wan_magic.notebook.views import is_watched
from wan_magic.output.place import in_voila, in_vscode, reads_files
from wan_magic.texts import tr


class FrontEnd(NamedTuple):
    """Who shows the output.

    Attributes
    ----------
    name : str
        For people.
    how : str
        How that is known.
    has_widgets : bool
        Whether live cards are made for it.
    known : bool
        Whether it is one that we know.
    reads_files : bool
        Whether it plays clips from files beside the notebook, as far as we know.
    """

    name: str
    how: str
    has_widgets: bool = True
    known: bool = True
    reads_files: bool = True


_BY_VARIABLE = (
    ("Kaggle", "KAGGLE_KERNEL_RUN_TYPE"),
    ("Databricks", "DATABRICKS_RUNTIME_VERSION"),
    ("JupyterLab / Notebook", "JPY_SESSION_NAME"),
)
"""What each front end leaves in the environment of its kernels; the first that is set."""


def front_end_of(shell: Any) -> FrontEnd:
    """Return the front end of a shell; None as a shell means the command line.

    Examples
    --------
    >>> front_end_of(None).has_widgets
    False
    """
    if shell is None:
        return FrontEnd(tr("the command line"), "wan-magic", has_widgets=False)
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return FrontEnd(tr("IPython in a terminal"), tr("no kernel"), has_widgets=False)
    if in_voila():  # which runs the cells as nbclient does, and then shows their widgets
        return FrontEnd("Voila", "SERVER_SOFTWARE", reads_files=False)
    if not is_watched(kernel):
        who = "nbclient, nbconvert, papermill"
        return FrontEnd(tr("nobody ({who})", who=who), "allow_stdin = False", has_widgets=False)
    if in_vscode():  # which also shows what a kernel of Colab's does
        return FrontEnd("VS Code", "VSCODE_PID, __vsc_ipynb_file__", reads_files=False)
    if "google.colab" in sys.modules:
        return FrontEnd("Colab", "google.colab", reads_files=False)
    for name, variable in _BY_VARIABLE:
        if variable in os.environ:
            return FrontEnd(name, variable, reads_files=reads_files())
    return FrontEnd(tr("a front end that does not say its name"), tr("a kernel"), known=False)
