"""What a session tells of its graph before anything is planned; no server."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from driver import session
from driver.errors import GraphInvalid
from driver.events import Notice
from driver.order import Order, digest, read_kinds, read_themes
from driver.places import WORKFLOWS
from tests.commands import submit

INFO = json.loads((Path(__file__).parent / "data" / "object_info.json").read_text())
PLAN = json.loads((WORKFLOWS / "plan.json").read_text())
STOCK = json.loads((WORKFLOWS / "stock.json").read_text())


class Told(Exception):
    """Ends a session at its first notice."""


def asked(workflow: dict[str, Any], **settings: Any) -> session.Asked:
    order = Order.checked(
        themes=read_themes(["Education"]), kinds=read_kinds(None), count=1, seed=1,
        workflow=digest(workflow), plan=digest(PLAN), **settings,
    )  # fmt: skip
    return session.Asked(
        order=order, workflow=workflow, plan=PLAN, workflow_file=Path("mine.json"),
        folder=Path("unused"), batch=None, server=None, comfyui=None, headers={},
    )  # fmt: skip


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    server = SimpleNamespace(object_info=lambda: INFO)
    fake = SimpleNamespace(server=server, close=lambda: None)
    monkeypatch.setattr(session, "connect", lambda *_: fake)


def tell(event: object) -> None:
    assert isinstance(event, Notice)
    raise Told(event.text)


def test_the_size_is_told_only_where_the_small_checkpoint_brings_it() -> None:
    with pytest.raises(Told) as told:
        session.plan_only(asked(STOCK, checkpoint="sketch", size=(64, 64)), tell)
    assert "The small checkpoint paints (sketch.safetensors)." in str(told.value)


def test_errors_of_conversion_name_the_file_that_was_given() -> None:
    with pytest.raises(GraphInvalid) as error:
        session.plan_only(asked({**STOCK, "nodes": [{}]}), tell)
    assert error.value.where == "mine.json"


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_run_is_a_folder(tmp_path: Path, more: tuple[str, ...]) -> None:
    (tmp_path / "run").write_text("mine")
    done = submit(tmp_path, "--theme", "Education", "--run", "run", *more)
    assert done.returncode == 2
    assert "--run run: is a file, not a folder" in done.stderr
