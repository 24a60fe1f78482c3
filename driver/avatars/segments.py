"""A training in segments: one graph each, and its LoRA fetched before the next one.

What is killed, the driver or the server, loses at most the segment that ran. A driver that comes
back follows the graph that its forerunner queued, if the server has it yet. Each segment goes on
with the weights of the one before; the optimizer's averages begin anew.
"""

from __future__ import annotations

import contextlib
import math

from stockwright.core.people import STEP, stem

from ..errors import ServerFailing, StockwrightError, TrainingFailed
from ..graphs import ApiGraph
from ..listener import Step
from ..server import Finished, Server
from .errands import Errands
from .less_memory import with_less_memory
from .losses import DIVERGED, Diverged, gain, mean
from .people import Folder
from .presets import Preset
from .serverfiles import fetch_lora, list_loras, put_lora, remove_lora, send_photos
from .training_events import SegmentTrained, TrainingRuns, TrainReport
from .training_graph import (
    AFTER,
    BEFORE,
    Segment,
    bind_segment,
    told_lora,
    told_losses,
)
from .training_state import Saved, State, file_of, remove_state, write_state

_DEATHS = 2
"""Deaths of the server over one segment until memory is taken to be the cause."""
_DIVERGED = "[training-diverged]"


class Segments:
    """Args:
    graph: the designer's, with its checkpoint.
    photos: purpose -> file name -> bytes, pictures and captions: `train` and `held-back`.
    """

    def __init__(
        self,
        folder: Folder,
        token: str,
        preset: Preset,
        graph: ApiGraph,
        photos: dict[str, dict[str, bytes]],
        errands: Errands,
        report: TrainReport,
    ) -> None:
        self._folder, self._token, self._preset = folder, token, preset
        self._graph, self._photos = graph, photos
        self._errands, self._report = errands, report
        self._sent: tuple[int, dict[str, str]] | None = None

    def run(self, state: State) -> State:
        """Trains what is missing. Raises TrainingFailed, ServerFailing and what servers raise."""
        while state.steps < self._preset.steps:
            try:
                state = self._segment(state)
            except Diverged as how:
                remove_training(self._folder, self._token, self._errands.server)
                raise TrainingFailed(str(how), where="training", hint=DIVERGED) from how
        return state

    def _segment(self, state: State) -> State:
        steps = min(self._preset.segment, self._preset.steps - state.steps)

        def on_step(step: Step) -> None:
            if step.maximum >= steps:
                done = state.steps + min(int(step.value), steps)
                self._report(TrainingRuns(done, self._preset.steps))

        ended = self._errands.adopt(state.graph, on_step) if state.graph else None
        if ended is None or not ended.success:
            ended = None
            try:
                ended = self._errands.run(
                    lambda: self._make(state, steps),
                    queued=lambda graph: self._note(state, graph),
                    on_step=on_step,
                    deaths=_DEATHS,
                )
            except ServerFailing:
                self._errands.recover()
        if ended is None or (not ended.success and ended.out_of_memory):
            why = "the server died twice" if ended is None else "memory ran out"
            where = self._errands.server.url
            return with_less_memory(self._folder, state, why, where, self._report)
        if not ended.success:
            raise _failed(ended)
        state = self._take(state, ended)
        self._check(state)
        return state

    def _make(self, state: State, steps: int) -> ApiGraph:
        continued = ""
        if state.saved:
            last = state.saved[-1]
            file = file_of(self._folder, last)
            continued = put_lora(self._errands.server, self._token, last.stem, file)
        places = self._places()
        return bind_segment(
            self._graph,
            Segment(
                token=self._token,
                key=state.key,
                training=places["train"],
                held_back=places["held-back"],
                preset=self._preset,
                steps=steps,
                rate=self._preset.rate(state.steps, steps),
                seed=state.seed + state.steps,
                batch=state.batch,
                accumulation=state.accumulation,
                checkpointing=state.checkpointing,
                continued=continued,
            ),
        )

    def _places(self) -> dict[str, str]:
        """Folders of the photos on the server; sent again after it died, since it swept them."""
        if self._sent is None or self._sent[0] != self._errands.lives:
            places = {
                purpose: send_photos(self._errands.server, self._token, purpose, files)
                for purpose, files in self._photos.items()
            }
            self._sent = (self._errands.lives, places)
        return self._sent[1]

    def _note(self, state: State, graph: str) -> None:
        write_state(self._folder, state.model_copy(update={"graph": graph}))

    def _take(self, state: State, ended: Finished) -> State:
        told = told_lora(ended)
        if told is None:
            raise TrainingFailed(
                "the graph ended without a word of Save Person LoRA",
                where="avatar_train.json",
                hint="Take the node from the template: it has to run in each graph.",
            )
        name = stem(state.key, int(told["steps"]))
        path = self._folder.training / f"{name}.safetensors"
        fetched = fetch_lora(self._errands.server, self._token, name, path)
        saved = Saved(
            steps=told["steps"],
            stem=name,
            sha256=fetched,
            size=told["bytes"],
            losses=tuple(told["losses"]),
            held_back=told_losses(self._graph, AFTER, ended),
        )
        untrained = state.untrained or told_losses(self._graph, BEFORE, ended)
        state = state.model_copy(
            update={"saved": (*state.saved, saved), "untrained": untrained, "graph": ""}
        )
        write_state(self._folder, state)
        self._forget_old(state)
        self._report(
            SegmentTrained(
                saved.steps,
                self._preset.steps,
                mean(saved.losses),
                mean(saved.held_back),
                mean(untrained),
            )
        )
        return state

    def _forget_old(self, state: State) -> None:
        """Removes what is neither a candidate nor goes on."""
        for old in state.saved[: -max(self._preset.candidates, 1)]:
            if file_of(self._folder, old).exists():
                file_of(self._folder, old).unlink()
                remove_lora(self._errands.server, self._token, old.stem)

    def _check(self, state: State) -> None:
        """Raises Diverged where the loss is no number, or rises."""
        last = state.saved[-1]
        if None in last.held_back or not all(map(math.isfinite, last.losses)):
            raise Diverged(f"the loss is no number after {last.steps} steps")
        ratio = gain(last.held_back, state.untrained)
        if ratio is not None and ratio > self._preset.rising:
            raise Diverged(
                f"the loss rises: after {last.steps} steps it is {ratio:.2f} times that of the"
                " untrained model"
            )


def remove_training(folder: Folder, token: str, server: Server) -> None:
    """Removes a training's state and its LoRAs, here and as far as the server answers there."""
    remove_state(folder)
    with contextlib.suppress(StockwrightError):
        for name in list_loras(server, token):
            if name.endswith(STEP):
                remove_lora(server, token, name)


def _failed(ended: Finished) -> Exception:
    if _DIVERGED in ended.error:
        return Diverged(ended.error.partition(_DIVERGED)[0].partition(": ")[2].strip())
    if ended.interrupted:
        return TrainingFailed(
            "it was stopped at the server", where="training", hint="The same command goes on."
        )
    return TrainingFailed(ended.error or "the graph failed", where="training")
