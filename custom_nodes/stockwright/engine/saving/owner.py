"""Whose the pictures are: `saving.yaml` in a folder of the server's own.

    creator: Studio North                   # all lines may be left out
    copyright: © 2026 Studio North
    certificate: /etc/stockwright/chain.pem # with these two, files are signed
    private_key: /etc/stockwright/key.pem
    algorithm: es256                        # what the key is made for

Paths may be relative to the file's folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...core.definitions import Definition, load_yaml, nearest, read_text
from ...core.errors import SavingInvalid
from .credentials import ALGORITHMS, Credentials

FILE = "saving.yaml"
_PLACES = ("certificate", "private_key")
_KEYS = ("creator", "copyright", *_PLACES, "algorithm")


@dataclass(frozen=True, slots=True)
class Owner:
    creator: str = ""
    copyright: str = ""
    credentials: Credentials | None = None


def read_owner(folder: Path) -> Owner:
    """What the file in `folder` says; nothing where it is not there.

    Raises:
        SavingInvalid: a file that cannot be used, or a certificate that does not sign.
        SavingUnavailable: there is a certificate, and c2pa-python is not installed.
    """
    path = folder / FILE
    if not path.is_file():
        return Owner()
    read = load_yaml(read_text(path, SavingInvalid), str(path), SavingInvalid)
    if read in (None, ""):  # nothing but comments
        return Owner()
    values = Definition.of(read, str(path), SavingInvalid)
    values.only(_KEYS)
    creator, rights = values.text("creator", ""), values.text("copyright", "")
    named = [key for key in _PLACES if values.text(key, "")]
    if not named:
        return Owner(creator, rights)
    if len(named) < len(_PLACES):
        (missing,) = set(_PLACES) - set(named)
        raise SavingInvalid("certificate and private_key go together", where=values.at(missing))
    algorithm = values.text("algorithm", ALGORITHMS[0]).casefold()
    if algorithm not in ALGORITHMS:
        raise SavingInvalid(
            f"{algorithm!r} is no signing algorithm",
            where=values.at("algorithm"),
            hint=nearest(algorithm, ALGORITHMS),
        )
    certificate, key = (folder / values.text(name) for name in _PLACES)
    stamps = tuple(_stamp(file) for file in (certificate, key))
    return Owner(creator, rights, _credentials(certificate, key, algorithm, str(path), stamps))


@lru_cache(maxsize=1)
def _credentials(
    certificate: Path, key: Path, algorithm: str, where: str, stamps: tuple[int | None, ...]
) -> Credentials:
    """Tried out once for as long as the files are the same, which `stamps` says."""
    return Credentials.read(certificate, key, algorithm, where)


def _stamp(file: Path) -> int | None:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None  # reading it says why
