"""Layers, with a shell script in the place of the builder; `images` tests the builder itself."""

from __future__ import annotations

import pytest
from pants.backend.python.goals.package_pex_binary import PexBinaryFieldSet
from pants.backend.python.target_types import PexBinary
from pants.backend.python.util_rules import pex
from pants.backend.python.util_rules.pex import VenvPex
from pants.core.goals import package
from pants.core.goals.package import BuiltPackage, BuiltPackageArtifact, PackageFieldSet
from pants.core.util_rules import source_files
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST, CreateDigest, Digest, DigestContents, FileContent
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import Get, collect_rules, rule
from pants.engine.unions import UnionRule
from pants.testutil.rule_runner import PYTHON_BOOTSTRAP_ENV, QueryRule, RuleRunner

from modelyard.target_types import ImageBase
from modelyard.testutil import shell_tool, venv_pex_of, without
from modelyard.util_rules import layers, option_pexes
from modelyard.util_rules.layers import (
    BaseLayerRequest,
    BuiltLayer,
    LayerRequest,
    ServerLayerRequest,
    _LayerTool,
)

# A layer whose one blob holds the words and the network it was built with.
_BUILD = """
if [ "$1" = fail ]; then echo 'a lot' >&2; echo 'no such package' >&2; exit 1; fi
mkdir -p out/blobs/sha256
echo "$* from $(ls | grep -v -e out -e tool | tr '\\n' ' ')by $https_proxy" > out/blobs/sha256/b
for name in base deps server; do
  echo '{"name": "'$name'", "digest": "sha256:b", "diff_id": "sha256:d", "size": 1,
         "files_size": 2, "media_type": "application/x"}' > out/$name.json
done
"""


@rule
async def tool_of_a_script(_: _LayerTool) -> VenvPex:
    return venv_pex_of(await Get(Digest, CreateDigest, shell_tool(_BUILD)))


@rule
async def pex_of_one_file(_: PexBinaryFieldSet) -> BuiltPackage:
    digest = await Get(Digest, CreateDigest([FileContent("server.pex", b"")]))
    return BuiltPackage(digest, (BuiltPackageArtifact("server.pex"),))


@pytest.fixture
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *without(layers.rules(), "layer_tool"),
            *collect_rules(globals()),
            *option_pexes.rules(),
            *package.rules(),
            *pex.rules(),
            *source_files.rules(),
            UnionRule(PackageFieldSet, PexBinaryFieldSet),
            QueryRule(BuiltLayer, [LayerRequest]),
            QueryRule(BuiltLayer, [BaseLayerRequest]),
            QueryRule(BuiltLayer, [ServerLayerRequest]),
            QueryRule(DigestContents, [Digest]),
        ],
        target_types=[ImageBase, PexBinary],
    )
    runner.set_options([], env={"https_proxy": "a proxy"}, env_inherit=PYTHON_BOOTSTRAP_ENV)
    return runner


def _blob(runner: RuleRunner, layer: BuiltLayer) -> str:
    (blob,) = runner.request(DigestContents, [layer.digest])
    assert blob.path == "blobs/sha256/b"
    return blob.content.decode().strip()


def _request(*arguments: str) -> LayerRequest:
    return LayerRequest("deps", arguments, EMPTY_DIGEST, Address("functions/f"))


def test_a_layer_is_what_the_builder_makes_of_its_inputs(runner: RuleRunner) -> None:
    layer = runner.request(BuiltLayer, [_request("environment", "--name", "deps")])
    assert layer.description.name == "deps"
    assert layer.description.files_size == 2
    # Without the network: what it holds follows from what goes in.
    assert _blob(runner, layer) == "environment --name deps --out out from by"


def test_what_the_builder_says_last_is_the_error(runner: RuleRunner) -> None:
    with pytest.raises(ExecutionError, match="functions/f:f: no such package"):
        runner.request(BuiltLayer, [_request("fail")])


@pytest.mark.parametrize("named", [True, False])
def test_the_base_is_built_from_its_lock_over_the_users_network(
    runner: RuleRunner, named: bool
) -> None:
    runner.write_files(
        {
            "platform/images/BUILD": "image_base(name='base', source='lock.json')",
            "platform/images/lock.json": "{}",
        }
    )
    target = runner.get_target(Address("platform/images", target_name="base")) if named else None
    layer = runner.request(BuiltLayer, [BaseLayerRequest(target)])
    lock = "platform/images/lock.json"
    words = f"base --lock {lock} --cache .modelyard_debs --out out"
    assert _blob(runner, layer) == f"{words} from platform by a proxy"


def test_the_server_is_a_pex_with_its_sources(runner: RuleRunner) -> None:
    runner.write_files({"lib/serving/BUILD": "pex_binary(name='standalone')"})
    layer = runner.request(BuiltLayer, [ServerLayerRequest()])
    words = "environment --pex server.pex --name server --with-sources --out out"
    assert _blob(runner, layer) == f"{words} from server.pex by"
