"""Label sets as CVAT reads them from a function's `spec` annotation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, get_args

from modelyard_contract.skeletons import DrawingError, check_drawing

LabelType = Literal[
    "rectangle",
    "polygon",
    "polyline",
    "points",
    "ellipse",
    "cuboid",
    "mask",
    "skeleton",
    "tag",
    "any",
]
AttributeType = Literal["select", "radio", "checkbox", "number", "text"]

LABEL_TYPES: tuple[LabelType, ...] = get_args(LabelType)
ATTRIBUTE_TYPES: tuple[AttributeType, ...] = get_args(AttributeType)
LABEL_KEYS = ("id", "name", "type", "attributes", "sublabels", "svg")
_ATTRIBUTE_KEYS = ("name", "input_type", "values")


class LabelError(ValueError):
    """A label set that CVAT would refuse. The message names the place and accepted values."""


def normalise_labels(
    raw: Iterable[Any], *, where: str = "labels", default_type: str = "any"
) -> list[dict[str, Any]]:
    """Check a label list; return it with every optional key that CVAT relies on.

    A plain string is short for a label with that name. One duplicate name in one function breaks
    CVAT's whole model list, so errors are not repaired.

    Args:
        raw: The list.
        where: Its name in messages.
        default_type: Type of labels without one.

    Raises:
        LabelError: CVAT would refuse a label or the list.
    """
    if isinstance(raw, (str, Mapping)) or not isinstance(raw, Iterable):
        raise LabelError(f"{where} is {raw!r}; a list is needed")
    labels = [_label(item, f"{where}[{index}]", default_type) for index, item in enumerate(raw)]
    _require_unique((label["name"] for label in labels), where, "label name")
    ids = [label["id"] for label in labels if "id" in label]
    _require_unique(ids, where, "label id")
    return labels


def _label(raw: Any, where: str, default_type: str) -> dict[str, Any]:
    if isinstance(raw, str):
        raw = {"name": raw}
    _require_mapping(raw, where, LABEL_KEYS)
    label: dict[str, Any] = {}
    if "id" in raw:
        if isinstance(raw["id"], bool) or not isinstance(raw["id"], int):
            raise LabelError(f"{where}.id is {raw['id']!r}; an integer is needed")
        label["id"] = raw["id"]
    label["name"] = _text(raw.get("name"), f"{where}.name")
    label["type"] = raw.get("type", default_type)
    if label["type"] not in LABEL_TYPES:
        raise LabelError(f"{where}.type is {label['type']!r}; accepted: {', '.join(LABEL_TYPES)}")
    label["attributes"] = _attributes(raw.get("attributes", ()), f"{where}.attributes")
    if label["type"] == "skeleton":
        label.update(_skeleton(raw, where))
    elif "sublabels" in raw or "svg" in raw:
        raise LabelError(f"{where} has sublabels or svg, which only a skeleton may have")
    return label


def _skeleton(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    if not raw.get("sublabels") or not isinstance(raw.get("svg"), str):
        raise LabelError(f"{where} is a skeleton and needs both sublabels and svg")
    sublabels = normalise_labels(
        raw["sublabels"], where=f"{where}.sublabels", default_type="points"
    )
    try:
        check_drawing(raw["svg"], (sublabel["name"] for sublabel in sublabels))
    except DrawingError as error:
        raise LabelError(f"{where}.svg cannot be used: {error}") from None
    return {"sublabels": sublabels, "svg": raw["svg"]}


def _attributes(raw: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise LabelError(f"{where} is {raw!r}; a list is needed")
    attributes = []
    for index, item in enumerate(raw):
        place = f"{where}[{index}]"
        _require_mapping(item, place, _ATTRIBUTE_KEYS)
        name = _text(item.get("name"), f"{place}.name")
        if item.get("input_type") not in ATTRIBUTE_TYPES:
            raise LabelError(
                f"{place}.input_type is {item.get('input_type')!r}; "
                f"accepted: {', '.join(ATTRIBUTE_TYPES)}"
            )
        values = item.get("values")
        if not isinstance(values, (list, tuple)) or not all(isinstance(v, str) for v in values):
            raise LabelError(f"{place}.values is {values!r}; a list of strings is needed")
        _require_usable(values, item["input_type"], f"{place}.values")
        attributes.append({"name": name, "input_type": item["input_type"], "values": list(values)})
    _require_unique((attribute["name"] for attribute in attributes), where, "attribute name")
    return attributes


def _require_usable(values: Sequence[str], input_type: str, where: str) -> None:
    """Check the values that CVAT offers for an attribute, or the range of a number."""
    accepted = {
        "select": "at least one value, each once",
        "radio": "at least one value, each once",
        "checkbox": "only 'true' and 'false'",
        "number": "minimum, maximum and step, as whole numbers in quotes",
    }
    usable = {
        "select": bool(values) and len(set(values)) == len(values),
        "radio": bool(values) and len(set(values)) == len(values),
        "checkbox": set(values) <= {"true", "false"},
        "number": _is_range(values),
    }
    if not usable.get(input_type, True):
        raise LabelError(f"{where} is {list(values)!r}; accepted: {accepted[input_type]}")


def _is_range(values: Sequence[str]) -> bool:
    if len(values) != 3 or not all(re.fullmatch(r"-?\d+", value) for value in values):
        return False
    least, greatest, step = map(int, values)
    return least < greatest and step > 0


def _require_mapping(raw: Any, where: str, known: Sequence[str]) -> None:
    if not isinstance(raw, Mapping):
        raise LabelError(f"{where} is {raw!r}; a name or a mapping with the key name is needed")
    unknown = sorted(set(raw) - set(known))
    if unknown:
        raise LabelError(
            f"{where} has the unknown key {unknown[0]!r}; accepted: {', '.join(known)}"
        )


def _text(raw: Any, where: str) -> str:
    if not isinstance(raw, str) or not raw or raw != raw.strip() or not raw.isprintable():
        raise LabelError(f"{where} is {raw!r}; text without spaces around it is needed")
    return raw


def _require_unique(values: Iterable[Any], where: str, what: str) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise LabelError(f"{where} has the {what} {value!r} twice; it must be unique")
        seen.add(value)
