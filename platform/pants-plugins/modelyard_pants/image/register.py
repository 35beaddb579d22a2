from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants.image import (
    build,
    dependency_layers,
    foreign_images,
    goals,
    layers,
    locked_packages,
    parts,
    revision,
    server_layer,
    tool,
)
from modelyard_pants.image.targets import ImageBase, ModelImage


def target_types() -> Iterable[type[Target]]:
    return (
        ImageBase,
        ModelImage,
    )


def rules() -> Iterable[Any]:
    return (
        *build.rules(),
        *dependency_layers.rules(),
        *foreign_images.rules(),
        *goals.rules(),
        *layers.rules(),
        *locked_packages.rules(),
        *parts.rules(),
        *revision.rules(),
        *server_layer.rules(),
        *tool.rules(),
    )
