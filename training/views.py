"""Views of furniture models with alpha: `python -m training.views MODELS OUT`, through OSMesa, no display needed.

Each view is rendered twice, on black and on white: what the ground changes is what the thing lets through, so glass
gets its true alpha.
"""

from __future__ import annotations

import argparse
import logging
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

os.environ.setdefault("PYOPENGL_PLATFORM", "osmesa")
np.infty = np.inf  # pyrender 0.1.45 still asks for the name that NumPy 2 took away

import pyrender  # noqa: E402  (both settings must come first)
import trimesh  # noqa: E402

from training.canvas import Picture, Rng  # noqa: E402

SIDE = 384
LARGEST = 6_000_000
"""Bytes of a model: larger ones take minutes."""
TEXTURE_SIDE = 512
UNUSED = ("Reallusion",)
"""Folders of models that are left out."""
EMPTY = 0.01
"""Share of the frame a view must cover."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A model's meshes in a scene, its middle (3,) and the diagonal of its box."""

    scene: Any
    middle: Picture
    size: float


def models(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.obj") if not set(UNUSED) & set(path.parts))


def opacity(material: Any) -> float:
    """As the .mtl file has it in `d`; never quite invisible."""
    given = (getattr(material, "kwargs", None) or {}).get("d")
    return max(float(np.ravel(given)[0]) if given else 1.0, 0.12)


def texture(image: Any) -> tuple[Any, bool]:
    """The texture, small enough, and whether it lets light through."""
    picture = image.convert("RGBA" if image.mode in ("RGBA", "LA", "P") else "RGB")
    picture.thumbnail((TEXTURE_SIDE, TEXTURE_SIDE))
    values = np.array(picture)
    clear = picture.mode == "RGBA" and values[..., 3].min() < 250
    return pyrender.Texture(source=values, source_channels=picture.mode), clear


def finish(rng: Rng, visual: Any) -> Any:
    """A material of the model's colour or texture, more or less glossy and metallic by chance."""
    physical = visual.material.to_pbr() if hasattr(visual.material, "to_pbr") else visual.material
    given = physical.baseColorFactor
    colour = np.array([200, 200, 200, 255] if given is None else given, float) / 255
    image, clear = None, False
    if physical.baseColorTexture is not None:
        colour = np.ones(4)
        image, clear = texture(physical.baseColorTexture)
    colour[3] = min(opacity(visual.material), 0.99 if clear else 1.0)
    return pyrender.MetallicRoughnessMaterial(
        baseColorFactor=colour,
        baseColorTexture=image,
        metallicFactor=rng.choice([0, 0, 0, 0.3, 0.6]),
        roughnessFactor=rng.uniform(0.25, 0.9),
        alphaMode="BLEND" if colour[3] < 0.995 else "OPAQUE",
        doubleSided=True,
    )


def primitive(rng: Rng, mesh: Any) -> Any:
    material = finish(rng, mesh.visual)
    parts = {"positions": mesh.vertices, "indices": mesh.faces, "normals": mesh.vertex_normals}
    if material.baseColorTexture is not None and getattr(mesh.visual, "uv", None) is not None:
        parts["texcoord_0"] = mesh.visual.uv
    return pyrender.Primitive(material=material, **parts)


def primitives(rng: Rng, path: Path) -> list[Any]:
    """The parts of a model that can be read: many files have a broken one among good ones."""
    found = []
    for mesh in trimesh.load(path, force="scene", process=False).geometry.values():
        if len(mesh.faces):
            try:
                found.append(primitive(rng, mesh))
            except (AttributeError, ValueError, TypeError, IndexError, OSError) as broken:
                print(f"{path.name}: left out a part, {type(broken).__name__}")
    return found


def stage(rng: Rng, path: Path) -> Stage | None:
    parts = primitives(rng, path)
    if not parts:
        return None
    low = np.min([part.positions.min(0) for part in parts], 0)
    high = np.max([part.positions.max(0) for part in parts], 0)
    size = float(np.linalg.norm(high - low))
    if not np.isfinite(size) or size <= 0:
        return None
    scene = pyrender.Scene(bg_color=[0, 0, 0, 0], ambient_light=[0.3] * 3)
    scene.add(pyrender.Mesh(parts))
    return Stage(scene, (low + high) / 2, size)


def pose(middle: Picture, distance: float, around: float, above: float) -> Picture:
    """Matrix (4, 4) of an eye at these angles that looks at the middle."""
    back = np.array([np.cos(above) * np.sin(around), np.sin(above), np.cos(above) * np.cos(around)])
    right = np.cross([0, 1, 0], back)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :4] = np.column_stack([right, np.cross(back, right), back, middle + distance * back])
    return matrix


