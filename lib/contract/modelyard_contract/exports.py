"""The names that authors can import with `from modelyard import …`, and their modules.

Python imports a module when a name from it is used, and Pants makes it a dependency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PACKAGE: Final = "modelyard"

EXPORTS: Final[Mapping[str, tuple[str, ...]]] = {
    "modelyard.annotation": (
        "Attribute",
        "Bitmap",
        "Cuboid",
        "Ellipse",
        "Keypoint",
        "Label",
        "LabelSet",
        "Mask",
        "Points",
        "Polygon",
        "Polyline",
        "Rectangle",
        "ReidBox",
        "RequestError",
        "Segment",
        "Shape",
        "Skeleton",
        "Tag",
        "TrackedShape",
        "bounding_box",
    ),
    "modelyard.imaging": (
        "Image",
        "Interpolation",
        "Pixels",
        "crop",
        "letterbox",
        "polygons",
        "resize",
    ),
    "modelyard.inference.device": ("Device",),
    "modelyard.inference.openvino": ("OpenVINOSession",),
    "modelyard.serving.author.assets": ("Assets",),
    "modelyard.serving.author.model": (
        "Clicks",
        "Detector",
        "Interactor",
        "NotWrittenError",
        "Reidentifier",
        "Tracker",
    ),
    "modelyard.serving.author.state": ("PackedArray", "StateError"),
}
"""The names, by their module."""

MODULES: Final[Mapping[str, str]] = {
    name: module for module, names in EXPORTS.items() for name in names
}
"""The module of each name."""
