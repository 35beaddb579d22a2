from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from modelyard_pants.image.oci import (
    NUCLIO,
    STANDALONE,
    ImageDescription,
    LayerDescription,
    render_image,
)

LAYER = LayerDescription(
    name="srcs",
    digest="sha256:" + "a" * 64,
    diff_id="sha256:" + "b" * 64,
    size=10,
    files_size=20,
    media_type="application/vnd.oci.image.layer.v1.tar+gzip",
)
IMAGE = ImageDescription(
    reference="modelyard/f:cpu-standalone",
    title="f",
    description="Finds nothing",
    runtime=STANDALONE,
    architecture="amd64",
    layers=(LAYER,),
    env={"MODELYARD_THREADS": "2"},
    labels={"dev.modelyard.type": "detector"},
)


def config(image: ImageDescription) -> Any:
    files = render_image(image).files
    manifest = json.loads(files["index.json"])["manifests"][0]
    described = json.loads(files["blobs/" + manifest["digest"].replace(":", "/")])
    return json.loads(files["blobs/" + described["config"]["digest"].replace(":", "/")])


@pytest.mark.parametrize("runtime", [STANDALONE, NUCLIO])
def test_an_engine_lets_the_health_check_wait(runtime: str) -> None:
    check = config(replace(IMAGE, runtime=runtime))["config"]["Healthcheck"]
    assert check["Test"][:2] == ["CMD", "/opt/modelyard/deps/bin/python"]
    _, waits, _ = check["Test"][-3:]
    assert check["Timeout"] > int(waits) * 1_000_000_000
    # During a start the check runs more often than by an engine's default.
    assert check["StartInterval"] == 1_000_000_000


def test_the_functions_own_environment_is_kept() -> None:
    assert "MODELYARD_THREADS=2" in config(IMAGE)["config"]["Env"]


def test_a_gpu_is_requested_in_the_environment() -> None:
    asked = {
        "NVIDIA_VISIBLE_DEVICES=all",
        "NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        "MODELYARD_DEVICE=cuda",
    }
    gpu = replace(IMAGE, gpus=1, env={"MODELYARD_DEVICE": "cuda"})
    assert asked <= set(config(gpu)["config"]["Env"])
    assert not asked & set(config(IMAGE)["config"]["Env"])


@pytest.mark.parametrize("runtime", [STANDALONE, NUCLIO])
def test_both_runtimes_listen_on_the_same_ports(runtime: str) -> None:
    ports = config(replace(IMAGE, runtime=runtime))["config"]["ExposedPorts"]
    assert sorted(ports) == ["8080/tcp", "8082/tcp"]


def test_another_revision_is_another_label_but_the_same_content() -> None:
    one, other = replace(IMAGE, revision="1" * 40), replace(IMAGE, revision="2" * 40)
    assert render_image(one).content_digest == render_image(other).content_digest
    assert config(one)["config"]["Labels"]["org.opencontainers.image.revision"] == "1" * 40


def test_the_content_digest_covers_what_an_image_holds() -> None:
    digests = {
        render_image(image).content_digest
        for image in (
            IMAGE,
            replace(IMAGE, env={}),
            replace(IMAGE, runtime=NUCLIO),
            replace(IMAGE, gpus=1),
            replace(IMAGE, layers=(replace(LAYER, diff_id="sha256:" + "c" * 64),)),
        )
    }
    assert len(digests) == 5


def test_the_same_description_gives_the_same_bytes() -> None:
    assert render_image(IMAGE) == render_image(replace(IMAGE))
