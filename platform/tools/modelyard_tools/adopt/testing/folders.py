"""Folders like those in CVAT's `serverless`: its form of configuration with our own code."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

_LOAD: Final = '''\
import base64
import io
import json

import yaml
from PIL import Image

from model_handler import ModelHandler


def init_context(context):
    """Loads the model."""
    context.logger.info("Init context...  0%")
    with open("/opt/nuclio/function.yaml", "rb") as function_file:
        functionconfig = yaml.safe_load(function_file)
    spec = functionconfig["metadata"]["annotations"]["spec"]
    labels = {item["id"]: item["name"] for item in json.loads(spec or "[]")}
    context.user_data.model = ModelHandler(labels)


def picture(data, key="image"):
    return Image.open(io.BytesIO(base64.b64decode(data[key]))).convert("RGB")


def reply(context, result):
    return context.Response(
        body=json.dumps(result), headers={}, content_type="application/json", status_code=200
    )


'''
_HANDLERS: Final = {
    "detector": """\
def handler(context, event):
    data = event.body
    threshold = float(data.get("threshold", {threshold}))
    return reply(context, context.user_data.model.infer(picture(data), threshold))
""",
    "interactor": """\
def handler(context, event):
    data = event.body
    mask = context.user_data.model.handle(
        picture(data), data["pos_points"], data["neg_points"], data.get("obj_bbox")
    )
    return reply(context, {{"mask": mask}})
""",
    "tracker": """\
def handler(context, event):
    data = event.body
    shapes, states = data.get("shapes"), data.get("states")
    results = {{"shapes": [], "states": []}}
    for index, shape in enumerate(shapes):
        state = states[index] if index < len(states) else None
        shape, state = context.user_data.model.infer(picture(data), shape, state)
        results["shapes"].append(shape)
        results["states"].append(state)
    return reply(context, results)
""",
    "reid": """\
def handler(context, event):
    data = event.body
    return reply(context, context.user_data.model.infer(
        picture(data, "image0"), data["boxes0"], picture(data, "image1"), data["boxes1"],
        float(data.get("threshold", 0.5)), float(data.get("max_distance", 50)),
    ))
""",
    "embedding": """\
def handler(context, event):
    features = context.user_data.model.handle(picture(event.body), [], [], None)
    return reply(context, {{"blob": base64.b64encode(bytes(features[0])).decode()}})
""",
}
# Finds, segments or tracks bright pixels, so that the answers are known.
_BRIGHT: Final = """\
def bright(image):
    rows, columns = np.nonzero(np.array(image.convert("L")) > 150)
    if not len(rows):
        return [0, 0, image.width, image.height]
    return [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]
"""
_MODELS: Final = {
    "detector": """\
    def infer(self, image, threshold):
        label = next(iter(self.labels.values()))
        found = {"confidence": "0.9", "label": label, "points": bright(image), "type": "rectangle"}
        return [found] if 0.9 >= threshold else []
""",
    "interactor": """\
    def handle(self, image, pos_points, neg_points, obj_bbox):
        left, top, right, bottom = bright(image)
        mask = np.zeros((image.height, image.width), int)
        mask[top:bottom, left:right] = 255
        return mask.tolist()
""",
    "tracker": """\
    def infer(self, image, shape, state):
        return (shape, {"frames": 1}) if state is None else (bright(image), state)
""",
    "reid": """\
    def infer(self, image0, boxes0, image1, boxes1, threshold, distance):
        return list(range(len(boxes0)))
""",
}
_MODELS["embedding"] = _MODELS["interactor"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One function. `imports` are the first statements of its model's module; `paths` are what it
    reads in its image; `steps` and `docker` build its image; `gpu` is whether it has a
    function-gpu.yaml; `form` is its kind of handler, if that differs from its type.
    """

    path: str
    name: str
    display: str
    type: str
    framework: str
    imports: Sequence[str] = ()
    paths: Sequence[str] = ()
    steps: Sequence[tuple[str, str]] = ()
    docker: str = ""
    base: str = ""
    gpu: bool = False
    form: str = ""
    threshold: float = 0.5
    labels: Sequence[Mapping[str, Any]] = ()
    annotations: Mapping[str, Any] = {}
    trigger: Mapping[str, Any] = {}
    spec: Mapping[str, Any] = {}

    @property
    def package(self) -> str:
        """The name it is adopted under, which no function here has."""
        return self.path.rpartition("/")[2].replace("-", "_").lower() + "_2"


def write_folder(root: Path, row: Row) -> Path:
    """Write the row's folder below `root`/serverless and return it."""
    folder = root / "serverless" / row.path / "nuclio"
    folder.mkdir(parents=True)
    (folder / "function.yaml").write_text(yaml.safe_dump(config_of(row), sort_keys=False))
    if row.gpu:
        gpu = yaml.safe_dump(config_of(row, gpu=True), sort_keys=False)
        (folder / "function-gpu.yaml").write_text(gpu)
    handler = _HANDLERS[row.form or row.type].format(threshold=row.threshold)
    (folder / "main.py").write_text(_LOAD + handler)
    (folder / "model_handler.py").write_text(_model(row))
    if row.docker:
        (folder / "Dockerfile").write_text(textwrap.dedent(row.docker))
    return folder


def config_of(row: Row, *, gpu: bool = False) -> dict[str, Any]:
    """Return the function.yaml of a row, or its function-gpu.yaml."""
    trigger: dict[str, Any] = {
        "kind": "http",
        "numWorkers": 1 if gpu else 2,
        "workerAvailabilityTimeoutMilliseconds": 10000,
        "attributes": {"maxRequestBodySize": 33554432},
        **row.trigger,
    }
    limits = {"resources": {"limits": {"nvidia.com/gpu": 1}}} if gpu else {}
    steps = [{"kind": kind, "value": value} for kind, value in row.steps]
    annotations = {"name": row.display, "type": row.type, **row.annotations}
    return {
        "metadata": {
            "name": row.name,
            "namespace": "cvat",
            "annotations": {**annotations, "spec": json.dumps(list(row.labels))},
        },
        "spec": {
            "description": f"{row.display} for tests",
            "runtime": "python:3.8",
            "handler": "main:handler",
            "eventTimeout": "30s",
            "build": {
                "image": f"cvat.{row.name}",
                "baseImage": row.base or "ubuntu:20.04",
                "directives": {"preCopy": steps},
            },
            "triggers": {"myHttpTrigger": trigger},
            "platform": {
                "attributes": {
                    "restartPolicy": {"name": "always", "maximumRetryCount": 3},
                    "mountMode": "volume",
                }
            },
            **limits,
            **row.spec,
        },
    }


def _model(row: Row) -> str:
    imports = "\n".join(("import os", "", *row.imports, "import numpy as np"))
    paths = "".join(f"        self.files.append(os.path.abspath({path!r}))\n" for path in row.paths)
    return (
        f"{imports}\n\n\n{_BRIGHT}\n\nclass ModelHandler:\n"
        "    def __init__(self, labels):\n"
        f"        self.labels = labels\n        self.files = []\n{paths}\n"
        f"{_MODELS[row.form or row.type]}"
    )
