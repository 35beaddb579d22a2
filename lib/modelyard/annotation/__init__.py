"""CVAT's contract with a serverless function, as types.

Bytes to request (`parse_…`), shapes and labels, reply to bytes (`encode_…`). It knows
nothing of models and does not decode images.
"""

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.clipping import clip
from modelyard.annotation.coordinates import Box
from modelyard.annotation.errors import AnnotationError, LabelError, RequestError, ShapeError
from modelyard.annotation.extents import bounding_box, rectangle_corners
from modelyard.annotation.labels import Label, LabelAttribute, LabelSet
from modelyard.annotation.masks import Bitmap
from modelyard.annotation.requests import (
    DetectorRequest,
    InteractorRequest,
    ReidBox,
    ReidRequest,
    parse_detector,
    parse_interactor,
    parse_reid,
)
from modelyard.annotation.responses import encode_detections, encode_segment, visible
from modelyard.annotation.segments import Segment
from modelyard.annotation.shapes import (
    Cuboid,
    Ellipse,
    Keypoint,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Skeleton,
    Tag,
)
from modelyard.annotation.track_responses import encode_matches, encode_tracks
from modelyard.annotation.tracking import TrackedShape, TrackerRequest, parse_tracker

__all__ = [
    "AnnotationError",
    "Attribute",
    "Bitmap",
    "Box",
    "Cuboid",
    "DetectorRequest",
    "Ellipse",
    "InteractorRequest",
    "Keypoint",
    "Label",
    "LabelAttribute",
    "LabelError",
    "LabelSet",
    "Mask",
    "Points",
    "Polygon",
    "Polyline",
    "Rectangle",
    "ReidBox",
    "ReidRequest",
    "RequestError",
    "Segment",
    "Shape",
    "ShapeError",
    "Skeleton",
    "Tag",
    "TrackedShape",
    "TrackerRequest",
    "bounding_box",
    "clip",
    "encode_detections",
    "encode_matches",
    "encode_segment",
    "encode_tracks",
    "parse_detector",
    "parse_interactor",
    "parse_reid",
    "parse_tracker",
    "rectangle_corners",
    "visible",
]
