"""How a command ends: what it says of an error on standard error, and its exit code.

    what ended it            exit code
    -----------------------  ---------------------------------------------
    the work's own result    that
    StockwrightError         its own
    Ctrl-C, or a reader of its output that has gone   130
    OSError                  3, with what to do
    anything else            3: a defect, and told as such

With `debug` an error is raised again, for its stack trace.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from stockwright.core.errors import StockwrightError

from .host import commands

INTERRUPTED = 130


def ended(
    work: Callable[[], int],
    *,
    debug: bool,
    failed: Callable[[StockwrightError], None] | None = None,
) -> int:
    """Does the work and returns the command's exit code. `failed` is told of an error first."""
    try:
        return work()
    except StockwrightError as error:
        if debug:
            raise
        if failed:
            failed(error)
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped. The same command again goes on from here.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has enough
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for the flush at the end
        return INTERRUPTED
    except OSError as error:
        if debug:
            raise
        print(f"error: {error} [disk]\n{commands.advice([str(error)])}", file=sys.stderr)
        return 3
    except Exception as error:
        if debug:
            raise
        print(
            f"error: {type(error).__name__}: {error} [internal]\nThis is a defect: --debug shows"
            " where. Nothing that was made is lost.",
            file=sys.stderr,
        )
        return 3
