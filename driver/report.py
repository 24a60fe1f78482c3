"""`report.py RUN…`: makes the report of a run again, from its ledger and its pictures.

Exit codes: 0 done, 2 wrong use, 3 server or environment, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

try:
    from driver.ending import ended
    from driver.errors import OrderInvalid
    from driver.folder import RunFolder
    from driver.ledger import Ledger
    from driver.reporting import write_report
except ImportError as error:
    print(
        f"This Python cannot run Stockwright ({error}). Run `make setup`, then use"
        " .venv/bin/python instead of python.",
        file=sys.stderr,
    )
    sys.exit(3)
except KeyboardInterrupt:
    sys.exit(130)


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    return ended(lambda: _write(args.run), debug=args.debug)


def _write(runs: list[Path]) -> int:
    for run in runs:
        folder = RunFolder(run)
        if not folder.ledger.is_file():
            raise OrderInvalid(
                "there is no run in this folder",
                where=str(run),
                hint="Give the folder of a run, such as runs/education-1a2b3c4d.",
            )
        ledger = Ledger(folder.ledger)
        try:
            print(write_report(ledger, run))
        finally:
            ledger.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="report", description="Makes report.html of a run again, from its ledger."
    )
    p.add_argument("run", nargs="+", type=Path, metavar="RUN", help="the folder of a run")
    p.add_argument("--debug", action="store_true", help="show a stack trace with an error")
    return p


if __name__ == "__main__":
    sys.exit(main())
