"""Certificates for tests: a new authority and a signer of it, as Content Credentials ask for."""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = datetime.timedelta(days=1)


def make(folder: Path, *, days: int = 30) -> tuple[Path, Path]:
    """The files of a chain and of the signer's ES256 key. Negative `days` have passed already."""
    authority, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("Test Authority", authority, authority, days=abs(days), is_authority=True)
    own = _certificate("Studio North", signer, authority, days=days, is_authority=False)
    chain, key = folder / "chain.pem", folder / "key.pem"
    pem = serialization.Encoding.PEM
    chain.write_bytes(own.public_bytes(pem) + root.public_bytes(pem))
    plain = serialization.NoEncryption()
    key.write_bytes(signer.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return chain, key


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: ec.EllipticCurvePrivateKey,
    *,
    days: int,
    is_authority: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    public, above = key.public_key(), issuer.public_key()
    usage = {
        "digital_signature": not is_authority, "content_commitment": False,
        "key_encipherment": False, "data_encipherment": False, "key_agreement": False,
        "key_cert_sign": is_authority, "crl_sign": is_authority,
        "encipher_only": False, "decipher_only": False,
    }  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("Test Authority"))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 60 * _DAY)
        .not_valid_after(now + days * _DAY)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above), critical=False)
    )
    if not is_authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(purpose, critical=False)
    return made.sign(issuer, hashes.SHA256())


def _name(name: str) -> x509.Name:
    parts = {NameOID.COMMON_NAME: name, NameOID.ORGANIZATION_NAME: name}
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts.items()])
