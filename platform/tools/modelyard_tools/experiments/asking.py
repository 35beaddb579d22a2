"""What detectors answer, as shapes on pictures."""

import msgspec

from modelyard.annotation import AnnotationError, replies
from modelyard.imaging import Image, ImageError, decode
from modelyard_tools.experiments.datasets import Annotated
from modelyard_tools.experiments.errors import ExperimentError
from modelyard_tools.experiments.functions import Function
from modelyard_tools.experiments.pictures import Picture


class Seen(msgspec.Struct, frozen=True):
    """A picture, decoded, and what a detector found on it."""

    image: Image
    found: Annotated


def see(function: Function, picture: Picture, threshold: float) -> Seen:
    """Ask a detector about a picture.

    Args:
        function: The detector.
        picture: What to look at.
        threshold: The least score, 0..1.

    Raises:
        ExperimentError: the picture cannot be read, or the answer is none that CVAT could read.
    """
    image = readable(picture)
    # CVAT sends no threshold of 0 either.
    answer = function.ask(picture.file, **({"threshold": threshold} if threshold else {}))
    try:
        shapes = replies.detections(answer, function.labels)
    except (AnnotationError, replies.ReplyError) as error:
        raise ExperimentError(f"{function.name} about {picture.name}: {error}") from None
    return Seen(image, Annotated(picture.name, image.size, shapes))


def require_type(function: Function, *types: str) -> None:
    """Accept a function of one of these types.

    Raises:
        ExperimentError: it is of another.
    """
    if function.type not in types:
        raise ExperimentError(
            f"{function.name} is of type {function.type}; this needs a {' or '.join(types)}"
        )


def readable(picture: Picture) -> Image:
    """Return the picture decoded, as functions do it.

    Raises:
        ExperimentError: it cannot be.
    """
    try:
        return decode(picture.file)
    except ImageError as error:
        raise ExperimentError(f"{picture.name}: {error}") from None
