"""Canvas graph -> API graph, against what the canvas itself exported (`make golden`)."""

from __future__ import annotations

import json

import pytest

from driver.graphs import Graph, load_graph, to_api
from driver.places import WORKFLOWS
from tests.golden import reference
from tests.golden.differences import differences

OWN = reference.own_graphs()


@pytest.fixture(scope="module")
def golden() -> reference.Golden:
    return reference.read()


def test_exports_are_of_what_is_installed(golden: reference.Golden) -> None:
    assert golden.versions == reference.installed_versions(), (
        "the exports are of other versions of ComfyUI's canvas or templates than are installed;"
        " `make golden` makes them anew"
    )


def test_every_template_as_the_canvas_has_it(
    golden: reference.Golden, capsys: pytest.CaptureFixture[str]
) -> None:
    files = reference.installed_templates()
    found: list[str] = []
    compared = 0
    for name, expected in golden.templates.items():
        ours = to_api(load_graph(files[name]), golden.info)
        found += [f"{name}: {line}" for line in differences(expected, ours, golden.info)]
        compared += 1
    with capsys.disabled():
        print(f"\n{compared} templates compared with the canvas's own exports")
    assert not found, f"{len(found)} differences:\n" + "\n".join(found)
    assert compared == len(golden.templates) == len(files)
    assert compared > 150


def test_every_class_as_the_canvas_has_it(golden: reference.Golden) -> None:
    graph = Graph("every class", golden.every_class, is_canvas=True)
    found = differences(golden.every_class_api, to_api(graph, golden.info), golden.info)
    assert not found, "\n".join(found)
    assert len(golden.every_class_api) > 500


@pytest.mark.parametrize("name", OWN)
def test_own_graphs_as_the_canvas_has_them(golden: reference.Golden, name: str) -> None:
    expected = json.loads(reference.own_export(name).read_text("utf-8"))
    ours = to_api(load_graph(OWN[name]), golden.info)
    assert not differences(expected, ours, golden.info)
    assert ours == expected  # the titles, too


def test_own_graphs_cover_every_workflow() -> None:
    assert {file.stem for file in WORKFLOWS.glob("*.json")} <= OWN.keys()
