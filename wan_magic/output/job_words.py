"""What tables say of jobs, in the language of the screen; exports keep the English names."""

from __future__ import annotations

from wan_magic.texts import tr


def heads() -> dict[str, str]:
    """Return the heads of the columns by their names."""
    return {
        "when": tr("when"),
        "state": tr("state"),
        "id": tr("id"),
        "job": tr("job"),
        "prompt": tr("prompt"),
        "model": tr("model"),
        "resolution": tr("resolution"),
        "seconds": tr("seconds"),
        "cost": tr("cost"),
        "file": tr("file"),
        "day": tr("day"),
        "month": tr("month"),
        "notebook": tr("notebook"),
        "jobs": tr("jobs"),
        "unknown_price": tr("price unknown"),
    }


def state_word(standing: str) -> str:
    """Return how a job stands, as `wan_magic.output.history.standing` says it."""
    words = {
        "waiting": tr("waiting"),
        "submitting": tr("submitting"),
        "queued": tr("queued"),
        "running": tr("running"),
        "downloading": tr("downloading"),
        "done": tr("done"),
        "failed": tr("failed"),
        "cancelled": tr("cancelled"),
        "to be fetched": tr("to be fetched"),
        "not watched": tr("not watched"),
        "unsure": tr("unsure"),
        "lost": tr("lost"),
    }
    return words.get(standing, standing)


def job_count(number: int) -> str:
    """Return a number of jobs in words: 1 job, 2 jobs."""
    return tr("1 job") if number == 1 else tr("{number} jobs", number=number)
