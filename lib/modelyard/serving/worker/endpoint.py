"""Answers CVAT's requests with a model: parse, decode, run the model, check, encode."""

import math
from collections.abc import Sequence
from typing import Any, assert_never

from modelyard.annotation import (
    RequestError,
    Segment,
    Shape,
    TrackedShape,
    encode_detections,
    encode_matches,
    encode_segment,
    encode_tracks,
    parse_detector,
    parse_interactor,
    parse_reid,
    parse_tracker,
)
from modelyard.annotation.fields import Body
from modelyard.imaging import Image, ImageError
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.cache import ImageCache
from modelyard.serving.author.model import Clicks, Detector, Interactor, Reidentifier, Tracker
from modelyard.serving.author.state import StateError, unwrap_state, wrap_state
from modelyard.serving.worker.loading import AnyModel


class ResultError(Exception):
    """The model returned an invalid result for its type: a bug in the model."""


class Endpoint:
    """A loaded model behind CVAT's contract. `model` may be replaced between two requests."""

    def __init__(self, model: AnyModel, assets: Assets, images: ImageCache) -> None:
        """Answer with `model`; `assets` has its labels and name."""
        self.model = model
        self._assets = assets
        self._images = images

    def answer(self, body: Body) -> bytes:
        """Return the JSON reply to the body of a request.

        Raises:
            RequestError: the request is invalid; status and one line say why.
            Exception: the model fails.
        """
        try:
            match self.model:
                case Detector() as model:
                    return self._detect(model, body)
                case Interactor() as model:
                    return self._segment(model, body)
                case Tracker() as model:
                    return self._track(model, body)
                case Reidentifier() as model:
                    return self._match(model, body)
                case _ as unknown:
                    assert_never(unknown)
        except ImageError as error:
            raise RequestError(error.status, f"image: {error.message}") from error
        except StateError as error:
            raise RequestError(400, f"states: {error}") from error

    def _detect(self, model: Detector, body: Body) -> bytes:
        request = parse_detector(body)
        image = self._images.decode(request.image)
        threshold = _given_or(request.threshold, model.default_threshold)
        shapes = above(threshold, model.detect(image, threshold))
        return encode_detections(shapes, self._assets.labels, image.size)

    def _segment(self, model: Interactor, body: Body) -> bytes:
        request = parse_interactor(body)
        image = self._images.decode(request.image)
        clicks = Clicks(
            positive=_onto(image, request.positive),
            negative=_onto(image, request.negative),
            box=_box_onto(image, request.box),
            text=request.text_prompts,
            threshold=_given_or(request.threshold, model.default_threshold),
        )
        return encode_segment(fitting(model.segment(image, clicks), image))

    def _track(self, model: Tracker[Any], body: Body) -> bytes:
        request = parse_tracker(body, objects=bool(model.shape_types))
        image = self._images.decode(request.image)
        name = self._assets.name
        sent = [
            None if state is None else unwrap_state(name, state, model.state_type)
            for state in request.states
        ]
        # All at once rather than one by one: networks are faster on batches.
        steps = iter(model.step_all(image, [state for state in sent if state is not None]))
        starting = [
            _started(shape, state) for shape, state in zip(request.shapes, sent, strict=True)
        ]
        starts = iter(model.start_all(image, [shape for shape in starting if shape is not None]))
        shapes: list[Shape | None] = []
        states: list[Any] = []
        for shape in starting:
            moved, state = next(steps) if shape is None else (shape, next(starts))
            shapes.append(moved)
            states.append(wrap_state(name, state))
        return encode_tracks(shapes, states, request, image.size)

    def _match(self, model: Reidentifier, body: Body) -> bytes:
        request = parse_reid(body)
        matches = model.match(
            self._images.decode(request.image0),
            self._images.decode(request.image1),
            request.boxes0,
            request.boxes1,
            _given_or(request.threshold, model.default_threshold),
            _given_or(request.max_distance, model.default_max_distance),
        )
        return encode_matches(matches, request)


def _started(shape: TrackedShape | None, state: object) -> TrackedShape | None:
    """Return the shape to start from; None if there is a state."""
    if state is not None:
        return None
    if shape is None:
        raise RequestError(400, "shapes: an object has neither a shape nor a state")
    return shape


def above(threshold: float, shapes: Any) -> list[Shape]:
    """Return shapes with a score of at least `threshold`, and those without a score."""
    return [shape for shape in shapes if shape.confidence is None or shape.confidence >= threshold]


def _onto(image: Image, points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Clip points to the image: a click outside it means its edge.

    So a model may use `int(x), int(y)` as the index of a pixel.
    """
    right, bottom = math.nextafter(image.width, 0), math.nextafter(image.height, 0)
    return tuple((min(max(x, 0.0), right), min(max(y, 0.0), bottom)) for x, y in points)


def _box_onto(
    image: Image, box: tuple[float, float, float, float] | None
) -> tuple[float, float, float, float] | None:
    """Clip a box to the image."""
    if box is None:
        return None
    left, right = (min(max(x, 0.0), float(image.width)) for x in box[::2])
    top, bottom = (min(max(y, 0.0), float(image.height)) for y in box[1::2])
    return left, top, right, bottom


def _given_or(value: float | None, default: float) -> float:
    return default if value is None else value


def fitting(segment: Segment, image: Image) -> Segment:
    """Return `segment` if its mask covers `image`.

    Raises:
        ResultError: its size is different; CVAT would draw garbage.
    """
    height, width = segment.mask.shape
    if segment.bounds is None:
        fits = (width, height) == image.size
    else:
        left, top, right, bottom = segment.bounds
        fits = left >= 0 and top >= 0 and right < image.width and bottom < image.height
    if not fits:
        where = f" at {segment.bounds}" if segment.bounds else ""
        raise ResultError(
            f"a mask of {width}x{height}{where} for an image of {image.width}x{image.height}"
        )
    return segment
