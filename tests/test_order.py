"""The order: what makes two of them the same, and exact numbers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from driver.errors import OrderInvalid
from driver.order import Order, Wish, digest, read_kinds, read_themes
from stockwright.core.loras import LoraUse
from stockwright.core.themes import Theme


def make(**changes: object) -> Order:
    fields: dict[str, object] = {
        "themes": read_themes(["Education"]),
        "kinds": read_kinds(None),
        "count": 10,
        "seed": 1,
        "workflow": "a" * 64,
        "plan": "b" * 64,
        "loras": (LoraUse("film", 0.6),),
        "settings": ("Scheduler.steps=4",),
    }
    return Order.checked(**fields | changes)


def test_an_order_survives_its_file(tmp_path: Path):
    order = make(themes=read_themes(["Образование", "Underwater archaeology"]))
    path = tmp_path / "order.yaml"
    path.write_text(order.to_yaml(), "utf-8")
    again = Order.from_yaml(path)
    assert again == order
    assert again.id == order.id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", 11),
        ("seed", 2),
        ("checkpoint", "x"),
        ("loras", ()),
        ("settings", ()),
        ("workflow", "c" * 64),
        ("sampler", "euler"),
        ("steps", 9),
        ("cfg", 4.5),
        ("size", (64, 128)),
        ("llm", "qwen"),
        ("wish", Wish(text="on the Moon", token="0" * 12, phrase="ohwx", front="ohwx,")),
        ("kinds", read_kinds("items=1")),
    ],
)
def test_every_field_makes_another_order(field: str, value: object):
    other = make(**{field: value})
    assert other.id != make().id
    assert other.differences(make()) == [field]


def test_settings_survive_the_file(tmp_path: Path):
    order = make(sampler="euler", steps=9, cfg=4.5, size=(64, 128), llm="http://host/v1")
    path = tmp_path / "order.yaml"
    path.write_text(order.to_yaml(), "utf-8")
    assert Order.from_yaml(path) == order
    assert Order.from_yaml(path).id == order.id


def test_a_file_from_before_these_settings_is_the_same_order(tmp_path: Path):
    lines = make().to_yaml().splitlines(keepends=True)
    later = ("sampler:", "steps:", "cfg:", "size:", "llm:")
    path = tmp_path / "order.yaml"
    path.write_text("".join(line for line in lines if not line.startswith(later)), "utf-8")
    assert Order.from_yaml(path).id == make().id


def test_a_file_from_before_themes_had_seeds_is_the_same_order(tmp_path: Path):
    order = make(themes=(Theme(id="tea", title="Tea", about="cups"),))
    values = yaml.safe_load(order.to_yaml())
    for key in ("areas", "seeds", "look", "people"):
        del values["themes"][0][key]
    path = tmp_path / "order.yaml"
    path.write_text(yaml.safe_dump(values))
    assert Order.from_yaml(path) == order
    before = {**values, "themes": [{**values["themes"][0]}]}
    later = ("sampler", "steps", "cfg", "size", "llm", "style", "quality", "images", "pictures")
    later += ("wish",)
    text = json.dumps({k: v for k, v in before.items() if k not in later}, sort_keys=True)
    assert order.id == hashlib.sha256(text.encode()).hexdigest()[:8]


def test_what_a_theme_names_is_part_of_the_order():
    tea = Theme(id="tea", title="Tea")
    other = replace(tea, seeds=(("items", ("cup",)),))
    assert make(themes=(tea,)).id != make(themes=(other,)).id


def test_names_of_one_theme_are_one_order():
    assert make(themes=read_themes(["Образование"])).id == make().id


def test_counts_are_exact_for_every_theme_and_kind():
    order = make(themes=read_themes(["all"]), count=10_000)
    counts = order.theme_counts()
    assert len(counts) == 13
    assert sum(counts.values()) == 10_000
    assert set(counts.values()) == {769, 770}
    assert order.kind_counts(770) == {"interiors": 462, "exteriors": 154, "items": 154}
    assert order.kind_counts(769) == {"interiors": 461, "exteriors": 154, "items": 154}


@pytest.mark.parametrize("texts", [["Education", "Образование"], ["Ships!", "Ships?"]])
def test_a_theme_is_not_taken_twice(texts: list[str]):
    """Two new themes may get the same id; neither may take the other's pictures."""
    with pytest.raises(OrderInvalid, match="named twice"):
        read_themes(texts)


@pytest.mark.parametrize(("field", "value"), [("count", 0), ("seed", -1), ("themes", ())])
def test_what_cannot_be_is_refused_by_field(field: str, value: object):
    with pytest.raises(OrderInvalid, match=field):
        make(**{field: value})


@pytest.mark.parametrize("text", ["count: [", "count: 3", "- a", "\x00"])
def test_a_damaged_order_file_is_named(tmp_path: Path, text: str):
    path = tmp_path / "order.yaml"
    path.write_text(text)
    with pytest.raises(OrderInvalid) as caught:
        Order.from_yaml(path)
    assert caught.value.where == str(path)


def test_the_digest_of_a_graph_is_that_of_its_content():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
