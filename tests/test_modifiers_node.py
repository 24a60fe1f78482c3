"""Style Modifiers on a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from driver import places
from driver.errors import GraphRefused
from driver.server import Server
from stockwright.core.modifiers.table import ModifierTable
from tests.graphs import Graph, cached, node, run

JOBS = [
    {"id": f"job{n}", "subject": "pine forest", "prompt": "pine forest, (night:1.2)", "seed": n}
    for n in range(3)
]
SHIPPED = ModifierTable.load(places.PROMPTS / "modifiers" / "photography.json")


def graph(prompt: str, **inputs: Any) -> Graph:
    defaults: dict[str, Any] = {"table": "photography", "count": 3, "temperature": 1.0, "seed": 1}
    return {"1": node("StockwrightStyleModifiers", prompt=prompt, **(defaults | inputs))}


def prompts(server: Server, prompt: str, **inputs: Any) -> list[str]:
    done = run(server, graph(prompt, **inputs))
    assert done.success, done.error
    return done.outputs["1"]["text"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A designer's own modifiers folder, empty again at the end."""
    path = places.MODELS / "prompts" / "modifiers"
    path.mkdir(parents=True, exist_ok=True)
    yield path
    for file in path.iterdir():
        file.unlink()


def test_each_job_gets_its_own_words(server: Server):
    found = prompts(server, json.dumps(JOBS))
    assert len(set(found)) == len(JOBS)
    known = {phrase.text for phrase in SHIPPED.phrases}
    for text in found:
        assert text.startswith("pine forest, (night:1.2), ")
        added = text.split(", ")[2:]
        assert len(added) == 3
        assert known.issuperset(added)
        assert not any("morning" in phrase or "daylight" in phrase for phrase in added)
    assert prompts(server, json.dumps(JOBS[1:2])) == found[1:2], "alone as among others"
    assert prompts(server, json.dumps(JOBS), seed=2) != found


def test_likes_and_dislikes_count(server: Server):
    (first,) = prompts(server, "pine forest", temperature=0.0, count=1)
    phrase = first.removeprefix("pine forest, ")
    (other,) = prompts(
        server, "pine forest", temperature=0.0, count=1, likes=json.dumps({phrase: [0, 20]})
    )
    assert other != first
    with pytest.raises(GraphRefused, match="two whole numbers"):
        run(server, graph("pine forest", likes='{"haze": 1}'))


def test_text_is_one_job_and_none_to_add_changes_nothing(server: Server):
    (text,) = prompts(server, "pine forest")
    assert text.startswith("pine forest, ")
    assert prompts(server, "pine forest", count=0) == ["pine forest"]


def test_the_clip_budget(server: Server):
    full = "pine forest, " + "moss " * 70
    assert prompts(server, full.strip()) == [full.strip()]


def test_a_table_of_ones_own_counts_when_it_changes(server: Server, folder: Path):
    mine = graph("pine forest", table="mine", count=1)
    with pytest.raises(GraphRefused, match="mine"):
        run(server, mine)
    text = '{"format": "stockwright modifiers 1", "subjects": {}, "phrases": {"%s": [1, {}]}}'
    (folder / "mine.json").write_text(text % "haze")
    assert run(server, mine).outputs["1"]["text"] == ["pine forest, haze"]
    assert "1" in cached(server, mine)
    (folder / "mine.json").write_text(text % "dew drops")
    assert run(server, mine).outputs["1"]["text"] == ["pine forest, dew drops"]
    (folder / "contradictions.yaml").write_text("wood:\n  - forest\n  - dew drops\n")
    assert run(server, mine).outputs["1"]["text"] == ["pine forest"]
    (folder / "mine.json").write_text("{}")
    assert "modifiers-invalid" in str(run(server, mine).error)
