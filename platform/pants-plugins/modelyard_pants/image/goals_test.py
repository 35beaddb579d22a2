from __future__ import annotations

import json
from typing import Any, Mapping

import pytest
from pants.core.goals.package import BuiltPackage
from pants.core.goals.publish import PublishProcesses
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.engine.rules import QueryRule
from pants.testutil.rule_runner import RuleRunner

from modelyard_pants.image.build import Image, ImageRequest
from modelyard_pants.image.goals import (
    ENGINE,
    ImageFieldSet,
    PublishImageFieldSet,
    PublishImageRequest,
    published_tags,
)
from modelyard_pants.image.oci import PLAIN_LAYER
from modelyard_pants.testing.stand_ins import rule_runner_with_stand_ins

QUERIES = (
    QueryRule(Image, [ImageRequest]),
    QueryRule(BuiltPackage, [ImageFieldSet]),
    QueryRule(PublishProcesses, [PublishImageRequest]),
)


@pytest.fixture
def runner() -> RuleRunner:
    return rule_runner_with_stand_ins(*QUERIES)


def image(
    runner: RuleRunner, name: str, artifact: str = "cpu-image", *, compressed: bool = True
) -> Image:
    address = Address(f"functions/openvino/{name}", generated_name=artifact)
    return runner.request(Image, [ImageRequest(runner.get_target(address), compressed)])


def layers(built: Image) -> dict[str, str]:
    return {layer.name: layer.digest for layer in built.layers}


def files(runner: RuleRunner, built: Image) -> Mapping[str, bytes]:
    contents = runner.request(DigestContents, [built.digest])
    return {content.path: content.content for content in contents}


def write_c(runner: RuleRunner, fields: str) -> None:
    """Write a function `c` without weights, with further fields."""
    runner.write_files(
        {
            "functions/openvino/c/BUILD": (
                "python_sources(name='lib', resolve='openvino')\n"
                "model_function(name='c', type='detector', framework='openvino',"
                " display_name='C', description='Finds nothing', labels=['cat'],"
                f" origin='these tests', **{{'licence': 'MIT', **dict({fields})}})"
            ),
            "functions/openvino/c/handler.py": "",
        }
    )


def config(runner: RuleRunner, built: Image) -> Any:
    found = files(runner, built)
    manifest = json.loads(found["index.json"])["manifests"][0]["digest"]
    described = json.loads(found["blobs/" + manifest.replace(":", "/")])["config"]["digest"]
    return json.loads(found["blobs/" + described.replace(":", "/")])


def test_two_functions_differ_only_in_their_own_layers(runner: RuleRunner) -> None:
    a, b = layers(image(runner, "a")), layers(image(runner, "b"))
    assert list(a) == ["base", "server", "deps", "weights", "lib", "srcs"]
    assert {name for name in a if a[name] == b[name]} == {"base", "server", "deps"}


def test_large_packages_are_only_in_images_that_import_them(runner: RuleRunner) -> None:
    runner.write_files({"functions/openvino/b/handler.py": "import numpy\n"})
    a, b = layers(image(runner, "a")), layers(image(runner, "b"))
    assert list(b) == ["base", "server", "deps-numpy", "deps", "weights", "lib", "srcs"]
    assert set(b) - set(a) == {"deps-numpy"}
    assert a["deps"] == b["deps"]


def test_plain_and_compressed_images_have_the_same_configuration(runner: RuleRunner) -> None:
    plain, compressed = image(runner, "a", compressed=False), image(runner, "a")
    assert config(runner, plain) == config(runner, compressed)
    assert plain.content_digest == compressed.content_digest
    # A base that is already compressed is kept as it is.
    assert {layer.media_type for layer in plain.layers} == {PLAIN_LAYER}
    assert {layer.media_type for layer in compressed.layers} == {f"{PLAIN_LAYER}+gzip"}


@pytest.mark.parametrize(("licence", "label"), [("MIT", "MIT"), ("not stated", "NOASSERTION")])
def test_an_image_names_the_licence_of_the_weights(
    runner: RuleRunner, licence: str, label: str
) -> None:
    write_c(runner, f"licence='{licence}'")
    labels = config(runner, image(runner, "c"))["config"]["Labels"]
    assert labels["org.opencontainers.image.licenses"] == label


def test_it_contains_only_the_layout(runner: RuleRunner) -> None:
    tops = {path.split("/")[0] for path in files(runner, image(runner, "a"))}
    assert tops == {"oci-layout", "index.json", "blobs"}


def test_an_edit_of_a_handler_changes_one_layer_of_one_function(runner: RuleRunner) -> None:
    before = {name: image(runner, name) for name in "ab"}
    runner.write_files({"functions/openvino/a/handler.py": "import shared.nms\n# edited\n"})
    after = {name: image(runner, name) for name in "ab"}
    assert after["b"].digest == before["b"].digest
    old, new = layers(before["a"]), layers(after["a"])
    assert {name for name in old if old[name] != new[name]} == {"srcs"}
    assert before["a"].content_digest != after["a"].content_digest


