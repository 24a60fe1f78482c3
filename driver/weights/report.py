"""What `models.py` tells: tables for people, and what to do where there is no way out."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from driver.weights import download, formats, remote, sources
from driver.weights.fetching import host_of
from driver.weights.folders import Layout
from driver.weights.lockfile import Lock
from driver.weights.manifest import Manifest, Model
from driver.weights.progress import Show, in_words
from driver.weights.sources import Hub, SetUp, Web
from driver.weights.state import Kind, State, expected_sha256, look, others, part_in


def print_list(models: Sequence[Model], layout: Layout, lock: Lock) -> None:
    """A table of all, then what is wrong with those that are broken."""
    states = {model.name: look(model, layout, lock) for model in models}
    table = _table("model", "groups", "state", "size", "licence", "commercial", "graphs", "from")
    for model in models:
        table.add_row(model.name, " ".join(model.groups), *_row(model, states[model.name]))
    console = _console()
    console.print(f"Models in {layout.models}", soft_wrap=True)
    console.print(table)
    for model in models:
        state = states[model.name]
        if state.kind is Kind.BROKEN:
            console.print(
                f"{model.name}: {state.path}: {state.reason}", soft_wrap=True, markup=False
            )
    here = sum(state.usable for state in states.values())
    console.print(f"{here} of {len(states)} are there. `{remote.COMMAND} pull NAME` fetches one.")


def print_folders(models: Iterable[Model], layout: Layout) -> None:
    """Each model folder: where new files go, then where else they are looked for."""
    table = _table("model folder", "new files go to", "looked for in, too")
    for name in sorted({*layout.names(), *(model.folder for model in models)}):
        first, *more = map(str, layout.folders(name))
        table.add_row(name, first, "\n".join(more))
    _console().print(table)


def verify(
    known: Manifest, models: Sequence[Model], layout: Layout, show: Show, *, others_too: bool
) -> int:
    """Say of each file what reading the whole of it shows; how many are broken."""
    lock, broken = Lock(), 0
    for model in models:
        state = look(model, layout, lock)
        if state.kind in (Kind.MISSING, Kind.PARTIAL):
            show.say(f"{model.name}: {state.kind}")
            continue
        reason = state.reason or _wrong_hash(model, state, lock, show)
        broken += bool(reason)
        if reason:
            show.say(f"{model.name}: BROKEN, {state.path}: {reason}")
        elif expected_sha256(model, state.path, lock):
            show.say(f"{model.name}: right, {state.path}")
        else:
            show.say(f"{model.name}: its header is right; nobody said its hash, {state.path}")
    for path in others(known, layout) if others_too else ():
        if formats.is_pickle(path):
            show.say(f"not in the manifest: {path}: loading it may run what is in it")
        elif reason := formats.fault(path):
            broken += 1
            show.say(f"not in the manifest: BROKEN, {path}: {reason}")
    return broken


def delete(model: Model, layout: Layout, lock: Lock, show: Show) -> None:
    """Remove the file that ComfyUI would load (of a link, the link), and what was begun."""
    gone = [part_in(folder, model) for folder in layout.folders(model.folder)]
    if found := layout.find(model):
        gone.append(found)
        lock.drop_file(found)
    gone = [path for path in gone if path.exists()]
    for path in gone:
        path.unlink()
        show.say(f"{model.name}: deleted {path}")
    if not gone:
        show.say(f"{model.name}: there is nothing to delete")


def hosts(models: Iterable[Model]) -> set[str]:
    return {model.source.host for model in models if isinstance(model.source, Web)}


def firewall_advice(models: Sequence[Model], given: Sequence[str], layout: Layout) -> str:
    """What somebody can do whose machine does not reach these models' hosts.

    `given` is the command line. Empty where none of them comes from a host.
    """
    models = [model for model in models if host_of(model)]
    if not models:
        return ""
    from driver.weights import hub

    pull = f"{remote.COMMAND} {shlex.join(given)}"
    names = " ".join(model.name for model in models)
    lines = ["", "Behind a firewall or without a network, one of these helps:"]
    if any(isinstance(model.source, Hub) for model in models):
        lines += [
            f"- a mirror of the hub: HF_ENDPOINT=https://MIRROR {pull}",
            f"- the hub's cache of another machine, copied to {hub.cache()}:",
            f"  HF_HUB_OFFLINE=1 {pull}",
        ]
    lines += [
        f"- a proxy: HTTPS_PROXY=http://PROXY:PORT {pull}",
        f"- another machine: `{remote.COMMAND} pull {names} --comfyui DIR` there, then copy"
        " what is in DIR/models",
        "- by hand: fetch each file with a browser, put it where it says, and pull again:",
    ]
    for model in models:
        target = layout.target(model)
        if model.converted:
            target = target.with_name(sources.file_name(model.source))
        url = hub.address(model.source) if isinstance(model.source, Hub) else model.address
        lines += [f"    {url}", f"      -> {target}"]
    return "\n".join(lines)


def _wrong_hash(model: Model, state: State, lock: Lock, show: Show) -> str:
    actual = download.sha256_of(state.path, lambda n, size: show.amount(model.name, n, size))
    expected = expected_sha256(model, state.path, lock)
    if expected in (None, actual):
        return ""
    return f"its sha256 is {actual} and should be {expected}"


def _row(model: Model, state: State) -> tuple[str, ...]:
    commercial = {True: "yes", False: "no", None: "?"}[model.commercial]
    kind = str(state.kind)
    if state.kind is Kind.PARTIAL and state.size is not None:
        kind = f"begun, {in_words(state.size)}"
    if state.kind in (Kind.BROKEN, Kind.MISSING):
        kind = f"[red]{kind}" if state.kind is Kind.BROKEN else f"[dim]{kind}"
    exact = state.size if state.usable else model.size
    size = (
        in_words(exact)
        if exact is not None
        else f"~{in_words(model.about)}"
        if model.about
        else "?"
    )
    source = "the set-up" if isinstance(model.source, SetUp) else model.address
    return kind, size, model.licence, commercial, " ".join(model.graphs), source


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 240
    return console
