"""Makes NanoTrack's networks, exported for one object, accept batches."""

from typing import Any

import numpy as np
import openvino
from openvino import opset13


def make_batchable(network: openvino.Model) -> None:
    """Change `network` in place, from a batch of one to any batch size.

    Two things tie the exported networks to one sample. Their reshapes have a leading dimension of
    1, which becomes dynamic. And the depthwise correlation of version 3's head is a convolution
    whose filters are the template's features; it becomes a sum of products, because a convolution
    has one set of filters for the whole batch.
    """
    for node in network.get_ordered_ops():
        if node.get_type_name() == "GroupConvolution" and not _is_constant(_features(node, 1)):
            _correlate_each(node)
    for node in network.get_ordered_ops():
        if node.get_type_name() == "Reshape" and not _is_constant(_source(node, 0)):
            _keep_first_length(node)
    network.validate_nodes_and_infer_types()


def _keep_first_length(reshape: Any) -> None:
    pattern = _source(reshape, 1)
    if not _is_constant(pattern):
        return
    lengths = pattern.get_data()
    if lengths[0] == 1:
        # Zero means the length of the input's dimension.
        target = opset13.constant(np.array([0, *lengths[1:]], np.int64))
        reshape.input(1).replace_source_output(target.output(0))


def _correlate_each(convolution: Any) -> None:
    """Replace reshapes, convolution and reshape with a per-sample correlation."""
    image, filters = _features(convolution, 0), _features(convolution, 1)
    attributes = convolution.get_attributes()
    above, left = attributes["pads_begin"]
    below, right = attributes["pads_end"]
    zero = opset13.constant(np.float32(0))
    padded = opset13.pad(image, [0, 0, above, left], [0, 0, below, right], "constant", zero)
    rows, columns = filters.output(0).get_shape()[2:]
    (reshape,) = (port.get_node() for port in convolution.output(0).get_target_inputs())
    height, width = reshape.output(0).get_shape()[2:]
    products = [
        opset13.multiply(
            _window(padded, row, column, height, width), _window(filters, row, column, 1, 1)
        )
        for row in range(rows)
        for column in range(columns)
    ]
    total = products[0]
    for product in products[1:]:
        total = opset13.add(total, product)
    reshape.output(0).replace(total.output(0))


def _window(features: Any, row: int, column: int, height: int, width: int) -> Any:
    """Return rows and columns of features [N, C, H, W]."""
    return opset13.slice(
        features, [row, column], [row + height, column + width], [1, 1], axes=[2, 3]
    )


def _features(node: Any, index: int) -> Any:
    """Return the source of an input of `node`, before its reshape."""
    source = _source(node, index)
    while source.get_type_name() == "Reshape":
        source = _source(source, 0)
    return source


def _source(node: Any, index: int) -> Any:
    return node.input(index).get_source_output().get_node()


def _is_constant(node: Any) -> bool:
    return bool(node.get_type_name() == "Constant")
