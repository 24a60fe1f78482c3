"""Style Modifiers: adds to prompts what the prompts of a set add to such subjects."""

from __future__ import annotations

import hashlib
from pathlib import Path

from comfy_api.latest import io

from ..core import names
from ..core.checking import BUDGET
from ..core.errors import JobInvalid, ModifiersInvalid
from ..core.forbidden import Forbidden
from ..core.modifiers.contradictions import FILE as RULES
from ..core.modifiers.contradictions import Contradictions
from ..core.modifiers.drawing import Stylist, extended
from ..core.modifiers.table import ENDING, ModifierTable
from ..core.modifiers.verdicts import parse_verdicts
from ..core.seeding import seeded
from .folders import prompt_folders
from .rewriting import job_outputs, jobs_of, prompt_input, rewritten
from .tokens import count_tokens
from .types import CATEGORY, MAX_SEED, search_words

FORBIDDEN = Path("forbidden.yaml")
DEFAULT_TABLE = "photography"
NO_TABLE = "put a table into models/prompts/modifiers"


class StyleModifiers(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        tables = [*_tables()] or [NO_TABLE]
        return io.Schema(
            node_id=names.STYLE_MODIFIERS,
            display_name="Style Modifiers",
            category=CATEGORY,
            **search_words(names.STYLE_MODIFIERS),
            description="Adds words of light, camera and mood to prompts, drawn by how often they "
            "stand with such subjects in a set of prompts. The table that comes along was counted "
            "in prompts written for it.",
            inputs=[
                prompt_input(
                    "What to add words to: a link from Write Theme Prompts, or a prompt as text."
                ),
                io.Combo.Input(
                    "table",
                    options=tables,
                    default=DEFAULT_TABLE if DEFAULT_TABLE in tables else tables[0],
                    tooltip="How often words stand in a set of prompts: a file of "
                    "prompts/modifiers. Photography is no statistic of users: its prompts were "
                    "written for it.",
                ),
                io.Int.Input(
                    "count", default=4, min=0, max=20, tooltip="How many phrases to add at most."
                ),
                io.Float.Input(
                    "temperature",
                    default=1.0,
                    min=0.0,
                    max=5.0,
                    step=0.1,
                    tooltip="0 takes what is counted most, 1 draws by the counts, more gives rare "
                    "words a chance.",
                ),
                io.Int.Input(
                    "seed",
                    default=1,
                    min=0,
                    max=MAX_SEED,
                    control_after_generate=True,
                    tooltip="Another seed draws other words. Each job is drawn for by itself.",
                ),
                io.String.Input(
                    "likes",
                    default="",
                    optional=True,
                    placeholder='{"soft light": [3, 1]}',
                    tooltip="How often pictures with a phrase were liked and disliked, as a JSON "
                    "object. What is liked is drawn up to twice as often, what is disliked more "
                    "rarely.",
                ),
            ],
            outputs=job_outputs(),
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(
        cls, prompt: object = None, table: str | None = None, likes: str | None = None
    ) -> bool | str:
        try:
            if prompt is not None:  # a link is known only when it runs
                jobs_of(prompt)
            parse_verdicts(likes or "")
        except (JobInvalid, ModifiersInvalid) as error:
            return str(error)
        if table is None or table in (found := _tables()):
            return True
        return f"there is no table {table!r}; there is {', '.join(found) or 'none'}"

    @classmethod
    def fingerprint_inputs(cls, table: str | None = None, **others: object) -> str:
        """Of the files: a designer edits them while the server runs."""
        paths = [*_tables().values()] if table is None else [_path(table)]
        paths += [folder / file for folder in prompt_folders() for file in (RULES, FORBIDDEN)]
        read = [path.read_bytes() for path in paths if path.is_file()]
        return hashlib.sha256(b"\0".join(read)).hexdigest()

    @classmethod
    def execute(
        cls,
        prompt: object,
        table: str,
        count: int,
        temperature: float,
        seed: int,
        likes: str = "",
    ) -> io.NodeOutput:
        folders = prompt_folders()
        stylist = Stylist(
            ModifierTable.load(_path(table)),
            Contradictions.load(folders),
            Forbidden.load(folders),
            parse_verdicts(likes),
        )
        jobs = jobs_of(prompt, seed)
        prompts = [
            extended(
                job.prompt,
                stylist.draw(
                    job.subject,
                    job.prompt,
                    count,
                    seeded(seed, job.seed, "modifiers"),
                    temperature,
                    _fits,
                ),
            )
            for job in jobs
        ]
        return rewritten(jobs, prompts)


def _fits(prompt: str) -> bool:
    return count_tokens(prompt) <= BUDGET


def _tables() -> dict[str, Path]:
    """Name -> file; the user's before the pack's own."""
    found: dict[str, Path] = {}
    for folder in prompt_folders():
        for path in sorted((folder / "modifiers").glob(f"*{ENDING}")):
            found.setdefault(path.stem, path)
    return found


def _path(table: str) -> Path:
    found = _tables()
    if table not in found:
        raise ModifiersInvalid(
            f"there is no table {table!r}",
            where="Style Modifiers, field table",
            hint=f"There is {', '.join(found) or 'none'}.",
        )
    return found[table]
