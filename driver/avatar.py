"""`avatar.py COMMAND …`: a person's photos in, pictures of that person out.

    add NAME PHOTO…|DIR      takes photos in: each is kept, or refused with the reason
    train NAME               trains a LoRA of the person, once
    make NAME --prompt TEXT  pictures of the person, from a wish in English or Russian
    like|dislike PICTURE…    what was made is judged; the next wishes follow it
    list, show NAME          who is there, and what there is of a person
    forget NAME              removes all of a person, here and on servers, and shows what it was

Exit codes: 0 done, 1 some pictures are missing, 2 wrong use, 3 server or environment, 130 stopped
by Ctrl-C. The same command again goes on where it stopped.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys

try:
    from driver.avatars.everywhere import forgotten
    from driver.avatars.flags import TEMPLATES, parser
    from driver.avatars.intake import add_photos, default_intake, find_photos
    from driver.avatars.making import MakeAsked, make
    from driver.avatars.people import Folder, half_forgotten, names
    from driver.avatars.printing import (
        print_incomplete,
        print_people,
        print_person,
        print_removed,
    )
    from driver.avatars.ratings import owner_of, rate
    from driver.avatars.telling import telling
    from driver.avatars.training import TrainAsked, train
    from driver.connection import request_headers
    from driver.ending import ended
    from driver.errors import AvatarInvalid, ForgetIncomplete, StockwrightError
    from driver.events import Failed, to_json
    from driver.printing import print_outcome
    from driver.progress import reporting
    from driver.weights import folders
except ImportError as error:
    print(
        f"This Python cannot run Stockwright ({error}). Run `make setup`, then use"
        " .venv/bin/python instead of python.",
        file=sys.stderr,
    )
    sys.exit(3)
except KeyboardInterrupt:
    sys.exit(130)

AGREED = "The person agreed that pictures of them are made from these photos."


def main(argv: list[str] | None = None) -> int:
    commands = {
        "add": _add,
        "train": _train,
        "make": _make,
        "like": _like,
        "dislike": _like,
        "list": _list,
        "show": _show,
        "forget": _forget,
    }
    args = parser(commands).parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def failed(error: StockwrightError) -> None:
        if args.json:
            print(to_json(Failed(error.code, error.what, error.where, error.hint)), flush=True)

    return ended(lambda: args.run(args), debug=args.debug, failed=failed)


def _add(args: argparse.Namespace) -> int:
    folder = Folder(args.name, args.people)
    if args.min < 1:
        raise AvatarInvalid(f"{args.min} is less than 1", where="--min")
    photos = find_photos(args.photos)
    layout = folders.embedded() if args.comfyui is None else folders.of(args.comfyui)
    consent = _consent(folder, agreed=args.agreed)
    before = len(folder.read().photos) if folder.exists else 0
    with reporting(as_json=args.json) as report:
        person = add_photos(
            folder,
            photos,
            consent=consent,
            word=args.word,
            least=args.min,
            models={name: layout.folders(name) for name in layout.names()},
            intake=default_intake(args.intake),
            captions="" if args.captions == TEMPLATES else args.captions,
            report=telling(report, as_json=args.json),
        )
    if not args.json:
        print(
            f"{len(person.photos)} photos, {len(person.photos) - before} of them new,"
            f" {len(person.crops)} crops: {folder.path / 'crops.jpg'}"
        )
    return 0


def _consent(folder: Folder, *, agreed: bool) -> str:
    """Empty where nobody says so, or it was said before."""
    if agreed:
        return AGREED
    if folder.exists or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    print(f"{AGREED}\nIs that so? Type yes: ", end="", file=sys.stderr, flush=True)
    return AGREED if sys.stdin.readline().strip().casefold() in ("yes", "y", "да") else ""


def _train(args: argparse.Namespace) -> int:
    folder = Folder(args.name, args.people)
    asked = TrainAsked(
        checkpoint=args.checkpoint,
        family=args.family,
        again=args.again,
        trainer=args.trainer,
        trainer_dir=args.trainer_dir,
        server=_server(args),
        comfyui=args.comfyui,
        headers=request_headers(args.header),
        store=args.store,
    )
    with reporting(as_json=args.json) as report:
        model = train(folder, asked, telling(report, as_json=args.json))
    if not args.json:
        print(f"{model.family}: {model.steps} steps, strength {model.strength:g}, key {model.key}")
        if (sheet := folder.path / "training.jpg").is_file():
            print(f"candidates: {sheet}")
    return 0


def _make(args: argparse.Namespace) -> int:
    folder = Folder(args.name, args.people)
    asked = MakeAsked(
        prompt=args.prompt,
        count=args.count,
        seed=args.seed,
        style=args.style,
        strength=args.strength,
        instant=args.instant,
        checkpoint=args.checkpoint,
        workflow=args.workflow,
        settings=tuple(args.set),
        llm=args.llm,
        quality=args.quality,
        extra_tries=args.extra_tries,
        server=_server(args),
        comfyui=args.comfyui,
        headers=request_headers(args.header),
        store=args.store,
    )
    with reporting(as_json=args.json) as report:
        outcome = make(folder, asked, report)
    if not args.json:
        print_outcome(outcome)
    return 0 if outcome.complete else 1


def _like(args: argparse.Namespace) -> int:
    liked = args.command == "like"
    for picture in args.pictures:
        rating = rate(owner_of(picture, args.people), picture, liked)
        if args.json:
            print(rating.model_dump_json(), flush=True)
        else:
            print(f"{args.command}d: {picture}, {', '.join(rating.modifiers) or 'no modifiers'}")
    return 0


def _list(args: argparse.Namespace) -> int:
    print_people([Folder(name, args.people) for name in names(args.people)], as_json=args.json)
    for name in half_forgotten(args.people):
        print(f"{name} is not forgotten everywhere yet: forget {name} goes on.", file=sys.stderr)
    return 0


def _show(args: argparse.Namespace) -> int:
    folder = Folder(args.name, args.people)
    with folder.unnamed():
        print_person(folder, as_json=args.json)
    return 0


def _forget(args: argparse.Namespace) -> int:
    with reporting(as_json=args.json) as report:
        try:
            removed = forgotten(
                Folder(args.name, args.people),
                store=args.store,
                headers=request_headers(args.header),
                report=report,
            )
        except ForgetIncomplete as error:
            print_incomplete(args.name, error.removed, as_json=args.json)
            raise
    print_removed(args.name, removed, as_json=args.json)
    return 0


def _server(args: argparse.Namespace) -> str | None:
    if args.server and args.comfyui:
        raise AvatarInvalid("--server and --comfyui exclude each other", where="--server")
    return args.server or (None if args.comfyui else os.environ.get("STOCKWRIGHT_SERVER"))


if __name__ == "__main__":
    sys.exit(main())
