"""What the plugin accepts when it reads a BUILD file is what the library reads when it loads."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from inference.heads.catalogue import HEADS
from inference.heads.errors import HeadError
from inference.heads.options import HeadOptions
from serving.heads import MODEL_API

# The plugin runs on another Python; this part of it needs nothing but the standard library.
PLUGIN = Path("platform/pants-plugins/modelyard/heads.py")

VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    2,
    0.5,
    255,
    256,
    10000,
    10001,
    "none",
    "first",
    "sigmoid",
    "rgb",
    "RGB",
    "cxcywh",
    "pixels",
    "letterbox",
    "agnostic",
    [640, 480],
    [8, 640],
    [640.5, 480],
    [1, 2, 3],
    [0.5, 1, 255],
    [1, 0, 1],
    ["a", "b", "c"],
]


@pytest.fixture(scope="module")
def plugin() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plugin_heads", PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        # Its dataclass looks itself up there.
        patch.setitem(sys.modules, "plugin_heads", module)
        spec.loader.exec_module(module)
    return module


def test_the_names_are_the_same(plugin: ModuleType) -> None:
    assert set(plugin.HEADS) == {*HEADS, MODEL_API}
    fields = [field.name for field in msgspec.structs.fields(HeadOptions)]
    assert list(plugin.OPTIONS) == fields


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_the_values_are_the_same(plugin: ModuleType, value: Any) -> None:
    for name in plugin.OPTIONS:
        if value is None and name == "input_size":
            continue  # In a BUILD file, leaving it out says so.
        assert accepts_plugin(plugin, {name: value}) == accepts_library({name: value}), name


def accepts_plugin(plugin: ModuleType, options: dict[str, Any]) -> bool:
    try:
        plugin.check_options(options)
    except plugin.HeadOptionError:
        return False
    return True


def accepts_library(options: dict[str, Any]) -> bool:
    try:
        HeadOptions().changed(options)
    except HeadError:
        return False
    return True
