"""Answers that are kept on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest

from stockwright.core.asking import Ask
from stockwright.engine.answers import Answers

ASK = Ask(
    system="s",
    turns=(("q", "a"),),
    question="q",
    opening="",
    grammar="g",
    max_tokens=3,
    temperature=0.5,
    seed=1,
    lines=2,
)


class Model:
    """Answers with the seed, and takes down what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []

    def __call__(self, asks: Sequence[Ask]) -> list[list[str]]:
        self.asked += asks
        return [[f"room {ask.seed}", f"комната {ask.seed}"] if ask.seed else [] for ask in asks]


def seeds(*numbers: int) -> list[Ask]:
    return [replace(ASK, seed=number) for number in numbers]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "user" / "answers.sqlite"


@pytest.fixture
def model() -> Model:
    return Model()


def test_only_what_is_new_is_asked(path: Path, model: Model):
    with Answers(path) as answers:
        answers.around(model, "m")(seeds(1, 2))
    with Answers(path) as answers:
        found = answers.around(model, "m")(seeds(3, 2, 1, 3))
    assert found == [[f"room {n}", f"комната {n}"] for n in (3, 2, 1, 3)]
    assert [ask.seed for ask in model.asked] == [1, 2, 3]


def test_a_stopped_plan_goes_on_where_it_was(path: Path, model: Model):
    def stopping(asks: Sequence[Ask]) -> list[list[str]]:
        if any(ask.seed == 3 for ask in asks):
            raise KeyboardInterrupt
        return model(asks)

    answers = Answers(path)  # never closed, as in a process that is killed
    name = answers.around(stopping, "m")
    name(seeds(1))
    name(seeds(2))
    with pytest.raises(KeyboardInterrupt):
        name(seeds(3))
    with Answers(path) as again:
        for number in (1, 2, 3):
            again.around(model, "m")(seeds(number))
    assert [ask.seed for ask in model.asked] == [1, 2, 3]


OTHER = {
    "system": "t", "turns": (), "question": "r", "opening": "- x\n", "grammar": "h",
    "max_tokens": 4, "temperature": 0.6, "seed": 2, "lines": 3,
    "image": "data:,x",
}  # fmt: skip


def test_every_field_of_an_ask_counts(path: Path, model: Model):
    assert OTHER.keys() == {field.name for field in fields(Ask)}
    asks = [replace(ASK, **{name: value}) for name, value in OTHER.items()]
    with Answers(path) as answers:
        answers.around(model, "m")([ASK, *asks])
    assert len(model.asked) == len(OTHER) + 1


def test_another_model_is_asked_anew(path: Path, model: Model):
    with Answers(path) as answers:
        answers.around(model, "one")([ASK])
        answers.around(model, "two")([ASK])
    assert len(model.asked) == 2


def test_an_empty_answer_is_not_kept(path: Path, model: Model):
    with Answers(path) as answers:
        name = answers.around(model, "m")
        assert [name(seeds(0)), name(seeds(0))] == [[[]], [[]]]
    assert len(model.asked) == 2


def test_the_oldest_go_when_it_is_full(path: Path, model: Model):
    with Answers(path, most_rows=3) as answers:
        for number in range(1, 6):
            answers.around(model, "m")(seeds(number))
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM kept").fetchone() == (3,)
    model.asked.clear()
    with Answers(path, most_rows=3) as answers:
        answers.around(model, "m")(seeds(5, 4, 3, 2))
    assert [ask.seed for ask in model.asked] == [2]


def test_two_servers_may_share_a_file(path: Path, model: Model):
    with Answers(path) as one, Answers(path) as other:
        one.around(model, "m")(seeds(1, 2))
        other.around(model, "m")(seeds(2, 3))
        one.around(model, "m")(seeds(1, 3))
    assert [ask.seed for ask in model.asked] == [1, 2, 3]


@pytest.mark.parametrize("content", [b"not a database at all" * 99, b"SQLite format 3\0" * 99])
def test_a_file_that_is_no_database_is_set_aside(
    path: Path, model: Model, content: bytes, caplog: pytest.LogCaptureFixture
):
    path.parent.mkdir()
    path.write_bytes(content)
    for _ in range(2):
        with Answers(path) as answers:
            assert answers.around(model, "m")([ASK]) == [["room 1", "комната 1"]]
    assert len(model.asked) == 1
    assert path.with_name("answers.sqlite.broken").read_bytes() == content
    assert "set aside" in caplog.text


def test_damage_that_shows_later_is_set_aside(
    path: Path, model: Model, caplog: pytest.LogCaptureFixture
):
    with Answers(path) as answers:
        answers.around(model, "m")(seeds(*range(1, 400)))
    content = bytearray(path.read_bytes())
    content[2 * 4096 :] = b"\xff" * (len(content) - 2 * 4096)
    path.write_bytes(content)
    with Answers(path) as answers:
        assert len(answers.around(model, "m")(seeds(*range(1, 400)))) == 399
    with Answers(path) as answers:
        answers.around(model, "m")(seeds(1))
    assert path.with_name("answers.sqlite.broken").exists()
    assert "set aside" in caplog.text


def test_a_file_of_another_kind_is_left_alone(
    path: Path, model: Model, caplog: pytest.LogCaptureFixture
):
    path.parent.mkdir()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE kept (other TEXT)")
    with Answers(path) as answers:
        assert answers.around(model, "m")([ASK]) == [["room 1", "комната 1"]]
    assert not path.with_name("answers.sqlite.broken").exists()
    assert "nothing is kept" in caplog.text


def test_where_nothing_can_be_written_planning_goes_on(
    tmp_path: Path, model: Model, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").write_text("in the way of a folder")
    with Answers(tmp_path / "file" / "answers.sqlite") as answers:
        assert answers.around(model, "m")([ASK]) == [["room 1", "комната 1"]]
    (tmp_path / "folder").mkdir()
    with Answers(tmp_path / "folder") as answers:
        assert answers.around(model, "m")([ASK]) == [["room 1", "комната 1"]]
    assert caplog.text.count("nothing is kept") >= 2


def test_a_locked_file_does_not_stop_planning(
    path: Path, model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("stockwright.engine.kept._BUSY_SECONDS", 0.01)
    with Answers(path) as answers:
        blocker = sqlite3.connect(path, isolation_level=None)
        blocker.execute("BEGIN EXCLUSIVE")
        assert answers.around(model, "m")([ASK]) == [["room 1", "комната 1"]]
        blocker.close()
    assert "nothing is kept" in caplog.text
