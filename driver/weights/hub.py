"""What the Hugging Face hub, a mirror of it, or its cache on this machine has of a file.

Asked through huggingface_hub, so HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE and
`hf auth login` mean what they mean everywhere. A file in the hub's cache is not fetched again. The
bytes themselves come by `driver.weights.download`: huggingface_hub (2.4) throws an unfinished
download away, and keeps a second copy of a finished one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from driver.errors import DownloadFailed
from driver.weights.sources import Hub
from driver.weights.web import Passing, describe, failure, patiently

# The base of all that the hub's client raises; which package it is of depends on the version.
_TRANSPORT_ERROR = cast(type[Exception], HfHubHTTPError.__bases__[0])
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Found:
    url: str
    headers: Mapping[str, str]
    size: int | None
    sha256: str | None
    cached: Path | None
    """The file in the hub's cache."""


def endpoint() -> str:
    return constants.ENDPOINT


def plain() -> str | None:
    """The host of HF_ENDPOINT, if the user set it to one without encryption."""
    parts = urlsplit(endpoint())
    return parts.netloc if parts.scheme == "http" else None


def cache() -> str:
    """The folder of the hub's cache."""
    return constants.HF_HUB_CACHE


def address(source: Hub) -> str:
    """Where a browser finds the file."""
    return huggingface_hub.hf_hub_url(source.repo, source.path, revision=source.revision)


def look_up(source: Hub) -> Found:
    """Ask the hub; offline, only its cache. Raises DownloadFailed or HostUnreachable."""
    if constants.HF_HUB_OFFLINE:
        cached = _cached(source, source.revision)
        if cached is None:
            raise DownloadFailed(
                "it is not in the hub's cache, and HF_HUB_OFFLINE is set",
                where=f"{source.repo}/{source.path}",
                hint=f"The cache is {constants.HF_HUB_CACHE}.",
            )
        return Found("", {}, cached.stat().st_size, None, cached)
    url = address(source)
    return patiently(lambda: _ask(source, url), url)


def _ask(source: Hub, url: str) -> Found:
    try:
        about = huggingface_hub.HfApi().get_hf_file_metadata(url=url)
    except GatedRepoError as error:
        raise _refused(error, "its licence has to be accepted first", source) from error
    except (RevisionNotFoundError, RemoteEntryNotFoundError) as error:
        raise _refused(error, f"the hub has no {source.path} there", source) from error
    except RepositoryNotFoundError as error:
        raise _refused(error, "the hub has no such repository, or hides it", source) from error
    except HfHubHTTPError as error:
        raise failure(error.response.status_code, error.response.headers, url) from error
    except OfflineModeIsEnabled as error:
        raise DownloadFailed(str(error), where=url) from error
    except _TRANSPORT_ERROR as error:
        raise Passing(describe(error, url), unreachable=True) from error
    if about.commit_hash is None or about.etag is None:
        raise DownloadFailed(
            "what answers is not a hub",
            where=url,
            hint="Check HF_ENDPOINT. A firewall or proxy may answer for it.",
        )
    return Found(
        url=url,
        headers=_login(),
        size=about.size,
        # Small files have git's hash instead, which says nothing about the bytes alone.
        sha256=about.etag if len(about.etag) == _SHA256_DIGITS else None,
        cached=_cached(source, about.commit_hash),
    )


def _login() -> dict[str, str]:
    token = None if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN else huggingface_hub.get_token()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _refused(error: HfHubHTTPError, what: str, source: Hub) -> DownloadFailed:
    page = f"{endpoint()}/{source.repo}"
    return DownloadFailed(
        f"{what} ({error.response.status_code})",
        where=f"{source.repo}/{source.path}",
        hint=f"Look at {page} with a browser. For a model that asks for a login, accept its licence"
        " there, make a token, and set HF_TOKEN.",
    )


def _cached(source: Hub, revision: str) -> Path | None:
    found = huggingface_hub.try_to_load_from_cache(source.repo, source.path, revision=revision)
    return Path(found) if isinstance(found, str) else None
