"""From `model.json` to the model class that it names."""

import sys
from pathlib import Path

import pytest

from modelyard.inference.device import Device
from modelyard.serving.author.assets import Assets
from modelyard.serving.author.params import ParamsError
from modelyard.serving.testing import tiny
from modelyard.serving.worker.loading import ModelError, find_model, load_model

CLASS = """
    def load(self, assets, device): self.loaded = (assets.name, str(device))
    def detect(self, image, threshold): return []
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of a module `authored`, which is forgotten after the test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    return tmp_path / "authored.py"


def test_the_only_model_of_a_module_needs_no_name(module: Path) -> None:
    module.write_text(
        "from modelyard.serving.author.model import Detector\n"
        "from modelyard.serving.testing.tiny import BrightDetector\n"
        f"class Mine(Detector):{CLASS}"
    )
    assert find_model("authored").__name__ == "Mine"
    assert find_model("authored:Mine").__name__ == "Mine"
    assert find_model("authored:BrightDetector") is tiny.BrightDetector


def test_unfinished_base_classes_do_not_count(module: Path) -> None:
    module.write_text(
        "from modelyard.serving.author.model import Detector\n"
        "class Base(Detector):\n    def load(self, assets, device): ...\n"
        f"class Mine(Base):{CLASS}"
    )
    assert find_model("authored").__name__ == "Mine"


@pytest.mark.parametrize(
    ("source", "reference", "message"),
    [
        ("", "authored", "authored does not define a model class$"),
        ("X = 3", "authored:X", "authored does not have a model class 'X'"),
        ("", "authored:Gone", "authored does not have a model class 'Gone'"),
        ("class A(Detector): ...", "authored", "not define a model class; A lacks detect, load"),
        ("class A(Detector): ...", "authored:A", "authored:A lacks detect, load"),
        (
            f"class A(Detector):{CLASS}\nclass B(Detector):{CLASS}",
            "authored",
            r"several models \(A, B\); name one as authored:A",
        ),
    ],
)
def test_what_is_wrong_is_said(module: Path, source: str, reference: str, message: str) -> None:
    module.write_text(f"from modelyard.serving.author.model import Detector\n{source}\n")
    with pytest.raises(ModelError, match=message):
        find_model(reference)


def test_a_model_is_loaded_with_its_assets(module: Path, tmp_path: Path) -> None:
    module.write_text(
        f"from modelyard.serving.author.model import Detector\nclass Mine(Detector):{CLASS}"
    )
    assets = Assets.open(tiny.write_assets(tmp_path / "assets", model="authored"))
    model = load_model(assets, Device("cuda", 1))
    assert model.loaded == ("tiny-detector", "cuda:1")  # type: ignore[union-attr]


def test_the_declared_type_must_be_that_of_the_class(tmp_path: Path) -> None:
    folder = tiny.write_assets(
        tmp_path, "tracker", model="modelyard.serving.testing.tiny:BrightDetector"
    )
    with pytest.raises(ModelError, match="is a detector, but tiny-tracker is declared as type"):
        load_model(Assets.open(folder), Device())


def test_params_that_the_model_does_not_take_are_refused(module: Path, tmp_path: Path) -> None:
    module.write_text(
        "import msgspec\n"
        "from modelyard.serving.author.model import Detector\n"
        "class Settings(msgspec.Struct):\n    size: int = 320\n"
        "class Sized(Detector):\n"
        "    def load(self, assets, device): self.size = assets.params.read(Settings).size\n"
        "    def detect(self, image, threshold): return []\n"
    )
    given = Assets.open(tiny.write_assets(tmp_path / "given", model="authored", size=64))
    assert load_model(given, Device()).size == 64  # type: ignore[union-attr]
    misspelt = Assets.open(tiny.write_assets(tmp_path / "misspelt", model="authored", siez=64))
    with pytest.raises(ParamsError, match="unknown 'siez'; accepted: size"):
        load_model(misspelt, Device())
    unread = Assets.open(tiny.write_assets(tmp_path / "unread", size=64))
    with pytest.raises(ParamsError, match="BrightDetector does not take any; remove size"):
        load_model(unread, Device())
