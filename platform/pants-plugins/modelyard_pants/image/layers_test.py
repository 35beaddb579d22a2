"""Layers, with a shell script in place of the builder; `images` tests the builder itself."""

from __future__ import annotations

import pytest
from pants.backend.python.util_rules import pex
from pants.backend.python.util_rules.pex import VenvPex
from pants.core.util_rules import source_files
from pants.engine.addresses import Address
from pants.engine.fs import (
    EMPTY_DIGEST,
    CreateDigest,
    Digest,
    DigestContents,
    DigestSubset,
    PathGlobs,
)
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import Get, collect_rules, rule
from pants.testutil.rule_runner import PYTHON_BOOTSTRAP_ENV, QueryRule, RuleRunner

from modelyard_pants.common.option_tools import OptionTool
from modelyard_pants.image import layers
from modelyard_pants.image import tool as image_tool
from modelyard_pants.image.layers import (
    BaseLayerRequest,
    BuiltLayer,
    CompressedLayerRequest,
    LayerRequest,
)
from modelyard_pants.image.targets import ImageBase
from modelyard_pants.testing.tools import shell_tool, venv_pex_of

# A layer whose only blob holds the arguments and the network settings of its build.
_BUILD = """
if [ "$1" = fail ]; then echo 'a lot' >&2; echo 'no such package' >&2; exit 1; fi
mkdir -p out/blobs/sha256
echo "$* from $(ls | grep -v -e out -e tool | tr '\\n' ' ')by $https_proxy" > out/blobs/sha256/b
type=application/vnd.oci.image.layer.v1.tar
if [ "$1" = compress ]; then type=application/x; fi
for name in base deps; do
  echo '{"name": "'$name'", "digest": "sha256:b", "diff_id": "sha256:d", "size": 1,
         "files_size": 2, "media_type": "'$type'"}' > out/$name.json
done
"""


@rule
async def tool_of_a_script(_: OptionTool) -> VenvPex:
    return venv_pex_of(await Get(Digest, CreateDigest, shell_tool(_BUILD)))


@pytest.fixture
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *image_tool.rules(),
            *collect_rules(globals()),
            *layers.rules(),
            *pex.rules(),
            *source_files.rules(),
            QueryRule(BuiltLayer, [LayerRequest]),
            QueryRule(BuiltLayer, [BaseLayerRequest]),
            QueryRule(BuiltLayer, [CompressedLayerRequest]),
            QueryRule(Digest, [DigestSubset]),
            QueryRule(DigestContents, [Digest]),
        ],
        target_types=[ImageBase],
    )
    runner.set_options([], env={"https_proxy": "a proxy"}, env_inherit=PYTHON_BOOTSTRAP_ENV)
    return runner


def _blob(runner: RuleRunner, layer: BuiltLayer) -> str:
    blobs = runner.request(Digest, [DigestSubset(layer.digest, PathGlobs(["blobs/**"]))])
    (blob,) = runner.request(DigestContents, [blobs])
    assert blob.path == "blobs/sha256/b"
    return blob.content.decode().strip()


def _request(*arguments: str) -> LayerRequest:
    return LayerRequest("deps", arguments, EMPTY_DIGEST, Address("functions/f"))


def test_the_builder_makes_a_layer_from_its_inputs(runner: RuleRunner) -> None:
    layer = runner.request(BuiltLayer, [_request("environment", "--name", "deps")])
    assert layer.description.name == "deps"
    assert layer.description.files_size == 2
    # Without the network: it depends only on its inputs.
    assert _blob(runner, layer) == "environment --name deps --out out from by"


def test_the_last_line_of_the_builder_is_the_error(runner: RuleRunner) -> None:
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


def test_a_layer_is_compressed_once(runner: RuleRunner) -> None:
    by = Address("functions/f")
    plain = runner.request(BuiltLayer, [_request("environment", "--name", "deps")])
    small = runner.request(BuiltLayer, [CompressedLayerRequest(plain, by)])
    assert _blob(runner, small).startswith("compress --layer deps.json --out out from ")
    # A layer that is already compressed is kept as it is.
    assert runner.request(BuiltLayer, [CompressedLayerRequest(small, by)]) == small
