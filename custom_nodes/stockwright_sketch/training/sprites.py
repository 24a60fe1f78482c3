"""The rendered 3D emoji of @lobehub/fluent-emoji-3d (MIT), fetched once by npm and kept."""

from __future__ import annotations

import functools
import io
import subprocess
import tarfile
from pathlib import Path

from PIL import Image

PACKAGE = "@lobehub/fluent-emoji-3d@1.1.0"
TARBALL = "lobehub-fluent-emoji-3d-1.1.0.tgz"


class Sprites:
    """Pictures out of the package's tarball, which npm puts into `folder` where it is missing.

    Raises RuntimeError when npm is missing or fails, with what it said.
    """

    def __init__(self, folder: Path) -> None:
        tarball = folder / TARBALL
        if not tarball.exists():
            _fetch(folder)
        self._data: dict[str, bytes] = {}
        with tarfile.open(tarball) as archive:
            for member in archive:
                name = Path(member.name)
                file = archive.extractfile(member) if name.suffix == ".webp" else None
                if file:
                    self._data[name.stem] = file.read()
        self.get = functools.lru_cache(maxsize=None)(self._get)

    def _get(self, code: str) -> Image.Image:
        """RGBA, cropped to what is not transparent. Raises KeyError for an unknown code."""
        image = Image.open(io.BytesIO(self._data[code])).convert("RGBA")
        return image.crop(image.getchannel("A").point(lambda value: 255 * (value > 8)).getbbox())


def _fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise RuntimeError(
            f"npm is not installed; the pictures for training come from its package {PACKAGE}. "
            "Install Node.js (it brings npm) and try again."
        ) from None
    if done.returncode:
        raise RuntimeError(f"npm could not fetch {PACKAGE}: {done.stderr.strip()[-400:]}")
