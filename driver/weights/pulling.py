"""Bringing models to their places: fetch, check, convert, check again, rename.

Whatever ends it, a place holds the old file, the whole new one, or nothing.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from driver import places
from driver.errors import ModelRefused
from driver.host import launch, locks, wheels
from driver.weights import conversion, download, formats
from driver.weights.fetching import Fetched, Fetcher
from driver.weights.folders import Layout
from driver.weights.lockfile import Lock
from driver.weights.manifest import Model
from driver.weights.packages import Packages
from driver.weights.progress import Show, in_words
from driver.weights.sources import Package, file_name
from driver.weights.state import Kind, expected_sha256, look, part_in

_LONGEST_TENSORS = 10_000_000


@contextmanager
def alone(show: Show) -> Generator[None]:
    """Waits until no other command changes models or the lock file."""
    places.EMBEDDED.mkdir(parents=True, exist_ok=True)

    told = False

    def waiting(seconds: float) -> None:
        nonlocal told
        if not told:
            show.say("Another pull runs; waiting for it")
        told = True
        show.tick(f"Waiting for another pull: {seconds:.0f} s")

    with locks.acquire(places.EMBEDDED / "models.lock", waiting):
        yield


@contextmanager
def pulling(
    layout: Layout,
    show: Show,
    hosts: set[str],
    *,
    into: Path | None = None,
    python: Path | None = None,
) -> Generator[Puller]:
    """`hosts` may be fetched from. New files go below `into`; `python` converts.

    One at a time; the end removes what was fetched only to be converted.
    """
    with alone(show), wheels.scratch(places.EMBEDDED, "models-scratch") as scratch:
        lock = Lock()
        fetcher = Fetcher(show, lock, Packages(scratch, show.tick), hosts)
        python = python or launch.interpreter(layout.comfyui)
        puller = Puller(layout, fetcher, scratch, into, python)
        try:
            yield puller
        finally:
            puller.tidy()


class Puller:
    def __init__(
        self, layout: Layout, fetcher: Fetcher, scratch: Path, into: Path | None, python: Path
    ) -> None:
        self._layout, self._fetcher, self._scratch = layout, fetcher, scratch
        self._into, self._python = into, python
        self._show, self._lock = fetcher.show, fetcher.lock
        self._raw: dict[str, tuple[Path, Fetched]] = {}
        """Files that were converted, by address: another model may be a part of the same one."""

    def pull(self, model: Model) -> None:
        """Raises an error of the driver's, or OSError."""
        state = look(model, self._layout, self._lock)
        if state.kind is Kind.UNCHECKED:
            self._check(model, state.path)
        if state.usable:
            self._show.say(f"{model.name}: there, {state.path}")
            return
        target = state.path
        if state.kind is Kind.BROKEN:
            self._show.say(f"{model.name}: {target} is broken ({state.reason}); fetched again")
        else:
            target = self._layout.target(model, self._into)
        self._bring(model, target)
        self._show.say(f"{model.name}: {target} ({in_words(target.stat().st_size)})")

    def tidy(self) -> None:
        for raw, _ in self._raw.values():
            raw.unlink(missing_ok=True)

    def _check(self, model: Model, path: Path) -> None:
        """A file that somebody put there becomes a known one, if it is the right one."""
        actual = download.sha256_of(path, lambda n, size: self._show.amount(model.name, n, size))
        expected = expected_sha256(model, path, self._lock)
        if expected not in (None, actual):
            hint = f"Move it away and pull {model.name} again, or give yours another name."
            raise download.differing(str(path), str(expected), actual, hint)
        self._lock.put_file(path, actual)

    def _bring(self, model: Model, target: Path) -> None:
        part = part_in(target.parent, model)
        if not model.converted:
            fetched = self._fetcher.fetch(model, part)
            self._finish(model, part, target, fetched)
            return
        by_hand = target.with_name(file_name(model.source))
        if by_hand.is_file():
            self._show.say(f"{model.name}: from {by_hand}")
            self._convert(model, by_hand, target, self._fetcher.by_hand(model, by_hand))
            return
        raw, fetched = self._raw.get(model.address) or (part, self._fetcher.fetch(model, part))
        try:
            self._convert(model, raw, target, fetched)
        except ModelRefused:
            raw.unlink()
            raise
        self._raw[model.address] = raw, fetched

    def _convert(self, model: Model, raw: Path, target: Path, fetched: Fetched) -> None:
        made = target.with_name(f".{target.name}.made")
        target.parent.mkdir(parents=True, exist_ok=True)
        download.check_space(target.parent, fetched.size)
        tensors = None
        if model.tensors and isinstance(model.source, Package):
            tensors = self._scratch / "tensors.json"
            take = self._fetcher.packages.take
            take(model.source, model.tensors, tensors, _LONGEST_TENSORS)
        try:
            conversion.convert(
                self._python,
                raw,
                made,
                where=model.address,
                take=model.take,
                tensors=tensors,
                tick=self._show.tick,
            )
            self._finish(model, made, target, fetched)
        finally:
            made.unlink(missing_ok=True)

    def _finish(self, model: Model, part: Path, target: Path, fetched: Fetched) -> None:
        if reason := formats.fault(part, target.suffix):
            part.unlink()
            raise ModelRefused(f"what came is refused: {reason}", where=model.address)
        sha256 = download.sha256_of(part) if model.converted else fetched.sha256
        _make_readable(part)
        part.replace(target)
        if model.sha256 or not self._lock.source(model.address):
            self._lock.put_source(model.address, fetched.sha256, fetched.size, fetched.said_by)
        self._lock.put_file(target, sha256)


def _make_readable(path: Path) -> None:
    """As any new file is; some writers keep theirs to the user alone."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
