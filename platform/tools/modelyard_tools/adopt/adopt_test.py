"""Adopting every kind of function in CVAT's tree."""

import ast
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelyard.inference.device import Device
from modelyard.serving.author.cache import ImageCache
from modelyard.serving.protocol.sample import sample_request
from modelyard.serving.worker.endpoint import Endpoint
from modelyard.serving.worker.loading import load_model
from modelyard_tools.adopt.cli import main
from modelyard_tools.adopt.testing.folders import Row, write_folder
from modelyard_tools.adopt.testing.functions import by_name, fields_of, write_assets
from modelyard_tools.adopt.testing.rows import ROWS

GOLDEN = Path(__file__).parent / "golden"
BOX = [40, 30, 120, 90]
ANSWERS: Mapping[str, Callable[[Any], bool]] = {
    "detector": lambda reply: reply[0]["points"] == BOX,
    "interactor": lambda reply: sum(map(sum, reply["mask"])) == 80 * 60,
    "tracker": lambda reply: reply["shapes"] == [BOX],
    "reid": lambda reply: reply == [0],
}
FOREIGN = ("pth-dschoerk-transt", "pth-facebookresearch-sam-vit-h")


def adopt(tmp_path: Path, row: Row, *more: str) -> Path:
    folder = write_folder(tmp_path, row)
    assert main([str(folder), "--name", row.package, *more]) == 0
    (found,) = Path().glob(f"functions/*/{row.package}")
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)
def test_the_build_file_is_the_one_the_plugin_accepts(
    tmp_path: Path, repository: Path, row: Row
) -> None:
    folder = adopt(tmp_path, row)
    golden = GOLDEN / f"{row.package}.txt"
    assert (folder / "BUILD").read_text() == golden.read_text()
    # What a linter would report first.
    handler = (folder / "handler.py").read_text()
    assert max(map(len, handler.splitlines())) <= 100
    assert handler.endswith("\n")
    assert not handler.endswith("\n\n")


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.name not in FOREIGN], ids=lambda row: row.path
)
def test_the_adopted_function_answers_as_the_authors_did(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch, row: Row
) -> None:
    folder = adopt(tmp_path, row)
    # Imports of the author's libraries are removed: the code around them is what is tested.
    handler = folder / "author" / "model_handler.py"
    kept = [line for line in handler.read_text().splitlines(True) if not _is_heavy(line)]
    handler.write_text("".join(kept))
    monkeypatch.syspath_prepend(str(folder.parent))
    assets = write_assets(tmp_path / "assets", row)
    endpoint = Endpoint(load_model(assets, Device()), assets, ImageCache(0))
    request = json.loads(sample_request(row.type))
    reply = json.loads(endpoint.answer(json.dumps(request).encode()))
    if row.type == "tracker":
        request.update(shapes=[None], states=reply["states"])
        reply = json.loads(endpoint.answer(json.dumps(request).encode()))
    assert ANSWERS[row.type](reply), reply


def _is_heavy(line: str) -> bool:
    words = ("onnxruntime", "openvino", "torch", "detectron2", "mmpose", "skimage", "tensorflow")
    return line.startswith(("import", "from")) and any(word in line for word in (*words, "mrcnn"))


