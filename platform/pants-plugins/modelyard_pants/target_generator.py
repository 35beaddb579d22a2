"""One `model_function` becomes, for each variant, the targets its artifacts are built from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable, Iterator, Mapping

from pants.backend.python.subsystems.setup import PythonSetup
from pants.engine.addresses import Address
from pants.engine.rules import collect_rules, rule
from pants.engine.target import GeneratedTargets, GenerateTargetsRequest, Tags, Target
from pants.engine.unions import UnionMembership, UnionRule

from modelyard_contract.release import SOURCES
from modelyard_pants.fields import (
    FUNCTION_FIELDS,
    ClassicField,
    DisplayNameField,
    FrameworkField,
    FunctionNameField,
    GpusField,
    HandlerField,
    HeadField,
    InvalidModelFunction,
    LabelsField,
    VariantsField,
    WeightsField,
)
from modelyard_pants.renderings.image import NUCLIO, STANDALONE
from modelyard_pants.subsystem import Modelyard
from modelyard_pants.target_types import (
    ModelAssets,
    ModelFunction,
    ModelImage,
    ModelPredict,
    ModelRelease,
    ModelSources,
    NuclioClassic,
    NuclioKubernetes,
    NuclioProcessor,
    NuclioSpec,
)
from modelyard_pants.validation import (
    require_distinct,
    require_usable_model,
    require_usable_variant,
)

# What a variant may say that no generated target has as a field.
_OF_THE_GENERATOR = ("resolve", WeightsField.alias, ClassicField.alias)


class GenerateModelFunctionTargets(GenerateTargetsRequest):
    generate_from = ModelFunction


@dataclass(frozen=True)
class Variant:
    """One variant of a function with its settings merged over the function's own."""

    name: str
    first: bool
    resolve: str
    sources_resolve: str
    weights: tuple[str, ...]
    classic: bool
    values: Mapping[str, Any]

    @property
    def output(self) -> str:
        return f"{self.values[FunctionNameField.alias]}/{self.name}"


def variants(
    generator: Target, modelyard: Modelyard, python_setup: PythonSetup
) -> Iterator[Variant]:
    """The variants of a function in the order of its BUILD file.

    Raises `InvalidModelFunction` when the resolve of a variant is not known.
    """
    values = {field.alias: generator[field].value for field in FUNCTION_FIELDS}
    framework = generator[FrameworkField].value
    sources_resolve = None
    for index, (name, settings) in enumerate(generator[VariantsField].value.items()):
        resolve = settings.get("resolve") or modelyard.resolves.get(f"{framework}-{name}")
        if resolve is None:
            raise InvalidModelFunction(
                generator.address,
                f"{VariantsField.alias}[{name}]",
                dict(settings),
                f"no resolve is known for {framework}-{name}: give the variant a `resolve`, or "
                "add it to [modelyard].resolves",
            )
        if resolve not in python_setup.resolves:
            raise InvalidModelFunction(
                generator.address,
                f"{VariantsField.alias}[{name}][resolve]",
                resolve,
                f"accepted: {', '.join(sorted(python_setup.resolves))}",
            )
        # Unless a variant has a handler of its own, a function has one set of sources, whatever
        # they run on. They are looked up, linted and tested in the resolve of the first variant, so
        # nobody has to install CUDA for that.
        sources_resolve = sources_resolve or resolve
        if HandlerField.alias in settings and generator[HeadField].value:
            raise InvalidModelFunction(
                generator.address,
                f"{VariantsField.alias}[{name}][{HandlerField.alias}]",
                settings[HandlerField.alias],
                "a head takes its place: leave one of them out",
            )
        overrides = {k: v for k, v in settings.items() if k not in _OF_THE_GENERATOR}
        yield Variant(
            name=name,
            first=index == 0,
            resolve=resolve,
            sources_resolve=resolve if HandlerField.alias in settings else sources_resolve,
            weights=settings.get(WeightsField.alias, generator[WeightsField].value or ()),
            classic=settings.get(ClassicField.alias, generator[ClassicField].value),
            values={**values, **({} if index == 0 else _suffixed(values, name)), **overrides},
        )


def _suffixed(values: Mapping[str, Any], variant: str) -> Mapping[str, Any]:
    # Two variants under one name would silently replace each other in Nuclio.
    return {
        FunctionNameField.alias: f"{values[FunctionNameField.alias]}-{variant}",
        DisplayNameField.alias: f"{values[DisplayNameField.alias]} ({variant.upper()})",
        "port": None,
    }


@rule
async def generate_model_function_targets(
    request: GenerateModelFunctionTargets,
    modelyard: Modelyard,
    python_setup: PythonSetup,
    union_membership: UnionMembership,
) -> GeneratedTargets:
    generator = request.generator
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
    """The author's file, or the module of the library that stands in for it."""
    if generator[HeadField].value:
        return modelyard.head_model.partition(":")[0]
    return HandlerField(variant.values[HandlerField.alias], generator.address).file


def _heavy(variant: Variant, common: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tag by which `--tag=-heavy` leaves out what takes gigabytes: images with CUDA in them."""
    if not variant.values[GpusField.alias]:
        return {}
    return {Tags.alias: [*(common.get(Tags.alias) or ()), "heavy"]}


def rules() -> Iterable[Any]:
    return (
        *collect_rules(),
        UnionRule(GenerateTargetsRequest, GenerateModelFunctionTargets),
    )
