"""The answer to /object_info that the tests without a server use is still the server's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from driver.graphs.definitions import InputSpec, node_def
from stockwright.core import names

KEPT: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "object_info.json").read_text(encoding="utf-8")
)


def what_counts(spec: InputSpec) -> tuple[Any, ...]:
    """An input without its texts and without names of files, which every machine has its own of."""
    choices = [choice for choice in spec.choices or () if "." not in str(choice)]
    limits = {key: spec.options.get(key) for key in ("min", "max", "control_after_generate")}
    return spec.name, spec.type, choices, limits


@pytest.mark.parametrize("kind", KEPT)
def test_a_kept_definition_is_the_servers(object_info: dict[str, Any], kind: str) -> None:
    kept, real = node_def(KEPT, kind), node_def(object_info, kind)
    assert kept and real
    assert [what_counts(spec) for spec in kept.inputs] == [what_counts(s) for s in real.inputs]
    assert kept.outputs == real.outputs
    for name in ("display_name", "output_node"):
        assert KEPT[kind].get(name) == object_info[kind].get(name)


def test_every_node_of_the_pack_is_kept(object_info: dict[str, Any]) -> None:
    ours = {kind for kind in object_info if kind.startswith("Stockwright")}
    assert ours == {kind for kind in KEPT if kind.startswith("Stockwright")}


def test_search_words_are_told_to_servers_that_take_them(object_info: dict[str, Any]) -> None:
    ours = {kind for kind in object_info if kind.startswith("Stockwright")}
    assert names.SEARCH_WORDS.keys() == ours
    for kind, words in names.SEARCH_WORDS.items():
        assert len(set(words)) == len(words) >= 3
        assert any(not word.isascii() for word in words), "Russian ones, too"
        if "search_aliases" in object_info["KSampler"]:
            assert object_info[kind]["search_aliases"] == [*words]
