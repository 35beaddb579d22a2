"""Weights in the repository."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Iterable

from pants.core.target_types import FileSourceField, ResourceSourceField
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.fs import Digest, DigestSubset, MergeDigests, PathGlobs, RemovePrefix
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import InvalidTargetException, SourcesField

from modelyard_pants.weights.requests import LocalWeightsRequest


@rule
async def local_weights(request: LocalWeightsRequest) -> Digest:
    """Each file under its own name: its folder matters to the author, not to the model."""
    files = await Get(
        SourceFiles,
        SourceFilesRequest(
            [
                target[SourcesField]
                for target in request.dependencies
                if target.has_field(FileSourceField) or target.has_field(ResourceSourceField)
            ]
        ),
    )
    names = [PurePath(path).name for path in files.files]
    twice = [path for path, name in zip(files.files, names) if names.count(name) > 1]
    if twice:
        raise InvalidTargetException(
            f"{' and '.join(twice)} are weights of the same name; rename one"
        )
    single = await MultiGet(
        Get(Digest, DigestSubset(files.snapshot.digest, PathGlobs([path]))) for path in files.files
    )
    bare = await MultiGet(
        Get(Digest, RemovePrefix(digest, str(PurePath(path).parent)))
        for digest, path in zip(single, files.files)
    )
    return await Get(Digest, MergeDigests(bare))


def rules() -> Iterable[Any]:
    return collect_rules()
