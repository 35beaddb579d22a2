"""The Modelyard backend: computer-vision models as functions that CVAT calls."""

from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard import target_generator
from modelyard.goals import assets, bundle, classic, deploy, predict, release, serve
from modelyard.target_types import (
    LabelSet,
    ModelAssets,
    ModelDeploy,
    ModelFunction,
    ModelPredict,
    ModelRelease,
    ModelSources,
    ModelWeights,
    NuclioClassic,
    NuclioKubernetes,
    NuclioProcessor,
    NuclioSpec,
)
from modelyard.util_rules import classic as classic_build
from modelyard.util_rules import codegen, labels, runnable, sources, weights


def target_types() -> Iterable[type[Target]]:
    return (
        LabelSet,
        ModelAssets,
        ModelDeploy,
        ModelFunction,
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
        *labels.rules(),
        *predict.rules(),
        *release.rules(),
        *runnable.rules(),
        *serve.rules(),
        *sources.rules(),
        *target_generator.rules(),
        *weights.rules(),
    )
