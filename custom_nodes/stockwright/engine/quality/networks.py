"""Networks in ONNX files, run on the processor by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .missing import PartMissing

RUNTIME = "onnxruntime"


class Network:
    """A network with one input and one output. It keeps to one thread: the gate's workers share
    the processor with what samples."""

    def __init__(self, folders: Iterable[Path], file: str, model: str) -> None:
        """
        Args:
            folders: where the file may be; the first that has it.
            model: what `driver/models.py pull` calls it.

        Raises:
            PartMissing: ONNX Runtime or the file is not there, or the file is broken.
        """
        if find_spec(RUNTIME) is None:
            raise PartMissing(f"{RUNTIME} is not installed: pip install {RUNTIME}")
        path = next((Path(f) / file for f in folders if (Path(f) / file).is_file()), None)
        fetch = f"python driver/models.py pull {model}"
        if path is None:
            raise PartMissing(f"there is no {file}: {fetch}")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        # Its errors are RuntimeErrors of its own, without a common base.
        except Exception as error:
            raise PartMissing(f"{path} cannot be used ({error}): {fetch}") from error
        self._input = self._session.get_inputs()[0].name

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The output for an input in the network's own layout, float32."""
        return self._session.run(None, {self._input: values})[0]
