"""The optional annotations that CVAT reads from a function, and their accepted values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from modelyard_contract.function_types import INTERACTOR, TRACKER

TRACKED_SHAPES = ("rectangle", "polygon", "polyline", "points", "ellipse", "mask", "skeleton")

# CVAT's interface does not run interactors of the first protocol.
INTERACTOR_VERSION = "2"


class AnnotationError(ValueError):
    """A value that CVAT would misread. `key` is the annotation, or None if its name is wrong."""

    def __init__(self, key: str | None, value: str, accepted: str) -> None:
        super().__init__(accepted)
        self.key = key
        self.value = value
        self.accepted = accepted


@dataclass(frozen=True)
class _Annotation:
    function_type: str
    pattern: str
    accepted: str


_POINTS = "a number of points in quotes"
_TRUE = 'only "true": CVAT reads any text as true, so omit it for false'
_KNOWN: Mapping[str, _Annotation] = {
    "help_message": _Annotation(INTERACTOR, r"\S.*", "one line of text"),
    "animated_gif": _Annotation(INTERACTOR, r"https?://\S+", "the URL of a picture"),
    "version": _Annotation(INTERACTOR, r"[2-9]|[1-9]\d+", '"2" or a later protocol'),
    "min_pos_points": _Annotation(INTERACTOR, r"\d{1,3}", _POINTS),
    "min_neg_points": _Annotation(INTERACTOR, r"-1|\d{1,3}", f'{_POINTS}, or "-1" for none'),
    "startswith_box": _Annotation(INTERACTOR, "true", _TRUE),
    "startswith_box_optional": _Annotation(INTERACTOR, "true", _TRUE),
    "supported_shape_types": _Annotation(
        TRACKER,
        r"({0})(,({0}))*".format("|".join(TRACKED_SHAPES)),
        f'a list such as "rectangle,polygon" of {", ".join(TRACKED_SHAPES)}',
    ),
}


def is_readable(function_type: str, key: str, value: str) -> bool:
    """Return whether CVAT reads this annotation and value as intended, for this type."""
    known = _KNOWN.get(key)
    if known is None or known.function_type != function_type:
        return False
    return re.fullmatch(known.pattern, value) is not None


def check_values(annotations: Mapping[str, str]) -> None:
    """Check each annotation separately.

    Raises:
        AnnotationError: CVAT does not support the key or cannot read the value.
    """
    for key, value in annotations.items():
        if key not in _KNOWN:
            raise AnnotationError(None, key, f"accepted: {', '.join(_KNOWN)}")
        known = _KNOWN[key]
        if not re.fullmatch(known.pattern, value):
            raise AnnotationError(key, value, f"accepted: {known.accepted}")
    shapes = annotations.get("supported_shape_types", "").split(",")
    if len(shapes) != len(set(shapes)):
        raise AnnotationError("supported_shape_types", ",".join(shapes), "each shape once")


def check_for_type(function_type: str, annotations: Mapping[str, str]) -> None:
    """Check annotations against the function's type and against each other.

    Raises:
        AnnotationError: one applies only to other types, or two contradict each other.
    """
    for key, value in annotations.items():
        wanted = _KNOWN[key].function_type
        if wanted != function_type:
            raise AnnotationError(
                key, value, f"CVAT reads it only for type={wanted!r}, not for {function_type!r}"
            )
    if "startswith_box" in annotations and "startswith_box_optional" in annotations:
        raise AnnotationError(
            "startswith_box_optional",
            annotations["startswith_box_optional"],
            "a box is either required (startswith_box) or optional (this one), not both",
        )


def implied(function_type: str) -> dict[str, str]:
    """Return the annotations that CVAT requires, with default values."""
    return {"version": INTERACTOR_VERSION} if function_type == INTERACTOR else {}


def complete(function_type: str, annotations: Mapping[str, str]) -> dict[str, str]:
    """Return `annotations` with the implied ones added."""
    return {**implied(function_type), **annotations}
