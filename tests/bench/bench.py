"""`make bench`: prints the Markdown table of the README. Each figure is a ratio within this run.

What is compared: the same prompts on the small checkpoint at the same size, steps, sampler and cfg,
in the same server process, models loaded. `submit` drives the shipped workflows/stock.json; the
others run one picture a graph with ComfyUI's own nodes. Half of the websocket loop's pictures are
made before `submit` and half after it, so that a machine that gets slower or faster wrongs neither.

    variant          the clock runs
    ---------------  ------------------------------------------------------------------------
    submit           from its first GraphQueued to its last PictureDone: the picture is fetched,
                     checked and on the disk. The search for the fastest batch is in it. Planning
                     is not: the jobs are in the run's ledger before (see ours.py)
    websocket loop   from the first POST to the last picture in memory (see bare.py)
    comfy-cli        from the first to the end of the last command: one command a graph
    ComfyScript      from the first graph queued to the last result (see others.py)
    first picture    from the start of `submit --theme Education` without a running server
    quality gate     from its first GraphQueued to its last PictureDone (see gating.py)
    Upscale to Size  the server's execution of a graph that enlarges (see upscaling.py)
    prompts          see prompts.py: no server, one process
    saving           see saving.py: the save node alone, by the server's own clock

Execution time is the server's own, from execution_start to execution_success in /history. Goals are
shown, never asserted. `--quick` makes few pictures, to see that it runs; its figures mean nothing.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import bare
import gating
import others
import ours
import saving
import table
import upscaling
from home import BenchFailed, Home
from measured import Block
from pictures import jobs

import prompts


@dataclass(frozen=True, slots=True)
class Amounts:
    """Pictures of each part, and the sides of the small and the large ones in pixels; prompts of
    each plan, chats, and `few` prompts for each of `themes` to see how memory grows; pictures that
    are `saved`, and their side; the side of pictures that are `enlarged`, and how often each way to
    enlarge them has its `turns`; pictures that are `gated`, and the seconds that each takes to
    `paint`."""

    pictures: int
    large_loop: int
    warm: int
    comfy_cli: int
    comfyscript: int
    first: int
    small: int
    large: int
    plans: tuple[int, ...]
    chats: int
    few: int
    themes: int
    saved: int
    saved_size: int
    enlarged: int
    turns: int
    gated: int
    paint: float


FULL = Amounts(
    pictures=200,
    large_loop=100,
    warm=8,
    comfy_cli=15,
    comfyscript=60,
    first=10,
    small=128,
    large=256,
    plans=(100, 770),
    chats=30,
    few=500,
    themes=4,
    saved=3,
    saved_size=4096,
    enlarged=128,
    turns=3,
    gated=200,
    paint=2.0,
)
QUICK = Amounts(
    pictures=4,
    large_loop=2,
    warm=1,
    comfy_cli=1,
    comfyscript=2,
    first=0,
    small=64,
    large=128,
    plans=(1,),
    chats=1,
    few=1,
    themes=1,
    saved=1,
    saved_size=512,
    enlarged=32,
    turns=1,
    gated=2,
    paint=0.1,
)


def main() -> int:
    parser = argparse.ArgumentParser(description="Prints the table of the README.")
    parser.add_argument("--quick", action="store_true", help="few pictures, to see that it runs")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server is stopped then too
    quick: bool = parser.parse_args().quick
    try:
        with tempfile.TemporaryDirectory(prefix="stockwright-bench-") as folder:
            print("\n".join(_bench(Home(Path(folder)), QUICK if quick else FULL, quick)))
    except BenchFailed as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    return 0


def _bench(home: Home, amounts: Amounts, quick: bool) -> list[str]:
    absent = _make_venv(quick)
    prompt_rows = _plan(amounts)
    gating.install(home)
    url = home.start_server()
    try:
        rows = _compare(home, url, amounts, absent)
    finally:
        home.stop_server()
    first = None
    if amounts.first:
        _say("the first picture")
        first = ours.first_picture(home, amounts.first)
    return table.lines([*rows, table.first_picture(first), *prompt_rows])


def _plan(amounts: Amounts) -> list[table.Row]:
    _say(f"{' and '.join(map(str, amounts.plans))} prompts planned, {amounts.chats} by chats")
    plans, chats = prompts.compare(amounts.plans, amounts.chats)
    _say(f"{amounts.few} prompts for each of {amounts.themes} themes")
    peaks = prompts.peaks(amounts.few, amounts.themes)
    return [
        *(table.planning(planned, chats) for planned in plans[:-1]),
        table.planning(plans[-1], chats, goal="≥ 10"),
        table.planning_memory(peaks, goal="≤ 1.1"),
    ]


def _compare(home: Home, url: str, amounts: Amounts, absent: str) -> list[table.Row]:
    size = amounts.small
    small, loop = _against_loop(home, url, amounts, size, amounts.pictures)
    _say(f"{size} px: {amounts.pictures} pictures through the quality gate")
    timed = jobs(amounts.pictures, size, size + 6)
    examined = ours.run(home, url, timed, "examined", ours.shipped_checks(small=True))
    others_rows = _against_others(home, url, amounts, small, absent)
    large, large_loop = _against_loop(home, url, amounts, amounts.large, amounts.large_loop)
    _say(f"{amounts.saved} pictures saved at {amounts.saved_size} px by each node")
    saved = saving.run(url, amounts.saved_size, amounts.saved)
    return [
        table.overhead("`submit`", size, small.block, goal="≤ 1.03"),
        table.whole_command(size, small),
        table.gate(size, examined, small),
        table.gated(_gated(home, url, amounts), goal="≤ 1.05"),
        table.overhead("a websocket loop", size, loop),
        table.speed("a websocket loop", size, small, loop, goal="≥ 1.6"),
        table.speed("a websocket loop", amounts.large, large, large_loop, goal="≥ .97"),
        *others_rows,
        table.memory(small),
        table.saving(saved, goal="≤ .05"),
        *_upscale(url, amounts),
    ]


def _gated(home: Home, url: str, amounts: Amounts) -> gating.Gated:
    _say(f"{amounts.gated} pictures of {gating.SIDE} px, {amounts.paint:g} s each, twice")
    return gating.compare(home, url, amounts.gated, amounts.paint)


def _upscale(url: str, amounts: Amounts) -> list[table.Row]:
    rows: list[table.Row] = []
    for pictures, goal in ((1, "≤ 1.0"), (8, "≤ .8")):
        _say(f"{pictures} of {amounts.enlarged} px enlarged")
        found = upscaling.compare(url, pictures, amounts.enlarged, amounts.turns)
        rows.append(table.upscaled(found, goal))
    return rows


def _against_others(
    home: Home, url: str, amounts: Amounts, small: ours.Submitted, absent: str
) -> list[table.Row]:
    """`absent` says why they are left out, if they are."""
    rows: list[table.Row] = []
    for number, (name, run, count) in enumerate(
        (
            ("comfy-cli", others.run_comfy_cli, amounts.comfy_cli),
            ("ComfyScript", others.run_comfyscript, amounts.comfyscript),
        )
    ):
        if absent:
            rows.append(table.left_out(name, absent))
            continue
        _say(f"{name}, {count} pictures")
        block = 1000 + 10 * number
        bare.run(url, jobs(1, amounts.small, block))  # nothing is loaded within what is timed
        try:
            other = run(home, url, jobs(count, amounts.small, block + 1))
            rows.append(table.speed(name, amounts.small, small, other))
        except BenchFailed as reason:
            rows.append(table.left_out(name, str(reason)))
    return rows


def _against_loop(
    home: Home, url: str, amounts: Amounts, size: int, loop: int
) -> tuple[ours.Submitted, Block]:
    _say(f"{size} px: {amounts.pictures} pictures by submit, {loop} by a websocket loop")
    half = loop // 2
    ours.run(home, url, jobs(amounts.warm, size, size), f"warm-{size}")
    bare.run(url, jobs(amounts.warm, size, size + 1))
    before = bare.run(url, jobs(half, size, size + 2))
    submitted = ours.run(home, url, jobs(amounts.pictures, size, size + 3), f"timed-{size}")
    bare.run(url, jobs(1, size, size + 4))
    after = bare.run(url, jobs(loop - half, size, size + 5))
    return submitted, before + after


def _make_venv(quick: bool) -> str:
    """Why comfy-cli and ComfyScript are left out; empty if they are there."""
    if others.ready():
        return ""
    if quick:
        return "not installed; a quick run does not install it"
    _say(f"comfy-cli and ComfyScript, installed into {others.VENV}")
    try:
        others.make_venv()
    except BenchFailed as reason:
        return str(reason)
    return ""


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
