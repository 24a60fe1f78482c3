"""Pictures by which steps of a training are compared do not stay on a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from stockwright.core.people import COMPARED, PHOTOS
from stockwright.engine.people_files import PeopleFiles

TOKEN, OTHER = "0123456789ab", "ba9876543210"


@pytest.fixture
def files(tmp_path: Path) -> PeopleFiles:
    for token in (TOKEN, OTHER):
        for place in (f"input/{PHOTOS}/{token}/train", f"output/{PHOTOS}/{token}/{COMPARED}/run",
                      f"output/{PHOTOS}/{token}/made"):  # fmt: skip
            (tmp_path / place).mkdir(parents=True)
            (tmp_path / place / "1.png").write_bytes(b"x")
    return PeopleFiles(tmp_path / "input", tmp_path / "output", [tmp_path / "loras"], 100)


def test_they_go_with_the_copies_of_photos(files: PeopleFiles):
    removed = files.forget_photos(TOKEN)
    assert removed == [
        f"input/{PHOTOS}/{TOKEN}/train/1.png", f"output/{PHOTOS}/{TOKEN}/{COMPARED}/run/1.png",
    ]  # fmt: skip
    assert files.all_of(TOKEN) == [f"output/{PHOTOS}/{TOKEN}/made/1.png"]
    assert len(files.all_of(OTHER)) == 3


def test_a_server_that_starts_sweeps_them(files: PeopleFiles):
    files.sweep()
    for token in (TOKEN, OTHER):
        assert files.all_of(token) == [f"output/{PHOTOS}/{token}/made/1.png"]
