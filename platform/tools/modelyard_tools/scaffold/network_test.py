"""New functions from a model file: what is read from it, and what is written."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import onnx
import openvino
import pytest

from modelyard_contract.function_types import FUNCTION_TYPES
from modelyard_tools.scaffold.cli import main
from modelyard_tools.scaffold.errors import NetworkError
from modelyard_tools.scaffold.network import read_network
from modelyard_tools.scaffold.testing.functions import targets_of
from modelyard_tools.scaffold.testing.networks import Shape, write_onnx, write_unknown_node

YOLO: dict[str, Shape] = {"output0": (1, 6, 8400)}
SQUARE = (1, 3, 640, 640)
TWO = {"task": "detect", "names": "{0: 'cat', 1: 'dog'}", "imgsz": "[640, 480]"}
UNKNOWN: dict[str, Shape] = {"strange": (1, 2, 3, 4, 5), "other": (7,)}

# Read before a test changes the working directory: Pants gives relative paths.
SEARCH_PATH = [os.path.abspath(path) for path in sys.path if path]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MODELYARD_CWD", raising=False)
    return tmp_path


def test_a_network_of_a_known_head_needs_no_code(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_onnx(Path("best.onnx"), YOLO, SQUARE, TWO)
    assert main(["my_model", "--from", "best.onnx"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"head +yolov8 +its metadata \(task\) and the shape of its output", printed)
    assert re.search(r"labels \(2\) +cat, dog +its metadata \(names\)", printed)
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
    assert function["head_options"] == {
        "task": "detect",
        "box_unit": "pixels",
        "resize": "letterbox",
        "scale": [255, 255, 255],
    }
    assert '"task": "detect",  # From its metadata (task).' in (folder / "BUILD").read_text()
    labels = json.loads((folder / "labels.json").read_text())
    assert [(label["id"], label["name"]) for label in labels] == [(0, "cat"), (1, "dog")]
    assert "output output0 [1, 6, 8400]" in (folder / "README.md").read_text()


def test_classes_without_names_are_counted(repository: Path) -> None:
    write_onnx(Path("best.onnx"), {"scores": (1, 8)})
    reading = read_network(Path("best.onnx")).reading
    assert reading is not None
    assert list(reading.names.values()) == [f"class {number}" for number in range(8)]


def test_sides_that_the_file_leaves_open_are_those_of_its_metadata(repository: Path) -> None:
    write_onnx(Path("best.onnx"), YOLO, (1, 3, "height", "width"), TWO)
    assert main(["my_model", "--from", "best.onnx"]) == 0
    function = targets_of(repository / "functions/openvino/my_model")["model_function"]
    # Ultralytics writes the height first.
    assert function["head_options"]["input_size"] == [480, 640]


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


def test_functions_without_code_pass_theirs_too(repository: Path) -> None:
    write_onnx(Path("best.onnx"), YOLO, SQUARE, TWO)
    assert main(["my_model", "--from", "best.onnx"]) == 0
    folder = repository / "functions/openvino/my_model"
    # The class that the function names as a string.
    targets = targets_of(folder)
    assert targets["function_tests"]["dependencies"] == ["lib/modelyard/models/heads.py"]
    assert "2 passed" in written_tests(folder, Path("best.onnx"))


def test_a_configuration_in_the_file_is_kept_to(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configuration = {"model_type": "Classification", "labels": "cat big_dog", "multilabel": "True"}
    metadata = {f"model_info {name}": value for name, value in configuration.items()}
    write_onnx(Path("best.onnx"), {"scores": (1, 2)}, metadata=metadata)
    assert main(["my_model", "--from", "best.onnx"]) == 0
    assert re.search(r"head +model_api +its own configuration: model_type", capsys.readouterr().out)
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
    reading = read_network(Path("best.onnx")).reading
    assert reading is not None
    assert (reading.head, reading.names) == ("model_api", {1: "cat"})


@pytest.mark.parametrize(
    "configuration", [{"model_type": "YOLOX", "labels": "a b"}, {"labels": "a"}]
)
def test_a_configuration_that_is_not_read_is_left_alone(
    repository: Path, configuration: Mapping[str, str]
) -> None:
    metadata = {f"model_info {name}": value for name, value in configuration.items()}
    write_onnx(Path("best.onnx"), {"scores": (1, 2)}, metadata=metadata)
    reading = read_network(Path("best.onnx")).reading
    assert reading is not None
    assert reading.head == "classification"


def test_names_are_cleaned_and_unique(repository: Path) -> None:
    names = str([" cat ", "big\ndog", "cat", "", "cat 2"])
    write_onnx(Path("best.onnx"), {"scores": (1, 5)}, metadata={"names": names})
    reading = read_network(Path("best.onnx")).reading
    assert reading is not None
    assert list(reading.names.values()) == ["cat", "big dog", "cat 2'", "class 3", "cat 2"]


def test_an_extension_in_capitals_is_read(repository: Path) -> None:
    write_onnx(Path("BEST.ONNX"), YOLO, SQUARE, TWO)
    assert main(["my_model", "--from", "BEST.ONNX"]) == 0
    folder = repository / "functions/openvino/my_model"
    assert "2 passed" in written_tests(folder, Path("BEST.ONNX"))


def test_weights_beside_an_onnx_file_are_pinned_too(repository: Path) -> None:
    write_onnx(Path("plain.onnx"), YOLO, SQUARE, TWO)
    onnx.save(
        onnx.load("plain.onnx"),
        "best.onnx",
        save_as_external_data=True,
        location="best.onnx.data",
        size_threshold=0,
    )
    network = read_network(Path("best.onnx"))
    assert [file.path.name for file in network.files] == ["best.onnx", "best.onnx.data"]
    digest = hashlib.sha256(Path("best.onnx.data").read_bytes()).hexdigest()
    assert network.files[1].digest == digest
    assert main(["my_model", "--from", "best.onnx"]) == 0
    function = targets_of(repository / "functions/openvino/my_model")["model_function"]
    assert len(set(function["weights"])) == 2


def test_torchscript_is_read_by_its_texts(repository: Path) -> None:
    with zipfile.ZipFile("best.torchscript", "w") as archive:
        archive.writestr("best/extra/config.txt", json.dumps({**TWO, "names": {0: "a", 1: "b"}}))
    assert main(["my_model", "--from", "best.torchscript"]) == 0
    targets = targets_of(repository / "functions/openvino/my_model")
    assert targets["model_weights"]["convert"] == "torchscript"
    assert targets["model_function"]["head"] == "yolov8"


def planted_ir(folder: Path, outputs: dict[str, Shape], labels: str) -> Path:
    """Write an IR as Ultralytics does, without the YAML file."""
    folder.mkdir()
    write_onnx(folder / "best.onnx", outputs, SQUARE)
    network = openvino.Core().read_model(folder / "best.onnx")
    for key, value in {"model_type": "YOLO", "labels": labels, "iou_threshold": "0.7"}.items():
        network.set_rt_info(value, ["model_info", key])
    openvino.save_model(network, folder / "best.xml")
    return folder / "best.xml"


def test_an_ir_is_read_by_the_yaml_beside_it(repository: Path) -> None:
    path = planted_ir(Path("best_openvino_model"), {"x": (1, 19, 8400)}, "cat big_dog")
    path.with_name("metadata.yaml").write_text(
        "task: pose\nkpt_shape: [4, 3]\nimgsz: [640, 640]\nnames:\n  0: cat\n  1: big dog\n"
        "  2: bird\n"
    )
    reading = read_network(path).reading
    assert reading is not None
    assert (reading.head, reading.options["task"]) == ("yolov8", "pose")
    assert reading.options["kpt_shape"] == [4, 3]
    assert reading.names == {0: "cat", 1: "big dog", 2: "bird"}


@pytest.mark.parametrize(
    ("outputs", "head", "task"),
    [
        ({"x": (1, 6, 8400)}, "yolov8", "detect"),
        ({"x": (1, 7, 8400)}, "yolov8", "obb"),
        ({"x": (1, 38, 8400), "y": (1, 32, 160, 160)}, "yolov8", "segment"),
        ({"x": (1, 300, 6)}, "end2end", "detect"),
    ],
)
def test_an_ir_without_it_is_read_by_its_labels(
    repository: Path, outputs: dict[str, Shape], head: str, task: str
) -> None:
    reading = read_network(planted_ir(Path("model"), outputs, "cat big_dog")).reading
    assert reading is not None
    assert (reading.head, reading.options["task"]) == (head, task)
    assert reading.names == {0: "cat", 1: "big dog"}


def test_an_ir_whose_labels_do_not_tell_is_refused(repository: Path) -> None:
    path = planted_ir(Path("model"), {"x": (1, 57, 8400)}, "cat big_dog")
    with pytest.raises(NetworkError, match=r"put the metadata\.yaml of the export beside it"):
        read_network(path)


def test_what_the_author_states_overrides_the_file(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_onnx(Path("best.onnx"), {"strange": (1, 6, 8400)}, SQUARE)
    Path("data.yaml").write_text("names:\n  0: cat\n  1: dog\n")
    stated = ["--head", "yolov8", "--option", "limit=7", "--option", "scale=255,255,255"]
    arguments = ["my_model", "--from", "best.onnx", *stated, "--labels", "data.yaml"]
    assert main(arguments) == 0
    assert re.search(r"limit +7 +--option", capsys.readouterr().out)
    folder = repository / "functions/openvino/my_model"
    options = targets_of(folder)["model_function"]["head_options"]
    assert options == {"limit": 7, "scale": [255, 255, 255]}
    assert [item["name"] for item in json.loads((folder / "labels.json").read_text())] == [
        "cat",
        "dog",
    ]


def test_a_picture_shows_what_the_network_finds(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = np.zeros((1, 6, 8400), np.float32)
    found[0, :, 0] = 320, 320, 200, 100, 0.9, 0.1
    write_onnx(Path("best.onnx"), {"output0": found}, SQUARE, TWO)
    picture = np.full((300, 400, 3), 128, np.uint8)
    assert cv2.imwrite("photo.png", picture)
    assert main(["my_model", "--from", "best.onnx", "--picture", "photo.png"]) == 0
    assert "In photo.png it finds 1 cat; drawn in my_model_seen.png." in capsys.readouterr().out
    drawn = cv2.imread("my_model_seen.png")
    assert drawn is not None
    assert drawn.shape == picture.shape
    # A box of 125 x 62 pixels around the centre: 400 / 640 of the network's.
    changed = np.any(drawn != picture, axis=2)
    assert changed[110:190, 130:270].any()
    assert not changed[200:].any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "none.onnx"], "cannot read none.onnx: No such file"),
        (["--from", "text.onnx"], "cannot load text.onnx"),
        (["--from", "best.safetensors"], "export it to ONNX"),
        (["--from", "pointer.onnx"], "pointer.onnx is a Git LFS pointer, not the file itself"),
        (["--from", "empty.onnx"], "empty.onnx is empty"),
        (["--from", "few.onnx"], "few.onnx names 2 classes for task 'detect' in its metadata"),
        (["--from", "task.onnx"], "task.onnx has task 'segment' in its metadata, but its outputs"),
        (["--from", "depth.onnx"], "depth.onnx has Ultralytics' task 'depth'; supported: detect"),
        (["--from", "nan.onnx"], "returned no number in its output scores for any picture"),
        (["--from", "four.onnx"], "its input images is (1, 4, 64, 64); an image needs (1, 3,"),
        (["--from", "batch.onnx"], "export it with batch size 1"),
        (["--from", "logits.onnx"], "does not say how its logits become scores"),
        (["--from", "final.onnx"], "does not say how many classes it has; add --labels FILE"),
        (["--from", "joints.onnx"], "add --head yolov8 --option task=pose"),
        (["--from", "trt.onnx"], "it contains TRT.Strange, which OpenVINO does not know; export"),
        (
            ["--from", "best.onnx", "--option", "activtion=none"],
            "'activtion'; did you mean 'activation'?",
        ),
        (["--from", "best.onnx", "--option", "limit"], "is not KEY=VALUE"),
        (["--from", "best.onnx", "--labels", "one.txt"], "but one.txt has 1; correct the names"),
        (["--from", "best.onnx", "--picture", "text.onnx"], "text.onnx: "),
        (["--labels", "one.txt"], "--labels needs --from"),
        (["--from", "best.zip"], "best.zip is not one of .onnx, .xml"),
        (["--from", "best.onnx", "--framework", "pytorch"], "best.onnx runs on openvino; leave"),
    ],
)
def test_a_file_that_cannot_be_started_from_is_refused(
    repository: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("text.onnx").write_text("no model")
    Path("one.txt").write_text("cat\n")
    Path("empty.onnx").touch()
    Path("pointer.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    write_onnx(Path("best.onnx"), YOLO, SQUARE, TWO)
    write_onnx(Path("few.onnx"), {"output0": (1, 84, 8400)}, SQUARE, TWO)
    write_onnx(Path("task.onnx"), YOLO, SQUARE, {**TWO, "task": "segment"})
    write_onnx(Path("depth.onnx"), YOLO, SQUARE, {**TWO, "task": "depth"})
    write_onnx(Path("nan.onnx"), {"scores": np.full((1, 5), np.nan, np.float32)})
    write_onnx(Path("four.onnx"), YOLO, (1, 4, 64, 64))
    write_onnx(Path("batch.onnx"), YOLO, (8, 3, 64, 64))
    write_onnx(Path("logits.onnx"), {"logits": (1, 9, 4), "pred_boxes": (1, 9, 4)})
    write_onnx(
        Path("final.onnx"),
        {"boxes": (9, 4), "labels": np.ones(9, np.int64), "scores": (9,)},
        (3, 64, 64),
    )
    joints = np.random.default_rng(0).uniform(0, 640, (1, 56, 8400)).astype(np.float32)
    write_onnx(Path("joints.onnx"), {"output0": joints}, SQUARE)
    write_unknown_node(Path("trt.onnx"))
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
