"""`themes.py`: what check tells of files, and the file that a draft makes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from driver import themes
from driver.places import PROMPTS
from driver.session import Asked
from driver.theme_checks import prompt_files
from driver.theme_drafts import draft_text, drafted
from stockwright.core.errors import ThemeInvalid
from stockwright.core.jobs import Job
from stockwright.core.kinds import load_kinds
from stockwright.core.themes import find_theme, load_themes, parse_theme, read_theme

KINDS = [kind.name for kind in load_kinds([PROMPTS])]
WRECK = """\
title: Underwater archaeology
aliases: [wrecks, food]
avoid: shark
seeds:
  items: [bronze anchor, Bronze anchors,
    control room, shark tooth, with a jar]
  interior: [diving bell]
  exteriors:
    - sunken statues
    - online harbor
"""

TOLD = [
    (2, "aliases", "'food' names 2 themes"),
    (5, "items", "advice: 5 seeds for items, fewer than 30"),
    (5, "items", "advice: 'Bronze anchors' is the same subject as 'bronze anchor'"),
    (6, "items", "advice: 'control room' holds 'room'. kinds.yaml has it for items"),
    (6, "items", "advice: 'shark tooth' holds a phrase that the theme avoids"),
    (6, "items", "advice: 'with a jar' does not have the form of a subject"),
    (7, "interior", "there is no kind 'interior'. Did you mean 'interiors' or 'exteriors'?"),
    (4, "seeds", "advice: 0 seeds for interiors, fewer than 30"),
    (8, "exteriors", "advice: 2 seeds for exteriors, fewer than 30"),
    (9, "exteriors", "advice: 'sunken statues' ends with 'statues', which names none of"),
    (10, "exteriors", "advice: 'online harbor' holds 'online'. llm.yaml has it"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A prompts folder of one's own."""
    shutil.copytree(PROMPTS, tmp_path / "prompts")
    return tmp_path / "prompts"


def check(capsys: pytest.CaptureFixture[str], *files: Path) -> tuple[int, list[str]]:
    code = themes.main(["check", *map(str, files)])
    return code, capsys.readouterr().out.splitlines()


def job(kind: str, subject: str, origin: str = "") -> Job:
    return Job.create(
        theme="x", kind=kind, subject=subject, prompt=subject, negative="", seed=1, origin=origin
    )


def test_all_that_comes_along_is_in_order(capsys: pytest.CaptureFixture[str]):
    code, lines = check(capsys)
    assert lines == ["21 files: 0 faults, 0 pieces of advice"]
    assert code == 0


def test_list_counts_what_each_theme_has(capsys: pytest.CaptureFixture[str]):
    assert themes.main(["list"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert rows.keys() - {"id"} == {theme.id for theme in load_themes([PROMPTS])}
    food = find_theme("food", load_themes([PROMPTS]))
    assert food
    numbers = [len(food.areas), *(len(food.seeds_of(kind)) for kind in KINDS)]
    assert "Еда и рестораны" in rows["food"]
    assert rows["food"].split()[-len(numbers) :] == [str(number) for number in numbers]


def test_a_theme_is_told_line_by_line(folder: Path, capsys: pytest.CaptureFixture[str]):
    path = folder / "themes" / "wreck.yaml"
    path.write_text(WRECK)
    code, lines = check(capsys, path)
    assert code == 2
    for line, key, said in TOLD:
        start = f"{path}, line {line}, key {key}: {said}"
        assert [text for text in lines if text.startswith(start)], (start, lines)
    assert lines[-1] == "1 file: 2 faults, 9 pieces of advice"


def test_advice_is_no_fault(folder: Path, capsys: pytest.CaptureFixture[str]):
    path = folder / "themes" / "tea.yaml"
    path.write_text("title: Tea ceremony\n")
    code, lines = check(capsys, path)
    assert code == 0
    assert lines[-1] == f"1 file: 0 faults, {len(KINDS)} pieces of advice"


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        (
            "themes/food.yaml",
            "look:",
            "lock:",
            "key lock: unknown key 'lock'. Did you mean 'look'?",
        ),
        ("themes/food.yaml", "id: food", "id: [", "not valid YAML"),
        ("kinds.yaml", "share: 60", "share: 61", "101"),
        ("kinds.yaml", "\n  negative:", "\n  negativ:", "Did you mean 'negative'?"),
        ("llm.yaml", "patience:", "patients:", "Did you mean 'patience'?"),
        ("forbidden.yaml", "brands:", "brand:", "Did you mean 'brands'?"),
        ("glossary.yaml", ": bokeh", ": [bokeh]", "must be one line of text"),
        ("quality.yaml", "\nblur:", "\nblurr:", "Did you mean 'blur'?"),
        ("modifiers/contradictions.yaml", "\nlens:", "\nweather:", "'weather' stands twice"),
    ],
)
def test_a_fault_is_told_with_file_line_and_suggestion(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    before: str,
    after: str,
    said: str,
):
    path = folder / name
    path.write_text(path.read_text("utf-8").replace(before, after, 1), "utf-8")
    code, lines = check(capsys, path)
    assert code == 2
    assert [line for line in lines if line.startswith(f"{path}, line ") and said in line]


