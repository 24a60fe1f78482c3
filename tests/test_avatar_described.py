"""Captions by a language model that sees, behind a server of the real protocol."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from driver.avatars import intake
from driver.avatars.captions import load_captions
from driver.avatars.people import Folder, Person
from driver.errors import IntakeFailed
from stockwright.core.errors import LLMInvalid
from stockwright.core.portraits import Looks
from tests import portraits
from tests.llmserver import LLMServer, Reply
from tests.test_avatar_intake import SMALL

SEEN = ["dark blue suit", "short grey hair", "office with a flag", "soft window light"]
NAME = "anna-secret"


def seen(body: dict[str, Any]) -> str:
    return "".join(f"- {phrase}\n" for phrase in SEEN)


@pytest.fixture(scope="module", autouse=True)
def _one_process() -> Iterator[None]:
    with portraits.one_process(SMALL):
        yield


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return portraits.photos(tmp_path_factory.mktemp("given"))[:2]


def add(folder: Folder, files: list[Path], captions: str | None) -> Person:
    return intake.add_photos(
        folder, files, consent="she agreed", word="woman", least=1,
        models=portraits.MODELS, report=lambda _: None, intake=SMALL, captions=captions,
    )  # fmt: skip


def texts(folder: Folder) -> list[str]:
    crops = folder.read().crops
    return [(folder.path / crop.file).with_suffix(".txt").read_text() for crop in crops]


def test_clothes_and_place_are_told_in_its_words(tmp_path: Path, photos: list[Path]):
    folder = Folder(NAME, tmp_path)
    with LLMServer() as server:
        server.answer = seen
        person = add(folder, photos, server.url)
        asked = server.chats
        assert add(folder, [], None) == person, "it is kept, and not asked again"
        assert len(server.chats) == len(asked) == len(person.crops)
    for text in texts(folder):
        assert "ohwx woman" in text.partition(",")[0]
        assert all(phrase in text for phrase in SEEN if "hair" not in phrase)
        assert "hair" not in text and "background" not in text and "wearing" not in text
    for body in asked:
        assert NAME not in json.dumps(body)
        question = body["messages"][-1]["content"]
        assert "clothes" in question[0]["text"]
        head, data = question[1]["image_url"]["url"].split(",")
        assert head == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as sent:
            assert (sent.format, sent.size, dict(sent.getexif())) == ("JPEG", (128, 128), {})
    written = add(folder, [], "")
    assert (written.captions, written.photos) == ("", person.photos)
    assert written.cropped == person.cropped, "it is no reason to train again"
    assert not any(phrase in text for text in texts(folder) for phrase in SEEN)


def test_a_model_that_does_not_answer_leaves_all_as_it_was(tmp_path: Path, photos: list[Path]):
    folder = Folder(NAME, tmp_path)
    before = add(folder, photos, None), texts(folder)
    with LLMServer() as server:
        server.always = Reply(400, '{"error": {"message": "this model takes no pictures"}}')
        with pytest.raises(IntakeFailed, match="this model takes no pictures") as caught:
            add(folder, [], server.url)
    assert caught.value.where == f"{server.url}/v1"
    assert "--captions templates" in caught.value.hint
    assert (folder.read(), texts(folder)) == before
    with pytest.raises(LLMInvalid):
        add(folder, [], "http://anna:secret@localhost:1")
    assert (folder.read(), texts(folder)) == before


def test_only_plain_words_that_are_not_about_the_person_get_in():
    captions = load_captions().without("barack-o")
    said = [
        "i'm sorry, but i can't assist with that", "two women smiles", "old brick wall",
        "barack speaking", "a very long sentence of many words about nothing", "blonde braids",
        "crew neck sweater", "photo 2", "сад",
    ]  # fmt: skip
    looks = Looks("front", "soft", "grey", "plain", "", False)
    text = captions.of("ab" * 32, "portrait", looks, "man", said)
    phrases = set(text.split(", ")[1:])
    assert {phrase for phrase in said if phrase in phrases} == {"crew neck sweater"}
    assert len(phrases) == 2


def test_what_is_only_of_the_person_is_left_to_templates(tmp_path: Path, photos: list[Path]):
    folder = Folder(NAME, tmp_path)
    with LLMServer() as server:
        server.answer = lambda body: "- young woman\n- brown eyes\n"
        add(folder, photos[:1], server.url)
    plain = Folder("boris", tmp_path)
    add(plain, photos[:1], None)
    assert texts(folder) == texts(plain)
