"""Money in the magic: limits that stop a submit, and equal requests that are paid once."""

from __future__ import annotations

import pytest
from magic_shell import SMALL

from wan_magic.errors import BudgetExceeded, LedgerError, SettingsError
from wan_magic.notebook.sweep_cell import fresh_note
from wan_magic.settings import from_environment

CELL = f"%%wanvideo clip --image cat.png {SMALL} {{}}\nA cat"
AT_BEIJING = "--endpoint beijing"


@pytest.fixture
def budget(tmp_path, monkeypatch):
    """A config file with a budget of a day that one clip (0.72 CNY) fits, and two do not."""

    def write(text):
        path = tmp_path / "config.toml"
        path.write_text(text)
        monkeypatch.setenv("WAN_MAGIC_CONFIG", str(path))

    write('[budget]\nday = "1 CNY"\n')
    return write


@pytest.fixture
def beijing(posted, monkeypatch):
    """A key for Beijing, where nothing is sent."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-beijing-0123456789")
    monkeypatch.delenv("DASHSCOPE_HTTP_BASE_URL", raising=False)
    return posted


def test_a_clip_over_max_cost_is_not_sent(shell, beijing):
    cell = shell.refused(CELL.format(f"{AT_BEIJING} --max-cost 0.5"), BudgetExceeded)
    assert "this clip costs about 0.72 CNY, over your max_cost of 0.50 CNY" in cell.text
    assert beijing == []


def test_a_clip_within_max_cost_is_sent(shell, beijing):
    shell.run(CELL.format(f'{AT_BEIJING} --max-cost "1 CNY"'))
    assert len(beijing) == 1


def test_max_cost_can_be_a_default(shell, beijing):
    shell.good("%config WanMagics.max_cost = '0.5 CNY'")
    shell.refused(CELL.format(AT_BEIJING), BudgetExceeded)
    shell.run(CELL.format(f"{AT_BEIJING} --max-cost off"))
    assert len(beijing) == 1


def test_an_unknown_price_is_not_within_any_limit(shell, posted):
    cell = shell.refused(CELL.format("--max-cost 5"), BudgetExceeded)  # a gateway
    assert "price is unknown" in cell.text
    assert posted == []


def test_what_is_no_amount_is_said_to_be_none(shell, beijing):
    shell.refused(CELL.format(f"{AT_BEIJING} --max-cost cheap"), SettingsError)


def test_a_budget_stops_the_clip_that_goes_over_it(shell, beijing, budget, monkeypatch):
    budget('[budget]\nday = "0.5 CNY"\n')
    cell = shell.refused(CELL.format(AT_BEIJING), BudgetExceeded)
    assert "the day's budget of 0.50 CNY" in cell.text
    assert beijing == []
    shell.run(CELL.format(f"{AT_BEIJING} --over-budget"))
    assert len(beijing) == 1


def test_a_refused_clip_costs_the_budget_nothing(shell, beijing, budget):
    for prompt in ("one", "two", "three"):
        shell.run(CELL.format(AT_BEIJING).replace("A cat", prompt))
    assert len(beijing) == 3, "each was refused by the service"


def test_fresh_and_equal_cells(shell, folder):
    first = shell.good(CELL.format("--endpoint local")).out
    again = shell.good(CELL.format("--endpoint local")).out
    fresh = shell.good(CELL.format("--endpoint local --fresh")).out
    assert "from your library, 0.00" in again
    assert "from your library" not in first + fresh
    assert len(list((folder / "wan_videos").glob("*.mp4"))) == 2
    assert "--fresh: every run of this cell makes another clip" in fresh


def test_only_what_is_billed_says_so(beijing):
    at = from_environment().override
    billed = "--fresh: every run of this cell makes, and bills, another clip"
    assert fresh_note(at(endpoint="beijing"), "another clip") == billed
    assert fresh_note(at(endpoint="local"), "another clip") == billed.replace(", and bills,", "")


def test_a_ledger_that_cannot_be_written_stops_what_is_paid(shell, beijing, tmp_path, monkeypatch):
    blocked = tmp_path / "a file"
    blocked.write_text("in the way")
    monkeypatch.setenv("WAN_MAGIC_HOME", str(blocked))
    cell = shell.refused(CELL.format(AT_BEIJING), LedgerError)
    assert "WAN_MAGIC_LEDGER=off" in cell.text
    assert beijing == []
    monkeypatch.setenv("WAN_MAGIC_LEDGER", "off")
    shell.run(CELL.format(AT_BEIJING))
    assert len(beijing) == 1


def test_a_preview_needs_no_ledger(shell, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("in the way")
    monkeypatch.setenv("WAN_MAGIC_HOME", str(tmp_path / "a file"))
    shell.good(CELL.format("--endpoint local"))
