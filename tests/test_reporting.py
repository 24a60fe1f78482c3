"""The report of a run: its numbers, its plots, and a page that needs nothing but itself."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from driver import report
from driver.gate.describing import Embedding
from driver.gate.quality import given_quality
from driver.gate.rejects import place_of, set_aside
from driver.gate.verdicts import Judged, Verdict, Verdicts
from driver.ledger import Entry, JobState, Ledger, StoredFile
from driver.order import Order, read_kinds, read_themes
from driver.reporting import checks, page, write_report
from driver.reporting.figures import duration, figures
from driver.reporting.plots import HEIGHT, WIDTH, histogram
from driver.reporting.thumbs import SIDE, thumbnails
from stockwright.core.jobs import Job
from stockwright.core.quality import read_quality

HOSTILE = '<script>alert("x")</script> & "desk"'


class Page(HTMLParser):
    """What a browser would load, and how much of what there is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [str(value) for name, value in attrs if name in ("src", "srcset", "data")]
        self.links += [str(value) for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += f" {data.strip()}"


class Run:
    """A folder with a ledger, into which a test puts pictures as they were judged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.ledger = Ledger(folder / "run.sqlite")
        self._verdicts = Verdicts(self.ledger)
        self._count = 0

    def add(
        self, kind: str, verdict: Verdict, *, subject: str = "desk", instead: Job | None = None
    ) -> Job:
        self._count += 1
        job = Job.create(
            theme="Tea & more", kind=kind, subject=subject, prompt="p", negative="",
            seed=self._count,
        ).sized(64, 32)  # fmt: skip
        self.ledger.add([job], replaced=[instead] if instead else [])
        graph = f"g{self._count}"
        self.ledger.queue(graph, [job])
        file = StoredFile(f"images/tea/{kind}/{job.id}.png", 64, 32, 100, "ab" * 32)
        path = self.folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 32), (10 * self._count, 90, 90)).save(path)
        self.ledger.finish(graph, {job.id: file}, state=JobState.MADE)
        moved = place_of(file) if verdict.reasons else None
        self._verdicts.put(job, verdict, 0.5, moved)
        if moved:
            entry = Entry(job, JobState.REJECTED, moved, None)
            set_aside(self.folder, Judged(entry, verdict, 0.5))
        return job

    def page(self) -> Page:
        return Page(write_report(self.ledger, self.folder).read_text("utf-8"))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path / "tea-1")
    yield run
    run.ledger.close()


def fill(run: Run) -> None:
    (run.folder / "quality.yaml").write_text(given_quality(None).text)
    with run.ledger.run("http://gpu:8188"):
        for n in range(3):
            run.add("items", Verdict({"blur": 0.5 + n / 10, "nsfw": None}, (), ("noise",)))
        bad = run.add("items", Verdict({"blur": 0.1}, ("blur",)), subject=HOSTILE)
        near = Verdict({"blur": 0.6, "duplicate": 2.0}, ("duplicate",), near="tea-0/abc")
        again = run.add("items", near, instead=bad)
        run.add("items", Verdict({"blur": 0.7}), instead=again)
        run.add("rooms", Verdict({"blur": 0.4}, not_done={"text": "rapidocr is not installed"}))


def test_figures_count_orders_not_tries(run: Run):
    fill(run)
    found = figures(run.ledger)
    assert (found.wanted, found.done, found.rejected, found.extra_tries) == (5, 5, 2, 2)
    rows = [(r.kind, r.wanted, r.done, r.rejected, r.failed) for r in found.rows]
    assert rows == [("items", 4, 4, 2, 0), ("rooms", 1, 1, 0, 0)]
    assert found.times.graphs == 7
    assert found.times.examining == "0.50 s"
    assert found.times.sessions[0][2] == "http://gpu:8188"


def test_the_page_needs_nothing_but_itself(run: Run):
    fill(run)
    seen = run.page()
    assert all(source.startswith("data:image/webp;base64,") for source in seen.loaded)
    assert len(seen.loaded) == 5 + 2, "finished pictures and rejects"
    assert not {"script", "link", "iframe"} & set(seen.tags)
    assert len(seen.links) == 7
    for link in seen.links:
        assert (run.folder / link).is_file()
    small = Image.open(io.BytesIO(base64.b64decode(seen.loaded[0].partition(",")[2])))
    assert small.size == (SIDE, SIDE // 2)


def test_the_page_tells_what_was_rejected_and_why(run: Run):
    fill(run)
    words = run.page().words
    for told in (
        HOSTILE,
        "Tea & more · items",
        "score 0.1",
        "like tea-0/abc",
        "2 of 64 bits differ",
        "not checked in 1 of 7 pictures: rapidocr is not installed",
        "by perceptual hashes alone",
    ):
        assert told in words
    assert "5 of 5 pictures delivered" in re.sub(r"\s+", " ", words)
    text = (run.folder / "report.html").read_text("utf-8")
    assert "<script>" not in text
    assert text.count("<svg") == 2, "blur and duplicate; nsfw was never told"


def test_the_page_tells_by_what_near_duplicates_were_found(run: Run):
    fill(run)
    first = next(Verdicts(run.ledger).judged()).entry.job
    alike = Verdict({"similar": 0.981}, ("duplicate",), near=first.id)
    last = run.add("rooms", alike, subject="chair")
    embeddings = {job.id: Embedding("vit-l.safetensors", b"ab") for job in (first, last)}
    Verdicts(run.ledger).describe(embeddings)
    words = re.sub(r"\s+", " ", run.page().words)
    assert "by perceptual hashes, in 2 pictures also by vit-l.safetensors." in words
    assert "similarity 0.981, like desk" in words
    assert "more than 10 bits, similarity below 0.97 (or warn) reject 8 2 0" in words


def test_settings_models_and_checks_are_on_the_page(run: Run):
    fill(run)
    order = Order.checked(
        themes=read_themes(["Education"]), kinds=read_kinds(None), count=5, seed=77,
        workflow="0" * 64, plan="1" * 64, settings=("A.b=<c>",), style="film",
    )  # fmt: skip
    (run.folder / "order.yaml").write_text(order.to_yaml())
    models = [{"file": "sd.safetensors", "sha256": "cd" * 32, "by": "this file"}]
    run.ledger.settle("models", [*models, {"file": "x.pth", "sha256": "", "by": ""}])
    words = run.page().words
    for told in ("A.b=<c>", "film", "77", "interiors 60", "cd" * 32, "not known", "0" * 64):
        assert told in words


def test_the_page_of_given_pictures_does_not_say_where_they_lie(run: Run):
    fill(run)
    order = Order.checked(
        images="/home/ann/secret/Old pool", pictures="2" * 64, count=5, seed=1,
        workflow="0" * 64, plan="1" * 64,
    )  # fmt: skip
    (run.folder / "order.yaml").write_text(order.to_yaml())
    words = re.sub(r"\s+", " ", run.page().words)
    assert "secret" not in words
    assert "folder of pictures Old pool" in words
    assert "pictures 5 " in words
    assert f"pictures that were given, SHA-256 {'2' * 64}" in words


def test_a_size_that_nobody_could_tell_is_not_counted_as_looked_at(run: Run):
    why = {"size": "nobody can tell"}
    run.add("items", Verdict({}, not_done=why))
    run.add("items", Verdict({}))
    judged = list(Verdicts(run.ledger).judged())
    rows = checks.rows(read_quality(given_quality(None).complete), judged)
    (size,) = [row for row in rows if row.title == "Size"]
    assert (size.looked, size.not_done) == (1, {"nobody can tell": 1})


def test_a_large_pool_shows_the_first_of_each_kind(run: Run, monkeypatch: pytest.MonkeyPatch):
    fill(run)
    monkeypatch.setattr(page, "MOST_PICTURES", 3)
    monkeypatch.setattr(page, "MOST_REJECTED", 0)
    seen = run.page()
    assert len(seen.loaded) == 2 + 1
    assert "4, the first 2 of them" in seen.words


def test_a_run_of_which_nothing_is_there_has_a_page(run: Run):
    job = Job.create(theme="T", kind="k", subject="s", prompt="p", negative="", seed=1)
    run.ledger.add([job.sized(64, 64)])
    assert "None is finished." in run.page().words


def test_pictures_that_are_gone_or_broken_leave_their_place_empty(run: Run):
    fill(run)
    paths = sorted((run.folder / "images").rglob("*.png"))
    paths[0].unlink()
    paths[1].write_bytes(b"no picture")
    seen = run.page()
    assert len(seen.loaded) == 5
    assert seen.words.count("not a picture any more") == 2
    assert thumbnails([]) == []


def test_a_histogram_holds_every_value():
    passed, rejected = [0.0, 1.0, 1.0, 4.0], [9.0, 10.0]
    plot = histogram("blur", passed, rejected, [5.0, 11.0, 99.0])
    assert (plot.low, plot.high, plot.median, plot.count) == (0, 11, 2.5, 6)
    assert sum(bar.count for bar in plot.bars) == 6
    tallest = max(plot.bars, key=lambda bar: bar.passed + bar.rejected)
    assert tallest.passed + tallest.rejected == HEIGHT
    assert tallest.low <= 1.0 < tallest.high
    assert plot.limits == (WIDTH * 5 / 11, WIDTH), "one far outside is left out"
    assert all(0 <= bar.x < bar.x + bar.width <= WIDTH for bar in plot.bars)
    flat = histogram("size", [3.0, 3.0], [])
    (bar,) = flat.bars
    assert bar.count == 2
    assert flat.low < 3 < flat.high
    with pytest.raises(ValueError, match="blur"):
        histogram("blur", [], [])


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (61, "1 min 1 s"), (7440, "2 h 4 min")]
)
def test_durations_are_for_people(seconds: float, text: str):
    assert duration(seconds) == text


def test_the_command_makes_it_again(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    fill(run)
    assert report.main([str(run.folder)]) == 0
    assert capsys.readouterr().out.strip() == str(run.folder / "report.html")
    assert (run.folder / "report.html").is_file()
    assert report.main([str(tmp_path)]) == 2
    assert "there is no run in this folder" in capsys.readouterr().err


def test_rejects_that_were_not_moved_yet_are_moved_once(run: Run):
    fill(run)
    judged = next(one for one in Verdicts(run.ledger).judged() if one.verdict.reasons)
    assert judged.entry.file is not None
    target = run.folder / judged.entry.file.path
    note = target.with_suffix(".json")
    before = note.read_text()
    source = run.folder / judged.entry.file.path.replace("rejected/", "images/", 1)
    target.rename(source)
    note.unlink()
    set_aside(run.folder, judged)
    assert target.is_file()
    assert not source.exists()
    assert note.read_text() == before
    changed = replace(judged, verdict=Verdict({}, ("other",)))
    set_aside(run.folder, changed)
    assert note.read_text() == before, "what is there stays"
