"""Assets as written by the build, with weights made by a test."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from modelyard.serving.author.assets import Assets
from modelyard_contract.release import MODEL, MODEL_SCHEMA


def planted_assets(
    folder: Path,
    model: str,
    kind: str = "detector",
    labels: Sequence[dict[str, Any]] = (),
    params: Mapping[str, Any] = MappingProxyType({}),
) -> Assets:
    """Write `model.json` to `folder` and open it; weights are expected under `folder`/weights.

    Args:
        folder: Folder of the assets.
        model: Module of the function's class.
        kind: detector, interactor, tracker or reid.
        labels: As in `model.json`.
        params: The function's settings.
    """
    more = {"type": kind, "model": model, "labels": list(labels), "params": dict(params)}
    return _opened(folder, more)


def headed_assets(
    folder: Path, head: str, labels: Sequence[str | dict[str, Any]], options: Mapping[str, Any]
) -> Assets:
    """Do the same for a function without code, with this head and these options."""
    named = [{"name": label} if isinstance(label, str) else label for label in labels]
    more = {"head": head, "head_options": dict(options), "labels": named}
    return _opened(
        folder, {"type": "detector", "model": "modelyard.models.heads:HeadDetector", **more}
    )


def _opened(folder: Path, more: Mapping[str, Any]) -> Assets:
    description = {"schema": MODEL_SCHEMA, "name": "planted", **more}
    (folder / MODEL).write_text(json.dumps(description))
    return Assets.open(folder)
