"""The canvas in a real browser: headless Chromium, driven by playwright.

    python -m tests.browser install     # what `make test` does first

    @pytest.mark.browser                # or: pytestmark = pytest.mark.browser
    def test_it(server: Server) -> None:
        with canvas(server.url) as opened:
            opened.page.get_by_text("Queue").click()     # playwright's Page (sync API)
            opened.evaluate("(x) => app.graph.nodes.length + x", 1)
            opened.load(workflow)                        # a graph as the canvas saves it
            opened.saved()                               # what Save would write
            opened.api()                                 # what Run would queue
            assert opened.problems == []                 # errors of the page and its console

Tests that use it bear the marker `browser`. Where there is no Chromium they do not run, and the end
of pytest's report names them; where the environment variable CI is set they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WHAT_TO_DO = (
    "Install Chromium (Debian: apt install chromium; elsewhere: google-chrome, or"
    " .venv/bin/playwright install --with-deps chromium), or name one: CHROMIUM=/path/to/chromium."
)

_WAIT = 180_000
"""Milliseconds. Long, since other tests use the processor meanwhile."""

_READY = """() => window.app?.extensionManager?.workflow?.activeWorkflow && app.graph
    && window.LiteGraph?.registered_node_types?.KSampler"""
_LOAD = """async (graph) => {
    const hidden = {showMissingNodesDialog: false, showMissingModelsDialog: false};
    await app.loadGraphData(graph, true, true, null, hidden);
}"""
_API = "async () => JSON.parse(JSON.stringify((await app.graphToPrompt()).output))"
_SAVED = "() => JSON.parse(JSON.stringify(app.graph.serialize()))"


class BrowserMissing(Exception):
    """No Chromium here; the text says what to do."""


@dataclass
class Canvas:
    """An open canvas, all node types registered."""

    page: Page
    problems: list[str] = field(default_factory=list[str])
    """Errors of the page and of its console since it was opened, the oldest first. A console error
    ends with the address of the script or file it is about."""

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """A JavaScript expression, or a function that is called with `argument`, in the page."""
        return self.page.evaluate(script, argument)

    def load(self, graph: dict[str, Any]) -> None:
        """Opens a canvas graph, without the dialogs about what is missing."""
        self.evaluate(_LOAD, graph)

    def api(self) -> dict[str, dict[str, Any]]:
        """The API graph that Run would queue, node ids in the canvas's order."""
        return self.evaluate(_API)

    def saved(self) -> dict[str, Any]:
        """The canvas graph that Save would write."""
        return self.evaluate(_SAVED)

    def reload(self) -> None:
        """Loads the page again and waits until it is ready, as after a change of language."""
        self.page.reload()
        self.wait()

    def wait(self) -> None:
        self.page.wait_for_function(_READY)


@contextmanager
def canvas(url: str, width: int = 1600, height: int = 1000) -> Generator[Canvas]:
    """The canvas of the server at `url` in a browser of its own, with an empty profile. Raises
    BrowserMissing where there is no Chromium."""
    chromium = find()
    if chromium is None:
        raise BrowserMissing(f"no Chromium. {WHAT_TO_DO}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=list(FLAGS),
            chromium_sandbox=os.geteuid() != 0,  # root has none
            timeout=_WAIT,
        )
        try:
            page = browser.new_page(viewport={"width": width, "height": height}, locale="en-US")
            page.set_default_timeout(_WAIT)
            # Else the first visit opens the template browser.
            page.request.post(f"{url}/api/settings/Comfy.TutorialCompleted", data="true")
            opened = Canvas(page)
            _listen(opened)
            page.goto(url)
            opened.wait()
            yield opened
        finally:
            browser.close()


def _listen(opened: Canvas) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type == "error":
            opened.problems.append(f"{message.text} ({message.location.get('url', '')})")

    opened.page.on("console", console)
    opened.page.on("pageerror", lambda error: opened.problems.append(str(error.stack or error)))


@cache
def find() -> str | None:
    """The Chromium to use: that of the variable CHROMIUM, or else the first one that starts."""
    if given := os.environ.get("CHROMIUM"):
        return given
    on_path = filter(None, map(shutil.which, NAMES))
    return next(filter(_starts, on_path), None) or _from_playwright()


def _from_playwright() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and _starts(path) else None


def _starts(path: str) -> bool:
    done = subprocess.run([path, "--version"], capture_output=True, check=False)
    return done.returncode == 0


def install() -> int:
    """Installs Chromium where there is none. The exit code: 3 if it cannot be had in CI, else 0."""
    if find():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("No Chromium here, which browser tests need. Installing it with apt-get.", flush=True)
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for line in (["update"], ["install", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "-q", "-y", *line], env=env, check=False)
        find.cache_clear()
    if find() is None:
        print("No Chromium here, which browser tests need. playwright fetches one.", flush=True)
        line = [sys.executable, "-m", "playwright", "install", "chromium"]
        done = subprocess.run(line, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print(done.stderr.split("\n", 1)[0], file=sys.stderr)
        find.cache_clear()
    if find():
        return 0
    in_ci = bool(os.environ.get("CI"))
    after = "" if in_ci else " Until then the browser tests do not run."
    print(f"{'error' if in_ci else 'warning'}: no Chromium. {WHAT_TO_DO}{after}", file=sys.stderr)
    return 3 if in_ci else 0


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m tests.browser install")
    sys.exit(install())
