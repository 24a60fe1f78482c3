"""`modifiers.py build`: reading sets of prompts, and the table that is counted from them."""

from __future__ import annotations

import builtins
import csv
import gzip
import io
import json
import tracemalloc
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from driver import modifiers, places
from driver.errors import PromptSetInvalid, ReaderMissing
from driver.prompt_sets import counting
from driver.prompt_sets.bounded import BoundedCounter
from driver.prompt_sets.counting import build_table
from driver.prompt_sets.lines import LONGEST as LONGEST_LINE
from driver.prompt_sets.readers import LONGEST, Skipped, read_prompts
from stockwright.core.forbidden import Forbidden
from stockwright.core.modifiers.table import ModifierTable

PROMPTS = ["a lake, morning fog", "an old mill, film grain", 'a "red" cup, haze']


def as_csv(prompts: list[str], delimiter: str = ",") -> str:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter)
    rows.writerow(["id", "Prompt"])
    rows.writerows([n, prompt] for n, prompt in enumerate(prompts))
    return text.getvalue()


def as_json(prompts: list[str]) -> str:
    return "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts)


def read(path: Path, column: str = "prompt") -> tuple[list[str], Skipped]:
    skipped = Skipped()
    return [*read_prompts(path, column, skipped)], skipped


def write(path: Path, body: str | bytes) -> Path:
    data = body.encode() if isinstance(body, str) else body
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_parquet(path: Path, **columns: list[Any]) -> Path:
    parquet.write_table(arrow.table(columns), path, row_group_size=2)
    return path


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", as_csv(PROMPTS)),
        ("a.CSV", "\ufeff" + as_csv(PROMPTS)),
        ("a.csv.gz", as_csv(PROMPTS)),
        ("a.tsv", as_csv(PROMPTS, "\t")),
        ("a.jsonl", as_json(PROMPTS)),
        ("a.ndjson.gz", as_json(PROMPTS)),
        ("a.jsonl", "\n".join(json.dumps(prompt) for prompt in PROMPTS)),
        ("a.txt", "\ufeff" + "\r\n\r\n".join(PROMPTS)),
        ("a.txt.gz", "\n".join(PROMPTS)),
    ],
)
def test_each_kind_of_file(tmp_path: Path, name: str, body: str):
    assert read(write(tmp_path / name, body)) == (PROMPTS, Skipped())


def test_parquet(tmp_path: Path):
    path = write_parquet(tmp_path / "a.parquet", id=[1, 2, 3, 4], prompt=[*PROMPTS, None])
    assert read(path) == (PROMPTS, Skipped())


def test_equal_prompts_in_a_row_count_once(tmp_path: Path):
    assert read(write(tmp_path / "a.txt", "tea\ntea\ncup\ntea\n"))[0] == ["tea", "cup", "tea"]


def test_broken_lines_are_left_out_and_told(tmp_path: Path):
    body = b'{"prompt": "tea"}\n{"prompt": "cup"\n\n{"text": "x"}\n{"prompt": 5}\n[]\n"\xff"\n'
    prompts, skipped = read(write(tmp_path / "a.jsonl", body))
    assert prompts == ["tea"]
    assert skipped.count == 5
    assert [line.split(":")[0] for line in skipped.examples] == [
        f"line {n}" for n in (2, 4, 5, 6, 7)
    ]
    assert "has no 'prompt', only 'text'" in skipped.examples[1]