def test_a_layout_holds_every_blob_that_it_names(runner: RuleRunner) -> None:
    built = image(runner, "a")
    found = files(runner, built)
    assert {"oci-layout", "index.json"} < set(found)
    for layer in built.layers:
        assert f"blobs/{layer.digest.replace(':', '/')}" in found
    settings = config(runner, built)
    assert settings["rootfs"]["diff_ids"] == [layer.diff_id for layer in built.layers]
    assert settings["config"]["User"] == "65532:65532"
    labels = settings["config"]["Labels"]
    assert labels["org.opencontainers.image.revision"] == "0" * 40
    assert labels["org.opencontainers.image.version"] == built.content_digest[:12]


def test_nuclio_runs_the_same_layers_with_its_processor(runner: RuleRunner) -> None:
    standalone, nuclio = image(runner, "a"), image(runner, "a", "cpu-nuclio")
    one, other = layers(standalone), layers(nuclio)
    assert set(one) ^ set(other) == {"server", "nuclio"}
    assert all(one[name] == other[name] for name in set(one) & set(other))
    assert nuclio.reference == "modelyard/a:cpu"
    settings = config(runner, nuclio)["config"]
    assert settings["Cmd"] == ["processor"]
    assert settings["Healthcheck"]["Interval"] == 1_000_000_000
    assert "NUCLIO_PYTHON_EXE_PATH=/opt/modelyard/deps/bin/python" in settings["Env"]


def test_an_author_may_choose_another_base(runner: RuleRunner) -> None:
    pin = "docker://registry.example.org/python@sha256:" + "1" * 64
    write_c(runner, f"base_image='{pin}'")
    built = image(runner, "c")
    assert layers(built)["base"] != layers(image(runner, "a"))["base"]
    env = config(runner, built)["config"]["Env"]
    assert "FROM=base" in env
    assert "LANG=C.UTF-8" in env


def test_a_gpu_variant_requests_the_devices_on_the_same_layers(runner: RuleRunner) -> None:
    write_c(runner, "variants={'cpu': {}, 'gpu': {'gpus': 1, 'resolve': 'openvino'}}")
    cpu, gpu = image(runner, "c"), image(runner, "c", "gpu-image")
    assert gpu.reference == "modelyard/c-gpu:gpu-standalone"
    asked = {"NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=compute,utility"}
    assert asked <= set(config(runner, gpu)["config"]["Env"])
    assert not asked & set(config(runner, cpu)["config"]["Env"])
    one, other = layers(cpu), layers(gpu)
    # function.yaml, which requests the GPU and one worker, is in the last layer.
    assert {name for name in one if one[name] != other[name]} == {"srcs"}


def test_blocked_weights_block_the_image_with_their_reason(runner: RuleRunner) -> None:
    runner.write_files(
        {
            "3rdparty/models/BUILD": (
                'model_weights(name="wa", source="https://example.org/wa", '
                f'sha256="{"0" * 64}", size=1, licence="MIT", licence_stated_at="here", '
                'origin="these tests")'
            )
        }
    )
    with pytest.raises(Exception, match="#cpu-image cannot be built: their server is gone"):
        image(runner, "a")


def test_an_image_is_written_only_if_it_is_named(runner: RuleRunner) -> None:
    address = Address("functions/openvino/a", generated_name="cpu-image")
    field_set = ImageFieldSet.create(runner.get_target(address))
    assert runner.request(BuiltPackage, [field_set]).artifacts == ()


def test_without_a_registry_nothing_is_published_and_the_option_is_named(
    runner: RuleRunner,
) -> None:
    address = Address("functions/openvino/a", generated_name="cpu-image")
    field_set = PublishImageFieldSet.create(runner.get_target(address))
    [published] = runner.request(PublishProcesses, [PublishImageRequest(field_set, ())])
    assert published.process is None
    assert "[modelyard].image_registries" in str(published.description)


def test_an_image_can_be_published_to_the_engine_of_this_machine() -> None:
    options = [
        f"--modelyard-image-registries=['{ENGINE}']",
        "--modelyard-image-shipper=lib/shared",  # A stand-in: it need only exist.
    ]
    runner = rule_runner_with_stand_ins(*QUERIES, options=options)
    address = Address("functions/openvino/a", generated_name="cpu-image")
    field_set = PublishImageFieldSet.create(runner.get_target(address))
    [published] = runner.request(PublishProcesses, [PublishImageRequest(field_set, ())])
    assert published.names == ("modelyard/a:cpu-standalone",)
    assert published.process is not None
    process = published.process.process
    assert process.argv == (
        "modelyard_tools.images.shipping.ship",
        "--image",
        "{chroot}/image",
        "load",
    )
    # One folder per layer: layers of an earlier image are not laid out again.
    folders = [f"image/layers/{number}" for number in range(6)]
    assert sorted(process.immutable_input_digests) == ["image/described", *folders]


def test_tags_name_content_revision_and_version(runner: RuleRunner) -> None:
    built = image(runner, "a")
    content = f"cpu-standalone-{built.content_digest[:12]}"
    assert published_tags("cpu-standalone", built, "1.2") == (
        content,
        "cpu-standalone",
        "cpu-standalone-git-000000000000",
        "cpu-standalone-1.2",
    )