def furnish(rng: Rng, stage: Stage, *, front: bool) -> list[Any]:
    """Camera and one to three lamps; the nodes, to be taken away after the view."""
    around = rng.uniform(-0.7, 0.7) if front else rng.uniform(0, 2 * np.pi)
    above = np.radians(rng.choice([rng.uniform(0, 15), rng.uniform(10, 35), rng.uniform(30, 60)]))
    angle = rng.uniform(0.35, 0.8)
    distance = stage.size / 2 / np.tan(angle / 2) * 1.05
    stage.scene.ambient_light = np.full(3, rng.uniform(0.15, 0.45))
    camera = pyrender.PerspectiveCamera(yfov=angle, znear=distance / 50, zfar=distance * 10)
    nodes = [stage.scene.add(camera, pose=pose(stage.middle, distance, around, above))]
    for _ in range(rng.choice([1, 2, 2, 3])):
        warm = [1, rng.uniform(0.92, 1), rng.uniform(0.85, 1)]
        lamp = pyrender.DirectionalLight(color=warm, intensity=rng.uniform(1, 4))
        place = pose(stage.middle, distance, around + rng.uniform(-1.6, 1.6), rng.uniform(0.1, 1.3))
        nodes.append(stage.scene.add(lamp, pose=place))
    return nodes


def cut_out(renderer: Any, scene: Any) -> Picture | None:
    """BGRA uint8, cropped to what shows; None if hardly anything does."""
    black, white = (on(renderer, scene, ground) for ground in (0.0, 1.0))
    alpha = 1 - np.clip((white - black).mean(-1) / 255, 0, 1)
    if (alpha > 0.5).mean() < EMPTY:
        return None
    colour = np.clip(black / np.maximum(alpha, 1e-3)[..., None], 0, 255)
    rows, columns = np.where(alpha > 0.02)
    picture = np.dstack([colour[..., ::-1], alpha * 255]).astype(np.uint8)
    return picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def on(renderer: Any, scene: Any, ground: float) -> Picture:
    """RGB floats (SIDE, SIDE, 3) on a ground of this grey."""
    scene.bg_color = np.array([ground] * 3 + [1.0])
    return renderer.render(scene, flags=pyrender.RenderFlags.SKIP_CULL_FACES)[0].astype(np.float32)


def photograph(renderer: Any, path: Path, number: int, out: Path, views: int) -> int:
    """Writes `NUMBER_VIEW.png` for each view; how many there are. The first is from the front."""
    rng = np.random.default_rng(number)
    set_up = stage(rng, path)
    written = 0
    for view in range(views if set_up else 0):
        nodes = furnish(rng, set_up, front=view == 0)
        picture = cut_out(renderer, set_up.scene)
        for node in nodes:
            set_up.scene.remove_node(node)
        if picture is not None:
            written += cv2.imwrite(str(out / f"{number:04d}_{view}.png"), picture)
    return written


def render(paths: list[Path], out: Path, views: int, part: int, parts: int) -> int:
    """Every model of this part that is not too large and not yet done; a broken one does not end the run."""
    renderer, written = pyrender.OffscreenRenderer(SIDE, SIDE), 0
    for number, path in list(enumerate(paths))[part::parts]:
        if path.stat().st_size > LARGEST or (out / f"{number:04d}_0.png").exists():
            continue
        try:
            written += photograph(renderer, path, number, out, views)
        except Exception as broken:
            print(f"{path.name}: {type(broken).__name__}: {str(broken)[:100]}")
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, help="folder with .obj files")
    parser.add_argument("out", type=Path)
    parser.add_argument("--views", type=int, default=6)
    parser.add_argument("--part", type=int, default=0, help="of --parts, for several processes")
    parser.add_argument("--parts", type=int, default=1)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.ERROR)
    args.out.mkdir(parents=True, exist_ok=True)
    print(render(models(args.models), args.out, args.views, args.part, args.parts), "views")


if __name__ == "__main__":
    main()
