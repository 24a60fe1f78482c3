"""Where things are: the project's own files, the embedded server and its models.

The project runs from a checkout, or from a Python environment that a wheel was installed into.
Importing this module reads two environment variables and looks for one folder.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds `driver/`: the checkout, or the environment's `site-packages`."""

CHECKOUT = (ROOT / "custom_nodes" / "stockwright").is_dir()
"""Whether ROOT is a checkout."""


def _embedded() -> Path:
    if home := os.environ.get("STOCKWRIGHT_HOME"):
        return Path(home)
    if CHECKOUT:
        return ROOT / ".embedded"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stockwright"


EMBEDDED = _embedded().absolute()
"""Everything that set-up installs besides the Python packages (`STOCKWRIGHT_HOME` moves it)."""

COMFYUI = EMBEDDED / "ComfyUI"
"""The embedded ComfyUI: the folder with its `main.py`."""

BASE = EMBEDDED / "base"
"""The server's base directory: its models, custom_nodes, input, output, temp and user data."""

MODELS = BASE / "models"
"""The embedded server's model folders (`checkpoints`, `loras`, `llm`, ...)."""

CUSTOM_NODES = ROOT / "custom_nodes" if CHECKOUT else ROOT
"""The folder that holds the project's node packs; in a wheel they lie beside `driver/`."""

WORKFLOWS = ROOT / "workflows" if CHECKOUT else ROOT / "driver" / "workflows"
"""The workflow files that ship with the project."""

PROMPTS = CUSTOM_NODES / "stockwright" / "prompts"
"""The pack's themes, kinds and word lists."""
