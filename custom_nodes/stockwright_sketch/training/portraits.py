"""Cartoon people: heads and shoulders of Open Peeps (CC0), drawn by DiceBear, fetched by npm.

A fixed set of persons, each with several moods, clothes and backgrounds, drawn once and kept.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image, ImageChops, ImageFilter

PACKAGES = ("@dicebear/core@9.4.3", "@dicebear/open-peeps@9.4.3", "@resvg/resvg-js@2.6.2")
PERSONS = 60
VARIATIONS = 8
SIDE = 256

_SCRIPT = Path(__file__).with_name("portraits.mjs")
_TABLES = Path(__file__).with_name("portraits.yaml")
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
_INK = 40
_LINE = 9  # pixels, more than half an outline at the script's width

Options = dict[str, Any]
Words = dict[str, str]


class Portraits:
    """The pictures of `folder`; where they are missing, they are drawn first.

    Raises RuntimeError when node or npm is missing or fails, with what it said.
    """

    def __init__(self, folder: Path) -> None:
        path = drawn_file(folder)
        plans = _plans()
        if not path.exists():
            _draw_all(folder, path, plans)
        self._pictures = np.load(path, mmap_mode="r")
        self._words = [words for _, _, words in plans]
        self.count = len(plans)

    def paint(self, index: int) -> tuple[Image.Image, Words]:
        """RGB, SIDE x SIDE, and what it shows.

        Always `who`, `clothes`, `background`, `mood` and one of `hair` and `headwear`; `beard` and
        `glasses` where there are any.
        """
        return Image.fromarray(np.array(self._pictures[index])), dict(self._words[index])

    def names(self, index: int) -> tuple[str, ...]:
        """What captions call it, from the fullest to the shortest."""
        words = self._words[index]
        worn = [words[key] for key in ("hair", "headwear", "beard", "glasses") if key in words]
        who = f"{words['who']} with {' and '.join(worn)}"
        found = (
            f"cartoon portrait of a {words['mood']} {who}, {words['clothes']}",
            f"cartoon portrait of a {who}, {words['clothes']}",
            f"portrait of a {who}",
            f"{words['mood']} {words['who']} in a {words['clothes']}",
            f"cartoon {words['who']}",
        )
        return tuple(re.sub(r"\ba (?=[aeiou])", "an ", name) for name in found)


def drawn_file(folder: Path) -> Path:
    """Where the pictures of this version of the code are kept: (number, SIDE, SIDE, 3) bytes."""
    code = b"".join(path.read_bytes() for path in (Path(__file__), _SCRIPT, _TABLES))
    return folder / f"portraits-{hashlib.sha256(code).hexdigest()[:12]}.npy"


def _plans() -> list[tuple[Options, str, Words]]:
    """For every picture the style's options, the colour of hair or headwear, and its words."""
    tables = yaml.safe_load(_TABLES.read_text("utf-8"))
    generator = random.Random("portraits")
    heads, moods = list(tables["heads"].items()), list(tables["moods"].items())
    cloth, hair = list(tables["cloth"].items()), list(tables["hair"].items())
    found = []
    for person in range(PERSONS):
        head, (who, form) = heads[person % len(heads)]
        kind = "headwear" if head in tables["headwear"] else "hair"
        name, colour = generator.choice(cloth if kind == "headwear" else hair)
        options: Options = {"head": [head], "skinColor": [generator.choice(tables["skins"])]}
        words: Words = {"who": who, kind: form.format(name)}
        if who == "man" and generator.random() < 0.45:
            beard, form = generator.choice(list(tables["beards"].items()))
            # A beard under headwear would take the headwear's colour.
            if kind == "hair":
                options |= {"facialHair": [beard], "facialHairProbability": 100}
                words["beard"] = form.format(name)
        if generator.random() < 0.35:
            glasses, words["glasses"] = generator.choice(list(tables["glasses"].items()))
            options |= {"accessories": [glasses], "accessoriesProbability": 100}
        for face, mood in generator.sample(moods, VARIATIONS):
            shirt, ground = generator.sample(cloth, 2)
            variation = {
                "face": [face],
                "clothingColor": [shirt[1]],
                "backgroundColor": [ground[1]],
            }
            # The style gives some headwear the colour of the clothes.
            matching = tables["matching"].get(head)
            shown = {kind: matching.format(shirt[0])} if matching else {}
            shown |= {
                "clothes": f"{shirt[0]} t-shirt",
                "background": f"{ground[0]} background",
                "mood": mood,
            }
            found.append((options | variation, colour, words | shown))
    return found


def _draw_all(folder: Path, path: Path, plans: list[tuple[Options, str, Words]]) -> None:
    if not (folder / "node_modules" / "@resvg" / "resvg-js").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _run(
            ["npm", "install", "--prefix", str(folder), *_QUIET, *PACKAGES],
            folder,
        )
    jobs = []
    for options, colour, _ in plans:
        common = {"seed": "portrait", "accessoriesProbability": 0, "facialHairProbability": 0}
        full = common | {"maskProbability": 0, "headContrastColor": [colour]} | options
        jobs += [full, full | {"accessoriesProbability": 0, "face": ["smile"]}]
    command = ["node", "--input-type=module", "--eval", _SCRIPT.read_text("utf-8")]
    lines = _run(command, folder, json.dumps(jobs)).split()
    drawn = [Image.open(io.BytesIO(base64.b64decode(line))).convert("RGB") for line in lines]
    pairs = zip(drawn[::2], drawn[1::2], plans, strict=True)
    pictures = [np.asarray(_dye(full, bare, plan[1])) for full, bare, plan in pairs]
    temporary = path.with_suffix(".part.npy")
    np.save(temporary, np.stack(pictures))
    temporary.replace(path)


def _dye(full: Image.Image, bare: Image.Image, colour: str) -> Image.Image:
    """The picture with its hair in a colour.

    The style draws most hair in the black of its outlines. What is black in `bare`, the same person
    with a plain face and no glasses, and wider than a line, is hair, hat or beard.
    """
    ink = _black(bare)
    wide = _grow(_shrink(ink, _LINE), _LINE + 4)
    inner = ImageChops.darker(wide, _shrink(ink, 3))
    inner = ImageChops.darker(inner, _black(full))
    full.paste(f"#{colour}", mask=inner)
    return full.resize((SIDE, SIDE), Image.Resampling.BOX)


def _black(image: Image.Image) -> Image.Image:
    return image.convert("L").point(lambda value: 255 * (value < _INK))


def _shrink(mask: Image.Image, radius: int) -> Image.Image:
    # A box blur with a threshold is many times faster than MinFilter of that size.
    return mask.filter(ImageFilter.BoxBlur(radius)).point(lambda value: 255 * (value > 254))


def _grow(mask: Image.Image, radius: int) -> Image.Image:
    return mask.filter(ImageFilter.BoxBlur(radius)).point(lambda value: 255 * (value > 0))


def _run(command: list[str], folder: Path, text: str | None = None) -> str:
    tool = command[0]
    try:
        done = subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True)
    except FileNotFoundError:
        raise RuntimeError(
            f"{tool} is not installed; the portraits for training come from the npm packages "
            f"{', '.join(PACKAGES)}. Install Node.js (it brings npm) and try again."
        ) from None
    if done.returncode:
        raise RuntimeError(f"{tool} could not make the portraits: {done.stderr.strip()[-400:]}")
    return done.stdout
