"""The files of a new function."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

from modelyard.inference.readers.facts import Reading
from modelyard_contract.function_types import DETECTOR
from modelyard_contract.names import function_name
from modelyard_contract.variables import WEIGHTS_MIRROR
from modelyard_tools.scaffold.labels import label_specs
from modelyard_tools.scaffold.names import class_name, title

if TYPE_CHECKING:
    from modelyard_tools.scaffold.network import Network

# Where the function's own import sorts among the others depends on its name.
_IMPORTS: Final = re.compile(r"(?:^from .*\n)+", re.MULTILINE)
_OBJECT: Final = Reading("", "", names={1: "object"})
_WIDTH: Final = 90
_README_WIDTH: Final = 100


def write_function(
    repository: Path, name: str, *, type: str, framework: str, network: Network | None = None
) -> Path:
    """Write a function and return its folder, which is written whole or not at all.

    With a `network` whose head is known, it is a working detector without code. Otherwise it has
    a class that refuses requests until it is written; a `network` without a known head is loaded
    there.

    Raises:
        OSError: it cannot be written.
    """
    folder = repository / "functions" / framework / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    codeless = network is not None and is_codeless(network, type)
    reading = network.reading if network and network.reading else _OBJECT
    relative = str(folder.relative_to(repository))
    ports = _listing(network) if network else ""
    words = {
        "name": name,
        "function": function_name(name),
        "title": title(name),
        "cls": class_name(name),
        "type": type,
        "folder": relative,
        "file": network.files[0].path.name if network else "",
        "head": reading.head,
        "notice": _paragraph(network.notice) if network else "",
        "ports": ports,
        "stop": ":" if ports else ".",
        "session": "" if network is None or codeless else _session(network),
        "imports": "" if network is None else _SESSION_IMPORT,
        "named": _NAMED if codeless else "",
        "more": "".join(_targets(type, network)),
        "fields": "".join(
            f"    {field}={value}\n" if "#" in value else f"    {field}={value},\n"
            for field, value in _fields(relative, type, framework, name, network)
        ),
    }
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        made = Path(scratch) / name
        made.mkdir()
        (made / "__init__.py").touch()
        if type == DETECTOR:
            (made / "labels.json").write_text(_labels(reading), encoding="utf-8")
        for template, file in _templates(type, codeless=codeless):
            text = (
                files("modelyard_tools.scaffold")
                .joinpath("templates", template)
                .read_text(encoding="utf-8")
            )
            filled = _IMPORTS.sub(_sorted_lines, Template(text).substitute(words))
            (made / file).write_text(filled, encoding="utf-8")
        shutil.copymode(folder.parent, made)
        made.rename(folder)
    return folder


def is_codeless(network: Network, type: str) -> bool:
    """Whether a function for that network does not need its own class."""
    return type == DETECTOR and network.reading is not None


_NAMED: Final = (
    "    # The model's class, which is named as a string.\n"
    '    dependencies=["lib/modelyard/models/heads.py"],\n'
)
_SESSION_IMPORT: Final = "from modelyard.inference.openvino import OpenVINOSession\n"


def _templates(type: str, *, codeless: bool) -> list[tuple[str, str]]:
    if codeless:
        others = [("head_README.md.txt", "README.md"), ("head_test.py.txt", "function_test.py")]
    else:
        others = [
            ("README.md.txt", "README.md"),
            (f"{type}.py.txt", "handler.py"),
            ("handler_test.py.txt", "handler_test.py"),
        ]
    return [("targets.txt", "BUILD"), *others]


def _sorted_lines(block: re.Match[str]) -> str:
    return "".join(sorted(block[0].splitlines(keepends=True)))


def _labels(reading: Reading) -> str:
    lines = [json.dumps(label, ensure_ascii=False) for label in label_specs(reading)]
    return "[\n  " + ",\n  ".join(lines) + "\n]\n"


def _fields(
    folder: str, type: str, framework: str, name: str, network: Network | None
) -> Iterator[tuple[str, str]]:
    """Yield the fields of `model_function`, with values as written in a BUILD file."""
    reading = network.reading if network and is_codeless(network, type) else None
    described = "Not written yet"
    if reading and network:
        described = f"{network.files[0].path.stem}, with head {reading.head}"
    yield "type", json.dumps(type)
    yield "framework", json.dumps(framework)
    yield "display_name", json.dumps(title(name))
    yield "description", json.dumps(described)
    if type == DETECTOR:
        yield "labels", json.dumps(f"{folder}:labels")
    if network is not None:
        names = [f"{folder}:{_weights_name(file.path)}" for file in network.files]
        yield "weights", json.dumps(names)
    if reading:
        yield "head", f"{json.dumps(reading.head)},  # From {reading.said_by}."
        if reading.options:
            yield "head_options", _options(reading)
    yield "licence", json.dumps("none")
    yield "origin", json.dumps("none")


def _options(reading: Reading) -> str:
    """Return the head's options, each with where it is from."""
    lines = [
        f"        {json.dumps(key)}: {json.dumps(value)},  # From {reading.sources[key]}.\n"
        for key, value in reading.options.items()
    ]
    return "{\n" + "".join(lines) + "    },"


def _targets(type: str, network: Network | None) -> Iterator[str]:
    """Yield the targets that the function refers to."""
    if type == DETECTOR:
        yield '\nlabel_set(name="labels", source="labels.json")\n'
    if network is None:
        return
    yield (
        "\n# To share the function, publish the file and put its URL here; the digest stays the\n"
        f"# same. Or keep the file in a folder that {WEIGHTS_MIRROR} names.\n"
    )
    convert = f"    convert={json.dumps(network.convert)},\n" if network.convert else ""
    if network.notice:
        yield textwrap.indent(textwrap.fill(network.notice, _WIDTH) + "\n", "# ")
    for file in network.files:
        yield (
            "model_weights(\n"
            f'    name="{_weights_name(file.path)}",\n'
            f"    source={json.dumps(file.path.as_uri())},\n"
            f'    sha256="{file.digest}",\n'
            f"    size={file.size},\n"
            f"{convert}"
            '    licence="none",\n'
            '    licence_stated_at="nowhere yet",\n'
            '    origin="none",\n'
            ")\n"
        )


def _paragraph(text: str) -> str:
    return textwrap.fill(text, _README_WIDTH) + "\n\n" if text else ""


def _weights_name(path: Path) -> str:
    return "weights_" + path.suffix.removeprefix(".").lower()


def _session(network: Network) -> str:
    """Return the lines that load the network, with its inputs and outputs as comments."""
    lines = [f"# {port}" for port in _ports(network)]
    lines.append(f"model = assets.weights({json.dumps(network.files[0].path.name)})")
    lines.append("self._session = OpenVINOSession(model, device=device)")
    return textwrap.indent("\n".join(lines) + "\n", " " * 8)


def _listing(network: Network) -> str:
    """Return the README's list of inputs and outputs; "" if they are not known."""
    ports = "".join(f"- {port}\n" for port in _ports(network))
    return f"\n{ports}" if ports else ""


def _ports(network: Network) -> Iterator[str]:
    """Yield a line for each input and output; -1 is any length."""
    for kind, ports in (("input", network.inputs), ("output", network.outputs)):
        for name, shape in ports.items():
            yield textwrap.shorten(f"{kind} {name} {list(shape)}", _WIDTH, placeholder=" …")
