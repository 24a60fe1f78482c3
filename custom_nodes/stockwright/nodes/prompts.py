"""Write Theme Prompts: from a theme to jobs."""

from __future__ import annotations

import hashlib
import logging

import comfy.model_management
import comfy.utils
from comfy_api.latest import io

from ..core import names
from ..core.checking import Checks, SameWords
from ..core.errors import StockwrightError, ThemeInvalid, TranslationUnavailable
from ..core.forbidden import Forbidden
from ..core.jobs import Job
from ..core.kinds import Kind, load_kinds, parse_kinds
from ..core.planning import PlanReport, plan
from ..core.themes import Theme, load_themes, parse_theme
from ..core.wording import load_wording
from ..engine.answers import Answers
from ..engine.encoder import Pool
from ..engine.encoder import SentenceEncoder as Encoder
from ..engine.handles import LanguageModel
from ..engine.relevance import Judge
from .folders import kept_file, prompt_folders, stamps
from .memory import make_room
from .tokens import count_tokens
from .translate import AUTO, translator
from .types import CATEGORY, MAX_SEED, Jobs, PromptLLM, SentenceEncoder, search_words

log = logging.getLogger(__name__)

MAX_COUNT = 100_000
_BESIDES = ("forbidden.yaml", "glossary.yaml")


