"""A function for a network's file, as `./pants new-function NAME --from FILE` writes it."""

import ast
import contextlib
import io
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from modelyard.inference.device import Device
from modelyard.models.heads import HeadDetector
from modelyard.serving.testing.assets import headed_assets
from modelyard_tools.scaffold.cli import main


class UnreadError(Exception):
    """A file was refused, or not recognised; the message is what the user sees."""


class Written(NamedTuple):
    """What `new-function` wrote: the head, its options, the labels, and what it printed."""

    head: str
    options: dict[str, Any]
    labels: list[dict[str, Any]]
    said: str


def written(file: Path, scratch: Path, stated: Sequence[str]) -> Written:
    """Let `new-function` read a file, with more arguments.

    Raises:
        UnreadError: it refused, or wrote a function without a head.
    """
    (scratch / "functions" / "openvino").mkdir(parents=True, exist_ok=True)
    out, err, before = io.StringIO(), io.StringIO(), Path.cwd()
    os.chdir(scratch)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["peer", "--from", str(file), *stated])
    finally:
        os.chdir(before)
    if code:
        raise UnreadError(err.getvalue().strip() or f"new-function ended with {code}")
    folder = scratch / "functions" / "openvino" / "peer"
    fields = _fields((folder / "BUILD").read_text(encoding="utf-8"))
    if "head" not in fields:
        raise UnreadError("no head was found")
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    return Written(fields["head"], fields.get("head_options", {}), labels, out.getvalue())


def detector(found: Written, files: list[Path], root: Path, scratch: Path) -> HeadDetector:
    """Load the function; `files` below `root` are its weights."""
    for file in files:
        place = scratch / "weights" / file.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    loaded = HeadDetector()
    loaded.load(headed_assets(scratch, found.head, found.labels, found.options), Device())
    return loaded


def _fields(build: str) -> dict[str, Any]:
    """Return the literal fields of the target `model_function`."""
    for node in ast.walk(ast.parse(build)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "model_function":
            fields = {}
            for field in node.keywords:
                with contextlib.suppress(ValueError):
                    fields[field.arg or ""] = ast.literal_eval(field.value)
            return fields
    raise UnreadError("the BUILD file has no model_function")
