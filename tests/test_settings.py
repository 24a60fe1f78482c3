"""Settings files: what they hold, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from driver.errors import OrderInvalid
from driver.settings import Settings, read_settings
from stockwright.core.loras import LoraUse

WHOLE = """
checkpoint: juggernaut
loras: [film:0.6, pastel]
sampler: euler
steps: 20
cfg: 4.5
size: 768x512
llm: Qwen2.5-7B
Scheduler.scheduler: karras
"Save Stock Image.format": webp
Load Prompt LLM.keep_loaded: yes
Node v1.5.x: 3
Node.on: true
Sampling.discard: off
"""


def read(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "settings.yaml"
    path.write_text(text, "utf-8")
    return read_settings(path)


def test_all_of_it(tmp_path: Path):
    assert read(tmp_path, WHOLE) == Settings(
        checkpoint="juggernaut",
        loras=(LoraUse("film", 0.6), LoraUse("pastel", 1.0)),
        sampler="euler",
        steps=20,
        cfg=4.5,
        size=(768, 512),
        llm="Qwen2.5-7B",
        values=(
            "Scheduler.scheduler=karras",
            "Save Stock Image.format=webp",
            "Load Prompt LLM.keep_loaded=yes",
            "Node v1.5.x=3",
            "Node.on=true",
            "Sampling.discard=off",
        ),
    )


def test_nothing_and_short_forms(tmp_path: Path):
    assert read(tmp_path, "") == Settings()
    assert read(tmp_path, "loras: film:0.6, pastel").loras == (
        LoraUse("film", 0.6),
        LoraUse("pastel", 1.0),
    )
    assert read(tmp_path, "cfg: 5").cfg == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("step: 20", ["'step'", "no such setting", "Did you mean steps?", "Title.input"]),
        ("colour: red", ["'colour'", "There are checkpoint, loras"]),
        ("steps: many", ["'steps'", "'many' is not a whole number"]),
        ("steps: 2.5", ["2.5 is not a whole number"]),
        ("steps: true", ["True is not a whole number"]),
        ("sampler: true", ["True is not a text", "in quotes"]),
        ("cfg: high", ["'cfg'", "is not a number"]),
        ("size: large", ["'size'", "768x512"]),
        ("size: 767x512", ["767 is not a multiple of 8"]),
        ("checkpoint: 3", ["'checkpoint'", "is not a text"]),
        ('checkpoint: ""', ["'checkpoint'", "is empty"]),
        ("checkpoint:", ["'checkpoint'", "is empty"]),
        ("llm: [a]", ["'llm'", "is not a text"]),
        (
            "steps: 3\ncfg: 4\nsteps: 5",
            ["settings.yaml", "the key 'steps' is there twice", "line 3"],
        ),
        ("loras: film:x", ["'loras'", "not a strength"]),
        ("loras: {film: 1}", ["'loras'", "name:strength"]),
        ("Scheduler.steps: [1]", ["'Scheduler.steps'", "takes a text"]),
        (".steps: 1", ["Node title.input"]),
        ("Scheduler.steps=20: 3", ["'Scheduler.steps=20'", "without ="]),
        ("A.x=B.y: 3", ["without ="]),
        ("KSampler: {steps: 3, cfg: 2}", ["'KSampler'", '"KSampler.steps": 3']),
        ("Node v1.5: {steps: 3}", ['"Node v1.5.steps": 3']),
        ("- steps", ["keys and values"]),
        ("steps: [", ["cannot be read"]),
    ],
)
def test_what_is_wrong_is_named_by_key(tmp_path: Path, text: str, words: list[str]):
    with pytest.raises(OrderInvalid) as caught:
        read(tmp_path, text)
    for word in words:
        assert word in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(OrderInvalid, match=r"absent\.yaml"):
        read_settings(tmp_path / "absent.yaml")
