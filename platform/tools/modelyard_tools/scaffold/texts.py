"""Texts in and beside a model file, wherever its format and its exporter keep them."""

import ast
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from modelyard.inference.readers.classes import names_in_lines
from modelyard_tools.scaffold.model_files import load_onnx

_BESIDE: Final = ("config.json", "preprocessor_config.json")
_YAML: Final = "metadata.yaml"
_ARCHIVES: Final = (".tflite", ".torchscript", ".pt", ".pth")
_TEXTS: Final = ("metadata.json", "temp_meta.txt", "config.txt")
"""Ultralytics' metadata within TensorFlow Lite and TorchScript files, which are also archives."""
_LARGEST: Final = 1_000_000


def metadata(path: Path) -> dict[str, str]:
    """Return the exporter's metadata beside an IR, or within a TensorFlow Lite or TorchScript file.

    Those of ONNX files are read with the network.
    """
    if path.suffix.lower() == ".xml":
        return _strings(_yaml(path.with_name(_YAML)))
    for name, text in _archived(path).items():
        if name.rpartition("/")[2] in _TEXTS:
            return _strings(_literal(text))
    return {}


def label_file(path: Path) -> dict[int, str]:
    """Return the class names of a label file within a TensorFlow Lite file, by number."""
    if path.suffix.lower() != ".tflite":
        return {}
    for name, text in _archived(path).items():
        if name.endswith(".txt") and name.rpartition("/")[2] not in _TEXTS:
            return names_in_lines(text)
    return {}


def beside(path: Path) -> dict[str, Any]:
    """Return what transformers' configuration files in the same folder state, by their names."""
    found = {}
    for name in _BESIDE:
        try:
            found[name] = json.loads(path.with_name(name).read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
    return found


def producer(path: Path) -> str:
    """Return the program that wrote an ONNX file, if it says so."""
    model = load_onnx(path) if path.suffix.lower() == ".onnx" else None
    return model.producer_name if model else ""


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError, RecursionError):
        return None


def _archived(path: Path) -> dict[str, str]:
    """Return the small texts in a file that is also a zip archive."""
    if path.suffix.lower() not in _ARCHIVES or not zipfile.is_zipfile(path):
        return {}
    texts = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename.endswith((".txt", ".json")) and entry.file_size < _LARGEST:
                    texts[entry.filename] = archive.read(entry).decode("utf-8", "replace")
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return {}
    return texts


def _literal(text: str) -> Any:
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def _strings(found: Any) -> dict[str, str]:
    """Return metadata as ONNX has them: texts."""
    if not isinstance(found, Mapping):
        return {}
    return {str(key): str(value) for key, value in found.items()}
