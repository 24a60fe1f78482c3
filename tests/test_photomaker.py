"""Several photos for PhotoMaker: the texts, and that they are stacked as its own model does it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from driver import places
from stockwright.core.errors import PersonPhotosInvalid
from stockwright.engine.photomaker import spread
from tests.commands import ROOT


def test_each_photo_has_its_place():
    assert spread("photo of a woman photomaker , on the Moon", 3) == [
        ("photo of a woman photomaker , on the Moon", 4),
        ("photo of a woman woman photomaker , on the Moon", 5),
        ("photo of a woman woman woman photomaker , on the Moon", 6),
    ]
    assert spread("woman photomaker", 1) == [("woman photomaker", 1)]


@pytest.mark.parametrize(
    "text", ["", "photo of a woman", "photomaker woman", "a photomaker, b", "woman  photomaker"]
)
def test_a_text_without_a_place_is_refused(text: str):
    with pytest.raises(PersonPhotosInvalid, match="no 'photomaker' between spaces"):
        spread(text, 2)


SCRIPT = """
import sys
sys.argv = ["x", "--cpu"]
import comfy.options
comfy.options.enable_args_parsing()
import torch
from comfy.sdxl_clip import SDXLTokenizer
from comfy_extras import nodes_photomaker as core
from stockwright.core.errors import PersonPhotosInvalid
from stockwright.nodes.photomaker import PhotoMakerEncodePhotos

core.VISION_CONFIG_DICT["num_hidden_layers"] = 1
torch.manual_seed(0)
model = core.PhotoMakerIDEncoder()
model.load_device = torch.device("cpu")
for value in model.parameters():
    value.data = torch.randn(value.shape) * 0.02


class Clip:
    '''SDXL's tokens; an embedding follows from its token and those before, as CLIP's do.'''

    tokenizer = SDXLTokenizer()

    def tokenize(self, text, return_word_ids=False):
        return self.tokenizer.tokenize_with_weights(text, return_word_ids)

    def encode_from_tokens(self, tokens, return_pooled):
        [part] = tokens["l"]
        ids = tuple(token[0] for token in part)
        seeds = [hash(ids[: n + 1]) % 2**60 for n in range(len(ids))]
        rows = [torch.randn(2048, generator=torch.Generator().manual_seed(s)) for s in seeds]
        return torch.stack(rows)[None], torch.ones(1, 1280)


clip, photos = Clip(), torch.rand(4, 512, 512, 3)
text = "photo of a woman photomaker , on the Moon"
with torch.no_grad():
    [[found, told]] = PhotoMakerEncodePhotos.execute(model, photos, clip, text).args[0]
    plain, _ = clip.encode_from_tokens(
        clip.tokenize("photo of a woman woman woman woman photomaker , on the Moon"), True)
    mask = torch.zeros(1, 77, dtype=torch.bool)
    mask[0, 4:8] = True
    pixels = core.comfy.clip_vision.clip_preprocess(photos).float()
    wanted = model(pixels[None], plain.clone(), mask)
    assert found.shape == (1, 77, 2048)
    assert torch.allclose(found, wanted, atol=1e-4), (found - wanted).abs().max()
    assert not torch.allclose(found, plain, atol=1e-2)
    assert told["pooled_output"].shape == (1, 1280)
    one = PhotoMakerEncodePhotos.execute(model, photos[:1], clip, text).args[0][0][0]
    own = core.PhotoMakerEncode.execute(model, photos[:1], clip, text).args[0][0][0]
    assert torch.equal(one, own)
    for wrong, said in (
        (text + " moon" * 66, "longer than the 75 tokens"),
        ("bokeh-rich photo of a woman photomaker , on the Moon", "8 words and 11 tokens"),
        ("photo of a woman, photomaker , on the Moon", "7 words and 11 tokens"),
    ):
        try:
            PhotoMakerEncodePhotos.execute(model, photos, clip, wrong)
        except PersonPhotosInvalid as error:
            assert said in str(error), error
        else:
            raise AssertionError(wrong)
print("stacked")
"""


def test_photos_are_stacked_as_photomaker_does_it():
    comfyui = places.ROOT / ".embedded" / "ComfyUI"
    paths = (comfyui, ROOT / "custom_nodes")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=comfyui,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "stacked"
