"""What stands in for models that are not installed, where only the small checkpoint paints.

input                     stands in
------------------------  ----------------------------------------
Load Face Model, model    `none`: faces stay as they are
Load Upscale Model        the small upscale model that set-up makes
"""

from __future__ import annotations

from stockwright.core.names import LOAD_FACE_MODEL

from .graphs import ApiGraph, ObjectInfo, find_missing_models, with_inputs

UPSCALER = "DAT_light_x2.safetensors"
NO_FACES = "none"
_STAND_IN = {
    (LOAD_FACE_MODEL, "model"): NO_FACES,
    ("UpscaleModelLoader", "model_name"): UPSCALER,
}


def with_stand_ins(
    stock: ApiGraph, saved: ApiGraph, info: ObjectInfo
) -> tuple[ApiGraph, tuple[str, ...]]:
    """The graph without the models that the server lacks, as far as something stands in for them,
    and a note for each. What an order sets itself (another value than in `saved`) stays."""
    notes: list[str] = []
    for missing in find_missing_models(stock, info):
        place = (stock[missing.node_id]["class_type"], missing.input)
        other = _STAND_IN.get(place)
        before = saved.get(missing.node_id, {"inputs": {}})["inputs"].get(missing.input)
        if other in missing.available and before == missing.value:
            stock = with_inputs(stock, {missing.node_id: {missing.input: other}})
            instead = "faces stay as they are" if other == NO_FACES else f"{other} stands in"
            notes.append(f"{missing.value} is not installed: {instead} ({missing.title}).")
    return stock, tuple(notes)
