"""The files beside an author's code: weights are pinned where they are, others travel with it."""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

import msgspec

from modelyard_contract.limits import MIB
from modelyard_tools.adopt.errors import AdoptError
from modelyard_tools.adopt.notes import Notes
from modelyard_tools.adopt.steps import WEIGHTS, WeightsFile, target_name

# Larger files do not belong into a repository.
_LARGEST: Final = MIB
_YAML: Final = frozenset({".yaml", ".yml"})


class Beside(msgspec.Struct, frozen=True):
    """The weights, and the content of the other files by their path in the author's folder."""

    weights: list[WeightsFile]
    data: Mapping[str, bytes]

    @property
    def names(self) -> set[str]:
        """The files' names, by which the author's code finds them."""
        return {each.name for each in self.weights} | {
            PurePosixPath(name).name for name in self.data
        }


def files_beside(
    folder: Path, names: Collection[str], notes: Notes, *, json_for_yaml: bool
) -> Beside:
    """Read the files with these names in the folder.

    With `json_for_yaml`, YAML becomes JSON, which is YAML too: that is what the stand-in for the
    parser reads.

    Raises:
        AdoptError: one cannot be read.
    """
    weights: list[WeightsFile] = []
    data: dict[str, bytes] = {}
    for name in names:
        file = folder / name
        try:
            content = file.read_bytes()
        except OSError as error:
            raise AdoptError(f"cannot read {file}: {error.strerror}") from None
        if not content:
            notes.add(name, "left out: it is empty")
        elif _is_weights(file) or len(content) > _LARGEST:
            taken = [each.target for each in weights]
            source = file.resolve().as_uri()
            digest = hashlib.sha256(content).hexdigest()
            target = target_name(source, taken)
            weights.append(WeightsFile(target, source, digest, len(content)))
            notes.add(
                name,
                f"pinned as the model_weights {target} at its place on this machine; to share the "
                "function, publish the file and put its URL there",
            )
        elif json_for_yaml and file.suffix.lower() in _YAML:
            data[name] = _as_json(file, content)
            notes.add(name, "became JSON, which is YAML too: the resolve lacks a parser")
        else:
            data[name] = content
    return Beside(weights, data)


def _is_weights(file: Path) -> bool:
    suffix = file.suffix.lower()
    # Of XML only OpenVINO's, which comes with a file of weights.
    return suffix in WEIGHTS and (suffix != ".xml" or file.with_suffix(".bin").is_file())


def _as_json(file: Path, content: bytes) -> bytes:
    try:
        document: Any = msgspec.yaml.decode(content)
    except msgspec.DecodeError as error:
        raise AdoptError(f"{file} is not valid YAML: {' '.join(str(error).split())}") from None
    return json.dumps(document, indent=1, ensure_ascii=False, default=str).encode() + b"\n"
