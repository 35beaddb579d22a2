from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path

from modelyard_contract.third_party import LOCKS, module_names

LOCKED = module_names(path.read_text(encoding="utf-8") for path in Path().glob(LOCKS))


def test_names_are_read_from_lock_files() -> None:
    lock = (
        "# requirements: sha256 0\n"
        "numpy==2.4.6 \\\n    --hash=sha256:0\n"
        "Jaraco.Functools==4 ; python_version < '3.13' \\\n    --hash=sha256:0\n"
        "pyyaml==6 \\\n    --hash=sha256:0\n"
        "detectron2 @ https://example.org/d.whl\n"
    )
    assert module_names([lock]) == {"numpy", "jaraco_functools", "yaml", "detectron2"}


def test_the_libraries_of_every_resolve_are_known() -> None:
    assert {"onnx", "torch", "torchvision", "openvino", "cv2", "skimage", "yaml"} <= LOCKED
    assert not {"coco_ssd", "my_detector", "sam"} & LOCKED


def test_every_module_that_is_installed_here_is_known() -> None:
    # What the packages of this resolve say of themselves.
    for package in distributions():
        name = package.metadata["Name"]
        known = module_names([f"{name}==1\n"])
        if known & LOCKED:
            listed = (package.read_text("top_level.txt") or "").split()
            modules = {
                each for each in listed if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", each)
            }
            assert modules - known <= {"example", "native_engine"}, name
