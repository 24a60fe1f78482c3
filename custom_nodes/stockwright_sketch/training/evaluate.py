"""Tells how often the sketch draws what was asked, as a Markdown table.

    PYTHONPATH=<ComfyUI folder> python -m stockwright_sketch.training.evaluate CHECKPOINT --folder F

Asked are captions that no training picture had as a whole: thing and ground of a close-up, or
place, camera, light and material of a scene, in a combination that training never showed.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch
from comfy.cli_args import args as comfy_args

if not torch.cuda.is_available():
    comfy_args.cpu = True

from . import autoencoder, checkpoint, dataset, judge, sheet, train
from .dataset import Picture

ASKED = {"items": 200, "interiors": 50, "exteriors": 50}
LEARNT = 4500
HELD_BACK = 600
QUESTIONS = (f"thing, among {judge.THINGS}", "colour of the ground", "kind")


def new_captions(pictures: int, seed: int) -> list[tuple[str, Picture]]:
    """ASKED captions, and what each asks for."""
    seen = {_whole(dataset.describe(index, train.SEED)) for index in range(pictures)}
    generator = random.Random(seed)
    found: list[tuple[str, Picture]] = []
    for kind, number in ASKED.items():
        entry = dataset.kinds()[kind]
        places = dataset.PAINTERS[kind].places()
        names = judge.things() if kind == "items" else dataset.curriculum()[kind]
        some: list[tuple[str, Picture]] = []
        while len(some) < number:
            looks = {key: generator.choice(entry[key]) for key in ("camera", "light", "material")}
            if kind == "items":
                looks["material"] = f"{generator.choice(judge.GROUNDS)} background"
            name = generator.choice(names)
            picture = Picture(kind, name, **looks, captions=())
            if _whole(picture) in seen:
                continue
            what = places[name].names[0]
            theme = generator.choice(list(dataset.themes().values()))
            some.append((entry["prompt"].format(subject=what, theme=theme, **looks), picture))
        found += some
    return found


def _whole(picture: Picture) -> tuple[str, ...]:
    if picture.kind == "items":
        return picture.place, picture.material
    return picture.place, picture.camera, picture.light, picture.material


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the sketch checkpoint.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--folder", type=Path, required=True, help="what training keeps")
    given = parser.parse_args()
    if not given.checkpoint.is_file():
        parser.error(f"{given.checkpoint} is not there: it is what `make train-sketch` ends with")
    say = train.Log(given.folder / "evaluation.txt")

    painted, rendered = judge.renderings(given.folder, LEARNT + HELD_BACK, seed=1)
    right = judge.labels(rendered)
    judging = judge.train(painted[:LEARNT], right[:LEARNT], 0, say)
    parts = checkpoint.read(given.checkpoint)
    held = autoencoder.as_tensor(painted[LEARNT:])
    held_right = right[LEARNT:]
    with torch.no_grad():
        coded = torch.cat(
            [(parts.vae.decode(parts.vae.encode(p * 2 - 1)) / 2 + 0.5) for p in held.split(50)]
        ).clamp(0, 1)
    asked = new_captions(train.FULL.pictures, seed=2)
    drawn = torch.cat(
        [
            sheet.sample(parts, [caption for caption, _ in asked[start : start + 25]], seed=start)
            for start in range(0, len(asked), 25)
        ]
    )
    wished = judge.labels([picture for _, picture in asked])
    for name, part in (
        ("asked-items", slice(96)),
        ("asked-scenes", slice(ASKED["items"], None)),
    ):
        shown = [picture.place for _, picture in asked[part]]
        sheet.write(drawn[part], shown, given.folder / f"{name}.png", 12)

    columns = [
        _right(judging.answers(drawn), wished),
        _right(judging.answers(held), held_right),
        _right(judging.answers(coded), held_right),
    ]
    say("| shows the right | drawn by the sketch | chance | renderings | through the autoencoder |")
    say("|---|---|---|---|---|")
    chances = (1 / judge.THINGS, 1 / len(judge.GROUNDS), 1 / len(judge.KINDS))
    for place, question in enumerate(QUESTIONS):
        mine, real, through = (column[place] for column in columns)
        say(f"| {question} | {mine:.0%} | {chances[place]:.0%} | {real:.0%} | {through:.0%} |")


def _right(answers: torch.Tensor, wished: torch.Tensor) -> list[float]:
    """The share of right answers to each question, where it makes sense."""
    return [
        (answers[:, place] == wished[:, place])[wished[:, place] >= 0].float().mean().item()
        for place in range(wished.shape[1])
    ]


if __name__ == "__main__":
    main()
