"""What set-up commands show, on a terminal and in a log file."""

from __future__ import annotations

import io

import pytest

from driver.host.terminal import Terminal


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_passing_line_is_replaced_on_a_terminal() -> None:
    screen = Screen()
    terminal = Terminal(screen)
    terminal.tick("pip: 3 s")
    terminal.tick("pip: 4 s")
    terminal.say("done")
    terminal.close()
    assert screen.getvalue() == "pip: 3 s\r\x1b[Kpip: 4 s\r\x1b[Kdone\n"


def test_log_file_gets_few_passing_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    now = 0.0
    monkeypatch.setattr("driver.host.terminal.time.monotonic", lambda: now)
    log = io.StringIO()
    terminal = Terminal(log)
    for second in range(1, 71):
        now = float(second)
        terminal.tick(f"{second} s " + "x" * 500)
    lines = log.getvalue().splitlines()
    assert [line.split(" x")[0] for line in lines] == ["30 s", "60 s"]
    assert max(map(len, lines)) < 100
