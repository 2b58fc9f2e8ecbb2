"""What the tests of the magic share: a shell that remembers, pictures, endpoints."""

from __future__ import annotations

import io
from types import SimpleNamespace

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.utils.capture import capture_output
from PIL import Image

KEY = "sk-notebook-0123456789"
CLOSED = "http://127.0.0.1:9/api/v1"
"""An endpoint where nobody listens."""
SMALL = "--model wanx2.1-i2v-turbo --resolution 480P --duration 3"
"""The clip that is rendered fastest."""
WIDGET = "application/vnd.jupyter.widget-view+json"


def png(width=320, height=320, colour=(40, 90, 160), mode="RGB"):
    out = io.BytesIO()
    Image.new(mode, (width, height), colour).save(out, "PNG")
    return out.getvalue()


class Shell:
    """A plain InteractiveShell, with what each cell printed and all that was ever shown."""

    def __init__(self, ip):
        self.ip = ip
        ip.display_pub = CapturingDisplayPublisher(parent=ip)

    @property
    def user_ns(self):
        return self.ip.user_ns

    @property
    def shown(self):
        """Every output and every update of one, also those of background threads."""
        return self.ip.display_pub.outputs

    def run(self, source):
        before = len(self.shown)
        with capture_output(display=False) as captured:
            result = self.ip.run_cell(source)
        return SimpleNamespace(
            ok=result.success,
            error=result.error_in_exec or result.error_before_exec,
            out=captured.stdout,
            text=captured.stdout + captured.stderr,
            shown=self.shown[before:],
            value=result.result,
        )

    def good(self, source):
        cell = self.run(source)
        assert cell.ok, cell.text
        return cell

    def refused(self, source, kind):
        """Run a cell that must fail with an error of ours, said in a few lines."""
        cell = self.run(source)
        assert not cell.ok, f"the cell went through: {cell.text}"
        assert isinstance(cell.error, kind), cell.text
        assert "Traceback" not in cell.text
        assert "  File " not in cell.text
        lines = cell.text.strip().splitlines()
        assert 1 <= len(lines) <= 2, cell.text
        assert lines[0].startswith(f"{kind.__name__}: ")
        return cell
