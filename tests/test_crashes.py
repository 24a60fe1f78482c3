"""What is killed, full or out of memory loses nothing; and the pack alone in another ComfyUI."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from driver import embedded, places
from driver.host import launch
from driver.server import Server
from tests import commands
from tests.commands import ITEMS, SKETCH, made, start, submit, the_run, until
from tests.conftest import HOME, make_home
from tests.graphs import node, run, stock_graph


@pytest.fixture
def home(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a home of its own, whose server may be killed."""
    home = make_home(tmp_path / "home")
    env = {"STOCKWRIGHT_HOME": str(home)}
    linked = [sys.executable, str(places.ROOT / "driver" / "embedded.py"), "install"]
    subprocess.run(linked, env=os.environ | env, check=True, capture_output=True)
    yield env
    stop = [sys.executable, str(places.ROOT / "driver" / "embedded.py"), "stop"]
    subprocess.run(stop, env=os.environ | env, check=True, capture_output=True)


def server_process(home: dict[str, str]) -> int:
    (record,) = Path(home["STOCKWRIGHT_HOME"]).glob("server*.json")
    return int(json.loads(record.read_text())["pid"])


def test_a_killed_server_is_started_again_and_a_killed_driver_goes_on(
    home: dict[str, str], tmp_path: Path
):
    order = (*ITEMS, "--count", "9", "--batch", "1")
    driver = start(tmp_path, *order, env=home)
    until(lambda: len(made(tmp_path)) >= 4, driver)
    os.kill(server_process(home), signal.SIGKILL)
    until(lambda: len(made(tmp_path)) >= 7, driver)
    attempts = commands.attempts(the_run(tmp_path))
    assert attempts["lost"] == 1, "the job that ran"
    assert attempts["dropped"] <= 1, "the job that waited behind it is not to blame"
    os.kill(server_process(home), signal.SIGKILL)
    driver.kill()
    _, said = driver.communicate()
    assert "starting it again" in said
    done = submit(tmp_path, *order, env=home)
    assert done.returncode == 0, done.stderr
    run = the_run(tmp_path)
    assert len(commands.pictures(run)) == 9
    assert len({row["sha256"] for row in commands.manifest(run)}) == 9


def test_a_server_that_is_stopped_writes_what_is_queued_first(home: dict[str, str]):
    """Large pictures are still being encoded when the graph has ended."""
    base = Path(home["STOCKWRIGHT_HOME"])
    command = [sys.executable, str(places.ROOT / "driver" / "embedded.py")]
    subprocess.run([*command, "start"], env=os.environ | home, check=True, capture_output=True)
    (record,) = base.glob("server*.json")
    server = Server(json.loads(record.read_text())["url"])
    jobs = [{"id": f"job{n}", "prompt": "a chair", "seed": n} for n in range(4)]
    graph = stock_graph(json.dumps(jobs), folder="stopped")
    graph["10"] = node("ImageScale", image=["8", 0], upscale_method="nearest-exact",
                       width=2560, height=2560, crop="disabled")  # fmt: skip
    graph["9"]["inputs"]["images"] = ["10", 0]
    server.queue_graph(graph, "11111111-2222-4333-8444-555555555555", "tests", workflow=None)
    while server.finished("11111111-2222-4333-8444-555555555555") is None:
        time.sleep(0.02)
    subprocess.run([*command, "stop"], env=os.environ | home, check=True, capture_output=True)
    files = [path for path in (base / "base/output/stopped").rglob("*") if path.is_file()]
    assert len(files) == 4
    for path in files:
        with Image.open(path) as image:
            image.load()
            assert image.size == (2560, 2560)


def test_a_server_out_of_memory_gets_smaller_batches(server: Server, tmp_path: Path):
    graph = stock_graph('[{"prompt": "replaced"}]')
    graph["10"] = node("TestOutOfMemoryAbove", images=["8", 0], limit=2)
    graph["9"]["inputs"]["images"] = ["10", 0]
    path = tmp_path / "small-memory.json"
    path.write_text(json.dumps(graph))
    arguments = (*ITEMS, "--count", "8", "--batch", "8", "--workflow", str(path))
    done = submit(tmp_path, *arguments, "--json", small=False)
    assert done.returncode == 0, done.stderr
    seen = commands.events(done.stdout)
    sizes = [e["jobs"] for e in seen if e["event"] == "GraphQueued"]
    assert sizes == [8, 4, 4, 2, 2, 2, 2]
    assert len(commands.pictures(the_run(tmp_path))) == 8


