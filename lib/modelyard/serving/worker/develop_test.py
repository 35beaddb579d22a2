"""When loaded weights may be kept; a test of the deployer edits a real function."""

import sys
from types import ModuleType

import pytest

from modelyard.serving.protocol.development import own_package
from modelyard.serving.worker.develop import _loads_alike

MODULE = """
import math

SIZE = 300
NAMES = ("a", "b")


def double(number):
    return 2 * number


class Part:
    pass


class Model:
    def load(self, assets, device):
        self.size = double(SIZE) + len(NAMES)
        self.root = [math.sqrt(number) for number in (1, 2)]

    def detect(self, image, threshold):
        return Part()
"""


def model(source: str) -> type:
    module = ModuleType("edited.handler")
    exec(source, module.__dict__)  # noqa: S102 - of this test
    found: type = module.__dict__["Model"]
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return Part()", "return [Part(), image]"),
        ("class Part:", '"""A comment, and so other lines."""\n\n\nclass Part:'),
        ("    pass", "    def more(self):\n        return 3"),
        ("import math\n", "import math\nimport os\n"),
    ],
)
def test_what_loading_does_not_use_may_change(before: str, after: str) -> None:
    changed = MODULE.replace(before, after)
    assert changed != MODULE
    assert _loads_alike(model(MODULE), model(changed))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("len(NAMES)", "len(NAMES) + 1"),
        ("SIZE = 300", "SIZE = 320"),
        ("SIZE = 300", "SIZE = 300.0"),
        ('("a", "b")', '("a", "c")'),
        ("return 2 * number", "return 3 * number"),
        ("def double(number)", "def double(number=1)"),
        ("for number in (1, 2)", "for number in (1, 3)"),
        ("    def load", "    def __init__(self):\n        self.more = 1\n\n    def load"),
        ("self.size = double", "self.part = Part()\n        self.size = double"),
    ],
)
def test_what_loading_uses_may_not(before: str, after: str) -> None:
    changed = MODULE.replace(before, after)
    assert changed != MODULE
    assert not _loads_alike(model(MODULE), model(changed))


def test_instances_of_the_packages_own_classes_keep_no_old_code() -> None:
    source = MODULE.replace("self.size = double", "self.part = Part()\n        self.size = double")
    assert not _loads_alike(model(source), model(source))


def test_functions_that_call_each_other_are_compared_once() -> None:
    source = MODULE.replace("return 2 * number", "return double(number - 1) if number else 0")
    assert _loads_alike(model(source), model(source))


def test_the_package_is_the_first_part_of_a_models_name() -> None:
    assert own_package("coco_ssd.handler:CocoSsd") == "coco_ssd"
    assert sys.modules[own_package("modelyard.models.heads")]
