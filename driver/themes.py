"""`themes.py COMMAND …`: the themes, their files checked, and new ones drafted.

    list                          the themes that come along
    check [FILE…]                 faults and advice, a line each; without FILE, of all that is there
    new TITLE [--llm FILE|URL]    a theme file that a language model begins and a person completes

Exit codes: 0 done, 2 wrong use or a file with a fault, 3 server or environment, 130 stopped by
Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

try:
    from rich.console import Console
    from rich.table import Table

    from driver.connection import request_headers
    from driver.ending import ended
    from driver.folder import RUNS
    from driver.graphs import load_graph
    from driver.order import Order, digest, read_kinds
    from driver.places import CHECKOUT, PROMPTS, WORKFLOWS
    from driver.printing import counted
    from driver.progress import reporting
    from driver.session import Asked, plan_only
    from driver.theme_checks import findings, prompt_files
    from driver.theme_drafts import draft_text, drafted
    from stockwright.core.addresses import is_address, llm_address
    from stockwright.core.errors import ThemeInvalid
    from stockwright.core.themes import Theme, find_theme, load_themes, new_theme
except ImportError as error:
    print(
        f"This Python cannot run Stockwright ({error}). Run `make setup`, then use"
        " .venv/bin/python instead of python.",
        file=sys.stderr,
    )
    sys.exit(3)
except KeyboardInterrupt:
    sys.exit(130)

FAULTY = 2
SEEDS = 12
"""Seeds of each kind that a model is asked for: enough to show where it leads, few to read."""
COMMAND = "python driver/themes.py" if CHECKOUT else "stockwright themes"


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return ended(lambda: args.run(args), debug=args.debug)


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--debug", action="store_true", help="show a stack trace with an error")
    p = argparse.ArgumentParser(prog="themes", description="What pools of pictures are about.")
    several = p.add_subparsers(required=True, metavar="COMMAND")

    about = "the themes that come along"
    one = several.add_parser("list", parents=[shared], help=about, description=about)
    one.set_defaults(run=_list)

    about = "check theme files and the files beside them"
    one = several.add_parser("check", parents=[shared], help=about, description=about)
    one.set_defaults(run=_check)
    one.add_argument("files", nargs="*", type=Path, metavar="FILE", help="none means all")

    about = "draft a theme file with the language model"
    one = several.add_parser("new", parents=[shared], help=about, description=about)
    one.set_defaults(run=_new)
    add = one.add_argument
    add("title", metavar="TITLE")
    add("--llm", metavar="FILE|URL", help="the language model: a GGUF file or a server")
    add(
        "--into",
        type=Path,
        metavar="DIR",
        default=PROMPTS / "themes",
        help="the folder of the file (default: that of the themes that come along)",
    )
    add(
        "--server",
        metavar="URL",
        help="a ComfyUI server (default: STOCKWRIGHT_SERVER, else the embedded one)",
    )
    return p


def _list(args: argparse.Namespace) -> int:
    kinds = read_kinds(None)
    table = Table(box=None, pad_edge=False)
    for column in (
        "id",
        "title",
        "in Russian",
        "areas",
        *(f"seeds: {kind.name}" for kind in kinds),
    ):
        table.add_column(column)
    for theme in load_themes([PROMPTS]):
        seeds = [str(len(theme.seeds_of(kind.name))) for kind in kinds]
        table.add_row(theme.id, theme.title, theme.title_ru, str(len(theme.areas)), *seeds)
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 200
    console.print(table)
    return 0


def _check(args: argparse.Namespace) -> int:
    files: list[Path] = args.files or prompt_files(PROMPTS)
    found = findings(files)
    for finding in found:
        print(finding)
    faults = sum(finding.is_fault for finding in found)
    print(
        f"{counted(len(files), 'file')}: {counted(faults, 'fault')},"
        f" {counted(len(found) - faults, 'piece')} of advice"
    )
    return FAULTY if faults else 0


def _new(args: argparse.Namespace) -> int:
    theme = new_theme(args.title)
    path: Path = args.into / f"{theme.id}.yaml"
    _check_free(theme, path)
    asked = _asked(theme, args.llm, args.server)
    with reporting(as_json=False) as report:
        jobs, _ = plan_only(asked, report)
    draft = drafted(theme.title, jobs)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(draft_text(draft, COMMAND))
    seeds = sum(len(subjects) for _, subjects in draft.seeds)
    print(f"{path}: {counted(len(draft.areas), 'area')}, {counted(seeds, 'seed')}")
    print(f"Read and complete it, then run: {COMMAND} check {path}")
    return 0


def _check_free(theme: Theme, path: Path) -> None:
    if path.exists():
        raise ThemeInvalid(
            "there is such a file already",
            where=str(path),
            hint="Edit it, or name another folder with --into.",
        )
    if known := find_theme(theme.title, load_themes([PROMPTS])):
        raise ThemeInvalid(
            f"{theme.title!r} names the theme {known.title!r}, which is there already",
            where="TITLE",
            hint=f"Edit {PROMPTS / 'themes' / known.id}.yaml, or choose another title.",
        )


def _asked(theme: Theme, llm: str | None, server: str | None) -> Asked:
    """An order of as many jobs of each kind; its pictures are never made."""
    kinds = tuple(replace(kind, share=1) for kind in read_kinds(None))
    workflow_file = WORKFLOWS / "stock.json"
    workflow, plan = load_graph(workflow_file).data, load_graph(WORKFLOWS / "plan.json").data
    order = Order.checked(
        themes=(theme,),
        kinds=kinds,
        count=SEEDS * len(kinds),
        seed=1,
        workflow=digest(workflow),
        plan=digest(plan),
        llm=llm_address(llm) if llm and is_address(llm) else llm,
    )
    return Asked(
        order=order,
        workflow=workflow,
        plan=plan,
        workflow_file=workflow_file,
        folder=RUNS / order.name,
        batch=1,
        server=server or os.environ.get("STOCKWRIGHT_SERVER"),
        comfyui=None,
        headers=request_headers([]),
    )


if __name__ == "__main__":
    sys.exit(main())
