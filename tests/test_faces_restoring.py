"""Faces of real pictures restored by made networks: chosen, put back, coloured, or refused."""

from __future__ import annotations

import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from stockwright.core.errors import FaceRestorationFailed
from stockwright.engine.faces.alignment import aligned
from stockwright.engine.faces.restorers import Restorer
from stockwright.engine.faces.restoring import Restored, Settings, faces_at_once, restore_faces
from tests.faces import (
    blurred,
    detector,
    identity,
    photo,
    picture,
    planes,
    psnr,
    stored_badly,
    the_face,
    thumbnail,
    to_face,
)

ALL = Settings(sharp=1)
SIZE, RADIUS = 112, 1.2
"""Pixels of a face, and the blur that the made network takes away."""


class Same(nn.Module):
    """Gives back what it was given, and remembers how many faces came in each call."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.calls: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append(len(x))
        return x * self.weight


def wrapped(network: nn.Module) -> Restorer:
    return Restorer("made", network.eval(), lambda network, x: network(x))


def green(faces: torch.Tensor) -> torch.Tensor:
    """A restorer whose mark is seen: stripes, which colour matching does not take away."""
    stripes = (torch.arange(512) // 8 % 2).float()
    return (faces * 0.5 + 0.5 * stripes).clamp(0, 1)


def nothing(done: float) -> None:
    assert 0 <= done <= 1


def run(
    images: list[Image.Image], restore=green, settings: Settings = ALL, find=None
) -> tuple[torch.Tensor, Restored]:
    pictures = torch.stack([picture(image) for image in images])
    return pictures, restore_faces(pictures, find or detector(), restore, settings, nothing)


def sized(name: str) -> Image.Image:
    """A photo in which the face has SIZE pixels."""
    image = photo(name)
    factor = SIZE / the_face(image).size
    return image.resize((round(image.width * factor), round(image.height * factor)))


@pytest.fixture(scope="module")
def sharpener() -> Restorer:
    """A tiny network that takes away a known blur, trained on other people's faces."""
    generator = torch.Generator().manual_seed(4)
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    for name in ("obama", "biden"):
        image = sized(name)
        where = to_face(image)
        pairs.append(
            (aligned(planes(blurred(image, RADIUS)), where), aligned(planes(image), where))
        )
    soft, clear = (torch.stack(several) * 2 - 1 for several in zip(*pairs, strict=True))
    network = Sharpener(generator)
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, total_iters=150)
    for _ in range(150):
        x, y = (int(n) for n in torch.randint(0, 512 - 96, (2,), generator=generator))
        here = (slice(None), slice(None), slice(y, y + 96), slice(x, x + 96))
        loss = F.mse_loss(network(soft[here]), clear[here])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        slower.step()
    return wrapped(network)


class Sharpener(nn.Module):
    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, 7, padding=3), nn.PReLU(), nn.Conv2d(16, 3, 7, padding=3)
        )
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.02, generator=generator)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.layers(x)


def test_a_degraded_face_comes_closer_to_the_real_one(sharpener: Restorer):
    real = sized("collins")
    spoilt = stored_badly(blurred(real, RADIUS), 95)
    before, done = run([spoilt], sharpener)
    assert done.counts == (1,)
    inside = done.masks[0] > 0.5
    wanted = picture(real)
    gain = psnr(done.pictures[0][inside], wanted[inside]) - psnr(before[0][inside], wanted[inside])
    assert gain > 1
    face = the_face(real)
    who = identity().vector(planes(real), face)
    distances = [
        float(torch.dist(who, identity().vector(one.permute(2, 0, 1), face)))
        for one in (before[0], done.pictures[0])
    ]
    assert distances[1] < 0.9 * distances[0]


def test_pixels_off_the_mask_stay_bit_for_bit():
    before, done = run([photo("collins")])
    off = done.masks == 0
    assert torch.equal(done.pictures[off], before[off])
    assert not torch.equal(done.pictures, before)
    assert float(done.masks.max()) == 1
    assert 0.01 < float(done.masks.mean()) < 0.2


def test_pictures_without_a_face_are_the_input_itself():
    before, done = run([thumbnail("depth_controlnet-1")])
    assert done.pictures is before
    assert done.counts == (0,)
    assert not done.masks.any()


def test_an_unchanged_picture_of_a_batch_is_bit_identical():
    empty = Image.new("RGB", (512, 512), (90, 120, 200))
    before, done = run([photo("collins"), empty, photo("collins")])
    assert done.counts == (1, 0, 1)
    assert torch.equal(done.pictures[1], before[1])
    assert torch.equal(done.pictures[0], done.pictures[2])


def test_the_input_is_not_written_to():
    pictures = picture(photo("collins"))[None]
    before = pictures.clone()
    restore_faces(pictures, detector(), green, ALL, nothing)
    assert torch.equal(pictures, before)


def test_a_network_that_changes_nothing_changes_nothing():
    network = Same()
    before, done = run([photo("collins")], wrapped(network))
    assert done.counts == (1,)
    assert psnr(done.pictures, before) > 55
    assert float((done.pictures - before).abs().mean()) < 0.1 / 255


