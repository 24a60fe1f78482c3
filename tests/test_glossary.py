"""The glossary: which terms stand in a text, and what a designer may write."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockwright.core.errors import TranslationInvalid
from stockwright.core.glossary import Glossary, load_glossary
from stockwright.core.languages import is_latin

PROMPTS = Path(__file__).parent.parent / "prompts"


def test_the_packs_glossary():
    glossary = load_glossary([PROMPTS])
    assert len(glossary.terms) >= 40
    assert all(is_latin(english) and not is_latin(term) for term, english in glossary.terms.items())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("чашка в Золотом Часе", ["золотой час"]),
        ("съемка сверху", ["съёмка сверху"]),
        ("час золотой", []),
        ("золотые часы", ["золотой час"]),
        ("золото", []),
        ("боке и длинная выдержка", ["длинная выдержка", "боке"]),
    ],
)
def test_terms_are_found_in_any_form(text: str, found: list[str]):
    terms = ("золотой час", "съёмка сверху", "боке", "длинная выдержка")
    pairs = Glossary(dict.fromkeys(terms, "x")).pairs_in(text)
    assert [term for term, _ in pairs] == found


def test_the_users_terms_win(tmp_path: Path):
    lines = ("боке: creamy bokeh", "здание: building", "")
    (tmp_path / "glossary.yaml").write_text("\n".join(lines), "utf-8")
    terms = load_glossary([tmp_path, PROMPTS, tmp_path / "none"]).terms
    assert terms["боке"] == "creamy bokeh"
    assert (terms["здание"], terms["синий час"]) == ("building", "blue hour")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("- боке", "must be a mapping"),
        ("боке:", "is empty"),
        ("'!': x", "no letters"),
        (f"боке: {'x' * 201}", "more than 200"),
        ("боке: [a]", "one line of text"),
    ],
)
def test_glossaries_with_faults(tmp_path: Path, text: str, what: str):
    (tmp_path / "glossary.yaml").write_text(text, "utf-8")
    with pytest.raises(TranslationInvalid, match=what) as raised:
        load_glossary([tmp_path])
    assert "glossary.yaml" in raised.value.where
