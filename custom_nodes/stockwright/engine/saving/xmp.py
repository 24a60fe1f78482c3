"""An XMP packet: what stock sites and photo tools read of a picture in every format.

Properties are those of IPTC's photo metadata standard. The job is in a namespace of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape, quoteattr

from ...core.languages import ENGLISH
from .label import Label

_NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "stockwright": "urn:stockwright:1.0/",
}
_HEAD = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_TAIL = '<?xpacket end="r"?>'
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def packet(label: Label) -> bytes:
    """The packet in UTF-8. Characters that XML cannot hold are left out."""
    parts = [
        _alternatives("dc:title", label.title),
        _alternatives("dc:description", label.description),
        _listed("dc:subject", "Bag", label.keywords),
        _element("Iptc4xmpExt:DigitalSourceType", label.source.uri),
    ]
    if label.creator:
        parts.append(_listed("dc:creator", "Seq", [label.creator]))
    if label.copyright:
        parts.append(_alternatives("dc:rights", {ENGLISH: label.copyright}))
        parts.append(_element("xmpRights:Marked", "True"))
    if label.job:
        parts.append(_element("stockwright:Job", label.job))
    spaces = " ".join(f"xmlns:{name}={quoteattr(uri)}" for name, uri in _NAMESPACES.items())
    body = "".join(parts)
    text = (
        f'{_HEAD}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {spaces}>'
        f'<rdf:Description rdf:about="">{body}</rdf:Description></rdf:RDF></x:xmpmeta>{_TAIL}'
    )
    return text.encode()


def _alternatives(name: str, texts: Mapping[str, str]) -> str:
    """Readers that ask for no language take the English text."""
    tongues = {"x-default": texts[ENGLISH]} | (dict(texts) if len(texts) > 1 else {})
    items = "".join(
        f"<rdf:li xml:lang={quoteattr(tongue)}>{_plain(text)}</rdf:li>"
        for tongue, text in tongues.items()
    )
    return f"<{name}><rdf:Alt>{items}</rdf:Alt></{name}>"


def _listed(name: str, kind: str, texts: Iterable[str]) -> str:
    items = "".join(f"<rdf:li>{_plain(text)}</rdf:li>" for text in texts)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>"


def _element(name: str, text: str) -> str:
    return f"<{name}>{_plain(text)}</{name}>"


def _plain(text: str) -> str:
    return escape(_NOT_XML.sub("", text))