@pytest.mark.parametrize(("at_once", "calls"), [(8, [3]), (2, [2, 1]), (1, [1, 1, 1])])
def test_faces_of_several_pictures_share_a_call(at_once: int, calls: list[int]):
    both = Image.new("RGB", (1024, 512))
    both.paste(photo("collins"), (0, 0))
    both.paste(photo("collins").transpose(Image.Transpose.FLIP_LEFT_RIGHT), (512, 0))
    one = Image.new("RGB", (1024, 512))
    one.paste(photo("collins"), (200, 0))
    network = Same()
    _, done = run([both, one], wrapped(network), Settings(sharp=1, at_once=at_once))
    assert network.calls == calls
    assert done.counts == (2, 1)


def test_the_largest_faces_are_restored_first():
    image = thumbnail("api_hailuo_minimax_i2v-1")
    faces = detector()(picture(image).mul(255).byte().numpy())
    assert len(faces) == 3
    for most in (1, 2):
        _, done = run([image], settings=Settings(sharp=1, most=most, smallest=8))
        assert done.counts == (most,)
        for number, face in enumerate(faces):
            x, y = (round(n) for n in face.points[2])
            assert bool(done.masks[0, y, x] == 1) == (number < most)


def test_small_faces_stay():
    size = the_face(photo("collins")).size
    for smallest, count in ((int(size), 1), (int(size) + 1, 0)):
        assert run([photo("collins")], settings=Settings(sharp=1, smallest=smallest))[1].counts == (
            count,
        )


def test_sharp_faces_stay_and_blurred_ones_do_not():
    real = photo("obama")
    before, done = run([real, blurred(real, 3)], settings=Settings())
    assert done.counts == (0, 1)
    assert torch.equal(done.pictures[0], before[0])


def test_strength_blends():
    before, full = run([photo("collins")])
    _, half = run([photo("collins")], settings=Settings(sharp=1, strength=0.5))
    assert torch.allclose(half.pictures, (before + full.pictures) / 2, atol=1e-6)
    assert torch.equal(half.masks, full.masks)
    same, none = run([photo("collins")], settings=Settings(sharp=1, strength=0))
    assert none.pictures is same
    assert none.counts == (0,)


def test_the_same_input_gives_the_same_result(sharpener: Restorer):
    _, one = run([blurred(photo("collins"), 2)], sharpener)
    _, other = run([blurred(photo("collins"), 2)], sharpener)
    assert torch.equal(one.pictures, other.pictures)


def test_transparency_is_kept():
    rgba = torch.cat([picture(photo("collins")), torch.rand(512, 512, 1)], -1)[None]
    done = restore_faces(rgba, detector(), green, ALL, nothing)
    assert torch.equal(done.pictures[..., 3], rgba[..., 3])
    assert not torch.equal(done.pictures[..., :3], rgba[..., :3])


def test_work_can_be_stopped_and_tells_how_far_it_is():
    told: list[float] = []
    pictures = picture(photo("collins"))[None].repeat(2, 1, 1, 1)
    restore_faces(pictures, detector(), green, Settings(sharp=1, at_once=1), told.append)
    assert told == [0, 0.25, 0.5, 0.75]
    steps = iter(told)

    def stop(done: float) -> None:
        if next(steps) >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore_faces(pictures, detector(), refuse, ALL, stop)


def refuse(faces: torch.Tensor) -> torch.Tensor:
    raise RuntimeError("the network is broken")


def test_a_network_that_fails_ends_it():
    with pytest.raises(RuntimeError, match="the network is broken"):
        run([photo("collins")], refuse)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_network_that_gives_no_numbers_ends_it(value: float):
    network = Same()
    nn.init.constant_(network.weight, value)
    with pytest.raises(FaceRestorationFailed, match="no numbers") as caught:
        run([photo("collins")], wrapped(network))
    assert "face model made" in caught.value.where


def test_a_network_that_gives_another_size_ends_it():
    restorer = Restorer("made", Same(), lambda network, x: network(x)[..., ::2])
    with pytest.raises(FaceRestorationFailed, match=r"\(1, 3, 512, 256\)"):
        run([photo("collins")], restorer)


def test_a_picture_that_holds_no_numbers_is_refused():
    broken = picture(photo("collins"))[None].clone()
    broken[0, 3, 3, 0] = float("nan")
    with pytest.raises(FaceRestorationFailed, match="no numbers"):
        restore_faces(broken, detector(), green, ALL, nothing)


def test_out_of_memory_halves_the_call():
    sizes: list[int] = []

    def small(faces: torch.Tensor, largest: int = 1) -> torch.Tensor:
        sizes.append(len(faces))
        if len(faces) > largest:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return green(faces)

    _, done = run([photo("collins")] * 3, small)
    assert done.counts == (1, 1, 1)
    assert sizes == [3, 2, 1, 2, 1, 1]
    with pytest.raises(torch.OutOfMemoryError):
        run([photo("collins")], lambda faces: small(faces, 0))


def test_how_many_faces_fit_into_memory():
    assert [faces_at_once(10**9 * n) for n in (-3, 0, 1, 5, 99)] == [1, 1, 1, 5, 16]
