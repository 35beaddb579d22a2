from __future__ import annotations

from typing import Any, Iterable

from pants.engine.target import Target

from modelyard_pants.deploy import deploy, predict, serve
from modelyard_pants.deploy.targets import ModelDeploy, ModelPredict


def target_types() -> Iterable[type[Target]]:
    return (
        ModelDeploy,
        ModelPredict,
    )


def rules() -> Iterable[Any]:
    return (
        *deploy.rules(),
        *predict.rules(),
        *serve.rules(),
    )
