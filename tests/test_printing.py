"""What `submit.py` says at the end of a run: where all is, and what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from driver.printing import print_outcome
from driver.session import Outcome

RUN = Path("runs/a")


def test_one_is_no_plural(capsys: pytest.CaptureFixture[str]):
    lacking = {("Education", "exteriors"): 1, ("Education", "items"): 2}
    print_outcome(Outcome(RUN, done=1, failed=1, sheets=[], rejected=3, lacking=lacking))
    told = capsys.readouterr()
    assert told.out.splitlines() == ["1 picture in runs/a", "3 rejected, in runs/a/rejected"]
    lacks, failed = told.err.splitlines()
    assert ": 1 picture (exteriors of Education), 2 pictures (items of Education). " in lacks
    assert "--extra-tries" in lacks
    assert failed.startswith("1 job failed; why is in runs/a/failed.jsonl.")
    print_outcome(Outcome(RUN, done=2, failed=2, sheets=[]))
    told = capsys.readouterr()
    assert told.out == "2 pictures in runs/a\n"
    assert told.err.startswith("2 jobs failed; ")


def test_of_pictures_that_were_there_it_is_said_that_nothing_replaces_them(
    capsys: pytest.CaptureFixture[str],
):
    lacking = {("Old pool", "rooms"): 1}
    outcome = Outcome(RUN, 2, 0, [], rejected=1, lacking=lacking, replaceable=False)
    assert not outcome.complete
    print_outcome(outcome)
    told = capsys.readouterr().err
    assert told.startswith("Not delivered: 1 rejected picture in runs/a/rejected, ")
    assert "--extra-tries" not in told
