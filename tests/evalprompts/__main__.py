"""`make eval-prompts`: plans prompts as a user does, judges them, and prints one table.

    make eval-prompts [THEMES='"A theme" another'] [COUNT=100] [LLM=FILE.gguf or URL]

Into `.eval/prompts/` go `table.md`, `jobs.jsonl` with all prompts, and `sheet.md` for reading.
Exit codes: 0 all goals reached, 1 one was missed, 2 wrong use, 3 server or environment.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence

import numpy as np

from driver.errors import OrderInvalid
from driver.order import read_kinds, read_themes
from driver.places import COMFYUI, MODELS, PROMPTS, ROOT
from driver.progress import reporting
from stockwright.core.addresses import is_address, llm_address
from stockwright.core.errors import StockwrightError
from stockwright.core.forbidden import Forbidden
from stockwright.core.names import ENCODER_FOLDER
from stockwright.core.naming import FROM_FILE
from stockwright.core.themes import Theme, load_themes
from stockwright.engine.encoder import SentenceEncoder
from tests.evalprompts import sheet, table
from tests.evalprompts.cliptokens import clip_counter
from tests.evalprompts.judging import Judge, Verdict
from tests.evalprompts.measures import Rows
from tests.evalprompts.planned import SEED, Plan, plan
from tests.evalprompts.wordjudge import WordJudge

FOLDER = ROOT / ".eval" / "prompts"
NEW = ("Underwater archaeology", "Beekeeping and honey", "Astronomy and observatories")
"""Themes without a file."""
ENCODER = "all-MiniLM-L6-v2.safetensors"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make eval-prompts")
    parser.add_argument("--theme", nargs="+", default=["all", *NEW])
    parser.add_argument("--count", type=int, default=100, help="prompts for each theme")
    parser.add_argument("--llm", help="a GGUF file in the embedded server's folder, or an address")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server is stopped then too
    try:
        return _evaluate(args.theme, args.count, _llm(args.llm))
    except StockwrightError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _evaluate(names: Sequence[str], count: int, llm: str | None) -> int:
    if count < 1:
        raise OrderInvalid(f"{count} is not 1 or more", where="COUNT")
    themes = read_themes(names)
    encoder = SentenceEncoder(str(MODELS / ENCODER_FOLDER / ENCODER))
    judge = _judge(themes, encoder)
    with reporting(as_json=False) as report:
        planned = plan(themes, count, llm, report)
    verdicts, vectors = _judged(judge, planned, encoder)
    rows = _rows(planned, count, verdicts, vectors)
    missed = table.missed(rows)
    everything = [verdict for judged in verdicts for verdict in judged]
    text = _text(planned, count, rows, missed, judge, everything)
    _store(text, planned, verdicts)
    print(text)
    return 1 if missed else 0


def _llm(text: str | None) -> str | None:
    """An address without anything secret: it is printed."""
    return llm_address(text) if text and is_address(text) else text


def _judge(themes: Sequence[Theme], encoder: SentenceEncoder) -> Judge:
    return Judge(
        load_themes([PROMPTS]),
        themes,
        read_kinds(None),
        encode=encoder.vectors,
        forbidden=Forbidden.load([PROMPTS]),
        words=WordJudge.load(),
        count_tokens=clip_counter(COMFYUI),
    )


def _judged(
    judge: Judge, planned: Plan, encoder: SentenceEncoder
) -> tuple[list[list[Verdict]], list[Rows]]:
    """For each theme its verdicts and the vectors of its prompts."""
    vectors = [encoder.vectors([job.prompt for job in part.jobs]) for part in planned.themes]
    verdicts = [
        judge.verdicts(part.theme, part.jobs, rows)
        for part, rows in zip(planned.themes, vectors, strict=True)
    ]
    return verdicts, vectors


def _rows(
    planned: Plan, count: int, verdicts: Sequence[list[Verdict]], vectors: Sequence[Rows]
) -> list[table.Row]:
    kinds = planned.kinds
    rows = [
        table.Row.of(part.theme.title, count, judged, found, kinds, part.effort)
        for part, judged, found in zip(planned.themes, verdicts, vectors, strict=True)
    ]
    effort = sum((row.effort for row in rows), table.Effort(0.0, 0, 0))
    everything = [verdict for judged in verdicts for verdict in judged]
    # Rows of no texts have no width.
    of_all = np.vstack([found for found in vectors if len(found)] or list(vectors[:1]))
    asked = count * len(rows)
    return [*rows, table.Row.of(table.ALL, asked, everything, of_all, kinds, effort)]


def _text(
    planned: Plan,
    count: int,
    rows: Sequence[table.Row],
    missed: Sequence[str],
    judge: Judge,
    verdicts: Sequence[Verdict],
) -> str:
    of_theme, of_another = judge.theme_judge.agreement()
    by_title, wrong_by_title = judge.theme_judge.agreement_by_title()
    own, other = judge.kind_judge.agreement()
    named = [one for one in verdicts if not one.job.origin.startswith(FROM_FILE)]
    of_a_kind = [one for one in named if one.kind]
    furthest = rows[-1].imbalance
    notes = [
        f"{len(planned.themes)} themes, {count} prompts each, seed {SEED}, language model "
        f"{planned.llm}, sentence encoder {ENCODER}.",
        f"Subjects that the model named: {_percent(len(named), len(verdicts))} of the prompts; the "
        "others are from the theme files. Of the model's own, on theme "
        f"{_percent(sum(one.on_theme for one in named), len(named))}, right kind "
        f"{_percent(sum(one.kind == one.job.kind for one in of_a_kind), len(of_a_kind))}.",
        f"The judge of themes takes {_percent(of_theme.part, of_theme.whole)} of prompts with the "
        f"theme files' own subjects, and {_percent(of_another.part, of_another.whole)} of those "
        "with a subject of another theme.",
        "A theme without a file is judged by its subjects alone, nearest to its title. Of the "
        "theme files' own subjects, with all but the title of their file left out, "
        f"{_percent(by_title.part, by_title.whole)} are taken so, and "
        f"{_percent(wrong_by_title.part, wrong_by_title.whole)} of another theme's.",
        f"The judge of kinds takes {_percent(own.part, own.whole)} of the theme files' own "
        f"subjects under their kind, and {_percent(other.part, other.whole)} under a wrong one.",
    ]
    if furthest:
        notes.append(
            f"Furthest from its share among all: {furthest.value} ({furthest.kind}, "
            f"{furthest.axis}), {furthest.deviation:+.0%}."
        )
    notes += [f"Not planned: {part.failure}" for part in planned.themes if part.failure]
    notes += [f"Missed: {line}." for line in missed]
    return "\n".join([*table.lines(rows), "", *(f"- {note}" for note in notes)])


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def _store(text: str, planned: Plan, verdicts: Sequence[list[Verdict]]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "table.md").write_text(f"{text}\n", "utf-8")
    jobs = [job.to_dict() for part in planned.themes for job in part.jobs]
    written = "".join(json.dumps(job, ensure_ascii=False) + "\n" for job in jobs)
    (FOLDER / "jobs.jsonl").write_text(written, "utf-8")
    pages = [
        line
        for part, judged in zip(planned.themes, verdicts, strict=True)
        for line in sheet.lines(part.theme.title, judged, SEED)
    ]
    (FOLDER / "sheet.md").write_text("\n".join(pages), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
