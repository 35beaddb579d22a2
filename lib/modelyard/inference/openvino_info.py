"""Texts in a model's file beside the network: ONNX metadata, and Model API's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    # At run time `openvino_network` must be the first to import it.
    import openvino

MODEL_INFO: Final = "model_info"
"""Section of Model API's configuration in `rt_info`."""


def onnx_metadata(network: openvino.Model) -> dict[str, str]:
    """Return the metadata of an ONNX file: texts by name."""
    return _texts(network, "framework")


def model_info(network: openvino.Model) -> dict[str, str]:
    """Return Model API's configuration from a network's `rt_info`, or an empty dict.

    ONNX files have it in their metadata; it is copied to `rt_info`, where Model API finds it.
    """
    for key, value in onnx_metadata(network).items():
        section, _, name = key.partition(" ")
        if section == MODEL_INFO and name:
            network.set_rt_info(value, [MODEL_INFO, name])
    return _texts(network, MODEL_INFO)


def _texts(network: openvino.Model, section: str) -> dict[str, str]:
    if not network.has_rt_info(section):
        return {}
    entries = network.get_rt_info(section).value
    if not isinstance(entries, Mapping):
        return {}
    return {name: str(getattr(entry, "value", entry)) for name, entry in entries.items()}
