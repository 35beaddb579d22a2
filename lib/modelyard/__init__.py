"""The library for functions: CVAT's contract, images, networks, serving.

`from modelyard import Detector, Image, Rectangle` imports the modules of these names and no others:
a function that runs on OpenVINO needs no torch, and the server no numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from modelyard_contract.exports import MODULES

# Every module of the library depends on this file, so it must not depend on them: the plugin adds
# the modules of imported names (modelyard_pants/sources/exports.py).
if TYPE_CHECKING:
    from modelyard.annotation import (
        Attribute,  # pants: no-infer-dep
        Bitmap,  # pants: no-infer-dep
        Cuboid,  # pants: no-infer-dep
        Ellipse,  # pants: no-infer-dep
        Keypoint,  # pants: no-infer-dep
        Label,  # pants: no-infer-dep
        LabelSet,  # pants: no-infer-dep
        Mask,  # pants: no-infer-dep
        Points,  # pants: no-infer-dep
        Polygon,  # pants: no-infer-dep
        Polyline,  # pants: no-infer-dep
        Rectangle,  # pants: no-infer-dep
        ReidBox,  # pants: no-infer-dep
        RequestError,  # pants: no-infer-dep
        Segment,  # pants: no-infer-dep
        Shape,  # pants: no-infer-dep
        Skeleton,  # pants: no-infer-dep
        Tag,  # pants: no-infer-dep
        TrackedShape,  # pants: no-infer-dep
        bounding_box,  # pants: no-infer-dep
    )
    from modelyard.imaging import (
        Image,  # pants: no-infer-dep
        Interpolation,  # pants: no-infer-dep
        Pixels,  # pants: no-infer-dep
        crop,  # pants: no-infer-dep
        letterbox,  # pants: no-infer-dep
        polygons,  # pants: no-infer-dep
        resize,  # pants: no-infer-dep
    )
    from modelyard.inference.device import Device  # pants: no-infer-dep
    from modelyard.inference.openvino import OpenVINOSession  # pants: no-infer-dep
    from modelyard.serving.author.assets import Assets  # pants: no-infer-dep
    from modelyard.serving.author.model import (
        Clicks,  # pants: no-infer-dep
        Detector,  # pants: no-infer-dep
        Interactor,  # pants: no-infer-dep
        NotWrittenError,  # pants: no-infer-dep
        Reidentifier,  # pants: no-infer-dep
        Tracker,  # pants: no-infer-dep
    )
    from modelyard.serving.author.state import (
        PackedArray,  # pants: no-infer-dep
        StateError,  # pants: no-infer-dep
    )

__all__ = [
    "Assets",
    "Attribute",
    "Bitmap",
    "Clicks",
    "Cuboid",
    "Detector",
    "Device",
    "Ellipse",
    "Image",
    "Interactor",
    "Interpolation",
    "Keypoint",
    "Label",
    "LabelSet",
    "Mask",
    "NotWrittenError",
    "OpenVINOSession",
    "PackedArray",
    "Pixels",
    "Points",
    "Polygon",
    "Polyline",
    "Rectangle",
    "ReidBox",
    "Reidentifier",
    "RequestError",
    "Segment",
    "Shape",
    "Skeleton",
    "StateError",
    "Tag",
    "TrackedShape",
    "Tracker",
    "bounding_box",
    "crop",
    "letterbox",
    "polygons",
    "resize",
]


def __getattr__(name: str) -> Any:
    """Import the module that defines the name."""
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)


def __dir__() -> list[str]:
    """List the names that can be imported."""
    return sorted({*globals(), *MODULES})
