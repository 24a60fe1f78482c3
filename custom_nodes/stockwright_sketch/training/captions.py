"""Captions as the planner writes prompts, and the shorter ones that people type.

The planner's form is the kind's sentence in captions.yaml, with subject, theme, camera, light and
material filled in. Subjects are what a place is called, often with a word in front that
shows nothing ("modern"), so that such words cost little when they come.

A picture keeps the words that it was painted after. `reworded` says the same in the words that the
planner uses today (captions.yaml, keys `now` and `idle`).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from .places import Place

IDLE = [
    "modern", "small", "large", "empty", "bright", "old", "new", "private", "public", "city",
    "local", "clean", "spacious", "cozy", "main", "traditional", "international", "simple",
    "professional", "vintage", "elegant", "typical", "quiet", "high-tech", "community",
]  # fmt: skip
JOINTS = {"items": "on", "exteriors": "of"}
EMPTY = 0.07
NEGATIVE = 0.06


def reworded(caption: str, words: Mapping[str, Any], generator: random.Random) -> str:
    """A caption in other words for the same picture, with others that it does not depend on.

    words: the key `now` maps phrases to phrases that may stand for them, `idle` has phrases of
    which one or two come along, `dropped` those that go.
    """
    for phrase in words["dropped"]:
        caption = caption.replace(phrase, "")
    for phrase, others in words["now"].items():
        if phrase in caption:
            caption = caption.replace(phrase, generator.choice(others))
    if ", " in caption:
        first, rest = caption.split(", ", 1)
        idle = generator.sample(words["idle"], generator.randrange(3))
        caption = ", ".join([first, *idle[:1], rest, *idle[1:]])
    return caption


def subject(place: Place, generator: random.Random) -> str:
    name = generator.choice(place.names)
    return f"{generator.choice(IDLE)} {name}" if generator.random() < 0.2 else name


def caption(
    name: str,
    kind: Mapping[str, Any],
    place: Place,
    themes: Mapping[str, str],
    looks: Mapping[str, str],
    generator: random.Random,
) -> str:
    """One caption of a picture.

    name, kind: the kind and its entry in captions.yaml. themes: titles by id. looks: the camera,
    light and material that it was painted with. Some are empty or the kind's negative words
    instead of a caption: what sampling with guidance takes for "anything".
    """
    chance = generator.random()
    if chance < EMPTY:
        return ""
    if chance < EMPTY + NEGATIVE:
        return ", ".join(kind["negative"])
    what = subject(place, generator)
    fitting = [themes[name] for name in place.themes if name in themes] or list(themes.values())
    theme = generator.choice(fitting)
    if generator.random() < 0.6:
        return kind["prompt"].format(subject=what, theme=theme, **looks)
    parts = [looks[key] for key in ("camera", "light", "material") if generator.random() < 0.6]
    if generator.random() < 0.2:
        parts.append(theme)
    generator.shuffle(parts)
    if looks["material"] in parts and generator.random() < 0.5:
        parts.remove(looks["material"])
        what = f"{what} {JOINTS.get(name, 'with')} {looks['material']}"
    return ", ".join([what, *parts])
