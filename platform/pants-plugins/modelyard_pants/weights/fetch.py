"""Fetches and verifies weights in sandboxed processes."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path
from typing import Any, Iterable, Mapping

from pants.backend.python.util_rules.pex import VenvPex, VenvPexProcess
from pants.engine.env_vars import EnvironmentVars, EnvironmentVarsRequest
from pants.engine.fs import CreateDigest, Digest, FileContent, RemovePrefix
from pants.engine.process import FallibleProcessResult
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import Target
from pants.option.global_options import NamedCachesDirOption
from pants.util.frozendict import FrozenDict
from pants.util.strutil import strip_v2_chroot_path

from modelyard_contract import variables
from modelyard_pants.common.network import NETWORK_ENV
from modelyard_pants.common.option_tools import OptionTool
from modelyard_pants.subsystem import Modelyard
from modelyard_pants.weights.recent_failures import RecentFailures
from modelyard_pants.weights.requests import FetchWeightsRequest, Weights
from modelyard_pants.weights.targets import (
    WeightsDigestField,
    WeightsMembersField,
    WeightsSha256Field,
    WeightsSizeField,
    WeightsSourceUrlField,
)

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
_CACHE = {"modelyard_weights": ".modelyard_weights"}
_FAILURES = RecentFailures()


@rule
async def fetch_weights(
    request: FetchWeightsRequest, modelyard: Modelyard, named_caches: NamedCachesDirOption
) -> Weights:
    target = request.target
    environment = await Get(EnvironmentVars, EnvironmentVarsRequest(_ENV))
    spec = {
        "name": target.address.target_name,
        "source": target[WeightsSourceUrlField].value,
        "digest": published_digest(target),
        "size": target[WeightsSizeField].value or 0,
        "members": dict(target[WeightsMembersField].value or {}) or None,
    }
    content = json.dumps(spec, indent=1).encode()
    attempt = (content, environment)
    if reason := _FAILURES.within(modelyard.weights_retry, attempt):
        logger.info(
            f"the fetch of {target.address} failed recently and is not retried yet; "
            "--modelyard-weights-retry=0 retries at once"
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
    # needs the user's environment to reach the network; the second reads the store without it, so
    # its result is shared.
    if not _is_stored(Path(named_caches.val), published_digest(target) or ""):
        fetched = await Get(FallibleProcessResult, VenvPexProcess, _with(fetch, environment))
        if fetched.exit_code != 0:
            reason = _last_line(fetched.stderr)
            _FAILURES.remember(attempt, reason)
            return Weights(None, reason)
    take = _into(fetch, "out")
    taken = await Get(FallibleProcessResult, VenvPexProcess, take)
    if taken.exit_code != 0:
        # The first step was cached, but the store has been emptied since.
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
    """Whether the store has the file; the process that reads it verifies it."""
    algorithm, _, value = digest.partition(":")
    return (caches / "modelyard_weights" / algorithm / value).is_file()


def published_digest(target: Target) -> str | None:
    sha256 = target[WeightsSha256Field].value
    return f"sha256:{sha256}" if sha256 else target[WeightsDigestField].value


def _last_line(stderr: bytes) -> str:
    lines = strip_v2_chroot_path(stderr).strip().splitlines()
    return lines[-1].strip() if lines else "the download failed without a message"


def rules() -> Iterable[Any]:
    return collect_rules()
