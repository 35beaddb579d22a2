"""The whole detector against a plain implementation of the author's arithmetic.

Layers follow TensorFlow, on [height, width, channels] with kernels in Keras' layout; images and
masks are scaled with scikit-image, as the author does.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from numpy.typing import NDArray
from skimage import transform

from mask_rcnn_matterport.handler import MatterportMaskRCNN
from modelyard import Image
from modelyard.inference.boxes import nms

Array = NDArray[Any]
scale_by_author: Any = transform.resize
SIDE = 128
SHORTEST = 100
# Out of 100 objects; this plain code is slow for masks.
MOST = 12
# For scores and fractions of the input; differences between two CPUs were 1e-7.
JITTER = 2e-6
STRIDES = (4, 8, 16, 32, 64)
UNITS = np.array((0.1, 0.1, 0.2, 0.2))


def conv(x: Array, kernel: Array, bias: Array, stride: int = 1, same: bool = True) -> Array:
    """A convolution of [H, W, C]; "same" pads as TensorFlow does, more at the end."""
    size = kernel.shape[0]
    if same:
        pads = []
        for length in x.shape[:2]:
            total = max((-(-length // stride) - 1) * stride + size - length, 0)
            pads.append((total // 2, total - total // 2))
        x = np.pad(x, (*pads, (0, 0)))
    result = torch.nn.functional.conv2d(
        torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None],
        torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))),
        torch.from_numpy(bias),
        stride,
    )
    array: Array = result[0].numpy().transpose(1, 2, 0)
    return array


def relu(x: Array) -> Array:
    return np.asarray(np.maximum(x, 0), x.dtype)


def softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def apply_deltas(boxes: Array, deltas: Array) -> Array:
    height, width = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    y = boxes[:, 0] + 0.5 * height + deltas[:, 0] * height
    x = boxes[:, 1] + 0.5 * width + deltas[:, 1] * width
    height, width = height * np.exp(deltas[:, 2]), width * np.exp(deltas[:, 3])
    top, left = y - 0.5 * height, x - 0.5 * width
    return np.stack((top, left, top + height, left + width), axis=1)


def suppress(boxes: Array, scores: Array, threshold: float, limit: int) -> list[int]:
    """Greedy non-maximum suppression, one box after the other, as `tf.image` does it.

    Boxes without area overlap nothing (the first test below).
    """
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        near = np.maximum(boxes[kept, :2], boxes[i, :2])
        far = np.minimum(boxes[kept, 2:], boxes[i, 2:])
        shared = np.prod(np.clip(far - near, 0, None), axis=1)
        union = areas[kept] + areas[i] - shared
        if ((shared <= threshold * union) | (areas[kept] <= 0) | (areas[i] <= 0)).all():
            kept.append(int(i))
        if len(kept) == limit:
            break
    return kept


def crop_and_resize(features: Array, box: Array, size: int) -> Array:
    """The definition of tf.image.crop_and_resize, for one box, without its rounding at edges."""
    height, width, channels = features.shape
    top, left, bottom, right = box
    result = np.zeros((size, size, channels), np.float32)
    for i in range(size):
        y = round(top * (height - 1) + i * (bottom - top) * (height - 1) / (size - 1), 6)
        if not 0 <= y <= height - 1:
            continue
        for j in range(size):
            x = round(left * (width - 1) + j * (right - left) * (width - 1) / (size - 1), 6)
            if not 0 <= x <= width - 1:
                continue
            rows, columns = (int(y), int(np.ceil(y))), (int(x), int(np.ceil(x)))
            upper, lower = (
                features[row, columns[0]] * (1 - x % 1) + features[row, columns[1]] * (x % 1)
                for row in rows
            )
            result[i, j] = upper * (1 - y % 1) + lower * (y % 1)
    return result


def normalise(boxes: Array, height: int, width: int) -> Array:
    scale = np.array((height - 1, width - 1, height - 1, width - 1))
    fractions: Array = (boxes - np.array((0, 0, 1, 1))) / scale
    return fractions


class Author:
    """The author's model on one image.

    With `jitter`, scores and positions of proposals are perturbed by as much as CPUs differ.
    """

    def __init__(self, checkpoint: dict[str, Array], jitter: int | None = None) -> None:
        self.weights = {name.split("/", 1)[1]: array for name, array in checkpoint.items()}
        self.noise = np.random.default_rng(jitter)
        self.most = 0 if jitter is None else JITTER

    def blurred(self, values: Array) -> Array:
        blurred: Array = values + self.noise.uniform(-self.most, self.most, values.shape)
        return blurred

    def of(self, layer: str) -> tuple[Array, Array]:
        return self.weights[f"{layer}/kernel:0"], self.weights[f"{layer}/bias:0"]

    def norm(self, x: Array, layer: str) -> Array:
        gamma, beta, mean, variance = (
            self.weights[f"{layer}/{name}:0"]
            for name in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        normal: Array = (x - mean) / np.sqrt(variance + np.float32(1e-3)) * gamma + beta
        return normal

    def unit(self, x: Array, block: str, branch: str, stride: int = 1) -> Array:
        x = conv(x, *self.of(f"res{block}_branch{branch}"), stride)
        return self.norm(x, f"bn{block}_branch{branch}")

    def stages(self, x: Array) -> list[Array]:
        x = conv(np.pad(x, ((3, 3), (3, 3), (0, 0))), *self.of("conv1"), 2, same=False)
        x = relu(self.norm(x, "bn_conv1"))
        # "same" on an even size: one row and column of padding, at the end.
        x = np.pad(x, ((0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(0, 1))
        x = windows[::2, ::2].max(axis=(-1, -2))
        maps = []
        for stage, blocks in ((2, 3), (3, 4), (4, 23), (5, 3)):
            for number in range(blocks):
                block = f"{stage}{chr(ord('a') + number)}"
                stride = 2 if number == 0 and stage > 2 else 1
                inner = relu(self.unit(x, block, "2a", stride))
                inner = self.unit(relu(self.unit(inner, block, "2b")), block, "2c")
                shortcut = self.unit(x, block, "1", stride) if number == 0 else x
                x = relu(inner + shortcut)
            maps.append(x)
        return maps

    def pyramid(self, x: Array) -> list[Array]:
        stages = self.stages(x)
        above: Array | None = None
        maps: list[Array] = []
        for level in (5, 4, 3, 2):
            side = conv(stages[level - 2], *self.of(f"fpn_c{level}p{level}"))
            above = side if above is None else side + above.repeat(2, axis=0).repeat(2, axis=1)
            maps.insert(0, conv(above, *self.of(f"fpn_p{level}")))
        return maps

    def proposals(self, maps: list[Array]) -> Array:
        anchors, scores, deltas = [], [], []
        for stride, features in zip(STRIDES, (*maps, maps[-1][::2, ::2]), strict=True):
            shared = relu(conv(features, *self.of("rpn_conv_shared")))
            classes = conv(shared, *self.of("rpn_class_raw")).reshape(-1, 2)
            scores.append(softmax(classes)[:, 1])
            deltas.append(conv(shared, *self.of("rpn_bbox_pred")).reshape(-1, 4))
            for y in range(0, SIDE, stride):
                for x in range(0, SIDE, stride):
                    for ratio in (0.5, 1, 2):
                        height, width = 8 * stride / ratio**0.5, 8 * stride * ratio**0.5
                        half = np.array((height, width)) / 2
                        centre = np.array((y, x))
                        anchors.append(np.concatenate((centre - half, centre + half)))
        boxes = apply_deltas(
            normalise(np.array(anchors), SIDE, SIDE), np.concatenate(deltas) * UNITS
        )
        boxes = np.clip(self.blurred(boxes), 0, 1)
        assert len(boxes) < 6000
        return boxes[suppress(boxes, self.blurred(np.concatenate(scores)), 0.7, 1000)]

    def crops(self, maps: list[Array], boxes: Array, size: int) -> Array:
        roots = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
        # Boxes without area are on the finest level.
        with np.errstate(divide="ignore"):
            levels = 4 + np.round(np.log2(roots / (224 / SIDE)))
        chosen = np.clip(levels, 2, 5).astype(int)
        pairs = zip(chosen, boxes, strict=True)
        return np.stack([crop_and_resize(maps[level - 2], box, size) for level, box in pairs])

    def classify(self, maps: list[Array], boxes: Array) -> tuple[Array, Array]:
        x = self.crops(maps, boxes, 7).reshape(len(boxes), -1)
        kernel, bias = self.of("mrcnn_class_conv1")
        x = relu(self.norm(x @ kernel.reshape(-1, 1024) + bias, "mrcnn_class_bn1"))
        kernel, bias = self.of("mrcnn_class_conv2")
        x = relu(self.norm(x @ kernel[0, 0] + bias, "mrcnn_class_bn2"))
        kernel, bias = self.of("mrcnn_class_logits")
        probabilities = softmax(x @ kernel + bias)
        kernel, bias = self.of("mrcnn_bbox_fc")
        return probabilities, (x @ kernel + bias).reshape(-1, 81, 4)

    def masks(self, maps: list[Array], boxes: Array, classes: Array) -> list[Array]:
        masks = []
        for x, number in zip(self.crops(maps, boxes, 14), classes, strict=True):
            for layer in range(1, 5):
                x = conv(x, *self.of(f"mrcnn_mask_conv{layer}"))  # noqa: PLW2901
                x = relu(self.norm(x, f"mrcnn_mask_bn{layer}"))  # noqa: PLW2901
            kernel, bias = self.of("mrcnn_mask_deconv")
            # Each cell becomes 2x2 cells; Keras stores the kernel as height, width, out, in.
            large = np.einsum("hwi,yxoi->hywxo", x, kernel).reshape(28, 28, 256)
            logits = conv(relu(large + bias), *self.of("mrcnn_mask"))[..., number]
            masks.append(1 / (1 + np.exp(-logits)))
        return masks

    def detect(self, image: Array, confidence: float) -> list[tuple[Array, int, float, Array]]:
        """Return boxes in whole pixels, classes, scores and masks of the image's size."""
        height, width = image.shape[:2]
        scale = max(1, SHORTEST / min(height, width))
        if round(max(height, width) * scale) > SIDE:
            scale = SIDE / max(height, width)
        inner = round(height * scale), round(width * scale)
        scaled = scale_by_author(
            image, inner, order=1, mode="constant", preserve_range=True, anti_aliasing=False
        )
        top, left = (SIDE - inner[0]) // 2, (SIDE - inner[1]) // 2
        canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
        # Scaling leaves noise on whole numbers, which truncation would turn into steps of 1.
        canvas[top : top + inner[0], left : left + inner[1]] = scaled + 1e-3
        molded = (canvas - np.array((123.7, 116.8, 103.9))).astype(np.float32)
        window = normalise(np.array((top, left, top + inner[0], left + inner[1])), SIDE, SIDE)

        maps = self.pyramid(molded)
        boxes = self.proposals(maps)
        probabilities, deltas = self.classify(maps, boxes)
        classes = probabilities.argmax(axis=1)
        scores = probabilities.max(axis=1)
        changed = apply_deltas(boxes, deltas[np.arange(len(boxes)), classes] * UNITS)
        changed = np.clip(changed, np.tile(window[:2], 2), np.tile(window[2:], 2))
        kept: list[int] = []
        for number in set(classes) - {0}:
            ours = np.flatnonzero((classes == number) & (scores >= confidence))
            kept += [ours[i] for i in suppress(changed[ours], scores[ours], 0.3, 100)]
        kept = sorted(kept, key=lambda i: -scores[i])[:MOST]

        found = []
        for index, mask in zip(kept, self.masks(maps, changed[kept], classes[kept]), strict=True):
            box = (changed[index] - np.tile(window[:2], 2)) / np.tile(window[2:] - window[:2], 2)
            scale_back = np.array((height, width, height, width)) - 1
            y1, x1, y2, x2 = np.around(box * scale_back + (0, 0, 1, 1)).astype(int)
            if y1 >= y2 or x1 >= x2:
                continue
            whole = np.zeros((height, width), np.float32)
            whole[y1:y2, x1:x2] = scale_by_author(
                mask, (y2 - y1, x2 - x1), order=1, mode="constant", anti_aliasing=False
            )
            found.append((np.array((y1, x1, y2, x2)), classes[index], scores[index], whole))
        return found


