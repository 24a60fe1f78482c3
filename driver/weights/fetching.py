"""The source's file of a model at a temporary name, with the right size and hash.

The hash is the manifest's, else the lock file's, else what the hub says; where nobody said any, it
is whatever comes first.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from driver.errors import DownloadFailed, HostUnreachable, HostUntrusted
from driver.weights import download
from driver.weights.download import Wanted
from driver.weights.lockfile import Lock
from driver.weights.manifest import Model
from driver.weights.packages import Packages
from driver.weights.progress import Show
from driver.weights.sources import Hub, Package, SetUp, Web


@dataclass(frozen=True, slots=True)
class Fetched:
    sha256: str
    size: int
    said_by: str
    """Who named the hash: `manifest`, `hub` or `first pull`."""


def host_of(model: Model) -> str:
    """What has to be reached for it; empty for packages, which pip and npm fetch."""
    match model.source:
        case Hub():
            return "the hub"
        case Web():
            return model.source.host
        case _:
            return ""


@dataclass(frozen=True, slots=True)
class Fetcher:
    show: Show
    lock: Lock
    packages: Packages
    hosts: set[str]
    """May be fetched from without a further word."""
    unreachable: dict[str, HostUnreachable] = field(default_factory=dict[str, HostUnreachable])
    """Hosts that were tried in vain; each costs its patience only once."""

    def fetch(self, model: Model, part: Path) -> Fetched:
        """Raises an error of the driver's, or OSError."""
        host = host_of(model)
        if host in self.unreachable:
            raise self.unreachable[host]
        try:
            return self._fetch(model, part)
        except HostUnreachable as error:
            self.unreachable[host] = error
            raise

    def _fetch(self, model: Model, part: Path) -> Fetched:
        wanted = Wanted(model.address, "", size=model.size, sha256=self.expected(model))
        match model.source:
            case Hub():
                return self._from_hub(model, model.source, part, wanted)
            case Web(url):
                self._check_host(model, model.source)
                self.show.say(f"{model.name}: from {model.source.host}")
                return self._download(model, part, replace(wanted, url=url))
            case Package():
                self.show.say(f"{model.name}: from the package {model.source.wanted}")
                return self._from_package(model, model.source, part)
            case SetUp():
                raise DownloadFailed("the set-up makes it", hint="Run `make setup`.")

    def expected(self, model: Model) -> str | None:
        """The sha256 of the source's file, as far as anybody said."""
        before = self.lock.source(model.address)
        return model.sha256 or (before[0] if before else None)

    def by_hand(self, model: Model, path: Path) -> Fetched:
        """The source's file, which somebody put there. Raises HashDiffers."""
        return self._checked(model, path, self.expected(model), str(path))

    def _check_host(self, model: Model, source: Web) -> None:
        if source.host not in self.hosts:
            raise HostUntrusted(
                f"the manifest names no model of {source.host}",
                where=model.address,
                hint="Add --trust if you trust this host and the file at its address.",
            )

    def _from_hub(self, model: Model, source: Hub, part: Path, wanted: Wanted) -> Fetched:
        from driver.weights import hub  # takes a while, and only a pull from there needs it

        found = hub.look_up(source)
        if found.sha256 and wanted.sha256 not in (None, found.sha256):
            raise download.differing(hub.address(source), str(wanted.sha256), found.sha256)
        if found.size and wanted.size not in (None, found.size):
            raise DownloadFailed(
                f"it has {found.size} bytes and should have {wanted.size}", where=found.url
            )
        sha256 = wanted.sha256 or found.sha256
        if found.cached is not None:
            self.show.say(f"{model.name}: from the hub's cache")
            if fetched := self._from_cache(model, found.cached, part, sha256, bool(found.url)):
                return fetched
        self.show.say(f"{model.name}: from {hub.endpoint()}/{source.repo}")
        wanted = replace(
            wanted,
            url=found.url,
            headers=found.headers,
            size=found.size or wanted.size,
            sha256=sha256,
            plain=hub.plain(),
        )
        fetched = self._download(model, part, wanted)
        return replace(fetched, said_by="hub") if found.sha256 and not model.sha256 else fetched

    def _from_cache(
        self, model: Model, cached: Path, part: Path, sha256: str | None, online: bool
    ) -> Fetched | None:
        """None where the cache's file is spoilt and the hub can be asked."""
        if online and sha256 not in (None, download.sha256_of(cached)):
            return None
        part.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        download.check_space(part.parent, cached.stat().st_size)
        shutil.copyfile(cached, part)
        return self._checked(model, part, sha256, str(cached))

    def _from_package(self, model: Model, source: Package, part: Path) -> Fetched:
        part.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        download.check_space(part.parent, model.size or 0)
        self.packages.take(source, source.path, part, model.size)
        try:
            return self._checked(model, part, self.expected(model), source.wanted)
        except BaseException:
            part.unlink()
            raise

    def _checked(self, model: Model, path: Path, sha256: str | None, where: str) -> Fetched:
        size, actual = path.stat().st_size, download.sha256_of(path)
        if sha256 not in (None, actual):
            raise download.differing(where, str(sha256), actual)
        return Fetched(actual, size, "manifest" if model.sha256 else "first pull")

    def _download(self, model: Model, part: Path, wanted: Wanted) -> Fetched:
        def shown(done: int, total: int | None) -> None:
            self.show.amount(model.name, done, total)

        got = download.fetch(wanted, part, self.lock, shown)
        return Fetched(got.sha256, got.size, "manifest" if model.sha256 else "first pull")
