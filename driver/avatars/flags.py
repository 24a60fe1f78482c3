"""The flags of `avatar.py`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ..flags import EXTRA_TRIES
from .intake import LEAST
from .making import COUNT
from .people import PEOPLE
from .training import Trainer

TEMPLATES = "templates"
"""Captions without a language model."""
WORDS = ("person", "woman", "man", "child")
"""What a person is called behind the trigger word."""


def parser(commands: dict[str, Callable[[argparse.Namespace], int]]) -> argparse.ArgumentParser:
    """`commands`: what each command does, by its name; it stands in `run`."""
    p = argparse.ArgumentParser(prog="avatar", description="Pictures of a person, from photos.")
    shared, server, store = _shared(), _server(), _store()
    among = p.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, help: str, *parents: argparse.ArgumentParser) -> _Add:
        made = among.add_parser(name, help=help, description=help, parents=[shared, *parents])
        made.set_defaults(run=commands[name])
        return made.add_argument

    add = command("add", "takes photos in: each is kept, or refused with the reason")
    _name(add)
    add("photos", nargs="+", type=Path, metavar="PHOTO|DIR", help="JPEG, PNG, WebP or HEIC")
    add(
        "--agreed",
        action="store_true",
        help="says that the person agreed to have pictures made from these photos; else you are"
        " asked",
    )
    add("--word", choices=WORDS, default="", help="what prompts call the person (default person)")
    add(
        "--min",
        type=int,
        default=LEAST,
        metavar="N",
        help=f"good photos that there must be (default {LEAST}); fewer make a worse model",
    )
    add("--intake", type=Path, metavar="FILE", help="limits and framings, as far as they differ")
    add("--captions", metavar=f"URL|{TEMPLATES}",
        help="a language model that sees (OpenAI's protocol), to describe clothes and place: the"
        " crops are sent to it. Kept for the next time")  # fmt: skip
    _comfyui(add)

    add = command(
        "train", "trains a LoRA of the person, once for each family of checkpoints", server, store
    )
    _name(add)
    add("--checkpoint", metavar="NAME", help="instead of the graph's own")
    add("--family", metavar="NAME", help="settings of training.yaml, if the name does not tell")
    add("--again", action="store_true", help="even if these photos are trained already")
    add("--trainer", choices=list(Trainer), default=Trainer.CORE, type=Trainer,
        help="ComfyUI's own, or kohya's sd-scripts")  # fmt: skip
    add("--trainer-dir", type=Path, metavar="DIR", help="where sd-scripts is")

    add = command("make", "makes pictures of the person from a wish", server, store)
    _name(add)
    add("--prompt", required=True, metavar="TEXT", help="the wish, in English or Russian")
    add("--count", type=int, default=COUNT, help=f"pictures (default {COUNT})")
    add("--seed", type=int, default=1, help="another seed gives other pictures (default 1)")
    add("--style", metavar="NAME", help="a look out of styles.yaml")
    add("--strength", type=float, metavar="S", help="how much of the person there is, up to 1.5")
    add("--instant", action="store_true", help="by the photos alone (PhotoMaker), no training")
    add("--checkpoint", metavar="NAME", help="instead of the one that was trained on")
    add("--workflow", type=Path, metavar="FILE", help="instead of the graph that comes along")
    add("--set", action="append", default=[], metavar='"TITLE.INPUT=VALUE"',
        help="any input of the graph; may be given again")  # fmt: skip
    add("--llm", metavar="FILE|URL", help="the language model that translates")
    add("--quality", type=Path, metavar="FILE", help="what pictures are examined for")
    add("--extra-tries", type=int, metavar="N", help=EXTRA_TRIES)

    for name, help in (("like", "more like this"), ("dislike", "less like this")):
        add = command(name, help)
        add("pictures", nargs="+", type=Path, metavar="PICTURE")

    command("list", "who is there")
    _name(command("show", "what there is of a person"))
    add = command("forget", "removes all of a person, here and on servers", store)
    _name(add)
    add("--header", action="append", default=[], metavar='"NAME: VALUE"', help="for servers")
    return p


_Add = Callable[..., argparse.Action]


def _shared() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(add_help=False)
    p.add_argument("--people", type=Path, default=PEOPLE, metavar="DIR",
                   help=f"where people are kept (default {PEOPLE}/)")  # fmt: skip
    p.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    p.add_argument("--debug", action="store_true", help="show a stack trace with an error")
    return p


def _server() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(add_help=False)
    p.add_argument(
        "--server",
        metavar="URL",
        help="a ComfyUI server (default: STOCKWRIGHT_SERVER, else the embedded one)",
    )
    p.add_argument("--header", action="append", default=[], metavar='"NAME: VALUE"',
                   help="sent with every request")  # fmt: skip
    _comfyui(p.add_argument)
    return p


def _store() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(add_help=False)
    p.add_argument(
        "--store",
        metavar="URL",
        help="where models of people are kept: a folder, gs://bucket/prefix, or any address that"
        " fsspec opens (default: STOCKWRIGHT_STORE, else beside the people)",
    )
    return p


def _comfyui(add: _Add) -> None:
    add("--comfyui", type=Path, metavar="DIR", help="the ComfyUI of this folder, not the embedded")


def _name(add: _Add) -> None:
    add("name", metavar="NAME", help="small Latin letters, digits, - and _")
