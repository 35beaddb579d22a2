"""Images by digest instead of by tag, so that an object always names the same image.

A tag moves with the next build, so an object that names one cannot be rolled back later, neither
here nor from a repository of rendered objects.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec

from modelyard_tools.deployer.kubernetes.layout import Layout
from modelyard_tools.deployer.kubernetes.objects import names_registry
from modelyard_tools.images.errors import ImageToolError, NoSuchImageError
from modelyard_tools.images.shipping.registry import digest_of

_BY_DIGEST: Final = "@sha256:"
_AT_ONCE: Final = 8


class Answer(msgspec.Struct, frozen=True):
    """An image's name: by digest if its registry could be queried, else why not.

    `failure` says why a cluster could not pull it at all.
    """

    image: str
    unpinned: str = ""
    failure: str = ""


def is_pinned(image: str) -> bool:
    """Whether a name always refers to the same image."""
    return _BY_DIGEST in image


def pinned(layout: Layout) -> tuple[Layout, list[str]]:
    """Return `layout` with images by digest, and a line for each function that keeps a tag.

    An image that is not in its registry becomes a failure. Names without a registry, as for images
    that were loaded into the nodes, stay as they are.
    """
    images = {name: str(item["spec"]["image"]) for name, item in layout.functions.items()}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(images, pool.map(_ask, images.values()), strict=True))
    missing = {name: answer.failure for name, answer in answers.items() if answer.failure}
    functions = {
        name: _with_image(item, answers[name].image)
        for name, item in layout.functions.items()
        if name not in missing
    }
    kept = [
        f"{name} cannot be rolled back to later, since its image is named by tag: {answer.unpinned}"
        for name, answer in answers.items()
        if answer.unpinned
    ]
    return Layout(layout.projects, functions, {**layout.failures, **missing}), kept


def _with_image(item: Mapping[str, Any], image: str) -> dict[str, Any]:
    """Return a function's object with another image."""
    return {**item, "spec": {**item["spec"], "image": image}}


def _ask(image: str) -> Answer:
    if is_pinned(image) or not names_registry(image):
        return Answer(image)
    try:
        digest = digest_of(image)
    except NoSuchImageError as error:
        return Answer(image, failure=f"{error}; `./pants publish` pushes it")
    except ImageToolError as error:
        return Answer(image, unpinned=str(error))
    repository, _, last = image.rpartition("/")
    return Answer(f"{repository}/{last.partition(':')[0]}@{digest}")