Detections = list[tuple[Array, int, float, Array]]


def steady(checkpoint: dict[str, Array], size: tuple[int, int]) -> tuple[Array, Detections]:
    """Return a picture on which rounding affects no NMS decision, and the author's detections."""
    for seed in range(20):
        noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
        pixels = np.asarray(PIL.Image.fromarray(noise).resize(size))
        expected = Author(checkpoint).detect(pixels, 0.0)
        again = [Author(checkpoint, jitter).detect(pixels, 0.0) for jitter in range(2)]
        if all(places(expected) == places(other) for other in again):
            return pixels, expected
    pytest.fail("rounding affects a decision in every picture")


def places(detections: Detections) -> list[tuple[int, ...]]:
    return [(*box.tolist(), int(number)) for box, number, _, _ in detections]


def test_suppression_is_that_of_tensorflow() -> None:
    """The answer of tf.image.non_max_suppression in TensorFlow 2.21 (tensorflow-cpu)."""
    boxes = np.array(
        [
            (0.0, 0.0, 0.5, 0.5),
            (0.2, 0.2, 0.2, 0.6),
            (0.0, 0.0, 0.5, 0.45),
            (0.2, 0.2, 0.2, 0.6),
            (0.6, 0.6, 0.9, 0.9),
            (0.1, 0.1, 0.1, 0.1),
            (0.6, 0.6, 0.9, 0.88),
        ],
        np.float32,
    )
    scores = np.array((0.9, 0.9, 0.8, 0.7, 0.9, 0.95, 0.9), np.float32)
    assert suppress(boxes, scores, 0.3, 7) == [5, 0, 1, 4, 3]
    assert nms(boxes, scores, 0.3, limit=7, keep_empty=True).tolist() == [5, 0, 1, 4, 3]
    assert nms(boxes, scores, 0.3, limit=3, keep_empty=True).tolist() == [5, 0, 1]


