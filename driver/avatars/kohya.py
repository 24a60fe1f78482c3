"""kohya's sd-scripts as a trainer: its files written, its output followed, its LoRAs taken.

What ComfyUI's *Train LoRA* (0.3.75) cannot do, and sd-scripts can:

    alpha                  always 1 there
    text encoders          not trained there; here at half the learning rate
    schedule               one learning rate a graph there, so one a segment; here one a step
    optimizer              begins anew with each segment there
    weights of the loss    none there: the noisiest levels count most; here by signal-to-noise
    buckets                pictures of other shapes are trained on wrongly there, since their
                           latents are not scaled; so crops are squares, for both. Here others that
                           somebody puts there keep their shape
    prior preservation     none there; here as many pictures of others as of the person, which the
                           checkpoint paints before (`others`): half of all steps are theirs

In `training/kohya/` of the person's folder, where it runs (so no path holds the person's name):

    images/        the crops and their captions
    others/        pictures of others, such as any woman, and their captions (is_reg)
    dataset.toml   what is trained on: one dataset with buckets
    config.toml    how: all settings of the preset, with alpha, a learning rate of its own for the
                   text encoders, the schedule by step, and weights by signal-to-noise
    out/           what it saves each `segment` steps: part<done before>-step<n>.safetensors

A run that was killed goes on with the weights that it saved last; its rate begins a curve of its
own there, from what it was, and falls somewhat later than it would have. Where memory runs out,
gradient checkpointing is switched on first, then the batch is halved, as with ComfyUI's trainer.
"""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import IO, Any

from stockwright.core.people import stem

from ..errors import AvatarInvalid, TrainingFailed
from ..events import Waiting
from ..hashing import file_sha256
from ..host.launch import interpreter
from ..weights.folders import Layout
from ..weights.safetensors_file import check
from .less_memory import with_less_memory
from .losses import DIVERGED, Diverged
from .people import Folder, make_private, write_private
from .presets import Preset, Schedule
from .training_events import SegmentTrained, TrainingRuns, TrainReport
from .training_state import Saved, State, file_of, remove_state, write_state

_TEXT_RATE = 0.5
"""Of the text encoders' learning rate to that of the rest."""
_SAVED = re.compile(r"part(\d+)(?:-step(\d+))?\.safetensors")
_PROGRESS = re.compile(r"(\d+)/(\d+) \[")
_LOSS = re.compile(r"avr_loss=([-+.\w]+)")
_RISEN = 1.5
"""Times the lowest mean of a segment: then the loss rises. Its pictures have random levels of
noise, so that such a mean goes up and down by a tenth or two by itself."""
_MEMORY = re.compile(r"out of memory|outofmemory", re.IGNORECASE)
_TAIL_LINES = 12
_AT_ONCE = 4
"""Pictures of others that are painted in one batch."""
_GET = "git clone https://github.com/kohya-ss/sd-scripts, and install it as its README says"


Others = Callable[[Sequence[int]], Mapping[int, tuple[bytes, str]]]
"""Paints pictures of others: PNG and caption of each of these numbers."""


