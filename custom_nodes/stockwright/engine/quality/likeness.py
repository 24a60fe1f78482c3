"""Whether a picture shows the person that it shall show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from ...core.names import FACE_IDENTITY_FILE
from ..faces.identity import Identity
from .faces import FaceFinder
from .missing import PartMissing
from .view import View

Vectors = Sequence[Sequence[float]]
"""Of the faces in a person's photos, 128 numbers each, as `Identity.vector` gives them."""

NOBODY = 0.0
"""The likeness of a picture in which no face is found: nobody would know the person in it."""


class Likeness:
    """1 less the median of the distances between a face and those in the photos, 0 at least; of
    several faces the one that is most like the person counts.

    The median is a vote: above 0.4 dlib calls the face the same person's (a distance below 0.6) as
    in half of the photos or more. The nearest photo alone would let strangers pass the more, the
    more photos there are; the mean lets one odd photo count for much.
    """

    def __init__(self, find: FaceFinder, folders: Iterable[Path], person: Vectors) -> None:
        """Raises PartMissing or FaceModelInvalid."""
        files = [Path(folder) / FACE_IDENTITY_FILE for folder in folders]
        network = next((file for file in files if file.is_file()), None)
        if network is None:
            raise PartMissing(
                "there is nothing to know faces by: python driver/models.py pull face-identity"
            )
        self._find, self._identity = find, Identity(network)
        self._person = torch.tensor([[*vector] for vector in person])

    def __call__(self, view: View) -> float:
        faces = self._find(view)
        planes = torch.from_numpy(view.seen_pixels).permute(2, 0, 1) / 255
        found = [self._of(self._identity.vector(planes, face)) for face in faces]
        return max(found, default=NOBODY)

    def _of(self, vector: torch.Tensor) -> float:
        distances = (self._person - vector).norm(dim=1)
        return max(0.0, 1 - float(distances.quantile(0.5)))
