"""What a file says of its picture, from its job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from driver import places
from stockwright.core.errors import SavingInvalid
from stockwright.core.forbidden import Forbidden
from stockwright.core.jobs import Job
from stockwright.core.keywords import (
    MOST_KEYWORDS,
    Languages,
    Vocabulary,
    check_words,
    cut,
    describe,
)
from stockwright.core.kinds import load_kinds
from stockwright.core.languages import is_latin
from stockwright.core.themes import load_themes

JOB = Job.create(
    theme="Medicine and health",
    kind="interiors",
    subject="dental clinic reception",
    prompt="dental clinic reception, medicine and health, empty interior, architectural photograph,"
    " clean and reassuring, wide angle 24mm lens, soft daylight from large windows,"
    " (masterpiece:1.2), <lora:film:0.5>, 8k, cinematic mood",
    negative="people",
    seed=1,
    axes=(
        ("view", "wide angle 24mm lens"),
        ("light", "soft daylight from large windows"),
        ("style", "retro 1970s design"),
    ),
)


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return Vocabulary.load([places.PROMPTS])


def test_a_picture_is_described_by_its_job(words: Vocabulary):
    told = describe(JOB, words, Languages.ENGLISH)
    assert told.title == {"en": "Dental clinic reception"}
    assert told.description == {
        "en": "Dental clinic reception, wide angle 24mm lens, soft daylight from large windows,"
        " retro 1970s design. Medicine and health, interiors."
    }
    assert told.keywords == (
        "dental clinic reception", "dental", "clinic", "reception", "medicine", "health",
        "interior", "wide angle", "soft daylight", "large windows", "retro design",
        "empty interior", "architectural photograph", "cinematic mood",
    )  # fmt: skip


def test_russian_comes_on_request(words: Vocabulary):
    told = describe(JOB, words, Languages.BOTH)
    assert told.title == {"en": "Dental clinic reception", "ru": "Медицина и здоровье: интерьер"}
    assert told.description["ru"].startswith("Стоматология, клиника, ресепшен, медицина, здоровье")
    assert told.description["en"] == describe(JOB, words, Languages.ENGLISH).description["en"]
    assert {"dental", "клиника", "мягкий дневной свет"} <= set(told.keywords)


def test_a_job_in_russian(words: Vocabulary):
    job = replace(
        JOB,
        theme="Бизнес и офис",
        kind="items",
        subject="красный стул",
        prompt="red chair",
        axes=(),
    )
    english = describe(job, words, Languages.ENGLISH)
    assert english.keywords == ("business", "office", "red chair")
    both = describe(job, words, Languages.BOTH)
    assert both.title["ru"] == "Красный стул"
    assert {"business", "red chair", "красный стул", "стул", "бизнес", "офис"} <= set(both.keywords)


def test_a_bare_prompt_is_enough(words: Vocabulary):
    prompt = "(a red chair:1.2) by a window, night"
    job = replace(JOB, theme="", kind="", subject="", prompt=prompt, axes=())
    told = describe(job, words, Languages.BOTH)
    assert told.title["en"] == "A red chair"
    assert told.keywords[:3] == ("red chair", "red", "chair")
    assert "стул" in told.keywords


def test_a_job_without_a_word_is_named_by_its_id(words: Vocabulary):
    job = replace(JOB, theme="", kind="", subject="", prompt="...", axes=())
    told = describe(job, words, Languages.BOTH)
    assert told.title == {"en": JOB.id[:1].upper() + JOB.id[1:]}


@pytest.mark.parametrize(
    "phrase", ["nike sneaker", "van gogh painting", "8k uhd", "masterpiece", "portrait of a man"]
)
def test_what_stock_sites_refuse_is_no_keyword(words: Vocabulary, phrase: str):
    told = describe(replace(JOB, prompt=f"a clinic, {phrase}"), words, Languages.BOTH)
    for word in told.keywords:
        assert word != phrase
        assert words.forbidden.reason(word, people=True) is None


def test_how_a_model_calls_a_person_is_no_keyword(words: Vocabulary):
    prompt = "(photo of ohwx woman:1.1), astronaut on the moon, soft light"
    found = describe(replace(JOB, prompt=prompt, axes=()), words, Languages.ENGLISH).keywords
    assert "soft light" in found
    assert not any("ohwx" in word for word in found)


def test_there_are_never_too_many(words: Vocabulary):
    names = ["a", "b", "c", "d", "e", "f", "g"]
    many = ", ".join(f"chair of {one}{other}x" for one in names for other in [*names, "h", "i"])
    job = replace(JOB, prompt=f"{many}, room, hall, office, building, bank, facade, workshop")
    for languages in Languages:
        told = describe(replace(job, subject=many.replace(",", "")), words, languages)
        assert len(told.keywords) == MOST_KEYWORDS
        assert len(set(told.keywords)) == MOST_KEYWORDS


def test_every_shipped_theme_and_kind_has_russian_words(words: Vocabulary):
    for theme in load_themes([places.PROMPTS]):
        for kind in load_kinds([places.PROMPTS]):
            subjects = theme.seeds_of(kind.name)
            job = replace(JOB, theme=theme.title, kind=kind.name, subject=subjects[0], axes=())
            told = describe(job, words, Languages.BOTH)
            assert theme.title_ru in told.title["ru"] or not is_latin(told.title["ru"])
            assert theme.title_ru.casefold().split()[0][:4] in told.description["ru"].casefold()


def test_most_words_of_shipped_subjects_are_known_in_russian(words: Vocabulary):
    subjects = [
        subject
        for theme in load_themes([places.PROMPTS])
        for _, seeds in theme.seeds
        for subject in seeds
    ]
    known = 0
    for subject in subjects:
        job = Job.create(theme="", kind="", subject=subject, prompt=subject, negative="", seed=1)
        known += "ru" in describe(job, words, Languages.BOTH).title
    assert known / len(subjects) > 0.7


def test_own_words_come_first(tmp_path: Path):
    (tmp_path / "keywords.yaml").write_text(
        "skip: [reception]\npraise: [cinematic mood]\nrussian: {clinics: поликлиника}", "utf-8"
    )
    words = Vocabulary.load([tmp_path, places.PROMPTS])
    told = describe(JOB, words, Languages.BOTH)
    assert not {"reception", "cinematic mood", "клиника"} & set(told.keywords)
    assert "поликлиника" in told.keywords


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("skipp: [a]", "unknown key 'skipp'"),
        ("russian: [a]", "must be a mapping"),
        ("russian: {room: [a]}", "must be one line of text"),
        ("[a]", "must be a mapping"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, said: str):
    (tmp_path / "keywords.yaml").write_text(text, "utf-8")
    with pytest.raises(SavingInvalid, match=said) as caught:
        Vocabulary.load([tmp_path])
    assert "keywords.yaml" in caught.value.where
    with pytest.raises(SavingInvalid, match=said):
        check_words([tmp_path / "gone" / "keywords.yaml", tmp_path / "keywords.yaml"])


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("short", 64, "short"),
        ("a red chair, by a window", 14, "a red chair"),
        ("красный стул", 15, "красный"),
        ("ж" * 40, 9, "жжжж"),
        ("", 5, ""),
    ],
)
def test_texts_are_cut_between_words(text: str, most: int, kept: str):
    assert cut(text, most) == kept


def test_no_forbidden_list_is_no_reason_to_fail():
    told = describe(JOB, Vocabulary(forbidden=Forbidden(())), Languages.BOTH)
    assert "clinic" in told.keywords
    assert "ru" not in told.title