class Kohya:
    def __init__(
        self,
        folder: Folder,
        preset: Preset,
        trainer: Path | None,
        layout: Layout,
        report: TrainReport,
    ) -> None:
        """`trainer` is the folder of sd-scripts. Raises AvatarInvalid if it is not."""
        name = preset.kohya
        if trainer is None or not (trainer / name).is_file():
            raise AvatarInvalid(
                f"there is no {name} in it" if trainer else "kohya's trainer needs its folder",
                where=f"--trainer-dir {trainer or ''}".strip(),
                hint=f"Give the folder of sd-scripts: {_GET}.",
            )
        self._script = trainer.expanduser().resolve() / name
        self._folder, self._preset, self._layout = folder, preset, layout
        self._report = report
        self._place = folder.training / "kohya"

    def run(
        self,
        state: State,
        checkpoint: str,
        files: Mapping[str, bytes],
        others: Others,
        make_room: Callable[[], None],
    ) -> State:
        """Trains what is missing on these crops and captions; the LoRAs are in `state.saved`.

        Args:
            others: pictures and captions of the numbers that it is called with. One that goes on
                has those that there are.
            make_room: called before sd-scripts runs, which may need all memory of the card.

        Raises AvatarInvalid where the checkpoint is not on this machine, and TrainingFailed.
        """
        weights = self._checkpoint(checkpoint)
        for name in ("", "images", "others", "out"):
            make_private(self._place / name)
        for name, data in files.items():
            write_private(self._place / "images" / name, data)
        self._paint(others)
        make_room()
        state = self._taken(state)
        watch = _Watch(self._preset.segment)
        while state.steps < self._preset.steps:
            done = state.steps
            self._write(state, weights)
            try:
                failed = self._follow(done, watch)
            except Diverged as how:
                remove_state(self._folder)
                raise TrainingFailed(str(how), where=self._script.name, hint=DIVERGED) from how
            state = self._taken(state)
            if failed and _MEMORY.search(failed):
                state = with_less_memory(
                    self._folder, state, "memory ran out", self._script.name, self._report
                )
            elif failed or state.steps == done:
                raise TrainingFailed(
                    f"sd-scripts failed:\n{failed or '  it saved nothing'}",
                    where=self._script.name,
                    hint="The same command goes on with what it saved last.",
                )
        return state

    def _paint(self, others: Others) -> None:
        place = self._place / "others"
        missing = [
            n for n in range(self._preset.class_pictures) if not _class_file(place, n).is_file()
        ]
        for at in range(0, len(missing), _AT_ONCE):
            self._report(Waiting(f"painting pictures of others: {at} of {len(missing)}"))
            for number, (picture, caption) in others(missing[at : at + _AT_ONCE]).items():
                file = _class_file(place, number)
                write_private(file.with_suffix(".txt"), f"{caption}\n".encode())
                write_private(file, picture)

    def _checkpoint(self, name: str) -> Path:
        places = [folder / name for folder in self._layout.folders("checkpoints")]
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            raise AvatarInvalid(
                f"sd-scripts needs {name} on this machine",
                where=", ".join(str(place.parent) for place in places),
                hint="Put it there, or give the ComfyUI folder that has it by --comfyui.",
            )
        return found

    def _write(self, state: State, checkpoint: Path) -> None:
        crops = len(list((self._place / "images").glob("*.png")))
        others = len(list((self._place / "others").glob("*.png")))
        general = {"caption_extension": ".txt", "enable_bucket": True}
        # sd-scripts takes no more pictures of others than crops, each counted as often as repeated.
        repeats = max(1, math.ceil(others / crops))
        tables = [
            ("[general]", general),
            ("[[datasets]]", {"resolution": self._preset.size, "batch_size": state.batch}),
            ("[[datasets.subsets]]", {"image_dir": "images", "num_repeats": repeats}),
        ]
        if others:
            subset = {"image_dir": "others", "num_repeats": 1, "is_reg": True}
            tables.append(("[[datasets.subsets]]", subset))
        write_private(self._place / "dataset.toml", _toml({}, tables).encode())
        config = _toml(self._config(state, checkpoint), [])
        write_private(self._place / "config.toml", config.encode())

    def _config(self, state: State, checkpoint: Path) -> dict[str, Any]:
        preset, left = self._preset, self._preset.steps - state.steps
        warming = round(preset.steps * preset.warmup)
        # One that goes on begins where the rate was; from there the cosine goes down, too.
        rate = preset.rate(state.steps, 0) if state.steps > warming else preset.learning_rate
        cosine = preset.schedule is Schedule.COSINE
        config: dict[str, Any] = {
            "pretrained_model_name_or_path": str(checkpoint.resolve()),
            "dataset_config": "dataset.toml",
            "output_dir": "out",
            "output_name": f"part{state.steps}",
            "save_model_as": "safetensors",
            "save_precision": "fp16" if preset.dtype == "bf16" else "float",
            "save_every_n_steps": preset.segment,
            "no_metadata": True,  # it would hold the names of folders and captions
            "network_module": "networks.lora",
            "network_dim": preset.rank,
            "network_alpha": preset.alpha,
            "optimizer_type": "AdamW",
            "learning_rate": rate,
            "unet_lr": rate,
            "text_encoder_lr": rate * _TEXT_RATE,
            "lr_scheduler": "cosine" if cosine else "constant_with_warmup",
            "lr_warmup_steps": 0 if state.steps else warming,
            "max_train_steps": left,
            "mixed_precision": "bf16" if preset.dtype == "bf16" else "no",
            "gradient_checkpointing": state.checkpointing,
            "gradient_accumulation_steps": state.accumulation,
            "cache_latents": True,
            "min_snr_gamma": 5.0,
            "sdpa": True,
            "max_data_loader_n_workers": 1,
            "seed": (state.seed + state.steps) % 2**32,
        }
        if self._preset.kohya.startswith("sdxl"):
            config["no_half_vae"] = True
        if state.saved:
            last = file_of(self._folder, state.saved[-1])
            config["network_weights"] = f"../{last.name}"
        return config

    def _follow(self, done: int, watch: _Watch) -> str:
        """Runs it to its end; the last lines where it failed. Raises Diverged."""
        line = [str(interpreter(self._script.parent)), str(self._script)]
        tail: deque[str] = deque(maxlen=_TAIL_LINES)
        with subprocess.Popen(
            [*line, "--config_file", "config.toml"],
            cwd=self._place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None
            try:
                for text in _lines(process.stdout):
                    tail.append(f"  {text}")
                    at, loss = _PROGRESS.search(text), _LOSS.search(text)
                    if at and loss and watch.sees(done + int(at[1]), float(loss[1])):
                        self._report(TrainingRuns(done + int(at[1]), self._preset.steps))
            finally:
                process.terminate()
        return "\n".join(tail) if process.returncode else ""

    def _taken(self, state: State) -> State:
        """With all that was saved whole since."""
        for path in sorted((self._place / "out").glob("part*.safetensors")):
            found = _SAVED.fullmatch(path.name)
            if found is None:
                continue
            # Without a step it is the end of its part, and that of the training.
            steps = int(found[1]) + int(found[2]) if found[2] else self._preset.steps
            if steps <= state.steps:
                continue
            try:
                check(path)
            except ValueError:  # cut off when it was killed
                path.unlink()
                continue
            name = stem(state.key, steps)
            saved = Saved(
                steps=steps, stem=name, sha256=file_sha256(path), size=path.stat().st_size
            )
            write_private(file_of(self._folder, saved), path.read_bytes())
            ordered = sorted((*state.saved, saved), key=lambda one: one.steps)
            state = state.model_copy(update={"saved": tuple(ordered)})
            self._report(SegmentTrained(steps, self._preset.steps, None, None, None))
        write_state(self._folder, state)
        return state


def _class_file(place: Path, number: int) -> Path:
    return place / f"{number:04d}.png"


class _Watch:
    """Of the mean loss that sd-scripts tells with each step, during one command."""

    def __init__(self, segment: int) -> None:
        self._segment = segment
        self._losses: list[float] = []
        self._step = 0
        self._lowest = math.inf
        """Of the means of segments."""

    def sees(self, step: int, loss: float) -> bool:
        """Whether the step is a new one: its line is printed again and again. Raises Diverged."""
        if not math.isfinite(loss):
            raise Diverged("the loss is no number")
        if step <= self._step:
            return False
        self._step = step
        self._losses.append(loss)
        if step % self._segment:
            return True
        mean, self._losses = fmean(self._losses), []
        if mean > _RISEN * self._lowest:
            words = f"its mean up to step {step} is {mean:.4f}, it was {self._lowest:.4f}"
            raise Diverged(f"the loss rises: {words}")
        self._lowest = min(self._lowest, mean)
        return True


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """Lines as they come; a bar of progress ends each of its own with a carriage return."""
    rest = b""
    while chunk := os.read(stream.fileno(), 4096):
        *whole, rest = re.split(rb"[\r\n]+", rest + chunk)
        yield from (line.decode("utf-8", "replace") for line in whole if line.strip())
    if rest.strip():
        yield rest.decode("utf-8", "replace")


def _toml(data: Mapping[str, Any], tables: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """TOML of values, and of tables with their headings. JSON's texts, numbers and truth values are
    TOML's, too."""
    lines = _values(data)
    for heading, table in tables:
        lines += ["", heading, *_values(table)]
    return "\n".join(lines) + "\n"


def _values(table: Mapping[str, Any]) -> list[str]:
    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in table.items()]
