"""Images of functions: loaded into the engine, checked, and given a permanent name."""

from collections.abc import Collection
from typing import Final

import msgspec

from modelyard_contract.images import DIGEST_LABEL
from modelyard_tools.deployer.core.errors import DeployError
from modelyard_tools.deployer.core.releases import BuiltRelease
from modelyard_tools.deployer.nuclio.api import IMAGE, Config, Function
from modelyard_tools.engine.client import EngineError
from modelyard_tools.engine.engine import Engine
from modelyard_tools.engine.inspected import Image
from modelyard_tools.images.layout import Layout
from modelyard_tools.images.shipping.engine import Engine as ImageEngine

_SHORT: Final = 12
_DEBUG: Final = "debug"
# Where a build that made the image puts it, next to the release's other files.
_LAYOUT: Final = "image"


class Pinned(msgspec.Struct, frozen=True):
    """An image under a name derived from its content; `content` is the digest of that."""

    reference: str
    content: str


def pin(engine: Engine, release: BuiltRelease, reference: str) -> Pinned:
    """Get the image that function.yaml names into the engine, and give it a permanent name.

    It comes from the build, else from the engine, else from its registry.
    `reference` moves with the next build; a rollback needs a name that does not.

    Raises:
        DeployError: it is not found, or is not an image for Nuclio.
    """
    layout = _layout(release)
    found = engine.images([reference]).get(reference)
    if layout and (found is None or _content(found) != layout.labels.get(DIGEST_LABEL)):
        _load(layout, reference)
        found = engine.images([reference]).get(reference)
    if found is None:
        found = _pulled(engine, release, reference)
    if not found.has_healthcheck:
        raise DeployError(
            f"the image {reference} has no HEALTHCHECK, which Nuclio waits for; "
            f"is it the one of {release.manifest.address}-nuclio?"
        )
    content = _content(found)
    pinned = Pinned(f"{reference}-{content[:_SHORT]}", content)
    engine.tag(reference, pinned.reference)
    return pinned


def changed(
    engine: Engine, releases: Collection[BuiltRelease], functions: Collection[Function]
) -> set[str]:
    """Return the names of functions whose image has changed since they were deployed.

    The release may still be the same: a base image is not part of it.
    """
    built = {release.manifest.name: release for release in releases}
    deployed = {each.metadata.name: each for each in functions if _moving_name(each)}
    present = engine.images(_moving_name(each) for each in deployed.values())
    different = set()
    for name, function in deployed.items():
        layout = _layout(built[name]) if name in built else None
        image = present.get(_moving_name(function))
        wanted = layout.labels.get(DIGEST_LABEL) if layout else image and _content(image)
        if wanted and wanted != function.annotations[IMAGE]:
            different.add(name)
    return different


def remove_unused(
    engine: Engine, functions: Collection[Function], keep: Collection[Config]
) -> None:
    """Remove our names from images of `functions` that no configuration needs."""
    needed = {str(each.spec.get("image")) for each in functions}
    needed |= {str(config["spec"].get("image")) for config in keep}
    moving = {name for name in map(_moving_name, functions) if name}
    engine.untag([tag for tag in engine.tags() if tag not in needed and _is_ours(tag, moving)])


def debug_name(pinned: str) -> str:
    """Return the name of the debugger's image that is derived from the pinned one."""
    return f"{pinned.rpartition('-')[0]}-{_DEBUG}"


def _is_ours(tag: str, moving: Collection[str]) -> bool:
    name, _, content = tag.rpartition("-")
    return name in moving and (len(content) == _SHORT or content == _DEBUG)


def _moving_name(function: Function) -> str:
    """Return the image's name as in function.yaml; "" if we did not deploy it."""
    image, content = str(function.spec.get("image", "")), function.annotations.get(IMAGE, "")
    suffix = f"-{content[:_SHORT]}"
    return image.removesuffix(suffix) if content and image.endswith(suffix) else ""


def _layout(release: BuiltRelease) -> Layout | None:
    folder = release.folder / _LAYOUT
    return Layout.read(folder) if folder.exists() else None


def _load(layout: Layout, reference: str) -> None:
    try:
        ImageEngine().load(layout, [reference])
    except EngineError as error:
        raise DeployError(f"cannot load {reference}: {error}") from None


def _pulled(engine: Engine, release: BuiltRelease, reference: str) -> Image:
    try:
        engine.pull(reference)
        return engine.images([reference])[reference]
    except (EngineError, KeyError) as error:
        raise DeployError(
            f"image {reference} not found, neither here nor in a registry ({error}); build it: "
            f"./pants run {release.manifest.address}-nuclio -- load"
        ) from None


def _content(image: Image) -> str:
    """Return the digest of an image's content; of a foreign one, the digest of the image."""
    return image.labels.get(DIGEST_LABEL) or image.id.removeprefix("sha256:")
