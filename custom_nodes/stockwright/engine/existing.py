"""Jobs for pictures that were there before, told apart by their pixels."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace

import torch

from ..core.jobs import Job
from ..core.sources import Source


def jobs_of(
    images: torch.Tensor, *, theme: str, kind: str, subject: str, source: Source
) -> tuple[Job, ...]:
    """One job for each of the pictures (count, height, width, channels).

    The id follows from the texts and the pixels: the same picture has the same one in any batch,
    and another picture never takes its file's name. Of equal pictures in one batch the second has
    seed 1, and so on.
    """
    before: Counter[str] = Counter()
    made: list[Job] = []
    for image in images:
        pixels = _digest(image)
        job = Job.create(
            theme=theme,
            kind=kind,
            subject=subject,
            prompt=subject,
            negative="",
            seed=before[pixels],
        )
        told = hashlib.sha256(f"{job.id} {pixels}".encode()).hexdigest()[: len(job.id)]
        made.append(replace(job, id=told, source=source))
        before[pixels] += 1
    return tuple(made)


def _digest(image: torch.Tensor) -> str:
    digest = hashlib.sha256(repr(tuple(image.shape)).encode())
    digest.update(image.detach().cpu().float().contiguous().numpy())
    return digest.hexdigest()