class WriteThemePrompts(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.WRITE_PROMPTS,
            display_name="Write Theme Prompts",
            category=CATEGORY,
            **search_words(names.WRITE_PROMPTS),
            description="Writes a theme's jobs: one prompt for each picture, "
            "as many of each kind as its share says.",
            inputs=[
                PromptLLM.Input("llm", tooltip="The language model, from Load Prompt LLM."),
                io.String.Input(
                    "theme",
                    multiline=True,
                    default="Trainings and Education",
                    tooltip="What the pictures are about: the name of a theme, any other text, or "
                    "a theme written as YAML.",
                ),
                io.String.Input(
                    "kinds",
                    multiline=True,
                    default="interiors=60, exteriors=20, items=20",
                    tooltip="Kinds of pictures with their shares, such as interiors=60, items=40. "
                    "Or kinds written as YAML.",
                ),
                io.Int.Input(
                    "count", default=10, min=1, max=MAX_COUNT, tooltip="How many jobs to write."
                ),
                io.Int.Input(
                    "seed",
                    default=1,
                    min=0,
                    max=MAX_SEED,
                    control_after_generate=True,
                    tooltip="Another seed gives other subjects and other pictures.",
                ),
                io.String.Input(
                    "exclude",
                    multiline=True,
                    default="",
                    optional=True,
                    placeholder="Subjects to leave out, one a line",
                    tooltip="Subjects that must not come, one a line: for example those of "
                    "earlier runs.",
                ),
                SentenceEncoder.Input(
                    "encoder",
                    optional=True,
                    tooltip="From Load Sentence Encoder: refuses prompts that mean nearly the "
                    "same. Without it only prompts of the same words are refused.",
                ),
                io.Float.Input(
                    "max_similarity",
                    default=0.93,
                    min=0.5,
                    max=1.0,
                    step=0.01,
                    optional=True,
                    tooltip="How alike two prompts may be, from 0 to 1 (the cosine of their "
                    "meanings). Less keeps them further apart. It needs an encoder.",
                ),
                io.String.Input(
                    "earlier",
                    multiline=True,
                    default="",
                    optional=True,
                    placeholder="Prompts to differ from, one a line",
                    tooltip="Prompts, one a line, that new ones must not be nearly the same as: "
                    "for example those of earlier runs.",
                ),
                io.Boolean.Input(
                    "polish",
                    default=False,
                    optional=True,
                    tooltip="The language model rewrites each prompt into one sentence. It is kept "
                    "if it still names the subject and passes all checks. Needs a larger model.",
                ),
            ],
            outputs=[
                Jobs.Output(display_name="jobs", tooltip="The jobs, for Stockwright Batch."),
                io.String.Output(
                    display_name="prompts",
                    is_output_list=True,
                    tooltip="Only the prompts, one for each job.",
                ),
            ],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(cls, theme: str | None = None, kinds: str | None = None) -> bool | str:
        try:
            if theme is not None:
                _theme(theme)
            if kinds is not None:
                _kinds(kinds)
        except StockwrightError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(
        cls, theme: str | None = None, kinds: str | None = None, **others: object
    ) -> str:
        """Of the definitions in the files: a designer edits them while the server runs. All themes
        count, since a subject is compared with them; all kinds for a linked text."""
        folders = prompt_folders()
        try:
            read = (
                load_themes(folders),
                None if theme is None else _theme(theme),
                load_kinds(folders) if kinds is None else _kinds(kinds),
                load_wording(folders),
                stamps(folder / name for folder in folders for name in _BESIDES),
            )
        except StockwrightError as error:
            return str(error)  # `execute` reports it
        return hashlib.sha256(repr(read).encode()).hexdigest()

    @classmethod
    def execute(
        cls,
        llm: LanguageModel,
        theme: str,
        kinds: str,
        count: int,
        seed: int,
        exclude: str = "",
        encoder: Encoder | None = None,
        max_similarity: float = 0.93,
        earlier: str = "",
        polish: bool = False,
    ) -> io.NodeOutput:
        bar = comfy.utils.ProgressBar(count)

        def on_progress(done: int, total: int) -> None:
            comfy.model_management.throw_exception_if_processing_interrupted()
            bar.update_absolute(done, total)

        about = _theme(theme)
        checks = _checks(encoder, max_similarity)
        llm.open(make_room)
        try:
            with Answers(kept_file("answers")) as answers:
                jobs, report = plan(
                    about,
                    _kinds(kinds),
                    count,
                    seed,
                    answers.around(llm, llm.fingerprint),
                    wording=load_wording(prompt_folders()),
                    checks=checks,
                    exclude=exclude.splitlines(),
                    earlier=[line for line in earlier.splitlines() if line.strip()],
                    english=_english(about.title, llm),
                    polish=polish,
                    on_progress=on_progress,
                )
        finally:
            if not llm.keep_loaded:
                llm.close()
        return io.NodeOutput(jobs, [job.prompt for job in jobs], ui=_ui(jobs, report))


def _theme(text: str) -> Theme:
    if not text.strip():
        raise ThemeInvalid("the theme is empty", where="Write Theme Prompts, field theme")
    return parse_theme(text, load_themes(prompt_folders()))


def _kinds(text: str) -> tuple[Kind, ...]:
    return parse_kinds(text, load_kinds(prompt_folders()))


def _checks(encoder: Encoder | None, max_similarity: float) -> Checks:
    folders = prompt_folders()
    forbidden = Forbidden.load(folders)
    if encoder is None:
        return Checks(forbidden, SameWords(), count_tokens)

    def judge_of(theme: Theme) -> Judge:
        return Judge(encoder, theme, load_themes(folders))

    return Checks(forbidden, Pool(encoder, max_similarity), count_tokens, judge_of, encoder.knows)


def _english(title: str, llm: LanguageModel) -> str:
    """A theme's title in English; empty where it is so already, or where nobody can translate it:
    prompts then do without it."""
    if title.isascii():
        return ""
    try:
        english = translator(AUTO, llm).translate([title])[0]
    except TranslationUnavailable as error:
        log.warning("The theme's title is not translated: %s", error)
        return ""
    return english if english.isprintable() else ""


def _ui(jobs: tuple[Job, ...], report: PlanReport) -> dict[str, list[object]]:
    return {
        names.UI_PLAN: [report.to_dict()],
        names.UI_JOBS: [job.to_dict() for job in jobs],
        "text": [f"{job.kind}: {job.prompt}" for job in jobs],
    }
