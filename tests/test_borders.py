"""The arrows between rooms: who may import whom, and what an import may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "driver": ROOT / "driver",
    "stockwright": ROOT / "custom_nodes" / "stockwright",
    "stockwright_sketch": ROOT / "custom_nodes" / "stockwright_sketch",
}
HEAVY = {"torch", "comfy", "comfy_api", "numpy", "llama_cpp", "transformers"}
COMFYUI = {"comfy", "comfy_api", "comfy_extras", "execution", "folder_paths", "nodes", "server"}

ARROWS = {
    "driver": {"driver", "stockwright.core"},
    "stockwright": {"stockwright", "stockwright.nodes"},
    "stockwright.core": {"stockwright.core"},
    "stockwright.engine": {"stockwright.engine", "stockwright.core"},
    "stockwright.nodes": {"stockwright.nodes", "stockwright.engine", "stockwright.core"},
    "stockwright_sketch": {"stockwright_sketch"},
}
"""Each room (the longest name that a module's begins with) and those that it may import."""

IN_A_WORKER = {
    "driver.gate.worker": {"stockwright.engine.quality.gate"},
    "driver.avatars.intake_worker": {"stockwright.engine.portraits.studio"},
    "driver.avatars.likeness_worker": {
        "stockwright.engine.quality.faces",
        "stockwright.engine.quality.likeness",
        "stockwright.engine.quality.view",
    },
}
"""What a module imports in processes of its own only; importing the module does not load it."""


def modules() -> dict[str, Path]:
    """All modules of the project, packages under their own name."""
    found: dict[str, Path] = {}
    for name, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = [name, *path.relative_to(folder).with_suffix("").parts]
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def room(module: str) -> str | None:
    return max((r for r in ARROWS if f"{module}.".startswith(f"{r}.")), key=len, default=None)


def imports(module: str, code: str) -> Iterator[str]:
    """Full names of the modules that a module's code imports, wherever in it the import stands."""
    is_package = MODULES[module].name == "__init__.py"
    package = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield full if full in MODULES else base


def forbidden(module: str, code: str) -> set[str]:
    """The imports in a module's code that its room must not have."""
    here = room(module)
    assert here is not None
    found = set(imports(module, code))
    wrong = {name for name in found if (there := room(name)) and there not in ARROWS[here]}
    wrong -= IN_A_WORKER.get(module, set())
    if here in ("driver", "stockwright.core"):
        wrong |= {name for name in found if name.split(".")[0] in HEAVY | COMFYUI}
    if here == "stockwright.core":
        plain = {*sys.stdlib_module_names, "yaml", "stockwright"}
        wrong |= {name for name in found if name.split(".")[0] not in plain}
    if here == "stockwright.engine":
        wrong |= {name for name in found if name.split(".")[0] in COMFYUI}
    return wrong


def loaded_by(code: str) -> str:
    """Which of the heavy modules are there after code has run in a new Python."""
    code = f"import importlib, sys\n{code}\nprint(*({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_driver_and_core_load_nothing_heavy():
    names = [name for name in MODULES if room(name) in ("driver", "stockwright.core")]
    assert not loaded_by(f"for name in {names!r}: importlib.import_module(name)")


@pytest.mark.parametrize("pack", ["stockwright", "stockwright_sketch"])
def test_importing_a_pack_loads_nothing_heavy(pack: str):
    assert not loaded_by(f"import {pack}")


@pytest.mark.parametrize("module", MODULES)
def test_arrows_never_point_back(module: str):
    assert forbidden(module, MODULES[module].read_text("utf-8")) == set()


@pytest.mark.parametrize(
    ("module", "code", "found"),
    [
        ("driver.runner", "import stockwright.engine.llm", "stockwright.engine.llm"),
        ("driver.runner", "from stockwright import nodes", "stockwright.nodes"),
        ("driver.runner", "from stockwright.nodes import batch", "stockwright.nodes.batch"),
        ("driver.runner", "import stockwright", "stockwright"),
        ("driver.runner", "def late():\n import torch.nn", "torch.nn"),
        ("stockwright.nodes.batch", "from driver import order", "driver.order"),
        ("stockwright.nodes.batch", "from .. import extension", "stockwright.extension"),
        ("stockwright.engine.llm", "from .. import nodes", "stockwright.nodes"),
        ("stockwright.engine.llm", "from ..nodes.batch import JobNoise", "stockwright.nodes.batch"),
        ("stockwright.engine.llm", "import nodes", "nodes"),
        ("stockwright.core.jobs", "from .. import engine", "stockwright.engine"),
        ("stockwright.core.jobs", "from PIL import Image", "PIL"),
        ("stockwright.core", "from ..engine import llm", "stockwright.engine.llm"),
        ("stockwright.extension", "from .engine.llm import PromptLLM", "stockwright.engine.llm"),
        ("stockwright_sketch.layout", "import stockwright.core", "stockwright.core"),
    ],
)
def test_an_arrow_that_points_back_is_found(module: str, code: str, found: str):
    assert forbidden(module, code) == {found}


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("driver.runner", "from stockwright.core import names, themes"),
        ("driver.graphs.model", "from ..errors import GraphInvalid"),
        ("stockwright.nodes.batch", "from ..core import names\nimport torch, nodes"),
        ("stockwright.engine.llm", "from ..core.asking import Ask\nimport llama_cpp"),
        ("stockwright.core.jobs", "import json, yaml\nfrom . import errors"),
    ],
)
def test_other_imports_are_free(module: str, code: str):
    assert forbidden(module, code) == set()


@pytest.mark.parametrize("module", [name for name in MODULES if not name.startswith("driver")])
def test_a_pack_reaches_itself_by_relative_imports_only(module: str):
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        absolute: list[str] = []
        if isinstance(node, ast.Import):
            absolute = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            absolute = [str(node.module)]
        assert not {name.split(".")[0] for name in absolute} & PACKAGES.keys()


@pytest.mark.parametrize("module", MODULES)
def test_nobody_edits_the_import_path_or_imports_by_text(module: str):
    text = MODULES[module].read_text("utf-8")
    assert not [word for word in ("sys.path", "import_module", "__import__") if word in text]
