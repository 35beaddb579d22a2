"""Small models in the format of TensorFlow.js, written by tests."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT = {"type": "DT_FLOAT"}
INT32 = {"type": 3}
IMAGE = np.random.default_rng(3).integers(0, 256, (1, 5, 6, 3), np.uint8)


def codes(text: str) -> list[int]:
    """A byte string as old converters write it."""
    return list(text.encode())


def base64_text(text: str) -> str:
    """A byte string as newer converters write it."""
    return base64.b64encode(text.encode()).decode()


def node(name: str, op: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": op, "input": list(inputs), "attr": attributes}


def constant(name: str, dtype: dict[str, Any] = FLOAT) -> dict[str, Any]:
    return node(name, "Const", dtype=dtype, value={"tensor": {"dtype": dtype["type"]}})


def image_nodes() -> list[dict[str, Any]]:
    """uint8 [1, 5, 6, 3] as float32 in `pixels`."""
    shape = {"dim": [{"size": str(size)} for size in IMAGE.shape]}
    return [
        node("image", "Placeholder", dtype={"type": 4}, shape={"shape": shape}),
        node("pixels", "Cast", "image", SrcT={"type": 4}, DstT={"type": 1}),
    ]


def weight(
    name: str, array: NDArray[Any], dtype: str = "float32", **fields: Any
) -> tuple[dict[str, Any], bytes]:
    """An entry of the manifest, and its bytes."""
    return {"name": name, "shape": list(array.shape), "dtype": dtype, **fields}, array.tobytes()


def write(
    folder: Path,
    nodes: list[dict[str, Any]],
    weights: list[tuple[dict[str, Any], bytes]],
    shard_bytes: int = 1000,
) -> Path:
    """Write a model whose weights are cut into shards of that size, across value boundaries."""
    data = b"".join(content for _, content in weights)
    names: list[str] = []
    for start in range(0, len(data), shard_bytes):
        names.append(f"group1-shard{len(names) + 1}")
        (folder / names[-1]).write_bytes(data[start : start + shard_bytes])
    manifest = [{"paths": names, "weights": [entry for entry, _ in weights]}]
    model = folder / "model.json"
    topology = {"node": nodes, "library": {}, "versions": {"badConsumers": []}}
    model.write_text(json.dumps({"modelTopology": topology, "weightsManifest": manifest}))
    return model
