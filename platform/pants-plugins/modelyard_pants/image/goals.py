"""`package`, `run` and `publish` of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.core.goals.package import (
    BuiltPackage,
    BuiltPackageArtifact,
    OutputPathField,
    PackageFieldSet,
)
from pants.core.goals.publish import (
    PublishFieldSet,
    PublishPackages,
    PublishProcesses,
    PublishRequest,
)
from pants.core.goals.run import RunFieldSet, RunInSandboxBehavior, RunRequest
from pants.engine.addresses import Address, Addresses, UnparsedAddressInputs
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import EMPTY_DIGEST, AddPrefix, Digest
from pants.engine.process import FallibleProcessResult, ProcessCacheScope
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import WrappedTarget, WrappedTargetRequest
from pants.engine.unions import UnionRule
from pants.util.frozendict import FrozenDict

from modelyard_pants.common.lookups import option_address
from modelyard_pants.common.named import Named, NamedRequest
from modelyard_pants.common.option_tools import OptionTool
from modelyard_pants.common.runnable import RunnableModule, in_workspace
from modelyard_pants.image.build import Image, ImageRequest
from modelyard_pants.image.foreign_images import REGISTRY_ENV
from modelyard_pants.image.targets import ImageMarkerField
from modelyard_pants.subsystem import Modelyard

_SHIP = "modelyard_tools.images.shipping.ship"
_THERE = 0
# An entry among the registries: skopeo's name for the engine of this machine.
ENGINE = "docker-daemon:"


@dataclass(frozen=True)
class ImageFieldSet(PackageFieldSet):
    required_fields = (ImageMarkerField,)

    marker: ImageMarkerField
    output_path: OutputPathField


@dataclass(frozen=True)
class RunImageFieldSet(RunFieldSet):
    required_fields = (ImageMarkerField,)
    run_in_sandbox_behavior = RunInSandboxBehavior.NOT_SUPPORTED

    marker: ImageMarkerField


class PublishImageRequest(PublishRequest):
    pass


@dataclass(frozen=True)
class PublishImageFieldSet(PublishFieldSet):
    publish_request_type = PublishImageRequest
    required_fields = (ImageMarkerField,)

    marker: ImageMarkerField


async def _image(address: Address, *, compressed: bool) -> Image:
    wrapped = await Get(
        WrappedTarget, WrappedTargetRequest(address, description_of_origin="images")
    )
    return await Get(Image, ImageRequest(wrapped.target, compressed))


async def _ship(
    image: FrozenDict[str, Digest], modelyard: Modelyard, *arguments: str
) -> RunRequest:
    addresses = await Get(
        Addresses, UnparsedAddressInputs, option_address("image_shipper", modelyard)
    )
    return await Get(
        RunRequest,
        RunnableModule(
            addresses,
            _SHIP,
            arguments=("--image", "{chroot}/image", *arguments),
            immutable=image,
        ),
    )


def _separate_layers(image: Image) -> FrozenDict[str, Digest]:
    """Separate layers, so that those of earlier images need not be laid out again."""
    layers = {f"image/layers/{number}": blob for number, blob in enumerate(image.blobs)}
    return FrozenDict({"image/described": image.described, **layers})


async def _has(
    image: Image,
    repository: str,
    tags: tuple[str, ...],
    environment: EnvironmentVars,
) -> bool:
    tool = await Get(VenvPex, OptionTool("image_shipper", _SHIP))
    result = await Get(
        FallibleProcessResult,
        VenvPexProcess(
            tool,
            argv=("--image", "image", "has", repository, *tags),
            input_digest=await Get(Digest, AddPrefix(image.described, "image")),
            extra_env=environment,
            cache_scope=ProcessCacheScope.PER_SESSION,
            description=f"Check whether {repository} has {image.reference}",
        ),
    )
    return result.exit_code == _THERE


@rule(desc="Package the image of a function")
async def package_image(field_set: ImageFieldSet) -> BuiltPackage:
    # Each image takes hundreds of megabytes in `dist`. People use `package ::` for everything else,
    # so an image is written only if it is named.
    if not (await Get(Named, NamedRequest(field_set.address))).by_user:
        return BuiltPackage(EMPTY_DIGEST, ())
    image = await _image(field_set.address, compressed=True)
    path = field_set.output_path.value_or_default(file_ending=None)
    digest = await Get(Digest, AddPrefix(image.digest, path))
    width = max(len(layer.name) for layer in image.layers)
    lines = tuple(
        f"{layer.name:{width}} {layer.files_size / 1e6:8.1f} MB,"
        f" {layer.size / 1e6:8.1f} MB compressed"
        for layer in image.layers
    )
    return BuiltPackage(
        digest, (BuiltPackageArtifact(relpath=path, extra_log_lines=(image.reference, *lines)),)
    )


@rule(desc="Build the image to run")
async def run_image(field_set: RunImageFieldSet, modelyard: Modelyard) -> RunRequest:
    image = await _image(field_set.address, compressed=False)
    return await _ship(_separate_layers(image), modelyard, "--port", str(image.port))


@rule(desc="Build the image to publish")
async def publish_image(request: PublishImageRequest, modelyard: Modelyard) -> PublishProcesses:
    image = await _image(request.field_set.address, compressed=False)
    name, _, tag = image.reference.rpartition(":")
    tags = published_tags(tag, image, modelyard.image_version)
    if not modelyard.image_registries:
        why = "[modelyard].image_registries names no registry"
        return PublishProcesses([PublishPackages(names=(image.reference,), description=why)])
    environment = await Get(EnvironmentVars, EnvironmentVarsRequest(REGISTRY_ENV))
    published = []
    for registry in modelyard.image_registries:
        if registry == ENGINE:
            load = in_workspace(
                await _ship(_separate_layers(image), modelyard, "load"), environment
            )
            published.append(PublishPackages((image.reference,), load, description="the engine"))
            continue
        repository = f"{registry.rstrip('/')}/{name}"
        names = tuple(f"{repository}:{tag}" for tag in tags)
        if await _has(image, repository, tags, environment):
            published.append(PublishPackages(names, description=f"{registry} has it already"))
            continue
        sent = await _image(request.field_set.address, compressed=True)
        whole = FrozenDict({"image": sent.digest})
        run = await _ship(whole, modelyard, "push", repository, *tags)
        push = in_workspace(run, environment)
        published.append(PublishPackages(names, push, description=registry))
    return PublishProcesses(published)


def published_tags(tag: str, image: Image, version: str | None) -> tuple[str, ...]:
    """The tags of an image; the first identifies its contents and never moves."""
    revision = image.revision
    clean = revision is not None and not revision.endswith("-dirty")
    return (
        f"{tag}-{image.content_digest[:12]}",
        tag,
        *((f"{tag}-git-{str(revision)[:12]}",) if clean else ()),
        *((f"{tag}-{version}",) if version else ()),
    )


def rules() -> Iterable[Any]:
    return (
        *collect_rules(),
        UnionRule(PackageFieldSet, ImageFieldSet),
        *RunImageFieldSet.rules(),
        *PublishImageFieldSet.rules(),
    )
