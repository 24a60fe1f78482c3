"""Load Face Model, Restore Faces: faces of pictures, made anew by a network that knows faces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import comfy.model_management
import comfy.utils
import folder_paths
import torch
from comfy.model_patcher import ModelPatcher
from comfy_api.latest import io

from ..core import names
from ..core.errors import FaceDetectionUnavailable
from ..engine.faces.detection import check_detector, find_detector
from ..engine.faces.restorers import Restorer, load_restorer
from ..engine.faces.restoring import BYTES_PER_FACE, Settings, faces_at_once, restore_faces
from .folders import face_model_files, fingerprint
from .types import CATEGORY, FaceModel, search_words

NONE = "none"
_STEPS = 1000
"""Of the progress bar."""


@dataclass(frozen=True)
class FaceRestorer:
    """What goes over a FACE_RESTORER wire: the network, and ComfyUI's manager of its memory."""

    restorer: Restorer
    patcher: ModelPatcher


class LoadFaceModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.LOAD_FACE_MODEL,
            display_name="Load Face Model",
            category=CATEGORY,
            **search_words(names.LOAD_FACE_MODEL),
            description="A network that restores faces: GFPGAN, RestoreFormer, or CodeFormer where "
            "spandrel_extra_arches is installed.",
            inputs=[
                io.Combo.Input(
                    "model",
                    options=[*face_model_files(), NONE],
                    tooltip="A file of the folder models/facerestore_models. With none, Restore "
                    "Faces lets all pictures pass as they are.",
                )
            ],
            outputs=[
                FaceModel.Output(
                    display_name="face_model", tooltip="The network, for Restore Faces."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, model: str | None = None) -> bool | str:
        if model in (None, NONE):  # None: linked
            return True
        if model in (files := face_model_files()):
            try:
                check_detector(_detection_folders())  # it would fail after all the painting
            except FaceDetectionUnavailable as error:
                return str(error)
            return True
        have = ", ".join(files) or "nothing"
        return (
            f"there is no {model!r} in the {names.FACE_RESTORATION_FOLDER} model folder, which "
            f"holds {have}; `python driver/models.py pull gfpgan` fetches one"
        )

    @classmethod
    def fingerprint_inputs(cls, model: str | None = None, **others: object) -> str:
        """Of the weights: another file may take a name. All of them count for a linked model."""
        files = face_model_files() if model is None else [model]
        return fingerprint(names.FACE_RESTORATION_FOLDER, [f for f in files if f != NONE])

    @classmethod
    def execute(cls, model: str) -> io.NodeOutput:
        if model == NONE:
            return io.NodeOutput(None)
        management = comfy.model_management
        path = Path(folder_paths.get_full_path_or_raise(names.FACE_RESTORATION_FOLDER, model))
        restorer = load_restorer(path)
        device = management.get_torch_device()
        restorer.network.to(_dtype(restorer, device))
        patcher = ModelPatcher(restorer.network, device, management.unet_offload_device())
        return io.NodeOutput(FaceRestorer(restorer, patcher))


class RestoreFaces(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=names.RESTORE_FACES,
            display_name="Restore Faces",
            category=CATEGORY,
            **search_words(names.RESTORE_FACES),
            description="Finds the faces of pictures and makes blurred or broken ones anew. "
            "Pictures without such faces pass bit for bit.",
            inputs=[
                io.Image.Input("image", tooltip="The pictures. Transparency is kept."),
                FaceModel.Input("face_model", tooltip="The network, from Load Face Model."),
                io.Float.Input(
                    "strength",
                    default=1.0,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    display_mode=io.NumberDisplay.slider,
                    tooltip="1 shows the restored faces, 0 the old ones; between, a blend.",
                ),
                io.Int.Input(
                    "smallest",
                    default=32,
                    min=8,
                    max=4096,
                    tooltip="Faces with a longer side of fewer pixels stay as they are.",
                ),
                io.Int.Input(
                    "most",
                    default=8,
                    min=1,
                    max=100,
                    tooltip="How many faces of each picture are restored, the largest first.",
                ),
                io.Float.Input(
                    "sharp",
                    default=0.6,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="Faces that are measured to be at least this sharp stay as they are. "
                    "Good portraits have .6 to .75, blurred and small faces less. 1 restores all.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="The pictures, faces restored."),
                io.Mask.Output(
                    display_name="mask", tooltip="Where faces were restored, in each picture."
                ),
                io.Int.Output(
                    display_name="faces", tooltip="How many faces were restored, in all pictures."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        face_model: FaceRestorer | None,
        strength: float,
        smallest: int,
        most: int,
        sharp: float,
    ) -> io.NodeOutput:
        if face_model is None:
            return io.NodeOutput(image, torch.zeros(image.shape[:3]), 0)
        bar = comfy.utils.ProgressBar(_STEPS)

        def on_progress(done: float) -> None:
            comfy.model_management.throw_exception_if_processing_interrupted()
            bar.update_absolute(round(done * _STEPS))

        at_once = _room(face_model.patcher)
        settings = Settings(strength, smallest, most, sharp, at_once)
        detector = find_detector(_detection_folders())

        def restore(faces: torch.Tensor) -> torch.Tensor:
            # Only now: most pictures of a pool have no face, and other models keep their room.
            comfy.model_management.load_models_gpu(
                [face_model.patcher],
                memory_required=BYTES_PER_FACE * len(faces),
                force_full_load=True,
            )
            return face_model.restorer(faces)

        done = restore_faces(image, detector, restore, settings, on_progress)
        return io.NodeOutput(done.pictures, done.masks, sum(done.counts))


def _detection_folders() -> list[Path]:
    return [Path(folder) for folder in folder_paths.get_folder_paths(names.FACE_DETECTION_FOLDER)]


def _dtype(restorer: Restorer, device: torch.device) -> torch.dtype:
    """bf16 where this server computes pictures in it; fp16 is too coarse for GFPGAN."""
    allowed = [torch.bfloat16] if restorer.takes_bf16 else []
    chosen = comfy.model_management.vae_dtype(device, allowed)
    return torch.bfloat16 if chosen is torch.bfloat16 and allowed else torch.float32


def _room(patcher: ModelPatcher) -> int:
    """How many faces fit into one call, if ComfyUI unloads what else is on the device."""
    total = comfy.model_management.get_total_memory(patcher.load_device)
    return faces_at_once(total // 2 - patcher.model_size())
