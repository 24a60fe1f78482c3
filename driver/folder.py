"""The run folder, and the lock that keeps it to one driver.

order.yaml  workflow.json  plan.json  quality.yaml   what was asked, frozen at the first start
run.sqlite                               the ledger
images/<theme>/<kind>/<subject>-<job>.png
rejected/<theme>/<kind>/<subject>-<job>.png, .json   what the quality gate refused, and why
manifest.csv  manifest.jsonl  contact-sheet.jpg  report.html   made from the ledger at the end
run.lock                                 held while a driver works here
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .collect import write_file
from .errors import DiskTrouble, OrderConflict, OrderInvalid, RunBusy
from .gate.quality import Quality, frozen_quality
from .graphs import load_graph
from .order import Order, digest

RUNS = Path("runs")
"""Where runs go unless --run names a folder: below the current folder."""


class RunFolder:
    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def ledger(self) -> Path:
        return self.path / "run.sqlite"

    @property
    def order(self) -> Path:
        return self.path / "order.yaml"

    @contextmanager
    def held(self) -> Generator[bool]:
        """Gives whether the folder is made by this. Raises RunBusy if another driver holds it."""
        is_new = not self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / "run.lock", timeout=0)
            lock.acquire()
        except Timeout as error:
            raise RunBusy(
                "another driver works in this run folder",
                where=str(self.path),
                hint="Wait for it, or give --run another folder.",
            ) from error
        except OSError as error:
            raise DiskTrouble(
                f"the run folder cannot be used: {error.strerror}",
                where=str(self.path),
                hint="Give --run a folder that you may write to.",
            ) from error
        try:
            yield is_new
        finally:
            lock.release()

    def discard(self) -> None:
        """Removes the folder and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def settle(
        self,
        order: Order,
        workflow: dict[str, Any],
        plan: dict[str, Any],
        quality: Quality | None = None,
    ) -> None:
        """Writes down the order, or raises OrderConflict if another one is written down."""
        if self.order.exists():
            stored = Order.from_yaml(self.order)
            if stored.id != order.id:
                raise OrderConflict(
                    "this folder holds another order; these differ: "
                    + ", ".join(order.differences(stored)),
                    where=str(self.path),
                    hint="Go on with it by giving --run alone, or choose another folder.",
                )
            return
        for name, graph in (("workflow.json", workflow), ("plan.json", plan)):
            write_file(self.path / name, json.dumps(graph, indent=1).encode())
        if quality is not None:
            write_file(self.path / "quality.yaml", quality.text.encode())
        # Last, since its presence says that the others are there.
        write_file(self.order, order.to_yaml().encode())

    def stored(self) -> tuple[Order, dict[str, Any], dict[str, Any]]:
        """The order and graphs of a run that was started before."""
        if not self.order.exists():
            raise OrderInvalid(
                "there is no run in this folder",
                where=str(self.path),
                hint="Name a theme to start one: --theme Education.",
            )
        order = Order.from_yaml(self.order)
        workflow = self._graph("workflow.json", order.workflow)
        return order, workflow, self._graph("plan.json", order.plan)

    def quality(self, order: Order) -> Quality | None:
        """What the pictures of a run that was started before are examined for."""
        if order.quality is None:
            return None
        path = self.path / "quality.yaml"
        quality = frozen_quality(path)
        if quality.digest != order.quality:
            raise OrderConflict(
                "these checks are not those that the run was started with",
                where=str(path),
                hint="Put the file back, or start another run with the changed one by --quality.",
            )
        return quality

    def _graph(self, name: str, sha256: str) -> dict[str, Any]:
        graph = load_graph(self.path / name).data
        if digest(graph) != sha256:
            raise OrderConflict(
                "the graph is not the one that the run was started with",
                where=str(self.path / name),
                hint="Put it back, or start another run with the changed one by --workflow.",
            )
        return graph
