"""Planning prompts against one chat for each: the same model file, settings, process and machine.

    side   what is timed
    -----  ---------------------------------------------------------------------------------------
    plan   `core.planning.plan` for one theme, all its checks within. Nothing was asked before
    chats  only the model's answers, by llama-cpp-python's own chat call. The checks are not timed

Both models are loaded before. A prompt of either side counts if it fits into CLIP's 75 tokens (cut
between commas where it does not), holds nothing that its kind forbids, is no near-duplicate of one
that counts already, and is about the theme by the judge of `make eval-prompts` where the theme's
title is taken out of it.

Memory is the process's peak after many prompts and after the first few of them, theme by theme, as
an order is planned.

This file is also the process that is measured: prompts.py TASK, where TASK is the JSON of a call of
one of its functions, and prints its result as JSON, last.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from typing import Any

from home import INSTALLED, ROOT, BenchFailed
from measured import memory_mb

from driver.places import PROMPTS
from stockwright.core.checking import Checks
from stockwright.core.forbidden import Forbidden
from stockwright.core.kinds import Kind, load_kinds
from stockwright.core.planning import plan
from stockwright.core.themes import Theme, load_themes
from stockwright.core.wording import load_wording
from stockwright.engine import llm
from stockwright.engine.encoder import Pool, SentenceEncoder
from stockwright.engine.relevance import Judge
from tests.evalprompts.cliptokens import clip_counter
from tests.evalprompts.themejudge import ThemeJudge

MODELS = INSTALLED / "base" / "models"
LLM = llm.PromptLLM(str(MODELS / "llm" / "SmolLM2-135M-Instruct.Q4_1.gguf"))
ENCODER = SentenceEncoder(str(MODELS / "sentence_embedding" / "all-MiniLM-L6-v2.safetensors"))
THEME = "education"
SEED = 1
LIMIT = 0.93
TOKENS = 90
"""Of a chat's answer: 50 words, and some more."""
REQUEST = (
    "Write one prompt of at most 50 words for a stock photo, for an image generator. "
    "Theme: {theme}. Kind: {kind} ({ask}). No people, no brands. Only the prompt."
)


@dataclass(frozen=True, slots=True)
class Written:
    """What one side wrote: `valid` of `prompts` count."""

    prompts: int
    valid: int
    seconds: float

    @property
    def rate(self) -> float:
        """Valid prompts a second; without a single valid one, as if there were one."""
        return max(self.valid, 1) / self.seconds


@dataclass(frozen=True, slots=True)
class Peaks:
    """Peak memory in MB after so many prompts; None where the system does not tell."""

    few: int
    after_few: int | None
    many: int
    after_many: int | None


def compare(counts: Sequence[int], chats: int) -> tuple[list[Written], Written]:
    """Plans of so many prompts each, and `chats` chats."""
    found = _measured("speed", {"counts": list(counts), "chats": chats})
    return [Written(**one) for one in found["plans"]], Written(**found["chats"])


def peaks(few: int, themes: int) -> Peaks:
    """Plans `few` prompts for each of so many themes."""
    return Peaks(**_measured("memory", {"few": few, "themes": themes}))


def _measured(what: str, values: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, json.dumps({"what": what, **values})],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchFailed(f"planning without a server: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


class _Bench:
    def __init__(self) -> None:
        self._themes = load_themes([PROMPTS])
        self._kinds = load_kinds([PROMPTS])
        self._wording = load_wording([PROMPTS])
        self._forbidden = Forbidden.load([PROMPTS])
        self._count_tokens = clip_counter(INSTALLED / "ComfyUI")
        ENCODER.vectors([""])  # loads it

    def speed(self, counts: Sequence[int], chats: int) -> dict[str, Any]:
        (theme,) = (theme for theme in self._themes if theme.id == THEME)
        plans = [self._plan(theme, count) for count in counts]
        return {"plans": [asdict(p) for p in plans], "chats": asdict(self._chats(theme, chats))}

    def memory(self, few: int, themes: int) -> dict[str, Any]:
        checks, subjects = self._checks(), dict[str, None]()
        after: list[int | None] = []
        for theme in self._themes[:themes]:
            jobs, _ = self._planned(theme, few, checks, subjects)
            subjects |= dict.fromkeys(job.subject for job in jobs)
            after.append(memory_mb(os.getpid(), "VmHWM"))
        return asdict(Peaks(few, after[0], few * len(after), after[-1]))

    def _plan(self, theme: Theme, count: int) -> Written:
        LLM.close()
        LLM.open()  # with nothing in its context
        checks = self._checks()
        began = time.monotonic()
        jobs, _ = self._planned(theme, count, checks, ())
        seconds = time.monotonic() - began
        kinds = {kind.name: kind for kind in self._kinds}
        planned = [(job.prompt, kinds[job.kind]) for job in jobs]
        return Written(count, self._valid(theme, planned), seconds)

    def _planned(self, theme: Theme, count: int, checks: Checks, exclude: Iterable[str]) -> Any:
        return plan(
            theme,
            self._kinds,
            count,
            SEED,
            LLM,
            wording=self._wording,
            checks=checks,
            exclude=exclude,
        )

    def _chats(self, theme: Theme, chats: int) -> Written:
        LLM.close()
        model = llm._load(LLM, None)  # as planning loads it, with the same settings
        kinds = list(islice(cycle(self._kinds), chats))
        requests = [
            REQUEST.format(theme=theme.title, kind=kind.name, ask=kind.ask) for kind in kinds
        ]
        began = time.monotonic()
        answers = [_chat(model, request, seed) for seed, request in enumerate(requests)]
        seconds = time.monotonic() - began
        model.close()
        return Written(chats, self._valid(theme, list(zip(answers, kinds, strict=True))), seconds)

    def _valid(self, theme: Theme, prompts: Sequence[tuple[str, Kind]]) -> int:
        """How many count."""
        checks = self._checks()
        passed = [
            (text, kind)
            for prompt, kind in prompts
            if (text := checks.fitted(prompt)) and not checks.refusal(text, people=kind.people)
        ]
        if not passed:
            return 0
        bare = [re.sub(re.escape(theme.title), "", text, flags=re.IGNORECASE) for text, _ in passed]
        titles = ThemeJudge(self._themes, self._kinds, ENCODER.vectors).titles(
            ENCODER.vectors(bare), [kind.name for _, kind in passed]
        )
        right = [
            text for (text, _), title in zip(passed, titles, strict=True) if title == theme.title
        ]
        return sum(near is None for near in checks.pool.admit(right))

    def _checks(self) -> Checks:
        """As Write Theme Prompts makes them."""
        return Checks(
            self._forbidden,
            Pool(ENCODER, LIMIT),
            self._count_tokens,
            lambda theme: Judge(ENCODER, theme, self._themes),
            ENCODER.knows,
        )


def _chat(model: Any, request: str, seed: int) -> str:
    answer = model.create_chat_completion(
        [{"role": "user", "content": request}], temperature=0.8, seed=seed, max_tokens=TOKENS
    )
    return " ".join(answer["choices"][0]["message"]["content"].split()).strip("\"'* ")


def _main(task: dict[str, Any]) -> None:
    bench = _Bench()
    do = {"speed": bench.speed, "memory": bench.memory}[task.pop("what")]
    print(json.dumps(do(**task)))


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
