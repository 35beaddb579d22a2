"""A function's names, and what CVAT needs to know about it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from modelyard_contract.annotations import implied, is_readable
from modelyard_contract.function_types import DETECTOR, FUNCTION_TYPES
from modelyard_contract.labels import LABEL_KEYS
from modelyard_contract.names import LONGEST_NAME, FunctionNameError, check_function_name
from modelyard_tools.adopt.errors import AdoptError
from modelyard_tools.adopt.notes import Notes

# CVAT's annotations that have fields of their own.
_OWN: Final = frozenset({"name", "type", "spec", "framework"})


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Name, type, texts, labels (as CVAT's spec lists them) and further annotations."""

    name: str
    type: str
    display_name: str
    description: str
    labels: list[dict[str, Any]]
    annotations: dict[str, str]


def identity_of(config: Mapping[str, Any], file: str, notes: Notes) -> Identity:
    """Read the identity from a function.yaml.

    Raises:
        AdoptError: CVAT would not list this function either.
    """
    metadata, spec = config["metadata"], config["spec"]
    annotations = metadata.get("annotations") or {}
    kind = str(annotations.get("type", ""))
    if kind not in FUNCTION_TYPES:
        raise AdoptError(
            f"{file}: metadata.annotations.type is {kind!r}; "
            f"CVAT accepts {', '.join(FUNCTION_TYPES)}"
        )
    name = _name(str(metadata.get("name") or ""), file, notes)
    display = _line(annotations.get("name")) or name
    description = _line(spec.get("description"))
    if not description:
        description = display
        notes.add(f"{file} spec.description", "is missing; the display name is used")
    labels = _cleaned(_labels(annotations.get("spec"), file), file, notes)
    if labels and kind != DETECTOR:
        notes.add(
            f"{file} metadata.annotations.spec", f"left out: CVAT does not read labels of a {kind}"
        )
        labels = []
    return Identity(
        name=name,
        type=kind,
        display_name=display,
        description=description,
        labels=labels,
        annotations=_annotations(annotations, kind, file, notes),
    )


def _name(given: str, file: str, notes: Notes) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", given.lower()).strip("-")[:LONGEST_NAME].strip("-")
    if not name:
        raise AdoptError(f"{file}: metadata.name is {given!r}; set a name")
    try:
        check_function_name(name)
    except FunctionNameError as error:
        raise AdoptError(f"{file}: metadata.name is {given!r}; {error}") from None
    if name != given:
        notes.add(f"{file} metadata.name", f"{given} became {name}, which current Nuclio accepts")
    return name


def _labels(text: Any, file: str) -> list[dict[str, Any]]:
    where = f"{file}: metadata.annotations.spec"
    if text in (None, ""):
        return []
    try:
        labels = json.loads(text) if isinstance(text, str) else text
    except ValueError as error:
        raise AdoptError(f"{where} is not JSON: {error}") from None
    if not isinstance(labels, list) or not all(isinstance(each, dict) for each in labels):
        raise AdoptError(f"{where} is not a list of labels")
    return labels


def _cleaned(
    labels: list[dict[str, Any]], file: str, notes: Notes, where: str = "label"
) -> list[dict[str, Any]]:
    """Return the labels without anything that would break CVAT's list of models, or ours."""
    cleaned: dict[str, dict[str, Any]] = {}
    for label in labels:
        name = str(label.get("name", "")).strip()
        place = f"{file} {where} {name!r}"
        if not name or name in cleaned:
            notes.add(place, "is a duplicate; left out" if name else "has no name; left out")
            continue
        for key in sorted(set(label) - set(LABEL_KEYS)):
            notes.add(place, f"{key} left out: CVAT does not read it")
        kept = {key: label[key] for key in ("id", "type", "svg") if label.get(key) is not None}
        attributes = [_attribute(each) for each in label.get("attributes") or ()]
        sublabels = _cleaned(label.get("sublabels") or [], file, notes, f"{where} {name!r},")
        lists = {"attributes": attributes, "sublabels": sublabels}
        cleaned[name] = {"name": name, **kept, **{key: each for key, each in lists.items() if each}}
    return list(cleaned.values())


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": str(attribute.get("name", "")).strip(),
        "input_type": attribute.get("input_type", "text"),
        "values": [_line(value) for value in attribute.get("values") or ()],
    }


def _annotations(given: Mapping[str, Any], kind: str, file: str, notes: Notes) -> dict[str, str]:
    kept: dict[str, str] = {}
    for key in sorted(set(given) - _OWN):
        value = given[key]
        text = _line(str(value).lower() if isinstance(value, bool) else value)
        if key not in _LEFT_OUT and is_readable(kind, key, text):
            if implied(kind).get(key) != text:
                kept[key] = text
        elif text:
            reason = _WHY.get(key, f"not a known annotation of a {kind}")
            notes.add(f"{file} metadata.annotations.{key}", f"{text!r} left out: {reason}")
    if {"startswith_box", "startswith_box_optional"} <= kept.keys():
        del kept["startswith_box_optional"]
        notes.add(
            f"{file} metadata.annotations", "startswith_box_optional left out: the box is required"
        )
    return kept


# CVAT would read these.
_LEFT_OUT: Final = frozenset({"supported_shape_types"})
_WHY: Final = {
    "supported_shape_types": "adopted trackers are given boxes",
    "version": "replies follow version 2 of CVAT's protocol, whatever the author's code uses",
    "startswith_box": "CVAT takes any text for true, so leaving it out means false",
    "startswith_box_optional": "CVAT takes any text for true, so leaving it out means false",
}


def _line(value: Any) -> str:
    return " ".join(str(value or "").split()) if not isinstance(value, int) else str(value)


def label_set_of(labels: list[dict[str, Any]], repository: Path) -> str | None:
    """Return the address of the repository's label set with exactly these labels, if any."""
    folder = repository / "lib" / "modelyard" / "annotation" / "labels"
    for file in sorted(folder.glob("*.json")):
        if _plain(json.loads(file.read_text(encoding="utf-8"))) == _plain(labels):
            return f"lib/modelyard/annotation/labels:{file.stem}"
    return None


def _plain(labels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return labels without empty values."""
    return [
        {key: value for key, value in label.items() if value not in (None, [], ())}
        for label in labels
    ]
