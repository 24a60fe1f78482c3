"""One real server for the whole session, in a home of its own.

The home shares the installed ComfyUI and the small models with the checkout's embedded server by
links, and nothing else: what a user keeps there (an SDXL, a running server) does not matter here.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

INSTALLED = Path(__file__).resolve().parent.parent / ".embedded"
HOME = Path(tempfile.mkdtemp(prefix="stockwright-tests-"))
# Before anything imports driver.places, which reads it once.
os.environ["STOCKWRIGHT_HOME"] = str(HOME)
# Two workers share the processor; threads of one that wait for each other would hold both up.
os.environ.setdefault("OMP_NUM_THREADS", "1")
for name in ("STOCKWRIGHT_SERVER", "STOCKWRIGHT_TOKEN"):
    os.environ.pop(name, None)

SKETCH = "sketch.safetensors"
LLM = "SmolLM2-135M-Instruct.Q4_1.gguf"
ENCODER = "all-MiniLM-L6-v2.safetensors"
UPSCALER = "DAT_light_x2.safetensors"


def make_home(home: Path) -> Path:
    """A home whose server finds the small models, and loras of its own. All homes, of later tests
    too, share what the language model has answered: it takes longer to ask it than to paint."""
    models = home / "base" / "models"
    for folder in ("checkpoints", "llm", "loras"):
        (models / folder).mkdir(parents=True)
    shared = INSTALLED / "base" / "models"
    linked = (f"checkpoints/{SKETCH}", f"llm/{LLM}")
    folders = (
        *("sentence_embedding", "upscale_models", "nsfw_detection"),
        *("face_detection", "face_identity"),
    )
    for name in (*linked, *folders):
        (models / name).symlink_to(shared / name)
    (home / "ComfyUI").symlink_to(INSTALLED / "ComfyUI")
    kept = home / "base" / "user" / "__stockwright"
    kept.mkdir(parents=True)
    for name in ("answers.sqlite", "vectors.sqlite"):
        (kept / name).symlink_to(INSTALLED / f"tests-{name}")
    return home


make_home(HOME)

from driver import embedded, places  # noqa: E402
from driver.host import install  # noqa: E402
from driver.server import Server  # noqa: E402
from tests import browser, exiftool  # noqa: E402

NEEDED = {"browser": ("Chromium", browser), "exiftool": ("ExifTool", exiftool)}
"""What tests with a marker need: its name, and the module that finds it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where what they need is not there, such tests do not run. In CI they run, and fail."""
    for marker, (name, tool) in NEEDED.items():
        in_it = [item for item in items if item.get_closest_marker(marker)]
        if in_it and not os.environ.get("CI") and tool.find() is None:
            for item in in_it:
                item.add_marker(pytest.mark.skip(reason=f"no {name}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped: list[pytest.TestReport] = terminalreporter.stats.get("skipped", [])
    for marker, (name, tool) in NEEDED.items():
        names = [report.nodeid for report in skipped if marker in report.keywords]
        if names:
            terminalreporter.section(f"not run, since there is no {name}")
            for line in (*names, "", tool.WHAT_TO_DO):
                terminalreporter.line(line)


@pytest.fixture(scope="session", autouse=True)
def _home() -> Iterator[None]:
    yield
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The session's embedded server, with the sketch checkpoint and the 135M model."""
    install.install(print)  # links the packs
    faults = Path(__file__).with_name("packs") / "stockwright_faults"
    (HOME / "base" / "custom_nodes" / faults.name).symlink_to(faults)
    started = embedded.start(owner=os.getpid())
    yield Server(started.url)
    embedded.release(os.getpid())


@pytest.fixture(scope="session")
def object_info(server: Server) -> dict[str, Any]:
    return server.object_info()


@pytest.fixture(scope="session")
def encoder_path() -> Path:
    return places.MODELS / "sentence_embedding" / ENCODER


@pytest.fixture(scope="session")
def llm_path() -> Path:
    return places.MODELS / "llm" / LLM


@pytest.fixture(scope="session")
def sketch_path() -> Path:
    return places.MODELS / "checkpoints" / SKETCH


@pytest.fixture(scope="session")
def upscaler_path() -> Path:
    return places.MODELS / "upscale_models" / UPSCALER
