"""CVAT's requests answered by a model: parse, decode, ask the model, check, encode."""

from typing import Any, assert_never

from annotation import (
    RequestError,
    Segment,
    Shape,
    encode_detections,
    encode_matches,
    encode_segment,
    encode_tracks,
    parse_detector,
    parse_interactor,
    parse_reid,
    parse_tracker,
)
from annotation.fields import Body
from imaging import Image, ImageError
from serving.assets import Assets
from serving.cache import ImageCache
from serving.loading import AnyModel
from serving.model import Clicks, Detector, Interactor, Reidentifier, Tracker
from serving.state import StateError, unwrap_state, wrap_state


class ResultError(Exception):
    """The model returned what its type does not allow: a mistake in the model."""


class Endpoint:
    """A loaded model behind CVAT's contract."""

    def __init__(self, model: AnyModel, assets: Assets, images: ImageCache) -> None:
        """Answer with `model`, whose labels and name are in `assets`."""
        self._model = model
        self._assets = assets
        self._images = images

    def answer(self, body: Body) -> bytes:
        """Return the JSON reply to the body of a request.

        Raises:
            RequestError: the request is at fault; status and one line say how.
            Exception: the model is.
        """
        try:
            match self._model:
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
            positive=request.positive,
            negative=request.negative,
            box=request.box,
            text=request.text_prompts,
            threshold=_given_or(request.threshold, model.default_threshold),
        )
        return encode_segment(fitting(model.segment(image, clicks), image))

    def _track(self, model: Tracker[Any], body: Body) -> bytes:
        request = parse_tracker(body, objects=bool(model.shape_types))
        image = self._images.decode(request.image)
        name = self._assets.name
        shapes: list[Shape | None] = []
        states: list[Any] = []
        for shape, sent in zip(request.shapes, request.states, strict=True):
            if sent is not None:
                moved, state = model.step(image, unwrap_state(name, sent, model.state_type))
                shapes.append(moved)
            elif shape is not None:
                state = model.start(image, shape)
                shapes.append(shape)
            else:
                raise RequestError(400, "shapes: an object has neither a shape nor a state")
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


def above(threshold: float, shapes: Any) -> list[Shape]:
    """Return the shapes with a score of at least `threshold`, and those without a score."""
    return [shape for shape in shapes if shape.confidence is None or shape.confidence >= threshold]


def _given_or(value: float | None, default: float) -> float:
    return default if value is None else value


def fitting(segment: Segment, image: Image) -> Segment:
    """Return `segment` if its mask covers `image`.

    Raises:
        ResultError: it has another size; CVAT would draw garbage.
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
