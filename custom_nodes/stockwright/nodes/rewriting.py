"""What the nodes that rewrite prompts share: jobs or plain text in, the same jobs out.

A job keeps its id, seed and all else; only its prompt changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from comfy_api.latest import io

from ..core.errors import JobInvalid
from ..core.jobs import Job, check_jobs, parse_jobs
from ..core.syntax import is_json_list
from .types import Jobs


def prompt_input(tooltip: str) -> io.MultiType.Input:
    """The input `prompt`: a text field, or a link that carries jobs."""
    return io.MultiType.Input(
        io.String.Input("prompt", multiline=True, default="", tooltip=tooltip), types=[Jobs]
    )


def job_outputs() -> list[io.Output]:
    """The outputs `jobs` and `prompts`, as `rewritten` fills them."""
    return [
        Jobs.Output(display_name="jobs", tooltip="The jobs with their new prompts."),
        io.String.Output(
            display_name="prompts",
            is_output_list=True,
            tooltip="Only the prompts, one for each job.",
        ),
    ]


def jobs_of(prompt: object, seed: int = 0) -> tuple[Job, ...]:
    """The jobs of a link, of a JSON list of jobs, or one job of plain text with this seed.

    Raises:
        JobInvalid: empty text, a JSON list that is no list of jobs, a link of another kind.
    """
    if isinstance(prompt, str):
        if is_json_list(prompt):
            return parse_jobs(prompt)
        return parse_jobs([{"prompt": prompt.strip(), "seed": seed}])
    if not isinstance(prompt, tuple) or not all(isinstance(job, Job) for job in prompt):
        raise JobInvalid("the link does not carry jobs", where="prompt")
    check_jobs(prompt)
    return prompt


def rewritten(jobs: Sequence[Job], prompts: Sequence[str]) -> io.NodeOutput:
    """The outputs `jobs` and `prompts`; the node shows the prompts. One prompt for each job."""
    changed = tuple(replace(job, prompt=text) for job, text in zip(jobs, prompts, strict=True))
    return io.NodeOutput(changed, list(prompts), ui={"text": list(prompts)})
