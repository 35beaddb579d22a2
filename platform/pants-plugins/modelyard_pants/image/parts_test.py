"""Which layers an image has, the lowest first: docs/images.md, "What is in an image"."""

from __future__ import annotations

import pytest
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.engine.internals.scheduler import ExecutionError
from pants.engine.rules import QueryRule
from pants.testutil.rule_runner import RuleRunner

from modelyard_pants.image.parts import (
    BasePartsRequest,
    FunctionPartsRequest,
    ImageParts,
    ServingPartsRequest,
)
from modelyard_pants.testing.runner import FUNCTION
from modelyard_pants.testing.stand_ins import rule_runner_with_stand_ins

FOLDER = "functions/openvino/c"
BY = Address(FOLDER, generated_name="cpu-image")
PIN = "docker://registry.example.org/python@sha256:" + "1" * 64


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return rule_runner_with_stand_ins(
        *(
            QueryRule(ImageParts, [request])
            for request in (BasePartsRequest, ServingPartsRequest, FunctionPartsRequest)
        )
    )


def _names(parts: ImageParts) -> list[str]:
    return [layer.description.name for layer in parts.layers]


def _function(runner: RuleRunner, extra: str, handler: str = "") -> ImageParts:
    function = FUNCTION.replace('name="f"', 'name="c"', 1).format(extra=extra)
    runner.write_files(
        {
            f"{FOLDER}/BUILD": f"python_sources(name='lib', resolve='openvino')\n{function}",
            f"{FOLDER}/handler.py": handler,
            "lib/modelyard/models/heads.py": "",
        }
    )
    return runner.request(ImageParts, [FunctionPartsRequest(runner.get_target(BY))])


def _words(runner: RuleRunner, parts: ImageParts, name: str) -> str:
    """What the builder was told for a layer, which the stand-in writes into it."""
    (layer,) = (layer for layer in parts.layers if layer.description.name == name)
    files = runner.request(DigestContents, [layer.digest])
    return next(file.content for file in files if file.path.startswith("blobs/")).decode()


def test_the_repositorys_own_base_is_one_layer_that_sets_nothing(runner: RuleRunner) -> None:
    parts = runner.request(ImageParts, [BasePartsRequest(None, BY)])
    assert _names(parts) == ["base"]
    assert parts.base_env == ()


def test_anothers_base_brings_its_layers_and_its_environment(runner: RuleRunner) -> None:
    parts = runner.request(ImageParts, [BasePartsRequest(PIN, BY)])
    assert parts.base_env == ("FROM=base", "LANG=de")
    # Its registry has it compressed, and it stays so.
    assert {layer.description.media_type.rpartition("+")[2] for layer in parts.layers} == {"gzip"}


@pytest.mark.parametrize(("runtime", "name"), [("standalone", "server"), ("nuclio", "nuclio")])
def test_each_runtime_is_one_layer(runner: RuleRunner, runtime: str, name: str) -> None:
    assert _names(runner.request(ImageParts, [ServingPartsRequest(runtime, BY)])) == [name]


def test_what_serves_is_the_same_for_every_function(runner: RuleRunner) -> None:
    other = Address("functions/openvino/a", generated_name="cpu-image")
    one, two = (
        runner.request(ImageParts, [ServingPartsRequest("standalone", by)]) for by in (BY, other)
    )
    assert one == two


@pytest.mark.parametrize(
    ("extra", "handler", "names"),
    [
        ("", "", ["deps", "lib", "srcs"]),
        ('weights=["//3rdparty/models:wa"],', "", ["deps", "weights", "lib", "srcs"]),
        # A large package only where the code imports it, or imports what needs it.
        ("", "import numpy", ["deps-numpy", "deps", "lib", "srcs"]),
        (
            'weights=["//3rdparty/models:wa"],',
            "import numpy",
            ["deps-numpy", "deps", "weights", "lib", "srcs"],
        ),
        ('head="yolov8",', "", ["deps", "lib", "srcs"]),
    ],
)
def test_what_changes_seldom_lies_lower(
    runner: RuleRunner, extra: str, handler: str, names: list[str]
) -> None:
    assert _names(_function(runner, extra, handler)) == names


@pytest.mark.parametrize(("extra", "package"), [("", "c"), ('head="yolov8",', "")])
def test_the_handlers_own_folder_is_above_the_librarys(
    runner: RuleRunner, extra: str, package: str
) -> None:
    parts = _function(runner, extra)
    for name in ("lib", "srcs"):
        words = f"'--sources', 'srcs', '--package', {package!r}"
        assert words in _words(runner, parts, name)


def test_an_edit_of_the_handler_leaves_the_library_as_it_is(runner: RuleRunner) -> None:
    before, after = _function(runner, "", "x = 1"), _function(runner, "", "x = 2")
    changed = [
        one.description.name for one, other in zip(before.layers, after.layers) if one != other
    ]
    assert changed == ["srcs"]


def test_an_image_without_its_weights_is_not_built(runner: RuleRunner) -> None:
    runner.write_files(
        {
            "gone/BUILD": (
                'model_weights(name="gone", source="https://example.org/w", '
                f'sha256="{"0" * 64}", size=1, licence="MIT", licence_stated_at="here", '
                'origin="these tests")'
            )
        }
    )
    with pytest.raises(ExecutionError, match=f"{FOLDER}#cpu-image cannot be built: their server"):
        _function(runner, 'weights=["//gone"],')
