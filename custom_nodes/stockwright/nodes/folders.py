"""Folders that the nodes read: models by their kind, prompts, and what is kept for the user."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import folder_paths

from ..core.names import (
    ENCODER_FOLDER,
    EXPANSION_FOLDER,
    FACE_DETECTION_FOLDER,
    FACE_RESTORATION_FOLDER,
    LLM_FOLDER,
    PROMPTS_FOLDER,
)

_OURS = (
    *(LLM_FOLDER, ENCODER_FOLDER, EXPANSION_FOLDER, PROMPTS_FOLDER),
    *(FACE_RESTORATION_FOLDER, FACE_DETECTION_FOLDER),
)
PACK_PROMPTS = Path(__file__).resolve().parent.parent / "prompts"


def register() -> None:
    """Adds the folders to those that extra_model_paths.yaml may have named already."""
    models = Path(folder_paths.models_dir)
    for name in _OURS:
        folder_paths.add_model_folder_path(name, str(models / name))
    folder_paths.add_model_folder_path(PROMPTS_FOLDER, str(PACK_PROMPTS))


def llm_files() -> list[str]:
    """GGUF files of the `llm` folder, relative to it."""
    return _files(LLM_FOLDER, ".gguf")


def encoder_files() -> list[str]:
    """Safetensors files of the `sentence_embedding` folder, relative to it."""
    return _files(ENCODER_FOLDER, ".safetensors")


def face_model_files() -> list[str]:
    """Files of the `facerestore_models` folder that may restore faces, relative to it."""
    return _files(FACE_RESTORATION_FOLDER, (".safetensors", ".pth"))


def _files(folder: str, suffix: str | tuple[str, ...]) -> list[str]:
    # Filtered here, since another pack or extra_model_paths.yaml may have registered the folder
    # for any kind of file.
    files = folder_paths.get_filename_list(folder)
    return [file for file in files if file.lower().endswith(suffix)]


def expansion_folders() -> dict[str, Path]:
    """Folders with a model that continues prompts, by their names, in alphabetical order."""
    found: dict[str, Path] = {}
    for place in folder_paths.get_folder_paths(EXPANSION_FOLDER):
        for config in sorted(Path(place).glob("*/config.json")):
            found.setdefault(config.parent.name, config.parent)
    return dict(sorted(found.items()))


def kept_file(name: str) -> Path:
    """A file of the user's folder that ComfyUI gives out to nobody: `answers` of language models,
    so that a plan that was stopped goes on, or `vectors` of texts."""
    return Path(folder_paths.get_system_user_directory("stockwright")) / f"{name}.sqlite"


def fingerprint(folder: str, files: Iterable[str]) -> str:
    """Changes when another file takes the place of one of these (relative to a model folder)."""
    return "\n".join(f"{file}: {_stamp(folder, file)}" for file in files)


def stamps(files: Iterable[Path]) -> str:
    """Changes when one of these files changes, comes or goes."""
    return "\n".join(f"{file}: {_stamp_of(file)}" for file in files)


def _stamp(folder: str, file: str) -> str:
    try:
        return _stamp_of(Path(folder_paths.get_full_path_or_raise(folder, file)))
    except OSError:
        return "missing"  # the node reports it when it runs


def _stamp_of(file: Path) -> str:
    try:
        stat = file.stat()
    except OSError:
        return "missing"
    return f"{stat.st_size} bytes, {stat.st_mtime_ns} ns"


def prompt_folders() -> list[Path]:
    """Existing prompts folders, the user's before the pack's own."""
    found = [Path(p) for p in folder_paths.get_folder_paths(PROMPTS_FOLDER)]
    return [p for p in dict.fromkeys(found) if p.is_dir()]
