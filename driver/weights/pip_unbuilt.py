"""pip that can start no other program; run as one: python pip_unbuilt.py download …

To tell a source package's dependencies, pip runs the package's own build. Here it cannot: it
fetches and unpacks the package, and then fails. With --no-clean the unpacked files stay.
"""

from __future__ import annotations

import runpy
import sys

_STARTS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork", "os.forkpty")


def _deny(event: str, args: tuple[object, ...]) -> None:
    del args
    if event in _STARTS:
        raise PermissionError("nothing of a package is run")


if __name__ == "__main__":
    sys.addaudithook(_deny)
    runpy.run_module("pip", run_name="__main__", alter_sys=True)
