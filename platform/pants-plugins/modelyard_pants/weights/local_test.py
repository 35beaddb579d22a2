"""Files of the repository as weights: docs/targets.md, `weights`."""

from __future__ import annotations

import pytest
from pants.core.target_types import (
    FilesGeneratorTarget,
    FileTarget,
    ResourcesGeneratorTarget,
    ResourceTarget,
)
from pants.core.target_types import rules as core_target_types_rules
from pants.core.util_rules import source_files
from pants.engine.addresses import Address
from pants.engine.fs import EMPTY_DIGEST, Digest, DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.target import Target, Targets
from pants.testutil.rule_runner import QueryRule, RuleRunner

from modelyard_pants.function.targets import LabelSet
from modelyard_pants.weights import local
from modelyard_pants.weights.requests import LocalWeightsRequest
from modelyard_pants.weights.targets import ModelWeights


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return RuleRunner(
        rules=[
            *core_target_types_rules(),
            *local.rules(),
            *source_files.rules(),
            QueryRule(Digest, [LocalWeightsRequest]),
            QueryRule(DigestContents, [Digest]),
        ],
        target_types=[
            FilesGeneratorTarget,
            FileTarget,
            LabelSet,
            ModelWeights,
            ResourcesGeneratorTarget,
            ResourceTarget,
        ],
    )


def _files(runner: RuleRunner, *addresses: Address) -> dict[str, bytes]:
    targets = Targets(runner.get_target(address) for address in addresses)
    digest = runner.request(Digest, [LocalWeightsRequest(targets)])
    return {file.path: file.content for file in runner.request(DigestContents, [digest])}


@pytest.mark.parametrize(
    ("folder", "path", "name"),
    [
        ("f", "net.onnx", "net.onnx"),
        ("f", "deep/er/net.onnx", "net.onnx"),
        ("f", "my net (1).onnx", "my net (1).onnx"),
        ("f", "größe/猫.xml", "猫.xml"),
        ("f", ".hidden.bin", ".hidden.bin"),
        # The root of the repository is a folder, too.
        ("", "net.onnx", "net.onnx"),
        ("", "deep/net.onnx", "net.onnx"),
    ],
)
@pytest.mark.parametrize("kind", ["file", "resource"])
def test_a_file_has_its_own_name_wherever_it_lies(
    runner: RuleRunner, kind: str, folder: str, path: str, name: str
) -> None:
    place = f"{folder}/" if folder else ""
    runner.write_files(
        {f"{place}BUILD": f"{kind}(name='w', source={path!r})", f"{place}{path}": "content"}
    )
    assert _files(runner, Address(folder, target_name="w")) == {name: b"content"}


def test_the_two_files_of_a_network_come_together(runner: RuleRunner) -> None:
    """docs/bring-your-own.md: `files(name="model", sources=["net.xml", "net.bin"])`."""
    runner.write_files(
        {
            "ir/BUILD": "files(name='model', sources=['net.xml', 'net.bin'])",
            "ir/net.xml": "x",
            "ir/net.bin": "b",
        }
    )
    one, other = (
        Address("ir", target_name="model", relative_file_path=name)
        for name in ("net.xml", "net.bin")
    )
    assert _files(runner, one, other) == {"net.xml": b"x", "net.bin": b"b"}


def test_what_is_no_file_of_the_model_is_left_out(runner: RuleRunner) -> None:
    """Labels have a field of their own; published weights are fetched."""
    fields = {
        "source": "https://example.org/w",
        "licence": "MIT",
        "licence_stated_at": "here",
        "origin": "these tests",
    }
    others: list[Target] = [
        LabelSet({"source": "pets.json"}, Address("a", target_name="labels")),
        ModelWeights(fields, Address("a", target_name="published")),
    ]
    for targets in ([], others):
        request = LocalWeightsRequest(Targets(targets))
        assert runner.request(Digest, [request]) == EMPTY_DIGEST


@pytest.mark.parametrize(("other", "refused"), [("b/NET.onnx", False), ("b/net.onnx", True)])
def test_names_are_the_same_letter_for_letter(
    runner: RuleRunner, other: str, refused: bool
) -> None:
    runner.write_files(
        {
            "two/BUILD": f"file(name='x', source='a/net.onnx')\nfile(name='y', source='{other}')",
            "two/a/net.onnx": "a",
            f"two/{other}": "b",
        }
    )
    addresses = (Address("two", target_name="x"), Address("two", target_name="y"))
    if not refused:
        assert set(_files(runner, *addresses)) == {"net.onnx", "NET.onnx"}
        return
    message = "two/a/net.onnx and two/b/net.onnx .*; rename one"
    with pytest.raises(ExecutionError, match=message):
        _files(runner, *addresses)
