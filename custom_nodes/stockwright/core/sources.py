"""How a picture came into being, as IPTC's digital source types have it.

    made by         its file says                          IPTC's words for it
    --------------  -------------------------------------  -----------------------------
    an AI model     trainedAlgorithmicMedia                Created using Generative AI
    a person        compositeWithTrainedAlgorithmicMedia   Edited using Generative AI

The second is for photos and drawings: networks that enlarge pictures or restore faces add details
that no camera saw. A photo's own type, such as digitalCapture, would not be true any more.
"""

from __future__ import annotations

from enum import StrEnum

_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class Source(StrEnum):
    MODEL = "trainedAlgorithmicMedia"
    ENHANCED = "compositeWithTrainedAlgorithmicMedia"

    @property
    def uri(self) -> str:
        return _TYPES + self.value


class Maker(StrEnum):
    """Of a picture before it was enhanced."""

    PERSON = "a person"
    MODEL = "an AI model"

    @property
    def source(self) -> Source:
        return Source.MODEL if self is Maker.MODEL else Source.ENHANCED


def says_ai(file: bytes) -> bool:
    """Whether a picture's file states that an AI model made it, in XMP or in Content Credentials,
    which both are plain text within the file."""
    return b"digitalsourcetype/" + Source.MODEL.encode() in file
