"""`submit.py --theme TEXT…`: a theme in, a folder of pictures out.

Exit codes: 0 all delivered, 1 some jobs failed or rejected pictures were not replaced, 2 wrong use,
3 server or environment, 130 stopped by Ctrl-C. The same command again goes on where it
stopped.
"""

from __future__ import annotations

import signal
import sys

try:
    from driver.asking import read_asked
    from driver.ending import ended
    from driver.errors import StockwrightError
    from driver.events import Failed, to_json
    from driver.flags import parser
    from driver.printing import print_changes, print_jobs, print_outcome
    from driver.progress import reporting
    from driver.session import Asked, carry_out, plan_only
except ImportError as error:
    print(
        f"This Python cannot run Stockwright ({error}). Run `make setup`, then use"
        " .venv/bin/python instead of python.",
        file=sys.stderr,
    )
    sys.exit(3)
except KeyboardInterrupt:  # importing takes most of a second
    sys.exit(130)


def main(argv: list[str] | None = None) -> int:
    args = parser().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def work() -> int:
        asked = read_asked(args)
        return _plan(asked, args.json) if args.dry_run else _make(asked, args.json)

    def failed(error: StockwrightError) -> None:
        if args.json:
            print(to_json(Failed(error.code, error.what, error.where, error.hint)), flush=True)

    return ended(work, debug=args.debug, failed=failed)


def _plan(asked: Asked, as_json: bool) -> int:
    with reporting(as_json=False) as report:  # standard output is for the jobs
        jobs, changes = plan_only(asked, report)
    print_changes(changes)
    print_jobs(jobs, as_json=as_json)
    return 0


def _make(asked: Asked, as_json: bool) -> int:
    with reporting(as_json=as_json) as report:
        outcome = carry_out(asked, report)
    if not as_json:
        print_outcome(outcome)
    return 0 if outcome.complete else 1


if __name__ == "__main__":
    sys.exit(main())
