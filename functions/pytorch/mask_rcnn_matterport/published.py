"""The checkpoint as Keras wrote it, and the mapping to our layer names."""

import re
from pathlib import Path
from typing import Final

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modelyard.inference.checkpoints import CheckpointError

_PARTS: Final = {
    "kernel:0": "weight",
    "bias:0": "bias",
    "gamma:0": "weight",
    "beta:0": "bias",
    "moving_mean:0": "running_mean",
    "moving_variance:0": "running_var",
}
_BLOCK: Final = re.compile(r"(res|bn)([2-5])([a-w])_branch(1|2a|2b|2c)")
_BRANCHES: Final = {"1": "shortcut", "2a": "conv1", "2b": "conv2", "2c": "conv3"}
_HEAD: Final = re.compile(r"mrcnn_(class|mask)_(conv|bn)(\d)")
_OTHERS: Final = {
    "conv1": "backbone.stem.conv1",
    "bn_conv1": "backbone.stem.conv1.norm",
    **{f"fpn_c{level}p{level}": f"lateral{level}" for level in range(2, 6)},
    **{f"fpn_p{level}": f"output{level}" for level in range(2, 6)},
    "rpn_conv_shared": "proposals.shared",
    "rpn_class_raw": "proposals.classes",
    "rpn_bbox_pred": "proposals.deltas",
    "mrcnn_class_logits": "classifier.classes",
    "mrcnn_bbox_fc": "classifier.deltas",
    "mrcnn_mask_deconv": "masks.enlarge",
    "mrcnn_mask": "masks.classes",
}


def read_keras(path: Path) -> dict[str, Tensor]:
    """Read the tensors of an HDF5 file of Keras weights, in torch's layout.

    Returns:
        By `<layer>/<variable>`, such as `conv1/kernel:0`. Kernels of convolutions are
        [outputs, inputs, height, width], those of transposed ones [inputs, outputs, height,
        width], those of dense layers [outputs, inputs].

    Raises:
        CheckpointError: it is not such a file.
    """
    tensors: dict[str, Tensor] = {}

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            # Nested models, such as the region proposal network, are groups around layers.
            key = "/".join(name.split("/")[-2:])
            tensors[key] = torch.from_numpy(_in_torchs_layout(item[()]))

    try:
        with h5py.File(path, "r") as file:
            # A file with the whole model, not only its weights, has them one level deeper.
            file.get("model_weights", file).visititems(visit)
    except (OSError, TypeError, ValueError) as error:
        raise CheckpointError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    return tensors


def rename(key: str) -> str:
    """Return the network's name for a key of `read_keras`; unknown ones stay unchanged."""
    layer, _, variable = key.partition("/")
    if variable not in _PARTS:
        return key
    return f"{_layer(layer)}.{_PARTS[variable]}"


def _layer(layer: str) -> str:
    if block := _BLOCK.fullmatch(layer):
        kind, stage, letter, branch = block.groups()
        name = f"backbone.res{stage}.{ord(letter) - ord('a')}.{_BRANCHES[branch]}"
        return f"{name}.norm" if kind == "bn" else name
    if head := _HEAD.fullmatch(layer):
        owner, kind, number = head.groups()
        name = f"{'classifier' if owner == 'class' else 'masks'}.conv{number}"
        return f"{name}.norm" if kind == "bn" else name
    return _OTHERS.get(layer, layer)


def _in_torchs_layout(values: NDArray[np.float32]) -> NDArray[np.float32]:
    match values.ndim:
        case 4:
            # Height, width, inputs, outputs; Keras swaps the last two for transposed kernels.
            values = values.transpose(3, 2, 0, 1)
        case 2:
            values = values.T
    return np.ascontiguousarray(values)
