"""Where a person's data went, so that it can be removed there.

servers.json in the person's folder: {"token", "servers": [name], "stores": [address]}. It is
written before anything is sent, and is the last file that goes when the person is forgotten.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import AvatarInvalid
from ..server import Server
from .objects import full
from .people import PLACES, Folder, write_private

EMBEDDED = "embedded"
"""The name of the embedded server, whose port is another one each time."""
_COMFYUI = "comfyui:"
_TOKEN = re.compile(r'"token":\s*"([0-9a-f]{12})"')


class Reached(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    token: str = ""
    """Empty where the folder holds no token: then nothing was ever sent."""
    servers: tuple[str, ...] = ()
    """As `server_name` gives them."""
    stores: tuple[str, ...] = ()
    """Addresses for `ModelStore`."""


def server_name(url: str | None, comfyui: Path | None) -> str:
    """What a server is remembered as, from the flags that it is connected by: its address without
    a login, the ComfyUI folder that it is started from, or EMBEDDED."""
    if url:
        return Server(url).url
    return f"{_COMFYUI}{comfyui.expanduser().resolve()}" if comfyui else EMBEDDED


def server_flags(name: str) -> tuple[str | None, Path | None]:
    """The address or the ComfyUI folder of a name; neither for EMBEDDED."""
    if name.startswith(_COMFYUI):
        return None, Path(name.removeprefix(_COMFYUI))
    return (None if name == EMBEDDED else name), None


def reached(folder: Folder) -> Reached:
    """Of whoever has, or had, this folder. A damaged record of the person does not matter, since
    only the token is read; one of the places does. Raises AvatarInvalid."""
    path = folder.path / PLACES
    try:
        return Reached.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Reached(token=_token(folder))
    except ValidationError as error:
        raise AvatarInvalid(
            f"where the person's data went cannot be read: {error.errors()[0]['msg']}",
            where=str(path),
            hint="Write it anew: a token, a list of servers and a list of stores.",
        ) from error


def remember(folder: Folder, *, server: str = "", store: str = "") -> None:
    """Called before anything of the person is sent to a server (`server_name`) or a store.

    Raises AvatarUnknown, AvatarInvalid or DiskTrouble.
    """
    before = reached(folder)
    servers = (*before.servers, *([server] if server else []))
    stores = (*before.stores, *([full(store)] if store else []))
    after = Reached(
        token=folder.read().token,
        servers=tuple(dict.fromkeys(servers)),
        stores=tuple(dict.fromkeys(stores)),
    )
    if after != before or not (folder.path / PLACES).exists():
        write(folder, after)


def write(folder: Folder, places: Reached) -> None:
    write_private(folder.path / PLACES, places.model_dump_json(indent=1).encode())


def _token(folder: Folder) -> str:
    try:
        found = _TOKEN.search((folder.path / "person.json").read_text("utf-8", "replace"))
    except OSError:
        return ""
    return found[1] if found else ""
