"""Weights are fetched, verified and converted by sandboxed, cached processes.

A file that cannot be had is no error of the build: the function that needs it is *blocked* with
the reason, and the others go on. So the fetch is allowed to fail, and only its success is cached.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Iterable, Mapping

from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.core.target_types import FileSourceField, ResourceSourceField
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.addresses import Address
from pants.engine.engine_aware import EngineAwareReturnType
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import (
    AddPrefix,
    CreateDigest,
    Digest,
    DigestSubset,
    FileContent,
    MergeDigests,
    PathGlobs,
    RemovePrefix,
)
from pants.engine.process import FallibleProcessResult, ProcessResult
from pants.engine.rules import Get, MultiGet, collect_rules, rule
from pants.engine.target import InvalidTargetException, SourcesField, Target, Targets
from pants.option.global_options import NamedCachesDirOption
from pants.util.frozendict import FrozenDict
from pants.util.strutil import strip_v2_chroot_path

from modelyard_contract import variables
from modelyard_pants.subsystem import Modelyard
from modelyard_pants.target_types import (
    ExporterField,
    WeightsConverterField,
    WeightsDigestField,
    WeightsMembersField,
    WeightsSha256Field,
    WeightsSizeField,
    WeightsSourceUrlField,
)
from modelyard_pants.util_rules.network import NETWORK_ENV
from modelyard_pants.util_rules.option_tools import OptionTool
from modelyard_pants.util_rules.setbacks import Setbacks

logger = logging.getLogger(__name__)

_ENV = (
    *NETWORK_ENV,
    "HOME",
    "PATH",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "NPM_CONFIG_REGISTRY",
    "npm_config_registry",
    "NPM_CONFIG_USERCONFIG",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_CERT",
    variables.WEIGHTS_MIRROR,
)
# What reads formats that only torch reads.
_EXPORTERS = {"torchscript": "modelyard_tools.weights.conversion.torchscript"}
_CACHE = {"modelyard_weights": ".modelyard_weights"}
_SETBACKS = Setbacks()


@dataclass(frozen=True)
class WeightsRequest:
    target: Target


@dataclass(frozen=True)
class Weights(EngineAwareReturnType):
    """The files a model loads, at the root of `digest`, or the one-line reason they are missing."""

    digest: Digest | None
    blocked: str | None = None

    def cacheable(self) -> bool:
        # What is missing now may be there at the next build.
        return self.blocked is None


def stands_for_weights(target: Target) -> bool:
    """Say whether `WeightsRequest` takes the target."""
    return target.has_field(WeightsSourceUrlField) or target.has_field(ExporterField)


@dataclass(frozen=True)
class LocalWeightsRequest:
    """The files that a function loads from the repository itself, among its dependencies."""

    dependencies: Targets


@dataclass(frozen=True)
class FetchWeightsRequest:
    target: Target


@dataclass(frozen=True)
class ConvertWeightsRequest:
    fetched: Digest
    converter: str
    name: str


@dataclass(frozen=True)
class ExportWeightsRequest:
    """The network that an `exported_weights` target stands for."""

    target: Target


@dataclass(frozen=True)
class ExporterRun:
    """A module with a function `export`, and the files that it is given."""

    module: str
    name: str
    files: Digest
    code: tuple[Address, ...] = ()


@dataclass(frozen=True)
class LicensedRequest:
    """What was made of `files`, with their licence: it travels with the weights it is about."""

    made: Digest
    files: Digest


@rule
async def fetch_weights(
    request: FetchWeightsRequest, modelyard: Modelyard, named_caches: NamedCachesDirOption
) -> Weights:
    target = request.target
    environment = await Get(EnvironmentVars, EnvironmentVarsRequest(_ENV))
    spec = {
        "name": target.address.target_name,
        "source": target[WeightsSourceUrlField].value,
        "digest": _digest(target),
        "size": target[WeightsSizeField].value or 0,
        "members": dict(target[WeightsMembersField].value or {}) or None,
    }
    content = json.dumps(spec, indent=1).encode()
    attempt = (content, environment)
    if reason := _SETBACKS.within(modelyard.weights_retry, attempt):
        logger.info(
            f"{target.address} could not be fetched a moment ago and is not asked for again yet; "
            "--modelyard-weights-retry=0 asks at once"
        )
        return Weights(None, reason)
    tool = await Get(
        VenvPex, OptionTool("weights_fetcher", "modelyard_tools.weights.sources.fetch")
    )
    spec_digest = await Get(Digest, CreateDigest([FileContent("spec.json", content)]))
    fetch = VenvPexProcess(
        tool,
        argv=("--spec", "spec.json", "--cache", _CACHE["modelyard_weights"]),
        input_digest=spec_digest,
        append_only_caches=_CACHE,
        description=f"Fetch the weights {target.address}",
    )
    # In two steps, since Pants caches a process with its environment: the first fills the store and
    # needs the user's to reach the network; the second reads it without, so all share its result.
    if not _is_stored(Path(named_caches.val), _digest(target) or ""):
        fetched = await Get(FallibleProcessResult, VenvPexProcess, _with(fetch, environment))
        if fetched.exit_code != 0:
            reason = _last_line(fetched.stderr)
            _SETBACKS.remember(attempt, reason)
            return Weights(None, reason)
    take = _into(fetch, "out")
    taken = await Get(FallibleProcessResult, VenvPexProcess, take)
    if taken.exit_code != 0:
        # The first step was cached, and the store has been emptied since.
        taken = await Get(FallibleProcessResult, VenvPexProcess, _with(take, environment))
    if taken.exit_code != 0:
        return Weights(None, _last_line(taken.stderr))
    return Weights(await Get(Digest, RemovePrefix(taken.output_digest, "out")))


def _with(fetch: VenvPexProcess, environment: Mapping[str, str]) -> VenvPexProcess:
    return dataclasses.replace(fetch, extra_env=FrozenDict(environment))


def _into(fetch: VenvPexProcess, folder: str) -> VenvPexProcess:
    return dataclasses.replace(
        fetch, argv=(*fetch.argv, "--out", folder), output_directories=(folder,)
    )


def _is_stored(caches: Path, digest: str) -> bool:
    """Whether the store has the file; the process that takes it verifies it."""
    algorithm, _, value = digest.partition(":")
    return (caches / "modelyard_weights" / algorithm / value).is_file()


def _digest(target: Target) -> str | None:
    sha256 = target[WeightsSha256Field].value
    return f"sha256:{sha256}" if sha256 else target[WeightsDigestField].value


def _last_line(stderr: bytes) -> str:
    lines = strip_v2_chroot_path(stderr).strip().splitlines()
    return lines[-1].strip() if lines else "the download failed without saying why"


@rule
async def licensed(request: LicensedRequest) -> Weights:
    licence = await Get(Digest, DigestSubset(request.files, PathGlobs(["LICENSE*"])))
    return Weights(await Get(Digest, MergeDigests([request.made, licence])))


@rule
async def convert_weights(request: ConvertWeightsRequest) -> Weights:
    if module := _EXPORTERS.get(request.converter):
        return await Get(Weights, ExporterRun(module, request.name, request.fetched))
    tool = await Get(
        VenvPex, OptionTool("weights_converter", "modelyard_tools.weights.conversion.convert")
    )
    sources = await Get(Digest, AddPrefix(request.fetched, "in"))
    result = await Get(
        ProcessResult,
        VenvPexProcess(
            tool,
            argv=(request.converter, "--in", "in", "--out", "out", "--name", request.name),
            input_digest=sources,
            output_directories=("out",),
            description=f"Convert the weights {request.name} ({request.converter})",
        ),
    )
    converted = await Get(Digest, RemovePrefix(result.output_digest, "out"))
    return await Get(Weights, LicensedRequest(converted, request.fetched))


@rule
async def local_weights(request: LocalWeightsRequest) -> Digest:
    """Each file under its own name: where it lies is the author's affair, not the model's."""
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
            f"{' and '.join(twice)} would both be weights of that name; rename one"
        )
    single = await MultiGet(
        Get(Digest, DigestSubset(files.snapshot.digest, PathGlobs([path]))) for path in files.files
    )
    bare = await MultiGet(
        Get(Digest, RemovePrefix(digest, str(PurePath(path).parent)))
        for digest, path in zip(single, files.files)
    )
    return await Get(Digest, MergeDigests(bare))


@rule
async def weights(request: WeightsRequest) -> Weights:
    target = request.target
    if target.has_field(ExporterField):
        return await Get(Weights, ExportWeightsRequest(target))
    if _digest(target) is None:
        # Known without a process, of which every build would start one for each such file.
        return Weights(
            None,
            f"{target.address.target_name}: no digest is pinned, since its publisher states none; "
            f"if you trust {target[WeightsSourceUrlField].value}, record it: "
            f"./pants lock-weights {target.address}",
        )
    fetched = await Get(Weights, FetchWeightsRequest(target))
    converter = target[WeightsConverterField].value
    if fetched.digest is None or converter is None:
        return fetched
    return await Get(
        Weights, ConvertWeightsRequest(fetched.digest, converter, target.address.target_name)
    )


def rules() -> Iterable[Any]:
    return collect_rules()
