"""The flags of `submit.py`."""

from __future__ import annotations

import argparse
from pathlib import Path

from .order import PER_THEME
from .replacing import FEWEST_TRIES

ORDER_FLAGS = (
    "theme",
    "count",
    "kinds",
    "seed",
    "workflow",
    "checkpoint",
    "lora",
    "llm",
    "set",
    "settings",
    "style",
    "images",
    "quality",
    "no_quality",
)
"""Those that say what is made. A run that is gone on with has them in its order."""
EXTRA_TRIES = (
    "so many pictures of the whole run may be made in place of rejected ones (default: as many as"
    f" asked, at least {FEWEST_TRIES})"
)


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="submit", description="Makes a pool of pictures for one theme or several."
    )
    add = p.add_argument
    add(
        "--theme",
        nargs="+",
        action="extend",
        metavar="TEXT",
        help="a theme's name, English or Russian, any other text, or all",
    )
    add("--count", type=int, help=f"pictures in all (default {PER_THEME} for each theme)")
    add("--kinds", help="shares, such as interiors=60,exteriors=20,items=20")
    add("--seed", type=int, help="another seed gives other pictures (default 1)")
    add("--workflow", type=Path, metavar="FILE", help="a graph saved by the canvas")
    add("--checkpoint", metavar="NAME", help="instead of the graph's own")
    add("--lora", action="append", metavar="NAME[:S]", help="may be given again")
    add("--llm", metavar="FILE|URL", help="the language model that plans: a GGUF file or a server")
    add(
        "--set",
        action="append",
        metavar='"TITLE.INPUT=VALUE"',
        help="any input of the graph by its node's title or class; may be given again",
    )
    add("--settings", type=Path, metavar="FILE", help="a YAML file of such settings; flags win")
    add("--style", metavar="NAME", help="a look out of styles.yaml")
    add(
        "--images",
        type=Path,
        metavar="DIR",
        help="instead of a theme: pictures that are there, for a graph such as upscale_only.json;"
        " the copies that a --server is given stay in its input folder",
    )
    checks = p.add_mutually_exclusive_group()
    checks.add_argument(
        "--quality",
        type=Path,
        metavar="FILE",
        help="what pictures are examined for (default: prompts/quality.yaml)",
    )
    checks.add_argument(
        "--no-quality",
        action="store_const",
        const=True,
        help="examine nothing: every picture that decodes is finished",
    )
    add(
        "--extra-tries",
        type=int,
        metavar="N",
        help=EXTRA_TRIES,
    )
    add("--run", type=Path, metavar="DIR", help="the run's folder; alone, goes on with that run")
    add("--batch", default="auto", metavar="N|auto", help="pictures in one sampler call")
    add(
        "--server",
        metavar="URL",
        help="a ComfyUI server (default: STOCKWRIGHT_SERVER, else the embedded one)",
    )
    add(
        "--header",
        action="append",
        default=[],
        metavar='"NAME: VALUE"',
        help="sent with every request; STOCKWRIGHT_TOKEN sends a bearer token",
    )
    add("--comfyui", type=Path, metavar="DIR", help="start the ComfyUI of this folder instead")
    add("--dry-run", action="store_true", help="plan and print the jobs, make no picture")
    add("--json", action="store_true", help="one JSON object a line on standard output")
    add("--debug", action="store_true", help="show a stack trace with an error")
    return p
