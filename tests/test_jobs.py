"""Jobs: what is accepted, and how each fault is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stockwright.core.errors import JobInvalid
from stockwright.core.jobs import Job, check_jobs, parse_jobs, slug
from stockwright.core.sources import Source


def make(**changes: object) -> dict[str, object]:
    return {"id": "a1", "prompt": "a red chair", "seed": 1} | changes


def test_jobs_survive_the_way_through_json():
    jobs = (
        Job.create(theme="T", kind="k", subject="s", prompt="p", negative="n", seed=7),
        Job.create(theme="T", kind="k", subject="s", prompt="p", negative="", seed=8).sized(64, 32),
    )
    jobs = (*jobs, replace(jobs[0], id="photo", source=Source.ENHANCED))
    assert parse_jobs(json.dumps([job.to_dict() for job in jobs])) == jobs


def test_an_id_follows_from_the_content():
    first, second = parse_jobs([{"prompt": "a", "seed": 1}, {"prompt": "a", "seed": 2}])
    assert first.id != second.id
    assert parse_jobs([{"prompt": "a", "seed": 1}])[0].id == first.id


def test_a_job_keeps_its_own_size():
    (job,) = parse_jobs([make(width=64, height=128)])
    assert job.sized(512, 512) == job
    (job,) = parse_jobs([make()])
    assert (job.sized(512, 256).width, job.sized(512, 256).height) == (512, 256)


@pytest.mark.parametrize(
    ("jobs", "where", "what"),
    [
        ("[{", "jobs", "not valid JSON"),
        ("[" * 100_000, "jobs", "not valid JSON"),
        ("[]", "jobs", "0 jobs"),
        ('"text"', "jobs", "list of objects"),
        ("[1]", "job 1", "JSON object"),
        ([make(), make()], "job a1, field id", "twice"),
        ([make(prompt="  ")], "job a1, field prompt", "empty"),
        ([{"id": "b"}], "job b, field prompt", "empty"),
        ([make(prompt=3)], "job a1, field prompt", "text"),
        ([make(width=65, height=64)], "job a1, field width", "multiple of 8"),
        ([make(width=64, height=0)], "job a1, field height", "multiple of 8"),
        ([make(width=64)], "job a1, field height", "go together"),
        ([make(seed=-1)], "job a1, field seed", "2**64"),
        ([make(seed="1")], "job a1, field seed", "whole number"),
        ([make(seed=True)], "job a1, field seed", "whole number"),
        ([make(size=3)], "job a1", "unknown field 'size'"),
        ([make(source="digitalCapture")], "job a1, field source", "no source of a picture"),
        ([make(source=[])], "job a1, field source", "no source of a picture"),
        ([make(id="../x")], "job ../x, field id", "letters, digits"),
    ],
)
def test_faults_are_named_by_job_and_field(jobs: object, where: str, what: str):
    with pytest.raises(JobInvalid) as caught:
        parse_jobs(jobs)  # type: ignore[arg-type]
    assert caught.value.where == where
    assert what in caught.value.what


def test_no_jobs_at_all_are_refused():
    with pytest.raises(JobInvalid, match="0 jobs"):
        check_jobs(())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dental clinic: reception!", "dental-clinic-reception"),
        ("Зал ожидания", "зал-ожидания"),
        ("../../etc/passwd", "etc-passwd"),
        ("…", "untitled"),
        ("a" * 100, "a" * 60),
    ],
)
def test_slugs_are_safe_file_names(text: str, name: str):
    assert slug(text) == name
