"""The files of an adopted function."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path, PurePosixPath
from string import Template
from typing import Any, Final

import msgspec

from modelyard_contract.function_types import DETECTOR, INTERACTOR, REID, TRACKER
from modelyard_tools.adopt.build_text import call, text
from modelyard_tools.adopt.fitting import MARK
from modelyard_tools.adopt.handler import Handler
from modelyard_tools.adopt.identity import Identity, label_set_of
from modelyard_tools.adopt.notes import Note
from modelyard_tools.adopt.steps import WeightsFile
from modelyard_tools.scaffold.names import class_name

_BASES: Final = {
    DETECTOR: "AdoptedDetector",
    INTERACTOR: "AdoptedInteractor",
    TRACKER: "AdoptedTracker",
    REID: "AdoptedReidentifier",
}
_DEFAULT_THRESHOLD: Final = 0.5
# Longer label lists get a file.
_FEW_LABELS: Final = 6
_WIDTH: Final = 100
# Known only to the person who adopts; BUILD files require a value.
_UNKNOWN: Final = "LicenseRef-unknown"
_NOWHERE: Final = "nowhere yet"
_PINNED: Final = (
    "# To share the function, publish the file and put its URL here; the digest stays.\n"
)
_UNPINNED: Final = (
    "# Not downloaded until someone who trusts the file records its sha256 and size.\n"
)


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known about the function.

    `path` is its path in CVAT's tree; `framework` is ours, openvino or pytorch; `code` are the
    author's files, adapted, by path; `data` are the files beside them; `settings` are the fields of
    `model_function` by variant.
    """

    name: str
    path: str
    framework: str
    identity: Identity
    handler: Handler
    code: Mapping[str, str]
    settings: Mapping[str, Mapping[str, Any]]
    weights: list[WeightsFile]
    data: Mapping[str, bytes]


def write_function(repository: Path, adopted: Adopted, notes: tuple[Note, ...]) -> Path:
    """Write the function and return its folder, which is written whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    folder = repository / "functions" / adopted.framework / adopted.name
    folder.parent.mkdir(parents=True, exist_ok=True)
    relative = str(folder.relative_to(repository))
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        made = Path(scratch) / adopted.name
        for path, content in _files(repository, adopted, relative, notes).items():
            file = made / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        for path, data in adopted.data.items():
            file = made / "author" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        shutil.copymode(folder.parent, made)
        made.rename(folder)
    return folder


def _files(
    repository: Path, adopted: Adopted, folder: str, notes: tuple[Note, ...]
) -> dict[str, str]:
    labels, extra = _labels(repository, adopted.identity, folder)
    packages = {parent for path in adopted.code for parent in PurePosixPath("author", path).parents}
    inits = {str(package / "__init__.py"): "" for package in packages}
    words = {
        "name": adopted.name,
        "title": adopted.identity.display_name,
        "cls": class_name(adopted.name),
        "base": _BASES[adopted.identity.type],
        "description": _sentence(adopted.identity.description),
        "module": adopted.handler.module,
        "function": adopted.handler.function,
        "more": _more(adopted),
        "path": adopted.path,
        "folder": folder,
        "notes": "".join(f"- {note}\n" for note in notes).strip() or "- Nothing.",
    }
    return {
        **inits,
        **{f"author/{path}": content for path, content in adopted.code.items()},
        **extra,
        "BUILD": build_file(adopted, labels, has_label_set=bool(extra)),
        "handler.py": _filled("handler.py.txt", words).rstrip() + "\n",
        "README.md": _filled("README.md.txt", words),
    }


def build_file(adopted: Adopted, labels: Any, *, has_label_set: bool) -> str:
    """Return the BUILD file; `labels` is the field's value."""
    author = {
        "name": "author",
        "sources": ["author/**/*.py"],
        **({"dependencies": [":author_data"]} if adopted.data else {}),
        "skip_mypy": True,
        "skip_ruff": True,
    }
    parts = [
        'python_sources(name="lib", dependencies=[":author"])\n',
        "# The author's code keeps its own style. Nothing imports it by name.\n"
        + call("python_sources", author),
    ]
    if adopted.data:
        sources = ["author/**/*", "!author/**/*.py*"]
        parts.append(
            "# What the code opens beside itself.\n"
            + call("resources", {"name": "author_data", "sources": sources})
        )
    if has_label_set:
        parts.append('label_set(name="labels", source="labels.json")\n')
    origin = f"serverless/{adopted.path}, written for CVAT"
    for file in adopted.weights:
        described = {"licence": _UNKNOWN, "licence_stated_at": _NOWHERE, "origin": origin}
        pin = {"sha256": file.sha256, "size": file.size} if file.sha256 else {}
        parts.append(
            (_PINNED if pin else _UNPINNED)
            + call(
                "model_weights", {"name": file.target, "source": file.source, **pin, **described}
            )
        )
    parts.append(call("model_function", _function(adopted, labels, origin)))
    return "\n".join(parts)


