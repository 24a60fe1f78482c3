"""Which store a person's LoRA is in: the one that is given now, or one that was given before."""

from __future__ import annotations

from ..errors import StoreFailed
from .people import Folder
from .reached import reached
from .store import ModelStore, default_store


def given_store(folder: Folder, url: str | None, token: str) -> ModelStore:
    """The store at the address, or the default one. Raises StoreFailed."""
    return ModelStore(url or default_store(folder.path.parent), token)


def store_with(folder: Folder, key: str, given: ModelStore) -> ModelStore | None:
    """The store that has the LoRA: the given one, else the first of those in servers.json.

    Raises StoreFailed where none has it and one cannot be asked, and AvatarInvalid.
    """
    if given.has(key):
        return given
    places, trouble = reached(folder), None
    for url in places.stores:
        try:
            store = ModelStore(url, places.token)
            if store.has(key):
                return store
        except StoreFailed as error:
            trouble = error
    if trouble is not None:
        raise trouble
    return None
