"""Write the option and model tables of the documents from the tables of the code.

python docs/make_reference.py          # writes docs/reference.md and docs/configuration.md
python docs/make_reference.py --check  # says what is out of date, exit status 1

"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from wan_magic.notebook.options import GROUPS, OPTIONS
from wan_magic.output.models import COLUMNS, cells
from wan_magic.preferences import PREFERENCES
from wan_magic.wan.catalog import MODELS, PRICES_AS_OF, TEMPLATES

ROOT = Path(__file__).resolve().parents[1]


def options_table() -> str:
    """Return the options as Markdown tables, one for each group."""
    lines = []
    for group, heading in GROUPS.items():
        lines += [f"### {heading}", "", "| option | sent as | what it does |", "|---|---|---|"]
        for option in OPTIONS:
            if option.group != group:
                continue
            flags = [f"`{flag}`" for flag in option.flags]
            if option.kind == "switch":
                flags.append(f"`--no-{option.flag[2:]}`")
            sent = ", ".join(f"`{place.strip()}`" for place in option.sent_as.split(",") if place)
            repeat = "; repeatable" if option.repeat else ""
            help_text = option.help.replace("|", r"\|") + repeat
            lines.append(f"| {', '.join(flags)} | {sent or '–'} | {help_text} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def models_table() -> str:
    """Return the models as a Markdown table; the server's default is bold."""
    lines = [f"| {' | '.join(COLUMNS)} | prompt |", "|---" * (len(COLUMNS) + 1) + "|"]
    for model in MODELS.values():
        row = {name: _bold(text) for name, text in cells(model).items()}
        row["model"] = f"`{row['model']}`"
        row["inputs"] = re.sub(r"--[\w-]+", lambda flag: f"`{flag[0]}`", row["inputs"])
        longest = str(model.prompt_max or "–")
        lines.append(f"| {' | '.join(row[name] for name in COLUMNS)} | {longest} |")
    return "\n".join(lines)


def _bold(text: str) -> str:
    return re.sub(r"([^\s(]+)\*", r"**\1**", text)


def templates_table() -> str:
    """Return the effects and the models that know them."""
    lines = ["| template | in Chinese | the image shows | models |", "|---|---|---|---|"]
    for template in TEMPLATES.values():
        takers = [m.name for m in MODELS.values() if m.templates and template.name in m.templates]
        lines.append(
            f"| `{template.name}` | {template.label} | {template.subject}"
            f" | {', '.join(f'`{name}`' for name in takers)} |"
        )
    return "\n".join(lines)


def defaults_table() -> str:
    """Return what can be set for all cells."""
    lines = ["| setting | what it is | default | where |", "|---|---|---|---|"]
    for one in PREFERENCES:
        standard = {True: "on", False: "off", None: "–"}.get(one.standard, one.standard)
        where = "wish" if one.is_wish else "not in a project" if not one.in_project else ""
        if not one.in_config:
            where = "environment and your own file"
        lines.append(f"| `{one.name}` | {one.help} | {standard} | {where} |")
    return "\n".join(lines)


TABLES = {
    "options": options_table,
    "models": models_table,
    "templates": templates_table,
    "defaults": defaults_table,
}
PAGES = ("reference.md", "configuration.md")


def filled(text: str) -> str:
    """Return a document with each ``<!-- table: name -->`` block made anew."""

    def fill(match: re.Match[str]) -> str:
        return f"<!-- table: {match[1]} -->\n{TABLES[match[1]]()}\n<!-- end -->"

    text = re.sub(r"<!-- table: (\w+) -->.*?<!-- end -->", fill, text, flags=re.DOTALL)
    return text.replace("<!-- prices as of -->", PRICES_AS_OF)


def main() -> int:
    """Write, or check with ``--check``."""
    stale = []
    for path in (ROOT / "docs" / page for page in PAGES):
        before = path.read_text(encoding="utf-8")
        after = filled(before)
        if before != after:
            stale.append(path)
            if "--check" not in sys.argv:
                path.write_text(after, encoding="utf-8")
    for path in stale:
        print(f"{'out of date' if '--check' in sys.argv else 'written'}: {path}")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    raise SystemExit(main())
