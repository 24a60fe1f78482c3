"""Conditioning of jobs: encoded one by one, stacked into one tensor for each shape.

A conditioning is ComfyUI's list of `[tensor (1, tokens, channels), dict]` entries. `clip` is any
object with ComfyUI's `tokenize(text)` and `encode_from_tokens_scheduled(tokens)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..core.jobs import Job

Conditioning = list[list[Any]]


@dataclass(frozen=True, slots=True)
class EncodedJob:
    job: Job
    positive: Conditioning
    negative: Conditioning


def encode_jobs(clip: Any, jobs: Sequence[Job]) -> list[EncodedJob]:
    """Each job's prompt and negative, encoded by themselves; equal texts are encoded once."""
    texts = dict.fromkeys(text for job in jobs for text in (job.prompt, job.negative))
    done = {text: clip.encode_from_tokens_scheduled(clip.tokenize(text)) for text in texts}
    return [EncodedJob(job, done[job.prompt], done[job.negative]) for job in jobs]


def group_by_shape(encoded: Sequence[EncodedJob]) -> list[list[EncodedJob]]:
    """Jobs that can share a sampler call, in the order in which each group's first job came.

    Texts of different length are not padded to one length: padding takes part in cross-attention,
    and a job would look different in company of a longer one.
    """
    groups: dict[Any, list[EncodedJob]] = {}
    for e in encoded:
        key = (e.job.width, e.job.height, _shape(e.positive), _shape(e.negative))
        groups.setdefault(key, []).append(e)
    return list(groups.values())


def stack(conditionings: Sequence[Conditioning]) -> Conditioning:
    """One conditioning of batch size n from n conditionings of equal shape."""
    return [
        [
            torch.cat([entry[0] for entry in entries]),
            {key: _stack_value([entry[1][key] for entry in entries]) for key in entries[0][1]},
        ]
        for entries in zip(*conditionings, strict=True)
    ]


def _stack_value(values: list[Any]) -> Any:
    return torch.cat(values) if isinstance(values[0], torch.Tensor) else values[0]


def _shape(conditioning: Conditioning) -> Any:
    return tuple(
        (
            tuple(tensor.shape),
            tuple(
                (key, tuple(value.shape) if isinstance(value, torch.Tensor) else repr(value))
                for key, value in sorted(extra.items())
            ),
        )
        for tensor, extra in conditioning
    )
