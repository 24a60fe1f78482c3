"""A Google Cloud Storage on this machine, from the package gcp-storage-emulator."""

from __future__ import annotations

import os
import socket
from collections.abc import Generator
from contextlib import closing, contextmanager

import gcsfs
from gcp_storage_emulator.server import Server, create_server

BUCKET = "models"
_ADDRESS = "STORAGE_EMULATOR_HOST"


@contextmanager
def emulated() -> Generator[Server]:
    """As long as it lasts, gs:// leads there, and there is a bucket BUCKET."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET)
    before = os.environ.get(_ADDRESS)
    os.environ[_ADDRESS] = f"http://127.0.0.1:{port}"
    gcsfs.GCSFileSystem.clear_instance_cache()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        gcsfs.GCSFileSystem.clear_instance_cache()
        del os.environ[_ADDRESS]
        if before is not None:
            os.environ[_ADDRESS] = before
