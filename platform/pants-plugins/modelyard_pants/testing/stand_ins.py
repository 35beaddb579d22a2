"""Stand-ins for the rules that build PEX files and fetch weights, for tests of their users.

Their outputs contain the inputs of the real ones. The end-to-end tests use the real ones.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import PurePath
from typing import Any, Iterable, Mapping

from pants.core.goals.run import RunRequest
from pants.core.util_rules.source_files import SourceFiles, SourceFilesRequest
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.target import SourcesField, TransitiveTargets, TransitiveTargetsRequest
from pants.testutil.rule_runner import RuleRunner

from modelyard_pants import register
from modelyard_pants.common.option_pexes import OptionPex, OptionPexRequest
from modelyard_pants.common.runnable import RunnableModule
from modelyard_pants.image.foreign_images import ForeignImage, ForeignImageRequest
from modelyard_pants.image.oci import PLAIN_LAYER, LayerDescription
from modelyard_pants.image.revision import SourceRevision
from modelyard_pants.image.tool import ImageToolOutput, ImageToolRequest
from modelyard_pants.release.pex import FunctionPex, FunctionPexRequest
from modelyard_pants.testing.runner import FUNCTION, function_rule_runner, without
from modelyard_pants.weights.requests import FetchWeightsRequest, Weights
from modelyard_pants.weights.targets import WeightsSha256Field

_STOOD_IN = (
    "build_pex",
    "fetch_image",
    "fetch_weights",
    "package_option_pex",
    "run_image_tool",
    "run_module",
    "source_revision",
)

# The resolve's packages by name, with their dependencies; those that have any are large.
PACKAGES: Mapping[str, tuple[str, ...]] = {"numpy": ("small",), "scipy": ("numpy",), "small": ()}

WEIGHTS = """
model_weights(name="{name}", source="https://example.org/{name}", sha256="{sha256}", size=1,
              licence="MIT", licence_stated_at="https://example.org/LICENSE", origin="these tests")
