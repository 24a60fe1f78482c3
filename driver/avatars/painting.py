"""Pictures that a training needs itself, painted on the server and fetched into memory.

They compare candidates, or show a LoRA what others than the person look like. They lie on the
server as copies of photos do, and go with those (`remove_photos`).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stockwright.core.people import COMPARED, PHOTOS

from ..collect import SavedFile, saved_files
from ..errors import TrainingFailed
from ..graphs import ApiGraph
from ..server import Finished
from ..settling import settled
from .errands import Errands
from .presets import Sampling
from .training_graph import picture_id, pictures_graph


@dataclass(frozen=True, slots=True)
class Painting:
    """What all pictures have in common."""

    token: str
    checkpoint: str
    negative: str
    sampling: Sampling

    def of(
        self,
        errands: Errands,
        prompts: Sequence[str],
        seeds: Sequence[int],
        loras: Callable[[], str] = str,
    ) -> list[bytes]:
        """PNGs, one of each prompt, made in one batch.

        Args:
            loras: called for each try, since a server that died may have to get them again.

        Raises:
            TrainingFailed, and what servers raise.
        """
        # A folder for each: another graph's files are never taken for this one's.
        folder = f"{PHOTOS}/{self.token}/{COMPARED}/{uuid.uuid4()}"

        def make() -> ApiGraph:
            return pictures_graph(
                *(self.checkpoint, loras(), prompts, self.negative, seeds),
                sampling=self.sampling,
                folder=folder,
            )

        files = saved_files(settled(errands.server, finished(errands, make)))
        return [_fetched(errands, files.get(picture_id(n))) for n in range(len(prompts))]


def finished(errands: Errands, make: Callable[[], ApiGraph]) -> Finished:
    """Runs a graph. Raises TrainingFailed where it fails."""
    ended = errands.run(make)
    if not ended.success:
        raise TrainingFailed(
            ended.error or "the graph was stopped", where="a graph beside the training"
        )
    return ended


def _fetched(errands: Errands, file: SavedFile | None) -> bytes:
    data = None
    if file is not None and not file.error:
        data = errands.server.view(file.filename, file.subfolder, file.type)
    if data is None or file is None or hashlib.sha256(data).hexdigest() != file.sha256:
        raise TrainingFailed(
            "a picture that was painted for the training did not arrive",
            where=errands.server.url,
            hint="Give the same command again.",
        )
    return data
