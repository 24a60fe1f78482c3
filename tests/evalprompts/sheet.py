"""The sheet for reading: a few prompts of each theme, and all that a judge did not take."""

from __future__ import annotations

from collections.abc import Sequence

from stockwright.core.seeding import seeded
from tests.evalprompts.judging import Verdict

FEW = 3


def lines(title: str, verdicts: Sequence[Verdict], seed: int) -> list[str]:
    """Markdown of one theme: FEW prompts drawn at random, then each that was judged wrong."""
    drawn = seeded(seed, "sheet", title).sample(range(len(verdicts)), min(FEW, len(verdicts)))
    text = [f"## {title}", ""]
    text += [_entry(verdicts[place]) for place in sorted(drawn)]
    wrong = [(verdict, fault) for verdict in verdicts if (fault := _fault(verdict))]
    if wrong:
        text += ["", f"### Judged wrong: {len(wrong)}", ""]
        text += [f"{_entry(verdict)} **{fault}**" for verdict, fault in wrong]
    return [*text, ""]


def _entry(verdict: Verdict) -> str:
    job = verdict.job
    return f"- {job.kind}, *{job.subject}* ({job.origin}): {job.prompt}"


def _fault(verdict: Verdict) -> str:
    job = verdict.job
    faults = [
        "" if verdict.on_theme else f"nearest theme: {verdict.theme}",
        f"looks like {verdict.kind}" if verdict.kind and verdict.kind != job.kind else "",
        f"forbidden: {verdict.forbidden}" if verdict.forbidden else "",
        f"must not hold: {verdict.words}" if verdict.words else "",
        f"{verdict.tokens} tokens" if verdict.over_budget else "",
    ]
    return "; ".join(filter(None, faults))
