"""From the author's server to a detection: fetched, converted and loaded as in a deployment.

The pins are those of 3rdparty/models/BUILD.classic; only the server, sizes and digests are
replaced, because a local server stands in for the author's, with small networks under the same
names. This detects names that differ between a pin, a converter and a handler.
"""

import ast
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from classic_weights.frozen import frozen_graph
from dextr.handler import Dextr
from face_detection_0205.handler import FaceDetection
from faster_rcnn_inception_resnet_v2_atrous_coco.handler import FasterRcnn
from mask_rcnn_inception_resnet_v2_atrous_coco.handler import MaskRcnn
from modelyard.annotation import ReidBox
from modelyard.imaging import Image
from modelyard.inference.device import Device
from modelyard.inference.testing.networks import plant
from modelyard.inference.testing.yolo import Planted, heads
from modelyard.serving.author.model import Clicks
from modelyard.serving.testing.assets import planted_assets
from modelyard_tools.weights.conversion.testing.checkpoints import write_checkpoint
from modelyard_tools.weights.conversion.testing.dextr import dextr_tensors
from person_reidentification_retail_0277.handler import PersonReidentification
from semantic_segmentation_adas_0001.handler import AdasSegmentation
from text_detection_0004.handler import TextDetection
from tf_faster_rcnn_inception_v2_coco.handler import TfFasterRcnn
from yolo_v3_tf.handler import _HEADS, YoloV3

TOOLS = os.environ.get("MODELYARD_TEST_TOOLS")
"""Prefix of the folders of fetch.pex and convert.pex; without it the modules are run."""
ROOMS = {"fetch": "sources", "convert": "conversion"}

BUILD = Path("3rdparty/models/BUILD.classic")
IMAGE = Image.from_pixels(np.full((60, 80, 3), 90, np.uint8))
BOX = (20.0, 15.0, 60.0, 45.0)


def pins() -> dict[str, dict[str, Any]]:
    """The `model_weights` targets by name."""
    calls = (node.value for node in ast.parse(BUILD.read_text()).body if isinstance(node, ast.Expr))
    found = [
        {str(item.arg): ast.literal_eval(item.value) for item in call.keywords}
        for call in calls
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "model_weights"
    ]
    return {pin["name"]: pin for pin in found}


@pytest.fixture(scope="module", autouse=True)
def _unpacked_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A shared cache for unpacked PEX files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PEX_ROOT", str(tmp_path_factory.mktemp("pex")))
        yield


