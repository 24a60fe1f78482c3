"""Making a safetensors file of one whose loading might run code: in another process.

That process has weights-only loading, no token in its environment, and its own death to die. Its
result is checked like any other file.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from driver import places
from driver.errors import ModelRefused, SetupFailed
from driver.host import commands

_REFUSED, _UNABLE = 4, 5
_SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "STOCKWRIGHT_TOKEN")


def convert(
    python: Path,
    raw: Path,
    made: Path,
    *,
    where: str,
    take: str | None,
    tensors: Path | None,
    tick: commands.Tick,
) -> None:
    """Write `made` from `raw` with the interpreter `python`, which has torch and safetensors.

    Raises ModelRefused with the reason, SetupFailed where that Python cannot do it, or OSError.
    """
    script = places.CUSTOM_NODES / "stockwright" / "engine" / "convert.py"
    line = [str(python), str(script), str(raw), str(made)]
    line += ["--take", take] if take else []
    line += ["--tensors", str(tensors)] if tensors else []
    try:
        commands.run(line, "converting", tick, env=dict.fromkeys(_SECRETS, ""))
    except commands.CommandFailed as failed:
        last = failed.lines[-1].strip() if failed.lines else ""
        if failed.status == _REFUSED:
            raise ModelRefused(
                f"it is not converted, and so not used: {last}",
                where=where,
                hint="Only safetensors, GGUF and ONNX files are loaded as they are.",
            ) from failed
        if failed.status == _UNABLE:
            raise SetupFailed(
                f"it has to be converted, and that needs PyTorch and safetensors: {last}",
                where=where,
                hint="Name a Python that has them: --python PATH",
            ) from failed
        if "No space left" in failed.tail():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(made)) from failed
        raise ModelRefused(
            f"converting ended with status {failed.status}. Its last lines:\n{failed.tail()}",
            where=where,
            hint="Status -9 means that the memory was not enough." if failed.status == -9 else "",
        ) from failed
