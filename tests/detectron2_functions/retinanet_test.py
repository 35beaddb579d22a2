"""detectron2's results compared with our RetinaNet's, on the same random weights."""

import os
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from modelyard.annotation import Rectangle
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.models.detectron2.detector import Detectron2
from modelyard.models.detectron2.testing.checkpoints import write_assets
from modelyard.serving.author.assets import Assets
from retinanet_r101.detector import COCO_IDS
from retinanet_r101.handler import RetinaNetR101

CONFIG = "COCO-Detection/retinanet_R_101_FPN_3x"
LABELS = [{"id": number, "name": f"coco {number}"} for number in COCO_IDS]
OURS = "model_final_971ab9.pkl"


class Zoo(Detectron2):
    """The configuration that `retinanet_r101` implements."""

    config: ClassVar[str] = CONFIG
    shortest: ClassVar[int | None] = 128


class SmallOurs(RetinaNetR101):
    """Our network, on small images."""

    shortest: ClassVar[int] = 128


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assets:
    monkeypatch.setenv("MODELYARD_THREADS", "1")
    return write_assets(tmp_path / "function", CONFIG, "retinanet_r101.handler", LABELS)


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


def _rows(shapes: Any) -> list[tuple[Any, ...]]:
    assert all(isinstance(shape, Rectangle) for shape in shapes)
    return [(shape.label, shape.confidence, *shape.box) for shape in shapes]
