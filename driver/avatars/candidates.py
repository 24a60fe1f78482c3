"""Which step of a training is kept.

Each candidate, and the checkpoint alone, paints the same prompts with the same seeds. Its score is
likeness times prompt fit, each from 0 to 1:

likeness     where faces are found: the mean over its pictures of the quality gate's likeness, 1
             less the median distance to the faces in the photos (0 without a face). Where one is
             found in less than half of all pictures, as with a small checkpoint: by how much the
             candidate finds held-back pictures again better than the checkpoint alone, 1 less its
             loss in parts of that one's
prompt fit   how much better the checkpoint *alone* finds a picture again under the prompt that it
             was painted with than under each of the others (Li et al., "Your Diffusion Model is
             Secretly a Zero-Shot Classifier", 2023): the mean chance, by a logistic curve of the
             difference of mean log losses, that its own is the right one of two. A picture that
             shows the person and nothing of the prompt has 0.5
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from stockwright.core.people import TRIGGER

from ..events import Notice
from ..graphs import ApiGraph
from .comparison_sheet import Column, draw_comparison
from .errands import Errands
from .likeness_worker import NoJudge, likeness_of
from .losses import Losses, gain
from .painting import Painting, finished
from .people import Folder, Person, make_private, write_private
from .presets import Compare, Preset
from .serverfiles import put_lora, remove_photos, send_photos
from .training_events import CandidateJudged, TrainReport
from .training_graph import all_losses, loss_graph
from .training_state import Saved, State, file_of

SHEET = "training.jpg"
_SEED = 1
_PURPOSE = "judged"
_CERTAIN = 0.02
"""A difference of mean log losses at which the chance is 1 / (1 + 1/e) = 0.73: by which pictures
differ that do and do not show what a prompt says."""


@dataclass(frozen=True, slots=True)
class Judged:
    """How a candidate does; `steps` 0 is the checkpoint alone."""

    steps: int
    likeness: float
    by_faces: bool
    """Else by held-back pictures."""
    prompt_fit: float

    @property
    def words(self) -> str:
        """As the sheet has room for them."""
        by = "likeness" if self.by_faces else "held-back"
        return f"{by} {self.likeness:.3f}, prompt {self.prompt_fit:.3f}"


@dataclass(frozen=True, slots=True)
class Judging:
    """What a comparison needs of the training."""

    folder: Folder
    person: Person
    preset: Preset
    compare: Compare
    checkpoint: str
    errands: Errands
    models: Mapping[str, Sequence[Path]]
    """Model folders of this machine, by their names."""
    held_back: Mapping[str, bytes]
    """Pictures and captions that were not trained on, by file name."""
    report: TrainReport


def choose(work: Judging, state: State) -> Saved:
    """The best candidate; draws training.jpg. A comparison that was killed paints again."""
    candidates = state.saved[-work.preset.candidates :]
    painted = {0: _paint(work, None)} | {one.steps: _paint(work, one) for one in candidates}
    likeness = _by_faces(work, painted)
    by_faces = likeness is not None
    if likeness is None:
        likeness = _by_held_back(work, state, candidates)
    of: dict[int, Judged] = {}
    for steps, pictures in painted.items():
        fit = _prompt_fit(work, pictures)
        of[steps] = Judged(steps, likeness[steps], by_faces, fit)
        work.report(CandidateJudged(steps, round(likeness[steps], 3), by_faces, round(fit, 3)))
    score = {steps: one.likeness * one.prompt_fit for steps, one in of.items()}
    best = max(candidates, key=lambda one: (score[one.steps], -one.steps))
    _draw(work, painted, of, best)
    return best


def _paint(work: Judging, saved: Saved | None) -> list[Path]:
    """One picture of each prompt."""
    prompts = work.compare.of(f"{TRIGGER} {work.person.word}")
    seeds = range(_SEED, _SEED + len(prompts))
    painting = Painting(
        work.person.token, work.checkpoint, work.compare.negative, work.preset.sampling
    )
    pictures = painting.of(work.errands, prompts, seeds, lambda: _loras(work, saved))
    place = work.folder.training / "compared"
    make_private(place)
    paths: list[Path] = []
    for number, picture in enumerate(pictures):
        path = place / f"{saved.steps if saved else 0}-{number}.png"
        write_private(path, picture)
        paths.append(path)
    return paths


def _by_faces(work: Judging, painted: Mapping[int, Sequence[Path]]) -> dict[int, float] | None:
    """Likeness by steps; None where a face is found in less than half of the pictures."""
    pictures = [path for paths in painted.values() for path in paths]
    try:
        found = likeness_of(pictures, work.person.vectors, work.models)
    except NoJudge as reason:
        work.report(Notice(f"Faces are not compared: {reason}"))
        return None
    if 2 * sum(one is not None for one in found) < len(pictures):
        return None
    of = dict(zip(pictures, found, strict=True))
    return {steps: fmean(of[path] or 0.0 for path in ps) for steps, ps in painted.items()}


def _by_held_back(work: Judging, state: State, candidates: Sequence[Saved]) -> dict[int, float]:
    """By steps: how much better than the checkpoint alone held-back pictures are found again."""
    losses: dict[int, Losses] = {one.steps: one.held_back for one in candidates}
    untrained: Losses = state.untrained
    if not untrained:  # another trainer than ComfyUI's does not measure them
        losses = {one.steps: _measured(work, one) for one in candidates}
        untrained = _measured(work, None)
    parts = {steps: gain(after, untrained) or 1.0 for steps, after in losses.items()}
    return {0: 0.0} | {steps: max(0.0, 1 - part) for steps, part in parts.items()}


def _measured(work: Judging, saved: Saved | None) -> list[float | None]:
    def make() -> ApiGraph:
        folder = _sent(work, work.held_back)
        size = work.preset.size
        loras = _loras(work, saved)
        return loss_graph(work.checkpoint, loras, folder, size, _SEED, every_caption=False)

    return [level for one in all_losses(finished(work.errands, make)) for level in one["levels"]]


def _sent(work: Judging, files: Mapping[str, bytes]) -> str:
    """The folder of these files alone: a node takes all that lie in it."""
    token = work.person.token
    remove_photos(work.errands.server, token)
    return send_photos(work.errands.server, token, _PURPOSE, files)


def _loras(work: Judging, saved: Saved | None) -> str:
    """A candidate as LoRA nodes take it, there on the server; nothing for the checkpoint alone."""
    if saved is None:
        return ""
    file = file_of(work.folder, saved)
    name = put_lora(work.errands.server, work.person.token, saved.stem, file)
    return f"{name}:{work.preset.strength}"


def _prompt_fit(work: Judging, pictures: Sequence[Path]) -> float:
    """From 0 to 1; 0.5 where pictures show nothing of their prompts. One prompt cannot be told
    from others: 1."""
    if len(pictures) < 2:
        return 1.0
    captions = work.compare.of(work.person.word)  # what the checkpoint knows
    files = {path.name: path.read_bytes() for path in pictures}
    files |= {
        path.with_suffix(".txt").name: caption.encode()
        for path, caption in zip(pictures, captions, strict=True)
    }
    size = work.preset.sampling.size

    def make() -> ApiGraph:
        folder = _sent(work, files)
        return loss_graph(work.checkpoint, "", folder, size, _SEED, every_caption=True)

    told = all_losses(finished(work.errands, make))
    return prompt_fit({(one["picture"], one["caption"]): one["levels"] for one in told})


def prompt_fit(losses: Mapping[tuple[int, int], Sequence[float | None]]) -> float:
    """Args:
    losses: at each level of noise, by the numbers of a picture and of a caption; a picture's own
        caption has its number.
    """
    chances: list[float] = []
    for (picture, caption), levels in losses.items():
        if picture == caption:
            continue
        worse = gain(levels, losses[picture, picture])  # than under its own
        if worse is not None:
            chances.append(1 / (1 + math.exp(-math.log(worse) / _CERTAIN)))
    return fmean(chances) if chances else 0.0


def _draw(
    work: Judging, painted: Mapping[int, Sequence[Path]], judged: Mapping[int, Judged], best: Saved
) -> None:
    columns: list[Column] = []
    for steps, paths in painted.items():
        one = judged[steps]
        heading = f"{steps} steps" if steps else "without"
        columns.append(Column(heading, one.words, tuple(paths), kept=steps == best.steps))
    prompts = work.compare.of(f"{TRIGGER} {work.person.word}")
    write_private(work.folder.path / SHEET, draw_comparison(columns, prompts))
