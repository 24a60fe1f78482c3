"""From a wish to jobs: wish.json rewrites it once for each picture, and the person is put in front.

    goes in     космонавт на Луне, photo of ohwx woman
    comes out   cosmonaut on the Moon, photo of ohwx woman, rim light, soft haze
    the job's   (photo of ohwx woman:1.05), cosmonaut on the Moon, rim light, soft haze

The person is named while it is rewritten, behind the wish: so the first phrase is the subject that
words are drawn for, words about people may be drawn, and CLIP's tokens are counted with all of it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from stockwright.core import names
from stockwright.core.errors import TranslationUnavailable
from stockwright.core.jobs import Job
from stockwright.core.kinds import Kind
from stockwright.core.seeding import seeded
from stockwright.core.themes import Theme

from ..errors import PlanFailed
from ..events import Report, ThemePlanned
from ..graphs import ApiGraph, bind_wish, chain
from ..ledger import Ledger
from ..order import Order
from ..server import Finished, Server

THEME = Theme(id="avatar", title="avatar")
KIND = Kind(name="portraits", share=100, ask="", prompt="{subject}", people=True)
"""How a person's pictures are filed, and what a style changes."""

_READ_AT_ONCE = 75
"""CLIP tokens that PhotoMaker takes; a text has at least as many as words and signs."""
_CLASS = re.compile(r"^Stockwright\w+: ")
_CODE = re.compile(r" \[([a-z]+(?:-[a-z]+)+)\]")
_TOKEN_AT_LEAST = re.compile(r"\w+|[^\w\s]")


class WishPlanner:
    knows_others = False
    """A rejected picture's prompt gets another seed: the wish is not another one."""

    def __init__(
        self,
        order: Order,
        graph: ApiGraph,
        size: tuple[int, int],
        likes: Mapping[str, tuple[int, int]],
    ) -> None:
        """`graph` is that of wish.json, settings applied; `size` the (width, height) of the jobs;
        `likes` how often each phrase was liked and disliked."""
        assert order.wish is not None
        self._order, self._wish, self._graph, self._size = order, order.wish, graph, size
        self._likes = likes
        self.theme = THEME.title

    @property
    def themes(self) -> tuple[Theme, ...]:
        return self._order.themes

    def open_themes(self, ledger: Ledger) -> list[tuple[Theme, int]]:
        there = ledger.planned_themes()
        counts = self._order.theme_counts().items()
        return [(theme, count) for theme, count in counts if theme.title not in there]

    def queue(
        self,
        theme: Theme,
        count: int,
        ledger: Ledger,
        server: Server,
        client_id: str,
        instead: Mapping[str, int] | None = None,
    ) -> str:
        kind = self._order.kinds[0]
        text = kind.compose(f"{self._wish.text}, {self._wish.phrase}", "", {})
        jobs = [
            # By the token in it the server finds the graph again when the person is forgotten.
            Job(f"{self._wish.token}-{number}", "", "", "", text, "", self._seed(number))
            for number in range(count)
        ]
        graph_id = str(uuid.uuid4())
        server.queue_graph(
            bind_wish(self._graph, jobs, self._likes), graph_id, client_id, workflow=None
        )
        return graph_id

    def take(
        self, theme: Theme, count: int, ended: Finished, ledger: Ledger, report: Report
    ) -> None:
        jobs = self.jobs(theme, self._order.kind_counts(count), ended)
        ledger.add(jobs)
        english = jobs[0].subject
        notes = [f"In English: {english}"] if english != self._wish.text else []
        report(ThemePlanned(theme.title, len(jobs), 1, {}, notes))

    def jobs(self, theme: Theme, wanted: Mapping[str, int], ended: Finished) -> list[Job]:
        if not ended.success:
            error = _CLASS.sub("", ended.error)
            found = _CODE.search(error)  # the node's own error: its code is not this one's
            what, hint = (error[: found.start()], error[found.end() :]) if found else (error, "")
            if found and found[1] == TranslationUnavailable.code:
                hint += "\nOr a language model that knows it: --llm URL or FILE."
            raise PlanFailed(what, where="the wish", hint=hint.strip())
        nodes = chain(self._graph)
        count = sum(wanted.values())
        prompts = _texts(ended, nodes[-1], count)
        translators = [i for i in nodes if self._graph[i]["class_type"] == names.TRANSLATE_PROMPT]
        english = _texts(ended, translators[-1], count) if translators else prompts
        kind = self._order.kinds[0]
        return [
            Job.create(
                theme=theme.title,
                kind=kind.name,
                subject=self._subject(english[number]),
                prompt=self._prompt(prompts[number]),
                negative=", ".join(kind.negative),
                seed=self._seed(number),
                origin="wish",
            ).sized(*self._size)
            for number in range(count)
        ]

    def _seed(self, number: int) -> int:
        return seeded(self._order.seed, THEME.id, number).getrandbits(53)

    def _subject(self, english: str) -> str:
        """The wish alone."""
        front, found, _ = english.partition(f", {self._wish.phrase}")
        return front if found else self._wish.text

    def _prompt(self, text: str) -> str:
        front, _, rest = text.partition(f", {self._wish.phrase}")
        prompt = f"{self._wish.front} {front}{rest}"
        read = f"{self._wish.phrase} , {front}{rest}"  # with a place for each photo
        if self._wish.references and len(_TOKEN_AT_LEAST.findall(read)) > _READ_AT_ONCE:
            raise PlanFailed(
                f"the wish is longer than the {_READ_AT_ONCE} tokens that PhotoMaker reads",
                where="the wish",
                hint="Write it in fewer words.",
            )
        return prompt


def _texts(ended: Finished, node_id: str, count: int) -> list[str]:
    """What a node of the chain shows: one prompt for each job."""
    found: list[Any] = (ended.outputs.get(node_id) or {}).get("text", [])
    texts = [text for text in found if isinstance(text, str)]
    if len(texts) != count:
        raise PlanFailed(
            f"the graph gave {len(texts)} prompts instead of {count}",
            where="wish.json",
            hint="Each of its nodes must rewrite prompts, and none may leave one out.",
        )
    return texts