def test_short_rows_and_long_prompts_are_left_out(tmp_path: Path):
    prompts, skipped = read(write(tmp_path / "a.csv", f"id,prompt\n1\n2,tea\n3,{'x' * 20_000}\n"))
    assert prompts == ["tea"]
    assert skipped.examples[0] == "line 2: has 1 fields, none for 'prompt'"
    assert skipped.examples[1] == f"line 4: has 20000 characters, more than {LONGEST}"


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("a.txt", b"", "holds no prompts"),
        ("a.txt", b"\n \n", "holds no prompts"),
        ("a.csv", b"", "has no column 'prompt', only nothing"),
        ("a.csv", b"prompt\n", "holds no prompts"),
        ("a.csv", b"id,promt\n1,tea\n", "Did you mean 'promt'?"),
        ("a.csv", b'prompt\n"tea\n' + b"x,y\n" * 50_000, "quotation mark left open"),
        ("a.txt", bytes(range(256)) * 20, "is no text file"),
        ("a.csv", b"PAR1" + bytes(99), "is no text file"),
        ("a.txt", "tea".encode("utf-16"), "is UTF-16"),
        ("a.txt", b"\xff\xfa\n", "is not UTF-8"),
        ("a.jsonl", b"{]\n", "line 1: is not JSON"),
        ("a.jsonl", b"[" * 100_000, "line 1: is not JSON"),
        ("a.parquet", b"PAR1 and no more", "is no sound Parquet file"),
        ("a.parquet", b"", "is no sound Parquet file"),
        ("a.xlsx", b"PK", "is of a kind that is not known"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, body: bytes, said: str):
    path = write(tmp_path / name, body)
    with pytest.raises(PromptSetInvalid) as caught:
        read(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("cut", [5, -9])
def test_a_damaged_gz(tmp_path: Path, cut: int):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"tea\n" * 9999)[:cut])
    with pytest.raises(PromptSetInvalid, match=r"no sound \.gz file"):
        read(path)
    path.write_bytes(b"tea\ncup\n")
    with pytest.raises(PromptSetInvalid, match=r"no sound \.gz file"):
        read(path)


def test_parquet_columns(tmp_path: Path):
    path = write_parquet(tmp_path / "a.parquet", prompts=["tea"], size=[3])
    with pytest.raises(PromptSetInvalid, match=r"only 'prompts', 'size'"):
        read(path)
    assert read(path, "prompts")[0] == ["tea"]
    with pytest.raises(PromptSetInvalid, match="'size' is no text"):
        read(path, "size")


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_parquet(tmp_path / "a.parquet", prompt=["tea"])
    real = builtins.__import__

    def without(name: str, *others: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(f"No module named {name!r}")
        return real(name, *others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ReaderMissing, match="pip install pyarrow"):
        read(path)


@pytest.mark.parametrize("name", ["none.txt", "."])
def test_no_file(tmp_path: Path, name: str):
    with pytest.raises(PromptSetInvalid, match=r"is not there|is a folder"):
        read(tmp_path / name)


def test_memory_does_not_grow_with_the_file(tmp_path: Path):
    body = b"".join(b'{"prompt": "tea number %d, %d lights"}\n' % (n, n) for n in range(2000))
    lines, long = write(tmp_path / "a.jsonl", body * 2), tmp_path / "b.txt"
    long.write_bytes(b"x" * (24 * LONGEST_LINE) + b"\ntea\n")
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_prompts(lines, "prompt", Skipped())) == 4000
        assert [*read_prompts(long, "prompt", Skipped())] == ["tea"]
        assert tracemalloc.get_traced_memory()[1] < 8 * LONGEST_LINE
    finally:
        tracemalloc.stop()


def test_a_bounded_counter_forgets_the_rare():
    rng = Random(1)
    stream = ["common"] * 500 + [f"rare {n}" for n in range(2000)]
    rng.shuffle(stream)
    counter = BoundedCounter[str](100)
    for value in stream:
        counter.add(value)
    assert len(counter.counts) <= 100
    assert 500 - counter.missed <= counter.counts["common"] <= 500


def built(prompts: list[str], **options: Any) -> ModifierTable:
    forbidden = Forbidden.load([places.PROMPTS])
    return build_table(lambda: prompts, forbidden, dict, **options)


