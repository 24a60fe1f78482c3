"""What a run says where nobody looks at a terminal."""

from __future__ import annotations

import pytest

from driver.events import ThemePlanned
from driver.progress import reporting


def test_what_a_plan_has_to_say_is_told_without_a_terminal(capsys: pytest.CaptureFixture[str]):
    with reporting(as_json=False) as report:
        report(
            ThemePlanned("Tea", 9, 2, {"kind": 3}, ["Tea, any: only 2 subjects are known."], 4, 1)
        )
    told = capsys.readouterr()
    assert told.out == "" and told.err == "Tea, any: only 2 subjects are known.\n"
