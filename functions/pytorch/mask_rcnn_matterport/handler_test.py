"""The checkpoint's format, and the detector from an image to shapes and through CVAT's request."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import PIL.Image
import pytest
import torch
from numpy.typing import NDArray

from mask_rcnn_matterport.handler import MatterportMaskRCNN
from mask_rcnn_matterport.network import MaskRCNN
from mask_rcnn_matterport.published import read_keras, rename
from modelyard import Assets, Device, Image, Mask
from modelyard.annotation import LabelError
from modelyard.inference.checkpoints import CheckpointError
from modelyard.inference.torch_loading import build_network
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.worker.nuclio import open_endpoint

Checkpoint = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="module")
def image() -> Image:
    """Smooth noise, 90x70."""
    noise = np.random.default_rng(3).integers(0, 256, (8, 8, 3), np.uint8)
    return Image.from_pixels(np.asarray(PIL.Image.fromarray(noise).resize((90, 70))))


@pytest.fixture(scope="module")
def everything(model: MatterportMaskRCNN, image: Image) -> list[Mask]:
    return model.detect(image, 0.0)


def test_every_tensor_is_used_and_none_may_be_missing(folder: Path, checkpoint: Checkpoint) -> None:
    state = read_keras(folder / "weights" / "mask_rcnn_coco.h5")
    assert len(state) == len(checkpoint) == 690
    network = build_network(MaskRCNN, state, source="random", rename=rename)
    names = {name for name in network.state_dict() if "num_batches" not in name}
    assert names == {rename(key) for key in state}
    kernel = checkpoint["rpn_model/rpn_conv_shared/kernel:0"]
    assert network.proposals.shared.weight[7, 5, 1, 2] == kernel[1, 2, 5, 7]
    changed = {**state, "mrcnn_more/kernel:0": torch.zeros(1)}
    del changed["bn4w_branch2c/gamma:0"]
    with pytest.raises(CheckpointError) as caught:
        build_network(MaskRCNN, changed, source="random", rename=rename)
    assert "1 missing: backbone.res4.22.conv3.norm.weight" in str(caught.value)
    assert "1 left over: mrcnn_more.weight" in str(caught.value)


def test_a_whole_model_is_read_as_well_as_its_weights(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        file["model_weights/conv1/conv1/bias:0"] = np.arange(3, dtype=np.float32)
        file["optimizer_weights/step:0"] = np.zeros(1, np.float32)
    state = read_keras(tmp_path / "model.h5")
    assert {name: tensor.tolist() for name, tensor in state.items()} == {"conv1/bias:0": [0, 1, 2]}


def test_another_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "page.h5").write_text("<html>")
    for name in ("page.h5", "gone.h5"):
        with pytest.raises(CheckpointError, match=f"cannot read .*{name}: ") as caught:
            read_keras(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_masks_lie_in_the_image_best_first_with_outlines(everything: list[Mask]) -> None:
    assert len(everything) > 5
    scores = [shape.confidence or 0 for shape in everything]
    assert scores == sorted(scores, reverse=True)
    assert "class 0" not in {shape.label for shape in everything}
    for shape in everything:
        height, width = shape.bitmap.shape
        assert shape.bitmap.any()
        assert 0 <= shape.left < shape.left + width <= 90
        assert 0 <= shape.top < shape.top + height <= 70
        outline = np.array(shape.polygon).reshape(-1, 2) - (shape.left, shape.top)
        assert len(outline) >= 3
        assert ((outline >= 0) & (outline <= (width, height))).all()


def test_the_threshold_leaves_the_better_ones_as_they_are(
    model: MatterportMaskRCNN, image: Image, everything: list[Mask]
) -> None:
    threshold = everything[3].confidence or 0
    found = model.detect(image, threshold)
    expected = [shape for shape in everything if (shape.confidence or 0) >= threshold]
    assert len(found) == len(expected) >= 4
    for shape, other in zip(found, expected, strict=True):
        assert (shape.label, shape.left, shape.top) == (other.label, other.left, other.top)
        assert np.array_equal(shape.bitmap, other.bitmap)


def test_nothing_may_be_found(model: MatterportMaskRCNN, image: Image) -> None:
    assert model.detect(image, 1.0) == []


@pytest.mark.usefixtures("model")  # The small input makes it fast.
def test_cvats_request_is_answered(folder: Path) -> None:
    endpoint = open_endpoint({"MODELYARD_ASSETS": str(folder), "MODELYARD_THREADS": "1"})
    body = {**json.loads(sample_request("detector")), "threshold": 0.01}
    reply: list[dict[str, Any]] = json.loads(endpoint.answer(json.dumps(body)))
    assert reply
    for shape in reply:
        assert shape["type"] == "mask"
        assert shape["label"].startswith("class ")
        # CVAT's masks: the pixels of a box, row by row, then its corners, all inclusive.
        *bits, left, top, right, bottom = shape["mask"]
        assert 0 <= left <= right < 160
        assert 0 <= top <= bottom < 120
        assert len(bits) == (right - left + 1) * (bottom - top + 1)
        assert len(shape["points"]) >= 6


@pytest.mark.parametrize("label", [{"name": "x"}, {"name": "x", "id": 81}, {"name": "x", "id": -1}])
def test_labels_need_ids_of_the_networks_classes(
    folder: Path, tmp_path: Path, label: dict[str, Any]
) -> None:
    description = json.loads((folder / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**description, "labels": [label]}))
    with pytest.raises(LabelError, match="label 'x' needs an id from 0 to 80"):
        MatterportMaskRCNN().load(Assets.open(tmp_path), Device())
