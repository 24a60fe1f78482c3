"""What a check lacks."""

from __future__ import annotations


class PartMissing(Exception):
    """A package or a model file that a check needs is not there, or is broken.

    Not an error of the run: the check says of every picture that it was not done, and why. The text
    says what to install.
    """
