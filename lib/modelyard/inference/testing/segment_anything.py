"""Networks with known outputs, to test pre- and postprocessing to the pixel.

They have the inputs and outputs of the real networks, but only a few operations.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import openvino
from openvino import opset13 as op

CLICK_RADIUS: Final = 60
"""Half the side of the square around a positive point, in pixels of the encoder's square."""

HOLE_RADIUS: Final = 20
"""The same around a negative point."""

_CELLS: Final = 256
_CELL: Final = 4
_FAR: Final = 1e4


def plant_ssd(
    path: Path, boxes: Sequence[Sequence[float]], scores: Mapping[tuple[int, int], float]
) -> None:
    """Write a COCO SSD that returns these boxes for any image.

    Args:
        path: The .xml file to write.
        boxes: Top, left, bottom, right as fractions of the image, one for each anchor.
        scores: By anchor and COCO id; 0 if missing.
    """
    table = np.zeros((1, len(boxes), 90), np.float32)
    for (anchor, number), score in scores.items():
        table[0, anchor, number - 1] = score
    places = np.array(boxes, np.float32).reshape(1, -1, 1, 4)
    pixels = op.parameter([-1, -1, -1, 3], np.uint8)
    pixels.output(0).tensor.set_names({"image_tensor:0"})
    outputs = {
        "Postprocessor/ExpandDims_1:0": op.constant(places),
        "Postprocessor/Slice:0": op.constant(table),
    }
    _save(path, [pixels], outputs)


def plant_sam(folder: Path) -> None:
    """Write `sam_encoder.onnx` and `sam_decoder.onnx`, which are IR despite their names.

    The embedding only holds the mean of the encoder's input. The mask is the square
    around each positive point, or the box if there is one, without the squares around the
    negative points. Logits are distances to its border in pixels of the encoder's square, so
    enlarging them keeps the border where it is.
    """
    _plant_encoder(folder / "sam_encoder.onnx")
    _plant_decoder(folder / "sam_decoder.onnx")


def _plant_encoder(path: Path) -> None:
    pixels = _input("input", [-1, 3, 1024, 1024])
    mean = op.reduce_mean(pixels, _whole([0, 1, 2, 3]), True)
    embedding = op.broadcast(mean, _whole([1, 256, 64, 64]))
    _save(path, [pixels], {"output": embedding})


def _plant_decoder(path: Path) -> None:
    embedding = _input("image_embeddings", [1, 256, 64, 64])
    points = _input("point_coords", [1, -1, 2])
    meanings = _input("point_labels", [1, -1])
    earlier = _input("mask_input", [1, 1, _CELLS, _CELLS])
    has_earlier = _input("has_mask_input", [1])
    size = _input("orig_im_size", [2])
    logits = op.reshape(_planted_logits(points, meanings), _whole([1, 1, _CELLS, _CELLS]), False)
    unused = [embedding, earlier, has_earlier, size]
    nothing = [op.multiply(_mean(node), _constant(0)) for node in unused]
    for zero in nothing[:-1]:
        logits = op.add(logits, zero)
    outputs = {
        # As in the real network, only the large mask needs the size of the image.
        "masks": op.add(logits, nothing[-1]),
        "iou_predictions": op.constant(np.array([[0.5]], np.float32)),
        "low_res_masks": logits,
    }
    _save(path, [embedding, points, meanings, earlier, has_earlier, size], outputs)


def _planted_logits(points: Any, meanings: Any) -> Any:
    """Return [256 * 256]: for the centre of each cell the distance to the mask's border."""
    centres = (np.arange(_CELLS, dtype=np.float32) + 0.5) * _CELL
    x, y = np.meshgrid(centres, centres)
    cells = op.constant(np.stack((x.ravel(), y.ravel()), axis=1)[:, None])
    # Like the real one it takes the points as pixel indices.
    places = op.add(points, _constant(0.5))
    away = op.reduce_max(op.abs(op.subtract(cells, places)), _whole([2]), False)
    inside = _where(meanings, 1, op.subtract(_constant(CLICK_RADIUS), away), -_FAR)
    clicked = op.reduce_max(inside, _whole([1]), False)
    outside = _where(meanings, 0, op.subtract(away, _constant(HOLE_RADIUS)), _FAR)
    kept = op.reduce_min(outside, _whole([1]), False)
    has_box = op.greater(op.reduce_max(meanings, _whole([0, 1]), False), _constant(1))
    whole = op.select(has_box, _inside_box(cells, places, meanings), clicked)
    return op.minimum(whole, kept)


def _inside_box(cells: Any, places: Any, meanings: Any) -> Any:
    """Return [256 * 256]: how far the cells are inside the box of the corner points."""
    first, last = (
        op.reduce_sum(
            op.multiply(
                places, op.unsqueeze(_where(meanings, meaning, _constant(1), 0), _whole(2))
            ),
            _whole([1]),
            True,
        )
        for meaning in (2, 3)
    )
    depths = op.minimum(op.subtract(cells, first), op.subtract(last, cells))
    return op.reduce_min(depths, _whole([1, 2]), False)


def _where(meanings: Any, meaning: int, then: Any, otherwise: float) -> Any:
    return op.select(op.equal(meanings, _constant(meaning)), then, _constant(otherwise))


def _mean(node: Any) -> Any:
    axes = op.constant(np.arange(len(node.get_partial_shape()), dtype=np.int64))
    return op.reduce_mean(node, axes, False)


def _constant(value: float) -> Any:
    return op.constant(np.float32(value))


def _whole(numbers: int | list[int]) -> Any:
    return op.constant(np.array(numbers, np.int64))


def _input(name: str, shape: list[int]) -> Any:
    node = op.parameter(shape, np.float32)
    node.output(0).tensor.set_names({name})
    return node


def _save(path: Path, inputs: list[Any], outputs: Mapping[str, Any]) -> None:
    results = []
    for name, node in outputs.items():
        results.append(op.result(node))
        results[-1].output(0).tensor.set_names({name})
    written = path.with_suffix(".xml")
    openvino.save_model(openvino.Model(results, inputs), written, compress_to_fp16=False)
    written.rename(path)
