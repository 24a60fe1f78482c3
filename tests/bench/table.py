"""The rows of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gating import Gated
from measured import Block
from ours import FirstPicture, Submitted
from saving import Saving
from upscaling import Upscaled

from prompts import Peaks, Written


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    ratio: str
    goal: str
    measured: str


def lines(rows: Sequence[Row]) -> list[str]:
    """The table as Markdown."""
    head = ["| ratio | is | goal | measured |", "|---|---|---|---|"]
    return head + [f"| {r.what} | {r.ratio} | {r.goal} | {r.measured} |" for r in rows]


def overhead(who: str, size: int, block: Block, goal: str = "") -> Row:
    return Row(
        f"{who}: wall time / server's execution time, {size} px",
        f"{block.overhead:.3f}",
        goal,
        f"{block.wall:.1f} s / {block.execution:.1f} s, {block.pictures} pictures",
    )


def whole_command(size: int, submitted: Submitted) -> Row:
    return Row(
        f"`submit`: the same with its start-up and contact sheet, {size} px",
        f"{submitted.command / submitted.block.execution:.3f}",
        "",
        f"{submitted.command:.1f} s / {submitted.block.execution:.1f} s",
    )


def speed(whom: str, size: int, submitted: Submitted, other: Block, goal: str = "") -> Row:
    ours = submitted.block.rate
    return Row(
        f"pictures/s of `submit --batch auto` / of {whom}, {size} px",
        f"{ours / other.rate:.2f}",
        goal,
        f"{ours:.2f} / {other.rate:.2f} a second, {submitted.block.pictures} and"
        f" {other.pictures} pictures, batches of {submitted.batch}",
    )


def gate(size: int, examined: Submitted, plain: Submitted) -> Row:
    return Row(
        "`submit`: wall time with the quality gate / without it, painting on the same processor,"
        f" {size} px",
        f"{examined.block.wall / plain.block.wall:.3f}",
        "",
        f"{examined.block.wall:.1f} s / {plain.block.wall:.1f} s, {plain.block.pictures} pictures,"
        " all checks",
    )


def gated(found: Gated, goal: str) -> Row:
    return Row(
        f"the same beside a sampler that leaves the processor alone, {found.paint:g} s a picture,"
        " 1024 px",
        f"{found.with_gate / found.without:.3f}",
        goal,
        f"{found.with_gate:.1f} s / {found.without:.1f} s, {found.pictures} pictures, all checks",
    )


def saving(saved: Saving, goal: str) -> Row:
    return Row(
        "saving on the graph's thread: Save Stock Image / ComfyUI's SaveImage,"
        f" {saved.size} px PNG",
        f"{saved.ours / saved.core:.3f}",
        goal,
        f"{saved.ours:.3f} s / {saved.core:.3f} s, {saved.pictures} pictures each",
    )


def left_out(whom: str, reason: str) -> Row:
    return Row(f"pictures/s of `submit --batch auto` / of {whom}", "left out", "", reason)


def memory(submitted: Submitted) -> Row:
    what, found = "driver's memory after all pictures / after half of them", submitted.memory
    if found is None:
        return Row(what, "left out", "", "this system does not tell a process's memory")
    return Row(
        what,
        f"{found.at_the_end / found.half_way:.2f}",
        "",
        f"{found.at_the_end} MB / {found.half_way} MB, {submitted.block.pictures} pictures;"
        f" peak {found.peak} MB with the contact sheet",
    )


def upscaled(found: Upscaled, goal: str) -> Row:
    pictures = "1 picture" if found.pictures == 1 else f"{found.pictures} pictures"
    return Row(
        f"time of Upscale to Size / of ImageUpscaleWithModel, {pictures} of {found.size} px",
        f"{found.ours / found.core:.2f}",
        goal,
        f"{found.ours:.2f} s / {found.core:.2f} s, DAT light x2, the fastest of several",
    )


def first_picture(times: FirstPicture | None) -> Row:
    what = "time until the first picture / until the server answers, nothing running before"
    if times is None:
        return Row(what, "left out", "", "not with --quick")
    return Row(
        what,
        f"{times.picture / times.server:.2f}",
        "",
        f"{times.picture:.1f} s / {times.server:.1f} s; planned after {times.plan:.1f} s",
    )


def planning(planned: Written, chats: Written, goal: str = "") -> Row:
    return Row(
        f"valid distinct prompts/s: planned / one chat each, {planned.prompts} prompts",
        f"{planned.rate / chats.rate:.1f}",
        goal,
        f"{planned.rate:.2f} / {chats.rate:.2f} a second; {planned.valid} of {planned.prompts}"
        f" planned and {chats.valid} of {chats.prompts} chats are valid",
    )


def planning_memory(peaks: Peaks, goal: str) -> Row:
    what = "planning's peak memory after all prompts / after the first theme's"
    if peaks.after_few is None or peaks.after_many is None:
        return Row(what, "left out", "", "this system does not tell a process's memory")
    return Row(
        what,
        f"{peaks.after_many / peaks.after_few:.2f}",
        goal,
        f"{peaks.after_many} MB / {peaks.after_few} MB, {peaks.many} / {peaks.few} prompts",
    )
