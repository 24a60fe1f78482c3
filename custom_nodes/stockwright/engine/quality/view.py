"""A picture as the checks look at it, each form made once."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from ..faces.detection import Face

LONGEST = 1024
"""Pixels of the longer side at which sharpness, text and faces are looked at. A larger picture is
reduced, so that limits mean the same for every size; a smaller one stays as it is."""


class Unreadable(Exception):
    """The file is no picture, or not a whole one."""


class View:
    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture
        """RGB, in the size of the file."""
        self.faces: list[Face] | None = None
        """What was found in `seen`, by the first check that looked for faces."""

    @classmethod
    def load(cls, path: Path) -> View:
        """Reads a file to its end. Raises Unreadable."""
        try:
            with Image.open(path) as stored:
                return cls(stored.convert("RGB"))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise Unreadable(str(error)) from error

    @cached_property
    def luma(self) -> np.ndarray:
        """float32 (height, width), 0 to 255, in the size of the file."""
        return np.asarray(self.picture.convert("L"), np.float32)

    @cached_property
    def seen(self) -> Image.Image:
        """RGB, with a longer side of at most LONGEST pixels."""
        scale = LONGEST / max(self.picture.size)
        if scale >= 1:
            return self.picture
        width, height = (max(1, round(side * scale)) for side in self.picture.size)
        return self.picture.resize((width, height), Image.Resampling.LANCZOS)

    @cached_property
    def seen_pixels(self) -> np.ndarray:
        """uint8 (height, width, 3)."""
        return np.array(self.seen)

    @cached_property
    def seen_luma(self) -> np.ndarray:
        """float32 (height, width), 0 to 255."""
        return np.asarray(self.seen.convert("L"), np.float32)
