"""`submit.py --theme TEXT…`: a theme in, a folder of pictures out.

Exit codes: 0 all delivered, 1 some jobs failed, 2 wrong use, 3 server or environment, 130 stopped
by Ctrl-C. The same command again goes on where it stopped.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

try:
    from driver.connection import request_headers
    from driver.ending import ended
    from driver.errors import OrderInvalid, StockwrightError
    from driver.events import Failed, to_json
    from driver.folder import RUNS, RunFolder
    from driver.graphs import load_graph
    from driver.order import PER_THEME, Order, digest, read_kinds, read_themes, remarks
    from driver.places import WORKFLOWS
    from driver.printing import print_changes, print_jobs, print_outcome
    from driver.progress import reporting
    from driver.session import Asked, carry_out, plan_only
    from driver.settings import Settings, read_settings
    from stockwright.core.addresses import is_address, llm_address
    from stockwright.core.loras import parse_loras
except ImportError as error:
    print(
        f"This Python cannot run Stockwright ({error}). Run `make setup`, then use"
        " .venv/bin/python instead of python.",
        file=sys.stderr,
    )
    sys.exit(3)
except KeyboardInterrupt:  # importing takes most of a second
    sys.exit(130)

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
)


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def work() -> int:
        asked = _asked(args)
        return _plan(asked, args.json) if args.dry_run else _make(asked, args.json)

    def failed(error: StockwrightError) -> None:
        if args.json:
            print(to_json(Failed(error.code, error.what, error.where, error.hint)), flush=True)

    return ended(work, debug=args.debug, failed=failed)


def _plan(asked: Asked, as_json: bool) -> int:
    with reporting(as_json=False) as report:  # standard output is for the jobs
        jobs, changes = plan_only(asked, report)
    print_changes(changes)
    print_jobs(jobs, as_json=as_json)
    return 0


def _make(asked: Asked, as_json: bool) -> int:
    with reporting(as_json=as_json) as report:
        outcome = carry_out(asked, report)
    if not as_json:
        print_outcome(outcome, asked.folder)
    return 1 if outcome.failed else 0


def _parser() -> argparse.ArgumentParser:
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


def _asked(args: argparse.Namespace) -> Asked:
    if args.run is not None and args.run.is_file():
        raise OrderInvalid("is a file, not a folder", where=f"--run {args.run}")
    given = [flag for flag in ORDER_FLAGS if getattr(args, flag) is not None]
    if args.theme is None:
        if args.run is None:
            raise OrderInvalid("no theme is named", hint="For example: --theme Education")
        if given:
            raise OrderInvalid(
                f"--{given[0]} needs --theme: --run alone goes on with the order that is there"
            )
        order, workflow, plan = RunFolder(args.run).stored()
        workflow_file = args.run / "workflow.json"
    else:
        workflow_file = args.workflow or WORKFLOWS / "stock.json"
        workflow = load_graph(workflow_file).data
        plan = load_graph(WORKFLOWS / "plan.json").data
        order = _order(args, digest(workflow), digest(plan))
    if args.server and args.comfyui:
        raise OrderInvalid("--server and --comfyui exclude each other")
    return Asked(
        order=order,
        workflow=workflow,
        plan=plan,
        workflow_file=workflow_file,
        folder=args.run or RUNS / order.name,
        batch=_batch(args.batch),
        server=args.server or (None if args.comfyui else os.environ.get("STOCKWRIGHT_SERVER")),
        comfyui=args.comfyui,
        headers=request_headers(args.header),
    )


def _order(args: argparse.Namespace, workflow: str, plan: str) -> Order:
    themes = read_themes(args.theme)
    for remark in remarks(themes, args.count):
        print(remark, file=sys.stderr)
    file = Settings() if args.settings is None else read_settings(args.settings)
    texts: list[str] = args.lora or []
    loras = tuple(use for text in texts for use in parse_loras(text))
    return Order.checked(
        themes=themes,
        kinds=read_kinds(args.kinds),
        count=args.count if args.count is not None else PER_THEME * len(themes),
        seed=args.seed if args.seed is not None else 1,
        workflow=workflow,
        plan=plan,
        checkpoint=args.checkpoint or file.checkpoint,
        loras=loras or file.loras,
        sampler=file.sampler,
        steps=file.steps,
        cfg=file.cfg,
        size=file.size,
        llm=_llm(args.llm or file.llm),
        settings=(*file.values, *(args.set or ())),  # the later one wins
    )


def _llm(text: str | None) -> str | None:
    """As it was given; an address in full, without anything secret. Raises LLMInvalid."""
    return llm_address(text) if text is not None and is_address(text) else text


def _batch(text: str) -> int | None:
    if text == "auto":
        return None
    if text.isdecimal() and 1 <= int(text) <= 1024:
        return int(text)
    raise OrderInvalid(f"{text!r} is neither auto nor a number from 1 to 1024", where="--batch")


if __name__ == "__main__":
    sys.exit(main())
