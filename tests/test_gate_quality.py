"""What pictures are examined for, frozen into a run; and near-duplicates."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from driver.asking import read_asked
from driver.errors import OrderConflict, OrderInvalid
from driver.flags import parser
from driver.folder import RunFolder
from driver.gate.describing import Embedding
from driver.gate.near import Look, Near, earlier_looks
from driver.gate.quality import Quality, frozen_quality, given_quality
from driver.gate.verdicts import Verdict
from driver.session import Asked
from stockwright.core.errors import QualityInvalid
from stockwright.core.quality import Action, Setting


def asked(*flags: str) -> Asked:
    return read_asked(parser().parse_args(["--theme", "Education", *flags]))


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_a_file_holds_just_what_differs(tmp_path: Path):
    mine = given_quality(Path(write(tmp_path / "mine.yaml", "blur: off\nflat: {below: 9}\n")))
    shipped = given_quality(None)
    assert mine.settings["blur"]["check"] == "off"
    assert mine.settings["flat"] == {**shipped.settings["flat"], "below": 9}
    assert mine.settings["noise"] == shipped.settings["noise"]
    assert mine.digest != shipped.digest
    assert "blur" not in mine.thresholds()
    assert mine.thresholds()["flat"] == (9,)
    assert shipped.duplicate.action is Action.REJECT


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ("blurr: off", "line 1, key blurr", "Did you mean 'blur'?"),
        ("blur:\n  check: rejekt", "line 2, key check", "Did you mean 'reject'?"),
        ("flat:\n  check: warn\n  below: many", "line 3, key below", ""),
        ("duplicate:\n  similar_check: wan", "line 2, key similar_check", "Did you mean 'warn'?"),
    ],
)
def test_faults_name_file_line_and_key(tmp_path: Path, text: str, where: str, hint: str):
    path = write(tmp_path / "mine.yaml", text)
    with pytest.raises(QualityInvalid) as caught:
        asked("--quality", path)
    assert caught.value.where == f"{path}, {where}"
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["absent.yaml", "folder.yaml", "mine.txt"])
def test_a_file_that_is_none_is_named(tmp_path: Path, name: str):
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "mine.txt").write_text("blur: off")
    with pytest.raises(QualityInvalid) as caught:
        asked("--quality", str(tmp_path / name))
    assert name in caught.value.where


def test_checks_are_part_of_an_order_and_frozen(tmp_path: Path):
    flags = ("--run", str(tmp_path / "run"))
    path = write(tmp_path / "mine.yaml", "blur: off")
    plain, mine = asked(*flags, "--no-quality"), asked(*flags, "--quality", path)
    shipped = asked(*flags)
    assert plain.quality is None and plain.order.quality is None
    assert len({plain.order.id, mine.order.id, shipped.order.id}) == 3
    folder = RunFolder(tmp_path / "run")
    with folder.held():
        folder.settle(mine.order, mine.workflow, mine.plan, mine.quality)
    write(tmp_path / "mine.yaml", "blur: warn")
    gone_on = read_asked(parser().parse_args([*flags]))
    assert gone_on.quality == mine.quality == frozen_quality(folder.path / "quality.yaml")
    with pytest.raises(OrderInvalid, match="--no-quality needs --theme"):
        read_asked(parser().parse_args([*flags, "--no-quality"]))
    frozen = folder.path / "quality.yaml"
    for broken in ("[a", "a text"):
        frozen.write_text(broken)
        with pytest.raises(QualityInvalid):
            read_asked(parser().parse_args([*flags]))
    assert mine.quality is not None
    frozen.write_text(mine.quality.text)
    frozen.write_text(frozen.read_text().replace("below: 6", "below: 7"))
    with pytest.raises(OrderConflict, match="not those that the run was started with"):
        read_asked(parser().parse_args([*flags]))


def test_a_check_that_is_younger_than_a_run_is_off_in_it():
    shipped = given_quality(None)
    older = Quality({name: said for name, said in shipped.settings.items() if name != "noise"})
    assert older.complete["noise"] == {"check": "off"}
    assert "noise" not in older.thresholds()
    assert older.duplicate == shipped.duplicate


def test_extra_tries_are_a_number_from_0(tmp_path: Path):
    assert asked("--extra-tries", "0").extra_tries == 0
    with pytest.raises(OrderInvalid, match="less than 0"):
        asked("--extra-tries", "-1")


def near_of(action: Action, similar: Action = Action.REJECT) -> Near:
    names = {"vision": "auto", "similar_check": similar.value}
    return Near(Setting(action, {"within": 3, "similar": 0.97}, names))


def seen(*values: float, model: str = "clip") -> Embedding:
    return Embedding(model, struct.pack(f"<{len(values)}e", *values))


def compared(
    near: Near, name: str, phash: str, vector: Embedding | None = None, **told: object
) -> Verdict:
    look = Look(name, phash, vector)
    return near.compared(look, Verdict({}, phash=phash, **told))  # type: ignore[arg-type]


def test_the_nearest_within_reach_is_told_and_rejects_up_to_the_limit():
    near = near_of(Action.REJECT)
    near.remember([Look("run/a", "0" * 16)])
    assert compared(near, "b", "0" * 15 + "7").reasons == ("duplicate",)
    told = compared(near, "c", "0" * 15 + "f")
    assert (told.reasons, told.scores, told.near) == ((), {"duplicate": 4.0}, "")
    again = compared(near, "d", "0" * 15 + "e")
    assert (again.near, again.scores["duplicate"]) == ("c", 1.0), "what passed is remembered"
    far = compared(near, "e", "f" * 16)
    assert (far.reasons, far.scores) == ((), {})


def test_what_a_model_sees_rejects_where_the_hashes_differ():
    near = near_of(Action.REJECT)
    near.remember([Look("run/a", "0" * 16, seen(1, 0, 0))])
    same = compared(near, "b", "f" * 16, seen(0.98, 0.199, 0))
    assert (same.reasons, same.near) == (("duplicate",), "run/a")
    assert same.scores == {"similar": pytest.approx(0.98, abs=1e-3)}
    other = compared(near, "c", "f" * 16, seen(0.96, 0.28, 0))
    assert (other.reasons, other.near) == ((), "")
    assert other.scores["similar"] == pytest.approx(0.96, abs=1e-3)
    again = compared(near, "d", "0" * 8 + "f" * 8, seen(0.96, 0.27, 0.01))
    assert again.near == "c", "what passed is remembered"


def test_what_a_model_sees_only_warns_as_shipped():
    shipped = given_quality(None)
    assert shipped.settings["duplicate"]["similar_check"] == "warn"
    near = Near(shipped.duplicate)
    near.remember([Look("a", "0" * 16, seen(1, 0, 0)), Look("b", "0f" * 8, seen(0, 1, 0))])
    told = compared(near, "c", "f" * 16, seen(1, 0, 0))
    assert (told.reasons, told.warnings, told.near) == ((), ("duplicate",), "a")
    both = compared(near, "d", "0f" * 8, seen(1, 0, 0))
    assert (both.reasons, both.warnings) == (("duplicate",), ())
    assert both.near == "b", "the one that it is rejected for"


def test_a_run_from_before_similar_check_warns_too():
    settings = given_quality(None).settings
    older = {k: v for k, v in settings["duplicate"].items() if k != "similar_check"}
    near = Near(Quality({**settings, "duplicate": older}).duplicate)
    near.remember([Look("a", "0" * 16, seen(1, 0))])
    assert compared(near, "b", "f" * 16, seen(1, 0)).warnings == ("duplicate",)


def test_what_a_model_sees_may_count_for_nothing():
    near = near_of(Action.REJECT, Action.OFF)
    near.remember([Look("a", "0" * 16, seen(1, 0))])
    told = compared(near, "b", "f" * 16, seen(1, 0))
    assert (told.reasons, told.warnings, told.near) == ((), (), "")
    assert told.scores["similar"] == 1


def test_hashes_alone_decide_where_no_model_has_looked_or_another_one():
    near = near_of(Action.REJECT)
    near.remember([Look("a", "0" * 16, seen(1, 0)), Look("b", "0f" * 8)])
    assert compared(near, "c", "f" * 16).scores == {}
    assert compared(near, "d", "f0" * 8, seen(1, 0, model="another")).scores == {}
    assert compared(near, "e", "0" * 16).reasons == ("duplicate",)


def test_what_is_rejected_for_something_else_is_nobodys_twin():
    near = near_of(Action.REJECT)
    assert compared(near, "a", "0" * 16, reasons=("blur",)).reasons == ("blur",)
    assert compared(near, "b", "0" * 16).reasons == ()
    both = compared(near, "c", "0" * 16, reasons=("blur",))
    assert both.reasons == ("blur", "duplicate")


@pytest.mark.parametrize("action", [Action.OFF, Action.WARN])
def test_only_a_rejecting_check_rejects(action: Action):
    near = near_of(action, action)
    compared(near, "a", "0" * 16, seen(1, 0))
    second = compared(near, "b", "0" * 16, seen(1, 0))
    assert second.reasons == ()
    assert second.warnings == (("duplicate",) if action is Action.WARN else ())
    assert compared(near, "c", "").scores == {}, "a picture that does not decode has no hash"


def test_what_is_no_ledger_beside_a_run_is_passed_over(tmp_path: Path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.sqlite").write_text("not a ledger")
    assert earlier_looks(tmp_path / "run") == []
