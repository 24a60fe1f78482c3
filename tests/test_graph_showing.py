"""The canvas graph that a picture carries shows what painted it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from driver.graphs import Graph, bind_jobs, load_graph, set_value, showing, to_api
from driver.places import WORKFLOWS
from stockwright.core.jobs import Job
from tests.golden import reference

INFO = json.loads((Path(__file__).parent / "data" / "object_info.json").read_text())
JOB = Job.create(
    theme="Test", kind="items", subject="globe", prompt="a globe", negative="blur", seed=7
)


def api_of(canvas: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    return to_api(Graph("shown", canvas, is_canvas=True), info)


def test_settings_and_jobs_are_in_the_canvas() -> None:
    saved = load_graph(WORKFLOWS / "stock.json")
    before = copy.deepcopy(saved.data)
    api = set_value(to_api(saved, INFO), "Scheduler.steps", "7", INFO)
    api = set_value(api, "Load Checkpoint.ckpt_name", "sketch", INFO)
    api = bind_jobs(api, [JOB], "some/folder")
    shown = showing(saved.data, api, INFO)
    assert api_of(shown, INFO) == api
    assert saved.data == before
    for one, other in zip(shown["nodes"], before["nodes"], strict=True):
        assert {k: v for k, v in one.items() if k != "widgets_values"} == {
            k: v for k, v in other.items() if k != "widgets_values"
        }


def test_templates_as_they_were_queued_are_shown_as_they_are() -> None:
    info, files = reference.read().info, reference.installed_templates()
    for name, file in files.items():
        data = load_graph(file).data
        api = api_of(data, info)
        assert api_of(showing(data, api, info), info) == api, name
