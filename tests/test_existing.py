"""Jobs for pictures that were there: told apart by their pixels."""

from __future__ import annotations

import torch

from stockwright.core.jobs import Job, check_jobs, parse_jobs
from stockwright.core.sources import Source
from stockwright.engine.existing import jobs_of


def made(images: torch.Tensor, subject: str = "picture") -> tuple[Job, ...]:
    return jobs_of(images, theme="T", kind="k", subject=subject, source=Source.ENHANCED)


def noise(count: int, height: int = 6, width: int = 4) -> torch.Tensor:
    return torch.rand(count, height, width, 3, generator=torch.Generator().manual_seed(count))


def ids(images: torch.Tensor, subject: str = "picture") -> list[str]:
    return [job.id for job in made(images, subject)]


def test_another_picture_with_the_same_words_has_another_id():
    one = noise(1)
    other = one.clone()
    other[0, 3, 2, 1] += 1 / 255
    assert ids(one) != ids(other)
    assert ids(torch.zeros(1, 4, 6, 3)) != ids(torch.zeros(1, 6, 4, 3)), "the shape counts too"
    assert ids(one) != ids(one, "chair")


def test_the_same_picture_has_the_same_id_wherever_it_stands():
    pictures = noise(3)
    assert ids(pictures) == ids(pictures.clone())
    assert ids(pictures[2:]) == ids(pictures)[2:]
    assert ids(pictures.movedim(1, 2).contiguous().movedim(2, 1)) == ids(pictures)
    assert ids(pictures.half()) == ids(pictures.half().float())


def test_equal_pictures_of_a_batch_have_files_of_their_own():
    jobs = made(noise(1).repeat(3, 1, 1, 1))
    check_jobs(jobs)
    assert [job.seed for job in jobs] == [0, 1, 2]
    assert ids(noise(1)) == [jobs[0].id]


def test_they_say_what_they_are():
    (job,) = made(noise(1), "red sofa")
    assert (job.theme, job.kind, job.subject, job.source) == ("T", "k", "red sofa", Source.ENHANCED)
    assert parse_jobs([job.to_dict()]) == (job,)
