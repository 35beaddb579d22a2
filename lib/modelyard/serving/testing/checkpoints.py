"""Assets of torch functions, with a checkpoint made by a test."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

from modelyard.serving.author.assets import Assets
from modelyard.serving.testing.assets import planted_assets


def checkpoint_assets(  # noqa: PLR0917 - what such functions differ in
    folder: Path,
    model: str,
    kind: str,
    file: str,
    content: Mapping[str, Any],
    params: Mapping[str, Any] = MappingProxyType({}),
) -> Assets:
    """Write a function's assets with a torch checkpoint to `folder`; return them.

    Args:
        folder: Created by this function.
        model: Module of the function's class.
        kind: detector, interactor, tracker or reid.
        file: The checkpoint's name.
        content: The checkpoint's content.
        params: The function's settings.
    """
    (folder / "weights").mkdir(parents=True)
    torch.save(dict(content), folder / "weights" / file)
    return planted_assets(folder, model, kind, params=params)
