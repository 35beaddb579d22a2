"""Converts Darknet networks (`.cfg` and `.weights`) to OpenVINO models.

The formats are those of the darknet program (https://pjreddie.com/darknet): a text file of layers
in order, and a header of version numbers followed by float32 values, layer by layer. The values of
a convolution are its biases; with batch normalisation scales, means and variances; and its filters.

Supported layers are those of the YOLOv3 family: convolutional, maxpool, upsample, route,
shortcut and yolo.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino import opset13 as op

from modelyard_tools.weights.errors import WeightsError

_EPSILON: Final = 1e-5  # Darknet adds this to variances.
_LEAK: Final = 0.1

Floats = NDArray[np.float32]


class Section(NamedTuple):
    """A `[section]` of a .cfg with its settings."""

    kind: str
    settings: dict[str, str]

    def number(self, key: str, default: int) -> int:
        """Return a setting as an integer.

        Raises:
            WeightsError: it is not an integer.
        """
        text = self.settings.get(key, str(default))
        try:
            return int(text)
        except ValueError:
            raise WeightsError(f"[{self.kind}] has {key}={text}, not a whole number") from None

    def layers(self, key: str, index: int) -> list[int]:
        """Return the indices of the layers in a setting; -1 is the layer before `index`."""
        try:
            named = [int(text) for text in self.settings[key].split(",")]
        except (KeyError, ValueError):
            raise WeightsError(f"[{self.kind}] needs {key}, a list of layers") from None
        found = [number if number >= 0 else index + number for number in named]
        if not all(0 <= number < index for number in found):
            raise WeightsError(f"[{self.kind}], layer {index}, refers to layers {named}")
        return found


class _Values:
    """The float32 values of a .weights file, consumed in order."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        if len(data) < 12:
            raise WeightsError(f"{path.name} ends within its header")
        major, minor, _ = np.frombuffer(data, "<i4", 3)
        # From version 0.2 on, the number of images seen in training takes 8 bytes.
        start = 20 if major * 10 + minor >= 2 else 16
        whole = start + (len(data) - start) // 4 * 4
        self._values: Floats = np.frombuffer(data[start:whole], "<f4")
        self._name = path.name
        self.taken = 0

    def take(self, *shape: int) -> Floats:
        count = int(np.prod(shape))
        part = self._values[self.taken : self.taken + count]
        if len(part) < count:
            raise WeightsError(
                f"{self._name} ends after {len(self._values)} values, but the .cfg asks for more"
            )
        self.taken += count
        return part.reshape(shape)

    def check_all_taken(self) -> None:
        left = len(self._values) - self.taken
        if left:
            raise WeightsError(f"{self._name} has {left} more values than the .cfg asks for")


def network_from_darknet(cfg: Path, weights: Path) -> openvino.Model:
    """Build the network.

    Its input `images` is float32 [1, channels, height, width]. Its outputs are the raw inputs of
    the yolo layers, float32 [1, anchors * (5 + classes), rows, columns], named `head_0`, ... in the
    order of the .cfg.

    Raises:
        WeightsError: a file cannot be read or has unsupported layers or settings, or the two do
            not match.
    """
    try:
        net, *layers = parse(cfg.read_text(encoding="utf-8"))
        values = _Values(weights)
    except (OSError, UnicodeError) as error:
        raise WeightsError(f"cannot read {cfg.name} and {weights.name}: {error}") from error
    shape = [1, net.number("channels", 3), net.number("height", 416), net.number("width", 416)]
    images = op.parameter(shape, np.float32, name="images")
    images.output(0).tensor.set_names({"images"})
    heads = _connect(images, layers, values)
    values.check_all_taken()
    if not heads:
        raise WeightsError(f"{cfg.name} has no [yolo] layer")
    for number, head in enumerate(heads):
        head.tensor.set_names({f"head_{number}"})
    return openvino.Model([op.result(head) for head in heads], [images], cfg.stem)


