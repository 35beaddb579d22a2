"""New functions from a model file: what is read from it, and what is written."""

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openvino
import pytest

from modelyard_contract.function_types import FUNCTION_TYPES
from modelyard_tools.scaffold.cli import main
from modelyard_tools.scaffold.network import read_network
from modelyard_tools.scaffold.testing.networks import Shape, write_onnx

YOLO: dict[str, Shape] = {"output0": (1, 6, 8400)}
UNKNOWN: dict[str, Shape] = {"strange": (1, 2, 3, 4, 5), "other": (7,)}

# Read before a test changes the working directory: Pants gives relative paths.
SEARCH_PATH = [os.path.abspath(path) for path in sys.path if path]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODELYARD_CWD", raising=False)
    return tmp_path


def targets_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the targets of a BUILD file: their fields by alias."""
    body = ast.parse((folder / "BUILD").read_text()).body
    calls = [node.value for node in body if isinstance(node, ast.Expr)]
    return {
        call.func.id: {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }


def test_a_network_of_a_known_head_needs_no_code(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_onnx(Path("best.onnx"), YOLO, metadata={"names": "{0: 'cat', 1: 'dog'}"})
    assert main(["my_model", "--from", "best.onnx"]) == 0
    assert "with head yolov8 (from its outputs)" in capsys.readouterr().out
    folder = repository / "functions" / "openvino" / "my_model"
    assert sorted(path.name for path in folder.iterdir()) == [
        "BUILD",
        "README.md",
        "__init__.py",
        "function_test.py",
        "labels.json",
    ]
    targets = targets_of(folder)
    function, weights = targets["model_function"], targets["model_weights"]
    assert (function["head"], function["framework"]) == ("yolov8", "openvino")
    assert function["weights"] == [f"functions/openvino/my_model:{weights['name']}"]
    assert function["labels"] == f"functions/openvino/my_model:{targets['label_set']['name']}"
    content = Path("best.onnx").read_bytes()
    assert weights["sha256"] == hashlib.sha256(content).hexdigest()
    assert (weights["size"], weights["source"]) == (
        len(content),
        (repository / "best.onnx").as_uri(),
    )
    assert "head_options" not in function
    labels = json.loads((folder / "labels.json").read_text())
    assert [(label["id"], label["name"]) for label in labels] == [(0, "cat"), (1, "dog")]
    assert "output output0 [1, 6, 8400]" in (folder / "README.md").read_text()


def test_classes_without_names_are_counted(repository: Path) -> None:
    write_onnx(Path("best.onnx"), {"out": (1, 12, 8400)})
    assert list(read_network(Path("best.onnx")).classes.values()) == [
        f"class {number}" for number in range(8)
    ]


def test_sides_that_the_file_leaves_open_are_set(repository: Path) -> None:
    write_onnx(Path("best.onnx"), YOLO, image=(1, 3, "height", "width"))
    assert main(["my_model", "--from", "best.onnx"]) == 0
    function = targets_of(repository / "functions/openvino/my_model")["model_function"]
    assert function["head_options"] == {"input_size": [640, 640]}


def test_both_files_of_openvinos_own_format_are_weights(repository: Path) -> None:
    write_onnx(Path("best.onnx"), UNKNOWN)
    openvino.save_model(openvino.Core().read_model("best.onnx"), "best.xml")
    assert main(["my_model", "--from", "best.xml", "--type", "tracker"]) == 0
    function = targets_of(repository / "functions/openvino/my_model")["model_function"]
    assert [name.rpartition(":")[2] for name in function["weights"]] == [
        "weights_xml",
        "weights_bin",
    ]
    handler = (repository / "functions/openvino/my_model/handler.py").read_text()
    assert 'model = assets.weights("best.xml")' in handler


def written_tests(folder: Path, network: Path) -> str:
    """Run the tests in a function's folder as the build does; return their output."""
    function = targets_of(folder)["model_function"]
    assets = folder.parent / "assets"
    (assets / "weights").mkdir(parents=True)
    network.rename(assets / "weights" / network.name)
    labels = folder / "labels.json"
    description = {
        "schema": 1,
        "name": "my-model",
        "type": function["type"],
        "model": "modelyard.models.heads:HeadDetector"
        if "head" in function
        else "my_model.handler",
        "labels": json.loads(labels.read_text()) if labels.exists() else [],
        "head": function.get("head", ""),
        "head_options": function.get("head_options", {}),
    }
    (assets / "model.json").write_text(json.dumps(description))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        env={
            **os.environ,
            "MODELYARD_TEST_ASSETS": str(assets),
            "PYTHONPATH": os.pathsep.join([str(folder.parent), *SEARCH_PATH]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("type", FUNCTION_TYPES)
@pytest.mark.parametrize("start", ["nothing", "file"])
def test_the_tests_that_are_written_pass_as_they_are(
    repository: Path, type: str, start: str
) -> None:
    write_onnx(Path("strange.onnx"), UNKNOWN)
    more = ["--from", "strange.onnx"] if start == "file" else []
    assert main(["my_model", "--type", type, *more]) == 0
    folder = repository / "functions/openvino/my_model"
    if start == "file":
        assert "# output strange [1, 2, 3, 4, 5]" in (folder / "handler.py").read_text()
    assert "3 passed" in written_tests(folder, Path("strange.onnx"))


@pytest.mark.parametrize(
    ("outputs", "head", "labels"),
    [
        (YOLO, "yolov8", [0, 1]),
        ({"out": (1, 25200, 8)}, "yolov5", [0, 1, 2]),
        ({"logits": (1, 300, 4), "pred_boxes": (1, 300, 4)}, "detr", [0, 1, 2]),
        ({"detection_out": (1, 1, 200, 7)}, "ssd", [0]),
        ({"scores": (1, 5)}, "classification", [0, 1, 2, 3, 4]),
    ],
)
@pytest.mark.parametrize("image", [(1, 3, 640, 640), (1, 3, "height", "width")])
def test_functions_without_code_pass_theirs_too(
    repository: Path, outputs: dict[str, Shape], head: str, labels: list[int], image: Shape
) -> None:
    write_onnx(Path("best.onnx"), outputs, image)
    assert main(["my_model", "--from", "best.onnx"]) == 0
    folder = repository / "functions/openvino/my_model"
    targets = targets_of(folder)
    assert targets["model_function"]["head"] == head
    # The class that the function names as a string.
    assert targets["function_tests"]["dependencies"] == ["lib/modelyard/models/heads.py"]
    assert [item["id"] for item in json.loads((folder / "labels.json").read_text())] == labels
    assert "2 passed" in written_tests(folder, Path("best.onnx"))


def test_a_configuration_in_the_file_is_kept_to(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration = {"model_type": "Classification", "labels": "cat big_dog", "multilabel": "True"}
    metadata = {f"model_info {name}": value for name, value in configuration.items()}
    write_onnx(Path("best.onnx"), {"scores": (1, 2)}, metadata=metadata)
    assert main(["my_model", "--from", "best.onnx"]) == 0
    assert "with head model_api (from its own configuration)" in capsys.readouterr().out
    folder = repository / "functions/openvino/my_model"
    function = targets_of(folder)["model_function"]
    assert (function["head"], "head_options" in function) == ("model_api", False)
    labels = json.loads((folder / "labels.json").read_text())
    assert [(label["id"], label["name"]) for label in labels] == [(0, "cat"), (1, "big dog")]
    assert "2 passed" in written_tests(folder, Path("best.onnx"))


def test_a_class_that_is_no_object_is_no_label(repository: Path) -> None:
    configuration = {"model_type": "MaskRCNN", "labels": "otx_empty_lbl cat"}
    metadata = {f"model_info {name}": value for name, value in configuration.items()}
    write_onnx(Path("best.onnx"), YOLO, metadata=metadata)
    network = read_network(Path("best.onnx"))
    assert (network.head, network.classes) == ("model_api", {1: "cat"})


@pytest.mark.parametrize(
    "configuration", [{"model_type": "YOLOX", "labels": "a b"}, {"labels": "a"}]
)
def test_a_configuration_that_is_not_read_is_left_alone(
    repository: Path, configuration: Mapping[str, str]
) -> None:
    metadata = {f"model_info {name}": value for name, value in configuration.items()}
    write_onnx(Path("best.onnx"), YOLO, metadata=metadata)
    assert read_network(Path("best.onnx")).head == "yolov8"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "none.onnx"], "cannot read none.onnx: No such file"),
        (["--from", "text.onnx"], "cannot load text.onnx"),
        (["--from", "best.pt"], "export it to ONNX"),
        (["--from", "best.zip"], "best.zip is not one of .onnx, .xml"),
        (["--from", "best.onnx", "--framework", "pytorch"], "best.onnx runs on openvino; leave"),
    ],
)
def test_a_file_that_cannot_be_started_from_is_refused(
    repository: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("text.onnx").write_text("no model")
    write_onnx(Path("best.onnx"), YOLO)
    before = sorted(repository.rglob("*"))
    assert main(["my_model", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert sorted(repository.rglob("*")) == before


def test_the_file_is_looked_for_where_the_command_was_typed(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "models").mkdir()
    write_onnx(Path("models/best.onnx"), YOLO)
    monkeypatch.setenv("MODELYARD_CWD", str(repository / "models"))
    assert main(["my_model", "--from", "best.onnx"]) == 0