@pytest.fixture
def author() -> Iterator[ThreadingHTTPServer]:
    """A server of the files in its `published`, by path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = published.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silence."""

    published: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.published = published  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def run(module: str, *arguments: str | Path) -> None:
    tool = (
        ["-m", f"modelyard_tools.weights.{ROOMS[module]}.{module}"]
        if TOOLS is None
        else [f"{TOOLS}.{ROOMS[module]}/{module}.pex"]
    )
    env = {**os.environ, "no_proxy": "127.0.0.1"}
    if TOOLS is None:
        env["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    else:
        # A PEX brings its own modules.
        env.pop("PYTHONPATH", None)
    ended = subprocess.run(
        [sys.executable, *tool, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def obtained(author: Any, folder: Path, contents: dict[str, bytes]) -> Path:
    """Publish, fetch and convert weights by the name of their pins; return the weights' folder."""
    out = folder / "weights"
    for name, content in contents.items():
        pin = pins()[name]
        path = urlsplit(pin["source"]).path
        file = packed(content, pin["members"]) if "members" in pin else content
        author.published[path] = file
        spec = {
            "name": name,
            "source": f"http://127.0.0.1:{author.server_port}{path}",
            "digest": f"sha384:{hashlib.sha384(file).hexdigest()}",
            "size": len(file),
            "members": pin.get("members"),
        }
        (folder / "spec.json").write_text(json.dumps(spec))
        fetched = folder / name if "convert" in pin else out
        options = ("--spec", folder / "spec.json", "--cache", folder / "cache", "--out", fetched)
        run("fetch", *options)
        if "convert" in pin:
            run("convert", pin["convert"], "--in", fetched, "--out", out, "--name", name)
    return folder


def packed(content: bytes, members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in members:
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def ir(folder: Path, name: str, inputs: Any, outputs: Any) -> dict[str, bytes]:
    """The two files of an IR, by the names of their pins."""
    path = plant(folder / "author" / f"{name}.xml", inputs, outputs)
    return {f"{name}_{kind}": path.with_suffix(f".{kind}").read_bytes() for kind in ("xml", "bin")}


def loaded(model: Any, folder: Path, labels: Any = (), kind: str = "detector") -> Any:
    model.load(planted_assets(folder, type(model).__module__, kind, labels), Device())
    return model


LABELS = [{"id": 1, "name": "person"}]


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("faster_rcnn_inception_resnet_v2_atrous_coco", FasterRcnn()),
        ("mask_rcnn_inception_resnet_v2_atrous_coco", MaskRcnn()),
        ("tf_faster_rcnn_inception_v2_coco", TfFasterRcnn()),
    ],
)
def test_graphs_of_the_detection_api(author: Any, tmp_path: Path, name: str, model: Any) -> None:
    outputs = {
        "detection_boxes": np.array([[[0.25, 0.25, 0.75, 0.75]]], np.float32),
        "detection_classes": np.ones((1, 1), np.float32),
        "detection_scores": np.full((1, 1), 0.9, np.float32),
        "num_detections": np.ones(1, np.float32),
    }
    if isinstance(model, MaskRcnn):
        outputs["detection_masks"] = np.ones((1, 1, 33, 33), np.float32)
    graph = frozen_graph("image_tensor", "DT_UINT8", (-1, -1, -1, 3), outputs)
    (shape,) = loaded(model, obtained(author, tmp_path, {name: graph}), LABELS).detect(IMAGE, 0.5)
    if isinstance(model, MaskRcnn):
        assert (shape.left, shape.top, shape.bitmap.shape) == (20, 15, (30, 40))
    else:
        assert (shape.label, shape.box) == ("person", BOX)


def test_yolo_v3_tf(author: Any, tmp_path: Path) -> None:
    item = Planted((0.25, 0.23, 0.76, 0.76), 1, 0.95, 0.95)
    answers = heads([item], (13, 26, 52), list(_HEADS.values()), 416, 80)
    outputs = {
        name.removesuffix(":0"): np.ascontiguousarray(head.transpose(1, 2, 0)[None])
        for name, head in zip(_HEADS, answers, strict=True)
    }
    graph = frozen_graph("input_1", "DT_FLOAT", (-1, 416, 416, 3), outputs)
    folder = obtained(author, tmp_path, {"yolo_v3_tf": graph})
    (shape,) = loaded(YoloV3(), folder, LABELS).detect(IMAGE, 0.5)
    # The weights are in half precision.
    assert np.abs(np.array(shape.box) - (20, 13.8, 60.8, 45.6)).max() < 0.1


def test_text_detection_0004(author: Any, tmp_path: Path) -> None:
    links = np.tile(np.array([0, 9], np.float32), (1, 192, 320, 8)).reshape(1, 192, 320, 16)
    text = np.full((1, 192, 320, 2), 0, np.float32)
    text[..., 0] = 9
    text[0, 48:144, 80:240] = (0, 9)
    outputs = {"model/link_logits_/add": links, "model/segm_logits/add": text}
    inputs = {"Placeholder": ((1, 768, 1280, 3), np.float32)}
    contents = renamed(ir(tmp_path, "text-detection-0004", inputs, outputs))
    labels = [{"id": 1, "name": "text", "type": "mask"}]
    (shape,) = loaded(TextDetection(), obtained(author, tmp_path, contents), labels).detect(
        IMAGE, 0.8
    )
    assert (shape.left, shape.top, shape.bitmap.shape) == (20, 15, (30, 40))


def renamed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Pins are named with underscores, the published files with dashes."""
    return {name.replace("-", "_"): content for name, content in files.items()}


def test_face_detection_0205(author: Any, tmp_path: Path) -> None:
    boxes = np.zeros((2, 5), np.float32)
    boxes[0] = (104, 104, 312, 312, 0.9)
    contents: dict[str, bytes] = {}
    for name, side, outputs in (
        ("face-detection-0205", 416, {"boxes": boxes, "labels": np.zeros(2, np.int64)}),
        (
            "age-gender-recognition-retail-0013",
            62,
            {
                "fc3_a": np.full((1, 1, 1, 1), 0.31, np.float32),
                "prob": np.array([0.2, 0.8], np.float32).reshape(1, 2, 1, 1),
            },
        ),
        ("emotions-recognition-retail-0003", 64, {"prob_emotion": np.eye(5, dtype=np.float32)[:1]}),
    ):
        contents |= renamed(ir(tmp_path, name, {"data": ((1, 3, side, side), np.float32)}, outputs))
    folder = obtained(author, tmp_path, contents)
    (shape,) = loaded(FaceDetection(), folder, [{"id": 0, "name": "face"}]).detect(IMAGE, 0.5)
    assert shape.box == BOX
    assert [item.value for item in shape.attributes] == ["31", "male", "neutral"]


def test_semantic_segmentation_adas_0001(author: Any, tmp_path: Path) -> None:
    classes = np.zeros((1, 1, 1024, 2048), np.float32)
    classes[..., 256:768, 512:1536] = 1
    inputs = {"data": ((1, 3, 1024, 2048), np.float32)}
    contents = renamed(ir(tmp_path, "semantic-segmentation-adas-0001", inputs, {"y": classes}))
    folder = obtained(author, tmp_path, contents)
    labels = [{"id": 1, "name": "sidewalk", "type": "mask"}]
    (shape,) = loaded(AdasSegmentation(), folder, labels).detect(IMAGE, 0.5)
    assert (shape.left, shape.top, shape.bitmap.shape) == (20, 15, (30, 40))


def test_person_reidentification_retail_0277(author: Any, tmp_path: Path) -> None:
    inputs = {"data": ((1, 3, 256, 128), np.float32)}
    outputs = {"reid_embedding": np.ones((1, 256), np.float32)}
    contents = renamed(ir(tmp_path, "person-reidentification-retail-0277", inputs, outputs))
    folder = obtained(author, tmp_path, contents)
    model = loaded(PersonReidentification(), folder, kind="reid")
    box = [ReidBox(BOX, 1)]
    assert model.match(IMAGE, IMAGE, box, box, 0.5, 50) == [0]


def test_dextr(author: Any, tmp_path: Path) -> None:
    tensors = dextr_tensors()
    tensors["layer5.final.weight"][:] = 0
    tensors["layer5.final.bias"][:] = 5
    file = write_checkpoint(tmp_path / "checkpoint", tensors).read_bytes()
    folder = obtained(author, tmp_path, {"dextr": file})
    model = loaded(Dextr(), folder, kind="interactor")
    clicks = Clicks(positive=((20, 30), (40, 15), (60, 30), (40, 45)), threshold=0.8)
    # The object is everywhere; what lies outside the box of the points is cleared.
    assert model.segment(IMAGE, clicks).bounds == (20, 15, 60, 45)


def test_what_has_no_digest_is_not_fetched(author: Any, tmp_path: Path) -> None:
    pin = pins()["dextr"]
    assert "digest" not in pin
    assert "sha256" not in pin
    spec = {"name": "dextr", "source": pin["source"], "digest": None, "size": pin["size"]}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    options = ("--spec", tmp_path / "spec.json", "--cache", tmp_path, "--out", tmp_path)
    with pytest.raises(AssertionError, match="dextr: no digest is pinned"):
        run("fetch", *options)
