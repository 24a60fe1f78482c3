"""The driver's errors; those of the core are in `stockwright.core.errors`.

Each class has a stable `code` and an `exit_code`: 1 some jobs failed, 2 wrong use, 3 server or
environment.
"""

from __future__ import annotations

from collections.abc import Sequence

from stockwright.core.errors import StockwrightError

__all__ = ["StockwrightError"]


class OrderInvalid(StockwrightError):
    """The flags or the order file ask for something that cannot be."""

    code = "order-invalid"
    exit_code = 2


class OrderConflict(StockwrightError):
    """The run folder holds another order than the one asked for."""

    code = "order-conflict"
    exit_code = 2


class RunBusy(StockwrightError):
    """Another driver works in the run folder."""

    code = "run-busy"
    exit_code = 2


class LedgerInvalid(StockwrightError):
    """The ledger cannot be opened, or a newer version wrote it."""

    code = "ledger-invalid"
    exit_code = 3


class ServerDown(StockwrightError):
    """Nothing answers at the server's address."""

    code = "server-down"
    exit_code = 3


class ServerRefused(StockwrightError):
    """The server answers, but not with what was asked: a token, a path or a proxy is wrong."""

    code = "server-refused"
    exit_code = 3


class GraphRefused(StockwrightError):
    """The server's own validation refuses a graph."""

    code = "graph-refused"
    exit_code = 2


class PlanFailed(StockwrightError):
    """The plan graph did not give the jobs that were asked for."""

    code = "plan-failed"
    exit_code = 3


class ServerFailing(StockwrightError):
    """The server dies or fails again and again, and nothing gets done."""

    code = "server-failing"
    exit_code = 3


class DiskTrouble(StockwrightError):
    """A file of the run, or a model file, cannot be written."""

    code = "disk"
    exit_code = 3


class SetupFailed(StockwrightError):
    """A step of the installation did not succeed; `where` names it."""

    code = "setup-failed"
    exit_code = 3


class ServerStartFailed(StockwrightError):
    """A ComfyUI server could not be started, or ended while it started."""

    code = "server-start-failed"
    exit_code = 3


class GraphInvalid(StockwrightError):
    """A workflow file is neither a canvas graph nor an API graph, or contradicts itself."""

    code = "graph-invalid"
    exit_code = 2


class BindingError(StockwrightError):
    """A setting of the order does not fit exactly one place of the graph."""

    code = "binding"
    exit_code = 2


class TraceUncertain(StockwrightError):
    """Where a job belongs in a graph without a Stockwright Batch cannot be told for certain."""

    code = "trace"
    exit_code = 2


class PreflightFailed(StockwrightError):
    """Graphs name node classes, files or values that the server does not take, or lack a node that
    the driver needs. One error lists it all."""

    code = "preflight"
    exit_code = 2


class ManifestInvalid(StockwrightError):
    """A model manifest, its lock file or an extra_model_paths file cannot be used."""

    code = "models-manifest"
    exit_code = 2


class ModelUnknown(StockwrightError):
    """No manifest has a model or a group of that name, or no model folder fits."""

    code = "model-unknown"
    exit_code = 2


class HostUntrusted(StockwrightError):
    """A model is to come from a host that the manifest does not name."""

    code = "host-untrusted"
    exit_code = 2


class DownloadFailed(StockwrightError):
    """A model file, or the package that carries it, could not be fetched."""

    code = "download-failed"
    exit_code = 3


class HostUnreachable(StockwrightError):
    """No connection to the host that a model comes from; what else it has cannot be had either."""

    code = "host-unreachable"
    exit_code = 3


class HashDiffers(StockwrightError):
    """A file is not the one that the manifest or the lock file names; both hashes are shown."""

    code = "hash-differs"
    exit_code = 3


class ModelRefused(StockwrightError):
    """A model file is not what it claims to be, or cannot be made safe to load."""

    code = "model-refused"
    exit_code = 3


class PromptSetInvalid(StockwrightError):
    """A file of prompts cannot be read, or holds none."""

    code = "prompt-set"
    exit_code = 2


class ReaderMissing(StockwrightError):
    """A Python package that reads a kind of file is not installed."""

    code = "reader-missing"
    exit_code = 3


class QualityFailed(StockwrightError):
    """Finished pictures cannot be examined: a package or a model is missing, or a check breaks."""

    code = "quality-failed"
    exit_code = 3


class AvatarInvalid(StockwrightError):
    """A person's name, record, settings or flags cannot be used."""

    code = "avatar-invalid"
    exit_code = 2


class AvatarUnknown(StockwrightError):
    """Nobody of that name was added, or has what is asked for."""

    code = "avatar-unknown"
    exit_code = 2


class ConsentMissing(StockwrightError):
    """Nobody says that the person agreed."""

    code = "consent"
    exit_code = 2


class PhotosRefused(StockwrightError):
    """Too few photos are good enough; `what` says what is missing."""

    code = "photos"
    exit_code = 2


class IntakeFailed(StockwrightError):
    """Photos cannot be examined: a package or a model is missing, or the examination breaks."""

    code = "intake-failed"
    exit_code = 3


class TrainingFailed(StockwrightError):
    """A training does not come to an end that is worth keeping."""

    code = "training-failed"
    exit_code = 3


class StoreFailed(StockwrightError):
    """The store of trained models cannot be used, or gives other bytes than were put in."""

    code = "avatar-store"
    exit_code = 3


class ForgetIncomplete(StockwrightError):
    """Something of a person that is to be forgotten is left, or may be; `removed` is not."""

    code = "forget-incomplete"
    exit_code = 3

    def __init__(self, what: str, *, where: str, hint: str, removed: Sequence[str]) -> None:
        super().__init__(what, where=where, hint=hint)
        self.removed = tuple(removed)
