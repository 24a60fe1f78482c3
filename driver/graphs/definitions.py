"""What /object_info says about a node class, in one form.

ComfyUI has two forms of a choice: `[["a", "b"], options]` (V1) and `["COMBO", {"options": [...]}]`
(V3); both become an InputSpec of type COMBO. `widgets` lists a node's widgets in the order in which
the canvas keeps their values, with the extra ones that the canvas adds by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from .model import ObjectInfo

COMBO = "COMBO"
_DEFAULTS: dict[str, Any] = {"INT": 0, "FLOAT": 0, "BOOLEAN": False, "STRING": "", "MARKDOWN": ""}
_PLAIN_WIDGETS = {"COLOR", "CHART", "GALLERIA", "IMAGECOMPARE", "TEXTAREA"}
_LIVE_WIDGETS = {"AUDIO_RECORD", "LOAD_3D", "WEBCAM"}
"""What these queue is made in the browser at that moment: no file has it."""
WIDGET_TYPES = {*_DEFAULTS, COMBO} | _PLAIN_WIDGETS | _LIVE_WIDGETS
_SEED_NAMES = {"seed", "noise_seed"}
UPLOAD_OPTIONS = ("image_upload", "video_upload", "animated_image_upload")
_AUDIO_PLAYERS = {"LoadAudio", "SaveAudio", "PreviewAudio", "SaveAudioMP3", "SaveAudioOpus"}
_3D_BUTTONS = {
    "upload 3d model": "upload3dmodel",
    "upload extra resources": "uploadExtraResources",
    "clear": "clear",
}
_VIEWERS = {"Preview3D": "image", "SaveGLB": "image", "PreviewAny": "preview"}

MISSING: Any = object()
"""The value of a widget that has none."""


@dataclass(frozen=True)
class InputSpec:
    """One input of a node class. `choices` is None unless its type is COMBO; `type` may name
    several types, separated by commas."""

    name: str
    type: str
    required: bool
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    choices: tuple[Any, ...] | None = None

    @property
    def widget_type(self) -> str:
        return str(self.options.get("widgetType", self.type))

    @property
    def is_widget(self) -> bool:
        return self.widget_type in WIDGET_TYPES and not self.options.get("forceInput")


@dataclass(frozen=True)
class Widget:
    """`saved`: it takes a place in `widgets_values`. `queued`: it stands in the API graph."""

    name: str
    default: Any = MISSING
    saved: bool = True
    queued: bool = True
    multiline: bool = False
    dynamic: bool = False


@dataclass(frozen=True)
class NodeDef:
    class_type: str
    display_name: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[str, ...]
    widgets: tuple[Widget, ...]

    def input(self, name: str) -> InputSpec | None:
        return next((spec for spec in self.inputs if spec.name == name), None)


def node_def(info: ObjectInfo, class_type: str) -> NodeDef | None:
    """The definition of a class, or None where the server does not have it."""
    raw = info.get(class_type)
    if raw is None:
        return None
    inputs = tuple(_inputs(raw))
    return NodeDef(
        class_type=class_type,
        display_name=str(raw.get("display_name") or class_type),
        inputs=inputs,
        outputs=tuple(COMBO if isinstance(t, list) else str(t) for t in raw.get("output", ())),
        widgets=tuple(_widgets(class_type, inputs)),
    )


def _inputs(raw: Mapping[str, Any]) -> Iterator[InputSpec]:
    groups: Mapping[str, Any] = raw.get("input", {})
    order: Mapping[str, list[str]] = raw.get("input_order") or {}
    for group in ("required", "optional"):
        specs: dict[str, Any] = groups.get(group) or {}
        names = [name for name in order.get(group, ()) if name in specs]
        for name in dict.fromkeys([*names, *specs]):
            yield _input(name, specs[name], group == "required")


def _input(name: str, spec: list[Any], required: bool) -> InputSpec:
    kind: Any = spec[0]
    options = cast("Mapping[str, Any]", spec[1] if len(spec) > 1 and spec[1] else {})
    if not required and options.get("defaultInput"):  # as older packs write it
        options = cast("Mapping[str, Any]", {**options, "forceInput": True})
    if isinstance(kind, list):
        return InputSpec(name, COMBO, required, options, tuple(cast("list[Any]", kind)))
    if kind == COMBO:
        return InputSpec(name, COMBO, required, options, tuple(options.get("options") or ()))
    return InputSpec(name, str(kind), required, options)


def _widgets(class_type: str, inputs: tuple[InputSpec, ...]) -> Iterator[Widget]:
    for spec in inputs:
        if spec.is_widget and spec.widget_type in _LIVE_WIDGETS:
            yield from _live(spec)
        elif spec.is_widget:
            yield Widget(
                spec.name,
                _default(spec),
                multiline=bool(spec.options.get("multiline")),
                dynamic=bool(spec.options.get("dynamicPrompts")),
            )
            yield from _companions(spec)
    # The canvas adds players, viewers and upload buttons behind the widgets of the definition.
    if class_type in _AUDIO_PLAYERS:
        yield Widget("audioUI", "", saved=False)
    if class_type in _VIEWERS:
        yield Widget(_VIEWERS[class_type], "")
    if any(_has_upload(spec) for spec in inputs):
        yield Widget("upload", queued=False)


def _live(spec: InputSpec) -> Iterator[Widget]:
    if spec.widget_type == "AUDIO_RECORD":  # nothing recorded
        yield Widget(spec.name, "", saved=False)
        return
    if spec.widget_type == "LOAD_3D":
        yield from (Widget(name, value) for name, value in _3D_BUTTONS.items())
    yield Widget(spec.name, queued=False)


def _companions(spec: InputSpec) -> Iterator[Widget]:
    """Widgets that the canvas puts behind another."""
    if remote := spec.options.get("remote"):
        yield Widget("auto refresh", queued=False)
        if remote.get("refresh_button"):
            yield Widget("refresh", "refresh")
    control = spec.options.get("control_after_generate")
    if spec.widget_type == "INT" and (control or (control is None and spec.name in _SEED_NAMES)):
        yield Widget("control_after_generate", queued=False)
    elif spec.type == COMBO and control:
        yield Widget("control_after_generate", queued=False)
        yield Widget("control_filter_list", queued=False)


def _has_upload(spec: InputSpec) -> bool:
    if not spec.required:
        return False
    if spec.type == COMBO and any(spec.options.get(name) is True for name in UPLOAD_OPTIONS):
        return True
    return spec.name == "audio" and spec.options.get("audio_upload") is True


def _default(spec: InputSpec) -> Any:
    if spec.type == COMBO:
        return spec.options.get("default") or (spec.choices[0] if spec.choices else MISSING)
    default = spec.options.get("default")
    return _DEFAULTS.get(spec.widget_type, MISSING) if default is None else default