def test_what_is_counted():
    table = built(
        ["a Foggy Forest, morning fog, film grain"] * 4
        + ["two forests, morning fog, (morning fog:1.2)", "an office, film grain, once"]
    )
    counts = {phrase.text: (phrase.count, phrase.subjects) for phrase in table.phrases}
    assert counts == {
        "film grain": (5, {}),  # with forest 4 times, as is to be expected of 9 * 5 / 10
        "morning fog": (5, {"forest": 5}),
    }
    assert table.totals == {"forest": 9}


def test_artists_are_left_out_wherever_they_stand():
    prompts = ["a hill, art by zora quill and tim orrin, haze"] * 3
    prompts += ["a hut, tim orrin, zora quill, zora quill palette, haze, lit by candles"] * 9
    prompts += ["a hut, sunlight"] * 60 + ["a hill by sunlight"] * 2
    found = {phrase.text for phrase in built(prompts).phrases}
    assert found == {"haze", "lit by candles", "sunlight"}


def test_nothing_to_count():
    with pytest.raises(PromptSetInvalid, match="stands in 2 prompts"):
        built(["a cup", "a lake, haze"])


def test_a_table_stays_small(monkeypatch: pytest.MonkeyPatch):
    rng = Random(1)
    words = [f"{a}{b}lo{c}" for a in "bdfgkl" for b in "aeiou" for c in "mnprt"]
    prompts = [", ".join(" ".join(rng.sample(words, 2)) for _ in range(6)) for _ in range(300)]
    assert len(built(prompts * 2).to_text().encode()) > 20_000
    monkeypatch.setattr(counting, "MOST_BYTES", 20_000)
    assert 16_000 < len(built(prompts * 2).to_text().encode()) <= 20_000
    forgetful = built(prompts * 2 + ["a lake, haze"] * 500, limit=50)
    assert forgetful.phrases[0].text == "haze"
    assert ModifierTable.parse(forgetful.to_text(), "x").phrases == forgetful.phrases


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    first = write(tmp_path / "first.set.jsonl", as_json(["a lake, haze"] * 2) + "{\n")
    second = write(tmp_path / "second.txt", "a mill, haze\na hut, film grain\na lake, haze\n")
    into = tmp_path / "mine" / "modifiers"
    line = ["build", str(first), str(second), "--into", str(into), "--source", "Ours,  CC0"]
    assert modifiers.main(line) == 0
    said = capsys.readouterr()
    assert said.out == f"{into / 'first.json'}: 1 phrases from 4 prompts\n"
    assert f"{first}: 1 left out\n    line 3: is not JSON" in said.err
    table = ModifierTable.load(into / "first.json")
    assert [(phrase.text, phrase.count) for phrase in table.phrases] == [("haze", 3)]
    assert table.notes["source"] == "Ours, CC0"
    assert [(f["name"], f["prompts"]) for f in table.notes["files"]] == [
        ("first.set.jsonl", 1),
        ("second.txt", 3),
    ]
    before = (into / "first.json").read_bytes()
    assert modifiers.main(line) == 0
    assert (into / "first.json").read_bytes() == before
    assert Counter(path.name for path in into.iterdir()) == {"first.json": 1}


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = write(tmp_path / "a.csv", "text\ntea, haze\n")
    assert modifiers.main(["build", str(path), "--into", str(tmp_path / "out")]) == 2
    assert "[prompt-set]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_shipped_table_is_what_the_command_makes(tmp_path: Path):
    shipped = places.PROMPTS / "modifiers" / "photography.json"
    source = ModifierTable.load(shipped).notes["source"]
    line = ["build", str(shipped.with_suffix(".txt")), "--into", str(tmp_path / "modifiers")]
    assert modifiers.main([*line, "--source", source]) == 0
    assert (tmp_path / "modifiers" / shipped.name).read_bytes() == shipped.read_bytes()
    page = places.PROMPTS.parent / "web" / "docs" / "StockwrightStyleModifiers" / "en.md"
    assert f"{ModifierTable.load(shipped).notes['prompts']} prompts" in page.read_text("utf-8")
