"""A sweep as it stands or ended, as static HTML and as lines of text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wan_magic.output import html
from wan_magic.output.facts import request_facts
from wan_magic.output.grid import Tile, grid_html, plain_tile, state_words
from wan_magic.output.player import provenance
from wan_magic.texts import tr

if TYPE_CHECKING:
    from wan_magic.jobs.sweep import Sweep
    from wan_magic.output.ended import Bundle


_ORDER = (
    *("done", "downloading", "running", "queued", "submitting", "waiting"),
    *("failed", "cancelled", "detached"),
)


def tiles_of(sweep: Sweep) -> list[Tile]:
    """Return the places of a sweep as they are now."""
    return [tile_of(sweep, at) for at in range(len(sweep))]


def tile_of(sweep: Sweep, at: int) -> Tile:
    """Return one place of a sweep as it is now."""
    job, planned = sweep[at], sweep.plan[at]
    clip = job.clip
    facts: tuple[str, ...] = ()
    if clip is not None and clip.seed is not None and "seed" not in planned.differs:
        facts = (tr("seed {seed}", seed=clip.seed),)
    return Tile(at + 1, planned.label, job, clip, facts)


def counted(sweep: Sweep) -> str:
    """Return how many clips of a sweep are in each state, as text."""
    seen: dict[str, int] = {}
    for job in sorted(sweep.jobs, key=lambda job: _ORDER.index(str(job.state))):
        words = state_words(job)
        seen[words] = seen.get(words, 0) + 1
    parts = [tr("{number} {state}", number=n, state=words) for words, n in seen.items()]
    return tr(", ").join(parts)


def money_words(sweep: Sweep) -> str:
    """Return what a sweep costs in all, and what of it is spent."""
    total = sweep.estimate
    if total is None:
        return tr("free preview") if sweep.is_preview else tr("from your library, 0.00")
    if total.per_second is None:
        return tr("price unknown here")
    spent = replace(total, amount=sweep.spent)
    if sweep.done():
        return tr("cost {spent} in all", spent=spent)
    return tr("about {total} in all, {spent} so far", total=total, spent=spent)


def head(sweep: Sweep) -> str:
    """Return what stands above a sweep's tiles while nothing ticks: what they share."""
    jobs = sweep.jobs
    prompts = {job.request.prompt for job in jobs}
    facts = [request_facts(job) for job in jobs]
    shared = [fact for fact in facts[0] if all(fact in others for others in facts)]
    notes = list(dict.fromkeys(note for job in jobs for note in job.notes))
    return (
        (html.prompt(prompts.pop()) if len(prompts) == 1 else "")
        + html.line(*shared)
        + html.notes(notes[:5])
    )


def standing(sweep: Sweep) -> str:
    """Return how a sweep stands, in one line of text."""
    clips = tr("1 clip") if len(sweep) == 1 else tr("{number} clips", number=len(sweep))
    time = html.duration(int(sweep.elapsed))
    return " · ".join((tr("{clips}: {counted}", clips=clips, counted=counted(sweep)), time))


def sweep_bundle(sweep: Sweep, again: str = "") -> Bundle:
    """Return the mimebundle and metadata of a sweep as it is now.

    Parameters
    ----------
    sweep : Sweep
        Running or ended.
    again : str, default ""
        HTML that offers another try of what failed.
    """
    tiles = tiles_of(sweep)
    if sweep.done() and sweep.failed:
        words = tr("tries what has no clip again; what is there is not paid again")
        again += html.line(f"{html.code(f'{sweep.name}.retry()')} {html.text(words)}")
    elif not sweep.done():
        words = tr("not all clips were there yet when this was saved")
        command = html.code("%wanvideo resume")
        again = html.line(
            f"{html.badge(tr('RUNNING'), 'plain')} {html.text(words)}",
            f"{command} {html.text(tr('fetches them within 24 hours'))}",
        )
    line = _total(sweep)
    tone: html.Tone = "preview" if sweep.is_preview else "good"
    if sweep.failed or not sweep.done():
        tone = "bad" if sweep.failed else "plain"
    shown = grid_html(tiles, line, again, head(sweep), look=sweep.look, tone=tone)
    data = {"text/html": shown, "text/plain": plain_lines(sweep)}
    return data, {"wan_magic": {"clips": [provenance(clip) for clip in sweep.clips]}}


def total_bundle(sweep: Sweep) -> dict[str, str]:
    """Return how a sweep stands, in one line."""
    return {
        "text/html": f'<div style="{html.FONT};line-height:1.5">{_total(sweep)}</div>',
        "text/plain": f"{standing(sweep)} · {money_words(sweep)}",
    }


def _total(sweep: Sweep) -> str:
    return html.line(
        f"<b>{html.text(standing(sweep))}</b>",
        html.text(money_words(sweep)),
        size=13,
        quiet=False,
    )


def plain_lines(sweep: Sweep) -> str:
    """Return a sweep as lines of text, one for each clip."""
    lines = [f"{standing(sweep)} · {money_words(sweep)}"]
    lines += map(plain_tile, tiles_of(sweep))
    return "\n".join(lines)
