"""`models.py COMMAND …`: the model files that graphs need, from their sources to ComfyUI's folders.

    list [NAME…]                          what there is, here and to be had
    pull NAME… | stock | avatar | demo | all
    verify [NAME…]                        the hash and header of all that is there
    check                                 restore a known face with each face model, and compare
    where [NAME…]                         the folders
    add NAME URL|hub:REPO/FILE --folder F one more, in a manifest of your own
    rm NAME…                              delete the file

Exit codes: 0 done, 1 `verify` or `check` found something broken, 2 wrong use, 3 server or
environment, 130 stopped by Ctrl-C. The same pull again goes on where it stopped.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

try:
    from driver import places
    from driver.ending import ended
    from driver.errors import (
        DiskTrouble,
        DownloadFailed,
        HostUnreachable,
        OrderInvalid,
        StockwrightError,
    )
    from driver.host import commands, launch
    from driver.weights import facecheck, folders, manifest, own, remote, report
    from driver.weights.folders import Layout
    from driver.weights.lockfile import Lock
    from driver.weights.manifest import Manifest, Model
    from driver.weights.progress import showing
    from driver.weights.pulling import alone, pulling
except ImportError as error:
    print(
        f"This Python cannot run Stockwright ({error}). Run `make setup`, then use"
        " .venv/bin/python instead of python.",
        file=sys.stderr,
    )
    sys.exit(3)
except KeyboardInterrupt:
    sys.exit(130)

BROKEN = 1
UNHAD = (DownloadFailed, HostUnreachable)


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    args.given = sys.argv[1:] if argv is None else argv
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return ended(lambda: args.run(args), debug=args.debug)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    add = shared.add_argument
    add("--comfyui", type=Path, metavar="DIR", help="a ComfyUI of your own, not the embedded one")
    add(
        "--extra-model-paths",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="as ComfyUI's --extra-model-paths-config; the file beside its main.py is read anyway",
    )
    add("--debug", action="store_true", help="show a stack trace with an error")
    p = argparse.ArgumentParser(prog="models", description="The model files that graphs need.")
    several = p.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], help: str
    ) -> argparse.ArgumentParser:
        one = several.add_parser(name, parents=[shared], help=help, description=help)
        one.set_defaults(run=run)
        return one

    def names(one: argparse.ArgumentParser, count: str, what: str) -> argparse.ArgumentParser:
        one.add_argument("names", nargs=count, metavar="NAME", help=what)
        return one

    any_of = "a model or a group; none means all"
    names(command("list", _list, "what there is, here and to be had"), "*", any_of)
    pull = command("pull", _pull, "fetch models and put them in their folders")
    add = names(pull, "+", "a model, or stock, avatar, demo, all").add_argument
    add("--trust", action="store_true", help="fetch from hosts that are not in the manifest, too")
    add("--into", type=Path, metavar="DIR", help="where a model has several folders, that in DIR")
    add("--python", type=Path, metavar="PATH", help="a Python with PyTorch, to convert with")
    add("--server", metavar="URL", help="print what to run on the server's machine")
    names(command("verify", _verify, "check the hash and header of what is there"), "*", any_of)
    add = command("check", _check, "restore a known face with each face model").add_argument
    add("--out", type=Path, metavar="DIR", help="where the pictures go, else .embedded/face-check")
    add("--python", type=Path, metavar="PATH", help="the Python that runs ComfyUI")
    names(command("where", _where, "the folders that models are looked for in"), "*", any_of)
    add = command("add", _add, "add a model to a manifest of your own").add_argument
    add("name", metavar="NAME")
    add("address", metavar="URL|hub:REPO/FILE")
    add("--folder", required=True, metavar="F", help="as ComfyUI names it, such as loras")
    add("--file", metavar="NAME", help="what to call the file")
    add("--trust", action="store_true", help="its host may be fetched from")
    rm = command("rm", _rm, "delete a model's file; one of your own leaves the manifest, too")
    names(rm, "+", "a model or a group")
    return p


def _layout(args: argparse.Namespace) -> Layout:
    if args.comfyui:
        return folders.of(args.comfyui, args.extra_model_paths)
    return folders.embedded(args.extra_model_paths)


def _chosen(known: Manifest, args: argparse.Namespace) -> list[Model]:
    return known.select(args.names) if args.names else [*known.models.values()]


def _list(args: argparse.Namespace) -> int:
    report.print_list(_chosen(manifest.load(), args), _layout(args), Lock())
    return 0


def _where(args: argparse.Namespace) -> int:
    known, layout = manifest.load(), _layout(args)
    if args.names:
        for model in known.select(args.names):
            print(layout.find(model) or layout.target(model))
        return 0
    report.print_folders([*known.models.values()], layout)
    return 0


def _pull(args: argparse.Namespace) -> int:
    known = manifest.load()
    models = known.select(args.names)
    server = args.server or (None if args.comfyui else os.environ.get("STOCKWRIGHT_SERVER"))
    if args.server and args.comfyui:
        raise OrderInvalid("--server and --comfyui exclude each other")
    if server:
        print(remote.script(models, args.names, server), end="")
        return 0
    layout = _layout(args)
    hosts = known.hosts | report.hosts(models) if args.trust else known.hosts
    failed: list[tuple[Model, StockwrightError]] = []
    with (
        showing() as show,
        pulling(layout, show, hosts, into=args.into, python=args.python) as puller,
    ):
        for model in models:
            try:
                puller.pull(model)
            except StockwrightError as error:
                if args.debug:
                    raise
                show.say(f"{model.name}: failed")
                failed.append((model, error))
            except OSError as error:
                raise _disk(error, model) from error
    for error in dict.fromkeys(error for _, error in failed):
        names = ", ".join(model.name for model, one in failed if one is error)
        print(f"error: {names}: {error}", file=sys.stderr)
    if lost := [model for model, error in failed if isinstance(error, UNHAD)]:
        print(report.firewall_advice(lost, args.given, layout), file=sys.stderr)
    return max((error.exit_code for _, error in failed), default=0)


def _disk(error: OSError, model: Model) -> StockwrightError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return DiskTrouble(
        f"{'the disk is full' if full else 'a file cannot be written'}: {error}",
        where=model.name,
        hint="What came so far is kept. " + commands.advice([str(error)]),
    )


def _verify(args: argparse.Namespace) -> int:
    known = manifest.load()
    models, layout = _chosen(known, args), _layout(args)
    with showing() as show:
        broken = report.verify(known, models, layout, show, others_too=not args.names)
    return BROKEN if broken else 0


def _check(args: argparse.Namespace) -> int:
    layout = _layout(args)
    python = args.python or launch.interpreter(layout.comfyui)
    out = (args.out or places.EMBEDDED / "face-check").absolute()
    with showing() as show:
        broken = facecheck.check(layout, python, out, show.tick)
    return BROKEN if broken else 0


def _add(args: argparse.Namespace) -> int:
    with showing() as show, alone(show):
        model = own.add(
            manifest.load(), args.name, args.address, args.folder, args.file, trust=args.trust
        )
    print(f"{model.name} is in {manifest.own_file()}; `{remote.COMMAND} pull {model.name}`")
    return 0


def _rm(args: argparse.Namespace) -> int:
    known, layout = manifest.load(), _layout(args)
    with showing() as show, alone(show):
        for model in known.select(args.names):
            report.delete(model, layout, Lock(), show)
            if model.own:
                own.remove(model.name)
                show.say(f"{model.name}: no longer in {manifest.own_file()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
