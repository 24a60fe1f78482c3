"""Forgetting a person wherever something of them went: every server and store that is noted."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from ..connection import connect
from ..errors import StockwrightError, StoreFailed
from ..events import Notice, Report
from ..server import Server
from .forgetting import forget
from .people import Folder
from .reached import reached, server_flags
from .store import ModelStore
from .stores import given_store


def forgotten(
    folder: Folder, *, store: str | None, headers: Mapping[str, str], report: Report
) -> list[str]:
    """Paths and addresses of what was removed (`forgetting.forget`).

    A server that does not answer is told as a notice, and stays noted: ForgetIncomplete then.
    """
    servers: dict[str, Server] = {}
    with folder.unnamed(), ExitStack() as stack:
        places = reached(folder)
        for name in places.servers:
            try:
                connection = connect(*server_flags(name), headers, report)
            except StockwrightError as error:
                report(Notice(f"{name} cannot be asked: {error.what}"))
                continue
            stack.callback(connection.close)
            servers[name] = connection.server
        return forget(folder, _stores(folder, store, places.token, report), servers)


def _stores(folder: Folder, given: str | None, token: str, report: Report) -> list[ModelStore]:
    """Besides those that are noted."""
    if not token:
        return []
    try:
        return [given_store(folder, given, token)]
    except StoreFailed as error:
        if given:
            raise
        report(Notice(f"the default store cannot be asked: {error.what}"))
        return []
