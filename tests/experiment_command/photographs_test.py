"""A real detector, evaluated on photographs annotated by hand."""

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import PIL.Image
import pytest

from experiment_command.packaged import Experiment
from modelyard.serving.protocol.messages import Event
from modelyard.serving.worker.function import Function
from modelyard_contract.nuclio import DEFAULT_HANDLER
from samples import assets_named_by, photograph_file

# Ground truth: left, top, right, bottom in pixels.
ANNOTATED = {
    "chelsea.png": [("cat", (0, 0, 397, 300))],
    "coffee.png": [("cup", (173, 17, 410, 310)), ("dining table", (0, 0, 600, 400))],
    "astronaut.png": [("person", (22, 17, 362, 512))],
    "camera.png": [("person", (0, 65, 331, 512))],
    "motorcycle_left.png": [("motorcycle", (92, 38, 684, 450))],
    "rocket.jpg": [],
}


@pytest.fixture(scope="module")
def detector() -> Iterator[str]:
    """The address of coco-ssd."""
    assets = assets_named_by("MODELYARD_TEST_ASSETS")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODELYARD_ASSETS", os.fspath(assets.path))
        function = Function.load(DEFAULT_HANDLER)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            reply = function.handle(Event("test", content_type="application/json", body=body))
            self.send_response(reply.status)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A folder with the photographs and `truth.json`, in COCO's format."""
    names = sorted({label for found in ANNOTATED.values() for label, _ in found})
    images, annotations = [], []
    for number, (name, found) in enumerate(ANNOTATED.items(), start=1):
        path = tmp_path / "photographs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(photograph_file(name))
        width, height = PIL.Image.open(path).size
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        annotations += [_object(number, names.index(label) + 1, box) for label, box in found]
    for number, annotation in enumerate(annotations, start=1):
        annotation["id"] = number
    categories = [{"id": number, "name": name} for number, name in enumerate(names, start=1)]
    truth = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    return tmp_path


def _object(image: int, category: int, box: tuple[int, int, int, int]) -> dict[str, Any]:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    return {
        "image_id": image,
        "category_id": category,
        "bbox": [left, top, width, height],
        "area": width * height,
        "iscrowd": 0,
        "segmentation": [],
    }


@pytest.mark.parametrize(("least", "code"), [("0.40", 0), ("0.99", 3)])
def test_the_mean_average_precision_is_a_gate(
    detector: str, dataset: Path, experiment: Experiment, least: str, code: int
) -> None:
    options = ["--annotations", "truth.json", "--images", "photographs", "--min-map", least]
    done = experiment.run(dataset, "evaluate", detector, *options)
    assert done.returncode == code, done.stderr
    rows = dict(line.rsplit(None, 2)[::2] for line in done.stdout.splitlines()[1:-1])
    assert sorted(rows) == ["cat", "cup", "dining table", "motorcycle", "person"]
    assert float(rows["cat"]) > 0.8
