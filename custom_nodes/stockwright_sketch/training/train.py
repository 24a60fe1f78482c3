"""Trains the sketch from nothing and writes the checkpoint; goes on where it was stopped.

    PYTHONPATH=<ComfyUI folder> python -m stockwright_sketch.training.train OUT --folder FOLDER

FOLDER keeps the pictures, what was trained so far, a log and sheets of samples. `--quick` does the
same with a handful of pictures and steps, to see that it runs.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from comfy.cli_args import args as comfy_args

if not torch.cuda.is_available():
    # ComfyUI looks for a GPU as soon as its modules load.
    comfy_args.cpu = True

from . import autoencoder, checkpoint, dataset, diffusion, networks, sheet, text
from .captions import reworded
from .dataset import Picture

SEED = 0
DRAWN = {"items": 0.54, "interiors": 0.26, "exteriors": 0.16, "portraits": 0.04}


@dataclass(frozen=True, slots=True)
class Amounts:
    pictures: int
    portraits: int
    autoencoder_steps: int
    steps: int
    sheet: int
    """Prompts of a sheet."""


FULL = Amounts(pictures=18_000, portraits=480, autoencoder_steps=1_900, steps=10_000, sheet=24)
QUICK = Amounts(pictures=24, portraits=8, autoencoder_steps=2, steps=2, sheet=1)


class Encoded:
    """Encoded pictures of the curriculum and their captions' tokens, drawn by a seed and the step.

    A kind's share of what is drawn is its entry in DRAWN, however many pictures of it there are.
    """

    def __init__(
        self, latents: torch.Tensor, tokens: torch.Tensor, shown: list[Picture], seed: int
    ) -> None:
        self._latents = latents
        self._tokens = tokens
        self._seed = seed
        taught = dataset.curriculum()
        self._kinds: dict[str, list[int]] = {}
        for index, picture in enumerate(shown):
            if picture.place in taught.get(picture.kind, [picture.place]):
                self._kinds.setdefault(picture.kind, []).append(index)

    def draw(self, step: int, number: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        generator = random.Random(f"{self._seed}/{step}/draw")
        kinds = list(self._kinds)
        chosen = generator.choices(kinds, [DRAWN[kind] for kind in kinds], k=number)
        which = torch.tensor([generator.choice(self._kinds[kind]) for kind in chosen])
        words = torch.tensor([generator.randrange(self._tokens.shape[1]) for _ in range(number)])
        tokens = self._tokens[which, words].long()
        return self._latents[which].float(), tokens, text.for_clip_g(tokens)


class Log:
    """Says lines, and adds them to a file with the time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def __call__(self, line: str) -> None:
        print(line, flush=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")


def train(out: Path, folder: Path, amounts: Amounts) -> None:
    say = Log(folder / "log.txt")
    # Numbers too small for a normal float slow a CPU down, and mean nothing here.
    torch.set_flush_denormal(True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pictures, shown = dataset.load(folder, amounts.pictures, amounts.portraits, SEED, say)
    parts = networks.build(SEED)
    for part in (parts.model, parts.clip, parts.vae):
        part.to(device)
    autoencoder.initialise(parts.vae, SEED)
    autoencoder.train(parts.vae, pictures, amounts.autoencoder_steps, folder, SEED, say)
    latents = _latents(parts, pictures, folder, say)

    def draw(name: str) -> None:
        prompts = sheet.PROMPTS[: amounts.sheet]
        sheet.write(sheet.sample(parts, prompts, SEED), prompts, folder / "sheets" / f"{name}.png")

    captions = _captions(shown)
    tokens = text.tokens(captions).view(len(shown), -1, text.LENGTH)
    diffusion.train(
        parts,
        Encoded(latents, tokens, shown, SEED),
        amounts.steps,
        folder,
        SEED,
        say,
        look=lambda step: draw(f"{step:06}"),
    )
    checkpoint.write(parts, out, amounts.steps * diffusion.BATCH)
    draw("last")
    say(f"wrote {out}; samples are in {folder / 'sheets'}")


def _captions(shown: list[Picture]) -> list[str]:
    """Each picture's captions, and the same in other words; equally many of each picture."""
    generator = random.Random(f"{SEED}/reworded")
    words = dataset.words()
    return [
        text
        for picture in shown
        for caption in picture.captions
        for text in (caption, reworded(caption, words, generator))
    ]


def _latents(
    parts: networks.Networks, pictures: np.ndarray, folder: Path, say: Log
) -> torch.Tensor:
    """Latents of unit variance; the factor and shift that make them so go into the autoencoder."""
    path = folder / "latents.pt"
    if path.exists():
        found = torch.load(path, weights_only=True)
    else:
        found = autoencoder.encode(parts.vae, pictures, say)
        torch.save(found, path)
    scale, mean = found[:2000].float().std(), found[:2000].float().mean()
    parts.vae.vae_scale.data.copy_(scale)
    parts.vae.vae_shift.data.copy_(-mean / scale)
    return ((found.float() - mean) / scale).half()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the sketch checkpoint.")
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("--folder", type=Path, required=True, help="what training keeps")
    parser.add_argument("--quick", action="store_true", help="a minute, to see that it runs")
    given = parser.parse_args()
    train(given.out, given.folder, QUICK if given.quick else FULL)


if __name__ == "__main__":
    main()
