"""Small model files, honest and lying, and a home of its own for the command that fetches them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import signal
import struct
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from driver import models, places
from driver.weights import web

IMPATIENT = """
import sys
from driver import models
from driver.host import locks
from driver.weights import web
web.PAUSES = (0.05, 0.05)
locks._POLL_SECONDS = 0.05
sys.exit(models.main())
"""
"""The command as it is, with short pauses between its tries."""


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def safetensors(size: int = 4000, seed: int = 1) -> bytes:
    """A right file with so many bytes of data."""
    header = {"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}
    return pack(header, random.Random(seed).randbytes(size))


def pack(header: Any, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def gguf(size: int = 64, *, version: int = 3, claim: int | None = None, kind: int = 0) -> bytes:
    """A right file with one tensor of so many 32-bit floats."""

    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    head = b"GGUF" + struct.pack("<IQQ", version, 1, 2)
    head += text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")
    head += text(b"tokens") + struct.pack("<IIQ", 9, 8, 2) + text(b"a") + text(b"b")
    head += text(b"w") + struct.pack("<IQIQ", 1, claim or size, kind, 0)
    return head + bytes(-len(head) % 32) + bytes(size * 4)


def onnx(floats: int = 4, *, claim: int | None = None, location: bytes = b"") -> bytes:
    """A right file with one initializer."""

    def field(number: int, body: bytes) -> bytes:
        return bytes([number << 3 | 2]) + _varint(len(body)) + body

    tensor = b"\x08" + _varint(claim or floats) + b"\x10\x01" + field(8, b"w")
    tensor += (
        field(13, field(1, b"location") + field(2, location)) + b"\x70\x01" if location else b""
    )
    tensor += field(9, bytes(floats * 4))
    return b"\x08\x08" + field(7, field(2, b"graph") + field(5, tensor))


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


@dataclass
class Home:
    """An embedded place of its own, empty, and the environment that leads to it."""

    path: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        own = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        self.env = (
            own
            | {
                "STOCKWRIGHT_HOME": str(self.path),
                "HF_HOME": str(self.path / "hf"),
                "HF_HUB_DOWNLOAD_TIMEOUT": "1",
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "NO_PROXY": "127.0.0.1",
                "no_proxy": "127.0.0.1",
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(self.path / "index"),
            }
            | self.env
        )

    @property
    def models(self) -> Path:
        return self.path / "base" / "models"

    @property
    def manifest(self) -> Path:
        return self.path / "models.yaml"

    @property
    def lock(self) -> dict[str, Any]:
        return json.loads((self.path / "models-lock.json").read_text("utf-8"))

    def entries(self, *entries: dict[str, Any]) -> None:
        """The user's own manifest; what is left out of an entry is filled in."""
        usual = {"name": "one", "file": "one.safetensors", "folder": "loras"}
        full: list[dict[str, Any]] = []
        for entry in entries:
            trust = {"trust": True} if entry["source"].startswith("http") else {}
            full.append(usual | trust | entry)
        self.manifest.write_text(yaml.safe_dump({"models": full}))

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`models.py` to its end, in this process, which saves the time to import it all."""
        out, err = io.StringIO(), io.StringIO()
        before = signal.getsignal(signal.SIGTERM)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.env.items():
                patch.setenv(name, value)
            patch.setattr(places, "EMBEDDED", self.path)
            patch.setattr(places, "COMFYUI", self.path / "ComfyUI")
            patch.setattr(places, "MODELS", self.models)
            patch.setattr(web, "PAUSES", (0.05, 0.05))
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    status = models.main([*arguments])
                finally:
                    signal.signal(signal.SIGTERM, before)
        return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`models.py` to its end, in a process of its own."""
        return subprocess.run(
            self.line(*arguments),
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.line(*arguments),
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", IMPATIENT, *arguments]

    def leftovers(self) -> list[str]:
        """Hidden files of unfinished work."""
        return sorted(path.name for path in self.path.rglob(".*") if path.is_file())
