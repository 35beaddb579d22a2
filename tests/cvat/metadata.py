"""A function as CVAT parses it from the dashboard's answer, with CVAT's reasons to reject it."""

import json
from collections.abc import Mapping
from typing import Any, Final, Self

import msgspec

from modelyard.annotation import LabelSet

KINDS: Final = ("detector", "interactor", "tracker", "reid")


class LambdaFunction(msgspec.Struct, frozen=True):
    """The fields of a function that CVAT reads."""

    id: str
    kind: str
    name: str
    description: str
    port: int | None
    labels: LabelSet
    version: int
    min_pos_points: int
    min_neg_points: int
    startswith_box: bool
    startswith_box_optional: bool
    supported_shape_types: tuple[str, ...] | None

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Parse one entry of the dashboard's list.

        Raises:
            KeyError, ValueError: CVAT's list would fail, or leave the function out.
        """
        annotations = data["metadata"]["annotations"]
        if not all(isinstance(value, str) for value in annotations.values()):
            raise ValueError("an annotation is not a string")
        kind = annotations["type"]
        if kind not in KINDS:
            raise ValueError(f"unknown type {kind!r}")
        shapes = annotations.get("supported_shape_types")
        if shapes == "":
            raise ValueError("supported_shape_types is empty")
        function_id = data["metadata"]["name"]
        return cls(
            id=function_id,
            kind=kind,
            name=annotations.get("name", function_id),
            description=data["spec"]["description"],
            port=data["status"].get("httpPort"),
            labels=_labels(annotations.get("spec")),
            version=int(annotations.get("version", "1")),
            min_pos_points=int(annotations.get("min_pos_points", "1")),
            min_neg_points=int(annotations.get("min_neg_points", "-1")),
            # The truth value of a string: CVAT treats "false" as true.
            startswith_box=bool(annotations.get("startswith_box", "")),
            startswith_box_optional=bool(annotations.get("startswith_box_optional", "")),
            supported_shape_types=tuple(shapes.split(",")) if shapes else None,
        )


def _labels(spec: str | None) -> LabelSet:
    listed = json.loads(spec or "[]")
    for label in listed:
        for attribute in label.get("attributes", []):
            # CVAT reads all three of each and fails if one is missing.
            attribute["name"], attribute["input_type"], attribute["values"]
    return LabelSet.from_json(listed)
