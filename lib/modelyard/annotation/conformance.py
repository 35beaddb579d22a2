"""Checks that a shape is one that the function declares.

CVAT silently drops unknown names, so a name misspelt in a handler looks like a model that
finds nothing. Here it is an error that lists the declared names.
"""

import numpy as np
from msgspec.structs import replace

from modelyard.annotation.attributes import Attribute
from modelyard.annotation.errors import LabelError
from modelyard.annotation.labels import Label, LabelSet
from modelyard.annotation.shapes import Keypoint, Shape, Skeleton


def conform(shape: Shape, labels: LabelSet) -> Shape:
    """Return the shape if it is declared, with missing joints added to a skeleton.

    Raises:
        LabelError: the label, a sublabel or an attribute is not declared, the label has
            another type, or a choice is not among the declared values.
    """
    label = labels.by_name(shape.label)
    if not label.accepts(shape.kind):
        raise LabelError(f"label {label.name!r} is for {label.type} shapes, not for {shape.kind}")
    _check_attributes(shape.attributes, label)
    return _complete(shape, label) if isinstance(shape, Skeleton) else shape


def _check_attributes(attributes: tuple[Attribute, ...], label: Label) -> None:
    declared = {attribute.name: attribute for attribute in label.attributes}
    for attribute in attributes:
        if attribute.name not in declared:
            raise LabelError(
                f"label {label.name!r} does not have the attribute {attribute.name!r}; "
                f"it declares {sorted(declared)}"
            )
        if not declared[attribute.name].accepts(attribute.value):
            raise LabelError(
                f"attribute {attribute.name!r} of label {label.name!r} cannot be "
                f"{attribute.value!r}; it declares {list(declared[attribute.name].values)}"
            )


def _complete(skeleton: Skeleton, label: Label) -> Skeleton:
    """Put the joints in the declared order; add missing ones, outside, at the centre."""
    given = {joint.label: joint for joint in skeleton.elements}
    sublabels = {sublabel.name: sublabel for sublabel in label.sublabels}
    for joint in skeleton.elements:
        if joint.label not in sublabels:
            raise LabelError(
                f"skeleton {label.name!r} does not have the sublabel {joint.label!r}; "
                f"it declares {list(sublabels)}"
            )
        _check_attributes(joint.attributes, sublabels[joint.label])
    x, y = np.mean([joint.point for joint in skeleton.elements], axis=0).tolist()
    elements = (given.get(name) or Keypoint(name, (x, y), outside=True) for name in sublabels)
    return replace(skeleton, elements=tuple(elements))
