"""The Modelyard backend: computer-vision models as functions that CVAT calls."""

from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants import target_generator
from modelyard_pants.goals import assets, bundle, classic, deploy, image, predict, release, serve
from modelyard_pants.goals import sources as sources_goal
from modelyard_pants.target_types import (
    ExportedWeights,
    ImageBase,
    LabelSet,
    ModelAssets,
    ModelDeploy,
    ModelFunction,
    ModelImage,
    ModelPredict,
    ModelRelease,
    ModelSources,
    ModelWeights,
    NuclioClassic,
    NuclioKubernetes,
    NuclioProcessor,
    NuclioSpec,
)
from modelyard_pants.util_rules import classic as classic_build
from modelyard_pants.util_rules import (
    codegen,
    dependency_layers,
    export,
    exports,
    foreign_images,
    image_tool,
    labels,
    layers,
    licences,
    locked_packages,
    modules,
    named,
    option_pexes,
    option_tools,
    runnable,
    server_layer,
    sources,
    weights,
)
from modelyard_pants.util_rules import image as image_build


def target_types() -> Iterable[type[Target]]:
    return (
        ExportedWeights,
        LabelSet,
        ModelAssets,
        ModelDeploy,
        ImageBase,
        ModelFunction,
        ModelImage,
        ModelPredict,
        ModelRelease,
        ModelSources,
        ModelWeights,
        NuclioClassic,
        NuclioKubernetes,
        NuclioProcessor,
        NuclioSpec,
    )


def rules() -> Iterable[Any]:
    return (
        *assets.rules(),
        *bundle.rules(),
        *classic.rules(),
        *classic_build.rules(),
        *codegen.rules(),
        *deploy.rules(),
        *export.rules(),
        *exports.rules(),
        *foreign_images.rules(),
        *image.rules(),
        *image_build.rules(),
        *image_tool.rules(),
        *labels.rules(),
        *licences.rules(),
        *dependency_layers.rules(),
        *layers.rules(),
        *locked_packages.rules(),
        *modules.rules(),
        *named.rules(),
        *option_pexes.rules(),
        *option_tools.rules(),
        *predict.rules(),
        *release.rules(),
        *runnable.rules(),
        *serve.rules(),
        *server_layer.rules(),
        *sources.rules(),
        *sources_goal.rules(),
        *target_generator.rules(),
        *weights.rules(),
    )
