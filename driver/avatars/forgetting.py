"""Removing all of a person: here, in the stores, and on the servers.

    note what is to be reached (servers.json)
    -> the person's folder but for that note -> each store -> each server -> the note and the folder

Killed at any moment, the same call goes on. A server or store that does not answer keeps the note,
which holds the token and no more; what could be removed is removed all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import ForgetIncomplete, StockwrightError
from ..server import Server
from .people import PLACES, PRIVATE_FOLDER, Folder
from .reached import Reached, reached, write
from .serverfiles import forget_on
from .store import ModelStore

_LOCK = "person.lock"


def forget(
    folder: Folder, stores: Sequence[ModelStore], servers: Mapping[str, Server]
) -> list[str]:
    """Removes all of a person, and looks again whether it is gone.

    Args:
        stores: besides those that the person's folder names.
        servers: by their names (`reached.server_name`): those of `reached(folder).servers`, as
            far as they answer.

    Returns:
        Paths and addresses of what was removed; none for a folder that is not there, so it is safe
        to call it twice. A folder that was only half made is removed, too.

    Raises:
        ForgetIncomplete: something is left, or may be. It names where, and what was removed.
        RunBusy: another command works on the person.
        AvatarInvalid: the note of the places cannot be read.
    """
    if not folder.path.is_dir():
        return []
    with folder.held(new=True):
        places = _noted(folder, stores, servers)
        removed = _remove_below(folder.path, keep=(PLACES, _LOCK))
        troubles: list[str] = []
        for name, remove_all in _removals(places, stores, servers):
            try:
                removed += remove_all()
            except StockwrightError as error:
                troubles.append(f"{error.where or name}: {error.what}. {error.hint}")
            else:
                places = _without(places, name)
                write(folder, places)
        troubles += [str(path) for path in _below(folder.path) if path.name not in (PLACES, _LOCK)]
        if troubles:
            raise _incomplete(folder, troubles, removed)
        removed += _remove_below(folder.path)
        _remove_folder(folder.path)
    if folder.path.exists():
        raise _incomplete(folder, [str(folder.path)], removed)
    return removed


def _noted(folder: Folder, stores: Sequence[ModelStore], servers: Mapping[str, Server]) -> Reached:
    """All places, written down before the record of the person goes."""
    places = reached(folder)
    places = places.model_copy(
        update={
            "servers": tuple(dict.fromkeys([*places.servers, *servers])),
            "stores": tuple(dict.fromkeys([*places.stores, *(store.url for store in stores)])),
        }
    )
    if places.token:
        write(folder, places)
    return places


def _removals(
    places: Reached, stores: Sequence[ModelStore], servers: Mapping[str, Server]
) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """What is to be called for each place, by its name."""
    if not places.token:  # nothing of the person ever left the folder
        return
    given = {store.url: store for store in stores}
    for url in places.stores:
        yield url, lambda url=url: (given.get(url) or ModelStore(url, places.token)).remove_all()
    for name in places.servers:
        yield name, lambda name=name: _forget_on(name, servers.get(name), places.token)


def _forget_on(name: str, server: Server | None, token: str) -> list[str]:
    if server is None:
        raise ForgetIncomplete(
            "files of the person may be on this server",
            where=name,
            hint="Start it.",
            removed=(),
        )
    return [f"{server.url}: {file}" for file in forget_on(server, token)]


def _without(places: Reached, name: str) -> Reached:
    return places.model_copy(
        update={
            "servers": tuple(one for one in places.servers if one != name),
            "stores": tuple(one for one in places.stores if one != name),
        }
    )


def _remove_below(folder: Path, keep: Sequence[str] = ()) -> list[str]:
    """Removes what is in the folder, but for files of these names right in it; what is removed.
    Links are removed, not followed. What cannot be removed stays."""
    files = [path for path in _below(folder) if path.parent != folder or path.name not in keep]
    folders = [path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink()]
    for path in folders:  # one that may not be written keeps its files
        with contextlib.suppress(OSError):
            path.chmod(PRIVATE_FOLDER)
    for path in files:
        with contextlib.suppress(OSError):
            path.unlink()
    for path in sorted(folders, reverse=True):
        with contextlib.suppress(OSError):
            path.rmdir()
    return [str(path) for path in files if not path.is_symlink() and not path.exists()]


def _below(folder: Path) -> list[Path]:
    """All files and links below the folder, in alphabetical order."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def _remove_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):
        if folder.is_symlink():  # the person's folder lies on another disk
            target = folder.resolve()
            folder.unlink()
            folder = target
        folder.rmdir()


def _incomplete(
    folder: Folder, troubles: Sequence[str], removed: Sequence[str]
) -> ForgetIncomplete:
    listed = "\n".join(f"    {trouble}" for trouble in troubles)
    return ForgetIncomplete(
        f"not all of the person is gone, or known to be gone:\n{listed}",
        where=str(folder.path),
        hint="Then give the same command again. For a server or store that is gone for good, "
        f"remove the folder {folder.path}: it holds no more than where to look.",
        removed=removed,
    )
