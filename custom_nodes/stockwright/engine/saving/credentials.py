"""Content Credentials (C2PA): a signed statement in the file of how the picture came into being.

c2pa-python writes it. The certificate is yours: a PEM chain, the signer's own first, and its
private key. Nothing is asked of any server.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ...core.errors import SavingInvalid, SavingUnavailable
from ...core.sources import Source
from .formats import ImageFormat

ALGORITHMS = ("es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519")
# The picture itself is there; a thumbnail of it would take time and room.
_SETTINGS = {"builder": {"thumbnail": {"enabled": False}}}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Signs with `algorithm`, one of ALGORITHMS. The key is not part of its repr."""

    certificate: bytes
    key: bytes
    algorithm: str
    where: str
    """The settings file, for errors."""

    def __repr__(self) -> str:
        return f"Credentials({self.algorithm}, {self.where})"

    @classmethod
    def read(cls, certificate: Path, key: Path, algorithm: str, where: str) -> Credentials:
        """From PEM files, tried out on a small picture.

        Raises:
            SavingInvalid: a file that cannot be read, or a pair that does not sign.
            SavingUnavailable: c2pa-python is not installed.
        """
        try:
            found = cls(certificate.read_bytes(), key.read_bytes(), algorithm, where)
        except OSError as error:
            raise SavingInvalid(
                f"{error.filename} cannot be read: {error.strerror}",
                where=where,
                hint="certificate and private_key are PEM files on the server.",
            ) from error
        picture = io.BytesIO()
        Image.new("RGB", (8, 8)).save(picture, "PNG")
        found.sign(picture.getvalue(), ImageFormat.PNG, Source.MODEL)
        return found

    def sign(self, data: bytes, image_format: ImageFormat, source: Source) -> bytes:
        """The file with its credentials.

        Raises:
            SavingInvalid: certificate, key and algorithm do not go together.
            SavingUnavailable: c2pa-python is not installed.
        """
        try:
            import c2pa  # here, since few need it, and loading its library takes a while
        except ImportError as error:
            raise SavingUnavailable(
                "a certificate is named, but the package that signs with it is not installed",
                where=self.where,
                hint="Install it where ComfyUI runs: pip install c2pa-python",
            ) from error
        signed = io.BytesIO()
        try:
            algorithm = c2pa.C2paSigningAlg[self.algorithm.upper()]
            info = c2pa.C2paSignerInfo(algorithm, self.certificate, self.key, None)
            with (
                c2pa.Signer.from_info(info) as signer,
                c2pa.Context(settings=c2pa.Settings.from_dict(_SETTINGS)) as context,
                c2pa.Builder(_manifest(source), context=context) as builder,
            ):
                builder.sign(signer, image_format.mime, io.BytesIO(data), signed)
        except c2pa.C2paError as error:
            raise SavingInvalid(
                f"signing does not succeed: {error}",
                where=self.where,
                hint="The certificate is the signer's own, followed by those above it. It must "
                "allow signing, be valid today, and belong to private_key and algorithm.",
            ) from error
        return signed.getvalue()


def _manifest(source: Source) -> dict[str, Any]:
    created = {"action": "c2pa.created", "digitalSourceType": source.uri}
    return {
        "claim_generator_info": [{"name": "Stockwright"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
    }
