"""From flags to what is asked for: an order, its graphs, and where and how it is carried out."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from stockwright.core.addresses import is_address, llm_address
from stockwright.core.loras import parse_loras
from stockwright.core.styles import Style

from .connection import request_headers
from .errors import OrderInvalid
from .flags import ORDER_FLAGS
from .folder import RUNS, RunFolder
from .gate.quality import Quality, given_quality
from .graphs import load_graph
from .images import list_pictures, listing_digest
from .order import MAX_COUNT, PER_THEME, Order, digest, read_kinds, read_themes, remarks
from .places import WORKFLOWS
from .session import Asked
from .settings import Settings, read_settings
from .styles import named_style


def read_asked(args: argparse.Namespace) -> Asked:
    """Raises OrderInvalid and the errors of the files that are named."""
    if args.run is not None and args.run.is_file():
        raise OrderInvalid("is a file, not a folder", where=f"--run {args.run}")
    if args.server and args.comfyui:
        raise OrderInvalid("--server and --comfyui exclude each other")
    if args.count is not None and not 1 <= args.count <= MAX_COUNT:
        raise OrderInvalid(f"{args.count} is not from 1 to {MAX_COUNT}", where="--count")
    if args.extra_tries is not None and args.extra_tries < 0:
        raise OrderInvalid(f"{args.extra_tries} is less than 0", where="--extra-tries")
    order, workflow, plan, quality, workflow_file = (
        _stored(args) if args.theme is None and args.images is None else _new(args)
    )
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
        quality=quality,
        extra_tries=args.extra_tries,
    )


_Found = tuple[Order, dict[str, Any], dict[str, Any], Quality | None, Path]


def _stored(args: argparse.Namespace) -> _Found:
    """The order of a run that was started before."""
    given = [flag for flag in ORDER_FLAGS if getattr(args, flag) is not None]
    if args.run is None:
        raise OrderInvalid("no theme is named", hint="For example: --theme Education")
    if given:
        raise OrderInvalid(
            f"--{given[0].replace('_', '-')} needs --theme:"
            " --run alone goes on with the order that is there"
        )
    folder = RunFolder(args.run)
    order, workflow, plan = folder.stored()
    return order, workflow, plan, folder.quality(order), args.run / "workflow.json"


def _new(args: argparse.Namespace) -> _Found:
    if args.theme is not None and args.images is not None:
        raise OrderInvalid("--theme and --images exclude each other")
    shipped = "stock.json" if args.images is None else "upscale_only.json"
    workflow_file = args.workflow or WORKFLOWS / shipped
    workflow = load_graph(workflow_file).data
    plan = load_graph(WORKFLOWS / "plan.json").data
    # Pictures that somebody already has are examined only where that is asked for.
    unasked = args.images is not None and args.quality is None
    quality = None if args.no_quality or unasked else given_quality(args.quality)
    return (
        _order(args, digest(workflow), digest(plan), quality),
        workflow,
        plan,
        quality,
        workflow_file,
    )


def _order(args: argparse.Namespace, workflow: str, plan: str, quality: Quality | None) -> Order:
    style, styled = named_style(args.style) if args.style else (Style(""), Settings())
    file = Settings() if args.settings is None else read_settings(args.settings)
    texts: list[str] = args.lora or []
    loras = tuple(use for text in texts for use in parse_loras(text))
    return Order.checked(
        **(_themes(args, style) if args.images is None else _images(args)),
        seed=args.seed if args.seed is not None else 1,
        workflow=workflow,
        plan=plan,
        checkpoint=args.checkpoint or file.checkpoint or styled.checkpoint,
        loras=(*style.loras, *(loras or file.loras)),
        sampler=file.sampler or styled.sampler,
        steps=file.steps or styled.steps,
        cfg=styled.cfg if file.cfg is None else file.cfg,
        size=file.size or styled.size,
        llm=_llm(args.llm or file.llm),
        settings=(*styled.values, *file.values, *(args.set or ())),  # the later one wins
        style=style.name or None,
        quality=quality.digest if quality else None,
    )


def _themes(args: argparse.Namespace, style: Style) -> dict[str, Any]:
    themes = read_themes(args.theme)
    for remark in remarks(themes, args.count):
        print(remark, file=sys.stderr)
    count = args.count if args.count is not None else PER_THEME * len(themes)
    return {"themes": themes, "kinds": style.of_kinds(read_kinds(args.kinds)), "count": count}


def _images(args: argparse.Namespace) -> dict[str, Any]:
    for flag in ("count", "kinds", "llm", "style"):
        if getattr(args, flag) is not None:
            raise OrderInvalid(f"--{flag} is for themes, not for pictures that are there")
    pictures = list_pictures(args.images)
    folder = str(args.images.expanduser().resolve())
    return {"images": folder, "pictures": listing_digest(pictures), "count": len(pictures)}


def _llm(text: str | None) -> str | None:
    """As it was given; an address in full, without anything secret. Raises LLMInvalid."""
    return llm_address(text) if text is not None and is_address(text) else text


def _batch(text: str) -> int | None:
    if text == "auto":
        return None
    if text.isdecimal() and 1 <= int(text) <= 1024:
        return int(text)
    raise OrderInvalid(f"{text!r} is neither auto nor a number from 1 to 1024", where="--batch")
