"""The root of every error that Stockwright raises on purpose.

An error says what happened, where (file and key, node title, job id) and what to do. Its `code` is
stable and may be tested by scripts; its `exit_code` is the driver's: 1 some jobs failed, 2 wrong
use, 3 server or environment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar


class StockwrightError(Exception):
    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 3

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def reworded(self, change: Callable[[str], str]) -> None:
        """Changes all its texts."""
        self.what, self.where, self.hint = map(change, (self.what, self.where, self.hint))
        self.args = (self.what,)

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        hint = f"\n{self.hint}" if self.hint else ""
        return f"{where}{self.what} [{self.code}]{hint}"


class JobInvalid(StockwrightError):
    """A job (or a list of jobs) breaks its contract; `where` names the job's id and field."""

    code = "job-invalid"
    exit_code = 2


class ThemeInvalid(StockwrightError):
    """A theme file or a theme given as text cannot be used."""

    code = "theme-invalid"
    exit_code = 2


class KindInvalid(StockwrightError):
    """A kind file, or the shares given for kinds, cannot be used."""

    code = "kind-invalid"
    exit_code = 2


class ForbiddenInvalid(StockwrightError):
    """A list of forbidden words (forbidden.yaml) cannot be used."""

    code = "forbidden-invalid"
    exit_code = 2


class WordingInvalid(StockwrightError):
    """The wording file (llm.yaml) is missing or cannot be used."""

    code = "wording-invalid"
    exit_code = 2


class SubjectsExhausted(StockwrightError):
    """The model cannot name as many distinct subjects as the order needs."""

    code = "subjects-exhausted"
    exit_code = 3


class LLMUnavailable(StockwrightError):
    """The language model's runtime is not installed, or its file cannot be loaded."""

    code = "llm-unavailable"
    exit_code = 3


class LLMInvalid(StockwrightError):
    """The address of a language model's server, or the name of its key's variable, cannot be
    used."""

    code = "llm-invalid"
    exit_code = 2


class LoraInvalid(StockwrightError):
    """A LoRA text is malformed or names a file that is not there."""

    code = "lora-invalid"
    exit_code = 2


class EncoderUnavailable(StockwrightError):
    """A sentence encoder's files are missing or cannot be used."""

    code = "encoder-unavailable"
    exit_code = 3


class ExpanderUnavailable(StockwrightError):
    """A model that continues prompts is missing, cannot be fetched, or cannot be used."""

    code = "expander-unavailable"
    exit_code = 3


class TranslationInvalid(StockwrightError):
    """A glossary, a language code, a setting or a text cannot be used for translating."""

    code = "translation-invalid"
    exit_code = 2


class TranslationUnavailable(StockwrightError):
    """No translation service is set up, or it does not answer, or not as it should."""

    code = "translation-unavailable"
    exit_code = 3


class ModifiersInvalid(StockwrightError):
    """A table of modifiers, the contradictions file or a list of verdicts cannot be used."""

    code = "modifiers-invalid"
    exit_code = 2


class FaceModelInvalid(StockwrightError):
    """A file that shall restore faces is missing, broken, or of another kind."""

    code = "face-model-invalid"
    exit_code = 2


class FaceDetectionUnavailable(StockwrightError):
    """There is nothing to find faces with, or its files cannot be used."""

    code = "face-detection-unavailable"
    exit_code = 3


class FaceRestorationFailed(StockwrightError):
    """A network that restores faces gave something that is no face, or gave nothing."""

    code = "face-restoration-failed"
    exit_code = 3


class SavingInvalid(StockwrightError):
    """The settings of saved files (saving.yaml) or the words for them (keywords.yaml) cannot be
    used."""

    code = "saving-invalid"
    exit_code = 2


class SavingUnavailable(StockwrightError):
    """Nothing can be saved: the server stops, or what signs the files is not installed or fails."""

    code = "saving-unavailable"
    exit_code = 3


class VisionFailed(StockwrightError):
    """A CLIP-vision model gave no vector for a picture."""

    code = "vision-failed"
    exit_code = 3


class QualityInvalid(StockwrightError):
    """The settings of the quality gate (quality.yaml) cannot be used."""

    code = "quality-invalid"
    exit_code = 2


class SizeInvalid(StockwrightError):
    """A text for a picture's size cannot be read, or leads to a size that cannot be."""

    code = "size-invalid"
    exit_code = 2


class UpscalerInvalid(StockwrightError):
    """A model or pictures that the upscaler cannot work with."""

    code = "upscaler-invalid"
    exit_code = 2


class UpscalingFailed(StockwrightError):
    """A model ran out of memory even with the smallest tiles, or gave no picture."""

    code = "upscaling-failed"
    exit_code = 3


class StyleInvalid(StockwrightError):
    """A style (styles.yaml) is not there or cannot be used."""

    code = "style-invalid"
    exit_code = 2


class PersonFileInvalid(StockwrightError):
    """A token, a name or a hash of a person's file is malformed, or leads elsewhere."""

    code = "person-file-invalid"
    exit_code = 2


class PersonPhotosInvalid(StockwrightError):
    """A folder of a person's photos, or their captions, cannot be used."""

    code = "person-photos-invalid"
    exit_code = 2


class PersonLoraInvalid(StockwrightError):
    """The LoRA of a person cannot be continued, or cannot be stored under its name."""

    code = "person-lora-invalid"
    exit_code = 2


class TrainingDiverged(StockwrightError):
    """A training gave weights or a loss that are no numbers."""

    code = "training-diverged"
    exit_code = 3


class IntakeInvalid(StockwrightError):
    """What photos of a person are judged by (intake.yaml), or what they are described with
    (captions.yaml), cannot be used."""

    code = "intake-invalid"
    exit_code = 2
