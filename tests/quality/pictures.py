"""Real pictures of known worth: thumbnails of ComfyUI's templates, photographs of scikit-image.

They come from packages: the thumbnails are installed with ComfyUI, the wheel of scikit-image is
fetched once.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import yaml
from PIL import Image

from driver.host import wheels

SCIKIT_IMAGE = "scikit-image==0.26.0"
PHOTOS = (
    *("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg"),
    *("camera.png", "brick.png", "grass.png", "gravel.png"),
)
LABELS: dict[str, list[str]] = yaml.safe_load(
    Path(__file__).with_suffix(".yaml").read_text("utf-8")
)
_MEDIA = ("image", "api", "other", "video")


def thumbnails() -> dict[str, Path]:
    """All first pictures of the templates, by name."""
    found: dict[str, Path] = {}
    for media in _MEDIA:
        spec = find_spec(f"comfyui_workflow_templates_media_{media}")
        assert spec and spec.submodule_search_locations
        for folder in spec.submodule_search_locations:
            found |= {path.stem: path for path in Path(folder, "templates").glob("*.webp")}
    return dict(sorted(found.items()))


def thumbnail(name: str) -> Image.Image:
    return opened(thumbnails()[name])


def opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def good() -> dict[str, Path]:
    """Thumbnails that are photographs or look like them or like finished art."""
    return {n: p for n, p in thumbnails().items() if not _has(n, "not_pictures")}


def is_written(name: str) -> bool:
    return _has(name, "written")


def _has(name: str, label: str) -> bool:
    return any(part in name for part in LABELS[label])


def photos(folder: Path) -> dict[str, Path]:
    """The photographs of scikit-image, fetched into a folder where they are not there yet."""
    paths = [folder / name for name in PHOTOS]
    if not all(path.is_file() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        wheel = wheels.download(SCIKIT_IMAGE, folder, lambda _: None)
        with ZipFile(wheel) as archive:
            for path in paths:
                path.write_bytes(archive.read(f"skimage/data/{path.name}"))
    return {path.stem: path for path in paths}


def same_motif(one: str, other: str) -> bool:
    """Whether two pictures show the same on purpose: before and after, or input and result."""
    stems = {name.rsplit("-", 1)[0] for name in (one, other)}
    return len(stems) == 1 or all(stem.startswith("api_openai_image_1") for stem in stems)
