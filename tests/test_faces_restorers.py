"""Networks that restore faces: each architecture with random weights, called as its authors do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from spandrel.architectures.Compact import Compact
from spandrel.architectures.GFPGAN import GFPGAN
from spandrel.architectures.RestoreFormer import RestoreFormer
from torch import nn

from stockwright.core.errors import FaceModelInvalid
from stockwright.engine.faces.alignment import aligned
from stockwright.engine.faces.identity import Identity
from stockwright.engine.faces.restorers import Restorer, load_restorer
from tests.faces import photo, planes, to_face

Program = Callable[[nn.Module, torch.Tensor], torch.Tensor]


def seeded(network: nn.Module) -> nn.Module:
    """Random weights, those included that are made as zeros: GFPGAN's for its noise, for one."""
    generator = torch.Generator().manual_seed(8)
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05, generator=generator)
    return network.eval()


def made(kind: str) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        if kind == "GFPGAN":
            return seeded(GFPGAN())
        # As wide as its attention allows, since it has to run on a processor.
        return seeded(RestoreFormer(ch=32, ch_mult=(1, 1, 1, 2, 2, 4), num_res_blocks=1))


def saved(network: nn.Module, path: Path) -> Path:
    save_file(
        {name: value.contiguous().clone() for name, value in network.state_dict().items()}, path
    )
    return path


def as_its_authors_do(network: nn.Module, face: np.ndarray) -> np.ndarray:
    """A face of 512 pixels, BGR as OpenCV reads it, through the steps of GFPGAN's own program, and
    RestoreFormer's: to RGB, to [-1, 1], and all the way back."""
    signed = (face[..., ::-1].astype(np.float32) / 255 - 0.5) / 0.5
    x = torch.from_numpy(signed.transpose(2, 0, 1).copy())[None]
    options = {"return_rgb": False, "randomize_noise": False} if hasattr(network, "toRGB") else {}
    with torch.inference_mode():
        y = network(x, **options)[0][0].clamp(-1, 1)
    rgb = ((y + 1) / 2).permute(1, 2, 0).numpy()
    return np.rint(rgb[..., ::-1] * 255).astype(np.uint8)


@pytest.fixture(scope="module", params=["GFPGAN", "RestoreFormer"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def network(kind: str) -> nn.Module:
    return made(kind)


@pytest.fixture(scope="module")
def restorer(kind: str, network: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Restorer:
    return load_restorer(saved(network, tmp_path_factory.mktemp(kind) / "face.safetensors"))


def test_an_architecture_is_called_as_its_authors_call_it(
    kind: str, network: nn.Module, restorer: Restorer
):
    """Range and order of colours. Other ones give another picture, so this test can fail."""
    assert restorer.name == f"{kind} (face.safetensors)"
    assert restorer.takes_bf16
    image = photo("collins")
    face = (aligned(planes(image), to_face(image)).clamp(0, 1) * 255).round()
    wanted = as_its_authors_do(network, face.byte().permute(1, 2, 0).numpy()[..., ::-1])
    torch.manual_seed(1)
    given = restorer(face[None] / 255)
    assert given.shape == (1, 3, 512, 512)
    assert (given.min(), given.max()) >= (0, 0) and float(given.max()) <= 1
    shown = np.rint(given[0].permute(1, 2, 0).numpy() * 255)[..., ::-1]
    assert np.abs(shown - wanted).max() <= 1
    assert shown.std() > 5, "a flat picture would agree with anything"
    torch.manual_seed(2)
    assert torch.equal(restorer(face[None] / 255), given), "no noise that is new each time"
    swapped = restorer(face.flip(0)[None] / 255).flip(1)
    assert float((swapped - given).abs().mean()) > 2 / 255, "the order of colours is seen"


def test_other_networks_are_told_from_those_that_restore_faces(tmp_path: Path):
    path = saved(Compact(num_feat=8, num_conv=2), tmp_path / "upscaler.safetensors")
    with pytest.raises(FaceModelInvalid, match="it is a Compact, and no network") as caught:
        load_restorer(path)
    assert "pull gfpgan" in caught.value.hint
    save_file({"weight": torch.ones(3)}, path)
    with pytest.raises(FaceModelInvalid, match="of a kind that is not known"):
        load_restorer(path)


def test_codeformer_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "spandrel_extra_arches", None)
    names = ("position_emb", "idx_pred_layer.1.weight", "ft_layers.0.self_attn.in_proj_weight")
    save_file({name: torch.ones(1) for name in names}, tmp_path / "codeformer.safetensors")
    with pytest.raises(FaceModelInvalid) as caught:
        load_restorer(tmp_path / "codeformer.safetensors")
    assert "CodeFormer with spandrel_extra_arches installed" in caught.value.hint


def test_weights_that_do_not_fit_are_refused(tmp_path: Path):
    weights = RestoreFormer(ch=32, ch_mult=(1, 1), num_res_blocks=1).state_dict()
    del weights["decoder.conv_in.weight"]
    save_file({name: value.clone() for name, value in weights.items()}, tmp_path / "a.safetensors")
    with pytest.raises(FaceModelInvalid, match=r"(?s)do not fit together.*conv_in"):
        load_restorer(tmp_path / "a.safetensors")


class Code:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return print, ("it ran",)


def test_a_pth_that_holds_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    torch.save({"params_ema": {"weight": Code()}}, tmp_path / "face.pth")
    with pytest.raises(FaceModelInvalid, match="cannot be read as weights"):
        load_restorer(tmp_path / "face.pth")
    assert "it ran" not in capsys.readouterr().out


@pytest.mark.parametrize("part", ["params_ema", "params", "state_dict", None])
def test_a_pth_of_weights_is_read(tmp_path: Path, part: str | None):
    weights = RestoreFormer(ch=32, ch_mult=(1, 1), num_res_blocks=1).state_dict()
    torch.save({part: weights} if part else weights, tmp_path / "face.pth")
    assert load_restorer(tmp_path / "face.pth").name == "RestoreFormer (face.pth)"


def test_a_file_that_is_missing_or_no_model(tmp_path: Path):
    with pytest.raises(FaceModelInvalid, match="not there"):
        load_restorer(tmp_path / "gone.safetensors")
    with pytest.raises(FaceModelInvalid, match="not there"):
        load_restorer(tmp_path / "gone.pth")
    (tmp_path / "text.safetensors").write_text("nothing of use")
    with pytest.raises(FaceModelInvalid, match="cannot be read as weights"):
        load_restorer(tmp_path / "text.safetensors")
    torch.save([torch.ones(1)], tmp_path / "list.pth")
    with pytest.raises(FaceModelInvalid, match="no weights under a name"):
        load_restorer(tmp_path / "list.pth")


def test_a_file_that_does_not_compare_faces_is_refused(tmp_path: Path):
    save_file({"weight": torch.ones(3)}, tmp_path / "other.safetensors")
    with pytest.raises(FaceModelInvalid, match="cannot be used to compare faces") as caught:
        Identity(tmp_path / "other.safetensors")
    assert "pull face-identity" in caught.value.hint
