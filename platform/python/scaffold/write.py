"""The files of a new function."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from scaffold.names import class_name, function_name, title

TYPES: Final = ("detector", "interactor", "tracker", "reid")
# OpenVINO reads ONNX files and TensorFlow's graphs as they are.
FRAMEWORKS: Final[Mapping[str, str]] = {
    "openvino": "openvino",
    "onnx": "openvino",
    "tensorflow": "openvino",
    "pytorch": "pytorch",
}
# The place of the function's own import among the others depends on its name.
_IMPORTS: Final = re.compile(r"(?:^from .*\n)+", re.MULTILINE)
# Detectors name what they find; the others are told what it is.
_LABELS: Final = {"detector": ' labels=["object"],'}
# What the placeholder answers to `serving.sample`'s request.
_ASSERTIONS: Final = {
    "detector": 'assert [shape["label"] for shape in answer] == ["object"]',
    "interactor": 'assert any(map(any, answer["mask"]))',
    "tracker": 'assert answer["shapes"] == [[40, 30, 120, 90]]',
    "reid": "assert answer == [0]",
}


def write_function(repository: Path, name: str, *, type: str, framework: str) -> Path:
    """Write a function that works, with a placeholder for the model; return its folder.

    The folder appears at once and whole, or not at all.

    Raises:
        OSError: it cannot be written.
    """
    folder = repository / "functions" / FRAMEWORKS[framework] / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    words = {
        "name": name,
        "function": function_name(name),
        "title": title(name),
        "cls": class_name(name),
        "type": type,
        "framework": FRAMEWORKS[framework],
        "labels": _LABELS.get(type, ""),
        "assertion": _ASSERTIONS[type],
        "folder": str(folder.relative_to(repository)),
    }
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        made = Path(scratch) / name
        made.mkdir()
        (made / "__init__.py").touch()
        for template, file in (
            ("targets.txt", "BUILD"),
            ("README.md.txt", "README.md"),
            (f"{type}.py.txt", "handler.py"),
            ("handler_test.py.txt", "handler_test.py"),
        ):
            text = files("scaffold").joinpath("templates", template).read_text(encoding="utf-8")
            filled = _IMPORTS.sub(_sorted_lines, Template(text).substitute(words))
            (made / file).write_text(filled, encoding="utf-8")
        shutil.copymode(folder.parent, made)
        made.rename(folder)
    return folder


def _sorted_lines(block: re.Match[str]) -> str:
    return "".join(sorted(block[0].splitlines(keepends=True)))
