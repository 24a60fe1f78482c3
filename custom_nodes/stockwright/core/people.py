"""What a server knows of people: a token instead of a name, and where their files lie on it."""

from __future__ import annotations

import re

TRIGGER = "ohwx"
"""The word that stands for the person in captions and prompts: no other model knows it."""

PHOTOMAKER = "photomaker"
"""The word that PhotoMaker reads as the person of its photos."""

PHOTOS = "stockwright/people"
"""Below a server's input folder: `<token>/<purpose>/` holds copies of photos while a graph runs."""

COMPARED = "compared"
"""Below the server's output folder: `PHOTOS/<token>/compared/` holds the pictures by which steps of
a training are compared."""

LORAS = "stockwright_people"
"""Below a server's `loras` model folder: `<token>/<stem>.safetensors`."""

TOKEN = re.compile(r"[0-9a-f]{12}")
KEY = re.compile(r"[0-9a-f]{16}")
STEM = re.compile(r"[0-9a-f]{16}(_[0-9]{1,6}_steps_)?")
"""A file of a LoRA without its ending: the finished one, or one of a training that goes on."""

ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
"""What a designer may write in the canvas in place of a token or a key."""


STEP = "_steps_"
"""How the stem of a training that goes on ends."""


def stem(key: str, steps: int) -> str:
    """The file of a training after so many steps; core's *Train LoRA* reads them from it."""
    return f"{key}_{steps}{STEP}"


def lora_name(token: str, stem: str) -> str:
    """As LoRA nodes call the file."""
    return f"{LORAS}/{token}/{stem}.safetensors"
