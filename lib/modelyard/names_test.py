"""Names that authors import from `modelyard` itself."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import modelyard
from modelyard import Assets, Detector, Device, Image, OpenVINOSession, PackedArray, Rectangle
from modelyard.annotation import shapes
from modelyard.imaging import image
from modelyard.inference import device, openvino
from modelyard.serving.author import assets, model, state
from modelyard_contract.exports import EXPORTS, MODULES, PACKAGE


def test_names_are_those_of_their_modules() -> None:
    assert Assets is assets.Assets
    assert Detector is model.Detector
    assert Device is device.Device
    assert Image is image.Image
    assert OpenVINOSession is openvino.OpenVINOSession
    assert PackedArray is state.PackedArray
    assert Rectangle is shapes.Rectangle


@pytest.mark.parametrize("name", MODULES)
def test_every_name_is_there(name: str) -> None:
    assert getattr(modelyard, name) is getattr(import_module(MODULES[name]), name)
    assert name in dir(modelyard)


def test_type_checkers_know_the_same_names() -> None:
    imports = [
        (node.module, tuple(alias.name for alias in node.names))
        for block in ast.parse(inspect.getsource(modelyard)).body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
    ]
    assert dict(imports) == EXPORTS
    assert sorted(modelyard.__all__) == sorted(MODULES)


def test_another_name_cannot_be_imported() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Classifier' from 'modelyard'"):
        exec("from modelyard import Classifier")  # noqa: S102 - type checkers refuse it, too


def test_the_package_by_itself_imports_no_module_of_the_library() -> None:
    code = f"import sys, {PACKAGE}\nprint([name for name in sys.modules if '{PACKAGE}.' in name])"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout == "[]\n"
