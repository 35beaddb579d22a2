"""Imports detectron2 so that it runs on current libraries.

detectron2 0.6 needs three things that are missing: the operators of torchvision, a name that
Pillow 10 dropped, and its own compiled operators, which its package on the index lacks.
"""

import logging
import sys
import warnings
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

import PIL.Image

from modelyard.models.detectron2.operators import provide_operators

_COMPILED: Final = "detectron2._C"


class CompiledOperatorError(Exception):
    """Something needs detectron2's compiled operators, which are not installed."""


class _Missing(ModuleType):
    """Replaces the compiled operators until one of them is called."""

    def __getattr__(self, name: str) -> Any:
        """Refuse every operator, but not names in underscores, which Python itself looks up."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise CompiledOperatorError(
            f"{_COMPILED}.{name} is not compiled here; see docs/detectron2.md"
        )


provide_operators()
if not hasattr(PIL.Image, "LINEAR"):
    PIL.Image.LINEAR = PIL.Image.Resampling.BILINEAR  # type: ignore[attr-defined]

# It warns of its own configurations, which are part of it and pinned with it, and of itself.
logging.getLogger("fvcore.common.config").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", "torch.meshgrid")

COMPILED: Final = find_spec(_COMPILED) is not None
"""Whether detectron2's own compiled operators are installed."""
if not COMPILED:
    sys.modules[_COMPILED] = _Missing(_COMPILED)

from detectron2.config import CfgNode, get_cfg  # noqa: E402
from detectron2.data import MetadataCatalog  # noqa: E402
from detectron2.data.transforms import ResizeShortestEdge  # noqa: E402
from detectron2.modeling import build_model  # noqa: E402
from detectron2.structures import Boxes, Instances  # noqa: E402

__all__ = [
    "COMPILED",
    "Boxes",
    "CfgNode",
    "CompiledOperatorError",
    "Instances",
    "MetadataCatalog",
    "ResizeShortestEdge",
    "build_model",
    "get_cfg",
]
