"""A home of the bench's own: its server and runs, in a temporary folder.

It shares the installed ComfyUI and the small models with the checkout's embedded server by links,
so that a server that runs there is neither needed nor disturbed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = Path(os.environ.get("STOCKWRIGHT_HOME") or ROOT / ".embedded").absolute()
SKETCH = "sketch.safetensors"
_MODELS = (
    *(f"checkpoints/{SKETCH}", "llm", "sentence_embedding", "upscale_models"),
    *("face_detection", "nsfw_detection"),
)


class BenchFailed(Exception):
    """A part of the bench did not run; the text says which, and why."""


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            name: value
            for name, value in os.environ.items()
            if name not in ("STOCKWRIGHT_SERVER", "STOCKWRIGHT_TOKEN")
        } | {"STOCKWRIGHT_HOME": str(folder)}
        for name in _MODELS:
            link = folder / "base" / "models" / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(INSTALLED / "base" / "models" / name)
        (folder / "ComfyUI").symlink_to(INSTALLED / "ComfyUI")
        self._embedded("install")  # links the node packs

    def start_server(self) -> str:
        """The address of the home's server, kept until `stop_server`."""
        return self._embedded("start").split()[0]

    def stop_server(self) -> None:
        self._embedded("stop")

    def command(self, name: str, *arguments: str) -> list[str]:
        """The command line of a driver command."""
        return [sys.executable, str(ROOT / "driver" / name), *arguments]

    def _embedded(self, what: str) -> str:
        done = subprocess.run(
            self.command("embedded.py", what),
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchFailed(f"embedded.py {what}: {done.stderr.strip()}")
        return done.stdout
