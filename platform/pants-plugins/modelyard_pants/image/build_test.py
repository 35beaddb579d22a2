"""Names, labels and layouts of images, as the OCI image specification has them.

https://github.com/opencontainers/image-spec: image-layout.md, annotations.md, config.md.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from pants.engine.addresses import Address
from pants.engine.fs import DigestContents
from pants.engine.rules import QueryRule
from pants.testutil.rule_runner import RuleRunner

from modelyard_pants.image.build import Image, ImageRequest
from modelyard_pants.testing.stand_ins import rule_runner_with_stand_ins

FOLDER = "functions/openvino/a"
BASE = Address("platform/images", target_name="base")
STANDALONE = Address(FOLDER, generated_name="cpu-image")
NUCLIO = Address(FOLDER, generated_name="cpu-nuclio")


@pytest.fixture(scope="module")
def runner() -> RuleRunner:
    return rule_runner_with_stand_ins(QueryRule(Image, [ImageRequest]))


@pytest.fixture(scope="module")
def released() -> RuleRunner:
    """A repository that publishes versions, to a registry with a port."""
    options = (
        "--modelyard-image-repository=registry.example.org:5000/team",
        "--modelyard-image-version=1.2",
    )
    return rule_runner_with_stand_ins(QueryRule(Image, [ImageRequest]), options=options)


def _image(runner: RuleRunner, address: Address, *, compressed: bool = False) -> Image:
    return runner.request(Image, [ImageRequest(runner.get_target(address), compressed)])


def _files(runner: RuleRunner, image: Image) -> dict[str, bytes]:
    contents = runner.request(DigestContents, [image.digest])
    return {file.path: file.content for file in contents}


def _blob(files: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    """The bytes of what a descriptor is about, of which it has digest and size."""
    content = files["blobs/" + descriptor["digest"].replace(":", "/")]
    assert descriptor["digest"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert descriptor["size"] == len(content)
    return content


def _config(runner: RuleRunner, image: Image) -> dict[str, Any]:
    files = _files(runner, image)
    (manifest,) = json.loads(files["index.json"])["manifests"]
    return json.loads(_blob(files, json.loads(_blob(files, manifest))["config"]))


@pytest.mark.parametrize("address", [BASE, STANDALONE, NUCLIO], ids=str)
@pytest.mark.parametrize("compressed", [False, True])
def test_it_is_a_layout_whose_descriptors_are_true(
    runner: RuleRunner, address: Address, compressed: bool
) -> None:
    image = _image(runner, address, compressed=compressed)
    files = _files(runner, image)
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(files["index.json"])
    assert index["schemaVersion"] == 2
    (described,) = index["manifests"]
    assert described["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert described["platform"] == {"architecture": "amd64", "os": "linux"}
    assert described["annotations"] == {"org.opencontainers.image.ref.name": image.reference}
    manifest = json.loads(_blob(files, described))
    assert manifest["schemaVersion"] == 2
    assert manifest["config"]["mediaType"] == "application/vnd.oci.image.config.v1+json"
    for layer in manifest["layers"]:
        _blob(files, layer)
        plain = "application/vnd.oci.image.layer.v1.tar"
        assert layer["mediaType"] == (f"{plain}+gzip" if compressed else plain)
    config = json.loads(_blob(files, manifest["config"]))
    assert config["rootfs"]["type"] == "layers"
    # One entry of each list for one layer.
    assert len(config["rootfs"]["diff_ids"]) == len(manifest["layers"]) == len(config["history"])


@pytest.mark.parametrize(
    ("address", "reference"),
    [
        # docs/images.md: function.yaml names Nuclio's image.
        (STANDALONE, "modelyard/a:cpu-standalone"),
        (NUCLIO, "modelyard/a:cpu"),
        (BASE, "modelyard/base:base"),
    ],
    ids=str,
)
def test_it_is_named_as_documented(runner: RuleRunner, address: Address, reference: str) -> None:
    assert _image(runner, address).reference == reference


@pytest.mark.parametrize(
    ("address", "reference"),
    [
        (STANDALONE, "registry.example.org:5000/team/a:cpu-standalone"),
        (BASE, "registry.example.org:5000/team/base:base"),
    ],
    ids=str,
)
def test_a_repository_names_and_numbers_its_images(
    released: RuleRunner, address: Address, reference: str
) -> None:
    image = _image(released, address)
    assert image.reference == reference
    labels = _config(released, image)["config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == "1.2"


def test_labels_say_what_it_is(runner: RuleRunner) -> None:
    image = _image(runner, STANDALONE)
    labels = _config(runner, image)["config"]["Labels"]
    assert {
        "org.opencontainers.image.title": "a",
        "org.opencontainers.image.description": "Finds nothing",
        "org.opencontainers.image.licenses": "MIT",
        "org.opencontainers.image.revision": "0" * 40,
        "dev.modelyard.function": "a",
        "dev.modelyard.variant": "cpu",
        "dev.modelyard.type": "detector",
        "dev.modelyard.runtime": "standalone",
        "dev.modelyard.digest": image.content_digest,
    }.items() <= labels.items()
    assert list(labels) == sorted(labels)


def test_the_base_is_one_layer_that_runs_python(runner: RuleRunner) -> None:
    image = _image(runner, BASE)
    assert [layer.name for layer in image.layers] == ["base"]
    config = _config(runner, image)["config"]
    # docs/targets.md: a base has Python 3.11 as /usr/bin/python3.11.
    assert config["Cmd"] == ["/usr/bin/python3.11"]
    assert "ExposedPorts" not in config
    assert "Healthcheck" not in config
    assert not [name for name in config["Labels"] if name.startswith("dev.modelyard.function")]


@pytest.mark.parametrize("address", [BASE, STANDALONE, NUCLIO], ids=str)
def test_it_never_runs_as_root(runner: RuleRunner, address: Address) -> None:
    """docs/images.md: user 65532."""
    assert _config(runner, _image(runner, address))["config"]["User"] == "65532:65532"


def test_an_engine_gets_its_parts_one_by_one(runner: RuleRunner) -> None:
    image = _image(runner, STANDALONE)
    described = {file.path for file in runner.request(DigestContents, [image.described])}
    assert {"oci-layout", "index.json"} < described
    assert len(image.blobs) == len(image.layers)
    for blob, layer in zip(image.blobs, image.layers):
        path = "blobs/" + layer.digest.replace(":", "/")
        assert path not in described
        assert path in {file.path for file in runner.request(DigestContents, [blob])}
