"""What pictures are examined for: `quality.yaml`, as it was when the order was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from stockwright.core.definitions import SUFFIXES, dump_yaml, read_text
from stockwright.core.errors import QualityInvalid
from stockwright.core.quality import CHECKS, LIKENESS, Action, Setting, load_quality, read_quality

from ..order import digest
from ..places import PROMPTS

DUPLICATE = "duplicate"
"""The check that the driver does itself, since it needs the other pictures."""
SIMILAR = "similar"
"""Its second score, by what a CLIP-vision model sees."""
_THRESHOLDS = ("below", "above", "within")


@dataclass(frozen=True, slots=True)
class Quality:
    """What is set for every check, as plain data."""

    settings: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What is frozen into a run's folder."""
        return dump_yaml(self.settings)

    @property
    def digest(self) -> str:
        return digest(dict(self.settings))

    @property
    def complete(self) -> dict[str, Any]:
        """With checks that are younger than the settings, which are off."""
        return {name: self.settings.get(name, {"check": Action.OFF.value}) for name in CHECKS}

    @property
    def duplicate(self) -> Setting:
        return read_quality(self.complete)[DUPLICATE]

    def thresholds(self) -> dict[str, tuple[float, ...]]:
        """By score, of each check that is on."""
        settings = read_quality(self.complete)
        found = {
            name: tuple(value for key, value in one.limits.items() if key in _THRESHOLDS)
            for name, one in settings.items()
            if one.action is not Action.OFF
        }
        if DUPLICATE in found:
            found[SIMILAR] = (settings[DUPLICATE][SIMILAR],)
        return found


def given_quality(file: Path | None, person: Path | None = None) -> Quality:
    """The shipped settings, or those of a file, which may leave out what stays as shipped.

    `person`: a file of what is set otherwise for a person's pictures. All others have no likeness,
    whatever the settings say: so that they also have the digest which they had before there was
    this check.

    Raises QualityInvalid with the file, the line and the key that is wrong.
    """
    own = [] if file is None else [_yaml(file)]
    if person is not None:
        return Quality(load_quality([*own, person, PROMPTS]))
    settings = load_quality([*own, PROMPTS])
    return Quality({name: said for name, said in settings.items() if name != LIKENESS})


def frozen_quality(file: Path) -> Quality:
    """The settings of a run, as `Quality.text` wrote them. Raises QualityInvalid."""
    text = read_text(file, QualityInvalid)
    try:
        settings: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise QualityInvalid(f"not valid YAML: {error}", where=str(file)) from error
    if not isinstance(settings, dict):
        raise QualityInvalid("must be a mapping of checks", where=str(file))
    return Quality(cast("dict[str, Any]", settings))


def _yaml(file: Path) -> Path:
    """A file that is there, and whose name says what it is."""
    if not file.is_file() or file.suffix not in SUFFIXES:
        raise QualityInvalid(
            "there is no such file" if not file.is_file() else "is no YAML file",
            where=f"--quality {file}",
            hint="Copy prompts/quality.yaml, and change what you like.",
        )
    return file
