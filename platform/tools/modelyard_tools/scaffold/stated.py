"""What the author states on the command line: head, options, labels. It overrides the file."""

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from modelyard.inference.heads.errors import HeadError
from modelyard.inference.heads.fitting import find_head
from modelyard.inference.readers.classes import names_in_label_map, names_in_lines, names_of
from modelyard.inference.readers.facts import ModelFile, Reading, image_size
from modelyard_contract.heads import HEADS, HeadOptionError, check_options
from modelyard_tools.scaffold.errors import NetworkError

_FLAG: Final = "--option"
_TYPES: Final = {
    "detect": "rectangle",
    "segment": "mask",
    "pose": "skeleton",
    "obb": "rectangle",
}


class Stated(msgspec.Struct, frozen=True):
    """Head, options and class names by number, as far as they are stated."""

    head: str | None = None
    options: Mapping[str, Any] = {}
    labels: Mapping[int, str] = {}
    labelled_by: str = ""


def options_of(texts: Sequence[str]) -> dict[str, Any]:
    """Return head options written KEY=VALUE; lists are comma-separated or as in a BUILD file.

    Raises:
        NetworkError: one is not accepted.
    """
    options = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise NetworkError(f"{_FLAG} {text!r} is not KEY=VALUE, such as activation=sigmoid")
        options[key.strip()] = _value(value.strip())
    try:
        check_options(options)
    except HeadOptionError as error:
        raise NetworkError(f"{_FLAG}: {error}") from None
    return options


def labels_of(path: Path) -> dict[int, str]:
    """Return the class names in a file, by number.

    A text with a name on each line, a JSON list or mapping, a YAML file with `names` (Ultralytics'
    data.yaml), or a label map of TensorFlow's Object Detection API (.pbtxt), with ids from 1.

    Raises:
        NetworkError: it has no names.
        OSError: it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise NetworkError(f"{path.name} is not text in UTF-8") from None
    names = _names(path.suffix.lower(), text)
    if not names:
        raise NetworkError(
            f"{path.name} names no classes; accepted: a text file with a name on each line, a JSON "
            "list, a YAML file with names, or a label map (.pbtxt)"
        )
    return names


def stated_reading(file: ModelFile, stated: Stated) -> Reading:
    """Return the reading for a stated head.

    Raises:
        ReadingError: the number of classes is not known.
        NetworkError: the outputs do not fit the head.
    """
    name = stated.head or ""
    head = find_head(name)
    reading = Reading(name, "--head")
    try:
        options = head.defaults.changed(stated.options, HEADS[name])
        count = head.classes(file.shapes, image_size(file) or (-1, -1), options)
    except HeadError as error:
        raise NetworkError(f"{file.name}, head {name}: {error}") from None
    if count is None:
        raise NetworkError(f"{file.name}: {file.listing()} cannot be read by head {name}")
    if options.background != "none" and count > 0:
        count -= 1
    first = options.first_id + (options.background == "first")
    reading.name(file, count if count > 0 else None, first=first)
    kind = {"segmentation": "mask", "classification": "tag"}.get(name)
    reading.label_type = kind or _TYPES[options.task]
    if options.task == "pose" and options.kpt_shape:
        reading.joints = tuple(str(number) for number in range(options.kpt_shape[0]))
    return reading


def override(name: str, reading: Reading, stated: Stated) -> None:
    """Replace options by those that the author states.

    Raises:
        NetworkError: the head does not have one of them.
    """
    try:
        check_options(stated.options, HEADS[reading.head])
    except HeadOptionError as error:
        raise NetworkError(f"{name}, head {reading.head}: {error}") from None
    reading.set(_FLAG, **stated.options)


def _value(text: str) -> Any:
    if "," in text and not text.startswith("["):
        text = f"[{text}]"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _names(suffix: str, text: str) -> dict[int, str]:
    if suffix == ".pbtxt":
        return {number - 1: name for number, name in names_in_label_map(text).items()}
    if suffix == ".json":
        try:
            return names_of(_inner(json.loads(text)))
        except ValueError:
            return {}
    if suffix in {".yaml", ".yml"}:
        try:
            return names_of(_inner(yaml.safe_load(text)))
        except yaml.YAMLError:
            return {}
    return names_in_lines(text)


def _inner(found: Any) -> Any:
    """Return the part with the names of data.yaml or of config.json."""
    if isinstance(found, dict):
        return found.get("names") or found.get("id2label") or found
    return found
