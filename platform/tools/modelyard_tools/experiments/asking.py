"""Calls detectors and returns their answers as shapes on pictures."""

import msgspec

from modelyard.annotation import AnnotationError, replies
from modelyard.imaging import Image, ImageError, decode
from modelyard_tools.experiments.datasets import Annotated
from modelyard_tools.experiments.errors import ExperimentError
from modelyard_tools.experiments.functions import Function
from modelyard_tools.experiments.pictures import Picture


class Seen(msgspec.Struct, frozen=True):
    """A decoded picture and what a detector found on it."""

    image: Image
    found: Annotated


def see(function: Function, picture: Picture, threshold: float) -> Seen:
    """Call a detector with a picture.

    Args:
        function: The detector.
        picture: The picture to send.
        threshold: The minimum score, 0..1.

    Raises:
        ExperimentError: the picture cannot be read, or CVAT could not read the answer.
    """
    image = readable(picture)
    # CVAT does not send a threshold of 0 either.
    answer = function.ask(picture.file, **({"threshold": threshold} if threshold else {}))
    try:
        shapes = replies.detections(answer, function.labels)
    except (AnnotationError, replies.ReplyError) as error:
        raise ExperimentError(f"{function.name} about {picture.name}: {error}") from None
    return Seen(image, Annotated(picture.name, image.size, shapes))


def require_type(function: Function, *types: str) -> None:
    """Check that a function is of one of these types.

    Raises:
        ExperimentError: it is of another type.
    """
    if function.type not in types:
        raise ExperimentError(
            f"{function.name} is of type {function.type}; this needs a {' or '.join(types)}"
        )


def readable(picture: Picture) -> Image:
    """Decode a picture as functions do.

    Raises:
        ExperimentError: it cannot be decoded.
    """
    try:
        return decode(picture.file)
    except ImageError as error:
        raise ExperimentError(f"{picture.name}: {error}") from None
