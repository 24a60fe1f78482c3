"""Pictures that are there: listed, frozen, brought to a server that is not there, gone on with."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from driver import images, runner, session
from driver.asking import read_asked
from driver.collect import PictureRefused
from driver.errors import (
    BindingError,
    GraphRefused,
    OrderConflict,
    OrderInvalid,
    PreflightFailed,
    ServerDown,
)
from driver.events import AttemptFailed, Event
from driver.flags import parser
from driver.gate.examining import QualityGate
from driver.gate.near import Near
from driver.images import Loader, check_picture, list_pictures, loading_place, uploads_of
from driver.ledger import Ledger
from driver.reports import CAPTION
from driver.server import TooLarge
from driver.session import carry_out, plan_only
from stockwright.core.jobs import Job
from stockwright.core.quality import CHECKS, Action, Setting
from stockwright.core.sources import Source
from stockwright.engine.saving.encoding import encode
from stockwright.engine.saving.formats import ImageFormat
from stockwright.engine.saving.label import Label
from tests.gatebench import Here
from tests.graphs import node
from tests.madeserver import INFO, MadeConnection, MadeServer, listener_of

GRAPH = {
    "1": node("LoadImage", image="mine.png"),
    "2": node("ImageScaleBy", image=["1", 0], upscale_method="lanczos", scale_by=2.0),
    "3": node("StockwrightPictureJob", images=["2", 0], theme="", kind="", subject="picture"),
    "4": node(
        "StockwrightSaveImage", images=["2", 0], jobs=["3", 0], folder="x", format="png", quality=95
    ),
}


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    """Three pictures of two kinds, and what is none."""
    pool = tmp_path / "Old pool"
    (pool / "rooms" / "small").mkdir(parents=True)
    Image.new("RGB", (40, 24), "red").save(pool / "red_sofa.png")
    Image.new("RGB", (24, 40), "blue").save(pool / "rooms" / "small" / "bath-01.JPG", "JPEG")
    Image.new("RGB", (16, 16), "green").save(pool / "rooms" / "hall.webp")
    (pool / "notes.txt").write_text("mine")
    (pool / ".hidden.png").write_bytes(b"x")
    return pool


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> MadeServer:
    server = MadeServer()
    monkeypatch.setattr(session, "connect", lambda *_: MadeConnection(server))
    monkeypatch.setattr(runner, "Listener", listener_of(server))
    return server


def asked(tmp_path: Path, pool: Path, *more: str, graph: dict[str, Any] = GRAPH) -> session.Asked:
    (tmp_path / "graph.json").write_text(json.dumps(graph))
    flags = ["--images", str(pool), "--workflow", str(tmp_path / "graph.json")]
    return read_asked(parser().parse_args([*flags, "--run", str(tmp_path / "run"), *more]))


def made(tmp_path: Path) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for path in sorted((tmp_path / "run" / "images").rglob("*.png")):
        with Image.open(path) as image:
            found["/".join(path.relative_to(tmp_path / "run" / "images").parts)] = image.size
    return found


def test_pictures_are_listed_by_name_whatever_their_endings_case(pool: Path):
    places = [picture.place for picture in list_pictures(pool)]
    assert places == ["red_sofa.png", "rooms/hall.webp", "rooms/small/bath-01.JPG"]


def test_results_of_earlier_runs_are_no_pictures_that_are_there(pool: Path):
    before = list_pictures(pool)
    run = pool / "runs" / "old-pool-1a2b3c4d"
    for name in ("images/old-pool/pictures/red.png", "rejected/a/b/c.png", "contact-sheet.jpg"):
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(run / name)
    (run / "run.sqlite").touch()
    assert list_pictures(pool) == before
    assert [p.place for p in list_pictures(run)] == ["images/old-pool/pictures/red.png"]
    assert [p.place for p in list_pictures(run / "rejected")] == ["a/b/c.png"], "if it is named"
    with pytest.raises(OrderInvalid, match="there is no picture") as caught:
        list_pictures(pool / "runs")
    assert str(run) in caught.value.hint


def test_every_picture_goes_through_the_graph_and_is_named_by_its_place(
    server: MadeServer, pool: Path, tmp_path: Path
):
    outcome = carry_out(asked(tmp_path, pool), lambda _: None)
    assert (outcome.done, outcome.failed, outcome.complete) == (3, 0, True)
    sizes = {name.rpartition("-")[0]: size for name, size in made(tmp_path).items()}
    assert sizes == {
        "old-pool/pictures/red-sofa": (80, 48),
        "old-pool/rooms/hall": (32, 32),
        "old-pool/rooms-small/bath-01": (48, 80),
    }
    first = server.worked_on[0]
    assert first["StockwrightPictureJob"] | {"images": 0} == {
        "images": 0, "theme": "Old pool", "kind": "pictures", "subject": "red sofa",
    }  # fmt: skip
    assert first["StockwrightSaveImage"]["folder"].startswith("stockwright/")
    assert not server.plans
    assert (tmp_path / "run" / "report.html").is_file()
    folders = {graph["StockwrightSaveImage"]["folder"] for graph in server.worked_on}
    assert len(folders) == 3
    assert "painted by" not in (tmp_path / "run" / "report.html").read_text()
    with Image.open(outcome.sheets[0]) as sheet:
        foot = sheet.convert("L").crop((0, sheet.height - CAPTION, sheet.width, sheet.height))
    assert foot.getextrema() == (255, 255), "no checkpoint has painted them"


def test_a_picture_that_says_that_a_model_made_it_keeps_that_label(
    server: MadeServer, pool: Path, tmp_path: Path
):
    """The graph says of the others who made them."""
    labels = {pool / "red_sofa.png": Source.MODEL, pool / "rooms" / "hall.webp": Source.ENHANCED}
    flat = np.zeros((16, 16, 3), np.uint8)
    for path, source in labels.items():
        label = Label({"en": "t"}, {"en": "d"}, (), source=source)
        path.write_bytes(encode(flat, ImageFormat(path.suffix[1:]), 90, 300, label))
    carry_out(asked(tmp_path, pool), lambda _: None)
    named = {g["StockwrightPictureJob"]["subject"]: g for g in server.worked_on}
    made_by = {k: g["StockwrightPictureJob"].get("made_by") for k, g in named.items()}
    assert made_by == {"red sofa": "an AI model", "hall": None, "bath 01": None}


def test_it_goes_on_where_it_stopped(
    server: MadeServer, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    queue = server.queue_graph

    def dies(*arguments: Any) -> None:
        if len(server.graphs) == 2:
            raise ServerDown("gone", where="nowhere")
        queue(*arguments)

    monkeypatch.setattr(server, "queue_graph", dies)
    with pytest.raises(ServerDown):
        carry_out(asked(tmp_path, pool), lambda _: None)
    monkeypatch.setattr(server, "queue_graph", queue)
    on = read_asked(parser().parse_args(["--run", str(tmp_path / "run")]))
    assert on.order.id == asked(tmp_path, pool).order.id
    assert carry_out(on, lambda _: None).done == 3
    assert len(server.worked_on) == 3, "nothing is made twice"


def noise(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 255, (24, 40, 3), np.uint8)
    Image.fromarray(values).save(path)


def test_a_picture_is_no_duplicate_of_what_it_was_made_from(server: MadeServer, tmp_path: Path):
    """Two runs side by side, the second one of the first one's pictures, with the pack's checks."""
    for number in range(3):
        noise(tmp_path / "pool" / f"{number}.png", number)
    checks = tmp_path / "checks.yaml"
    off = "".join(f"{name}: off\n" for name in CHECKS if name not in ("file", "duplicate"))
    checks.write_text(off + "duplicate: {check: reject, within: 10}\n")
    first, second = tmp_path / "first", tmp_path / "second"
    for source, run in ((tmp_path / "pool", first), (first, second)):
        more = ("--quality", str(checks), "--run", str(run))
        outcome = carry_out(asked(tmp_path, source, *more), lambda _: None)
        assert (outcome.done, outcome.rejected) == (3, 0)


def test_a_rejected_picture_that_was_there_is_missing(
    server: MadeServer, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    here: Any = Here(lambda task: {"reasons": ["blur"]} if "hall" in str(task.path) else {})

    def gate(_: object, __: object, folder: Path, ___: object, *rest: Any, **____: object) -> Any:
        near = Near(Setting(Action.OFF, {}, {"similar_check": "off"}))
        ledger, report = rest
        return QualityGate(ledger, folder, report, workers=here, near=near, people=lambda _: True)

    monkeypatch.setattr(session, "quality_gate", gate)
    checks = tmp_path / "checks.yaml"
    checks.write_text("blur: {below: 0.5}\n")
    outcome = carry_out(asked(tmp_path, pool, "--quality", str(checks)), lambda _: None)
    assert (outcome.done, outcome.failed) == (2, 0)
    assert dict(outcome.lacking) == {("Old pool", "rooms"): 1}
    assert not outcome.complete and not outcome.replaceable


def test_a_picture_that_the_server_does_not_take_is_that_jobs_failure(
    server: MadeServer, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    upload = server.upload

    def takes_small_ones(filename: str, subfolder: str, data: bytes) -> str:
        if filename.endswith(".webp"):
            raise TooLarge
        return upload(filename, subfolder, data)

    monkeypatch.setattr(server, "upload", takes_small_ones)
    outcome = carry_out(asked(tmp_path, pool), lambda _: None)
    assert (outcome.done, outcome.failed) == (2, 1)
    failed = json.loads((tmp_path / "run" / "failed.jsonl").read_text())
    assert failed["subject"] == "hall"
    assert "HTTP 413" in failed["error"]


def test_a_damaged_picture_is_that_jobs_failure_at_once(
    server: MadeServer, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """ComfyUI fills what a cut file lacks with grey, and would say nothing."""
    for number, suffix in enumerate(("jpg", "png", "webp")):
        noise(pool / f"cut {suffix}.{suffix}", number)
        data = (pool / f"cut {suffix}.{suffix}").read_bytes()
        (pool / f"cut {suffix}.{suffix}").write_bytes(data[: len(data) * 2 // 3])
    (pool / "rooms" / "letter.png").write_bytes(b"Dear all")
    monkeypatch.setattr(images, "MOST_PIXELS", 1_000_000)
    Image.new("L", (2000, 1000)).save(pool / "huge.png")
    events: list[Event] = []
    outcome = carry_out(asked(tmp_path, pool), events.append)
    assert (outcome.done, outcome.failed) == (3, 5)
    assert len(server.uploads) == 3
    lines = (tmp_path / "run" / "failed.jsonl").read_text().splitlines()
    errors = {told["subject"]: told["error"] for told in map(json.loads, lines)}
    assert errors.pop("letter") == "rooms/letter.png is no picture"
    assert errors.pop("huge") == "huge.png has 2 megapixels, at most 1: make it smaller"
    for suffix in ("jpg", "png", "webp"):
        assert errors.pop(f"cut {suffix}").startswith(f"cut {suffix}.{suffix} is damaged: ")
    failures = [event for event in events if isinstance(event, AttemptFailed)]
    assert [event.final for event in failures] == [True] * 5, "none is tried again"


def test_a_picture_that_pillow_itself_refuses_is_too_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    buffer = io.BytesIO()
    Image.new("1", (2000, 2000)).save(buffer, "PNG")
    with pytest.raises(PictureRefused, match=r"a\.png has more than 2 megapixels, at most 178"):
        check_picture(buffer.getvalue(), "a.png")


def test_a_server_that_is_started_anew_gets_the_pictures(pool: Path):
    connection = MadeConnection(MadeServer())
    job = Job.create(theme="T", kind="k", subject="s", prompt="p", negative="", seed=1)
    loader = Loader(connection, pool, "x", {job.id: "red_sofa.png"})  # type: ignore[arg-type]
    connection.server = MadeServer()
    assert loader.upload(job, b"red") in connection.server.uploads


def test_models_are_read_after_the_time_that_a_run_is_said_to_take(
    server: MadeServer, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ended: list[float | None] = []

    def hashes(ledger: Ledger, *_: object, here: bool) -> None:
        ended.extend(end for (end,) in ledger.read("SELECT ended FROM runs"))

    monkeypatch.setattr(session, "settle_models", hashes)
    carry_out(asked(tmp_path, pool), lambda _: None)
    assert len(ended) == 1 and ended[0] is not None


def test_what_was_uploaded_is_removed_from_a_server_on_this_machine(
    server: MadeServer, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    connection = MadeConnection(server)
    connection.input = tmp_path / "input"
    monkeypatch.setattr(session, "connect", lambda *_: connection)
    mine = asked(tmp_path, pool)
    for name in (uploads_of(mine.order), "stockwright/other"):
        (connection.input / name).mkdir(parents=True)
    carry_out(mine, lambda _: None)
    left = [path.name for path in (connection.input / "stockwright").iterdir()]
    assert left == ["other"]


def test_other_pictures_are_another_order(server: MadeServer, pool: Path, tmp_path: Path):
    carry_out(asked(tmp_path, pool), lambda _: None)
    first = next((tmp_path / "run" / "images").rglob("*.png"))
    first.unlink()
    Image.new("RGB", (40, 24), "black").save(pool / "red_sofa.png")
    with pytest.raises(OrderConflict, match="another order"):
        carry_out(asked(tmp_path, pool), lambda _: None)
    on = read_asked(parser().parse_args(["--run", str(tmp_path / "run")]))
    with pytest.raises(OrderConflict, match="not the pictures with which"):
        carry_out(on, lambda _: None)


def test_a_dry_run_names_the_pictures(server: MadeServer, pool: Path, tmp_path: Path):
    jobs, changes = plan_only(asked(tmp_path, pool, "--set", "ImageScaleBy.scale_by=4"), print)
    assert [job.subject for job in jobs] == ["red sofa", "hall", "bath 01"]
    assert [(change.input, change.new) for change in changes] == [("scale_by", "4.0")]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--images", "nowhere"), "is not a folder"),
        (("--images", "."), "there is no picture in it"),
        (("--images", ".", "--theme", "Education"), "exclude each other"),
        (("--images", ".", "--count", "3"), "--count is for themes"),
        (("--images", ".", "--style", "film"), "--style is for themes"),
    ],
)
def test_wrong_use_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], what: str
):
    (tmp_path / "graph.json").write_text(json.dumps(GRAPH))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OrderInvalid) as caught:
        read_asked(parser().parse_args([*arguments, "--workflow", "graph.json"]))
    assert what in str(caught.value)


def test_a_graph_needs_exactly_one_place_for_a_picture(
    server: MadeServer, pool: Path, tmp_path: Path
):
    two = {**GRAPH, "9": node("LoadImage", image="b.png")}
    with pytest.raises(BindingError, match="2 nodes of the graph load a picture"):
        carry_out(asked(tmp_path, pool, graph=two), lambda _: None)
    with pytest.raises(BindingError) as caught:
        loading_place({"2": GRAPH["2"]}, INFO)
    assert "workflows/upscale_only.json" in caught.value.hint


def test_what_the_server_lacks_is_said_before_anything_is_brought(
    server: MadeServer, pool: Path, tmp_path: Path
):
    graph = {**GRAPH, "2": node("ImageScaleBy", image=["1", 0], upscale_method="magic")}
    with pytest.raises(PreflightFailed, match="magic"):
        carry_out(asked(tmp_path, pool, graph=graph), lambda _: None)
    assert not server.uploads
    assert not (tmp_path / "run").exists(), "no empty run is left"


def test_a_graph_that_is_refused_does_not_hold_the_folder(
    server: MadeServer, pool: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    queue = server.queue_graph
    noise(pool / "noise.png", 1)

    def takes_three(graph: dict[str, Any], *rest: Any) -> None:
        inputs = {node["class_type"]: node["inputs"] for node in graph.values()}
        if inputs["ImageScaleBy"]["scale_by"] == 3 or len(server.graphs) == 3:
            raise GraphRefused("no such scale")
        queue(graph, *rest)

    monkeypatch.setattr(server, "queue_graph", takes_three)
    with pytest.raises(GraphRefused):
        carry_out(asked(tmp_path, pool, "--set", "ImageScaleBy.scale_by=3"), lambda _: None)
    assert not (tmp_path / "run").exists()
    with pytest.raises(GraphRefused):
        carry_out(asked(tmp_path, pool), lambda _: None)
    assert len(made(tmp_path)) == 1, "what was made stays, and its order"
    monkeypatch.setattr(server, "queue_graph", queue)
    assert carry_out(asked(tmp_path, pool), lambda _: None).done == 4


def test_pictures_are_examined_only_where_that_is_asked(pool: Path, tmp_path: Path):
    assert asked(tmp_path, pool).quality is None
    mine = tmp_path / "mine.yaml"
    mine.write_text("blur: off\n")
    assert asked(tmp_path, pool, "--quality", str(mine)).quality is not None
