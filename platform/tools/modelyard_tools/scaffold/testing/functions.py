"""New functions as `new-function` writes them: their targets, and their assets as built."""

import ast
import json
from pathlib import Path
from typing import Any

from modelyard.inference.device import Device
from modelyard.models.heads import HeadDetector
from modelyard.serving.author.assets import Assets
from modelyard.serving.testing.assets import headed_assets


def targets_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the targets of a BUILD file: their fields by alias."""
    body = ast.parse((folder / "BUILD").read_text(encoding="utf-8")).body
    calls = [node.value for node in body if isinstance(node, ast.Expr)]
    return {
        call.func.id: {word.arg or "": ast.literal_eval(word.value) for word in call.keywords}
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }


def built(folder: Path, weights: Path) -> Assets:
    """Return the assets that the build would make of a function without code.

    Args:
        folder: The function's, as written.
        weights: Its model file.
    """
    function = targets_of(folder)["model_function"]
    assets = folder / "assets"
    (assets / "weights").mkdir(parents=True)
    for file in weights.parent.glob(f"{weights.stem}.*"):
        (assets / "weights" / file.name).symlink_to(file.absolute())
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    return headed_assets(assets, function["head"], labels, function.get("head_options", {}))


def loaded(assets: Assets) -> HeadDetector:
    """Return the detector, ready."""
    detector = HeadDetector()
    detector.load(assets, Device())
    return detector
