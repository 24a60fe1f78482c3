"""Where things are: the checkout, the embedded server and its models.

Importing this module reads one environment variable and touches no file.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: the folder that holds `driver/`, `custom_nodes/` and `workflows/`."""

EMBEDDED = Path(os.environ.get("STOCKWRIGHT_HOME") or ROOT / ".embedded").absolute()
"""Everything that set-up installs besides the Python packages (`STOCKWRIGHT_HOME` moves it)."""

COMFYUI = EMBEDDED / "ComfyUI"
"""The embedded ComfyUI: the folder with its `main.py`."""

BASE = EMBEDDED / "base"
"""The server's base directory: its models, custom_nodes, input, output, temp and user data."""

MODELS = BASE / "models"
"""The embedded server's model folders (`checkpoints`, `loras`, `llm`, ...)."""

CUSTOM_NODES = ROOT / "custom_nodes"
"""The node packs of this checkout."""

WORKFLOWS = ROOT / "workflows"
"""The workflow files that ship with the project."""

PROMPTS = CUSTOM_NODES / "stockwright" / "prompts"
"""The pack's themes, kinds and word lists."""
