"""The bare room: floor, walls with the material's texture, ceiling."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from .camera import Camera, Size, Spot
from .looks import WHITE, Colour, Material, mix, shade
from .paint import SIDE, Point, texture
from .solids import Scene

_PER_METRE = 36


def paint_shell(scene: Scene, size: Size, material: Material, ceiling: Colour) -> None:
    width, _, height = size
    half, front = width / 2, scene.camera.z - 0.4
    scene.image.paste(shade(material.floor, 0.96), (0, 0, SIDE, SIDE))
    scene.fill([(-half, height, 0), (half, height, 0), (half, height, front * 1.2),
                (-half, height, front * 1.2)], ceiling)  # fmt: skip
    _floor(scene, half, front, material)
    walls: list[tuple[float, tuple[Spot, Spot]]] = [(1.0, ((-half, 0, 0), (half, 0, 0)))]
    if _in_view(scene.camera, (-half, 1, 0)):
        walls.append((0.92, ((-half, 0, front), (-half, 0, 0))))
    if _in_view(scene.camera, (half, 1, 0)):
        walls.append((0.84, ((half, 0, 0), (half, 0, front))))
    for factor, (start, end) in walls:
        _wall(scene, start, end, height, factor, material)


def _in_view(camera: Camera, spot: Spot) -> bool:
    points = camera.project([spot])
    return bool(points) and 0 < points[0][0] < SIDE


def _wall(
    scene: Scene, start: Spot, end: Spot, height: float, factor: float, material: Material
) -> None:
    colour = shade(material.wall, factor)
    (x0, _, z0), (x1, _, z1) = start, end
    corners: list[Spot] = [(x0, 0, z0), (x1, 0, z1), (x1, height, z1), (x0, height, z0)]
    points = scene.camera.project(corners)
    if len(points) < 4:
        return
    length = abs(x1 - x0) + abs(z1 - z0)
    if material.texture == "plain":
        scene.fill(corners, colour)
    else:
        wide, high = round(length * _PER_METRE), round(height * _PER_METRE)
        patch = Image.new("RGB", (wide, high), colour)
        outline = [(0, 0), (wide - 1, 0), (wide - 1, high - 1), (0, high - 1)]
        texture(patch, outline, material.texture, colour, scene.generator)
        _warp(scene.image, patch, [points[3], points[2], points[1], points[0]])
    skirting = shade(material.accent, 0.9 * factor)
    scene.fill([corners[0], corners[1], (x1, 0.12, z1), (x0, 0.12, z0)], skirting)
    cove = mix(colour, WHITE, 0.5)
    scene.fill([corners[3], corners[2], (x1, height - 0.1, z1), (x0, height - 0.1, z0)], cove)


def _warp(image: Image.Image, patch: Image.Image, points: list[Point]) -> None:
    """Lays the patch into the polygon; points are its corners from the upper left, clockwise."""
    left = max(0, int(min(x for x, _ in points)))
    top = max(0, int(min(y for _, y in points)))
    right = min(image.width, int(max(x for x, _ in points)) + 1)
    bottom = min(image.height, int(max(y for _, y in points)) + 1)
    if right - left < 2 or bottom - top < 2:
        return
    rows, goal = [], []
    corners = ((0, 0), (patch.width, 0), (patch.width, patch.height), (0, patch.height))
    for (x, y), (u, v) in zip(points, corners, strict=True):
        x, y = x - left, y - top
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        goal += [u, v]
    try:
        factors = np.linalg.solve(np.array(rows, float), np.array(goal, float)).tolist()
    except np.linalg.LinAlgError:  # a wall seen edge-on
        return
    size = (right - left, bottom - top)
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in points], fill=255)
    warped = patch.transform(size, Image.Transform.PERSPECTIVE, factors, Image.Resampling.BILINEAR)
    image.paste(warped, (left, top), mask)


def _floor(scene: Scene, half: float, front: float, material: Material) -> None:
    """Boards for wooden floors, slabs for tiles and stone: their lines tell the perspective."""
    colour = material.floor
    scene.fill([(-half, 0, 0), (half, 0, 0), (half, 0, front), (-half, 0, front)], colour)
    red, _, blue = colour
    wooden = red > blue + 40
    draw, line = ImageDraw.Draw(scene.image), shade(colour, 0.88)
    step = 0.45 if wooden else 1.0
    for index in range(int(2 * half / step) + 1):
        x = -half + index * step
        points = scene.camera.project([(x, 0, 0), (x, 0, front)])
        if len(points) == 2:
            draw.line(points, fill=line)
    if wooden or material.texture == "concrete":
        return
    for z in range(1, int(front) + 1):
        points = scene.camera.project([(-half, 0, z), (half, 0, z)])
        if len(points) == 2:
            draw.line(points, fill=line)
