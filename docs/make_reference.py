"""Write the option and model tables of the documents from the tables of the code.

python docs/make_reference.py          # writes README.md and docs/reference.md
python docs/make_reference.py --check  # says what is out of date, exit status 1

"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from wan_magic.notebook.options import OPTIONS
from wan_magic.wan.catalog import MODELS, PRICES_AS_OF, TEMPLATES, Model

ROOT = Path(__file__).resolve().parents[1]


def options_table() -> str:
    """Return the options as a Markdown table."""
    lines = ["| option | sent as | what it does |", "|---|---|---|"]
    for option in OPTIONS:
        flags = [f"`{flag}`" for flag in option.flags]
        if option.kind == "switch":
            flags.append(f"`--no-{option.flag[2:]}`")
        sent = ", ".join(f"`{place.strip()}`" for place in option.sent_as.split(",") if place)
        help_text = option.help.replace("|", r"\|")
        lines.append(f"| {', '.join(flags)} | {sent or '–'} | {help_text} |")
    return "\n".join(lines)


def models_table() -> str:
    """Return the models as a Markdown table."""
    head = "| model | resolutions | seconds | sound | prompt | CNY a second | USD a second |"
    lines = [head, "|---|---|---|---|---|---|---|"]
    for model in MODELS.values():
        tiers = " ".join(f"**{r}**" if r == model.resolution else r for r in model.resolutions)
        sound = {"none": "silent", "always": "yes", "switch": "yes, `--audio off`"}[model.sound]
        usd = "singapore" if "singapore" in model.prices else "virginia"
        lines.append(
            f"| `{model.name}` | {tiers} | {_seconds(model)} | {sound} | {model.prompt_max}"
            f" | {_prices(model, 'beijing')} | {_prices(model, usd)} |"
        )
    return "\n".join(lines)


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


def _seconds(model: Model) -> str:
    values = model.durations
    if len(values) > 3:
        return f"{values[0]} to {values[-1]} (**{model.duration}**)"
    return " ".join(f"**{s}**" if s == model.duration else str(s) for s in values)


def _prices(model: Model, region: str) -> str:
    def row(table: dict) -> str:
        return " / ".join(f"{price}" for price in table.get(region, {}).values())

    silent = f" (silent {row(model.silent_prices)})" if model.silent_prices else ""
    return f"{row(model.prices)}{silent}" if region in model.prices else "–"


TABLES = {"options": options_table, "models": models_table, "templates": templates_table}


def filled(text: str) -> str:
    """Return a document with each ``<!-- table: name -->`` block made anew."""

    def fill(match: re.Match[str]) -> str:
        return f"<!-- table: {match[1]} -->\n{TABLES[match[1]]()}\n<!-- end -->"

    text = re.sub(r"<!-- table: (\w+) -->.*?<!-- end -->", fill, text, flags=re.DOTALL)
    return text.replace("<!-- prices as of -->", PRICES_AS_OF)


def main() -> int:
    """Write, or check with ``--check``."""
    stale = []
    for path in (ROOT / "README.md", ROOT / "docs" / "reference.md"):
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
