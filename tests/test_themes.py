"""Themes: the 13 that come along, finding one by any of its names, definitions and their faults."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from stockwright.core.errors import ThemeInvalid
from stockwright.core.kinds import load_kinds
from stockwright.core.naming import phrases
from stockwright.core.subjects import subject_keys
from stockwright.core.themes import Theme, find_theme, load_themes, new_theme, parse_theme

PROMPTS = Path(__file__).parent.parent / "prompts"
THEMES = load_themes([PROMPTS])
KINDS = load_kinds([PROMPTS])


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / "themes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_there_are_13_complete_themes() -> None:
    assert len(THEMES) == 13
    for theme in THEMES:
        assert theme.title_ru and theme.aliases and theme.about and theme.avoid, theme.id
        assert "\n" not in theme.about + theme.avoid
    titles = {theme.title for theme in THEMES}
    assert {"Business and office", "Medicine and health", "Trainings and Education"} <= titles


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
def test_themes_have_content_to_plan_with(theme: Theme) -> None:
    assert 10 <= len(set(theme.areas)) <= 16
    assert 15 <= len(set(phrases(theme.about))) <= 25
    assert 1 <= len(theme.look.split()) <= 4
    assert [name for name, _ in theme.seeds] == [kind.name for kind in KINDS]
    assert all(len(subjects) >= 30 for _, subjects in theme.seeds)


def test_no_subject_is_a_seed_of_two_kinds_or_themes() -> None:
    seeds = [seed for theme in THEMES for _, subjects in theme.seeds for seed in subjects]
    times = Counter(key for seed in seeds for key in subject_keys(seed))
    assert [seed for seed in seeds if any(times[key] > 1 for key in subject_keys(seed))] == []


def test_themes_are_told_apart_by_what_they_are_about() -> None:
    times = Counter(phrase for theme in THEMES for phrase in phrases(theme.about))
    assert [phrase for phrase, number in times.items() if number > 1] == []


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
def test_every_name_finds_its_theme_and_no_other(theme: Theme) -> None:
    for name in (theme.id, theme.title, theme.title_ru, *theme.aliases):
        assert find_theme(name, THEMES) is theme
        assert find_theme(f"  {name.upper()} ", THEMES) is theme


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
def test_every_long_word_of_a_title_finds_its_theme(theme: Theme) -> None:
    for word in f"{theme.title} {theme.title_ru}".split():
        if len(word) > 3:
            assert find_theme(word, THEMES) is theme


@pytest.mark.parametrize("text", ["Education", "образование", "ОБРАЗОВАНИЕ", "учеба", "education "])
def test_education_by_a_word(text: str) -> None:
    found = find_theme(text, THEMES)
    assert found and found.title == "Trainings and Education"


def test_an_unknown_theme_is_new() -> None:
    assert find_theme("Wedding", THEMES) is None
    assert parse_theme(" Wedding  cakes ", THEMES) == Theme(
        id="wedding-cakes", title="Wedding cakes"
    )
    assert parse_theme("Подводный мир", THEMES).title == "Подводный мир"


@pytest.mark.parametrize(
    "text",
    [
        "Travel: Asia", "Cafe: interior", "title:Cafe", "Title: Cafe", "about us", "кафе: зал",
        "- x", "- title: x", "[a", "{b", "{title", "123", "0x1F", "1e3", "2026-13-45", "yes",
        "null", "~a", "!b", "&c", "*d", "| e", "> f", "%g", "@h", "`i`", "? j", "# k", "---l", "'m",
        "p\\q", 'the "Old" bar', "'n' \"o\"", "party \N{PARTY POPPER}",
        "\N{ZERO WIDTH NO-BREAK SPACE}r", "茶" * 120, "a " * 60,
        "two\nlines", "many\r\n\n  lines\u2028and tabs\t", "a/b/../c",
        "x_y", "İstanbul", "ﬁnance ①",
    ],
)  # fmt: skip
def test_any_other_text_is_a_title_and_comes_back_the_same(text: str) -> None:
    theme = parse_theme(text, THEMES)
    assert theme == new_theme(text) and theme.title == " ".join(text.split())
    assert parse_theme(theme.to_yaml()) == theme
    assert parse_theme(theme.to_yaml(), THEMES) == theme
    assert len(theme.id.encode()) <= 120


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\N{PARTY POPPER}", "the theme has no letters or digits"),
        ("___", "the theme has no letters or digits"),
        ("\n" * 5000, "the theme is empty"),
        ("wedding " * 250, "has 1999 characters, more than 120"),
        ("a\x07b", r"the title holds '\\x07'"),
        ("a\udc80b", r"the title holds '\\udc80'"),
        ("about: the sea", "key title: is missing"),
        ("Cafe: interior\nabout: cups", "unknown key 'Cafe'"),
        ("Cafe interior\nabout: cups", "line 2: not valid YAML"),
        ("title: Cafe: interior", "into quotes"),
        ("title: " + "[" * 2000, "not valid YAML"),
    ],
)
def test_nonsense_is_named(text: str, message: str) -> None:
    with pytest.raises(ThemeInvalid, match=message):
        parse_theme(text, THEMES)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ('{"title":"Tea"}', "Tea"),
        ("{\n  title: Tea\n}", "Tea"),
        ("# mine\ntitle: 'Tea: green'", "Tea: green"),
        ("title: !x 2026-13-45", "2026-13-45"),
    ],
)
def test_a_definition_in_any_form(text: str, title: str) -> None:
    assert parse_theme(text, THEMES).title == title


def test_ambiguous_text_lists_the_candidates() -> None:
    with pytest.raises(ThemeInvalid, match=r"business \(Business and office\), .*medicine \("):
        find_theme("and", THEMES)


@pytest.mark.parametrize("text", ["", "  \n", "?!"])
def test_empty_text_is_refused(text: str) -> None:
    with pytest.raises(ThemeInvalid):
        parse_theme(text, THEMES)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
def test_a_definition_comes_back_the_same(theme: Theme) -> None:
    assert parse_theme(theme.to_yaml(), ()) == theme
    assert parse_theme(theme.to_yaml(), THEMES) == theme


def test_all_keys_come_back_the_same() -> None:
    theme = Theme(
        id="tea",
        title="Tea",
        areas=("tea house", "on"),
        seeds=(("items", ("tea pot: blue", "[cup]", "no")), ("people at work", ())),
        look="warm, {quiet}",
        people="no",
    )
    assert parse_theme(theme.to_yaml()) == theme
    assert theme.seeds_of("items")[1] == "[cup]"
    assert theme.seeds_of("people at work") == theme.seeds_of("interiors") == ()


def test_people_are_left_to_the_kinds_or_forbidden() -> None:
    assert parse_theme("title: Tea\npeople: No").people == "no"
    assert parse_theme("title: Tea").people == ""


def test_words_that_yaml_takes_for_other_things_stay_text() -> None:
    theme = parse_theme("title: 2026\naliases: [on, no, 7]\nabout: null")
    assert theme == Theme(id="2026", title="2026", aliases=("on", "no", "7"), about="null")
    assert parse_theme(theme.to_yaml()) == theme


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("id: a\ntitel: B", "", "Did you mean 'title'"),
        ("id: a", "key title", "is missing"),
        ("title: [a, b]", "key title", "one line of text"),
        ("title: A\naliases: [[b]]", "key aliases", "not text"),
        ("title: A\nid: Not An Id", "key id", "Write 'not-an-id'"),
        ("title: A\nabout: 'no end", "line", "not valid YAML"),
        ("- title: A", "", "must be a mapping"),
        ("title: A\nseeds: [a]", "line 2, key seeds", "must be a mapping"),
        ("title: A\nseeds:\n  items: [a,\n    [b]]", "line 4, key items", "not text"),
        ("title: A\npeople: maybe", "line 2, key people", "neither yes nor no"),
        ("title: A\npeople: yes", "line 2, key people", "leave the key out"),
        ("title: A\nlook: a b c d e f g", "line 2, key look", "7 words, more than 6"),
    ],
)
def test_faults_name_file_and_key(tmp_path: Path, text: str, where: str, message: str) -> None:
    path = write(tmp_path, "bad.yaml", text)
    with pytest.raises(ThemeInvalid) as caught:
        load_themes([tmp_path])
    assert str(path) in caught.value.where and where in caught.value.where
    assert message in str(caught.value)


def test_a_broken_definition_is_no_new_theme() -> None:
    with pytest.raises(ThemeInvalid, match="not valid YAML"):
        parse_theme("title: A\nabout: 'no end", THEMES)
    with pytest.raises(ThemeInvalid, match="unknown key"):
        parse_theme("title: A\nabuot: b", THEMES)


def test_the_first_folder_wins_and_a_missing_one_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "mine.yaml", "id: education\ntitle: My school")
    themes = load_themes([tmp_path / "none", tmp_path, PROMPTS])
    assert len(themes) == 13
    assert next(t for t in themes if t.id == "education").title == "My school"


def test_an_id_twice_in_a_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "title: Same")
    write(tmp_path, "b.yaml", "title: Same")
    with pytest.raises(ThemeInvalid, match=r"stands in a\.yaml too"):
        load_themes([tmp_path])
