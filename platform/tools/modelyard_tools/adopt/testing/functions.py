"""What tests read of an adopted function, and give to it."""

import ast
import json
from pathlib import Path
from typing import Any

from modelyard.serving.author.assets import Assets
from modelyard_tools.adopt.testing.folders import Row
from modelyard_tools.adopt.testing.rows import ROWS


def by_name(name: str) -> Row:
    """Return the first row whose function's name starts so."""
    return next(row for row in ROWS if row.name.startswith(name))


def fields_of(folder: Path) -> dict[str, Any]:
    """Return the fields of the `model_function` in the folder's BUILD file."""
    calls = [
        node.value
        for node in ast.parse((folder / "BUILD").read_text()).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    return {word.arg or "": ast.literal_eval(word.value) for word in calls[-1].keywords}


def write_assets(folder: Path, row: Row) -> Assets:
    """Write the assets of a row's function, with empty weights."""
    (folder / "weights").mkdir(parents=True)
    for path in row.paths:
        if Path(path).suffix:
            (folder / "weights" / Path(path).name).touch()
    labels = [{"type": "any", **label} for label in row.labels] if row.type == "detector" else []
    # The made-up code always answers with rectangles, unlike the real one.
    labels = [{**label, "type": "any", "sublabels": [], "svg": None} for label in labels]
    description = {
        "schema": 1,
        "name": row.name,
        "type": row.type,
        "model": f"{row.package}.handler",
        "labels": labels,
    }
    (folder / "model.json").write_text(json.dumps(description))
    return Assets.open(folder)
