"""A classifier of pictures: which thing, which colour of ground, which kind. Trained on renderings.

It sees renderings of another seed than the sketch was trained on, some of them blurred or noisy,
so that it does not stumble over what an autoencoder does to a picture.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import dataset
from .dataset import Picture
from .looks import COLOURS
from .sprites import Sprites

THINGS = 50
KINDS = ("interiors", "exteriors", "items")
GROUNDS = tuple(COLOURS)
EPOCHS = 5


def things() -> list[str]:
    """The things that are judged: a choice of THINGS of the curriculum by a fixed seed."""
    return sorted(random.Random(50).sample(sorted(dataset.curriculum()["items"]), THINGS))


def labels(pictures: Sequence[Picture]) -> torch.Tensor:
    """(number, 3): thing, ground, kind; -1 where the question makes no sense."""
    chosen = {name: place for place, name in enumerate(things())}
    found: list[list[int]] = []
    for picture in pictures:
        ground = picture.material.removesuffix(" background")
        item = picture.kind == "items"
        found.append(
            [
                chosen.get(picture.place, -1) if item else -1,
                GROUNDS.index(ground) if item and ground in GROUNDS else -1,
                KINDS.index(picture.kind),
            ]
        )
    return torch.tensor(found)


def renderings(folder: Path, number: int, seed: int) -> tuple[np.ndarray, list[Picture]]:
    """Pictures to learn from or to be measured with: two thirds are one of things()."""
    sprites = Sprites(folder)
    shown: list[Picture] = []
    for index in range(number):
        picture = dataset.describe(index, seed)
        generator = random.Random(f"{seed}/{index}/judge")
        if generator.random() < 2 / 3:
            looks = dataset.kinds()["items"]
            picture = Picture(
                "items",
                generator.choice(things()),
                generator.choice(looks["camera"]),
                generator.choice(looks["light"]),
                f"{generator.choice(GROUNDS)} background",
                (),
            )
        shown.append(picture)
    painted = [
        np.asarray(dataset.paint(picture, random.Random(f"{seed}/{index}/paint"), sprites))
        for index, picture in enumerate(shown)
    ]
    return np.stack(painted), shown


class Judge(nn.Module):
    """Pictures (number, 3, 128, 128), 0 to 1, to three answers' scores."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 96, 128)
        self.body = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 3, stride=2, padding=1),
                    nn.BatchNorm2d(after),
                    nn.ReLU(),
                    nn.Conv2d(after, after, 3, padding=1),
                    nn.BatchNorm2d(after),
                    nn.ReLU(),
                )
                for before, after in itertools.pairwise(widths)
            )
        )
        self.drop = nn.Dropout(0.3)
        # Places matter for the ground, not for the thing.
        self.heads = nn.ModuleList(
            nn.Linear(2 * widths[-1], count) for count in (THINGS, len(GROUNDS), len(KINDS))
        )

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        found = self.body(pictures * 2 - 1)
        summary = torch.cat([found.mean(dim=(2, 3)), found.amax(dim=(2, 3))], dim=1)
        summary = self.drop(summary)
        return [head(summary) for head in self.heads]

    @torch.no_grad()
    def answers(self, pictures: torch.Tensor) -> torch.Tensor:
        """(number, 3): thing, ground and kind."""
        self.eval()
        parts = [self(part) for part in pictures.split(64)]
        return torch.stack(
            [torch.cat([part[place] for part in parts]).argmax(dim=1) for place in range(3)], dim=1
        )


def train(
    pictures: np.ndarray, right: torch.Tensor, seed: int, say: Callable[[str], None]
) -> Judge:
    torch.manual_seed(seed)
    judge = Judge().to(memory_format=torch.channels_last)
    data = torch.from_numpy(pictures).permute(0, 3, 1, 2)
    steps = EPOCHS * (len(data) // 48)
    optimizer = torch.optim.AdamW(judge.parameters(), weight_decay=0.02)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=max(2, steps))
    for step in range(steps):
        which = torch.randint(len(data), (48,))
        batch = _disturb(data[which].float() / 255).contiguous(memory_format=torch.channels_last)
        scores = judge(batch)
        loss = sum(
            functional.cross_entropy(score, right[which, place], ignore_index=-1)
            for place, score in enumerate(scores)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        plan.step()
        if (step + 1) % 100 == 0:
            say(f"judge {step + 1}/{steps}: loss {loss.item():.3f}")
    return judge


def _disturb(batch: torch.Tensor) -> torch.Tensor:
    choice = int(torch.randint(3, ()))
    if choice == 1:
        small = functional.interpolate(batch, scale_factor=0.5, mode="area")
        batch = functional.interpolate(small, scale_factor=2.0, mode="bilinear")
    if choice == 2:
        batch = batch + torch.randn_like(batch) * 0.03
    return batch
