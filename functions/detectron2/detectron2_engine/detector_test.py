"""Checkpoints that are refused, and detectron2's own answers beside the function's."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from detectron2_engine.checkpoint_testing import Checkpoint, random_checkpoint, write_assets
from detectron2_engine.detector import Detectron2
from modelyard.annotation import Rectangle
from modelyard.imaging import Image
from modelyard.inference.checkpoints import CheckpointError
from modelyard.inference.device import Device
from modelyard.serving.assets import Assets
from retinanet_r101.detector import COCO_IDS
from retinanet_r101.handler import RetinaNetR101

CONFIG = "COCO-Detection/retinanet_R_101_FPN_3x"
LABELS = [{"id": number, "name": f"coco {number}"} for number in COCO_IDS]
OURS = "model_final_971ab9.pkl"


class Zoo(Detectron2):
    """The configuration that `retinanet_r101` is our own network for."""

    config: ClassVar[str] = CONFIG
    shortest: ClassVar[int | None] = 128


class SmallOurs(RetinaNetR101):
    """Our network, on small images."""

    shortest: ClassVar[int] = 128


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assets]:
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELYARD_THREADS", "1")
        folder = tmp_path_factory.mktemp("assets") / "function"
        yield write_assets(folder, CONFIG, "retinanet_r101.handler", LABELS)
    torch.set_num_threads(threads)


@pytest.fixture
def image() -> Image:
    pixels = np.random.default_rng(2).integers(0, 256, (96, 130, 3), np.uint8)
    return Image.from_pixels(pixels)


@pytest.mark.parametrize("threshold", [0.05, 0.3])
def test_our_retinanet_and_detectron2s_see_the_same(
    assets: Assets, image: Image, threshold: float
) -> None:
    theirs = Zoo()
    theirs.load(assets, Device())
    checkpoint = next((assets.path / "weights").iterdir())
    (assets.path / "ours" / "weights").mkdir(parents=True, exist_ok=True)
    for source, name in ((assets.path / "model.json", "model.json"), (checkpoint, OURS)):
        target = assets.path / "ours" / ("weights" if name == OURS else "") / name
        target.unlink(missing_ok=True)
        os.link(source, target)
    ours = SmallOurs()
    ours.load(Assets.open(assets.path / "ours"), Device())
    seen, expected = _rows(ours.detect(image, threshold)), _rows(theirs.detect(image, threshold))
    assert len(expected) >= 10
    assert [row[0] for row in seen] == [row[0] for row in expected]
    np.testing.assert_allclose(
        [row[1:] for row in seen], [row[1:] for row in expected], rtol=1e-4, atol=1e-4
    )


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_checkpoint_that_holds_code_is_refused_and_does_not_run(
    assets: Assets, tmp_path: Path
) -> None:
    proof = tmp_path / "it ran"
    content = {"model": {"a": Bomb(proof)}, "__author__": "Detectron2 Model Zoo"}
    with pytest.raises(CheckpointError, match=r"names posix.mkdir, which is not allowed"):
        Zoo().load(_with(assets, tmp_path, content), Device())
    assert not proof.exists()


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return random_checkpoint(CONFIG)


def test_old_constants_are_left_out(assets: Assets, checkpoint: Checkpoint, tmp_path: Path) -> None:
    old = {"pixel_mean": np.zeros(3), "anchor_generator.cell_anchors.0": np.zeros((9, 4))}
    Zoo().load(_with(assets, tmp_path, {"model": {**checkpoint, **old}}), Device())


def test_every_tensor_is_used_and_none_may_be_missing(
    assets: Assets, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    changed = {**checkpoint, "head.more.weight": np.zeros(1)}
    del changed["head.cls_score.bias"]
    with pytest.raises(CheckpointError) as caught:
        Zoo().load(_with(assets, tmp_path, {"model": changed}), Device())
    assert "1 missing: head.cls_score.bias" in str(caught.value)
    assert "1 left over: head.more.weight" in str(caught.value)


@pytest.mark.parametrize(("names", "said"), [((), "not none"), (("a", "b"), "not a, b")])
def test_there_is_one_checkpoint(
    assets: Assets, tmp_path: Path, names: tuple[str, ...], said: str
) -> None:
    folder = _with(assets, tmp_path, {}).path
    (folder / "weights" / "model.pkl").unlink()
    for name in names:
        (folder / "weights" / name).touch()
    with pytest.raises(CheckpointError, match=f"must hold one checkpoint, {said}"):
        Zoo().load(Assets.open(folder), Device())


def test_a_class_must_name_its_configuration() -> None:
    with pytest.raises(TypeError, match="class Nameless must name a configuration as `config`"):
        type("Nameless", (Detectron2,), {})


def _with(assets: Assets, folder: Path, content: Any) -> Assets:
    """The same function with another checkpoint."""
    (folder / "model.json").write_bytes((assets.path / "model.json").read_bytes())
    (folder / "weights").mkdir()
    (folder / "weights" / "model.pkl").write_bytes(pickle.dumps(content))
    return Assets.open(folder)


def _rows(shapes: Any) -> list[tuple[Any, ...]]:
    assert all(isinstance(shape, Rectangle) for shape in shapes)
    return [(shape.label, shape.confidence, *shape.box) for shape in shapes]
