"""The module name of a file in a BUILD file's folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Iterable

from pants.engine.rules import Get, collect_rules, rule
from pants.source.source_root import SourceRoot, SourceRootRequest


@dataclass(frozen=True)
class ModuleOfFileRequest:
    """A Python file, relative to the folder of a BUILD file."""

    spec_path: str
    file: str


@dataclass(frozen=True)
class ModuleOfFile:
    name: str


@rule
async def module_of_file(request: ModuleOfFileRequest) -> ModuleOfFile:
    path = PurePath(request.spec_path, request.file)
    root = await Get(SourceRoot, SourceRootRequest, SourceRootRequest.for_file(str(path)))
    return ModuleOfFile(".".join(path.relative_to(root.path).with_suffix("").parts))


def rules() -> Iterable[Any]:
    return collect_rules()
