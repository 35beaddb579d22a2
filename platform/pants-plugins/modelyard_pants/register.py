"""The Modelyard backend: computer-vision models as functions that CVAT calls."""

from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants.assets import register as assets
from modelyard_pants.common import register as common
from modelyard_pants.deploy import register as deploy
from modelyard_pants.function import register as function
from modelyard_pants.generator import register as generator
from modelyard_pants.image import register as image
from modelyard_pants.nuclio import register as nuclio
from modelyard_pants.release import register as release
from modelyard_pants.sources import register as sources
from modelyard_pants.weights import register as weights


def target_types() -> Iterable[type[Target]]:
    return (
        *function.target_types(),
        *weights.target_types(),
        *sources.target_types(),
        *assets.target_types(),
        *nuclio.target_types(),
        *release.target_types(),
        *image.target_types(),
        *deploy.target_types(),
    )


def rules() -> Iterable[Any]:
    return (
        *common.rules(),
        *function.rules(),
        *weights.rules(),
        *sources.rules(),
        *assets.rules(),
        *nuclio.rules(),
        *release.rules(),
        *image.rules(),
        *deploy.rules(),
        *generator.rules(),
    )
