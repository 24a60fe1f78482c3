"""Pictures of a person: whole runs on real servers with the small checkpoint and a LoRA."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from driver import places
from driver.avatars.making import MakeAsked, make
from driver.avatars.making_settings import load_making
from driver.avatars.people import Folder
from driver.avatars.ratings import rate
from driver.avatars.reached import reached
from driver.avatars.serverfiles import list_loras
from driver.avatars.store import ModelStore, default_store
from driver.errors import AvatarInvalid, AvatarUnknown, PlanFailed, PreflightFailed
from driver.events import Event, GraphQueued, PictureRejected, ThemePlanned
from driver.graphs import load_graph, to_api
from driver.server import Server
from stockwright.core.loras import LoraUse
from tests import faces, people
from tests.conftest import HOME, make_home
from tests.graphs import node
from tests.make_lora import make_lora
from tests.yandexserver import KEY, YandexServer

WISH = "cosmonaut on the Moon"
FEW = (
    *("Scheduler.steps=2", "Upscale to Size.size=1x"),
    *("Stockwright Batch.width=64", "Stockwright Batch.height=64"),
)


@pytest.fixture
def anna(tmp_path: Path, sketch_path: Path) -> Folder:
    """A person who was trained on the small checkpoint, with the LoRA in the store."""
    folder = people.person(tmp_path / "avatars", photos=("obama", "obama-later"))
    lora = tmp_path / "lora.safetensors"
    make_lora(sketch_path, lora)
    token = folder.read().token
    ModelStore(default_store(folder.path.parent), token).put(people.KEY, lora)
    return folder


def asked(server: Server, **changes: Any) -> MakeAsked:
    values: dict[str, Any] = {"prompt": WISH, "count": 2, "server": server.url, "settings": FEW}
    return MakeAsked(**(values | changes))


def the_run(folder: Folder) -> Path:
    (run,) = folder.made.iterdir()
    return run


def manifest(folder: Folder) -> list[dict[str, str]]:
    text = (the_run(folder) / "manifest.csv").read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def graphs(folder: Folder) -> list[dict[str, dict[str, Any]]]:
    """The API graphs that the pictures carry, by class."""
    found: list[dict[str, dict[str, Any]]] = []
    for row in manifest(folder):
        with Image.open(the_run(folder) / row["file"]) as image:
            api = json.loads(image.info["prompt"])
        found.append({one["class_type"]: one["inputs"] for one in api.values()})
    return found


def test_a_wish_becomes_pictures_by_the_persons_lora(anna: Folder, server: Server):
    outcome = make(anna, asked(server), lambda _: None)
    assert (outcome.done, outcome.failed, outcome.complete) == (2, 0, True)
    token = anna.read().token
    rows = manifest(anna)
    assert [(row["theme"], row["kind"], row["subject"]) for row in rows] == [
        ("avatar", "portraits", WISH)
    ] * 2
    front = f"(photo of ohwx man:1.05), {WISH}, "
    assert all(row["prompt"].startswith(front) for row in rows)
    assert rows[0]["prompt"] != rows[1]["prompt"], "each has words of its own"
    assert rows[0]["seed"] != rows[1]["seed"]
    assert all("deformed" in row["negative"] for row in rows)
    for graph in graphs(anna):
        lora = f"stockwright_people/{token}/{people.KEY}.safetensors:0.9"
        assert graph["StockwrightLoraStack"]["loras"] == lora
        assert graph["StockwrightSaveImage"]["folder"].startswith(f"stockwright/people/{token}/")
    assert list(list_loras(server, token)) == [people.KEY]
    assert reached(anna).servers == (server.url,)
    modes = {path.stat().st_mode & 0o777 for path in the_run(anna).rglob("*") if path.is_file()}
    assert modes == {0o600}
    # Nobody is named on the server, in a picture or in the order.
    base = [HOME / "base" / name for name in ("input", "output", "temp", "user")]
    signs = {"name": people.NAME.encode()}
    assert people.holding([*base, *HOME.glob("*.log"), the_run(anna) / "images"], signs).keys() <= {
        str(path) for path in (the_run(anna) / "images").rglob("*")
    }
    for path in [the_run(anna) / "order.yaml", *(the_run(anna) / "images").rglob("*.png")]:
        assert people.NAME.encode() not in path.read_bytes()


def test_the_same_call_goes_on_where_it_stopped(anna: Folder, server: Server):
    events: list[Event] = []

    def stop(event: Event) -> None:
        if isinstance(event, GraphQueued):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(anna, asked(server, batch=1), stop)
    assert make(anna, asked(server, batch=1), events.append).done == 2
    assert not any(isinstance(event, ThemePlanned) for event in events), "it was planned before"
    first = [row["sha256"] for row in manifest(anna)]
    (the_run(anna) / manifest(anna)[0]["file"]).unlink()
    assert make(anna, asked(server, batch=1), lambda _: None).done == 2
    assert len(first) == len(manifest(anna)) == 2
    assert manifest(anna)[1]["sha256"] == first[1]
    # What is judged meanwhile changes no run that is there.
    rate(anna, the_run(anna) / manifest(anna)[1]["file"], liked=True)
    events.clear()
    make(anna, asked(server, batch=1), events.append)
    assert not any(isinstance(event, GraphQueued) for event in events)


def test_what_is_not_like_the_person_is_made_again_up_to_a_cap(
    anna: Folder, server: Server, tmp_path: Path
):
    faces.identity()  # fetches the network
    quality = tmp_path / "quality.yaml"
    quality.write_text("likeness: {from: 0}\n")  # the small checkpoint draws no faces
    events: list[Event] = []
    outcome = make(anna, asked(server, quality=quality, extra_tries=3), events.append)
    assert (outcome.done, outcome.rejected) == (0, 5)
    assert dict(outcome.lacking) == {("avatar", "portraits"): 2}
    rejected = [event for event in events if isinstance(event, PictureRejected)]
    assert [event.reasons for event in rejected] == [["likeness"]] * 5
    told = [json.loads(path.read_text()) for path in (the_run(anna) / "rejected").rglob("*.json")]
    assert len({one["seed"] for one in told}) == 5
    assert len({one["prompt"] for one in told}) == 2
    assert {one["scores"]["likeness"] for one in told} == {0.0}
    assert outcome.report is not None and "Likeness" in outcome.report.read_text()


@pytest.fixture
def yandex() -> Iterator[YandexServer]:
    with YandexServer() as service:
        service.words = {"космонавт": "cosmonaut", " на Луне": " on the Moon", "флаг": "flag"}
        yield service


@pytest.fixture
def translating(tmp_path: Path, yandex: YandexServer) -> Iterator[Server]:
    """A server that has a key for Yandex Translate."""
    home = make_home(tmp_path / "home")
    env = os.environ | {
        "STOCKWRIGHT_HOME": str(home),
        "YANDEX_TRANSLATE_KEY": KEY,
        "YANDEX_TRANSLATE_URL": yandex.url,
    }
    command = [sys.executable, str(places.ROOT / "driver" / "embedded.py")]
    for do in ("install", "start"):
        done = subprocess.run(
            [*command, do], env=env, check=True, capture_output=True, text=True, cwd=places.ROOT
        )
    found = re.search(r"http://[\w.:]+", done.stdout)
    assert found, done.stdout
    yield Server(found[0].rstrip("."))
    subprocess.run([*command, "stop"], env=env, check=True, capture_output=True)


def test_a_russian_wish_in_a_style(anna: Folder, translating: Server, yandex: YandexServer):
    events: list[Event] = []
    wish = "космонавт на Луне, флаг"
    outcome = make(anna, asked(translating, prompt=wish, style="film", count=1), events.append)
    assert outcome.done == 1
    (row,) = manifest(anna)
    assert row["subject"] == "cosmonaut on the Moon, flag"
    style = "35mm film photo, fine grain, muted colors"
    front = f"(photo of ohwx man:1.05), cosmonaut on the Moon, flag, {style}, "
    assert row["prompt"].startswith(front)
    assert "oversaturated" in row["negative"]
    assert yandex.texts == ["космонавт на Луне", "флаг"], "and nothing of the person"
    (planned,) = [event for event in events if isinstance(event, ThemePlanned)]
    assert planned.notes == ["In English: cosmonaut on the Moon, flag"]
    assert the_run(anna).name.startswith("космонавт-на-луне-флаг-")


def test_without_a_service_a_russian_wish_says_what_to_set(anna: Folder, server: Server):
    with pytest.raises(PlanFailed) as caught:
        make(anna, asked(server, prompt="космонавт на Луне"), lambda _: None)
    assert "YANDEX_TRANSLATE_KEY" in caught.value.hint
    assert "--llm URL or FILE" in caught.value.hint
    assert "[translation-unavailable]" not in str(caught.value)
    assert not list(anna.made.iterdir()), "nothing came to be"


# --instant


def test_instant_names_what_it_needs_and_leaves_nothing(anna: Folder, server: Server):
    with pytest.raises(PreflightFailed) as error:
        make(anna, asked(server, instant=True), lambda _: None)
    for name in ("photomaker-v1.safetensors", "photomaker-v1-lora", "sd_xl_base_1.0"):
        assert name in error.value.what
    assert "models/photomaker" in error.value.what
    assert "driver/models.py pull avatar" in error.value.hint
    assert not list(anna.made.iterdir())
    assert not people.holding([HOME / "base" / "input"], people.signs(anna))


@pytest.fixture
def painting(tmp_path: Path, object_info: dict[str, Any], sketch_path: Path) -> Iterator[Path]:
    """avatar_instant.json with a plain encoder in place of PhotoMaker's, which only knows SDXL; the
    references are looked at, and all else is as it is."""
    api = to_api(load_graph(places.WORKFLOWS / "avatar_instant.json"), object_info)
    (photos,) = [i for i, one in api.items() if one["class_type"] == "StockwrightPersonPhotos"]
    for node_id, one in list(api.items()):
        if one["class_type"] == "PhotoMakerLoader":
            del api[node_id]
        if one["class_type"] == "StockwrightPhotoMakerEncode":
            one["class_type"] = "CLIPTextEncode"
            one["inputs"] = {name: one["inputs"][name] for name in ("clip", "text")}
    api["look"] = node("PreviewImage", images=[photos, 2])
    path = tmp_path / "painting.json"
    path.write_text(json.dumps(api))
    lora = places.MODELS / "loras" / load_making().instant.lora
    make_lora(sketch_path, lora)
    yield path
    lora.unlink()


def test_instant_shows_the_best_photos_and_takes_them_away(
    anna: Folder, server: Server, painting: Path
):
    one = asked(server, instant=True, workflow=painting, checkpoint="sketch", strength=0.8)
    outcome = make(anna, one, lambda _: None)
    assert outcome.done == 2
    token = anna.read().token
    for row, graph in zip(manifest(anna), graphs(anna), strict=True):
        assert row["prompt"].startswith(f"photo of a man photomaker , {WISH}, ")
        assert graph["StockwrightPersonPhotos"]["folder"] == f"stockwright/people/{token}/instant"
        assert graph["StockwrightLoraStack"]["loras"] == f"{load_making().instant.lora}:0.8"
        (job,) = json.loads(graph["StockwrightTranslatePrompt"]["prompt"])
        assert job["prompt"] == row["prompt"]
    assert not people.holding([HOME / "base" / "input"], people.signs(anna))


# What is asked


@pytest.mark.parametrize("wish", ["Anna-Karenina-7 on the Moon", "портрет anna-karenina-7, море"])
def test_the_name_stays_here(anna: Folder, server: Server, wish: str):
    with pytest.raises(AvatarInvalid, match="person's name"):
        make(anna, asked(server, prompt=wish), lambda _: None)


@pytest.mark.parametrize(
    "changes", [{"prompt": " , "}, {"strength": 0.0}, {"strength": 1.6}, {"strength": -1.0}]
)
def test_what_cannot_be_is_told(anna: Folder, server: Server, changes: dict[str, Any]):
    with pytest.raises(AvatarInvalid):
        make(anna, asked(server, **changes), lambda _: None)


def test_nobody_and_no_model_are_told(anna: Folder, server: Server):
    with pytest.raises(AvatarUnknown, match="nobody of this name"):
        make(Folder("someone", anna.path.parent), asked(server), lambda _: None)
    with pytest.raises(AvatarUnknown, match=r"sd_xl_base") as error:
        make(anna, asked(server, checkpoint="sd_xl_base_1.0.safetensors"), lambda _: None)
    assert "avatar.py train" in error.value.hint


def test_one_strength_sets_both():
    strength = load_making().strength
    weights = {s: strength.weight(s) for s in (0.2, 0.8, 0.9, 1.0, 1.5)}
    assert weights == {0.2: 0.8, 0.8: 1.0, 0.9: 1.05, 1.0: 1.1, 1.5: 1.2}


def test_a_styles_loras_make_room_for_the_person():
    making = load_making()
    style = (LoraUse("film", 0.4), LoraUse("grain", -0.2))
    assert making.balanced(0.9, style) == style
    assert making.balanced(1.2, style) == (LoraUse("film", 0.2), LoraUse("grain", -0.1))
    assert [use.strength for use in making.balanced(1.5, style)] == [0.0, 0.0]
    assert making.balanced(1.5, ()) == ()