def _function(adopted: Adopted, labels: Any, origin: str) -> dict[str, Any]:
    identity, settings = adopted.identity, adopted.settings
    shared = settings.get("cpu", {})
    variants = {
        name: {key: value for key, value in own.items() if shared.get(key) != value}
        for name, own in settings.items()
        if name != "cpu"
    }
    fields: dict[str, Any] = {
        "function_name": identity.name,
        "type": identity.type,
        "framework": adopted.framework,
        "display_name": identity.display_name,
        "description": identity.description,
        **({"labels": labels} if labels else {}),
        **({"weights": [f":{each.target}" for each in adopted.weights]} if adopted.weights else {}),
        **({"annotations": identity.annotations} if identity.annotations else {}),
        **shared,
    }
    if variants:
        fields["variants"] = {**({"cpu": {}} if "cpu" in settings else {}), **variants}
    return {**fields, "licence": _UNKNOWN, "origin": origin}


def _labels(repository: Path, identity: Identity, folder: str) -> tuple[Any, dict[str, str]]:
    """Return the field's value and the file that it names."""
    labels = identity.labels
    shared = label_set_of(labels, repository) if labels else None
    if shared or (len(labels) <= _FEW_LABELS and not any("svg" in each for each in labels)):
        return shared or labels, {}
    lines = ",\n".join(f"  {json.dumps(label, ensure_ascii=False)}" for label in labels)
    return f"{folder}:labels", {"labels.json": f"[\n{lines}\n]\n"}


def _more(adopted: Adopted) -> str:
    """Return the remaining lines of the class."""
    lines = []
    threshold = adopted.handler.threshold
    if threshold not in (None, _DEFAULT_THRESHOLD):
        lines.append(f"    default_threshold = {threshold}")
    if adopted.handler.unfinished:
        lines.append(f"    # {MARK}: change the author's code, then remove this.")
        lines += _assigned("unfinished", adopted.handler.unfinished)
    return "\n".join(lines)


def _assigned(name: str, value: str) -> list[str]:
    """Return lines that assign a text to a class attribute, formatted as the formatter does."""
    flat = f"    {name} = {text(value)}"
    if len(flat) <= _WIDTH:
        return [flat]
    parts = [""]
    for word in value.split():
        if len(text(f"{parts[-1]}{word} ")) + 8 > _WIDTH:
            parts.append("")
        parts[-1] += f"{word} "
    parts[-1] = parts[-1].rstrip()
    return [f"    {name} = (", *(f"        {text(part)}" for part in parts), "    )"]


def _sentence(line: str) -> str:
    """Return a line for a docstring."""
    plain = line.replace("\\", "/").replace('"""', "'''")
    short = plain if len(plain) <= 80 else plain[:77].rstrip() + "..."
    return short if short.endswith((".", "!", "?")) else f"{short}."


def _filled(template: str, words: Mapping[str, str]) -> str:
    content = (
        files("modelyard_tools.adopt").joinpath("templates", template).read_text(encoding="utf-8")
    )
    return Template(content).substitute(words)