@pytest.mark.parametrize("name", FOREIGN)
def test_code_that_must_not_run_unchanged_is_marked_unfinished(
    tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = adopt(tmp_path, by_name(name))
    handler = (folder / "handler.py").read_text()
    assert "# ADOPT:" in handler
    module = ast.parse(handler)
    (cls,) = (node for node in module.body if isinstance(node, ast.ClassDef))
    assigned = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in cls.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    reason = {"pth-dschoerk-transt": "jsonpickle", FOREIGN[1]: "embedding"}[name]
    assert reason in assigned["unfinished"]
    assert f"handler.py: {assigned['unfinished']}" in capsys.readouterr().out


def test_names_triggers_and_env_are_kept(tmp_path: Path, repository: Path) -> None:
    fields = fields_of(adopt(tmp_path, by_name("pth-saic-vul-hrnet")))
    assert fields["function_name"] == "pth-saic-vul-hrnet"
    assert fields["display_name"] == "HRNET"
    assert fields["event_timeout"] == 30
    assert fields["annotations"] == {"min_pos_points": "1", "min_neg_points": "0"}
    assert (fields["cpus"], fields["memory"]) == ("2", "4Gi")
    assert fields["env"] == {"HRNET_SIZE": "18"}
    assert fields["weights"] == [":coco_lvis_h18_itermask"]
    assert fields["variants"] == {"cpu": {}, "gpu": {"gpus": 1}}
    fields = fields_of(adopt(tmp_path, by_name("pth-facebookresearch-detectron2")))
    assert fields["workers"] == 2
    assert fields["variants"] == {"cpu": {}, "gpu": {"gpus": 1, "workers": 1}}


@pytest.mark.parametrize(
    ("given", "field", "expected"),
    [
        ({"memory": "2097152Ki"}, "memory", "2097152Ki"),
        ({"memory": "1.5Gi"}, "memory", "1.5Gi"),
        # BUILD files demand a unit.
        ({"memory": 2147483648}, "memory", "2097152Ki"),
        ({"cpu": "1500m"}, "cpus", "1500m"),
        ({"cpu": 2}, "cpus", "2"),
    ],
)
def test_limits_are_kept_in_every_unit_of_kubernetes(
    tmp_path: Path, repository: Path, given: dict[str, Any], field: str, expected: str
) -> None:
    assert fields_of(_with_limits(tmp_path, given))[field] == expected


@pytest.mark.parametrize("given", [{"memory": "2GB"}, {"cpu": "two"}, {"tpu": 1}])
def test_an_invalid_limit_is_reported(
    tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str], given: dict[str, Any]
) -> None:
    fields = fields_of(_with_limits(tmp_path, given))
    assert fields.keys().isdisjoint({"memory", "cpus", "gpus"})
    (key,) = given
    assert f"spec.resources.limits.{key}: left out" in capsys.readouterr().out


def _with_limits(tmp_path: Path, limits: dict[str, Any]) -> Path:
    folder = write_folder(tmp_path, by_name("openvino-omz-public-yolo"))
    file = folder / "function.yaml"
    config = yaml.safe_load(file.read_text())
    config["spec"]["resources"] = {"limits": limits}
    file.write_text(yaml.safe_dump(config))
    assert main([str(folder), "--name", "mine"]) == 0
    return Path("functions/openvino/mine")


def test_labels_the_repository_has_are_named_and_many_others_get_a_file(
    tmp_path: Path, repository: Path
) -> None:
    shared = adopt(tmp_path, by_name("openvino-omz-public-faster-rcnn"))
    assert fields_of(shared)["labels"] == "lib/modelyard/annotation/labels:coco_91"
    many = adopt(tmp_path, by_name("openvino-omz-semantic-segmentation"))
    assert fields_of(many)["labels"] == f"{many}:labels"
    assert len(json.loads((many / "labels.json").read_text())) == 21


REPORTED = [
    ("onnx-wongkinyiu-yolov7", "imports onnxruntime, which the resolve openvino lacks"),
    ("onnx-wongkinyiu-yolov7", "left out: there is no openvino resolve for GPUs"),
    (
        "onnx-wongkinyiu-yolov7",
        "for Debian packages, build a base image and name it in `base_image`",
    ),
    ("onnx-wongkinyiu-yolov7", "reads /opt/nuclio/yolov7-nms-640.onnx"),
    ("openvino-omz-intel-face", "was 30000s, is now 120: CVAT itself waits 120 s"),
    ("openvino-omz-intel-face", "pin face-detection-0205 of Open Model Zoo"),
    ("openvino-omz-public-mask", "imports skimage"),
    ("pth-dschoerk-transt", "the runtime sets it (it was /opt/nuclio/trt)"),
    ("pth-dschoerk-transt", "declare the file in a model_weights"),
    ("pth-facebookresearch-detectron2", "copy the needed code into this package"),
    ("pth-foolwood-siammask", "changes sys.path"),
    ("pth-saic-vul-hrnet", "is a path in the author's image"),
    ("pth-saic-vul-hrnet", "became the variant gpu"),
    ("pth.shiyinzhang", "became pth-shiyinzhang-iog-adopted"),
    ("pth.shiyinzhang", "continuumio/miniconda3 is not used"),
    ("tf-matterport", "imports mrcnn, which the resolve openvino lacks"),
    ("tf-matterport", "was python:3.8, is now Python 3.11"),
    ("pth-mmpose", "third-party libraries come from the resolve's lock"),
]