def parse(text: str) -> list[Section]:
    """Read a .cfg.

    Raises:
        WeightsError: a line is neither a section nor a setting, or the first section is not [net].
    """
    sections: list[Section] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.partition("#")[0].strip()
        key, equals, value = (part.strip() for part in line.partition("="))
        if line.startswith("[") and line.endswith("]"):
            sections.append(Section(line[1:-1], {}))
        elif equals and sections:
            sections[-1].settings[key] = value
        elif line:
            raise WeightsError(
                f"line {number} of the .cfg is neither a section nor a setting: {line}"
            )
    if not sections or sections[0].kind not in {"net", "network"}:
        raise WeightsError("the .cfg does not start with [net]")
    return sections


def _connect(images: Any, layers: Sequence[Section], values: _Values) -> list[Any]:
    """Build the layers and return the inputs of the yolo layers."""
    outputs: list[Any] = []
    heads: list[Any] = []
    for index, layer in enumerate(layers):
        before = outputs[-1] if outputs else images.output(0)
        if layer.kind == "yolo":
            heads.append(before)
            outputs.append(before)
        elif layer.kind == "convolutional":
            outputs.append(_convolution(layer, before, values))
        elif layer.kind in _WITHOUT_VALUES:
            outputs.append(_WITHOUT_VALUES[layer.kind](layer, before, outputs))
        else:
            raise WeightsError(f"layer {index} is [{layer.kind}], which is not supported")
    return heads


def _convolution(layer: Section, before: Any, values: _Values) -> Any:
    filters, size = layer.number("filters", 1), layer.number("size", 1)
    stride = layer.number("stride", 1)
    channels = before.shape[1]
    bias = values.take(filters)
    if layer.number("batch_normalize", 0):
        scale, mean, variance = (values.take(filters) for _ in range(3))
        factor = scale / np.sqrt(variance + _EPSILON)
        bias = bias - mean * factor
        kernel = values.take(filters, channels, size, size) * factor[:, None, None, None]
    else:
        kernel = values.take(filters, channels, size, size)
    pad = [size // 2] * 2 if layer.number("pad", 0) else [0, 0]
    summed = op.convolution(before, _constant(kernel), [stride, stride], pad, pad, [1, 1])
    result = op.add(summed, _constant(bias.reshape(1, -1, 1, 1))).output(0)
    match layer.settings.get("activation", "logistic"):
        case "leaky":
            return op.prelu(result, _constant(np.array([_LEAK]))).output(0)
        case "linear":
            return result
        case other:
            raise WeightsError(
                f"[convolutional] has the activation {other}, which is not supported"
            )


def _max_pool(layer: Section, before: Any, _outputs: Sequence[Any]) -> Any:
    size, stride = layer.number("size", 2), layer.number("stride", 2)
    # Darknet pads by size - 1 in total, the smaller half on the left, with the lowest float.
    padding = layer.number("padding", size - 1)
    first = padding // 2
    near, far = [first] * 2, [padding - first] * 2
    pooled = op.max_pool(
        before, [stride] * 2, [1, 1], near, far, [size] * 2, "floor", "explicit", "i64"
    )
    # The other output is the indices of the maxima.
    return pooled.output(0)


def _upsample(layer: Section, before: Any, _outputs: Sequence[Any]) -> Any:
    factor = float(layer.number("stride", 2))
    return op.interpolate(
        before,
        op.constant(np.array([factor, factor], np.float32)),
        "nearest",
        "scales",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        axes=op.constant(np.array([2, 3], np.int64)),
    ).output(0)


def _route(layer: Section, _before: Any, outputs: Sequence[Any]) -> Any:
    parts = [outputs[number] for number in layer.layers("layers", len(outputs))]
    return parts[0] if len(parts) == 1 else op.concat(parts, 1).output(0)


def _shortcut(layer: Section, before: Any, outputs: Sequence[Any]) -> Any:
    (other,) = layer.layers("from", len(outputs))
    if layer.settings.get("activation", "linear") != "linear":
        raise WeightsError("[shortcut] has an activation other than linear, which is not supported")
    return op.add(before, outputs[other]).output(0)


_WITHOUT_VALUES: Final[dict[str, Callable[[Section, Any, Sequence[Any]], Any]]] = {
    "maxpool": _max_pool,
    "upsample": _upsample,
    "route": _route,
    "shortcut": _shortcut,
}


def _constant(values: NDArray[np.floating[Any]]) -> Any:
    return op.constant(np.ascontiguousarray(values, np.float32))
