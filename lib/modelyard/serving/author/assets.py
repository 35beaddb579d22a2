"""The assets of a function: its description and its weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from modelyard.annotation import LabelError, LabelSet
from modelyard.serving.author.params import Params
from modelyard_contract.release import MODEL, MODEL_SCHEMA, WEIGHTS


class AssetsError(Exception):
    """The assets folder is unusable; the message says what is wrong and where."""


class _Description(msgspec.Struct, frozen=True):
    """The content of `model.json`."""

    schema: int
    name: str
    type: str
    model: str
    display_name: str = ""
    labels: msgspec.Raw = msgspec.Raw(b"[]")
    params: dict[str, Any] = {}
    head: str = ""
    head_options: dict[str, Any] = {}
    licence: str = ""


class Assets(msgspec.Struct, frozen=True):
    """A function's folder: `model.json`, and the files under `weights/`.

    `type` is detector, interactor, tracker or reid; `model` names the class as
    `module` or `module:Class`; `params` are the settings of its BUILD target. A function without
    code has a `head` with `head_options`, see `modelyard.models.heads`.
    """

    path: Path
    name: str
    display_name: str
    type: str
    model: str
    labels: LabelSet
    params: Params
    licence: str
    head: str = ""
    head_options: Mapping[str, Any] = {}

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the folder at `path`.

        Raises:
            AssetsError: `model.json` is missing or invalid.
        """
        file = path / MODEL
        try:
            described = msgspec.json.decode(file.read_bytes(), type=_Description)
        except OSError as error:
            raise AssetsError(f"cannot read {file}: {error.strerror}") from error
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise AssetsError(f"{file} is not a model description: {error}") from error
        if described.schema != MODEL_SCHEMA:
            raise AssetsError(
                f"{file} has schema {described.schema}; this code reads {MODEL_SCHEMA}"
            )
        try:
            labels = LabelSet.from_json(bytes(described.labels))
        except LabelError as error:
            raise AssetsError(f"{file}: {error}") from error
        return cls(
            path=path,
            name=described.name,
            display_name=described.display_name or described.name,
            type=described.type,
            model=described.model,
            labels=labels,
            params=Params(described.params),
            licence=described.licence,
            head=described.head,
            head_options=described.head_options,
        )

    def weights(self, name: str) -> Path:
        """Return the path of the file `name` under `weights/`.

        Raises:
            AssetsError: the file does not exist; the message lists the existing ones.
        """
        folder = self.path / WEIGHTS
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise AssetsError(f"{name!r} is outside {folder}")
        if not file.is_file():
            raise AssetsError(f"no file {name!r} in {folder}; {self._listing(folder)}")
        return file

    @staticmethod
    def _listing(folder: Path) -> str:
        present = sorted(
            str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()
        )
        return f"there are: {', '.join(present)}" if present else "the folder is empty"