@pytest.mark.parametrize(("name", "line"), REPORTED)
def test_what_is_not_carried_over_is_reported_here_and_in_the_readme(
    tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str], name: str, line: str
) -> None:
    folder = adopt(tmp_path, by_name(name))
    assert line in capsys.readouterr().out
    assert line in (folder / "README.md").read_text()


def test_imports_that_will_fail_are_marked_and_do_not_break_the_build(
    tmp_path: Path, repository: Path
) -> None:
    folder = adopt(tmp_path, by_name("onnx-wongkinyiu-yolov7"))
    code = (folder / "author" / "model_handler.py").read_text()
    assert (
        "import onnxruntime as ort  # pants: no-infer-dep - ADOPT: the resolve lacks onnxruntime\n"
    ) in code
    assert 'nuclio_path("/opt/nuclio/function.yaml")' in (folder / "author/main.py").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"metadata": {"name": "f", "annotations": {"type": "classifier"}}},
            "CVAT accepts detector",
        ),
        ({"metadata": {"annotations": {"type": "reid"}}}, "metadata.name is ''"),
        (
            {"metadata": {"name": "dashboard", "annotations": {"type": "reid"}}},
            "metadata.name is 'dashboard'; reserved are",
        ),
        ({"spec": []}, "'spec' is missing"),
        ({"spec": {"handler": "other:handler"}}, "other.py does not exist"),
        ({"spec": {"handler": "main:other"}}, "main.py does not define 'other'"),
    ],
)
def test_an_invalid_function_is_refused_in_one_line(
    tmp_path: Path,
    repository: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, Any],
    message: str,
) -> None:
    folder = write_folder(tmp_path, by_name("openvino-omz-public-yolo"))
    file = folder / "function.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **change}))
    assert main([str(folder), "--name", "mine"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(repository.glob("functions/*/*"))


def test_python_2_is_refused_with_its_line(
    tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path, by_name("openvino-omz-public-yolo"))
    (folder / "old.py").write_text("x = 1\nprint 'x'\n")
    assert main([str(folder), "--name", "mine"]) == 2
    assert "old.py:2 is not valid Python 3" in capsys.readouterr().err


def test_a_function_is_not_adopted_twice(
    tmp_path: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = by_name("openvino-omz-public-yolo")
    adopt(tmp_path, row)
    folder = tmp_path / "serverless" / row.path / "nuclio"
    assert main([str(folder), "--name", row.package]) == 2
    assert "set --name" in capsys.readouterr().err
    assert main([str(folder), "--name", "another"]) == 2
    assert f"already exists in functions/openvino/{row.package};" in capsys.readouterr().err


def test_the_parent_of_nuclios_folder_is_accepted(tmp_path: Path, repository: Path) -> None:
    folder = write_folder(tmp_path, by_name("onnx-wongkinyiu-yolov7"))
    assert main([str(folder.parent)]) == 0
    assert (repository / "functions" / "openvino" / "yolov7" / "handler.py").exists()


def test_a_package_of_the_authors_keeps_its_form(tmp_path: Path, repository: Path) -> None:
    folder = write_folder(tmp_path, by_name("openvino-omz-public-yolo"))
    (folder / "nets").mkdir()
    (folder / "nets" / "__init__.py").write_text("from nets.small import Small\n")
    (folder / "nets" / "small.py").write_text("from .parts import layer\nclass Small: pass\n")
    (folder / "nets" / "parts.py").write_text("import nets.small as small, os\nlayer = 1\n")
    assert main([str(folder), "--name", "yolo_2"]) == 0
    author = repository / "functions" / "openvino" / "yolo_2" / "author"
    assert (author / "nets/__init__.py").read_text() == (
        "from yolo_2.author.nets.small import Small\n"
    )
    assert (author / "nets/small.py").read_text().startswith("from .parts import layer\n")
    assert (author / "nets/parts.py").read_text() == (
        "from yolo_2.author.nets import small as small; import os\nlayer = 1\n"
    )
