"""`export-codegen` and `package` render the files that Nuclio reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Callable, Iterable, Mapping

from pants.core.target_types import FileSourceField
from pants.engine.fs import AddPrefix, CreateDigest, Digest, FileContent, Snapshot
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import GeneratedSources, GenerateSourcesRequest, Target
from pants.engine.unions import UnionRule

from modelyard_contract.release import CONFIG
from modelyard_pants.common.errors import InvalidModelFunction
from modelyard_pants.function.model import LabelsField
from modelyard_pants.function.spec import FunctionSpec
from modelyard_pants.function.target_spec import function_spec
from modelyard_pants.nuclio.classic import ClassicBuild, classic_files
from modelyard_pants.nuclio.classic_build import ClassicBuildRequest
from modelyard_pants.nuclio.function import function_files, render_function
from modelyard_pants.nuclio.kubernetes import kubernetes_files
from modelyard_pants.nuclio.processor import processor_files
from modelyard_pants.nuclio.size import SpecTooLarge
from modelyard_pants.nuclio.targets import (
    ClassicSourceField,
    KubernetesSourceField,
    NuclioSpecSourceField,
    ProcessorSourceField,
    RenderingSourceField,
)
from modelyard_pants.subsystem import Modelyard

_Files = Mapping[str, bytes]
_FORMS: Mapping[type, Callable[[FunctionSpec], _Files]] = {
    NuclioSpecSourceField: function_files,
    ProcessorSourceField: processor_files,
    KubernetesSourceField: kubernetes_files,
}


class GenerateRendering(GenerateSourcesRequest):
    input = RenderingSourceField
    output = FileSourceField


@dataclass(frozen=True)
class RenderingRequest:
    """A target with a `RenderingSourceField`, to render."""

    target: Target


@dataclass(frozen=True)
class Rendering:
    """The generated files, with paths relative to the function's BUILD file."""

    digest: Digest


@dataclass(frozen=True)
class NuclioSpecRequest:
    """The configuration of a target that has the fields of a function."""

    target: Target


@dataclass(frozen=True)
class NuclioSpecFile:
    """The rendered configuration: one file, `function.yaml`, at the root of `digest`.

    A release is of one variant, so the file's name does not include it.
    """

    digest: Digest


async def _digest_of(files: _Files) -> Digest:
    return await Get(
        Digest, CreateDigest(FileContent(path, content) for path, content in files.items())
    )


@rule(desc="Render a function for Nuclio")
async def render(request: RenderingRequest, modelyard: Modelyard) -> Rendering:
    target = request.target
    field = target[RenderingSourceField]
    spec = await function_spec(target, modelyard)
    if isinstance(field, ClassicSourceField):
        build = await Get(ClassicBuild, ClassicBuildRequest(target))
        files = _fitting(target, lambda spec: classic_files(spec, build), spec)
    else:
        files = _fitting(target, _FORMS[type(field)], spec)
    return Rendering(await _digest_of(files))


@rule
async def render_for_release(request: NuclioSpecRequest, modelyard: Modelyard) -> NuclioSpecFile:
    target = request.target
    spec = await function_spec(target, modelyard)
    files = _fitting(target, lambda spec: {CONFIG: render_function(spec)}, spec)
    return NuclioSpecFile(await _digest_of(files))


def _fitting(target: Target, form: Callable[[FunctionSpec], _Files], spec: FunctionSpec) -> _Files:
    try:
        return form(spec)
    except SpecTooLarge as error:
        count = f"{len(spec.labels)} labels"
        raise InvalidModelFunction(target.address, LabelsField.alias, count, str(error)) from None


@rule
async def generate_rendering(request: GenerateRendering) -> GeneratedSources:
    address = request.protocol_target.address
    folder = PurePath(address.spec_path)
    # Several functions may share a folder; all but its namesake get a subfolder.
    if address.target_name != folder.name:
        folder /= address.target_name
    rendering = await Get(Rendering, RenderingRequest(request.protocol_target))
    return GeneratedSources(await Get(Snapshot, AddPrefix(rendering.digest, str(folder))))


def rules() -> Iterable[Any]:
    return (*collect_rules(), UnionRule(GenerateSourcesRequest, GenerateRendering))
