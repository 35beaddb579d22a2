"""A detector as an auto-annotation function of CVAT's SDK.

```
./pants cvat-cli --server-host HOST task auto-annotate TASK \
    --function-module modelyard_tools.experiments.cvat_function \
    -p function=str:coco-ssd --allow-unmatched-labels
```

The function is called over HTTP, so it is the same one that CVAT's server would call, whatever it
runs on, and neither it nor its image needs the SDK.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final, assert_never

import cvat_sdk.auto_annotation as cvataa
import PIL.Image
from cvat_sdk import models
from cvat_sdk.attributes import attribute_value_validator
from cvat_sdk.masks import encode_mask

from modelyard.annotation import (
    Attribute,
    Cuboid,
    Ellipse,
    Label,
    LabelSet,
    Mask,
    Points,
    Polygon,
    Polyline,
    Rectangle,
    Shape,
    Skeleton,
    Tag,
)
from modelyard.imaging import crop, fill, polygons
from modelyard_contract.function_types import DETECTOR
from modelyard_tools.experiments.asking import require_type, see
from modelyard_tools.experiments.conversion import whole_mask
from modelyard_tools.experiments.errors import ExperimentError
from modelyard_tools.experiments.functions import Function, default_platform, find_function
from modelyard_tools.experiments.pictures import Picture

# Modes that PNG supports; others are converted to RGB, as functions do.
_MODES: Final = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")

Size = tuple[int, int]
"""Width and height of an image in pixels."""


def create(function: str, platform: str = "") -> "DetectionFunction":
    """Return the auto-annotation function of a deployed detector: the SDK's entry point.

    `function` is its name on `platform`, the address of a Nuclio dashboard; by default the embedded
    platform of this machine.

    Raises:
        BadFunctionError: there is no such detector, or the SDK cannot use it.
    """
    try:
        return DetectionFunction(find_function(function, platform or default_platform()))
    except ExperimentError as error:
        raise cvataa.BadFunctionError(str(error)) from None


class DetectionFunction:
    """The object that the SDK's driver calls."""

    def __init__(self, function: Function) -> None:
        """Wrap a detector.

        Raises:
            ExperimentError: it is not a detector, or it does not declare labels.
        """
        require_type(function, DETECTOR)
        if function.labels is None:
            raise ExperimentError(f"{function.name} does not declare labels")
        self._function = function
        self._specs = _label_specs(function.labels)
        self.spec = cvataa.DetectionFunctionSpec(labels=list(self._specs.values()))

    def detect(
        self, context: cvataa.DetectionFunctionContext, image: PIL.Image.Image
    ) -> Sequence[cvataa.DetectionAnnotation]:
        """Return what the detector finds in the image.

        Raises:
            ExperimentError: it cannot be called, or answers with anything but shapes.
        """
        # Without a threshold, the detector uses its own.
        picture = Picture(context.frame_name, _file(image))
        seen = see(self._function, picture, context.conf_threshold or 0.0)
        size = seen.image.size
        return [
            _annotation(part, self._specs[shape.label], size)
            for shape in seen.found.shapes
            for part in self._of_declared_kind(shape, size, outlines=context.conv_mask_to_poly)
        ]

    def _of_declared_kind(self, shape: Shape, size: Size, *, outlines: bool) -> Iterator[Shape]:
        """Yield the shape in the SDK's form, which tells masks and polygons apart."""
        kind = getattr(self._specs[shape.label], "type", "any")
        if isinstance(shape, Mask) and (outlines or kind == "polygon"):
            corner = (shape.left, shape.top)
            for outline in polygons(shape.bitmap):
                points = tuple((outline + corner).ravel().tolist())
                yield Polygon(shape.label, points, **_common(shape))
        elif isinstance(shape, Polygon) and kind == "mask" and not outlines:
            part = crop(fill(shape.points, size))
            if part is not None:
                yield Mask(shape.label, *part, **_common(shape))
        else:
            yield shape


def _common(shape: Shape) -> dict[str, Any]:
    return {
        "confidence": shape.confidence,
        "attributes": shape.attributes,
        "group_id": shape.group_id,
    }


def _file(image: PIL.Image.Image) -> bytes:
    file = io.BytesIO()
    picture = image if image.mode in _MODES else image.convert("RGB")
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _label_specs(labels: LabelSet) -> dict[str, models.PatchedLabelRequest]:
    """Return the SDK's labels by name, numbered with ids."""
    return {label.name: _label_spec(label, number) for number, label in enumerate(labels)}


def _label_spec(label: Label, number: int) -> models.PatchedLabelRequest:
    attributes = _attribute_specs(label)
    if label.type != "skeleton":
        return cvataa.label_spec(label.name, number, type=label.type, attributes=attributes)
    joints = [
        cvataa.keypoint_spec(joint.name, index, attributes=_attribute_specs(joint))
        for index, joint in enumerate(label.sublabels)
    ]
    return cvataa.skeleton_label_spec(label.name, number, joints, attributes=attributes)


def _attribute_specs(label: Label) -> list[models.AttributeRequest]:
    return [
        cvataa.attribute_spec(item.name, number, item.input_type, list(item.values))
        for number, item in enumerate(label.attributes)
    ]


def _annotation(
    shape: Shape, spec: models.PatchedLabelRequest, size: Size
) -> cvataa.DetectionAnnotation:
    more: dict[str, Any] = {"attributes": _values(shape.attributes, spec)}
    if shape.group_id is not None:
        more["group"] = shape.group_id
    if isinstance(shape, Tag):
        return cvataa.tag(spec.id, **more)
    if shape.confidence is not None:
        more["score"] = shape.confidence
    if isinstance(shape, Rectangle | Ellipse):
        more["rotation"] = shape.rotation
    if isinstance(shape, Skeleton):
        return cvataa.skeleton(spec.id, _joints(shape, spec), **more)
    return cvataa.shape(spec.id, type=shape.kind, points=_points(shape, size), **more)


def _joints(
    skeleton: Skeleton, spec: models.PatchedLabelRequest
) -> list[models.SubLabeledShapeRequest]:
    specs = {joint.name: joint for joint in spec.sublabels}
    return [
        cvataa.keypoint(
            specs[joint.label].id,
            list(joint.point),
            outside=joint.outside,
            attributes=_values(joint.attributes, specs[joint.label]),
        )
        for joint in skeleton.elements
    ]


def _points(
    shape: Rectangle | Ellipse | Mask | Polygon | Polyline | Points | Cuboid, size: Size
) -> list[float]:
    match shape:
        case Rectangle():
            return list(shape.box)
        case Ellipse():
            # CVAT expects the centre, then x of the rightmost and y of the topmost point.
            (x, y), (horizontal, vertical) = shape.center, shape.radii
            return [x, y, x + horizontal, y - vertical]
        case Mask():
            return list(encode_mask(whole_mask(shape, size)))
        case Polygon() | Polyline() | Points() | Cuboid():
            return list(shape.points)
        case _:
            assert_never(shape)


def _values(
    given: Sequence[Attribute], spec: models.PatchedLabelRequest | models.SublabelRequest
) -> list[models.AttributeValRequest]:
    """Return the values that CVAT would keep; it drops, for example, numbers out of range."""
    specs = {item.name: item for item in spec.attributes}
    return [
        models.AttributeValRequest(spec_id=specs[item.name].id, value=item.value)
        for item in given
        if attribute_value_validator(specs[item.name])(item.value)
    ]
