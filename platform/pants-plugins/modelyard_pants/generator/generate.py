"""Generates, for each variant of a `model_function`, the targets of its artifacts."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping

from pants.backend.python.subsystems.setup import PythonSetup
from pants.engine.addresses import Address
from pants.engine.rules import collect_rules, rule
from pants.engine.target import GeneratedTargets, GenerateTargetsRequest, Tags, Target
from pants.engine.unions import UnionMembership, UnionRule

from modelyard_contract.release import SOURCES
from modelyard_pants.assets.targets import ModelAssets
from modelyard_pants.deploy.targets import ModelPredict
from modelyard_pants.function.identity import FunctionNameField, HandlerField
from modelyard_pants.function.model import HeadField, LabelsField
from modelyard_pants.function.resources import GpusField
from modelyard_pants.function.targets import ModelFunction
from modelyard_pants.generator.packages import LockedModules, require_free_name
from modelyard_pants.generator.validation import (
    require_distinct,
    require_usable_model,
    require_usable_variant,
)
from modelyard_pants.generator.variants import Variant, variants
from modelyard_pants.image.oci import NUCLIO, STANDALONE
from modelyard_pants.image.targets import ModelImage
from modelyard_pants.nuclio.targets import (
    NuclioClassic,
    NuclioKubernetes,
    NuclioProcessor,
    NuclioSpec,
)
from modelyard_pants.release.targets import ModelRelease
from modelyard_pants.sources.targets import ModelSources
from modelyard_pants.subsystem import Modelyard


class GenerateModelFunctionTargets(GenerateTargetsRequest):
    generate_from = ModelFunction


@rule
async def generate_model_function_targets(
    request: GenerateModelFunctionTargets,
    modelyard: Modelyard,
    python_setup: PythonSetup,
    union_membership: UnionMembership,
    locked: LockedModules,
) -> GeneratedTargets:
    generator = request.generator
    require_free_name(generator.address, locked)
    require_usable_model(generator)
    targets = [
        target
        for variant in variants(generator, modelyard, python_setup)
        for target in _variant_targets(variant, generator, request, modelyard, union_membership)
    ]
    releases = [target for target in targets if isinstance(target, ModelRelease)]
    for release in releases:
        require_usable_variant(release, cvat_timeout=modelyard.cvat_timeout)
    require_distinct(releases)
    return GeneratedTargets(generator, targets)


def _variant_targets(
    variant: Variant,
    generator: Target,
    request: GenerateModelFunctionTargets,
    modelyard: Modelyard,
    union_membership: UnionMembership,
) -> Iterator[Target]:
    common = dict(request.template)
    name = str(variant.values[FunctionNameField.alias])
    labels = generator[LabelsField].label_set
    label_dependencies = [labels] if labels else []
    dependencies_pex = modelyard.dependencies_pex.format(resolve=variant.resolve)

    def address(suffix: str = "") -> Address:
        return request.template_address.create_generated(f"{variant.name}{suffix}")

    def target(target_type: type[Target], suffix: str = "", **fields: Any) -> Target:
        return target_type({**common, **fields}, address(suffix), union_membership)

    yield target(
        ModelSources,
        "-srcs",
        variant=variant.name,
        entry_point=_entry_point(generator, variant, modelyard),
        resolve=variant.sources_resolve,
        output_path=f"{variant.output}/{SOURCES}",
    )
    yield target(
        ModelAssets,
        "-assets",
        **variant.values,
        variant=variant.name,
        dependencies=[*label_dependencies, *variant.weights],
        output_path=f"{variant.output}/assets",
        assets_of=name,
    )
    for target_type, suffix in (
        (NuclioSpec, "-spec"),
        (NuclioProcessor, "-processor"),
        (NuclioKubernetes, "-kubernetes"),
    ):
        yield target(
            target_type,
            suffix,
            **variant.values,
            variant=variant.name,
            dependencies=label_dependencies,
        )
    if variant.classic:
        yield target(
            NuclioClassic,
            "-classic",
            **variant.values,
            variant=variant.name,
            resolve=variant.resolve,
            dependencies=[
                *label_dependencies,
                dependencies_pex,
                address("-srcs").spec,
                address("-assets").spec,
            ],
            output_path=variant.output,
        )
    yield target(
        ModelPredict,
        "-predict",
        variant=variant.name,
        dependencies=[address("-srcs").spec, address("-assets").spec],
        predict_of=name,
    )
    for suffix, runtime in (("image", STANDALONE), ("nuclio", NUCLIO)):
        yield target(
            ModelImage,
            f"-{suffix}",
            **variant.values,
            **_heavy(variant, common),
            variant=variant.name,
            resolve=variant.resolve,
            dependencies=[
                dependencies_pex,
                address("-srcs").spec,
                address("-assets").spec,
                address("-spec").spec,
            ],
            output_path=f"{variant.output}/{suffix}",
            image_of=name,
            runtime=runtime,
        )
    yield target(
        ModelRelease,
        **variant.values,
        variant=variant.name,
        resolve=variant.resolve,
        dependencies=[
            dependencies_pex,
            address("-srcs").spec,
            address("-assets").spec,
            address("-spec").spec,
        ],
        output_path=variant.output,
        release_of=name,
    )


def _entry_point(generator: Target, variant: Variant, modelyard: Modelyard) -> str:
    """The author's file, or the library's module that replaces it."""
    if generator[HeadField].value:
        return modelyard.head_model.partition(":")[0]
    return HandlerField(variant.values[HandlerField.alias], generator.address).file


def _heavy(variant: Variant, common: Mapping[str, Any]) -> Mapping[str, Any]:
    """Tag images with CUDA, which take gigabytes, so that `--tag=-heavy` excludes them."""
    if not variant.values[GpusField.alias]:
        return {}
    return {Tags.alias: [*(common.get(Tags.alias) or ()), "heavy"]}


def rules() -> Iterable[Any]:
    return (
        *collect_rules(),
        UnionRule(GenerateTargetsRequest, GenerateModelFunctionTargets),
    )