def test_a_fault_in_a_table_of_modifiers_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    path = folder / "modifiers" / "mine.json"
    path.write_text('{"format": "other"}')
    code, lines = check(capsys, path)
    assert code == 2
    assert lines[0].startswith(f"{path}: is no table of modifiers")
    assert {path, path.with_name("contradictions.yaml"), folder / "glossary.yaml"} <= {
        *prompt_files(folder)
    }
    monkeypatch.chdir(path.parent)
    Path("contradictions.yaml").write_text("time: [night]\n")
    code, lines = check(capsys, Path("contradictions.yaml"))
    assert code == 2 and "key time: has one side" in lines[0]


def test_what_is_not_english_is_a_fault(folder: Path, capsys: pytest.CaptureFixture[str]):
    path = folder / "themes" / "tea.yaml"
    path.write_text(
        "title: Tea ceremony\ntitle_ru: Чайная\naliases: [чай]\nabout: чай и пиалы\n"
        "look: тепло\nareas: [tea house, чайный дом]\nseeds:\n  items: [чайник]\n",
        "utf-8",
    )
    code, lines = check(capsys, path)
    assert code == 2
    for line, key, text in (
        (4, "about", "чай и пиалы"),
        (5, "look", "тепло"),
        (6, "areas", "чайный дом"),
        (8, "items", "чайник"),
    ):
        start = f"{path}, line {line}, key {key}: {text!r} is not English. Write it in English."
        assert sum(told.startswith(start) for told in lines) == 1, lines
    assert lines[-1].startswith("1 file: 4 faults, 3 pieces of advice")


def test_a_kind_of_ones_own_has_seeds(folder: Path, capsys: pytest.CaptureFixture[str]):
    kinds = folder / "kinds.yaml"
    text = kinds.read_text("utf-8").replace("share: 60", "share: 50", 1)
    kinds.write_text(text + "dishes: {share: 10, ask: dishes, prompt: 'a {subject}'}\n", "utf-8")
    path = folder / "themes" / "food.yaml"
    path.write_text(path.read_text("utf-8") + "  dishes: [apple pie]\n", "utf-8")
    code, lines = check(capsys, kinds, path)
    assert code == 0
    assert lines[0].endswith("Every second subject of a pool is one of them.")
    assert lines[1:] == ["2 files: 0 faults, 1 piece of advice"]


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for name in ("none.yaml", "kinds.yaml"):
        code, lines = check(capsys, tmp_path / name)
        assert code == 2
        assert lines[0].startswith(f"{tmp_path / name}: cannot be read")


def test_a_draft_has_what_was_planned():
    jobs = [
        job("interiors", "sunken cabin", "model, area ship wreck, call 1, temperature 0.80"),
        job("interiors", "diving lab", "model, area sea floor, call 2, temperature 0.80"),
        job("interiors", "sunken cabin", "theme file"),
        job("items", "bronze: anchor", "model, call 3, temperature 0.88"),
    ]
    theme = drafted("Underwater  archaeology", jobs)
    assert (theme.id, theme.title) == ("underwater-archaeology", "Underwater archaeology")
    assert theme.areas == ("ship wreck", "sea floor")
    assert theme.seeds_of("interiors") == ("sunken cabin", "diving lab")
    with pytest.raises(ThemeInvalid):
        drafted("?", jobs)


@pytest.mark.parametrize("title", ["Underwater archaeology", "Cafe: interior", "no", "Чай", "#1"])
def test_the_text_of_a_draft_is_that_theme(title: str):
    subjects = [f"wreck {number}" for number in range(40)]
    jobs = [job(kind, f"{s}, {kind}: [a]") for kind in (*KINDS, "a b: c") for s in subjects]
    jobs += [job("items", "buoy", f"model, area {area}") for area in ("deep sea", "on", "a: b")]
    theme = drafted(title, jobs)
    assert theme.areas == ("deep sea", "on", "a: b")
    text = draft_text(theme, "themes check")
    assert parse_theme(text) == theme
    assert all(len(line) <= 100 for line in text.splitlines())
    assert text.count("\n# ") >= 7


def test_new_writes_a_file_that_check_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """The planning itself, on a server, is tested with `submit.py --dry-run`."""
    orders: list[Asked] = []

    def planned(asked: Asked, report: object) -> tuple[list[Job], tuple[()]]:
        orders.append(asked)
        return [job(kind, f"{kind} room", "model, area reef, call 1") for kind in KINDS], ()

    monkeypatch.setattr(themes, "plan_only", planned)
    into = tmp_path / "mine" / "themes"
    line = ["new", "Underwater archaeology", "--into", str(into), "--llm", "http://gpu:8080"]
    assert themes.main(line) == 0
    said = capsys.readouterr().out
    path = into / "underwater-archaeology.yaml"
    assert f"{path}: 1 area, {len(KINDS)} seeds" in said
    assert f"check {path}" in said
    assert read_theme(path).areas == ("reef",)
    assert themes.main(["check", str(path)]) == 0
    (asked,) = orders
    order = asked.order
    assert order.llm == "http://gpu:8080/v1"
    assert set(order.kind_counts(order.count).values()) == {themes.SEEDS}

    path.write_text("# a day of work\n")
    capsys.readouterr()
    assert themes.main(line) == 2
    assert "there is such a file already" in capsys.readouterr().err
    assert path.read_text() == "# a day of work\n"
    assert len(orders) == 1


def test_new_does_not_shadow_a_theme(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert themes.main(["new", "Образование", "--into", str(tmp_path)]) == 2
    assert "names the theme 'Trainings and Education'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
