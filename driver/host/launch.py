"""How a ComfyUI server is started on this machine: its interpreter, its arguments, its port."""

from __future__ import annotations

import http.client
import os
import platform
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from driver import places

HOST = "127.0.0.1"
ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    # PyTorch's threads spin while they wait for each other, by default so long that any other load
    # on the machine makes them many times as slow. Not at all would cost a tenth of an idle one.
    "GOMP_SPINCOUNT": "1000",
}
"""What a server's environment has unless the user's own says otherwise."""

_SECRET = "STOCKWRIGHT_TOKEN"

_ANSWER_SECONDS = 5.0
# What Linux shows of an NVIDIA (also under WSL), an AMD or an Intel GPU that can compute.
_GPU_FILES = ("nvidia*", "kfd", "dxg", "dri/renderD*")
_ASK_TORCH = """
import torch
print(torch.cuda.is_available() or (hasattr(torch, "xpu") and torch.xpu.is_available()))
"""


def environment() -> dict[str, str]:
    """A server's environment: this process's, without the token that is meant for another one."""
    own = {name: value for name, value in os.environ.items() if name != _SECRET}
    return {**ENVIRONMENT, **own}


def interpreter(comfyui: Path) -> Path:
    """The Python of a ComfyUI folder: that of its own `venv` or `.venv`, else this one."""
    for name in ("venv", ".venv"):
        python = comfyui / name / "bin" / "python"
        if python.is_file():
            return python
    return Path(sys.executable)


def arguments(comfyui: Path, port: int) -> list[str]:
    """The command line of a server that runs `comfyui` on the loopback interface."""
    python = interpreter(comfyui)
    line = [str(python), "main.py", "--listen", HOST, "--port", str(port), "--disable-auto-launch"]
    if comfyui == places.COMFYUI:
        database = places.EMBEDDED / "comfyui.db"
        line += ["--base-directory", str(places.BASE), "--database-url", f"sqlite:///{database}"]
        line += ["--disable-api-nodes"]
    return line + device_flags(python)


def device_flags(python: Path) -> list[str]:
    """Nothing where PyTorch has a GPU; else `--cpu`, and bf16 where the processor computes in it.

    A processor has no fast fp16, the type of most checkpoints, and bf16 is many times as fast.
    """
    if platform.system() == "Darwin" or _torch_has_gpu(python):
        return []
    bf16 = ["--bf16-unet", "--bf16-vae", "--bf16-text-enc"] if _cpu_has_bf16() else []
    # ComfyUI's default for a CPU is the slower of its exact attentions.
    return ["--cpu", "--use-pytorch-cross-attention", *bf16]


def _torch_has_gpu(python: Path) -> bool:
    if not any(any(Path("/dev").glob(pattern)) for pattern in _GPU_FILES):
        return False
    asked = subprocess.run(
        [str(python), "-c", _ASK_TORCH], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() == "True"


def _cpu_has_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").split()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def free_port(wanted: int | None) -> int:
    """The wanted port if nothing listens on it, else any free one."""
    for port in (wanted, 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                if port is not None:
                    probe.bind((HOST, port))
                    return int(probe.getsockname()[1])
            except OSError:
                continue
    raise OSError(f"no port is free on {HOST}")


def answers(port: int) -> bool:
    """Whether a server takes calls on the port. One that is busy and answers late does."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=_ANSWER_SECONDS)) as connection:
        try:
            connection.connect()
        except OSError:
            return False
        try:
            connection.request("GET", "/system_stats")
            return connection.getresponse().status == http.client.OK
        except TimeoutError:
            return True
        except (OSError, http.client.HTTPException):
            return False
