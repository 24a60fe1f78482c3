"""ExifTool, by which tests read what files say: neither we nor Pillow wrote it.

    python -m tests.exiftool install    # what `make test` does first

Tests that use it bear the marker `exiftool`. Where it is not installed they do not run, and the end
of pytest's report names them; where the environment variable CI is set they fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

WHAT_TO_DO = "Install ExifTool (Debian: apt install libimage-exiftool-perl; macOS: brew exiftool)."


def find() -> str | None:
    return shutil.which("exiftool")


def read(path: Path) -> dict[str, Any]:
    """All tags as "Group:Tag", duplicates too, numbers as they are stored."""
    program = find()
    assert program, f"no exiftool. {WHAT_TO_DO}"
    line = [program, "-json", "-G1", "-a", "-n", "-api", "largefilesupport=1", str(path)]
    done = subprocess.run(line, capture_output=True, check=True)
    (tags,) = json.loads(done.stdout)
    return tags


def write(path: Path, tag: str, value: str) -> None:
    line = [str(find()), "-overwrite_original", "-n", f"-{tag}={value}", str(path)]
    subprocess.run(line, capture_output=True, check=True)


def problems(path: Path) -> list[str]:
    """What ExifTool's own validation finds wrong with a file's structure and metadata."""
    line = [str(find()), "-validate", "-warning", "-error", "-a", "-s3", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return [text for text in done.stdout.splitlines() if text != "OK"]


def install() -> int:
    """Installs it where it is not. The exit code: 3 if it cannot be had in CI, else 0."""
    if find():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("No exiftool here, which tests of metadata need. apt-get installs it.", flush=True)
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        package = ["install", "--no-install-recommends", "libimage-exiftool-perl"]
        for arguments in (["update"], package):
            subprocess.run(["apt-get", "-q", "-y", *arguments], env=env, check=False)
    if find():
        return 0
    in_ci = bool(os.environ.get("CI"))
    after = "" if in_ci else " Until then the tests that need it do not run."
    print(f"{'error' if in_ci else 'warning'}: no exiftool. {WHAT_TO_DO}{after}", file=sys.stderr)
    return 3 if in_ci else 0


if __name__ == "__main__":
    if sys.argv[1:] != ["install"]:
        sys.exit("usage: python -m tests.exiftool install")
    sys.exit(install())
