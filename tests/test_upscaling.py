"""Upscaling: tiles without seams, memory that runs out, exact sizes, and real weights.

data/photo.png is a part of the photo "coffee" of scikit-image, by Rachel Michetti (CC0).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from spandrel import ImageModelDescriptor, ModelLoader, ModelTiling, SizeRequirements
from torch import nn

from stockwright.core.errors import UpscalerInvalid, UpscalingFailed
from stockwright.core.sizes import Shape, Size
from stockwright.engine import enlarging, upscaling
from stockwright.engine.tiles import MARGIN, OVERLAP, Grid
from stockwright.engine.upscaling import passes_for, upscale
from tests.upscalers import RADIUS, Convolutions, Enlarging, Model, Told

PHOTO = Path(__file__).parent / "data" / "photo.png"


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(3))


def upscaled(
    pictures: torch.Tensor,
    model: ImageModelDescriptor | None,
    size: str = "2x",
    told: Told | None = None,
    shape: Shape = Shape.CROP,
) -> torch.Tensor:
    goal = Size.parse(size).goal(pictures.shape[2], pictures.shape[1], shape)
    done = upscale(pictures, model, goal, (told or Told()).host)
    assert done.shape == (len(pictures), goal.height, goal.width, pictures.shape[-1])
    assert done.dtype == torch.float32
    assert done.is_contiguous()
    assert 0 <= done.min() <= done.max() <= 1
    return done


def tiled(monkeypatch: pytest.MonkeyPatch, side: int) -> None:
    monkeypatch.setattr(enlarging, "LARGEST_ON_CPU", side)


@pytest.fixture(autouse=True)
def _as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    calls_of(monkeypatch, enlarging.call_pixels(torch.device("cuda")))


def calls_of(monkeypatch: pytest.MonkeyPatch, pixels: int) -> None:
    monkeypatch.setattr(enlarging, "call_pixels", lambda device: pixels)


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    return (one - other).abs().max().item()


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize(
    ("height", "width", "side"), [(101, 67, 64), (64, 259, 64), (131, 150, 77), (200, 65, 128)]
)
def test_tiles_leave_no_trace(
    height: int, width: int, side: int, scale: int, monkeypatch: pytest.MonkeyPatch
):
    assert RADIUS < MARGIN
    pictures = noise(2, height, width, 3)
    model = Model(Convolutions(scale), scale)
    whole = upscaled(pictures, model, f"{scale}x")
    assert [shape[2:] for shape in model.seen] == [(height, width)]
    tiled(monkeypatch, side)
    model.seen.clear()
    assert difference(upscaled(pictures, model, f"{scale}x"), whole) < 1e-5
    assert all(max(shape[2:]) <= side for shape in model.seen)


def test_tiles_that_differ_in_level_pass_into_each_other(monkeypatch: pytest.MonkeyPatch):
    """The steepest that a step of height h over n pixels can be, as half a cosine, is pi h / 2n."""
    model = Model(Enlarging(levels=True))
    grey = torch.full((1, 200, 170, 3), 0.4)
    tiled(monkeypatch, 80)
    done = upscaled(grey, model)
    assert sum(shape[0] for shape in model.seen) == len(Grid.of(200, 170, 80)) > 6
    steepest = np.pi * 0.2 / (2 * (OVERLAP - 2 * MARGIN) * 2)
    for axis in (1, 2):
        assert done.diff(dim=axis).abs().max() < 1.2 * steepest
    assert done.std() > 0.01, "the levels do differ"


@pytest.mark.parametrize("multiple", [1, 8, 64, 100])
@pytest.mark.parametrize("length", [*range(60, 330, 13), 1000, 1024])
@pytest.mark.parametrize("tile", [64, 65, 256])
def test_weights_of_all_tiles_add_up_to_one(length: int, tile: int, multiple: int):
    axis = Grid.of(length, length, tile, multiple).rows
    assert axis.tile <= max(tile, 64, multiple)
    assert axis.tile % multiple == 0 or axis.tile == length
    total = torch.zeros(length * 2)
    for start, weights in zip(axis.starts, axis.weights(2), strict=True):
        assert weights.min() >= 0
        assert 0 <= start <= length - axis.tile
        total[start * 2 : (start + axis.tile) * 2] += weights
        inner = weights[MARGIN * 2 : -MARGIN * 2]
        assert start == 0 or (weights[: MARGIN * 2] == 0).all()
        assert (inner > 0).all()
    assert torch.allclose(total, torch.ones(()), atol=1e-6)


def test_a_call_takes_what_the_free_memory_allows(monkeypatch: pytest.MonkeyPatch):
    pictures = noise(3, 200, 200, 3)
    whole = upscaled(pictures, Model(Convolutions(2)))
    monkeypatch.setattr(enlarging, "_PLENTY", 1e12)
    memory = 0.0
    for memory in (4e6, 1e7, 4e7, 1e9):
        model = Model(Convolutions(2))
        assert difference(upscaled(pictures, model, told=Told(memory)), whole) < 1e-5
        (looked_at, *calls) = model.seen
        assert looked_at == (1, 3, 64, 64)
        pixels = max(count * height * width for count, _, height, width in calls)
        # 8 channels and the 12 of the last layer, both in 32 bits, are the least for each pixel.
        assert pixels * (8 + 12) * 4 <= memory
        assert pixels * 400 > memory or len(calls) == 1
    assert len(calls) == 1


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        MemoryError(),
    ],
)
def test_where_memory_runs_out_calls_get_smaller(error: Exception):
    pictures = noise(3, 150, 200, 3)
    network = Enlarging(limit=60 * 100 * 2)
    network.error = error
    model, told = Model(network), Told()
    assert (
        difference(upscaled(pictures, model, told=told), upscaled(pictures, Model(Enlarging())))
        < 1e-6
    )
    failed = [shape for shape in model.seen if shape[0] * shape[2] * shape[3] > network.limit]
    assert [(shape[0], *shape[2:]) for shape in failed] == [(3, 150, 200), (1, 150, 200)]
    assert told.released == 2
    sides = [max(shape[2:]) for shape in model.seen]
    assert sides == sorted(sides, reverse=True), "what has failed is not tried again"
    assert told.progress[-1] == 1


def test_pictures_that_are_done_are_not_done_again():
    class Tiring(Enlarging):
        calls = 0

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            self.limit = 100 * 100 if self.calls <= 3 else 64 * 64
            return super().forward(pictures)

    pictures = noise(4, 100, 100, 3)
    model = Model(Tiring())
    done = upscaled(pictures, model)
    counts = [shape[0] for shape in model.seen if shape[2:] == (100, 100)]
    assert counts == [4, 2, 1, 1]
    assert [shape[0] for shape in model.seen[4:]] == [1] * 3 * 9, "tiles of the last three"
    assert difference(done, upscaled(pictures, Model(Enlarging()))) < 1e-6


@pytest.mark.parametrize("plenty", [64_000, 1e12])
def test_with_the_smallest_tiles_it_gives_up(plenty: float, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(enlarging, "_PLENTY", plenty)
    model = Model(Enlarging(limit=10))
    with pytest.raises(
        UpscalingFailed, match=r"memory of cpu does not suffice for \d\dx\d\d pixels"
    ):
        upscaled(noise(2, 130, 130, 3), model)


@pytest.mark.parametrize("side", [100, 300])
def test_tiles_that_the_model_wants_large_are_given_up_too(side: int):
    model = Model(Enlarging(limit=10), size_requirements=SizeRequirements(multiple_of=128))
    with pytest.raises(UpscalingFailed, match=rf"suffice for {min(side, 128)}x"):
        upscaled(noise(1, side, side, 3), model)


def test_a_model_that_must_see_all_gets_no_tiles(monkeypatch: pytest.MonkeyPatch):
    tiled(monkeypatch, 64)
    model = Model(Convolutions(2), tiling=ModelTiling.INTERNAL)
    upscaled(noise(1, 100, 90, 3), model)
    assert model.seen == [(1, 3, 100, 90)]
    model = Model(Enlarging(limit=80 * 80), tiling=ModelTiling.INTERNAL)
    with pytest.raises(UpscalingFailed, match="90x100"):
        upscaled(noise(2, 100, 90, 3), model)
    assert model.seen == [(2, 3, 100, 90), (1, 3, 100, 90)]


def test_other_errors_of_a_model_come_through():
    network = Enlarging(limit=10)
    network.error = RuntimeError("expected 4 channels")
    with pytest.raises(RuntimeError, match="expected 4 channels"):
        upscaled(noise(1, 64, 64, 3), Model(network))


@pytest.mark.parametrize(("pixels", "counts"), [(128 * 128, [7, 1]), (1, [1] * 8), (10**6, [8])])
def test_small_pictures_go_together_and_each_is_as_alone(
    pixels: int, counts: list[int], monkeypatch: pytest.MonkeyPatch
):
    calls_of(monkeypatch, pixels)
    pictures = noise(8, 40, 56, 3)
    model = Model(Convolutions(2))
    together = upscaled(pictures, model)
    assert model.seen == [(count, 3, 40, 56) for count in counts]
    for number, picture in enumerate(pictures):
        assert difference(upscaled(picture[None], model)[0], together[number]) < 1e-6


def test_a_processor_gets_more_at_once_the_more_threads_it_has(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    eight = enlarging.call_pixels(cpu)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert enlarging.call_pixels(cpu) * 8 == eight < enlarging.call_pixels(gpu)


def test_tiles_of_several_pictures_share_a_call(monkeypatch: pytest.MonkeyPatch):
    tiled(monkeypatch, 64)
    pictures = noise(3, 64, 90, 3)
    model = Model(Convolutions(2))
    together = upscaled(pictures, model)
    assert [shape[0] for shape in model.seen] == [6]
    for number, picture in enumerate(pictures):
        assert difference(upscaled(picture[None], model)[0], together[number]) < 1e-6


@pytest.mark.parametrize(
    ("scale", "enlargement", "passes"),
    [
        *((2, 1.01, 1), (2, 2, 1), (2, 2.5, 1), (2, 2.51, 2), (2, 4, 2), (2, 8, 3)),
        *((4, 3, 1), (4, 6, 2), (4, 1, 0), (2, 0.3, 0), (1, 0.3, 1), (1, 4, 1)),
    ],
)
def test_a_model_runs_as_often_as_the_size_needs(
    scale: int, enlargement: float, passes: int, monkeypatch: pytest.MonkeyPatch
):
    tiled(monkeypatch, 1000)
    assert passes_for(scale, enlargement) == passes
    model = Model(Convolutions(scale), scale)
    pictures = noise(1, 40, 80, 3)
    upscaled(pictures, model, f"{enlargement}x")
    assert [shape[2:] for shape in model.seen] == [
        (40 * scale**n, 80 * scale**n) for n in range(passes)
    ]


@pytest.mark.parametrize("size", ["3x", "277", "0.05MP", "301x99", "99x301", "64x64"])
@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(("height", "width"), [(33, 57), (3, 40), (70, 17)])
def test_odd_sizes_are_exact(size: str, shape: Shape, height: int, width: int):
    for channels in (1, 3, 4):
        upscaled(noise(2, height, width, channels), Model(Enlarging()), size, shape=shape)


def test_what_a_crop_cuts_off_is_not_enlarged():
    pictures = noise(1, 100, 300, 3)
    model = Model(Convolutions(2))
    cut = upscaled(pictures, model, "200x200")
    assert model.seen == [(1, 3, 100, 100 + 2 * OVERLAP)]
    assert difference(cut, upscaled(pictures, model)[:, :, 200:400]) < 1e-5


def test_a_picture_that_is_large_enough_is_only_filtered():
    pictures = noise(2, 90, 120, 3)
    model = Model(Convolutions(2))
    small = upscaled(pictures, model, "60")
    assert model.seen == []
    assert torch.equal(small, upscaled(pictures, None, "60"))
    assert torch.equal(upscaled(pictures, None, "1x"), pictures)


def test_opacity_is_kept_and_the_model_does_not_see_it():
    pictures = noise(2, 60, 50, 4)
    model = Model(Convolutions(2))
    done = upscaled(pictures, model)
    assert [shape[1] for shape in model.seen] == [3]
    assert torch.equal(done[..., :3], upscaled(pictures[..., :3], model))
    assert difference(done[..., 3:], upscaled(pictures[..., 3:], None)) < 1e-6
    assert upscaled(pictures, model, "99x301").shape[-1] == 4


def test_grey_pictures_and_grey_models():
    grey, colour = noise(2, 40, 50, 1), noise(2, 40, 50, 3)
    of_colour = Model(Enlarging())
    assert (
        difference(
            upscaled(grey, of_colour), upscaled(grey.expand(-1, -1, -1, 3), of_colour)[..., :1]
        )
        < 1e-6
    )
    of_grey = Model(Convolutions(2, 1), channels=1)
    done = upscaled(colour, of_grey)
    assert of_grey.seen == [(6, 1, 40, 50)]
    for channel in range(3):
        alone = upscaled(colour[..., channel : channel + 1], of_grey)
        assert difference(done[..., channel : channel + 1], alone) < 1e-6


def test_what_cannot_be_used_is_refused():
    with pytest.raises(UpscalerInvalid, match="2 channels"):
        upscaled(noise(1, 20, 20, 2), None)
    with pytest.raises(UpscalerInvalid, match="NaN"):
        upscaled(torch.full((1, 20, 20, 3), float("nan")), None)
    for channels, out in ((4, 4), (3, 1)):
        model = Model(Convolutions(2), channels=channels, out=out)
        with pytest.raises(UpscalerInvalid, match=f"takes {channels} channels and gives {out}"):
            upscaled(noise(1, 20, 20, 3), model)


def test_a_model_that_lies_about_its_scale_or_fails_is_an_error():
    with pytest.raises(UpscalingFailed, match=r"made \(1, 3, 60, 60\) of \(1, 3, 20, 20\)"):
        upscaled(noise(1, 20, 20, 3), Model(Enlarging(3), 2))
    broken = Convolutions(2)
    nn.init.constant_(broken.layers[0].weight, float("nan"))
    with pytest.raises(UpscalingFailed, match="no numbers"):
        upscaled(noise(1, 20, 20, 3), Model(broken))


@pytest.mark.parametrize("size", ["2x", "150x100", "4x", "10", "5x"])
def test_progress_is_told_and_may_stop_it(size: str, monkeypatch: pytest.MonkeyPatch):
    tiled(monkeypatch, 64)
    calls_of(monkeypatch, 64 * 64)
    monkeypatch.setattr(upscaling, "_HELD_PIXELS", 1)
    pictures, told = noise(3, 70, 100, 3), Told()
    upscaled(pictures, Model(Convolutions(2)), size, told)
    assert told.progress == sorted(told.progress)
    assert 0 < told.progress[0] < told.progress[-1] == pytest.approx(1)

    class Stopped(Exception):
        pass

    def stop(done: float) -> None:
        raise Stopped

    model = Model(Convolutions(2))
    goal = Size.parse(size).goal(100, 70, Shape.CROP)
    object.__setattr__(told.host, "progress", stop)
    with pytest.raises(Stopped):
        upscale(pictures, model, goal, told.host)
    assert len(model.seen) <= 1


def test_bf16_is_used_where_it_is_asked_for():
    pictures, model = noise(1, 40, 40, 3), Model(Convolutions(2))
    exact = upscaled(pictures, model)
    coarse = upscaled(pictures, model, told=Told(precision=torch.bfloat16))
    assert 0 < difference(exact, coarse) < 0.02
    assert next(model.model.parameters()).dtype == torch.float32


def test_tiles_in_bf16_are_joined_in_full_precision(monkeypatch: pytest.MonkeyPatch):
    class Level(Enlarging):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return super().forward(pictures).bfloat16()

    tiled(monkeypatch, 64)
    grey = torch.full((1, 150, 150, 3), 0.75)
    done = upscaled(grey, Model(Level()), told=Told(precision=torch.bfloat16))
    assert difference(done, torch.tensor(0.75)) < 1e-6


def test_wide_pictures_go_whole_where_they_fit():
    model = Model(Convolutions(2))
    upscaled(noise(1, 40, 500, 3), model, told=Told(40 * 500 * 64_000 / 0.6 + 1))
    assert model.seen == [(1, 3, 40, 500)]


def test_a_model_that_others_have_halved_works_in_its_own_type(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(enlarging, "_PLENTY", 1e12)
    pictures = noise(1, 40, 40, 3)
    halved = Model(Convolutions(2).bfloat16())
    assert difference(upscaled(pictures, halved), upscaled(pictures, Model(Convolutions(2)))) < 0.02


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((one - other) ** 2)))


@pytest.fixture(scope="module")
def real(upscaler_path: Path) -> ImageModelDescriptor:
    model = ModelLoader().load_from_file(upscaler_path)
    assert isinstance(model, ImageModelDescriptor)
    return model.eval()


def test_real_weights_beat_bicubic_on_a_photo(real: ImageModelDescriptor):
    with Image.open(PHOTO) as photo:
        half = photo.resize((64, 64), Image.Resampling.BICUBIC)
        bicubic = np.asarray(half.resize((128, 128), Image.Resampling.BICUBIC)) / 255
        truth = np.asarray(photo) / 255
    small = torch.from_numpy(np.asarray(half) / 255)[None]
    done = upscaled(small, real)[0].numpy()
    assert psnr(done, truth) > psnr(bicubic, truth) + 4
    coarse = upscaled(small, real, told=Told(precision=torch.bfloat16))[0].numpy()
    assert psnr(coarse, done) > 50, "bf16 costs less than a level of 8 bits"


def test_tiles_of_a_real_model_leave_no_seam(
    real: ImageModelDescriptor, monkeypatch: pytest.MonkeyPatch
):
    """Its windows lie differently in tiles, so that those differ a little everywhere. Where they
    pass into each other they must not do so by a step that anybody could see."""
    with Image.open(PHOTO) as photo:
        part = np.asarray(photo.crop((0, 0, 90, 48))) / 255
    small = torch.from_numpy(part)[None]
    whole = upscaled(small, real)
    tiled(monkeypatch, 64)
    axis = Grid.of(48, 90, 64).columns
    error = upscaled(small, real) - whole
    assert error.abs().max() > 0
    assert psnr(error.numpy(), np.zeros(1)) > 60
    steps = error.diff(dim=2).abs().mean(dim=(0, 1, 3))
    assert steps[axis.starts[1] * 2 : axis.tile * 2].max() < 0.25 / 255
