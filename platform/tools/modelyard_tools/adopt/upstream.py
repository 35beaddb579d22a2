"""Reads a function's folder in the form of CVAT's repository."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from modelyard_contract.release import CONFIG
from modelyard_tools.adopt.errors import AdoptError

# The files that describe a function, by variant.
CONFIGS: Final[Mapping[str, str]] = {"cpu": CONFIG, "gpu": "function-gpu.yaml"}
# None of these are code or data of a function.
_LEFT_OUT: Final = ("__pycache__", ".git", ".DS_Store")


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of the folder.

    `folder` contains function.yaml; `path` is the function's path in CVAT's tree, such as
    `onnx/WongKinYiu/yolov7`. `configs` are the documents by variant, `cpu` or `gpu`; `code` the
    Python files and `data` all others, by their path in the folder; `dockerfiles` the texts of
    the Dockerfiles of base images.
    """

    folder: Path
    path: str
    configs: Mapping[str, Mapping[str, Any]]
    code: Mapping[str, str]
    data: tuple[str, ...]
    dockerfiles: Mapping[str, str]


def read_upstream(path: Path) -> Upstream:
    """Read a function's folder: `path`, or the folder `nuclio` in it, as CVAT has it.

    Raises:
        AdoptError: there is no function, or one of its files cannot be read.
    """
    folder = path if any((path / name).is_file() for name in CONFIGS.values()) else path / "nuclio"
    configs = {
        variant: _config(folder / name)
        for variant, name in CONFIGS.items()
        if (folder / name).is_file()
    }
    if not configs:
        raise AdoptError(f"{path} does not contain {CONFIG}; name the folder of one function")
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and _belongs(file)]
    named = {str(file.relative_to(folder)): file for file in files}
    dockerfiles = {**named, **{file.name: file for file in sorted(folder.parent.glob("Docker*"))}}
    return Upstream(
        folder=folder,
        path=_path_in_tree(folder),
        configs=configs,
        code={name: _text(file) for name, file in named.items() if file.suffix == ".py"},
        data=tuple(name for name in named if not _is_known(name)),
        dockerfiles={
            name: _text(file) for name, file in dockerfiles.items() if "Dockerfile" in name
        },
    )


def _belongs(file: Path) -> bool:
    return not any(part in _LEFT_OUT for part in file.parts)


def _is_known(name: str) -> bool:
    return name.endswith(".py") or name in CONFIGS.values() or "Dockerfile" in name


def _path_in_tree(folder: Path) -> str:
    parts = folder.resolve().parts
    if "serverless" in parts:
        parts = parts[parts.index("serverless") + 1 :]
    else:
        parts = parts[-2:] if parts[-1] == "nuclio" else parts[-1:]
    return "/".join(part for part in parts if part != "nuclio")


def _config(file: Path) -> Mapping[str, Any]:
    try:
        document = msgspec.yaml.decode(_text(file))
    except msgspec.DecodeError as error:
        raise AdoptError(f"{file} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise AdoptError(f"{file} is not a function's configuration: it is not a mapping")
    for key in ("metadata", "spec"):
        if not isinstance(document.get(key), dict):
            raise AdoptError(f"{file} is not a function's configuration: {key!r} is missing")
    return document


def _text(file: Path) -> str:
    try:
        # Windows line ends and the byte order mark would end up in our files.
        return file.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise AdoptError(f"cannot read {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise AdoptError(f"{file} is not UTF-8 text") from None