def test_a_full_disk_stops_the_run_and_loses_nothing(server: Server, tmp_path: Path):
    """The disk is a tmpfs that holds the ledger and a few pictures, in a mount space of its own."""
    small, kept = tmp_path / "small", tmp_path / "kept"
    small.mkdir()
    command = shlex.join(commands.line(*ITEMS, "--count", "20", "--run", str(small / "run")))
    script = f"""
        mount -t tmpfs -o size=600k none {shlex.quote(str(small))} || exit 77
        {command} 2> first.txt; echo $? > first
        find {small}/run/images -type f ! -name '.*' | wc -l > before
        mount -o remount,size=8m {shlex.quote(str(small))}
        {command} 2> second.txt; echo $? > second
        cp -r {small}/run {kept}
    """
    subprocess.run(["unshare", "-rm", "sh", "-c", script], cwd=tmp_path, check=True)
    said = (tmp_path / "first.txt").read_text()
    assert (tmp_path / "first").read_text().strip() == "3", said
    assert "No space left" in said or "full" in said
    assert 0 < int((tmp_path / "before").read_text()) < 20
    assert (tmp_path / "second").read_text().strip() == "0", (tmp_path / "second.txt").read_text()
    assert len(commands.pictures(kept)) == len(commands.manifest(kept)) == 20
    assert not list(kept.rglob("*.part"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A ComfyUI of the user's own: of our packs it has a copy of one, and no llama-cpp-python."""
    base = tmp_path_factory.mktemp("other")
    nodes = base / "custom_nodes"
    shutil.copytree(places.CUSTOM_NODES / "stockwright", nodes / "stockwright")
    (base / "models").symlink_to(HOME / "base" / "models")
    absent = base / "absent" / "llama_cpp"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ImportError('not installed')")
    port = launch.free_port(None)
    database = f"sqlite:///{base}/comfyui.db"
    options = ["--port", str(port), "--base-directory", str(base), "--database-url", database]
    process = subprocess.Popen(
        [sys.executable, "main.py", *options, *launch.device_flags(Path(sys.executable))],
        cwd=places.COMFYUI,
        env=os.environ | {"PYTHONPATH": str(absent.parent)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 120
        while not launch.answers(port):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.2)
        yield Server(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def known() -> str:
    """The name of a checkpoint in a layout that ComfyUI knows without any pack."""
    path = places.MODELS / "checkpoints" / "known.safetensors"
    script = Path(__file__).with_name("make_checkpoint.py")
    env = os.environ | {"PYTHONPATH": str(places.COMFYUI)}
    subprocess.run([sys.executable, str(script), str(path)], env=env, check=True)
    return path.name


def test_the_pack_alone_gives_the_same_pictures(
    server: Server, other: Server, known: str, tmp_path: Path
):
    hashes: list[list[str]] = []
    for one in (server, other):
        hashes.append([])
        # One job a graph: such a checkpoint is computed in fp32, which depends on the batch.
        for job, seed in (("a", 3), ("b", 4)):
            jobs = json.dumps([{"id": job, "prompt": f"a {job} chair", "seed": seed}])
            graph = stock_graph(jobs, checkpoint=known, steps=2)
            files = run(one, graph).outputs["9"]["stockwright_files"]
            hashes[-1] += [file["sha256"] for file in files]
    assert hashes[0] == hashes[1]
    assert hashes[0][0] != hashes[0][1]


def test_without_the_llm_runtime_the_pack_loads_and_says_what_to_install(
    other: Server, tmp_path: Path
):
    assert "StockwrightWritePrompts" in other.object_info()
    done = submit(tmp_path, "--theme", "Education", *SKETCH, "--server", other.url)
    assert done.returncode == 3
    assert "pip install llama-cpp-python" in done.stderr


def test_the_session_server_lives_on(server: Server):
    """Nothing above may have touched it."""
    assert embedded.running() is not None
    server.system_stats()
