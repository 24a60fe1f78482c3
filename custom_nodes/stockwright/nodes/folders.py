"""Model folders of the pack: `llm` (GGUF files) and `prompts` (themes and kinds)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import folder_paths

from ..core.names import LLM_FOLDER, PROMPTS_FOLDER

PACK_PROMPTS = Path(__file__).resolve().parent.parent / "prompts"


def register() -> None:
    """Adds the folders to those that extra_model_paths.yaml may have named already."""
    models = Path(folder_paths.models_dir)
    folder_paths.add_model_folder_path(LLM_FOLDER, str(models / LLM_FOLDER))
    folder_paths.add_model_folder_path(PROMPTS_FOLDER, str(models / PROMPTS_FOLDER))
    folder_paths.add_model_folder_path(PROMPTS_FOLDER, str(PACK_PROMPTS))


def llm_files() -> list[str]:
    """GGUF files of the `llm` folder, relative to it.

    Filtered here, since another pack or extra_model_paths.yaml may have registered the folder for
    any kind of file.
    """
    files = folder_paths.get_filename_list(LLM_FOLDER)
    return [file for file in files if file.lower().endswith(".gguf")]


def fingerprint(folder: str, files: Iterable[str]) -> str:
    """Changes when another file takes the place of one of these (relative to a model folder)."""
    return "\n".join(f"{file}: {_stamp(folder, file)}" for file in files)


def _stamp(folder: str, file: str) -> str:
    try:
        stat = Path(folder_paths.get_full_path_or_raise(folder, file)).stat()
    except OSError:
        return "missing"  # the node reports it when it runs
    return f"{stat.st_size} bytes, {stat.st_mtime_ns} ns"


def prompt_folders() -> list[Path]:
    """Existing prompts folders, the user's before the pack's own."""
    found = [Path(p) for p in folder_paths.get_folder_paths(PROMPTS_FOLDER)]
    return [p for p in dict.fromkeys(found) if p.is_dir()]
