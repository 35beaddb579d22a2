"""How the builder of layers is run, with a shell script in its place."""

from __future__ import annotations

import json

import pytest
from pants.backend.python.util_rules import pex
from pants.backend.python.util_rules.pex import VenvPex
from pants.engine.addresses import Address
from pants.engine.fs import CreateDigest, Digest, DigestContents, FileContent
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import Get, collect_rules, rule
from pants.testutil.rule_runner import PYTHON_BOOTSTRAP_ENV, QueryRule, RuleRunner
from pants.util.frozendict import FrozenDict

from modelyard_pants.common.option_tools import OptionTool
from modelyard_pants.image import tool as image_tool
from modelyard_pants.image.tool import ImageToolOutput, ImageToolRequest
from modelyard_pants.testing.tools import shell_tool, venv_pex_of

# Writes what it sees: its words, its inputs, its variables and its caches.
_TOOL = """
case $1 in
  silent) exit 1 ;;
  blank) echo '  ' >&2; exit 2 ;;
  fail) echo 'progress 50 %' >&2; echo "  last, in $PWD/in.txt  " >&2; echo >&2; exit 3 ;;
  nothing) mkdir out; exit 0 ;;
esac
mkdir -p out/blobs
printf '%s' "$*" > out/blobs/words
cat in.txt > out/inputs
printf '{"uv": "%s", "secret": "%s", "mine": "%s"}' "$UV_CACHE_DIR" "$SECRET" "$MINE" > out/env
for cache in .modelyard_debs .modelyard_uv; do [ -d "$cache" ] && echo "$cache"; done > out/caches
echo 'not an output' > beside
"""


@rule
async def tool_of_a_script(tool: OptionTool) -> VenvPex:
    assert tool == OptionTool("image_builder", "modelyard_tools.images.layers.build")
    return venv_pex_of(await Get(Digest, CreateDigest, shell_tool(_TOOL)))


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    runner = RuleRunner(
        rules=[
            *image_tool.rules(),
            *collect_rules(globals()),
            *pex.rules(),
            QueryRule(ImageToolOutput, [ImageToolRequest]),
            QueryRule(Digest, [CreateDigest]),
            QueryRule(DigestContents, [Digest]),
        ]
    )
    runner.set_options([], env={"SECRET": "of the user"}, env_inherit=PYTHON_BOOTSTRAP_ENV)
    return runner


def _run(runner: RuleRunner, *arguments: str, **env: str) -> dict[str, str]:
    inputs = runner.request(Digest, [CreateDigest([FileContent("in.txt", b"input")])])
    request = ImageToolRequest(
        arguments, inputs, "Build a layer", Address("functions/f"), FrozenDict(env)
    )
    output = runner.request(ImageToolOutput, [request])
    contents = runner.request(DigestContents, [output.digest])
    return {file.path: file.content.decode() for file in contents}


def test_what_it_writes_lies_at_the_root(runner: RuleRunner) -> None:
    files = _run(runner, "environment", "--name", "a b")
    assert set(files) == {"blobs/words", "inputs", "env", "caches"}
    assert files["blobs/words"] == "environment --name a b --out out"
    assert files["inputs"] == "input"


def test_it_knows_of_the_user_only_what_it_is_told(runner: RuleRunner) -> None:
    """What a layer holds follows from what goes in, so it can be cached for everybody."""
    assert json.loads(_run(runner, "environment", MINE="told")["env"]) == {
        "uv": ".modelyard_uv",
        "secret": "",
        "mine": "told",
    }


def test_what_was_fetched_is_kept_for_the_next_layer(runner: RuleRunner) -> None:
    caches = _run(runner, "environment", "again")["caches"]
    assert caches.split() == [".modelyard_debs", ".modelyard_uv"]


def test_a_layer_may_be_of_nothing(runner: RuleRunner) -> None:
    assert _run(runner, "nothing") == {}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        # Without the folder of the sandbox, which is gone when people read it.
        ("fail", "functions/f:f: .*last, in .*in.txt"),
        ("silent", r"functions/f:f: the \w+"),
        ("blank", r"functions/f:f: the \w+"),
    ],
)
def test_the_last_that_it_said_is_the_error(runner: RuleRunner, command: str, message: str) -> None:
    with pytest.raises(ExecutionError, match=message) as error:
        _run(runner, command)
    # Behind the traceback, which is of this test's own sandbox.
    said = str(error.value).rpartition("functions/f:f")[2]
    assert "progress 50" not in said
    assert "pants-sandbox" not in said
