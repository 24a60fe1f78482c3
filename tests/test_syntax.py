"""Prompt syntax and languages: what is words, what stays, and what is taken for English."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from stockwright.core.errors import TranslationInvalid
from stockwright.core.languages import check_language, is_latin, source_language
from stockwright.core.syntax import is_json_list, plain, split

FRAGMENTS = [
    "красный стул",
    "a chair",
    "ёлка",
    "Zürich",
    "猫",
    *"()[]{}<>|:;,.$\\_-\n\t \r\u00a0",
    ":1.2",
    "embedding:",
    "embedding:плохие_руки",
    "<lora:имя модели:0.8>",
    "BREAK",
    "AND",
    "%date:dd.MM.yy%",
    "%",
    "https://сайт.рф/стул?a=1",
    "__цвет__",
    "__",
    "\\(",
    "2$$",
    "e\u0301",
    "\N{DOG}",
    "\ud800",
]


def phrases(prompt: str) -> list[str]:
    return [piece.text for piece in split(prompt) if piece.is_phrase]


def random_prompts(count: int) -> Iterator[str]:
    rng = Random(count)
    for _ in range(count):
        yield "".join(rng.choices(FRAGMENTS, k=rng.randrange(40)))


def test_joined_pieces_are_the_prompt():
    for prompt in random_prompts(2000):
        pieces = split(prompt)
        assert "".join(piece.text for piece in pieces) == prompt
        assert all(piece.text for piece in pieces)


def test_what_stands_in_for_a_phrase_brings_no_syntax():
    for prompt in random_prompts(1000):
        text = plain(prompt)
        kept = {piece.text.strip() for piece in split(text) if not piece.is_phrase}
        assert not kept & {*"()[]{}<>|:;$\\", "BREAK", "AND"}, prompt
        assert not any(
            text.startswith(("__", "embedding:", "<lora", "http", "%d")) for text in kept
        ), prompt
        assert "\n" not in text


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("красный стул", ["красный стул"]),
        ("(красный стул:1.2), около окна", ["красный стул", "около окна"]),
        ("((стул)), [стол], (((лампа:1.3)))", ["стул", "стол", "лампа"]),
        ("[замок:руины:0.5]", ["замок", "руины"]),
        ("{красный|синий} стул", ["красный", "синий", "стул"]),
        ("{2$$красный|синий}", ["красный", "синий"]),
        ("{0.5::красный|синий}", ["красный", "синий"]),
        ("__цвет__ стул, __цвет/тёплый__", ["стул"]),
        ("стул, embedding:плохие_руки, (embedding:имя:1.2)", ["стул"]),
        ("<lora:Имя модели:0.8> стул <lyco:x>", ["стул"]),
        ("стул BREAK стол AND лампа", ["стул", "стол", "лампа"]),
        (r"картина \(масло\), стул", ["картина", "масло", "стул"]),
        ("  стул ,  около окна. \n", ["стул", "около окна"]),
        ("«Кафе», 85 мм, 2024, (1.2)", ["Кафе", "85 мм"]),
        ("5 < 6 стульев", ["5 < 6 стульев"]),
        ("стул %date:yyyy-MM-dd% стол, %Узел.seed%", ["стул", "стол"]),
        ("%KSampler.seed% стул, %width%", ["стул"]),
        ("100% хлопок, 50% шерсть", ["100% хлопок", "50% шерсть"]),
        ("стул (https://site.org/стул?a=b:c), www.сайт.рф/лампа, стол", ["стул", "стол"]),
        ("breakfast and bread", ["breakfast and bread"]),
        ("", []),
        (" ,,(:1.2) ", []),
    ],
)
def test_phrases(prompt: str, words: list[str]):
    assert phrases(prompt) == words


def test_brackets_of_a_prompt_are_no_json():
    assert is_json_list(' [\n {"prompt": "a chair"}]')
    for prompt in (
        "[{red|blue} chair:castle:0.5]",
        "[castle:ruin:0.5]",
        "[ {day|night} ]",
        '["a"]',
    ):
        assert not is_json_list(prompt)


def test_a_mark_at_the_end_belongs_to_its_letter():
    assert phrases("чаи\u0306, лес") == ["чаи\u0306", "лес"]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("room (living): [big]\n{a|b}", "room living big a b"),
        ("RED AND BLUE BREAK", "RED and BLUE break"),
        ("a __chair__ <b>.", "a chair b"),
        ("large, bright room.", "large, bright room"),
        ("100% cotton, %width%", "100% cotton, width%"),
        ("  ", ""),
    ],
)
def test_plain(text: str, safe: str):
    assert plain(text) == safe


@pytest.mark.parametrize(
    ("text", "named", "code"),
    [
        ("красный стул", "auto", "ru"),
        ("стул Eames", "auto", "ru"),
        ("червоний стілець", "auto", ""),
        ("赤い椅子", "auto", ""),
        ("a red chair", "auto", None),
        ("ein roter Stuhl für Gäste", "auto", None),
        ("β-carotene, 5 μm, Ω", "auto", None),
        ("ελιά", "auto", ""),
        ("ein roter Stuhl", "de", "de"),
        ("красный стул", "uk", "uk"),
        ("a red chair", "ru", None),
        ("a red chair", "sr", None),
        ("красный стул", "en", None),
        ("1990 - 2000", "de", None),
        ("50 m\u00b2, \N{DOG} 1 \u2116", "auto", None),
    ],
)
def test_source_language(text: str, named: str, code: str | None):
    assert source_language(text, named) == code


def test_latin():
    assert is_latin("Zürich, naïve, ﬁn, \N{DOG} 5 μm")
    assert not is_latin("a стул")


@pytest.mark.parametrize(("named", "code"), [(" RU ", "ru"), ("auto", "auto"), ("mhr", "mhr")])
def test_language_codes(named: str, code: str):
    assert check_language(named) == code


@pytest.mark.parametrize("named", ["", "Russian", "r", "ru,de", "русский"])
def test_what_is_no_language_code(named: str):
    with pytest.raises(TranslationInvalid, match="no language code"):
        check_language(named)
