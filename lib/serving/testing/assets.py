"""Assets of a function as the build writes them, around weights that a test made."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from serving.assets import SCHEMA, Assets


def planted_assets(
    folder: Path, model: str, kind: str = "detector", labels: Sequence[dict[str, Any]] = ()
) -> Assets:
    """Write `model.json` to `folder` and open it; weights are expected under `folder`/weights.

    Args:
        folder: Of the assets.
        model: Module of the function's class.
        kind: detector, interactor, tracker or reid.
        labels: As in `model.json`.
    """
    description = {
        "schema": SCHEMA,
        "name": "planted",
        "type": kind,
        "model": model,
        "labels": list(labels),
    }
    (folder / "model.json").write_text(json.dumps(description))
    return Assets.open(folder)