"""


@rule
async def pex_of_its_sources(request: FunctionPexRequest) -> FunctionPex:
    transitive = await Get(TransitiveTargets, TransitiveTargetsRequest([request.target.address]))
    sources = await Get(
        SourceFiles, SourceFilesRequest(target.get(SourcesField) for target in transitive.closure)
    )
    listing = f"{request.target.address} {sources.snapshot.digest}".encode()
    return FunctionPex(await Get(Digest, CreateDigest([FileContent(request.name, listing)])))


@rule
async def weights_of_their_pin(request: FetchWeightsRequest) -> Weights:
    pin = str(request.target[WeightsSha256Field].value)
    if pin.startswith("0"):
        return Weights(None, "their server is gone")
    return Weights(await Get(Digest, CreateDigest([FileContent("w.bin", pin.encode())])))


@rule
async def output_of_its_request(request: ImageToolRequest) -> ImageToolOutput:
    kind, *options = request.arguments
    if kind == "closure":
        return ImageToolOutput(await Get(Digest, CreateDigest([_closure(PACKAGES)])))
    named = {"base": "base", "function": "srcs", "library": "lib", "nuclio": "nuclio"}
    name = named.get(kind) or PurePath(options[1]).stem
    made_of = f"{name} {request.arguments} {request.inputs.fingerprint}"
    diff_id = f"sha256:{hashlib.sha256(made_of.encode()).hexdigest()}"
    media_type = PLAIN_LAYER
    if kind == "compress":
        files = await Get(DigestContents, Digest, request.inputs)
        plain = next(json.loads(file.content) for file in files if file.path == f"{name}.json")
        diff_id, media_type = plain["diff_id"], f"{PLAIN_LAYER}+gzip"
    blob, layer = _layer(name, made_of, diff_id, media_type)
    description = FileContent(f"{name}.json", json.dumps(asdict(layer)).encode())
    return ImageToolOutput(await Get(Digest, CreateDigest([blob, description])))


def _closure(packages: Mapping[str, tuple[str, ...]]) -> FileContent:
    found = [
        {"name": name, "pin": f"{name}==1", "size": 10_000_000 if needs else 1, "needs": needs}
        for name, needs in packages.items()
    ]
    return FileContent("closure.json", json.dumps(found).encode())


def _layer(
    name: str, content: str, diff_id: str, media_type: str
) -> tuple[FileContent, LayerDescription]:
    digest, size = hashlib.sha256(content.encode()).hexdigest(), len(content)
    blob = FileContent(f"blobs/sha256/{digest}", content.encode())
    return blob, LayerDescription(name, f"sha256:{digest}", diff_id, size, size, media_type)


@rule
async def image_of_its_name(request: ForeignImageRequest) -> ForeignImage:
    blob, layer = _layer("base", request.reference, "sha256:0", f"{PLAIN_LAYER}+gzip")
    digest = await Get(Digest, CreateDigest([blob]))
    return ForeignImage(digest, digest, (layer,), ("FROM=base", "LANG=de"))


@rule
async def revision_of_these_tests() -> SourceRevision:
    return SourceRevision("0" * 40)


@rule
async def option_pex_of_one_file(request: OptionPexRequest) -> OptionPex:
    path = f"{request.option}.pex"
    digest = await Get(Digest, CreateDigest([FileContent(path, b"")]))
    return OptionPex(Address("tools", target_name=request.option), digest, path)


@rule
async def run_of_its_request(request: RunnableModule) -> RunRequest:
    return RunRequest(
        digest=request.files,
        args=(request.module, *request.arguments),
        extra_env=request.environment,
        immutable_input_digests=request.immutable,
    )


def rule_runner_with_stand_ins(*queries: Any, options: Iterable[str] = ()) -> RuleRunner:
    """A rule runner in a repository with two functions, `a` and `b`, that share little."""
    runner = function_rule_runner(*queries, backend_rules=_backend_rules(), options=options)
    runner.write_files(
        {
            "lib/modelyard/models/BUILD": "python_sources(resolve='openvino')",
            "lib/modelyard/serving/server/BUILD": (
                "python_sources(resolve='default')\n"
                "pex_binary(name='standalone', entry_point='standalone.py', resolve='default')"
            ),
            "lib/modelyard/serving/worker/BUILD": "python_sources(resolve='openvino')",
            "lib/modelyard/serving/worker/nuclio.py": "",
            "lib/modelyard/serving/worker/main.py": "",
            "lib/modelyard/serving/worker/predict.py": "",
            "lib/shared/BUILD": "python_sources(resolve='openvino')",
            "lib/shared/nms.py": "",
            "lib/labels/BUILD": "label_set(name='pets', source='pets.json')",
            "lib/labels/pets.json": '[{"name": "dog"}]',
            "3rdparty/models/BUILD": WEIGHTS.format(name="wa", sha256="a" * 64)
            + WEIGHTS.format(name="wb", sha256="b" * 64),
            "platform/images/BUILD": "image_base(name='base', source='lock.json')",
            "platform/images/lock.json": "{}",
            "openvino.lock": "",
            "default.lock": "",
            "lib/modelyard/serving/server/standalone.py": "",
            "3rdparty/python/openvino/BUILD": (
                "pex_binary(name='deps', resolve='openvino')\n"
                "python_requirement(name='numpy', requirements=['numpy'], resolve='openvino')"
            ),
        }
    )
    write_function(
        runner, "a", labels='"//lib/labels:pets"', weights="wa", code="import shared.nms"
    )
    write_function(runner, "b", labels='["cat"]', weights="wb", code="")
    return runner


def _backend_rules() -> Iterable[Any]:
    return (*without(register.rules(), *_STOOD_IN), *collect_rules(globals()))


def write_function(runner: RuleRunner, name: str, *, labels: str, weights: str, code: str) -> None:
    function = FUNCTION.replace('["cat"]', labels).replace('name="f"', f'name="{name}"', 1)
    extra = f'weights=["//3rdparty/models:{weights}"],'
    runner.write_files(
        {
            f"functions/openvino/{name}/BUILD": (
                "python_sources(name='lib', resolve='openvino')\n" + function.format(extra=extra)
            ),
            f"functions/openvino/{name}/handler.py": code,
        }
    )
