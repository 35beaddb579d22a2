"""`./pants run <function>#cpu-predict -- photo.jpg`: run the deployed class on one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.core.goals.run import RunFieldSet, RunInSandboxBehavior, RunRequest
from pants.engine.addresses import Addresses
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import DependenciesRequest, InvalidTargetException, Targets
from pants.util.frozendict import FrozenDict

from modelyard_pants.assets.package import Assets, AssetsRequest
from modelyard_pants.assets.targets import ModelAssets
from modelyard_pants.common.lookups import only
from modelyard_pants.common.runnable import RunnableModule
from modelyard_pants.deploy.targets import PredictMarkerField
from modelyard_pants.function.resources import EnvField
from modelyard_pants.function.variants import VariantDependenciesField
from modelyard_pants.sources.targets import ModelSources
from modelyard_pants.subsystem import Modelyard


@dataclass(frozen=True)
class PredictFieldSet(RunFieldSet):
    required_fields = (PredictMarkerField,)
    run_in_sandbox_behavior = RunInSandboxBehavior.NOT_SUPPORTED

    marker: PredictMarkerField
    dependencies: VariantDependenciesField


@rule(desc="Prepare to try a function on a picture")
async def run_predict(field_set: PredictFieldSet, modelyard: Modelyard) -> RunRequest:
    direct = await Get(Targets, DependenciesRequest(field_set.dependencies))
    sources = only(direct, ModelSources)
    described = only(direct, ModelAssets)
    assets = await Get(Assets, AssetsRequest(described))
    if assets.blocked:
        raise InvalidTargetException(f"{field_set.address} cannot run: {assets.blocked}")
    return await Get(
        RunRequest,
        RunnableModule(
            Addresses([sources.address]),
            modelyard.predict_module,
            arguments=("--assets", "{chroot}/assets"),
            environment=described[EnvField].value or FrozenDict(),
            immutable=FrozenDict({"assets": assets.digest}),
        ),
    )


def rules() -> Iterable[Any]:
    return (*collect_rules(), *PredictFieldSet.rules())
