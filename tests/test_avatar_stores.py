"""A LoRA that was trained with another --store, or on another checkpoint, without any server."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from driver.avatars.making import make
from driver.avatars.making_settings import load_making
from driver.avatars.people import Folder, Model
from driver.avatars.presets import load_presets
from driver.avatars.reached import reached, remember
from driver.avatars.store import ModelStore
from driver.avatars.training import WORKFLOW, TrainAsked, Trainer, key_of, train
from driver.avatars.training_events import TrainingEnded
from driver.avatars.training_graph import own_checkpoint
from driver.avatars.ways import MakeAsked, trained
from driver.connection import Connection
from driver.errors import ServerDown, StoreFailed
from driver.graphs import load_graph
from driver.server import Server
from stockwright.core.styles import Style
from tests.persons import TOKEN, make_person
from tests.trainings import SKETCH, Heard

NOWHERE = "http://127.0.0.1:1"
ASKED = TrainAsked(server=NOWHERE)
OWN = own_checkpoint(load_graph(WORKFLOW)) or ""


def trained_on(checkpoint: str, people: Path, url: str) -> Folder:
    """A person whose LoRA is in a store that is noted."""
    folder, presets = make_person(people), load_presets()
    person, family = folder.read(), presets.family_of(checkpoint)
    key = key_of(person, family, presets.preset(family), Trainer.CORE)
    file = people / "lora"
    file.write_bytes(b"a LoRA")
    remember(folder, store=url)
    digest = ModelStore(url, TOKEN).put(key, file)
    model = Model(
        key=key, family=family, checkpoint=checkpoint, steps=1, strength=1, sha256=digest, size=6
    )
    folder.write(person.model_copy(update={"models": (model,)}))
    return folder


def test_what_was_trained_into_another_store_is_not_trained_again(tmp_path: Path):
    folder = trained_on(OWN, tmp_path / "people", str(tmp_path / "store"))
    heard = Heard()
    assert train(folder, ASKED, heard).checkpoint == OWN
    assert [one["again"] for one in heard.of(TrainingEnded)] == [True]
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(ServerDown):  # it is nowhere any more
        train(folder, ASKED, heard)


def test_a_noted_store_that_fails_is_not_passed_over(tmp_path: Path):
    folder = trained_on(OWN, tmp_path / "people", str(tmp_path / "store"))
    shutil.rmtree(tmp_path / "store")
    remember(folder, store="nosuchkind://store")
    with pytest.raises(StoreFailed, match="nosuchkind"):
        train(folder, ASKED, Heard())


def test_the_lora_comes_from_the_store_that_has_it(tmp_path: Path):
    folder = trained_on(SKETCH, tmp_path / "people", str(tmp_path / "store"))
    person = folder.read()
    way = trained(
        folder, person, MakeAsked("hills"), load_making(), load_presets(), None, Style("")
    )

    class Nowhere:
        server = Server(NOWHERE)

    with pytest.raises(ServerDown), way.visit(cast("Connection", Nowhere())):
        pass
    shutil.rmtree(tmp_path / "store")
    with (
        pytest.raises(StoreFailed, match="no such LoRA"),
        way.visit(cast("Connection", Nowhere())),
    ):
        pass


def test_without_a_checkpoint_the_graphs_own_is_meant(tmp_path: Path):
    folder = trained_on(SKETCH, tmp_path / "people", str(tmp_path / "store"))
    asked, heard = replace(ASKED, store=str(tmp_path / "store")), Heard()
    assert train(folder, replace(asked, checkpoint=SKETCH), heard).checkpoint == SKETCH
    with pytest.raises(ServerDown):  # which knows whether the sketch stands in
        train(folder, asked, heard)


def test_a_server_that_never_answered_is_nothing_to_be_forgotten(tmp_path: Path):
    folder = trained_on(OWN, tmp_path / "people", str(tmp_path / "store"))
    with pytest.raises(ServerDown):
        make(folder, MakeAsked(prompt="on the Moon", server=NOWHERE), Heard())
    assert reached(folder).servers == ()
