"""A language model as the translator, and which service is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stockwright.core.asking import Ask
from stockwright.core.errors import TranslationUnavailable
from stockwright.core.glossary import Glossary
from stockwright.engine import llm as engine
from stockwright.engine.interpreter import Interpreter
from stockwright.engine.llm import PromptLLM
from stockwright.engine.translation import AUTO, LANGUAGE_MODEL, YANDEX, Translator, choose
from stockwright.engine.yandex import Yandex

NO_TERMS = Glossary({})


@dataclass
class Model:
    """A model that knows `words`, or says `other`."""

    words: dict[str, str] = field(default_factory=dict)
    other: str | None = None
    fingerprint: str = "model 1"
    keep_loaded: bool = False
    is_open: bool = False
    asks: list[Ask] = field(default_factory=list)

    def __call__(self, asks: Sequence[Ask]) -> list[list[str]]:
        self.asks += asks
        return [self.say(ask.question.removeprefix("Translate into English: ")) for ask in asks]

    def say(self, text: str) -> list[str]:
        known = {"больница": "hospital", "красный стул": "red chair", "зимний лес": "winter forest"}
        said = (known | self.words).get(text, self.other)
        return [] if said is None else [said]

    def open(self, make_room: Callable[[int], None] | None = None) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False


def by_model(model: Model, folder: Path, glossary: Glossary = NO_TERMS) -> Translator:
    return Translator(lambda: choose(AUTO, lambda: None, model), folder, glossary)


def test_a_language_model_translates_and_is_remembered(tmp_path: Path):
    model = Model({"старый стол": "old table.", "боке": "bokeh"}, fingerprint="remembered")
    glossary = Glossary({"боке": "bokeh"})
    for _ in range(2):
        said = by_model(model, tmp_path, glossary).translate(["(старый стол:1.2), боке"])
        assert said == ["(old table:1.2), bokeh"]
    assert [ask.question[24:] for ask in model.asks[3:]] == ["старый стол", "боке"]
    assert model.asks[-1].turns[-1] == ("Translate into English: боке", "bokeh\n")
    assert {ask.lines for ask in model.asks} == {0}


def test_a_model_that_knows_no_russian_is_found_out(tmp_path: Path):
    model = Model({"больница": "I am a helpful assistant"}, "chair", fingerprint="no russian")
    with pytest.raises(
        TranslationUnavailable, match=r"does not know Russian.*'больница'.*hospital"
    ):
        by_model(model, tmp_path).translate(["стул"])
    assert len(model.asks) == 3


@pytest.mark.parametrize("said", [None, "", "  ", "стул", "x" * 60])
def test_what_cannot_be_a_translation_is_asked_again_and_refused(tmp_path: Path, said: str | None):
    model = Model({"лампа": "lamp"}, said, fingerprint=f"odd {said}")
    with pytest.raises(TranslationUnavailable, match="no English text came for 'стул'"):
        by_model(model, tmp_path).translate(["стул, лампа"])
    tries = [ask for ask in model.asks if ask.question.endswith("стул") and ask.turns][-3:]
    assert [ask.temperature for ask in tries] == sorted({ask.temperature for ask in tries})
    model.other = "chair"
    assert by_model(model, tmp_path).translate(["стул, лампа"]) == ["chair, lamp"]


def test_models_do_not_share_their_translations(tmp_path: Path):
    for name in ("one", "two"):
        model = Model({"стол": f"table {name}"}, fingerprint=name)
        assert by_model(model, tmp_path).translate(["стол"]) == [f"table {name}"]


def test_other_languages_are_put_to_the_model_as_they_are(tmp_path: Path):
    model = Model({"赤い椅子": "red chair"}, fingerprint="japanese")
    assert by_model(model, tmp_path).translate(["赤い椅子"]) == ["red chair"]
    assert len(model.asks) == 1


def test_the_small_model_says_honestly_that_it_cannot(llm_path: Path, tmp_path: Path):
    service = Interpreter(PromptLLM(str(llm_path)))
    try:
        with pytest.raises(TranslationUnavailable, match="does not know Russian"):
            Translator(lambda: service, tmp_path, NO_TERMS).translate(["Подводная археология"])
    finally:
        engine.close_all()


def test_auto_takes_yandex_where_there_is_a_key():
    yandex = Yandex("key")
    model = Model()
    assert choose(AUTO, lambda: yandex, model) is yandex
    assert choose(YANDEX, lambda: yandex, model) is yandex
    assert choose(AUTO, lambda: None, model) == Interpreter(model)
    assert choose(LANGUAGE_MODEL, lambda: yandex, model) == Interpreter(model)


@pytest.mark.parametrize(
    ("service", "hints"),
    [
        (AUTO, ("YANDEX_TRANSLATE_KEY", "translate.yaml", "Load Prompt LLM")),
        (YANDEX, ("YANDEX_TRANSLATE_KEY", "translate.yaml")),
        (LANGUAGE_MODEL, ("Load Prompt LLM",)),
    ],
)
def test_without_a_service_the_error_says_what_to_set(service: str, hints: tuple[str, ...]):
    model = None if service != YANDEX else Model()
    with pytest.raises(TranslationUnavailable, match="no service is set up") as raised:
        choose(service, lambda: None, model)
    assert all(hint in raised.value.hint for hint in hints)