@pytest.mark.parametrize("size", [(90, 70), (60, 160)])
def test_objects_are_those_of_the_author(
    model: MatterportMaskRCNN, checkpoint: dict[str, Array], size: tuple[int, int]
) -> None:
    pixels, expected = steady(checkpoint, size)
    scores = [score for _, _, score, _ in expected]
    # A threshold in the widest gap, so that rounding does not matter.
    gaps = [upper - lower for upper, lower in pairwise(scores[4:])]
    count = 5 + int(np.argmax(gaps))
    threshold = (scores[count - 1] + scores[count]) / 2
    found = model.detect(Image.from_pixels(pixels), float(threshold))
    with_pixels = [item for item in expected[:count] if (item[3] >= 0.5).any()]
    assert len(found) == len(with_pixels) > 3
    for shape, (box, number, score, mask) in zip(found, with_pixels, strict=True):
        assert shape.label == f"class {number}"
        assert shape.confidence == pytest.approx(score, abs=1e-4)
        whole = np.zeros(mask.shape, np.bool_)
        height, width = shape.bitmap.shape
        whole[shape.top : shape.top + height, shape.left : shape.left + width] = shape.bitmap
        certain = np.abs(mask - 0.5) > 1e-4
        assert (whole == (mask >= 0.5))[certain].all()
        assert box[0] <= shape.top < shape.top + height <= box[2]
        assert box[1] <= shape.left < shape.left + width <= box[3]
