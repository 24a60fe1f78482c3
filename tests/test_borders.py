"""The arrows between rooms: who may import whom, and what an import may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACK = ROOT / "custom_nodes" / "stockwright"
HEAVY = ("torch", "comfy", "comfy_api", "numpy", "llama_cpp", "transformers")


def modules(folder: Path, name: str) -> list[str]:
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = [name, *path.relative_to(folder).with_suffix("").parts]
        found.append(".".join(parts).removesuffix(".__init__"))
    return found


def test_driver_and_core_load_nothing_heavy():
    names = modules(ROOT / "driver", "driver") + modules(PACK / "core", "stockwright.core")
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("pack", ["stockwright", "stockwright_sketch"])
def test_importing_a_pack_loads_nothing_heavy(pack: str):
    code = f"import sys, {pack}; print([n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def imports(path: Path) -> set[str]:
    """Top-level names of absolute imports, and relative ones with their dots."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            found.add("." * node.level + (node.module or "").split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", sorted(PACK.rglob("*.py")), ids=lambda p: str(p.name))
def test_the_pack_reaches_itself_by_relative_imports_only(path: Path):
    assert not imports(path) & {"stockwright", "driver"}


@pytest.mark.parametrize(
    ("room", "forbidden"),
    [
        ("core", {"torch", "comfy", "comfy_api", "folder_paths", "..engine", "..nodes"}),
        ("engine", {"comfy", "comfy_api", "folder_paths", "server", "nodes", "..nodes"}),
    ],
)
def test_arrows_never_point_back(room: str, forbidden: set[str]):
    for path in (PACK / room).rglob("*.py"):
        assert not imports(path) & forbidden, path


def test_nobody_edits_the_import_path():
    for path in [*ROOT.glob("driver/**/*.py"), *ROOT.glob("custom_nodes/**/*.py")]:
        assert "sys.path" not in path.read_text("utf-8"), path
